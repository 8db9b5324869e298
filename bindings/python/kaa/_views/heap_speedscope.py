"""A heap report for speedscope: a profile each for live, peak and allocated bytes."""

from __future__ import annotations

from kaa._insight.heap_data import HeapReport
from kaa._views import profile
from kaa._views.scopefile import Frames, sampled, written

_SHOWN = (("inuse_space", "live"), ("peak_space", "at the peak"), ("alloc_space", "allocated"))


def speedscope(report: HeapReport) -> str:
    """The file; the heaviest stacks first, live bytes in front."""
    made = profile.of_heap(report)
    names = [name for name, _ in made.kinds]
    frames = Frames()
    profiles = []
    for name, title in _SHOWN:
        kind = names.index(name)
        heavy = [one for one in made.samples if one[1][kind] > 0]
        heavy.sort(key=lambda one: -one[1][kind])
        stacks = [frames.stack(stack[::-1]) for stack, _ in heavy]
        weights = [values[kind] for _, values in heavy]
        profiles.append(sampled(f"{title} bytes", "bytes", 0, stacks, weights))
    return written(made.name, frames, profiles)
