"""Structs and unions as ctypes classes whose layout is always the C compiler's.

Where ctypes would lay a record out as C does, the class has its members as
plain ctypes fields. Where it would not (bit-fields, packed or over-aligned
members), the members are placed by hand: fields at given offsets with padding
between them, packed so that ctypes moves nothing, and bit-fields read and
written by descriptors. Either way every offset and the size are compared with
libkaa's before the class is used.

Classes are made in two steps, since records point at each other: `shell` gives
the class, `finish` its fields. A pointer needs only the shell; a member by value
needs the fields, which C allows no cycle of.
"""

from __future__ import annotations

import ctypes
import sys
from operator import index

from kaa import _late, _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

    from kaa._values.types import TypeMap
else:
    from kaa._tuple import NamedTuple

# Names that would break the class if a field had them.
_RESERVED = frozenset(
    ("_fields_", "_anonymous_", "_pack_", "_align_", "_layout_", "_objects")
    + ("_b_base_", "_b_needsfree_", "_swappedbytes_", "_names_")
    + ("_as_parameter_",)
    + tuple(dir(ctypes.Structure))
)


def _is_reserved(name: str) -> bool:
    # Python gives a meaning to any name of the second form.
    return name in _RESERVED or (name.startswith("__") and name.endswith("__"))


_POINTERS: Any = (ctypes._Pointer, getattr(ctypes, "_CFuncPtr"))


def _show(value: Any, left: List[int]) -> str:
    if isinstance(value, _Record) and type(value).__repr__ is _Record.__repr__:
        return _show_record(value, left)
    if isinstance(value, ctypes.Array):
        if value._type_ in (ctypes.c_char, ctypes.c_wchar):
            return repr(value.value)
        shown = ", ".join(_show(one, left) for one in value[:8])
        return f"[{shown}, ...]" if len(value) > 8 else f"[{shown}]"
    if isinstance(value, _POINTERS):
        address = ctypes.c_void_p.from_address(ctypes.addressof(value)).value
        return f"<{address:#x}>" if address else "NULL"
    return repr(value)


def _show_record(record: Any, left: List[int]) -> str:
    shown = []
    for name in record._names_:
        if left[0] <= 0:
            shown.append("...")
            break
        left[0] -= 1
        try:
            shown.append(f"{name}={_show(getattr(record, name), left)}")
        except (ValueError, UnicodeError) as error:
            shown.append(f"{name}=<{error}>")
    return f"{type(record).__name__}({', '.join(shown)})"


class _Record:
    """What struct and union classes share."""

    __slots__ = ()
    # The members' names in order, those of anonymous members included.
    _names_: Tuple[str, ...] = ()

    def __repr__(self) -> str:
        return _show_record(self, [_late.record.SHOWN_MAX])


class StructRecord(_Record, ctypes.Structure):
    """A C struct."""

    __slots__ = ()


class UnionRecord(_Record, ctypes.Union):
    """A C union."""

    __slots__ = ()


def _placed_init(self: Any, /, *args: Any, **keywords: Any) -> None:
    """Members in the order of the declaration, or by name.

    A class placed by hand has padding among its fields, so ctypes' own count of
    positional arguments would be wrong.
    """
    names = type(self)._names_
    if len(args) > len(names):
        raise TypeError(
            f"{type(self).__name__} has {len(names)} members, not {len(args)}"
        )
    for name, value in zip(names, args):
        if name in keywords:
            raise TypeError(f"{type(self).__name__}() member {name} is given twice")
        setattr(self, name, value)
    for name, value in keywords.items():
        if name not in names:
            raise TypeError(f"{type(self).__name__} has no member {name!r}")
        setattr(self, name, value)


def _refuse(cls: Any, /, *args: object, **keywords: object) -> Any:
    skipped = _late.origins.skipped
    kind = "union" if issubclass(cls, ctypes.Union) else "struct"
    reason = skipped(cls)
    raise TypeError(
        f"{kind} {cls.__name__} is incomplete: it has no instances, only pointers"
        + (f" (its definition was skipped: {reason})" if reason else "")
    )


# What classes of incomplete records have: C alone knows how large one is.
_INCOMPLETE = {
    "__new__": _refuse,
    "from_buffer": classmethod(_refuse),
    "from_buffer_copy": classmethod(_refuse),
}

# What the interpreter's allocators give: C may count on more.
_ALLOCATED_ALIGN = 16

# Since CPython 3.14 ctypes imports what lays out its classes. (Asked for here: at
# the very end even `sys` is empty.)
_LAID_OUT_BY_AN_IMPORT = sys.version_info >= (3, 14)


def _aligned_new(size: int, align: int) -> Any:
    """A __new__ that places instances at multiples of `align`."""

    def __new__(cls: Any, /, *args: Any, **keywords: Any) -> Any:
        storage = bytearray(size + align)
        start = ctypes.addressof(ctypes.c_char.from_buffer(storage))
        return cls.from_buffer(storage, -start % align)

    return __new__


