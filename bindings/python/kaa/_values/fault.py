"""Refusals of values, in libkaa's words."""

from __future__ import annotations

import ctypes

from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Type

# kaa_convert_code
TYPE = 1
RANGE = 2
COUNT_ONE = 3
CODE_POINT = 4
NO_CHARACTER = 5
NUL = 6
SURROGATE = 7
NONE = 8
NULL = 9
SIGNATURE = 10
SMALL = 11
OUTSIDE = 12
VARIABLE = 13
VARIABLE_INT = 14
FORMAT = 15
LEAST = 16
SENTINEL = 17

_CLASSES: Dict[bytes, Type[Exception]] = {
    b"TypeError": TypeError,
    b"ValueError": ValueError,
    b"OverflowError": OverflowError,
}


def refusal(
    code: int, ctype: int = 0, *, given: str = "", value: str = "", number: int = 0
) -> Exception:
    """The exception that says why a value is refused; not yet where."""
    fault = _native.Fault(
        ctypes.sizeof(_native.Fault),
        code,
        ctype or None,
        given.encode("utf-8", "replace"),
        value.encode("utf-8", "replace"),
        number,
    )
    text = _native.printed(_native.kaa_convert_print_fault, ctypes.byref(fault))
    return _CLASSES[_native.kaa_convert_fault_exception(code)](text)


def shown(number: int) -> str:
    """An integer for a message: nobody reads one of a thousand digits."""
    bits = number.bit_length()
    return str(number) if bits <= 512 else f"an int of {bits} bits"


def nearest(wanted: str, names: List[str]) -> Optional[str]:
    """The name that was most likely meant, if one is near enough."""
    raw = [one.encode("utf-8", "replace") for one in [*names, wanted]]
    given = (ctypes.c_char_p * len(raw))(*raw)
    at: int = _native.kaa_convert_nearest(raw[-1], given, len(names))
    return names[at] if at < len(names) else None
