"""C functions that were found as pointers: in a member, in a result."""

from __future__ import annotations

import ctypes

from kaa import _backend, _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

    from kaa._values.types import TypeMap

_NAME = b"function"


def function_at(types: TypeMap, ctype: int, address: Any) -> Any:
    """The function that a pointer of a type points at; None for NULL. It converts
    as a declared one does, and holds no more than its library."""
    if not address:
        return None
    return _backend.functions().bind(
        types.home(), ctypes.addressof(_item(types, ctype)), int(address)
    )


def _item(types: TypeMap, ctype: int) -> Any:
    """What stands for the declaration of such functions, one for each type."""
    pointer = _native.kaa_ctype_strip(ctype)
    function = _native.kaa_ctype_strip(_native.kaa_ctype_target(pointer))
    known = types.data.functions
    found = known.get(function)
    if found is None:
        count = max(_native.kaa_ctype_count(function), 1)
        item = _native.DeclItem()
        item.size = ctypes.sizeof(item)
        item.kind = _native.DECL_FUNCTION
        item.name = item.symbol = _NAME
        item.type = function
        item.parameters = (_native.DeclParameter * count)()
        found = known.setdefault(function, item)
    return found
