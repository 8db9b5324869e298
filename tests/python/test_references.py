"""Calls leave nothing behind: no memory, no reference, no export of a buffer;
and what C may still use stays alive."""

from __future__ import annotations

import array
import ctypes
import gc
import sys
import threading
import time
import unittest
import weakref
from typing import Any, Callable, List, Tuple

import kaa
import support  # noqa: F401
from samples import Case, load, main

DECLARATIONS = """
struct point { int x, y; };
struct huge { long items[8]; };
enum color { RED, GREEN = 5, BLUE };
int add(int a, int b);
double same_double(double value);
__int128 same_int128(__int128 value);
double _Complex same_cdouble(double _Complex value);
enum color same_color(enum color value);
char same_char(char value);
wchar_t same_wchar(wchar_t value);
size_t text_length(const char *text);
const char *text_sample(int which);
const wchar_t *same_wide(const wchar_t *text);
[[kaa::free(text_free)]] char *text_copy(const char *text);
void text_free(char *text);
double sum_double(const double *items [[kaa::length(count)]], size_t count);
void fill_int(int *items, size_t count, int value);
void *same_pointer(void *value);
int *same_int_pointer(int *value);
struct point same_point(struct point value);
struct huge same_huge(struct huge value);
struct point *point_largest(struct point *items, size_t count);
int divide(int a, int b, int *quotient [[kaa::out]], int *remainder [[kaa::out]]);
int apply(int (*function)(int), int value);
[[kaa::errno]] int fail_int(int error, int result);
double digest(const char *kinds, ...);
int square(int value);
"""


