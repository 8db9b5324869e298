"""Instances of C data without the bridge: Python classes over ctypes' memory."""

from __future__ import annotations

import ctypes

from kaa import _late, _native
from kaa._backend.owned import Owned, all_kept_by, is_released
from kaa._backend.owned import release as _release
from kaa._backend.plain_members import Members, view_class
from kaa._values.instance import (
    RECORDS,
    Layout,
    load_member,
    no_member,
    store_member,
)
from kaa._values.locks import make_lock
from kaa._values.seal import Seal, close, content

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_CPYTHON_ALIGN = 16


def _assign_class(data: Any, kind: Any) -> None:
    """As the interpreter refuses it where classes have other layouts."""
    if not isinstance(kind, type) or not issubclass(kind, PlainData):
        raise TypeError("__class__ may be set to a class of the same C type alone")
    if layout_of(kind) is not layout_in(data):
        raise TypeError(
            f"__class__ assignment: {kind.__name__!r} object layout differs from"
            f" {type(data).__name__!r}"
        )
    object.__dict__["__class__"].__set__(data, kind)


class PlainData:
    """An instance: where its bytes are, and what owns them."""

    __slots__ = (
        "_address_",
        "_owner_",
        "_kept_",
        "_length_",
        "_memory_",
        "_view_",
        "_own_",
        "__weakref__",
    )
    __class__ = property(type, _assign_class)

    def __new__(cls, /, *args: Any, **keywords: Any) -> Any:
        made = object.__new__(cls)
        layout = layout_of(cls)
        _set_layout(made, layout)
        _set_kept(made, None)
        _set_owner(made, None)
        _set_view(made, None)
        if layout.kind == _native.POINTER_:
            _set_memory(made, None)
            _set_address(made, 0)
            _set_length(made, -1)
            if len(args) > 1 or keywords:
                raise TypeError(f"{layout.name} takes one value")
            if args:
                address, owner = _late.cdata.pointer_to(layout, args[0])
                _set_address(made, address)
                _set_owner(made, owner)
            return made
        if layout.size == 0 and not _native.kaa_ctype_is_complete(layout.ctype):
            raise _late.pointers.null_error(layout)
        memory = (ctypes.c_char * (layout.size + layout.align))()
        start = ctypes.addressof(memory)
        _set_memory(made, memory)
        _set_address(made, start + -start % layout.align)
        _set_length(made, layout.count)
        return made


_set_address = PlainData.__dict__["_address_"].__set__
_set_owner = PlainData.__dict__["_owner_"].__set__
_set_kept = PlainData.__dict__["_kept_"].__set__
_set_length = PlainData.__dict__["_length_"].__set__
_set_memory = PlainData.__dict__["_memory_"].__set__
_set_view = PlainData.__dict__["_view_"].__set__
_set_layout = PlainData.__dict__["_own_"].__set__
_get_kept = PlainData.__dict__["_kept_"].__get__
_get_memory = PlainData.__dict__["_memory_"].__get__
_get_view = PlainData.__dict__["_view_"].__get__
_ctypes_address = ctypes.addressof

number_of = PlainData.__dict__["_address_"].__get__
owner_of = PlainData.__dict__["_owner_"].__get__
layout_in = PlainData.__dict__["_own_"].__get__
length_of = PlainData.__dict__["_length_"].__get__


def address_of(data: Any) -> int:
    address: int = number_of(data)
    owner = owner_of(data)
    if type(owner) is Owned and is_released(owner):
        raise ValueError(f"'{layout_in(data).name}' was released")
    return address


def ownership(data: Any) -> int:
    owner = owner_of(data)
    if type(owner) is not Owned:
        return 0
    return 2 if is_released(owner) else 1


def release(data: Any) -> int:
    owner = owner_of(data)
    return _release(owner) if type(owner) is Owned else 2


# Only this module may say where the bytes are: an instance's attribute of that name
# would let Python code have any address read.
for _slot in PlainData.__slots__:
    if not _slot.startswith("__"):
        delattr(PlainData, _slot)


def look(data: Any, layout: Layout) -> Any:
    """Gives an instance a view, by which its numbers are quick; None: it can have
    none, or is of another layout."""
    if layout_in(data) is not layout or type(owner_of(data)) is Owned:
        return None
    view = _get_view(data)
    if view is None:
        kind = view_class(layout)
        if not kind:
            return None
        view = kind.from_address(number_of(data))
        _set_view(data, view)
    return view


def _inside(kind: Any, layout: Layout, address: int, data: Any) -> Any:
    """A view of a record in the memory of another instance."""
    made = object.__new__(kind)
    _set_layout(made, layout)
    _set_address(made, address)
    _set_owner(made, data if _get_memory(data) is not None else owner_of(data))
    _set_kept(made, None)
    _set_length(made, -1)
    _set_memory(made, None)
    _set_view(made, None)
    return made


def adopter(kind: Any) -> Any:
    """What makes an instance of a class whose memory is a ctypes instance of its
    view's class."""
    layout, make = layout_of(kind), object.__new__

    def adopt(memory: Any) -> Any:
        made = make(kind)
        _set_layout(made, layout)
        _set_kept(made, None)
        _set_owner(made, None)
        _set_view(made, memory)
        _set_memory(made, memory)
        _set_address(made, _ctypes_address(memory))
        _set_length(made, -1)
        return made

    return adopt


_members = Members(_get_view, layout_in, address_of, look, _inside)


