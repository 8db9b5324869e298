"""Timing for benches: interleaved rounds in one process, the minimum of each.

A machine's noise only ever adds time, so the least of many rounds is the best
estimate; interleaving spreads slow spells over all candidates alike. Only ratios
of one run mean anything.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

# What runs one call `count` times and returns the nanoseconds.
Timed = Callable[[int], int]


def statement(text: str, **names: Any) -> Timed:
    """A timed loop around a statement that uses `names`, ten times a turn."""
    own = "".join(f", {name}={name}" for name in names)
    source = (
        f"def run(count{own}):\n"
        "    turns = range(count // 10)\n"
        "    start = clock()\n"
        "    for _ in turns:\n"
        + f"        {text}\n" * 10
        + "    return clock() - start\n"
    )
    space: Dict[str, Any] = {"clock": time.perf_counter_ns, **names}
    exec(source, space)  # noqa: S102 - the text is ours
    timed: Timed = space["run"]
    return timed


def calls(function: Callable[..., Any], args: Tuple[Any, ...]) -> Timed:
    """The same for function(*args), as code would write it: no tuple is unpacked."""
    names = [f"a{i}" for i in range(len(args))]
    return statement(f"f({', '.join(names)})", f=function, **dict(zip(names, args)))


def race(candidates: Dict[str, Timed], count: int, rounds: int) -> Dict[str, float]:
    """Nanoseconds a call of each candidate: the least of all rounds."""
    best = {name: float("inf") for name in candidates}
    for timed in candidates.values():
        timed(count)  # to warm caches and let the interpreter specialise
    for _ in range(rounds):
        for name, timed in candidates.items():
            best[name] = min(best[name], timed(count) / count)
    return best


def table(
    rows: Sequence[Tuple[str, Dict[str, float]]],
    columns: Sequence[str],
    base: str,
    unit: str = "ns a call",
) -> str:
    """Rows of times, each with its ratio to the column `base`."""
    lines = ["%-34s" % f"{unit} (times {base})" + "".join("%16s" % c for c in columns)]
    for title, row in rows:
        cells = []
        for column in columns:
            value = row.get(column)
            if value is None:
                cells.append("%16s" % "-")
            elif base in row:
                cells.append("%8.1f %6.2fx" % (value, value / row[base]))
            else:
                cells.append("%8.1f %7s" % (value, ""))
        lines.append("%-34s" % title + "".join(cells))
    return "\n".join(lines)


def report(result: Any, text: str, argv: Optional[List[str]] = None) -> None:
    """Prints the table, or with --json the figures on one line."""
    if "--json" in (sys.argv if argv is None else argv):
        print(json.dumps(result))
    else:
        print(text)
