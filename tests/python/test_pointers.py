"""Pointers: buffers, ctypes instances, integer addresses, None; formats that
fit and those that do not."""

from __future__ import annotations

import array
import ctypes
import gc
import struct
import sys
import unittest
import weakref
from typing import Any, Dict, Optional, Tuple

from samples import Case, load, main

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore

PYPY = sys.implementation.name == "pypy"

#: C type of the elements, array typecode, ctypes class, NumPy type.
ELEMENTS: Dict[str, Tuple[str, Optional[str], Any, str]] = {
    "bool": ("_Bool", None, ctypes.c_bool, "bool"),
    "schar": ("signed char", "b", ctypes.c_byte, "int8"),
    "uchar": ("unsigned char", "B", ctypes.c_ubyte, "uint8"),
    "short": ("short", "h", ctypes.c_short, "int16"),
    "ushort": ("unsigned short", "H", ctypes.c_ushort, "uint16"),
    "int": ("int", "i", ctypes.c_int, "int32"),
    "uint": ("unsigned int", "I", ctypes.c_uint, "uint32"),
    "long": ("long", "l", ctypes.c_long, "int64"),
    "ulong": ("unsigned long", "L", ctypes.c_ulong, "uint64"),
    "llong": ("long long", "q", ctypes.c_longlong, "int64"),
    "ullong": ("unsigned long long", "Q", ctypes.c_ulonglong, "uint64"),
    "float": ("float", "f", ctypes.c_float, "float32"),
    "double": ("double", "d", ctypes.c_double, "float64"),
}


def _result(tag: str) -> str:
    if tag in ("float", "double"):
        return "double"
    return {
        "ulong": "unsigned long",
        "llong": "long long",
        "ullong": "unsigned long long",
    }.get(tag, "long")


