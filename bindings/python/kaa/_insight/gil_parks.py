"""Contention of a free-threaded interpreter: who waits for what, and where.

There is no GIL to hold. Threads wait for critical sections (the locks of objects),
for the world to stop, for locks and for events; each wait is counted with its
line and its cause, which the C stack names.
"""

from __future__ import annotations

import ctypes
import linecache
import os
import platform
import sys
import threading
import time
from typing import Any, Dict, List, Optional, Tuple

from kaa import _native
from kaa._insight import gil_trace as _gil_trace
from kaa._insight.gil_data import Advice, Cause, Frame, Recording, Thread
from kaa._native import insight as _native_insight

# What a C function on the stack tells, the innermost first that does.
_CAUSES = (
    ("CriticalSection", "critical section"),
    ("stop_the_world", "stop the world"),
    ("StopTheWorld", "stop the world"),
    ("start_the_world", "stop the world"),
    ("_Py_HandlePending", "stop the world"),
    ("tstate_wait_attach", "stop the world"),
    ("_PyThreadState_Attach", "stop the world"),
    ("PyEvent_Wait", "event"),
    ("_PyOnceFlag", "once"),
    ("_PyRWMutex", "lock"),
    ("_PySemaphore_PlatformWait", ""),
    ("_PyMutex_Lock", "lock"),
    ("PyMutex_Lock", "lock"),
    ("acquire_lock", "lock"),
    ("_PyParkingLot_Park", "lock"),
)
# Those are the means; the caller that is told is the first other one.
_MEANS = ("_PySemaphore", "_PyParkingLot", "_PyMutex", "PyMutex", "sem_")


_PHRASES = {
    "critical section": "a critical section",
    "stop the world": "the world to stop or start",
    "lock": "a lock",
}


def cause_of(names: List[str]) -> Tuple[str, Optional[str]]:
    """(what was waited for, the C function that had to)."""
    cause = "unknown"
    for name in names:
        found = [text for part, text in _CAUSES if part in name and text]
        if found:
            if cause in ("unknown", "lock"):
                cause = found[0]
            if found[0] not in ("lock",):
                break
    told = [one for one in names if not one.startswith(_MEANS) and "+0x" not in one]
    return cause, told[0] if told else None


def start(threshold_ns: int) -> None:
    options = _native_insight.InsightOptions(
        size=ctypes.sizeof(_native_insight.InsightOptions),
        handle=ctypes.pythonapi._handle,
        version=sys.hexversion >> 16,
        threshold_ns=threshold_ns,
    )
    error = _native.Error()
    status = _native.kaa_insight_parks_start(options, error)
    _gil_trace._check(status, error)
    for thread in threading.enumerate():
        _gil_trace._remember(thread)
    _gil_trace._watch_names(True)


def read() -> List[_native_insight.InsightPark]:
    room = _native.kaa_insight_parks_read(None, 0) + 64
    raw = (_native_insight.InsightPark * room)()
    count = min(_native.kaa_insight_parks_read(raw, room), room)
    parks: List[_native_insight.InsightPark] = raw[:count]
    return parks


def stop() -> None:
    if not _native.kaa_insight_parks_stop():
        _gil_trace._watch_names(False)


def _key(park: Any) -> Tuple[int, int, Tuple[int, ...]]:
    return park.thread, park.stack, tuple(park.addresses)


def snapshot() -> Dict[Any, Tuple[int, int]]:
    """(count, ns) of each wait up to now."""
    return {_key(one): (one.count, one.ns) for one in read()}


def record(before: Dict[Any, Tuple[int, int]], begin_ns: int, clock: int) -> Recording:
    """What happened since a snapshot, taken at begin_ns of the monotonic clock."""
    wall = time.monotonic_ns() - begin_ns
    causes: Dict[Tuple[Any, ...], Cause] = {}
    waited: Dict[int, List[int]] = {}
    stacks: List[List[Frame]] = []
    sites: Dict[int, int] = {}
    for park in read():
        old_count, old_ns = before.get(_key(park), (0, 0))
        count, ns = park.count - old_count, park.ns - old_ns
        if count <= 0:
            continue
        names = [_gil_trace.symbol(one) or "?" for one in park.addresses if one]
        cause, function = cause_of(names)
        frames = _gil_trace.frames(park.stack) or [Frame("?", 0, "?")]
        if park.stack and park.stack not in sites:
            sites[park.stack] = len(stacks)
            stacks.append(frames)
        key = (cause, function, frames[0])
        one = causes.setdefault(key, Cause(cause, *frames[0], function, 0, 0, 0))
        one.site = sites.get(park.stack)
        one.count += count
        one.waited_ns += ns
        one.waited_max_ns = max(one.waited_max_ns, park.ns_max)
        mine = waited.setdefault(park.thread, [0, 0, 0])
        mine[:] = [mine[0] + ns, mine[1] + count, max(mine[2], park.ns_max)]
    return _made(sorted(causes.values(), key=lambda one: -one.waited_ns), waited,
                 stacks, wall, clock)  # fmt: skip


def _made(
    causes: List[Cause],
    waited: Dict[int, List[int]],
    stacks: List[List[Frame]],
    wall: int,
    clock: int,
) -> Recording:
    known = {one.native_id for one in threading.enumerate() if one.native_id}
    threads = []
    for number in sorted(known | set(waited)):
        ns, count, longest = waited.get(number, (0, 0, 0))
        ns = min(ns, wall)
        threads.append(
            Thread(
                _gil_trace.name_of_id(number),
                number,
                "lock-bound" if ns > wall / 2 else "cpu-bound",
                waited_ns=ns,
                off_ns=wall - ns,
                contended=count,
                waited_max_ns=min(longest, ns),
                end_ns=wall,
            )
        )
    recording = Recording(
        wall_ns=wall,
        python=platform.python_version() + " free-threaded",
        mode="free-threaded",
        pid=os.getpid(),
        started=clock,
        program=" ".join(sys.argv),
        threads=threads,
        causes=causes,
        stacks=stacks,
        notes=["There is no GIL: waited is the time that a thread was parked; the rest"
               " is off, where it ran or was blocked."],
        system={"machine": platform.machine(), "processors": os.cpu_count()},
    )  # fmt: skip
    _advise(recording)
    return recording


def _advise(recording: Recording) -> None:
    from kaa._insight.gil_advice import duration

    for cause in recording.causes[:3]:
        if cause.cause in ("event", "unknown"):
            continue
        if cause.waited_ns < recording.wall_ns / 50:
            continue
        where = f"{os.path.basename(cause.file)}:{cause.line}"
        source = linecache.getline(cause.file, cause.line).strip()
        cure = {
            "critical section": "threads use one object: give each its own, or merge"
            " results at the end",
            "stop the world": "something stops all threads (a collection, a new type):"
            " do it less often",
            "lock": "hold the lock for less, or use more locks",
        }.get(cause.cause, "share less")
        recording.advice.append(
            Advice(
                "high" if cause.waited_ns > recording.wall_ns / 4 else "medium",
                f"Threads waited {duration(cause.waited_ns)} in {cause.count} waits for"
                f" {_PHRASES.get(cause.cause, cause.cause)} at {where}"
                + (f" ({source})" if source else "")
                + f": {cure}.",
                cause.file,
                cause.line,
            )
        )
