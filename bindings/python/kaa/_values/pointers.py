"""Pointers and arrays: the same with and without the bridge."""

from __future__ import annotations

import ctypes
from operator import index

from kaa import _late, _native
from kaa._values.fault import TYPE, refusal
from kaa._values.format import shape_of
from kaa._values.instance import (
    AGGREGATES,
    RECORDS,
    Element,
    Layout,
    address_of,
    below,
    fill,
    is_data,
    layout_in,
    length_of,
    new,
    number_of,
    owner_of,
    ownership,
    release,
    size_of,
    view,
)
from kaa._values.record import SHOWN_MAX, as_ctypes, copied, pickled, raw_bytes, show
from kaa._values.types import type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from kaa._values.pointer import Found, Pointee

_REFUSALS = (TypeError, ValueError, OverflowError)


class NullPointerError(ValueError):
    """A NULL pointer was to be followed."""


def _is_incomplete(core: int) -> bool:
    kind = _native.kaa_ctype_kind_of(core)
    return kind in RECORDS and not _native.kaa_ctype_is_complete(core)


def why_incomplete(library: Any, ctype: int) -> str:
    """In parentheses, why a record's definition was skipped, if it was."""
    core = _native.kaa_ctype_strip(ctype)
    if not _is_incomplete(core) or not hasattr(library, "_skipped"):
        return ""
    reason = library._skipped().get(_native.text_or_none(_native.kaa_ctype_name(core)))
    return f" (its definition was skipped: {reason})" if reason else ""


def incomplete(library: Any, ctype: int) -> Optional[str]:
    """What is said of a record without a definition that was understood; None of
    other types."""
    core = _native.kaa_ctype_strip(ctype)
    if not _is_incomplete(core):
        return None
    return f"{type_text(core)} is incomplete{why_incomplete(library, core)}"


def refuse_incomplete(library: Any, ctype: int) -> None:
    text = incomplete(library, ctype)
    if text is not None:
        raise TypeError(text)


def null_error(layout: Layout) -> Exception:
    """What is said of a pointer that points nowhere, and of a record that cannot
    be made."""
    if layout.kind in RECORDS:
        why = why_incomplete(layout.types.home(), layout.ctype)
        return TypeError(
            f"{type_text(layout.ctype)} is incomplete: it has no instances, only"
            f" pointers{why}"
        )
    return NullPointerError(f"NULL pointer: '{layout.name}' points at nothing")


def element_of(layout: Layout) -> Element:
    """What a pointer points at, or an array holds; its size has to be known."""
    element = layout.element
    assert element is not None
    if not element.size:
        text = incomplete(layout.types.home(), element.ctype)
        if text is None:
            text = f"{type_text(element.ctype)} has no known size"
        raise TypeError(f"'{layout.name}' cannot be indexed: {text}")
    return element


def place(data: Any, layout: Layout, at: int) -> int:
    """The address of an element; IndexError where that is outside."""
    element = element_of(layout)
    length = length_of(data)
    start = address_of(data)
    if layout.kind == _native.POINTER_ and not start:
        raise null_error(layout)
    if length >= 0:
        if at < 0 and layout.kind == _native.ARRAY:
            at += length
        if not 0 <= at < length:
            raise IndexError(
                f"'{layout.name}' index {at} is out of range: {length} elements"
            )
    return start + at * element.size


def get_item(data: Any, key: Any) -> Any:
    """data[key]"""
    layout = layout_in(data)
    if isinstance(key, slice):
        return _slice(data, layout, key)
    return element_of(layout).load(data, place(data, layout, index(key)))


def set_item(data: Any, key: Any, value: Any) -> None:
    """data[key] = value"""
    layout = layout_in(data)
    element = element_of(layout)
    if isinstance(key, slice):
        part = _slice(data, layout, key)
        count = length_of(part)
        values = list(value) if not isinstance(value, (str, bytes)) else value
        if len(values) != count:
            raise ValueError(f"{len(values)} elements for {count} places")
        fill(layout_in(part), part, address_of(part), values)
        return
    at = index(key)
    try:
        element.store(data, place(data, layout, at), value)
    except _REFUSALS as error:
        if type(error) not in _REFUSALS:
            raise
        raise type(error)(f"{layout.name} element {at}: {error}") from None


