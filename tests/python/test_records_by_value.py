"""Records by value: structs, unions, bit-fields, packed ones, in registers and
in memory, as arguments and as results; and records that point at records."""

from __future__ import annotations

import ctypes
import os
import sys
import unittest
from typing import Any

import kaa
from samples import Case, load, main

RECORDS = """
struct point { int x, y; };
struct real2 { double x, y; };
struct float3 { float x, y, z; };
struct blend { char c; double d; int i; };
struct half { int i; float f; };
struct huge { long items[8]; };
struct nested { struct point at; double weight; };
struct text8 { char text[8]; };
struct bits { unsigned a : 3; unsigned b : 13; int c : 16; };
union number { int i; double d; };
struct tiny { unsigned char only; };
struct mixed_complex { float _Complex z; int n; };
"""


class ByValue(Case):
    declarations = (
        RECORDS
        + "".join(
            "struct {0} same_{0}(struct {0} value);".format(name)
            for name in "point real2 float3 blend half huge nested text8 bits tiny "
            "mixed_complex".split()
        )
        + """
    union number same_number(union number value);
    struct point point_add(struct point a, struct point b);
    double record_digest(int n, struct real2 a, struct float3 b, struct blend c, struct huge d,
        struct bits e, union number f, struct tiny g);
    """
    )

    def same(self, name: str, value: Any) -> Any:
        result = getattr(self.lib, "same_" + name)(value)
        self.assertIs(type(result), getattr(self.lib, name))
        self.assertIsNot(result, value)
        return result

    def test_there_and_back(self) -> None:
        lib = self.lib
        point = self.same("point", lib.point(-1, 2))
        self.assertEqual((point.x, point.y), (-1, 2))
        real = self.same("real2", lib.real2(0.5, -2.5))
        self.assertEqual((real.x, real.y), (0.5, -2.5))
        three = self.same("float3", lib.float3(1, 2, 3))
        self.assertEqual((three.x, three.y, three.z), (1, 2, 3))
        blend = self.same("blend", lib.blend(b"z", 1.25, -9))
        self.assertEqual((blend.c, blend.d, blend.i), (b"z", 1.25, -9))
        half = self.same("half", lib.half(7, 0.5))
        self.assertEqual((half.i, half.f), (7, 0.5))
        tiny = self.same("tiny", lib.tiny(200))
        self.assertEqual(tiny.only, 200)
        text = self.same("text8", lib.text8(b"seven"))
        self.assertEqual(text.text, b"seven")

    def test_nested_and_large(self) -> None:
        lib = self.lib
        huge = lib.huge()
        huge.items[:] = range(8)
        self.assertEqual(list(self.same("huge", huge).items), list(range(8)))
        nested = self.same("nested", lib.nested((3, 4), 0.5))
        self.assertEqual((nested.at.x, nested.at.y, nested.weight), (3, 4, 0.5))

    def test_bit_fields(self) -> None:
        bits = self.same("bits", self.lib.bits(5, 8000, -1234))
        self.assertEqual((bits.a, bits.b, bits.c), (5, 8000, -1234))

    def test_unions(self) -> None:
        number = self.lib.number()
        number.d = 2.75
        self.assertEqual(self.same("number", number).d, 2.75)
        number.i = -5
        self.assertEqual(self.same("number", number).i, -5)

    def test_the_result_is_a_copy(self) -> None:
        point = self.lib.point(1, 2)
        result = self.lib.same_point(point)
        result.x = 99
        self.assertEqual(point.x, 1)
        kept = [self.lib.point_add(self.lib.point(i, i), point) for i in range(100)]
        self.assertEqual([item.x for item in kept], [i + 1 for i in range(100)])

    def test_many_at_once(self) -> None:
        lib = self.lib
        huge = lib.huge()
        huge.items[0], huge.items[7] = 100, 200
        number = lib.number()
        number.d = 0.125
        self.assertEqual(
            lib.record_digest(
                1,
                lib.real2(1, 2),
                lib.float3(1, 2, 3),
                lib.blend(b"\1", 0.5, 3),
                huge,
                lib.bits(1, 2, -3),
                number,
                lib.tiny(9),
            ),
            1 + 1 + 4 + 18 + 1 + 0.5 + 3 + 300 + 1 + 2 - 3 + 0.125 + 9,
        )

    def test_subclasses_are_taken(self) -> None:
        class Named(self.lib.point):  # type: ignore
            pass

        self.assertEqual(self.lib.same_point(Named(4, 5)).y, 5)

    def test_the_same_record_of_another_library(self) -> None:
        other = load("struct point { int x, y; };")
        self.assertEqual(self.lib.same_point(other.point(6, 7)).y, 7)
        wrong = load("struct point { int x, y, z; };")
        self.refuses_like(
            TypeError,
            r"^same_point\(\) argument 1 \(value\): struct point expected, not point",
            self.lib.same_point,
            wrong.point(1, 2, 3),
        )

    def test_refusals(self) -> None:
        class Point(ctypes.Structure):
            _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]

        for other in (
            None,
            1,
            (1, 2),
            "x",
            b"12345678",
            Point(1, 2),
            self.lib.real2(1, 2),
        ):
            self.refuses(
                TypeError,
                "same_point() argument 1 (value): struct point expected, not "
                + type(other).__name__,
                self.lib.same_point,
                other,
            )
        for pointer in (
            kaa.addressof(self.lib.point(1, 2)),
            ctypes.pointer(self.lib.point(1, 2).ctypes),
        ):
            self.refuses_like(
                TypeError, "struct point expected, not ", self.lib.same_point, pointer
            )


