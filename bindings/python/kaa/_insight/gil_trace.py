"""The trace of libkaa as Python sees it: started, read, and told as figures.

There is one trace in a process, and any number of readers of it. Maxima cannot be
subtracted, so whoever reads takes them, and every reader that is at work gets
them: see Maxima.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Set, Tuple

from kaa import _native
from kaa._backend import has_gil
from kaa._error import BY_STATUS, Error
from kaa._insight import gil_called as _gil_called
from kaa._insight import hooks as _hooks
from kaa._insight.gil_data import Frame
from kaa._native import insight as _native_insight

HELD, WAITED, OFF, MIXED = range(4)
DEPTH = 24
# A thread's name, by what the operating system calls it. Threads that end
# before anybody reads are here too: see _watch_names().
_names: Dict[int, Tuple[str, Any]] = {}
_lock = threading.RLock()
_users = 0
_generation = 0  # changes with each trace, and in a child after fork()
_frames: Dict[int, List[Frame]] = {}  # of stacks, by number; one trace's
_called: Dict[int, Optional[str]] = {}  # likewise, what they were in a call of
_symbols: Dict[int, Optional[str]] = {}
_readers: "weakref.WeakSet[Maxima]" = weakref.WeakSet()


class Maxima:
    """The longest spells since a reader began, by thread and by stack."""

    def __init__(self) -> None:
        self.threads: Dict[int, List[int]] = {}
        self.stacks: Dict[Tuple[int, int], int] = {}


@dataclass
class Figures:
    """One thread: kaa_insight_thread."""

    serial: int
    id: int
    gil: int
    state: int
    is_ended: bool
    start_ns: int
    end_ns: int
    ns: List[int]
    counts: List[int]  # acquired, contended, forced, voluntary
    cpu_ns: int
    name: str
    spans: int
    histograms: List[List[int]]
    convoys: List[Tuple[int, int, int, int, int]]  # kaa_insight_convoy, used ones
    calls: Dict[int, int]  # ns off, by system call


@dataclass
class Tally:
    """One stack in one state: kaa_insight_tally."""

    count: int
    ns: int
    others_ns: int
    address: int
    call: int
    threads: List[int]


@dataclass
class Snapshot:
    """All that the trace says at one moment."""

    now_ns: int
    clock_ns: int  # time.time_ns() of that moment
    trace: Any  # kaa_insight_trace
    threads: Dict[int, Figures]  # by serial
    stacks: Dict[Tuple[int, int], Tally]  # by number and state
    alive: Set[int] = field(default_factory=set)  # ids of all threads


def _why_no_hooks() -> Optional[str]:
    return _hooks.why_not("GIL", "the trace needs")


def can_hook() -> bool:
    """Whether hooks can be put into this interpreter."""
    return _why_no_hooks() is None


def why_not() -> Optional[str]:
    """Why there can be no trace here; None if there can."""
    reason = _why_no_hooks()
    if reason is not None:
        return reason
    if not has_gil():
        return "this interpreter runs without a GIL"
    return None


# ---- names of threads ----


def _native_ids() -> Set[int]:
    """The ids of all threads of the process."""
    try:
        return {int(one) for one in os.listdir("/proc/self/task")}
    except OSError:
        return {one.native_id for one in threading.enumerate() if one.native_id}


def _remember(thread: threading.Thread) -> None:
    if thread.native_id:
        _names[thread.native_id] = (thread.name, weakref.ref(thread))


_set_native_id = getattr(threading.Thread, "_set_native_id", None)


def _watch_names(on: bool) -> None:
    """Whether each thread that threading starts tells its name at once."""
    if _set_native_id is None:
        return

    def set_native_id(self: threading.Thread) -> None:
        _set_native_id(self)
        _remember(self)

    cls: Any = threading.Thread
    if on:
        cls._set_native_id = set_native_id
    elif cls._set_native_id.__module__ == __name__:
        cls._set_native_id = _set_native_id


def name_of(figures: Figures) -> str:
    """A thread's name: threading's, or the operating system's."""
    if figures.id == 0:
        return "ended threads"
    if figures.id not in _names and figures.name:
        return figures.name
    return name_of_id(figures.id)


def name_of_id(number: int) -> str:
    """The name of a thread of threading's, by the operating system's id."""
    name, thread = _names.get(number, ("", None))
    alive = thread() if thread is not None else None
    return str(alive.name) if alive is not None else name or str(number)


# ---- start and stop ----


def _check(status: int, error: Any) -> None:
    if status != _native.OK:
        message = error.message.decode("utf-8", "replace")
        raise BY_STATUS.get(status, Error)(message)


def start(threshold_ns: int = 0, alarm_ns: int = 0) -> int:
    """Starts the trace or joins the one that runs. Returns its generation."""
    global _users, _generation
    reason = why_not()
    if reason is not None:
        raise BY_STATUS[3](reason)  # KAA_UNSUPPORTED
    options = _native_insight.InsightOptions(
        size=ctypes.sizeof(_native_insight.InsightOptions),
        handle=ctypes.pythonapi._handle,
        version=sys.hexversion >> 16,
        threshold_ns=threshold_ns,
        interval_ns=int(sys.getswitchinterval() * 1e9),
        alarm_ns=alarm_ns,
    )
    error = _native.Error()
    with _lock:
        _check(_native.kaa_insight_trace_start(options, error), error)
        _users += 1
        if _users == 1:
            _generation += 1
            _frames.clear()
            _called.clear()
            _names.clear()
            for thread in threading.enumerate():
                _remember(thread)
            _watch_names(True)
        return _generation


def stop(generation: int) -> None:
    """Undoes one start(), unless a fork() has done so."""
    global _users
    with _lock:
        if generation != _generation or _users == 0:
            return
        _users -= 1
        if _users == 0:
            _watch_names(False)
        _native.kaa_insight_trace_stop()


