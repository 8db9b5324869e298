"""References that are lost: what grows when a function is called again and again,
objects whose reference count is wrong, and who changes a count.

    report = kaa.refs.check(function)        # a RefsReport
    report.growth                            # leaks first, then caches
    kaa.refs.assert_no_leaks(function)       # AssertionError with the leaks

    kaa.audit().suspects                     # counts that references do not come to

    with kaa.watch(thing) as w: ...          # every change of its count
    w.changes, w.sites, print(w)

For any extension module and any Python code, on release builds. Nothing of the
interpreter is patched: after each round garbage is collected, and then counted are
the objects that the collector tracks, by type; the blocks of Python's allocator;
and the reference counts of None, True, False, () and the like, where they are
counted at all (not from Python 3.12 on).

What grows in most of the later rounds is a leak. What grew first and then stopped is
a cache. A cache that fills slowly looks like a leak until it is full: give more
rounds. Other threads that allocate meanwhile are noise.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Tuple

from kaa._backend import has_gil
from kaa._insight.check_data import Growth, RefsReport, Suspect

if TYPE_CHECKING:
    from kaa._insight.ref_watch import Watch

__all__ = ["Watch", "assert_no_leaks", "audit", "check", "watch"]

_SINGLETONS: Tuple[Any, ...] = (None, True, False, Ellipsis, NotImplemented, (), "", b"")

# CPython's cache of types' attributes keeps strings alive; before 3.12 each of its empty
# entries refers to None, whose count falls as the cache fills.
_clear_cache = getattr(sys, "_clear_internal_caches", getattr(sys, "_clear_type_cache", None))


_NAME = "{0.__module__}.{0.__qualname__}"  # of a type


class _Counts:
    """Numbers by (kind, name) and round. Counting itself does not grow: they stand in
    arrays that are made once, and no function is called for each of them, since CPython
    3.10 gives one that was called a thousand times a cache of its own."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.rows: Dict[Tuple[str, str], "array[int]"] = {}

    def take(self, at: int) -> None:
        gc.collect()
        if _clear_cache is not None:
            _clear_cache()
        numbers = []
        if hasattr(sys, "getallocatedblocks"):
            numbers.append(("blocks", "blocks of memory", sys.getallocatedblocks()))
        for one in _SINGLETONS if hasattr(sys, "getrefcount") else ():
            numbers.append(("singleton", repr(one), sys.getrefcount(one)))
        for one_type, count in Counter(map(type, gc.get_objects())).items():
            numbers.append(("objects", _NAME.format(one_type), count))
        for kind, name, value in numbers:
            row = self.rows.get((kind, name))
            if row is None:
                row = self.rows[kind, name] = array("q", bytes(8 * self.rounds))
            row[at] += value