def _slice(data: Any, layout: Layout, key: slice) -> Any:
    """A view of some elements, as an array."""
    element = element_of(layout)
    length = length_of(data)
    if length >= 0:
        start, stop, step = key.indices(length)
    else:
        if key.stop is None:
            raise ValueError(f"'{layout.name}' has no known length: p[a:b] needs b")
        start, stop = index(key.start or 0), index(key.stop)
        step = 1 if key.step is None else index(key.step)
    if step != 1:
        raise ValueError("a slice of C data is a view: its step is 1")
    count = max(stop - start, 0)
    if count and not address_of(data):
        raise null_error(layout)
    kind = layout.types.array_class(element.ctype)
    address = address_of(data) + start * element.size
    return view(kind, address, below(data), count)


def _elements(data: Any) -> Iterator[Any]:
    layout = layout_in(data)
    element = element_of(layout)
    start = address_of(data)
    for i in range(length_of(data)):
        yield element.load(data, start + i * element.size)


def show_array(data: Any, layout: Layout, left: List[int]) -> str:
    """An array as a member of something larger; see show()."""
    element = layout.element
    assert element is not None
    if element.kind == _native.CHAR:
        return repr(text_bytes(data))
    count = length_of(data)
    shown = ", ".join(show(get_item(data, i), left) for i in range(min(count, 8)))
    return f"[{shown}, ...]" if count > 8 else f"[{shown}]"


def text_bytes(data: Any) -> bytes:
    """The bytes of an array of characters up to the first NUL."""
    raw: bytes = ctypes.string_at(address_of(data), length_of(data))
    return raw.partition(b"\0")[0]


def _array(data: Any) -> Layout:
    """The layout of an array: its class's methods may be called with any instance."""
    layout = layout_in(data)
    if layout.kind != _native.ARRAY:
        raise TypeError(f"an array expected, not '{layout.name}'")
    return layout


