"""Stacks with weights: what collapsed stacks, pprof and speedscope files are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple

from kaa._insight.gil_data import HELD, MIXED, WAITING, Frame, Recording
from kaa._insight.heap_data import HeapReport, HeapSite
from kaa._views import merge
from kaa._views.gil_page import processes


@dataclass
class Profile:
    """`kinds`: (name, unit) of each value, unit "bytes", "count" or "nanoseconds".
    `samples`: a stack, the outermost frame first, and as many values as kinds."""

    name: str
    kinds: List[Tuple[str, str]]
    default: int  # the kind to show first
    samples: List[Tuple[List[Frame], List[int]]] = field(default_factory=list)
    started: int = 0
    wall_ns: int = 0
    period: int = 0  # between samples, in the default kind's unit
    comments: List[str] = field(default_factory=list)


_HEAP = (
    ("alloc_objects", "count", "allocated_blocks"),
    ("alloc_space", "bytes", "allocated_bytes"),
    ("inuse_objects", "count", "live_blocks"),
    ("inuse_space", "bytes", "live_bytes"),
    ("peak_objects", "count", "peak_blocks"),
    ("peak_space", "bytes", "peak_bytes"),
)


def site_stack(site: HeapSite) -> List[Frame]:
    """A stack for a site without one: its line, and the C function or type."""
    made = [Frame(site.file, site.line, site.function)]
    leaf = site.c_function or (f"[{site.type}]" if site.type else None)
    return [*made, Frame("", 0, leaf)] if leaf else made


def of_heap(report: HeapReport) -> Profile:
    """By stacks where there are any, else by lines."""
    made = Profile(
        report.program or "kaa heap",
        [(name, unit) for name, unit, _ in _HEAP],
        3,
        started=report.started,
        wall_ns=report.wall_ns,
        period=report.every_bytes,
        comments=[f"Python {report.python}, {report.mode}, by kaa"],
    )
    if report.uses:
        for use in report.uses:
            stack = report.stacks[use.site] if use.site < len(report.stacks) else []
            made.samples.append(
                (stack[::-1], [getattr(use, attribute) for *_, attribute in _HEAP])
            )
    else:
        for site in report.sites:
            values = [getattr(site, attribute) for *_, attribute in _HEAP]
            made.samples.append((site_stack(site), values))
    return made


def of_gil(recording: Recording) -> Profile:
    """Time held, waited and off, summed by thread and stack."""
    kinds = [("held", "nanoseconds"), ("waited", "nanoseconds"), ("off", "nanoseconds")]
    made = Profile(
        recording.program or "kaa gil",
        kinds,
        0,
        started=recording.started,
        wall_ns=recording.wall_ns,
        comments=[f"Python {recording.python}, {recording.mode}, by kaa"],
    )
    for one in processes(recording):
        for thread in one.threads:
            sums: Dict[Tuple[int, str], List[int]] = {}
            for span in thread.timeline:
                leaf = span.detail or "" if span.state not in (HELD, WAITING, MIXED) else ""
                site = -1 if span.site is None else span.site
                values = sums.setdefault((site, leaf), [0, 0, 0])
                held, waited = merge.shares(span)
                values[0] += held
                values[1] += waited
                values[2] += span.end_ns - span.start_ns - held - waited
            root = Frame("", 0, f"{thread.name} ({thread.id})")
            for (site, leaf), values in sums.items():
                stack = one.stacks[site][::-1] if 0 <= site < len(one.stacks) else []
                last = [Frame("", 0, leaf)] if leaf else []
                made.samples.append(([root, *stack, *last], values))
    return made


def of(data: Any) -> Profile:
    """Of any data that has stacks."""
    return of_heap(data) if isinstance(data, HeapReport) else of_gil(data)
