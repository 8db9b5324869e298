"""Walks over all objects, and the account of the resident memory."""

from __future__ import annotations

import ctypes
import gc
import io
import os
import random
import signal
import sys
import threading
import time
import unittest
from collections import Counter
from typing import Any, Dict, List, Set

import kaa
import kaa.heap
import kaa.objects
import support
from kaa import _views
from kaa._insight import account as account_module
from kaa._insight import arenas, maps
from kaa._insight.heap_data import HeapReport

try:
    from kaa._insight import object_text as _object_text
    from kaa._insight import object_walk as _object_walk
except ImportError:  # no library for this interpreter
    pass


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


AVAILABLE, WHY = kaa.objects.is_available()


def looked_at(look: Any) -> Any:
    """What look(looking) returns in the copy of the process; as JSON gives it."""

    def inside() -> Any:
        looking = _object_walk.Looking(kaa.objects._own_frames())
        return look(looking)

    return kaa.objects._in_copy(inside)[0]


@unittest.skipUnless(AVAILABLE, WHY)
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
        expected = Counter(map(_object_text.name_of, map(type, gc.get_objects())))
        walk = kaa.objects.walk()
        found: Counter = Counter()
        for one in walk.types:  # types may share a name
            found[one.type] += one.count
        for name in ("function", "module", "type", "set", "getset_descriptor"):
            self.assertGreaterEqual(found[name], expected[name], name)

    def test_each_object_has_the_size_that_python_gives(self) -> None:
        class Text(str):
            pass

        class Slots:
            __slots__ = ("a", "b")

        kept: List[Any] = [{i: i for i in range(n)} for n in range(0, 400, 7)]
        kept += [{f"k{i}": i for i in range(n)} for n in range(0, 100, 3)]
        kept += [set(range(n)) for n in range(0, 300, 7)] + [frozenset(range(40))]
        kept += ["a" * n for n in range(40)] + ["\xe4" * n for n in range(40)]
        kept += ["\u03b1" * n for n in range(40)] + ["\U0001f600" * n for n in range(40)]
        for one in kept[-20:]:
            one.encode()
        kept += [10**n for n in range(200)] + [-(2**n) for n in range(200)] + [0, True]
        kept += [list(range(n)) for n in range(60)] + [tuple(range(n)) for n in range(60)]
        kept += [Text("text"), Slots(), Node(), 1.5, 2j, bytes(99), bytearray(99), range(9)]
        kept += [lambda: kept, (one for one in kept), iter(kept), kept.append, Node, sys]

        def look(looking: Any) -> List[Any]:
            wrong = []
            for number, size in looking.sizes().items():
                one = _object_walk._thing(number)
                # What a code object caches may have grown since.
                if type(one).__name__ not in ("code", "Lies") and sys.getsizeof(one) != size:
                    wrong.append([str(type(one)), size, sys.getsizeof(one)])
            seen = looking.sizes()
            missing = [str(type(one)) for one in kept if id(one) not in seen]
            return [len(seen), wrong[:10], missing]

        count, wrong, missing = looked_at(look)
        self.assertGreater(count, 10_000)
        self.assertEqual(wrong, [])
        self.assertEqual(missing, [])

    def test_what_a_field_of_a_code_object_does_not_use_is_no_object(self) -> None:
        """Such a field may hold an address of anything: of words that look like the
        head of an object too (a walk in 15 died of it on 3.15)."""
        names = {"address", "names"}
        held = tuple(names)
        self.assertTrue(_object_walk._is_names(id(held), names))
        self.assertFalse(_object_walk._is_names(id(held), {"address", "other"}))
        self.assertFalse(_object_walk._is_names(id(list(names)), names))
        for at in range(8):
            words = (ctypes.c_uint64 * 64)(*[1 << 20, id(object)] * 8)
            words[at] = id(tuple)
            self.assertFalse(_object_walk._is_names(ctypes.addressof(words), names), at)
        self.assertFalse(_object_walk._is_names(8, names))
        self.assertTrue(_object_walk._code_fields())

    def test_a_copy_that_dies_is_an_error(self) -> None:
        class Deadly:
            def __sizeof__(self) -> int:
                os.kill(os.getpid(), signal.SIGKILL)
                return 0

        kept = Deadly()
        with self.assertRaisesRegex(kaa.OperatingSystemError, "died of SIGKILL.*goes on"):
            kaa.objects.walk()
        del kept
        self.assertGreater(kaa.objects.walk().objects, 1000)

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
        for wrong in (0, 1001):
            with self.assertRaises(ValueError):
                kaa.objects.paths_to(inner, most=wrong)
        with self.assertRaises(TypeError):
            kaa.objects.paths_to(inner, most=True)

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


