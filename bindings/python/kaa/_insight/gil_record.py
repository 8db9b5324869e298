"""From two snapshots of the trace to a Recording: the time between them."""

from __future__ import annotations

import linecache
import os
import platform
import sys
import threading
from typing import Any, Dict, List, Optional, Set, Tuple

from kaa._insight import gil_advice as _gil_advice
from kaa._insight import gil_calls as _gil_calls
from kaa._insight import gil_trace as _gil_trace
from kaa._insight import terminated as _terminated
from kaa._insight.gil_data import (
    HELD,
    MIXED,
    OFF,
    WAITING,
    Convoy,
    Frame,
    Hog,
    Recording,
    Span,
    Thread,
    Victim,
)
from kaa._insight.gil_trace import Figures, Maxima, Snapshot
from kaa._own import is_own

_STATES = (HELD, WAITING, OFF, MIXED)


# Where a thread has no frame of Python code, or its stack found no room.
_NO_FRAME = Frame("?", 0, "(no frame: a thread's start or end)")


class _Stacks:
    """The stacks that a recording refers to, numbered anew."""

    def __init__(self) -> None:
        self.found: List[List[Frame]] = []
        self._numbers: Dict[int, Optional[int]] = {0: None}

    def index(self, number: int) -> Optional[int]:
        if number not in self._numbers:
            frames = _gil_trace.frames(number)
            self._numbers[number] = len(self.found) if frames else None
            if frames:
                self.found.append(frames)
        return self._numbers[number]


def _minus(later: List[int], earlier: Optional[List[int]]) -> List[int]:
    if earlier is None:
        return list(later)
    return [max(one - other, 0) for one, other in zip(later, earlier)]


def _trimmed(histogram: List[int]) -> List[int]:
    while histogram and not histogram[-1]:
        histogram.pop()
    return histogram


def _timeline(one: Figures, base: int, end: int, stacks: _Stacks) -> List[Span]:
    """The spans of a thread between two moments of the trace."""
    made = []
    for raw in _gil_trace.spans(one):
        first, last = max(raw.start_ns, base), min(raw.end_ns, end)
        if last <= first:
            continue
        held, waited = raw.held_ns, raw.waited_ns
        whole = raw.end_ns - raw.start_ns
        if raw.state == _gil_trace.MIXED and last - first < whole:
            held = held * (last - first) // whole
            waited = waited * (last - first) // whole
        site = stacks.index(raw.stack)
        made.append(
            Span(
                start_ns=first - base,
                end_ns=last - base,
                state=_STATES[raw.state],
                detail=_gil_calls.name(raw.call),
                site=site,
                held_ns=held,
                waited_ns=waited,
            )
        )
    return made


def _calls(one: Figures, old: Optional[Figures], off: int) -> Dict[str, int]:
    """Time off by what it was blocked in, as far as it was looked at."""
    made: Dict[str, int] = {}
    for call, ns in one.calls.items():
        ns -= old.calls.get(call, 0) if old else 0
        if ns > 0:
            made[str(_gil_calls.name(call))] = min(ns, off)
    return made


def _gone(one: Figures, old: Optional[Figures]) -> Optional[Thread]:
    """The sum of ended threads that found no room of their own."""
    counts = _minus(one.counts, old.counts if old else None)
    held, waited, off = _minus(one.ns, old.ns if old else None)
    if not any(counts):
        return None
    return Thread(
        name="ended threads",
        id=0,
        held_ns=held,
        waited_ns=waited,
        off_ns=off,
        acquired=counts[0],
        contended=counts[1],
        forced=counts[2],
        voluntary=counts[3],
        end_ns=held + waited + off,
    )


