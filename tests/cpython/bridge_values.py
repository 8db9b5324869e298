"""Prints what every kind of function makes of very many values: the same seed
gives the same lines, whichever host runs them. test_bridge.py compares them."""

from __future__ import annotations

import array
import ctypes
import enum
import fractions
import math
import random
import sys
from typing import Any, Callable, List

import kaa
from samples import load

INTEGERS = {
    "schar": "signed char",
    "uchar": "unsigned char",
    "short": "short",
    "ushort": "unsigned short",
    "int": "int",
    "uint": "unsigned",
    "long": "long",
    "ulong": "unsigned long",
    "int8": "int8_t",
    "uint16": "uint16_t",
    "int64": "int64_t",
    "uint64": "uint64_t",
    "size": "size_t",
    "int128": "__int128",
    "uint128": "unsigned __int128",
    "bool": "_Bool",
    "color": "enum color",
}
REALS = {
    "float": "float",
    "double": "double",
    "ldouble": "long double",
    "cfloat": "float _Complex",
    "cdouble": "double _Complex",
}

lib = load(
    "enum color { RED, GREEN = 5, BLUE };\n"
    "struct point { int x, y; };\n"
    + "".join(f"{c} same_{n}({c} v);\n" for n, c in {**INTEGERS, **REALS}.items())
    + """
    char same_char(char v);
    wchar_t same_wchar(wchar_t v);
    char16_t same_char16(char16_t v);
    double scale_add(double a, double x, double y);
    double powers(int8_t a, uint16_t b, float c, long d);
    size_t text_length(const char *text);
    size_t wide_length(const wchar_t *text);
    long sum_bytes(const void *data, size_t size);
    void fill_bytes(void *data, size_t size, int value);
    double sum_double(const double *items, size_t count);
    long sum_int(const int *items, size_t count);
    void fill_int(int *items, size_t count, int value);
    struct point same_point(struct point v);
    int points_sum(const struct point *items, size_t count);
    int through(int **pointer);
    double weighted(const double *items [[kaa::length(count)]], size_t count,
        double weight);
    long count_first(int count, const int *items [[kaa::length(count)]]);
    """
)


class Int(int):
    pass


class LyingInt(int):
    def __index__(self) -> int:
        return 3

    def __float__(self) -> float:
        return 4.5


class Float(float):
    pass


class LyingFloat(float):
    def __float__(self) -> float:
        return 4.5


class Text(str):
    pass


class Bytes(bytes):
    pass


class Bytearray(bytearray):
    pass


class Index:
    def __index__(self) -> int:
        return 7


class Real:
    def __float__(self) -> float:
        return 7.25


class Wrong:
    def __index__(self) -> Any:
        return "seven"

    def __float__(self) -> Any:
        return "seven"


class Raising:
    def __index__(self) -> int:
        raise ZeroDivisionError("index")

    def __float__(self) -> float:
        raise ZeroDivisionError("float")


class Color(enum.IntEnum):
    GREEN = 5


def numbers(random_: random.Random) -> List[Any]:
    values: List[Any] = [True, False, None, "1", b"1", object, 1 + 2j, Color.GREEN]
    for bits in (7, 8, 15, 16, 29, 30, 31, 32, 59, 60, 62, 63, 64, 90, 127, 128, 600):
        for near in (-1, 0, 1):
            values += [(1 << bits) + near, -(1 << bits) + near]
    values += [10**400, -(10**400), 1 << 1023, 1 << 1024, (1 << 1024) - (1 << 970)]
    values += [0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, 5e-324, 2.0**-149]
    values += [2.0**-150, 1e-46, 3.4028234663852886e38, 3.4028235677973366e38]
    values += [3.402823669209385e38, -3.5e38, 1.7976931348623157e308, 16777217.0]
    values += [Int(5), LyingInt(5), Int(1 << 70), Float(2.5), LyingFloat(2.5)]
    values += [Index(), Real(), Wrong(), Raising(), fractions.Fraction(1, 3)]
    values += [random_.randrange(-(1 << 66), 1 << 66) for _ in range(40)]
    values += [random_.randrange(-300, 300) for _ in range(40)]
    values += [random_.uniform(-1e39, 1e39) for _ in range(20)]
    return values


