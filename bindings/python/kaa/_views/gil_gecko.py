"""The Gecko profile format, which profiler.firefox.com opens.

Source: docs-developer/gecko-profile-format.md and src/types/gecko-profile.ts of
the Firefox Profiler. Version 27 is written: it has all that is needed, and newer
profilers upgrade it. The profiler derives its trees from evenly spaced samples, so
spans are sampled for these; each span is also an interval marker, which is exact.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from kaa._insight.gil_data import HELD, MIXED, OFF, WAITING, Recording, Span, Thread
from kaa._views import merge, text
from kaa._views.gil_page import processes

VERSION = 27
MARKERS = 200_000
SAMPLES = 5_000  # a thread, at most
_INTERVAL = 1  # the phase of a marker with a start and an end

_CATEGORIES = [
    {"name": "Off the GIL", "color": "transparent", "subcategories": ["Other"]},
    {"name": "GIL held", "color": "blue", "subcategories": ["Other"]},
    {"name": "Waiting for the GIL", "color": "red", "subcategories": ["Other"]},
    {"name": "Short spells", "color": "purple", "subcategories": ["Other"]},
]
_CATEGORY = {OFF: 0, HELD: 1, WAITING: 2, MIXED: 3}

_FRAME_SCHEMA = {
    "location": 0,
    "relevantForJS": 1,
    "innerWindowID": 2,
    "implementation": 3,
    "line": 4,
    "column": 5,
    "category": 6,
    "subcategory": 7,
}
_MARKER_SCHEMA = {
    "name": 0,
    "startTime": 1,
    "endTime": 2,
    "phase": 3,
    "category": 4,
    "data": 5,
}
_DISPLAY = {
    "name": "GIL",
    "tooltipLabel": "{marker.name}",
    "tableLabel": "{marker.name} {marker.data.call} {marker.data.where}",
    "chartLabel": "{marker.name} {marker.data.call}",
    "display": ["marker-chart", "marker-table", "timeline-overview"],
    "data": [
        {"key": "call", "label": "Blocked in", "format": "string", "searchable": True},
        {"key": "where", "label": "Python", "format": "string", "searchable": True},
        {"key": "held", "label": "Held", "format": "nanoseconds"},
        {"key": "waited", "label": "Waited", "format": "nanoseconds"},
    ],
}


class _Tables:
    """The strings, frames and stacks of one thread, each once."""

    def __init__(self) -> None:
        self.strings: List[str] = []
        self.frames: List[List[Any]] = []
        self.stacks: List[List[Optional[int]]] = []
        self._found: Dict[Any, int] = {}

    def _number(self, rows: List[Any], key: Any, row: Any) -> int:
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = len(rows)
            rows.append(row)
        return found

    def string(self, one: str) -> int:
        return self._number(self.strings, ("string", one), one)

    def frame(self, location: str, line: Optional[int], category: int) -> int:
        row = [self.string(location), False, 0, None, line, None, category, 0]
        return self._number(self.frames, ("frame", location, line, category), row)

    def stack(self, prefix: Optional[int], frame: int) -> int:
        return self._number(self.stacks, ("stack", prefix, frame), [prefix, frame])


def _state(span: Span) -> str:
    if span.state == OFF and span.detail:
        return f"Off the GIL: {span.detail}"
    return str(_CATEGORIES[_CATEGORY.get(span.state, 0)]["name"])


def _stack(span: Span, recording: Recording, tables: _Tables) -> int:
    category = _CATEGORY.get(span.state, 0)
    under: Optional[int] = None
    if span.site is not None and 0 <= span.site < len(recording.stacks):
        for one in reversed(recording.stacks[span.site]):
            location = f"{one.function} ({one.file}:{max(one.line, 1)})"
            frame = tables.frame(location, max(one.line, 1), category)
            under = tables.stack(under, frame)
    return tables.stack(under, tables.frame(f"[{_state(span)}]", None, category))


def _samples(
    spans: List[Span], recording: Recording, tables: _Tables, interval: int, shift: int
) -> List[List[Any]]:
    """What the thread did at each multiple of the interval."""
    made: List[List[Any]] = []
    for span in spans:
        at = -(-span.start_ns // interval) * interval
        stack = _stack(span, recording, tables) if at < span.end_ns else None
        while at < span.end_ns:
            made.append([stack, (at + shift) / 1e6, 0.0])
            at += interval
    return made


def _markers(
    spans: List[Span], recording: Recording, tables: _Tables, shift: int
) -> List[List[Any]]:
    made: List[List[Any]] = []
    for span in spans:
        data: Dict[str, Any] = {"type": "GIL"}
        if span.detail:
            data["call"] = span.detail
        if span.site is not None and 0 <= span.site < len(recording.stacks):
            for one in recording.stacks[span.site][:1]:
                data["where"] = f"{one.function} ({one.file}:{one.line})"
        if span.state == MIXED:
            data["held"], data["waited"] = span.held_ns, span.waited_ns
        name = str(_CATEGORIES[_CATEGORY.get(span.state, 0)]["name"])
        start, end = (span.start_ns + shift) / 1e6, (span.end_ns + shift) / 1e6
        category = _CATEGORY.get(span.state, 0)
        made.append([tables.string(name), start, end, _INTERVAL, category, data])
    return made


def _thread(
    thread: Thread,
    recording: Recording,
    timelines: Tuple[List[Span], List[Span]],
    interval: int,
    shift: int,
) -> Dict[str, Any]:
    """`timelines`: the exact one for samples, a merged one for markers."""
    tables = _Tables()
    samples = _samples(timelines[0], recording, tables, interval, shift)
    markers = _markers(timelines[1], recording, tables, shift)
    return {
        "name": thread.name,
        "processType": "default",
        "processName": recording.program or f"Python {recording.python}",
        "registerTime": (thread.start_ns + shift) / 1e6,
        "unregisterTime": (thread.end_ns + shift) / 1e6,
        "pid": recording.pid,
        "tid": thread.id,
        "markers": {"schema": _MARKER_SCHEMA, "data": markers},
        "samples": {"schema": {"stack": 0, "time": 1, "eventDelay": 2}, "data": samples},
        "frameTable": {"schema": _FRAME_SCHEMA, "data": tables.frames},
        "stackTable": {"schema": {"prefix": 0, "frame": 1}, "data": tables.stacks},
        "stringTable": tables.strings,
    }


def _process(
    recording: Recording, root: Recording, budget: int, interval: int
) -> Dict[str, Any]:
    shift = max(0, recording.started - root.started)
    timelines = [one.timeline for one in recording.threads]
    merged = merge.within(timelines, budget)
    threads = [
        _thread(thread, recording, (list(thread.timeline), spans), interval, shift)
        for thread, spans in zip(recording.threads, merged)
    ]
    return {
        "meta": {
            "version": VERSION,
            "startTime": root.started / 1e6,
            "shutdownTime": None,
            "profilingStartTime": 0,
            "profilingEndTime": root.wall_ns / 1e6,
            "interval": interval / 1e6,
            "stackwalk": 1,
            "debug": 0,
            "gcpoison": 0,
            "asyncstack": 0,
            "processType": 0,
            "presymbolicated": True,
            "product": recording.program or "Python",
            "misc": f"Python {recording.python}, recorded by kaa ({recording.mode})",
            "categories": _CATEGORIES,
            "markerSchema": [_DISPLAY],
        },
        "libs": [],
        "pages": [],
        "pausedRanges": [],
        "threads": threads,
        "processes": [],
    }


def gecko(recording: Recording) -> str:
    """The profile of a GIL recording; subprocesses stand in `processes`."""
    every = processes(recording)
    total = sum(len(t.timeline) for one in every for t in one.threads)
    interval = max(10_000, recording.wall_ns // SAMPLES)
    made = []
    for one in every:
        own = sum(len(t.timeline) for t in one.threads)
        made.append(_process(one, recording, own * MARKERS // max(total, MARKERS), interval))
    made[0]["processes"] = made[1:]
    return text.json_text(made[0])
