"""Every refusal, by every path: the texts are the same, byte for byte.

The functions of one file are bound by kaa.load() and are typed functions of the
module that it is; the test runs with the bridge, without layouts, and without
the bridge, where the module's are those of kaa's own runtime.
"""

from __future__ import annotations

import array
import os
import re
import unittest
from typing import Any, List, NamedTuple, Optional, Tuple, Type

import kaa
import modules
import support
from kaa._values import fault as _fault


class Number:
    def __index__(self) -> int:
        return 300


class Case(NamedTuple):
    function: str
    error: Type[Exception]
    text: str
    arguments: Tuple[Any, ...] = ()
    keywords: dict = {}

    @property
    def is_copied(self) -> bool:
        """Whether an argument is no such object any more in a runtime of kaa's own."""
        return any(type(one) in (memoryview, Number) for one in self.arguments)


LARGE = 1 << 600
BUFFER = "a C-contiguous buffer"

#: What is refused, and how, wherever the function was bound.
CASES: List[Case] = [
    Case("tiny", TypeError, "tiny() argument 1 (n): int expected, not float", (1.0,)),
    Case(
        "tiny", TypeError, "tiny() argument 1 (n): int expected, not NoneType", (None,)
    ),
    Case("tiny", TypeError, "tiny() argument 1 (n): int expected, not str", ("1",)),
    Case(
        "tiny",
        OverflowError,
        "tiny() argument 1 (n): 128 is out of range for int8_t (-128 to 127)",
        (128,),
    ),
    Case(
        "tiny",
        OverflowError,
        "tiny() argument 1 (n): 300 is out of range for int8_t (-128 to 127)",
        (Number(),),
    ),
    Case(
        "tiny",
        OverflowError,
        "tiny() argument 1 (n): an int of 601 bits is out of range for int8_t"
        " (-128 to 127)",
        (LARGE,),
    ),
    Case(
        "wide",
        OverflowError,
        "wide() argument 1 (n): -1 is out of range for uint64_t"
        " (0 to 18446744073709551615)",
        (-1,),
    ),
    Case(
        "wide",
        OverflowError,
        "wide() argument 1 (n): 18446744073709551616 is out of range for uint64_t"
        " (0 to 18446744073709551615)",
        (1 << 64,),
    ),
    Case("flag", TypeError, "flag() argument 1 (b): bool expected, not str", ("x",)),
    Case(
        "flag",
        OverflowError,
        "flag() argument 1 (b): 2 is out of range for _Bool (0 to 1)",
        (2,),
    ),
    Case(
        "flag",
        OverflowError,
        "flag() argument 1 (b): -1 is out of range for _Bool (0 to 1)",
        (-1,),
    ),
    Case(
        "letter",
        TypeError,
        "letter() argument 1 (c): bytes of length 1 expected, not str",
        ("a",),
    ),
    Case(
        "letter",
        ValueError,
        "letter() argument 1 (c): bytes of length 1 expected, not 2",
        (b"ab",),
    ),
    Case(
        "letter",
        ValueError,
        "letter() argument 1 (c): bytes of length 1 expected, not 0",
        (bytearray(),),
    ),
    Case(
        "single", TypeError, "single() argument 1 (x): float expected, not str", ("1",)
    ),
    Case(
        "single",
        OverflowError,
        "single() argument 1 (x): 1e+300 is out of range for float",
        (1e300,),
    ),
    Case("real", TypeError, "real() argument 1 (x): float expected, not bytes", (b"",)),
    Case(
        "real",
        TypeError,
        "real() argument 1 (x): float expected, not NoneType",
        (None,),
    ),
    Case(
        "real",
        OverflowError,
        "real() argument 1 (x): an int of 2001 bits is out of range for double",
        (1 << 2000,),
    ),
    Case(
        "text",
        TypeError,
        f"text() argument 1 (s): 'const char *' needs str, bytes or {BUFFER} of bytes,"
        " not int",
        (5,),
    ),
    Case(
        "text", ValueError, "text() argument 1 (s): embedded NUL character", ("a\0b",)
    ),
    Case(
        "bytes",
        TypeError,
        "bytes() argument 1 (p): 'unsigned char *' needs a writable C-contiguous buffer"
        " of bytes, not bytes",
        (b"abc",),
    ),
    Case(
        "bytes",
        TypeError,
        "bytes() argument 1 (p): 'unsigned char *' needs a writable C-contiguous buffer"
        " of bytes, not str",
        ("abc",),
    ),
    Case(
        "bytes",
        TypeError,
        "bytes() argument 1 (p): 'unsigned char *' needs a writable C-contiguous buffer"
        " of bytes, not a read-only memoryview",
        (memoryview(b"abc"),),
    ),
    Case(
        "chars",
        TypeError,
        "chars() argument 1 (p): 'char *' needs a writable C-contiguous buffer of bytes,"
        " not str; declare it const char * if the function does not write",
        ("abc",),
    ),
    Case(
        "chars",
        TypeError,
        "chars() argument 1 (p): 'char *' needs a writable C-contiguous buffer of bytes,"
        " not bytes; declare it const char * if the function does not write",
        (b"abc",),
    ),
    Case(
        "doubles",
        TypeError,
        f"doubles() argument 1 (p): 'const double *' needs {BUFFER} of format 'd', not"
        " bytearray",
        (bytearray(16),),
    ),
    Case(
        "doubles",
        TypeError,
        f"doubles() argument 1 (p): 'const double *' needs {BUFFER} of format 'd', not"
        " dict",
        ({},),
    ),
    Case(
        "shorts",
        TypeError,
        "shorts() argument 1 (p): 'short *' needs a writable C-contiguous buffer of"
        " format 'h', not memoryview of format 'b'",
        (memoryview(bytearray(8)).cast("b"),),
    ),
    Case(
        "any",
        TypeError,
        f"any() argument 1 (p): 'const void *' needs {BUFFER}, a pointer or an address,"
        " not str",
        ("x",),
    ),
    Case(
        "any",
        OverflowError,
        "any() argument 1 (p): -1 is out of range for const void *"
        " (0 to 18446744073709551615)",
        (-1,),
    ),
    Case(
        "any",
        TypeError,
        f"any() argument 1 (p): 'const void *' needs {BUFFER}, a pointer or an address,"
        " not a memoryview that is not contiguous",
        (memoryview(b"abcd")[::2],),
    ),
    Case(
        "sure",
        TypeError,
        "sure() argument 1 (p): None, but the parameter is declared nonnull",
        (None,),
    ),
    Case(
        "sure",
        ValueError,
        "sure() argument 1 (p): a NULL pointer, but the parameter is declared nonnull",
        (0,),
    ),
    Case("two", TypeError, "two() takes 2 arguments (int a, int b), 1 given", (1,)),
    Case("two", TypeError, "two() takes 2 arguments (int a, int b), 0 given"),
    Case(
        "two", TypeError, "two() takes 2 arguments (int a, int b), 3 given", (1, 2, 3)
    ),
    Case("two", TypeError, "two() misses argument 2 (b)", (), {"a": 1}),
    Case("two", TypeError, "two() misses argument 1 (a)", (), {"b": 1}),
    Case("two", TypeError, "two() argument 1 (a) is given twice", (1,), {"a": 1}),
    Case(
        "two",
        TypeError,
        "two() has no parameter 'c'; its parameters are a, b",
        (1,),
        {"c": 2},
    ),
    Case(
        "two",
        TypeError,
        "two() takes 2 arguments (int a, int b), 3 given",
        (1, 2, 3),
        {"c": 2},
    ),
    Case("none", TypeError, "none() takes no arguments, 1 given", (1,)),
    Case(
        "none",
        TypeError,
        "none() has no parameter 'a'; it has none with a name",
        (),
        {"a": 1},
    ),
    Case("unnamed", TypeError, "unnamed() argument 1: int expected, not str", ("", 1)),
    Case("unnamed", TypeError, "unnamed() misses argument 1", (), {"b": 1}),
    Case(
        "total",
        TypeError,
        "total() takes 1 to 2 arguments (const long *items, unsigned char count),"
        " 3 given",
        (None, 1, 2),
    ),
    Case(
        "total",
        ValueError,
        "total() argument 1 (items): has 2 elements, but argument 2 says 3",
        (memoryview(bytes(16)).cast("l"), 3),
    ),
    Case(
        "total",
        ValueError,
        "total() argument 1 (items): has 0 elements, but argument 2 says 1",
        (None, 1),
    ),
    Case(
        "total",
        OverflowError,
        "total() argument 2 (count): 300 is out of range for unsigned char (0 to 255)",
        (memoryview(bytes(2400)).cast("l"),),
    ),
    Case(
        "both",
        ValueError,
        "both() argument 2 (b): has 1 element, but argument 3 says 3",
        ("abc", "d"),
    ),
    Case(
        "both",
        ValueError,
        "both() argument 1 (a): has 3 elements, but argument 3 says -1",
        ("abc", "def", -1),
    ),
    Case("halves", TypeError, "halves() takes 1 argument (int whole), 2 given", (1, 2)),
    Case(
        "halves",
        TypeError,
        "halves() has no parameter 'rest'; its parameters are whole",
        (1,),
        {"rest": 2},
    ),
]


