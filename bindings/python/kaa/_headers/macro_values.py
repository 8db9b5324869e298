"""The values that macros are evaluated with: C's arithmetic on Python's numbers.

An integer is cut to its type after each operation, as unsigned arithmetic is in C;
a float is rounded to its type. What is no number is the object that kaa gives and
takes for it.
"""

from __future__ import annotations

import ctypes
import re

from kaa import _native
from kaa._calls.function import Function
from kaa._values import cast as _cast
from kaa._values import instance as _instance

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, NamedTuple
else:
    from kaa._tuple import NamedTuple


class NotExpression(Exception):
    """Why a body cannot be evaluated."""


class Value(NamedTuple):
    """A C value: `kind` of an arithmetic type, or OBJECT for all else."""

    kind: int
    value: Any
    type: int = 0  # a kaa_ctype, where it is known


OBJECT = -1

_FIRST_INTEGER, _LAST_INTEGER = _native.BOOL, _native.UINT128
FLOATS = (_native.FLOAT, _native.DOUBLE, _native.LDOUBLE)
_WIDE = (_native.WCHAR, _native.CHAR16, _native.CHAR32)


def is_integer(kind: int) -> bool:
    return _FIRST_INTEGER <= kind <= _LAST_INTEGER or kind in _WIDE


def size_of_kind(kind: int) -> int:
    size: int = _native.kaa_ctype_size(_native.kaa_ctype_basic(kind))
    return size


def is_signed(kind: int) -> bool:
    return bool(_native.kaa_ctype_is_signed(_native.kaa_ctype_basic(kind)))


def cut(kind: int, value: int) -> int:
    """The value as the type holds it."""
    if kind == _native.BOOL:
        return int(bool(value))
    bits = 8 * size_of_kind(kind)
    value &= (1 << bits) - 1
    if is_signed(kind) and value >> (bits - 1):
        value -= 1 << bits
    return value


def _round(kind: int, value: float) -> float:
    return ctypes.c_float(value).value if kind == _native.FLOAT else value


def promoted(kind: int) -> int:
    if kind in FLOATS:
        return kind
    if kind in _WIDE or size_of_kind(kind) < 4 or kind == _native.BOOL:
        return _native.INT if is_signed(kind) or size_of_kind(kind) < 4 else _native.UINT
    return kind


def _common(a: int, b: int) -> int:
    a, b = promoted(a), promoted(b)
    wide, other = max(a, b), min(a, b)
    if wide in FLOATS:
        return wide
    if is_signed(wide) and not is_signed(other) and size_of_kind(wide) == size_of_kind(other):
        return wide + 1
    return wide


def as_number(value: Value) -> Any:
    if value.kind == OBJECT:
        raise TypeError(f"arithmetic with {type(value.value).__name__}")
    return value.value


def to(kind: int, value: Value) -> Value:
    """Converted to an arithmetic type, as a cast does."""
    number = value.value if value.kind != OBJECT else address_of(value.value)
    if kind in FLOATS:
        return Value(kind, _round(kind, float(number)))
    if kind == _native.BOOL:
        return Value(kind, int(bool(number)))
    return Value(kind, cut(kind, int(number)))


