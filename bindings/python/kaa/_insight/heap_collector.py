"""The runs of the cycle collector while memory is profiled: gc.callbacks. While one
runs, libkaa notes what it frees.

What is written down is in no figure of the profile: the thread is muted meanwhile.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from typing import Any, Deque, Dict, List, Tuple

from kaa import _native

MOST = 100_000  # runs that are kept, the last ones

_runs: Deque[Tuple[int, int, int, int, int]] = deque(maxlen=MOST)

def _note(phase: str, info: Dict[str, Any]) -> None:
    if phase == "start":
        _native.kaa_insight_heap_collecting(1)
        return
    took = _native.kaa_insight_heap_collecting(0)
    if not took:
        return
    _native.kaa_insight_heap_mute(1)
    try:
        _runs.append(
            (time.monotonic_ns() - took, info["generation"], took, info["collected"],
             info["uncollectable"])
        )  # fmt: skip
    finally:
        _native.kaa_insight_heap_mute(0)


def start() -> None:
    """From now on."""
    _runs.clear()
    if _note not in gc.callbacks:
        gc.callbacks.append(_note)


def stop() -> None:
    while _note in gc.callbacks:
        gc.callbacks.remove(_note)


def collections(started_ns: int) -> List[Tuple[int, int, int, int, int]]:
    """(ns after the start, generation, pause, freed, not freed) of each run."""
    return [(one[0] - started_ns, *one[1:]) for one in list(_runs)]
