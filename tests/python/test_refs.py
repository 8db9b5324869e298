"""kaa.refs: what grows with each call, leaks told from caches."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from typing import Any, Callable, List, Tuple

import kaa
import kaa.objects
import support
from kaa import refs

WRONG = os.path.join(os.environ.get("KAA_TEST_MODULES", ""), "wrong.kaa.so")
PYPY = sys.implementation.name != "cpython"


class Thing:
    pass


kept: List[Any] = []
cache: dict = {}


@unittest.skipIf(PYPY, "this interpreter counts neither blocks nor references")
class Check(unittest.TestCase):
    def grown(self, function: Callable[[], Any]) -> List[Tuple[str, str, str]]:
        report = refs.check(function, rounds=8)
        return [(one.kind, one.name, one.verdict) for one in report.growth]

    def test_nothing(self) -> None:
        self.assertEqual(self.grown(lambda: json.dumps([1.5, {"a": None}])), [])

    def test_objects(self) -> None:
        report = refs.check(lambda: [kept.append(Thing()) for _ in range(3)], rounds=8)
        found = report.growth[0]
        self.assertEqual(
            (found.kind, found.name, found.verdict), ("objects", f"{__name__}.Thing", "leak")
        )
        self.assertEqual((found.per_round, report.rounds, len(found.counts)), (3.0, 8, 8))
        if sys.version_info[:2] != (3, 11):  # whose tracemalloc misses instances
            self.assertEqual(found.file, __file__)
            self.assertEqual(found.bytes_per_round, 3 * sys.getsizeof(Thing(), 0))

    def test_cycles_are_no_leak(self) -> None:
        def cycle() -> None:
            one: Any = Thing()
            one.self = one

        self.assertEqual(self.grown(cycle), [])

    @unittest.skipIf(sysconfig.get_config_var("Py_GIL_DISABLED"), "functions end later there")
    def test_new_classes_are_no_leak(self) -> None:
        def make() -> None:
            for i in range(20):
                kind = type("Made", (), {f"method_{i}": lambda self: None})
                getattr(kind(), f"method_{i}")()

        self.assertEqual(self.grown(make), [])

    def test_a_cache_is_no_leak(self) -> None:
        def fill() -> None:
            if len(cache) < 500:
                for _ in range(100):
                    cache[len(cache)] = Thing()

        found = self.grown(fill)
        self.assertIn(("objects", f"{__name__}.Thing", "cache"), found)
        self.assertNotIn("leak", [verdict for _, _, verdict in found])

    @unittest.skipUnless(support.BRIDGE, "other objects than the interpreter's")
    def test_an_extension(self) -> None:
        wrong = kaa.import_module(WRONG)
        found = self.grown(lambda: [wrong.append_leaked() for _ in range(5)])
        self.assertIn(("blocks", "blocks of memory", "leak"), found)
        if sys.version_info < (3, 12):
            for _ in range(1000):
                kept.append(None)
            found = self.grown(lambda: [wrong.none_borrowed() for _ in range(5)])
            self.assertEqual(found, [("singleton", "None", "leak")])

    def test_assertion(self) -> None:
        refs.assert_no_leaks(lambda: None)
        with self.assertRaisesRegex(AssertionError, r"Thing \+1\.0 a round"):
            refs.assert_no_leaks(lambda: kept.append(Thing()))

    def test_errors(self) -> None:
        with self.assertRaisesRegex(ValueError, "rounds=5: at least 6"):
            refs.check(lambda: None, 5)
        with self.assertRaises(ZeroDivisionError):
            refs.check(lambda: 1 // 0)


AVAILABLE, WHY = kaa.objects.is_available()
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@support.audits
@unittest.skipUnless(AVAILABLE, WHY)
class Audit(unittest.TestCase):
    """What other tests and Python itself have lost is told too: only the difference of what
    is done here counts."""

    def found(self, kind: str) -> List[Any]:
        report = kaa.audit()
        self.assertGreater(report.objects, 10_000)
        self.assertEqual(json.loads(report.to_json())["subject"], "all objects")
        return [one for one in report.suspects if one.type == kind]

    def test_taken_and_lost(self) -> None:
        name = f"{__name__}.Thing"
        self.assertEqual(self.found(name), [])
        thing = Thing()
        for _ in range(200):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
        suspects = self.found(name)
        for _ in range(200):
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(thing))
        (found,) = suspects
        self.assertGreaterEqual(found.count, 201)
        # Each address that was left in memory hides one.
        self.assertIn(found.count - found.found, range(100, 201))
        self.assertIn("references were taken and are held by nobody", found.text)
        self.assertEqual(self.found(name), [])

    def test_given_up_and_not_owned(self) -> None:
        name = f"{__name__}.Thing"
        things = [Thing()] * 50
        for _ in range(10):
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(things[0]))
        found = self.found(name)
        for _ in range(10):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(things[0]))
        self.assertEqual(len(found), 1)
        self.assertLess(found[0].count, found[0].found)
        self.assertIn("given up that were not owned: it will be freed in use", found[0].text)
        self.assertIn("referred to by list 50 items [0]", found[0].text)

    @unittest.skipIf(FREE_THREADED, "not found here, as kaa.audit() says")
    def test_what_nothing_refers_to(self) -> None:
        def lose() -> None:
            for i in range(500):
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(i + 0.125))

        before = sum(one.count for one in self.found("float"))
        lose()
        lost = sum(one.count for one in self.found("float")) - before
        # Addresses in memory that was given back hide some.
        self.assertIn(lost, range(250, 501))

    def test_what_c_code_keeps_is_no_suspect(self) -> None:
        """An address anywhere in memory is a reference."""
        things = [Thing() for _ in range(100)]
        words = (ctypes.c_void_p * 100)(*map(id, things))
        for one in things:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(one))
        del one, things
        self.assertEqual(self.found(f"{__name__}.Thing"), [])
        for address in words:
            ctypes.pythonapi.Py_DecRef(ctypes.c_void_p(address))

    def test_cycles_caches_and_threads_are_no_suspects(self) -> None:
        import threading

        def run() -> None:
            own = Thing()
            ready.set()
            over.wait()
            del own

        ready, over = threading.Event(), threading.Event()
        thread = threading.Thread(target=run)
        thread.start()
        ready.wait()
        cycle: Any = Thing()
        cycle.self = cycle
        del cycle
        self.assertEqual(self.found(f"{__name__}.Thing"), [])
        over.set()
        thread.join()


@unittest.skipIf(PYPY, "this interpreter counts neither blocks nor references")
class Command(unittest.TestCase):
    def refs(self, text: str, *options: str) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "script.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return subprocess.run(
                [sys.executable, "-m", "kaa", "refs", *(options or ("--rounds", "6")), path],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                universal_newlines=True,
                timeout=120,
            )

    def test_a_leak(self) -> None:
        done = self.refs("import json\nclass A: pass\njson.kept = getattr(json, 'kept', []) + [A()]")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("__main__.A", done.stderr)

    def test_none(self) -> None:
        done = self.refs("print('one round')")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(done.stdout.count("one round"), 7)

    @support.audits
    @unittest.skipUnless(AVAILABLE, WHY)
    def test_audit(self) -> None:
        done = self.refs("print('one run')", "--audit")
        self.assertEqual((done.returncode, done.stdout), (0, "one run\n"), done.stderr)
        self.assertIn("Every reference count is right.", done.stderr)
        lose = "import ctypes\nclass A: pass\na = A()\n"
        lose += "for _ in range(20): ctypes.pythonapi.Py_IncRef(ctypes.py_object(a))"
        done = self.refs(lose, "--audit")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"__main__\.A .*references were taken and are held by nobody")

    def test_a_program_that_fails(self) -> None:
        self.assertEqual(self.refs("raise SystemExit(4)").returncode, 4)


if __name__ == "__main__":
    unittest.main()
