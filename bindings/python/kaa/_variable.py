"""Variables of C, read and written where they are.

Scalars are values; records and arrays are live views of C's memory.
"""

from __future__ import annotations

import ctypes
from _thread import RLock
from operator import index
from typing import TYPE_CHECKING, Any, Dict

from kaa import _native
from kaa._pointer import pointer_to, pointer_value
from kaa._types import character, type_text

if TYPE_CHECKING:
    from kaa._library import Library

_INTEGERS = frozenset(range(_native.SCHAR, _native.ULLONG + 1))
_HELD_BY_VALUE = frozenset(
    (_native.INT128, _native.UINT128)
    + (_native.CFLOAT, _native.CDOUBLE, _native.CLDOUBLE)
)


# What C's variables point at, by their addresses. It outlives the library's object:
# the code, and so the variable, stays.
_held: Dict[int, Any] = {}
_assigning = RLock()


class Variable:
    """One variable of a library."""

    __slots__ = (
        "_library",
        "_name",
        "_type",
        "_kind",
        "_class",
        "_address",
        "_is_unsized",
    )

    def __init__(self, library: Library, name: str, ctype: int, address: int) -> None:
        self._library = library
        self._name = name
        self._type = ctype
        behind = _native.kaa_ctype_strip(ctype)
        self._kind = _native.kaa_ctype_kind_of(behind)
        # C alone knows the length of `extern int a[];`.
        self._is_unsized = (
            self._kind == _native.ARRAY
            and _native.kaa_ctype_count(behind) == _native.UNKNOWN_COUNT
        )
        if self._is_unsized:
            element = library._types.ctypes_class(_native.kaa_ctype_target(behind))
            self._class = ctypes.POINTER(element)
        else:
            self._class = library._types.ctypes_class(ctype)
        self._address = address

    def _view(self) -> Any:
        if self._is_unsized:
            # A pointer to the first element, unchecked as in C.
            view = pointer_to(self._class, self._address)
        else:
            view = self._class.from_address(self._address)
        # The memory is the library's; so the view keeps that.
        try:
            view._library = self._library
        except AttributeError:
            pass
        return view

    def read(self) -> Any:
        """The value, or the view of a record or an array; a pointer to the first
        element of an array of unknown length."""
        kind = self._kind
        if self._is_unsized:
            return self._view()
        view = self._class.from_address(self._address)
        if kind == _native.ENUM:
            enum_class = self._library._types.enum_class(self._type)
            if enum_class is not None:
                try:
                    return enum_class(view.value)
                except ValueError:
                    pass
            return view.value
        if kind == _native.POINTER_:
            return self._read_pointer(view)
        if kind in (_native.ARRAY, _native.STRUCT, _native.UNION):
            return self._view()
        if hasattr(view, "value"):
            return view.value
        return self._view()

    def _read_pointer(self, view: Any) -> Any:
        if isinstance(view, (ctypes.c_char_p, ctypes.c_wchar_p)):
            value = view.value
            if isinstance(value, bytes):
                return value.decode("utf-8", "surrogateescape")
            return value
        if isinstance(view, ctypes.c_void_p):
            return view.value
        # A copy: what it points at now, whatever the variable is set to later.
        return pointer_to(self._class, pointer_value(view))

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
        kind = self._kind
        if self._is_unsized:
            raise TypeError(
                "an array of unknown length is assigned by element, or as a whole if"
                f" its declaration gives the length: {self._name}[4]"
            )
        view = self._class.from_address(self._address)
        if kind in _INTEGERS or kind == _native.ENUM:
            view.value = self._integer(value)
        elif kind == _native.BOOL:
            number = index(value)
            if number not in (0, 1):
                raise OverflowError(f"{number} is out of range for bool (0 to 1)")
            view.value = bool(number)
        elif kind == _native.POINTER_:
            self._write_pointer(view, value)
        elif kind in (_native.STRUCT, _native.UNION, _native.ARRAY):
            self._copy(view, value)
        elif kind == _native.CHAR:
            if not isinstance(value, (bytes, bytearray)) or len(value) != 1:
                raise TypeError(f"bytes of length 1 expected, not {value!r}")
            view.value = bytes(value)
        elif kind == _native.WCHAR:
            view.value = chr(character(value, 0x10FFFF, "wchar_t"))
        elif kind in (_native.CHAR16, _native.CHAR32):
            view.value = value
        elif hasattr(view, "value"):
            if isinstance(value, (str, bytes)):
                raise TypeError(f"a number expected, not {type(value).__name__}")
            view.value = value if kind in _HELD_BY_VALUE else float(value)
        else:
            self._copy(view, value)

    def _integer(self, value: Any) -> int:
        if not hasattr(value, "__index__"):
            raise TypeError(f"int expected, not {type(value).__name__}")
        number = index(value)
        bits = 8 * ctypes.sizeof(self._class)
        low = -(1 << (bits - 1)) if _native.kaa_ctype_is_signed(self._type) else 0
        high = low + (1 << bits) - 1
        if not low <= number <= high:
            raise OverflowError(f"{number} is out of range ({low} to {high})")
        return number

    def _write_pointer(self, view: Any, value: Any) -> None:
        from kaa import _convert

        target = _native.kaa_ctype_target(_native.kaa_ctype_strip(self._type))
        behind = _native.kaa_ctype_strip(target)
        if _native.kaa_ctype_kind_of(behind) == _native.FUNCTION:
            address, kept = _convert.function_pointer(
                self._library, self._type, value, _native.SCOPE_LIBRARY
            )
        else:
            writable = not _native.kaa_ctype_qualifiers(target) & _native.CONST
            address, kept = _convert.pointer_argument(
                self._library._types, self._type, value, writable
            )
        with _assigning:
            ctypes.c_void_p.from_address(self._address).value = address
            self._hold(kept)

    def _copy(self, view: Any, value: Any) -> None:
        # isinstance() believes a __class__ that lies.
        is_own = issubclass(type(value), self._class)
        if isinstance(view, ctypes.Array) and not is_own:
            if len(value) > len(view):
                raise ValueError(f"{len(value)} elements for {len(view)} places")
            fitting = self._class(*value) if not isinstance(value, bytes) else None
            if fitting is None:
                view.value = value
                return
            value = fitting
        elif not is_own:
            raise TypeError(
                f"{self._class.__name__} expected, not {type(value).__name__}"
            )
        elif ctypes.sizeof(value) < ctypes.sizeof(view):
            raise ValueError(
                f"the {type(value).__name__} has less memory of its own than"
                f" {type_text(self._type)} needs"
            )
        with _assigning:
            ctypes.memmove(self._address, ctypes.addressof(value), ctypes.sizeof(view))
            self._hold(getattr(value, "_objects", None))

    def _hold(self, kept: Any) -> None:
        """Keeps what C may reach through the variable, and no longer what it had."""
        if kept is not None:
            _held[self._address] = kept
        else:
            _held.pop(self._address, None)
