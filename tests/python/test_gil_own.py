"""Locks of kaa's own, of runtimes in a C library, in a recording of the GIL.

The library's threads say themselves how long they held or waited, from outside and
from inside of it; no test asserts a speed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import tempfile
import time
import unittest
from typing import Any, Iterator

import browser
import kaa.gil
import support
from kaa import _views
from kaa._views import text

LIBRARY = os.environ.get("KAA_TEST_LOCKS", "")
AVAILABLE, WHY = kaa.gil.is_available()
THREADS = ["first", "second", "third \u00e9"]
PROGRAM = """
import ctypes, sys, time
library = ctypes.CDLL(sys.argv[1])
library.locks_start.restype = ctypes.c_void_p
team = ctypes.c_void_p(library.locks_start(b"pantry"))
library.locks_work(team)
time.sleep(0.05)
library.locks_rest(team)
library.locks_leave(team)
"""


def library() -> Any:
    made = ctypes.CDLL(LIBRARY)
    made.locks_start.restype = ctypes.c_void_p
    for name in ("work", "rest", "leave", "outer_ns", "inner_ns", "end"):
        getattr(made, f"locks_{name}").argtypes = [ctypes.c_void_p]
    for name in ("outer_ns", "inner_ns"):
        getattr(made, f"locks_{name}").argtypes = [ctypes.c_void_p, ctypes.c_int]
        getattr(made, f"locks_{name}").restype = ctypes.c_uint64
    return made


@unittest.skipUnless(LIBRARY, "needs the tests' own library")
@unittest.skipUnless(support.BRIDGE, "needs the bridge")
@unittest.skipUnless(AVAILABLE or kaa.gil._is_free_threaded(), WHY)
class OwnLocks(unittest.TestCase):
    def setUp(self) -> None:
        self.library = library()

    @contextlib.contextmanager
    def team(self, name: bytes) -> Iterator[Any]:
        made = self.library.locks_start(name)
        self.assertTrue(made)
        yield made
        self.library.locks_end(made)

    def lock(self, recording: Any, name: str) -> Any:
        found = [one for one in recording.locks if one.name == name]
        self.assertEqual(len(found), 1, [one.name for one in recording.locks])
        return found[0]

    def check_lives(self, lock: Any, wall_ns: int) -> None:
        self.assertLessEqual(sum(one.held_ns for one in lock.threads), wall_ns)
        for one in lock.threads:
            if one.id:
                life = one.end_ns - one.start_ns
                self.assertEqual(one.held_ns + one.waited_ns + one.off_ns, life)
                self.assertLessEqual(life, lock.wall_ns)
        self.assertLessEqual(lock.wall_ns, wall_ns)

    def test_held_and_waited_are_what_threads_measured(self) -> None:
        with self.team(b"kitchen") as team:
            before = time.monotonic_ns()
            with kaa.gil.monitor() as m:
                self.library.locks_work(team)
                time.sleep(0.1)
                self.library.locks_rest(team)
            wall = time.monotonic_ns() - before
            self.library.locks_leave(team)
            lock = self.lock(m.recording(), "kitchen")
            self.assertEqual([one.name for one in lock.threads], THREADS)
            self.assertEqual(lock.switch_interval_ns, 1_000_000)
            self.check_lives(lock, wall)
            # Each has had it, and nobody lets go unless he is asked to.
            self.assertGreaterEqual(sum(one.contended for one in lock.threads), 2)
            self.assertGreaterEqual(sum(one.forced for one in lock.threads), 2)
            for number, one in enumerate(lock.threads):
                with self.subTest(thread=one.name):
                    outer = self.library.locks_outer_ns(team, number)
                    inner = self.library.locks_inner_ns(team, number)
                    self.assertGreater(inner, 0)
                    self.assertGreaterEqual(one.held_ns + one.waited_ns, inner)
                    self.assertLessEqual(one.held_ns + one.waited_ns, outer)
                    self.assertLessEqual(one.contended, one.acquired)
                    self.assertEqual(one.forced + one.voluntary, one.acquired)
                    self.assertGreaterEqual(one.held_max_ns, 1)
                    self.assertLessEqual(one.held_max_ns, one.held_ns)

    def test_what_is_on_at_the_begin_and_the_end_counts_from_and_to_it(self) -> None:
        with self.team(b"kitchen") as team:
            self.library.locks_work(team)
            time.sleep(0.05)
            before = time.monotonic_ns()
            with kaa.gil.monitor() as m:
                time.sleep(0.05)
                first = m.recording()
                time.sleep(0.05)
            wall = time.monotonic_ns() - before
            self.library.locks_rest(team)
            self.library.locks_leave(team)
            half, whole = (
                self.lock(one, "kitchen") for one in (first, m.recording())
            )
            self.check_lives(whole, wall)
            for early, late in zip(half.threads, whole.threads):
                # They do nothing else.
                self.assertGreater(late.held_ns + late.waited_ns, late.off_ns)
                self.assertGreaterEqual(late.held_ns, early.held_ns)
                self.assertGreaterEqual(late.waited_ns, early.waited_ns)
            with kaa.gil.monitor() as after:
                pass
            self.assertEqual([one.name for one in after.recording().locks], [])

    def test_a_sampled_recording_has_them_too(self) -> None:
        with self.team(b"kitchen") as team:
            try:
                with kaa.gil.sample(0.002) as m:
                    self.library.locks_work(team)
                    time.sleep(0.02)
                    self.library.locks_rest(team)
            except kaa.UnsupportedError as error:
                self.skipTest(str(error))
            finally:
                self.library.locks_work(team)
                self.library.locks_rest(team)
                self.library.locks_leave(team)
            lock = self.lock(m.recording(), "kitchen")
            self.assertEqual([one.name for one in lock.threads], THREADS)

    def test_threads_that_end_are_one_row(self) -> None:
        with self.team(b"kitchen") as team:
            with kaa.gil.monitor() as m:
                self.library.locks_work(team)
                time.sleep(0.02)
                self.library.locks_rest(team)
                self.library.locks_leave(team)
            (gone,) = self.lock(m.recording(), "kitchen").threads
            self.assertEqual((gone.name, gone.id), ("ended threads", 0))
            inner = sum(self.library.locks_inner_ns(team, one) for one in range(3))
            self.assertGreaterEqual(gone.held_ns + gone.waited_ns, inner)

    def test_each_runtime_has_its_own_and_those_that_end_are_told(self) -> None:
        with kaa.gil.monitor() as m:
            with self.team(b"garden") as garden:
                with self.team(b"kitchen") as kitchen:
                    for one in (garden, kitchen):
                        self.library.locks_work(one)
                        self.library.locks_rest(one)
                    both = m.recording()
                    for one in (garden, kitchen):
                        self.library.locks_leave(one)
        self.assertEqual([one.name for one in both.locks], ["garden", "kitchen"])
        self.assertEqual([len(one.threads) for one in both.locks], [3, 3])
        self.assertEqual([one for one in both.notes if "of kaa's own" in one], [])
        self.assertEqual(m.recording().locks, [])
        self.assertIn("2 locks of kaa's own ended", "\n".join(m.recording().notes))

    def test_orders_of_locks_are_where_deadlocks_are(self) -> None:
        with kaa.gil.monitor() as m:
            self.assertTrue(self.library.locks_take_both_ways())
        self.addCleanup(self.library.locks_drop_both)
        recording = m.recording()
        said = [one for one in recording.deadlocks if '"bread"' in one]
        self.assertEqual(len(said), 1, recording.deadlocks)
        self.assertIn('"butter"', said[0])
        self.assertIn(said[0], " ".join(m.table().split()))
        self.assertIn("LOCK ORDER", m.table())
        self.assertIn("butter", m.html())
        if not recording.deadlocks[1:]:
            self.assertNotIn("DEADLOCK", m.table())

    def recorded(self) -> kaa.gil.Monitor:
        with self.team(b"kit<chen>") as team:
            with kaa.gil.monitor() as m:
                self.library.locks_work(team)
                time.sleep(0.02)
                self.library.locks_rest(team)
            self.library.locks_leave(team)
        return m

    def test_table_json_and_page(self) -> None:
        m = self.recorded()
        recording = m.recording()
        again = kaa.gil.Recording.from_json(recording.to_json())
        self.assertEqual(again, recording)
        old = recording.to_data()
        del old["locks"]  # what an earlier kaa wrote
        self.assertEqual(kaa.gil.Recording.from_data(old).locks, [])
        lock = self.lock(recording, "kit<chen>")
        under = m.table().partition("Lock \"kit<chen>\" of kaa's own, held ")[2]
        self.assertIn("held, waited, off", under.splitlines()[1])
        rows = under.splitlines()[2:5]
        for one in lock.threads:
            (row,) = [row for row in rows if row.strip().startswith(one.name)]
            for ns in (one.held_ns, one.waited_ns, one.held_max_ns):
                self.assertIn(text.duration(ns), row)
            self.assertIn(f" {one.acquired} ", row)
        page = m.html()
        self.assertIn("kit&lt;chen&gt;", page)
        self.assertNotIn("kit<chen>", page.partition("<script")[0])

    def test_from_the_command_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w", encoding="ascii") as file:
                file.write(PROGRAM)
            page, data = (os.path.join(folder, one) for one in ("a.html", "a.json"))
            done = subprocess.run(
                [sys.executable, "-m", "kaa", "gil", "run", "--html", page]
                + ["--json", data, path, LIBRARY],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                universal_newlines=True,
                timeout=300,
            )
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn('Lock "pantry" of kaa\'s own', done.stdout)
            self.assertIn("ended threads", done.stdout)
            with open(data, encoding="utf-8") as file:
                read = kaa.gil.Recording.from_json(file.read())
            self.assertEqual([one.name for one in read.locks], ["pantry"])
            with open(page, encoding="utf-8") as file:
                self.assertIn("pantry", file.read())

    @unittest.skipUnless(browser.PROGRAM, "needs chromium")
    def test_page_in_a_browser(self) -> None:
        recording = self.recorded().recording()
        with tempfile.TemporaryDirectory() as folder, browser.Browser() as shown:
            path = os.path.join(folder, "page.html")
            with open(path, "w", encoding="ascii") as file:
                file.write(_views.html(recording))
            shown.open(path)
            self.assertEqual(shown.problems, [])
            self.assertEqual(shown.requests, [f"file://{path}"])


if __name__ == "__main__":
    unittest.main()
