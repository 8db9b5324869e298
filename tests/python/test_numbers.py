"""Numbers: every arithmetic type there and back, limits, refusals, keywords."""

from __future__ import annotations

import math
import struct
import sys
from typing import Any

from samples import Case, load, main

SIGNED = {
    "schar": ("signed char", 8),
    "short": ("short", 16),
    "int": ("int", 32),
    "long": ("long", struct.calcsize("l") * 8),
    "llong": ("long long", 64),
    "int8": ("int8_t", 8),
    "int16": ("int16_t", 16),
    "int32": ("int32_t", 32),
    "int64": ("int64_t", 64),
    "int128": ("__int128", 128),
}
UNSIGNED = {
    "uchar": ("unsigned char", 8),
    "ushort": ("unsigned short", 16),
    "uint": ("unsigned int", 32),
    "ulong": ("unsigned long", struct.calcsize("l") * 8),
    "ullong": ("unsigned long long", 64),
    "uint8": ("uint8_t", 8),
    "uint16": ("uint16_t", 16),
    "uint32": ("uint32_t", 32),
    "uint64": ("uint64_t", 64),
    "size": ("size_t", struct.calcsize("N") * 8),
    "uint128": ("unsigned __int128", 128),
}


class Indexed:
    """An object that is an integer by __index__."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


class Floating:
    """An object that is a float by __float__."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __float__(self) -> Any:
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


class Complexed:
    def __complex__(self) -> complex:
        return 3 - 4j


class Whole(int):
    pass