class Elements(Case):
    declarations = "".join(
        "{2} sum_{0}(const {1} *items, size_t count);"
        "void fill_{0}({1} *items, size_t count, {1} value);".format(
            tag, row[0], _result(tag)
        )
        for tag, row in ELEMENTS.items()
    )

    def each(self) -> Any:
        for tag, (name, code, cls, dtype) in ELEMENTS.items():
            with self.subTest(type=name):
                total = getattr(self.lib, "sum_" + tag)
                fill = getattr(self.lib, "fill_" + tag)
                yield tag, name, code, cls, dtype, total, fill

    def test_arrays(self) -> None:
        for _, _, code, _, _, total, fill in self.each():
            if code is None:
                continue
            items = array.array(code, [1, 2, 3, 4])
            self.assertEqual(total(items, 4), 10)
            self.assertEqual(total(memoryview(items)[1:3], 2), 5)
            fill(items, 3, 7)
            self.assertEqual(items.tolist(), [7, 7, 7, 4])
            self.assertEqual(total(array.array(code), 0), 0)

    def test_ctypes_instances(self) -> None:
        for tag, _, _, cls, _, total, fill in self.each():
            one = 1 if tag == "bool" else 3
            items = (cls * 3)(1, 0, one)
            self.assertEqual(total(items, 3), 1 + one)
            self.assertEqual(total(ctypes.cast(items, ctypes.POINTER(cls)), 3), 1 + one)
            self.assertEqual(total(ctypes.pointer(cls(one)), 1), one)
            self.assertEqual(total(ctypes.byref(items), 3), 1 + one)
            self.assertEqual(total(ctypes.byref(items, 2 * ctypes.sizeof(cls)), 1), one)
            self.assertEqual(
                total(ctypes.c_void_p(ctypes.addressof(items)), 3), 1 + one
            )
            value = cls(0)
            fill(value, 1, 1)
            self.assertEqual(value.value, 1)
            value = cls(0)
            fill(ctypes.byref(value), 1, 1)
            self.assertEqual(value.value, 1)
            self.assertEqual(total(ctypes.POINTER(cls)(), 1), 0)

    def test_what_was_met_before_is_still_checked(self) -> None:
        # The second call of each kind goes by what the first one taught.
        for tag, _, _, cls, _, total, _ in self.each():
            one = 1 if tag == "bool" else 3
            other = ctypes.c_double if cls is not ctypes.c_double else ctypes.c_float
            for make in (ctypes.byref, ctypes.pointer, lambda value: value):
                for _ in range(3):
                    self.assertEqual(total(make(cls(one)), 1), one)
                    with self.assertRaises(TypeError):
                        total(make(other(1)), 1)
            # byref() into the middle, after byref() of the whole
            items = (cls * 2)(0, one)
            for _ in range(3):
                self.assertEqual(total(ctypes.byref(items), 2), one)
                where = ctypes.byref(items, ctypes.sizeof(cls))
                self.assertEqual(total(where, 1), one)

    def test_none_is_null(self) -> None:
        for _, _, _, _, _, total, fill in self.each():
            self.assertEqual(total(None, 5), 0)
            fill(None, 5, 1)

    def test_other_ctypes_classes_are_refused(self) -> None:
        for _, name, _, cls, _, total, _ in self.each():
            for other in (
                ctypes.c_float,
                ctypes.c_double,
                ctypes.c_short,
                ctypes.c_ushort,
            ):
                if other is cls:
                    continue
                for value in (
                    other(1),
                    (other * 2)(),
                    ctypes.byref(other(1)),
                    ctypes.pointer(other(1)),
                ):
                    self.refuses_like(
                        TypeError,
                        r"^sum_\w+\(\) argument 1 \(items\): 'const {} \*' needs .*, not ".format(
                            name
                        ),
                        total,
                        value,
                        1,
                    )

    def test_other_formats_are_refused(self) -> None:
        for tag, name, code, cls, _, total, _ in self.each():
            for other in "bBhHiIlLqQfd":
                same_kind = code is not None and (
                    (other in "bhilq") == (code in "bhilq")
                    and (other in "fd") == (code in "fd")
                    and struct.calcsize(other) == struct.calcsize(code)
                )
                if same_kind or (other in "bB" and tag in ("schar", "uchar")):
                    continue
                self.refuses_like(
                    TypeError,
                    r"^sum_\w+\(\) argument 1 \(items\): 'const {} \*' needs a C-contiguous buffer "
                    r"of .*, not array of format '\w'".format(name),
                    total,
                    array.array(other, [1, 2]),
                    2,
                )

    def test_same_width_and_sign_is_the_same(self) -> None:
        # long and long long are the same bytes, as NumPy's int64 shows.
        self.assertEqual(self.lib.sum_llong(array.array("l", [1, 2]), 2), 3)
        self.assertEqual(self.lib.sum_long(array.array("q", [1, 2]), 2), 3)
        self.assertEqual(self.lib.sum_ulong((ctypes.c_ulonglong * 2)(1, 2), 2), 3)

    def test_byte_buffers_fit_bytes_only(self) -> None:
        for data in (b"\1\2\3", bytearray(b"\1\2\3"), memoryview(b"\1\2\3")):
            self.assertEqual(self.lib.sum_uchar(data, 3), 6)
            self.assertEqual(self.lib.sum_schar(data, 3), 6)
        for tag in ("bool", "short", "int", "uint", "llong", "float", "double"):
            for data in (b"\0" * 8, bytearray(8), memoryview(bytearray(8))):
                self.refuses_like(
                    TypeError,
                    r"argument 1 \(items\): .* needs ",
                    getattr(self.lib, "sum_" + tag),
                    data,
                    1,
                )

    def test_text_of_the_refusal(self) -> None:
        self.refuses(
            TypeError,
            "fill_float() argument 1 (items): 'float *' needs a writable C-contiguous buffer of "
            "format 'f', not bytes",
            self.lib.fill_float,
            b"\0\0\0\0",
            1,
            1.0,
        )
        self.refuses(
            TypeError,
            "sum_float() argument 1 (items): 'const float *' needs a C-contiguous buffer of "
            "format 'f', not int",
            self.lib.sum_float,
            17,
            1,
        )
        self.refuses(
            TypeError,
            "sum_double() argument 1 (items): 'const double *' needs a C-contiguous buffer of "
            "format 'd', not array of format 'f'",
            self.lib.sum_double,
            array.array("f", [1]),
            1,
        )

    def test_no_buffers(self) -> None:
        for value in (
            "text",
            1,
            1.5,
            object(),
            {},
            Ellipsis,
            int,
            iter([]),
        ):
            self.refuses_like(
                TypeError,
                r"^sum_int\(\) argument 1 \(items\): 'const int \*' needs a C-contiguous buffer of "
                r"format 'i', not " + type(value).__name__,
                self.lib.sum_int,
                value,
                1,
            )

    def test_lists(self) -> None:
        self.assertEqual(self.lib.sum_int([1, 2, 3], 3), 6)
        self.assertEqual(self.lib.sum_int((4, True), 2), 5)
        for value in ([1.0], (1, "2"), [None]):
            self.refuses_like(
                TypeError,
                r"^sum_int\(\) argument 1 \(items\): element \d: int expected, not ",
                self.lib.sum_int,
                value,
                1,
            )
        self.refuses_like(
            OverflowError, "element 1: .* out of range", self.lib.sum_int, [0, 2**31], 2
        )
        self.refuses_like(TypeError, "not list", self.lib.fill_int, [1, 2], 2, 0)

    def test_writable_is_asked_for(self) -> None:
        shown = memoryview(array.array("i", [1, 2])).toreadonly()
        self.assertEqual(self.lib.sum_int(shown, 2), 3)
        self.refuses(
            TypeError,
            "fill_int() argument 1 (items): 'int *' needs a writable C-contiguous buffer of "
            "format 'i', not a read-only memoryview",
            self.lib.fill_int,
            shown,
            2,
            1,
        )

    def test_contiguous_is_asked_for(self) -> None:
        view = memoryview(array.array("i", [1, 2, 3, 4]))[::2]
        for function, extra in ((self.lib.sum_int, ()), (self.lib.fill_int, (1,))):
            self.refuses_like(
                TypeError,
                r"argument 1 \(items\): .*not a memoryview that is not contiguous$",
                function,
                view,
                2,
                *extra,
            )

    def test_byte_order_is_asked_for(self) -> None:
        if numpy is None:
            self.skipTest("NumPy is not installed")
        swapped = numpy.arange(3).astype(">i4")
        self.refuses_like(
            TypeError,
            r"argument 1 \(items\): .*of format '>i'",
            self.lib.sum_int,
            swapped,
            3,
        )

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy(self) -> None:
        for tag, _, _, _, dtype, total, fill in self.each():
            items = numpy.array([1, 0, 1, 1], dtype=dtype)
            self.assertEqual(total(items, 4), 3)
            self.assertEqual(total(items[1:], 3), 2)
            fill(items, 2, 0)
            self.assertEqual(items.tolist(), [0, 0, 1, 1])
            fixed = items.copy()
            fixed.flags.writeable = False
            self.assertEqual(total(fixed, 4), 2)
            self.refuses_like(TypeError, "read-only", fill, fixed, 1, 1)
            self.refuses_like(TypeError, "not contiguous", total, items[::2], 2)
            grid = numpy.ones((3, 4), dtype=dtype)
            self.assertEqual(total(grid, 12), 12)
            self.refuses_like(TypeError, "not contiguous", total, grid.T, 12)

    def test_the_buffer_is_held_only_during_the_call(self) -> None:
        data = array.array("i", range(10))
        self.lib.sum_int(data, 10)
        self.lib.fill_int(data, 10, 1)
        gc.collect()
        data.append(11)  # BufferError if anything still exports it
        raw = bytearray(8)
        with self.assertRaises(TypeError):
            self.lib.fill_int(raw, 1, 1)
        gc.collect()
        raw.extend(b"more")

    def test_references_are_given_back(self) -> None:
        class Marked(array.array):  # type: ignore
            pass

        items = Marked("i", [1, 2, 3])
        seen = weakref.ref(items)
        self.lib.sum_int(items, 3)
        self.lib.fill_int(items, 3, 1)
        with self.assertRaises(OverflowError):
            self.lib.fill_int(items, -1, 1)
        del items
        for _ in range(3):
            gc.collect()
        self.assertIsNone(seen())


