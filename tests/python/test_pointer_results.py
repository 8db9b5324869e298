"""Results that are pointers: instances, NULL, lifetimes."""

from __future__ import annotations

import ctypes

import kaa
from samples import Case, load, main


class Results(Case):
    declarations = """
    int *same_int_pointer(int *value);
    struct handle *handle_open(int value);
    int handle_value(const struct handle *from);
    void handle_close(struct handle *from);
    struct point { int x, y; };
    struct point *point_largest(struct point *items, size_t count);
    void point_move(struct point *at, int dx, int dy);
    int points_sum(const struct point *items, size_t count);
    """

    def test_pointers_come_back_as_pointers(self) -> None:
        items = (ctypes.c_int * 2)(5, 6)
        result = self.lib.same_int_pointer(items)
        self.assertIsInstance(result, kaa.Pointer)
        self.assertEqual(result[0], 5)
        result[1] = 60
        self.assertEqual(list(items), [5, 60])
        null = self.lib.same_int_pointer(None)
        self.assertIs(type(null), type(result))
        self.assertFalse(null)

    def test_opaque_records(self) -> None:
        handle = self.lib.handle_open(9)
        self.assertTrue(handle)
        self.assertEqual(self.lib.handle_value(handle), 9)
        self.lib.handle_close(handle)
        self.assertFalse(self.lib.handle_open(-1))
        self.assertEqual(self.lib.handle_value(None), -1)
        for other in (5, b"x", ctypes.c_int(), object()):
            self.refuses_like(
                TypeError,
                r"^handle_value\(\) argument 1 \(from\): 'const struct handle \*' needs .*, not ",
                self.lib.handle_value,
                other,
            )

    def test_records_by_pointer(self) -> None:
        point = self.lib.point(1, 2)
        self.lib.point_move(point, 10, 20)
        self.assertEqual((point.x, point.y), (11, 22))
        self.lib.point_move(kaa.addressof(point), 1, 1)
        self.lib.point_move(ctypes.pointer(point.ctypes), 1, 1)
        self.assertEqual((point.x, point.y), (13, 24))
        items = kaa.new("point[3]", [(1, 1), (9, 2), (3, 3)], library=self.lib)
        self.assertEqual(self.lib.points_sum(items, 3), 19)
        largest = self.lib.point_largest(items, 3)
        self.assertEqual((largest.x, largest.y), (9, 2))
        self.assertIsInstance(largest[0], self.lib.point)
        largest.x = 0
        self.assertEqual(items[1].x, 0)
        self.assertFalse(self.lib.point_largest(None, 0))

    def test_other_records_are_refused(self) -> None:
        class Point(ctypes.Structure):
            _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]

        for other in (
            Point(),
            ctypes.byref(Point()),
            ctypes.pointer(Point()),
            (Point * 2)(),
            bytearray(8),
            (1, 2),
            5,
        ):
            self.refuses_like(
                TypeError,
                r"^point_move\(\) argument 1 \(at\): 'struct point \*' needs .*, not ",
                self.lib.point_move,
                other,
                1,
                1,
            )

    def test_the_same_record_of_another_library_is_taken(self) -> None:
        other = load("struct point { int x, y; };")
        point = other.point(1, 2)
        self.lib.point_move(point, 1, 1)
        self.assertEqual((point.x, point.y), (2, 3))
        wrong = load("struct point { int x, z; };")
        self.refuses_like(
            TypeError, r"argument 1 \(at\)", self.lib.point_move, wrong.point(), 1, 1
        )


if __name__ == "__main__":
    main()
