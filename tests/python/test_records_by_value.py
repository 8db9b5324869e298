"""Records by value: structs, unions, bit-fields, packed ones, in registers and
in memory, as arguments and as results; and records that point at records."""

from __future__ import annotations

import ctypes
from typing import Any

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
        pointer = ctypes.pointer(self.lib.point(1, 2))
        self.refuses_like(
            TypeError, "struct point expected, not LP_", self.lib.same_point, pointer
        )


class Complexes(Case):
    declarations = (
        RECORDS + "struct mixed_complex same_mixed_complex(struct mixed_complex value);"
    )

    def test_complex_members(self) -> None:
        value = self.lib.mixed_complex()
        value.n = 5
        raw = (ctypes.c_float * 2).from_buffer(value)
        raw[:] = (1.5, -2.5)
        result = self.lib.same_mixed_complex(value)
        self.assertEqual(result.n, 5)
        self.assertEqual(list((ctypes.c_float * 2).from_buffer(result)), [1.5, -2.5])


class Packed(Case):
    declarations = """
    struct __attribute__((packed)) tight { char c; int i; };
    struct tight same_tight(struct tight value);
    """

    def test_packed(self) -> None:
        value = self.lib.tight(b"p", -77)
        self.assertEqual(ctypes.sizeof(value), 5)
        result = self.lib.same_tight(value)
        self.assertEqual((result.c, result.i), (b"p", -77))


class Linked(Case):
    declarations = """
    struct linked { int value; struct linked *next; };
    int linked_sum(const struct linked *list);
    """

    def test_a_chain(self) -> None:
        tail = self.lib.linked(3, None)
        head = self.lib.linked(1, ctypes.pointer(tail))
        self.assertEqual(self.lib.linked_sum(head), 4)


if __name__ == "__main__":
    main()
