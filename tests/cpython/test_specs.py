"""Specs of types: what is refused, and that every instance and type ends."""

from __future__ import annotations

import gc
import unittest
from typing import Any

import modules

SLOTS = {
    "__init__": "init",
    "__new__": "init",
    "__del__": "finalize",
    "__repr__": "repr",
    "__str__": "str",
    "__hash__": "hash",
    "__eq__": "compare",
    "__lt__": "compare",
    "__bool__": "truth",
    "__call__": "call",
    "__getattr__": "get_attr",
    "__getattribute__": "get_attr",
    "__setattr__": "set_attr",
    "__delattr__": "set_attr",
    "__iter__": "iter",
    "__next__": "next",
    "__len__": "length",
    "__getitem__": "get_item",
    "__setitem__": "set_item",
    "__delitem__": "set_item",
    "__contains__": "contains",
    "__int__": "to_int",
    "__float__": "to_float",
    "__index__": "index",
    "__buffer__": "get_buffer",
    "__release_buffer__": "release_buffer",
    "__neg__": "unary",
    "__invert__": "unary",
    "__add__": "binary",
    "__radd__": "binary",
    "__rdivmod__": "binary",
    "__ror__": "binary",
    "__iadd__": "inplace",
    "__imatmul__": "inplace",
}
NONE_YET = ["__get__", "__set__", "__delete__", "__await__", "__aiter__", "__anext__"]
METHODS = [
    "__enter__",
    "__exit__",
    "__reduce__",
    "__copy__",
    "__sizeof__",
    "__format__",
    "__round__",
    "__dir__",
    "__reversed__",
    "__length_hint__",
    "__fspath__",
    "__class_getitem__",
    "__iand",
    "__rx__",
    "__ix__",
    "__i__",
    "____",
    "add",
]


class Specs(unittest.TestCase):
    specs: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.specs = modules.load("specs", without_bridge=True)

    def test_names_that_have_a_slot(self) -> None:
        for name, slot in SLOTS.items():
            for table in ("method", "member", "property"):
                with self.subTest(name, table=table):
                    with self.assertRaises(SystemError) as caught:
                        self.specs.try_name(name, table)
                    self.assertEqual(
                        str(caught.exception),
                        f"type 'specs.Tried': the {table} '{name}' would not be"
                        f" called; use the slot '{slot}' of kaa_type_spec",
                    )

    def test_names_without_a_slot(self) -> None:
        for name in NONE_YET:
            with self.assertRaisesRegex(SystemError, "has no slot for it"):
                self.specs.try_name(name, "method")

    def test_names_that_are_methods(self) -> None:
        # Proxies have these three of their own.
        own = [] if modules.HAS_BRIDGE else ["__sizeof__", "__format__", "__dir__"]
        for name in set(METHODS).difference(own):
            with self.subTest(name):
                self.assertEqual(getattr(self.specs.try_name(name, "method")(), name)(), 42)
        self.assertEqual(self.specs.try_name("value", "property")().value, 42)

    def test_methods_that_cannot_be_called(self) -> None:
        for number, message in enumerate(
            (
                "method empty: it has no function",
                "method kindless: its flags say no kind, or several",
                "method several: its flags say no kind, or several",
            )
        ):
            for is_type in (False, True):
                with self.assertRaises(SystemError) as caught:
                    self.specs.try_method(number, is_type)
                self.assertEqual(str(caught.exception), message)

    def test_clear_without_destroy(self) -> None:
        self.assertEqual(self.specs.make_and_drop(), 0)
        self.assertEqual(self.specs.make_and_drop(), 0)

    @unittest.skipUnless(modules.HAS_BRIDGE, "objects are reached through proxies")
    def test_what_clear_gives_up(self) -> None:
        one = self.specs.Clearing()
        one.held.append(one)
        kept = one.held
        del one
        self.assertEqual(len(kept), 1)
        del kept[:]
        gc.collect()
        self.assertEqual(self.specs.make_and_drop(), 0)

    def test_a_type_that_holds_its_one_instance(self) -> None:
        self.assertEqual(self.specs.single_in_type(), 0)


if __name__ == "__main__":
    unittest.main()
