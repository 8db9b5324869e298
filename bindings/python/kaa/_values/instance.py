"""Instances of C types: records, pointers and arrays, wherever their bytes are.

An instance knows the address of its bytes, what owns them, and, where that is
known, how many elements there are. Its class has one Layout, which says how the
bytes are read and written. The same rules serve two kinds of instances:

    with the bridge     libkaa makes the classes and does what is common itself;
                        what is rare comes here, through the hooks of `_host`
    without             the classes are Python's, and all of it is done here

A pointer that stands in a record keeps alive what it was set from. That is
remembered beside the bytes: by the instance that owns them, or by the interpreter
where they are C's own. Both are written, read and copied as one, whatever other
threads do: `set_pointer()`, `get_pointer()`, `copy_bytes()`.
"""

from __future__ import annotations

import ctypes

from kaa import _backend, _late, _native
from kaa._values.bits import load_bits, store_bits
from kaa._values.types import named, type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, NamedTuple, Optional, Tuple

    from kaa._values.convert import Value
    from kaa._values.types import TypeMap
else:
    from kaa._tuple import NamedTuple

RECORDS = (_native.STRUCT, _native.UNION)
AGGREGATES = RECORDS + (_native.ARRAY,)
_BYTE_KINDS = (_native.CHAR, _native.SCHAR, _native.UCHAR)
_WIDE_KINDS = (_native.WCHAR, _native.CHAR16, _native.CHAR32)
#: Of pointers to these the address alone is read.
_NEVER_READ = (_native.VOID, _native.FUNCTION)
_REFUSALS = (TypeError, ValueError, OverflowError)


class Member(NamedTuple):
    """A member as Python sees it; those of anonymous members are the outer's."""

    name: str
    element: Element
    offset: int
    #: Of a bit-field: the first bit from the record's start, and how many.
    bit_position: int
    bit_width: Optional[int]


class Layout:
    """What a class of C data is made from. Immutable, but for what it learns."""

    __slots__ = (
        "types",
        "library",
        "ctype",
        "kind",
        "size",
        "align",
        "name",
        "members",
        "by_name",
        "element",
        "count",
        "view_class",
        "__weakref__",
    )

    def __init__(self, types: TypeMap, ctype: int, name: str) -> None:
        self.types = types
        self.library = types.home()
        self.ctype = ctype
        self.kind: int = _native.kaa_ctype_kind_of(ctype)
        self.size: int = _native.kaa_ctype_size(ctype)
        self.align: int = _native.kaa_ctype_align(ctype)
        self.name = name
        #: Of a record without the bridge: see _backend.plain_members.
        self.view_class: Any = None
        self.members: Tuple[Member, ...] = ()
        self.element: Optional[Element] = None
        self.count = -1
        if self.kind in RECORDS:
            self.members = tuple(_members(types, ctype, 0, 0))
        else:
            self.element = Element(types, _native.kaa_ctype_target(ctype))
            if self.kind == _native.ARRAY:
                count = _native.kaa_ctype_count(ctype)
                self.count = -1 if count == _native.UNKNOWN_COUNT else count
        self.by_name = {one.name: one for one in self.members}

    def reach(self) -> Dict[str, Member]:
        """The members that an instance shows: a pointer those of its target."""
        if self.kind == _native.POINTER_ and self.element is not None:
            if self.element.kind in RECORDS:
                core = self.element.core
                # Not by way of the types, which find no library while it is
                # garbage; its finalisers may still look.
                made = self.library._data.classes.get(core)
                if made is None:
                    made = self.types.data_class(core)
                return layout_of(made).by_name
            return {}
        return self.by_name


def _members(types: TypeMap, ctype: int, offset: int, bits: int) -> List[Member]:
    made: List[Member] = []
    native = _native.kaa_ctype_members(ctype)
    for i in range(_native.kaa_ctype_count(ctype)):
        one = native[i]
        width = None if one.bit_width == _native.NOT_A_BIT_FIELD else one.bit_width
        name = _native.text_or_none(one.name)
        if name is None:
            if width is None:
                inner = _native.kaa_ctype_strip(one.type)
                at = one.offset
                made += _members(types, inner, offset + at, bits + 8 * at)
            continue
        scope = one.scope - 1 if one.scope else _native.SCOPE_RECORD
        element = Element(types, one.type, scope)
        position = bits + one.bit_position
        made.append(
            Member(member_name(name), element, offset + one.offset, position, width)
        )
    return made


def element(layout: Layout) -> Element:
    """What an array holds, or a pointer points at."""
    if layout.element is None:  # a class's method may be called with any instance
        raise TypeError(f"'{layout.name}' has no elements")
    return layout.element


def member_name(name: str) -> str:
    """A member's attribute: its name, unless Python gives that a meaning."""
    if name == "_as_parameter_" or (name.startswith("__") and name.endswith("__")):
        return name + "_"
    return name