class Leaks(Case):
    declarations = DECLARATIONS + """
    struct point apply_point(struct point (*function [[kaa::scope(call)]])(struct point),
        struct point value);
    """

    def calls(self) -> List[Tuple[str, Callable[[], Any]]]:
        lib = self.lib
        items, numbers = array.array("d", [1, 2]), array.array("i", [1, 2])
        cells, point, huge = (ctypes.c_int * 2)(), lib.point(1, 2), lib.huge()
        points = kaa.new("point[2]", library=lib)

        def negate(value: int) -> int:
            return -value

        def fails(value: int) -> int:
            raise KeyError(value)

        return [
            ("integers", lambda: lib.add(10**6, 2 * 10**6)),
            ("keywords", lambda: lib.add(b=10**6, a=1)),
            ("double", lambda: lib.same_double(1.5)),
            ("int128", lambda: lib.same_int128(-(2**100))),
            ("complex", lambda: lib.same_cdouble(1 + 2j)),
            ("enum", lambda: lib.same_color(5)),
            ("char", lambda: lib.same_char(b"x")),
            ("wchar", lambda: lib.same_wchar("\u4e2d")),
            ("str", lambda: lib.text_length("na\u00efve" * 5)),
            ("surrogates", lambda: lib.text_length("\udcff" * 50)),
            ("bytes", lambda: lib.text_length(b"text")),
            ("text result", lambda: lib.text_sample(1)),
            ("wide text", lambda: lib.same_wide("wide text")),
            ("freed text", lambda: lib.text_copy("x" * 100)),
            ("buffer", lambda: lib.sum_double(items, 2)),
            ("filled in", lambda: lib.sum_double(items)),
            ("writable buffer", lambda: lib.fill_int(numbers, 2, 7)),
            ("ctypes array", lambda: lib.fill_int(cells, 2, 7)),
            ("byref", lambda: lib.fill_int(ctypes.byref(cells), 2, 7)),
            ("void pointer", lambda: lib.same_pointer(2**40)),
            ("pointer result", lambda: lib.same_int_pointer(cells)),
            ("record", lambda: lib.same_point(point)),
            ("large record", lambda: lib.same_huge(huge)),
            ("record pointer", lambda: lib.point_largest(points, 2)),
            ("outs", lambda: lib.divide(7, 2)),
            ("callback", lambda: lib.apply(negate, 5)),
            ("lent callback", lambda: lib.apply_point(lambda value: value, point)),
            ("errno", lambda: _ignore(OSError, lib.fail_int, 5, -1)),
            ("exception in a callback", lambda: _ignore(KeyError, lib.apply, fails, 5)),
            ("variadic", lambda: lib.digest("idsl", 1, 2.5, "x" * 50, 2**50)),
            ("variadic ctypes", lambda: lib.digest("iz", ctypes.c_short(5), point)),
            ("map", lambda: lib.square.map(numbers)),
            ("wrong type", lambda: _ignore(TypeError, lib.add, 1, "x")),
            ("wrong count", lambda: _ignore(TypeError, lib.add, 1)),
            ("out of range", lambda: _ignore(OverflowError, lib.add, 1, 10**30)),
            ("wrong buffer", lambda: _ignore(TypeError, lib.sum_double, numbers, 0)),
            ("too short", lambda: _ignore(ValueError, lib.sum_double, items, 3)),
            ("wrong keyword", lambda: _ignore(TypeError, lib.add, 1, c=2)),
            ("wrong text", lambda: _ignore(ValueError, lib.text_length, "a\0b")),
            ("wrong record", lambda: _ignore(TypeError, lib.same_point, huge)),
            ("wrong variadic", lambda: _ignore(TypeError, lib.digest, "i", [])),
            ("wrong result", lambda: _ignore(TypeError, lib.apply, str, 5)),
            ("wrong map", lambda: _ignore(TypeError, lib.square.map, items)),
        ]

    @unittest.skipUnless(hasattr(sys, "getrefcount"), "CPython counts references")
    @unittest.skipIf(
        getattr(sys, "_is_gil_enabled", lambda: True)() is False,
        "other collections may come between",
    )
    def test_no_call_leaves_cyclic_garbage(self) -> None:
        for name, call in self.calls():
            with self.subTest(call=name):
                for _ in range(3):
                    call()
                while gc.collect() > 0:
                    pass
                gc.disable()
                try:
                    for _ in range(20):
                        call()
                    self.assertLess(gc.collect(), 20)
                finally:
                    gc.enable()

    @unittest.skipUnless(hasattr(sys, "getallocatedblocks"), "CPython counts blocks")
    def test_no_memory_is_kept(self) -> None:
        for name, call in self.calls():
            if name == "map" and "t" in getattr(sys, "abiflags", ""):
                continue  # without a lock what C made is freed some seconds later
            with self.subTest(call=name):
                # What is cached (a plan, a list of free blocks) comes to an end;
                # a leak does not, so the quietest of some rounds tells.
                least = 10**9
                for _ in range(6):
                    for _ in range(100):
                        call()
                    gc.collect()
                    before = sys.getallocatedblocks()
                    for _ in range(300):
                        call()
                    gc.collect()
                    least = min(least, sys.getallocatedblocks() - before)
                    if least < 100:
                        break
                self.assertLess(least, 100)

    @unittest.skipUnless(hasattr(sys, "getrefcount"), "CPython counts references")
    def test_no_reference_is_kept(self) -> None:
        class Number(int):
            pass

        class Text(str):
            pass

        lib = self.lib
        number, text = Number(5), Text("text")
        items, point = array.array("d", [1, 2]), lib.point(1, 2)
        calls: List[Tuple[Any, Callable[[], Any]]] = [
            (number, lambda: lib.add(number, number)),
            (number, lambda: lib.add(number, b=number)),
            (number, lambda: _ignore(TypeError, lib.add, number, None)),
            (number, lambda: lib.same_double(number)),
            (text, lambda: lib.text_length(text)),
            (items, lambda: lib.sum_double(items, 2)),
            (items, lambda: _ignore(TypeError, lib.text_length, items)),
            (point, lambda: lib.same_point(point)),
            (point, lambda: lib.point_largest(point, 1)),
            (point, lambda: lib.digest("z", point)),
            (None, lambda: lib.text_length(None)),
        ]
        for value, call in calls:
            call()
            gc.collect()
            before = sys.getrefcount(value)
            for _ in range(200):
                call()
            gc.collect()
            self.assertLess(abs(sys.getrefcount(value) - before), 20)


def _ignore(error: Any, function: Any, *arguments: Any, **keywords: Any) -> None:
    try:
        function(*arguments, **keywords)
    except error:
        return
    raise AssertionError("nothing was raised")