def declarations() -> str:
    """Those of the module's file."""
    with open(
        os.path.join(support.ROOT, "tests", "cpython", "modules", "faults.c")
    ) as f:
        text = re.sub(r'"\s*\n\s*"', "", f.read())
    found = re.findall(r'KAA_FUNCTION\(\s*"([^"]*)"', text)
    return "".join(f"{one};\n" for one in found)


class Faults(unittest.TestCase):
    """Each case by one path; the text is in the case."""

    def check(self, of: Any, own_objects: bool = False) -> None:
        self.assertGreater(len(CASES), 50)
        for case in CASES:
            if own_objects and case.is_copied:
                continue  # tests/module/typed.c has these
            with self.subTest(case.function, arguments=case.arguments):
                with self.assertRaises(case.error) as caught:
                    getattr(of, case.function)(*case.arguments, **case.keywords)
                self.assertIs(type(caught.exception), case.error)
                self.assertEqual(str(caught.exception), case.text)

    def test_of_a_library(self) -> None:
        folder = os.environ["KAA_TEST_MODULES"]
        library = kaa.load(os.path.join(folder, "faults.kaa.so"), declarations())
        self.check(library)
        # Functions that have learnt classes refuse in the same words.
        library.text("x")
        library.any(b"x")
        library.shorts(array.array("h", [1]))
        self.assertEqual(library.total(array.array("l", [1, 2])), 3)
        self.assertEqual(library.both(b"ab", "cd"), 2)
        self.check(library)

    def test_of_a_module(self) -> None:
        module = modules.load("faults", without_bridge=True)
        self.check(module, own_objects=not support.BRIDGE)
        self.assertEqual(module.both(b"ab", "cd"), 2)
        self.assertEqual(module.halves(5), (2, 1))
        if support.BRIDGE:
            self.assertEqual(module.total(array.array("l", [1, 2])), 3)
        self.check(module, own_objects=not support.BRIDGE)

    def test_without_layouts(self) -> None:
        if not support.BRIDGE or os.environ.get("KAA_HOST") == "no-layout":
            self.skipTest("that is what this is")
        done = support.run_module("test_faults", KAA_HOST="no-layout")
        self.assertEqual(done.returncode, 0, done.stderr)


