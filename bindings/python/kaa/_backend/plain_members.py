"""Members of records without the bridge: numbers by way of ctypes' own fields.

Beside its address an instance has a view there: a ctypes instance of the same bytes,
made when a number or a text in it is first read or written. What ctypes would convert
in another way than kaa, or cut, goes the long way, and all else does too: bit-fields,
pointers, memory that may be released.
"""

from __future__ import annotations

import sys
from operator import attrgetter

from kaa import _native
from kaa._backend import has_gil
from kaa._values.instance import (
    RECORDS,
    Layout,
    Member,
    layout_of,
    load_member,
    store_member,
)

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Tuple

    Get = Callable[[Any], Any]
    Set = Callable[[Any, Any], None]

_INTEGERS = frozenset(range(_native.SCHAR, _native.ULLONG + 1))
_READ = _INTEGERS | {_native.BOOL, _native.FLOAT, _native.DOUBLE}
_IS_CPYTHON = sys.implementation.name == "cpython"
#: With it ctypes reads a pointer and its text as one.
_HAS_GIL = has_gil()


def is_quick(member: Member) -> bool:
    """Whether ctypes reads it as kaa does."""
    if not _IS_CPYTHON or member.bit_width is not None:
        return False
    return member.element.kind in _READ or _is_text(member)


def _is_text(member: Member) -> bool:
    element = member.element
    if element.kind != _native.POINTER_ or element.target_kind != _native.CHAR:
        return False
    target = _native.kaa_ctype_target(element.core)
    const = _native.kaa_ctype_qualifiers(target) & _native.CONST
    return bool(const) and _HAS_GIL


def view_class(layout: Layout) -> Any:
    """The ctypes class whose fields are the numbers of a record; False: there is
    none."""
    if layout.view_class is None:
        quick = [one for one in layout.members if is_quick(one)]
        try:
            made = layout.types.ctypes_class(layout.ctype) if quick else False
        except RuntimeError:
            made, quick = False, []  # the interpreter has ended: ctypes lays out nothing
        for one in quick:
            field = getattr(made, one.name, None)
            place = getattr(field, "offset", -1), getattr(field, "size", -1)
            if place != (one.offset, one.element.size):
                made = False
                break
        layout.view_class = made
    return layout.view_class


class Members:
    """Makes what reads and writes the members, for one kind of instances."""

    __slots__ = ("get_view", "layout_in", "address_of", "look", "inside")

    def __init__(
        self, get_view: Get, layout_in: Get, address_of: Get, look: Any, inside: Any
    ) -> None:
        #: Makes the view of an inner record.
        self.inside = inside
        self.get_view = get_view
        self.layout_in = layout_in
        self.address_of = address_of
        #: Gives an instance of a layout its view; None: it can have none.
        self.look = look

    def attribute(self, layout: Layout, member: Member) -> property:
        """One member as an attribute."""
        get, set_ = self._slow(layout, member)
        if member.element.kind in RECORDS:
            get = self._record_getter(layout, member, get)
        elif _is_text(member) and is_quick(member):
            get = self._text_getter(layout, member, get)
        elif is_quick(member):
            get = self._getter(layout, member, get)
            if not member.element.is_const():
                set_ = self._setter(layout, member, set_)
        return property(get, set_, doc=None)

    def _slow(self, layout: Layout, member: Member) -> Tuple[Get, Set]:
        layout_in, address_of = self.layout_in, self.address_of

        def check(data: Any) -> None:
            # A class that was assigned has members that are not those of the data.
            if layout_in(data) is not layout:
                raise TypeError("the member is not one of what the data are")

        def get(data: Any) -> Any:
            check(data)
            return load_member(data, member, address_of(data))

        def set_(data: Any, value: Any) -> None:
            check(data)
            store_member(data, layout.name, member, address_of(data), value)

        return get, set_

    def _getter(self, layout: Layout, member: Member, slow: Get) -> Get:
        get_view, look, read = self.get_view, self.look, attrgetter(member.name)

        def get(data: Any) -> Any:
            try:
                return read(get_view(data))
            except AttributeError:  # it has no view, or is of another class
                view = look(data, layout)
                return slow(data) if view is None else read(view)

        return get

    def _record_getter(self, layout: Layout, member: Member, slow: Get) -> Get:
        layout_in, address_of, inside = self.layout_in, self.address_of, self.inside
        element, offset = member.element, member.offset
        kind: Any = None
        inner: Any = None

        def get(data: Any) -> Any:
            nonlocal kind, inner
            if layout_in(data) is not layout:
                return slow(data)
            if inner is None:
                kind = element.types.data_class(element.core)
                inner = layout_of(kind)
            return inside(kind, inner, address_of(data) + offset, data)

        return get

    def _text_getter(self, layout: Layout, member: Member, slow: Get) -> Get:
        get_view, look, read = self.get_view, self.look, attrgetter(member.name)

        def get(data: Any) -> Any:
            try:
                raw = read(get_view(data))
            except AttributeError:
                view = look(data, layout)
                if view is None:
                    return slow(data)
                raw = read(view)
            if type(raw) is bytes:
                return raw.decode("utf-8", "surrogateescape")
            return None if raw is None else slow(data)

        return get

    def _setter(self, layout: Layout, member: Member, slow: Set) -> Set:
        get_view, layout_in, look = self.get_view, self.layout_in, self.look
        name, kind = member.name, member.element.kind
        if kind == _native.FLOAT:
            return slow  # its range is looked at
        if kind == _native.DOUBLE:

            def set_double(data: Any, value: Any) -> None:
                if type(value) is float and layout_in(data) is layout:
                    view = get_view(data)
                    if view is not None:
                        setattr(view, name, value)
                        return
                slow(data, value)
                look(data, layout)

            return set_double
        low = 0
        high = 1 if kind == _native.BOOL else (1 << member.element.size * 8) - 1
        if kind != _native.BOOL and _native.kaa_ctype_is_signed(member.element.core):
            low, high = -(high + 1) // 2, high // 2

        def set_integer(data: Any, value: Any) -> None:
            if type(value) is int and low <= value <= high and layout_in(data) is layout:
                view = get_view(data)
                if view is not None:
                    setattr(view, name, value)
                    return
            slow(data, value)
            look(data, layout)

        return set_integer
