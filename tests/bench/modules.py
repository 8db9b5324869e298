"""What a module of kaa costs under CPython: beside one written with Python.h.

    modules.py [--json] [--rounds N] [--build DIRECTORY]

Everything runs in one process, interleaved; the table gives nanoseconds and the
ratio to modules_reference.c, which is modules_kaa.c once more, written with
Python.h and compiled here for this Python. Rows that end in "parsed" take their
arguments by a format, kaa_parse_args() there, PyArg_ParseTuple() here; the others
take them by hand. kjson is compared with json, whose scanner is C as well.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Tuple

import compare
import peers

import kaa

COLUMNS = ["reference", "kaa"]
DOCUMENT_BYTES = 10_000_000


def modules_folder() -> str:
    return os.environ.get("KAA_BENCH_MODULES", "")


def load(name: str) -> Any:
    return kaa.import_module(os.path.join(modules_folder(), f"{name}.kaa.so"))


def reference(directory: str) -> Any:
    source = os.path.join(peers.HERE, "modules_reference.c")
    target = os.path.join(directory, "none.so")  # only its folder counts
    command = peers.compiler("CC", "cc")
    return peers.compile_module(command, "modules_reference", target, [source], [])


def expression(instance: Any, text: str) -> compare.Timed:
    """A timed loop of an expression of `p`, the instance."""
    source = (
        "def run(count, p=instance):\n"
        "    turns = range(count // 10)\n"
        "    start = clock()\n"
        "    for _ in turns:\n"
        + f"        {text}\n" * 10
        + "    return clock() - start\n"
    )
    space: Dict[str, Any] = {"instance": instance, "clock": time.perf_counter_ns}
    exec(source, space)  # noqa: S102 - the text is ours
    timed: compare.Timed = space["run"]
    return timed


def call_rows(modules: Dict[str, Any]) -> List[Tuple[str, Dict[str, compare.Timed]]]:
    rows = []
    for title, name, args in (
        ("empty method", "empty", ()),
        ("one str", "text_length", ("hello",)),
        ("one str, parsed", "text_length_parsed", ("hello",)),
        ("two ints", "add", (3, 4)),
        ("two ints, parsed", "add_parsed", (3, 4)),
        ("list of 1,000 ints, appended", "numbers", (1000,)),
        ("list of 1,000 ints, at once", "numbers_array", (1000,)),
        ("new instance, dropped", "Point", (1.0, 2.0)),
        ("new instance, parsed", "Point_parsed", (1.0, 2.0)),
    ):
        row = {
            column: compare.calls(getattr(module, name), args)
            for column, module in modules.items()
        }
        rows.append((title, row))
    return rows


def typed_rows(modules: Dict[str, Any]) -> List[Tuple[str, Dict[str, compare.Timed]]]:
    """double weigh(double, double): of the module's table, and by kaa.load()."""
    declaration = "[[kaa::hold_gil]] double weigh(double x, double y);"
    loaded = dict(modules, kaa=kaa.load(modules["kaa"].__file__, declaration))
    args = (1.5, 2.5)
    return [
        (title, {column: compare.calls(one.weigh, args) for column, one in row.items()})
        for title, row in (("typed, two doubles", modules), ("by kaa.load()", loaded))
    ]


def instance_rows(
    modules: Dict[str, Any],
) -> List[Tuple[str, Dict[str, compare.Timed]]]:
    points = {column: module.Point(3.0, 4.0) for column, module in modules.items()}
    rows = []
    for title, text in (
        ("method of an instance", "p.norm()"),
        ("property", "p.length"),
        ("member", "p.x"),
    ):
        row = {column: expression(point, text) for column, point in points.items()}
        rows.append((title, row))
    return rows


