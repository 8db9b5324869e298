"""The profile of memory in libkaa as Python sees it: started, read, stopped.

There is one in a process. Whoever reads it is muted meanwhile: what kaa itself
allocates to tell what was found is in no figure.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, TypeVar

from kaa import _native
from kaa._error import MisuseError, UnsupportedError, check
from kaa._insight import heap_collector as _heap_collector
from kaa._insight import heap_native as _heap_native
from kaa._insight import hooks as _hooks
from kaa._insight.gil_data import Frame
from kaa._native import insight as _native_insight

_FUNCTIONS = [f"kaa_insight_heap_{one}" for one in (
    "mute", "read", "sites", "points", "frames", "stop", "collecting", "freed_by_collector"
)]  # fmt: skip
_T = TypeVar("_T")
_lock = threading.RLock()
_generation = 0  # changes with each profile, and in a child after fork()
_is_on = False
_started_ns = 0
# The C frames and the Python frames of sites, by number; one profile's.
_frames: Dict[int, Tuple[List[Frame], List[Frame]]] = {}


class Site(NamedTuple):
    """One stack, the innermost frame first, and what it asked for."""

    c_frames: List[Frame]  # of malloc(); else empty
    frames: List[Frame]
    live_bytes: int
    live_blocks: int
    peak_bytes: int
    peak_blocks: int
    allocated_bytes: int
    allocated_blocks: int


@dataclass
class Snapshot:
    """All that the profile says at one moment."""

    at_ns: int  # after its start
    clock_ns: int  # time.time_ns()
    heap: Any  # kaa_insight_heap
    sites: List[Site]
    points: List[Any]  # (ns after the start, live bytes, resident bytes)
    collections: List[Any]  # of _heap_collector
    garbage: List[Any]  # (type, frames, bytes, blocks)


def why_not(exact: bool = False) -> Optional[str]:
    """Why there can be no profile here, or no exact one; None if there can."""
    reason = _hooks.why_not("allocators", "profiles of memory need")
    if reason is None and exact and "t" in getattr(sys, "abiflags", ""):
        reason = (
            "exact profiles of memory need an interpreter with a GIL, which guards what they "
            "count: on a free-threaded build profiles are sampled (exact=False)"
        )
    return reason


def start(mode: int, frames: int, every_bytes: int, seed: int, native: bool) -> int:
    """Starts the profile; its generation. This thread is muted: see begin()."""
    global _generation, _is_on, _started_ns
    reason = why_not(mode == 2)
    if reason is not None:
        raise UnsupportedError(reason)
    options = _native_insight.HeapOptions(
        size=ctypes.sizeof(_native_insight.HeapOptions),
        mode=mode,
        handle=ctypes.pythonapi._handle,
        version=sys.hexversion >> 16,
        frames=frames,
        every_bytes=every_bytes,
        seed=seed,
        flags=_native_insight.HEAP_NATIVE if native else 0,
    )
    error = _native.Error()
    for name in _FUNCTIONS:
        getattr(_native, name)  # made at the first use: not while it is counted
    with _lock:
        if _is_on:
            raise MisuseError("a profile of memory is running already in this process")
        _frames.clear()
        _heap_native.start()
        _started_ns = time.monotonic_ns()
        check(_native.kaa_insight_heap_start(options, error), error)
        _native.kaa_insight_heap_mute(1)
        _generation += 1
        _is_on = True
        _heap_collector.start()
        return _generation


def begin() -> None:
    """From now on this thread's allocations count, too."""
    _native.kaa_insight_heap_mute(0)


def is_on(generation: int) -> bool:
    return _is_on and generation == _generation


def current() -> Optional[int]:
    """The generation of the profile that runs, if one does."""
    return _generation if _is_on else None


def stop(generation: int) -> None:
    """Ends that profile, unless it has ended or is a parent's."""
    global _is_on
    with _lock:
        if is_on(generation):
            _is_on = False
            _heap_collector.stop()
            _native.kaa_insight_heap_stop()