COUNTS = (3, 4, 5, 12, 13, 16, 17, 40, 41)


class OnTheStack(Case):
    declarations = (
        "struct odd27 { char text[27]; }; struct extended { long double x; int n; };"
        + "".join(
            f"struct words{n} {{ long items[{n}]; }};"
            f"struct words{n} same_words{n}(struct words{n} value);"
            for n in COUNTS
        )
        + """
    struct odd27 same_odd27(struct odd27 value);
    struct extended same_extended(struct extended value);
    struct extended stacked(long a, long b, long c, long d, long e, long f, signed char g,
        struct odd27 h, struct extended i, float j, short k);
    """
    )

    def test_all_sizes(self) -> None:
        for holding in (False, True):
            names = [f"same_words{n}" for n in COUNTS]
            lib = load(self.declarations, hold_gil=names if holding else [])
            for n in COUNTS:
                value = getattr(lib, f"words{n}")()
                value.items[:] = range(-1, n - 1)
                for _ in range(3):
                    result = getattr(lib, f"same_words{n}")(value)
                    self.assertEqual(list(result.items), list(range(-1, n - 1)))
                    self.assertIsNot(result, value)

    def test_odd_sizes_and_alignments(self) -> None:
        text = b"twenty-seven characters at 1"[:27]
        self.assertEqual(self.lib.same_odd27(self.lib.odd27(text)).text, text)
        wide = self.lib.same_extended(self.lib.extended(-0.75, 3))
        self.assertEqual((float(wide.x), wide.n), (-0.75, 3))

    def test_all_together(self) -> None:
        lib = self.lib
        for _ in range(3):
            made = lib.stacked(
                *range(1, 7),
                -100,
                lib.odd27(bytes(range(1, 28))),
                lib.extended(1.5, 1000),
                0.25,
                -7,
            )
            self.assertEqual(float(made.x), 3.25)
            self.assertEqual(made.n, 1000 + 21 - 100 - 7 + 378)

    def test_refusals(self) -> None:
        good = [1, 2, 3, 4, 5, 6, 7, self.lib.odd27(b""), self.lib.extended(0, 0), 0.0, 8]
        for at, bad, text in (
            (6, 128, "stacked() argument 7 (g): 128 is out of range for signed char"),
            (7, self.lib.extended(), "stacked() argument 8 (h): struct odd27 expected, not extended"),
            (10, None, "stacked() argument 11 (k): "),
        ):
            given = list(good)
            given[at] = bad
            with self.assertRaises((TypeError, OverflowError)) as caught:
                self.lib.stacked(*given)
            self.assertIn(text, str(caught.exception))


@unittest.skipIf(os.environ.get("KAA_HOST") == "none", "the bridge's own results")
@unittest.skipUnless(sys.implementation.name == "cpython", "the bridge's own results")
class Constructors(Case):
    """Results are made without the class being called."""

    declarations = "struct point { int x, y; }; struct point same_point(struct point value);"

    def test_init_is_for_python(self) -> None:
        lib = load(self.declarations)

        class Point(lib.point):
            def __init__(self, x: int, y: int) -> None:
                self.x, self.y = 10 * x, 10 * y

        value = Point(1, 2)
        for _ in range(3):
            result = lib.same_point(value)
            self.assertIs(type(result), lib.point)
            self.assertEqual((result.x, result.y), (10, 20))

    def test_a_new_that_fails(self) -> None:
        lib = load(self.declarations)
        value = lib.point(1, 2)
        lib.point.__new__ = lambda cls: 1 // 0
        for _ in range(3):
            self.assertEqual(lib.same_point(value), value)


class Complexes(Case):
    declarations = (
        RECORDS + "struct mixed_complex same_mixed_complex(struct mixed_complex value);"
    )

    def test_complex_members(self) -> None:
        value = self.lib.mixed_complex()
        value.n = 5
        raw = kaa.view(value, 8).cast("f")
        raw[0], raw[1] = 1.5, -2.5
        result = self.lib.same_mixed_complex(value)
        self.assertEqual(result.n, 5)
        self.assertEqual(list(kaa.view(result, 8).cast("f")), [1.5, -2.5])


class Packed(Case):
    declarations = """
    struct __attribute__((packed)) tight { char c; int i; };
    struct tight same_tight(struct tight value);
    """

    def test_packed(self) -> None:
        value = self.lib.tight(b"p", -77)
        self.assertEqual(kaa.sizeof(value), 5)
        result = self.lib.same_tight(value)
        self.assertEqual((result.c, result.i), (b"p", -77))


class Linked(Case):
    declarations = """
    struct linked { int value; struct linked *next; };
    int linked_sum(const struct linked *list);
    """

    def test_a_chain(self) -> None:
        tail = self.lib.linked(3, None)
        head = self.lib.linked(1, tail)
        self.assertEqual(self.lib.linked_sum(head), 4)


if __name__ == "__main__":
    main()
