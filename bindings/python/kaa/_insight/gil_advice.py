"""What a recording means: the kinds of threads, convoys in words, advice.

Every sentence is tied to figures of the recording, and to a line where there is
one. Nothing here needs the program that was recorded.
"""

from __future__ import annotations

import os
from typing import Dict, List, Optional

from kaa._insight.gil_data import Advice, Convoy, Frame, Hog, Recording, Thread

# A place or thread below this share of the wall time is not worth a sentence.
WORTH = 0.05
# The system calls of locks, conditions, queues and joins.
_LOCKS = ("futex", "futex_wait", "futex_waitv", "semop", "semtimedop")


def duration(ns: float) -> str:
    """A length of time for people: 324 ms, 1.2 s, 45 us."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            value = ns / size
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
    return f"{ns:.0f} ns"


def place(frame: Frame) -> str:
    return f"{os.path.basename(frame.file)}:{frame.line}"


def _titled(name: str) -> str:
    """The name of a thread, or of some, at the start of a sentence."""
    return f"T{name[1:]}" if name.startswith("thread ") else f"Thread {name}"


def _life(thread: Thread) -> int:
    return max(thread.end_ns - thread.start_ns, 1)


def _in_locks(thread: Thread) -> int:
    """How long it was off waiting for other threads."""
    return sum(ns for name, ns in thread.off_by.items() if name in _LOCKS)


def kind_of(thread: Thread, interval_ns: int) -> str:
    """One of _gil_data.KINDS."""
    life = _life(thread)
    held, waited, off = thread.held_ns, thread.waited_ns, thread.off_ns
    if held + waited < life / 100:
        return "lock-bound" if _in_locks(thread) > life / 2 else "idle"
    if thread.forced > thread.voluntary or held > life / 2:
        # Others asked for it. Long holds all the same: it does not let go.
        releases = max(thread.forced + thread.voluntary, 1)
        is_slow = held / releases > 4 * interval_ns and thread.forced
        return "hog" if is_slow else "cpu-bound"
    if waited > held and waited > life / 10:
        return "starved"
    return "lock-bound" if _in_locks(thread) > off / 2 else "io-bound"


def _named(recording: Recording) -> Dict[int, str]:
    return {one.id: one.name for one in recording.threads}


def _stack(recording: Recording, site: Optional[int]) -> Optional[Frame]:
    return recording.stacks[site][0] if site is not None else None


def _convoy_text(recording: Recording, convoy: Convoy) -> str:
    names = _named(recording)
    holder = names.get(convoy.holder, str(convoy.holder))
    waiter = names.get(convoy.waiter, str(convoy.waiter))
    at = _stack(recording, convoy.waiter_site)
    by = _stack(recording, convoy.holder_site)
    return (
        f"{convoy.count} times {waiter} let the GIL go"
        + (f" at {place(at)}" if at else "")
        + f" and then waited {duration(convoy.waited_ns / convoy.count)} for {holder}"
        + (f" ({place(by)})" if by else "")
        + f": {duration(convoy.waited_ns)} in all"
    )


def _about_hog(recording: Recording, hog: Hog) -> Optional[Advice]:
    """For places that do not let go when asked to."""
    if (
        hog.waited_by_others_ns < WORTH * recording.wall_ns
        or hog.held_max_ns < 3 * recording.switch_interval_ns
    ):
        return None
    names = _named(recording)
    who = ", ".join(names.get(one, str(one)) for one in hog.threads[:3]) or "a thread"
    inside = f" in {hog.function}()"
    if hog.c_function and hog.c_function.startswith("blocked"):
        inside += f", {hog.c_function},"
    elif hog.c_function:
        inside = f" in {hog.c_function}, called by {hog.function}(),"
    waiting = sum(one.waited_ns > 0 for one in recording.threads)
    return Advice(
        "high",
        f"{_titled(who)} held the GIL for up to {duration(hog.held_max_ns)}{inside} at"
        f" {place(Frame(hog.file, hog.line, hog.function))};"
        f" {waiting} thread{'s' * (waiting != 1)} waited {duration(hog.waited_by_others_ns)} for it in all:"
        " release it there (a C function that lets it go), split the work, or use a"
        " process.",
        hog.file,
        hog.line,
        hog.threads[0] if hog.threads else None,
    )


def _about_computing(recording: Recording) -> List[Advice]:
    busy = [one for one in recording.threads if one.kind in ("cpu-bound", "hog")]
    held = sum(one.held_ns for one in busy)
    waited = sum(one.waited_ns for one in busy)
    if len(busy) < 2 or waited < WORTH * recording.wall_ns:
        return []
    return [
        Advice(
            "high",
            f"{len(busy)} threads compute in Python and take turns: they held the GIL"
            f" for {duration(held)} and waited {duration(waited)} for each other. More"
            " threads will not make this faster: use processes, C code that releases"
            " the GIL, or a free-threaded build.",
        )
    ]


def _about_starved(recording: Recording) -> List[Advice]:
    made = []
    for thread in recording.threads:
        if thread.kind != "starved":
            continue
        victims = [one for one in recording.victims if thread.id in one.threads]
        at = victims[0] if victims else None
        where = f" at {place(Frame(at.file, at.line, ''))}" if at else ""
        made.append(
            Advice(
                "medium",
                f"{_titled(thread.name)} waited {duration(thread.waited_ns)} for the GIL"
                f"{where} and held it for {duration(thread.held_ns)}: it is served"
                " late, each time up to a switch interval"
                f" ({duration(recording.switch_interval_ns)}) or more. Move what"
                " computes to a process, or call sys.setswitchinterval() with less.",
                at.file if at else None,
                at.line if at else 0,
                thread.id,
            )
        )
    return made[:5]


# What helps against a circle through the GIL and a mutex.
_DEADLOCK = (
    "Threads wait for each other in a circle and will do so for ever. Let go of the"
    " GIL around C code that takes the mutex (kaa does, unless a function is declared"
    " [[kaa::hold_gil]]), or let go of the mutex before anything that needs the GIL."
)


def judge(recording: Recording) -> None:
    """Fills in the kinds of threads, the texts of convoys, and the advice."""
    for thread in recording.threads:
        thread.kind = kind_of(thread, recording.switch_interval_ns)
    for convoy in recording.convoys:
        convoy.text = _convoy_text(recording, convoy)
    if recording.deadlocks:  # what holds and waits besides does not matter
        recording.advice = [Advice("high", _DEADLOCK)]
        return
    advice = [_about_hog(recording, one) for one in recording.hogs[:5]]
    made = [one for one in advice if one is not None]
    made += _about_computing(recording)
    made += _about_starved(recording)
    if not made and recording.threads:
        waited = sum(one.waited_ns for one in recording.threads)
        made.append(
            Advice(
                "low",
                f"Threads waited {duration(waited)} for the GIL in"
                f" {duration(recording.wall_ns)}: it is not what this program waits"
                " for.",
            )
        )
    recording.advice = made
