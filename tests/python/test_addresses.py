"""Addresses that are borrowed: of ctypes instances, which user code can move,
replace, or lie about; and of numbers that have a buffer."""

from __future__ import annotations

import ctypes
import sys
import unittest
from array import array
from typing import Any, Callable, List

import kaa

DECLARATIONS = """
    struct big { char bytes[64]; };
    struct small { char bytes[8]; };
    struct number { double x; };
    void *memmove(struct big *to, const void *from, unsigned long count);
    void *memcpy(struct small *to [[kaa::length(n)]], const char *from, unsigned long n);
    const void *memchr(const void *data, int byte, unsigned long count);
    void *memset(void *data [[kaa::length(n)]], int byte, unsigned __int128 n);
    int memcmp(const signed char *a [[kaa::length(n)]], const void *b [[kaa::length(m)]],
               short n, unsigned long m);
"""
# The address that C gets, by functions that return their first argument and
# touch nothing for a count of 0.
libc = kaa.load("libc.so.6", DECLARATIONS)
# ctypes' classes of two records: their instances' memory can be moved.
Small = type(libc.small().ctypes)
Big = type(libc.big().ctypes)
typed = kaa.load(
    "libc.so.6",
    """
    struct number { double x; };
    void *memmove(struct number *to, const void *from, unsigned long count);
    void *memcpy(double *to, const void *from, unsigned long count);
    int snprintf(char *to, unsigned long size, const char *format, ...);
    void *bsearch(const void *key, const double *base, unsigned long count,
                  unsigned long size, int (*compare)(const void *, const void *));
    """,
)


# PyPy's ctypes moves nothing, and knows no size but the class's.
own_size = unittest.skipIf(
    sys.implementation.name == "pypy", "ctypes of PyPy trusts the class"
)


class Evil:
    """A number whose conversion runs user code."""

    def __init__(self, do: Callable[[], object], value: int = 0) -> None:
        self.do = do
        self.value = value

    def __index__(self) -> int:
        self.do()
        return self.value


@own_size
class Moved(unittest.TestCase):
    """User code of a later argument moves what an earlier one points at."""

    def check(self, function: Any, *fixed: Any) -> None:
        for round_ in range(3):  # learnt classes take another way
            memory = (ctypes.c_char * 16)()
            moved: List[int] = []

            def grow() -> None:
                ctypes.resize(memory, 100_000 + 10_000 * len(moved))
                moved.append(ctypes.addressof(memory))

            given = function(memory, *fixed, Evil(grow))
            self.assertEqual(given, moved[-1], round_)

    def test_an_array(self) -> None:
        self.check(libc.memset, 0)

    def test_an_instance(self) -> None:
        for _ in range(3):
            small = Small()
            given = libc.memcpy(small, b"", Evil(lambda: ctypes.resize(small, 90_000)))
            self.assertEqual(given, ctypes.addressof(small))

    def test_a_byref(self) -> None:
        # It points where the instance has been.
        for _ in range(3):
            small = Small()
            with self.assertRaisesRegex(
                ValueError,
                r"memcpy\(\) argument 1 \(to\): byref\(\) does not point into the memory"
                r" of its small, as struct small \* needs it",
            ):
                libc.memcpy(
                    ctypes.byref(small), b"", Evil(lambda: ctypes.resize(small, 90_000))
                )

    def test_what_a_pointer_points_at(self) -> None:
        for _ in range(3):
            pointer = ctypes.pointer(Small())
            others: List[Any] = []

            def replace() -> None:
                others.append(Small())
                pointer.contents = others[-1]

            given = libc.memcpy(pointer, b"", Evil(replace))
            self.assertEqual(given, ctypes.addressof(others[-1]))

    def test_a_void_pointer(self) -> None:
        for _ in range(3):
            pointer = ctypes.c_void_p(64)
            given = libc.memset(
                pointer, 0, Evil(lambda: setattr(pointer, "value", 128))
            )
            self.assertEqual(given, 128)

    def test_variable_arguments(self) -> None:
        out = bytearray(64)
        for _ in range(3):
            text = (ctypes.c_char * 8)(*b"before")

            def move() -> None:
                ctypes.resize(text, 90_000)
                text.raw = b"after\0\0\0"

            typed.snprintf(out, 64, b"%d %s", Evil(move, 7), text)
            self.assertEqual(bytes(out).partition(b"\0")[0], b"7 after")
            typed.snprintf(out, Evil(lambda: None, 64), b"%s %d", text, 8)
            self.assertEqual(bytes(out).partition(b"\0")[0], b"after 8")

    def test_map(self) -> None:
        with_doubles = kaa.load("libm.so.6", "double pow(double x, double y);")

        class Float:
            def __float__(self) -> float:
                ctypes.resize(numbers, 800_000)
                return 2.0

        numbers = (ctypes.c_double * 3)(1, 2, 3)
        # Grown by its own memory; what was there stays.
        made = with_doubles.pow.map(numbers, Float())
        self.assertEqual(list(made)[:3], [1.0, 4.0, 9.0])

    @unittest.skipIf(sys.version_info < (3, 12), "no __buffer__ in Python")
    def test_a_buffer_in_python(self) -> None:
        for _ in range(4):
            small = Small()

            class Exporter:
                def __buffer__(self, flags: int) -> memoryview:
                    ctypes.resize(small, 90_000)
                    return memoryview(b"12345678")

            given = libc.memcpy(small, Exporter(), 0)
            self.assertEqual(given, ctypes.addressof(small))


