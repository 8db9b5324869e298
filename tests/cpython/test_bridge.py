"""Attacks on bound functions: odd callers, odd values, odd moments. What is true
of the bridge alone is skipped without it."""

from __future__ import annotations

import array
import copy
import ctypes
import functools
import gc
import inspect
import os
import pickle
import signal
import sys
import threading
import time
import types
import unittest
import weakref
from typing import Any, Callable, List

import kaa
from samples import Case, load, main
from support import Programs, run_python

DECLARATIONS = """
struct point { int x, y; };
struct megabyte { unsigned char bytes[1000000]; };
enum color { RED, GREEN = 5, BLUE };
int add(int a, int b);
int square(int value);
double digest(const char *kinds, ...);
double scale_add(double a, double x, double y);
size_t text_length(const char *text);
uintptr_t address_of(const void *data);
void *same_pointer(void *value);
int through(int **pointer);
int points_sum(const struct point *items, size_t count);
struct point *point_largest(struct point *items, size_t count);
struct point same_point(struct point value);
struct megabyte same_megabyte(struct megabyte value);
double sum_double(const double *items [[kaa::length(count)]], size_t count);
long sum_bytes(const void *data [[kaa::length(size)]], size_t size);
int apply(int (*function)(int), int value);
int apply_on_thread(int (*function)(int), int value);
void *apply_pointer(void *(*function)(void *), void *value);
struct point apply_point(struct point (*function)(struct point), struct point value);
enum color apply_color(enum color (*function)(enum color), enum color value);
[[kaa::free(text_free)]] char *text_made(const char *(*make)(int), int value);
void text_free(char *text);
int text_live(void);
"""
SCOPES = """
int apply_async(int (*function [[kaa::scope(async)]])(int), int value)
    __asm__("apply");
int apply_forever(int (*function [[kaa::scope(forever)]])(int), int value)
    __asm__("apply");
int apply_lent(int (*function [[kaa::scope(call)]])(int), int value)
    __asm__("apply");
"""

CPYTHON = sys.implementation.name == "cpython"
FREE_THREADED = "t" in getattr(sys, "abiflags", "")
CALLBACKS_STAY = unittest.skipIf(
    FREE_THREADED, "without a lock a callback that C may still call cannot be ended"
)
BRIDGE = CPYTHON and os.environ.get("KAA_HOST") != "none"


