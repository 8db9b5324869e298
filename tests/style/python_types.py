"""mypy --strict finds nothing in the Python package; skipped without mypy.

    python_types.py bindings/python CACHE [MYPY]

It is read as the oldest and the newest Python that mypy knows would read it. An older
mypy has other stubs of the standard library, and would complain of those.
"""
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys

import source

OLDEST = (2, 4)
PYTHONS = ("3.10", "3.14")


def version(said):
    match = re.match(r"mypy (\d+)\.(\d+)", said)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def find(given):
    """The command, or the exit status where there is none that is new enough."""
    found = []
    if importlib.util.find_spec("mypy"):
        found.append([sys.executable, "-m", "mypy"])
    if shutil.which(given):
        found.append([shutil.which(given)])
    for tool in found:
        said = subprocess.run(
            [*tool, "--version"], stdout=subprocess.PIPE, text=True
        ).stdout
        if version(said) >= OLDEST:
            return tool
        print(f"skipped: wanted mypy {OLDEST[0]}.{OLDEST[1]} or later, found {said.strip()}")
    if not found:
        print("skipped: no mypy on this machine")
    return source.SKIPPED


def complaints(tool, root, cache, python):
    """What mypy says of the package in a folder, a line each."""
    done = subprocess.run(
        [*tool, "--strict", "--config-file", "pyproject.toml", "--no-error-summary"]
        + ["--hide-error-context", "--cache-dir", str(cache)]
        + ["--python-version", python, "kaa"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = [one for one in done.stdout.splitlines() if ": note: " not in one]
    if done.returncode and not lines:
        lines = [f"mypy ended with {done.returncode}: {done.stdout}"]
    return lines if done.returncode else []


def main(root, cache, given="mypy"):
    tool = find(given)
    if isinstance(tool, int):
        sys.exit(tool)
    findings = []
    for python in PYTHONS:
        for line in complaints(tool, pathlib.Path(root), cache, python):
            findings.append(f"Python {python}: {line}")
    source.report(findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
