"""see which objects a running process has, and who keeps them

PID is that of a running CPython: a copy of it walks over all objects, by type, with what
each keeps alive. FILE is what --json wrote, of this or of `heap run --objects`.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from kaa._commands import FAILED, _outputs, complain

_FILES = (
    ("html", "one page for a browser: retainers as a tree, cycles", "html"),
    ("json", "all figures, to be read by this again", None),
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Counts all objects of a process by type, and tells what would go with each: the"
        " biggest retainers, modules, cycles with the edge to break, and wastes. The"
        " process pauses for a fork alone. kaa is loaded into it: by the interpreter"
        " itself (3.14 and later), or by gdb, where that is installed."
    )
    parser.add_argument(
        "subject", metavar="PID|FILE", help="a process, or what --json wrote; - for stdin"
    )
    parser.add_argument(
        "--count", action="store_true", help="by type alone: takes a third of the time"
    )
    _outputs.add_arguments(parser, _FILES)


def _find(options: argparse.Namespace) -> Any:
    """The report; None, and says why, if there is none."""
    from kaa._insight.heap_data import HeapReport

    subject = options.subject
    if not subject.isdigit() or os.path.exists(subject):
        report = _outputs.read(subject, HeapReport)
        if report is not None and report.walk is None:
            complain(f"{subject}: has no objects: `heap run --objects` adds them")
            return None
        return report
    from kaa._insight import heap_attach as _heap_attach
    from kaa._insight.gil_remote import RemoteError

    try:
        return _heap_attach.dump(int(subject), not options.count)
    except RemoteError as error:
        complain(str(error))
    return None


def run(options: argparse.Namespace) -> int:
    report = _find(options)
    if report is None:
        return FAILED
    return _outputs.write(report, options, _FILES, sys.stdout)