class Lifetimes(unittest.TestCase):
    def test_a_function_keeps_its_library(self) -> None:
        add = load(DECLARATIONS).add
        for _ in range(3):
            gc.collect()
        self.assertEqual(add(1, 2), 3)

    @unittest.skipIf(
        getattr(sys, "_is_gil_enabled", lambda: True)() is False,
        "without a lock a callback that C may still call cannot be ended",
    )
    def test_a_library_goes_when_nobody_needs_it(self) -> None:
        lib = load(
            "int add(int a, int b); int apply(int (*f)(int), int value); /* alone */"
        )
        lib.add(1, 2)
        lib.apply(lambda value: value, 3)
        seen = weakref.ref(lib)
        del lib
        for _ in range(5):
            gc.collect()
        self.assertIsNone(seen())

    @unittest.skipIf(
        sys.implementation.name == "pypy", "its ctypes keeps classes of arrays for ever"
    )
    @unittest.skipIf(
        "t" in getattr(sys, "abiflags", ""), "what C made is freed some seconds later"
    )
    def test_nothing_is_left_of_a_library(self) -> None:
        text = """
            struct node { struct node *next; int values[4]; };
            typedef int (*visit)(struct node *node, struct node **more);
            enum color { RED, GREEN = 5 };
            struct holder { visit function; struct node nodes[2]; enum color shade; };
            int add(int a, int b);
            int apply(int (*function)(int), int value);
        """

        def use() -> Any:
            lib = load(text + "/* %d */" % len(seen))
            node, holder = lib.node(), lib.holder(shade=lib.GREEN)
            self.assertEqual(holder.nodes[1].values[0], lib.add(0, 0))
            self.assertEqual(node.values[3], lib.apply(abs, 0))
            seen.append(weakref.ref(lib._declarations))
            return weakref.ref(lib)

        caches = [
            getattr(ctypes, name)
            for name in ("_pointer_type_cache", "_c_functype_cache")
            if isinstance(getattr(ctypes, name, None), dict)
        ]
        seen: List[Any] = []
        libraries = [use() for _ in range(5)]
        for _ in range(4):
            gc.collect()
        before = [len(cache) for cache in caches]
        libraries += [use() for _ in range(20)]
        for _ in range(4):
            gc.collect()
        self.assertEqual([one() for one in libraries], [None] * 25)
        self.assertEqual([one() for one in seen], [None] * 25)
        self.assertEqual([len(cache) for cache in caches], before)

    def test_a_pointer_whose_library_is_gone_does_not_crash(self) -> None:
        lib = load("void keep(int (*function)(int)); int call_kept(int value);")
        other = load("int call_kept(int value);")
        lib.keep(lambda value: value + 1)
        self.assertEqual(other.call_kept(1), 2)
        del lib
        for _ in range(5):
            gc.collect()
        self.assertIn(other.call_kept(1), (0, 2))
        load("void keep(int (*function)(int));").keep(None)

    def test_a_record_keeps_its_types(self) -> None:
        point = load("struct point { int x, y; };").point(1, 2)
        for _ in range(3):
            gc.collect()
        self.assertEqual(repr(point), "point(x=1, y=2)")
        self.assertEqual(load("struct point { int x, y; };").point(1, 2).y, 2)


class Lock(unittest.TestCase):
    """Whether other Python threads run while C does."""

    def ticks(self, call: Callable[[], Any]) -> int:
        """How often another thread ran during a call of 0.2 s."""
        ticks: List[int] = []
        stop, started = threading.Event(), threading.Event()

        def tick() -> None:
            while not stop.is_set():
                ticks.append(0)
                started.set()
                time.sleep(0.001)

        thread = threading.Thread(target=tick)
        thread.start()
        started.wait()
        interval = sys.getswitchinterval()
        # The other thread gets the lock only where it is given up.
        sys.setswitchinterval(1000)
        try:
            before = len(ticks)
            call()
            return len(ticks) - before
        finally:
            sys.setswitchinterval(interval)
            stop.set()
            thread.join()

    def test_released_by_default(self) -> None:
        lib = load("void pause_for(int milliseconds);")
        self.assertGreater(self.ticks(lambda: lib.pause_for(200)), 2)

    @unittest.skipUnless(hasattr(ctypes, "PyDLL"), "only CPython has a lock to hold")
    @unittest.skipIf(
        getattr(sys, "_is_gil_enabled", lambda: True)() is False, "there is no lock"
    )
    def test_held_where_declared(self) -> None:
        for lib in (
            load("[[kaa::hold_gil]] void pause_for(int milliseconds);"),
            load("__attribute__((const)) void pause_for(int milliseconds);"),
            load("__attribute__((pure)) void pause_for(int milliseconds);"),
            load("void pause_for(int milliseconds);", hold_gil=["pause_for"]),
        ):
            self.assertLess(self.ticks(lambda: lib.pause_for(200)), 3)


if __name__ == "__main__":
    main()