def is_on(generation: int) -> bool:
    return generation == _generation and _users != 0


def _after_fork() -> None:
    global _users, _generation, _lock
    _lock = threading.RLock()
    if _users:
        _watch_names(False)
    _users = 0
    _generation += 1


def _before_fork() -> None:
    """kaa's own thread is none that a fork() should be warned of."""
    if _users:
        _native.kaa_insight_trace_watch(0)


def _after_fork_parent() -> None:
    if _users:
        _native.kaa_insight_trace_watch(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_parent,
        after_in_child=_after_fork,
    )

# ---- reading ----


def _figures(raw: Any) -> Figures:
    return Figures(
        raw.serial,
        raw.id,
        raw.gil,
        raw.state,
        bool(raw.is_ended),
        raw.start_ns,
        raw.end_ns,
        list(raw.ns),
        [raw.acquired, raw.contended, raw.forced, raw.voluntary],
        raw.cpu_ns,
        raw.name.decode("utf-8", "replace"),
        raw.spans,
        [list(one) for one in raw.histograms],
        [
            (one.holder, one.holder_stack, one.waiter_stack, one.count, one.waited_ns)
            for one in raw.convoys
            if one.holder
        ],
        {one.call: one.ns for one in raw.calls if one.call},
    )


def _fold(maxima: Dict[Any, Any], key: Any, value: int) -> None:
    if value > maxima.get(key, 0):
        maxima[key] = value


def snapshot() -> Snapshot:
    """What the trace says now. The longest spells go to all readers."""
    with _lock:
        trace = _native_insight.InsightTrace(size=ctypes.sizeof(_native_insight.InsightTrace))
        error = _native.Error()
        _check(_native.kaa_insight_trace_read(trace, error), error)
        room = trace.threads + 64
        threads = (_native_insight.InsightThread * room)()
        count = min(_native.kaa_insight_trace_threads(threads, room, 1), room)
        clock_ns = time.time_ns()
        room = trace.stacks + 64
        stacks = (_native_insight.InsightStack * room)()
        stack_count = min(_native.kaa_insight_trace_stacks(stacks, room, 1), room)
        made = Snapshot(trace.now_ns, clock_ns, trace, {}, {}, _native_ids())
        # All live threads were looked at for one moment.
        made.now_ns = max(one.end_ns for one in threads[:count] if not one.is_ended)
        for raw in threads[:count]:
            made.threads[raw.serial] = _figures(raw)
            for reader in _readers:
                longest = reader.threads.setdefault(raw.serial, [0, 0])
                longest[:] = map(max, longest, raw.ns_max)
        for stack in stacks[:stack_count]:
            for state, raw in enumerate(stack.tallies):
                if raw.count:
                    key = (stack.number, state)
                    ids = [one for one in raw.threads if one]
                    made.stacks[key] = Tally(
                        raw.count, raw.ns, raw.others_ns, raw.address, raw.call, ids
                    )
                    for reader in _readers:
                        _fold(reader.stacks, key, raw.ns_max)
    return made


def add_reader() -> Maxima:
    """Maxima of all spells that end from now on, up to remove_reader()."""
    maxima = Maxima()
    with _lock:
        _readers.add(maxima)
    return maxima


def remove_reader(maxima: Maxima) -> None:
    with _lock:
        _readers.discard(maxima)


def spans(figures: Figures) -> List[Any]:
    """The timeline of a thread: kaa_insight_span, one after the other."""
    room = figures.spans + 64
    raw = (_native_insight.InsightSpan * room)()
    count = min(_native.kaa_insight_trace_spans(figures.serial, raw, room), room)
    return raw[:count]


def frames(number: int) -> List[Frame]:
    """The frames of a stack, the innermost first."""
    if number in _frames:
        return _frames[number]
    raw = (_native_insight.InsightFrame * DEPTH)()
    count = min(_native.kaa_insight_trace_frames(number, raw, DEPTH), DEPTH)
    made = []
    for one in raw[:count]:
        code = ctypes.cast(one.code, ctypes.py_object).value
        if number not in _called:
            _called[number] = _gil_called.called(code, one.instruction)
        name = getattr(code, "co_qualname", code.co_name)
        made.append(Frame(code.co_filename, one.line or code.co_firstlineno, name))
    _frames[number] = made
    return made


def called(number: int) -> Optional[str]:
    """What the innermost frame of a stack was in a call of; None: of nothing."""
    frames(number)
    return _called.get(number)


def next_alarm(seconds: float) -> Any:
    """The next hold that was too long: kaa_insight_alarm. None: there was none."""
    alarm = _native_insight.InsightAlarm()
    found = _native.kaa_insight_trace_alarm(int(seconds * 1e9), alarm)
    return alarm if found else None


def knock(seconds: float, interval: float) -> Any:
    """kaa_insight_knock of a while. Error: somebody else knocks."""
    options = _native_insight.InsightOptions(
        size=ctypes.sizeof(_native_insight.InsightOptions),
        handle=ctypes.pythonapi._handle,
        interval_ns=int(interval * 1e9),
    )
    error, found = _native.Error(), _native_insight.InsightKnock()
    _check(_native.kaa_insight_knock_start(options, error), error)
    try:
        time.sleep(seconds)
        _native.kaa_insight_knock_read(found)
    finally:
        _native.kaa_insight_knock_stop()
    return found


def symbol(address: int) -> Optional[str]:
    """The C function at an address."""
    if not address:
        return None
    if address not in _symbols:
        text = _native.printed(_native.kaa_insight_symbol, address)
        _symbols[address] = text or None
    return _symbols[address]
