"""What comes back to itself through C is a RecursionError, never a crash."""

from __future__ import annotations

import os
import resource
import sys
import unittest

import modules
from support import BRIDGE, run_python

LOOPS = """
    repr(loop)
    str(loop)
    hash(loop)
    loop == loop_2
    loop < loop_2
    bool(loop)
    not loop
    recursive.Loop(1)
    loop(1)
    loop.endless
    iter(loop)
    next(loop)
    len(loop)
    loop[0]
    loop['x']
    loop.__setitem__(0, 1)
    loop.__delitem__(0)
    1 in loop
    loop + 1
    1 - loop
    loop @ loop_2
    loop ** 2
    divmod(loop, 1)
    -loop
    ~loop
    int(loop)
    float(loop)
    [1, 2][loop]
    memoryview(loop)
    loop.property
    setattr(loop, 'property', 1)
    setattr(recursive.Setter(), 'x', 1)
    loop.converted()
    loop.built()
    loop.raised()
    {loop: 1}
    [loop_2].index(loop)
    recursive.parse('[' * 1_000_000)
"""

PROGRAM = """
import sys, threading
import modules
recursive = modules.load('recursive', without_bridge=True)
loop, loop_2 = recursive.Loop(), recursive.Loop()
bridge = modules.HAS_BRIDGE

def run():
    for line in sys.argv[2].strip().splitlines():
        line = line.strip()
        print(line, flush=True)
        try:
            eval(line)
        except RecursionError as error:
            pass
        except TypeError:
            # A proxy has not all of a native type's operations.
            assert not bridge, line
        else:
            raise AssertionError(line + ' came to an end')

if sys.argv[1] != '0':
    threading.stack_size(int(sys.argv[1]))
    failed = []
    threading.excepthook = lambda args: failed.append(args)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failed, failed
else:
    run()
print('done')
"""


CALLBACKS = """
import sys, threading, kaa
lib = kaa.load("libc.so.6",
    "void qsort(void *base, size_t n, size_t size,"
    "           int (*compare)(const void *a, const void *b));")
data = bytearray(8)

def function(a, b):
    lib.qsort(data, 2, 4, function)
    return 0

class Callable:
    def __call__(self, a, b):
        lib.qsort(data, 2, 4, self)
        return 0
    def method(self, a, b):
        lib.qsort(data, 2, 4, self.method)
        return 0

def swallow(a, b):
    try:
        lib.qsort(data, 2, 4, swallow)
    except RecursionError:
        pass
    return 0

def run():
    for name, each in (("function", function), ("callable", Callable()),
                       ("method", Callable().method)):
        try:
            lib.qsort(data, 2, 4, each)
        except RecursionError:
            print(name, "RecursionError")
        else:
            print(name, "ended")
    lib.qsort(data, 2, 4, swallow)
    print("done")

if sys.argv[1] != "0":
    threading.stack_size(int(sys.argv[1]))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
else:
    run()
"""


class Callbacks(unittest.TestCase):
    """Python calls C, which calls Python, and so on without an end."""

    def run_callbacks(self, stack: int) -> None:
        done = run_python("-c", CALLBACKS, str(stack))
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1:], ["done"], done.stderr[-3000:])
        for name, line in zip(("function", "callable", "method"), lines):
            # Where ctypes finds the end of the stack before it has called what
            # keeps the exception, it gives C a zero.
            if not BRIDGE and (stack or sys.implementation.name != "cpython"):
                self.assertIn(line, (f"{name} RecursionError", f"{name} ended"))
            else:
                self.assertEqual(line, f"{name} RecursionError")

    def test_without_an_end(self) -> None:
        self.run_callbacks(0)

    @unittest.skipIf(
        "KAA_TEST_SANITIZE" in os.environ, "frames are larger than the stack allows"
    )
    def test_on_a_small_stack(self) -> None:
        self.run_callbacks(1 << 20)


calls_end = unittest.skipIf(
    os.environ.get("KAA_TEST_SANITIZE") == "tsan",
    "ThreadSanitizer notes 65,536 calls at the most and ends beyond, in its own code",
)


class Recursion(unittest.TestCase):
    def setUp(self) -> None:
        modules.load("recursive", without_bridge=True)

    def run_loops(self, stack: int) -> None:
        done = run_python("-c", PROGRAM, str(stack), LOOPS)
        self.assertEqual(
            (done.returncode, done.stdout.split("\n")[-2:]),
            (0, ["done", ""]),
            done.stdout[-200:] + done.stderr[-3000:],
        )

    @calls_end
    def test_every_slot(self) -> None:
        self.run_loops(0)

    @calls_end
    def test_on_a_stack_without_a_limit(self) -> None:
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        if hard != resource.RLIM_INFINITY:
            self.skipTest("the stack has a hard limit")
        done = run_python(
            "-c",
            "import os, resource, sys\n"
            "limit = resource.RLIM_INFINITY\n"
            "resource.setrlimit(resource.RLIMIT_STACK, (limit, limit))\n"
            "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n",
            *("-c", PROGRAM, "0", "hash(loop)\nlen(loop)\nloop[0]"),
        )
        self.assertEqual(
            (done.returncode, done.stdout.split("\n")[-2:]),
            (0, ["done", ""]),
            done.stdout[-200:] + done.stderr[-3000:],
        )

    @unittest.skipIf(
        "KAA_TEST_SANITIZE" in os.environ, "frames are larger than the stack allows"
    )
    def test_on_a_small_stack(self) -> None:
        self.run_loops(1 << 20)

    def test_what_is_not_too_deep(self) -> None:
        recursive = modules.load("recursive", without_bridge=True)
        recursive.parse("[" * 100 + "]" * 100)
        with self.assertRaisesRegex(ValueError, "no ]"):
            recursive.parse("[[]")
        with self.assertRaisesRegex(RecursionError, "while reading brackets"):
            recursive.parse("[" * 10_000_000)

    def test_repr_of_what_contains_itself(self) -> None:
        recursive = modules.load("recursive", without_bridge=True)
        pair, inner = recursive.Pair(), recursive.Pair()
        pair.held = pair
        self.assertEqual(repr(pair), "Pair(Pair(...))")
        pair.held = inner
        inner.held = pair
        self.assertEqual(repr(pair), "Pair(Pair(Pair(...)))")
        pair.held = None
        self.assertEqual(repr(inner), "Pair(Pair(None))")
        self.assertEqual(repr(pair), "Pair(None)")


if __name__ == "__main__":
    unittest.main()
