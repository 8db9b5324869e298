"""kaa.gil.sample(): a child of the process reads its memory, and puts nothing in."""

from __future__ import annotations

import os
import tempfile
import threading
import unittest

import kaa
import kaa.gil
import support

AVAILABLE, WHY = kaa.gil.is_available()
PROGRAM = """
import threading, time
def spin():
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        pass
thread = threading.Thread(target=spin)
thread.start()
thread.join()
print("done")
"""


@unittest.skipUnless(AVAILABLE, WHY)
@unittest.skipIf("KAA_TEST_SANITIZE" in os.environ, "reads what the sanitizer hides")
class Sampled(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        try:
            kaa.gil.sample().start().stop()
        except kaa.UnsupportedError as error:
            raise unittest.SkipTest(str(error))

    def children(self) -> int:
        """How many processes this one has."""
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return len(file.read().split())

    def test_what_is_seen(self) -> None:
        over = threading.Event()

        def spin() -> None:
            while not over.is_set():
                for _ in range(1000):
                    pass  # spin

        thread = threading.Thread(target=spin, name="spin")
        with kaa.gil.sample(0.001) as m:
            thread.start()
            line = support.line_of(__file__, "spin") - 1
            support.until(lambda: [one for one in m.hogs() if one.line in (line, line + 1)])
            over.set()
            thread.join()
        recording = m.recording()
        self.assertEqual(recording.mode, "sample")
        self.assertEqual(recording.pid, os.getpid())
        names = [one.name for one in recording.threads]
        self.assertIn("MainThread", names)
        self.assertIn("spin", names)
        for one in recording.threads:
            whole = one.held_ns + one.waited_ns + one.off_ns
            self.assertEqual(whole, one.end_ns - one.start_ns)
        self.assertIs(m.stop(), recording)

    def test_nothing_is_left(self) -> None:
        before = (self.children(), len(os.listdir("/proc/self/fd")))
        for _ in range(2):
            with kaa.gil.sample() as m:
                self.assertEqual(self.children(), before[0] + 1)
            self.assertGreater(m.recording().wall_ns, 0)
        self.assertEqual((self.children(), len(os.listdir("/proc/self/fd"))), before)

    def test_mistakes(self) -> None:
        for interval in (0, -1, 100, float("nan")):
            with self.assertRaisesRegex(ValueError, "interval must be"):
                kaa.gil.sample(interval)
        m = kaa.gil.sample()
        with self.assertRaisesRegex(RuntimeError, "recorded nothing"):
            m.recording()
        with m:
            with self.assertRaisesRegex(RuntimeError, "started already"):
                m.start()

    def test_a_child_that_is_killed(self) -> None:
        m = kaa.gil.sample().start()
        m._child._process.kill()
        with self.assertRaisesRegex(kaa.UnsupportedError, "is gone"):
            m.stop()

    def test_command(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path, out = (os.path.join(folder, name) for name in ("spin.py", "out"))
            with open(path, "w") as file:
                file.write(PROGRAM)
            done = support.run_python(
                "-m", "kaa", "gil", "run", "-q", "--sample", "--json", out, path
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, "done\n")
            with open(out) as file:
                recording = kaa.gil.Recording.from_json(file.read())
        self.assertEqual(recording.mode, "sample")
        self.assertEqual(recording.children, [])


if __name__ == "__main__":
    unittest.main()
