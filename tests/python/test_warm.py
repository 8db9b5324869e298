"""Functions that were called often do, give and refuse what they did at first: the
interpreter and kaa both have quicker ways by then."""

from __future__ import annotations

import array
import ctypes
import math
import sys
import tempfile
import unittest
from typing import Any, List

import kaa
import samples  # noqa: F401
import support

TEXT = """
typedef struct point { double x, y; } point;
typedef struct pair { int a; long b; } pair;
typedef struct node node;
struct node { node *next; const char *name; };
enum color { RED = 1, GREEN = 2 };
typedef enum color color;
"""
FUNCTIONS = """
int nothing(void) { return 7; }
void no_result(int a) { (void)a; }
signed char narrow(signed char a) { return a; }
unsigned char wide_byte(unsigned char a) { return a; }
short short_(short a) { return a; }
unsigned unsigned_(unsigned a) { return a; }
long long_(long a) { return a; }
unsigned long long huge(unsigned long long a) { return a; }
_Bool truth(_Bool a) { return a; }
float single(float a) { return a; }
double real(double a) { return a; }
double mixed(int a, double b, const char *c) { return a + b + c[0]; }
double floats(float a, int b, float c) { return a * b + c; }
color painted(color a) { return a; }
char letter(char a) { return a; }
unsigned long length(const char *text) { unsigned long n = 0;
    while (text != 0 && text[n] != 0) n++; return n; }
int first(const void *data) { return data != 0; }
int byte(const unsigned char *data) { return data ? *data : -1; }
int set(int *data) { if (!data) return -1; return ++*data; }
double norm(const point *p) { return p ? p->x + p->y : -1; }
double move(point *p, double by) { p->x += by; return p->x; }
double by_value(point p) { return p.x - p.y; }
point swapped(point p) { point q = {p.y, p.x}; return q; }
pair turned(int a, long b) { pair p = {(int)b, a}; return p; }
const char *said(int a) { return a < 0 ? 0 : a == 0 ? "" : "caf\\xc3\\xa9 \\xff"; }
const char *named(const node *n) { return n ? n->name : "none"; }
node *after(node *n) { return n ? n->next : 0; }
void *same(void *p) { return p; }
int apply(int (*f)(int), int a) { return f(a); }
static int (*held)(int);
void hold(int (*f)(int)) { held = f; }
int ask(int a) { return held ? held(a) : -1; }
"""
NAN = float("nan")
WARM = 5  # calls, at least, until no quicker way is left to be found


class Number:
    def __index__(self) -> int:
        return 5


class Real:
    def __float__(self) -> float:
        return 1.5


class Integer(int):
    pass


class Text(str):
    pass


def values(library: Any) -> List[Any]:
    """What is handed to every function, made anew: some write into it."""

    class Mine(library.point):  # type: ignore[misc,name-defined]
        pass

    point, node = library.point(1.5, 2.5), library.node(None, "one")
    node.next = node
    return [
        0, 1, -1, True, 2.5, -0.0, 1e39, -1e39, NAN, float("inf"), 127, 128, 255, 256,
        -128, -129, 2**15, 2**31 - 1, 2**31, -(2**31) - 1, 2**63, 2**64 - 1, 2**64,
        None, "text", "", "caf\xe9", "a\0b", "\udcff", "\ud800", b"bytes", b"", b"a\0",
        b"x", bytearray(b"abc"), memoryview(b"abc"), (1, 2), [1, 2], object, 1j,
        array.array("i", [4, 5]), array.array("d", [1.0, 2.0]), ctypes.c_int(3),
        ctypes.c_double(2), (ctypes.c_int * 2)(5, 6), ctypes.create_string_buffer(b"c"),
        Number(), Real(), Integer(3), Text("sub"), library.color.RED, library.color(2),
        point, Mine(1, 2), library.pair(1, 2), node, node.next, point.ctypes,
        library.after, (library.point * 2)() if hasattr(library.point, "__mul__") else 0,
    ]  # fmt: skip


def said(function: Any, *args: Any) -> str:
    """What a call gives, or the words of its refusal."""
    try:
        answer = function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    kind = type(answer).__name__
    if kind in ("point", "pair"):
        return f"{kind} {kaa.asdict(answer)!r}"
    if isinstance(answer, (int, float, str, bytes, type(None))):
        is_address = function.__name__ == "same" and answer is not None
        return f"{kind} {'...' if is_address else repr(answer)}"
    return f"{kind} {bool(answer)}"


