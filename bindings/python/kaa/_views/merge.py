"""Timelines made small: what is too short to be seen is merged, never dropped."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import List, Sequence

from kaa._insight.gil_data import HELD, MIXED, OFF, WAITING, Span


def shares(span: Span) -> "tuple[int, int]":
    """How long a span held and waited; the rest of it was off."""
    length = span.end_ns - span.start_ns
    if span.state == MIXED:
        return span.held_ns, span.waited_ns
    return (length if span.state == HELD else 0, length if span.state == WAITING else 0)


def merged(spans: Sequence[Span], shortest_ns: int) -> List[Span]:
    """Neighbours shorter than shortest_ns become MIXED spans of at least that.

    Time is kept to the nanosecond: held, waited and off sum up to the same before
    and after. Gaps in the timeline count as off.
    """
    found: List[Span] = []
    run: List[Span] = []
    for span in spans:
        if span.end_ns - span.start_ns >= shortest_ns:
            _close(run, found)
            found.append(span)
            continue
        run.append(span)
        if run[-1].end_ns - run[0].start_ns >= shortest_ns:
            _close(run, found)
    _close(run, found)
    return found


def _close(run: List[Span], found: List[Span]) -> None:
    """Appends what a run of short spans comes to, and empties the run."""
    if len(run) == 1:
        found.append(run[0])
    elif run:
        both = [shares(span) for span in run]
        held = sum(one for one, _ in both)
        waited = sum(one for _, one in both)
        longest = max(run, key=lambda span: span.end_ns - span.start_ns)
        found.append(
            Span(
                run[0].start_ns,
                run[-1].end_ns,
                MIXED,
                longest.detail if longest.state == OFF else None,
                longest.site,
                held,
                waited,
            )
        )
    run.clear()


def within(timelines: Sequence[Sequence[Span]], budget: int) -> List[List[Span]]:
    """The timelines, merged about as far as their spans number at most `budget`.

    At the least one span a timeline stays.
    """
    found = [list(one) for one in timelines]
    most = max(budget, len(found))
    shortest = 0
    while sum(map(len, found)) > most:
        shortest = max(_resolution(found, most), 2 * shortest)
        found = [merged(one, shortest) for one in found]
    return found


def _resolution(timelines: Sequence[Sequence[Span]], most: int) -> int:
    """Which length to merge below, so that about `most` spans are left: those that
    are longer, and the shorter ones' time in pieces of that length."""
    lengths = sorted(span.end_ns - span.start_ns for one in timelines for span in one)
    below, shortest = list(accumulate(lengths)), 1
    while True:
        shorter = bisect_left(lengths, shortest)
        pieces = below[shorter - 1] // shortest if shorter else 0
        # A run of short spans between long ones is a piece too, if a small one.
        if len(lengths) - shorter + pieces <= most * 3 // 4 or shorter == len(lengths):
            return max(shortest, 1)
        shortest *= 2
