"""Locks of kaa's own (kaa/gil.h), such as those of native runtimes that C libraries
of this process have: what their threads did between two readings of the counters.

libkaa counts whether anybody asks or not, so a recording costs them nothing. What a
thread holds or waits for at a reading is in it, up to that moment.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from kaa import _native
from kaa._insight.gil_advice import duration, kind_of
from kaa._insight.gil_data import Lock, Recording, Thread

_FIGURES = (
    "held_ns", "waited_ns", "unsure_ns", "acquired", "contended", "forced", "voluntary",
)  # fmt: skip
Read = Dict[str, Any]


def read() -> Read:
    """All locks that there are, and how many were made."""
    found: Read = json.loads(_native.printed(_native.kaa_insight_gils_json))
    return found


def _text(name: str) -> str:
    """libkaa writes each byte of a name as a character."""
    return name.encode("latin-1", "replace").decode("utf-8", "replace")


def _less(later: Read, earlier: List[Read]) -> Read:
    """Figures without those of before, which may move while they are read."""
    return {
        name: max(later[name] - sum(one[name] for one in earlier), 0)
        for name in _FIGURES
    }


def _made(name: str, number: int, figures: Read, longest: Read) -> Thread:
    held, waited = figures["held_ns"], figures["waited_ns"]
    return Thread(
        name=name,
        id=number,
        held_ns=held,
        waited_ns=waited,
        acquired=figures["acquired"],
        contended=figures["contended"],
        forced=figures["forced"],
        voluntary=figures["voluntary"],
        # The longest there ever was, so at least no longer than all together.
        held_max_ns=min(longest["held_max_ns"], held),
        waited_max_ns=min(longest["waited_max_ns"], waited),
        end_ns=held + waited,
    )


def _lock(after: Read, before: Optional[Read], begin_ns: int) -> Lock:
    """What the threads of a lock did since before, or since it was made. Each lock's
    figures are of a moment of its own."""
    since = before["now_ns"] if before else begin_ns
    *alive, gone = after["threads"]
    past = {one["number"]: one for one in before["threads"]} if before else {}
    lock = Lock(
        name=_text(after["name"]),
        number=after["number"],
        switch_interval_ns=after["switch_interval_ns"],
        wall_ns=after["now_ns"] - since,
        is_timed=bool(after["is_timed"]),
        deadlocks=[_text(one) for one in after["deadlocks"]],
    )
    for one in alive:
        earlier = past.pop(one["number"], None)
        figures = _less(one, [earlier] if earlier else [])
        thread = _made(_text(one["name"]), one["number"], figures, one)
        thread.start_ns = max(one["start_ns"], since) - begin_ns
        thread.end_ns = max(after["now_ns"] - begin_ns, thread.start_ns)
        life = thread.end_ns - thread.start_ns
        thread.off_ns = max(life - thread.held_ns - thread.waited_ns, 0)
        thread.kind = kind_of(thread, lock.switch_interval_ns)
        lock.threads.append(thread)
        lock.unsure_ns += figures["unsure_ns"]
    # Number 0 is the sum of those that had gone by then; what those did before that
    # have gone since is known one by one.
    figures = _less(gone, list(past.values()))
    lock.unsure_ns += figures["unsure_ns"]
    past.pop(0, None)
    if figures["acquired"] or past:
        lock.threads.append(_made("ended threads", 0, figures, gone))
    return lock


def _notes(locks: List[Lock], lost: int) -> List[str]:
    notes = []
    for lock in locks:
        if not lock.is_timed:
            notes.append(f'Holds of the lock "{lock.name}" are not timed.')
        elif lock.unsure_ns > max(sum(one.held_ns for one in lock.threads) / 100, 1e6):
            notes.append(
                f'Of quick holds of the lock "{lock.name}", {duration(lock.unsure_ns)}'
                " were not timed: held or off."
            )
    if lost:
        said = "A lock of kaa's own" if lost == 1 else f"{lost} locks of kaa's own"
        notes.append(f"{said} ended before the recording did: nothing is told of it.")
    return notes


def add(recording: Recording, before: Read, after: Read) -> Recording:
    """Adds what locks of kaa's own did between two readings."""
    begin_ns = before["now_ns"]
    old = {one["number"]: one for one in before["locks"]}
    locks = [
        _lock(one, old.pop(one["number"], None), begin_ns) for one in after["locks"]
    ]
    new = sum(one.number > before["made"] for one in locks)
    lost = len(old) + after["made"] - before["made"] - new
    locks.sort(key=lambda one: one.number)
    recording.locks = [one for one in locks if one.threads or one.deadlocks]
    # Both locks of an order tell of it.
    said = dict.fromkeys(said for one in recording.locks for said in one.deadlocks)
    recording.deadlocks += said
    recording.notes += _notes(recording.locks, lost)
    return recording
