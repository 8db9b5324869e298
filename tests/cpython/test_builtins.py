"""load(builtins=...): bound functions handed out as builtins."""

from __future__ import annotations

import array
import copy
import gc
import inspect
import pickle
import pydoc
import types
import unittest
import weakref
from typing import Any

import kaa
import samples
import support

DECLARATIONS = """
typedef int int_function(int);
int same_int(int value);
int apply(int_function *function, int value);
double same_double(double value);
int sprintf(char *to, const char *format, ...);
double frexp(double value, int *exponent [[kaa::out]]);
long write(int file, const void *data [[kaa::length(size)]], unsigned long size);
"""


def setUpModule() -> None:
    if not support.BRIDGE:
        raise unittest.SkipTest("needs the bridge")


class Builtins(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = samples.load(DECLARATIONS, builtins=True)

    def test_it_is_a_builtin_over_the_function(self) -> None:
        same = self.lib.same_int
        self.assertIs(type(same), types.BuiltinFunctionType)
        self.assertIs(type(same.__self__), type(samples.load(DECLARATIONS).same_int))
        self.assertIsInstance(same.__self__, kaa.Function)
        self.assertIs(self.lib.same_int, same)
        self.assertEqual(same.__name__, "same_int")
        self.assertEqual(kaa.declaration(same), "int same_int(int value);")
        self.assertEqual(kaa.declaration(same.__self__), kaa.declaration(same))

    def test_calls_are_the_same(self) -> None:
        lib = self.lib
        self.assertEqual(lib.same_int(7), 7)
        self.assertEqual(lib.same_int(value=-(2**31)), -(2**31))
        self.assertEqual(lib.same_int(*[3]), 3)
        self.assertEqual(lib.frexp(8.0), (0.5, 4))
        to = bytearray(64)
        self.assertEqual(lib.sprintf(to, "%d %s %g", 7, "text", 2.5), 10)
        self.assertEqual(bytes(to[:10]), b"7 text 2.5")
        for wrong in ((), (1, 2), ("a",), (2**31,), (1.0,)):
            plain = samples.load(DECLARATIONS).same_int
            with self.assertRaises(Exception) as expected:
                plain(*wrong)
            with self.assertRaises(type(expected.exception)) as raised:
                lib.same_int(*wrong)
            self.assertEqual(str(raised.exception), str(expected.exception))

    def test_called_often_in_one_place(self) -> None:
        """The interpreter specialises the call; values of all kinds come by."""
        same = self.lib.same_int
        given = [1, True, -5, 2**30, 2**31 - 1, -(2**31)] * 50
        self.assertEqual([same(value) for value in given], given)
        refused = 0
        for value in [1, 2**31] * 50:
            try:
                same(value)
            except OverflowError:
                refused += 1
        self.assertEqual(refused, 50)

    def test_texts(self) -> None:
        same, frexp, write = self.lib.same_int, self.lib.frexp, self.lib.write
        self.assertEqual(same.__text_signature__, "(value)")
        self.assertEqual(same.__doc__, "int same_int(int value);\n")
        self.assertEqual(str(inspect.signature(frexp)), "(value)")
        self.assertEqual(str(inspect.signature(write)), "(file, data, size=None)")
        self.assertEqual(
            str(inspect.signature(self.lib.sprintf)), "(to, format, *args)"
        )
        self.assertEqual(
            str(inspect.signature(same.__self__)), "(value: int) -> int"
        )
        shown = pydoc.plain(pydoc.render_doc(same))
        self.assertIn("same_int(value)", shown)
        self.assertIn("int same_int(int value);", shown)

    def test_c_takes_it_for_the_function(self) -> None:
        lib = self.lib
        self.assertEqual(lib.apply(lib.same_int, 41), lib.apply(lib.same_int.__self__, 41))
        with self.assertRaisesRegex(TypeError, "double same_double"):
            lib.apply(lib.same_double, 1)  # of another type: no closure is made
        # No closure was made: C got the function's own address.
        self.assertEqual(list(lib._closures.values()), [lib.same_int.__self__])
        self.assertEqual(lib.apply(abs, -3), 3)  # a builtin of others

    def test_what_has_no_attributes_here(self) -> None:
        with self.assertRaises(AttributeError):
            self.lib.same_double.map
        given = array.array("d", [1.0, 2.0])
        self.assertEqual(list(kaa.map(self.lib.same_double, given)), [1.0, 2.0])
        self.assertEqual(list(kaa.map(self.lib.same_double.__self__, given)), [1.0, 2.0])
        for other in (abs, len, 3, None, [].append):
            with self.assertRaisesRegex(TypeError, "wants a function of a library"):
                kaa.declaration(other)

    def test_some_by_name(self) -> None:
        lib = samples.load(DECLARATIONS, builtins=["same_int"])
        self.assertIs(type(lib.same_int), types.BuiltinFunctionType)
        self.assertIsInstance(lib.same_double, kaa.Function)
        with self.assertRaisesRegex(ValueError, "builtins: no function 'nothing'"):
            samples.load(DECLARATIONS, builtins=["nothing"])
        with self.assertRaisesRegex(TypeError, "a list of names expected"):
            samples.load(DECLARATIONS, builtins="same_int")
        self.assertIsInstance(
            samples.load(DECLARATIONS, builtins=False).same_int, kaa.Function
        )

    def test_pickles(self) -> None:
        same = self.lib.same_int
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            self.assertIs(pickle.loads(pickle.dumps(same, protocol)), same)
            bound = pickle.dumps(same.__self__, protocol)
            self.assertIs(pickle.loads(bound), same.__self__)
        self.assertIs(copy.deepcopy(same), same)
        data = pickle.dumps((same, same.__self__, self.lib))
        done = support.run_python(
            "-c",
            "import pickle, types\n"
            f"f, bound, lib = pickle.loads({data!r})\n"
            "assert type(f) is types.BuiltinFunctionType\n"
            "print(f(5), bound(6), f.__self__ is bound, lib.same_int is f)",
        )
        self.assertEqual((done.stdout, done.returncode), ("5 6 True True\n", 0), done)

    def test_lives_as_long_as_it_is_held(self) -> None:
        lib = self.lib
        same, seen = lib.same_int, weakref.ref(lib)
        gone: Any = weakref.ref(lib.same_int)
        del self.lib, lib
        gc.collect()
        self.assertIsNotNone(seen())
        self.assertEqual((same(3), same.__name__), (3, "same_int"))
        self.assertEqual(same.__doc__, "int same_int(int value);\n")
        del same
        gc.collect()
        self.assertIsNone(gone())
        self.assertIsNone(seen())


if __name__ == "__main__":
    unittest.main()