class Integers(Case):
    declarations = "".join(
        "{0} same_{1}({0} value);".format(name, tag)
        for tag, (name, _) in list(SIGNED.items()) + list(UNSIGNED.items())
    )

    def limits(self) -> Any:
        for tag, (name, bits) in SIGNED.items():
            yield getattr(self.lib, "same_" + tag), name, -(2 ** (bits - 1)), 2 ** (
                bits - 1
            ) - 1
        for tag, (name, bits) in UNSIGNED.items():
            yield getattr(self.lib, "same_" + tag), name, 0, 2**bits - 1

    def test_values_come_back(self) -> None:
        for function, name, low, high in self.limits():
            for value in (low, low + 1, 0, 1, 42, high // 2, high - 1, high):
                with self.subTest(type=name, value=value):
                    result = function(value)
                    self.assertEqual(result, value)
                    self.assertIs(type(result), int)

    def test_beyond_the_limits(self) -> None:
        for function, name, low, high in self.limits():
            for value in (low - 1, high + 1, low - 2**130, high + 2**130):
                with self.subTest(type=name, value=value):
                    text = "{}() argument 1 (value): {} is out of range for {} ({} to {})".format(
                        function.__name__, value, name, low, high
                    )
                    if len(str(value)) > 20 or "128" in name:
                        self.refuses_like(
                            OverflowError, "is out of range for", function, value
                        )
                    else:
                        self.refuses(OverflowError, text, function, value)

    def test_far_beyond_the_limits(self) -> None:
        for function, _, _, _ in self.limits():
            self.refuses_like(
                OverflowError,
                r"^same_\w+\(\) argument 1 \(value\): .*out of range for",
                function,
                10**6000,
            )
            self.refuses_like(OverflowError, "argument 1", function, -(10**6000))

    def test_index_is_accepted(self) -> None:
        for function, _, low, high in self.limits():
            self.assertEqual(function(Indexed(7)), 7)
            self.assertEqual(function(Indexed(high)), high)
            self.assertEqual(function(Whole(9)), 9)
            self.assertIs(type(function(Whole(9))), int)
            self.refuses_like(
                OverflowError, "out of range", function, Indexed(high + 1)
            )
            self.refuses_like(OverflowError, "out of range", function, Whole(low - 1))

    def test_bool_is_an_int(self) -> None:
        for function, _, _, _ in self.limits():
            self.assertEqual(function(True), 1)
            self.assertIs(type(function(False)), int)

    def test_other_types_are_refused(self) -> None:
        values = [1.0, float("nan"), "1", b"1", None, 1j, [1], (1,), object(), int]
        for function, _, _, _ in self.limits():
            for value in values:
                self.refuses(
                    TypeError,
                    "{}() argument 1 (value): int expected, not {}".format(
                        function.__name__, type(value).__name__
                    ),
                    function,
                    value,
                )

    def test_index_that_raises(self) -> None:
        for tag in ("int", "uint8", "int64", "uint128"):
            function = getattr(self.lib, "same_" + tag)
            with self.assertRaises(ZeroDivisionError):
                function(Indexed(ZeroDivisionError("mine")))
            with self.assertRaises(TypeError):
                function(Indexed("text"))
            with self.assertRaises(KeyboardInterrupt):
                function(Indexed(KeyboardInterrupt()))

    def test_names_of_types_print_as_declared(self) -> None:
        self.refuses(
            OverflowError,
            "same_uint8() argument 1 (value): 300 is out of range for uint8_t (0 to 255)",
            self.lib.same_uint8,
            300,
        )


class Characters(Case):
    declarations = """
    _Bool same_bool(_Bool value);
    char same_char(char value);
    wchar_t same_wchar(wchar_t value);
    char16_t same_char16(char16_t value);
    char32_t same_char32(char32_t value);
    """

    def test_bool(self) -> None:
        same = self.lib.same_bool
        for value in (True, False, 1, 0, Indexed(1), Indexed(0)):
            result = same(value)
            self.assertIs(type(result), bool)
            self.assertEqual(result, bool(getattr(value, "value", value)))
        for value in (2, -1, 2**64, 2**200):
            self.refuses_like(
                OverflowError,
                r"^same_bool\(\) argument 1 \(value\): .+ is out of range for "
                r"(_Bool|bool) \(0 to 1\)$",
                same,
                value,
            )
        for other in ("", "x", None, 1.0, [], b"\0"):
            self.refuses_like(
                TypeError,
                r"^same_bool\(\) argument 1 \(value\): bool expected, not "
                + type(other).__name__,
                same,
                other,
            )

    def test_char(self) -> None:
        same = self.lib.same_char
        for code in range(256):
            self.assertEqual(same(bytes([code])), bytes([code]))
        self.assertEqual(same(bytearray(b"q")), b"q")
        self.assertIs(type(same(bytearray(b"q"))), bytes)
        for value in (b"", b"ab", bytearray(b"abc")):
            self.refuses(
                ValueError,
                "same_char() argument 1 (value): bytes of length 1 expected, not {}".format(
                    len(value)
                ),
                same,
                value,
            )
        for other in ("a", 65, None, 1.0, [b"a"]):
            self.refuses(
                TypeError,
                "same_char() argument 1 (value): bytes of length 1 expected, not "
                + type(other).__name__,
                same,
                other,
            )

    def test_wide_characters(self) -> None:
        for function in (
            self.lib.same_wchar,
            self.lib.same_char16,
            self.lib.same_char32,
        ):
            name = function.__name__
            for value in ("a", "\0", "\u00e9", "\u4e2d", "\uffff", "\ud800"):
                self.assertEqual(function(value), value)
            for text in ("", "ab"):
                self.refuses(
                    ValueError,
                    "{}() argument 1 (value): str of length 1 expected, not {}".format(
                        name, len(text)
                    ),
                    function,
                    text,
                )
            for other in (b"a", 65, None, 1.0):
                self.refuses(
                    TypeError,
                    "{}() argument 1 (value): str of length 1 expected, not {}".format(
                        name, type(other).__name__
                    ),
                    function,
                    other,
                )
        self.assertEqual(self.lib.same_char32("\U0001f600"), "\U0001f600")
        self.assertEqual(self.lib.same_wchar("\U0010ffff"), "\U0010ffff")
        self.refuses(
            OverflowError,
            "same_char16() argument 1 (value): U+1F600 is out of range for char16_t",
            self.lib.same_char16,
            "\U0001f600",
        )

    def test_a_result_that_is_no_character(self) -> None:
        lib = load("char32_t code_point(unsigned value);")
        self.assertEqual(lib.code_point(0x41), "A")
        self.refuses_like(
            ValueError, "0x110000 is no character", lib.code_point, 0x110000
        )


class Floats(Case):
    declarations = """
    float same_float(float value);
    double same_double(double value);
    long double same_ldouble(long double value);
    """

    def functions(self) -> Any:
        return self.lib.same_float, self.lib.same_double, self.lib.same_ldouble

    def test_values_come_back(self) -> None:
        for function in self.functions():
            for value in (
                0.0,
                -0.0,
                1.0,
                -1.5,
                0.25,
                float("inf"),
                float("-inf"),
                2.0**-149,
            ):
                result = function(value)
                self.assertIs(type(result), float)
                self.assertEqual(result, value)
                self.assertEqual(math.copysign(1, result), math.copysign(1, value))
            self.assertTrue(math.isnan(function(float("nan"))))
        for exact in self.functions()[1:]:
            for value in (
                0.1,
                sys.float_info.max,
                sys.float_info.min,
                5e-324,
                1e300,
                math.pi,
            ):
                self.assertEqual(exact(value), value)

    def test_float_rounds_as_c_does(self) -> None:
        (third,) = struct.unpack("f", struct.pack("f", 1 / 3))
        self.assertEqual(self.lib.same_float(1 / 3), third)
        self.assertEqual(self.lib.same_float(1e-60), 0.0)
        highest = (2 - 2.0**-23) * 2.0**127
        self.assertEqual(self.lib.same_float(highest), highest)
        self.assertEqual(self.lib.same_float(highest * (1 + 2.0**-26)), highest)
        for value in (1e39, -1e300, highest * (1 + 2.0**-23)):
            self.refuses_like(
                OverflowError,
                r"^same_float\(\) argument 1 \(value\): \S+ is out of range for float$",
                self.lib.same_float,
                value,
            )

    def test_what_is_a_number(self) -> None:
        class Sub(float):
            pass

        for function in self.functions():
            self.assertEqual(function(3), 3.0)
            self.assertEqual(function(True), 1.0)
            self.assertEqual(function(Floating(2.5)), 2.5)
            self.assertEqual(function(Indexed(4)), 4.0)
            self.assertEqual(function(Sub(1.5)), 1.5)
            self.assertEqual(function(-(2**62)), -(2.0**62))

    def test_what_is_none(self) -> None:
        for function in self.functions():
            for value in ("1.0", b"1", None, [1.0], object(), (), float):
                self.refuses(
                    TypeError,
                    "{}() argument 1 (value): float expected, not {}".format(
                        function.__name__, type(value).__name__
                    ),
                    function,
                    value,
                )
            self.refuses_like(TypeError, r"argument 1 \(value\): ", function, 1j)

    def test_too_large(self) -> None:
        for function in self.functions():
            self.refuses_like(
                OverflowError,
                r"^same_\w+\(\) argument 1 \(value\): .* is out of range for \w",
                function,
                10**400,
            )

    def test_float_that_raises(self) -> None:
        for function in self.functions():
            with self.assertRaises(ZeroDivisionError):
                function(Floating(ZeroDivisionError()))
            with self.assertRaises(TypeError):
                function(Floating("text"))


class Complexes(Case):
    declarations = """
    float _Complex same_cfloat(float _Complex value);
    double _Complex same_cdouble(double _Complex value);
    long double _Complex same_cldouble(long double _Complex value);
    double _Complex complex_product(double _Complex a, float _Complex b, double c);
    """

    def test_values_come_back(self) -> None:
        for name in ("cfloat", "cdouble", "cldouble"):
            function = getattr(self.lib, "same_" + name)
            for value in (0j, 1 + 2j, -0.5 - 0.25j, complex("inf"), complex(0, -1e10)):
                result = function(value)
                self.assertIs(type(result), complex)
                self.assertEqual(result, value)
            self.assertEqual(function(3), 3 + 0j)
            self.assertEqual(function(2.5), 2.5 + 0j)
            self.assertEqual(function(Complexed()), 3 - 4j)
            self.assertEqual(function(Floating(1.5)), 1.5 + 0j)
            self.assertEqual(function(Indexed(6)), 6 + 0j)

    def test_product(self) -> None:
        self.assertEqual(
            self.lib.complex_product(1 + 2j, 3 - 1j, 0.5), (1 + 2j) * (3 - 1j) * 0.5
        )

    def test_refusals(self) -> None:
        for value in ("1j", None, b"1", [1j]):
            self.refuses(
                TypeError,
                "same_cdouble() argument 1 (value): complex expected, not "
                + type(value).__name__,
                self.lib.same_cdouble,
                value,
            )
        self.refuses_like(
            OverflowError,
            r"argument 1 \(value\): .*out of range",
            self.lib.same_cfloat,
            1e300j,
        )
        self.refuses_like(
            OverflowError,
            r"argument 1 \(value\): .*out of range",
            self.lib.same_cdouble,
            10**400,
        )


class Enums(Case):
    declarations = """
    enum color { RED, GREEN = 5, BLUE };
    enum level { LOW = -2, MIDDLE = 0, HIGH = 2 };
    enum color same_color(enum color value);
    enum level same_level(enum level value);
    """

    def test_members(self) -> None:
        color = self.lib.same_color(5)
        self.assertEqual(color, 5)
        self.assertEqual(color.name, "GREEN")
        self.assertIs(self.lib.same_color(color), color)
        self.assertEqual(self.lib.same_level(-2).name, "LOW")

    def test_values_without_a_name(self) -> None:
        result = self.lib.same_color(77)
        self.assertEqual(result, 77)
        self.assertIs(type(result), int)
        self.assertEqual(self.lib.same_level(-77), -77)
        self.assertEqual(self.lib.same_color(2**32 - 1), 2**32 - 1)

    def test_limits(self) -> None:
        self.refuses(
            OverflowError,
            "same_color() argument 1 (value): -1 is out of range for enum color (0 to 4294967295)",
            self.lib.same_color,
            -1,
        )
        self.refuses(
            OverflowError,
            "same_level() argument 1 (value): 2147483648 is out of range for enum level "
            "(-2147483648 to 2147483647)",
            self.lib.same_level,
            2**31,
        )
        self.refuses(
            TypeError,
            "same_color() argument 1 (value): int expected, not str",
            self.lib.same_color,
            "RED",
        )


class Many(Case):
    declarations = """
    void nothing(void);
    int forty_two(void);
    long many_integers(signed char a, unsigned char b, short c, unsigned short d, int e,
        unsigned f, long g, unsigned long h, long long i, _Bool j);
    double many_doubles(double a, float b, double c, float d, double e, float f, double g,
        float h, double i, float j);
    double mixed(int8_t a, double b, const char *c, float d, uint64_t e, const void *f,
        short g, long double h);
    __int128 wide_sum(__int128 a, unsigned __int128 b, long c, int e, __int128 d, __int128 f);
    """

    def test_all_are_passed(self) -> None:
        self.assertIsNone(self.lib.nothing())
        self.assertEqual(self.lib.forty_two(), 42)
        values = [-1, 2, -3, 4, -5, 6, -7, 8, -9, True]
        expected = sum((at + 1) * int(value) for at, value in enumerate(values))
        self.assertEqual(self.lib.many_integers(*values), expected)
        reals = [0.5, 1.5, -2.5, 3.25, 4.0, -5.75, 6.5, 7.5, 8.0, -9.5]
        expected_real = sum((at + 1) * value for at, value in enumerate(reals))
        self.assertEqual(self.lib.many_doubles(*reals), expected_real)
        self.assertEqual(
            self.lib.mixed(-4, 1.5, "three", 2.5, 6, b"x", -7, 0.25),
            -4 + 2 * 1.5 + 3 * 5 + 4 * 2.5 + 5 * 6 + 6 - 7 * 7 + 8 * 0.25,
        )

    def test_wide_integers_in_registers_and_memory(self) -> None:
        big = 2**100 + 12345
        self.assertEqual(
            self.lib.wide_sum(big, 2**90, -7, 5, -(2**99), 2**80 + 1),
            big + 2 * 2**90 - 21 - 4 * 2**99 + 25 + 6 * (2**80 + 1),
        )


class Arguments(Case):
    declarations = """
    int add(int a, int b);
    int subtract(int, int);
    int forty_two(void);
    """

    def test_keywords(self) -> None:
        self.assertEqual(self.lib.add(1, b=2), 3)
        self.assertEqual(self.lib.add(b=5, a=4), 9)
        self.assertEqual(self.lib.add(**{"a": 1, "b": 1}), 2)
        self.assertEqual(self.lib.subtract(5, 3), 2)

    def test_wrong_counts(self) -> None:
        self.refuses(
            TypeError,
            "add() takes 2 arguments (int a, int b), 1 given",
            self.lib.add,
            1,
        )
        self.refuses(
            TypeError,
            "add() takes 2 arguments (int a, int b), 3 given",
            self.lib.add,
            1,
            2,
            3,
        )
        self.refuses(
            TypeError, "add() takes 2 arguments (int a, int b), 0 given", self.lib.add
        )
        self.refuses(
            TypeError,
            "subtract() takes 2 arguments (int, int), 1 given",
            self.lib.subtract,
            1,
        )
        self.refuses(
            TypeError, "forty_two() takes no arguments, 1 given", self.lib.forty_two, 1
        )
        lib = load("double same_double(double value);")
        self.refuses(
            TypeError,
            "same_double() takes 1 argument (double value), 2 given",
            lib.same_double,
            1,
            2,
        )

    def test_wrong_keywords(self) -> None:
        self.refuses(
            TypeError,
            "add() has no parameter 'z'; its parameters are a, b",
            self.lib.add,
            1,
            z=2,
        )
        self.refuses(
            TypeError, "add() argument 1 (a) is given twice", self.lib.add, 1, 2, a=1
        )
        self.refuses(
            TypeError, "add() argument 1 (a) is given twice", self.lib.add, 1, a=1
        )
        self.refuses(TypeError, "add() misses argument 2 (b)", self.lib.add, a=1)
        self.refuses(TypeError, "add() misses argument 1 (a)", self.lib.add, b=1)
        self.refuses(
            TypeError,
            "forty_two() has no parameter 'z'; it has none with a name",
            self.lib.forty_two,
            z=2,
        )
        self.refuses(
            TypeError,
            "subtract() has no parameter 'a'; it has none with a name",
            self.lib.subtract,
            1,
            a=2,
        )

    def test_unnamed_parameters_have_numbers(self) -> None:
        self.refuses(
            TypeError,
            "subtract() argument 2: int expected, not str",
            self.lib.subtract,
            1,
            "2",
        )

    def test_the_argument_at_fault_is_named(self) -> None:
        self.refuses(
            TypeError,
            "add() argument 2 (b): int expected, not float",
            self.lib.add,
            1,
            2.0,
        )
        self.refuses(
            TypeError,
            "add() argument 1 (a): int expected, not float",
            self.lib.add,
            b=1,
            a=2.0,
        )

    def test_many_calls_leak_nothing(self) -> None:
        for _ in range(3):
            for value in range(2000):
                self.assertEqual(self.lib.add(value, 100000), value + 100000)


if __name__ == "__main__":
    main()
