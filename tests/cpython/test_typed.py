"""Typed functions of extension modules: what kaa.load() makes, of a module."""

from __future__ import annotations

import array
import copy
import gc
import inspect
import pickle
import sys
import threading
import unittest
import weakref
from typing import Any

import kaa
import modules
import support


class Refusals(unittest.TestCase):
    """What holds in every context."""

    def test_free_is_refused(self) -> None:
        for _ in range(2):
            with self.assertRaisesRegex(ImportError, r"text\(\): \[\[kaa::free\]\]"):
                modules.load("untyped", without_bridge=True)
        self.assertNotIn("untyped", sys.modules)

    @unittest.skipIf(support.BRIDGE, "the bridge converts more")
    def test_what_only_the_bridge_converts(self) -> None:
        with self.assertRaisesRegex(ImportError, r"swap\(\): parameter 1 of type"):
            modules.load("typed", without_bridge=True)


@unittest.skipUnless(support.BRIDGE, "functions of the bridge")
class Typed(unittest.TestCase):
    typed: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.typed = modules.load("typed")

    def test_types_refuse_them(self) -> None:
        for which in (0, 1):
            with self.assertRaisesRegex(
                TypeError,
                "type 'typed.Bad' has a typed function, which can only stand in"
                r" the table of a module: double half\(double x\)",
            ):
                self.typed.make_type(which)
        with self.assertRaisesRegex(SystemError, "in the table of a module"):
            self.typed.make_function()

    def test_is_what_load_makes(self) -> None:
        libm = kaa.load("libm.so.6", "double pow(double x, double y);")
        self.assertIs(type(self.typed.swap), type(libm.pow))
        self.assertIsInstance(self.typed.swap, kaa.Function)

    def test_records(self) -> None:
        swap = self.typed.swap
        point = swap.__signature__.parameters["value"].annotation
        self.assertEqual((point.__name__, point.__module__), ("point", "typed"))
        swapped = swap(point(1.0, 2.0))
        self.assertEqual((swapped.x, swapped.y), (2.0, 1.0))
        self.assertIsInstance(swapped, point)
        mirror = self.typed.mirror
        mirror(swapped)  # declared apart, and the same in C
        self.assertEqual(swapped.x, -2.0)
        with self.assertRaisesRegex(TypeError, r"swap\(\) argument 1 \(value\)"):
            swap(3)

    def test_callbacks(self) -> None:
        items = array.array("i", range(10))
        self.assertEqual(self.typed.count_if(items, test=lambda item: item % 3 == 0), 4)
        with self.assertRaises(ZeroDivisionError):
            self.typed.count_if(items, 3, lambda item: 1 // item)

    def test_kept_callback(self) -> None:
        self.typed.keep(lambda value: value + 1)
        gc.collect()
        self.assertEqual(self.typed.call_kept(41), 42)

    def test_variable_arguments(self) -> None:
        self.assertEqual(self.typed.add_up(3, 1, 2, 3), 6)

    def test_description(self) -> None:
        swap, mirror = self.typed.swap, self.typed.mirror
        self.assertEqual(swap.__doc__, "The other way round.")
        self.assertEqual(swap.__text_signature__, "(value)")
        self.assertEqual(mirror.__doc__, "mirror(p) without a signature.")
        self.assertEqual(mirror.__text_signature__, "(p)")
        self.assertEqual(self.typed.keep.__doc__, self.typed.keep.declaration + "\n")
        self.assertEqual(self.typed.add_up.__doc__, "int add_up(int count, ...);\n")
        self.assertEqual(
            self.typed.count_if.__text_signature__, "(items, count, test)"
        )
        self.assertEqual(list(inspect.signature(swap).parameters), ["value"])
        for function in (swap, mirror):
            self.assertEqual(function.__module__, "typed")
            self.assertEqual(function.__name__, function.__qualname__)
            self.assertIn(" in typed: ", repr(function))
        self.assertIsInstance(type(swap).__module__, str)

    def test_functions_of_libraries_are_no_modules(self) -> None:
        libm = kaa.load("libm.so.6", "double pow(double x, double y);")
        self.assertEqual(libm.pow.__module__, type(libm.pow).__module__)
        self.assertEqual(libm.pow.__doc__, "double pow(double x, double y);\n")

    def test_pickling(self) -> None:
        swap = self.typed.swap
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            self.assertIs(pickle.loads(pickle.dumps(swap, protocol)), swap)
        self.assertIs(copy.copy(swap), swap)
        self.assertIs(copy.deepcopy(swap), swap)

    def test_goes_with_its_module(self) -> None:
        name = self.typed.__name__
        before = sys.modules.pop(name)
        try:
            again = modules.load("typed")
            self.assertIsNot(again, before)
            swap = again.swap
            seen = [weakref.ref(again.keep), weakref.ref(swap._library)]
            again.keep(lambda value: again)  # a cycle through the callback
            del again, sys.modules[name]
            gc.collect()
            self.assertIsNone(seen[0]())
            point = swap.__signature__.parameters["value"].annotation
            self.assertEqual(swap(point(1, 2)).x, 2.0)
            del swap, point
            gc.collect()
            self.assertIsNone(seen[1]())
        finally:
            sys.modules[name] = before

    def test_imports_do_not_leak(self) -> None:
        name = self.typed.__name__
        before = sys.modules[name]

        def load() -> None:
            del sys.modules[name]
            modules.load("typed")
            gc.collect()

        try:
            # A leak shows each time, what the interpreter keeps for itself does not.
            self.assertLess(min(modules.growth(load, 100) for _ in range(4)), 100)
        finally:
            sys.modules[name] = before

    def test_calls_do_not_leak(self) -> None:
        point = self.typed.swap.argtypes[0](1.0, 2.0)
        self.assertLess(modules.growth(lambda: self.typed.swap(point), 10000), 100)
        self.assertLess(modules.growth(lambda: self.typed.add_up(0), 10000), 100)

    def test_lock(self) -> None:
        start = self.typed.bump(0)
        threads = [
            threading.Thread(target=lambda: [self.typed.bump(1000) for _ in range(50)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.typed.bump(0) - start, 4 * 50 * 1000)


if __name__ == "__main__":
    unittest.main()
