"""Variables of C, read and written where they are.

Scalars are values; records and arrays are live views of C's memory.
"""

from __future__ import annotations

import ctypes

from kaa import _native
from kaa._values.instance import AGGREGATES, Element, view
from kaa._values.types import type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

    from kaa._library import Library

_NO_VALUES = (_native.FLOAT16, _native.FLOAT128, _native.VALIST)
_HAVE_VALUES = frozenset(range(_native.BOOL, _native.CLDOUBLE + 1)).difference(
    _NO_VALUES
) | {_native.POINTER_, _native.ENUM}


class Variable:
    """One variable of a library."""

    __slots__ = (
        "_library",
        "_name",
        "_type",
        "_kind",
        "_class",
        "_element",
        "_address",
        "_is_unsized",
    )

    def __init__(self, library: Library, name: str, ctype: int, address: int) -> None:
        self._library = library
        self._name = name
        self._type = ctype
        self._kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(ctype))
        behind = _native.kaa_ctype_strip(ctype)
        # C alone knows the length of `extern int a[];`.
        self._is_unsized = (
            self._kind == _native.ARRAY
            and _native.kaa_ctype_count(behind) == _native.UNKNOWN_COUNT
        )
        self._class: Any = None
        if self._kind not in _HAVE_VALUES and self._kind not in AGGREGATES:
            self._class = library._types.ctypes_class(ctype)
        self._element = Element(library._types, ctype)
        self._address = address

    def _view(self) -> Any:
        """The record or array where it is; its memory is the library's. A pointer
        to the first element of an array of unknown length."""
        if self._is_unsized:
            target = _native.kaa_ctype_target(_native.kaa_ctype_strip(self._type))
            made = self._library._types.pointer_class(target)
            return view(made, self._address, self._library, -1)
        made = self._library._types.data_class(self._type)
        return view(made, self._address, self._library)

    def read(self) -> Any:
        """The value, or the view of a record or an array."""
        if self._kind in AGGREGATES:
            return self._view()
        if self._kind in _HAVE_VALUES:
            return self._element.load(self._here(), self._address)
        return self._class.from_address(self._address)

    def pointer(self) -> Any:
        """The address of the variable, as a pointer to it."""
        made = self._library._types.pointer_class(self._type)
        return view(made, self._address, self._library, 1)

    def _here(self) -> Any:
        """Something whose bytes are the variable's, for what is remembered of
        pointers in it."""
        made = self._library._types.array_class(self._type)
        return view(made, self._address, self._library, 1)

    def write(self, value: Any) -> None:
        """Assigns, as C would, if the value fits."""
        if _native.kaa_ctype_qualifiers(self._type) & _native.CONST:
            raise AttributeError(f"{self._name} is const in C")
        try:
            self._write(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise type(error)(
                f"{self._name} ({type_text(self._type)}): {error}"
            ) from None

    def _write(self, value: Any) -> None:
        if self._is_unsized:
            raise TypeError(
                "an array of unknown length is assigned by element, or as a whole if"
                f" its declaration gives the length: {self._name}[4]"
            )
        if self._kind in _HAVE_VALUES or self._kind in AGGREGATES:
            self._element.store(self._here(), self._address, value)
            return
        if not isinstance(value, self._class):
            raise TypeError(
                f"{self._class.__name__} expected, not {type(value).__name__}"
            )
        size = ctypes.sizeof(self._class)
        ctypes.memmove(self._address, ctypes.addressof(value), size)
