"""No source is forgotten: sources are listed by hand, so one may be missed.

    listed.py ROOT objects.txt

Every lib/x/y.c has an object; every .c and test_*.py below tests/ is named by
its stem, or the latter by a pattern, in a CMakeLists.txt or script of its
folder or of one above.
"""
import pathlib
import re
import sys

import source


def check_lib(lib, objects):
    built = {source.source_of(path) for path in objects}
    for path in sorted(pathlib.Path(lib).rglob("*.c")):
        if path.relative_to(lib).as_posix() not in built:
            yield f"{path}: no kaa_subsystem() of lib/CMakeLists.txt lists it"


def namers(path, tests):
    """The texts that may name a test: build files and scripts, upwards."""
    folder = path.parent
    while True:
        for other in folder.iterdir():
            if other.name == "CMakeLists.txt" or other.suffix in (".py", ".sh"):
                if other != path:
                    yield other.read_text()
        if folder == tests:
            return
        folder = folder.parent


def check_tests(tests):
    tests = pathlib.Path(tests)
    wanted = sorted([*tests.rglob("*.c"), *tests.rglob("test_*.py")])
    for path in wanted:
        word = re.compile(rf"\b{re.escape(path.stem)}\b")
        if path.suffix == ".py":
            word = re.compile(word.pattern + r"|/test_\*\.py\b")
        if not any(word.search(text) for text in namers(path, tests)):
            yield (
                f"{path}: nothing builds or runs it: no CMakeLists.txt or script of its"
                " folder, or of one above, names it"
            )


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    listed = pathlib.Path(sys.argv[2]).read_text().split()
    findings = list(check_lib(root / "lib", listed))
    source.report(findings + list(check_tests(root / "tests")))
