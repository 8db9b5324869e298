"""see who holds the GIL and who waits for it

run SCRIPT or run -m MODULE runs a program and tells at its end; attach, live and
dump look at one that runs; report tells what --json wrote; lesson teaches.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any, Optional

from kaa._commands import DONE, FAILED, _outputs, _program, complain

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
    _outputs.add_arguments(attach, _FILES)
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
        "--threshold",
        type=_seconds,
        default=0.0001,
        metavar="TIME",
        help="tell the lines of longer holds and waits (100us)",
    )
    run.add_argument(
        "--sample",
        action="store_true",
        help="estimate: a process of kaa's reads the program's memory, which is left"
        " as it is",
    )
    _add_interval(run)
    run.add_argument(
        "--no-children", action="store_true", help="do not record subprocesses"
    )
    run.add_argument(
        "--duration", type=_seconds, metavar="TIME", help="record only so long"
    )
    _outputs.add_arguments(run, _FILES)
    _program.add_arguments(run)
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
    _outputs.add_arguments(report, _FILES)
    report.add_argument("file", metavar="FILE", help="what --json wrote; - for stdin")


def _view(name: str) -> Any:
    """A function of kaa._views; None where that is not there."""
    try:
        return getattr(import_module("kaa._views"), name)
    except (ImportError, AttributeError):
        return None


def write(recording: Any, options: argparse.Namespace, table: Any) -> int:
    """Writes all that the options ask for, and the table; the exit code."""
    return _outputs.write(recording, options, _FILES, table)


# ---- run ----


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
    from kaa._insight import gil_follow as _gil_follow

    prepared = _program.prepare(options)
    if prepared is None:
        return FAILED
    monitor = gil.Monitor(options.threshold)
    if options.sample:
        monitor = gil.SampledMonitor(options.interval)
    try:
        monitor.start()
    except Error as error:
        return complain(str(error))
    is_alone = options.no_children or options.sample
    following = None if is_alone else _gil_follow.Following()
    _limit(monitor, options.duration)
    _program.catch_termination()
    code = _program.execute(prepared)
    recording = monitor.stop()
    recording.program = " ".join([options.script, *options.arguments])
    if following is not None:
        recording.children, notes = following.end()
        recording.notes += notes
    sys.stdout.flush()
    return _program.end(write(recording, options, sys.stderr) or code)


# ---- another process ----


def _sampler(pid: int) -> Any:
    from kaa._insight.gil_remote import Remote
    from kaa._insight.gil_sample import Sampler, program_of

    return Sampler(Remote(pid), program_of(pid))


def _attach(options: argparse.Namespace) -> int:
    from kaa._insight.gil_remote import RemoteError

    if not options.sample:
        from kaa._insight import gil_attach as _gil_attach

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

    from kaa._insight.gil_remote import RemoteError
    from kaa._insight.gil_sample import recordings

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
            _outputs.print_table(recording, sys.stdout)
    except KeyboardInterrupt:
        pass
    return DONE


def _dump(options: argparse.Namespace) -> int:
    from kaa._insight import gil_dump as _gil_dump
    from kaa._insight import gil_remote as _gil_remote

    try:
        _gil_dump.dump(options.pid, sys.stdout)
    except _gil_remote.RemoteError as error:
        return complain(str(error))
    return DONE


def _lesson(options: argparse.Namespace) -> int:
    from kaa import gil
    from kaa._insight import gil_lesson as _gil_lesson

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
    from kaa._insight.gil_data import Recording

    recording = _outputs.read(options.file, Recording)
    return FAILED if recording is None else write(recording, options, sys.stdout)


def run(options: argparse.Namespace) -> int:
    actions = {"run": _run, "attach": _attach, "live": _live, "dump": _dump,
               "lesson": _lesson, "report": _report}  # fmt: skip
    return actions[options.action](options)