class Element:
    """How one C type's values are read from memory and written to it."""

    __slots__ = (
        "types",
        "ctype",
        "core",
        "kind",
        "size",
        "target_kind",
        "_scope",
        "_value",
    )

    def __init__(
        self, types: TypeMap, ctype: int, scope: int = _native.SCOPE_RECORD
    ) -> None:
        self.types = types
        #: How long a callable lives that it is set to.
        self._scope = scope
        self.ctype = ctype
        self.core: int = _native.kaa_ctype_strip(ctype)
        self.kind: int = _native.kaa_ctype_kind_of(self.core)
        self.size: int = _native.kaa_ctype_size(self.core)
        self.target_kind = _native.VOID
        if self.kind == _native.POINTER_:
            target = _native.kaa_ctype_target(self.core)
            behind = _native.kaa_ctype_strip(target)
            self.target_kind = _native.kaa_ctype_kind_of(behind)
        self._value: Optional[Value] = None

    @property
    def value(self) -> Value:
        """The conversion, as an argument or a result has it."""
        if self._value is None:
            self._value = _late.convert.value_of(
                self.types,
                self.ctype,
                library=self.types.home(),
                scope=self._scope,
            )
        return self._value

    def is_const(self) -> bool:
        """Whether C says that it is not written to."""
        return bool(_native.kaa_ctype_qualifiers(self.ctype) & _native.CONST)

    # Reading. ---------------------------------------------------------------

    def load(self, data: Any, address: int) -> Any:
        """The Python value of the bytes at an address of `data`."""
        if self.kind in AGGREGATES:
            if self._is_unsized():
                # C alone knows the length: a pointer to the first element.
                target = _native.kaa_ctype_target(self.core)
                return view(self.types.pointer_class(target), address, below(data))
            made = self.types.data_class(self.core)
            return view(made, address, below(data))
        if self.kind != _native.POINTER_ or self.target_kind in _NEVER_READ:
            return self.value.load(address)
        value, kept = get_pointer(data, address)
        if self._is_instance():
            made = self.types.data_class(self.core)
            if value and kept is None and ownership(data):
                kept = owner_of(data)
            return view(made, value, kept if value else None)
        cell = ctypes.c_void_p(value)  # as it was with what is kept
        return self.value.load(ctypes.addressof(cell))

    def _is_unsized(self) -> bool:
        """Whether it is an array whose length only C knows."""
        return self.kind == _native.ARRAY and (
            _native.kaa_ctype_count(self.core) == _native.UNKNOWN_COUNT
        )

    def _is_instance(self) -> bool:
        """Whether a pointer is read as an instance: no text, address, function."""
        if self.target_kind in _NEVER_READ:
            return False
        if self.target_kind == _native.CHAR or self.target_kind in _WIDE_KINDS:
            target = _native.kaa_ctype_target(self.core)
            return not _native.kaa_ctype_qualifiers(target) & _native.CONST
        return True

    # Writing. ---------------------------------------------------------------

    def store(self, data: Any, address: int, value: Any) -> None:
        """Converts a value and writes it; refusals give the reason alone."""
        if self.kind in AGGREGATES:
            self._store_aggregate(data, address, value)
        elif self.kind == _native.POINTER_:
            kept: List[Any] = []
            raw = self.value.take(value, kept)
            if raw and value is not None and not kept:
                kept.append(value)
            set_pointer(data, address, raw, kept_value(value, kept) if raw else None)
        else:
            self.value.store(address, value, [])

    def _store_aggregate(self, data: Any, address: int, value: Any) -> None:
        own = self.types.data_class(self.core)
        layout = layout_of(own)
        if self.kind == _native.ARRAY and not _is_same(value, self.core):
            fill(layout, data, address, value)
            return
        if self.kind != _native.ARRAY and isinstance(value, (tuple, list, dict)):
            value = record_from(own, value)
        source = record_address(self.types, self.core, value)
        copy_bytes(data, address, value, source, self.size)


def record_from(kind: Any, value: Any) -> Any:
    """A record of a class whose members a tuple, a list or a dict gives."""
    return kind(**value) if isinstance(value, dict) else kind(*value)


def _is_same(value: Any, core: int) -> bool:
    if not is_data(value):
        return False
    return bool(_native.kaa_ctype_same(layout_in(value).ctype, core))


def kept_value(value: Any, kept: List[Any]) -> Any:
    """What keeps a pointer's target alive: the owner of a pointer, not itself."""
    if is_data(value) and layout_in(value).kind == _native.POINTER_:
        return owner_of(value)
    return kept[0] if len(kept) == 1 else tuple(kept)