def texts() -> List[Any]:
    other = type("point", (ctypes.Structure,), {"_fields_": [("x", ctypes.c_int)]})
    wider = type("wider", (lib.point,), {"_fields_": [("z", ctypes.c_int)]})
    same = type("same", (lib.point,), {})
    cell = ctypes.c_int(3)
    values: List[Any] = [None, "", "abc", "h\xe9\u20ac\U0001f600", "a\0b", "\udc80"]
    values += ["\ud800", Text("text"), b"", b"abc", b"a\0b", Bytes(b"abc"), 0, -1, 1.5]
    values += [bytearray(b"abc\0"), Bytearray(b"abc\0"), memoryview(b"abc\0")]
    values += [memoryview(bytearray(b"abcdefgh\0"))[::2], memoryview(bytearray(4))]
    values += [memoryview(bytearray(16)).cast(one) for one in "bBcihqQdf"]
    values += [memoryview(bytearray(16)).cast("i").toreadonly()]
    values += [memoryview(bytearray(16)).cast("B", (2, 8)), bytearray(16)]
    values += [array.array(one, [1, 2, 3, 4]) for one in "bBhHiIlLqQfd"]
    values += [array.array("d"), array.array("i"), (ctypes.c_int * 4)(1, 2, 3, 4)]
    values += [(ctypes.c_double * 4)(1, 2), (ctypes.c_char * 5)(b"a"), cell]
    values += [(ctypes.c_uint * 4)(), (ctypes.c_int * 0)(), ctypes.c_double(1.5)]
    values += [ctypes.byref(cell), ctypes.pointer(cell), ctypes.c_char_p(b"abc")]
    values += [ctypes.POINTER(ctypes.c_int)(), ctypes.byref(ctypes.c_double(2))]
    values += [ctypes.c_void_p(), ctypes.c_wchar_p("wide"), ctypes.py_object("x")]
    values += [lib.point(1, 2), kaa.new("point[3]", library=lib), other(), wider(), same(3, 4)]
    values += [kaa.addressof(lib.point(5, 6)), lib.point(7, 8).ctypes]
    values += [ctypes.pointer(lib.point(7, 8).ctypes), kaa.new("int", 5)]
    values += [kaa.new("double[2]"), kaa.new("char[4]", "abc"), kaa.new("int *[2]")]
    values += [ctypes.pointer(ctypes.pointer(cell)), [1], (1, 2), {}, object, print]
    return values


def shown(value: Any) -> str:
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, complex):
        return f"{shown(value.real)} {shown(value.imag)}"
    if isinstance(value, (ctypes.Structure, kaa.Record)):
        return f"{type(value).__name__} {value.x} {value.y}"
    return f"{type(value).__name__} {value!r}"


def line(function: Callable[..., Any], *arguments: Any) -> str:
    try:
        return shown(function(*arguments))
    except Exception as error:
        # What the interpreter itself says differs among its ways in.
        text = str(error)
        if not text.startswith(function.__name__) or any(
            words in text for words in ("__ returned non-", "__() must return a")
        ):
            text = ""
        return f"{type(error).__name__}: {text}"


def main(seed: int) -> None:
    random_ = random.Random(seed)
    for turn in range(2):
        # Each turn has its own order: what was met before must not matter.
        values = numbers(random.Random(seed)) + texts()
        order = list(range(len(values)))
        random_.shuffle(order)
        made: List[str] = [""] * len(values)
        for at in order:
            value = values[at]
            parts = [
                line(getattr(lib, f"same_{name}"), value)
                for name in [*INTEGERS, *REALS, "char", "wchar", "char16", "point"]
            ]
            parts += [
                line(lib.scale_add, 1.5, value, 2.5),
                line(lib.powers, value, value, value, value),
                line(lib.powers, 1, 2, value, 4),
            ]
            if not isinstance(value, int):
                # C gets the pointer: no more than each of them has behind it.
                parts += [
                    line(lib.sum_bytes, value, 0),
                    line(lib.fill_bytes, value, 0, 1),
                    line(lib.sum_double, value, 0),
                    line(lib.sum_int, value, 0),
                    line(lib.fill_int, value, 0, 1),
                    line(lib.points_sum, value, 0),
                    line(lib.weighted, value, 0, 1.0),
                    line(lib.count_first, 0, value),
                ]
            if isinstance(value, (str, bytes, bytearray)) and value:
                parts += [line(lib.wide_length, value)]
                if not isinstance(value, bytearray) or value[-1] == 0:
                    parts += [line(lib.text_length, value)]
            made[at] = "\n".join(f"{at} {one}" for one in parts)
        print(f"turn {turn}")
        print("\n".join(made))


if __name__ == "__main__":
    main(int(sys.argv[1]))
