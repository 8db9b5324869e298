"""What records show of themselves: the same with and without the bridge."""

from __future__ import annotations

import ctypes
import types

from kaa import _backend, _late, _native
from kaa._backend import owned as _owned
from kaa._values.format import shape_of
from kaa._values.instance import (
    RECORDS,
    Layout,
    Member,
    address_of,
    is_data,
    layout_in,
    layout_of,
    length_of,
    load_member,
    new,
    owner_of,
    record_address,
    size_of,
)
from kaa._values.types import TypeMap, type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Tuple, Type

#: How many members a text shows, those of inner records included.
SHOWN_MAX = 1000


def show(value: Any, left: List[int]) -> str:
    """A value as a member of something larger: short. `left[0]` members may still
    be shown."""
    if is_data(value):
        layout = layout_in(value)
        kind: Type[object] = type(value)
        if layout.kind in RECORDS and kind.__repr__ is Record.__repr__:
            return show_record(value, left)
        if layout.kind == _native.ARRAY:
            return _late.pointers.show_array(value, layout, left)
        if layout.kind == _native.POINTER_:
            at = address_of(value)
            return f"<{layout.name} {at:#x}>" if at else "NULL"
    if isinstance(value, ctypes._CFuncPtr):  # type: ignore[attr-defined]
        address = ctypes.cast(value, ctypes.c_void_p).value
        return f"<function {address:#x}>" if address else "NULL"
    return repr(value)


def show_record(data: Any, left: List[int]) -> str:
    shown: List[str] = []
    base = address_of(data)
    for member in layout_in(data).members:
        if left[0] <= 0:
            shown.append("...")
            break
        left[0] -= 1
        try:
            value = load_member(data, member, base)
            is_null = value is None and member.element.target_kind == _native.FUNCTION
            text = "NULL" if is_null else show(value, left)
            shown.append(f"{member.name}={text}")
        except (ValueError, UnicodeError) as error:
            shown.append(f"{member.name}=<{error}>")
    return f"{type(data).__name__}({', '.join(shown)})"


def members_of(data: Any) -> Iterator[Tuple[Member, Any]]:
    """The members and their values."""
    base = address_of(data)
    for member in layout_in(data).members:
        yield member, load_member(data, member, base)


def asdict(value: Any) -> Any:
    """A record as a dict of its members, an array as a list; all that is in them
    too. Pointers stay pointers. Other values come back as they are."""
    if not is_data(value):
        return value
    kind = layout_in(value).kind
    if kind in (_native.STRUCT, _native.UNION):
        return {member.name: asdict(one) for member, one in members_of(value)}
    if kind == _native.ARRAY:
        return [asdict(one) for one in value]
    return value


class _MatchArgs:
    """`__match_args__`: the members in the order of the declaration."""

    __slots__ = ()

    def __get__(self, data: Any, owner: Any) -> Tuple[str, ...]:
        return tuple(member.name for member in layout_of(owner).members)


class Record:
    """A C struct or union. Its members are attributes; those of an inner record
    are views of the same memory."""

    __slots__ = ()
    __match_args__: Any = _MatchArgs()
    __hash__ = None  # type: ignore[assignment]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        _speed_up_methods(cls)

    def __init__(self, /, *args: Any, **keywords: Any) -> None:
        init_record(self, args, keywords)

    def __repr__(self) -> str:
        return show_record(self, [SHOWN_MAX])

    def __eq__(self, other: Any) -> Any:
        if self is other:
            return True
        if not is_data(other):
            return NotImplemented
        mine, others = layout_in(self), layout_in(other)
        if not _native.kaa_ctype_same(mine.ctype, others.ctype):
            return NotImplemented
        if mine.kind == _native.UNION:
            return raw_bytes(self) == raw_bytes(other)
        a, b = address_of(self), address_of(other)
        return all(
            load_member(self, one, a) == load_member(other, another, b)
            for one, another in zip(mine.members, others.members)
        )

    def __copy__(self) -> Any:
        return copied(self)

    def __deepcopy__(self, memo: Dict[int, Any]) -> Any:
        return copied(self)

    def __reduce_ex__(self, protocol: Any) -> Tuple[Any, ...]:
        return pickled(self)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self)

    @property
    def _as_parameter_(self) -> Any:
        return ctypes.byref(as_ctypes(self))

    @property
    def ctypes(self) -> Any:
        """The same memory as an instance of ctypes."""
        return as_ctypes(self)


def _speed_up_methods(kind: Any) -> None:
    """Lets the interpreter find methods of a subclass in its own quick way, which
    it leaves where a class finds members by itself. Members are found as well,
    by their descriptors."""
    if any(isinstance(one, types.FunctionType) for one in kind.__dict__.values()):
        if "__getattribute__" not in kind.__dict__:
            kind.__getattribute__ = object.__getattribute__


def init_record(data: Any, args: Tuple[Any, ...], keywords: Dict[str, Any]) -> None:
    """Members in the order of the declaration, or by name."""
    layout = layout_in(data)
    members = layout.members
    name = type(data).__name__
    if len(args) > len(members):
        count = len(members)
        word = "member" if count == 1 else "members"
        raise TypeError(f"{name} has {count} {word}, {len(args)} values given")
    store_member = _late.instance.store_member
    base = address_of(data)
    for member, value in zip(members, args):
        if member.name in keywords:
            raise TypeError(f"{name}() member {member.name} is given twice")
        store_member(data, layout.name, member, base, value)
    for given, value in keywords.items():
        found = layout.by_name.get(given)
        if found is None:
            raise TypeError(str(_late.instance.no_member(layout, given)))
        store_member(data, layout.name, found, base, value)


