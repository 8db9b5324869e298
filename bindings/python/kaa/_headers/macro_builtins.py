"""What macros may ask of the compiler: its built-in functions, the size of a value,
and where the call stands (`__FILE__`, `__LINE__`, `__func__`)."""

from __future__ import annotations

import math
import sys

from kaa import _native
from kaa._headers.macro_values import OBJECT, Value, as_number, cut, size_of_kind, to
from kaa._own import is_own
from kaa._values import instance as _instance

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Tuple

    _Builtin = Tuple[int, int, Callable[[int, int], int]]

# The kind of the argument, that of the result, and what is done with the bits.


def _swapped(value: int, bits: int) -> int:
    return int.from_bytes(value.to_bytes(bits // 8, "little"), "big")


def _leading(value: int, bits: int) -> int:
    if value == 0:
        raise ValueError("the leading zeros of 0 are not defined")
    return bits - value.bit_length()


def _lowest(value: int) -> int:
    return (value & -value).bit_length()


def _trailing(value: int, bits: int) -> int:
    if value == 0:
        raise ValueError("the trailing zeros of 0 are not defined")
    return _lowest(value) - 1


BUILTINS: Dict[str, _Builtin] = {
    "__builtin_bswap16": (_native.USHORT, _native.USHORT, _swapped),
    "__builtin_bswap32": (_native.UINT, _native.UINT, _swapped),
    "__builtin_bswap64": (_native.ULONG, _native.ULONG, _swapped),
}
for _suffix, _kind in (
    ("", _native.UINT),
    ("l", _native.ULONG),
    ("ll", _native.ULLONG),
):
    BUILTINS.update(
        {
            f"__builtin_clz{_suffix}": (_kind, _native.INT, _leading),
            f"__builtin_ctz{_suffix}": (_kind, _native.INT, _trailing),
            f"__builtin_ffs{_suffix}": (_kind, _native.INT, lambda n, _: _lowest(n)),
            f"__builtin_popcount{_suffix}": (
                _kind,
                _native.INT,
                lambda n, _: bin(n).count("1"),
            ),
            f"__builtin_parity{_suffix}": (
                _kind,
                _native.INT,
                lambda n, _: bin(n).count("1") & 1,
            ),
        }
    )


#: Of a floating value: an int.
CLASSES: Dict[str, Callable[[float], int]] = {
    "isnan": math.isnan,
    "isinf": math.isinf,
    "isinf_sign": lambda x: (x > 0) - (x < 0) if math.isinf(x) else 0,
    "isfinite": math.isfinite,
    "finite": math.isfinite,
    "isnormal": lambda x: math.isfinite(x) and abs(x) >= sys.float_info.min,
    "signbit": lambda x: math.copysign(1, x) < 0,
}
for _name in list(CLASSES):
    for _suffix in ("f", "l"):
        CLASSES[_name + _suffix] = CLASSES[_name]


def is_builtin(name: str) -> bool:
    return name in BUILTINS or (
        name.startswith("__builtin_") and name[len("__builtin_") :] in CLASSES
    )


def call_builtin(name: str, argument: Value) -> Value:
    if name not in BUILTINS:
        test = CLASSES[name[len("__builtin_") :]]
        return Value(_native.INT, int(test(float(as_number(argument)))))
    kind, result, function = BUILTINS[name]
    as_number(argument)
    number = to(kind, argument).value
    return Value(result, cut(result, function(number, 8 * size_of_kind(kind))))


def size_of(value: Value) -> Value:
    """sizeof of a value: of C data its own size, of text that of the literal."""
    given = value.value
    if value.kind != OBJECT:
        size = _native.kaa_ctype_size(value.type) if value.type else 0
        size = size or size_of_kind(value.kind)
    elif _instance.is_data(given):
        from kaa._values.cdata import sizeof

        size = sizeof(given)
    elif isinstance(given, (str, bytes)):
        size = len(given.encode() if isinstance(given, str) else given) + 1
    elif value.type:
        size = _native.kaa_ctype_size(value.type)
    else:
        raise TypeError(f"the size of {type(given).__name__} is not known")
    return Value(_native.ULONG, size)


# ---- where the call stands


class Place(bytes):
    """The name of a file or function: kept, since C may keep its address."""


_places: Dict[str, Place] = {}


def _caller() -> Any:
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _place(text: str) -> Value:
    made = _places.setdefault(text, Place(text.encode("utf-8", "surrogateescape")))
    return Value(OBJECT, made)


def _file(env: Any) -> Value:
    return _place(_caller().f_code.co_filename)


def _function(env: Any) -> Value:
    return _place(_caller().f_code.co_name)


PLACES: Dict[str, Callable[[Any], Value]] = {
    "__FILE__": _file,
    "__LINE__": lambda env: Value(_native.INT, _caller().f_lineno),
    "__func__": _function,
    "__FUNCTION__": _function,
    "__PRETTY_FUNCTION__": _function,
}
