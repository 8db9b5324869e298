"""A heap report as blocks: sites, types, retainers, the account, the collector."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Union

from kaa._insight.heap_data import Arena, HeapDiff, HeapReport, HeapSite, Walk
from kaa._views import text
from kaa._views.tables import (
    CODE,
    COUNT,
    NAME,
    SHARE,
    SIZE,
    TEXT,
    TIME,
    Block,
    Column,
    Paragraphs,
    Table,
    cut,
    ranked_advice,
)


def blocks(data: Union[HeapReport, HeapDiff], limit: Optional[int] = None) -> List[Block]:
    """Everything that a report, or the difference of two, says."""
    if isinstance(data, HeapDiff):
        return diff_blocks(data, limit)
    found: List[Block] = [headline(data)]
    if data.sites:
        found.append(sites(data, limit))
    if data.walk:
        found += walk_blocks(data.walk, limit)
    if data.account:
        found.append(account(data))
    if data.arenas:
        found.append(arenas(data))
        found += arena_blocks(data, limit)
    if data.collections:
        found.append(collections(data))
    if data.garbage:
        found.append(garbage(data, limit))
    found += words(data)
    for child in data.children:
        found += blocks(child, limit)
    return found


def words(report: HeapReport) -> List[Block]:
    """Advice and notes."""
    found: List[Block] = []
    if report.advice:
        found.append(ranked_advice(report.advice))
    if report.notes:
        found.append(Paragraphs("Notes", list(report.notes)))
    return found


def headline(report: HeapReport) -> Paragraphs:
    """What was looked at, how, and the sums."""
    title = f"Memory of {text.printable(report.program) or 'this process'}"
    about = [f"process {report.pid}"] if report.pid else []
    about.append(f"Python {report.python}")
    if report.wall_ns:
        about.append(text.duration(report.wall_ns))
    about.append(report.mode)
    if report.every_bytes:
        about[-1] += f", a sample every {text.size(report.every_bytes)}"
    if report.error:
        about[-1] += f", within {100 * report.error:.1f} %"
    lines = [", ".join(about)]
    if report.live_bytes or report.sites:
        line = f"{text.size(report.live_bytes)} alive"
        if report.live_blocks:
            line += f" in {text.plural(report.live_blocks, 'block')}"
        if report.peak_bytes:
            line += f"; {text.size(report.peak_bytes)} at the peak"
        if report.peak_at_ns:
            line += f", after {text.duration(report.peak_at_ns)}"
        if report.allocated_bytes:
            line += f"; {text.size(report.allocated_bytes)} allocated in all"
        lines.append(line)
    if report.account:
        lines.append(f"{text.size(report.account.rss_bytes)} resident")
    return Paragraphs(title, lines)


_WHERE = [
    Column("line", CODE),
    Column("function", CODE, "", 2),
    Column("in C", CODE, "", 5),
    Column("type", CODE, "", 3),
]


def _where(one: HeapSite) -> List[object]:
    return [text.place(one.file, one.line), one.function, one.c_function, one.type]


def sites(report: HeapReport, limit: Optional[int] = None) -> Table:
    """A row a line, most alive first."""
    rows: List[Sequence[object]] = [
        [
            *_where(one),
            one.live_bytes,
            one.live_bytes / report.live_bytes if report.live_bytes else None,
            one.live_blocks,
            one.peak_bytes,
            one.allocated_bytes,
            one.allocated_blocks,
            one.source.strip(),
        ]
        for one in report.sites
    ]
    columns = [
        *_WHERE,
        Column("live", SIZE, "bytes alive"),
        Column("", SHARE, "of all that is alive", 1),
        Column("blocks", COUNT, "blocks alive", 4),
        Column("at peak", SIZE, "bytes alive at the peak", 4),
        Column("allocated", SIZE, "bytes asked for, freed or not", 3),
        Column("allocations", COUNT, "", 6),
        Column("source", CODE, "", 7),
    ]
    return Table("Lines by live bytes", columns, rows, cut(rows, limit, "line"), [], "sites")


def diff_blocks(diff: HeapDiff, limit: Optional[int] = None) -> List[Block]:
    """What grew and what shrank."""
    before, after = diff.before, diff.after
    grown = after.live_bytes - before.live_bytes
    lines = [
        f"{text.size(before.live_bytes)} before, {text.size(after.live_bytes)} after:"
        f" {'grew' if grown >= 0 else 'shrank'} by {text.size(abs(grown))}"
    ]
    rows: List[Sequence[object]] = [
        [*_where(site), size, blocks_, site.live_bytes, site.source.strip()]
        for site, size, blocks_ in diff.sites()
        if size or blocks_
    ]
    columns = [
        *_WHERE,
        Column("grew", SIZE, "bytes alive more than before"),
        Column("blocks", COUNT, "blocks alive more than before", 1),
        Column("live", SIZE, "bytes alive now", 2),
        Column("source", CODE, "", 7),
    ]
    title = f"Memory of {text.printable(after.program) or 'this process'}, two points"
    table = Table("Lines by growth", columns, rows, cut(rows, limit, "line"), [], "diff")
    return [Paragraphs(title, lines), table]


def walk_blocks(walk: Walk, limit: Optional[int] = None) -> List[Block]:
    """What a walk over all objects found."""
    line = f"{walk.objects:,} objects, {text.size(walk.bytes)}"
    if walk.pause_ns:
        line += f"; the program stood still for {text.duration(walk.pause_ns)}"
    said = [line]
    if walk.garbage_objects:
        said.append(
            f"{text.plural(walk.garbage_objects, 'object')},"
            f" {text.size(walk.garbage_bytes)}, are garbage that waits for the collector"
        )
    found: List[Block] = [Paragraphs("Objects", said)]
    if walk.types:
        rows: List[Sequence[object]] = [
            [one.type, one.count, one.bytes, one.retained_bytes or None] for one in walk.types
        ]
        columns = [
            Column("type", CODE),
            Column("objects", COUNT),
            Column("bytes", SIZE, "their own"),
            Column("retained", SIZE, "what would go with them", 1),
        ]
        note = cut(rows, limit, "type")
        found.append(Table("Types", columns, rows, note, [], "types"))
    if walk.retainers:
        found.append(_retainers(walk, limit))
    if walk.modules:
        rows = [[one.name, one.objects, one.bytes] for one in walk.modules]
        columns = [
            Column("module", CODE),
            Column("objects", COUNT),
            Column("retained", SIZE, "what would go with it"),
        ]
        note = cut(rows, limit, "module")
        found.append(Table("Modules", columns, rows, note, [], "modules"))
    if walk.paths:
        lines = [_path(path) for path in walk.paths[:limit]]
        found.append(Paragraphs("Kept alive by", lines))
    if walk.cycles:
        lines = [
            f"{text.plural(one.count, 'object')}, {text.size(one.bytes)}:"
            f" {_cycle(one.members)}"
            + (f"; {one.text}" if one.text else "")
            for one in walk.cycles[:limit]
        ]
        found.append(Paragraphs("Reference cycles", lines))
    if walk.wastes:
        rows = [[one.kind, one.text, one.count, one.bytes] for one in walk.wastes]
        columns = [
            Column("waste", TEXT),
            Column("what", CODE),
            Column("times", COUNT),
            Column("bytes", SIZE),
        ]
        found.append(Table("Waste", columns, rows, cut(rows, limit, "entry")))
    return found


def _path(path: Sequence[object]) -> str:
    made: List[str] = []
    for step in path:
        edge = f" --{step.edge}--> " if step.edge else " --> "  # type: ignore[attr-defined]
        name = f"{step.type} {step.text}".strip()  # type: ignore[attr-defined]
        made.append((edge if made else "") + name)
    return "".join(made)


def _cycle(members: Sequence[object]) -> str:
    """Round to the first again."""
    made = " -> ".join(
        f"{step.edge} {step.type}" if i and step.edge else step.type  # type: ignore[attr-defined]
        for i, step in enumerate(members)
    )
    edge = members[0].edge if members else ""  # type: ignore[attr-defined]
    return f"{made} -> {edge} back" if edge else made


def _retainers(walk: Walk, limit: Optional[int]) -> Table:
    ranked = sorted(walk.retainers, key=lambda one: -one.retained_bytes)
    rows: List[Sequence[object]] = [
        [one.type, one.text, one.edge, one.count, one.bytes, one.retained_bytes]
        for one in ranked
    ]
    columns = [
        Column("type", CODE),
        Column("what", CODE),
        Column("reached by", CODE, "", 2),
        Column("objects", COUNT, "", 1),
        Column("bytes", SIZE, "its own"),
        Column("retained", SIZE, "what would go with it"),
    ]
    note = cut(rows, limit, "object")
    return Table("Biggest retainers", columns, rows, note, [], "retainers")


def account(report: HeapReport) -> Table:
    """Parts of the resident memory, largest first."""
    assert report.account is not None
    whole = max(report.account.rss_bytes, 1)
    parts = sorted(report.account.parts, key=lambda one: -one.bytes)
    rows: List[Sequence[object]] = [
        [one.name, one.group, one.bytes, one.bytes / whole, one.text] for one in parts
    ]
    unknown = report.account.unknown_bytes
    rows.append(["not accounted for", "", unknown, unknown / whole, ""])
    note = ""
    if report.account.trim_bytes:
        note = f"malloc_trim() would give back {text.size(report.account.trim_bytes)}"
    columns = [
        Column("part", TEXT),
        Column("group", NAME, "", 2),
        Column("bytes", SIZE),
        Column("", SHARE, "of the resident memory"),
        Column("what it is", TEXT, "", 3),
    ]
    title = f"Where {text.size(report.account.rss_bytes)} of resident memory go"
    return Table(title, columns, rows, note, [], "account")


def arenas(report: HeapReport) -> Table:
    """pymalloc's arenas by size class."""
    sums: Dict[int, List[int]] = {}
    for arena in report.arenas:
        for block, used, count in arena.pools:
            one = sums.setdefault(block, [0, 0, 0])
            one[0] += 1
            one[1] += used * block
            one[2] += (count - used) * block
    rows: List[Sequence[object]] = [
        [f"{block} B" if block else "free", *sums[block]] for block in sorted(sums)
    ]
    columns = [
        Column("blocks of", NAME),
        Column("pools", COUNT),
        Column("in use", SIZE),
        Column("free in them", SIZE),
    ]
    kept = [one for one in report.arenas if any(used for _, used, _ in one.pools)]
    whole = sum(one.bytes for one in report.arenas)
    note = (
        f"{text.plural(len(report.arenas), 'arena')}, {text.size(whole)};"
        f" {len(report.arenas) - len(kept)} hold nothing and can be returned"
    )
    return Table("pymalloc's arenas", columns, rows, note, [], "arenas")


