"""Arrays for C: lists, buffers, NumPy's matrices and structured arrays."""

from __future__ import annotations

import array
import tempfile
import unittest
from typing import Any

import kaa
import samples
import support

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore

SOURCE = r"""
#include <stddef.h>
#include <string.h>
struct point { double x; int tag; double y; };
struct box { struct point low, high; char name[8]; short sizes[2][3]; };
enum color { RED, GREEN = 5 };
double sum_points(const struct point *p, size_t n)
{ double s = 0; for (size_t i = 0; i < n; i++) s += p[i].x + 10 * p[i].y + 100 * p[i].tag; return s; }
void move_points(struct point *p, size_t n) { for (size_t i = 0; i < n; i++) p[i].x += 1; }
double sum_rows(const double (*m)[3], size_t n)
{ double s = 0; for (size_t i = 0; i < n; i++) for (int k = 0; k < 3; k++) s += (k + 1) * m[i][k]; return s; }
void scale_rows(double (*m)[3], size_t n)
{ for (size_t i = 0; i < n; i++) for (int k = 0; k < 3; k++) m[i][k] *= 2; }
size_t total_length(const char *const *texts, size_t n)
{ size_t s = 0; for (size_t i = 0; i < n; i++) s += texts[i] ? strlen(texts[i]) : 0; return s; }
int sum_ints(const int *v, size_t n) { int s = 0; for (size_t i = 0; i < n; i++) s += v[i]; return s; }
int sum_colors(const enum color *v, size_t n) { int s = 0; for (size_t i = 0; i < n; i++) s += v[i]; return s; }
double box_sum(const struct box *b) { return b->low.x + b->high.y + strlen(b->name) + b->sizes[1][2]; }
"""
DECLARED = """
struct point { double x; int tag; double y; };
struct box { struct point low, high; char name[8]; short sizes[2][3]; };
enum color { RED, GREEN = 5 };
double sum_points(const struct point *p [[kaa::length(n)]], size_t n);
void move_points(struct point *p [[kaa::length(n)]], size_t n);
double sum_rows(const double (*m [[kaa::length(n)]])[3], size_t n);
void scale_rows(double (*m [[kaa::length(n)]])[3], size_t n);
size_t total_length(const char *const *texts [[kaa::length(n)]], size_t n);
int sum_ints(const int *v [[kaa::length(n)]], size_t n);
int sum_colors(const enum color *v [[kaa::length(n)]], size_t n);
double box_sum(const struct box *b);
"""

_folder: Any = None


