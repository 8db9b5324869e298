"""What is in the repository: nothing beside the rooms, nothing of a machine; and what
its documents name is there.

    tracked.py ROOT

The top level holds exactly TOP and dot-files. No tracked text names this
checkout's directory, the user's home or anybody else's; none ends in white
space or lacks its last newline, and none is large. A path that a document for
contributors names in full (`lib/base/text.c`, `tests/gc/`, `lib/cpython/host/*.h`) exists.
"""
import pathlib
import re
import sys

import source

TOP = {
    "lib",
    "include",
    "bindings",
    "tests",
    "CMakeLists.txt",
    "CMakePresets.json",
    "README.md",
    "LICENSE",
}
LARGEST = 400_000
HOMES = re.compile(r"/(?:home|Users)/(?!user\b|you\b)\w+|/roo[t]\b")
TEXT = {".c", ".h", ".def", ".py", ".pyi", ".md", ".txt", ".json", ".toml", ".map"}


DOCUMENTS = {"README.md", ".github/CONTRIBUTING.md", "lib/README.md", "tests/README.md"}
PATH = re.compile(r"`((?:lib|include|bindings|tests|\.github|\.ci)/[\w./*-]*)`")


def check_paths(root, name, text):
    for number, line in enumerate(text.splitlines(), 1):
        for path in PATH.findall(line):
            if not any(pathlib.Path(root).glob(path)):
                yield f"{name}:{number}: names {path}, which is not there"


def check_top(names):
    top = {name.partition("/")[0] for name in names}
    for name in sorted(top - TOP):
        if not name.startswith("."):
            yield f"{name}: does not belong at the top level"
    for name in sorted(TOP - top - {"bindings"}):
        yield f"{name}: is missing"


def check_text(name, data, places):
    if len(data) > LARGEST:
        yield f"{name}: {len(data)} bytes is too large to keep"
    if b"\0" in data:
        return
    text = data.decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        match = HOMES.search(line)
        found = [place for place in places if place in line]
        if match:
            found.append(match.group())
        for place in found:
            yield f"{name}:{number}: names {place}, a place on one machine"
        if pathlib.Path(name).suffix in TEXT and line != line.rstrip():
            yield f"{name}:{number}: ends in white space"
    if text and pathlib.Path(name).suffix in TEXT and not text.endswith("\n"):
        yield f"{name}: lacks the newline at its end"


def places_of(root):
    """This checkout and the user's home, unless they are too short to tell."""
    found = {str(pathlib.Path(root).resolve()), str(pathlib.Path.home())}
    return [place for place in found if len(pathlib.Path(place).parts) > 2]


def check(root, names, places):
    findings = list(check_top(names))
    for name in names:
        if "/corpus/" not in name:
            data = (pathlib.Path(root) / name).read_bytes()
            findings += check_text(name, data, places)
        if name in DOCUMENTS:
            findings += check_paths(root, name, data.decode())
    return findings


if __name__ == "__main__":
    files = source.tracked(sys.argv[1])
    if files is None:
        print("skipped: this is no git clone")
        sys.exit(source.SKIPPED)
    source.report(check(sys.argv[1], files, places_of(sys.argv[1])))
