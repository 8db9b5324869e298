"""Who holds the GIL and who waits for it, in this process.

    with kaa.gil.monitor() as m:
        work()
    print(m)                       # threads, hogs and victims by line, advice
    m.html("gil.html")

    kaa.gil.counters()             # cumulative seconds, for metrics
    kaa.gil.on_long_hold(0.05, print)

All times of a Recording are nanoseconds. A monitor costs 23 ns or more for each time
that a thread lets the GIL go and takes it back, and nothing after its end. On CPython
3.9 and later, Linux, x86-64; is_available() says why not elsewhere.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from kaa._backend import has_gil
from kaa._insight import gil_own as _gil_own
from kaa._insight import gil_record as _gil_record
from kaa._insight import gil_trace as _gil_trace
from kaa._insight.gil_data import Frame, Hog, Recording, Thread, Victim

__all__ = [
    "Alarm",
    "LongHold",
    "Monitor",
    "Recording",
    "SampledMonitor",
    "counters",
    "is_available",
    "knock",
    "monitor",
    "observe",
    "on_long_hold",
    "prometheus",
    "sample",
    "stop_counters",
]

THRESHOLD = 0.0001  # seconds; shorter spells are in no hog or victim


def is_available() -> Tuple[bool, str]:
    """Whether the GIL can be traced here, and why not."""
    reason = _gil_trace.why_not()
    return reason is None, reason or ""


def _is_free_threaded() -> bool:
    """Whether monitors watch waits instead: an interpreter without a GIL, on a
    machine that hooks are known of."""
    return not has_gil() and _gil_trace.can_hook()


class Monitor:
    """What monitor() returns: the time between its start() and stop(). Monitors
    may nest and overlap, on any threads; each has a recording of its own."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        if not 0 < threshold < 3600:
            raise ValueError(f"threshold must be 0 to 3600 seconds, not {threshold!r}")
        self._threshold_ns = int(threshold * 1e9)
        self._generation: Optional[int] = None
        self._pid = 0
        self._before: Any = None
        self._maxima: Any = None
        self._recording: Optional[Recording] = None
        self._parks: Any = None  # kaa._insight.gil_parks, without a GIL
        self._begin = self._clock = 0
        self._own: Any = None  # locks of kaa's own, as they were

    def start(self) -> Monitor:
        """Begins. RuntimeError if it has begun; kaa.UnsupportedError where the
        GIL cannot be traced."""
        if self._generation is not None:
            raise RuntimeError("this monitor has been started already")
        if _is_free_threaded():
            from kaa._insight import gil_parks as _gil_parks

            _gil_parks.start(1000)
            self._own = _gil_own.read()
            self._parks = _gil_parks
            self._generation, self._pid = 0, os.getpid()
            self._begin, self._clock = time.monotonic_ns(), time.time_ns()
            self._before, self._recording = _gil_parks.snapshot(), None
            return self
        self._generation = _gil_trace.start(self._threshold_ns)
        self._own = _gil_own.read()
        self._pid = os.getpid()
        self._recording = None
        self._before = _gil_trace.snapshot()
        self._maxima = _gil_trace.add_reader()
        return self

    def stop(self) -> Recording:
        """Ends, and returns the recording. May be repeated."""
        if self._generation is None:
            return self.recording()
        generation, self._generation = self._generation, None
        if self._parks is not None:
            self._recording = self._parked()
            self._parks.stop()
            return self._recording
        try:
            if _gil_trace.is_on(generation):
                self._recording = self._made()
        finally:
            _gil_trace.remove_reader(self._maxima)
            _gil_trace.stop(generation)
        return self.recording()

    def __enter__(self) -> Monitor:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        if os.getpid() == self._pid:
            self.stop()
        else:  # a child after fork(): the recording is the parent's
            self._generation = None

    def _made(self) -> Recording:
        # The lines of a hold are told at its end: this thread's ends here.
        time.sleep(0)
        own, after = _gil_own.read(), _gil_trace.snapshot()
        made = _gil_record.record(
            self._before, after, self._maxima, self._threshold_ns
        )
        return _gil_own.add(made, self._own, own)

    def _parked(self) -> Recording:
        own = _gil_own.read()
        made = self._parks.record(self._before, self._begin, self._clock)
        return _gil_own.add(made, self._own, own)

    def recording(self) -> Recording:
        """All that was recorded; up to now while the monitor runs."""
        if self._generation is not None and self._parks is not None:
            return self._parked()
        if self._generation is not None and _gil_trace.is_on(self._generation):
            return self._made()
        if self._recording is None:
            raise RuntimeError("this monitor has recorded nothing yet")
        return self._recording

    @property
    def threads(self) -> List[Thread]:
        return self.recording().threads

    @property
    def totals(self) -> Dict[str, int]:
        """The sums over all threads, in nanoseconds and counts."""
        names = ("held_ns", "waited_ns", "off_ns", "acquired", "contended",
                 "forced", "voluntary")  # fmt: skip
        threads = self.threads
        return {name: sum(getattr(one, name) for one in threads) for name in names}

    def hogs(self) -> List[Hog]:
        """Where the GIL was held for long, the largest first."""
        return self.recording().hogs

    def victims(self) -> List[Victim]:
        """Where the GIL was waited for, the largest first."""
        return self.recording().victims

    def json(self, path: Optional[str] = None) -> str:
        """The recording as JSON; written to `path` as well, if there is one."""
        return _written(self.recording().to_json(), path)

    def html(self, path: Optional[str] = None) -> str:
        """One self-contained page; written to `path` as well, if there is one."""
        from kaa import _views

        return _written(_views.html(self.recording()), path)

    def table(self) -> str:
        """The report as plain text."""
        from kaa import _views

        text = io.StringIO()
        _views.table(self.recording(), text, rich=False)
        return text.getvalue()

    __str__ = table

    def __repr__(self) -> str:
        state = "ended" if self._recording else "not started"
        if self._generation is not None:
            state = "running"
        return f"<kaa.gil.Monitor {state}>"


