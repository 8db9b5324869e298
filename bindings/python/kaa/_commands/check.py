"""find the reference mistakes of an extension module

Runs a program, or only imports the module, whose calls are checked; tells at the end
what was wrong, and exits with 1 if something was.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, List, Optional

from kaa._commands import DONE, FAILED, _outputs, _program, complain

if TYPE_CHECKING:
    from kaa._insight.check_data import Call, CheckReport

# Files that a report can be written to: option, help, and the view's name.
_FILES = (
    ("html", "one page for a browser: each mistake", "html"),
    ("json", "all mistakes", None),
    ("chrome", "the traced calls, for Perfetto: --trace", "chrome"),
)
_FLAGS = ("-q", "--quiet", "--fault", "--trace", "--stacks")
_WITH_VALUES = ("-o", "--output", "--html", "--json", "--chrome", "--calls")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs SCRIPT, or -m NAME, as `python` would, with the calls of an extension"
        " module checked: references, exceptions, buffers, memory and threads. Without"
        " a program the module is only imported. Exits with 1 where there are mistakes."
    )
    parser.usage = (
        "python -m kaa check [--fault | --trace | --stacks] [--html FILE] [--json FILE] [-o FILE] [-q]"
        " MODULE [SCRIPT | -m NAME] [ARG ...]"
    )
    _add_arguments(parser)
    parser.add_argument(
        "module", metavar="MODULE", help="its name, or the path of its file NAME.kaa.so"
    )
    parser.add_argument("rest", metavar="SCRIPT ...", nargs=argparse.REMAINDER)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    _outputs.add_arguments(parser, _FILES)
    parser.add_argument(
        "--fault",
        action="store_true",
        help="make each call of the module that may fail fail once, in a child process",
    )
    parser.add_argument(
        "--trace",
        action="store_true",
        help="count and time the module's functions and what they call; nothing is checked",
    )
    parser.add_argument(
        "--stacks",
        action="store_true",
        help="note by which calls of the module each reference is taken: what leaks the first"
        " time is told with them, which else the second has",
    )
    parser.add_argument(
        "--calls", metavar="FILE", help="write the traced calls, a line each; *.jsonl as JSON"
    )


def _take_options(options: argparse.Namespace) -> Optional[str]:
    """Options that stand behind MODULE; what is wrong, or None."""
    parser = argparse.ArgumentParser(prog="python -m kaa check", add_help=False)
    _add_arguments(parser)
    rest: List[str] = options.rest
    taken: List[str] = []
    while rest:
        name = rest[0].split("=", 1)[0]
        count = 1 if name in _FLAGS or "=" in rest[0] else 2
        if name not in _FLAGS + _WITH_VALUES:
            break
        taken, rest = taken + rest[:count], rest[count:]
    parser.parse_args(taken, namespace=options)
    options.is_module = rest[:1] == ["-m"]
    rest = rest[options.is_module :]
    if rest and rest[0].startswith("-") and not options.is_module:
        return f"{rest[0]} is no option of check"
    if options.is_module and not rest:
        return "-m: the name of a module was expected"
    options.script, options.arguments = (rest[0], rest[1:]) if rest else (None, [])
    return None


def _import(module: str, mode: str) -> int:
    """The module alone; the exit code."""
    from importlib import import_module

    import kaa

    try:
        if os.sep in module or module.endswith(".kaa.so"):
            kaa.import_module(module, checked=mode)
        else:
            import_module(module)
    except (ImportError, SystemError) as error:
        return complain(str(error))
    return DONE


def _write_calls(path: str, calls: List[Call]) -> int:
    """A line for each call; the exit code."""
    import json

    try:
        with open(path, "w", encoding="utf-8") as file:
            for one in calls:
                if path.endswith(".jsonl"):
                    file.write(json.dumps(one._asdict()) + "\n")
                    continue
                name = f"{one.function}() {one.slot}".rstrip()
                failed = " failed" if one.failed else ""
                took = one.end_ns - one.start_ns
                file.write(f"{one.start_ns / 1e9:.9f} {one.thread:#x} {name} {took} ns{failed}\n")
    except OSError as error:
        return complain(f"{path}: {error.strerror}")
    return DONE


def _is_imported(name: str) -> bool:
    return any(one.rpartition(".")[2] == name for one in sys.modules)


def _contradiction(options: argparse.Namespace) -> Optional[str]:
    """What the options ask for and cannot have together, or None."""
    asked = [f"--{one}" for one in ("fault", "trace", "stacks") if getattr(options, one)]
    if len(asked) > 1:
        return f"{asked[0]} and {asked[1]} cannot be had together"
    if not options.trace and (options.chrome or options.calls):
        return "--chrome and --calls need --trace"
    return None


def _add_trace(report: CheckReport, options: argparse.Namespace) -> int:
    """The exit code."""
    from kaa._modules import checked

    report.uses = checked.uses(report.module)
    report.calls = sum(one.calls for one in report.uses if not one.slot)
    calls = checked.calls(report.module)
    if options.chrome:
        report.trace = calls
    traced = sum(one.calls for one in report.uses)
    if traced > len(calls):
        report.notes.append(f"Of {traced:,} calls the first {len(calls):,} are told one by one.")
    report.notes.append("Only traced: nothing was checked.")
    return _write_calls(options.calls, calls) if options.calls else DONE


def run(options: argparse.Namespace) -> int:
    import platform
    import time

    from kaa import importer
    from kaa._insight.check_data import CheckReport
    from kaa._modules import checked as _checked
    from kaa._modules import loader as _modules

    wrong = _take_options(options) or _contradiction(options)
    if wrong is not None:
        return complain(wrong)
    path = options.module
    name = os.path.basename(path).split(".", 1)[0]
    if path != name:
        path = os.path.abspath(path)
        if not os.path.isfile(path):
            return complain(f"{options.module}: there is no such file")
        sys.path.insert(0, os.path.dirname(path))
    importer.install()
    asked = [one for one in ("fault", "trace", "stacks") if getattr(options, one)]
    mode = asked[0] if asked else "report"
    _checked.select(name, mode)
    started, begin = time.time_ns(), time.monotonic_ns()
    if options.script is None:
        code = _import(path, mode)
        if code != DONE:
            return code
    else:
        prepared = _program.prepare(options)
        if prepared is None:
            return FAILED
        code = _program.execute(prepared)
    report = CheckReport(
        module=name,
        python=platform.python_version(),
        context="native" if _modules._host is None else "cpython",
        program=" ".join([options.script or "import", *options.arguments]),
        pid=os.getpid(),
        started=started,
        wall_ns=time.monotonic_ns() - begin,
        mistakes=_checked.mistakes(name),
    )
    if options.fault:
        report.failures = _checked.failures(name)
        count = len(report.failures)
        report.notes.append(f"{count} calls of {name} were made to fail, one in a process.")
    if options.trace:
        code = _add_trace(report, options) or code
    else:
        report.holders = _checked.holders(name, report.context == "cpython")
    sys.stdout.flush()
    written = _outputs.write(report, options, _FILES, sys.stderr)
    if not _is_imported(name):
        return complain(f"the program did not import {name}, so nothing was checked")
    return written or (FAILED if report.mistakes else code)
