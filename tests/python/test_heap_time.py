"""What profiles of memory say of time: the timeline, the collector, and advice."""

from __future__ import annotations

import ctypes
import gc
import time
import unittest

import kaa.heap
import kaa.objects
import support
from kaa._insight import heap_advice as _heap_advice
from kaa._insight.heap_data import AccountPart, Collection, HeapReport

AVAILABLE, WHY = kaa.heap.is_available(exact=True)


@unittest.skipUnless(AVAILABLE, WHY)
class Time(unittest.TestCase):
    """The timeline, and the runs of the collector."""

    def test_timeline(self) -> None:
        with kaa.heap.profile(exact=True) as profile:
            first = [bytes(100) for _ in range(30_000)]
            half = time.monotonic_ns()
            rounds = 0
            while rounds < 20 or time.monotonic_ns() < half + 30_000_000:
                rounds += 1
                [bytes(100) for _ in range(2000)]
            del first
            last = [bytes(100) for _ in range(100)]
        report = profile.report()
        points = report.timeline
        self.assertGreater(len(points), 2)
        self.assertEqual([one.at_ns for one in points], sorted(one.at_ns for one in points))
        self.assertLessEqual(points[-1].at_ns, report.wall_ns)
        highest = max(one.live_bytes for one in points)
        self.assertGreater(highest, 30_000 * 133)
        self.assertLessEqual(highest, report.peak_bytes)
        self.assertLess(points[-1].live_bytes, highest / 2)
        self.assertEqual(points[-1].live_bytes, report.live_bytes)
        self.assertGreater(min(one.rss_bytes for one in points), 1_000_000)
        self.assertLessEqual(report.peak_at_ns, report.wall_ns)
        self.assertGreater(report.peak_at_ns, 0)
        del last

    def test_many_points_are_thinned(self) -> None:
        with kaa.heap.profile(exact=True) as profile:
            for _ in range(3000):
                _note_a_point()
            points = profile.report().timeline
        self.assertLessEqual(len(points), 2048)
        self.assertGreater(len(points), 500)
        self.assertEqual([one.at_ns for one in points], sorted(one.at_ns for one in points))

    def test_collections(self) -> None:
        class Node:
            pass

        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        with kaa.heap.profile(exact=True) as profile:
            for _ in range(100):
                one = Node()
                one.me = one  # type: ignore[attr-defined]
            del one
            gc.collect()
            gc.collect(0)
            inner = profile.report()
        gc.collect()  # not in it
        report = profile.report()
        self.assertEqual([one.generation for one in report.collections], [2, 0])
        self.assertEqual(inner.collections, report.collections)
        self.assertGreaterEqual(report.collections[0].collected, 100)
        self.assertEqual(report.collections[1].collected, 0)
        for one in report.collections:
            self.assertGreater(one.pause_ns, 0)
            self.assertLessEqual(one.at_ns + one.pause_ns, report.wall_ns)
        # What the interpreter makes to call kaa is seen, what kaa makes is not.
        own = [one for one in report.sites if one.file.endswith("heap_collector.py")]
        self.assertLess(sum(one.allocated_bytes for one in own), 2000)

    def test_makers_of_garbage(self) -> None:
        class Node:
            def __init__(self) -> None:
                self.me = self

        class Slotted:
            __slots__ = ("me",)

        def nodes() -> None:
            Node()

        def slotted() -> None:
            Slotted().me = None  # type: ignore[attr-defined]
            one = Slotted()
            one.me = one  # type: ignore[attr-defined]

        gc.collect()
        for options in ({"exact": True}, {"every": 1}):
            with kaa.heap.profile(**options) as profile:  # type: ignore[arg-type]
                for _ in range(500):
                    nodes()
                    slotted()
                    kept = [bytes(20)]  # by its count
                gc.collect()
                report = profile.report()
            del kept
            found = {one.type: one for one in report.garbage if one.file == __file__}
            self.assertEqual(found["Node"].function.rpartition(".")[2], "nodes")
            self.assertEqual(found["Node"].line, nodes.__code__.co_firstlineno + 1)
            self.assertEqual(found["Slotted"].line, slotted.__code__.co_firstlineno + 2)
            freed = support.line_of(__file__, "by its count")
            others = [one for one in report.garbage if (one.file, one.line) == (__file__, freed)]
            self.assertLess(sum(one.count for one in others), 50)
            for name in ("Node", "Slotted"):
                self.assertEqual(found[name].count, 500)
                self.assertGreaterEqual(found[name].bytes, 500 * 32)
            self.assertIn("Garbage cycles by maker", str(profile))

    @unittest.skipUnless(kaa.objects.is_available()[0], kaa.objects.is_available()[1])
    def test_edges_of_garbage(self) -> None:
        class Parent:
            def __init__(self) -> None:
                self.children = [Child(self), Child(self)]

        class Child:
            def __init__(self, parent: Parent) -> None:
                self.parent = parent

        class Tied:
            pass

        def both() -> None:
            Parent()
            one = Tied()
            one.there, one.here = {"back": one}, one  # type: ignore[attr-defined]

        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        with kaa.heap.profile(exact=True) as profile:
            for _ in range(100):
                both()
            gc.collect()
        report = profile.report()
        kaa.heap.add_edges(report)  # there are none now
        found = {one.type: one for one in report.garbage if one.file == __file__}
        self.assertEqual(found["Parent"].text, "")
        both()
        kaa.heap.add_edges(report)
        name = f"{Parent.__module__}.{Parent.__qualname__}".rpartition(".")[0]
        self.assertIn(
            found["Parent"].text, (f"break {name}.Child.parent", f"break {name}.Parent.children")
        )
        self.assertEqual(found["Parent"].text, found["Child"].text)
        self.assertEqual(found["Tied"].text, "")  # one edge is not enough
        gc.collect()
        alive = Parent()
        kaa.heap.add_edges(report)
        self.assertIn(".parent", found["Child"].text)
        self.assertIn("break ", str(profile))
        del alive

    @unittest.skipUnless(kaa.objects.is_available()[0], kaa.objects.is_available()[1])
    def test_types_and_lines(self) -> None:
        class Node:
            pass

        drained = [(i, i) for i in range(3000)]  # none is left in a free list
        with kaa.heap.profile(exact=True) as profile:
            nodes = [Node() for _ in range(700)]
            floats = [i + 0.5 for i in range(2000)]
            texts = {str(i) * 3: (i, i) for i in range(1000, 1900)}
            found = [one for one in profile.types() if one.file == __file__]
            report = profile.report()
        first = self.test_types_and_lines.__code__.co_firstlineno
        by = {(one.line - first - 1, one.type): one.live_blocks for one in found}
        name = f"{__name__}.Time.test_types_and_lines.<locals>.Node"
        self.assertEqual(by[6, name], 700)
        self.assertGreaterEqual(by[7, "float"], 1980)  # some come from a free list
        self.assertLessEqual(by[7, "float"], 2000)
        self.assertGreaterEqual(by[8, "str"], 850)
        self.assertLessEqual(by[8, "str"], 930)
        self.assertGreaterEqual(by[8, "tuple"], 800)
        self.assertIn(by[8, "(buffer)"], (1, 2))  # the entries of the dict; an int in a free list
        whole = sum(one.live_bytes for one in report.sites if one.file == __file__)
        self.assertAlmostEqual(sum(one.live_bytes for one in found), whole, delta=5000)
        with self.assertRaises(kaa.MisuseError):
            profile.types()
        del nodes, floats, texts, drained

    def test_advice(self) -> None:
        report = HeapReport("exact", "3.12.1", wall_ns=10**9)
        report.collections = [Collection(i * 10**7, 2, 8 * 10**6, 1) for i in range(40)]
        said = _heap_advice.advice(report)
        self.assertEqual([one.severity for one in said], ["high"])
        self.assertIn("gc.freeze()", said[0].text)
        self.assertEqual(_heap_advice.advice(HeapReport("exact", "3.12.1", wall_ns=10**9)), [])
        report.account = kaa.heap.Account(10**9, [])
        report.account.parts = [AccountPart("pymalloc, free", 5 * 10**8)]
        said = _heap_advice.of_account(report)
        self.assertIn("476 MB lie free in arenas", said[0].text)


def _note_a_point() -> None:
    from kaa import _native
    from kaa._native import insight as _native_insight

    heap = _native_insight.Heap(size=ctypes.sizeof(_native_insight.Heap))
    _native.kaa_insight_heap_read(heap, _native.Error())


if __name__ == "__main__":
    unittest.main()