def address_of(value: Any) -> int:
    """Of what stands for a pointer."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    if isinstance(value, (str, bytes)):
        raise TypeError("the address of a Python object is no C value")
    if _instance.is_data(value):
        return _instance.address_of(value)
    if isinstance(value, Function):
        return value.address
    return ctypes.cast(value, ctypes.c_void_p).value or 0


def is_true(value: Value) -> bool:
    if value.kind != OBJECT or value.value is None:
        return bool(value.value)
    if isinstance(value.value, (str, bytes)):
        return True
    return bool(value.value)


def from_python(value: Any) -> Value:
    """An argument: int is int, or the first longer type that holds it."""
    if isinstance(value, float):
        return Value(_native.DOUBLE, value)
    if isinstance(value, int):
        value = int(value)
        for kind in (_native.INT, _native.LONG, _native.ULONG):
            if cut(kind, value) == value:
                return Value(kind, value)
        raise OverflowError(f"{value} has more than 64 bits")
    return Value(OBJECT, value)


def of_type(ctype: int, value: Any) -> Value:
    """What kaa gave for a value of that type."""
    kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(ctype))
    if kind == _native.ENUM:
        kind = _native.kaa_ctype_kind_of(
            _native.kaa_ctype_strip(
                _native.kaa_ctype_target(_native.kaa_ctype_strip(ctype))
            )
        )
    if kind in FLOATS:
        return Value(kind, float(value), ctype)
    if is_integer(kind):
        if isinstance(value, bytes):
            value = value[0]
        elif isinstance(value, str):
            value = ord(value)
        return Value(kind, cut(kind, int(value)), ctype)
    return Value(OBJECT, value, ctype)


def result_of(function: Value) -> Value:
    """A value of the type that a call would give, where C makes no call (sizeof, _Generic)."""
    if not function.type:
        raise TypeError("the type of what is called is not known")
    ctype = _native.kaa_ctype_strip(function.type)
    if _native.kaa_ctype_kind_of(ctype) == _native.POINTER_:
        ctype = _native.kaa_ctype_strip(_native.kaa_ctype_target(ctype))
    result = _native.kaa_ctype_strip(_native.kaa_ctype_target(ctype))
    kind = _native.kaa_ctype_kind_of(result)
    return of_type(result, 0 if is_integer(kind) or kind in FLOATS else None)


def _divide(kind: int, sign: str, a: Any, b: Any) -> Any:
    if kind in FLOATS:
        if sign == "%":
            raise TypeError("% of floating values")
        return a / b if b else float("nan") if not a else a * float("inf")
    if b == 0:
        raise ZeroDivisionError("division by zero")
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return quotient if sign == "/" else a - quotient * b


_ARITHMETIC: Dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}
_COMPARISONS: Dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


def operate(sign: str, a: Value, b: Value) -> Value:
    """a sign b, by the usual arithmetic conversions."""
    if sign in _COMPARISONS:
        compare = _COMPARISONS[sign]
        if OBJECT in (a.kind, b.kind):
            return Value(_native.INT, int(compare(address_of(a.value), address_of(b.value))))
        kind = _common(a.kind, b.kind)
        return Value(_native.INT, int(compare(to(kind, a).value, to(kind, b).value)))
    as_number(a), as_number(b)
    if sign in ("<<", ">>"):
        kind, count = promoted(a.kind), b.value
        if not 0 <= count < 8 * size_of_kind(kind):
            raise ValueError(f"a shift by {count} of {8 * size_of_kind(kind)} bits")
        value = cut(kind, a.value)
        return Value(kind, cut(kind, value << count if sign == "<<" else value >> count))
    kind = _common(a.kind, b.kind)
    x, y = to(kind, a).value, to(kind, b).value
    result = _divide(kind, sign, x, y) if sign in "/%" else _ARITHMETIC[sign](x, y)
    return Value(kind, _round(kind, result) if kind in FLOATS else cut(kind, result))


def _is_record(value: Any) -> bool:
    return isinstance(value, ctypes.Structure) or not hasattr(value, "__getitem__")


def element(value: Value, index: int) -> Value:
    """value[index]"""
    target = value.value
    if target is None:
        raise ValueError("a NULL pointer is read")
    if isinstance(target, (int, str, bytes)):
        raise TypeError(f"a pointer to a C type expected, not {type(target).__name__}")
    if index == 0 and _is_record(target):
        return value  # kaa takes a record where C takes its address
    return from_python(target[index])


def pointer_to(value: Value) -> Value:
    if value.kind != OBJECT or isinstance(value.value, (int, str, bytes, type(None))):
        raise TypeError("the address of a plain value is not known")
    if callable(value.value):
        return value
    return Value(OBJECT, ctypes.pointer(value.value))


_CODES = {
    ctypes.c_bool: _native.BOOL,
    ctypes.c_byte: _native.SCHAR,
    ctypes.c_ubyte: _native.UCHAR,
    ctypes.c_short: _native.SHORT,
    ctypes.c_ushort: _native.USHORT,
    ctypes.c_int: _native.INT,
    ctypes.c_uint: _native.UINT,
    ctypes.c_long: _native.LONG,
    ctypes.c_ulong: _native.ULONG,
    ctypes.c_float: _native.FLOAT,
    ctypes.c_double: _native.DOUBLE,
}


def field(record: Any, member: str) -> Value:
    value = getattr(record, member)
    for field in getattr(type(record), "_fields_", ()):
        if field[0] == member and field[1] in _CODES and isinstance(value, (int, float)):
            return Value(_CODES[field[1]], value)
    return from_python(value)


def convert(library: Any, ctype: int, value: Value) -> Value:
    """(ctype)value"""
    stripped = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(stripped)
    if kind == _native.VOID:
        return Value(OBJECT, None)
    if kind == _native.ENUM:
        stripped = _native.kaa_ctype_strip(_native.kaa_ctype_target(stripped))
        kind = _native.kaa_ctype_kind_of(stripped)
    if kind in FLOATS or is_integer(kind):
        return to(kind, value)._replace(type=ctype)
    if kind != _native.POINTER_:
        raise TypeError("a cast to a type that is no number and no pointer")
    if value.value is None or (value.kind != OBJECT and value.value == 0):
        return Value(OBJECT, None, ctype)
    target = _native.kaa_ctype_kind_of(
        _native.kaa_ctype_strip(_native.kaa_ctype_target(stripped))
    )
    given = value.value
    if target == _native.VOID:
        if isinstance(given, int):
            given &= 2**64 - 1
        return Value(OBJECT, given, ctype)
    if isinstance(given, (str, bytes)):
        return Value(OBJECT, given, ctype)
    try:
        return Value(OBJECT, _cast.cast_to(library._types, ctype, given), ctype)
    except TypeError:
        return Value(OBJECT, given, ctype)


def literal(text: str) -> Value:
    """A literal, with C's type."""
    text = text.replace("'", "")
    lower = text.lower()
    is_hex = lower.startswith("0x")
    if ("." in lower or (not is_hex and "e" in lower)) or (is_hex and "p" in lower):
        bare = lower.rstrip("fl") if not is_hex or "p" in lower else lower
        kind = _native.FLOAT if lower.endswith("f") else _native.DOUBLE
        kind = _native.LDOUBLE if lower.endswith("l") else kind
        try:
            return Value(kind, float.fromhex(bare) if is_hex else float(bare))
        except (ValueError, OverflowError):
            raise NotExpression(f"{text} is no number") from None
    bare = lower.rstrip("ulz")
    suffix = lower[len(bare) :]
    base = 16 if is_hex else 2 if lower.startswith("0b") else 8 if bare[0] == "0" else 10
    try:
        value = int(bare, base) if base != 8 else int(bare, 8)
    except ValueError:
        raise NotExpression(f"{text} is no number") from None
    kinds = [_native.INT, _native.UINT, _native.LONG, _native.ULONG]
    if "l" in suffix or "z" in suffix:
        kinds = kinds[2:]
    if "ll" in suffix:
        kinds = [_native.LLONG, _native.ULLONG]
    if "u" in suffix:
        kinds = [k for k in kinds if not is_signed(k)]
    elif base == 10:
        kinds = [k for k in kinds if is_signed(k)]
    for kind in kinds:
        if cut(kind, value) == value:
            return Value(kind, value)
    raise NotExpression(f"{text} has more than 64 bits")


_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}


def bytes_of(text: str) -> bytes:
    """Between the quotes of a literal."""
    made = bytearray()
    for escape, plain in re.findall(r"\\([0-7]{1,3}|x[0-9a-fA-F]+|.)|([^\\]+)", text, re.S):
        if plain:
            made += plain.encode("utf-8", "surrogateescape")
        elif escape[0] in "01234567":
            made.append(int(escape, 8) & 255)
        elif escape[0] == "x" and len(escape) > 1:
            made.append(int(escape[1:], 16) & 255)
        else:
            made.append(_ESCAPES.get(escape, ord(escape) & 255))
    return bytes(made)
