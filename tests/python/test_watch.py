"""kaa.watch(): every change of one object's reference count, and who made it."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import unittest
import weakref
from typing import Any, List

import kaa
import kaa.refs
import support
from kaa._insight.check_data import RefsReport

EXTENSIONS = os.path.join(support.ROOT, "tests", "checked", "extensions")
INCLUDE = sysconfig.get_path("include")
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

# PyList_Append() takes a reference of its own, and so does this function.
TWICE = """
#include "extension.h"
static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *list = PyTuple_GetItem(argument, 0), *one = PyTuple_GetItem(argument, 1);

    (void)module;
    Py_INCREF(one);
    return PyLong_FromLong(PyList_Append(list, one));
}
EXTENSION(twice)
"""

# Adds to a word, and takes it off again, in a call without the GIL.
TOUCH = "void touch(volatile %s *count) { *count += 1; *count -= 1; }"


class Thing:
    pass


kept: List[Any] = []


def reason() -> str:
    """Why nothing can be watched here; empty if it can."""
    if os.environ.get("KAA_TEST_SANITIZE") == "tsan":
        return "ThreadSanitizer keeps signals back"
    try:
        kaa.watch(Thing()).start().stop()
    except kaa.UnsupportedError as error:
        return str(error)
    return ""


REASON = reason()


def run_alone(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=120,
    )


@unittest.skipIf(REASON, REASON)
class Watched(unittest.TestCase):
    def setUp(self) -> None:
        del kept[:]
        self.thing = Thing()

    def test_changes(self) -> None:
        thing = self.thing
        before = sys.getrefcount(thing)
        with kaa.watch(thing) as w:
            kept.append(thing)  # here
            kept.append(thing)
            kept.pop()
        self.assertEqual(sys.getrefcount(thing), before + 1)
        self.assertEqual(w.balance, 1)
        self.assertGreaterEqual(len(w.changes), 3)
        self.assertEqual(sum(one.by for one in w.changes), 1)
        for first, then in zip(w.changes, w.changes[1:]):
            self.assertEqual(then.references - first.references, then.by)
            self.assertLessEqual(first.at_ns, then.at_ns)
        first = w.changes[0]
        line = support.line_of(__file__, "here")
        self.assertEqual((first.file, first.line), (__file__, line))
        self.assertTrue(first.function.endswith("test_changes"), first)
        self.assertEqual(first.thread, threading.get_native_id())
        self.assertEqual(
            sum(one.up for one in w.sites if one.line == line)
            - sum(one.down for one in w.sites if one.line == line),
            1,
        )
        self.assertEqual(first.extension, "")

    def test_nothing_happens(self) -> None:
        with kaa.watch(self.thing) as w:
            kept.append(Thing())
        self.assertEqual((w.changes, w.sites, w.balance), ([], [], 0))

    def test_reading_while_it_runs(self) -> None:
        thing = self.thing
        with kaa.watch(thing) as w:
            kept.append(thing)
            self.assertEqual(w.balance, 1)
            kept.append(thing)
            self.assertEqual(w.balance, 2)
            self.assertIn("running", repr(w))
        self.assertEqual(w.balance, 2)
        self.assertIn("ended", repr(w))

    def test_text_and_json(self) -> None:
        thing = self.thing
        with kaa.watch(thing) as w:
            kept.append(thing)
        text = str(w)
        self.assertIn("Thing", text)
        self.assertIn("the count has changed by +1", text)
        self.assertIn("Who changed the count", text)
        self.assertIn("test_text_and_json", text)
        report = w.stop()
        self.assertEqual(RefsReport.from_json(report.to_json()), report)

    def test_the_last_changes_are_kept(self) -> None:
        thing = self.thing
        with kaa.watch(thing, limit=5) as w:
            for _ in range(20):
                kept.append(thing)
        self.assertEqual(len(w.changes), 5)
        self.assertEqual(w.balance, 20)
        self.assertEqual([one.at_ns for one in w.changes], sorted(one.at_ns for one in w.changes))
        self.assertTrue(any("last 5 are listed" in one for one in w.report().notes), w)

    def test_threads(self) -> None:
        thing, go, ids = self.thing, threading.Event(), set()

        def work() -> None:
            go.wait()
            ids.add(threading.get_native_id())
            for _ in range(10):
                kept.append(thing)

        old = threading.Thread(target=work)
        old.start()
        with kaa.watch(thing) as w:
            new = threading.Thread(target=work)
            new.start()
            go.set()
            old.join()
            new.join()
        self.assertEqual({one.thread for one in w.changes if one.function.endswith("work")}, ids)
        self.assertEqual(
            sum(one.up - one.down for one in w.sites if one.function.endswith("work")), 20
        )

    def test_it_lets_the_object_go(self) -> None:
        weak = weakref.ref(self.thing)
        with kaa.watch(self.thing) as w:
            self.thing = None  # type: ignore[assignment]
            self.assertIsNotNone(weak())
        gc.collect()
        self.assertIsNone(weak())
        self.assertLess(w.balance, 0)

    def test_one_that_is_forgotten_ends(self) -> None:
        weak = weakref.ref(self.thing)
        w = kaa.watch(self.thing).start()
        del w, self.thing
        gc.collect()
        self.assertIsNone(weak())

    def test_an_error_passes_through(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            with kaa.watch(self.thing) as w:
                1 / 0
        self.assertIn("ended", repr(w))

    @unittest.skipIf(FREE_THREADED, "code objects and classes are counted elsewhere, too")
    def test_what_the_watch_itself_refers_to(self) -> None:
        def function() -> None:
            kept.append(code)

        code = function.__code__
        with kaa.watch(code) as w:
            function()
        self.assertEqual(w.balance, 1)
        with kaa.watch(Thing) as w:
            kept.append(Thing())
        self.assertEqual(w.balance, 1)

    def test_how_many(self) -> None:
        most = 2 if FREE_THREADED else 4
        watches = [kaa.watch(Thing()).start() for _ in range(most)]
        with self.assertRaisesRegex(kaa.LimitError, "another watch first"):
            kaa.watch(self.thing).start()
        watches[0].stop()
        with kaa.watch(self.thing):
            pass
        for one in watches:
            one.stop()

    def test_two_at_a_time(self) -> None:
        if FREE_THREADED:
            self.skipTest("an interpreter of its own has room for two")
        first, second = Thing(), Thing()
        with kaa.watch(first) as one, kaa.watch(second) as other:
            kept.append(first)
            kept.append(second)
            kept.append(second)
        self.assertEqual((one.balance, other.balance), (1, 2))

    def test_refusals(self) -> None:
        for limit in (0, -1, 1 << 40):
            with self.assertRaisesRegex(ValueError, "limit must be 1 to"):
                kaa.watch(self.thing, limit)
        for wrong in ("5", 1.5, True):
            with self.assertRaisesRegex(TypeError, "limit must be an int, not"):
                kaa.watch(self.thing, wrong)  # type: ignore[arg-type]
        with self.assertRaisesRegex(RuntimeError, "has seen nothing yet"):
            kaa.watch(self.thing).report()
        w = kaa.watch(self.thing).start()
        with self.assertRaisesRegex(RuntimeError, "has begun already"):
            w.start()
        w.stop()
        with self.assertRaisesRegex(RuntimeError, "has begun already"):
            w.start()
        if sys.version_info >= (3, 12):
            with self.assertRaisesRegex(ValueError, "immortal: its reference count never"):
                kaa.watch(None).start()

    @unittest.skipUnless(hasattr(os, "fork"), "no fork()")
    def test_a_child_is_not_watched(self) -> None:
        thing = self.thing
        done = run_alone(
            "import os, kaa\n"
            "class Thing: pass\n"
            "thing, kept = Thing(), []\n"
            "with kaa.watch(thing) as w:\n"
            "    kept.append(thing)\n"
            "    pid = os.fork()\n"
            "    kept.append(thing)\n"
            "    if pid == 0:\n"
            "        os._exit(10 + w.balance)\n"
            "    status = os.waitpid(pid, 0)[1]\n"
            "print(w.balance, os.WEXITSTATUS(status))\n"
        )
        self.assertEqual((done.returncode, done.stdout), (0, "2 11\n"), done.stderr)
        del thing

    def test_a_thread_that_blocks_the_signal(self) -> None:
        thing = self.thing

        def work() -> None:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTRAP])
            kept.append(thing)
            kept.append(thing)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTRAP])

        with kaa.watch(thing) as w:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        self.assertGreaterEqual(w.balance, 2)  # the thread's own ends may be to come
        self.assertTrue(any("blocked SIGTRAP" in one for one in w.report().notes), w)

    def test_other_signals_of_the_kind(self) -> None:
        head = "import kaa, os, signal\n"
        tail = (
            "thing = type('Thing', (), {})()\n"
            "with kaa.watch(thing) as w:\n"
            "    os.kill(os.getpid(), signal.SIGTRAP)\n"
            "    kept = [thing]\n"
            "print(w.balance)\n"
        )
        done = run_alone(head + "signal.signal(signal.SIGTRAP, lambda *_: print('mine'))\n" + tail)
        self.assertEqual((done.returncode, done.stdout), (0, "mine\n1\n"), done.stderr)
        done = run_alone(head + "signal.signal(signal.SIGTRAP, signal.SIG_IGN)\n" + tail)
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"), done.stderr)
        self.assertEqual(run_alone(head + tail).returncode, -signal.SIGTRAP)
        # One that was put over a watch's, and calls it; another watch is put over that.
        done = run_alone(
            head
            + "import faulthandler\n"
            + "signal.signal(signal.SIGTRAP, signal.SIG_IGN)\n"
            + "thing = type('Thing', (), {})()\n"
            + "with kaa.watch(thing): pass\n"
            + "faulthandler.register(signal.SIGTRAP, chain=True)\n"
            + "with kaa.watch(thing): os.kill(os.getpid(), signal.SIGTRAP)\n"
            + "print('alive')\n"
        )
        self.assertEqual((done.returncode, done.stdout), (0, "alive\n"), done.stderr[-500:])

    def test_the_end_of_the_program(self) -> None:
        done = run_alone(
            "import kaa\n"
            "class Thing: pass\n"
            "thing = Thing()\n"
            "w = kaa.watch(thing).start()\n"
            "kept = [thing]\n"
            "print(w.balance)\n"
        )
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"), done.stderr)


@unittest.skipIf(REASON, REASON)
@unittest.skipIf(support.COMPILER is None, "no compiler")
class Extensions(unittest.TestCase):
    folder: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def compile(self, path: str, name: str, level: str = "-O1") -> str:
        assert support.COMPILER is not None
        made = os.path.join(self.folder, f"{name}.so")
        subprocess.run(
            [support.COMPILER, "-shared", "-fPIC", level, "-w", f"-I{INCLUDE}",
             f"-I{EXTENSIONS}", path, "-o", made],
            check=True,
            env=support.clean_environment(),
        )  # fmt: skip
        return made

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, f"{name}.c")
        with open(path, "w") as file:
            file.write(text)
        return path

    def load(self, path: str, name: str, level: str = "-O1") -> Any:
        if not os.path.isfile(os.path.join(INCLUDE, "Python.h")):
            self.skipTest("no Python.h")
        self.compile(path, name, level)
        sys.path.insert(0, self.folder)
        try:
            return importlib.import_module(name).run
        finally:
            sys.path.remove(self.folder)

    def test_a_reference_that_is_taken(self) -> None:
        run = self.load(os.path.join(EXTENSIONS, "argument_taken.c"), "argument_taken")
        thing = Thing()
        with kaa.watch(thing) as w:
            for _ in range(3):
                run(thing)  # taken
        found = [one for one in w.sites if one.extension]
        self.assertEqual(
            [(one.c_function, one.library, one.extension, one.up, one.down) for one in found],
            [("run", "argument_taken.so", "run in argument_taken.so", 3, 0)],
        )
        self.assertEqual((found[0].file, found[0].line), (__file__, support.line_of(__file__, "taken")))
        self.assertTrue(found[0].function.endswith("test_a_reference_that_is_taken"))
        self.assertEqual(w.balance, 3)

    def test_a_reference_that_was_not_owned(self) -> None:
        run = self.load(os.path.join(EXTENSIONS, "item_released.c"), "item_released")
        thing = Thing()
        items = (thing,) * 5
        with kaa.watch(thing) as w:
            for _ in range(2):
                run(items)
        found = [one for one in w.sites if one.extension]
        self.assertEqual(
            [(one.c_function, one.extension, one.up, one.down) for one in found],
            [("run", "run in item_released.so", 0, 2)],
        )
        self.assertEqual(w.balance, -2)
        kept.extend([thing] * 2)
        for one in kept[-2:]:  # what was given up is taken again
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(one))

    def test_what_an_extension_calls(self) -> None:
        run = self.load(self.write("twice", TWICE), "twice")
        thing, into = Thing(), []  # type: ignore[var-annotated]
        arguments = (into, thing)
        with kaa.watch(thing) as w:
            run(arguments)
        found = [one for one in w.changes if one.extension == "run in twice.so"]
        self.assertEqual([one.by for one in found], [1, 1])
        self.assertEqual([one.library == "twice.so" for one in found], [True, False])
        self.assertEqual(w.balance, 2)

    def test_an_extension_that_is_not_optimised(self) -> None:
        source = TWICE.replace("(twice)", "(slow)")
        run = self.load(self.write("slow", source), "slow", "-O0")
        thing, into = Thing(), []  # type: ignore[var-annotated]
        arguments = (into, thing)
        with kaa.watch(thing) as w:
            run(arguments)
        found = [one.extension for one in w.changes if one.extension]
        self.assertEqual(found, ["run in slow.so"] * 2)

    def test_a_change_without_the_lock(self) -> None:
        kind = "int" if sys.version_info >= (3, 12) else "long"
        library = ctypes.CDLL(self.compile(self.write("touch", TOUCH % kind), "touch"))
        thing = Thing()
        at = id(thing) + (12 if FREE_THREADED else 0)
        with kaa.watch(thing) as w:
            library.touch(ctypes.c_void_p(at))
        found = [one for one in w.changes if one.c_function == "touch"]
        self.assertEqual([one.by for one in found], [1, -1])
        self.assertIn("2 changes were made by threads that may make none", str(w))


# A filter of system calls that refuses perf_event_open(): seccomp(2).
REFUSED = """
import ctypes, struct, sys, kaa
libc = ctypes.CDLL(None, use_errno=True)
code = b"".join(struct.pack("HBBI", *one) for one in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 298), (0x06, 0, 0, 0x00050000 | int(sys.argv[1])),
    (0x06, 0, 0, 0x7FFF0000)))
