"""see which lines of Python allocated the memory

run SCRIPT or run -m MODULE runs a program and tells at its end; report tells what
--json wrote; diff tells what grew between two of those.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from kaa._commands import FAILED, _outputs, _program, complain

_DIFF_FILES = (("html", "one page for a browser", "html"),)
# Files that a report can be written to: option, help, and the view's name.
_FILES = (
    ("html", "one page for a browser: flame graph, treemap, lines", "html"),
    ("speedscope", "for www.speedscope.app", "speedscope"),
    ("collapsed", "collapsed stacks, for flame graphs", "collapsed"),
    ("pprof", "for pprof", "pprof"),
    ("prometheus", "metrics in Prometheus's text format", "prometheus"),
    ("json", "all figures; `report` and `diff` read it", None),
)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def _size(text: str) -> int:
    """A number of bytes: 4096, 512K, 1M."""
    match = re.fullmatch(r"([0-9]+)([kmg]?)(?:i?b)?", text.lower())
    if match and 1 <= int(match[1]) * _UNITS[match[2]] <= 2**40:
        return int(match[1]) * _UNITS[match[2]]
    raise argparse.ArgumentTypeError(f"{text!r} is no size such as 4096, 512K or 1M")


def _count(text: str) -> int:
    """A number of frames."""
    if text.isdigit() and 1 <= int(text) <= 64:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 64")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Profiles memory: the lines of Python that allocated what is alive, what was"
        " alive at the peak, and all that was allocated."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    run = actions.add_parser(
        "run",
        help="run a program and tell at its end",
        description="Runs a script or a module as `python` would, and tells at its end"
        " which lines allocated what. Options stand before SCRIPT.",
    )
    run.add_argument(
        "-m", dest="is_module", action="store_true", help="SCRIPT is a module's name"
    )
    run.add_argument(
        "--exact", action="store_true", help="follow every block, not samples of them"
    )
    run.add_argument(
        "--every",
        type=_size,
        default=512 * 1024,
        metavar="SIZE",
        help="a sample every so many bytes, on average (512K)",
    )
    run.add_argument(
        "--frames",
        type=_count,
        metavar="N",
        help="of each stack, the innermost (16; 1 with --exact)",
    )
    _outputs.add_arguments(run, _FILES)
    _program.add_arguments(run)
    report = actions.add_parser(
        "report", help="tell what --json wrote, or write it in another form"
    )
    _outputs.add_arguments(report, _FILES)
    report.add_argument("file", metavar="FILE", help="what --json wrote; - for stdin")
    diff = actions.add_parser("diff", help="tell what grew between two reports")
    _outputs.add_arguments(diff, _DIFF_FILES)
    diff.add_argument("before", metavar="BEFORE", help="what --json wrote")
    diff.add_argument("after", metavar="AFTER", help="what --json wrote later")


def _run(options: argparse.Namespace) -> int:
    from kaa import heap
    from kaa._error import Error

    prepared = _program.prepare(options)
    if prepared is None:
        return FAILED
    profile = heap.profile(options.exact, options.every, options.frames)
    try:
        profile.start()
    except Error as error:
        return complain(str(error))
    code = _program.execute(prepared)
    report = profile.stop()
    report.program = " ".join(sys.argv)
    report.account = heap.account()
    sys.stdout.flush()
    return _program.end(_outputs.write(report, options, _FILES, sys.stderr) or code)


def _report(options: argparse.Namespace) -> int:
    from kaa._heap_data import HeapReport

    report = _outputs.read(options.file, HeapReport)
    if report is None:
        return FAILED
    return _outputs.write(report, options, _FILES, sys.stdout)


def _diff(options: argparse.Namespace) -> int:
    from kaa._heap_data import HeapDiff, HeapReport

    both = [_outputs.read(one, HeapReport) for one in (options.before, options.after)]
    if None in both:
        return FAILED
    return _outputs.write(HeapDiff(*both), options, _DIFF_FILES, sys.stdout)


def run(options: argparse.Namespace) -> int:
    actions: Any = {"run": _run, "report": _report, "diff": _diff}
    code: int = actions[options.action](options)
    return code
