"""The ctypes classes of basic C types, with those that ctypes lacks."""

from __future__ import annotations

import ctypes
from operator import index

from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple


def _words(value: int, signed: bool) -> Tuple[int, int]:
    low = -(2**127) if signed else 0
    if not low <= value < low + 2**128:
        name = "__int128" if signed else "unsigned __int128"
        raise OverflowError(
            f"{value} is out of range for {name} ({low} to {low + 2**128 - 1})"
        )
    return value & (2**64 - 1), (value >> 64) & (2**64 - 1)


class _Wide(ctypes.Structure):
    """A 128-bit integer: two words, the low one first."""

    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
    _signed_ = True

    def __init__(self, value: Any = 0) -> None:
        super().__init__()
        self.value = value

    @property
    def value(self) -> int:
        whole: int = self.low | self.high << 64
        return whole - 2**128 if self._signed_ and whole >> 127 else whole

    @value.setter
    def value(self, value: Any) -> None:
        self.low, self.high = _words(index(value), self._signed_)

    def __index__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value})"


class Int128(_Wide):
    """__int128"""


class UInt128(_Wide):
    """unsigned __int128"""

    _signed_ = False


class _Complex(ctypes.Structure):
    """A C complex number."""

    def __init__(self, value: Any = 0.0) -> None:
        super().__init__()
        self.value = value

    @property
    def value(self) -> complex:
        return complex(self.real, self.imag)

    @value.setter
    def value(self, value: Any) -> None:
        value = complex(value)
        self.real = value.real
        self.imag = value.imag

    def __complex__(self) -> complex:
        return self.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value})"


class ComplexFloat(_Complex):
    """float _Complex"""

    _fields_ = [("real", ctypes.c_float), ("imag", ctypes.c_float)]


class ComplexDouble(_Complex):
    """double _Complex"""

    _fields_ = [("real", ctypes.c_double), ("imag", ctypes.c_double)]


class ComplexLongDouble(_Complex):
    """long double _Complex"""

    _fields_ = [("real", ctypes.c_longdouble), ("imag", ctypes.c_longdouble)]


def _character_value(base: Any, largest: int, name: str) -> Any:
    """A property `value` that is text, over the code that ctypes keeps."""
    code: Any = base.value

    def read(self: Any) -> str:
        number = code.__get__(self)
        return chr(number) if number <= largest else "\ufffd"

    def write(self: Any, value: Any) -> None:
        code.__set__(self, character(value, largest, name))

    return property(read, write)


class Char16(ctypes.c_uint16):
    """char16_t: `value` is a str of one UTF-16 unit."""

    value: Any = _character_value(ctypes.c_uint16, 0xFFFF, "char16_t")


class Char32(ctypes.c_uint32):
    """char32_t: `value` is a str of one character."""

    value: Any = _character_value(ctypes.c_uint32, 0x10FFFF, "char32_t")


def character(value: Any, largest: int, name: str) -> int:
    """The code of a str of one character, or of an int."""
    if isinstance(value, int):
        code = value
    elif isinstance(value, str):
        if len(value) != 1:
            raise ValueError(f"{name} needs one character, not {len(value)}")
        code = ord(value)
    else:
        raise TypeError(f"str expected for {name}, not {type(value).__name__}")
    if not 0 <= code <= largest:
        raise OverflowError(f"{value!r} does not fit {name}")
    return code


BASIC: Dict[int, Any] = {
    _native.VOID: None,
    _native.BOOL: ctypes.c_bool,
    _native.CHAR: ctypes.c_char,
    _native.SCHAR: ctypes.c_byte,
    _native.UCHAR: ctypes.c_ubyte,
    _native.SHORT: ctypes.c_short,
    _native.USHORT: ctypes.c_ushort,
    _native.INT: ctypes.c_int,
    _native.UINT: ctypes.c_uint,
    _native.LONG: ctypes.c_long,
    _native.ULONG: ctypes.c_ulong,
    _native.LLONG: ctypes.c_longlong,
    _native.ULLONG: ctypes.c_ulonglong,
    _native.INT128: Int128,
    _native.UINT128: UInt128,
    _native.WCHAR: ctypes.c_wchar,
    _native.CHAR16: Char16,
    _native.CHAR32: Char32,
    _native.FLOAT: ctypes.c_float,
    _native.DOUBLE: ctypes.c_double,
    _native.LDOUBLE: ctypes.c_longdouble,
    _native.CFLOAT: ComplexFloat,
    _native.CDOUBLE: ComplexDouble,
    _native.CLDOUBLE: ComplexLongDouble,
}
