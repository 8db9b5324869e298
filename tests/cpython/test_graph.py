"""The example module graph: cycles for whichever collector is in charge."""

from __future__ import annotations

import gc
import random
import sys
import unittest
import weakref
from typing import Any, Dict, List, Set

import modules


class Case(unittest.TestCase):
    graph: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.graph = modules.load("graph")

    def ring(self, count: int) -> Any:
        made = self.graph.Graph()
        for i in range(count):
            made.add(str(i))
        for i in range(count):
            made.connect(str(i), str((i + 1) % count), i * 0.5)
        return made

    def finalized_by(self, action: Any, collect: bool = False) -> int:
        """How many nodes end by an action, or by it and a collection after it."""
        gc.collect()
        before = self.graph.finalized()
        action()
        if collect:
            gc.collect()
        after: int = self.graph.finalized()
        return after - before


class Lifetimes(Case):
    def test_cycles_are_collected(self) -> None:
        made: List[Any] = [self.ring(100)]
        weak = made[0].watch("7")
        self.assertEqual(weak().name, "7")
        self.assertEqual(self.finalized_by(made.clear, collect=True), 100)
        self.assertIsNone(weak())
        self.assertEqual(self.finalized_by(lambda: self.ring(50), collect=True), 50)

    def test_nodes_without_cycles_go_at_once(self) -> None:
        def drop() -> None:
            node = self.graph.Node("a")
            node.connect(self.graph.Node("b"))

        self.assertEqual(self.finalized_by(drop), 2)

    def test_attributes_make_cycles(self) -> None:
        def drop() -> None:
            node = self.graph.Node("a")
            node.other = [node]
            other = self.graph.Node("b")
            other.value = {"me": other}
            third = self.graph.Node("c")
            third.at_end = lambda dying: third.name

        self.assertEqual(self.finalized_by(drop, collect=True), 3)

    def test_weak_references(self) -> None:
        told: List[Any] = []
        made = self.ring(3)
        weak = made.watch("0", told.append)
        own = weakref.ref(made["1"], told.append)
        self.assertIs(weak(), made["0"])
        del made
        gc.collect()
        self.assertEqual(sorted(map(id, told)), sorted([id(weak), id(own)]))
        self.assertIsNone(own())

    def test_resurrection(self) -> None:
        kept: List[Any] = []
        node = self.graph.Node("a")
        node.at_end = kept.append
        node.connect(node)
        before = self.graph.finalized()
        del node
        gc.collect()
        self.assertEqual(self.graph.finalized() - before, 1)
        self.assertEqual([one.name for one in kept], ["a"])
        self.assertEqual(kept[0].edges, [(kept[0], 1.0)])
        kept.clear()
        gc.collect()
        self.assertEqual(self.graph.finalized() - before, 1)  # once

    def test_an_error_at_the_end_is_told(self) -> None:
        told: List[Any] = []
        hook = sys.unraisablehook
        sys.unraisablehook = lambda args: told.append(args.exc_type)
        try:
            node = self.graph.Node("a")
            node.at_end = lambda dying: 1 // 0
            del node
            gc.collect()
        finally:
            sys.unraisablehook = hook
        self.assertEqual(told, [ZeroDivisionError])

    def test_nothing_is_left(self) -> None:
        def work() -> None:
            made = self.ring(5)
            made.path("0", "3")
            list(made)
            made.watch("1")
            made.remove("3")
            for node in made:
                node.color = node.edges
                node.disconnect(made["2"])

        self.assertLess(modules.growth(work, 2000), 100)


class Use(Case):
    def test_mapping(self) -> None:
        made = self.ring(3)
        self.assertEqual(len(made), 3)
        self.assertEqual([node.name for node in made], ["0", "1", "2"])
        self.assertIn("1", made)
        self.assertNotIn("x", made)
        self.assertIs(made["1"].graph, made)
        with self.assertRaises(KeyError) as caught:
            made["x"]
        self.assertEqual(caught.exception.args, ("x",))
        with self.assertRaises(TypeError):
            made[[]]
        self.assertFalse(self.graph.Graph())
        self.assertTrue(made)
        self.assertTrue(self.graph.Node("a"))

    def test_nodes(self) -> None:
        node = self.graph.Node("a", value=[1])
        self.assertEqual((node.name, node.value, node.graph), ("a", [1], None))
        self.assertEqual(repr(node), "<Node 'a' with 0 edges>")
        node.color = "red"
        self.assertEqual(node.__dict__, {"color": "red"})
        with self.assertRaises(AttributeError):
            node.name = "b"
        with self.assertRaises(RuntimeError):
            node.__init__("b")
        for wrong in ((), (1,), ("a", 1, 2)):
            with self.assertRaises(TypeError):
                self.graph.Node(*wrong)
        with self.assertRaises(TypeError):
            node.connect("b")
        with self.assertRaises(TypeError):
            node.connect(node, "heavy")

    def test_edges(self) -> None:
        made = self.ring(2)
        one, two = made
        one.connect(two, 2.5)
        self.assertEqual(one.edges, [(two, 0.0), (two, 2.5)])
        self.assertEqual(len(one), 2)
        self.assertEqual(one.disconnect(two), 2)
        self.assertEqual(one.edges, [])
        self.assertEqual(one.disconnect(5), 0)

    def test_belonging(self) -> None:
        made, other = self.ring(2), self.graph.Graph()
        with self.assertRaisesRegex(ValueError, "already"):
            made.add("0")
        with self.assertRaisesRegex(ValueError, "in a graph already"):
            other.add(made["0"])
        with self.assertRaisesRegex(ValueError, "not of this graph"):
            other.path(made["0"])
        node = made.remove("0")
        self.assertIsNone(node.graph)
        self.assertEqual(made.path("1"), [made["1"]])  # an edge leads out of it
        other.add(node)
        self.assertIs(node.graph, other)

    def test_derived_types(self) -> None:
        graph = self.graph

        class City(graph.Node):  # type: ignore[misc, name-defined]
            def __init__(self, name: str, people: int) -> None:
                super().__init__(name)
                self.people = people

        made = graph.Graph()
        city = made.add(City("Bonn", 336000))
        self.assertIs(made["Bonn"], city)
        self.assertEqual(city.people, 336000)
        with self.assertRaises(RuntimeError):
            made.add(City.__new__(City, "x", 1))

    def test_paths(self) -> None:
        source = random.Random(1959)
        for _ in range(30):
            made = self.graph.Graph()
            count = source.randrange(1, 20)
            edges: Dict[int, Set[int]] = {i: set() for i in range(count)}
            for i in range(count):
                made.add(str(i))
            for _ in range(source.randrange(3 * count)):
                a, b = source.randrange(count), source.randrange(count)
                edges[a].add(b)
                made.connect(str(a), str(b))
            far = {0: 0}
            queue = [0]
            for a in queue:
                for b in edges[a] - far.keys():
                    far[b] = far[a] + 1
                    queue.append(b)
            self.assertEqual({int(n.name) for n in made.path("0")}, set(far))
            for goal in range(count):
                path = made.path("0", str(goal))
                if goal not in far:
                    self.assertIsNone(path)
                    continue
                self.assertEqual(len(path), far[goal] + 1)
                names = [int(node.name) for node in path]
                self.assertEqual((names[0], names[-1]), (0, goal))
                self.assertTrue(all(b in edges[a] for a, b in zip(names, names[1:])))


if __name__ == "__main__":
    unittest.main()
