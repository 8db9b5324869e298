"""Pointers of another type to the same place: `kaa.cast`."""

from __future__ import annotations

import ctypes

from kaa import _late, _native
from kaa._calls.function import Function, bound
from kaa._values.cdata import is_to_function, library_of, type_of
from kaa._values.instance import address_of, below, is_data, layout_in, view
from kaa._values.types import TypeMap, type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Optional

    from kaa._library import Library

_CELLS = (ctypes.Structure, ctypes.Union, ctypes.Array)
_POINTERS = (ctypes._CFuncPtr, ctypes.c_void_p)  # type: ignore[attr-defined]


def cast(kind: Any, value: Any, *, library: Optional[Library] = None) -> Any:
    """A pointer of another type to the same place, which keeps the same owner.

    `value` is a pointer, an array, a record, a function of C's, an address or None.
    Nothing is checked, as in C: the result has no known length. A pointer to a
    function is a function.
    """
    if library is None and is_data(value):
        library = library_of(layout_in(value))
    ctype, types = type_of(kind, library)
    if isinstance(value, int) and not 0 <= value < 1 << 64:
        raise OverflowError(f"{value} is no address")
    return cast_to(types, ctype, value)


def cast_to(types: TypeMap, ctype: int, value: Any) -> Any:
    """The same to a type of the library's; an address is cut to what it has bits for."""
    core = _native.kaa_ctype_strip(ctype)
    if _native.kaa_ctype_kind_of(core) != _native.POINTER_:
        raise TypeError(f"a pointer type expected, not {type_text(ctype)}")
    address, owner = _place(value)
    if is_to_function(core):
        return _late.found.function_at(types, core, address)
    return view(types.data_class(core), address, owner, -1)


def _place(value: Any) -> Any:
    """The address that a value stands for, and what owns what is there."""
    if value is None:
        return 0, None
    if is_data(value):
        return address_of(value), below(value)
    if isinstance(value, int):
        return value & (1 << 64) - 1, None
    if isinstance(value, _POINTERS):
        return ctypes.cast(value, ctypes.c_void_p).value or 0, value
    if isinstance(value, _late.pointer._INSTANCES):
        if isinstance(value, _CELLS):
            return ctypes.addressof(value), value
        return _late.pointer.pointer_value(value), value
    value = bound(value)
    if issubclass(type(value), Function):
        return value.address, value
    raise TypeError(
        "a pointer, array, record, function of C's or address expected, not"
        f" {type(value).__name__}"
    )