def _after_fork() -> None:
    global _generation, _is_on, _lock
    _lock = threading.RLock()
    if _is_on:
        _is_on = False
        _generation += 1
        _heap_collector.stop()
        _native.kaa_insight_heap_stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _site_frames(number: int, count: int) -> Tuple[List[Frame], List[Frame]]:
    if number in _frames:
        return _frames[number]
    raw = (_native_insight.InsightFrame * max(count, 1))()
    count = min(_native.kaa_insight_heap_frames(number, raw, count), count)
    c_frames, made = [], []
    for one in raw[:count]:
        if one.instruction == _native_insight.FRAME_C:
            c_frames.append(_heap_native.frame(one.code))
        elif not one.code:
            made.append(Frame("", 0, "(a function that has ended)"))
        else:
            code = ctypes.cast(one.code, ctypes.py_object).value
            name = getattr(code, "co_qualname", code.co_name)
            made.append(Frame(code.co_filename, one.line or code.co_firstlineno, name))
    _frames[number] = c_frames, made
    return c_frames, made


def read(generation: int, make: Callable[[Snapshot], _T]) -> _T:
    """What make() makes of what that profile says now; MisuseError if it has ended.
    What this thread allocates meanwhile is in no figure."""
    with _lock:
        if not is_on(generation):
            raise MisuseError("no profile of memory is running")
        _native.kaa_insight_heap_mute(1)
        try:
            return make(_snapshot())
        finally:
            _native.kaa_insight_heap_mute(0)


def blocks(generation: int) -> Tuple[Any, Dict[int, Tuple[List[Frame], List[Frame]]]]:
    """The live blocks (kaa_insight_heap_block), and the C and the Python frames of
    their sites."""
    with _lock:
        if not is_on(generation):
            raise MisuseError("no profile of memory is running")
        _native.kaa_insight_heap_mute(1)
        try:
            room = _native.kaa_insight_heap_blocks(None, 0) + 1024
            raw = (_native_insight.HeapBlock * room)()
            count = min(_native.kaa_insight_heap_blocks(raw, room), room)
            found = (_native_insight.HeapBlock * count).from_buffer(raw)
            return found, {one: _site_frames(one, 96) for one in {x.site for x in found}}
        finally:
            _native.kaa_insight_heap_mute(0)


def _garbage() -> List[Any]:
    """What the collector freed."""
    room = _native.kaa_insight_heap_freed_by_collector(None, 0) + 64
    raw = (_native_insight.HeapCollected * room)()
    count = min(_native.kaa_insight_heap_freed_by_collector(raw, room), room)
    return [
        (one.type.decode("utf-8", "replace"), _site_frames(one.site, 96)[1], one.bytes, one.blocks)
        for one in raw[:count]
    ]


def _snapshot() -> Snapshot:
    heap = _native_insight.Heap(size=ctypes.sizeof(_native_insight.Heap))
    error = _native.Error()
    room = _native.kaa_insight_heap_sites(None, 0) + 64
    raw = (_native_insight.HeapSite * room)()
    # Other threads may run between the two calls; sums are made of the sites.
    count = min(_native.kaa_insight_heap_sites(raw, room), room)
    check(_native.kaa_insight_heap_read(heap, error), error)
    points = (_native_insight.HeapPoint * (heap.points + 64))()
    told = min(_native.kaa_insight_heap_points(points, len(points)), len(points))
    made = Snapshot(
        time.monotonic_ns() - _started_ns,
        time.time_ns(),
        heap,
        [],
        [(one.at_ns, one.live_bytes, one.resident_bytes) for one in points[:told]],
        _heap_collector.collections(_started_ns),
        _garbage(),
    )
    for one in raw[:count]:
        if one.allocated_blocks:
            made.sites.append(
                Site(
                    *_site_frames(one.number, one.frames),
                    one.live_bytes,
                    one.live_blocks,
                    one.peak_bytes,
                    one.peak_blocks,
                    one.allocated_bytes,
                    one.allocated_blocks,
                )
            )
    return made