class Array:
    """A C array. Its elements can be read, set, sliced (a view) and iterated
    over; it is a buffer too."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: Any = ()) -> None:
        layout = _array(self)
        try:
            fill(layout, self, address_of(self), values)
        except _REFUSALS as error:
            if type(error) not in _REFUSALS:
                raise
            raise type(error)(f"{layout.name}: {error}") from None

    def __len__(self) -> int:
        return length_of(self)

    def __getitem__(self, key: Any) -> Any:
        return get_item(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        set_item(self, key, value)

    def __iter__(self) -> Iterator[Any]:
        _array(self)
        return _elements(self)

    def __eq__(self, other: Any) -> Any:
        if self is other:
            return True
        layout = _array(self)
        assert layout.element is not None
        if layout.element.kind == _native.CHAR:
            if isinstance(other, str):
                return text_bytes(self).decode("utf-8", "surrogateescape") == other
            if isinstance(other, (bytes, bytearray)):
                return text_bytes(self) == other
        if isinstance(other, (list, tuple)) or is_data(other):
            try:
                return list(self) == list(other)
            except TypeError:
                return NotImplemented
        return NotImplemented

    def __bytes__(self) -> bytes:
        return raw_bytes(self)

    def __repr__(self) -> str:
        layout = _array(self)
        name = layout.name.replace("[]", f"[{length_of(self)}]", 1)
        return f"<{name} {show_array(self, layout, [SHOWN_MAX])}>"

    def __copy__(self) -> Any:
        return copied(self)

    def __deepcopy__(self, memo: Dict[int, Any]) -> Any:
        return copied(self)

    def __reduce_ex__(self, protocol: Any) -> Tuple[Any, ...]:
        return pickled(self)

    @property
    def _as_parameter_(self) -> Any:
        return as_ctypes(self)

    @property
    def ctypes(self) -> Any:
        """The same memory as an instance of ctypes."""
        return as_ctypes(self)


class Pointer:
    """A C pointer. `p.name` and `p[i]` reach through it; `p + n`, `p - q`,
    comparisons and truth are C's. `p[a:b]` is a view of the elements."""

    __slots__ = ()

    def __init__(self, value: Any = None) -> None:
        # What a class is called with is taken in by its __new__.
        pass

    def __getitem__(self, key: Any) -> Any:
        return get_item(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        set_item(self, key, value)

    def __len__(self) -> int:
        length = length_of(self)
        if length < 0:
            raise TypeError(f"'{layout_in(self).name}' has no known length")
        return length

    def __iter__(self) -> Iterator[Any]:
        if length_of(self) < 0:
            raise TypeError(f"'{layout_in(self).name}' has no known length")
        return _elements(self)

    def __bool__(self) -> bool:
        return number_of(self) != 0

    def __int__(self) -> int:
        return address_of(self)

    def __hash__(self) -> int:
        return hash(number_of(self))

    def __eq__(self, other: Any) -> Any:
        if not _is_pointer(other):
            return NotImplemented
        return number_of(self) == number_of(other)

    def __lt__(self, other: Any) -> Any:
        if not _is_pointer(other):
            return NotImplemented
        return number_of(self) < number_of(other)

    def __le__(self, other: Any) -> Any:
        if not _is_pointer(other):
            return NotImplemented
        return number_of(self) <= number_of(other)

    def __gt__(self, other: Any) -> Any:
        if not _is_pointer(other):
            return NotImplemented
        return number_of(self) > number_of(other)

    def __ge__(self, other: Any) -> Any:
        if not _is_pointer(other):
            return NotImplemented
        return number_of(self) >= number_of(other)

    def __add__(self, count: Any) -> Any:
        if not hasattr(type(count), "__index__"):
            return NotImplemented
        return _moved(self, index(count))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if _is_pointer(other):
            return _distance(self, other)
        if not hasattr(type(other), "__index__"):
            return NotImplemented
        return _moved(self, -index(other))

    def __enter__(self) -> Any:
        if ownership(self) != 1:
            what = "was released" if ownership(self) else "owns nothing to release"
            raise ValueError(f"'{layout_in(self).name}' {what}")
        return self

    def __exit__(self, *error: Any) -> None:
        release(self)

    def __repr__(self) -> str:
        layout = layout_in(self)
        if ownership(self) == 2:
            return f"<{layout.name} released>"
        address = address_of(self)
        parts = [f"{address:#x}" if address else "NULL"]
        if length_of(self) >= 0:
            parts.append(f"length {length_of(self)}")
        owner = owner_of(self)
        if ownership(self):
            parts.append("owned")
        elif owner is not None:
            parts.append(f"in {type(owner).__name__}")
        return f"<{layout.name} {', '.join(parts)}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"cannot pickle {layout_in(self).name}: an address means nothing"
            " elsewhere"
        )

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Dict[int, Any]) -> Any:
        return self

    @property
    def _as_parameter_(self) -> Any:
        return as_ctypes(self)

    @property
    def ctypes(self) -> Any:
        """The same pointer as an instance of ctypes."""
        return as_ctypes(self)


def _is_pointer(value: Any) -> bool:
    return is_data(value) and layout_in(value).kind == _native.POINTER_


def _moved(data: Any, count: int) -> Any:
    layout = layout_in(data)
    element = element_of(layout)
    address = address_of(data) + count * element.size
    if not address_of(data):
        raise null_error(layout)
    length = length_of(data)
    if length >= 0:
        if not 0 <= count <= length:
            raise IndexError(
                f"'{layout.name}' moved by {count} is out of range: {length} elements"
            )
        length -= count
    if not 0 <= address < 1 << 64:
        raise OverflowError(f"'{layout.name}' moved by {count} is no address")
    return view(type(data), address, owner_of(data), length)


