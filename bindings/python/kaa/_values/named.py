"""Typedefs of numbers and of functions: classes that convert, and have no instances.

Values of these C types are Python's own (an int, a float, a str, a function), so
there is nothing to be an instance of. Calling the class converts a value as a
parameter of the type does, and gives what a result of the type is.
"""

from __future__ import annotations

import copyreg
import ctypes

from kaa import _late, _native
from kaa._values.seal import Seal, close, content

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, NamedTuple, Optional, Tuple
    import inspect

    from kaa._library import Library
    from kaa._values.types import TypeMap
else:
    from kaa._tuple import NamedTuple

_KEY = object()


class Meaning(NamedTuple):
    """What a class stands for."""

    library: Library
    types: TypeMap
    ctype: int
    #: The library's attribute.
    name: str


class Named(type):
    """The type of these classes."""

    def __new__(
        cls, name: str, bases: Tuple[Any, ...], names: Any, key: object = None
    ) -> Any:
        if key is not _KEY:
            raise TypeError("a class of a C type comes from a library, and is final")
        return super().__new__(cls, name, bases, names)

    def __init__(
        cls, name: str, bases: Tuple[Any, ...], names: Any, key: object = None
    ) -> None:
        super().__init__(name, bases, names)

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError(f"cannot set {name!r} attribute of immutable type {cls.__name__!r}")

    def __delattr__(cls, name: str) -> None:
        raise TypeError(
            f"cannot delete {name!r} attribute of immutable type {cls.__name__!r}"
        )

    def __call__(cls, /, *values: Any) -> Any:
        meaning = meaning_of(cls)
        if meaning is None:
            raise TypeError(f"kaa.{cls.__name__} is the base of a library's classes")
        if len(values) > 1:
            raise TypeError(f"{cls.__name__}() takes one value, {len(values)} given")
        try:
            if issubclass(cls, FunctionPointer):
                return _function(meaning, *values)
            return _number(meaning, *values)
        except Exception as error:
            if not _late.convert.is_refusal(error):
                raise
            raise _late.convert.prefixed(f"{cls.__name__}(): ", error) from None

    @property
    def __signature__(cls) -> inspect.Signature:
        from inspect import Parameter, Signature

        default: Any = None
        back: Any = Signature.empty
        meaning = meaning_of(cls)
        if meaning is not None and not issubclass(cls, FunctionPointer):
            back = _late.function.annotation(meaning.library, meaning.ctype, True)
            default = back() if isinstance(back, type) else None
        value = Parameter("value", Parameter.POSITIONAL_ONLY, default=default)
        return Signature([value], return_annotation=back)

    def __instancecheck__(cls, value: Any) -> bool:
        meaning = meaning_of(cls)
        if meaning is None or value is None:
            return False
        try:
            if issubclass(cls, FunctionPointer):
                _late.closure.function_address(meaning.types, _pointer(meaning), value)
            else:
                _value(meaning).take(value, [])
        except _late.error.UnsupportedError:
            return False  # no value at all can be
        except Exception as error:
            if not _late.convert.is_refusal(error):
                raise
            return False
        return True

    def __repr__(cls) -> str:
        meaning = meaning_of(cls)
        if meaning is None:
            return super().__repr__()
        return f"<class '{cls.__module__}.{cls.__name__}': {cls.__doc__}>"


class Number(metaclass=Named, key=_KEY):
    """The base of a library's typedefs of arithmetic types.

    z.uLong(5) converts as a parameter of the type does, and gives a Python int
    (float, complex, bool, bytes, str); isinstance(x, z.uLong) says whether x could
    be given. kaa.new(z.uLong, 5) makes memory for one.
    """

    __slots__ = ()


class FunctionPointer(metaclass=Named, key=_KEY):
    """The base of a library's typedefs of functions and of pointers to them.

    z.compare(f) gives the C function that C calls f by, as a function of kaa's; f
    lives as long as the library. isinstance(g, z.compare) says whether g is a C
    function of that type.
    """

    __slots__ = ()


def meaning_of(kind: Any) -> Optional[Meaning]:
    """What a class made here stands for; None of any other."""
    found: Optional[Meaning] = content(kind, "__ctype__")
    return found


def new_class(library: Library, ctype: int) -> Any:
    """The class of a typedef, or of an enum without names; None for void."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.VOID:
        return None
    is_function = kind in (_native.FUNCTION, _native.POINTER_)
    name = _native.text_or_none(_native.kaa_ctype_name(ctype)) or "anonymous"
    names = {
        "__slots__": (),
        "__module__": library._types.module,
        "__doc__": _said(ctype, name),
        "__ctype__": Seal(),
    }
    base = FunctionPointer if is_function else Number
    made = Named(name, (base,), names, key=_KEY)
    close(names["__ctype__"], made, Meaning(library, library._types, ctype, name))  # type: ignore[arg-type]
    return made


def _said(ctype: int, name: str) -> str:
    if _native.kaa_ctype_kind_of(ctype) != _native.TYPEDEF:
        return _native.printed(_native.kaa_ctype_print, ctype, None)
    behind = _native.kaa_ctype_target(ctype)
    text = _native.printed(_native.kaa_ctype_print, behind, name.encode())
    return f"typedef {text}"


def _value(meaning: Meaning) -> Any:
    return _late.convert.value_of(meaning.types, meaning.ctype)


def _number(meaning: Meaning, *values: Any) -> Any:
    converts = _value(meaning)
    cell = converts.storage()
    at = ctypes.addressof(cell)
    for value in values:
        converts.store(at, value, [])
    return converts.load(at)


def _pointer(meaning: Meaning) -> int:
    """The type of pointers to the function."""
    core: int = _native.kaa_ctype_strip(meaning.ctype)
    if _native.kaa_ctype_kind_of(core) == _native.POINTER_:
        return core
    with meaning.types._lock:
        return int(meaning.types.derived().pointer(core))


def _function(meaning: Meaning, value: Any = None) -> Any:
    pointer = _pointer(meaning)
    address, _ = _late.convert.function_pointer(
        meaning.library, pointer, value, _native.SCOPE_LIBRARY
    )
    return _late.found.function_at(meaning.types, pointer, address)


def _reduce(kind: Any) -> Any:
    meaning = meaning_of(kind)
    if meaning is None:
        return kind.__name__
    return getattr, (meaning.library, meaning.name)


copyreg.pickle(Named, _reduce)