class Arrays(samples.Case):
    @classmethod
    def setUpClass(cls) -> None:
        global _folder
        if support.COMPILER is None:
            raise unittest.SkipTest("no C compiler")
        _folder = tempfile.TemporaryDirectory()
        path = support.compile_library(_folder.name, "libarrays.so", SOURCE)
        cls.lib = kaa.load(path, DECLARED)

    def test_lists(self) -> None:
        lib = self.lib
        self.assertEqual(lib.sum_ints([1, 2, 3]), 6)
        self.assertEqual(lib.sum_ints((4, 5)), 9)
        self.assertEqual(lib.sum_ints([]), 0)
        self.assertEqual(lib.sum_colors([lib.GREEN, 1, lib.RED]), 6)
        self.assertEqual(lib.total_length(["one", None, b"three", "\u00e9"]), 10)
        points = [(1, 2, 3), {"x": 4.0, "y": 5.0}, lib.point(6, 7, 8)]
        self.assertEqual(lib.sum_points(points), 1 + 30 + 200 + 4 + 50 + 6 + 80 + 700)
        self.assertEqual(lib.sum_rows([[1, 2, 3], (4, 5, 6)]), 14 + 32)

    def test_what_is_wrong_in_a_list(self) -> None:
        self.refuses(
            OverflowError,
            "sum_ints() argument 1 (v): element 1: 2147483648 is out of range for const int"
            " (-2147483648 to 2147483647)",
            self.lib.sum_ints,
            [1, 2**31],
        )
        self.refuses_like(
            TypeError, r"argument 1 \(texts\): element 0: ", self.lib.total_length, [5]
        )
        self.refuses_like(
            TypeError, r"argument 1 \(p\): element 1", self.lib.sum_points, [(1,), "x"]
        )
        self.refuses_like(TypeError, r"argument 1 \(p\)", self.lib.move_points, [(1,)])

    def test_arrays_of_kaa(self) -> None:
        lib = self.lib
        points = kaa.new("point[2]", [(1, 2, 3), (4, 5, 6)], library=lib)
        wanted = 1 + 30 + 200 + 4 + 60 + 500
        self.assertEqual(lib.sum_points(points), wanted)
        self.assertEqual(lib.sum_points(points[0:1]), 231)
        lib.move_points(points)
        self.assertEqual(points[1].x, 5)
        rows = kaa.new("double[2][3]", [[1, 2, 3], [4, 5, 6]])
        self.assertEqual(lib.sum_rows(rows), 46)
        lib.scale_rows(rows)
        self.assertEqual(rows[1][2], 12)

    def test_matrices(self) -> None:
        flat = array.array("d", range(6))
        matrix = memoryview(flat).cast("B").cast("d", (2, 3))
        self.assertEqual(self.lib.sum_rows(matrix), 8 + 26)
        self.lib.scale_rows(matrix)
        self.assertEqual(flat[5], 10)
        self.refuses_like(
            TypeError,
            r"argument 1 \(m\): .* not memoryview of format 'd' and shape \(3, 2\)$",
            self.lib.sum_rows,
            memoryview(flat).cast("B").cast("d", (3, 2)),
        )
        self.refuses_like(TypeError, r"shape \(6,\)", self.lib.sum_rows, flat)

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy_matrices(self) -> None:
        matrix = numpy.arange(12.0).reshape(4, 3)
        wanted = float((matrix * [1, 2, 3]).sum())
        self.assertEqual(self.lib.sum_rows(matrix), wanted)
        self.assertEqual(self.lib.sum_rows(matrix, 4), wanted)
        self.refuses_like(ValueError, "has 4 elem", self.lib.sum_rows, matrix, 5)
        self.lib.scale_rows(matrix)
        self.assertEqual(matrix[3, 2], 22)
        for wrong in (matrix.T, matrix.astype("f4"), matrix[:, :2], matrix[::2]):
            self.refuses_like(TypeError, r"argument 1 \(m\)", self.lib.scale_rows, wrong)
        matrix.flags.writeable = False
        self.assertEqual(self.lib.sum_rows(matrix), 2 * wanted)
        self.refuses_like(TypeError, "read-only", self.lib.scale_rows, matrix)

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_structured_arrays(self) -> None:
        lib = self.lib
        dtype = numpy.dtype([("x", "f8"), ("tag", "i4"), ("y", "f8")], align=True)
        points = numpy.array([(1, 2, 3), (4, 5, 6)], dtype)
        self.assertEqual(lib.sum_points(points), 231 + 564)
        lib.move_points(points)
        self.assertEqual(points["x"].tolist(), [2, 5])
        for wrong in (
            [("x", "f8"), ("tag", "i4"), ("y", "f8")],  # packed
            [("y", "f8"), ("tag", "i4"), ("x", "f8")],  # other names
            [("x", "f8"), ("tag", "u4"), ("y", "f8")],
            [("x", ">f8"), ("tag", "i4"), ("y", "f8")],
            [("x", "f8"), ("tag", "i4")],
            [("x", "f8"), ("tag", "i8"), ("y", "f8")],
        ):
            align = wrong != [("x", "f8"), ("tag", "i4"), ("y", "f8")]
            given = numpy.zeros(2, numpy.dtype(wrong, align=align))
            self.refuses_like(
                TypeError,
                r"^sum_points\(\) argument 1 \(p\): 'const struct point \*' needs an"
                r" instance, array or pointer of const struct point, not ndarray of format",
                lib.sum_points,
                given,
            )
        inner = dtype
        box = numpy.dtype(
            [("low", inner), ("high", inner), ("name", "S8"), ("sizes", "i2", (2, 3))],
            align=True,
        )
        boxes = numpy.zeros(1, box)
        boxes[0]["low"]["x"] = 1
        boxes[0]["high"]["y"] = 2
        boxes[0]["name"] = b"four"
        boxes[0]["sizes"][1, 2] = 8
        self.assertEqual(lib.box_sum(boxes), 1 + 2 + 4 + 8)
        # And the other way: NumPy sees the same members, in the same memory.
        if support.BRIDGE:
            made = kaa.new("box[1]", library=lib)
            seen = numpy.asarray(made)
            self.assertEqual(seen.dtype.names, box.names)
            self.assertEqual(seen.dtype.itemsize, box.itemsize)
            seen["low"]["x"] = 7
            self.assertEqual(made[0].low.x, 7)
            self.assertEqual(lib.box_sum(numpy.asarray(made)), 7)
        copied = kaa.new("point[2]", points, library=lib)
        self.assertEqual([one.tag for one in copied], [2, 5])

    def test_formats_that_are_nonsense(self) -> None:
        """Whatever a format says, nothing but a refusal comes of it."""
        from kaa._values import shapes as _shapes

        for text in (
            "", "T{", "}", "T{d:x:", "T{d:x:}}", "99999999999d", "T{(9999,9999)d:x:}",
            "Z", "T{T{T{T{}}}}", ":x:", "T{d:x", "(d", "T{1000000T{d:x:}:y:}", "\0", "&d",
        ):
            found = _shapes.leaves_of_format(text)
            self.assertTrue(found is None or isinstance(found, tuple), text)
            self.assertFalse(
                _shapes.record_fits(kaa._values.instance.layout_of(self.lib.point).ctype, text, 24)
            )


if __name__ == "__main__":
    samples.main()
