"""Bit-fields of records."""

from __future__ import annotations

import ctypes
import sys
from operator import index

from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Tuple

    from kaa._values.instance import Member


def _bit_place(member: Member) -> Tuple[int, int, int]:
    """The first byte, the shift of the number in the bytes, and how many they are."""
    start, shift = divmod(member.bit_position, 8)
    assert member.bit_width is not None
    count = (shift + member.bit_width + 7) // 8
    if sys.byteorder == "big":  # bit-fields fill bytes from the highest bit on
        shift = count * 8 - shift - member.bit_width
    return start, shift, count


def load_bits(member: Member, base: int) -> Any:
    """The value of a bit-field of the record at `base`."""
    start, shift, count = _bit_place(member)
    width = member.bit_width or 0
    whole = int.from_bytes(ctypes.string_at(base + start, count), sys.byteorder)
    value = whole >> shift & ((1 << width) - 1)
    core = member.element.core
    if member.element.kind == _native.BOOL:
        return bool(value)
    if _native.kaa_ctype_is_signed(core) and value >> (width - 1):
        value -= 1 << width
    if member.element.kind == _native.ENUM:
        return member.element.value.give(value)
    return value


def store_bits(member: Member, base: int, value: Any) -> None:
    """Writes a bit-field; the bits beside it stay."""
    start, shift, count = _bit_place(member)
    width = member.bit_width or 0
    element = member.element
    if element.kind == _native.BOOL:
        number = int(element.value.take(value, []))
    elif hasattr(type(value), "__index__"):
        number = int(index(value))
    else:
        raise TypeError(f"int expected, not {type(value).__name__}")
    signed = bool(_native.kaa_ctype_is_signed(element.core))
    low = -(1 << (width - 1)) if signed and element.kind != _native.BOOL else 0
    if not low <= number < low + (1 << width):
        raise OverflowError(
            f"{number} is out of range for a bit-field of {width} bits"
            f" ({low} to {low + (1 << width) - 1})"
        )
    mask = ((1 << width) - 1) << shift
    memory = (ctypes.c_ubyte * count).from_address(base + start)
    whole = int.from_bytes(bytes(memory), sys.byteorder) & ~mask
    whole |= number << shift & mask
    memory[:] = whole.to_bytes(count, sys.byteorder)  # type: ignore[call-overload]
