"""Instances of C data in the bridge: libkaa makes the classes and the instances."""

from __future__ import annotations

import ctypes

from kaa import _late, _native
from kaa._backend import host as _host
from kaa._values.format import shape_of, text_format
from kaa._values.instance import RECORDS, Layout

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Optional, Tuple

_bridge = _host.handle()
_ADDRESS, _OWNER, _LENGTH, _HAS_MEMORY, _KEPT, _LAYOUT, _IS_OWNED = range(7)
_make = _native.kaa_cpython_data_class
_get = _native.kaa_cpython_data_get
_layout = _native.kaa_cpython_data_layout
_new = _native.kaa_cpython_data_new
_view = _native.kaa_cpython_data_view
_set_pointer = _native.kaa_cpython_data_set_pointer
_get_pointer = _native.kaa_cpython_data_get_pointer
_copy = _native.kaa_cpython_data_copy
_release = _native.kaa_cpython_data_release


class _Options(ctypes.Structure):
    """kaa_cpython_data_options"""

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("dimensions", ctypes.c_uint32),
        ("type", ctypes.c_void_p),
        ("library", ctypes.py_object),
        ("layout", ctypes.py_object),
        ("base", ctypes.py_object),
        ("name", ctypes.c_char_p),
        ("doc", ctypes.c_char_p),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
    ]


def new_class(layout: Layout, doc: str) -> Any:
    _pointers = _late.pointers
    base: Any
    if layout.kind in RECORDS:
        base = _late.record.Record
    elif layout.kind == _native.POINTER_:
        base = _pointers.Pointer
    else:
        base = _pointers.Array
    shape = shape_of(layout.ctype)[0] if layout.kind == _native.ARRAY else ()
    format_ = text_format(layout)
    options = _Options(
        ctypes.sizeof(_Options),
        len(shape),
        layout.ctype,
        layout.library,
        layout,
        base,
        f"{layout.types.module}.{layout.name}".encode("utf-8", "replace"),
        doc.encode("utf-8", "replace"),
        None if format_ is None else format_.encode(),
        (ctypes.c_int64 * max(len(shape), 1))(*shape),
    )
    return _make(_bridge, ctypes.addressof(options))


def is_data(value: Any) -> bool:
    return _layout(_bridge, type(value)) is not None


def layout_of(kind: Any) -> Layout:
    found: Optional[Layout] = _layout(_bridge, kind)
    if found is None:
        raise TypeError(f"{kind.__name__} is no class of C data")
    return found


def layout_in(data: Any) -> Layout:
    layout: Layout = _get(_bridge, data, _LAYOUT)
    return layout


def address_of(data: Any) -> int:
    address: int = _get(_bridge, data, _ADDRESS)
    return address


#: Of released memory the bridge's own comparisons know it.
number_of = address_of


def owner_of(data: Any) -> Any:
    return _get(_bridge, data, _OWNER)


def length_of(data: Any) -> int:
    length: int = _get(_bridge, data, _LENGTH)
    return length


def has_memory(data: Any) -> bool:
    return bool(_get(_bridge, data, _HAS_MEMORY))


def new(kind: Any) -> Any:
    return _new(_bridge, kind)


def view(kind: Any, address: int, owner: Any, length: int) -> Any:
    return _view(_bridge, kind, address, owner, length)


def set_pointer(root: Any, at: int, address: int, kept: Any) -> None:
    _set_pointer(_bridge, root, at, address, kept)


def get_pointer(root: Any, at: int) -> Tuple[int, Any]:
    pair: Tuple[int, Any] = _get_pointer(_bridge, root, at)
    return pair


def copy_bytes(root: Any, to: int, source: Any, start: int, size: int) -> None:
    _copy(_bridge, root, to, source, start, size)


def ownership(data: Any) -> int:
    """Whether a function of C's frees the memory: 0: no, 1: yes, 2: it has."""
    state: int = _get(_bridge, data, _IS_OWNED)
    return state


def release(data: Any) -> int:
    """Has it freed: 1; 0: it had been before; 2: nothing is to be freed."""
    done: int = _release(_bridge, data)
    return done
