"""find the reference mistakes of an extension module

Runs a program, or only imports the module, whose calls are checked; tells at the end
what was wrong, and exits with 1 if something was.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import List, Optional

from kaa._commands import DONE, FAILED, _outputs, _program, complain

# Files that a report can be written to: option, help, and the view's name.
_FILES = (
    ("html", "one page for a browser: each mistake", "html"),
    ("json", "all mistakes", None),
)
_FLAGS = ("-q", "--quiet", "--fault")
_WITH_VALUES = ("-o", "--output", "--html", "--json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs SCRIPT, or -m NAME, as `python` would, with the calls of an extension"
        " module checked: references, exceptions, buffers, memory and threads. Without"
        " a program the module is only imported. Exits with 1 where there are mistakes."
    )
    parser.usage = (
        "python -m kaa check [--fault] [--html FILE] [--json FILE] [-o FILE] [-q]"
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


def _import(module: str, is_fault: bool) -> int:
    """The module alone; the exit code."""
    from importlib import import_module

    import kaa

    try:
        if os.sep in module or module.endswith(".kaa.so"):
            kaa.import_module(module, checked="fault" if is_fault else True)
        else:
            import_module(module)
    except (ImportError, SystemError) as error:
        return complain(str(error))
    return DONE


def _is_imported(name: str) -> bool:
    return any(one.rpartition(".")[2] == name for one in sys.modules)


def run(options: argparse.Namespace) -> int:
    import platform
    import time

    from kaa import importer
    from kaa._insight.check_data import CheckReport
    from kaa._modules import checked as _checked
    from kaa._modules import loader as _modules

    wrong = _take_options(options)
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
    _checked.select(name, "fault" if options.fault else "report")
    started, begin = time.time_ns(), time.monotonic_ns()
    if options.script is None:
        code = _import(path, options.fault)
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
        count = _checked.fault_count()
        report.notes.append(f"{count} calls of {name} were made to fail, one in a process.")
    sys.stdout.flush()
    written = _outputs.write(report, options, _FILES, sys.stderr)
    if not _is_imported(name):
        return complain(f"the program did not import {name}, so nothing was checked")
    return written or (FAILED if report.mistakes else code)
