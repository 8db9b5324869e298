"""see who holds the GIL and who waits for it

run SCRIPT or run -m MODULE runs a program and tells at its end; attach, live and
dump look at one that runs; report tells what --json wrote; lesson teaches.
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


def _add_interval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interval",
        type=_seconds,
        default=0.005,
        metavar="TIME",
        help="between two samples (5ms)",
    )


def _configure_others(actions: Any) -> None:
    """The actions that look at another process."""
    attach = actions.add_parser(
        "attach",
        help="look at a running process for a while",
        description="Looks at a process for a while. --sample reads its memory: nothing"
        " is stopped, nothing is left in it, any CPython from 3.9 on. Otherwise it is"
        " traced, exactly: kaa is loaded into it, by the interpreter itself (3.14 and"
        " later) or by gdb, where that is installed.",
    )
    attach.add_argument("pid", type=int, metavar="PID")
    attach.add_argument(
        "--sample", action="store_true", help="read its memory, touch nothing"
    )
    attach.add_argument(
        "--duration", type=_seconds, default=5.0, metavar="TIME", help="how long (5s)"
    )
    _add_interval(attach)
    _add_outputs(attach)
    live = actions.add_parser(
        "live",
        help="watch a running process in the terminal",
        description="Shows who holds the GIL and who waits, until Ctrl-C. Reads memory"
        " only, as attach --sample does.",
    )
    live.add_argument("pid", type=int, metavar="PID")
    live.add_argument(
        "--refresh", type=_seconds, default=1.0, metavar="TIME", help="how often (1s)"
    )
    live.add_argument("--duration", type=_seconds, metavar="TIME", help="how long")
    _add_interval(live)
    dump = actions.add_parser(
        "dump", help="print the stack of each thread of a running process, once"
    )
    dump.add_argument("pid", type=int, metavar="PID")


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
        "--no-children", action="store_true", help="do not record subprocesses"
    )
    run.add_argument(
        "--duration", type=_seconds, metavar="TIME", help="record only so long"
    )
    _add_outputs(run)
    run.add_argument("script", metavar="SCRIPT")
    run.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)
    _configure_others(actions)
    lesson = actions.add_parser(
        "lesson",
        help="learn what the GIL costs, from five small programs",
        description="Runs five small threaded programs and shows what each thread did:"
        " what the GIL costs, when it does not, the convoy, and the cures.",
    )
    lesson.add_argument(
        "--html", metavar="FILE", help="where the convoy's page goes (kaa-gil.html)"
    )
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
    from kaa import _gil_follow, gil
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
    following = None if options.no_children else _gil_follow.Following()
    _limit(monitor, options.duration)
    code = _execute(prepared)
    recording = monitor.stop()
    recording.program = " ".join([options.script, *options.arguments])
    if following is not None:
        recording.children = following.end()
    sys.stdout.flush()
    return write(recording, options, sys.stderr) or code


# ---- another process ----


def _sampler(pid: int) -> Any:
    from kaa._gil_remote import Remote
    from kaa._gil_sample import Sampler, program_of

    return Sampler(Remote(pid), program_of(pid))


def _attach(options: argparse.Namespace) -> int:
    from kaa._gil_remote import RemoteError

    if not options.sample:
        from kaa import _gil_attach

        try:
            recording = _gil_attach.trace(options.pid, options.duration)
        except RemoteError as error:
            return complain(str(error))
        return write(recording, options, sys.stdout)
    try:
        sampler = _sampler(options.pid)
    except RemoteError as error:
        return complain(str(error))
    try:
        sampler.look_for(options.duration, options.interval)
    except KeyboardInterrupt:
        pass
    return write(sampler.recording(), options, sys.stdout)


def _live(options: argparse.Namespace) -> int:
    import time

    from kaa._gil_remote import RemoteError
    from kaa._gil_sample import recordings

    try:
        sampler = _sampler(options.pid)
    except RemoteError as error:
        return complain(str(error))
    following = recordings(sampler, options.refresh, options.interval)
    end = time.monotonic() + options.duration if options.duration else None

    def limited() -> Any:
        return None if end and time.monotonic() >= end else following()

    show = _view("live")
    if show is not None:
        show(limited, 0.001, sys.stdout)
        return DONE
    try:
        for recording in iter(limited, None):
            _print_table(recording, sys.stdout)
    except KeyboardInterrupt:
        pass
    return DONE


def _dump(options: argparse.Namespace) -> int:
    from kaa import _gil_remote

    try:
        _gil_remote.dump(options.pid, sys.stdout)
    except _gil_remote.RemoteError as error:
        return complain(str(error))
    return DONE


def _lesson(options: argparse.Namespace) -> int:
    from kaa import _gil_lesson, gil

    available, why = gil.is_available()
    if not available:
        return complain(why)
    convoy = _gil_lesson.lesson(sys.stdout)[2]
    make = _view("html")
    if make is None:
        return DONE
    path = os.path.abspath(options.html or "kaa-gil.html")
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(make(convoy))
    except OSError as error:
        return complain(f"{path}: {error.strerror}")
    print(f"The convoy, thread by thread, in a browser: {path}")
    return DONE


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
    actions = {"run": _run, "attach": _attach, "live": _live, "dump": _dump,
               "lesson": _lesson, "report": _report}  # fmt: skip
    return actions[options.action](options)