def _distance(data: Any, other: Any) -> int:
    mine, others = layout_in(data), layout_in(other)
    element = element_of(mine)
    if others.element is None or not _native.kaa_ctype_same(
        element.core, others.element.core
    ):
        raise TypeError(f"'{mine.name}' and '{others.name}' point at different types")
    distance, rest = divmod(address_of(data) - address_of(other), element.size)
    if rest:
        raise ValueError("the pointers are not a whole number of elements apart")
    return distance


# As arguments. -------------------------------------------------------------------


def same_target(element: Element, target: int) -> bool:
    """Whether C lets a pointer to the one be a pointer to the other."""
    behind = _native.kaa_ctype_strip(target)
    kind = _native.kaa_ctype_kind_of(behind)
    if _native.VOID in (kind, element.kind):
        return True
    if _native.kaa_ctype_same(element.core, behind):
        return True
    if kind == _native.ARRAY and element.kind == _native.ARRAY:
        mine, others = shape_of(element.core), shape_of(behind)  # const or not
        return mine[0] == others[0] and bool(_native.kaa_ctype_same(mine[1], others[1]))
    if _native.ENUM in (kind, element.kind):
        kinds = kind, element.kind
        return element.size == _native.kaa_ctype_size(behind) and all(
            one == _native.ENUM or _native.SCHAR <= one <= _native.ULLONG
            for one in kinds
        )
    bytes_ = (_native.CHAR, _native.SCHAR, _native.UCHAR)
    if kind in bytes_ and element.kind in bytes_:
        return True
    return (
        _native.SCHAR <= kind <= _native.ULLONG
        and _native.SCHAR <= element.kind <= _native.ULLONG
        and element.size == _native.kaa_ctype_size(behind)
        and bool(_native.kaa_ctype_is_signed(element.core))
        == bool(_native.kaa_ctype_is_signed(behind))
    )


def pointer_from(target: int, value: Any) -> Optional[int]:
    """The address that an instance gives where a pointer to `target` is wanted;
    None if it does not fit."""
    layout = layout_in(value)
    behind = _native.kaa_ctype_strip(target)
    if _native.kaa_ctype_kind_of(behind) == _native.VOID:
        return address_of(value)
    if layout.kind != _native.POINTER_ and _native.kaa_ctype_same(layout.ctype, behind):
        return address_of(value)
    if layout.kind in RECORDS or layout.element is None:
        return None
    return address_of(value) if same_target(layout.element, target) else None


def find_data(pointee: Pointee, value: Any, writable: bool) -> Found:
    """The pointer for an instance of C data, which stays where it is; or for a
    list, an array of what it holds."""
    FIXED = _late.pointer.FIXED
    Found = _late.pointer.Found
    if is_data(value):
        address = pointer_from(pointee.target, value)
        if address is not None:
            return Found(FIXED, address, extent_of(value), value)
    elif _takes_lists(pointee):
        made = new(pointee.types.array_class(pointee.target, max(len(value), 1)))
        fill(layout_in(made), made, address_of(made), value)
        return Found(FIXED, address_of(made), len(value) * pointee.size, made)
    raise refusal(TYPE, pointee.pointer, given=type(value).__name__)


def _takes_lists(pointee: Pointee) -> bool:
    """Whether a list of elements is one for the pointer: not for text."""
    return (
        bool(pointee.size)
        and not _native.CHAR <= pointee.kind <= _native.UCHAR
        and not _native.WCHAR <= pointee.kind <= _native.CHAR32
    )


def extent_of(value: Any) -> int:
    """How many bytes there are from an instance's address on; -1 where only C
    knows."""
    layout = layout_in(value)
    if layout.kind != _native.POINTER_:
        return size_of(value)
    if not address_of(value):
        return 0
    if length_of(value) < 0 or layout.element is None:
        return -1
    return length_of(value) * layout.element.size


__all__ = ["AGGREGATES", "Array", "NullPointerError", "Pointer"]
