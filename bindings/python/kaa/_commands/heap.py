"""see which lines of Python allocated the memory

run SCRIPT or run -m MODULE runs a program and tells at its end; attach, live and
dump look at one that runs; report tells what --json wrote; diff tells what grew
between two of those.
"""

from __future__ import annotations

import argparse
import gc
import re
import sys
from typing import Any

from kaa._commands import DONE, FAILED, _outputs, _program, complain

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


def _seconds(text: str) -> float:
    """A length of time in seconds."""
    try:
        value = float(text[:-1] if text.endswith("s") else text)
    except ValueError:
        value = 0.0
    if 0 < value < 1e6:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds such as 5 or 0.5")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """Those of a profile."""
    parser.add_argument(
        "--exact", action="store_true", help="follow every block, not samples of them"
    )
    parser.add_argument(
        "--every",
        type=_size,
        default=512 * 1024,
        metavar="SIZE",
        help="a sample every so many bytes, on average (512K)",
    )
    parser.add_argument(
        "--frames",
        type=_count,
        metavar="N",
        help="of each stack, the innermost (16; 1 with --exact)",
    )
    parser.add_argument(
        "--native",
        action="store_true",
        help="malloc() by extension modules and libraries, too: sampled, with C functions",
    )


def _configure_others(actions: Any) -> None:
    """The actions that look at another process."""
    how = (
        " kaa is loaded into it: by the interpreter itself (3.14 and later), or by gdb,"
        " where that is installed."
    )
    attach = actions.add_parser(
        "attach",
        help="profile a running process for a while",
        description="Tells which lines of a process allocate what, from now on." + how,
    )
    attach.add_argument("pid", type=int, metavar="PID")
    attach.add_argument(
        "--duration", type=_seconds, default=5.0, metavar="SECONDS", help="how long (5)"
    )
    _add_choices(attach)
    _outputs.add_arguments(attach, _FILES)
    live = actions.add_parser(
        "live",
        help="watch a running process in the terminal",
        description="Shows what grows in a process, until Ctrl-C." + how,
    )
    live.add_argument("pid", type=int, metavar="PID")
    live.add_argument(
        "--refresh", type=_seconds, default=1.0, metavar="SECONDS", help="how often (1)"
    )
    live.add_argument("--duration", type=_seconds, metavar="SECONDS", help="how long")
    _add_choices(live)
    dump = actions.add_parser(
        "dump",
        help="tell of the objects of a running process, and where its memory goes",
        description="Walks over the objects of a process, in a copy of it, and tells"
        " where its resident memory goes." + how,
    )
    dump.add_argument("pid", type=int, metavar="PID")
    _outputs.add_arguments(dump, _FILES)


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
        "--objects", action="store_true", help="walk over all objects at its end, too"
    )
    _add_choices(run)
    _outputs.add_arguments(run, _FILES)
    _program.add_arguments(run)
    _configure_others(actions)
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
    profile = heap.profile(
        options.exact, options.every, options.frames, native=options.native
    )
    try:
        profile.start()
    except Error as error:
        return complain(str(error))
    _program.catch_termination()
    code = _program.execute(prepared)
    collects = gc.isenabled()
    gc.disable()  # cycles that wait for it are looked at
    report = profile.stop()
    report.program = " ".join(sys.argv)
    heap.add_edges(report)
    if collects:
        gc.enable()
    heap.add_account(report)
    if options.objects:
        _add_objects(report)
    sys.stdout.flush()
    return _program.end(_outputs.write(report, options, _FILES, sys.stderr) or code)


def _add_objects(report: Any) -> None:
    """A failure is a note: the profile is worth telling without."""
    from kaa import objects
    from kaa._error import Error

    try:
        report.walk = objects.walk()
    except Error as error:
        report.notes.append(str(error))


# ---- another process ----


def _attach(options: argparse.Namespace) -> int:
    from kaa._insight import heap_attach as _heap_attach
    from kaa._insight.gil_remote import RemoteError

    choices = (options.exact, options.every, options.frames, options.native)
    try:
        report = _heap_attach.profile(options.pid, *choices, options.duration)
    except RemoteError as error:
        return complain(str(error))
    return _outputs.write(report, options, _FILES, sys.stdout)


def _dump(options: argparse.Namespace) -> int:
    from kaa._insight import heap_attach as _heap_attach
    from kaa._insight.gil_remote import RemoteError

    try:
        report = _heap_attach.dump(options.pid)
    except RemoteError as error:
        return complain(str(error))
    return _outputs.write(report, options, _FILES, sys.stdout)


def _live(options: argparse.Namespace) -> int:
    import contextlib

    from kaa import _views
    from kaa._insight import heap_attach as _heap_attach
    from kaa._insight.gil_remote import RemoteError

    choices = (options.exact, options.every, options.frames, options.native)
    reports: Any = _heap_attach.follow(options.pid, *choices, options.refresh)
    try:
        with contextlib.closing(reports):
            following = _heap_attach.limited(reports, options.duration)
            _views.live(following, 0.001, sys.stdout)
    except RemoteError as error:
        return complain(str(error))
    return DONE


def _report(options: argparse.Namespace) -> int:
    from kaa._insight.heap_data import HeapReport

    report = _outputs.read(options.file, HeapReport)
    if report is None:
        return FAILED
    return _outputs.write(report, options, _FILES, sys.stdout)


def _diff(options: argparse.Namespace) -> int:
    from kaa._insight.heap_data import HeapDiff, HeapReport

    both = [_outputs.read(one, HeapReport) for one in (options.before, options.after)]
    if None in both:
        return FAILED
    return _outputs.write(HeapDiff(*both), options, _DIFF_FILES, sys.stdout)


def run(options: argparse.Namespace) -> int:
    actions: Any = {
        "run": _run,
        "attach": _attach,
        "live": _live,
        "dump": _dump,
        "report": _report,
        "diff": _diff,
    }
    code: int = actions[options.action](options)
    return code
