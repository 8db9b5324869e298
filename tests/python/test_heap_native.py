"""Profiles of what no GIL guards: domain RAW, and malloc() of extension modules."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib
from typing import Any, List

import kaa.heap
from kaa._insight.heap_data import HeapReport, HeapSite

import support

AVAILABLE, WHY = kaa.heap.is_available(exact=True)
COMPILER = shutil.which(os.environ.get("CC", "cc").split()[0])

SOURCE = r"""
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void *kept[100000];
static int count;

__attribute__((noinline)) void *
make(size_t size)
{
    void *block = malloc(size);

    memset(block, 1, size);
    return block;
}

void
leak(size_t size)
{
    kept[count++] = make(size);
}

void
all_of_them(void)
{
    void *block = NULL;

    kept[count++] = calloc(100, 100);
    kept[count++] = realloc(malloc(10000), 20000);
    kept[count++] = strdup("text of the C library's");
    if (posix_memalign(&block, 64, 30000) == 0)
        kept[count++] = block;
    kept[count++] = aligned_alloc(64, 40000 - 40000 % 64);
    free(malloc(50000));
    realloc(realloc(NULL, 60000), 0);
}

void
drop(void)
{
    while (count != 0)
        free(kept[--count]);
}

static void *
churn(void *user)
{
    for (int i = 0; i < 20000; i++) {
        void *block = malloc(100 + i % 1000);

        block = realloc(block, 3000);
        free(block);
    }
    return user;
}

/* Threads that Python knows nothing of. */
void
churn_in_threads(void)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, churn, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

void
churn_here(void)
{
    churn(NULL);
}

/* Another tool's hook, as it would stand in the place of ours. */
static void *(*before)(size_t);
static int calls;

static void *
foreign(size_t size)
{
    calls++;
    return before(size);
}

void *(*variable)(size_t) = malloc;