def record_address(types: TypeMap, core: int, value: Any) -> int:
    """The address of an instance of a record or array type. TypeError if it is
    none."""
    kind = type(value)
    if is_data(value):
        if _native.kaa_ctype_same(layout_in(value).ctype, core):
            return address_of(value)
    elif issubclass(kind, (ctypes.Structure, ctypes.Union, ctypes.Array)):
        if _late.pointer.fits(types, core, kind):
            if ctypes.sizeof(value) < _native.kaa_ctype_size(core):
                raise ValueError(
                    f"the {kind.__name__} has less memory of its own than"
                    f" {type_text(core)} needs"
                )
            return ctypes.addressof(value)
    raise TypeError(f"{type_text(core)} expected, not {kind.__name__}")


def fill(layout: Layout, data: Any, address: int, value: Any) -> None:
    """Writes the elements of an array from a list, text, bytes or a buffer; what
    is left over becomes zero."""
    element = layout.element
    assert element is not None
    count = layout.count if layout.count >= 0 else max(length_of(data), 0)
    raw = _raw_elements(element, value)
    if raw is not None:
        if len(raw) > count * element.size:
            given = len(raw) // element.size
            raise ValueError(f"{given} elements for {count} places")
        ctypes.memset(address, 0, count * element.size)
        ctypes.memmove(address, raw, len(raw))
        return
    if isinstance(value, (str, bytes)) or not hasattr(type(value), "__iter__"):
        raise TypeError(
            f"{type_text(layout.ctype)} expected, or a list of its elements, not"
            f" {type(value).__name__}"
        )
    values = list(value)
    if len(values) > count:
        raise ValueError(f"{len(values)} elements for {count} places")
    # All are converted before the first is written.
    fresh = new(layout.types.array_class(element.ctype, max(count, 1)))
    start = address_of(fresh)
    for i, one in enumerate(values):
        try:
            element.store(fresh, start + i * element.size, one)
        except _REFUSALS as error:
            raise type(error)(f"element {i}: {error}") from None
    copy_bytes(data, address, fresh, start, count * element.size)


def _raw_elements(element: Element, value: Any) -> Optional[bytes]:
    """The bytes of text or of a buffer whose elements are the array's."""
    if isinstance(value, str):
        if element.kind == _native.CHAR:
            return value.encode("utf-8", "surrogateescape")
        if element.kind in _WIDE_KINDS:
            return _late.pointer.encode_wide(value, element.size)
        return None
    try:
        buffer = memoryview(value)
    except TypeError:
        return None
    behind, kind = element.core, element.kind
    while kind == _native.ARRAY:  # a matrix may be filled from a flat buffer
        behind = _native.kaa_ctype_strip(_native.kaa_ctype_target(behind))
        kind = _native.kaa_ctype_kind_of(behind)
    if kind == _native.ENUM:
        return None
    if _late.shapes.items_fit(behind, buffer):
        return buffer.tobytes()
    if isinstance(value, (bytes, bytearray)):
        raise TypeError(f"a list of elements expected, not {type(value).__name__}")
    return None


def load_member(data: Any, member: Member, base: int) -> Any:
    """A member's value; `base` is where the record begins."""
    if member.bit_width is not None:
        return load_bits(member, base)
    return member.element.load(data, base + member.offset)


def store_member(data: Any, record: str, member: Member, base: int, value: Any) -> None:
    """Sets a member; what does not fit is refused with its name in front."""
    try:
        if member.bit_width is not None:
            store_bits(member, base, value)
        else:
            member.element.store(data, base + member.offset, value)
    except Exception as error:
        if type(error) in _REFUSALS:
            raise type(error)(f"{record}.{member.name}: {error}") from None
        raise


def no_member(layout: Layout, name: str) -> AttributeError:
    """What is said of a name that is none of the type's."""
    element = layout.element
    ctype = layout.ctype if element is None else element.ctype
    hint = _late.pointers.incomplete(layout.library, ctype)
    if hint is None:
        near = _late.fault.nearest(name, list(layout.reach()))
        hint = f"did you mean {near}?" if near else ""
    hint = f"; {hint}" if hint else ""
    return AttributeError(f"{layout.name} has no member {name!r}{hint}")


# Making classes. -------------------------------------------------------------------