def raw_bytes(data: Any) -> bytes:
    """The bytes of a record or an array."""
    _check_bytes(data)
    return ctypes.string_at(address_of(data), size_of(data))


def _check_bytes(data: Any) -> None:
    """A class's method may be called with an instance of any other."""
    layout = layout_in(data)
    if layout.kind not in _late.instance.AGGREGATES:
        raise TypeError(f"a record or an array expected, not '{layout.name}'")


def copied(data: Any) -> Any:
    """A copy with memory of its own; what its pointers point at is shared."""
    _check_bytes(data)
    made = new(own_class(data))
    size = size_of(data)
    source = address_of(data)
    _late.instance.copy_bytes(made, address_of(made), data, source, size)
    for name, value in getattr(data, "__dict__", {}).items():
        made.__dict__[name] = value
    return made


def own_class(data: Any) -> Any:
    """The class of copies: that of the data, with the length of an array that
    had it from its instance."""
    layout = layout_in(data)
    if layout.kind == _native.ARRAY and layout.count < 0 and layout.element:
        count = max(length_of(data), 0)
        return layout.types.array_class(layout.element.ctype, count)
    kind = type(data)  # which may have been assigned by way of object's __class__
    return kind if layout_of(kind) is layout else layout.types.data_class(layout.ctype)


def pickled(data: Any) -> Tuple[Any, ...]:
    """How a record or an array is pickled: by library, declaration and bytes."""
    layout = layout_in(data)
    if _native.kaa_ctype_has_pointers(layout.ctype):
        raise TypeError(
            f"cannot pickle {layout.name}: it has pointers, which mean nothing elsewhere"
        )
    kind = own_class(data)
    layout = layout_of(kind)
    own = kind is layout.types.data_class(layout.ctype)
    home: Any = kind
    if own:
        home = _late.cdata.library_of(layout), spelled(layout.types, layout.ctype)
    return unpickled, (home, raw_bytes(data), dict(getattr(data, "__dict__", {})))


def spelled(types: TypeMap, ctype: int) -> str:
    """A type by a name that finds it again; a record without a tag by its
    typedef."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.ARRAY:
        shape, behind = shape_of(core)
        return spelled(types, behind) + "".join(f"[{count}]" for count in shape)
    if kind in RECORDS and not _native.kaa_ctype_name(core):
        return layout_of(types.data_class(core)).name
    return type_text(core)


class _Found(type):
    """The class of what stands for a library's class while a class statement is
    repeated: what the statement makes is the library's class itself."""

    def __new__(cls, name: str, bases: Tuple[Any, ...], space: Dict[str, Any]) -> Any:
        if bases:
            return bases[0].found
        return type.__new__(cls, name, bases, space)


class Origin:
    """Stands in `__orig_bases__` of a library's class, for those who pickle classes
    by what is in them, as cloudpickle does with all that no module has: in another
    process they repeat the class statement, and get the library's own class."""

    __slots__ = ("_kind",)

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def __mro_entries__(self, bases: Tuple[Any, ...]) -> Tuple[Any, ...]:
        return (_Found("found", (), {"found": self._kind}),)

    def __reduce__(self) -> Any:
        layout = layout_of(self._kind)
        home = _late.cdata.library_of(layout)
        return _origin, (home, spelled(layout.types, layout.ctype))


def _origin(library: Any, text: str) -> Origin:
    return Origin(_late.cdata.class_named(text, library))


def unpickled(home: Any, raw: bytes, attributes: Dict[str, Any]) -> Any:
    """A record or an array of what was pickled."""
    kind = home
    if isinstance(home, tuple):
        kind = _late.cdata.class_named(home[1], home[0])
    made = new(kind)
    layout = layout_of(kind)
    if len(raw) != layout.size:
        raise ValueError(f"{layout.name} has {layout.size} bytes, not {len(raw)}")
    ctypes.memmove(address_of(made), raw, len(raw))
    if attributes:
        made.__dict__.update(attributes)
    return made


def as_ctypes(data: Any) -> Any:
    """A ctypes instance of the same memory, which it keeps."""
    layout = layout_in(data)
    kind = layout.types.ctypes_class(layout.ctype)
    if layout.kind == _native.POINTER_:
        made = ctypes.cast(ctypes.c_void_p(address_of(data)), kind)
    else:
        if layout.kind == _native.ARRAY and layout.count < 0:
            kind = kind._type_ * max(length_of(data), 0)
        made = kind.from_address(address_of(data))
    try:
        made._kaa_owner = data
    except AttributeError:
        pass
    return made


def as_exporter(data: Any) -> Any:
    """What gives buffers of the memory of an array. Of memory that may be released,
    that is not done as long as one is used."""
    if _backend.bridge():
        return data
    made = as_ctypes(data)
    owner = owner_of(data)
    if type(owner) is _owned.Owned:
        made._kaa_export = _owned.Export(owner)
    return made


def check_layout(layout: Layout, value: Any) -> int:
    """The address of an instance of the same type as a layout's."""
    return record_address(layout.types, layout.ctype, value)