int
by_variable(int is_foreign)
{
    if (is_foreign) {
        before = variable;
        variable = foreign;
    }
    kept[count++] = variable(77777);
    return calls;
}
"""


def build(folder: str, name: str = "leaky") -> str:
    """The library; the path is new for each test, as loaded ones stay."""
    path = os.path.join(folder, f"lib{name}.so")
    source = os.path.join(folder, f"{name}.c")
    with open(source, "w") as file:
        file.write(SOURCE)
    options = ["-O1", "-g", "-fno-optimize-sibling-calls", "-fno-builtin", "-shared", "-fPIC",
               "-pthread", "-w"]  # fmt: skip
    subprocess.run([str(COMPILER), *options, "-o", path, source], check=True)
    return path


def load(path: str) -> Any:
    library = ctypes.CDLL(path)
    library.leak.argtypes = [ctypes.c_size_t]
    return library


def at(report: HeapReport, marker: str, domain: str) -> List[HeapSite]:
    """The sites of a line of this file."""
    line = support.line_of(__file__, marker)
    return [
        one
        for one in report.sites
        if (one.file, one.line, one.domain) == (__file__, line, domain)
    ]


class WithLibrary(unittest.TestCase):
    folder: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)  # type: ignore[attr-defined]
        cls.path = build(cls.folder)


# Its thread start asks libc for the stack's bounds, libc asks realloc() for room, by
# an import that has a hook, and no instrumented function may run there yet.
NOT_TSAN = unittest.skipIf(
    os.environ.get("KAA_TEST_SANITIZE") == "tsan",
    "ThreadSanitizer allocates in threads that it has not begun yet",
)


@unittest.skipUnless(AVAILABLE, WHY)
@unittest.skipUnless(COMPILER, "needs a C compiler")
class Native(WithLibrary):
    def test_leak_is_named(self) -> None:
        library = load(self.path)
        for exact in (False, True):
            with kaa.heap.profile(every=100, native=True, exact=exact) as profile:
                for _ in range(50):
                    library.leak(20_000)  # leaks
            library.drop()
            report = profile.report()
            (site,) = at(report, "leaks", "native")
            self.assertEqual((site.live_bytes, site.live_blocks), (1_000_000, 50))
            self.assertEqual(site.c_function, "make in libleaky.so")
            stacks = [
                [frame.function for frame in report.stacks[use.site]]
                for use in report.uses
                if use.live_bytes == 1_000_000
            ]
            self.assertEqual(stacks[0][:2], ["make", "leak"])
            self.assertIn("test_leak_is_named", stacks[0][-1] if exact else " ".join(stacks[0]))
            self.assertTrue(report.native)
            self.assertEqual(report.mode, "exact" if exact else "sampled")
            self.assertEqual(HeapReport.from_json(report.to_json()), report)

    def test_nothing_native_unless_asked_for(self) -> None:
        library = load(self.path)
        with kaa.heap.profile(every=100, native=True):
            pass
        with kaa.heap.profile(every=100) as profile:
            library.leak(100_000)  # unseen
        library.drop()
        report = profile.report()
        self.assertEqual([one for one in report.sites if one.domain == "native"], [])
        self.assertFalse(report.native)

    def test_each_function_of_the_family(self) -> None:
        library = load(self.path)
        with kaa.heap.profile(every=1, native=True) as profile:
            library.all_of_them()  # family
            report = profile.report()
            library.drop()
            after = profile.report()
        found = at(report, "family", "native")
        aligned = 40_000 - 40_000 % 64
        live = 10_000 + 20_000 + 24 + 30_000 + aligned
        self.assertEqual(sum(one.live_bytes for one in found), live)
        self.assertEqual(sum(one.live_blocks for one in found), 5)
        passed = 10_000 + 50_000 + 60_000
        self.assertEqual(sum(one.allocated_bytes for one in found), live + passed)
        self.assertEqual(sum(one.live_bytes for one in at(after, "family", "native")), 0)

    def test_sampled_within_its_error(self) -> None:
        library = load(self.path)
        for seed in (1, 2, 3):
            with kaa.heap.profile(every=16 * 1024, native=True, seed=seed) as profile:
                for _ in range(5000):
                    library.leak(1000)  # estimated
            library.drop()
            report = profile.report()
            found = sum(one.live_bytes for one in at(report, "estimated", "native"))
            self.assertLess(abs(found - 5_000_000), 2 * report.error * report.live_bytes)

    def test_loaded_while_it_runs(self) -> None:
        path = build(self.folder, "later")
        with kaa.heap.profile(every=100, native=True) as profile:
            library = load(path)
            library.leak(300_000)  # loaded later
        library.drop()
        found = at(profile.report(), "loaded later", "native")
        self.assertEqual([one.live_bytes for one in found], [300_000])
        self.assertEqual(found[0].c_function, "make in liblater.so")

    def test_unloaded_while_it_runs(self) -> None:
        path = build(self.folder, "passing")
        close = ctypes.CDLL(None).dlclose
        close.argtypes = [ctypes.c_void_p]
        with kaa.heap.profile(every=100, native=True) as profile:
            library = load(path)
            library.churn_here()
            library.leak(10_000)
            library.drop()
            self.assertEqual(close(library._handle), 0)
            profile.report()
        with kaa.heap.profile(every=100, native=True):
            pass

    def test_another_tool(self) -> None:
        library = load(build(self.folder, "tool"))
        with kaa.heap.profile(every=100, native=True) as profile:
            self.assertEqual(library.by_variable(0), 0)  # variable
            self.assertEqual(library.by_variable(1), 1)  # tool
        self.assertEqual(library.by_variable(0), 2)
        found = at(profile.report(), "variable", "native")
        self.assertEqual([one.live_bytes for one in found], [77_777])
        found = at(profile.report(), "tool", "native")
        self.assertEqual([one.live_bytes for one in found], [77_777])
        with kaa.heap.profile(every=100, native=True) as profile:
            self.assertEqual(library.by_variable(0), 3)  # left alone
        # The tool calls what it found, which was ours: it still is.
        self.assertEqual(len(at(profile.report(), "left alone", "native")), 1)
        self.assertRegex(" ".join(profile.report().notes), "imports of malloc")
        library.drop()

    @NOT_TSAN
    def test_threads_without_python(self) -> None:
        library = load(self.path)
        with kaa.heap.profile(every=5000, native=True) as profile:
            library.churn_in_threads()
        report = profile.report()
        seen = [one for one in report.sites if (one.c_function or "").startswith("churn ")]
        passed = 3 * sum(100 + i % 1000 + 3000 for i in range(20_000))
        found = sum(one.allocated_bytes for one in seen)
        self.assertLess(abs(found - passed), 0.1 * passed)
        self.assertEqual({one.function for one in seen}, {"(no Python frame)"})
        self.assertEqual(sum(one.live_bytes for one in seen), 0)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork()")
    def test_fork(self) -> None:
        library = load(self.path)
        with kaa.heap.profile(every=100, native=True) as profile:
            library.leak(10_000)  # parent's
            child = os.fork()
            if child == 0:
                code = 1
                with contextlib.suppress(BaseException):
                    library.churn_here()
                    library.drop()
                    with kaa.heap.profile(every=100) as own:
                        library.leak(5000)
                    native = [one for one in own.report().sites if one.domain == "native"]
                    code = 2 if native else 0
                    with kaa.heap.profile(every=100, native=True) as own:
                        library.leak(6000)  # child's
                    if [one.live_bytes for one in at(own.report(), "child's", "native")] != [6000]:
                        code = 3
                os._exit(code)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            found = at(profile.report(), "parent's", "native")
            self.assertEqual([one.live_bytes for one in found], [10_000])
        library.drop()

    @NOT_TSAN
    def test_storm(self) -> None:
        """Profiles that come and go beside threads that allocate without the GIL."""
        library = load(self.path)

        def made() -> None:
            """Functions that end while their frames stand in samples."""
            space = {"churn": library.churn_here}
            exec(compile("def f():\n    churn()\nf()\n", "made.py", "exec"), space)

        def compress() -> None:
            data = zlib.compress(bytes(100_000), 1)
            zlib.decompress(data)

        works = [made, compress, library.churn_in_threads]
        with support.beside(self, *works) as threads:
            for i in range(60):
                options: Any = {"exact": i % 3 == 0, "every": 2000, "frames": 1 + i % 4}
                with kaa.heap.profile(native=i % 4 != 0, **options) as profile:
                    kept = [bytes(i) for _ in range(20)]
                    threads[0].join(0.01)
                    if i % 5 == 0:
                        profile.report()
                del kept

    @NOT_TSAN
    def test_command(self) -> None:
        script = os.path.join(self.folder, "app.py")
        with open(script, "w") as file:
            file.write(
                "import ctypes\n"
                f"library = ctypes.CDLL({self.path!r})\n"
                "for _ in range(100):\n"
                "    library.leak(ctypes.c_size_t(100_000))\n"
            )
        done = subprocess.run(
            [sys.executable, "-m", "kaa", "heap", "run", "--native", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"app\.py:4 .*make in libleaky\.so")


@unittest.skipUnless(AVAILABLE, WHY)
class Raw(unittest.TestCase):
    """PyMem_RawMalloc(), which threads call with and without the GIL."""

    def setUp(self) -> None:
        self.held = ctypes.PyDLL(None)
        self.free = ctypes.CDLL(None)  # lets the GIL go
        for one in (self.held, self.free):
            one.PyMem_RawMalloc.restype = ctypes.c_void_p
            one.PyMem_RawMalloc.argtypes = [ctypes.c_size_t]
            one.PyMem_RawRealloc.restype = ctypes.c_void_p
            one.PyMem_RawRealloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            one.PyMem_RawFree.argtypes = [ctypes.c_void_p]

    def test_exact(self) -> None:
        for library in (self.held, self.free):
            blocks = []
            with kaa.heap.profile(exact=True) as profile:
                for _ in range(10):
                    blocks.append(library.PyMem_RawMalloc(70_000))  # raw
                moved = library.PyMem_RawRealloc(blocks.pop(), 90_000)  # moved
                library.PyMem_RawFree(blocks.pop())
                report = profile.report()
            for block in [*blocks, moved]:
                library.PyMem_RawFree(block)
            found = {
                marker: sum(one.live_bytes for one in at(report, marker, "python"))
                for marker in ("raw", "moved")
            }
            self.assertEqual(found["raw"] // 70_000, 8)
            self.assertLess(found["raw"] % 70_000, 2000)  # the list, and numbers
            self.assertEqual(found["moved"] // 90_000, 1)
            allocated = sum(one.allocated_bytes for one in at(report, "raw", "python"))
            self.assertEqual(allocated // 70_000, 10)

    def test_sampled(self) -> None:
        for library in (self.held, self.free):
            with kaa.heap.profile(every=1) as profile:
                blocks = [library.PyMem_RawMalloc(70_000) for _ in range(10)]  # chosen
                report = profile.report()
            for block in blocks:
                library.PyMem_RawFree(block)
            live = sum(one.live_bytes for one in at(report, "chosen", "python"))
            self.assertEqual(live // 70_000, 10)
            self.assertLess(live % 70_000, 3000)

    def test_large_blocks_count_once(self) -> None:
        """An object above 512 bytes is a block of domain RAW below."""
        for options in ({"exact": True}, {"every": 1}):
            with kaa.heap.profile(**options) as profile:  # type: ignore[arg-type]
                kept = bytes(500_000)  # once
                grown = bytearray(1000)
                grown += bytes(300_000)  # grown
            report = profile.report()
            (site,) = at(report, "once", "python")
            self.assertEqual(site.allocated_bytes, sys.getsizeof(kept))
            size = sum(one.live_bytes for one in at(report, "grown", "python"))
            self.assertLess(abs(size - 301_000), 50_000)
            del kept, grown

    def test_threads(self) -> None:
        """Many threads at once, and the sums are right."""
        library = self.free
        rounds = 300

        def work() -> None:
            kept = []
            for i in range(rounds):
                kept.append(library.PyMem_RawMalloc(1000))  # in threads
                if i % 2:
                    library.PyMem_RawFree(kept.pop())
            left.extend(kept)

        for _ in range(3):
            left: List[int] = []
            threads = [threading.Thread(target=work) for _ in range(4)]
            with kaa.heap.profile(exact=True) as profile:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                report = profile.report()
            for block in left:
                library.PyMem_RawFree(block)
            live = sum(one.live_bytes for one in at(report, "in threads", "python"))
            self.assertEqual(len(left), 4 * rounds // 2)
            # The numbers and lists that have them come on top.
            self.assertTrue(0 <= live - 1000 * len(left) < 100 * len(left), live)


if __name__ == "__main__":
    unittest.main()
