"""What it costs to have a module's calls checked, or traced.

    checked.py [--json] [--rounds N] [--only TEXT]

The modules of modules.py, each loaded three times, from copies of its file: as it is,
checked, and traced. Everything runs in one process, interleaved; the table gives
nanoseconds and the ratio to the module as it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from typing import Any, Dict, List, Tuple

import compare
import modules as plain

import kaa

COLUMNS = ["plain", "checked", "traced"]
MODES: Dict[str, Any] = {"plain": False, "checked": True, "traced": "trace"}
DOCUMENT_BYTES = 1_000_000
LOGGED = 131_072  # of each traced module


def load(name: str, directory: str) -> Dict[str, Any]:
    found = {}
    for column in COLUMNS:
        folder = os.path.join(directory, column)
        os.makedirs(folder, exist_ok=True)
        source = os.path.join(plain.modules_folder(), f"{name}.kaa.so")
        path = shutil.copy(source, folder)
        found[column] = kaa.import_module(path, checked=MODES[column])
        sys.modules.pop(name)
    return found


Row = Tuple[str, Dict[str, compare.Timed], int]


def call_rows(modules: Dict[str, Any]) -> List[Row]:
    rows = plain.call_rows(modules) + plain.instance_rows(modules) + plain.slot_rows(modules)
    return [(title, row, 100 if "1,000" in title else 2000) for title, row in rows]


def json_rows(modules: Dict[str, Any]) -> List[Row]:
    text = plain.document(DOCUMENT_BYTES)
    value = json.loads(text)
    small = '{"a":[1,2,3],"b":"x","c":0.5}'
    rows = []
    for title, name, argument, count in (
        ("loads(), 1 MB", "loads", text, 1),
        ("dumps(), 1 MB", "dumps", value, 1),
        ("loads(), 29 bytes", "loads", small, 300),
        ("dumps(), 29 bytes", "dumps", json.loads(small), 300),
    ):
        row = {
            column: plain.once(getattr(module, name), argument)
            for column, module in modules.items()
        }
        rows.append((title, row, count))
    return rows


def main() -> None:
    rounds = int(plain.option("--rounds", "20"))
    only = plain.option("--only", "")
    with tempfile.TemporaryDirectory() as directory:
        modules, scanner = load("modules_kaa", directory), load("kjson", directory)
        for _ in range(LOGGED):  # calls one by one, which takes longer
            modules["traced"].empty()
            scanner["traced"].loads("[1]")
        rows = call_rows(modules) + json_rows(scanner)
        found = [
            (title, compare.race(row, count, rounds))
            for title, row, count in rows
            if only in title
        ]
    mistakes = kaa.mistakes()
    assert not mistakes, mistakes
    version = sys.version.split()[0]
    text = f"CPython {version}\n" + compare.table(found, COLUMNS, "plain")
    for column in COLUMNS[1:]:
        product = 1.0
        for _, row in found:
            product *= row[column] / row["plain"]
        mean = product ** (1 / max(len(found), 1))
        text += f"\n{column}: {mean:.2f} times plain (geometric mean)"
    compare.report({"python": version, "rows": dict(found)}, text)


if __name__ == "__main__":
    main()
