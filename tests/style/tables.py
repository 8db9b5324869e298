"""The tables of Pythons in the README and the guide name what the tests look for.

    tables.py ROOT

tests/tables.py makes them from a whole run, which no check can do. So this one looks at
their rows: each minor version that tests/python looks for, a free-threaded build and
PyPy have one in the README; the guide has all of the README's as they are. Skipped
while both are empty, as before the first such run.
"""
import pathlib
import re
import sys

import source

README, PAGE = "README.md", "bindings/python/docs/tested.md"
TABLE = re.compile(r"<!-- table: pythons -->\n(.*?)<!-- table: end -->", re.S)


def rows(path):
    """The lines of a page's table, or None."""
    found = TABLE.search(path.read_text()) if path.exists() else None
    return found and [line for line in found.group(1).splitlines() if line.startswith("|")]


def wanted(root):
    """(what is looked for, a pattern of its row) of each Python."""
    looked_for = (root / "tests/python/CMakeLists.txt").read_text()
    for minor in sorted(set(re.findall(r"\bpython3\.(\d+)\b", looked_for)), key=int):
        yield f"CPython 3.{minor}", rf"\| CPython 3\.{minor}\.\d+ \|"
    yield "a free-threaded CPython", r"\| CPython [\d.]+, free-threaded \|"
    yield "PyPy", r"\| PyPy [\d.]+ "


def findings(root):
    readme, page = rows(root / README), rows(root / PAGE)
    for name, there in ((README, readme), (PAGE, page)):
        if there is None:
            yield f"{name}: it has no table of Pythons, or no end of one"
    if not readme and not page:
        return
    for name, pattern in wanted(root):
        if not any(re.match(pattern, line) for line in readme or ()):
            yield f"{README}: the table of Pythons has no row of {name}"
    for line in readme or ():
        if line not in (page or ()):
            yield f"{PAGE}: the table lacks the README's row {line}"


def main(root):
    found = list(findings(root))
    if not found and not rows(root / README):
        print("skipped: no whole run has filled the tables: build the target pages-pythons")
        sys.exit(source.SKIPPED)
    source.report(found)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
