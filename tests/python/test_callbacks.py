"""Callbacks: Python callables, ctypes functions and kaa functions as function
pointers; conversions both ways, exceptions, lifetimes, threads."""

from __future__ import annotations

import array
import ctypes
import functools
import gc
import os
import subprocess
import sys
import threading
import traceback
import unittest
import weakref
from typing import Any, List

import samples
import support  # noqa: F401
from samples import Case, load, main


class Mine(Exception):
    pass


class Calls(Case):
    declarations = """
    void sort(void *items, size_t count, size_t size,
        int (*compare)(const void *a, const void *b));
    int apply(int (*function)(int), int value);
    int apply_times(int (*function)(int), int times);
    int add(int a, int b);
    int forty_two(void);
    int (*pick(int which))(int, int);
    int same_int(int value);
    """

    def test_sort(self) -> None:
        items = array.array("i", [5, 3, 9, -1, 0])

        def compare(a: int, b: int) -> int:
            left = ctypes.c_int.from_address(a).value
            right = ctypes.c_int.from_address(b).value
            return (left > right) - (left < right)

        self.lib.sort(items, len(items), items.itemsize, compare)
        self.assertEqual(items.tolist(), [-1, 0, 3, 5, 9])

    def test_any_callable(self) -> None:
        class Adder:
            def __init__(self, by: int) -> None:
                self.by = by

            def __call__(self, value: int) -> int:
                return value + self.by

            def method(self, value: int) -> int:
                return value * self.by

        self.assertEqual(self.lib.apply(lambda value: value + 1, 41), 42)
        self.assertEqual(self.lib.apply(Adder(3), 4), 7)
        self.assertEqual(self.lib.apply(Adder(3).method, 4), 12)
        self.assertEqual(self.lib.apply(functools.partial(max, 10), 4), 10)
        self.assertEqual(self.lib.apply(abs, -4), 4)
        self.assertEqual(self.lib.apply(int, 4), 4)

    def test_none_is_null(self) -> None:
        self.assertEqual(self.lib.apply(None, 1), -1)

    def test_ctypes_functions(self) -> None:
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
        self.assertEqual(self.lib.apply(prototype(lambda value: value * 5), 3), 15)
        absolute = ctypes.CDLL(None).abs
        absolute.argtypes, absolute.restype = [ctypes.c_int], ctypes.c_int
        self.assertEqual(self.lib.apply(absolute, -6), 6)
        for wrong in (
            ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_double),
            ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int),
            ctypes.CFUNCTYPE(ctypes.c_int),
            ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int),
        ):
            self.refuses_like(
                TypeError,
                r"^apply\(\) argument 1 \(function\): 'int \(\*\)\(int\)' needs .*signature",
                self.lib.apply,
                wrong(0x1000),
                1,
            )

    def test_kaa_functions(self) -> None:
        self.assertEqual(self.lib.apply(self.lib.same_int, 8), 8)
        for wrong in (self.lib.add, self.lib.forty_two):
            self.refuses_like(
                TypeError,
                r"^apply\(\) argument 1 \(function\): 'int \(\*\)\(int\)' needs .*signature",
                self.lib.apply,
                wrong,
                1,
            )

    def test_what_cannot_be_called(self) -> None:
        for value in (1, "x", b"x", 1.0, [], object(), ctypes.c_int(1)):
            self.refuses(
                TypeError,
                "apply() argument 1 (function): a callable expected, not "
                + type(value).__name__,
                self.lib.apply,
                value,
                1,
            )

    def test_results_that_are_functions(self) -> None:
        self.assertEqual(self.lib.pick(0)(5, 3), 8)
        self.assertEqual(self.lib.pick(1)(5, 3), 2)
        self.assertFalse(self.lib.pick(2))

    def test_nested(self) -> None:
        def outer(value: int) -> int:
            return self.lib.apply(lambda inner: inner * 2, value) + 1

        self.assertEqual(self.lib.apply(outer, 10), 21)

        def deep(value: int) -> int:
            return value if value == 0 else self.lib.apply(deep, value - 1) + 1

        self.assertEqual(self.lib.apply(deep, 30), 30)

    def test_many(self) -> None:
        self.assertEqual(self.lib.apply_times(lambda value: value, 2000), 1999000)


