"""What people look at: from plain data to tables, pages and profilers' files.

One job: data in, text out. Nothing here measures, needs libkaa, or needs the
program that was looked at. The data are kaa._insight.gil_data.Recording (the GIL),
kaa._insight.heap_data.HeapReport and HeapDiff (memory), kaa._insight.check_data.CheckReport and
RefsReport (reference mistakes); their to_json() is the JSON output.

    from kaa import _views

    _views.table(data, sys.stdout)        # for a terminal; rich where installed
    _views.table(data, file, limit=None)  # every row; 30 a table by default
    text = _views.html(data)              # one self-contained page, ASCII
    text = _views.chrome(data)            # Chrome trace JSON: Perfetto reads it
    text = _views.gecko(data)             # Gecko JSON: profiler.firefox.com
    text = _views.speedscope(data)        # speedscope JSON
    text = _views.svg(data)               # a picture
    text = _views.prometheus(data)        # Prometheus text format
    text = _views.collapsed(data)         # collapsed stacks
    data = _views.pprof(data)             # pprof: bytes, gzip
    _views.live(next_data, 1.0, file)     # a table that refreshes until Ctrl-C

Every function takes any of the data classes, and raises TypeError, naming what it
can show, for others. What they return is plain ASCII (prometheus: UTF-8), so it
can be written to any file; names from the program that was looked at are escaped
for where they stand. Which module does what:

    text, tables       numbers and names; blocks of a report in a terminal
    page, pages/       the HTML page; its style and scripts, embedded when written
    merge              timelines made small
    profile            stacks with weights, of which are made
      stacks_file, pprof_file    collapsed stacks, pprof
    gil_*              the GIL: its blocks, its page, its picture, its metrics, files
                       of other programs
    heap_*, check_*    memory and reference mistakes: the same
    scopefile          speedscope's format
    refresh            the live view
"""

from __future__ import annotations

from typing import Any, Callable, Optional, TextIO

from kaa._views.shows import module


def _made(data: Any, what: str, function: str) -> Any:
    """What the module that shows this data this way makes of it."""
    return getattr(module(data, what), function)(data)


def table(
    data: Any, file: TextIO, limit: Optional[int] = 30, rich: Optional[bool] = None
) -> None:
    """Prints the report, at most `limit` rows a table.

    `rich`: True to use it though `file` is no terminal, False not to use it.
    """
    from kaa._views import tables

    tables.write(module(data, "table").blocks(data, limit), file, rich)


def html(data: Any) -> str:
    """One page that needs nothing else."""
    return str(_made(data, "html", "html"))


def chrome(data: Any) -> str:
    """JSON in the Trace Event Format, for Perfetto and chrome://tracing."""
    return str(_made(data, "chrome", "chrome"))


def gecko(data: Any) -> str:
    """JSON in the Gecko profile format, for the Firefox Profiler."""
    return str(_made(data, "gecko", "gecko"))


def speedscope(data: Any) -> str:
    """JSON in speedscope's file format."""
    return str(_made(data, "speedscope", "speedscope"))


def svg(data: Any) -> str:
    """One picture, to be embedded in documents."""
    return str(_made(data, "svg", "svg"))


def prometheus(data: Any) -> str:
    """Metrics in Prometheus's text format 0.0.4; times in seconds."""
    return str(_made(data, "prometheus", "prometheus"))


def collapsed(data: Any) -> str:
    """Collapsed stacks: "outer;inner 42" a line."""
    return str(_made(data, "collapsed", "write_collapsed"))


def pprof(data: Any) -> bytes:
    """pprof's profile.proto, compressed by gzip."""
    return bytes(_made(data, "pprof", "write_pprof"))


def live(
    next_data: Callable[[], Optional[Any]], interval_s: float, file: TextIO
) -> None:
    """Shows what next_data() gives each interval, until it is None or Ctrl-C."""
    from kaa._views import refresh

    refresh.live(next_data, interval_s, file)
