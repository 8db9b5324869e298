"""Synthetic reports of checks for the tests of kaa._views."""

from __future__ import annotations

from kaa._insight.check_data import (
    Call,
    CheckReport,
    CountChange,
    CountSite,
    Failure,
    Growth,
    Holder,
    Mistake,
    RefsReport,
    SlotUse,
    Suspect,
)
from kaa._insight.gil_data import Frame
from views_samples import HOSTILE, MS


def report(mistakes: int = 3) -> CheckReport:
    kinds = ["leaked reference", "released twice", "NULL without an exception"]
    made = [
        Mistake(
            kinds[i % 3],
            f"parse_{i}",
            "list_append" if i % 2 else "",
            "list",
            "[1, 2, 3]",
            f"parse.c:{41 + i}",
            f"parse_{i}() returned and kept a reference to a list that it made.",
            "parse.c:30",
            1 + i % 4,
            [Frame("app.py", 12, "main")],
            [Frame("parse.c", 41 + i, f"parse_{i}")],
        )
        for i in range(mistakes)
    ]
    holders = [
        Holder(["instance of Node", "module state", "static data"][i % 3], "parse.c",
               10 + i % 7, f"keep_{i % 7}", ["str", "dict", "Node"][i % 3], 10 + i * 3)
        for i in range(30)
    ]  # fmt: skip
    return CheckReport(
        "parse",
        "3.12.1",
        "cpython",
        "-m unittest",
        4711,
        1_780_000_000_000_000_000,
        900 * MS,
        52_000,
        made,
        holders,
        [SlotUse("parse_1", "list_append", 5_000, 3 * MS, 40_000, 2), SlotUse("parse_1", "", 9)],
        [Call(0, 9_000, 1, "parse_1"), Call(1_000, 2_000, 1, "parse_1", "list_append", 1)],
        ["The module was built without debug information."],
        [
            Failure("parse_1", "list_new", "parse.c:51", "raised", "MemoryError"),
            Failure("parse_2", "list_append", "parse.c:52", "mistakes", "MemoryError", 2),
            Failure("parse_2", "int_from_int64", "parse.c:53", "crashed"),
        ],
    )


def refs() -> RefsReport:
    return RefsReport(
        "test_parse.TestParse.test_all",
        "3.12.1",
        20,
        growth=[
            Growth("objects", "dict", "cache", 0.0, [5, 6, 6, 6], 0.0, text="levels off"),
            Growth("objects", "list", "leak", 2.0, [10, 12, 14, 16], 176.0, "parse.c", 41,
                   "parse", "grows in every round"),
        ],
        suspects=[Suspect("float", "3.25", 5003, 3, 0x7F00, "5,000 references nobody has")],
        changes=[CountChange(1_000, 3, "PyList_Append", "app.py", 3, 77, 1, "libpython", "f in old.so", "g")],
        sites=[CountSite("PyList_Append", "libpython", "f in old.so", "app.py", 3, "g", 5, 2)],
        notes=["Interned strings were left out."],
    )  # fmt: skip


def hostile() -> CheckReport:
    made = report()
    made.module = made.program = made.notes[0] = HOSTILE
    for one in made.mistakes:
        one.kind = one.function = one.slot = one.type = one.repr = HOSTILE
        one.where = one.text = one.made_at = HOSTILE
        one.python = one.native = [Frame(HOSTILE, 1, HOSTILE)]
    for holder in made.holders:
        holder.holder = holder.file = holder.function = holder.type = HOSTILE
    for use in made.uses:
        use.function = use.slot = HOSTILE
    for failed in made.failures:
        failed.function = failed.slot = failed.where = failed.outcome = HOSTILE
        failed.exception = HOSTILE
    return made
