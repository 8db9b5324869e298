"""Walks over all objects, and the account of the resident memory."""

from __future__ import annotations

import gc
import os
import sys
import unittest
from collections import Counter
from typing import Any, List

import kaa
import kaa.heap
import kaa.objects
from kaa._heap_data import HeapReport


class Node:
    def __init__(self, other: Any = None) -> None:
        self.other = other


class Lies:
    __slots__ = ()

    @property
    def __class__(self) -> Any:  # type: ignore
        raise RuntimeError("never asked")

    def __sizeof__(self) -> int:
        raise RuntimeError("asked in vain")


@unittest.skipUnless(hasattr(os, "fork"), "needs fork()")
@unittest.skipIf(sys.implementation.name != "cpython", "objects of CPython")
class Walks(unittest.TestCase):
    def test_counts_and_sizes(self) -> None:
        gc.collect()  # what other tests left
        before = {one.type: one.count for one in kaa.objects.walk().types}
        kept: List[Any] = [Node() for _ in range(1234)]
        kept += [float(i) for i in range(777)]
        lies = [Lies() for _ in range(10)]
        floats = kaa.objects.walk()
        del kept[1234:]
        walk = kaa.objects.walk()
        by_type = {one.type: one for one in walk.types}
        node = by_type[f"{__name__}.Node"]
        self.assertEqual(node.count - before.get(node.type, 0), 1234)
        self.assertEqual(node.bytes, node.count * sys.getsizeof(kept[0]))
        self.assertEqual(by_type[f"{__name__}.Lies"].count, len(lies))
        less = {one.type: one for one in floats.types}["float"].count - by_type["float"].count
        # Not tracked by the collector, but referred to; others may come and go.
        self.assertAlmostEqual(less, 777, delta=5)
        self.assertEqual(walk.objects, sum(one.count for one in walk.types))
        self.assertEqual(walk.bytes, sum(one.bytes for one in walk.types))

    def test_sees_what_the_collector_sees(self) -> None:
        gc.collect()
        expected = Counter(map(kaa.objects._name, map(type, gc.get_objects())))
        walk = kaa.objects.walk()
        found: Counter = Counter()
        for one in walk.types:  # types may share a name
            found[one.type] += one.count
        for name in ("function", "module", "type", "set", "getset_descriptor"):
            self.assertGreaterEqual(found[name], expected[name], name)

    def test_changes_nothing(self) -> None:
        thing = Node()
        thing.other = thing  # garbage that the look must not free
        number = id(thing)
        gc.disable()
        self.addCleanup(gc.enable)
        del thing
        kaa.objects.walk()
        self.assertTrue(any(id(one) == number for one in gc.get_objects()))

    def test_paths(self) -> None:
        holder = Node(Node())
        cache = {"answer": [1, holder]}
        path = kaa.objects.paths_to(holder.other)[0]
        self.assertEqual(path[0].edge, "root")
        self.assertEqual(path[-1].type, f"{__name__}.Node")
        sys.modules[__name__].keeper = cache  # type: ignore
        del cache
        inner = holder.other
        del holder
        paths = kaa.objects.paths_to(inner, most=5)
        self.assertIn("inner", [one[-1].edge for one in paths])
        edges = [[step.edge for step in one] for one in paths]
        self.assertTrue(any("['answer']" in one and "[1]" in one for one in edges), edges)
        with self.assertRaises(ValueError):
            kaa.objects.paths_to(inner, most=0)

    def test_an_unreachable_one_has_no_path(self) -> None:
        def make() -> int:
            one = Node()
            one.other = one
            return id(one)

        gc.disable()
        self.addCleanup(gc.enable)
        number = make()
        found = [one for one in gc.get_objects() if id(one) == number]
        self.assertEqual(len(found), 1)
        paths = kaa.objects.paths_to(found.pop(), most=3)
        self.assertFalse([one for one in paths if len(one) > 3], paths)

    def test_report(self) -> None:
        report = kaa.objects.report()
        self.assertEqual(HeapReport.from_json(report.to_json()), report)


@unittest.skipUnless(sys.platform.startswith("linux"), "needs Linux")
@unittest.skipIf(sys.implementation.name != "cpython", "memory of CPython")
class Accounts(unittest.TestCase):
    def resident(self) -> int:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise LookupError("VmRSS")

    def test_sums_up(self) -> None:
        kaa.heap.account()
        kept = [bytes(200) for _ in range(50_000)]
        large = bytearray(b"x") * 30_000_000
        account = kaa.heap.account()
        resident = self.resident()
        self.assertLess(abs(account.rss_bytes - resident), 0.02 * resident)
        total = sum(one.bytes for one in account.parts) + account.unknown_bytes
        self.assertEqual(total, account.rss_bytes)
        sizes = {one.name: one.bytes for one in account.parts}
        if "small objects" in sizes:  # CPython tells
            self.assertGreater(sizes["small objects"], 50_000 * 233)
        if "small objects" in sizes and "malloc, in use" in sizes:
            self.assertGreater(sizes["malloc, in use"], 30_000_000)
        del kept, large

    def test_free_blocks_are_told(self) -> None:
        kept = [bytes(200) for _ in range(100_000)]
        del kept[::2]
        sizes = {one.name: one.bytes for one in kaa.heap.account().parts}
        if "small objects" not in sizes:
            self.skipTest("this interpreter does not tell of pymalloc")
        self.assertGreater(sizes["pymalloc, free"], 50_000 * 233 * 0.9)


if __name__ == "__main__":
    unittest.main()