def _verdict(counts: "array[int]", down: bool = False) -> str:
    """One of "leak", "cache", and "noise" for what is neither."""
    sign = -1 if down else 1
    steps = [sign * (b - a) for a, b in zip(counts, counts[1:])]
    early, late = steps[: len(steps) // 2], steps[len(steps) // 2 :]
    if min(late) >= 0 and 2 * sum(step > 0 for step in late) > len(late):
        return "leak"
    if sum(early) >= len(counts) and not any(late) and not down:
        return "cache"
    return "noise"


def _growth(rows: Iterable[Tuple[Tuple[str, str], "array[int]"]]) -> List[Growth]:
    found = []
    for (kind, name), counts in rows:
        half = len(counts) // 2
        verdict, text = _verdict(counts), ""
        if verdict == "noise" and kind == "singleton" and _verdict(counts, True) == "leak":
            verdict, text = "leak", "its count falls: references are given up that are not owned"
        if verdict != "noise":
            start = 0 if verdict == "cache" else half
            rounds = len(counts) - 1 - start
            rate = (counts[-1] - counts[start]) / rounds
            found.append(Growth(kind, name, verdict, rate, list(counts), text=text))
    order = {"leak": 0, "cache": 1}
    found.sort(key=lambda one: (order[one.verdict], one.kind != "objects", -abs(one.per_round)))
    return found


_MORE = 4  # rounds that tell where a leak is made


def _find_sites(function: Callable[[], Any], leaks: List[Growth]) -> None:
    """Notes the line of Python that made most of what leaks in some more rounds, and the
    size of such objects."""
    try:
        import tracemalloc
    except ImportError:  # another interpreter
        return
    started = not tracemalloc.is_tracing()
    if started:
        tracemalloc.start()
    try:
        function()
        gc.collect()
        before = tracemalloc.take_snapshot()
        for _ in range(_MORE):
            function()
        gc.collect()
        after = tracemalloc.take_snapshot().compare_to(before, "lineno")
        sizes: Dict[str, List[int]] = {}
        sites: Dict[str, Counter[Tuple[str, int]]] = {}
        wanted = {one.name for one in leaks if one.kind == "objects"}
        for thing in gc.get_objects():
            name = _NAME.format(type(thing))
            made = tracemalloc.get_object_traceback(thing) if name in wanted else None
            if made is not None and made[0].filename != tracemalloc.__file__:
                sizes.setdefault(name, []).append(sys.getsizeof(thing, 0))
                sites.setdefault(name, Counter())[made[0].filename, made[0].lineno] += 1
    finally:
        if started:
            tracemalloc.stop()
    for one in leaks:
        if one.name in sites:
            (one.file, one.line), _ = sites[one.name].most_common(1)[0]
            one.bytes_per_round = one.per_round * sum(sizes[one.name]) / len(sizes[one.name])
        elif one.kind == "blocks":
            grown = [row for row in after if row.count_diff >= _MORE]
            grown = [row for row in grown if row.traceback[0].filename != tracemalloc.__file__]
            if grown:
                most = max(grown, key=lambda row: row.count_diff)
                one.file, one.line = most.traceback[0].filename, most.traceback[0].lineno
                one.bytes_per_round = sum(row.size_diff for row in grown) / _MORE


def check(function: Callable[[], Any], rounds: int = 12, *, warmup: int = 3) -> RefsReport:
    """Calls `function()` `warmup` + `rounds` times and tells what grows a round.

    Its exceptions pass through. `rounds` is at least 6. Collects garbage after each
    round, and counts on the calling thread. Where something leaks, five more rounds under
    tracemalloc tell the line that made most of it (Growth.file, line) and the bytes;
    Python 3.11 does not know it of instances that have a __dict__.
    """
    if rounds < 6:
        raise ValueError(f"rounds={rounds}: at least 6 are needed to tell leaks from caches")
    if warmup < 1:
        raise ValueError(f"warmup={warmup}: at least 1 is needed")
    counts = _Counts(rounds)
    for _ in range(warmup):
        function()
        counts.take(0)
    for row in counts.rows.values():
        row[0] = 0
    for at in range(rounds):
        function()
        counts.take(at)
    report = RefsReport(
        subject=getattr(function, "__qualname__", repr(function)),
        python=platform.python_version(),
        rounds=rounds,
        pid=os.getpid(),
        growth=_growth(list(counts.rows.items())),
    )
    leaks = [one for one in report.growth if one.verdict == "leak" and one.per_round > 0]
    if leaks:
        _find_sites(function, leaks)
    if not hasattr(sys, "getallocatedblocks"):
        report.notes.append("This interpreter does not count its blocks of memory.")
    elif sys.version_info >= (3, 12):
        report.notes.append("None, True, False and the like have no counts from 3.12 on.")
    return report


def assert_no_leaks(function: Callable[[], Any], rounds: int = 12) -> None:
    """Fails, naming them, if calling `function()` leaks."""
    leaks = [one for one in check(function, rounds).growth if one.verdict == "leak"]
    if leaks:
        said = ", ".join(f"{one.name} {one.per_round:+.1f} a round" for one in leaks)
        raise AssertionError(f"{getattr(function, '__qualname__', function)} leaks: {said}")


def audit() -> RefsReport:
    """Objects whose reference count is not what the references to them come to:
    RefsReport.suspects, those that will crash first.

    `count` is what an object says itself, `found` how many references there are. A count
    that is larger is a reference that was taken and lost, by C code: the object is never
    freed. A smaller one is a reference that was given up and not owned: the object will be
    freed while others use it. Suspects of one type that miss by little are told together.

    A reference is what an object tells the collector of, or any word of the process's
    memory that holds its address, so what C code keeps in variables of its own is no
    suspect; an address that was left in memory that nobody uses any more hides one. Floats,
    strings and the like that nothing refers to are found by their looks in memory, but not
    in free-threaded interpreters. Immortal objects have no count: None and True from 3.12 on.

    The look is taken by a copy of the process, as kaa.objects.walk() does: the program
    pauses for fork() alone, and the same errors are raised. Needs Linux's /proc.
    """
    from kaa import objects

    def look() -> Any:
        from kaa._insight import object_audit

        return object_audit.look(objects._own_frames())

    found, pause = objects._in_copy(look)
    report = RefsReport(
        subject="all objects",
        python=platform.python_version(),
        program=" ".join(sys.argv),
        pid=os.getpid(),
        objects=found["objects"],
        pause_ns=pause,
        suspects=[Suspect(**one) for one in found["suspects"]],
    )
    if found["cut"]:
        report.notes.append(f"{found['cut']} suspects more were left out.")
    if not has_gil():
        report.notes.append(
            "This interpreter is free-threaded: floats, strings and the like that nothing refers"
            " to are not found, nor references to functions, modules and classes."
        )
    return report


def watch(thing: Any, limit: int = 65_536) -> Watch:
    """Every change of one object's reference count, for `with`: which C function made it,
    in a call of which function of an extension, at which line of Python, on which thread.

        with kaa.watch(thing) as w:
            work()
        print(w)          # by place, what was taken and not given up first
        w.changes         # one by one; the last `limit` are kept
        w.sites, w.balance

    The processor tells of each write to the count, which takes some ten microseconds (in
    a virtual machine up to a hundred); other objects cost nothing. It can watch 4 objects
    at a time, without a GIL 2: kaa.LimitError beyond. Needs Linux 5.13 on x86-64 and perf
    events (kernel.perf_event_paranoid 2 or less, or CAP_PERFMON): kaa.UnsupportedError
    says what is missing. ValueError for an immortal object, such as None from Python 3.12
    on, whose count never changes. The watch itself refers to the object once, from before
    its start until its end, and uses SIGTRAP. What the interpreter does with
    borrowed references (Python 3.14 and later, much of what local variables do) changes
    no count.
    """
    from kaa._insight import ref_watch

    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"limit must be an int, not {type(limit).__name__}")
    if not 1 <= limit <= ref_watch.LIMIT_MAX:
        raise ValueError(f"limit must be 1 to {ref_watch.LIMIT_MAX}, not {limit}")
    return ref_watch.Watch(thing, limit)


def __getattr__(name: str) -> Any:
    if name == "Watch":
        from kaa._insight.ref_watch import Watch

        return Watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
