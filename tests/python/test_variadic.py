"""Variable arguments: C's promotions of Python values and ctypes instances."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, List

import support  # noqa: F401
from samples import Case, main


class Variadic(Case):
    declarations = """
    struct point { int x, y; };
    struct real2 { double x, y; };
    struct huge { long items[8]; };
    int format_text(char *buffer, size_t size, const char *format, ...);
    double digest(const char *kinds, ...);
    """

    def text(self, form: Any, *arguments: Any) -> str:
        buffer = ctypes.create_string_buffer(400)
        length = self.lib.format_text(buffer, 400, form, *arguments)
        self.assertEqual(length, len(buffer.value))
        return buffer.value.decode()

    def test_none_given(self) -> None:
        self.assertEqual(self.text("Hello from C!\n"), "Hello from C!\n")
        self.assertEqual(self.lib.digest(""), 0)

    def test_integers(self) -> None:
        self.assertEqual(self.text("%d %i", 42, -7), "42 -7")
        self.assertEqual(self.text("%d", -(2**31)), str(-(2**31)))
        self.assertEqual(self.text("%lld", 2**40), str(2**40))
        self.assertEqual(self.text("%lld", -(2**63)), str(-(2**63)))
        self.assertEqual(self.text("%llu", 2**64 - 1), str(2**64 - 1))
        self.assertEqual(self.text("%d %d", True, False), "1 0")

    def test_too_large(self) -> None:
        for value in (2**64, -(2**63) - 1, 10**30):
            self.refuses(
                OverflowError,
                "digest() argument 2: the int is out of range for long long and unsigned long long",
                self.lib.digest,
                "i",
                value,
            )

    def test_floats(self) -> None:
        self.assertEqual(self.text("%.3f %g", 1.5, 1e300), "1.500 1e+300")
        self.assertEqual(
            self.text("%f" * 10, *range_of_floats(10)), "%f" * 10 % tuple(range(10))
        )

    def test_text(self) -> None:
        self.assertEqual(
            self.text("<%s> <%s>", "na\u00efve", b"raw"), "<na\u00efve> <raw>"
        )
        self.refuses(
            ValueError,
            "digest() argument 2: embedded NUL character",
            self.lib.digest,
            "s",
            "a\0b",
        )

    def test_null(self) -> None:
        self.assertEqual(self.lib.digest("p", None), 0)
        self.assertEqual(self.text("%p", None), "(nil)")

    def test_mixed(self) -> None:
        self.assertEqual(
            self.text("%d %s %.2f %lld %c %s", 1, "two", 3.0, 2**50, 65, b"six"),
            "1 two 3.00 {} A six".format(2**50),
        )
        self.assertEqual(
            self.lib.digest("idsplLid", 1, 2.5, "abc", b"x", 2**40, 2**64 - 1, -3, 0.5),
            float(1 + 5 + 9 + 4 + 5 * 2**40 + 6 * float(2**64 - 1) - 21 + 4),
        )

    def test_the_same_function_with_other_types(self) -> None:
        for _ in range(3):
            self.assertEqual(self.text("%d", 1), "1")
            self.assertEqual(self.text("%s", "1"), "1")
            self.assertEqual(self.text("%.1f", 1.0), "1.0")
            self.assertEqual(self.text("%lld", 2**33), str(2**33))
            self.assertEqual(self.text("%d %d", 1, 2), "1 2")

    def test_ctypes_simple_instances(self) -> None:
        for value, kind, expected in (
            (ctypes.c_int(-5), "i", -5),
            (ctypes.c_short(-6), "i", -6),
            (ctypes.c_byte(-7), "i", -7),
            (ctypes.c_ubyte(200), "i", 200),
            (ctypes.c_ushort(60000), "i", 60000),
            (ctypes.c_bool(True), "i", 1),
            (ctypes.c_char(b"A"), "i", 65),
            (ctypes.c_long(-(2**40)), "l", -(2**40)),
            (ctypes.c_longlong(-(2**41)), "l", -(2**41)),
            (ctypes.c_ulonglong(2**63), "L", 2**63),
            (ctypes.c_float(1.25), "d", 1.25),
            (ctypes.c_double(2.5), "d", 2.5),
            (ctypes.c_char_p(b"four"), "s", 4),
            (ctypes.create_string_buffer(b"seven.."), "s", 7),
            (ctypes.c_void_p(17), "p", 1),
            (ctypes.c_void_p(), "p", 0),
            (ctypes.pointer(ctypes.c_int(1)), "p", 1),
            (ctypes.POINTER(ctypes.c_int)(), "p", 0),
            (ctypes.byref(ctypes.c_int(1)), "p", 1),
            ((ctypes.c_int * 2)(), "p", 1),
        ):
            with self.subTest(value=value):
                self.assertEqual(self.lib.digest(kind, value), expected)
                self.assertEqual(
                    self.lib.digest("di" + kind + "d", 0.5, 1, value, 2.0),
                    0.5 + 2 + 3 * expected + 8,
                )

    def test_out_by_a_variable_argument(self) -> None:
        count = ctypes.c_int()
        self.text("12345%n", ctypes.byref(count))
        self.assertEqual(count.value, 5)

    def test_records_by_value(self) -> None:
        huge = self.lib.huge()
        huge.items[7] = 5
        self.assertEqual(self.lib.digest("z", self.lib.point(1, 2)), 2)
        self.assertEqual(self.lib.digest("Z", self.lib.real2(1, 2.5)), 2.5)
        self.assertEqual(self.lib.digest("h", huge), 5)
        self.assertEqual(
            self.lib.digest(
                "izZhd", 1, self.lib.point(1, 2), self.lib.real2(1, 2.5), huge, 0.5
            ),
            1 + 4 + 7.5 + 20 + 2.5,
        )

    def test_refusals(self) -> None:
        for value in (1j, [1], (1,), {}, object(), int, bytearray(b"x"), Ellipsis):
            self.refuses_like(
                TypeError,
                r"^digest\(\) argument 2: .*" + type(value).__name__,
                self.lib.digest,
                "i",
                value,
            )
        self.refuses_like(
            TypeError, r"^digest\(\) argument 3: ", self.lib.digest, "ii", 1, object()
        )

    def test_counts_and_keywords(self) -> None:
        self.refuses(
            TypeError,
            "digest() takes at least 1 argument (const char *kinds, ...), 0 given",
            self.lib.digest,
        )
        self.assertEqual(self.lib.digest(kinds=""), 0)
        self.refuses_like(
            TypeError,
            r"^digest\(\) has no parameter 'other'",
            self.lib.digest,
            "",
            other=1,
        )

    def test_many(self) -> None:
        values = list(range(1, 61))
        self.assertEqual(
            self.lib.digest("i" * 60, *values),
            sum((at + 1) * v for at, v in enumerate(values)),
        )

    def test_other_types_in_each_call(self) -> None:
        # More than a function keeps plans for, each twice in a row.
        for count in list(range(40)) + [3, 3, 1]:
            for value in (count, count + 0.5, "x" * (count % 5), ctypes.c_short(count)):
                for _ in range(2):
                    shown = value.value if isinstance(value, ctypes.c_short) else value
                    kind = {int: "%d ", float: "%.1f ", str: "%s "}[type(shown)]
                    text = self.text(kind * count, *[value] * count)
                    self.assertEqual(text, kind * count % ((shown,) * count))

    def test_records_of_types_that_come_and_go(self) -> None:
        for _ in range(3):
            self.assertEqual(self.lib.digest("i", 5), self.lib.digest("i", ctypes.c_int(5)))
            pair = ctypes.pointer(ctypes.c_int(7))
            self.assertIn("0x", self.text("%p", pair))
            self.assertEqual(self.text("%d %s", 1, "a"), "1 a")

    def test_from_many_threads(self) -> None:
        wrong: List[Any] = []

        def work(number: int) -> None:
            for turn in range(300):
                arguments = [number, "t", 1.5][: turn % 3 + 1]
                wanted = ["%d", "%s", "%.1f"][: len(arguments)]
                buffer = ctypes.create_string_buffer(64)
                self.lib.format_text(buffer, 64, " ".join(wanted), *arguments)
                if buffer.value.decode() != " ".join(wanted) % tuple(arguments):
                    wrong.append(buffer.value)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


def range_of_floats(count: int) -> Any:
    return [float(value) for value in range(count)]


if __name__ == "__main__":
    main()
