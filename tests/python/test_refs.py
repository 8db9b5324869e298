"""kaa.refs: what grows with each call, leaks told from caches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Callable, List, Tuple

import kaa
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

    def test_cycles_are_no_leak(self) -> None:
        def cycle() -> None:
            one: Any = Thing()
            one.self = one

        self.assertEqual(self.grown(cycle), [])

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


@unittest.skipIf(PYPY, "this interpreter counts neither blocks nor references")
class Command(unittest.TestCase):
    def refs(self, text: str) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "script.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return subprocess.run(
                [sys.executable, "-m", "kaa", "refs", "--rounds", "6", path],
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

    def test_a_program_that_fails(self) -> None:
        self.assertEqual(self.refs("raise SystemExit(4)").returncode, 4)


if __name__ == "__main__":
    unittest.main()
