"""The quick paths of calls: what is read by layouts is what the general path takes,
and what is not simple comes to the same end. Run without layouts too."""

from __future__ import annotations

import os
import tempfile
import unittest
from typing import Any, List

import kaa
import samples
import support

DECLARATIONS = """
typedef int int_function(int);
int apply(int_function *function, int value);
int apply_times(int_function *function, int times);
int same_int(int value);
unsigned same_uint(unsigned value);
short same_short(short value);
"""
LIBC = """
unsigned long strlen(const char *text);
int snprintf(char *to, unsigned long size, const char *format, ...);
int strcmp(const char *a, const char *b);
void *memchr(const void *data, int byte, unsigned long size);
"""


class Texts(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = kaa.load(None, LIBC, hold_gil=["strlen"])

    def test_every_length(self) -> None:
        for length in range(40):
            self.assertEqual(self.lib.strlen("x" * length), length)
            self.assertEqual(self.lib.strlen("\x7f" * length), length)
            self.assertEqual(self.lib.strlen("\xe9" * length), 2 * length)
            self.assertEqual(self.lib.strlen("\u20ac" * length), 3 * length)
            self.assertEqual(self.lib.strlen("\U0001f40d" * length), 4 * length)

    def test_a_nul_anywhere_is_refused(self) -> None:
        for length in range(1, 40):
            for place in range(length):
                for filler in ("x", "\x01", "\xe9"):
                    text = filler * place + "\0" + filler * (length - place - 1)
                    with self.assertRaises(ValueError):
                        self.lib.strlen(text)

    def test_other_sorts_of_text(self) -> None:
        class Text(str):
            pass

        self.assertEqual(self.lib.strlen(Text("abc")), 3)
        self.assertEqual(self.lib.strlen(b"abc"), 3)
        self.assertEqual(self.lib.strcmp("same", "sa" + "".join(["m", "e"])), 0)
        for text in ("", "a", "abc", "identifier", "an identifier not"):
            self.assertEqual(self.lib.strlen(text), len(text))
        with self.assertRaises(TypeError):
            self.lib.strlen(5)
        with self.assertRaises(ValueError):
            self.lib.strlen("\ud800")


class Integers(samples.Case):
    declarations = DECLARATIONS

    def test_every_width_at_its_ends(self) -> None:
        for name, low, high in (
            ("same_int", -(2**31), 2**31 - 1),
            ("same_uint", 0, 2**32 - 1),
            ("same_short", -(2**15), 2**15 - 1),
        ):
            function = getattr(self.lib, name)
            for value in (low, low + 1, 0, 1, high - 1, high):
                self.assertEqual(function(value), value)
            for value in (low - 1, high + 1, 2**30 * 4, -(2**70), 2**70):
                with self.assertRaises(OverflowError):
                    function(value)


class Errno(unittest.TestCase):
    """A failure is an exception where that is asked for, and a result elsewhere."""

    TEXT = """
        %s long read(int file, void *to, unsigned long size);
        %s int access(const char *path, int mode);
        %s int close(int file);
    """

    def test_with_and_without(self) -> None:
        note = "[[kaa::errno]]"
        for options in ({}, {"hold_gil": ["read", "access", "close"]}):
            plain = kaa.load(None, self.TEXT % ("", "", ""), **options)
            asked = kaa.load(None, self.TEXT % (note, note, note), **options)
            for _ in range(3):
                for to in (bytearray(5), (kaa.new("char[5]"))):
                    self.assertEqual(plain.read(-1, to, 5), -1)
                    with self.assertRaises(OSError):
                        asked.read(-1, to, 5)
                for path in ("/no/such/file", "/no/such/\xe9", b"/no/such/file"):
                    self.assertEqual(plain.access(path, 0), -1)
                    with self.assertRaises(FileNotFoundError):
                        asked.access(path, 0)
                self.assertEqual(plain.close(-1), -1)
                with self.assertRaises(OSError):
                    asked.close(-1)
                self.assertEqual(asked.access("/", 0), 0)

    def test_in_a_callback(self) -> None:
        lib = samples.load(DECLARATIONS, hold_gil=["apply"])
        asked = kaa.load(
            None, self.TEXT % (("[[kaa::errno]]",) * 3), hold_gil=["access", "close"]
        )

        def inner(value: int) -> int:
            with self.assertRaises(FileNotFoundError):
                asked.access("/no/such/file", 0)
            return value + asked.access("/", 0)

        for _ in range(3):
            self.assertEqual(lib.apply(inner, 5), 5)
            with self.assertRaises(OSError):
                lib.apply(lambda value: asked.close(-1), 5)

    def test_results_of_64_bits(self) -> None:
        lib = samples.load(
            "long apply_long(long (*function)(long), long value);"
            "unsigned long apply_ulong(unsigned long (*function)(unsigned long),"
            " unsigned long value);",
            hold_gil=["apply_long", "apply_ulong"],
        )
        for function, values in (
            (lib.apply_long, (-(2**63), -1, 0, 2**31, 2**63 - 1)),
            (lib.apply_ulong, (0, 2**31, 2**63, 2**64 - 1)),
        ):
            for value in values:
                self.assertEqual(function(None, value), value)


class Variable(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = kaa.load(None, LIBC)

    def print(self, format: str, *values: Any) -> str:
        to = bytearray(200)
        count = self.lib.snprintf(to, len(to), format, *values)
        return bytes(to[:count]).decode()

    def test_the_second_call_is_as_the_first(self) -> None:
        cases: List[Any] = [
            ("%d %s %g", (7, "text", 2.5), "7 text 2.5"),
            ("%g %d %s", (-0.5, -(2**30) + 1, "\xe9"), "-0.5 -1073741823 \xe9"),
            ("%d %d %d %d %d %d %d", tuple(range(7)), "0 1 2 3 4 5 6"),
            ("%g" * 8, tuple(map(float, range(8))), "01234567"),
            ("%d" * 9, tuple(range(9)), "012345678"),
            ("%lld", (2**40,), str(2**40)),
            ("%d", (True,), "1"),
            ("%s", (b"bytes",), "bytes"),
            ("%d %d", (2**31 - 1, -(2**31)), "2147483647 -2147483648"),
            ("nothing", (), "nothing"),
        ]
        for _ in range(3):
            for format, values, wanted in cases:
                self.assertEqual(self.print(format, *values), wanted)
        self.assertEqual(self.print("%p", None), self.print("%p", None))

    def test_without_a_format(self) -> None:
        lib = samples.load("double digest(const char *kinds, ...);")
        point = samples.load("struct point { int x, y; };").point(0, 2)
        cases: List[Any] = [
            ("i", (5,), 5),
            ("d", (5.0,), 5),
            ("s", ("five!",), 5),
            ("p", (None,), 0),
            ("isd", (1, "two", 3.0), 16),
            ("dsi", (3.0, "two", 1), 12),
            ("ddi", (1.0, 2.0, 3), 14),
            ("l", (-(2**40),), -(2**40)),
            ("L", (2**63,), 2**63),
            ("z", (point,), 2),
            ("izd", (1, point, 3.0), 14),
            ("i" * 8, tuple(range(8)), sum(i * (i + 1) for i in range(8))),
            ("d" * 9, tuple(map(float, range(9))), sum(i * (i + 1) for i in range(9))),
            ("", (), 0),
        ]
        for _ in range(3):
            for kinds, values, wanted in cases:
                self.assertEqual(lib.digest(kinds, *values), wanted, kinds)
            with self.assertRaises(TypeError):
                lib.digest("i", object())
            with self.assertRaises(ValueError):
                lib.digest("s", "a\0b")

    def test_refusals(self) -> None:
        for _ in range(2):
            self.assertEqual(self.print("%d", 1), "1")
            with self.assertRaises(TypeError):
                self.print("%d", object())
            with self.assertRaises(ValueError):
                self.print("%s", "a\0b")
            with self.assertRaises(TypeError):
                self.lib.snprintf(bytearray(5), "five", "%d", 1)
            with self.assertRaises(TypeError):
                self.lib.snprintf(b"constant", 5, "%d", 1)


class Held(unittest.TestCase):
    """Calls that keep the GIL share one record of the thread's."""

    def setUp(self) -> None:
        names = ["apply", "apply_times", "same_int"]
        self.lib = samples.load(DECLARATIONS, hold_gil=names)
        self.free = samples.load(DECLARATIONS)

    def test_exceptions_come_out_of_their_own_call(self) -> None:
        def fails(value: int) -> int:
            raise KeyError(value)

        def nested(value: int) -> int:
            for library in (self.lib, self.free):
                with self.assertRaises(KeyError) as caught:
                    library.apply(fails, value + 1)
                self.assertEqual(caught.exception.args, (value + 1,))
                self.assertEqual(library.same_int(value), value)
            return library.apply(lambda inner: inner + 1, value)

        for library in (self.lib, self.free):
            for _ in range(3):
                with self.assertRaises(KeyError) as caught:
                    library.apply(fails, 5)
                self.assertEqual(caught.exception.args, (5,))
                self.assertEqual(library.apply(nested, 7), self.free.apply(abs, 8))
                self.assertEqual(library.same_int(1), 1)

    def test_nothing_more_runs_after_an_exception(self) -> None:
        seen = []

        def fails(value: int) -> int:
            seen.append(value)
            raise KeyError

        for library in (self.lib, self.free):
            del seen[:]
            with self.assertRaises(KeyError):
                library.apply_times(fails, 10)
            self.assertEqual(len(seen), 1)


class Callbacks(unittest.TestCase):
    """Each number of arguments has its own way in; pointers among them."""

    def setUp(self) -> None:
        self.libc = kaa.load(
            None,
            """
            int pthread_once(int *control, void (*run)(void));
            int nftw(const char *path, int (*each)(const char *path,
                const void *status, int kind, void *walk), int open, int flags);
            """,
            hold_gil=["pthread_once", "nftw"],
        )
        self.lib = samples.load(
            """
            struct point { int x, y; };
            typedef struct pair { int a, b; } pair;
            void sort(pair *items, size_t count, size_t size,
                int (*compare)(const pair *a, const pair *b));
            int apply(int (*function)(int), int value);
            void visit(void (*visitor)(const char *name, struct point *at,
                char32_t user), unsigned user);
            """,
            hold_gil=["apply", "sort", "visit"],
        )

    def test_each_number_of_arguments(self) -> None:
        seen: List[Any] = []
        self.libc.pthread_once(kaa.new("int"), lambda: seen.append("once"))
        self.assertEqual(seen, ["once"])
        self.assertEqual(self.lib.apply(lambda value: value + 1, 4), 5)
        self.lib.visit(lambda *given: seen.append(given), 65)
        self.assertEqual({(len(given), given[2]) for given in seen[1:]}, {(3, "A")})
        with tempfile.TemporaryDirectory() as folder:
            paths: List[str] = []

            def each(path: str, status: int, kind: int, walk: int) -> int:
                paths.append(path)
                return 0

            self.assertEqual(self.libc.nftw(folder, each, 4, 0), 0)
            self.assertEqual(paths, [folder])

    def test_pointers(self) -> None:
        values = [(3, 1), (-5, 2), (7, 3), (0, 4)]
        pairs = kaa.new("pair[4]", values, library=self.lib)
        kept: List[Any] = []

        def compare(a: Any, b: Any) -> int:
            kept.append(a)
            return a.a - b.a

        for _ in range(2):
            self.lib.sort(pairs, 4, 8, compare)
            self.assertEqual([pair.a for pair in pairs], [-5, 0, 3, 7])
        self.assertEqual({type(one) for one in kept}, {type(kept[0])})
        self.assertTrue(all(one.b in (1, 2, 3, 4) for one in kept))

    def test_null_pointers(self) -> None:
        seen: List[Any] = []
        for _ in range(2):
            self.lib.visit(lambda name, at, user: seen.append((name, at)), 65)
        self.assertEqual([name for name, _ in seen], ["first", None] * 2)
        self.assertEqual([bool(at) for _, at in seen], [True, False] * 2)
        self.assertIs(type(seen[0][1]), type(seen[1][1]))
        self.assertEqual(repr(seen[1][1]), repr(kaa.cast("point *", 0, library=self.lib)))

    def test_arguments_that_cannot_be_made(self) -> None:
        seen: List[Any] = []
        for _ in range(3):
            with self.assertRaises(ValueError):
                self.lib.visit(lambda *given: seen.append(given), 0x110000)
        self.assertEqual(seen, [])

    def test_other_callables(self) -> None:
        class Callable:
            def __call__(self, value: int) -> int:
                return value + 1

        def function(value: int) -> int:
            return value + 2

        self.assertEqual(self.lib.apply(Callable(), 4), 5)
        self.assertEqual(self.lib.apply(function, 4), 6)
        function.__code__ = (lambda value, more=4: value + more).__code__
        with self.assertRaises(TypeError):
            self.lib.apply(function, 4)
        function.__defaults__ = (5,)
        self.assertEqual(self.lib.apply(function, 4), 9)


class WithoutLayouts(unittest.TestCase):
    @unittest.skipUnless(support.BRIDGE, "no bridge")
    def test_all_of_it(self) -> None:
        if os.environ.get("KAA_HOST") == "no-layout":
            self.skipTest("these are")
        done = support.run_module("test_quick", KAA_HOST="no-layout")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
