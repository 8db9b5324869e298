"""A GIL recording in the Trace Event Format, which Perfetto and chrome://tracing read.

Source: "Trace Event Format", the document that the Chromium project publishes.
Complete events ("X") are spans of threads, metadata events ("M") name processes and
threads, counter events ("C") say how many threads wait. Times are microseconds.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from kaa._insight.gil_data import HELD, MIXED, OFF, WAITING, Recording, Span
from kaa._views import merge, text
from kaa._views.gil_page import processes

# Beyond this many spans, short ones are merged: viewers load the file whole.
SPANS = 300_000
# Frames told of a span, the innermost ones: each span repeats them.
FRAMES = 10
# chrome://tracing's own names of colours; Perfetto chooses its own.
_COLOURS = {
    HELD: "thread_state_running",
    WAITING: "terrible",
    OFF: "thread_state_sleeping",
    MIXED: "thread_state_runnable",
}


def _name(span: Span) -> str:
    if span.state == HELD:
        return "GIL held"
    if span.state == WAITING:
        return "waiting for the GIL"
    if span.state == MIXED:
        return "short spells"
    return span.detail or "off the GIL"


def _event(recording: Recording, thread_id: int, span: Span, shift: int) -> Dict[str, Any]:
    arguments: Dict[str, Any] = {}
    if span.state == MIXED:
        arguments["held_ns"], arguments["waited_ns"] = span.held_ns, span.waited_ns
    if span.site is not None and 0 <= span.site < len(recording.stacks):
        arguments["stack"] = [
            f"{one.function} ({one.file}:{one.line})"
            for one in recording.stacks[span.site][:FRAMES]
        ]
    return {
        "ph": "X",
        "name": _name(span),
        "cat": "gil," + span.state,
        "pid": recording.pid,
        "tid": thread_id,
        "ts": (span.start_ns + shift) / 1000,
        "dur": (span.end_ns - span.start_ns) / 1000,
        "cname": _COLOURS.get(span.state, "grey"),
        "args": arguments,
    }


def _names(recording: Recording) -> List[Dict[str, Any]]:
    base = {"ph": "M", "pid": recording.pid, "ts": 0}
    title = recording.program or f"Python {recording.python}"
    made: List[Dict[str, Any]] = [
        {**base, "tid": 0, "name": "process_name", "args": {"name": title}}
    ]
    for index, one in enumerate(recording.threads):
        made.append(
            {**base, "tid": one.id, "name": "thread_name", "args": {"name": one.name}}
        )
        order = {"sort_index": index}
        made.append({**base, "tid": one.id, "name": "thread_sort_index", "args": order})
    return made


def _waiting(recording: Recording, timelines: List[List[Span]], shift: int) -> List[Any]:
    """How many threads wait, told whenever it changes."""
    changes: List[Tuple[int, int]] = []
    for timeline in timelines:
        for span in timeline:
            if span.state == WAITING:
                changes += [(span.start_ns, 1), (span.end_ns, -1)]
    changes.sort()
    made, waiting = [], 0
    for i, (at, by) in enumerate(changes):
        waiting += by
        if i + 1 < len(changes) and changes[i + 1][0] == at:
            continue
        made.append(
            {
                "ph": "C",
                "name": "threads waiting for the GIL",
                "pid": recording.pid,
                "tid": 0,
                "ts": (at + shift) / 1000,
                "args": {"waiting": waiting},
            }
        )
    return made


def chrome(recording: Recording) -> str:
    """The JSON object format, one event a line."""
    every = processes(recording)
    total = sum(len(t.timeline) for one in every for t in one.threads)
    events: List[Dict[str, Any]] = []
    for one in every:
        shift = max(0, one.started - recording.started)
        own = sum(len(t.timeline) for t in one.threads)
        budget = own * SPANS // max(total, SPANS)
        timelines = merge.within([t.timeline for t in one.threads], budget)
        events += _names(one)
        for thread, spans in zip(one.threads, timelines):
            events += [_event(one, thread.id, span, shift) for span in spans]
        events += _waiting(one, timelines, shift)
    head = {
        "displayTimeUnit": "ms",
        "otherData": {"version": f"kaa, Python {recording.python}", "mode": recording.mode},
    }
    lines = ",\n".join(text.json_text(one) for one in events)
    return text.json_text(head)[:-1] + ',"traceEvents": [\n' + lines + "\n]}\n"
