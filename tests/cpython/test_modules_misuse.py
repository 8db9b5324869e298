"""Extension modules in the hands of code that means no good, or knows no better."""

from __future__ import annotations

import gc
import os
import sys
import threading
import types
import unittest
from typing import Any, List

import modules
import support


@unittest.skipUnless(support.BRIDGE, "only the interpreter's own objects")
class Case(unittest.TestCase):
    pass


class Pretending(Case):
    def test_class_is_not_believed(self) -> None:
        """What says that it is an instance has no instance's data."""
        graph = modules.load("graph")

        class Liar:
            @property
            def __class__(self) -> Any:
                return graph.Node

        one, made = Liar(), graph.Graph()
        node = made.add("a")
        self.assertIsInstance(one, graph.Node)
        for use in (made.add, node.connect):
            self.assertRaises(TypeError, use, one)
        for use in (made.path, made.remove, made.watch, made.__getitem__):
            self.assertRaises(KeyError, use, one)


class Making(Case):
    def test_instances_of_derived_types(self) -> None:
        """That a type has no instances is not inherited."""
        natives = modules.load("natives")
        base = natives.new_type(10)
        derived = natives.new_type(5, base)
        self.assertRaises(TypeError, base)
        self.assertRaises(TypeError, type("Mine", (base,), {}))
        self.assertIs(type(derived()), derived)
        self.assertIs(type(derived.__new__(derived)), derived)
        self.assertRaises(TypeError, derived, 1)
        self.assertRaises(TypeError, lambda: derived(a=1))
        mine = type("Mine", (derived,), {"__init__": lambda self, a: None})
        self.assertIs(type(mine(1)), mine)


class Importing(Case):
    def test_failure_leaves_what_was_there(self) -> None:
        import kaa

        directory = os.path.dirname(os.environ["KAA_TEST_SAMPLE"])
        before = types.ModuleType("failing")
        sys.modules["failing"] = before
        try:
            with self.assertRaises(Exception):
                kaa.import_module(os.path.join(directory, "failing_1.kaa.so"), "failing")
            self.assertIs(sys.modules.get("failing"), before)
        finally:
            sys.modules.pop("failing", None)


    def test_a_path_that_goes_on(self) -> None:
        import kaa

        path = modules.load("natives").__file__
        for odd in (path + "\0", path + "\0.kaa.so"):
            self.assertRaises(ValueError, kaa.import_module, odd, "natives_odd")
        self.assertNotIn("natives_odd", sys.modules)

    def test_while_another_thread_imports(self) -> None:
        """A module that is not filled yet is not found by others' instances."""
        import kaa

        natives = modules.load("natives")
        series = natives.Series(1, 2)
        before = sys.getswitchinterval()
        ends: List[int] = []

        def look() -> None:
            while not ends:
                list(series)

        thread = threading.Thread(target=look)
        sys.setswitchinterval(1e-6)
        thread.start()
        try:
            for _ in range(200):
                kaa.import_module(natives.__file__, "natives_meanwhile")
                del sys.modules["natives_meanwhile"]
        finally:
            ends.append(1)
            thread.join()
            sys.setswitchinterval(before)
        self.assertEqual(list(series), [1, 2])


class Ends(Case):
    def test_a_type_that_comes_back(self) -> None:
        """Its instances are finalised, though the module was imported anew."""
        import kaa

        path = modules.load("natives").__file__
        kept: List[Any] = []
        calls: List[int] = []

        class Keeper:
            def __del__(self) -> None:
                kept.append(self.type)
                kept.append(kaa.import_module(path, "natives_again"))

        def make() -> None:
            module = kaa.import_module(path, "natives_again")
            keeper = Keeper()
            keeper.me = keeper
            keeper.type = module.Final
            module.keeper = keeper
            del sys.modules["natives_again"]

        make()
        gc.collect()
        if not kept:
            self.skipTest("modules do not end here")
        self.addCleanup(sys.modules.pop, "natives_again", None)
        old, module = kept
        self.assertIsNot(old, module.Final)
        for kind in (old, module.Final):
            instance = kind()
            instance.on_end = lambda: calls.append(1)
            del instance
        self.assertEqual(calls, [1, 1])


if __name__ == "__main__":
    unittest.main()
