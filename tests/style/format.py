"""C files are as .clang-format 14 leaves them; other versions differ: skipped.

    format.py ROOT CLANG_FORMAT
"""
import pathlib
import re
import shutil
import subprocess
import sys

import source

VERSION = 14


def find(tool):
    """The tool's path, or the exit status where it is not the one wanted."""
    path = shutil.which(tool)
    if not path:
        print("skipped: no clang-format on this machine")
        return source.SKIPPED
    said = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True).stdout
    match = re.search(r"version (\d+)", said)
    if not match or int(match.group(1)) != VERSION:
        print(f"skipped: wanted clang-format {VERSION}, found {said.strip()}")
        return source.SKIPPED
    return path


def complaint(path, files):
    """Which files the tool would change, a line each."""
    done = subprocess.run(
        [path, "--dry-run", "-Werror", *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if not done.returncode:
        return []
    named = re.findall(r"^(.+?):\d+:\d+: error: ", done.stdout, re.MULTILINE)
    lines = [
        f"{n}: {named.count(n)} lines differ: clang-format -i {n}" for n in sorted(set(named))
    ]
    return lines or [done.stdout]


def main(root, tool):
    path = find(tool)
    if isinstance(path, int):
        sys.exit(path)
    root = pathlib.Path(root)
    files = source.c_files(*(root / f for f in ("lib", "include", "tests", "bindings")))
    files = [f for f in files if f.suffix != ".def" and "build" not in f.parts]
    source.report(complaint(path, files))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