def reachable(edges: Dict[int, List[int]], starts: List[int], without: int) -> Set[int]:
    found = {one for one in starts if one != without}
    queue = list(found)
    while queue:
        for target in edges[queue.pop()]:
            if target != without and target not in found:
                found.add(target)
                queue.append(target)
    return found


@unittest.skipUnless(AVAILABLE, WHY)
class Retained(unittest.TestCase):
    def test_is_what_would_go(self) -> None:
        size = sys.getsizeof
        shared = [bytes(1000)]
        alone = [bytes(2000), bytes(3000), shared]
        other = [shared]
        self.assertEqual(kaa.objects.retained_by(shared), size(shared) + size(shared[0]))
        holder = {"alone": alone}
        del alone
        expected = size(holder) + size(holder["alone"]) + 2 * size(b"") + 5000
        self.assertEqual(kaa.objects.retained_by(holder), expected)
        del other, shared
        grown = size(holder["alone"][2]) + size(b"") + 1000
        self.assertEqual(kaa.objects.retained_by(holder), expected + grown)

    def test_is_what_the_slow_way_gives(self) -> None:
        """Lists that refer to each other at random, and nothing else to them."""
        pick = random.Random(5)
        lists: List[List[Any]] = [[] for _ in range(60)]
        edges: Dict[int, List[int]] = {}
        for one in lists:
            for _ in range(pick.choice((0, 1, 1, 2, 3))):
                one.append(pick.choice(lists))
        edges = {id(one): [id(x) for x in one] for one in lists}
        sizes = {id(one): sys.getsizeof(one) for one in lists}
        entries = (lists[0], lists[1])
        starts = [id(one) for one in entries]
        del lists, one

        def look(looking: Any) -> Dict[str, int]:
            looking.retain()
            seen = looking.sizes()
            found = {}
            for number in edges:
                if number in seen:
                    one = looking.retained(_object_walk._thing(number))
                    found[str(number)] = one.retained_bytes if one is not None else -1
            return found

        gc.disable()
        self.addCleanup(gc.enable)
        found = looked_at(look)
        alive = reachable(edges, starts, 0)
        self.assertGreater(len(alive), 20)
        for number in alive:
            rest = reachable(edges, starts, number)
            expected = sum(sizes[one] for one in alive - rest)
            self.assertEqual(found[str(number)], expected)
        del entries

    def test_biggest_retainers_are_a_tree(self) -> None:
        sys.modules[__name__].big = [bytes(100) for _ in range(50_000)]  # type: ignore
        self.addCleanup(delattr, sys.modules[__name__], "big")
        walk = kaa.objects.walk()
        big = next(one for one in walk.retainers if one.edge == "['big']")
        self.assertEqual(big.type, "list")
        self.assertEqual(big.count, 50_001)
        size = sys.getsizeof(bytes(100))
        self.assertEqual(big.retained_bytes, big.bytes + 50_000 * size)
        for i, one in enumerate(walk.retainers):
            if one.parent is not None:
                self.assertLess(one.parent, i)
                above = walk.retainers[one.parent]
                self.assertGreaterEqual(above.retained_bytes, one.retained_bytes)
        own = next(one for one in walk.modules if one.name == __name__)
        self.assertGreaterEqual(own.bytes, big.retained_bytes)
        kept = next(one for one in walk.types if one.type == "list")
        self.assertGreaterEqual(kept.retained_bytes, big.retained_bytes)
        self.assertGreaterEqual(kept.retained_bytes, kept.bytes)

    def test_without_retained_sizes(self) -> None:
        walk = kaa.objects.walk(retained=False)
        self.assertEqual((walk.retainers, walk.cycles, walk.modules), ([], [], []))
        self.assertGreater(walk.objects, 1000)

    def test_cycles_and_the_edge_to_break(self) -> None:
        kept = []
        for _ in range(50):
            parent = Node([])
            child = Node()
            child.parent = parent  # type: ignore[attr-defined]
            parent.other.append(child)
            kept.append(parent)
        name = f"{__name__}.Node"
        walk = kaa.objects.walk()
        found = [one for one in walk.cycles if one.members[0].type == name]
        self.assertEqual(len(found), 1, found)
        self.assertIn("50 of the same types", found[0].text)
        self.assertIn(f"break {name}.parent", found[0].text)
        self.assertEqual([step.type for step in found[0].members], [name, "list", name])
        del kept, parent, child

    def test_garbage_is_told(self) -> None:
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        before = kaa.objects.walk()
        for _ in range(30):
            one = Node()
            one.other = one
        del one
        after = kaa.objects.walk()
        grown = after.garbage_objects - before.garbage_objects
        self.assertGreaterEqual(grown, 30)
        self.assertLess(grown, 200)
        found = [one for one in after.cycles if one.members[0].type == f"{__name__}.Node"]
        self.assertIn("garbage", found[0].text)
        self.assertGreaterEqual(gc.collect(), 30)

    def test_wastes(self) -> None:
        texts = ["".join(["twice", " the ", "same"]) for _ in range(500)]
        emptied = {i: i for i in range(20_000)}
        for i in range(19_900):
            del emptied[i]
        halved = list(range(20_000))
        del halved[10_000:]
        wastes = kaa.objects.walk().wastes
        strings = [one for one in wastes if one.text == "'twice the same'"]
        self.assertEqual([one.count for one in strings], [500])
        self.assertEqual(strings[0].bytes, 499 * sys.getsizeof(texts[0]))
        dicts = [one for one in wastes if one.kind == "half-empty dict" and one.count == 1]
        self.assertGreater(dicts[0].bytes, sys.getsizeof(emptied) // 2)
        lists = [one for one in wastes if one.kind == "half-empty list" and one.count == 1]
        self.assertGreaterEqual(lists[0].bytes, 80_000)
        del texts, halved


@unittest.skipUnless(sys.platform.startswith("linux"), "needs Linux")
@unittest.skipIf(sys.implementation.name != "cpython", "memory of CPython")
class Accounts(unittest.TestCase):
    def resident(self) -> int:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise LookupError("VmRSS")

    @unittest.skipIf("KAA_TEST_SANITIZE" in os.environ, "a sanitizer keeps what is freed")
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

    def test_stacks_of_threads_are_told(self) -> None:
        def deep(ready: threading.Event, stop: threading.Event) -> None:
            ready.set()
            stop.wait()

        def stacks() -> int:
            parts = kaa.heap.account().parts
            return sum(one.bytes for one in parts if one.name == "stacks")

        try:
            with open("/proc/self/syscall"):
                pass
        except OSError as error:
            self.skipTest(f"this kernel does not tell where stacks are: {error}")
        before, stop = stacks(), threading.Event()
        threads = []
        for _ in range(20):
            ready = threading.Event()
            threads.append(threading.Thread(target=deep, args=(ready, stop)))
            threads[-1].start()
            ready.wait()
        try:
            grown = 0
            for _ in range(200):  # until they are blocked
                grown = max(grown, stacks() - before)
                if grown > 10 * 4096:
                    break
                time.sleep(0.05)
        finally:
            stop.set()
            for one in threads:
                one.join()
        self.assertGreater(grown, 10 * 4096)

    def test_arenas(self) -> None:
        kept, passing = [], []
        for i in range(60_000):
            passing.append(b"%d" % i * 30)
            if i % 1000 == 0:
                kept.append(b"%d" % i * 30)
        del passing
        found = kaa.heap.arenas()
        if not found:
            self.skipTest("this interpreter does not tell of pymalloc")
        told = account_module._pymalloc()
        assert told is not None
        self.assertLessEqual(abs(len(found) - told[0]), 1)
        self.assertEqual({one.bytes for one in found}, {told[1]})
        used = sum(pool.used * pool.block_bytes for one in found for pool in one.pools)
        self.assertLess(abs(used - told[2]), 0.2 * told[2])
        ends = [one.address + one.bytes for one in found]
        self.assertTrue(all(a <= b.address for a, b in zip(ends, found[1:])))
        if kaa.objects.is_available()[0]:
            sparse = [one for one in found if one.kept_by.endswith(" bytes")]
            self.assertGreater(len(sparse), 3)
            self.assertLess(int(sparse[0].kept_by.split()[0]), 100)
        report = kaa.heap.HeapReport("account", "3.12.1", arenas=found)
        text = io.StringIO()
        _views.table(report, text, 5, rich=False)
        self.assertIn("Arenas by how full they are", text.getvalue())
        del kept

    def test_pools_that_have_gone_have_no_blocks(self) -> None:
        """Between the look at pools and that at their blocks, threads give them back."""
        step = arenas._pool_bytes()
        room = ctypes.create_string_buffer(2 * step)
        at = -(-ctypes.addressof(room) // step) * step
        seen = arenas.Arena(at, step, [arenas.Pool(512, 2, (step - 48) // 512)])

        def blocks(*header: int) -> List[int]:
            ctypes.memmove(at, arenas._HEADER.pack(*header), arenas._HEADER.size)
            return [one - at for one in arenas._live_blocks(seen, step)]

        self.assertEqual(blocks(2, 0, 3, 31, 48 + 3 * 512, step - 512), [48, 560, 1072])
        for header in (
            (2, 0, 3, 31, 1 << 20, step - 512),  # no header any more
            (2, 0, 3, 15, 48 + 3 * 256, step - 256),  # blocks of another size
            (0, 0, 3, 31, 48 + 3 * 512, step - 512),  # none in use
        ):
            self.assertEqual(blocks(*header), [], header)
        seen.address = 4096  # nothing is there
        self.assertEqual(arenas._live_blocks(seen, step), [])

    def test_reserved_addresses_are_not_read(self) -> None:
        """Sanitizers and other runtimes reserve terabytes and use little of it."""
        import ctypes
        import mmap

        libc: Any = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        size, flags = 1 << 43, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE
        start = libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        if start in (None, ctypes.c_void_p(-1).value):
            self.skipTest("8 TiB of addresses are refused here")
        try:
            places = list(range(start, start + size, size // 16))
            for place in places:
                ctypes.memset(place, 1, 1)
            there = list(maps.pages_there(start, start + size))
            if there:  # else the kernel cannot tell, and it is left out
                self.assertEqual(len(there), len(places))  # more where pages are huge
                for place, (first, end) in zip(places, there):
                    self.assertTrue(first <= place < end)
                self.assertLess(sum(end - first for first, end in there), 1 << 30)
            part = [one for one, _ in maps._read(self._pagemap(), start, start + (1 << 30))]
            self.assertIn(start, part)
            found = kaa.heap.arenas()  # ends
            self.assertFalse([one for one in found if start <= one.address < start + size])
        finally:
            libc.munmap(start, size)

    def _pagemap(self) -> int:
        try:
            file = os.open("/proc/self/pagemap", os.O_RDONLY)
        except OSError as error:
            self.skipTest(f"no page map: {error}")
        self.addCleanup(os.close, file)
        return file

    def test_free_blocks_are_told(self) -> None:
        kept = [bytes(200) for _ in range(100_000)]
        del kept[::2]
        sizes = {one.name: one.bytes for one in kaa.heap.account().parts}
        if "small objects" not in sizes:
            self.skipTest("this interpreter does not tell of pymalloc")
        self.assertGreater(sizes["pymalloc, free"], 50_000 * 233 * 0.9)


if __name__ == "__main__":
    unittest.main()