class Unbound(unittest.TestCase):
    """What cannot be bound says why, by each path in the same words."""

    def refuse(self, declaration: str, reason: str) -> None:
        with self.assertRaises(kaa.UnsupportedError) as caught:
            kaa.load("libc.so.6", declaration).memset  # at the load, or the use
        self.assertIn(reason, str(caught.exception))

    def test_lengths(self) -> None:
        reason = "memset() parameter 1: a length is an integer that is passed in, of a pointer"
        for n in ("int *n [[kaa::out]]", "char n"):
            try:
                self.refuse(
                    f"void *memset(void *p [[kaa::length(n)]], int c, {n});", reason
                )
            except kaa.DeclarationError as error:
                self.assertIn("'n' is no integer", str(error))

    def test_outs(self) -> None:
        self.refuse(
            "void memset(void *p [[kaa::out]]);",
            "memset() parameter 1: void * cannot be an out parameter: nothing can be put"
            " there",
        )
        self.refuse(
            "void memset(int *p [[kaa::out, kaa::length(n)]], int n);",
            "memset() parameter 1: an out parameter holds one value, so it can have no"
            " length",
        )


class Suggestions(unittest.TestCase):
    """One edit distance, with a rule that fits short names."""

    def test_short_names(self) -> None:
        def nearest(wanted: str, *names: str) -> Optional[str]:
            return _fault.nearest(wanted, list(names))

        self.assertIsNone(nearest("m", "x", "y", "xy"))
        self.assertIsNone(nearest("ab", "ba", "cd", "a"))
        self.assertEqual(nearest("nam", "x", "name", "named"), "name")
        self.assertEqual(nearest("lenght", "width", "length"), "length")
        self.assertIsNone(nearest("width", "height", "length"))
        self.assertIsNone(nearest("", "a", "ab"))
        self.assertEqual(nearest("n" * 121, "n" * 121), None)  # too long to compare

    def test_attributes(self) -> None:
        library = kaa.load(
            "libm.so.6", "double pow(double a, double b); double y0(double);"
        )
        with self.assertRaisesRegex(AttributeError, "[Dd]id you mean.*pow"):
            library.powr
        with self.assertRaises(AttributeError) as caught:
            library.y
        self.assertNotIn("mean", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
