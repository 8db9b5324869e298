"""The page of a heap report, or of the difference of two: flame graph, treemap,
timeline, retainers, the account, arenas, and the tables."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union

from kaa._insight.gil_data import Frame
from kaa._insight.heap_data import (
    Arena,
    HeapDiff,
    HeapPoint,
    HeapReport,
    Retainer,
    Walk,
)
from kaa._views import heap_tables, page, profile
from kaa._views.names import Names
from kaa._views.tables import Table

# Rows of the tables without scripts; all sites are in the data, and can be found.
ROWS = 100
# Stacks lighter than what is left after so many are summed up as one.
STACKS = 60_000
# Of the dominator tree so many largest nodes are written, of a timeline so many points.
RETAINERS = 50_000
POINTS = 4_000
_VALUES = ("live_bytes", "live_blocks", "peak_bytes", "allocated_bytes", "allocated_blocks")


def _tree(samples: List[Tuple[List[Frame], List[int]]], names: Names) -> Dict[str, Any]:
    """Call trees as columns: parent (an index, or -1), frame, and own values. A
    parent stands before its children."""
    parents: List[int] = [-1]
    frames: List[int] = [-1]
    values: List[List[int]] = [[0] * len(_VALUES)]
    found: Dict[Tuple[int, Frame], int] = {}
    table: List[List[int]] = []
    numbers: Dict[Frame, int] = {}
    for stack, own in samples:
        at = 0
        for frame in stack:
            key = (at, frame)
            if key not in found:
                found[key] = len(parents)
                if frame not in numbers:
                    numbers[frame] = len(table)
                    row = [names.number(frame.file), frame.line, names.number(frame.function)]
                    table.append(row)
                parents.append(at)
                frames.append(numbers[frame])
                values.append([0] * len(_VALUES))
            at = found[key]
        for i, value in enumerate(own):
            values[at][i] += value
    columns = [list(column) for column in zip(*values)]
    return {"parent": parents, "frame": frames, "values": columns, "frames": table}


def _samples(report: HeapReport) -> List[Tuple[List[Frame], List[int]]]:
    made: List[Tuple[List[Frame], List[int]]] = []
    if report.uses:
        for use in report.uses:
            stack = report.stacks[use.site] if use.site < len(report.stacks) else []
            made.append((stack[::-1], [getattr(use, name) for name in _VALUES]))
    else:
        for site in report.sites:
            own = [getattr(site, name) for name in _VALUES]
            # Without stacks: by file and function, so that many small lines are seen.
            above = [Frame(site.file, 0, ""), Frame(site.file, 0, site.function)]
            made.append(([*above, *profile.site_stack(site)], own))
    if len(made) > STACKS:
        made.sort(key=lambda one: -max(one[1]))
        rest = [sum(column) for column in zip(*(own for _, own in made[STACKS:]))]
        made[STACKS:] = [([Frame("", 0, "lighter stacks together")], rest)]
    return made


def _sites(report: HeapReport, names: Names) -> List[List[Any]]:
    return [
        [
            names.number(one.file),
            one.line,
            names.number(one.function),
            names.number(one.c_function or ""),
            names.number(one.type or ""),
            one.domain == "native",
            *(getattr(one, name) for name in _VALUES),
        ]
        for one in report.sites
    ]


def _diff(diff: HeapDiff, names: Names) -> List[List[Any]]:
    return [
        [
            names.number(site.file),
            site.line,
            names.number(site.function),
            names.number(site.c_function or ""),
            names.number(site.type or ""),
            grown,
            blocks,
            site.live_bytes,
        ]
        for site, grown, blocks in diff.sites()
        if grown or blocks
    ]


def _retainer(one: Retainer, names: Names, parent: int) -> List[Any]:
    return [
        names.number(one.type),
        names.number(one.text),
        names.number(one.edge),
        one.bytes,
        one.retained_bytes,
        one.count,
        parent,
    ]


def _retainers(retainers: List[Retainer], names: Names) -> List[List[Any]]:
    """The largest ones, and a parent for each: its nearest ancestor that is there,
    or -1. What a file says of parents is not believed beyond that."""
    order = sorted(range(len(retainers)), key=lambda i: -retainers[i].retained_bytes)
    kept = {old: new for new, old in enumerate(sorted(order[:RETAINERS]))}
    made = []
    for old in kept:
        parent = retainers[old].parent
        while parent is not None and 0 <= parent < old and parent not in kept:
            above = retainers[parent].parent
            parent = above if above is not None and above < parent else None
        known = parent is not None and 0 <= parent < old
        made.append(_retainer(retainers[old], names, kept[parent] if known else -1))  # type: ignore
    return made


def _walk(walk: Walk, names: Names) -> Dict[str, Any]:
    def steps(path: List[Any]) -> List[List[int]]:
        return [[names.number(part) for part in step] for step in path]

    return {
        "retainers": _retainers(walk.retainers, names),
        "paths": [steps(path) for path in walk.paths],
        "cycles": [
            [steps(list(one.members)), one.count, one.bytes, names.number(one.text)]
            for one in walk.cycles
        ],
        "bytes": walk.bytes,
    }


def _arenas(arenas: List[Arena]) -> List[List[Any]]:
    return [[one.address, one.bytes, one.pools, one.kept_by] for one in arenas]


def _thinned(points: List[HeapPoint]) -> List[HeapPoint]:
    """At most POINTS: of each run the one with most memory, so peaks stay."""
    run = -(-len(points) // POINTS) or 1
    return [
        max(points[i : i + run], key=lambda one: one.rss_bytes + one.live_bytes)
        for i in range(0, len(points), run)
    ]


def data_of(report: HeapReport, diff: Optional[HeapDiff] = None) -> Dict[str, Any]:
    """What the scripts find."""
    names = Names()
    made: Dict[str, Any] = {
        "wall": report.wall_ns,
        "live": report.live_bytes,
        "peakAt": report.peak_at_ns,
        "tree": _tree(_samples(report), names),
        "sites": _sites(report, names),
        "timeline": [list(one) for one in _thinned(report.timeline)],
        "arenas": _arenas(report.arenas),
        "collections": [
            list(one)
            for one in sorted(report.collections, key=lambda c: -c.pause_ns)[:POINTS]
        ],
    }
    if report.account:
        made["account"] = {
            "rss": report.account.rss_bytes,
            "unknown": report.account.unknown_bytes,
            "parts": [
                [names.number(one.name), names.number(one.group), one.bytes, names.number(one.text)]
                for one in report.account.parts
            ],
        }
    if report.walk:
        made["walk"] = _walk(report.walk, names)
    if diff:
        made["diff"] = _diff(diff, names)
    made["names"] = names.texts
    return made


_FLAME = """<section id=memory hidden>
<h2>Where it was allocated</h2>
<div class=tools>
<label>Show <select id=value><option value=0>live bytes<option value=1>live blocks<option
value=2>bytes at the peak<option value=3>allocated bytes<option value=4>allocations</select></label>
<label>As <select id=shape><option value=flame>flame graph<option value=leaf>flame graph from the
allocating line<option value=map>treemap by file and line</select></label>
<label>Find <input id=search type=search placeholder="file or function"></label>
<span class=buttons><button type=button id=whole title="Everything (Esc)">Whole</button></span>
<span id=found class=legend></span>
</div>
<div id=flame-box class=scroll tabindex=0 role=application aria-label="Flame graph. Arrow keys: to the
caller, the callee and neighbours; Enter: zoom in; Escape: everything"><canvas id=flame></canvas></div>
<div id=flame-detail class=detail aria-live=polite></div>
</section>"""

_TIMELINE = """<section id=time hidden>
<h2>Over time</h2>
<div class=legend id=time-legend></div>
<div><canvas id=timeline class=plot role=img aria-label="Resident memory and live bytes over
time"></canvas></div>
</section>"""

_ACCOUNT = """<section id=account hidden>
<h2>What the resident memory is</h2>
<div><canvas id=account-bar role=img aria-label="Parts of the resident memory"></canvas></div>
<div class=legend id=account-legend></div>
</section>"""

_ARENAS = """<section id=arenas hidden>
<h2>pymalloc's arenas</h2>
<p class=note>A row an arena, a cell a pool, in the order of addresses: the fuller, the darker;
white is free. An arena can be returned only when all its pools are free.</p>
<div class="scroll arenas" tabindex=0><canvas id=arena-map role=img aria-label="Arenas and how
full their pools are"></canvas></div>
</section>"""

_RETAINERS = """<section id=retainers hidden>
<h2>What keeps memory alive</h2>
<p class=note>Open an object to see what would go with it. Sizes are retained bytes.</p>
<div id=tree class=tree></div>
<div id=paths class=tree></div>
</section>"""

_SITES = """<section id=table hidden>
<h2>Lines</h2>
<div class=tools><label>Find <input id=site-filter type=search placeholder="file, function, type">
</label><span id=site-count class=legend></span></div>
<div id=site-rows class=wide></div>
</section>"""

_DIFF = """<section id=diff hidden>
<h2>What grew</h2>
<p class=note>Right of the line grew, left shrank; the widest bar is the largest change.</p>
<div class=tools><label>Find <input id=diff-filter type=search placeholder="file, function, type">
</label><span id=diff-count class=legend></span></div>
<div id=diff-rows class=wide></div>
</section>"""


def html(data: Union[HeapReport, HeapDiff]) -> str:
    """The page. Tables are HTML and cut to 100 rows; scripts show every row."""
    diff = data if isinstance(data, HeapDiff) else None
    report = data.after if isinstance(data, HeapDiff) else data
    head, *found = heap_tables.blocks(data, ROWS)
    if diff:
        found += heap_tables.blocks(report, ROWS)[1:]
    advice = [one for one in found if one.title == "Advice"]
    body = list(map(page.block_html, advice))
    body += [_DIFF] if diff else []
    body += [_FLAME, _TIMELINE, _ACCOUNT, _RETAINERS, _SITES, _ARENAS]
    for one in found:
        if one in advice:
            continue
        made = page.block_html(one)
        if isinstance(one, Table) and one.name in ("sites", "diff"):
            made = f"<noscript>{made}</noscript>"  # a script shows it whole
        body.append(made)
    scripts = ["flame.js", "plots.js", "heap.js"]
    return page.page(head.title, head.lines, body, data_of(report, diff), scripts)
