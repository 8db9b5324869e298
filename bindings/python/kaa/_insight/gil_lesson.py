"""The lesson: what the GIL costs, when it does not, the convoy, and the cures.

Five small threaded programs are run and recorded, one after the other. Each is
shown with its threads and a sentence on what to see; a page of the third is
written, to be opened in a browser.
"""

from __future__ import annotations

import hashlib
import sys
import textwrap
import threading
import time
from typing import Any, Callable, List, NamedTuple

from kaa import gil
from kaa._insight.gil_advice import duration
from kaa._insight.gil_data import Recording

_DATA = bytes(1 << 20)
_WIDTH = 80  # of text, in columns


def _compute(seconds: float) -> Callable[[], None]:
    """Python code alone, for as long as it takes one thread so many seconds."""
    steps = _steps(seconds)

    def compute() -> None:
        total = 0
        for i in range(steps):
            total += i * i % 7

    return compute


_rate = 0.0  # steps a second, of one thread


def _steps(seconds: float) -> int:
    global _rate
    if not _rate:
        begin, total = time.perf_counter(), 0
        for i in range(300000):
            total += i * i % 7
        _rate = 300000 / (time.perf_counter() - begin)
    return int(seconds * _rate)


def _block(times: int, pause: float) -> Callable[[], None]:
    def block() -> None:
        for _ in range(times):
            time.sleep(pause)

    return block


def _hash(times: int) -> Callable[[], None]:
    def hash_all() -> None:
        for _ in range(times):
            hashlib.sha256(_DATA).digest()

    return hash_all


class Step(NamedTuple):
    """One program of the lesson."""

    title: str
    threads: List[Callable[[], None]]
    see: str


def steps() -> List[Step]:
    """The programs, made for this machine's speed."""
    return [
        Step(
            "two threads that compute",
            [_compute(0.3), _compute(0.3)],
            "Each holds the GIL half of the time and waits the other half: two threads"
            " take as long as one after the other. Releases are forced: after a switch"
            " interval the waiting thread asks for its turn.",
        ),
        Step(
            "five threads that block",
            [_block(30, 0.01)] * 5,
            "Who sleeps, reads or waits for an answer has let the GIL go: all five are"
            " off it nearly all the time, nobody waits. The GIL costs nothing here.",
        ),
        Step(
            "one that computes, one that blocks: the convoy",
            [_compute(0.4), _block(60, 0.001)],
            "The second thread needs the GIL for microseconds, but each time it comes"
            " back from a pause the first one has it, for a switch interval. It waits"
            " thousands of times longer than it works.",
        ),
        Step(
            "two threads in C code that lets go",
            [_hash(150), _hash(150)],
            "hashlib works on large data without the GIL: both are off it and run at"
            " the same time. So do zlib, numpy's loops, and functions that kaa calls.",
        ),
        Step(
            "the convoy with a shorter switch interval",
            [_compute(0.4), _block(60, 0.001)],
            "sys.setswitchinterval(0.0005): the same two threads, but the first is"
            " asked ten times earlier. Better still: compute in a process, or in C.",
        ),
    ]


def run(step: Step, interval: float) -> Recording:
    """Runs one program, recorded; the switch interval is put back."""
    names = [f"{one.__name__}-{i}" for i, one in enumerate(step.threads, 1)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        with gil.monitor() as monitor:
            threads = [
                threading.Thread(target=one, name=name)
                for one, name in zip(step.threads, names)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            recording = monitor.recording()
    finally:
        sys.setswitchinterval(before)
    recording.program = f"kaa gil lesson: {step.title}"
    return recording


def show(number: int, step: Step, recording: Recording, file: Any) -> None:
    """Prints one program's threads, and what to see."""
    print(f"{number}. {step.title} ({duration(recording.wall_ns)})", file=file)
    print("   thread        held  waited     off  forced  longest wait", file=file)
    for one in sorted(recording.threads, key=lambda one: one.name):
        if one.name == "MainThread":
            continue
        life = max(one.end_ns - one.start_ns, 1)
        shares = [100 * ns / life for ns in (one.held_ns, one.waited_ns, one.off_ns)]
        print(
            f"   {one.name:10}  {shares[0]:4.0f} %  {shares[1]:4.0f} %"
            f"  {shares[2]:4.0f} %  {one.forced:6}  {duration(one.waited_max_ns):>12}",
            file=file,
        )
    for line in textwrap.wrap(step.see, _WIDTH):
        print(f"   {line}", file=file)
    print(file=file)


def lesson(file: Any) -> List[Recording]:
    """Runs and prints all; the recordings, in order."""
    made = []
    for number, step in enumerate(steps(), 1):
        recording = run(step, 0.0005 if number == 5 else 0.005)
        show(number, step, recording, file)
        made.append(recording)
    return made