program = ctypes.create_string_buffer(code, len(code))
filter = struct.pack("HxxxxxxQ", 4, ctypes.addressof(program))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter):
    sys.exit("no filters here")
try:
    kaa.watch([]).start()
except kaa.Error as error:
    print(type(error).__name__, error)
"""


class Refused(unittest.TestCase):
    def refuse(self, number: int) -> str:
        done = run_alone(REFUSED, str(number))
        if done.returncode:
            self.skipTest(done.stderr)
        return done.stdout

    @unittest.skipIf(REASON, REASON)
    def test_not_allowed(self) -> None:
        said = self.refuse(1)
        self.assertIn("UnsupportedError no hardware watchpoint: the system refuses", said)
        self.assertIn("sysctl -w kernel.perf_event_paranoid=2", said)
        self.assertIn("CAP_PERFMON", said)

    @unittest.skipIf(REASON, REASON)
    def test_no_such_thing(self) -> None:
        self.assertIn("UnsupportedError this machine has no hardware watchpoints", self.refuse(19))
        self.assertIn("need Linux 5.13 or later", self.refuse(38))
        self.assertIn("LimitError all hardware watchpoints are in use", self.refuse(28))
        self.assertIn("OperatingSystemError a hardware watchpoint takes a file", self.refuse(24))

    @unittest.skipIf(not REASON or "Sanitizer" in REASON, "counts can be watched here")
    def test_the_reason_is_told(self) -> None:
        with self.assertRaises(kaa.UnsupportedError) as caught:
            kaa.watch(Thing()).start()
        self.assertTrue(str(caught.exception))


if __name__ == "__main__":
    unittest.main()
