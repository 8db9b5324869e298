"""Who holds the GIL and who waits for it, in this process.

    with kaa.gil.monitor() as m:
        work()
    print(m)                       # threads, hogs and victims by line, advice
    m.html("gil.html")

    kaa.gil.counters()             # cumulative seconds, for metrics
    kaa.gil.on_long_hold(0.05, print)

All times of a Recording are nanoseconds. A monitor costs some 30 ns for each time
that a thread lets the GIL go, and nothing after its end. On CPython 3.9 and
later, Linux, x86-64; is_available() says why not elsewhere.
"""

from __future__ import annotations

import io
import os
from typing import Any, Callable, Dict, List, Optional, Tuple

from kaa import _gil_record, _gil_trace
from kaa._gil_data import Frame, Hog, Recording, Thread, Victim

__all__ = [
    "LongHold",
    "Monitor",
    "Recording",
    "counters",
    "is_available",
    "monitor",
    "on_long_hold",
    "prometheus",
    "stop_counters",
]

THRESHOLD = 0.0001  # seconds; shorter spells are in no hog or victim


def is_available() -> Tuple[bool, str]:
    """Whether the GIL can be traced here, and why not."""
    reason = _gil_trace.why_not()
    return reason is None, reason or ""


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

    def start(self) -> Monitor:
        """Begins. RuntimeError if it has begun; kaa.UnsupportedError where the
        GIL cannot be traced."""
        if self._generation is not None:
            raise RuntimeError("this monitor has been started already")
        self._generation = _gil_trace.start(self._threshold_ns)
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
        after = _gil_trace.snapshot()
        return _gil_record.record(
            self._before, after, self._maxima, self._threshold_ns
        )

    def recording(self) -> Recording:
        """All that was recorded; up to now while the monitor runs."""
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
        from kaa import _gil_text

        text = io.StringIO()
        _gil_text.write(self.recording(), text)
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


def monitor(threshold: float = THRESHOLD) -> Monitor:
    """A monitor, for `with`. Holds and waits longer than `threshold` seconds are
    told by line; all others are counted, without lines."""
    return Monitor(threshold)
