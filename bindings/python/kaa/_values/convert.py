"""Conversions between Python's values and C's: strict, total, and said in words.

`argument()` and `result()` make the converters of one C type. An argument
converter takes a Python value and gives what ctypes stores: an int, a float, an
address, a record. A result converter does the reverse. What does not fit raises
TypeError, ValueError or OverflowError with the reason alone; the caller puts in
front which function and which argument it was.

Pointers are `_pointer`'s, callables `_closure`'s.
"""

from __future__ import annotations

import ctypes
from math import isinf
from operator import index

from kaa import _late, _native
from kaa._values.basic import BASIC
from kaa._values.fault import (
    CODE_POINT,
    COUNT_ONE,
    NO_CHARACTER,
    NONE,
    NULL,
    RANGE,
    SMALL,
    TYPE,
    refusal,
    shown,
)
from kaa._values.instance import address_of, is_data, new, record_address, view
from kaa._values.pointer import (
    TEXT_READERS,
    Found,
    Held,
    fits,
    pointee_of,
    pointer_argument,
)
from kaa._values.types import TypeMap, type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

    from kaa._library import Library

    #: Converts a Python value; what must outlive the call goes into the list.
    Take = Callable[[Any, List[Any]], Any]
    #: Makes a Python value of what ctypes read.
    Give = Callable[[Any], Any]
else:
    from kaa._tuple import NamedTuple

__all__ = [
    "Value",
    "find_function_pointer",
    "function_pointer",
    "is_refusal",
    "pointer_argument",
    "prefixed",
    "symbol_address",
    "value_of",
    "variadic_instance",
]

_INTEGERS = frozenset(range(_native.SCHAR, _native.UINT128 + 1))
_WIDE_CHARACTERS = (_native.WCHAR, _native.CHAR16, _native.CHAR32)
_FLOATS = (_native.FLOAT, _native.DOUBLE, _native.LDOUBLE)
_COMPLEXES = (_native.CFLOAT, _native.CDOUBLE, _native.CLDOUBLE)
_BY_SIZE: Dict[Any, Any] = {
    (1, True): ctypes.c_int8,
    (2, True): ctypes.c_int16,
    (4, True): ctypes.c_int32,
    (8, True): ctypes.c_int64,
    (1, False): ctypes.c_uint8,
    (2, False): ctypes.c_uint16,
    (4, False): ctypes.c_uint32,
    (8, False): ctypes.c_uint64,
}
_LARGEST_FLOAT = float.fromhex("0x1.fffffep127")
_REFUSALS = (TypeError, ValueError, OverflowError)


class Value(NamedTuple):
    """How values of one C type travel.

    `storage` is the ctypes class that holds one: a simple class whose `value` is
    what `take` gives and `give` takes, or, where `whole` is set, a class whose
    instances themselves are. `plain` says that ctypes can pass it to C as it is.
    """

    ctype: int
    kind: int
    storage: Any
    take: Take
    give: Give
    whole: bool
    plain: bool

    def load(self, address: int) -> Any:
        """The Python value of what stands at an address."""
        if self.storage is None:
            return None
        cell = self.storage.from_address(address)
        return self.give(cell if self.whole else cell.value)

    def store(self, address: int, value: Any, kept: List[Any]) -> None:
        """Converts a Python value and writes it to an address."""
        if self.storage is None:
            return
        taken = self.take(value, kept)
        if self.whole:
            size = ctypes.sizeof(self.storage)
            ctypes.memmove(address, ctypes.addressof(taken), size)
        else:
            self.storage.from_address(address).value = taken


def is_refusal(error: Exception) -> bool:
    """Whether it gives a reason alone, so that it has to be said where."""
    return type(error) in _REFUSALS


def prefixed(prefix: str, error: Exception) -> Exception:
    """The same refusal, saying where. To be raised as it is: a frame that keeps
    it in a variable is garbage that only a collection finds."""
    return type(error)(prefix + str(error))


def _named(value: Any) -> str:
    return type(value).__name__


# Arguments. ------------------------------------------------------------------


def _integer(ctype: int, kind: int, size: int, signed: bool) -> Take:
    low = -(1 << (size * 8 - 1)) if signed else 0
    high = 1 if kind == _native.BOOL else low + (1 << (size * 8)) - 1

    def take(value: Any, kept: List[Any]) -> int:
        if type(value) is not int:
            if not hasattr(type(value), "__index__"):
                raise refusal(TYPE, ctype, given=_named(value))
            value = int(index(value))
        if low <= value <= high:
            return value  # type: ignore[no-any-return]
        raise refusal(RANGE, ctype, value=shown(value))

    return take


def _byte(ctype: int) -> Take:
    def take(value: Any, kept: List[Any]) -> int:
        if not isinstance(value, (bytes, bytearray)):
            raise refusal(TYPE, ctype, given=_named(value))
        if len(value) != 1:
            raise refusal(COUNT_ONE, ctype, number=len(value))
        return value[0]

    return take