class Exceptions(Case):
    declarations = Calls.declarations

    def test_raised_from_the_outer_call(self) -> None:
        def fails(value: int) -> int:
            raise Mine("value {}".format(value))

        try:
            self.lib.apply(fails, 3)
        except Mine as error:
            self.assertEqual(str(error), "value 3")
            names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            self.assertIn("fails", names)
        else:
            self.fail("nothing was raised")
        self.assertEqual(self.lib.apply(lambda value: value, 5), 5)

    def test_no_further_callbacks_in_that_call(self) -> None:
        seen: List[int] = []

        def fails(value: int) -> int:
            seen.append(value)
            if value == 2:
                raise Mine(value)
            return value

        with self.assertRaises(Mine):
            self.lib.apply_times(fails, 100)
        self.assertEqual(seen, [0, 1, 2])
        seen.clear()
        with self.assertRaises(Mine):
            self.lib.apply_times(fails, 5)
        self.assertEqual(seen, [0, 1, 2])

    def test_every_exception(self) -> None:
        for error in (
            KeyboardInterrupt,
            SystemExit,
            MemoryError,
            StopIteration,
            GeneratorExit,
        ):

            def fails(value: int) -> int:
                raise error

            with self.assertRaises(error):
                self.lib.apply(fails, 1)

    def test_through_two_calls(self) -> None:
        def inner(value: int) -> int:
            raise Mine("inner")

        def outer(value: int) -> int:
            return self.lib.apply(inner, value)

        with self.assertRaises(Mine):
            self.lib.apply(outer, 1)

        def forgiving(value: int) -> int:
            try:
                return self.lib.apply(inner, value)
            except Mine:
                return 77

        self.assertEqual(self.lib.apply(forgiving, 1), 77)

    def test_results_that_do_not_fit(self) -> None:
        for value, error, text in (
            ("x", TypeError, "int expected, not str"),
            (None, TypeError, "int expected, not NoneType"),
            (1.5, TypeError, "int expected, not float"),
            (2**31, OverflowError, "2147483648 is out of range for int"),
        ):
            self.refuses_like(
                error, "result: " + text, self.lib.apply, lambda _: value, 1
            )

    def test_wrong_number_of_parameters(self) -> None:
        with self.assertRaises(TypeError):
            self.lib.apply(lambda: 1, 1)
        with self.assertRaises(TypeError):
            self.lib.apply(lambda a, b: 1, 1)

    def test_the_exception_is_not_kept(self) -> None:
        class Token:
            pass

        token = Token()
        seen = weakref.ref(token)

        def fails(value: int, token: Any = token) -> int:
            raise Mine(token)

        lib = load("int apply(int (*function [[kaa::scope(call)]])(int), int value);")
        try:
            lib.apply(fails, 1)
        except Mine:
            pass
        del fails, token
        for _ in range(4):
            gc.collect()
        self.assertIsNone(seen())


