"""What a heap report suggests to do: rules over its figures, none over names."""

from __future__ import annotations

from typing import List

from kaa._insight.gil_data import Advice
from kaa._insight.heap_data import HeapReport

MB = 1 << 20


def _collector(report: HeapReport) -> List[Advice]:
    """On the pauses of the cycle collector."""
    found: List[Advice] = []
    paused = sum(one.pause_ns for one in report.collections)
    freed = sum(one.collected for one in report.collections)
    if report.wall_ns and paused > 0.05 * report.wall_ns:
        share = 100 * paused / report.wall_ns
        severity = "high" if share > 15 else "medium"
        if freed < 100 * len(report.collections):
            text = (
                f"the cycle collector took {share:.0f} % of the time and freed {freed} objects:"
                " gc.freeze() once the program is set up, or a higher gc.set_threshold()"
            )
        else:
            text = (
                f"the cycle collector took {share:.0f} % of the time and freed {freed:,}"
                " objects: break the cycles that make them (kaa.heap.add_edges() names where), or"
                " set a higher gc.set_threshold()"
            )
        found.append(Advice(severity, text))
    lost = sum(one.uncollectable for one in report.collections)
    if lost:
        found.append(Advice("high", f"{lost} objects could not be freed: see gc.garbage"))
    return found


def _passing(report: HeapReport) -> List[Advice]:
    """On a line that asks for much that soon goes again."""
    found: List[Advice] = []
    if not report.wall_ns or report.allocated_bytes < 64 * MB:
        return found
    busiest = max(report.sites, key=lambda one: one.allocated_bytes, default=None)
    if busiest and busiest.allocated_bytes > 0.5 * report.allocated_bytes:
        if busiest.peak_bytes < 0.05 * busiest.allocated_bytes:
            share = 100 * busiest.allocated_bytes / report.allocated_bytes
            text = (
                f"this line asked for {share:.0f} % of all that was allocated, little of it at"
                " a time: reuse what it makes, if its time matters"
            )
            found.append(Advice("low", text, busiest.file, busiest.line))
    return found


def advice(report: HeapReport) -> List[Advice]:
    """The gravest first."""
    order = ("high", "medium", "low")
    found = _collector(report) + _passing(report)
    return sorted(found, key=lambda one: order.index(one.severity))


def of_account(report: HeapReport) -> List[Advice]:
    """On memory that is kept and not used."""
    account = report.account
    if account is None:
        return []
    sizes = {one.name: one.bytes for one in account.parts}
    found: List[Advice] = []
    free = sizes.get("pymalloc, free", 0)
    used = sizes.get("small objects", 0)
    if free > max(used, 32 * MB):
        found.append(Advice(
            "medium",
            f"{free // MB} MB lie free in arenas of pymalloc, which a few objects in each keep:"
            " make what stays before what passes, or do the peak in a process of its own",
        ))  # fmt: skip
    free = sizes.get("malloc, free", 0)
    if free > max(32 * MB, 0.2 * account.rss_bytes):
        found.append(Advice(
            "medium",
            f"{free // MB} MB lie free in malloc: malloc_trim(0) may give them back,"
            " MALLOC_ARENA_MAX=2 keeps threads from having such each",
        ))  # fmt: skip
    return found