class Void(Case):
    declarations = """
    long sum_bytes(const void *data, size_t size);
    void fill_bytes(void *data, size_t size, int value);
    void *same_pointer(void *value);
    const void *same_const_pointer(const void *value);
    uintptr_t address_of(const void *data);
    """

    def test_any_buffer(self) -> None:
        for data in (
            b"\1\2\3\4",
            bytearray(b"\1\2\3\4"),
            memoryview(b"\1\2\3\4"),
            array.array("I", [0x04030201]),
            (ctypes.c_ubyte * 4)(1, 2, 3, 4),
            ctypes.c_uint32(0x04030201),
            ctypes.byref(ctypes.c_uint32(0x04030201)),
            ctypes.pointer(ctypes.c_uint32(0x04030201)),
            ctypes.c_char_p(b"\1\2\3\4"),
        ):
            with self.subTest(value=type(data).__name__):
                self.assertEqual(self.lib.sum_bytes(data, 4), 10)

    def test_writable(self) -> None:
        data = array.array("d", [0.0])
        self.lib.fill_bytes(data, 8, 0xFF)
        self.assertEqual(data.tobytes(), b"\xff" * 8)
        self.refuses_like(
            TypeError,
            r"^fill_bytes\(\) argument 1 \(data\): 'void \*' needs a writable C-contiguous buffer.*"
            r", not bytes",
            self.lib.fill_bytes,
            b"1234",
            4,
            0,
        )
        self.refuses_like(
            TypeError,
            "not a read-only memoryview",
            self.lib.fill_bytes,
            memoryview(b"12"),
            2,
            0,
        )

    def test_integer_addresses(self) -> None:
        data = (ctypes.c_ubyte * 4)(1, 2, 3, 4)
        self.assertEqual(self.lib.sum_bytes(ctypes.addressof(data), 4), 10)
        self.lib.fill_bytes(ctypes.addressof(data), 2, 0)
        self.assertEqual(list(data), [0, 0, 3, 4])
        self.assertEqual(self.lib.same_pointer(2**64 - 1), 2**64 - 1)
        self.assertEqual(self.lib.address_of(4711), 4711)
        for value in (-1, 2**64, 10**30):
            self.refuses(
                OverflowError,
                "same_pointer() argument 1 (value): {} is out of range for void * "
                "(0 to 18446744073709551615)".format(value),
                self.lib.same_pointer,
                value,
            )

    def test_results_are_addresses(self) -> None:
        self.assertIsNone(self.lib.same_pointer(None))
        self.assertIsNone(self.lib.same_pointer(0))
        self.assertIsNone(self.lib.same_const_pointer(None))
        data = bytearray(4)
        cell = (ctypes.c_char * 4).from_buffer(data)
        self.assertEqual(self.lib.same_pointer(data), ctypes.addressof(cell))
        self.assertIs(type(self.lib.same_pointer(1)), int)

    def test_the_same_address_for_the_same_bytes(self) -> None:
        # C must see the object's own bytes where it may be written.
        data = array.array("i", [1, 2])
        self.assertEqual(self.lib.address_of(data), data.buffer_info()[0])
        self.assertEqual(
            self.lib.same_pointer(memoryview(data)[1:]), data.buffer_info()[0] + 4
        )
        buffer = ctypes.create_string_buffer(8)
        self.assertEqual(self.lib.address_of(buffer), ctypes.addressof(buffer))

    def test_refusals(self) -> None:
        for value in ("text", 1.0, [1], object(), 1j):
            self.refuses_like(
                TypeError,
                r"^same_pointer\(\) argument 1 \(value\): 'void \*' needs .*, not "
                + type(value).__name__,
                self.lib.same_pointer,
                value,
            )
            self.refuses_like(
                TypeError,
                r"^sum_bytes\(\) argument 1 \(data\): 'const void \*' needs .*, not "
                + type(value).__name__,
                self.lib.sum_bytes,
                value,
                1,
            )

    def test_a_false_pointer(self) -> None:
        self.assertIsNone(self.lib.same_pointer(ctypes.POINTER(ctypes.c_int)()))
        self.assertIsNone(self.lib.same_pointer(ctypes.c_void_p()))