class Values(Case):
    declarations = """
    struct point { int x, y; };
    struct real2 { double x, y; };
    struct huge { long items[8]; };
    struct bits { unsigned a : 3; unsigned b : 13; int c : 16; };
    union number { int i; double d; };
    enum color { RED, GREEN = 5, BLUE };
    _Bool apply_bool(_Bool (*function)(_Bool), _Bool value);
    char apply_char(char (*function)(char), char value);
    signed char apply_schar(signed char (*function)(signed char), signed char value);
    unsigned char apply_uchar(unsigned char (*function)(unsigned char), unsigned char value);
    short apply_short(short (*function)(short), short value);
    unsigned short apply_ushort(unsigned short (*function)(unsigned short), unsigned short value);
    unsigned apply_uint(unsigned (*function)(unsigned), unsigned value);
    long apply_long(long (*function)(long), long value);
    unsigned long apply_ulong(unsigned long (*function)(unsigned long), unsigned long value);
    wchar_t apply_wchar(wchar_t (*function)(wchar_t), wchar_t value);
    float apply_float(float (*function)(float), float value);
    double apply_double(double (*function)(double), double value);
    long double apply_ldouble(long double (*function)(long double), long double value);
    double _Complex apply_cdouble(double _Complex (*function)(double _Complex),
        double _Complex value);
    __int128 apply_int128(__int128 (*function)(__int128), __int128 value);
    enum color apply_color(enum color (*function)(enum color), enum color value);
    const char *apply_text(const char *(*function)(const char *), const char *value);
    void *apply_pointer(void *(*function)(void *), void *value);
    struct point apply_point(struct point (*function)(struct point), struct point value);
    struct real2 apply_real2(struct real2 (*function)(struct real2), struct real2 value);
    struct huge apply_huge(struct huge (*function)(struct huge), struct huge value);
    struct bits apply_bits(struct bits (*function)(struct bits), struct bits value);
    union number apply_number(union number (*function)(union number), union number value);
    void visit(void (*visitor)(const char *name, struct point *at, void *user), void *user);
    long apply_many(long (*function)(signed char, unsigned short, int, long, double, float,
        unsigned char, long long, void *, int, double));
    int operate(const struct operations *with, int value);
    """

    def through(self, name: str, value: Any, result: Any = ...) -> Any:
        """Calls apply_<name>; the callback sees `value`, returns `result`."""
        seen: List[Any] = []

        def callback(given: Any) -> Any:
            seen.append(given)
            return given if result is ... else result

        returned = getattr(self.lib, "apply_" + name)(callback, value)
        self.assertEqual(len(seen), 1)
        return seen[0], returned

    def test_integers(self) -> None:
        for name, values in (
            ("schar", (-128, -1, 0, 127)),
            ("uchar", (0, 128, 255)),
            ("short", (-32768, -1, 32767)),
            ("ushort", (0, 65535)),
            ("uint", (0, 2**32 - 1)),
            ("long", (-(2**63), -1, 2**63 - 1)),
            ("ulong", (0, 2**64 - 1)),
            ("int128", (-(2**127), -1, 0, 2**127 - 1, 2**70)),
        ):
            for value in values:
                seen, returned = self.through(name, value)
                self.assertEqual((seen, returned), (value, value), name)
                self.assertIs(type(seen), int)
        self.assertEqual(self.through("bool", True), (True, True))
        self.assertEqual(self.through("bool", 1, False), (True, False))

    def test_characters(self) -> None:
        self.assertEqual(self.through("char", b"\xff"), (b"\xff", b"\xff"))
        self.assertEqual(self.through("wchar", "\u4e2d"), ("\u4e2d", "\u4e2d"))

    def test_floats(self) -> None:
        for name in ("float", "double", "ldouble"):
            self.assertEqual(self.through(name, 1.5), (1.5, 1.5))
            self.assertEqual(self.through(name, 1.5, 3), (1.5, 3.0))
        self.assertEqual(self.through("cdouble", 1 - 2j), (1 - 2j, 1 - 2j))

    def test_enums(self) -> None:
        seen, returned = self.through("color", self.lib.GREEN)
        self.assertEqual((seen.name, returned.name), ("GREEN", "GREEN"))
        self.assertEqual(self.through("color", 99)[0], 99)

    def test_text(self) -> None:
        self.assertEqual(self.through("text", "na\u00efve")[0], "na\u00efve")
        self.assertEqual(self.through("text", "x", "another")[1], "another")
        self.assertEqual(self.through("text", "x", b"raw")[1], "raw")
        self.assertEqual(self.through("text", None), (None, None))

    def test_pointers(self) -> None:
        self.assertEqual(self.through("pointer", 0x1000), (0x1000, 0x1000))
        self.assertEqual(self.through("pointer", None), (None, None))

    def test_records_by_value(self) -> None:
        lib = self.lib
        seen, returned = self.through("point", lib.point(1, -2))
        self.assertEqual((seen.x, seen.y, returned.x, returned.y), (1, -2, 1, -2))
        self.assertIs(type(seen), lib.point)
        seen, returned = self.through("real2", lib.real2(0.5, 1.5), lib.real2(7, 8))
        self.assertEqual((seen.y, returned.x), (1.5, 7.0))
        huge = lib.huge()
        huge.items[7] = 9
        seen, returned = self.through("huge", huge)
        self.assertEqual((seen.items[7], returned.items[7]), (9, 9))
        seen, returned = self.through("bits", lib.bits(5, 4000, -9))
        self.assertEqual((seen.a, seen.b, seen.c), (5, 4000, -9))
        self.assertEqual((returned.a, returned.b, returned.c), (5, 4000, -9))
        number = lib.number()
        number.d = 2.5
        seen, returned = self.through("number", number)
        self.assertEqual((seen.d, returned.d), (2.5, 2.5))
        self.refuses_like(
            TypeError,
            "result: struct point expected, not tuple",
            lib.apply_point,
            lambda value: (1, 2),
            lib.point(),
        )

    def test_a_record_that_was_given_is_a_copy(self) -> None:
        kept: List[Any] = []
        self.lib.apply_point(
            lambda value: kept.append(value) or value, self.lib.point(4, 5)
        )
        gc.collect()
        self.assertEqual((kept[0].x, kept[0].y), (4, 5))

    def test_visit(self) -> None:
        seen: List[Any] = []

        def visitor(name: Any, at: Any, user: Any) -> None:
            seen.append((name, (at.x, at.y) if at else None, user))

        self.lib.visit(visitor, 1234)
        self.assertEqual(seen, [("first", (1, 2), 1234), (None, None, 1234)])
        seen.clear()
        self.lib.visit(visitor, None)
        self.assertEqual(seen[0][2], None)

    def test_the_result_of_void_is_ignored(self) -> None:
        self.lib.visit(lambda name, at, user: "anything", None)

    def test_many_arguments(self) -> None:
        seen: List[Any] = []

        def function(*arguments: Any) -> int:
            seen.extend(arguments)
            return -(2**40)

        self.assertEqual(self.lib.apply_many(function), -(2**40))
        self.assertEqual(seen, [-1, 2, -3, 4, 5.5, 6.25, 7, -8, None, 9, 10.5])


