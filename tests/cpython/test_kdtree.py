"""The example module kdtree: a native type, used as Python's own are."""

from __future__ import annotations

import array
import copy
import gc
import math
import pickle
import random
import threading
import unittest
import weakref
from typing import Any, List, Tuple

import modules
import support  # noqa: F401

Point = Tuple[float, ...]


def nearest(points: List[Point], query: Point, k: int) -> List[Tuple[float, int]]:
    pairs = [(math.sqrt(squared(point, query)), i) for i, point in enumerate(points)]
    return sorted(pairs)[:k]


def squared(point: Point, query: Point) -> float:
    total = 0.0
    for a, b in zip(point, query):
        total += (a - b) * (a - b)
    return total


class Case(unittest.TestCase):
    kdtree: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.kdtree = modules.load("kdtree")


class Queries(Case):
    def test_beside_looking_at_every_point(self) -> None:
        source = random.Random(1975)
        for _ in range(100):
            dimensions = source.randrange(1, 6)
            grid = source.choice([3, 1000])
            points = [
                tuple(float(source.randrange(grid)) for _ in range(dimensions))
                for _ in range(source.randrange(200))
            ]
            flat = array.array("d", [x for point in points for x in point])
            tree = self.kdtree.KDTree(flat, dimensions)
            query = tuple(source.uniform(-1, grid) for _ in range(dimensions))
            k = source.randrange(0, 12)
            self.assertEqual(tree.nearest(query, k), nearest(points, query, k))
            self.assertEqual(tree.nearest(query=list(query), k=1), nearest(points, query, 1))
            radius = source.uniform(0, grid / 2)
            self.assertEqual(
                tree.within(query, radius),
                [i for i, p in enumerate(points) if squared(p, query) <= radius * radius],
            )

    def test_many_equal_points(self) -> None:
        tree = self.kdtree.KDTree(array.array("d", [1.0] * 200000), 2)
        self.assertEqual(tree.nearest((1, 1), 3), [(0.0, 0), (0.0, 1), (0.0, 2)])
        self.assertEqual(len(tree.within((0, 0), 2)), 100000)

    def test_threads(self) -> None:
        source = random.Random(5)
        points = [(source.random(), source.random()) for _ in range(3000)]
        tree = self.kdtree.KDTree(points, 2)
        wrong: List[Any] = []

        def ask(seed: int) -> None:
            own = random.Random(seed)
            for _ in range(30):
                query = (own.random(), own.random())
                if tree.nearest(query, 4) != nearest(points, query, 4):
                    wrong.append(query)

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Sequence(Case):
    def setUp(self) -> None:
        self.points = [(0.5, -1.0), (2.0, 3.0), (2.0, 3.0)]
        self.tree = self.kdtree.KDTree(self.points, 2)

    def test_items(self) -> None:
        self.assertEqual(len(self.tree), 3)
        self.assertEqual(list(self.tree), self.points)
        self.assertEqual([self.tree[i] for i in range(-3, 3)], self.points * 2)
        for index in (3, -4, 2**70):
            with self.assertRaises((IndexError, OverflowError)):
                self.tree[index]
        with self.assertRaises(TypeError):
            self.tree["a"]

    def test_iterators(self) -> None:
        one, two = iter(self.tree), iter(self.tree)
        next(one)
        self.assertEqual(list(two), self.points)
        self.assertEqual(list(one), self.points[1:])
        self.assertEqual(list(one), [])
        self.assertIs(iter(one), one)
        with self.assertRaises(TypeError):
            type(one)()

    def test_attributes(self) -> None:
        self.assertEqual(self.tree.dimensions, 2)
        self.assertEqual(self.tree.bounds, ((0.5, -1.0), (2.0, 3.0)))
        self.assertIsNone(self.kdtree.KDTree([], 1).bounds)
        for name in ("dimensions", "bounds"):
            with self.assertRaises(AttributeError):
                setattr(self.tree, name, 1)
        with self.assertRaises(AttributeError):
            self.tree.other = 1
        self.assertIn("3 points in 2 dimensions", repr(self.tree))
        self.assertIn("nearest", dir(self.tree))
        self.assertIn("nearest first", self.tree.nearest.__doc__)

    def test_buffer(self) -> None:
        view = memoryview(self.tree)
        self.assertEqual(view.format, "d")
        self.assertEqual(view.shape, (3, 2))
        self.assertTrue(view.readonly)
        self.assertEqual(view.tolist(), [list(point) for point in self.points])
        again = self.kdtree.KDTree(view, 2)
        self.assertEqual(list(again), self.points)
        self.assertEqual(list(self.kdtree.KDTree(bytes(self.tree), 2)), self.points)
        weak = weakref.ref(self.tree)
        del self.tree
        gc.collect()
        self.assertIsNotNone(weak())  # the view keeps it
        del view, again
        gc.collect()
        self.assertIsNone(weak())


class Plain:
    def __init__(self, *values: float) -> None:
        self.values = values

    def __iter__(self) -> Any:
        return iter(self.values)


