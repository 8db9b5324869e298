"""Puts what runs gave into the tables of the README and the guide.

    tables.py ROOT BUILD pythons    the Python tests, by Python: preset pythons or test
    tables.py ROOT BUILD platform   one row, of this build's platform: preset test,
                                    aarch64, s390x or musl
    tables.py ROOT BUILD costs      importing, loading and calling: preset bench

A table stands between `<!-- table: NAME -->` and `<!-- table: end -->`. Numbers come
from a whole run that passed, or the pages stay as they are and the exit status is 1.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from typing import Dict, List

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "python"))
import table  # noqa: E402

PAGE = "bindings/python/docs/tested.md"
LABELS = {"plain", "fault", "collect"}  # of C tests


class Kept(Exception):
    """Why the pages stay as they are."""


def pattern(name: str) -> "re.Pattern[str]":
    return re.compile(rf"(<!-- table: {name} -->\n)(.*?)(<!-- table: end -->)", re.S)


def put(path: pathlib.Path, name: str, lines: List[str]) -> None:
    """A table in place of the one that the page has."""
    text = path.read_text(encoding="utf-8")
    made = "\n".join(lines) + "\n"
    new, count = pattern(name).subn(lambda m: f"{m[1]}\n{made}\n{m[3]}", text)
    if count != 1:
        raise Kept(f"{path} has no table {name}")
    path.write_text(new, encoding="utf-8")
    print(f"{path}: the table of {name} is new")


def pythons(root: pathlib.Path, build: pathlib.Path) -> None:
    """A row a Python in the README; all ways to start it, and reasons, in the guide."""
    results = build / "python-results"
    expected = (build / "python-expected.txt").read_text(encoding="utf-8").split()
    missing = [one for one in expected if not (results / one).exists()]
    if missing:
        raise Kept(f"{len(missing)} of {len(expected)} modules did not run: {missing[0]}")
    text, passed = table.table(results)
    if not passed:
        raise Kept("a test failed:\n" + text)
    put(root / "README.md", "pythons", table.short(results))
    put(root / PAGE, "pythons", table.long(results))


def counts(build: pathlib.Path) -> Dict[str, int]:
    """What CTest wrote of its run: how many C tests, and files of Python tests, passed."""
    report = build / "ctest.xml"
    if not report.exists():
        raise Kept(f"{report} is missing: nothing ran")
    found = {"c": 0, "c skipped": 0, "python": 0, "python skipped": 0}
    for case in xml.parse(report).getroot().iter("testcase"):
        name, state = case.get("name", ""), case.get("status")
        labels = {
            label
            for one in case.iter("property")
            if one.get("name") == "cmake_labels"
            for label in one.get("value", "").split(";")
        }
        if state == "fail":
            raise Kept(f"{name} failed")
        kind = "python" if name.startswith("python/") else "c" if labels & LABELS else ""
        if kind:
            found[kind if state == "run" else kind + " skipped"] += 1
    return found


def with_skipped(number: int, skipped: int) -> str:
    return f"{number}, {skipped} skipped" if skipped else str(number) if number else "none"


def ratio(root: pathlib.Path, python: str, library: str) -> str:
    """A call of kaa's in times of ctypes', by the platform's Python."""
    if not python:
        return "no Python"
    done = subprocess.run(
        [python, "-B", str(HERE / "bench" / "ratio.py")],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "KAA_LIBRARY": library,
            "PYTHONPATH": str(root / "bindings" / "python"),
        },
    )
    return f"{float(done.stdout):.2f}"


def platform(root: pathlib.Path, build: pathlib.Path) -> None:
    """The row of a platform; those of others stay."""
    told = json.loads((build / "platform.json").read_text(encoding="utf-8"))
    found = counts(build)
    cells = [
        told["platform"],
        told["compiler"],
        with_skipped(found["c"], found["c skipped"]),
        with_skipped(found["python"], found["python skipped"]),
        ratio(root, told["python"], told["library"]),
    ]
    text = (root / PAGE).read_text(encoding="utf-8")
    there = pattern("platforms").search(text)
    if there is None:
        raise Kept(f"{PAGE} has no table platforms")
    rows = {line.split(" | ")[0]: line for line in there[2].split("\n") if "|" in line}
    for header in ("| platform", "| ---"):
        rows.pop(header, None)
    rows["| " + cells[0]] = "| " + " | ".join(cells) + " |"
    lines = ["| platform | compiler | C tests | files of Python tests | a call, to ctypes |"]
    put(root / PAGE, "platforms", [*lines, "| --- | --- | --- | --- | ---: |", *sorted(rows.values())])


def costs(root: pathlib.Path, build: pathlib.Path) -> None:
    """Times of bench/load.py as ratios to ctypes."""
    program = HERE / "bench" / "load.py"
    done = subprocess.run(
        [sys.executable, "-B", str(program), "--json"], check=True, stdout=subprocess.PIPE
    )
    lines = ["| | ctypes | kaa | cffi |", "| --- | ---: | ---: | ---: |"]
    for title, row in json.loads(done.stdout)["rows"].items():
        ratios = [row[one] / row["ctypes"] if one in row else None for one in ("kaa", "cffi")]
        cells = [f"{one:.2g}" if one and one < 10 else f"{one:.0f}" if one else "" for one in ratios]
        lines.append(f"| {title} | {row['ctypes'] / 1e6:.2g} ms | {' | '.join(cells)} |")
    put(root / PAGE, "costs", lines)


def main() -> int:
    root, build = (pathlib.Path(one).resolve() for one in sys.argv[1:3])
    try:
        {"pythons": pythons, "platform": platform, "costs": costs}[sys.argv[3]](root, build)
    except Kept as error:
        print(f"the pages stay as they are: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
