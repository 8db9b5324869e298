"""A GIL recording as metrics: Prometheus's text format 0.0.4, times in seconds.

Source: "Exposition formats" of Prometheus's documentation.
"""

from __future__ import annotations

from typing import Dict, List, Tuple

from kaa._insight.gil_data import Recording

_COUNTERS = (
    ("held_seconds", "held_ns", 1e9, "Time with the GIL."),
    ("waited_seconds", "waited_ns", 1e9, "Time waiting for the GIL."),
    ("off_seconds", "off_ns", 1e9, "Time without the GIL and not waiting for it."),
    ("acquisitions", "acquired", 1, "Times the GIL was taken."),
    ("contended_acquisitions", "contended", 1, "Times it had to be waited for."),
    ("forced_releases", "forced", 1, "Releases because another thread asked."),
    ("voluntary_releases", "voluntary", 1, "Releases before a call that may block."),
)


def quoted(text: str) -> str:
    """A label's value, quoted; lone surrogates cannot be written and become U+FFFD."""
    safe = text.encode("utf-8", "replace").decode("utf-8")
    safe = safe.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{safe}"'


def number(value: float) -> str:
    """An exact decimal."""
    return str(int(value)) if value == int(value) else repr(value)


def _histogram(name: str, hint: str, counts: List[int], total_ns: int) -> List[str]:
    """Buckets of powers of two nanoseconds; a bucket's bound is in seconds."""
    made = [f"# HELP {name} {hint}", f"# TYPE {name} histogram"]
    below = 0
    for i, one in enumerate(counts):
        below += one
        bound = 2 ** (i + 1) / 1e9
        made.append(f'{name}_bucket{{le="{bound!r}"}} {below}')
    made.append(f'{name}_bucket{{le="+Inf"}} {below}')
    made.append(f"{name}_sum {number(total_ns / 1e9)}")
    made.append(f"{name}_count {below}")
    return made


def _added(lists: List[List[int]]) -> List[int]:
    longest = max(map(len, lists), default=0)
    return [sum(one[i] for one in lists if i < len(one)) for i in range(longest)]


def prometheus(recording: Recording) -> str:
    """Counters a thread, and histograms of all holds and waits."""
    made: List[str] = []
    for name, attribute, unit, hint in _COUNTERS:
        full = f"kaa_gil_{name}_total"
        made += [f"# HELP {full} {hint}", f"# TYPE {full} counter"]
        sums: Dict[Tuple[str, int], float] = {}
        for thread in recording.threads:  # a number may have been used again
            key = (thread.name, thread.id)
            sums[key] = sums.get(key, 0) + getattr(thread, attribute)
        for (thread_name, thread_id), value in sums.items():
            labels = f'thread={quoted(thread_name)},thread_id="{thread_id}"'
            made.append(f"{full}{{{labels}}} {number(value / unit)}")
    if recording.threads:
        held = sum(one.held_ns for one in recording.threads)
        waited = sum(one.waited_ns for one in recording.threads)
        holds = _added([one.held_histogram for one in recording.threads])
        waits = _added([one.waited_histogram for one in recording.threads])
        made += _histogram("kaa_gil_hold_seconds", "Lengths of holds.", holds, held)
        made += _histogram("kaa_gil_wait_seconds", "Lengths of waits.", waits, waited)
    return "\n".join(made) + "\n"
