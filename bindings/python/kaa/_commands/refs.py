"""run a program again and again and tell what it leaks

Objects by type, blocks of memory, counts of None and the like: what grows with each
round is a leak, what grew and then stopped is a cache. For any extension module.
With --audit: reference counts that are wrong, in one run.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from kaa._commands import DONE, FAILED, _outputs, _program, complain

if TYPE_CHECKING:
    from kaa._insight.check_data import RefsReport

# Files that a report can be written to: option, help, and the view's name.
_FILES = (
    ("html", "one page for a browser", "html"),
    ("json", "all figures", None),
)


def _rounds(text: str) -> int:
    if text.isdigit() and 6 <= int(text) <= 10000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number from 6 to 10000")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs a script or a module, such as -m unittest, as `python` would, many times"
        " in one process, and tells what grows. Exits with 1 where something leaks, and"
        " with the program's code where that fails. Options stand before SCRIPT."
    )
    parser.add_argument(
        "--rounds", type=_rounds, metavar="N", help="after a warm-up (12; 0 with --audit)"
    )
    parser.add_argument(
        "--audit",
        action="store_true",
        help="look at all objects at the end, for counts that references do not come to",
    )
    _outputs.add_arguments(parser, _FILES)
    _program.add_arguments(parser)


class _Failed(Exception):
    pass


def _add(report: RefsReport, audit: RefsReport) -> None:
    report.suspects, report.objects = audit.suspects, audit.objects
    report.pause_ns = audit.pause_ns
    report.notes += audit.notes


def run(options: argparse.Namespace) -> int:
    import kaa
    from kaa import refs

    path, main = list(sys.path), sys.modules["__main__"]

    def program() -> None:
        try:
            prepared = _program.prepare(options)
            code = FAILED if prepared is None else _program.execute(prepared)
        finally:
            sys.path[:] = path
            sys.modules["__main__"] = main
        if code != DONE:
            raise _Failed(code)

    try:
        if options.audit and options.rounds is None:
            program()
            report = refs.audit()
        else:
            report = refs.check(program, options.rounds or 12)
            if options.audit:
                _add(report, refs.audit())
    except _Failed as error:
        return int(error.args[0])
    except kaa.Error as error:  # no audit here
        return complain(str(error))
    report.subject = " ".join([options.script, *options.arguments])
    sys.stdout.flush()
    written = _outputs.write(report, options, _FILES, sys.stderr)
    is_wrong = report.suspects or any(one.verdict == "leak" for one in report.growth)
    return written or (FAILED if is_wrong else DONE)
