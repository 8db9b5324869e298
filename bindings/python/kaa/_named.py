"""C types that have a name and no class: numbers' and function pointers'.

    >>> lib = kaa.load(None, "typedef unsigned size; typedef int (*compare)(int, int);")
    >>> lib.size(5), kaa.sizeof(lib.size)
    (5, 4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Tuple

from kaa import _native
from kaa._instance import Element, address_of
from kaa._types import type_text

if TYPE_CHECKING:
    from kaa._library import Library

_NUMBERS = frozenset(range(_native.BOOL, _native.CLDOUBLE + 1)).difference(
    (_native.FLOAT16, _native.FLOAT128, _native.VALIST)
)
_MISSING: Any = object()


def has_name_alone(ctype: int) -> bool:
    """Whether a type is a number's, or a function pointer's."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.POINTER_:
        return is_function_pointer(core)
    return kind in _NUMBERS or kind == _native.ENUM


def is_function_pointer(core: int) -> bool:
    """Whether a pointer type's target is a function."""
    target = _native.kaa_ctype_strip(_native.kaa_ctype_target(core))
    return bool(_native.kaa_ctype_kind_of(target) == _native.FUNCTION)


class NamedType:
    """A C type by its typedef. A call converts a value as C would get it: a number
    that does not fit is refused; a callable becomes a C function, which lives as
    long as the library. For kaa.new(), kaa.sizeof() and the like it is the type."""

    __slots__ = ("_library", "_ctype", "__name__")

    def __new__(cls, *args: Any, **keywords: Any) -> Any:
        raise TypeError("a C type comes from a library, it cannot be made")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a C type is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a C type is immutable: {name} cannot be deleted")

    def __call__(self, value: Any = _MISSING) -> Any:
        element = Element(self._library._types, self._ctype, _native.SCOPE_LIBRARY)
        cell = self._library._types.array_class(self._ctype, 1)()
        if value is not _MISSING:
            try:
                element.store(cell, address_of(cell), value)
            except Exception as error:
                if type(error) not in (TypeError, ValueError, OverflowError):
                    raise
                raise type(error)(f"{self.__name__}: {error}") from None
        return element.load(cell, address_of(cell))

    def __repr__(self) -> str:
        core = _native.kaa_ctype_strip(self._ctype)
        return f"<C type {self.__name__}: {type_text(core)}>"

    def __copy__(self) -> NamedType:
        return self

    def __deepcopy__(self, memo: Any) -> NamedType:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        return getattr, (self._library, self.__name__)


_set_library = NamedType.__dict__["_library"].__set__
_set_ctype = NamedType.__dict__["_ctype"].__set__
_set_name = NamedType.__dict__["__name__"].__set__


def named_type(library: Library, name: str, ctype: int) -> NamedType:
    """What a library has for such a typedef."""
    made: NamedType = object.__new__(NamedType)
    _set_library(made, library)
    _set_ctype(made, ctype)
    _set_name(made, name)
    return made


def type_of(kind: Any) -> Optional[Tuple[int, Any]]:
    """The type that a NamedType is of, and the map of its library; None for others."""
    if type(kind) is not NamedType:
        return None
    return kind._ctype, kind._library._types
