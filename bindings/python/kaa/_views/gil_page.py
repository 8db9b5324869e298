"""The page of a GIL recording: lanes over time, tables, histograms."""

from __future__ import annotations

from typing import Any, Dict, List

from kaa._insight.gil_data import HELD, MIXED, OFF, WAITING, Recording, Span, Thread
from kaa._views import gil_tables, merge, page, text
from kaa._views.names import Names
from kaa._views.tables import Paragraphs

# More spans than this are merged before they are written: the page stays below
# about 10 MB, and a browser draws every frame in milliseconds.
SPANS = 400_000
_STATES = {OFF: 0, HELD: 1, WAITING: 2, MIXED: 3}


def _spans(spans: List[Span], names: Names) -> Dict[str, List[int]]:
    """Columns. `gap` is the time since the span before; `detail` and `site` are
    counted from 1, 0 is none; `held` and `waited` stand for MIXED spans only."""
    made: Dict[str, List[int]] = {
        key: [] for key in ("gap", "length", "state", "detail", "site", "held", "waited")
    }
    end = 0
    for span in spans:
        made["gap"].append(span.start_ns - end)
        made["length"].append(span.end_ns - span.start_ns)
        made["state"].append(_STATES.get(span.state, 0))
        made["detail"].append(0 if span.detail is None else names.number(span.detail) + 1)
        made["site"].append(0 if span.site is None else span.site + 1)
        if span.state == MIXED:
            made["held"].append(span.held_ns)
            made["waited"].append(span.waited_ns)
        end = span.end_ns
    return made


def _thread(thread: Thread, spans: List[Span], names: Names) -> Dict[str, Any]:
    return {
        "name": thread.name,
        "id": thread.id,
        "kind": thread.kind,
        "start": thread.start_ns,
        "end": thread.end_ns,
        "held": thread.held_ns,
        "waited": thread.waited_ns,
        "off": thread.off_ns,
        "heldHistogram": thread.held_histogram,
        "waitedHistogram": thread.waited_histogram,
        "offBy": sorted(thread.off_by.items(), key=lambda one: -one[1])[:8],
        "spans": _spans(spans, names),
    }


def _process(recording: Recording, budget: int) -> Dict[str, Any]:
    names = Names()
    timelines = merge.within([one.timeline for one in recording.threads], budget)
    threads = [
        _thread(thread, spans, names)
        for thread, spans in zip(recording.threads, timelines)
    ]
    stacks = [
        [[names.number(one.file), one.line, names.number(one.function)] for one in stack]
        for stack in recording.stacks
    ]
    return {
        "title": recording.program or f"process {recording.pid}",
        "pid": recording.pid,
        "wall": recording.wall_ns,
        "interval": recording.switch_interval_ns,
        "mode": recording.mode,
        "threads": threads,
        "stacks": stacks,
        "names": names.texts,
    }


def processes(recording: Recording) -> List[Recording]:
    """The recording and those of its subprocesses, all the way down."""
    return [recording, *(one for c in recording.children for one in processes(c))]


_LANES = """<section id=lanes hidden>
<h2>Timeline</h2>
<div class=tools>
<label id=which hidden>Process <select id=process></select></label>
<label>Order <select id=order><option value=recorded>as recorded<option value=waited>most
waited first<option value=held>most held first<option value=name>by name</select></label>
<label>Find <input id=filter type=search placeholder="thread, call, file or function"></label>
<span class=buttons><button type=button id=in title="Zoom in (+)">+</button><button type=button
id=out title="Zoom out (-)">&minus;</button><button type=button id=fit title="Everything
(0)">Fit</button><button type=button id=taller title="Taller lanes">Taller</button><button
type=button id=flatter title="Flatter lanes">Flatter</button></span>
<span id=legend class=legend></span>
</div>
<canvas id=overview class=overview role=img aria-label="How busy the GIL is, and how many
threads wait, over the whole recording"></canvas>
<div id=scroll class=scroll tabindex=0 role=application aria-label="Lanes of threads. Arrow
left and right: pan; plus and minus: zoom; 0: everything; up and down: thread; comma and full
stop: span before and after"><div id=spacer class=spacer><canvas id=canvas></canvas></div></div>
<p class=note>Drag to pan; Ctrl and wheel, or + and &minus;, to zoom; drag in the upper picture
to choose a time; click to keep a span's stack below. Where many spans share a pixel, heights
are shares.</p>
<div id=detail class=detail aria-live=polite></div>
</section>"""

_HISTOGRAMS = """<section id=histograms hidden>
<h2>How long holds and waits lasted</h2>
<div class=tools><label>Thread <select id=histogram-thread></select></label></div>
<div class=charts><figure id=held-histogram></figure><figure id=waited-histogram></figure></div>
</section>"""


# What a reader should see before the lanes.
_AT_TOP = (*gil_tables.WARNINGS, "Advice")


def html(recording: Recording) -> str:
    """The page. The tables are HTML; scripts draw the rest from the data."""
    every = processes(recording)
    spans = sum(len(t.timeline) for one in every for t in one.threads)
    share = min(1.0, SPANS / max(spans, 1))
    data = {
        "processes": [
            _process(one, int(share * sum(len(t.timeline) for t in one.threads)))
            for one in every
        ]
    }
    head = gil_tables.headline(recording)
    body = [_advice(recording), _LANES]
    for number, one in enumerate(every):
        made = [block for block in gil_tables.blocks(_alone(one))[1:]]
        made = [one for one in made if getattr(one, "title", "") not in _AT_TOP]
        inner = "".join(map(page.block_html, made))
        if number:
            title = page.escaped(text.printable(one.program) or f"process {one.pid}")
            said = page.block_html(gil_tables.headline(one)) + _advice(one)
            inner = f"<details><summary>Subprocess {title}</summary>{said}{inner}</details>"
        body.append(f'<div class=process data-process="{number}">{inner}</div>')
        if not number:
            body.append(_HISTOGRAMS)
    return page.page(head.title, head.lines, body, data, ["lanes.js", "gil.js"])


def _alone(recording: Recording) -> Recording:
    """The same without its subprocesses, which have sections of their own."""
    from dataclasses import replace

    return replace(recording, children=[])


def _advice(recording: Recording) -> str:
    blocks = gil_tables.blocks(_alone(recording))
    found = [one for one in blocks if getattr(one, "title", "") in _AT_TOP]
    if found or recording.threads == []:
        return "".join(map(page.block_html, found))
    said = ["Nothing stands out: no long holds, no long waits."]
    return page.block_html(Paragraphs("Advice", said))