_FILLS = " .:-=+*#%@"  # a tenth more in use each


def _picture(arena: Arena) -> str:
    """A character for each 16 KiB or more, at most 64: the fuller, the darker."""
    run = max(1, -(-len(arena.pools) // 64))
    made = ""
    for i in range(0, len(arena.pools), run):
        pools = arena.pools[i : i + run]
        used = sum(block * used for block, used, _ in pools)
        room = arena.bytes * len(pools) / max(len(arena.pools), 1)
        level = int(used / max(room, 1) * len(_FILLS))
        made += _FILLS[max(min(level, len(_FILLS) - 1), 1 if used else 0)]
    return made


def arena_blocks(report: HeapReport, limit: Optional[int] = None) -> List[Block]:
    """Why arenas cannot be returned: how full they are, and what stays in those that are
    mostly free, the emptiest first."""
    shares = [(one, sum(b * used for b, used, _ in one.pools)) for one in report.arenas]
    rows: List[Sequence[object]] = []
    for low, high, name in (
        (0.0, 0.1, "below 10 %"),
        (0.1, 0.25, "10 to 25 %"),
        (0.25, 0.5, "25 to 50 %"),
        (0.5, 0.75, "50 to 75 %"),
        (0.75, 2.0, "above 75 %"),
    ):
        own = [(one, used) for one, used in shares if used and low <= used / one.bytes < high]
        if own:
            whole, used = sum(one.bytes for one, _ in own), sum(used for _, used in own)
            rows.append([name, len(own), used, whole - used])
    columns = [
        Column("in use", NAME),
        Column("arenas", COUNT),
        Column("used", SIZE),
        Column("free, kept", SIZE, "free memory that their objects keep"),
    ]
    found: List[Block] = [Table("Arenas by how full they are", columns, rows, "", [], "fills")]
    sparse = [(used, one) for one, used in shares if 0 < used and one.kept_by]
    sparse.sort(key=lambda both: both[0])
    if sparse:
        rows = [[f"{one.address:#x}", _picture(one), used, one.kept_by] for used, one in sparse]
        columns = [
            Column("arena", CODE),
            Column("pools, darker is fuller", CODE),
            Column("in use", SIZE),
            Column("kept by", CODE),
        ]
        note = cut(rows, limit, "arena")
        found.append(Table("What keeps arenas that are mostly free", columns, rows, note, [], "kept"))
    return found


def collections(report: HeapReport) -> Table:
    """The collector by generation."""
    rows: List[Sequence[object]] = []
    for generation in sorted({one.generation for one in report.collections}):
        own = [one for one in report.collections if one.generation == generation]
        pauses = [one.pause_ns for one in own]
        collected = sum(one.collected for one in own)
        lost = sum(one.uncollectable for one in own)
        rows.append([generation, len(own), sum(pauses), max(pauses), collected, lost])
    columns = [
        Column("generation", NAME),
        Column("runs", COUNT),
        Column("pauses", TIME, "in all"),
        Column("longest", TIME),
        Column("freed", COUNT, "objects"),
        Column("not freed", COUNT, "objects that could not be", 1),
    ]
    return Table("Garbage collector", columns, rows)


def garbage(report: HeapReport, limit: Optional[int] = None) -> Table:
    """Who makes garbage cycles."""
    rows: List[Sequence[object]] = [
        [one.type, text.place(one.file, one.line), one.function, one.count, one.bytes, one.text]
        for one in report.garbage
    ]
    columns = [
        Column("type", CODE),
        Column("line", CODE),
        Column("function", CODE, "", 3),
        Column("objects", COUNT),
        Column("bytes", SIZE, "", 1),
        Column("advice", TEXT, "", 2),
    ]
    return Table("Garbage cycles by maker", columns, rows, cut(rows, limit, "line"))


def interval_blocks(
    report: HeapReport, before: Optional[HeapReport], limit: int
) -> List[Block]:
    """For the live view: sums, what grew in the last interval, largest sites."""
    found: List[Block] = [headline(report)]
    if before is not None and (before.sites or report.sites):
        grown = diff_blocks(HeapDiff(before, report), max(3, limit // 2))[1]
        grown.title = "Lines that changed in the last interval"
        if grown.rows:
            found.append(grown)
    if report.sites:
        found.append(sites(report, limit))
    return found
