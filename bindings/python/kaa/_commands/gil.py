"""see who holds the GIL and who waits for it

run SCRIPT [ARG ...] or run -m MODULE [ARG ...] runs a program and tells at its end;
report FILE tells what an earlier run wrote with --json.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any, Dict, Optional

from kaa._commands import DONE, FAILED, complain

# Files that a recording can be written to: option, help, and the view's name.
_FILES = (
    ("html", "one page for a browser: threads over time", "html"),
    ("svg", "the same as a picture", "svg"),
    ("chrome", "for ui.perfetto.dev and chrome://tracing", "chrome"),
    ("gecko", "for profiler.firefox.com", "gecko"),
    ("speedscope", "for www.speedscope.app", "speedscope"),
    ("json", "all figures; `report` reads it", None),
)


def _seconds(text: str) -> float:
    """A length of time: 0.005, 5ms, 200us."""
    for suffix, scale in (("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("", 1.0)):
        if text.endswith(suffix):
            try:
                value = float(text[: len(text) - len(suffix)]) * scale
            except ValueError:
                break
            if 0 < value < 1e6:
                return value
            break
    raise argparse.ArgumentTypeError(f"{text!r} is no time such as 5ms, 200us or 0.5")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    for name, summary, _ in _FILES:
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write {summary}")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the table there, not to stderr"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print no table")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Traces the GIL: each hold and wait of each thread, exactly, with lines."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    run = actions.add_parser(
        "run",
        help="run a program and tell at its end",
        description="Runs a script or a module as `python` would, and tells at its end"
        " who held the GIL and who waited for it. Options stand before SCRIPT.",
    )
    run.add_argument(
        "-m", dest="is_module", action="store_true", help="SCRIPT is a module's name"
    )
    run.add_argument(
        "--threshold",
        type=_seconds,
        default=0.0001,
        metavar="TIME",
        help="tell the lines of longer holds and waits (100us)",
    )
    run.add_argument(
        "--duration", type=_seconds, metavar="TIME", help="record only so long"
    )
    _add_outputs(run)
    run.add_argument("script", metavar="SCRIPT")
    run.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)
    report = actions.add_parser(
        "report", help="tell what --json wrote, or write it in another form"
    )
    _add_outputs(report)
    report.add_argument("file", metavar="FILE", help="what --json wrote; - for stdin")


def _view(name: str) -> Any:
    """A function of kaa._views; None where that is not there."""
    try:
        return getattr(import_module("kaa._views"), name)
    except (ImportError, AttributeError):
        return None


def _print_table(recording: Any, file: Any) -> None:
    show = _view("table")
    if show is None:
        from kaa import _gil_text

        show = _gil_text.write
    show(recording, file)


def write(recording: Any, options: argparse.Namespace, table: Any) -> int:
    """Writes all that the options ask for, and the table; the exit code."""
    code = DONE
    for name, _, view in _FILES:
        path = getattr(options, name)
        if path is None:
            continue
        make = recording.to_json if view is None else _view(view)
        if make is None:
            code = complain(f"--{name}: this kaa cannot write that")
            continue
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(make() if view is None else make(recording))
        except OSError as error:
            code = complain(f"{path}: {error.strerror}")
    if options.output is not None:
        try:
            with open(options.output, "w", encoding="utf-8") as file:
                _print_table(recording, file)
        except OSError as error:
            code = complain(f"{options.output}: {error.strerror}")
    elif not options.quiet:
        _print_table(recording, table)
    return code


# ---- run ----


def _code_of(error: SystemExit) -> int:
    """The exit code, as Python gives it."""
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code
    print(error.code, file=sys.stderr)
    return 1


def _namespace(options: argparse.Namespace) -> Dict[str, Any]:
    """The code to run and its globals: those of a new __main__."""
    import types

    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    if options.is_module:
        import runpy

        sys.path.insert(0, os.getcwd())
        name, spec, code = runpy._get_module_details(options.script)  # type: ignore
        main.__spec__ = spec
        main.__package__ = spec.parent
        main.__loader__ = spec.loader
        sys.argv[0] = spec.origin or options.script
        main.__file__ = sys.argv[0]
    else:
        with open(options.script, "rb") as file:
            source = file.read()
        sys.path.insert(0, os.path.dirname(os.path.abspath(options.script)))
        main.__file__ = options.script
        code = compile(source, options.script, "exec")
    sys.modules["__main__"] = main
    return {"code": code, "globals": main.__dict__}


def _join_threads() -> None:
    """As the interpreter does at its end."""
    import threading

    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()


def _execute(prepared: Dict[str, Any]) -> int:
    try:
        exec(prepared["code"], prepared["globals"])
        _join_threads()
    except SystemExit as error:
        _join_threads()
        return _code_of(error)
    except KeyboardInterrupt:
        return 130
    except BaseException as error:
        import traceback

        # Without the frames of kaa's own, which are the first.
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is not prepared["globals"]:
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace or error.__traceback__)
        return FAILED
    return DONE


def _limit(monitor: Any, seconds: Optional[float]) -> None:
    """Ends the monitor after a while; the program goes on."""
    import threading

    if seconds is not None:
        timer = threading.Timer(seconds, monitor.stop)
        timer.daemon = True
        timer.name = "kaa --duration"
        timer.start()


def _run(options: argparse.Namespace) -> int:
    from kaa import gil
    from kaa._error import Error

    sys.argv = [options.script, *options.arguments]
    try:
        prepared = _namespace(options)
    except OSError as error:
        return complain(f"{options.script}: {error.strerror}")
    except (ImportError, SyntaxError, ValueError) as error:
        return complain(f"{options.script}: {error}")
    monitor = gil.Monitor(options.threshold)
    try:
        monitor.start()
    except Error as error:
        return complain(str(error))
    _limit(monitor, options.duration)
    code = _execute(prepared)
    recording = monitor.stop()
    recording.program = " ".join(sys.argv)
    sys.stdout.flush()
    return write(recording, options, sys.stderr) or code


def _report(options: argparse.Namespace) -> int:
    from kaa._gil_data import Recording

    try:
        if options.file == "-":
            text = sys.stdin.read()
        else:
            with open(options.file, encoding="utf-8") as file:
                text = file.read()
        recording = Recording.from_json(text)
    except OSError as error:
        return complain(f"{options.file}: {error.strerror}")
    except ValueError as error:
        return complain(f"{options.file}: {error}")
    return write(recording, options, sys.stdout)


def run(options: argparse.Namespace) -> int:
    action: int = {"run": _run, "report": _report}[options.action](options)
    return action
