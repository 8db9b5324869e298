"""Reports of checks as blocks: mistakes, holders, slots, growth, suspects."""

from __future__ import annotations

from typing import List, Optional, Sequence, Union

from kaa._insight.check_data import CheckReport, Mistake, RefsReport
from kaa._views import text
from kaa._views.tables import (
    CODE,
    COUNT,
    NAME,
    SIZE,
    TEXT,
    TIME,
    Block,
    Column,
    Paragraphs,
    Table,
    cut,
)


def blocks(
    data: Union[CheckReport, RefsReport], limit: Optional[int] = None
) -> List[Block]:
    """Everything that a report says, mistakes first; of each at most `limit`."""
    if isinstance(data, RefsReport):
        return _refs(data, limit)
    found: List[Block] = [headline(data)]
    if data.mistakes:
        found += mistakes(data, limit)
    if data.failures:
        found.append(failures(data, limit))
    if data.holders:
        found.append(holders(data, limit))
    if data.uses:
        found.append(uses(data, limit))
    if data.notes:
        found.append(Paragraphs("Notes", list(data.notes)))
    return found


def headline(report: CheckReport) -> Paragraphs:
    """Which module, and how many mistakes."""
    title = f"Checked: {text.printable(report.module)}"
    about = []
    if report.context:
        about.append(f"{report.context} context")
    if report.python:
        about.append(f"Python {report.python}")
    if report.calls:
        about.append(text.plural(report.calls, "call"))
    if report.wall_ns:
        about.append(text.duration(report.wall_ns))
    kinds = len({one.kind for one in report.mistakes})
    total = sum(one.count for one in report.mistakes)
    said = "No mistakes."
    if report.mistakes:
        said = f"{text.plural(len(report.mistakes), 'mistake')} of"
        said += f" {text.plural(kinds, 'kind')}, seen {text.plural(total, 'time')}."
    lines = [", ".join(about), said] if about else [said]
    return Paragraphs(title, lines)


def lines_of(one: Mistake) -> List[str]:
    """What is known of a mistake, a line each."""
    made = [one.text] if one.text else []
    at = f"{one.function}()" if one.function else ""
    if one.slot:
        at += f" in {one.slot}()" if at else f"{one.slot}()"
    if one.where:
        at += f" at {one.where}" if at else one.where
    made.append(f"where: {at}")
    if one.type or one.repr:
        made.append(f"object: {one.type} {one.repr}".rstrip())
    if one.made_at:
        made.append(f"made at: {one.made_at}")
    for frame in one.native:
        made.append(f"  C {frame.function} ({text.place(frame.file, frame.line)})")
    for frame in one.python:
        made.append(f"  Python {frame.function} ({text.place(frame.file, frame.line)})")
    return made


def mistakes(report: CheckReport, limit: Optional[int] = None) -> List[Block]:
    """A paragraph each."""
    found: List[Block] = []
    for number, one in enumerate(report.mistakes[:limit], 1):
        title = f"{number}. {text.printable(one.kind)}"
        if one.count > 1:
            title += f", {one.count:,} times"
        found.append(Paragraphs(title, lines_of(one), level=1))
    rest = len(report.mistakes) - len(found)
    if rest:
        said = f"and {text.plural(rest, 'more mistake')}; all are in the page and the JSON"
        found.append(Paragraphs("", [said], level=1))
    return found


# What is worst first.
_OUTCOMES = ("crashed", "stopped", "mistakes", "not known", "returned", "raised")


def failures(report: CheckReport, limit: Optional[int] = None) -> Table:
    """What came of each call that was made to fail."""
    order = {outcome: rank for rank, outcome in enumerate(_OUTCOMES)}
    ranked = sorted(report.failures, key=lambda one: order.get(one.outcome, len(order)))
    rows: List[Sequence[object]] = [
        [one.function, one.slot, one.where, one.outcome, one.exception or None, one.mistakes]
        for one in ranked
    ]
    columns = [
        Column("function", CODE),
        Column("call that failed", CODE),
        Column("at", CODE),
        Column("then it", TEXT),
        Column("exception", CODE),
        Column("mistakes", COUNT),
    ]
    counts = [
        f"{total} {outcome}"
        for outcome in _OUTCOMES
        for total in [sum(one.outcome == outcome for one in report.failures)]
        if total
    ]
    title = f"Calls made to fail: {', '.join(counts)}"
    return Table(title, columns, rows, cut(rows, limit, "call"), [], "failures")


def holders(report: CheckReport, limit: Optional[int] = None) -> Table:
    """Who keeps what."""
    ranked = sorted(report.holders, key=lambda one: (-one.count, one.holder))
    rows: List[Sequence[object]] = [
        [
            one.holder,
            one.type,
            one.count,
            text.place(one.file, one.line),
            one.function,
        ]
        for one in ranked
    ]
    columns = [
        Column("held by", TEXT),
        Column("type", CODE),
        Column("references", COUNT),
        Column("taken at", CODE),
        Column("by", CODE, "", 2),
    ]
    note = cut(rows, limit, "holder")
    return Table("Who holds what", columns, rows, note, [], "holders")


