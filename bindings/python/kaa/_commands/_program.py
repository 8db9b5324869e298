"""Running a program as `python` would, in this process: what `run` of commands does.

    prepared = prepare(options)      # of add_arguments(); None: it said why
    catch_termination()              # where SIGTERM must not lose what was recorded
    code = execute(prepared)         # the exit code
    ...                              # tells what it recorded
    return end(code)
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Dict, Optional

from kaa._commands import DONE, FAILED, complain
from kaa._insight import terminated as _terminated


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


_is_terminated = False


def _on_terminate(number: int, frame: Any) -> None:
    """SIGTERM ends the program as SystemExit does, so that what was recorded is
    told."""
    global _is_terminated
    if not _is_terminated:
        _is_terminated = True
        raise SystemExit(128 + number)


def end(code: int) -> int:
    """What `run` returns: the exit code. A process that was asked to end by SIGTERM
    has told what it recorded, and ends by that signal here."""
    if _is_terminated:
        sys.stdout.flush()
        sys.stderr.flush()
        _terminated.end()
    return code


def catch_termination() -> None:
    """For a program that is recorded: execute() then returns on SIGTERM, too. A
    thread waits for the signal from now on."""
    _terminated.catch(_on_terminate)


def execute(prepared: Dict[str, Any]) -> int:
    try:
        exec(prepared["code"], prepared["globals"])
        _join_threads()
    except SystemExit as error:
        if not _is_terminated:
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What a program is named by: `-m`, and the last arguments of a parser."""
    parser.add_argument(
        "-m", dest="is_module", action="store_true", help="SCRIPT is a module's name"
    )
    parser.add_argument("script", metavar="SCRIPT")
    parser.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)


def prepare(options: argparse.Namespace) -> Optional[Dict[str, Any]]:
    """Finds and compiles the program; None, and says why, if it cannot."""
    sys.argv = [options.script, *options.arguments]
    try:
        return _namespace(options)
    except OSError as error:
        complain(f"{options.script}: {error.strerror}")
    except (ImportError, SyntaxError, ValueError) as error:
        complain(f"{options.script}: {error}")
    return None