@own_size
class Sizes(unittest.TestCase):
    """The instance's own size decides, never what its class says."""

    def refuse(self, *arguments: Any, function: Any = libc.memmove) -> None:
        for _ in range(2):
            with self.assertRaisesRegex(
                (TypeError, ValueError), r"\(\) argument 1 \(to\): "
            ):
                function(*arguments)

    def test_a_class_is_assigned(self) -> None:
        big = Big()
        self.assertEqual(libc.memmove(big, None, 0), ctypes.addressof(big))
        small = Small()
        try:
            small.__class__ = Big
        except TypeError:
            self.skipTest("this Python refuses the assignment")
        with self.assertRaisesRegex(
            ValueError,
            r"memmove\(\) argument 1 \(to\): the big has less memory of its own than"
            r" struct big \* needs",
        ):
            libc.memmove(small, None, 0)
        self.refuse(small, None, 0)
        self.refuse(ctypes.byref(small), None, 0)

    def test_by_value(self) -> None:
        samples = kaa.load(
            "libc.so.6",
            "struct big { char bytes[64]; }; struct one { char byte; };"
            "int abs(struct big x); int labs(struct one x);",
        )
        small = type(samples.one().ctypes)()
        try:
            small.__class__ = type(samples.big().ctypes)
        except TypeError:
            self.skipTest("this Python refuses the assignment")
        for _ in range(2):
            with self.assertRaisesRegex(
                ValueError, r"abs\(\) argument 1 \(x\): the big"
            ):
                samples.abs(small)

    def test_byref_outside(self) -> None:
        self.refuse(ctypes.byref(Big(), 8), None, 0)
        self.refuse(ctypes.byref(Big(), -8), None, 0)
        self.refuse(ctypes.byref(Big(), -10_000), None, 0)  # more than its size before it
        self.refuse(ctypes.byref(Big(), 10_000), None, 0)
        memory = (Big * 3)()
        given = libc.memmove(ctypes.byref(memory, 64), None, 0)
        self.assertEqual(given, ctypes.addressof(memory) + 64)
        self.refuse(ctypes.byref(memory, 3 * 64), None, 0)
        with self.assertRaises(ValueError):
            libc.memset(ctypes.byref(ctypes.c_int(), 100), 0, 0)

    def test_a_class_that_lies(self) -> None:
        class Liar(ctypes.c_char):
            __class__ = Big  # type: ignore[assignment]

        self.refuse(Liar(), None, 0)

        class Nothing:
            __class__ = Big  # type: ignore[assignment]

        self.refuse(Nothing(), None, 0)

    def test_a_type_that_is_replaced(self) -> None:
        class Items(ctypes.c_char * 1):  # type: ignore[misc]
            pass

        items = Items()
        Items._type_ = ctypes.c_double  # type: ignore[attr-defined]
        self.refuse(items, None, 0, function=typed.memcpy)

        class One(ctypes.c_char):
            pass

        one = One()
        try:
            One._type_ = "d"
        except (AttributeError, TypeError):
            return
        self.refuse(one, None, 0, function=typed.memcpy)

    def test_empty_arrays_are_taken(self) -> None:
        empty = (ctypes.c_double * 0)()
        for _ in range(2):
            self.assertEqual(typed.memcpy(empty, None, 0), ctypes.addressof(empty))

    def test_a_length_that_lies(self) -> None:
        class Long(ctypes.c_char * 4):  # type: ignore[misc]
            def __len__(self) -> int:
                return 1000

        for _ in range(2):
            with self.assertRaisesRegex(ValueError, "has 4 elements"):
                libc.memset(Long(), 0, 5)
        doubles = kaa.load("libm.so.6", "double sqrt(double x);")

        class Doubles(ctypes.c_double * 2):  # type: ignore[misc]
            def __len__(self) -> int:
                return 1000

        self.assertEqual(list(doubles.sqrt.map(Doubles(4, 9))), [2.0, 3.0])

    def test_a_variable(self) -> None:
        library = kaa.load(
            None, "struct pair { long a, b; }; extern struct pair environ;"
        )

        class Liar(ctypes.c_char):
            __class__ = library.pair  # type: ignore[assignment]

        with self.assertRaisesRegex(TypeError, "environ"):
            library.environ = Liar()
        small = kaa.load(
            None, "struct one { char byte; }; int abs(struct one x);"
        ).one()
        small = type(small.ctypes)()
        try:
            small.__class__ = type(library.pair().ctypes)
        except TypeError:
            return
        with self.assertRaisesRegex(ValueError, "less memory of its own"):
            library.environ = small


