"""Typedefs of numbers and function pointers; addresses of members and variables."""

from __future__ import annotations

import copy
import gc
import pickle
import unittest
import weakref

import kaa


class Names(unittest.TestCase):
    """Typedefs of numbers and of function pointers."""

    def setUp(self) -> None:
        self.lib = kaa.load(
            None,
            "typedef unsigned char tiny; typedef double real; typedef _Bool flag;"
            "typedef int (*change)(int n); int abs(int n); enum shade { DARK = 3 };"
            "typedef const char *text;",
        )

    def test_numbers(self) -> None:
        lib = self.lib
        self.assertEqual((lib.tiny(255), lib.real(2), lib.flag(1)), (255, 2.0, True))
        self.assertEqual((lib.tiny(), lib.real(), lib.flag()), (0, 0.0, False))
        self.assertIs(type(lib.real(2)), float)
        with self.assertRaisesRegex(OverflowError, r"^tiny: 256 is out of range for tiny"):
            lib.tiny(256)
        with self.assertRaisesRegex(TypeError, "^real: float expected, not str"):
            lib.real("1")
        self.assertEqual((kaa.sizeof(lib.tiny), kaa.alignof(lib.real)), (1, 8))
        made = kaa.new(lib.real, 2.5)
        self.assertEqual(made[0], 2.5)
        self.assertEqual(repr(lib.tiny), "<C type tiny: unsigned char>")
        self.assertIs(lib.tiny, lib.tiny)
        self.assertEqual(repr(pickle.loads(pickle.dumps(lib.tiny))), repr(lib.tiny))
        self.assertIs(copy.copy(lib.tiny), lib.tiny)

    def test_functions(self) -> None:
        lib = self.lib
        made = lib.change(lambda n: n + 1)
        gc.collect()
        self.assertEqual(made(5), 6)
        with self.assertRaises(OverflowError):
            made(2**31)
        self.assertEqual(lib.change(lib.abs)(-3), 3)
        self.assertIsNone(lib.change(None))
        again = kaa.cast(lib.change, lib.abs.address)
        self.assertEqual(again(-4), 4)
        self.assertIsNone(kaa.cast("change", None, library=lib))
        with self.assertRaisesRegex(TypeError, "^change: "):
            lib.change(5)

    def test_immutable(self) -> None:
        for name in ("_ctype", "_library", "__name__", "x"):
            with self.assertRaises(AttributeError):
                setattr(self.lib.tiny, name, 1)
        with self.assertRaises(TypeError):
            type(self.lib.tiny)()


class Addresses(unittest.TestCase):
    def test_addresses_of_members_and_variables(self) -> None:
        lib = kaa.load(
            None,
            "struct inner { int a, b; };"
            "struct outer { char first; struct inner inside; int list[3]; unsigned bits : 3; };"
            "extern char **environ; extern int no_such_variable __attribute__((weak));"
            "int abs(int n);",
        )
        outer = lib.outer()
        place = kaa.addressof(outer, "inside")
        place.b = 7
        self.assertEqual(outer.inside.b, 7)
        self.assertEqual(int(place) - int(kaa.addressof(outer)), kaa.offsetof(lib.outer, "inside"))
        again = kaa.addressof(kaa.addressof(outer), "inside")
        self.assertEqual(again, place)
        number = kaa.addressof(place, "a")
        number[0] = 5
        self.assertEqual(place.a, 5)
        self.assertEqual(len(kaa.addressof(outer, "list")[0]), 3)
        watched = weakref.ref(outer)
        del outer, place, again
        gc.collect()
        self.assertEqual(number[0], 5)  # it keeps the record
        self.assertIsNotNone(watched())
        del number
        gc.collect()
        self.assertIsNone(watched())
        variable = kaa.addressof(lib, "environ")
        self.assertEqual(variable[0], lib.environ)
        for data, name, error, words in (
            (lib.outer(), "bits", ValueError, "bit-field"),
            (lib.outer(), "lits", AttributeError, "no member 'lits'"),
            (kaa.cast("outer *", None, library=lib), "inside", ValueError, "NULL"),
            (lib, "abs", AttributeError, "no variable 'abs'"),
            (lib, "nothing", AttributeError, "no variable 'nothing'"),
            (lib, "no_such_variable", AttributeError, "lacks the variable"),
            (5, "x", TypeError, "expected, not int"),
        ):
            with self.assertRaisesRegex(error, words):
                kaa.addressof(data, name)


if __name__ == "__main__":
    unittest.main()
