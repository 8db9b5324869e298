"""What the tests share: the compiler, where things are, and that an exception in
a thread fails the test that was running."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Any, Callable, List, Optional

ROOT = os.environ.get(
    "KAA_TEST_ROOT",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
)
# Whether libkaa runs on the interpreter's own objects here.
BRIDGE = (
    sys.implementation.name == "cpython" and os.environ.get("KAA_HOST") != "none"
)
COMPILER: Optional[str] = shutil.which(os.environ.get("KAA_TEST_CC", "cc"))


def clean_environment() -> dict:
    """The environment for programs that must not load a sanitizer's runtime."""
    return {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}


def compile_and_run(source: str, flags: List[str] = []) -> str:
    """The output of a C program."""
    assert COMPILER is not None
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.c")
        with open(path, "w") as file:
            file.write(source)
        program = os.path.join(folder, "program")
        subprocess.run(
            [COMPILER, "-std=gnu11", "-w", *flags, path, "-o", program],
            check=True,
            env=clean_environment(),
        )
        done = subprocess.run(
            [program], check=True, stdout=subprocess.PIPE, env=clean_environment()
        )
    return done.stdout.decode()


def compile_library(folder: str, name: str, source: str, *flags: str) -> str:
    """The path of a shared library made of a C text."""
    assert COMPILER is not None
    path = os.path.join(folder, name)
    with open(path + ".c", "w") as file:
        file.write(source)
    subprocess.run(
        [COMPILER, "-std=gnu11", "-w", "-shared", "-fPIC", path + ".c"]
        + ["-o", path, *flags],
        check=True,
        env=clean_environment(),
    )
    return path


def run_python(
    *arguments: str, text: str = "", **variables: str
) -> subprocess.CompletedProcess:
    """A fresh interpreter of this kind; its output as text."""
    return subprocess.run(
        [sys.executable, *arguments],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env={**os.environ, **variables},
    )


def tried_again(tries: int = 5) -> Callable[[type], type]:
    """For a class of tests that measure time: a busy system may stop any thread
    between two looks at a clock, so a test passes if one of a few tries does."""

    def again(method: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(method)
        def run(self: unittest.TestCase) -> None:
            for left in range(tries - 1, -1, -1):
                try:
                    return method(self)
                except AssertionError:
                    if not left:
                        raise
                self.doCleanups()

        return run

    def decorate(kind: type) -> type:
        for name, value in list(vars(kind).items()):
            if name.startswith("test_"):
                setattr(kind, name, again(value))
        return kind

    return decorate


# ---- exceptions in threads

_raised: List[Any] = []
_report = threading.excepthook
_call = unittest.TestCase._callTestMethod  # type: ignore[attr-defined]


def _note(args: Any) -> None:
    if args.exc_type is not SystemExit:
        _raised.append((args.exc_type.__name__, str(args.exc_value)))
    _report(args)


def _call_and_look(self: unittest.TestCase, method: Any) -> Any:
    _raised.clear()
    answer = _call(self, method)
    if _raised:
        raise AssertionError(f"raised in a thread: {_raised}")
    return answer


threading.excepthook = _note
unittest.TestCase._callTestMethod = _call_and_look  # type: ignore[attr-defined]

# Whoever started the tests may ignore Ctrl-C, as shells do in the background.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