class Lengths(unittest.TestCase):
    """A view's identity is its parameter, not its address."""

    def test_two_views_of_one_memory(self) -> None:
        memory = bytearray(100)
        short, whole = memoryview(memory)[:10], memory
        self.assertEqual(libc.memcmp(short, whole, 10, 100), 0)
        for a, b, n, m in ((short, whole, 11, 100), (whole, short, 100, 11)):
            with self.assertRaisesRegex(ValueError, "has 10 elements"):
                libc.memcmp(a, b, n, m)
        twice = kaa.load(
            "libc.so.6",
            "void *memmem(const void *a [[kaa::length(n)]], unsigned long n,"
            " const void *b [[kaa::length(m)]], unsigned long m);",
        )
        # Filled in: the needle of 10 bytes at the haystack's start.
        self.assertIsNotNone(twice.memmem(whole, b=short))
        self.assertIsNone(twice.memmem(short, b=whole))
        instance = (ctypes.c_char * 100).from_buffer(memory)
        self.assertIsNone(twice.memmem(short, b=instance))
        self.assertIsNotNone(twice.memmem(instance, b=short))

    def test_wide_lengths(self) -> None:
        memory = bytearray(8)
        libc.memset(memory, 1, 8)
        for count in (9, 2**64, 2**127, 2**128 - 1):
            with self.assertRaisesRegex(
                ValueError,
                rf"memset\(\) argument 1 \(data\): has 8 elements, but argument 3 says"
                rf" {count}$",
            ):
                libc.memset(memory, 1, count)
        self.assertEqual(bytes(memory), b"\1" * 8)
        signed = kaa.load(
            "libc.so.6",
            "void *memset(void *data [[kaa::length(n)]], int byte, __int128 n);",
        )
        for count in (-1, -(2**127), -(2**64), 2**127 - 1):
            with self.assertRaisesRegex(ValueError, rf"argument 3 says {count}$"):
                signed.memset(memory, 1, count)

    def test_a_boolean_length(self) -> None:
        function = kaa.load(
            "libc.so.6",
            "void *memset(void *data [[kaa::length(n)]], int byte, _Bool n);",
        )
        with self.assertRaisesRegex(
            ValueError, "has 0 elements, but argument 3 says 1"
        ):
            function.memset(bytearray(), 0, True)
        function.memset(bytearray(1), 0, True)

    def test_any_of_several_tells_it(self) -> None:
        function = kaa.load(
            "libc.so.6",
            "int memcmp(const void *a [[kaa::length(n)]], const void *b [[kaa::length(n)]],"
            " unsigned long n);",
        )
        memory = ctypes.create_string_buffer(8)
        address = ctypes.c_void_p(ctypes.addressof(memory))
        self.assertEqual(function.memcmp(address, bytes(4)), 0)
        self.assertEqual(function.memcmp(bytes(4), address), 0)


class Numbers(unittest.TestCase):
    """A number is no memory, though some have a buffer."""

    def test_numpy(self) -> None:
        try:
            import numpy as np
        except ImportError:
            self.skipTest("no NumPy")
        for _ in range(2):
            self.assertEqual(libc.memset(np.uintp(4096), 0, 0), 4096)
            self.assertEqual(libc.memchr(np.uintp(5), 0, 0), None)
            with self.assertRaisesRegex(OverflowError, "-1 is out of range for void"):
                libc.memset(np.int64(-1), 0, 0)
            with self.assertRaisesRegex(TypeError, "not int8"):
                libc.memcmp(np.int8(5), b"", 0, 0)
        real = np.zeros(3)
        self.assertEqual(libc.memset(real, 0, 24), real.ctypes.data)
        none = np.zeros(())
        self.assertEqual(libc.memset(none, 0, 8), none.ctypes.data)
        out = bytearray(32)
        typed.snprintf(out, 32, b"%d", np.int32(5))
        self.assertEqual(bytes(out[:2]), b"5\0")

    def test_index(self) -> None:
        out = bytearray(32)
        typed.snprintf(
            out, 32, b"%d %lld", Evil(lambda: None, 5), Evil(lambda: None, 2**40)
        )
        self.assertEqual(bytes(out).partition(b"\0")[0], b"5 1099511627776")
        with self.assertRaisesRegex(ZeroDivisionError, ""):
            typed.snprintf(out, 32, b"%d", Evil(lambda: 1 // 0))
        with self.assertRaisesRegex(OverflowError, r"snprintf\(\) argument 4 \(%d\): "):
            typed.snprintf(out, 32, b"%d", Evil(lambda: None, 2**64))
        self.assertEqual(libc.memset(Evil(lambda: None, 4096), 0, 0), 4096)
        with self.assertRaisesRegex(TypeError, "not Evil"):
            libc.memcmp(Evil(lambda: None), b"", 0, 0)
        with self.assertRaisesRegex(TypeError, "not array"):
            typed.snprintf(out, 32, b"%d", array("i", [1]))


if __name__ == "__main__":
    unittest.main()
