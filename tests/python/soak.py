"""An hour of profiles of memory beside a program at work: nothing may pile up.

    soak.py SECONDS

Threads allocate, by Python and by C code (zlib, sqlite, ctypes' malloc()), objects
come and go, files are loaded. Profiles run one after the other, a slice of the time
each: sampled, with malloc(), exact, and exact with malloc(); each is read again and
again while it runs, beside walks and accounts. What is resident at the end of a
slice, with nothing of the program's alive, may not grow from the least of the first
round to that of the last: what piles up is there in each. Ends with a table; the exit
status is 1 if it grew.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sqlite3
import sys
import threading
import time
import zlib
from typing import Any, Callable, Dict, List

import kaa.heap
import kaa.objects

ALLOWED_BYTES = 16 << 20
SLICES = 24  # at the most; four ways make a round
WAYS: List[Dict[str, Any]] = [
    {"every": 65536},
    {"every": 65536, "native": True},
    {"exact": True},
    {"exact": True, "native": True, "frames": 4},
]


def resident() -> int:
    libc: Any = ctypes.CDLL(None)
    gc.collect()
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def objects() -> None:
    kept = [{i: str(i), "list": [i]} for i in range(3000)]
    kept.reverse()


def compressed() -> None:
    text = b"".join(b"%d, " % i for i in range(20_000))
    assert zlib.decompress(zlib.compress(text)) == text


def rows() -> None:
    base = sqlite3.connect(":memory:")
    base.execute("create table t (a integer, b text)")
    base.executemany("insert into t values (?, ?)", [(i, "row %d" % i) for i in range(2000)])
    assert len(base.execute("select * from t order by b").fetchall()) == 2000
    base.close()


def blocks() -> None:
    libc: Any = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    for size in range(1, 200_000, 4001):
        libc.free(libc.malloc(size))


def modules() -> None:
    scope: Dict[str, Any] = {}
    exec("def f(x):\n    return [x] * 10\n" * 20 + "kept = f(1)\n", scope)


def repeat(work: Callable[[], None], over: threading.Event, failures: List[BaseException]) -> None:
    try:
        while not over.is_set():
            work()
    except BaseException as error:  # told by the main thread
        failures.append(error)


def slice_of(way: Dict[str, Any], seconds: float, works: List[Callable[[], None]]) -> int:
    """One profile beside all works; how often it was read."""
    over, failures, reads = threading.Event(), [], 0  # type: ignore[var-annotated]
    threads = [threading.Thread(target=repeat, args=(one, over, failures)) for one in works]
    end = time.monotonic() + seconds
    with kaa.heap.profile(**way) as profile:
        for one in threads:
            one.start()
        try:
            while reads == 0 or time.monotonic() < end:
                time.sleep(min(1.0, seconds / 4))
                found = profile.report()
                assert found.live_bytes >= 0 and json.loads(found.to_json())
                kaa.heap.account()
                if kaa.objects.is_available()[0]:
                    kaa.objects.walk(retained=False)
                reads += 1
        finally:
            over.set()
            for one in threads:
                one.join()
    if failures:
        raise failures[0]
    return reads


def main() -> int:
    seconds = float(sys.argv[1])
    ways = [one for one in WAYS if kaa.heap.is_available(exact=bool(one.get("exact")))[0]]
    if not ways:
        print(kaa.heap.is_available()[1])
        return 77
    rounds = max(2, SLICES // len(ways))
    works = [objects, compressed, rows, blocks, modules]
    after: List[int] = []
    for i in range(rounds):
        for way in ways:
            reads = slice_of(way, seconds / rounds / len(ways), works)
            after.append(resident())
            names = ", ".join(f"{key}={value}" for key, value in way.items())
            print(f"round {i + 1}: {names}: {reads} reports, {after[-1] / 1e6:.1f} MB", flush=True)
    first, last = min(after[: len(ways)]), min(after[-len(ways) :])
    print(f"least: {first / 1e6:.1f} MB in the first round, {last / 1e6:.1f} MB in the last")
    return int(last - first > ALLOWED_BYTES)


if __name__ == "__main__":
    sys.exit(main())