class _Field:
    """A descriptor of a record class. It cannot be changed, and takes instances of
    that class alone, as large as these are: it reads and writes C's memory."""

    __slots__ = ("offset", "size", "_owner")

    offset: int
    size: int
    _owner: Any

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of a record's member cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} of a record's member cannot be deleted")

    def _check(self, record: Any) -> None:
        owner = self._owner
        if not issubclass(type(record), owner):
            raise TypeError(
                f"a {owner.__name__} is expected, not a {type(record).__name__}"
            )
        if ctypes.sizeof(record) < ctypes.sizeof(owner):
            raise TypeError(f"this is smaller than a {owner.__name__}")


#: Bit-fields fill bytes from the lowest bit on, or from the highest.
_LITTLE = sys.byteorder == "little"


class BitField(_Field):
    """A bit-field that ctypes is not trusted with."""

    __slots__ = ("_shift", "_width", "_signed", "_bool", "_count")

    _shift: int
    _width: int
    _signed: bool
    _bool: bool
    _count: int

    def __init__(
        self, owner: Any, position: int, width: int, signed: bool, is_bool: bool
    ) -> None:
        self._set(
            _owner=owner,
            offset=position // 8,
            # ctypes packs a bit-field's width and position so.
            size=width << 16 | position,
            _shift=position % 8 if _LITTLE else -(position + width) % 8,
            _width=width,
            _signed=signed,
            _bool=is_bool,
            _count=(position % 8 + width + 7) // 8,
        )

    def _bytes(self, record: Any) -> Any:
        self._check(record)
        address = ctypes.addressof(record) + self.offset
        return (ctypes.c_ubyte * self._count).from_address(address)

    def __get__(self, record: Any, owner: Any = None) -> Any:
        if record is None:
            return self
        whole = int.from_bytes(bytes(self._bytes(record)), sys.byteorder)
        value = whole >> self._shift & ((1 << self._width) - 1)
        if self._bool:
            return bool(value)
        if self._signed and value >> (self._width - 1):
            value -= 1 << self._width
        return value

    def __set__(self, record: Any, value: Any) -> None:
        number = index(value)
        low = -(1 << (self._width - 1)) if self._signed else 0
        if not low <= number < low + (1 << self._width):
            raise OverflowError(
                f"{number} is out of range for a bit-field of {self._width} bits"
                f" ({low} to {low + (1 << self._width) - 1})"
            )
        memory = self._bytes(record)
        mask = ((1 << self._width) - 1) << self._shift
        whole = int.from_bytes(bytes(memory), sys.byteorder) & ~mask
        whole |= number << self._shift & mask
        memory[:] = whole.to_bytes(self._count, sys.byteorder)

    def __repr__(self) -> str:
        position = self.size & 0xFFFF
        return f"<bit-field of {self._width} bits at bit {position}>"


class _Promoted(_Field):
    """A member of an anonymous member, seen as the outer record's."""

    __slots__ = ("_outer", "_name")

    _outer: Any
    _name: str

    def __init__(self, owner: Any, outer: Any, inner: Any, name: str) -> None:
        self._set(
            _owner=owner,
            _outer=outer,
            _name=name,
            offset=outer.offset + inner.offset,
            size=inner.size,
        )

    def __get__(self, record: Any, owner: Any = None) -> Any:
        if record is None:
            return self
        self._check(record)
        return getattr(self._outer.__get__(record, owner), self._name)

    def __set__(self, record: Any, value: Any) -> None:
        self._check(record)
        setattr(self._outer.__get__(record, type(record)), self._name, value)


class _Converted(_Field):
    """A field that ctypes shows as an instance, read and written by its value;
    or an enum's, read as a member of the enum where it is one."""

    __slots__ = ("_field", "_enum")

    _field: Any
    _enum: Any

    def __init__(self, owner: Any, field: Any, enum_class: Any = None) -> None:
        self._set(
            _owner=owner,
            _field=field,
            _enum=enum_class,
            offset=field.offset,
            size=field.size,
        )

    def __get__(self, record: Any, owner: Any = None) -> Any:
        if record is None:
            return self
        self._check(record)
        value = self._field.__get__(record, owner)
        if self._enum is None:
            return value.value
        try:
            return self._enum(value)
        except ValueError:
            return value

    def __set__(self, record: Any, value: Any) -> None:
        self._check(record)
        if self._enum is not None:
            self._field.__set__(record, index(value))
        elif isinstance(value, type(self._field.__get__(record, type(record)))):
            self._field.__set__(record, value)
        else:
            self._field.__get__(record, type(record)).value = value


