"""What the classes of a library's records stand for, and what ctypes keeps of them."""

from __future__ import annotations

import ctypes
import weakref

from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

# What record classes stand for: the owner of the type, and its address. Not in the
# classes themselves, where Python code could make something up, and not with their
# map, which would never go: ctypes keeps the element of each array class.
_known: weakref.WeakKeyDictionary[Any, Tuple[object, int]] = (
    weakref.WeakKeyDictionary()
)


def remember(record: Any, keep: object, address: int) -> None:
    """Notes the type that a record class stands for."""
    _known[record] = keep, address


def origin_of(record: Any) -> Optional[Tuple[object, int]]:
    """The type that a record class of any library stands for."""
    return _known.get(record)


def skipped(record: Any) -> Optional[str]:
    """Why the definition of a record class was skipped, if it was."""
    declarations: Any = _known[record][0] if record in _known else None
    name = record.__name__.encode("utf-8", "surrogateescape")
    for address in getattr(declarations, "items", list)():
        item = _native.DeclItem.from_address(address)
        if item.kind == _native.DECL_SKIPPED and item.name == name:
            reason: str = item.reason.decode("utf-8", "replace")
            return reason
    return None


def forget(cached: List[Tuple[str, Any]]) -> None:
    """Takes what a library's types left there out of ctypes' caches."""
    for name, key in cached:
        cache, kind = getattr(ctypes, name, None), key()
        if cache is None or kind is None:
            continue
        if name == "_pointer_type_cache":
            cache.pop(kind, None)
        else:
            for signature, made in list(cache.items()):
                if made is kind:
                    cache.pop(signature, None)