def exhausted(bag: Any) -> compare.Timed:
    """A timed loop of next(bag), which ends and starts again after 1,000."""

    def run(count: int) -> int:
        turns = range(count // 1000)
        start = time.perf_counter_ns()
        for _ in turns:
            for _ in bag:
                pass
        return time.perf_counter_ns() - start

    return run


def slot_rows(modules: Dict[str, Any]) -> List[Tuple[str, Dict[str, compare.Timed]]]:
    """Slots that do next to nothing."""
    bags = {column: module.Bag() for column, module in modules.items()}
    rows = []
    for title, text in (
        ("slot: length", "len(p)"),
        ("slot: get_item", "p[1]"),
        ("slot: hash", "hash(p)"),
        ("slot: binary", "p + 1"),
        ("slot: compare", "p == 1"),
    ):
        row = {column: expression(bag, text) for column, bag in bags.items()}
        rows.append((title, row))
    row = {column: exhausted(bag) for column, bag in bags.items()}
    return rows + [("slot: next", row)]


def document(size: int) -> str:
    """A list of records, as an interface might send them."""
    source = random.Random(1)
    words = ["alpha", "gamma delta", "\u00c9clair", "a sentence of some words", "x\ny"]
    records: List[Any] = []
    written = 0
    while written < size:
        record = {
            "id": len(records),
            "name": "user%d" % source.randrange(10**6),
            "email": "user%d@example.org" % source.randrange(10**6),
            "active": source.random() < 0.5,
            "score": source.uniform(0, 100),
            "ratio": round(source.random(), 3),
            "tags": [source.choice(words) for _ in range(source.randrange(5))],
            "address": {
                "street": "%d Main Street" % source.randrange(999),
                "city": source.choice(words),
                "location": [
                    round(source.uniform(-180, 180), 6),
                    round(source.uniform(-90, 90), 6),
                ],
            },
            "parent": None,
            "history": [source.randrange(10**9) for _ in range(source.randrange(8))],
        }
        records.append(record)
        written += len(json.dumps(record, ensure_ascii=False)) + 2
    return json.dumps(records, ensure_ascii=False)


def once(function: Callable[[Any], Any], argument: Any) -> compare.Timed:
    """Single calls; the result is dropped outside of what is timed."""

    def run(count: int) -> int:
        spent = 0
        for _ in range(count):
            start = time.perf_counter_ns()
            result = function(argument)
            spent += time.perf_counter_ns() - start
            del result
        return spent

    return run


def json_rows() -> List[Tuple[str, Dict[str, compare.Timed], int]]:
    kjson = load("kjson")
    text = document(DOCUMENT_BYTES)
    value = json.loads(text)
    assert kjson.loads(text) == value and kjson.dumps(value) == json.dumps(value)
    small = '{"a":[1,2,3],"b":"x","c":0.5}'
    rows = []
    for title, name, argument, count in (
        ("loads(), 10 MB", "loads", text, 1),
        ("dumps(), 10 MB", "dumps", value, 1),
        ("loads(), 29 bytes", "loads", small, 1000),
        ("dumps(), 29 bytes", "dumps", json.loads(small), 1000),
    ):
        row = {
            "reference": once(getattr(json, name), argument),
            "kaa": once(getattr(kjson, name), argument),
        }
        rows.append((title, row, count))
    return rows


def option(name: str, default: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def main() -> None:
    rounds = int(option("--rounds", "40"))
    missing: Dict[str, str] = {}
    modules: Dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = os.path.abspath(option("--build", temporary))
        os.makedirs(directory, exist_ok=True)
        try:
            modules["reference"] = reference(directory)
        except peers.Missing as reason:
            missing["reference"] = str(reason)
        modules["kaa"] = load("modules_kaa")
        rows = [
            (title, compare.race(row, 1000 if "1,000" in title else 20000, rounds))
            for title, row in call_rows(modules)
            + typed_rows(modules)
            + instance_rows(modules)
            + slot_rows(modules)
        ]
    documents = [
        (title, compare.race(row, count, max(rounds // 8, 3)))
        for title, row, count in json_rows()
    ]
    base = "reference" if "reference" in modules else "kaa"
    version = sys.version.split()[0]
    text = f"CPython {version}\n" + compare.table(rows, COLUMNS, base)
    text += "\n" + compare.table(documents, COLUMNS, "reference", "kjson: ns a call")
    text = text.replace("(times reference)", "(times it)")
    for peer, why in missing.items():
        text += f"\n{peer} is not here: {why}"
    compare.report(
        {
            "python": version,
            "base": base,
            "rows": dict(rows),
            "kjson": dict(documents),
            "missing": missing,
        },
        text,
    )


if __name__ == "__main__":
    main()
