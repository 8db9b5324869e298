"""Typedefs of numbers and of functions: classes that convert, with and without the
bridge."""

from __future__ import annotations

import ctypes
import gc
import inspect
import pickle
import typing
import unittest
import weakref
from typing import Any

import kaa

import support

TEXT = """
typedef unsigned char u8; typedef unsigned long uLong; typedef __int128 wide;
typedef double real; typedef float _Complex pair; typedef _Bool flag; typedef char byte;
typedef wchar_t letter; typedef enum later later; typedef _Float128 quad; typedef void nothing;
typedef u8 again;
typedef int (*compare)(const void *left, const void *right); typedef int one(int);
enum { LIMIT = 3 };
int abs(int); long labs(long);
void qsort(void *base, unsigned long count, unsigned long size, compare order);
"""


def libc() -> Any:
    return kaa.load("libc.so.6", TEXT)


class Numbers(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = libc()

    def test_a_call_converts_as_a_parameter_and_a_result(self) -> None:
        lib = self.lib
        for kind, given, back in (
            (lib.u8, 255, 255),
            (lib.uLong, True, 1),
            (lib.wide, -(2**127), -(2**127)),
            (lib.real, 3, 3.0),
            (lib.pair, 1.5, 1.5 + 0j),
            (lib.flag, 1, True),
            (lib.byte, b"x", b"x"),
            (lib.letter, "\u20ac", "\u20ac"),
        ):
            made = kind(given)
            self.assertEqual((type(made), made), (type(back), back), kind)
        zeros = [kind() for kind in (lib.u8, lib.real, lib.flag, lib.byte, lib.letter)]
        self.assertEqual(zeros, [0, 0.0, False, b"\0", "\0"])

    def test_what_does_not_fit_is_refused(self) -> None:
        for kind, given, error, text in (
            ("u8", 256, OverflowError, r"u8\(\): 256 is out of range for u8 \(0 to 255\)"),
            ("u8", "1", TypeError, r"u8\(\): int expected, not str"),
            ("flag", 2, OverflowError, r"flag\(\): 2 is out of range"),
            ("byte", b"xy", ValueError, r"byte\(\): "),
            ("quad", 1, kaa.UnsupportedError, "no Python value can be quad"),
        ):
            with self.assertRaisesRegex(error, text):
                getattr(self.lib, kind)(given)
        with self.assertRaisesRegex(TypeError, r"u8\(\) takes one value, 2 given"):
            self.lib.u8(1, 2)

    def test_isinstance_says_what_could_be_given(self) -> None:
        lib = self.lib
        self.assertIsInstance(255, lib.u8)
        for other in (256, -1, "1", 1.0, None):
            self.assertNotIsInstance(other, lib.u8)
        self.assertNotIsInstance(1, lib.quad)
        self.assertNotIsInstance(1, kaa.Number)

    def test_memory_for_one(self) -> None:
        lib = self.lib
        one = kaa.new(lib.u8, 200)
        self.assertEqual((one[0], kaa.sizeof(lib.wide), kaa.alignof(lib.wide)), (200, 16, 16))
        with self.assertRaises(OverflowError):
            kaa.new(lib.u8, 256)
        self.assertIs(type(one), type(kaa.new("u8", library=lib)))

    def test_as_classes(self) -> None:
        lib = self.lib
        self.assertTrue(issubclass(lib.u8, kaa.Number))
        self.assertEqual(
            (lib.u8.__name__, lib.u8.__doc__), ("u8", "typedef unsigned char u8")
        )
        self.assertEqual(lib.again.__doc__, "typedef u8 again")
        self.assertIn("typedef u8 again", repr(lib.again))
        self.assertEqual(str(inspect.signature(lib.u8)), "(value=0, /) -> int")
        self.assertIs(typing.get_type_hints(_annotated(lib.u8))["x"], lib.u8)
        self.assertIsNone(lib.nothing)
        for name in ("u8", "compare", "later"):
            kind = getattr(lib, name)
            self.assertIs(pickle.loads(pickle.dumps(kind)), kind)
        self.assertIs(pickle.loads(pickle.dumps(kaa.Number)), kaa.Number)

    def test_they_cannot_be_changed_or_forged(self) -> None:
        kind = self.lib.u8
        with self.assertRaisesRegex(TypeError, "immutable type 'u8'"):
            kind.x = 1
        with self.assertRaisesRegex(TypeError, "immutable type 'u8'"):
            del kind.__doc__
        with self.assertRaisesRegex(TypeError, "final"):
            type("mine", (kind,), {})
        with self.assertRaisesRegex(TypeError, "final"):
            type(kind)("mine", (), {})
        with self.assertRaisesRegex(TypeError, "base of a library's classes"):
            kaa.Number(1)
        # The seal of another class, and one that is of none, say nothing.
        seal = kind.__dict__["__ctype__"]
        for forged in (seal, type(seal)()):
            other = type("other", (), {"__ctype__": forged, "__layout__": forged})
            with self.assertRaisesRegex(TypeError, "a C type or its name expected"):
                kaa.sizeof(other)

    def test_they_keep_the_library_and_go_with_it(self) -> None:
        lib = kaa.load("libc.so.6", TEXT)
        kind = lib.u8
        gone = weakref.ref(lib)
        del lib
        gc.collect()
        self.assertEqual(kind(7), 7)
        del kind
        gc.collect()
        self.assertIsNone(gone())


def _annotated(kind: Any) -> Any:
    def function(x):  # type: ignore[no-untyped-def]
        return x

    function.__annotations__["x"] = kind
    return function


class Functions(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = libc()

    def test_a_callable_becomes_a_c_function(self) -> None:
        lib = self.lib
        calls = []

        def order(left: int, right: int) -> int:
            calls.append(left)
            a, b = (ctypes.c_int.from_address(at).value for at in (left, right))
            return a - b

        made = lib.compare(order)
        again = lib.compare(order)
        self.assertEqual(made.address, again.address)
        cells = kaa.new("int[4]", [3, 1, 4, 2])
        lib.qsort(cells, 4, 4, made)
        self.assertEqual(list(cells), [1, 2, 3, 4])
        self.assertTrue(calls)
        self.assertEqual(made(cells, kaa.addressof(cells)), 0)
        self.assertEqual(lib.one(lambda value: value + 1)(4), 5)
        self.assertIsNone(lib.compare(None))
        self.assertIsNone(lib.compare())

    def test_it_lives_as_long_as_the_library(self) -> None:
        def seven(value: int) -> int:
            return 7

        gone = weakref.ref(seven)
        address = self.lib.one(seven).address
        del seven
        gc.collect()
        self.assertIsNotNone(gone())
        self.assertEqual(kaa.cast("one *", address, library=self.lib)(0), 7)

    def test_functions_of_c(self) -> None:
        lib = self.lib
        self.assertEqual(lib.one(lib.abs)(-3), 3)
        self.assertIsInstance(lib.abs, lib.one)
        self.assertNotIsInstance(lib.labs, lib.one)
        self.assertNotIsInstance(abs, lib.one)
        self.assertNotIsInstance(None, lib.one)
        with self.assertRaisesRegex(TypeError, r"one\(\): .*int function\(int\)|one\(\): "):
            lib.one(lib.labs)
        with self.assertRaisesRegex(TypeError, r"compare\(\): a callable expected, not int"):
            lib.compare(5)

    def test_exceptions_come_back(self) -> None:
        def fails(left: int, right: int) -> int:
            raise LookupError("of the callback")

        made = self.lib.compare(fails)
        with self.assertRaisesRegex(LookupError, "of the callback"):
            self.lib.qsort(kaa.new("int[2]"), 2, 4, made)
        with self.assertRaisesRegex(LookupError, "of the callback"):
            made(None, None)

    def test_casts(self) -> None:
        lib = self.lib
        self.assertEqual(kaa.cast("one *", lib.abs, library=lib)(-5), 5)
        void = kaa.cast("void *", lib.abs)
        self.assertEqual(int(void), lib.abs.address)
        self.assertEqual(kaa.cast("one *", void, library=lib)(-6), 6)
        self.assertIsNone(kaa.cast(lib.compare, None))
        self.assertIsNone(kaa.cast(lib.compare, 0))
        foreign = ctypes.CDLL("libc.so.6").abs
        self.assertEqual(kaa.cast("one *", foreign, library=lib)(-7), 7)
        with self.assertRaisesRegex(TypeError, "a pointer type expected, not one"):
            kaa.cast(lib.one, lib.abs)
        with self.assertRaises(OverflowError):
            kaa.cast(lib.compare, -1)
        with self.assertRaisesRegex(TypeError, "function of C's or address expected, not str"):
            kaa.cast(lib.compare, "text")

    def test_memory_for_one(self) -> None:
        cell = kaa.new(self.lib.compare)
        self.assertIsNone(cell[0])
        cell[0] = lambda left, right: 3
        self.assertEqual(cell[0](None, None), 3)
        for call in (kaa.new, kaa.sizeof, kaa.alignof):
            with self.assertRaisesRegex(TypeError, "one is a function type, which has no size"):
                call(self.lib.one)

    def test_as_classes(self) -> None:
        kind = self.lib.compare
        self.assertTrue(issubclass(kind, kaa.FunctionPointer))
        self.assertEqual(
            kind.__doc__, "typedef int (*compare)(const void *left, const void *right)"
        )
        self.assertEqual(str(inspect.signature(kind)), "(value=None, /)")


class Constants(unittest.TestCase):
    def test_macros_of_pointers(self) -> None:
        lib = kaa.load(
            "libc.so.6",
            header="struct s; int abs(int);\n"
            "#define NONE ((struct s *)0)\n#define ALL ((struct s *)-1)\n"
            "#define IGNORE ((void (*)(int))1)\n#define AT(x) ((int *)(x))\n",
        )
        self.assertIsInstance(lib.ALL, kaa.Pointer)
        self.assertEqual(int(lib.ALL), 2**64 - 1)
        self.assertFalse(lib.NONE)
        self.assertEqual(lib.IGNORE.address, 1)
        cell = kaa.new("int", 8)
        self.assertEqual(lib.AT(int(cell))[0], 8)
        self.assertEqual(lib.AT(cell)[0], 8)


if __name__ == "__main__":
    unittest.main()
