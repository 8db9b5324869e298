"""What profiles of memory say of programs whose blocks are known.

The judge of exact figures is tracemalloc, at work below in the same run: what it and
kaa say of a line must be equal to the byte. Samples are held to the error that the
report states of itself.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Callable, Dict, List, Tuple

import kaa.heap
import kaa.objects
import support
from kaa.__main__ import main
from kaa._insight.heap_data import HeapReport

try:
    import tracemalloc
except ImportError:  # PyPy has none, nor a profile
    pass

AVAILABLE, WHY = kaa.heap.is_available(exact=True)
LONG = int(os.environ.get("KAA_TEST_LONG", "1"))


def lines_of(report: HeapReport) -> Dict[int, List[int]]:
    """Live bytes and blocks of each line of this file that has any."""
    made: Dict[int, List[int]] = {}
    for one in report.sites:
        if one.file == __file__ and one.live_blocks:
            sums = made.setdefault(one.line, [0, 0])
            sums[0] += one.live_bytes
            sums[1] += one.live_blocks
    return made


def at(report: HeapReport, marker: str) -> Tuple[int, int, int]:
    """Live, peak and allocated bytes of a line."""
    found = [
        one for one in report.sites if one.file == __file__ and one.line == support.line_of(__file__, marker)
    ]
    return (
        sum(one.live_bytes for one in found),
        sum(one.peak_bytes for one in found),
        sum(one.allocated_bytes for one in found),
    )


class Record:
    def __init__(self, number: int) -> None:
        self.number = number
        self.name = "record %d" % number


def program() -> List[Any]:
    """Small, large, growing, shrinking and moving blocks, of many kinds."""
    kept: List[Any] = [[bytes(1000) for _ in range(500)]]  # free list
    kept.append({i: str(i) for i in range(3000)})  # free list
    grown = bytearray(1000)
    for _ in range(50):
        grown += bytes(5000)
    kept.append(grown)
    kept.append([Record(i) for i in range(400)])  # free list
    kept.append({(i, i + 1) for i in range(1000)})  # free list
    shrinking = list(range(10_000))  # free list
    del shrinking[100:]
    kept.append(shrinking)
    kept.append(bytes(3_000_000))
    kept.append("".join(chr(300 + i % 50) for i in range(5000)))
    kept.append((float(i) for i in range(10)))
    return kept


def program_lines() -> List[int]:
    """The lines of program() that tracemalloc and kaa must agree on. From 3.14 on
    ints have a free list, and tracemalloc counts what comes from it for the line
    that takes it, kaa for the line that first asked for it."""
    first = program.__code__.co_firstlineno
    with open(__file__, encoding="utf-8") as file:
        texts = file.read().split("\n")
    end = texts.index("    return kept", first) + 1
    return [
        line
        for line in range(first + 1, end)
        if sys.version_info < (3, 14) or not texts[line - 1].endswith("# free list")
    ]


@unittest.skipUnless(AVAILABLE, WHY)
class Exact(unittest.TestCase):
    def test_is_what_tracemalloc_says(self) -> None:
        program()  # fills free lists and caches
        gc.disable()
        self.addCleanup(gc.enable)
        tracemalloc.start()
        try:
            with kaa.heap.profile(exact=True) as profile:
                kept = program()
                report = profile.report()
                said = tracemalloc.take_snapshot()
        finally:
            tracemalloc.stop()
        expected = {}
        for one in said.statistics("lineno"):
            if one.traceback[0].filename == __file__:
                expected[one.traceback[0].lineno] = [one.size, one.count]
        lines = lines_of(report)
        compared = program_lines()
        self.assertGreaterEqual(len(compared), 5)
        for line in compared:
            self.assertEqual(lines.get(line), expected.get(line), line)
        self.assertGreater(sum(lines[one][0] for one in compared if one in lines), 3_000_000)
        del kept

    def test_live_peak_and_allocated(self) -> None:
        size = sys.getsizeof(b"") + 100_000
        with kaa.heap.profile(exact=True) as profile:
            early = bytes(100_000)  # early
            for _ in range(3):
                passing = bytes(200_000)  # passing
                del passing
            late = bytes(50_000)  # late
        report = profile.report()
        self.assertEqual(at(report, "early"), (size, size, size))
        self.assertEqual(at(report, "passing"), (0, size + 100_000, 3 * (size + 100_000)))
        self.assertEqual(at(report, "late"), (size - 50_000, 0, size - 50_000))
        self.assertEqual(report.live_bytes, sum(one.live_bytes for one in report.sites))
        self.assertEqual(report.peak_bytes, sum(one.peak_bytes for one in report.sites))
        # Nothing of kaa's is in it, but for a few words of the profile's end.
        self.assertLess(report.live_bytes - 2 * size + 50_000, 2000)
        del early, late

    def test_blocks_of_before_and_after(self) -> None:
        before = [bytes(1000) for _ in range(100)]
        with kaa.heap.profile(exact=True) as profile:
            del before[:]
            after = [bytes(1000) for _ in range(100)]  # after
        size = sys.getsizeof(b"") + 1000
        self.assertGreaterEqual(at(profile.report(), "after")[0], 100 * size)
        del after[:]  # through the allocators themselves
        self.assertGreaterEqual(profile.report().live_bytes, 100 * size)

    def test_stacks(self) -> None:
        def inner() -> bytes:
            return bytes(10_000)  # inner

        def one() -> bytes:
            return inner()

        def two() -> bytes:
            return inner()

        with kaa.heap.profile(exact=True, frames=8) as profile:
            kept = [one(), two(), two()]
        report = profile.report()
        self.assertEqual(at(report, "inner")[0], 3 * (10_000 + sys.getsizeof(b"")))
        found = {}
        for use in report.uses:
            names = [frame.function.rpartition(".")[2] for frame in report.stacks[use.site]]
            if names[0] == "inner" and use.live_bytes:
                found[names[1]] = found.get(names[1], 0) + use.live_blocks
        self.assertEqual(found, {"one": 1, "two": 2})
        del kept

    def test_failed_allocations(self) -> None:
        with kaa.heap.profile(exact=True) as profile:
            block = bytearray(1000)
            before = profile.report().live_bytes
            for _ in range(3):
                with self.assertRaises(MemoryError):
                    block.extend(b"x") or bytes(2**62)
                with self.assertRaises((MemoryError, OverflowError)):
                    block *= 2**52
            grown = profile.report().live_bytes - before
        self.assertLess(grown, 5000)

    def test_many_sites(self) -> None:
        source = "\n".join(f"kept.append(bytes({1000 + i}))" for i in range(3000))
        code = compile(source, "many.py", "exec")
        kept: List[bytes] = []
        with kaa.heap.profile(exact=True) as profile:
            exec(code, {"kept": kept})
        sizes = {
            one.line: one.live_bytes
            for one in profile.report().sites
            if one.file == "many.py" and one.live_blocks == 1
        }
        empty = sys.getsizeof(b"")
        right = [line for line in sizes if sizes[line] == empty + 999 + line]
        self.assertGreater(len(right), 2900)  # the list grows at the others


@unittest.skipUnless(AVAILABLE, WHY)
class Sampled(unittest.TestCase):
    def test_is_within_its_error(self) -> None:
        misses = []
        for seed in range(1, 9):
            with kaa.heap.profile(every=16 * 1024, seed=seed) as profile:
                kept = [bytes(1000) for _ in range(20_000)]  # sampled
            report = profile.report()
            true = 20_000 * (1000 + sys.getsizeof(b"")) + sys.getsizeof(kept)
            estimate = at(report, "sampled")[0]
            self.assertTrue(0.02 < report.error < 0.2, report.error)
            misses.append((estimate - true) / true / report.error)
            self.assertEqual(report.mode, "sampled")
            del kept
        # Two standard errors: four are never seen, and the mean is not off.
        self.assertLess(max(map(abs, misses)), 2, misses)
        self.assertLess(abs(sum(misses)) / len(misses), 0.75, misses)

    def test_freed_blocks_are_gone(self) -> None:
        with kaa.heap.profile(every=1000) as profile:
            for _ in range(20):
                kept = [bytes(500 + i) for i in range(2000)]
                del kept
        report = profile.report()
        self.assertGreater(report.allocated_bytes, 20_000_000)
        self.assertLess(report.live_bytes, 100_000)
        self.assertGreater(report.peak_bytes, 2_000_000)

    def test_every_byte(self) -> None:
        """With a sample every byte a large block is never missed, nor scaled."""
        with kaa.heap.profile(every=1) as profile:
            kept = bytes(100_000)  # every byte
        self.assertEqual(at(profile.report(), "every byte")[0], sys.getsizeof(kept))


@unittest.skipUnless(AVAILABLE, WHY)
class Uses(unittest.TestCase):
    def test_wrong_use(self) -> None:
        for keywords in ({"every": 0}, {"every": 2**41}, {"frames": 0}, {"frames": 65},
                         {"seed": 0}):  # fmt: skip
            with self.assertRaises(ValueError):
                kaa.heap.profile(**keywords)
        with self.assertRaises(TypeError):
            kaa.heap.profile(every="1M")  # type: ignore
        profile = kaa.heap.profile()
        with self.assertRaises(RuntimeError):
            profile.report()
        with self.assertRaises(kaa.MisuseError):
            kaa.heap.snapshot()
        with profile:
            with self.assertRaisesRegex(kaa.MisuseError, "running already"):
                kaa.heap.profile().start()
            self.assertEqual(kaa.heap.snapshot().mode, "sampled")
        self.assertIs(profile.stop(), profile.report())

    def test_a_dropped_profile_ends(self) -> None:
        kaa.heap.profile().start()
        gc.collect()
        with kaa.heap.profile():
            pass

    def test_diff_and_growth(self) -> None:
        kept: List[bytes] = []

        def leak() -> None:
            kept.append(bytes(10_000))  # leak
            bytes(20_000)

        with kaa.heap.profile(exact=True) as profile:
            before = profile.snapshot()
            leak()
            grown = kaa.heap.diff(before, profile.snapshot()).sites()
        size = 10_000 + sys.getsizeof(b"")
        self.assertEqual(grown[0][0].line, support.line_of(__file__, "leak"))
        self.assertGreaterEqual(grown[0][1], size)
        found = kaa.heap.growth(leak, rounds=4)
        self.assertEqual([one[0].line for one in found.sites], [support.line_of(__file__, "leak")])
        self.assertTrue(size <= found.bytes < size + 100, found)
        self.assertIn("test_heap.py", str(found))
        self.assertFalse(kaa.heap.growth(lambda: bytes(10_000), rounds=4))

    def test_outputs(self) -> None:
        with kaa.heap.profile(exact=True) as profile:
            kept = bytes(123_456)
        data = json.loads(profile.json())
        self.assertEqual(data["sites"][0]["live_bytes"], sys.getsizeof(kept))
        self.assertEqual(HeapReport.from_json(profile.json()), profile.report())
        self.assertIn("test_heap.py", str(profile))
        self.assertIn("<html", profile.html())
        self.assertIn("ended", repr(profile))

    def test_tracemalloc_started_and_stopped_meanwhile(self) -> None:
        with kaa.heap.profile(exact=True) as profile:
            tracemalloc.start()
        with kaa.heap.profile(exact=True) as profile:
            kept = bytes(77_000)  # behind tracemalloc
            found = profile.report()
        tracemalloc.stop()  # puts ours back, which do nothing
        # and what tracemalloc noted of it
        self.assertIn(at(found, "behind tracemalloc")[0] - sys.getsizeof(kept), range(200))
        with kaa.heap.profile(exact=True) as profile:
            kept = bytes(78_000)
        self.assertIn(sys.getsizeof(kept), [one.live_bytes for one in profile.report().sites])
        tracemalloc.start()
        with kaa.heap.profile() as profile:
            tracemalloc.stop()  # throws ours out
            self.assertIn("took kaa's hooks out", " ".join(profile.report().notes))
        with kaa.heap.profile(exact=True) as profile:
            kept = bytes(79_000)
        self.assertIn(sys.getsizeof(kept), [one.live_bytes for one in profile.report().sites])
        self.assertFalse(profile.report().notes)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork()")
    def test_fork(self) -> None:
        with kaa.heap.profile(exact=True) as profile:
            kept = [bytes(1000) for _ in range(100)]
            child = os.fork()
            if child == 0:
                del kept
                code = 1
                with contextlib.suppress(BaseException):
                    with kaa.heap.profile(exact=True) as own:
                        block = bytes(60_000)
                    sizes = [one.live_bytes for one in own.report().sites]
                    code = 0 if sys.getsizeof(block) in sizes else 2
                os._exit(code)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertGreaterEqual(profile.report().live_bytes, 100_000)
            self.assertEqual(
                subprocess.run([sys.executable, "-c", "bytes(9)"], check=True).returncode, 0
            )

    def storm(self, rounds: int, *works: Callable[[], None]) -> None:
        """Profiles that come and go while others allocate."""
        with support.beside(self, *works):
            for i in range(rounds):
                with kaa.heap.profile(exact=i % 3 != 0, every=4096, frames=1 + i % 4):
                    kept = [bytes(i) for _ in range(20)]
                del kept

    def test_storm(self) -> None:
        shared: List[Any] = []

        def pass_on() -> None:
            shared.append(program())
            if len(shared) > 3:
                del shared[:2]

        def grow() -> None:
            values: List[int] = []
            for i in range(3000):
                values.append(i * 1000)

        self.storm(1000 if LONG > 1 else 300, pass_on, grow, pass_on)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork()")
    def test_storm_of_forks(self) -> None:
        def fork() -> None:
            child = os.fork()
            if child == 0:
                kept = program()
                os._exit(0 if kept else 1)
            assert os.waitpid(child, 0)[1] == 0

        self.storm(60, fork, lambda: None if program() else None)

    def test_subinterpreters(self) -> None:
        interpreters: Any
        try:
            import _interpreters as interpreters  # type: ignore
        except ImportError:
            try:
                import _xxsubinterpreters as interpreters  # type: ignore
            except ImportError:
                self.skipTest("this Python has no module for subinterpreters")

        def other() -> None:
            one = interpreters.create()
            try:
                interpreters.run_string(one, "x = [str(i) for i in range(5000)]; del x")
            finally:
                interpreters.destroy(one)

        self.storm(60, other, lambda: None if program() else None)

    def test_soak(self) -> None:
        """Profiles, walks and snapshots again and again beside allocating threads:
        a service's hours, compressed. Nothing may pile up."""

        def resident() -> int:
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        def work() -> None:
            kept = [{i: str(i)} for i in range(2000)]
            del kept

        def some() -> None:
            self.storm(20, work, work)
            with kaa.heap.profile(every=65536) as profile:
                work()
                json.loads(profile.report().to_json())
            kaa.heap.account()
            if kaa.objects.is_available()[0]:
                kaa.objects.walk(retained=False)
            gc.collect()

        for _ in range(4):
            some()
        before = resident()
        for _ in range(6 * LONG * LONG):
            some()
        if "KAA_TEST_SANITIZE" not in os.environ:  # which keeps what is freed
            self.assertLess(resident() - before, 24 << 20)

    def test_own_memory_is_given_back(self) -> None:
        def maps() -> int:
            with open("/proc/self/maps") as file:
                return sum(1 for _ in file)

        for _ in range(3):
            self.storm(1)
        before = maps()
        for _ in range(30):
            with kaa.heap.profile(exact=True):
                kept = [bytes(100) for _ in range(1000)]
            del kept
        self.assertLess(maps(), before + 20)


