"""Makes the table of what the Python tests gave, one row a Python.

    table.py RESULTS [TABLE.md]

RESULTS is the folder that run.py wrote into, one file a module and Python. A
module that was started and left no result counts as failed: its process died.
Prints the table, and writes it to TABLE.md. Exits with 1 where a test failed.
tests/tables.py puts the tables of a whole run into the README and the guide.
"""

from __future__ import annotations

import collections
import json
import pathlib
import sys
from typing import Dict, List, Tuple


def name_of(python: Dict) -> str:
    """As the table says it."""
    if python["pypy"]:
        name = f"PyPy {python['pypy']} ({python['version']})"
    else:
        name = f"CPython {python['version']}"
    if python["free_threaded"]:
        name += ", free-threaded"
    if python["host"] == "none":
        name += ", `KAA_HOST=none`"
    if python["mode"]:
        name += f", {python['mode']}"
    return name


def read(folder: pathlib.Path) -> List[Tuple[str, List[Dict]]]:
    """(folder's name, what its modules gave) for each Python."""
    found = collections.defaultdict(list)
    for path in sorted(folder.rglob("*.json")):
        text = path.read_text(encoding="utf-8")
        given = json.loads(text) if text else {"module": path.stem, "died": True}
        found[path.parent.relative_to(folder).as_posix()].append(given)
    return sorted(found.items(), key=lambda item: order(item[1]))


def order(modules: List[Dict]) -> Tuple:
    """PyPy last, then by version, then as it was built and started."""
    for one in modules:
        if "python" in one:
            python = one["python"]
            version = tuple(map(int, python["version"].split(".")))
            return (bool(python["pypy"]), version, python["free_threaded"], python["host"] + python["mode"])
    return (True, (), False, "")


def row(folder: str, modules: List[Dict]) -> Tuple[str, List[str], collections.Counter]:
    """A row, what failed, and why tests were skipped."""
    alive = [one for one in modules if "died" not in one]
    failed = [f"{one['module']}: ended without a result" for one in modules if "died" in one]
    skipped: collections.Counter = collections.Counter()
    for one in alive:
        failed += one["failed"]
        skipped.update(reason for _, reason in one["skipped"])
    ran = sum(one["ran"] for one in alive)
    name = name_of(alive[0]["python"]) if alive else folder
    libc = alive[0]["python"]["libc"] if alive else ""
    count = sum(skipped.values())
    cells = [name, libc, len(modules), ran - count - len(failed), count, len(failed)]
    return "| " + " | ".join(map(str, cells)) + " |", failed, skipped


def table(folder: pathlib.Path) -> Tuple[str, bool]:
    """The table as Markdown, and whether all passed."""
    lines = [
        "| Python | C library | modules | passed | skipped | failed |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    reasons: Dict[str, Dict[str, int]] = {}
    notes: List[str] = []
    for where, modules in read(folder):
        line, failed, skipped = row(where, modules)
        lines.append(line)
        notes += [f"- failed: {where}: {one}" for one in failed]
        for reason, count in skipped.items():
            reasons.setdefault(reason, {})[where] = count
    lines.append("")
    for reason, counts in sorted(reasons.items()):
        places = ", ".join(f"{count} in {where}" for where, count in counts.items())
        lines.append(f"- skipped: {reason}: {places}")
    return "\n".join(lines + notes) + "\n", not notes


def columns(folder: pathlib.Path) -> List[Tuple[Dict, List[str]]]:
    """(interpreter, cells of a row) for each Python and way to start it."""
    found = []
    for where, modules in read(folder):
        line, _, _ = row(where, modules)
        python = next((one["python"] for one in modules if "python" in one), {})
        found.append((python, line.strip("| ").split(" | ")[:5]))
    return found


def short(folder: pathlib.Path) -> List[str]:
    """A row a Python, as it is started by default."""
    lines = ["| Python | C library | modules | passed | skipped |"]
    lines += ["| --- | --- | ---: | ---: | ---: |"]
    for python, cells in columns(folder):
        if python and not python["mode"] and not python["host"]:
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def long(folder: pathlib.Path) -> List[str]:
    """All rows, and a table of why tests were skipped."""
    lines = ["| Python | C library | modules | passed | skipped |"]
    lines += ["| --- | --- | ---: | ---: | ---: |"]
    lines += ["| " + " | ".join(cells) + " |" for _, cells in columns(folder)]
    lines += ["", "| skipped, since | tests | under |", "| --- | ---: | --- |"]
    reasons: Dict[str, Dict[str, int]] = {}
    for where, modules in read(folder):
        for reason, count in row(where, modules)[2].items():
            reasons.setdefault(reason.replace("|", "/"), {})[where] = count
    for reason, counts in sorted(reasons.items(), key=lambda item: -sum(item[1].values())):
        lines.append(f"| {reason} | {sum(counts.values())} | {', '.join(counts)} |")
    return lines


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    if not any(folder.rglob("*.json")):
        print(f"{folder} holds no results: no Python was tested")
        return 1
    text, passed = table(folder)
    print(text)
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).write_text(text, encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
