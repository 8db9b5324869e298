"""From a snapshot of the profile of memory to a HeapReport."""

from __future__ import annotations

import linecache
import os
import platform
import sys
from typing import Any, Dict, List, Optional, Tuple

from kaa._insight import heap_advice as _heap_advice
from kaa._insight import heap_native as _heap_native
from kaa._insight.gil_data import Frame
from kaa._insight.heap_data import BUFFER, Collection, GarbageSite, HeapPoint, HeapReport, HeapSite, HeapUse
from kaa._insight.heap_trace import Site, Snapshot
from kaa._native.insight import HEAP_SAMPLED
from kaa._own import is_own

_NO_FRAME = Frame("", 0, "(no Python frame)")


def _of_program(frames: List[Frame]) -> List[Frame]:
    """Without the outermost frames, if they are `python -m kaa` or runpy."""
    count = len(frames)
    while count > 1 and (
        is_own(frames[count - 1].file)
        or frames[count - 1].file.rpartition(os.sep)[2]
        in ("runpy.py", "<frozen runpy>")
    ):
        count -= 1
    return frames[:count]


def _by_line(sites: List[Site]) -> List[HeapSite]:
    """One for each line of code (and C function), whatever called it; most alive
    first."""
    made: Dict[Tuple[Frame, Optional[str]], HeapSite] = {}
    for site in sites:
        frame = site.frames[0] if site.frames else _NO_FRAME
        label = _heap_native.label(site.c_frames)
        one = made.get((frame, label))
        if one is None:
            source = linecache.getline(frame.file, frame.line).strip()
            one = made[frame, label] = HeapSite(
                frame.file, frame.line, frame.function, source=source, c_function=label
            )
            one.domain = "native" if site.c_frames else "python"
        one.live_bytes += site.live_bytes
        one.live_blocks += site.live_blocks
        one.peak_bytes += site.peak_bytes
        one.peak_blocks += site.peak_blocks
        one.allocated_bytes += site.allocated_bytes
        one.allocated_blocks += site.allocated_blocks
    return sorted(made.values(), key=lambda one: (-one.live_bytes, -one.peak_bytes))


def _garbage(found: List[Any]) -> List[GarbageSite]:
    """By type and line, most bytes first."""
    made: Dict[Tuple[str, Frame], GarbageSite] = {}
    for name, frames, size, count in found:
        frame = frames[0] if frames else _NO_FRAME
        if is_own(frame.file):  # what calling gc.callbacks took
            continue
        name = name or BUFFER
        one = made.get((name, frame))
        if one is None:
            one = made[name, frame] = GarbageSite(
                name, frame.file, frame.line, frame.function, count=0
            )
        one.count += count
        one.bytes += size
    return sorted(made.values(), key=lambda one: (one.type == BUFFER, -one.count, -one.bytes))


def _notes(snapshot: Snapshot) -> List[str]:
    heap, notes = snapshot.heap, []
    if heap.is_unlinked:
        notes.append("Another tool took kaa's hooks out: the figures end there.")
    if heap.is_foreign:
        notes.append("Another tool's hooks were there before, and are called too.")
    if heap.is_left:
        notes.append(
            "Hooks of an earlier profile stay behind another tool's; they do nothing."
        )
    if heap.native_foreign:
        notes.append(
            f"{heap.native_foreign} imports of malloc() or its family go to another allocator or"
            " tool: what is allocated through them is not seen."
        )
    if heap.lost:
        notes.append(
            f"{heap.lost} blocks or places found no room and stand in no line."
        )
    return notes


def report(snapshot: Snapshot) -> HeapReport:
    """The report of that moment."""
    heap, sites = snapshot.heap, snapshot.sites
    made = HeapReport(
        mode="sampled" if heap.mode == HEAP_SAMPLED else "exact",
        python=platform.python_version(),
        live_bytes=sum(one.live_bytes for one in sites),
        live_blocks=sum(one.live_blocks for one in sites),
        peak_bytes=heap.peak_bytes,
        allocated_bytes=sum(one.allocated_bytes for one in sites),
        allocated_blocks=sum(one.allocated_blocks for one in sites),
        wall_ns=snapshot.at_ns,
        pid=os.getpid(),
        started=snapshot.clock_ns - snapshot.at_ns,
        program=" ".join(sys.argv),
        peak_at_ns=heap.peak_at_ns,
        timeline=[HeapPoint(*one) for one in snapshot.points],
        collections=[Collection(*one) for one in snapshot.collections],
        every_bytes=heap.every_bytes,
        native=bool(heap.has_native),
        sites=_by_line(sites),
        garbage=_garbage(snapshot.garbage),
        notes=_notes(snapshot),
    )
    if heap.error_bytes and heap.live_bytes:
        made.error = min(2 * heap.error_bytes / heap.live_bytes, 1.0)
    if heap.frames > 1 or heap.has_native:
        for site in sites:
            made.uses.append(HeapUse(len(made.stacks), *site[2:]))
            made.stacks.append(site.c_frames + _of_program(site.frames) or [_NO_FRAME])
    made.advice = _heap_advice.advice(made)
    return made
