"""A Recording of another process by sampling: estimates, where a trace is exact.

What lay between two looks counts for what the later one saw. Forced and voluntary
releases, and spells shorter than the interval, are not seen.
"""

from __future__ import annotations

import linecache
import platform
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from kaa._insight import gil_advice as _gil_advice
from kaa._insight import gil_deadlock as _gil_deadlock
from kaa._insight.gil_data import (
    HELD,
    OFF,
    WAITING,
    Frame,
    Hog,
    Recording,
    Span,
    Thread,
    Victim,
)
from kaa._insight.gil_remote import Remote, RemoteError, Seen

SPANS_MAX = 4000  # a thread; the oldest go
NOTES = [
    "Sampled: times are estimates; spells shorter than the interval and the reasons of"
    " releases are not seen.",
]


class _Place:
    """What was seen at one stack in one state."""

    def __init__(self, site: int) -> None:
        self.site = site
        self.ns = self.ns_max = self.count = self.others_ns = 0
        self.threads: List[int] = []


class Sampler:
    """Looks at a process again and again."""

    def __init__(self, remote: Remote, program: str = "") -> None:
        self.remote = remote
        self.program = program
        self.started = time.time_ns()
        self._begin = self._last = time.monotonic_ns()
        self._threads: Dict[int, Thread] = {}
        self._runs: Dict[int, Tuple[str, int, Optional[int]]] = {}
        self._stacks: Dict[Tuple[Frame, ...], int] = {}
        self._places: Dict[Tuple[str, int], _Place] = {}
        self.looks = 0

    def _site(self, frames: List[Frame]) -> Optional[int]:
        if not frames:
            return None
        return self._stacks.setdefault(tuple(frames), len(self._stacks))

    def _thread(self, one: Seen, now: int) -> Thread:
        thread = self._threads.get(one.id)
        if thread is None:
            start = self._last - self._begin if self.looks else 0
            thread = self._threads[one.id] = Thread(
                self.remote.name(one.id), one.id, start_ns=start
            )
        thread.end_ns = now - self._begin
        return thread

    def _run(self, one: Seen, state: str, passed: int, site: Optional[int]) -> int:
        """How long the thread has been in this state, up to now."""
        before = self._runs.get(one.id)
        same = before is not None and before[0] == state
        length = passed + (before[1] if same and before else 0)
        self._runs[one.id] = (state, length, site)
        return length

    def _add(self, one: Seen, now: int, waiters: int) -> None:
        thread = self._thread(one, now)
        passed = thread.end_ns - max(self._last - self._begin, thread.start_ns)
        state = one.state
        before = self._runs.get(one.id)
        if state == OFF and one.call == "(running)" and before and before[0] == WAITING:
            state = WAITING  # between two waits for the same turn
        site = self._site(one.frames)
        run = self._run(one, state, passed, site)
        if state == HELD:
            thread.held_ns += passed
            thread.held_max_ns = max(thread.held_max_ns, run)
        elif state == WAITING:
            thread.waited_ns += passed
            thread.waited_max_ns = max(thread.waited_max_ns, run)
        else:
            thread.off_ns += passed
            if one.call:
                thread.off_by[one.call] = thread.off_by.get(one.call, 0) + passed
        self._draw(thread, state, one.call, site, passed)
        if site is not None and state != OFF:
            place = self._places.setdefault((state, site), _Place(site))
            place.ns += passed
            place.ns_max = max(place.ns_max, run)
            place.count += 1
            place.others_ns += passed * waiters if state == HELD else 0
            if one.id not in place.threads:
                place.threads.append(one.id)

    def _draw(
        self, thread: Thread, state: str, call: Any, site: Optional[int], passed: int
    ) -> None:
        spans, end = thread.timeline, thread.end_ns
        detail = call if state == OFF else None
        if spans and spans[-1].state == state and spans[-1].detail == detail:
            spans[-1] = spans[-1]._replace(end_ns=end)
            return
        spans.append(Span(end - passed, end, state, detail, site))
        if len(spans) > SPANS_MAX:
            del spans[: SPANS_MAX // 4]

    def look(self) -> None:
        """One more sample. RemoteError: the process has ended."""
        seen = self.remote.look(depth=24)
        now = time.monotonic_ns()
        waiters = sum(one.state == WAITING for one in seen)
        for one in seen:
            self._add(one, now, waiters)
        self._last = now
        self.looks += 1

    def look_for(self, seconds: float, interval: float) -> bool:
        """Samples for a while; False: the process has ended."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                self.look()
                time.sleep(min(interval, max(end - time.monotonic(), 0)))
        except RemoteError:
            return False
        return True

    def _lines(self, state: str, kind: Any) -> List[Any]:
        stacks = list(self._stacks)
        found: Dict[Frame, Any] = {}
        for (one_state, _), place in self._places.items():
            if one_state != state:
                continue
            frame = stacks[place.site][0]
            line = found.get(frame)
            if line is None:
                line = found[frame] = kind(*frame, None, 0, 0, 0)
                line.site = place.site
                line.source = linecache.getline(frame.file, frame.line).strip()
            line.count += place.count
            line.threads = list({*line.threads, *place.threads})
            if kind is Hog:
                line.held_ns += place.ns
                line.held_max_ns = max(line.held_max_ns, place.ns_max)
                line.waited_by_others_ns += place.others_ns
            else:
                line.waited_ns += place.ns
                line.waited_max_ns = max(line.waited_max_ns, place.ns_max)
        name = "held_ns" if kind is Hog else "waited_ns"
        return sorted(found.values(), key=lambda one: -getattr(one, name))

    def recording(self) -> Recording:
        """All that was seen up to now."""
        recording = Recording(
            wall_ns=self._last - self._begin,
            python=self.remote.python,
            mode="sample",
            pid=self.remote.pid,
            started=self.started,
            program=self.program,
            threads=[
                Thread(**{**vars(one), "timeline": list(one.timeline)})
                for one in self._threads.values()
            ],
            hogs=self._lines(HELD, Hog),
            victims=self._lines(WAITING, Victim),
            stacks=[list(stack) for stack in self._stacks],
            notes=[*NOTES, f"{self.looks} samples."],
            system={"machine": platform.machine()},
            deadlocks=_gil_deadlock.find(self.remote),
        )
        _gil_advice.judge(recording)
        return recording


def program_of(pid: int) -> str:
    """The command line of a process."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return str(pid)
    return b" ".join(words).decode("utf-8", "replace").strip()


def recordings(
    sampler: Sampler, seconds: float, interval: float
) -> Callable[[], Optional[Recording]]:
    """What a live view calls: samples for `seconds`, gives all up to then, and None
    when the process has ended."""

    def following() -> Optional[Recording]:
        if not sampler.look_for(seconds, interval):
            return None
        return sampler.recording()

    return following
