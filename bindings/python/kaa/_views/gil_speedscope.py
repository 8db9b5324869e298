"""A GIL recording for speedscope: a profile a thread, its stacks weighed by time."""

from __future__ import annotations

from typing import Any, Dict, List

from kaa._insight.gil_data import HELD, MIXED, WAITING, Recording, Span
from kaa._views import merge
from kaa._views.gil_page import processes
from kaa._views.scopefile import Frames, sampled, written

SPANS = 300_000


def _label(span: Span) -> str:
    if span.state == HELD:
        return "[GIL held]"
    if span.state == WAITING:
        return "[waiting for the GIL]"
    return f"[off: {span.detail}]" if span.detail else "[off the GIL]"


def _thread(
    name: str, spans: List[Span], recording: Recording, frames: Frames
) -> Dict[str, Any]:
    """A MIXED span becomes up to three samples: what was held, waited, off."""
    stacks: List[List[int]] = []
    weights: List[int] = []
    for span in spans:
        under: List[int] = []
        if span.site is not None and 0 <= span.site < len(recording.stacks):
            under = frames.stack(recording.stacks[span.site])
        length = span.end_ns - span.start_ns
        parts = [(_label(span), length)]
        if span.state == MIXED:
            held, waited = merge.shares(span)
            parts = [
                ("[GIL held]", held),
                ("[waiting for the GIL]", waited),
                ("[off the GIL]", length - held - waited),
            ]
        for label, weight in parts:
            if weight > 0:
                stacks.append([*under, frames.number(label)])
                weights.append(weight)
    start = spans[0].start_ns if spans else 0
    return sampled(name, "nanoseconds", start, stacks, weights)


def speedscope(recording: Recording) -> str:
    """A GIL recording: a profile a thread, and what it did at the top of stacks."""
    frames = Frames()
    profiles = []
    every = processes(recording)
    timelines = [t.timeline for one in every for t in one.threads]
    merged = iter(merge.within(timelines, SPANS))
    for one in every:
        for thread in one.threads:
            name = f"{thread.name} ({thread.id})"
            profiles.append(_thread(name, next(merged), one, frames))
    if not profiles:
        profiles.append(sampled("no threads", "nanoseconds", 0, [], []))
    return written(recording.program or "kaa gil", frames, profiles)
