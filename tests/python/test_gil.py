"""What the trace of the GIL says of programs whose holds and waits are known.

No test asserts a speed. What a thread did is measured a second time, by the thread
itself, and compared; counts and lines are exact.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
import unittest
import warnings
from typing import Any, Callable, List

import kaa.gil
import support

AVAILABLE, WHY = kaa.gil.is_available()
HERE = os.path.basename(__file__)


class Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_int64), ("ns", ctypes.c_int64)]


def run(*functions: Callable[[], None]) -> None:
    """Runs each on a thread that is named like it."""
    threads = [threading.Thread(target=one, name=one.__name__) for one in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def by_name(recording: Any, name: str) -> Any:
    found = [one for one in recording.threads if one.name == name]
    assert len(found) == 1, [one.name for one in recording.threads]
    return found[0]


def at_line(places: List[Any], marker: str) -> Any:
    number = support.line_of(__file__, marker)
    found = [
        one
        for one in places
        if os.path.basename(one.file) == HERE and one.line == number
    ]
    assert found, (number, [(one.file, one.line) for one in places])
    return found[0]


@unittest.skipUnless(AVAILABLE, WHY)
class Truth(unittest.TestCase):
    def close(self, found: float, expected: float, slack_ns: float = 1e6) -> None:
        """Within 1 %, and a slack for what lies between two clocks' readings."""
        self.assertLessEqual(abs(found - expected), expected / 100 + slack_ns)

    def forced_by_others(self, recording: Any, name: str) -> None:
        """No thread lets go because it is asked more often than others asked."""
        asked = sum(one.contended for one in recording.threads if one.name != name)
        self.assertLessEqual(by_name(recording, name).forced, asked)

    def check_sums(self, recording: Any) -> None:
        self.assertTrue(recording.threads)
        self.assertEqual([one for one in recording.notes if "not known" in one], [])
        for one in recording.threads:
            with self.subTest(thread=one.name):
                life = one.end_ns - one.start_ns
                self.assertEqual(one.held_ns + one.waited_ns + one.off_ns, life)
                if not one.id:
                    continue  # the sum of many
                self.assertLessEqual(one.end_ns, recording.wall_ns)
                spans = one.timeline
                self.assertEqual(sum(s.end_ns - s.start_ns for s in spans), life)
                for state, whole in (
                    ("held", one.held_ns),
                    ("waiting", one.waited_ns),
                ):
                    part = "held_ns" if state == "held" else "waited_ns"
                    kept = sum(
                        s.end_ns - s.start_ns
                        if s.state == state
                        else getattr(s, part)
                        for s in spans
                    )
                    self.close(kept, whole, 2000 + len(spans))
        main = by_name(recording, "MainThread")
        self.assertEqual(main.end_ns - main.start_ns, recording.wall_ns)

    @support.eventually
    def test_holds(self) -> None:
        usleep = ctypes.PyDLL(None).usleep  # keeps the GIL
        measured = []

        def holder() -> None:
            for _ in range(5):
                before = time.perf_counter_ns()
                usleep(30000)  # hold
                measured.append(time.perf_counter_ns() - before)
                time.sleep(0.001)

        with kaa.gil.monitor() as m:
            run(holder)
        recording = m.recording()
        self.check_sums(recording)
        thread = by_name(recording, "holder")
        self.assertGreaterEqual(thread.held_ns, 0.999 * sum(measured))
        hog = m.hogs()[0]
        self.assertEqual(hog, at_line(m.hogs(), "hold"))
        self.assertIn("holder", hog.function)
        self.assertEqual(hog.source, "usleep(30000)  # hold")
        self.assertEqual(hog.count, 5)
        self.assertEqual(hog.c_function, "blocked in clock_nanosleep")
        self.assertGreaterEqual(hog.held_ns, 0.999 * sum(measured) - 5e6)
        self.assertLessEqual(thread.held_ns, 1.01 * sum(measured) + 5e6)
        self.assertGreaterEqual(thread.held_max_ns, 30000000)
        self.assertLessEqual(thread.held_max_ns, 1.01 * max(measured) + 1e6)
        self.assertEqual(thread.forced + thread.voluntary, thread.acquired)

    @support.eventually
    def test_waits(self) -> None:
        usleep = ctypes.PyDLL(None).usleep
        clock = ctypes.CDLL(None).clock_gettime  # without the GIL
        clock.argtypes = [ctypes.c_int, ctypes.POINTER(Time)]
        measured = []
        over = threading.Event()

        def holder() -> None:
            for _ in range(8):
                usleep(20000)
                time.sleep(0.002)
            over.set()

        def waiter() -> None:
            at = Time()
            pointer = ctypes.byref(at)
            while not over.is_set():
                clock(1, pointer)  # wait
                now = time.monotonic_ns()
                measured.append(now - at.seconds * 1000000000 - at.ns)

        with kaa.gil.monitor(threshold=0.000001) as m:
            run(holder, waiter)
        recording = m.recording()
        self.check_sums(recording)
        self.forced_by_others(recording, "waiter")
        here = at_line(m.victims(), "wait")
        self.assertLess(here.waited_ns, 1.001 * sum(measured))
        self.close(here.waited_ns, sum(measured), 2000 * len(measured))

    @support.eventually
    def test_the_call_that_holds(self) -> None:
        """What a line was in a call of, while that ran; and of the hold that is not
        over when the monitor ends."""
        items = [hash(str(i)) for i in range(300000)]
        with kaa.gil.monitor() as m:
            items.sort()  # call
        first = m.hogs()[0]
        self.assertEqual(first.line, support.line_of(__file__, "call"))
        self.assertIn(first.c_function, ("items.sort", "sort"))

    @support.eventually
    def test_holds_of_code_that_nobody_asks(self) -> None:
        """The lines are those of the work, not of the call that ends the hold."""

        def worker() -> None:
            total = 0
            for _ in range(3):
                end = time.perf_counter_ns() + 40000000
                while time.perf_counter_ns() < end:
                    total += 1  # work
                time.sleep(0.001)  # rest

        with kaa.gil.monitor() as m:
            run(worker)
        first = m.hogs()[0]
        self.assertIn(first.line, (support.line_of(__file__, "work"), support.line_of(__file__, "work") - 1))
        at_rest = [one for one in m.hogs() if one.line == support.line_of(__file__, "rest")]
        self.assertLess(sum(one.held_ns for one in at_rest), 20000000)

    def test_sleeps_are_off(self) -> None:
        def sleeper() -> None:
            for _ in range(20):
                time.sleep(0.005)  # sleep

        with kaa.gil.monitor() as m:
            run(sleeper)
        self.check_sums(m.recording())
        thread = by_name(m.recording(), "sleeper")
        self.forced_by_others(m.recording(), "sleeper")
        self.assertGreaterEqual(thread.voluntary, 20)
        self.assertGreaterEqual(thread.off_ns, 20 * 5000000)

    def test_forced_and_voluntary(self) -> None:
        """Who computes lets go only when asked, who reads and writes at each call."""
        stop = threading.Event()
        counts = {"cpu_1": 0, "cpu_2": 0}

        def compute(name: str) -> None:
            while not stop.is_set():
                counts[name] += 1

        def cpu_1() -> None:
            compute("cpu_1")

        def cpu_2() -> None:
            compute("cpu_2")

        def pipe() -> None:
            reader, writer = os.pipe()
            for _ in range(2000):
                os.write(writer, b"x")
                os.read(reader, 1)
            os.close(reader)
            os.close(writer)
            # Each has run, and this runs again: they were asked, ten times.
            for _ in range(10):
                before = dict(counts)
                support.until(lambda: all(counts[one] > before[one] for one in before))
            stop.set()

        old = sys.getswitchinterval()
        sys.setswitchinterval(0.0001)
        try:
            with kaa.gil.monitor() as m:
                run(cpu_1, cpu_2, pipe)
        finally:
            sys.setswitchinterval(old)
        recording = m.recording()
        self.check_sums(recording)
        thread = by_name(recording, "pipe")
        self.assertGreaterEqual(thread.voluntary, 4000)
        self.forced_by_others(recording, "pipe")
        for name in ("cpu_1", "cpu_2"):
            one = by_name(recording, name)
            self.assertGreaterEqual(one.forced, 10)
            # Its start, its end, and the event's lock.
            self.assertLess(one.voluntary, 20)
            self.assertIn(one.kind, ("cpu-bound", "hog"))

    @support.eventually
    def test_locks_and_joins_are_off(self) -> None:
        lock = threading.Lock()
        lock.acquire()

        def blocked() -> None:
            with lock:
                pass

        def joiner() -> None:
            other.join()

        other = threading.Thread(target=blocked, name="blocked")
        with kaa.gil.monitor() as m:
            other.start()
            joining = threading.Thread(target=joiner, name="joiner")
            joining.start()
            # Until they have waited for long, and the watcher has looked.
            names = ("blocked", "joiner")
            support.until(
                lambda: all(
                    by_name(m.recording(), name).off_by.get("futex", 0) > 80000000
                    for name in names
                )
            )
            lock.release()
            joining.join()
        recording = m.recording()
        self.check_sums(recording)
        for name in names:
            thread = by_name(recording, name)
            self.assertGreater(thread.off_by["futex"], 80000000)
            self.assertGreaterEqual(thread.off_ns, thread.off_by["futex"])
            self.forced_by_others(recording, name)
        for name in names:
            self.assertEqual(by_name(recording, name).kind, "lock-bound")

    @support.eventually
    def test_c_code_that_lets_go_is_off(self) -> None:
        import hashlib
        import zlib

        data = os.urandom(2000000)

        def packer() -> None:
            for _ in range(3):
                zlib.compress(data)

        def hasher() -> None:
            for _ in range(10):
                hashlib.sha256(data).digest()

        with kaa.gil.monitor() as m:
            run(packer, hasher)
        self.check_sums(m.recording())
        for name in ("packer", "hasher"):
            thread = by_name(m.recording(), name)
            self.assertGreater(thread.off_ns, 2 * thread.held_ns)

    def test_threads_from_before_and_silent_ones(self) -> None:
        stop, silent_stop = threading.Event(), threading.Event()
        silent = threading.Thread(target=silent_stop.wait, name="silent")
        before = threading.Thread(
            target=lambda: stop.wait() and sum(range(100000)), name="before"
        )
        silent.start()
        before.start()
        for one in (silent, before):
            support.until(lambda: support.blocks_in_futex(one.native_id))
        with kaa.gil.monitor() as m:
            time.sleep(0.05)
            stop.set()
            before.join()
            time.sleep(0.02)
        silent_stop.set()
        silent.join()
        recording = m.recording()
        self.check_sums(recording)
        thread = by_name(recording, "before")
        self.assertEqual(thread.start_ns, 0)
        self.assertGreaterEqual(thread.off_ns, 50000000)
        thread = by_name(recording, "silent")
        self.assertEqual(thread.off_ns, recording.wall_ns)

    def test_subinterpreters_with_their_own_gil(self) -> None:
        if sys.version_info < (3, 12):
            self.skipTest("subinterpreters share the GIL before 3.12")
        try:
            import _interpreters as interpreters  # type: ignore
        except ImportError:
            import _xxsubinterpreters as interpreters  # type: ignore
        create = interpreters.create
        arguments: Any = {"isolated": True} if sys.version_info < (3, 13) else {}

        def sub() -> None:
            one = create(**arguments)
            interpreters.run_string(
                one, "import time\nfor _ in range(20): time.sleep(0.001)"
            )
            interpreters.destroy(one)

        with kaa.gil.monitor() as m:
            run(sub)
        self.check_sums(m.recording())
        thread = by_name(m.recording(), "sub")
        self.assertGreaterEqual(thread.acquired, 20)
        self.assertGreaterEqual(thread.off_ns, 20000000)
        notes = [one for one in m.recording().notes if "GILs of their own" in one]
        self.assertEqual(len(notes), 1)

    def test_many_threads(self) -> None:
        with kaa.gil.monitor() as m:
            threads = [
                threading.Thread(target=time.sleep, args=(0.001,), name=f"many-{i}")
                for i in range(200)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.check_sums(m.recording())
        names = {one.name for one in m.threads if one.name.startswith("many-")}
        self.assertEqual(len(names), 200)

    def test_threads_without_end(self) -> None:
        """Those that find no room any more are summed up; none is lost."""
        with kaa.gil.monitor() as m:
            for _ in range(1500):
                thread = threading.Thread(target=int)
                thread.start()
                thread.join()
        recording = m.recording()
        self.check_sums(recording)
        gone = by_name(recording, "ended threads")
        self.assertGreater(gone.acquired, 300)
        self.assertLess(gone.held_ns, recording.wall_ns)
        acquired = sum(one.acquired for one in recording.threads)
        self.assertGreaterEqual(acquired, 1500)
        self.assertLess(len(recording.threads), 1500)
        self.assertEqual([n for n in recording.notes if "no room" in n], [])


@unittest.skipUnless(AVAILABLE, WHY)
class Monitors(unittest.TestCase):
    @support.eventually
    def test_nested(self) -> None:
        usleep = ctypes.PyDLL(None).usleep
        with kaa.gil.monitor() as outer:
            for _ in range(3):
                usleep(20000)  # outer
                time.sleep(0.001)
            with kaa.gil.monitor() as inner:
                for _ in range(3):
                    usleep(10000)  # inner
                    time.sleep(0.001)
        self.assertLess(inner.recording().wall_ns, outer.recording().wall_ns)
        at_line(inner.hogs(), "inner")
        at_line(outer.hogs(), "outer")
        at_line(outer.hogs(), "inner")
        for hog in inner.hogs():
            self.assertNotEqual(hog.line, support.line_of(__file__, "outer"))
        self.assertEqual(
            max(one.held_max_ns for one in outer.threads),
            max(one.held_max_ns for one in outer.hogs()),
        )
        self.assertGreaterEqual(
            max(one.held_max_ns for one in outer.threads),
            max(one.held_max_ns for one in inner.threads),
        )

    def test_overlapping_on_threads(self) -> None:
        def work() -> None:
            for _ in range(20):
                with kaa.gil.monitor() as m:
                    time.sleep(0.001)
                self.assertGreaterEqual(m.recording().wall_ns, 1000000)

        with kaa.gil.monitor():
            run(*[work] * 4)

    def test_misuse(self) -> None:
        m = kaa.gil.monitor()
        with self.assertRaisesRegex(RuntimeError, "recorded nothing"):
            m.recording()
        m.start()
        with self.assertRaisesRegex(RuntimeError, "started already"):
            m.start()
        m.stop()
        self.assertEqual(m.stop(), m.recording())
        with self.assertRaisesRegex(ValueError, "threshold must be"):
            kaa.gil.monitor(threshold=-1)

    def test_running(self) -> None:
        with kaa.gil.monitor() as m:
            first = m.recording().wall_ns
            time.sleep(0.001)
            self.assertGreater(m.recording().wall_ns, first)

    @support.threads_after_fork
    def test_fork(self) -> None:
        with kaa.gil.monitor() as m:
            pid = os.fork()
            if not pid:
                code = 1
                try:
                    with kaa.gil.monitor() as own:
                        time.sleep(0.001)
                    code = 0 if own.recording().pid == os.getpid() else 2
                finally:
                    os._exit(code)
            _, status = os.waitpid(pid, 0)
        self.assertEqual(status, 0)
        self.assertEqual(m.recording().pid, os.getpid())

    @support.threads_after_fork
    def test_fork_is_not_warned_of(self) -> None:
        """kaa's own thread is gone then, and there again afterwards."""

        def names() -> List[str]:
            made = []
            for one in os.listdir("/proc/self/task"):
                with open(f"/proc/self/task/{one}/comm") as file:
                    made.append(file.read().strip())
            return made

        with kaa.gil.monitor(), warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            support.until(lambda: "kaa-watch" in names())
            for _ in range(3):
                pid = os.fork()
                if not pid:
                    os._exit(0)
                self.assertEqual(os.waitpid(pid, 0)[1], 0)
            self.assertEqual([str(one.message) for one in seen], [])
            time.sleep(0.001)
            support.until(lambda: names().count("kaa-watch") == 1)

    def test_round_trip(self) -> None:
        with kaa.gil.monitor() as m:
            run(lambda: sum(range(1000000)))
        made = kaa.gil.Recording.from_json(m.json())
        self.assertEqual(made, m.recording())
        self.assertIn("MainThread", str(m))


@unittest.skipUnless(AVAILABLE, WHY)
class Metrics(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(kaa.gil.stop_counters)

    def test_counters_never_decrease(self) -> None:
        first = kaa.gil.counters()
        time.sleep(0.02)
        second = kaa.gil.counters()
        for name, value in first.items():
            self.assertLessEqual(value, second[name], name)
        self.assertGreaterEqual(second["off_seconds"] - first["off_seconds"], 0.02)

    def test_prometheus(self) -> None:
        text = kaa.gil.prometheus()
        pattern = r'python_gil_(seconds|acquired|contended|forced|voluntary)_total'
        for line in text.splitlines():
            self.assertRegex(
                line,
                rf'^(# (HELP|TYPE) {pattern} .+|{pattern}({{state="\w+"}})? [0-9.]+)$',
            )
        self.assertIn('python_gil_seconds_total{state="waited"} ', text)

    def test_observe(self) -> None:
        try:
            import opentelemetry.metrics  # noqa: F401
        except ImportError:
            self.skipTest("opentelemetry-api is not installed")
        states = [one.attributes["state"] for one in kaa.gil.observe()]
        self.assertEqual(states, ["held", "waited", "off"])


@unittest.skipUnless(hasattr(ctypes, "pythonapi"), "only CPython has this GIL")
class Knock(unittest.TestCase):
    @support.eventually
    def test_idle_and_busy(self) -> None:
        idle = kaa.gil.knock(0.5)
        self.assertEqual((idle.mode, idle.threads), ("knock", []))
        self.assertGreater(idle.system["knocks"], 3)
        usleep = ctypes.PyDLL(None).usleep
        stop = threading.Event()

        def holder() -> None:
            while not stop.is_set():
                usleep(20000)

        thread = threading.Thread(target=holder)
        thread.start()
        try:
            busy = kaa.gil.knock(0.3)
        finally:
            stop.set()
            thread.join()
        if AVAILABLE:
            self.assertGreater(busy.system["waited_max_ns"], 5000000)
        self.assertIn("asked for the GIL", busy.notes[0])

    def test_misuse(self) -> None:
        with self.assertRaisesRegex(ValueError, "interval and seconds"):
            kaa.gil.knock(0)


@unittest.skipUnless(AVAILABLE, WHY)
class Alarms(unittest.TestCase):
    @support.eventually
    def test_long_holds(self) -> None:
        usleep = ctypes.PyDLL(None).usleep
        seen: List[Any] = []

        def holder() -> None:
            usleep(20000)
            time.sleep(0.001)
            usleep(80000)  # too long
            time.sleep(0.001)

        with kaa.gil.on_long_hold(0.05, seen.append):
            run(holder)
        mine = [one for one in seen if one.thread == "holder"]
        self.assertEqual(len(mine), 1, [str(one) for one in seen])
        self.assertGreaterEqual(mine[0].held, 0.08)
        self.assertEqual(mine[0].stack[0].line, support.line_of(__file__, "too long"))
        self.assertRegex(
            str(mine[0]), r"thread holder held the GIL for \d+ ms.*\n  File .*"
        )

    def test_default_warns(self) -> None:
        usleep = ctypes.PyDLL(None).usleep
        with self.assertLogs("kaa.gil", "WARNING") as logs:
            with kaa.gil.on_long_hold(0.02):
                usleep(50000)
                time.sleep(0.001)
        self.assertIn("held the GIL for", logs.output[0])

    def test_callback_that_raises(self) -> None:
        def bad(hold: Any) -> None:
            raise KeyError("mine")

        usleep = ctypes.PyDLL(None).usleep
        with self.assertLogs("kaa.gil", "ERROR") as logs:
            with kaa.gil.on_long_hold(0.02, bad) as alarm:
                usleep(50000)
                time.sleep(0.001)
        alarm.stop()
        self.assertIn("KeyError", logs.output[0])

    def test_bad_limit(self) -> None:
        with self.assertRaisesRegex(ValueError, "limit must be"):
            kaa.gil.on_long_hold(0)


if __name__ == "__main__":
    unittest.main()
