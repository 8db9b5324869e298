"""What profiling memory costs: programs with and without it, and walks.

    memory.py [--json] [--rounds N] [--only NAME]

The programs are in the manner of pyperformance's: trees of objects, floats, JSON,
pickles, text, a decimal, regular expressions, sqlite, a class model, a board game's
groups. Processor time as a ratio to bare, in one process, each round in turn: bare,
sampled, exact by line, exact with 16 frames, bare after removal, tracemalloc with one
frame, and memray with and without Python's allocators, where it is installed. The
least of the rounds counts.

`walk` is of a million objects: seconds until the counts are there, with retained
sizes, cycles and wastes, and how long the program stood still for each MB; guppy3
beside it where it is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import decimal
import gc
import json
import math
import pickle
import random
import re
import sqlite3
import sys
import time
import tracemalloc
from typing import Any, Callable, ContextManager, Dict, Iterator, List

import kaa.heap
import kaa.objects

try:
    import memray  # type: ignore
except ImportError:
    memray = None
try:
    import guppy  # type: ignore
except ImportError:
    guppy = None


def trees() -> None:
    def make(depth: int) -> Any:
        return (make(depth - 1), make(depth - 1)) if depth else (None, None)

    def count(tree: Any) -> int:
        return 1 + count(tree[0]) + count(tree[1]) if tree[0] else 1

    for _ in range(6):
        count(make(13))


def floats() -> None:
    bodies = [[random.random() for _ in range(7)] for _ in range(5)]
    for _ in range(6000):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1 :]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                force = 0.001 / ((dx * dx + dy * dy + dz * dz + 1.0) ** 1.5)
                a[3] -= dx * b[6] * force
                a[4] -= dy * b[6] * force
                b[3] += dx * a[6] * force
                b[4] += dy * a[6] * force
        for a in bodies:
            a[0] += 0.001 * a[3]
            a[1] += 0.001 * a[4]


DOCUMENT = {
    "items": [
        {"id": i, "name": f"item {i}", "tags": ["a", "b", str(i)], "price": i * 1.25}
        for i in range(300)
    ]
}


def json_both() -> None:
    for _ in range(40):
        json.loads(json.dumps(DOCUMENT))


def pickles() -> None:
    for _ in range(150):
        pickle.loads(pickle.dumps(DOCUMENT))


def text() -> None:
    for _ in range(40):
        words = [f"{i:05d}-{i * 7 % 13}" for i in range(2000)]
        joined = " ".join(words).replace("-", "+").upper()
        sorted(joined.split(), key=lambda word: word[::-1])


def decimals() -> None:
    with decimal.localcontext() as context:
        context.prec = 40
        total = decimal.Decimal(0)
        for i in range(1, 40_000):
            total += decimal.Decimal(i).quantize(decimal.Decimal("0.01")) / 3


PATTERN = re.compile(r"(?P<user>[a-z0-9.]+)@(?P<host>[a-z0-9]+)\.(?:org|com)")


def expressions() -> None:
    source = "".join(f"some text user{i}@host{i % 7}.org, " for i in range(400))
    for _ in range(60):
        [(m["user"], m["host"]) for m in PATTERN.finditer(source)]


def rows() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("create table t (a integer, b text, c real)")
        base.executemany("insert into t values (?, ?, ?)",
                         [(i, f"row {i}", i / 3) for i in range(8000)])  # fmt: skip
        for _ in range(12):
            base.execute("select * from t order by c desc").fetchall()


class Account:
    def __init__(self, owner: str) -> None:
        self.owner, self.entries = owner, []  # type: ignore[var-annotated]

    def book(self, amount: int) -> "Account":
        self.entries.append((amount, self.owner))
        return self


def objects() -> None:
    for _ in range(10):
        accounts = [Account(f"owner {i}") for i in range(1000)]
        for i in range(20_000):
            accounts[i * 37 % 1000].book(i)
        sum(amount for one in accounts for amount, _ in one.entries)


def groups() -> None:
    pick = random.Random(3)
    for _ in range(12):
        board: Dict[Any, int] = {(x, y): pick.randrange(3) for x in range(40) for y in range(40)}
        seen: set = set()
        for start, colour in board.items():
            if start in seen:
                continue
            group, queue = set(), [start]
            while queue:
                at = queue.pop()
                if at in group or board.get(at) != colour:
                    continue
                group.add(at)
                queue += [(at[0] + dx, at[1] + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            seen |= group


PROGRAMS = [trees, floats, json_both, pickles, text, decimals, expressions, rows, objects, groups]


@contextlib.contextmanager
def traced() -> Iterator[None]:
    tracemalloc.start(1)
    try:
        yield
    finally:
        tracemalloc.stop()


def with_memray(**options: Any) -> ContextManager[Any]:
    tracker: ContextManager[Any] = memray.Tracker(
        destination=memray.FileDestination("/dev/null", overwrite=True), **options
    )
    return tracker


def ways() -> Dict[str, Callable[[], ContextManager[Any]]]:
    made: Dict[str, Callable[[], ContextManager[Any]]] = {
        "bare": contextlib.nullcontext,
        "sampled": kaa.heap.profile,
        "exact": lambda: kaa.heap.profile(exact=True),
        "exact 16": lambda: kaa.heap.profile(exact=True, frames=16),
        "after": contextlib.nullcontext,
        "tracemalloc": traced,
    }
    if memray:
        made["memray"] = with_memray
        made["memray python"] = lambda: with_memray(trace_python_allocators=True)
    return made


def measure(program: Callable[[], None], rounds: int) -> Dict[str, float]:
    """The least processor time of each way, in seconds."""
    least = dict.fromkeys(ways(), math.inf)
    program()
    for _ in range(rounds):
        for name, way in ways().items():
            gc.collect()
            with way():
                start = time.process_time()
                program()
                took = time.process_time() - start
            least[name] = min(least[name], took)
    return least


def walks(rounds: int) -> Dict[str, float]:
    """Of about a million objects."""
    kept = [{"id": i, "name": str(i), "list": [i]} for i in range(250_000)]
    least: Dict[str, float] = {}

    def note(name: str, value: float) -> None:
        least[name] = min(least.get(name, math.inf), value)

    for _ in range(rounds):
        start = time.perf_counter()
        walk = kaa.objects.walk(retained=False)
        note("count s/M", (time.perf_counter() - start) / walk.objects * 1e6)
        note("pause ms/MB", walk.pause_ns / 1e6 / (walk.bytes / 1e6))
        start = time.perf_counter()
        walk = kaa.objects.walk()
        note("whole s/M", (time.perf_counter() - start) / walk.objects * 1e6)
        if guppy:
            start = time.perf_counter()
            found = guppy.hpy().heap()
            note("guppy3 s/M", (time.perf_counter() - start) / found.count * 1e6)
    del kept
    return least


def show(found: Dict[str, Dict[str, float]]) -> None:
    names = [name for name in ways() if name != "bare"]
    print(f"{'':<14}{'bare ms':>9}" + "".join(f"{name:>15}" for name in names))
    ratios: Dict[str, List[float]] = {name: [] for name in names}
    for program, times in found.items():
        row = f"{program:<14}{1000 * times['bare']:>9.1f}"
        for name in names:
            ratios[name].append(times[name] / times["bare"])
            row += f"{ratios[name][-1]:>15.3f}"
        print(row)
    for title, pick in (
        ("geometric mean", lambda v: math.exp(sum(map(math.log, v)) / len(v))),
        ("worst", max),
    ):
        print(f"{title:<23}" + "".join(f"{pick(ratios[name]):>15.3f}" for name in names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only")
    options = parser.parse_args()
    available, why = kaa.heap.is_available(exact=True)
    if not available:
        sys.exit(f"memory cannot be profiled: {why}")
    found = {
        one.__name__: measure(one, options.rounds)
        for one in PROGRAMS
        if options.only in (None, one.__name__)
    }
    walked = walks(options.rounds) if options.only in (None, "walk") else {}
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "programs": found, "walk": walked}))
        return
    if found:
        show(found)
    for name, value in walked.items():
        print(f"walk: {name} {value:.3f}")


if __name__ == "__main__":
    main()