def _written(text: str, path: Optional[str]) -> str:
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return text


class SampledMonitor(Monitor):
    """What sample() returns: a Monitor whose figures are estimates."""

    def __init__(self, interval: float = 0.005) -> None:
        super().__init__()
        if not 0.0001 <= interval <= 60:
            raise ValueError(
                f"interval must be 0.0001 to 60 seconds, not {interval!r}"
            )
        self._interval = interval
        self._child: Any = None

    def start(self) -> SampledMonitor:
        """Begins. RuntimeError if it has begun; kaa.UnsupportedError where this
        process cannot be read."""
        from kaa._insight.gil_sampling import Child

        if self._generation is not None:
            raise RuntimeError("this monitor has been started already")
        self._child = Child(self._interval)
        self._own = _gil_own.read()
        self._generation, self._pid, self._recording = 0, os.getpid(), None
        return self

    def stop(self) -> Recording:
        """Ends, and returns the recording. May be repeated."""
        if self._generation is not None and os.getpid() == self._pid:
            self._generation = None
            try:
                self._recording = self._sampled("end")
            finally:
                self._child.close()
        return self.recording()

    def _sampled(self, *asked: str) -> Recording:
        own = _gil_own.read()
        return _gil_own.add(self._child.recording(*asked), self._own, own)

    def recording(self) -> Recording:
        """All that was seen; up to now while the monitor runs."""
        if self._generation is not None:
            return self._sampled()
        return super().recording()


def sample(interval: float = 0.005) -> SampledMonitor:
    """A monitor that puts nothing into this process, for `with`: a child process of
    this one reads its memory every `interval` seconds. Times are estimates; forced
    releases, and spells shorter than the interval, are not seen. On CPython 3.9 and
    later, Linux, x86-64."""
    return SampledMonitor(interval)


def monitor(threshold: float = THRESHOLD) -> Monitor:
    """A monitor, for `with`. Holds and waits longer than `threshold` seconds are
    told by line; all others are counted, without lines."""
    return Monitor(threshold)


# ---- metrics ----

_metrics: Optional[Monitor] = None
_LABELS = ("held", "waited", "off")


def counters() -> Dict[str, float]:
    """Cumulative figures of this process since the first call, which starts the
    trace: seconds held, waited and off, summed over all threads, and counts. They
    never decrease, so that rates can be taken over any time; stop_counters() ends
    the trace. After a fork() the child's begin anew."""
    global _metrics
    if _metrics is None or os.getpid() != _metrics._pid:
        _metrics = Monitor().start()
    snapshot = _gil_trace.snapshot()
    made: Dict[str, float] = {f"{label}_seconds": 0.0 for label in _LABELS}
    names = ("acquired", "contended", "forced", "voluntary")
    made.update({name: 0 for name in names})
    for one in snapshot.threads.values():
        for label, ns in zip(_LABELS, one.ns):
            made[f"{label}_seconds"] += ns / 1e9
        for name, count in zip(names, one.counts):
            made[name] += count
    return made


def stop_counters() -> None:
    """Ends what counters() started; it begins at 0 when it is called again."""
    global _metrics
    monitor, _metrics = _metrics, None
    if monitor is not None and os.getpid() == monitor._pid:
        generation, monitor._generation = monitor._generation, None
        _gil_trace.remove_reader(monitor._maxima)
        if generation is not None:
            _gil_trace.stop(generation)


def prometheus() -> str:
    """counters() in Prometheus' text format, for a /metrics page."""
    values = counters()
    lines = [
        "# HELP python_gil_seconds_total Time of all threads with the GIL (held),"
        " waiting for it (waited), and without need of it (off).",
        "# TYPE python_gil_seconds_total counter",
    ]
    for label in _LABELS:
        value = values[f"{label}_seconds"]
        lines.append(f'python_gil_seconds_total{{state="{label}"}} {value:.9f}')
    for name, text in (
        ("acquired", "Times that threads got the GIL."),
        ("contended", "Times that they had to wait for it."),
        ("forced", "Times that others asked the holder to let it go."),
        ("voluntary", "Times that the holder let it go by itself."),
    ):
        lines.append(f"# HELP python_gil_{name}_total {text}")
        lines.append(f"# TYPE python_gil_{name}_total counter")
        lines.append(f"python_gil_{name}_total {values[name]:.0f}")
    return "\n".join(lines) + "\n"