class _Piece(NamedTuple):
    """A member on its way into a class."""

    name: str
    type: int
    offset: int
    bit_position: int
    bit_width: Optional[int]
    anonymous: bool


class RecordMaker:
    """Makes the record classes of one TypeMap. Works under the map's lock."""

    __slots__ = (
        "unnamed",
        "_types",
        "_waiting",
        "_done",
        "_native_layout",
        "_align",
    )

    def __init__(self, types: TypeMap) -> None:
        # Records without a tag that no typedef has named yet.
        self.unnamed: Set[int] = set()
        self._types = types
        self._waiting: List[int] = []
        self._done: Set[int] = set()
        self._native_layout: Dict[int, bool] = {}
        # What ctypes takes a finished record's alignment for.
        self._align: Dict[int, int] = {}

    def shell(self, address: int, kind: int, hint: Optional[str]) -> Any:
        """The class of a record, whose fields come with finish()."""
        name = _native.text_or_none(_native.kaa_ctype_name(address)) or hint
        base: Any = StructRecord if kind == _native.STRUCT else UnionRecord
        body: Dict[str, object] = {
            "__module__": self._types.module,
            "__doc__": None,
        }
        if not _native.kaa_ctype_is_complete(address):
            body.update(_INCOMPLETE)
        made = type(base)(name or "anonymous", (base,), body)
        if name is None:
            self.unnamed.add(address)
        self._types.add(address, made)
        self._waiting.append(address)
        return made

    def name(self, address: int, made: Any, name: str) -> None:
        """Names a record's class after a typedef that came later."""
        made.__name__ = made.__qualname__ = name
        self.unnamed.discard(address)

    def finish(self) -> None:
        """Gives every waiting class its fields."""
        while self._waiting:
            self._complete(self._waiting.pop())

    def is_native(self, address: int) -> bool:
        """Whether a finished record has ctypes' own layout."""
        return self._native_layout.get(address, True)

    def complete_within(self, address: int) -> None:
        """Gives the record that a type holds by value its fields."""
        stripped = _native.kaa_ctype_strip(address)
        kind = _native.kaa_ctype_kind_of(stripped)
        if kind == _native.ARRAY:
            self.complete_within(_native.kaa_ctype_target(stripped))
        elif kind in (_native.STRUCT, _native.UNION):
            self._complete(stripped)

    def _complete(self, address: int) -> None:
        if address in self._done or not _native.kaa_ctype_is_complete(address):
            return
        self._done.add(address)
        self._define(address)

    def _pieces(self, address: int) -> List[_Piece]:
        count = _native.kaa_ctype_count(address)
        native = _native.kaa_ctype_members(address)
        pieces = []
        for i in range(count):
            one = native[i]
            width = None if one.bit_width == _native.NOT_A_BIT_FIELD else one.bit_width
            name = _native.text_or_none(one.name)
            if name is None and width is not None:
                continue
            anonymous = name is None
            if name is None:
                name = f"_anonymous_{i}"
            elif _is_reserved(name):
                name += "_"
            pieces.append(
                _Piece(name, one.type, one.offset, one.bit_position, width, anonymous)
            )
        return pieces

    def _alignment(self, address: int, made: Any) -> int:
        """The alignment that ctypes gives a field of this type."""
        while True:
            address = _native.kaa_ctype_strip(address)
            kind = _native.kaa_ctype_kind_of(address)
            if kind in (_native.STRUCT, _native.UNION):
                return self._align.get(address, 1)
            if kind != _native.ARRAY:
                return ctypes.alignment(made)
            address = _native.kaa_ctype_target(address)
            made = made._type_

    def _define(self, address: int) -> None:
        made = self._types.make(address)
        pieces = self._pieces(address)
        classes: List[Any] = []
        inner_native = True
        for piece in pieces:
            self.complete_within(piece.type)
            classes.append(self._types.make(piece.type))
            inner_native = inner_native and self._holds_native(piece.type)
        size = _native.kaa_ctype_size(address)
        is_union = _native.kaa_ctype_kind_of(address) == _native.UNION
        plain, align = self._is_plain(pieces, classes, size, is_union)
        if _LAID_OUT_BY_AN_IMPORT and getattr(sys, "meta_path", None) is None:
            raise RuntimeError(
                f"{made.__name__} is first used when the interpreter has ended but for"
                " the last finalisers: use it, or a function that passes it, before"
            )
        if plain:
            made._fields_ = [(one.name, kind) for one, kind in zip(pieces, classes)]
        else:
            align = 1
            made._pack_ = 1
            made._layout_ = "ms"
            if is_union:
                made._fields_ = _placed_union(pieces, classes, size)
            else:
                made._fields_ = _placed_struct(pieces, classes, size)
            made.__init__ = _placed_init
        self._align[address] = align
        true_align = _native.kaa_ctype_align(address)
        self._native_layout[address] = plain and inner_native and align == true_align
        if true_align > _ALLOCATED_ALIGN:
            made.__new__ = _aligned_new(size, true_align)
        made.__doc__ = _native.printed(_native.kaa_ctype_print_definition, address)
        names = self._dress(made, pieces, classes)
        if any(one.anonymous for one in pieces):
            made.__init__ = _placed_init
        made._names_ = tuple(names)
        _verify(made, pieces, size)

    def _holds_native(self, address: int) -> bool:
        stripped = _native.kaa_ctype_strip(address)
        while _native.kaa_ctype_kind_of(stripped) == _native.ARRAY:
            stripped = _native.kaa_ctype_strip(_native.kaa_ctype_target(stripped))
        return self._native_layout.get(stripped, True)

    def _is_plain(
        self, pieces: List[_Piece], classes: List[Any], size: int, is_union: bool
    ) -> Tuple[bool, int]:
        """Whether ctypes' simple rule gives C's layout; and its alignment."""
        place, largest, alignment = 0, 0, 1
        for piece, kind in zip(pieces, classes):
            if piece.bit_width is not None:
                return False, 1
            align = self._alignment(piece.type, kind)
            alignment = max(alignment, align)
            if not is_union:
                place = (place + align - 1) // align * align
            if place != piece.offset:
                return False, 1
            largest = max(largest, place + ctypes.sizeof(kind))
            if not is_union:
                place = largest
        whole = (largest + alignment - 1) // alignment * alignment
        return whole == size, alignment

    def _dress(self, made: Any, pieces: List[_Piece], classes: List[Any]) -> List[str]:
        """Puts the descriptors in place; gives the names in order."""
        names: List[str] = []
        for piece, kind in zip(pieces, classes):
            stripped = _native.kaa_ctype_strip(piece.type)
            if piece.anonymous:
                outer = made.__dict__[piece.name]
                for name in getattr(kind, "_names_", ()):
                    setattr(made, name, _Promoted(made, outer, getattr(kind, name), name))
                    names.append(name)
                continue
            names.append(piece.name)
            if piece.bit_width is not None:
                is_bool = _native.kaa_ctype_kind_of(stripped) == _native.BOOL
                signed = bool(_native.kaa_ctype_is_signed(stripped))
                field = BitField(
                    made, piece.bit_position, piece.bit_width, signed, is_bool
                )
                setattr(made, piece.name, field)
                continue
            self._convert(made, piece, stripped)
        return names

    def _convert(self, made: Any, piece: _Piece, stripped: int) -> None:
        kind = _native.kaa_ctype_kind_of(stripped)
        if kind in _BY_VALUE:
            setattr(made, piece.name, _Converted(made, made.__dict__[piece.name]))
        elif kind == _native.ENUM:
            enum_class = self._types.enum_class(piece.type)
            if enum_class is not None:
                field = _Converted(made, made.__dict__[piece.name], enum_class)
                setattr(made, piece.name, field)