def _thread(
    one: Figures, before: Snapshot, after: Snapshot, longest: List[int], stacks: _Stacks
) -> Optional[Thread]:
    """What a thread did between; None: it ended before."""
    old = before.threads.get(one.serial)
    base = before.now_ns
    end = min(one.end_ns, after.now_ns)
    if one.id == 0:
        return _gone(one, old)
    if one.is_ended and one.end_ns <= base:
        return None
    counts = _minus(one.counts, old.counts if old else None)
    held, waited, off = _minus(one.ns, old.ns if old else None)
    start = min(max(one.start_ns, base), end) - base
    if old is None and one.start_ns < base:
        # Its first event was under way when the recording began.
        early = base - one.start_ns
        part = min(early, waited)
        waited, held = waited - part, max(held - (early - part), 0)
    timeline = _timeline(one, base, end, stacks)
    if old is None and one.id in before.alive and start:
        # It was there, and wanted nothing until its first event.
        timeline.insert(0, Span(0, start, OFF))
        off, start = off + start, 0
    life = end - base - start
    if abs(life - held - waited - off) < 1000:
        off = life - held - waited  # what was lost by rounding
        if off < 0:
            held, waited = (held + off, waited) if held else (held, waited + off)
            off = 0
    histograms = [
        _trimmed(_minus(one.histograms[i], old.histograms[i] if old else None))
        for i in range(2)
    ]
    return Thread(
        name=_gil_trace.name_of(one),
        id=one.id,
        held_ns=held,
        waited_ns=waited,
        off_ns=off,
        acquired=counts[0],
        contended=counts[1],
        forced=counts[2],
        voluntary=counts[3],
        held_max_ns=min(longest[0], held),
        waited_max_ns=min(longest[1], waited),
        start_ns=start,
        end_ns=end - base,
        cpu_ns=max(one.cpu_ns - (old.cpu_ns if old else 0), 0),
        held_histogram=histograms[0],
        waited_histogram=histograms[1],
        off_by=_calls(one, old, off),
        timeline=timeline,
        interpreter=one.gil,
    )


def _silent(before: Snapshot, after: Snapshot, seen: Set[int]) -> List[Thread]:
    """Python's threads that wanted nothing all the time."""
    wall = after.now_ns - before.now_ns
    return [
        Thread(
            name=one.name,
            id=one.native_id,
            off_ns=wall,
            end_ns=wall,
            timeline=[Span(0, wall, OFF)],
        )
        for one in threading.enumerate()
        if one.native_id
        and one.native_id not in seen
        and one.native_id in before.alive
        and one.native_id in after.alive
    ]


def _places(
    before: Snapshot, after: Snapshot, maxima: Maxima, state: int
) -> List[Tuple[int, Any, Any, int]]:
    """(stack, what was tallied between, the C function, the longest)."""
    made = []
    for (number, kind), tally in after.stacks.items():
        if kind != state:
            continue
        old = before.stacks.get((number, kind))
        count, ns, others = _minus(
            [tally.count, tally.ns, tally.others_ns],
            [old.count, old.ns, old.others_ns] if old else None,
        )
        if count:
            longest = min(maxima.stacks.get((number, kind), 0), ns)
            made.append((number, (count, ns, others), tally, longest))
    return made


def _source(frame: Frame) -> str:
    return linecache.getline(frame.file, frame.line).strip()


def _is_own(frames: List[Frame]) -> bool:
    """Whether a place is within kaa's own monitor."""
    return bool(frames) and is_own(frames[0].file)


def _lines(
    places: List[Tuple[int, Any, Any, int]], stacks: _Stacks, kind: Any
) -> List[Any]:
    """Hogs or victims: places with the same line are one."""
    found: Dict[Tuple[str, int, str], Any] = {}
    # The largest first: what the line was in a call of is said of that.
    for number, (count, ns, others), tally, longest in sorted(
        places, key=lambda place: -place[1][1]
    ):
        frames = _gil_trace.frames(number) or [_NO_FRAME]
        if _is_own(frames):
            continue
        one = found.get(frames[0])
        if one is None:
            one = found[frames[0]] = kind(*frames[0], None, 0, 0, 0)
            one.site = stacks.index(number)
            one.source = _source(frames[0])
            if kind is Hog:
                one.c_function = _gil_trace.called(number)
        one.count += count
        for thread in tally.threads:
            if thread not in one.threads:
                one.threads.append(thread)
        if kind is Hog:
            one.held_ns += ns
            one.held_max_ns = max(one.held_max_ns, longest)
            one.waited_by_others_ns += others
            if tally.call and not str(one.c_function).startswith("blocked"):
                one.c_function = f"blocked in {_gil_calls.name(tally.call)}"
        else:
            one.waited_ns += ns
            one.waited_max_ns = max(one.waited_max_ns, longest)
            one.c_function = one.c_function or _gil_trace.symbol(tally.address)
    first = "held_ns" if kind is Hog else "waited_ns"
    return sorted(found.values(), key=lambda one: -getattr(one, first))