class Calling(Case):
    """However a function is called, it is the same call."""

    declarations = DECLARATIONS

    def test_ways(self) -> None:
        add = self.lib.add
        self.assertEqual(add(*[1, 2], **{}), 3)
        self.assertEqual(add(1, **{"b": 2}), 3)
        self.assertEqual(functools.partial(add, 1)(2), 3)
        self.assertEqual(functools.partial(add, b=1)(a=2), 3)
        self.assertEqual(types.MethodType(add, 1)(2), 3)
        self.assertEqual(list(map(add, [1, 2], [3, 4])), [4, 6])
        self.assertEqual(add.__call__(1, 2), 3)
        self.assertEqual(type(add).__call__(add, 1, 2), 3)

    def test_any_number_of_arguments(self) -> None:
        for count in [0, 1, 3, 4, 5, 100, 300, 5000]:
            self.refuses(
                TypeError,
                f"add() takes 2 arguments (int a, int b), {count} given",
                self.lib.add,
                *range(count),
            )
        numbers = list(range(300))
        self.assertEqual(
            self.lib.digest("i" * 300, *numbers),
            self.lib.digest("d" * 300, *map(float, numbers)),
        )
        self.refuses_like(
            kaa.LimitError,
            "5001 parameters are more than 4096",
            self.lib.digest,
            "i" * 5000,
            *range(5000),
        )

    def test_keywords_that_are_no_names(self) -> None:
        for name in ["", "a b", "\udc80", "\xe9", "a\0"]:
            with self.assertRaises(TypeError):
                self.lib.add(1, 2, **{name: 3})

    def test_names_beyond_ascii(self) -> None:
        lib = load("int add(int \xe9t\xe9, int \u03bb);")
        self.assertEqual(lib.add(**{"\xe9t\xe9": 1, "\u03bb": 2}), 3)

    def test_while_traced(self) -> None:
        seen: List[str] = []

        def trace(frame: Any, event: str, argument: Any) -> Any:
            seen.append(event)
            return trace

        old = sys.gettrace()
        sys.settrace(trace)
        sys.setprofile(trace)
        try:
            made = self.lib.add(1, 2), self.lib.apply(lambda value: value + 1, 3)
        finally:
            sys.setprofile(None)
            sys.settrace(old)
        self.assertEqual(made, (3, 4))
        self.assertIn("call", seen)

    def test_as_a_class_attribute(self) -> None:
        kind = type("Kind", (), {"add": self.lib.add})
        self.assertEqual((kind.add(1, 2), kind().add(3, 4)), (3, 7))  # type: ignore

    def test_copies(self) -> None:
        add = self.lib.add
        self.assertIs(copy.copy(add), add)
        self.assertIs(copy.deepcopy({"f": [add]})["f"][0], add)
        self.assertIs(pickle.loads(pickle.dumps(add)), add)
        self.assertIs(copy.deepcopy(self.lib), self.lib)

    def test_what_it_is(self) -> None:
        add = self.lib.add
        self.assertIs(weakref.ref(add)(), add)
        self.assertEqual({add: 1}[add], 1)
        self.assertEqual(str(inspect.signature(add)), "(a: int, b: int) -> int")

    @unittest.skipUnless(BRIDGE, "no bridge")
    def test_it_stays_what_it_is(self) -> None:
        add, kind = self.lib.add, type(self.lib.add)
        other = type("Other", (), {"__slots__": ()})
        for name in ["x", "address", "_library", "_item", "__class__"]:
            with self.assertRaises((AttributeError, TypeError)):
                setattr(add, name, other)
            with self.assertRaises((AttributeError, TypeError)):
                delattr(add, name)
        for make in [kind, lambda: type("Sub", (kind,), {}), lambda: kind.__new__(kind)]:
            self.assertRaises(TypeError, make)
        self.assertRaises(TypeError, object.__new__, kind)
        with self.assertRaises(TypeError):
            other().__class__ = kind
        self.assertEqual(add(1, 2), 3)

    def test_a_megabyte_by_value(self) -> None:
        value = self.lib.megabyte()
        value.bytes[0], value.bytes[-1] = 1, 2
        for _ in range(3):
            made = self.lib.same_megabyte(value)
            self.assertEqual(bytes(made.bytes), bytes(value.bytes))