class Refusals(Case):
    def test_arguments(self) -> None:
        make = self.kdtree.KDTree
        for error, part, args in (
            (TypeError, "", ()),
            (TypeError, "", ([],)),
            (TypeError, "", ([], "2")),
            (ValueError, "dimensions must be", ([], 0)),
            (ValueError, "dimensions must be", ([], 65)),
            (ValueError, "not points of", (b"123", 1)),
            (ValueError, "not points of", (array.array("d", [1.0] * 3), 2)),
            (TypeError, "must be doubles", (array.array("i", [1, 2]), 1)),
            (ValueError, "expected a point of 2", ([(1, 2), (1,)], 2)),
            (TypeError, "", (["ab"], 2)),
            (TypeError, "", ([1], 1)),
            (TypeError, "", (5, 1)),
            (ValueError, "point 1 is not finite", ([(1,), (math.nan,)], 1)),
            (ValueError, "not finite", (array.array("d", [math.inf]), 1)),
        ):
            with self.subTest(args=args):
                with self.assertRaisesRegex(error, part):
                    make(*args)
        tree = make([(1, 2)], 2)
        for error, part, call in (
            (TypeError, "", lambda: tree.nearest()),
            (ValueError, "expected a point of 2", lambda: tree.nearest((1,))),
            (ValueError, "not finite", lambda: tree.nearest((1, math.nan))),
            (ValueError, "k must not", lambda: tree.nearest((1, 2), -1)),
            (ValueError, "radius", lambda: tree.within((1, 2), -1)),
            (ValueError, "radius", lambda: tree.within((1, 2), math.nan)),
            (TypeError, "", lambda: tree.within((1, 2), "x")),
        ):
            with self.assertRaisesRegex(error, part):
                call()
        self.assertEqual(tree.nearest(Plain(1, 2), 9), [(0.0, 0)])
        self.assertEqual(tree.within((9, 9), math.inf), [0])

    def test_init_is_done_once(self) -> None:
        tree = self.kdtree.KDTree([(1,)], 1)
        with self.assertRaises(RuntimeError):
            tree.__init__([(2,)], 1)
        self.assertEqual(list(tree), [(1.0,)])
        bare = self.kdtree.KDTree.__new__(self.kdtree.KDTree)
        for use in (len, list, bytes, lambda t: t.nearest((1,)), lambda t: t.bounds):
            with self.assertRaises((RuntimeError, BufferError)):
                use(bare)
        self.assertIn("0 points", repr(bare))

    def test_points_that_fail(self) -> None:
        def points() -> Any:
            yield (1, 2)
            raise KeyError("mine")

        with self.assertRaisesRegex(KeyError, "mine"):
            self.kdtree.KDTree(points(), 2)


class Leaks(Case):
    def test_nothing_grows(self) -> None:
        def work() -> None:
            tree = self.kdtree.KDTree([(1, 2), (3, 4)], 2)
            tree.nearest((1, 1), k=2)
            tree.within((1, 1), 5)
            list(tree), tree[0], tree.bounds, tree.dimensions
            memoryview(tree).release()
            tree.__reduce__()
            for wrong in (([(1,)], 2), (b"1", 1), ([(math.nan,)], 1)):
                try:
                    self.kdtree.KDTree(*wrong)
                except ValueError:
                    pass

        self.assertLess(modules.growth(work, 10000), 100)


def derive(kdtree: Any) -> Any:
    class Named(kdtree.KDTree):  # type: ignore[misc]
        def __init__(self, points: Any, dimensions: int, name: str = "?") -> None:
            super().__init__(points, dimensions)
            self.name = name

        def nearest(self, query: Any, k: int = 1) -> Any:
            return [self[i] for _, i in super().nearest(query, k)]

    Named.__qualname__ = "Named"
    globals()["Named"] = Named  # where pickle looks for it
    return Named


class Classes(Case):
    def test_deriving(self) -> None:
        Named = derive(self.kdtree)
        tree = Named([(1, 1), (5, 5)], 2, name="two")
        self.assertIsInstance(tree, self.kdtree.KDTree)
        self.assertEqual(tree.name, "two")
        self.assertEqual(tree.nearest((4, 4)), [(5.0, 5.0)])
        self.assertEqual(list(tree), [(1.0, 1.0), (5.0, 5.0)])
        tree.me = tree  # a cycle
        weak = weakref.ref(tree)
        del tree
        gc.collect()
        self.assertIsNone(weak())

    def test_pickling(self) -> None:
        Named = derive(self.kdtree)
        plain = self.kdtree.KDTree([(1, 2), (3, 4)], 2)
        named = Named([(1, 2)], 2, name="x")
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(plain, protocol))
            self.assertIs(type(again), self.kdtree.KDTree)
            self.assertEqual(list(again), list(plain))
            other = pickle.loads(pickle.dumps(named, protocol))
            self.assertIs(type(other), Named)
            self.assertEqual((list(other), other.name), ([(1.0, 2.0)], "x"))
        self.assertEqual(list(copy.copy(plain)), list(plain))
        self.assertEqual(list(copy.deepcopy(named)), list(named))
        empty = pickle.loads(pickle.dumps(self.kdtree.KDTree([], 3)))
        self.assertEqual((len(empty), empty.dimensions), (0, 3))


if __name__ == "__main__":
    unittest.main()
