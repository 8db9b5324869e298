"""What the tests share: the compiler, where things are, and that an exception in
a thread fails the test that was running."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any, Callable, Iterator, List, Optional

ROOT = os.environ.get(
    "KAA_TEST_ROOT",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
)
# Whether libkaa runs on the interpreter's own objects here.
BRIDGE = (
    sys.implementation.name == "cpython" and os.environ.get("KAA_HOST") != "none"
)
MYPY: Optional[str] = shutil.which(os.environ.get("KAA_TEST_MYPY", "mypy"))
COMPILER: Optional[str] = shutil.which(os.environ.get("KAA_TEST_CC", "cc"))


def clean_environment() -> dict:
    """The environment for programs that must not load a sanitizer's runtime."""
    return {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}


def path_without_make(folder: str) -> str:
    """PATH with a make in front, in the folder, that fails: where kaa was built by
    another program, nothing else needs it."""
    if "Makefiles" not in os.environ.get("CMAKE_GENERATOR", "Makefiles"):
        os.makedirs(folder, exist_ok=True)
        for name in ("make", "gmake"):
            path = os.path.join(folder, name)
            with open(path, "w") as file:
                file.write("#!/bin/sh\nexit 1\n")
            os.chmod(path, 0o755)
    return folder + os.pathsep + os.environ["PATH"]


def line_of(path: str, marker: str) -> int:
    """The number of the line of a file that ends with the comment `marker`."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.rstrip().endswith("# " + marker):
                return number
    raise LookupError(marker)


def mypy(folder: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """mypy --strict in a folder, told where kaa is. Skips the test without mypy."""
    if MYPY is None:
        raise unittest.SkipTest("no mypy")
    package = os.path.join(ROOT, "bindings", "python")
    return subprocess.run(
        [MYPY, "--strict", "--follow-imports=silent", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
        env={**clean_environment(), "PYTHONPATH": "", "MYPYPATH": package},
    )  # fmt: skip


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


def run_module(name: str, **variables: str) -> subprocess.CompletedProcess:
    """The tests of a module in a fresh interpreter, which note no results."""
    here = os.path.dirname(os.path.abspath(__file__))
    return run_python(
        os.path.join(here, "run.py"), name, **variables, KAA_TEST_RESULTS=""
    )


#: Begins a program: `lib`, with some of the functions of samples.c.
PRELUDE = """
import sys
sys.path[:0] = {path!r}
from samples import load
lib = load('''
    int add(int a, int b);
    int apply(int (*function)(int), int value);
    int apply_on_thread(int (*function)(int), int value);
    int apply_times(int (*function)(int), int times);
    void keep(int (*function)(int));
    int call_kept(int value);
''')
"""


class Programs(unittest.TestCase):
    """Tests of whole programs that begin with `prelude`."""

    prelude = PRELUDE.format(path=sys.path)

    def run_text(self, text: str) -> str:
        """What a program prints that ends well and reports no error."""
        done = run_python("-W", "ignore", "-c", text)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


def eventually(method: Callable[..., None]) -> Callable[..., None]:
    """For a test of what one thread makes of another's clock: a busy system may stop
    any thread between two looks at it, or let the watcher see nothing of a spell.
    Such a test is tried again for some minutes: once there is a quiet moment. What
    holds at any speed belongs in tests that are not tried again. ThreadSanitizer
    makes each look as long as a spell: there it is run once, for the races."""

    @functools.wraps(method)
    def run(self: unittest.TestCase) -> None:
        end = time.monotonic() + 150
        while True:
            try:
                return method(self)
            except AssertionError as error:
                if os.environ.get("KAA_TEST_SANITIZE") == "tsan":
                    raise unittest.SkipTest(f"slow under ThreadSanitizer: {error}")
                if time.monotonic() > end:
                    raise
            self.doCleanups()

    return run


threads_after_fork = unittest.skipIf(
    os.environ.get("KAA_TEST_SANITIZE") == "tsan",
    "ThreadSanitizer has a thread of its own, and ends a child of fork() that starts one",
)

attaches = unittest.skipIf(
    os.environ.get("KAA_TEST_SANITIZE") == "tsan",
    "a debugger needs over a minute to load kaa into a process with ThreadSanitizer in it",
)
audits = unittest.skipIf(
    os.environ.get("KAA_TEST_SANITIZE") == "tsan",
    "ThreadSanitizer's own terabytes are words of the process's memory too",
)


@contextlib.contextmanager
def beside(test: unittest.TestCase, *works: Callable[[], Any]) -> Iterator[List[Any]]:
    """Calls each of `works` again and again on a thread of its own while the body runs,
    which gets the threads; what one of them raises fails the test."""
    stop = threading.Event()
    failures: List[BaseException] = []

    def go(work: Callable[[], Any]) -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=go, args=(one,)) for one in works]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    try:
        for thread in threads:
            thread.start()
        yield threads
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        for thread in threads:
            thread.join()
    test.assertEqual(failures, [])


def until(condition: Callable[[], Any], seconds: float = 150) -> Any:
    """Waits until a condition is true; its value. AssertionError: it took minutes."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.001)


def blocks_in_futex(native_id: int) -> bool:
    """Whether a thread of this process waits in one futex, as the kernel says: not
    for the GIL, which is free now and then while this waits."""

    def look() -> bytes:
        with open(f"/proc/self/task/{native_id}/syscall", "rb") as file:
            return file.read()

    first = look()
    time.sleep(0.02)
    return first.startswith(b"202 ") and look() == first


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