def has_class(ctype: int) -> bool:
    """Whether instances of a type are those of a class made here."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.POINTER_:
        target = _native.kaa_ctype_strip(_native.kaa_ctype_target(core))
        return bool(_native.kaa_ctype_kind_of(target) != _native.FUNCTION)
    return kind in AGGREGATES


def size_of(data: Any) -> int:
    """How many bytes an instance has; of a pointer, its own."""
    layout = layout_in(data)
    if layout.kind == _native.ARRAY and layout.element is not None:
        return max(length_of(data), 0) * layout.element.size
    return layout.size


def make_class(types: TypeMap, address: int) -> Any:
    """The class of a record, array or pointer type; under the map's lock."""
    core, hint = named(address)
    made = types.data.classes.get(core)
    if made is not None:
        return made
    kind = _native.kaa_ctype_kind_of(core)
    key = _identity(types, core, kind)
    if key is not None:
        known = types.data.derived.get(key)
        if known is not None:
            return types.data.classes.setdefault(core, known)
    if kind in RECORDS:
        tag = _native.text_or_none(_native.kaa_ctype_name(core))
        name = tag or hint or types.typedef_of(core) or "anonymous"
    else:
        name = type_text(core)
    layout = Layout(types, core, name)
    doc = (
        _native.printed(_native.kaa_ctype_print_definition, core)
        if kind in RECORDS
        else type_text(core)
    )
    made = types.data.classes.setdefault(core, host().new_class(layout, doc))
    made.__orig_bases__ = (_late.record.Origin(made),)
    if key is not None:
        made = types.data.classes[core] = types.data.derived.setdefault(key, made)
    return made


def _identity(types: TypeMap, core: int, kind: int) -> Optional[Tuple[int, ...]]:
    """What makes two pointer or array types one class, of whichever table."""
    if kind in RECORDS:
        return None
    target = _native.kaa_ctype_target(core)
    behind = _native.kaa_ctype_strip(target)
    if _native.kaa_ctype_kind_of(behind) in (_native.POINTER_, _native.ARRAY):
        if has_class(behind):
            behind = layout_of(types.data_class(behind)).ctype
    qualifiers = _native.kaa_ctype_qualifiers(target)
    return kind, behind, qualifiers, _native.kaa_ctype_count(core)


# What instances are made of: the bridge's, or Python's. ------------------------------

_host: Any = None


def host() -> Any:
    """The module whose functions make instances and look into them."""
    global _host
    if _host is None:
        _host = _backend.instances()
    return _host


def is_data(value: Any) -> bool:
    """Whether a value is an instance of C data, whatever its __class__ says."""
    return bool(host().is_data(value))


def address_of(data: Any) -> int:
    """Where an instance's bytes are; of a pointer, what it points at."""
    return int(host().address_of(data))


def number_of(data: Any) -> int:
    """The same as a value: of memory that was released as well."""
    return int(host().number_of(data))


def owner_of(data: Any) -> Any:
    """What keeps an instance's bytes; None if they are its own, or C's."""
    return host().owner_of(data)


def length_of(data: Any) -> int:
    """How many elements there are; -1 where only C knows."""
    return int(host().length_of(data))


def layout_of(kind: Any) -> Layout:
    """The layout of a class, or of one derived from it."""
    made: Layout = host().layout_of(kind)
    return made


def layout_in(data: Any) -> Layout:
    """The layout that an instance was made with, whatever its __class__ is now."""
    made: Layout = host().layout_in(data)
    return made


def new(kind: Any) -> Any:
    """An instance with memory of its own, all zero."""
    return host().new(kind)


def view(kind: Any, address: int, owner: Any, length: Optional[int] = None) -> Any:
    """An instance for bytes that are somewhere else."""
    if length is None:
        layout = layout_of(kind)
        length = layout.count if layout.kind == _native.ARRAY else -1
    return host().view(kind, address, owner, length)


def below(data: Any) -> Any:
    """The owner of what is inside of an instance: the instance that has the
    memory, or whatever owns that."""
    if host().has_memory(data):
        return data
    return owner_of(data)


def ownership(data: Any) -> int:
    """Whether [[kaa::free]] says how an instance's memory is freed: 0: no, 1: yes,
    2: it has been."""
    return int(host().ownership(data))


def release(data: Any) -> int:
    """Has the memory freed that an instance's belongs to: 1; 0: it had been; 2: it
    is not to be freed."""
    return int(host().release(data))


def set_pointer(data: Any, at: int, address: int, kept: Any) -> None:
    """Writes the pointer at `at`, and remembers what it was set from; None:
    nothing."""
    host().set_pointer(_root(data), at, address, kept)


def get_pointer(data: Any, at: int) -> Tuple[int, Any]:
    """The pointer at `at`, and what it was set from; None: nothing known."""
    pair: Tuple[int, Any] = host().get_pointer(_root(data), at)
    return pair


def copy_bytes(data: Any, to: int, source: Any, start: int, size: int) -> None:
    """Copies bytes of `source`; what is remembered for them goes with the copy."""
    known = _root(source) if is_data(source) else None
    host().copy_bytes(_root(data), to, known, start, size)


def _root(data: Any) -> Any:
    """What remembers for these bytes: an instance, or what frees them; None: they
    are C's."""
    if host().has_memory(data):
        return data
    owner = owner_of(data)
    if owner is None or owner is layout_in(data).library:
        return None
    if is_data(owner):
        return owner
    return owner if ownership(data) else data