class PlainRecord(PlainData):
    """A record: its members are attributes of its class."""

    __slots__ = ()

    def __buffer__(self, flags: int) -> memoryview:
        return _buffer_of(self)

    def __getattr__(self, name: str) -> Any:
        raise no_member(layout_in(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            if name in dir(type(self)):
                raise
            raise no_member(layout_in(self), name) from None


class PlainPointer(PlainData):
    """A pointer: the members of its target are reached through it."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        layout = layout_in(self)
        member = layout.reach().get(name)
        if member is not None:
            return load_member(self, member, _dereferenced(self, layout))
        try:
            return object.__getattribute__(self, name)
        except AttributeError:
            if name.startswith("__"):
                raise
            raise no_member(layout, name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        layout = layout_in(self)
        member = layout.reach().get(name)
        if member is None:
            raise no_member(layout, name)
        record = layout.name.rstrip("* ")
        base = _dereferenced(self, layout)
        store_member(self, record, member, base, value)


class PlainArray(PlainData):
    """An array."""

    __slots__ = ()

    def __buffer__(self, flags: int) -> memoryview:
        return _buffer_of(self)


def _buffer_of(data: Any) -> memoryview:
    return memoryview(_late.record.as_exporter(data))


def _dereferenced(data: Any, layout: Layout) -> int:
    address: int = address_of(data)
    if not address:
        raise _late.pointers.null_error(layout)
    return address


def _maker(layout: Layout) -> Any:
    """`__new__` of a record's class, and of those that are derived from it."""
    if layout.align > 8:
        return PlainData.__new__
    slow, make = PlainData.__new__, object.__new__

    def __new__(cls: Any, /, *args: Any, **keywords: Any) -> Any:
        kind = layout.view_class
        if not kind:
            return slow(cls)
        made = make(cls)
        memory = kind()
        _set_layout(made, layout)
        _set_kept(made, None)
        _set_owner(made, None)
        _set_view(made, memory)
        _set_memory(made, memory)
        _set_address(made, _ctypes_address(memory))
        _set_length(made, -1)
        return made

    return __new__


def _initialiser(setters: List[Any]) -> Any:
    count = len(setters)

    def __init__(self: Any, /, *args: Any, **keywords: Any) -> None:
        if keywords or len(args) > count:
            _late.record.init_record(self, args, keywords)
            return
        for store, value in zip(setters, args):
            store(self, value)

    return __init__


def new_class(layout: Layout, doc: str) -> Any:
    _pointers = _late.pointers
    names: Dict[str, Any] = {"__slots__": (), "__module__": layout.types.module}
    names["__doc__"] = doc
    bases: Any
    if layout.kind in RECORDS:
        bases = (_late.record.Record, PlainRecord)
        for member in layout.members:
            names[member.name] = _members.attribute(layout, member)
        setters = [names[member.name].fset for member in layout.members]
        names["__init__"] = _initialiser(setters)
        names["__new__"] = staticmethod(_maker(layout))
    elif layout.kind == _native.POINTER_:
        bases = (_pointers.Pointer, PlainPointer)
    else:
        bases = (_pointers.Array, PlainArray)
    # In two, which are alike: cloudpickle takes apart what a class has from no base.
    seal = Seal()
    own = {**names, "__layout__": seal}
    made = type(layout.name, (type(layout.name, bases, names),), own)
    close(seal, made, layout)
    return made


def is_data(value: Any) -> bool:
    return issubclass(type(value), PlainData)


def layout_of(kind: Any) -> Layout:
    for one in kind.__mro__:
        made: Optional[Layout] = content(one, "__layout__")
        if made is not None:
            return made
    raise TypeError(f"{kind.__name__} is no class of C data")


def new(kind: Any) -> Any:
    return PlainData.__new__(kind)


def view(kind: Any, address: int, owner: Any, length: int) -> Any:
    made = object.__new__(kind)
    _set_layout(made, layout_of(kind))
    _set_address(made, address)
    _set_owner(made, owner)
    _set_kept(made, None)
    _set_length(made, length)
    _set_memory(made, None)
    _set_view(made, None)
    return made


def has_memory(data: Any) -> bool:
    return _get_memory(data) is not None


def memory_of(data: Any) -> Any:
    """The ctypes array that has an instance's bytes; None: they are not its own."""
    return _get_memory(data)


#: What pointers in C's own memory were set from, by their addresses. It outlives a
#: library's object: the code, and so its variables, stay.
_pointed: Dict[int, Any] = {}
#: Held while a pointer and what it keeps alive are written, read or copied.
_pointing = make_lock()


def _all_kept(root: Any) -> Dict[int, Any]:
    """What is remembered; with the lock."""
    if root is None:
        return _pointed
    if type(root) is Owned:
        return all_kept_by(root)
    known: Optional[Dict[int, Any]] = _get_kept(root)
    if known is None:
        known = {}
        _set_kept(root, known)
    return known


def set_pointer(root: Any, at: int, address: int, kept: Any) -> None:
    with _pointing:
        known = _all_kept(root)
        before = known.get(at)
        ctypes.c_void_p.from_address(at).value = address
        if kept is not None:
            known[at] = kept
        elif before is not None:
            del known[at]
    del before  # whose end may run user code


def get_pointer(root: Any, at: int) -> Tuple[int, Any]:
    with _pointing:
        address = ctypes.c_void_p.from_address(at).value or 0
        return address, _all_kept(root).get(at) if address else None


def copy_bytes(root: Any, to: int, source: Any, start: int, size: int) -> None:
    with _pointing:
        moved = {
            at - start + to: kept
            for at, kept in _all_kept(source).items()
            if start <= at < start + size
        }
        known = _all_kept(root)
        before = [known.pop(at) for at in list(known) if to <= at < to + size]
        ctypes.memmove(to, start, size)
        known.update(moved)
    del before  # whose ends may run user code