class Warm(unittest.TestCase):
    path: str
    heads: str
    names: List[str]

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = support.compile_library(folder.name, "warm", TEXT + FUNCTIONS)
        lines = [one for one in FUNCTIONS.splitlines() if one.endswith((" }", ";"))]
        lines = [one for one in lines if not one.startswith((" ", "static"))]
        heads = [one.split("{")[0].strip() for one in lines]
        cls.heads = ";\n".join(heads) + ";\n"
        cls.names = [one.split("(")[0].split()[-1].lstrip("*") for one in heads]

    def load(self, **options: Any) -> Any:
        return kaa.load(self.path, TEXT + self.heads, **options)

    def good(self, library: Any, name: str) -> Any:
        """What a function takes."""
        point, node = library.point(1.0, 2.0), library.node(None, "a")
        return {
            "real": 1.5, "single": 1.5, "length": "a", "first": b"a", "byte": b"a",
            "letter": b"c", "norm": point, "by_value": point, "swapped": point,
            "named": node, "after": node, "set": None, "same": None,
            "painted": library.color.RED, "hold": None,
        }.get(name, 1)  # fmt: skip

    def test_one_argument(self) -> None:
        """Each value, given to a function that was called often and to one that
        was never called."""
        skipped = {"nothing", "mixed", "floats", "move", "turned", "apply", "hold", "ask"}
        names = [one for one in self.names if one not in skipped]
        self.assertGreater(len(names), 20)
        for options in ({}, {"hold_gil": names}):
            warm = self.load(**options)
            for name in names:
                for _ in range(WARM):
                    getattr(warm, name)(self.good(warm, name))
            count = len(values(warm))
            for at in range(count):
                cold = self.load(**options)
                for name in names:
                    first = said(getattr(cold, name), values(cold)[at])
                    with self.subTest(name, at=at, said=first):
                        again = said(getattr(warm, name), values(warm)[at])
                        self.assertEqual(again, first)

    def test_more(self) -> None:
        library = self.load()
        for _ in range(2 * WARM):
            self.assertEqual(library.nothing(), 7)
            self.assertEqual(library.mixed(1, 2.5, "a"), 1 + 2.5 + 97)
            self.assertEqual(library.mixed(1, 2, b"a"), 3 + 97)
            self.assertEqual(library.mixed(c="a", a=1, b=2.5), 1 + 2.5 + 97)
            self.assertEqual(library.floats(0.5, 3, 2.25), 3.75)
            self.assertEqual(library.floats(0.1, 1, 0.0), ctypes.c_float(0.1).value)
            self.assertEqual(library.floats(float("-inf"), 1, 0.0), float("-inf"))
            self.assertTrue(math.isnan(library.floats(1.0, 1, NAN)))
            words = r"floats\(\) argument 3 \(c\): "
            with self.assertRaisesRegex(OverflowError, words):
                library.floats(1.0, 1, -1e39)
            made = library.turned(3, 4)
            self.assertEqual((made.a, made.b), (4, 3))
            made.b = 9
            self.assertEqual((made.a, made.b), (4, 9))
            point = library.point(1, 2)
            self.assertEqual(library.move(point, 2.0), 3.0)
            self.assertEqual(point.x, 3.0)
            self.assertEqual(library.norm(library.swapped(point)), 5.0)
            self.assertEqual([library.said(one) for one in (-1, 0, 1)],
                             [None, "", "caf\xe9 \udcff"])  # fmt: skip
            for args in ((), (1,), (1, 2.5, "a", 4)):
                with self.assertRaises(TypeError) as caught:
                    library.mixed(*args)
                self.assertIn("mixed()", str(caught.exception))
            with self.assertRaisesRegex(TypeError, r"mixed\(\) argument 2 \(b\): "):
                library.mixed(1, "x", "a")
            with self.assertRaisesRegex(OverflowError, r"mixed\(\) argument 1 \(a\): "):
                library.mixed(2**31, 1.0, "a")

    def test_exceptions_come_back(self) -> None:
        """Through functions that take no callback, as well."""
        library = self.load()

        def fails(value: int) -> int:
            if value:
                raise KeyError(value)
            return 5

        library.hold(fails)
        for _ in range(WARM):
            self.assertEqual(library.ask(0), 5)
            with self.assertRaises(KeyError):
                library.ask(1)
            with self.assertRaises(KeyError):
                library.apply(fails, 2)

        def within(value: int) -> int:
            try:
                library.ask(0)
            finally:
                library.hold(None)
            return value

        for _ in range(WARM):
            library.hold(lambda value: library.real(2.5) and 4)
            self.assertEqual(library.apply(within, 8), 8)
        library.hold(None)

    def test_recursion_ends(self) -> None:
        """In Python code, in kaa or in what kaa calls: by one name everywhere."""
        library = self.load()
        raised = set()

        def call_at(depth: int) -> None:
            if depth:
                call_at(depth - 1)
            else:
                library.real(1.5)

        for _ in range(WARM):
            library.real(1.5)
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(300)
        try:
            for depth in range(150, 300):
                try:
                    call_at(depth)
                except Exception as error:
                    raised.add(type(error))
        finally:
            sys.setrecursionlimit(limit)
        if sys.implementation.name == "cpython":  # PyPy counts bytes of its stack
            self.assertEqual(raised, {RecursionError})
        self.assertLessEqual(raised, {RecursionError})

    def test_another_class_put_on(self) -> None:
        library = self.load()
        point = library.point(1, 2)
        for _ in range(WARM):
            library.norm(point)
        pair = library.pair(1, 2)
        try:
            object.__dict__["__class__"].__set__(pair, library.point)
        except TypeError:
            return
        with self.assertRaises(TypeError):
            library.norm(pair)


if __name__ == "__main__":
    unittest.main()