def uses(report: CheckReport, limit: Optional[int] = None) -> Table:
    """Time by slot of the table, most first."""
    ranked = sorted(report.uses, key=lambda one: (-one.total_ns, -one.calls))
    rows: List[Sequence[object]] = [
        [
            one.function,
            one.slot or None,
            one.calls,
            one.total_ns,
            one.total_ns / one.calls if one.calls else None,
            one.max_ns,
            one.failures,
        ]
        for one in ranked
    ]
    columns = [
        Column("function", CODE),
        Column("slot", CODE),
        Column("calls", COUNT),
        Column("time", TIME, "in all"),
        Column("each", TIME, "on average", 1),
        Column("longest", TIME, "", 2),
        Column("failed", COUNT, "", 1),
    ]
    return Table("Calls", columns, rows, cut(rows, limit, "slot"), [], "uses")


def _refs(report: RefsReport, limit: Optional[int]) -> List[Block]:
    title = f"References of {text.printable(report.subject)}"
    about = [f"Python {report.python}"] if report.python else []
    if report.rounds:
        about.append(text.plural(report.rounds, "round"))
    if report.objects:
        about.append(f"{report.objects:,} objects walked")
    if report.pause_ns:
        about.append(f"the program stood still for {text.duration(report.pause_ns)}")
    leaks = [one for one in report.growth if one.verdict == "leak"]
    said = []
    if report.growth or report.rounds:
        said = [f"{text.plural(len(leaks), 'leak')}." if leaks else "No leaks."]
    if report.sites:
        up, down = sum(one.up for one in report.sites), sum(one.down for one in report.sites)
        said.append(
            f"{text.plural(up, 'reference')} taken, {down:,} given up: the count has changed by"
            f" {up - down:+d}."
        )
    if report.objects:
        said.append(
            f"{text.plural(len(report.suspects), 'suspect')}." if report.suspects
            else "Every reference count is right."
        )
    found: List[Block] = [Paragraphs(title, [", ".join(about) or "nothing done", *said])]
    found += [one for one in (_growth(report, limit), _suspects(report, limit)) if one]
    if report.sites:
        found.append(_sites(report, limit))
    if report.changes:
        found.append(_changes(report, limit))
    if report.notes:
        found.append(Paragraphs("Notes", list(report.notes)))
    return found


def _growth(report: RefsReport, limit: Optional[int]) -> Optional[Table]:
    if not report.growth:
        return None
    order = {"leak": 0, "cache": 1}
    ranked = sorted(
        report.growth, key=lambda one: (order.get(one.verdict, 2), -abs(one.per_round))
    )
    rows: List[Sequence[object]] = [
        [
            one.verdict,
            one.kind,
            one.name,
            f"{one.per_round:+.4g}",
            round(one.bytes_per_round) or None,
            text.place(one.file, one.line),
            one.function,
            " ".join(map(str, one.counts[-8:])),
            one.text,
        ]
        for one in ranked
    ]
    columns = [
        Column("verdict", NAME),
        Column("kind", NAME),
        Column("what", CODE),
        Column("a round", NAME),
        Column("bytes", SIZE, "a round", 2),
        Column("made at", CODE, "", 1),
        Column("function", CODE, "", 4),
        Column("after each round", CODE, "the last ones", 3),
        Column("why", TEXT, "", 5),
    ]
    return Table("What grows", columns, rows, cut(rows, limit, "entry"), [], "growth")


def _suspects(report: RefsReport, limit: Optional[int]) -> Optional[Table]:
    if not report.suspects:
        return None
    rows: List[Sequence[object]] = [
        [one.type, one.repr, one.count, one.found, one.count - one.found, one.text]
        for one in report.suspects
    ]
    columns = [
        Column("type", CODE),
        Column("object", CODE),
        Column("count", COUNT, "what the object says"),
        Column("found", COUNT, "references that a walk found"),
        Column("excess", COUNT, "references that nobody has; below 0: too few"),
        Column("why", TEXT, "", 1),
    ]
    note = cut(rows, limit, "object")
    return Table("Counts that do not match", columns, rows, note, [], "suspects")


def _sites(report: RefsReport, limit: Optional[int]) -> Table:
    rows: List[Sequence[object]] = [
        [
            f"{one.up - one.down:+d}",
            one.up,
            one.down,
            f"{one.c_function} in {one.library}" if one.library else one.c_function,
            one.extension or None,
            text.place(one.file, one.line),
            one.function,
        ]
        for one in report.sites
    ]
    columns = [
        Column("balance", NAME),
        Column("taken", COUNT, "references"),
        Column("given up", COUNT, "references"),
        Column("C function", CODE),
        Column("in a call of", CODE, "a function of an extension", 1),
        Column("line", CODE),
        Column("function", CODE, "", 2),
    ]
    return Table("Who changed the count", columns, rows, cut(rows, limit, "place"), [], "sites")


def _changes(report: RefsReport, limit: Optional[int]) -> Table:
    rows: List[Sequence[object]] = [
        [
            one.at_ns,
            f"{one.by:+d}",
            one.references,
            one.c_function,
            one.extension or None,
            text.place(one.file, one.line),
            one.thread,
        ]
        for one in report.changes
    ]
    columns = [
        Column("after", TIME),
        Column("by", NAME),
        Column("count", COUNT),
        Column("C function", CODE),
        Column("in a call of", CODE, "a function of an extension", 1),
        Column("line", CODE),
        Column("thread", NAME, "", 2),
    ]
    note = cut(rows, limit, "change")
    return Table("Changes of the count", columns, rows, note, [], "changes")
