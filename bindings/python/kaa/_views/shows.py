"""Which module shows which data which way."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from kaa._insight.check_data import CheckReport, RefsReport
from kaa._insight.gil_data import Recording
from kaa._insight.heap_data import HeapDiff, HeapReport

# For each class of data, the modules that show it; "table" ones have blocks().
_SHOWS = {
    Recording: {
        "table": "gil_tables",
        "html": "gil_page",
        "chrome": "gil_chrome",
        "gecko": "gil_gecko",
        "speedscope": "gil_speedscope",
        "svg": "gil_svg",
        "prometheus": "gil_metrics",
        "collapsed": "stacks_file",
        "pprof": "pprof_file",
    },
    HeapReport: {
        "table": "heap_tables",
        "html": "heap_page",
        "speedscope": "heap_speedscope",
        "prometheus": "heap_metrics",
        "collapsed": "stacks_file",
        "pprof": "pprof_file",
    },
    HeapDiff: {"table": "heap_tables", "html": "heap_page"},
    CheckReport: {
        "table": "check_tables",
        "html": "check_page",
        "chrome": "check_chrome",
    },
    RefsReport: {"table": "check_tables", "html": "check_page"},
}


def module(data: Any, what: str) -> Any:
    """The module that shows this data this way."""
    for kind, modules in _SHOWS.items():
        if isinstance(data, kind):
            if what in modules:
                return import_module(f"kaa._views.{modules[what]}")
            ways = ", ".join(sorted(modules))
            raise TypeError(f"no {what} of a {kind.__name__}: it has {ways}")
    known = ", ".join(kind.__name__ for kind, modules in _SHOWS.items() if what in modules)
    raise TypeError(f"{what}() takes {known}, not {type(data).__name__}")