_BY_VALUE = frozenset(
    (_native.INT128, _native.UINT128, _native.CHAR16, _native.CHAR32)
    + (_native.CFLOAT, _native.CDOUBLE, _native.CLDOUBLE)
)


def _padding(start: int, end: int) -> List[Tuple[str, Any]]:
    if start == end:
        return []
    return [(f"_padding_{start}", ctypes.c_ubyte * (end - start))]


def _placed_struct(
    pieces: List[_Piece], classes: List[Any], size: int
) -> List[Tuple[str, Any]]:
    fields: List[Tuple[str, Any]] = []
    place = 0
    for piece, kind in zip(pieces, classes):
        if piece.bit_width is not None:
            continue
        fields += _padding(place, piece.offset)
        fields.append((piece.name, kind))
        place = piece.offset + ctypes.sizeof(kind)
    return fields + _padding(place, size)


def _placed_union(
    pieces: List[_Piece], classes: List[Any], size: int
) -> List[Tuple[str, Any]]:
    fields = [
        (piece.name, kind)
        for piece, kind in zip(pieces, classes)
        if piece.bit_width is None
    ]
    return fields + _padding(0, size)


def _verify(made: Any, pieces: List[_Piece], size: int) -> None:
    """Stops a class whose layout is not C's: better no class than a wrong one."""
    wrong = []
    if ctypes.sizeof(made) != size:
        wrong.append(f"size {ctypes.sizeof(made)}, not {size}")
    for piece in pieces:
        field = made.__dict__[piece.name]
        if piece.bit_width is None and field.offset != piece.offset:
            wrong.append(f"{piece.name} at {field.offset}, not {piece.offset}")
    if wrong:
        raise _late.error.UnsupportedError(
            f"ctypes cannot lay out {made.__name__}: {'; '.join(wrong)}"
        )