class Lifetimes(Case):
    declarations = """
    void keep(int (*function)(int));
    int call_kept(int value);
    int same_as_kept(int (*function)(int));
    """

    def test_kept_as_long_as_the_library(self) -> None:
        self.lib.keep(lambda value: value + 1000)
        for _ in range(3):
            gc.collect()
        self.assertEqual(self.lib.call_kept(1), 1001)
        self.lib.keep(None)

    def test_the_same_callable_is_the_same_pointer(self) -> None:
        def function(value: int) -> int:
            return value

        class Holder:
            def method(self, value: int) -> int:
                return value

        for callable_ in (function, abs, int, functools.partial(max, 1)):
            self.lib.keep(callable_)
            self.assertEqual(self.lib.same_as_kept(callable_), 1)
            self.assertEqual(self.lib.same_as_kept(lambda value: value), 0)
        holder = Holder()
        self.lib.keep(holder.method)
        self.assertEqual(self.lib.same_as_kept(holder.method), 1)
        self.assertEqual(self.lib.same_as_kept(Holder().method), 0)
        self.lib.keep(None)

    def test_callables_that_compare_equal_are_kept_apart(self) -> None:
        class Same:
            __hash__ = None  # type: ignore

            def __init__(self, value: int) -> None:
                self.value = value

            def __eq__(self, other: object) -> bool:
                return True

            def __call__(self, value: int) -> int:
                return self.value

        first, second = Same(1), Same(2)
        self.lib.keep(first)
        self.assertEqual(self.lib.call_kept(0), 1)
        self.lib.keep(second)
        self.assertEqual(self.lib.call_kept(0), 2)
        self.lib.keep(None)

    def test_scope_call_keeps_nothing(self) -> None:
        lib = load("int apply(int (*function [[kaa::scope(call)]])(int), int value);")

        class Callable_:
            def __call__(self, value: int) -> int:
                return value + 1

        function = Callable_()
        seen = weakref.ref(function)
        for value in range(300):
            self.assertEqual(lib.apply(function, value), value + 1)
        del function
        for _ in range(3):
            gc.collect()
        self.assertIsNone(seen())

    def test_scope_async_ends_with_the_first_call(self) -> None:
        lib = load(
            "void keep(int (*function [[kaa::scope(async)]])(int)); int call_kept(int value);"
            "int apply(int (*function)(int), int value);"
        )

        class Callable_:
            def __call__(self, value: int) -> int:
                return value + 1

        for value in range(100):
            function = Callable_()
            seen = weakref.ref(function)
            lib.keep(function)
            del function
            gc.collect()
            self.assertIsNotNone(seen())
            self.assertEqual(lib.call_kept(value), value + 1)
            for _ in range(3):
                gc.collect()
            self.assertIsNone(seen())
        load("void keep(int (*function)(int));").keep(None)

    def test_scope_forever(self) -> None:
        lib = load("void keep(int (*function [[kaa::scope(forever)]])(int));")
        lib.keep(lambda value: value + 5)
        del lib
        for _ in range(3):
            gc.collect()
        self.assertEqual(self.lib.call_kept(1), 6)
        self.lib.keep(None)

    def test_a_record_holds_function_pointers(self) -> None:
        lib = load(
            "struct operations { int (*run)(int); const char *name; int scale; };"
            "int operate(const struct operations *with, int value);"
        )
        operations = lib.operations()
        self.assertIsNone(operations.run)
        operations.run = lambda value: value + 1
        operations.scale = 10
        gc.collect()
        self.assertEqual(lib.operate(operations, 4), 50)
        self.assertEqual(operations.run(4), 5)