def _wide(ctype: int) -> Take:
    high = 0xFFFF if _native.kaa_ctype_size(ctype) == 2 else 0x10FFFF

    def take(value: Any, kept: List[Any]) -> int:
        if not isinstance(value, str):
            raise refusal(TYPE, ctype, given=_named(value))
        if len(value) != 1:
            raise refusal(COUNT_ONE, ctype, number=len(value))
        code = ord(value)
        if code > high:
            raise refusal(CODE_POINT, ctype, number=code)
        return code

    return take


def _real(value: Any, ctype: int) -> float:
    """A Python float of anything that is a real number."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if isinstance(value, float):
        return float.__float__(value)  # as C reads it, whatever its class says
    if not isinstance(value, int):
        is_number = hasattr(kind, "__float__") or hasattr(kind, "__index__")
        if not is_number or isinstance(value, complex):
            raise refusal(TYPE, ctype, given=_named(value))
    try:
        return float(value)
    except OverflowError:
        text = str(value)
        if isinstance(value, int) or hasattr(kind, "__index__"):
            text = shown(index(value))
        raise refusal(RANGE, ctype, value=text) from None


def _narrow(number: float, ctype: int) -> float:
    """Refuses a finite number that rounds to infinity as a C float."""
    if abs(number) > _LARGEST_FLOAT and not isinf(number):
        if isinf(ctypes.c_float(number).value):
            raise refusal(RANGE, ctype, value=repr(number))
    return number


def _floating(ctype: int, kind: int) -> Take:
    if kind == _native.FLOAT:
        return lambda value, kept: _narrow(_real(value, ctype), ctype)

    def take(value: Any, kept: List[Any]) -> float:
        return value if type(value) is float else _real(value, ctype)

    return take


def _complex(ctype: int, kind: int) -> Take:
    def take(value: Any, kept: List[Any]) -> complex:
        made = type(value)
        if isinstance(value, complex) or hasattr(made, "__complex__"):
            number = complex(value)
        elif hasattr(made, "__float__") or hasattr(made, "__index__"):
            number = complex(_real(value, ctype))
        else:
            raise refusal(TYPE, ctype, given=_named(value))
        if kind == _native.CFLOAT:
            _narrow(number.real, ctype)
            _narrow(number.imag, ctype)
        return number

    return take


def _record(types: TypeMap, ctype: int) -> Take:
    own = types.ctypes_class(ctype)
    size = _native.kaa_ctype_size(ctype)
    behind = _native.kaa_ctype_strip(ctype)

    def take(value: Any, kept: List[Any]) -> Any:
        kind = type(value)  # isinstance() believes a __class__ that lies
        if is_data(value):
            kept.append(value)
            return own.from_address(record_address(types, behind, value))
        if issubclass(kind, own) or fits(types, ctype, kind):
            if ctypes.sizeof(value) >= size:
                return value
            raise refusal(SMALL, ctype, given=_named(value))
        raise refusal(TYPE, ctype, given=_named(value))

    return take


# Results. --------------------------------------------------------------------


def _give_record(types: TypeMap, ctype: int) -> Give:
    """A copy with memory of its own."""
    behind = _native.kaa_ctype_strip(ctype)
    size = _native.kaa_ctype_size(ctype)

    def give(cell: Any) -> Any:
        copy = new(types.data_class(behind))
        ctypes.memmove(address_of(copy), ctypes.addressof(cell), size)
        return copy

    return give


def as_it_is(value: Any) -> Any:
    """What ctypes read is the value."""
    return value


def _give_byte(value: int) -> bytes:
    return bytes((value & 0xFF,))


def _give_wide(value: int) -> str:
    if not 0 <= value <= 0x10FFFF:
        raise refusal(NO_CHARACTER, number=value)
    return chr(value)


def _give_enum(types: TypeMap, ctype: int) -> Give:
    enum_class = types.enum_class(ctype)
    if enum_class is None:
        return as_it_is
    members: Dict[int, Any] = {int(one): one for one in enum_class}
    return lambda value: members.get(value, value)


def _give_pointer(types: TypeMap, ctype: int, nullable: bool) -> Give:
    """Results that are pointers: text, an address, a pointer, a function."""
    target = _native.kaa_ctype_target(_native.kaa_ctype_strip(ctype))
    behind = _native.kaa_ctype_strip(target)
    kind = _native.kaa_ctype_kind_of(behind)
    if kind == _native.VOID:
        return lambda address: address or None
    if _native.kaa_ctype_qualifiers(target) & _native.CONST:
        reader = TEXT_READERS.get(kind)
        if reader is not None:
            read: Callable[[int], str] = reader
            return lambda address: read(address) if address else None
    if kind == _native.FUNCTION:
        function_at = _late.found.function_at
        return lambda address: function_at(types, ctype, address)
    pointer = _native.kaa_ctype_strip(ctype)

    def give(address: Optional[int]) -> Any:
        if not address and nullable:
            return None
        return view(types.data_class(pointer), address or 0, None, -1)

    return give


def value_of(
    types: TypeMap,
    ctype: int,
    *,
    library: Optional[Library] = None,
    scope: int = _native.SCOPE_LIBRARY,
    nullable: bool = False,
    nonnull: bool = False,
    place: Optional[int] = None,
) -> Value:
    """How values of a type travel. `library` is needed for callables to be taken,
    `scope` is how long C may keep them, `place` which parameter it is."""
    behind = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(behind)
    if kind == _native.VOID:
        return Value(ctype, kind, None, _nothing, as_it_is, False, True)
    if kind == _native.POINTER_:
        take = _pointer_taker(types, ctype, library, scope, nonnull, place)
        give = _give_pointer(types, ctype, nullable)
        return Value(ctype, kind, ctypes.c_void_p, take, give, False, True)
    size = _native.kaa_ctype_size(behind)
    if kind in (_native.STRUCT, _native.UNION):
        own = types.ctypes_class(ctype)
        give = _give_record(types, ctype)
        return Value(ctype, kind, own, _record(types, ctype), give, True, False)
    if kind in _COMPLEXES:
        take = _complex(ctype, kind)
        return Value(ctype, kind, BASIC[kind], take, as_it_is, False, False)
    if kind in _FLOATS:
        take = _floating(ctype, kind)
        plain = kind != _native.LDOUBLE
        return Value(ctype, kind, BASIC[kind], take, as_it_is, False, plain)
    if kind in (_native.INT128, _native.UINT128):
        take = _integer(ctype, kind, size, kind == _native.INT128)
        return Value(ctype, kind, BASIC[kind], take, as_it_is, False, False)
    signed = bool(_native.kaa_ctype_is_signed(behind))
    # Not get(), which locks the dict on a CPython 3.13 without a GIL: a child of a
    # fork would find that lock held for ever.
    sized = size, signed
    storage = _BY_SIZE[sized] if sized in _BY_SIZE else None
    if storage is None or not (
        kind in _INTEGERS
        or kind in (_native.BOOL, _native.CHAR, _native.ENUM)
        or kind in _WIDE_CHARACTERS
    ):
        raise _late.error.UnsupportedError(
            f"no Python value can be {type_text(ctype)}"
        )
    give = as_it_is
    if kind == _native.CHAR:
        take, give = _byte(ctype), _give_byte
    elif kind in _WIDE_CHARACTERS:
        take, give = _wide(ctype), _give_wide
    else:
        take = _integer(ctype, kind, size, signed)
        if kind == _native.ENUM:
            give = _give_enum(types, ctype)
        elif kind == _native.BOOL:
            give = bool
    return Value(ctype, kind, storage, take, give, False, True)


def _nothing(value: Any, kept: List[Any]) -> None:
    return None


def _pointer_taker(
    types: TypeMap,
    ctype: int,
    library: Optional[Library],
    scope: int,
    nonnull: bool,
    place: Optional[int],
) -> Take:
    pointer = _native.kaa_ctype_strip(ctype)
    target = _native.kaa_ctype_target(pointer)
    behind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
    writable = not _native.kaa_ctype_qualifiers(target) & _native.CONST
    least = _native.kaa_ctype_size(target)

    def take(value: Any, kept: List[Any]) -> int:
        if behind == _native.FUNCTION and library is not None:
            found = find_function_pointer(library, ctype, value, scope)
        else:
            found = pointee_of(types, ctype).find(value, writable)
        held = Held(place or 0, found, least, ctype)
        address = held.read()
        if nonnull and not address:
            raise refusal(NONE if value is None else NULL)
        if place is not None:
            kept.append(held)
        elif found.keep is not None:
            kept.append(found.keep)
        return address

    return take


def find_function_pointer(
    library: Library, ctype: int, value: Any, scope: int
) -> Found:
    """A C function for a callable, and what keeps it valid."""
    return _late.closure.function_pointer(library, ctype, value, scope)


def function_pointer(
    library: Library, ctype: int, value: Any, scope: int
) -> Tuple[int, Any]:
    """The address of a C function for a callable, as it is now."""
    found = find_function_pointer(library, ctype, value, scope)
    return Held(0, found, 0, ctype).read(), found.keep


def variadic_instance(types: TypeMap, value: Any) -> Tuple[int, int, int, Any]:
    """How a value is passed as a variable argument: the promoted type, where the
    value's address comes from, the address, and what owns that."""
    kept: List[Any] = []
    promoted = _late.invoke.Promoted.of(value, kept)
    found = promoted.found
    if found is not None:
        return promoted.ctype, found.source, found.address, found.keep
    cell = promoted.storage(promoted.value)
    return promoted.ctype, 0, ctypes.addressof(cell), (cell, kept)


def symbol_address(library: Library, name: str) -> int:
    """The address of a function by its name: one that is declared, else a
    symbol of the library, else of the program."""
    return _late.free.find_function(library, name)