def _details(threads: List[Thread], places: List[Any], stacks: _Stacks) -> None:
    """The C function of a span off, where the system call was not seen."""
    names = {
        stacks.index(number): _gil_trace.symbol(tally.address)
        for number, _, tally, _ in places
    }
    for thread in threads:
        thread.timeline = [
            (
                span._replace(detail=names[span.site])
                if span.state == OFF and span.detail is None and names.get(span.site)
                else span
            )
            for span in thread.timeline
        ]


def _convoys(before: Snapshot, after: Snapshot, stacks: _Stacks) -> List[Convoy]:
    made = []
    for one in after.threads.values():
        old = before.threads.get(one.serial)
        olds = {convoy[0]: convoy for convoy in old.convoys} if old else {}
        for holder, holder_stack, waiter_stack, count, waited in one.convoys:
            earlier = olds.get(holder, (0, 0, 0, 0, 0))
            if count - earlier[3] >= 3:
                made.append(
                    Convoy(
                        holder,
                        one.id,
                        count - earlier[3],
                        waited - earlier[4],
                        stacks.index(holder_stack),
                        stacks.index(waiter_stack),
                    )
                )
    return sorted(made, key=lambda one: -one.waited_ns)


def _notes(after: Snapshot) -> List[str]:
    trace = after.trace
    notes = []
    if not trace.has_lines:
        notes.append("The frames of this interpreter are not known: no lines.")
    if not trace.has_forced:
        notes.append(
            "There is no unwinder (libgcc_s.so.1): all releases count as" " voluntary."
        )
    if trace.is_foreign:
        notes.append("Another tool has hooks in this process; kaa calls them on.")
    if trace.gils > 1:
        notes.append(
            f"{trace.gils - 1} subinterpreters have GILs of their own: their threads"
            " are here, without lines."
        )
    if trace.threads_lost:
        notes.append(f"{trace.threads_lost} events found no room for their thread.")
    if trace.stacks_lost:
        notes.append(f"{trace.stacks_lost} spells found no room for their stack.")
    return notes


def record(
    before: Snapshot, after: Snapshot, maxima: Maxima, threshold_ns: int
) -> Recording:
    """What happened between two snapshots."""
    stacks = _Stacks()
    threads = []
    for one in after.threads.values():
        if one.id in _terminated.ids:
            continue  # kaa's own
        longest = maxima.threads.get(one.serial, [0, 0])
        made = _thread(one, before, after, longest, stacks)
        if made is not None:
            threads.append(made)
    threads += _silent(before, after, {one.id for one in threads})
    off = _places(before, after, maxima, _gil_trace.OFF)
    _details(threads, off, stacks)
    recording = Recording(
        wall_ns=after.now_ns - before.now_ns,
        python=platform.python_version(),
        mode="trace",
        pid=os.getpid(),
        started=before.clock_ns,
        program=" ".join(sys.argv),
        switch_interval_ns=int(sys.getswitchinterval() * 1e9),
        threshold_ns=threshold_ns,
        threads=threads,
        hogs=_lines(_places(before, after, maxima, _gil_trace.HELD), stacks, Hog),
        victims=_lines(
            _places(before, after, maxima, _gil_trace.WAITED), stacks, Victim
        ),
        convoys=_convoys(before, after, stacks),
        notes=_notes(after),
        system={
            "implementation": sys.implementation.name,
            "machine": platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
            "processors": os.cpu_count(),
        },
    )
    recording.stacks = stacks.found
    _gil_advice.judge(recording)
    return recording