class Threads(Case):
    declarations = """
    int apply_on_thread(int (*function)(int), int value);
    int apply(int (*function)(int), int value);
    """

    def test_from_a_foreign_thread(self) -> None:
        here = threading.get_ident()
        seen: List[int] = []

        def function(value: int) -> int:
            seen.append(threading.get_ident())
            return value * 3

        for value in range(20):
            self.assertEqual(self.lib.apply_on_thread(function, value), value * 3)
        self.assertNotIn(here, seen)

    def test_an_exception_in_a_foreign_thread_is_unraisable(self) -> None:
        caught: List[Any] = []
        previous = sys.unraisablehook
        sys.unraisablehook = lambda report: caught.append(
            (report.exc_type, str(report.exc_value))
        )
        try:

            def fails(value: int) -> int:
                raise Mine("far away")

            self.assertEqual(self.lib.apply_on_thread(fails, 3), 0)
        finally:
            sys.unraisablehook = previous
        self.assertEqual(caught, [(Mine, "far away")])

    def test_python_threads(self) -> None:
        failures: List[str] = []

        def work(seed: int) -> None:
            for value in range(200):
                if self.lib.apply(lambda given: given + seed, value) != value + seed:
                    failures.append("wrong value")
                try:
                    self.lib.apply(self._fail, value)
                except Mine as error:
                    if error.args != (value,):
                        failures.append("wrong exception")
                else:
                    failures.append("no exception")

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    @staticmethod
    def _fail(value: int) -> int:
        raise Mine(value)


class Shutdown(unittest.TestCase):
    def test_a_callback_after_the_interpreter_has_ended(self) -> None:
        # C calls the kept pointer from an exit handler of its own, after
        # Python is gone: the callback must return zero and touch nothing.
        program = """
import ctypes, sys
import kaa
lib = kaa.load(sys.argv[1], "void keep(int (*f)(int)); int call_kept(int value);"
               "int call_kept_at_exit(void);")
lib.keep(lambda value: value + 1)
assert lib.call_kept(1) == 2
assert lib.call_kept_at_exit() == 0
print("ready", flush=True)
"""
        done = subprocess.run(
            [sys.executable, "-c", program, samples.path()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(), [b"ready", b"0"])


if __name__ == "__main__":
    main()