def observe(options: Any = None) -> Any:
    """A callback for OpenTelemetry's create_observable_counter(): yields an
    Observation for each state, in seconds. Needs opentelemetry-api."""
    from opentelemetry.metrics import Observation

    values = counters()
    for label in _LABELS:
        yield Observation(values[f"{label}_seconds"], {"state": label})


# ---- where nothing else works ----


def knock(seconds: float = 1.0, interval: float = 0.001) -> Recording:
    """Asks for the GIL every `interval` seconds for a while, and says how long that
    took. Works on any CPython and system; says how busy the GIL is, not who waits:
    one thread that computes keeps it as busy as two. Recording.system has the
    figures: knocks, waited_ns, waited_max_ns."""
    if not 0 < interval <= seconds < 86400:
        raise ValueError(
            f"interval and seconds must be 0 < {interval!r} <= {seconds!r} < 86400"
        )
    found = _gil_trace.knock(seconds, interval)
    share = found.waited_ns / max(found.count, 1) / 1e6
    recording = Recording(
        wall_ns=found.wall_ns,
        python=sys.version.split()[0],
        mode="knock",
        pid=os.getpid(),
        started=time.time_ns() - found.wall_ns,
        program=" ".join(sys.argv),
        system={
            "knocks": found.count,
            "waited_ns": found.waited_ns,
            "waited_max_ns": found.waited_ns_max,
        },
    )
    recording.notes.append(
        f"A thread that asked for the GIL {found.count} times got it after"
        f" {share:.2f} ms on average, {found.waited_ns_max / 1e6:.1f} ms at most."
    )
    return recording


# ---- alarms ----


class LongHold:
    """One hold of the GIL that was too long."""

    __slots__ = ("thread", "thread_id", "held", "waited_by_others", "stack")

    def __init__(
        self,
        thread: str,
        thread_id: int,
        held: float,
        waited_by_others: float,
        stack: List[Frame],
    ) -> None:
        self.thread = thread
        self.thread_id = thread_id
        self.held = held  # seconds
        self.waited_by_others = waited_by_others  # seconds, added up
        self.stack = stack  # the innermost frame first

    def __str__(self) -> str:
        text = f"thread {self.thread} held the GIL for {1000 * self.held:.0f} ms"
        if self.waited_by_others > 0.001:
            text += f" (others waited {1000 * self.waited_by_others:.0f} ms)"
        for frame in self.stack:
            text += f'\n  File "{frame.file}", line {frame.line}, in {frame.function}'
        return text


class Alarm:
    """What on_long_hold() returns; stop() ends it."""

    def __init__(self, limit: float, callback: Callable[[LongHold], None]) -> None:
        if not 0 < limit < 3600:
            raise ValueError(f"limit must be 0 to 3600 seconds, not {limit!r}")
        self.limit = limit
        self._callback = callback
        self._generation = _gil_trace.start(alarm_ns=int(limit * 1e9))
        self._pid = os.getpid()
        self._is_over = False
        self._thread = threading.Thread(
            target=self._run, name="kaa-long-holds", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        while _gil_trace.is_on(self._generation) and os.getpid() == self._pid:
            is_over = self._is_over
            alarm = _gil_trace.next_alarm(0 if is_over else 0.2)
            if alarm is None and is_over:
                return
            if alarm is None or alarm.held_ns < self.limit * 1e9:
                continue
            hold = LongHold(
                _gil_trace.name_of_id(alarm.thread),
                alarm.thread,
                alarm.held_ns / 1e9,
                alarm.others_ns / 1e9,
                _gil_trace.frames(alarm.stack) if alarm.stack else [],
            )
            try:
                self._callback(hold)
            except Exception:
                logging.getLogger("kaa.gil").exception("callback of on_long_hold()")

    def stop(self) -> None:
        """All holds that have ended are told of; no callback begins after this. May
        be repeated."""
        if self._is_over or os.getpid() != self._pid:
            return
        self._is_over = True
        if threading.current_thread() is not self._thread:
            self._thread.join()
        _gil_trace.stop(self._generation)

    def __enter__(self) -> Alarm:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def _warn(hold: LongHold) -> None:
    logging.getLogger("kaa.gil").warning("%s", hold)


def on_long_hold(
    limit: float = 0.05, callback: Callable[[LongHold], None] = _warn
) -> Alarm:
    """Calls callback(LongHold) each time a thread has held the GIL for `limit`
    seconds or longer, after it has let go, on a thread of its own. Without one, the
    logger "kaa.gil" warns, with the stack. Returns an Alarm, for `with` or stop().
    The limit of the first Alarm at work is the least that is seen."""
    return Alarm(limit, callback)