class PointersToPointers(Case):
    declarations = """
    int through(int **pointer);
    void redirect(int **pointer, int *target);
    size_t lengths(const char **texts, size_t count);
    void allocate(void **out, size_t size);
    """

    def test_read(self) -> None:
        value = ctypes.c_int(42)
        pointer = ctypes.pointer(value)
        self.assertEqual(self.lib.through(ctypes.byref(pointer)), 42)
        self.assertEqual(self.lib.through(ctypes.pointer(pointer)), 42)
        self.assertEqual(
            self.lib.through((ctypes.POINTER(ctypes.c_int) * 2)(pointer)), 42
        )
        # An instance of the pointee is passed by its address.
        self.assertEqual(self.lib.through(pointer), 42)
        self.assertEqual(self.lib.through(None), -1)

    def test_written(self) -> None:
        value = ctypes.c_int(7)
        pointer = ctypes.POINTER(ctypes.c_int)()
        self.lib.redirect(ctypes.byref(pointer), value)
        self.assertEqual(pointer.contents.value, 7)
        pointer.contents.value = 8
        self.assertEqual(value.value, 8)

    def test_texts(self) -> None:
        texts = (ctypes.c_char_p * 3)(b"one", b"three", None)
        self.assertEqual(self.lib.lengths(texts, 3), 108)
        self.assertEqual(self.lib.lengths(ctypes.byref(ctypes.c_char_p(b"four")), 1), 4)
        cells = (ctypes.POINTER(ctypes.c_char) * 1)()
        self.assertEqual(self.lib.lengths(cells, 1), 100)

    def test_void(self) -> None:
        pointer = ctypes.c_void_p()
        self.lib.allocate(ctypes.byref(pointer), 16)
        self.assertTrue(pointer.value)
        self.assertEqual(ctypes.string_at(pointer.value or 0, 16), bytes(16))
        second = ctypes.c_void_p()
        self.lib.allocate(ctypes.pointer(second), 16)
        self.assertTrue(second.value)
        numbers = ctypes.POINTER(ctypes.c_int)()
        self.lib.allocate(ctypes.byref(numbers), 16)
        self.assertEqual(numbers[3], 0)
        free = ctypes.CDLL(None).free
        free.argtypes = [ctypes.c_void_p]
        for one in (pointer, second, numbers):
            free(one)

    def test_refusals(self) -> None:
        value = ctypes.c_int(1)
        for other in (
            value,
            # PyPy's byref() is a pointer instance, so one more of the pointee.
            (ctypes.c_int * 2)() if PYPY else ctypes.byref(value),
            (ctypes.c_int * 2)(),
            ctypes.pointer(ctypes.pointer(ctypes.c_float())),
            ctypes.byref(ctypes.c_char_p()),
            b"12345678",
            array.array("Q", [0]),
            5,
            "x",
            [value],
        ):
            self.refuses_like(
                TypeError,
                r"^through\(\) argument 1 \(pointer\): 'int \*\*' needs .*, not ",
                self.lib.through,
                other,
            )


class Arrays(Case):
    declarations = """
    int row_sum(const int row[3]);
    int matrix_sum(const int (*rows)[3], int count);
    """

    def test_array_parameters_are_pointers(self) -> None:
        self.assertEqual(self.lib.row_sum((ctypes.c_int * 3)(1, 2, 3)), 6)
        self.assertEqual(self.lib.row_sum(array.array("i", [4, 5, 6])), 15)

    def test_pointers_to_arrays(self) -> None:
        rows = ((ctypes.c_int * 3) * 2)((1, 2, 3), (4, 5, 6))
        self.assertEqual(self.lib.matrix_sum(rows, 2), 21)
        self.assertEqual(self.lib.matrix_sum(ctypes.byref(rows[1]), 1), 15)
        self.assertEqual(self.lib.matrix_sum(rows[0], 1), 6)
        self.refuses_like(
            TypeError,
            r"argument 1 \(rows\)",
            self.lib.matrix_sum,
            (ctypes.c_int * 2)(),
            1,
        )


if __name__ == "__main__":
    main()