class Values(Case):
    """What is not what it says."""

    declarations = DECLARATIONS

    def test_an_index_that_changes(self) -> None:
        class Changing:
            def __init__(self) -> None:
                self.calls = 0

            def __index__(self) -> int:
                self.calls += 1
                return 2 if self.calls == 1 else 1 << 40

        self.assertEqual(self.lib.sum_double(array.array("d", [1, 2]), Changing()), 3.0)

    def test_types_come_before_lengths(self) -> None:
        for arguments in [(array.array("i", [1]),), (array.array("i", [1]), 5)]:
            self.refuses_like(
                TypeError, "argument 1 .*not array", self.lib.sum_double, *arguments
            )
        self.refuses(
            ValueError,
            "sum_double() argument 1 (items): has 1 element, but argument 2 says 2",
            self.lib.sum_double,
            array.array("d", [1]),
            2,
        )
        self.refuses_like(
            ValueError,
            "says 18446744073709551615$",
            self.lib.sum_bytes,
            b"abc",
            (1 << 64) - 1,
        )

    def test_an_address_that_points_at_itself(self) -> None:
        cell = ctypes.c_void_p()
        cell.value = ctypes.addressof(cell)
        self.assertEqual(self.lib.address_of(cell), ctypes.addressof(cell))
        for number in [5, 6]:
            self.assertEqual(self.lib.address_of(ctypes.c_void_p(number)), number)
        pointer = ctypes.POINTER(ctypes.c_int)()
        ctypes.c_void_p.from_buffer(pointer).value = ctypes.addressof(pointer)
        self.lib.through(pointer)
        for number in [5, 6]:
            one = ctypes.pointer(ctypes.c_int(number))
            self.assertEqual(self.lib.through(one), number)

    def test_a_class_that_lies(self) -> None:
        def lying(what: Any, **more: Any) -> Any:
            return type("Lying", (), {"__class__": property(lambda self: what), **more})()

        lib = self.lib
        for function in [lib.same_point, lib.points_sum, lib.point_largest]:
            more = () if function is lib.same_point else (1,)
            with self.assertRaises(TypeError):
                function(lying(lib.point), *more)
        for what in [ctypes.c_int, ctypes.c_void_p, int, str, bytes, type(lib.add)]:
            with self.assertRaises(TypeError):
                lib.same_pointer(lying(what))
            with self.assertRaises(TypeError):
                lib.text_length(lying(what))

    @unittest.skipUnless(BRIDGE, "no bridge")
    def test_a_record_class_that_makes_something_else(self) -> None:
        lib = load(DECLARATIONS)
        lib.point.__new__ = lambda kind, *arguments: "no point"
        point = kaa.from_buffer(lib.point, bytearray(8))
        self.assertIs(type(lib.same_point(point)), lib.point)

    def test_long_names(self) -> None:
        for name in ["\xe9" * 60 + "x", "\xe9" * 300, "x" + "\U0001f600" * 300]:
            value = type(name, (), {})()
            for function in [self.lib.square, self.lib.text_length, self.lib.apply]:
                with self.assertRaises(TypeError):
                    function(value, *([1] if function is self.lib.apply else []))

    def test_numbers_that_raise(self) -> None:
        class Both:
            def __float__(self) -> float:
                raise OverflowError("float")

            def __index__(self) -> int:
                raise KeyError("index")

        class Unprintable(int):
            bit_length: Any = property(lambda self: 1 // 0)

            def __repr__(self) -> str:
                raise KeyError("repr")

        with self.assertRaises(Exception):
            self.lib.scale_add(Both(), 1, 1)
        self.assertRaises(KeyError, self.lib.square, Both())
        self.assertEqual(self.lib.square(Unprintable(3)), 9)
        if BRIDGE:
            self.assertRaises(OverflowError, self.lib.square, Unprintable(1 << 70))


class Hosts(unittest.TestCase):
    """The quick path, the documented functions and plain ctypes agree."""

    def output(self, host: str, seed: str) -> List[str]:
        program = os.path.join(os.path.dirname(__file__), "bridge_values.py")
        path = os.pathsep.join(sys.path)
        done = run_python(program, seed, KAA_HOST=host, PYTHONPATH=path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.split("\n")
        self.assertGreater(len(lines), 10000)
        return lines

    @unittest.skipUnless(BRIDGE, "no bridge")
    def test_agree(self) -> None:
        wanted = self.output("none", "5")
        for host in ["", "no-layout"]:
            found = self.output(host, "5")
            for one, other in zip(wanted, found):
                self.assertEqual(other, one, host or "with layouts")
            self.assertEqual(len(found), len(wanted))


class Lives(unittest.TestCase):
    """What is held, and until when."""

    def dies(self, use: Callable[[Any], Any]) -> None:
        lib = load(DECLARATIONS + SCOPES)
        use(lib)
        gone = weakref.ref(lib)
        del lib
        for _ in range(3):
            gc.collect()
        self.assertIsNone(gone())
    @CALLBACKS_STAY
    def test_the_library_goes(self) -> None:
        self.dies(lambda lib: lib.add(1, 2))
        self.dies(lambda lib: lib.apply(lambda value: lib.add(value, 1), 1))
        self.dies(lambda lib: lib.apply_lent(lambda value: lib.add(value, 1), 1))
        self.dies(lambda lib: lib.apply_async(lambda value: lib.add(value, 1), 1))
        self.dies(lambda lib: lib.apply_point(lib.same_point, lib.point(1, 2)))
        self.dies(
            lambda lib: lib.apply_point(lambda one: lib.same_point(one), lib.point(1, 2))
        )
        self.dies(lambda lib: lib.apply_color(lambda one: lib.color(one), 5))
        self.dies(lambda lib: setattr(lib.point, "back", (lib, lib.add)))
    @CALLBACKS_STAY
    def test_with_what_a_callback_gave(self) -> None:
        class Buffer(bytearray):
            back: Any

        def use(lib: Any) -> None:
            def function(value: Any) -> Any:
                made = Buffer(8)
                made.back = function, lib
                return made

            lib.apply_pointer(function, None)

        self.dies(use)

    @unittest.skipUnless(CPYTHON, "PyPy's ctypes keeps classes")
    def test_with_the_classes_it_met(self) -> None:
        def use(lib: Any) -> None:
            class Point(lib.point):
                back = lib

            class Bytes(bytearray):
                back = lib

            for _ in range(3):
                lib.points_sum(Point(1, 2), 1)
                lib.points_sum(kaa.addressof(Point(1, 2)), 1)
                lib.same_point(Point(1, 2))
                lib.sum_bytes(Bytes(4))

        self.dies(use)

    def test_used_by_what_is_found_with_it(self) -> None:
        """A __del__ in the same garbage finds the library whole."""
        made: List[Any] = []

        class User:
            def __init__(self) -> None:
                self.lib = load(DECLARATIONS)
                self.add = self.lib.add
                self.me = self

            def __del__(self) -> None:
                made.append(self.add(a=1, b=2))
                made.append(self.lib.square(3))
                made.append(self.lib.apply(lambda value: value + 1, 3))
                try:
                    self.add("1", 2)
                except TypeError as error:
                    made.append(str(error))

        for _ in range(5):
            User()
        for _ in range(3):
            gc.collect()
        one = [3, 9, 4, "add() argument 1 (a): int expected, not str"]
        self.assertEqual(made, one * 5)

    def test_functions_and_records_outlive_the_name(self) -> None:
        lib = load(DECLARATIONS)
        add, point, kind = lib.add, lib.same_point(lib.point(1, 2)), lib.point
        del lib
        gc.collect()
        self.assertEqual(add(1, 2), 3)
        self.assertEqual((point.x, kind(3, 4).y), (1, 4))
        self.assertIn("add", repr(add))
        self.assertEqual(add._library.same_point(point).y, 2)

    @CALLBACKS_STAY
    @unittest.skipUnless(BRIDGE, "counts the bridge's blocks")
    def test_refused_calls_leave_nothing(self) -> None:
        lib = load(DECLARATIONS + SCOPES)
        calls: List[Callable[[], Any]] = [
            lambda: lib.add("x", 1),
            lambda: lib.add(1 << 80, 1),
            lambda: lib.add(1, c=1),
            lambda: lib.sum_double(array.array("i", [1])),
            lambda: lib.sum_double(array.array("d", [1]), 5),
            lambda: lib.same_point(3),
            lambda: lib.apply_async(lambda value: value, "x"),
            lambda: lib.apply_forever(lambda value: value, "x"),
            lambda: lib.apply_lent(lambda value: value, "x"),
            lambda: lib.apply_lent(lambda value: 1 // 0, 1),
            lambda: lib.apply_lent(lambda value: "x", 1),
            lambda: lib.text_made(5, 1),
        ]
        for call in calls:
            # What is cached comes to an end, a leak does not: the quietest of
            # some rounds tells.
            least = 10**9
            for times in [20, 300, 300, 300, 300]:
                gc.collect()
                before = sys.getallocatedblocks()
                for _ in range(times):
                    with self.assertRaises(Exception):
                        call()
                gc.collect()
                if times == 300:
                    least = min(least, sys.getallocatedblocks() - before)
                if least < 150:
                    break
            self.assertLess(least, 150)

    def test_a_result_nobody_gets_is_freed(self) -> None:
        lib = load(DECLARATIONS)
        self.assertEqual(lib.text_made(lambda value: "x" * value, 3), "xxx")
        if BRIDGE:
            self.assertRaises(ZeroDivisionError, lib.text_made, lambda value: 1 // 0, 3)
        self.assertEqual(lib.text_live(), 0)


class Callbacks(Case):
    declarations = DECLARATIONS

    def test_recursion_without_end(self) -> None:
        def function(value: int) -> int:
            return self.lib.apply(function, value + 1)  # type: ignore[no-any-return]

        if CPYTHON:
            self.assertRaises(RecursionError, self.lib.apply, function, 1)

    def test_deep_recursion(self) -> None:
        def function(value: int) -> int:
            return value if value >= 100 else self.lib.apply(function, value + 1)

        self.assertEqual(self.lib.apply(function, 1), 100)

    def test_interrupted(self) -> None:
        def function(value: int) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(100000):
                value += 1
            return value

        self.assertRaises(KeyboardInterrupt, self.lib.apply, function, 1)

    def test_closures_that_cannot_be(self) -> None:
        many = ", ".join(["int"] * 1001)
        lib = load(
            "int apply(int (*function)(const char *, ...), int value);"
            f"void keep(int (*function)({many}));"
        )
        with self.assertRaises(kaa.UnsupportedError):
            lib.apply(lambda *arguments: 1, 1)
        with self.assertRaises(kaa.InvalidArgumentError):
            lib.keep(lambda *arguments: 1)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_fork_inside(self) -> None:
        def function(value: int) -> int:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    made = self.lib.apply(lambda one: one + 1, 5)
                    threaded = self.lib.apply_on_thread(lambda one: one * 2, 4)
                    code = 0 if (made, threaded) == (6, 8) else 2
                finally:
                    os._exit(code)
            return os.waitpid(child, 0)[1]

        self.assertEqual(self.lib.apply(function, 1), 0)


class Threads(unittest.TestCase):
    def test_at_once(self) -> None:
        lib = load(DECLARATIONS + SCOPES)
        raised: List[BaseException] = []

        def hammer() -> None:
            try:
                for _ in range(10 if CPYTHON else 2):
                    own = load(DECLARATIONS)
                    for k in range(10):
                        self.assertEqual(own.add(k, 1), k + 1)
                        self.assertEqual(lib.apply_lent(lambda v: lib.add(v, 1), k), k + 1)
                        self.assertEqual(own.same_point(own.point(k, k)).x, k)
                        self.assertEqual(own.apply(lambda v: v + 1, k), k + 1)
                        self.assertEqual(lib.apply_on_thread(lambda v: v + 2, k), k + 2)
                        self.assertRaises(TypeError, lib.add, "x", 1)
            except BaseException as error:
                raised.append(error)

        threads = [threading.Thread(target=hammer) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            gc.collect()
            time.sleep(0.001)
        self.assertEqual(raised, [])


class Ends(Programs):
    """The interpreter's end, and other interpreters."""

    def test_late_atexit(self) -> None:
        text = (
            "import atexit\n"
            "atexit.register(lambda: print(lib.apply(lambda v: v + 1, 4)))\n"
        )
        self.assertEqual(self.run_text(text + self.prelude + "lib.add(1, 2)"), "5\n")

    def test_a_del_at_the_end(self) -> None:
        text = (
            "class User:\n"
            "    def __init__(self): self.lib, self.me = lib, self\n"
            "    def __del__(self): print(self.lib.add(1, 2))\n"
            "lib.__dict__['me'] = lib\n"
            "user = User()\n"
            "lib.add(1, 2)\n"
        )
        if CPYTHON:
            self.assertEqual(self.run_text(self.prelude + text), "3\n")

    @unittest.skipUnless(CPYTHON, "daemon threads of PyPy's do not end")
    def test_daemon_threads(self) -> None:
        text = (
            "import threading, time\n"
            "def loop():\n"
            "    while True:\n"
            "        lib.apply_times(lambda v: v, 100)\n"
            "        lib.apply_on_thread(lambda v: v, 1)\n"
            "for _ in range(3):\n"
            "    threading.Thread(target=loop, daemon=True).start()\n"
            "time.sleep(0.05)\n"
        )
        for _ in range(2):
            self.run_text(self.prelude + text)


if __name__ == "__main__":
    main()