@unittest.skipUnless(AVAILABLE, WHY)
class Command(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.script = os.path.join(self.folder, "app.py")
        with open(self.script, "w") as file:
            file.write("import sys\nkept = bytes(300_000)\nprint('done', sys.argv[1:])\n")

    def python(self, *arguments: str) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "kaa", "heap", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            cwd=self.folder,
        )

    def kaa(self, *arguments: str) -> Tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(["heap", *arguments])
        except SystemExit as error:
            code = int(error.code or 0)
        return code, out.getvalue(), err.getvalue()

    def test_run_report_diff(self) -> None:
        path = os.path.join(self.folder, "out.json")
        done = self.python("run", "--exact", "--json", path, "app.py", "-x", "1")
        self.assertEqual((done.returncode, done.stdout), (0, "done ['-x', '1']\n"), done.stderr)
        self.assertIn("app.py:2", done.stderr)
        with open(path) as file:
            data = json.load(file)
        self.assertEqual(data["mode"], "exact")
        first = data["sites"][0]
        self.assertEqual(first["live_bytes"], 300_000 + sys.getsizeof(b""))
        self.assertEqual((os.path.basename(first["file"]), first["line"]), ("app.py", 2))
        page = os.path.join(self.folder, "out.html")
        code, out, err = self.kaa("report", "--html", page, path)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("app.py:2", out)
        self.assertGreater(os.path.getsize(page), 10_000)
        for name in ("speedscope", "collapsed", "pprof", "prometheus"):
            file_name = os.path.join(self.folder, name)
            self.assertEqual(self.kaa("report", "-q", f"--{name}", file_name, path)[0], 0)
            self.assertGreater(os.path.getsize(file_name), 0, name)
        code, out, err = self.kaa("diff", path, path)
        self.assertEqual((code, err), (0, ""))

    def test_run_names_the_edge_to_break(self) -> None:
        with open(self.script, "w") as file:
            file.write(
                "import gc\n"
                "class Node:\n"
                "    def __init__(self):\n"
                "        self.me = self\n"
                "for i in range(300): Node()\n"
                "gc.collect()\n"
                "for i in range(3): Node()\n"
            )
        path = os.path.join(self.folder, "out.json")
        done = self.python("run", "--exact", "--json", path, "app.py")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("break __main__.Node.me", done.stderr)
        with open(path) as file:
            texts = {one["type"]: one["text"] for one in json.load(file)["garbage"]}
        self.assertEqual(texts["Node"], "break __main__.Node.me")

    def test_run_module_and_exit_code(self) -> None:
        with open(os.path.join(self.folder, "mod.py"), "w") as file:
            file.write("raise SystemExit(7)\n")
        done = self.python("run", "-q", "--every", "4K", "-m", "mod")
        self.assertEqual((done.returncode, done.stderr), (7, ""))

    def test_wrong_use(self) -> None:
        for arguments, said in (
            (("run", "none.py"), "none.py: No such file"),
            (("report", "none.json"), "none.json: No such file"),
            (("diff", self.script, self.script), "app.py"),
            (("run", "--every", "0", "x.py"), "no size such as"),
            (("run", "--frames", "99", "x.py"), "no number from 1 to 64"),
        ):
            code, _, err = self.kaa(*arguments)
            self.assertNotEqual(code, 0)
            self.assertIn(said, err)


if __name__ == "__main__":
    unittest.main()
