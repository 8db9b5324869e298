"""Pointers for C from buffers, ctypes instances, text and addresses.

Nothing is copied that C may write to. What is read only is passed where it
stands too, but for text that has to be encoded, and for read-only buffers on
interpreters without CPython's buffer functions.
"""

from __future__ import annotations

import ctypes
import sys
import weakref
from ctypes import (  # type: ignore
    Array,
    Structure,
    Union,
    _CFuncPtr,
    _Pointer,
    _SimpleCData,
)
from operator import index

from kaa import _late, _native
from kaa._values.basic import BASIC
from kaa._values.fault import (
    NUL,
    OUTSIDE,
    RANGE,
    SMALL,
    SURROGATE,
    TYPE,
    refusal,
    shown,
)
from kaa._values.instance import is_data
from kaa._values.origins import origin_of
from kaa._values.types import TypeMap

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, MutableMapping, NamedTuple, Tuple
else:
    from kaa._tuple import NamedTuple

_CPYTHON = sys.implementation.name == "cpython"


class _NoReference:
    """Where byref() gives a pointer, there is nothing else to know."""


#: What ctypes.byref() gives.
Reference: Any = type(ctypes.byref(ctypes.c_int())) if _CPYTHON else _NoReference
_INSTANCES = (Structure, Union, Array, _Pointer, _SimpleCData, _CFuncPtr, Reference)
_ADDRESSES = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_wchar_p)

_ADDRESS_SIZE = ctypes.sizeof(ctypes.c_void_p)
_BYTES = (_native.CHAR, _native.SCHAR, _native.UCHAR)
_OTHER_ORDER = "__ctype_be__" if sys.byteorder == "little" else "__ctype_le__"


# Text in C's memory. ---------------------------------------------------------


def text_at(address: int) -> str:
    """The UTF-8 text at an address; undecodable bytes become lone surrogates."""
    return ctypes.string_at(address).decode("utf-8", "surrogateescape")


def wide_at(address: int) -> str:
    """The wchar_t text at an address."""
    return ctypes.wstring_at(address)


def _units(address: int, unit: Any) -> bytes:
    size = ctypes.sizeof(unit)
    count = 0
    while unit.from_address(address + count * size).value:
        count += 1
    return ctypes.string_at(address, count * size)


def char16_at(address: int) -> str:
    """The UTF-16 text at an address."""
    return _units(address, ctypes.c_uint16).decode(_utf(16), "surrogatepass")


def char32_at(address: int) -> str:
    """The UTF-32 text at an address."""
    return _units(address, ctypes.c_uint32).decode(_utf(32), "surrogatepass")


#: How text is read, by the kind of its characters.
TEXT_READERS: Dict[int, Callable[[int], str]] = {
    _native.CHAR: text_at,
    _native.WCHAR: wide_at,
    _native.CHAR16: char16_at,
    _native.CHAR32: char32_at,
}


def encode_wide(value: str, size: int) -> bytes:
    """Text as wide characters of `size` bytes."""
    return value.encode(_utf(16 if size == 2 else 32), "surrogatepass")


def _utf(bits: int) -> str:
    return "utf-%d-%s" % (bits, "le" if sys.byteorder == "little" else "be")


def is_contiguous(view: memoryview) -> bool:
    """Whether a view's elements stand one after the other, in C's order. Asked of
    the strides, because PyPy's own answer is always yes."""
    shape, strides = view.shape or (), view.strides or ()
    if 0 in shape:
        return True
    expected = view.itemsize
    for length, stride in zip(reversed(shape), reversed(strides)):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


# Addresses of Python's memory. -------------------------------------------------

if _CPYTHON:

    class _PyBuffer(ctypes.Structure):
        """Py_buffer, of which the address alone is read."""

        _fields_ = [
            ("buf", ctypes.c_void_p),
            ("obj", ctypes.c_void_p),
            ("len", ctypes.c_ssize_t),
            ("itemsize", ctypes.c_ssize_t),
            ("readonly", ctypes.c_int),
            ("ndim", ctypes.c_int),
            ("pointers", ctypes.c_void_p * 5),
            ("spare", ctypes.c_void_p * 8),
        ]

    _FULL_RO = 0x011C
    _get_buffer = ctypes.PYFUNCTYPE(
        ctypes.c_int, ctypes.py_object, ctypes.POINTER(_PyBuffer), ctypes.c_int
    )(("PyObject_GetBuffer", ctypes.pythonapi))
    _release_buffer = ctypes.PYFUNCTYPE(None, ctypes.POINTER(_PyBuffer))(
        ("PyBuffer_Release", ctypes.pythonapi)
    )

    def view_address(view: memoryview) -> Tuple[int, Any]:
        """Where a view's first element stands; valid as long as the view."""
        buffer = _PyBuffer()
        _get_buffer(view, buffer, _FULL_RO)
        address = buffer.buf or 0
        _release_buffer(buffer)
        return address, view

else:
    # PyPy's own, which every PyPy has: an instance made by ctypes' from_buffer()
    # holds the buffer until a collection, this lets it go when asked.
    import _cffi_backend

    _CHARS = _cffi_backend.new_array_type(
        _cffi_backend.new_pointer_type(_cffi_backend.new_primitive_type("char")), None
    )
    _UINTPTR = _cffi_backend.new_primitive_type("uintptr_t")

    def view_address(view: memoryview) -> Tuple[int, Any]:
        """Where a view's first element stands, and what keeps it there: the
        view where it is writable, else a copy."""
        if view.readonly or not is_contiguous(view):
            copy = _native.buffer_of(view.tobytes())
            return ctypes.addressof(copy), copy
        chars = _cffi_backend.from_buffer(_CHARS, view, True)
        address = int(_cffi_backend.cast(_UINTPTR, chars))
        _cffi_backend.release(chars)
        return address, view


def pointer_value(instance: Any) -> int:
    """What a pointer instance, a byref or a function instance points at: read
    from its memory, whatever its class defines."""
    if type(instance) is Reference:
        # No attribute tells it; memmove() of nothing returns where to.
        return ctypes.memmove(instance, b"", 0) or 0
    if _CPYTHON:
        # Not cast(): what that is given refers to itself from then on.
        return ctypes.c_void_p.from_address(ctypes.addressof(instance)).value or 0
    return ctypes.cast(instance, ctypes.c_void_p).value or 0


def pointer_to(kind: Any, address: int) -> Any:
    """An instance of a pointer class (or of a function's) with an address. Not by
    cast(), which leaves garbage that only a collection finds."""
    if issubclass(kind, _Pointer):
        return kind.from_buffer_copy(address.to_bytes(_ADDRESS_SIZE, sys.byteorder))
    return kind(address)


# Where a pointer's address comes from: kaa_cpython__source in libkaa.
#: It stays: text, a number, memory that something keeps.
FIXED = 0
#: A ctypes instance's own memory: one of what is pointed at.
DATA = 1
#: The same, an array of what is pointed at.
ITEMS = 2
#: What a ctypes instance points at.
POINTED = 3
#: What a byref() points at.
BYREF = 4


class Found(NamedTuple):
    """A pointer for C. The address of a ctypes instance is borrowed: user code
    may move its memory at any time, so it is read when all of that has run."""

    source: int
    #: Where `source` is FIXED or BYREF.
    address: int
    #: How many there are from there on, where `source` is FIXED; -1 where only
    #: C knows.
    bytes: int
    #: What keeps the address valid; the instance.
    keep: Any


class Held:
    """What a call holds for one of its pointers; `place` is the parameter's."""

    __slots__ = ("place", "found", "least", "item", "ctype", "bytes")

    def __init__(self, place: int, found: Found, least: int, ctype: int) -> None:
        self.place = place
        self.found = found
        self.least = least
        #: The size of one of what is pointed at.
        self.item = least or 1
        self.ctype = ctype
        self.bytes = found.bytes

    def read(self) -> int:
        """The address, as it is now."""
        if self.found.source == FIXED:
            return self.found.address
        address, self.bytes = read_borrowed(self.found, self.least, self.ctype)
        return address


def read_borrowed(found: Found, size: int, ctype: int) -> Tuple[int, int]:
    """The address of a borrowed instance and how many bytes there are from there
    on. The instance's own size counts, not what its class says: `size` bytes
    must be there."""
    value, source = found.keep, found.source
    whole = value._obj if source == BYREF else value
    address, count = ctypes.addressof(whole), ctypes.sizeof(whole)
    if source == BYREF:
        gone = found.address - address
        address += gone
        count = count - gone if 0 <= gone <= count else -1
    elif source == POINTED:
        size = ctypes.sizeof(ctypes.c_void_p)
    if count < size and not (source == ITEMS and count == 0):
        code = OUTSIDE if source == BYREF else SMALL
        raise refusal(code, ctype, given=type(whole).__name__)
    if source == POINTED:
        address = pointer_value(value)
        count = -1 if address else 0
    return address, count


def is_number(kind: Any) -> bool:
    """Whether values of a class are numbers, which some have in a buffer too (a
    NumPy scalar): that is no memory to point at."""
    return hasattr(kind, "__index__") and not hasattr(kind, "__len__")


# What fits what. ---------------------------------------------------------------


def fits(types: TypeMap, ctype: int, kind: Any) -> bool:
    """Whether instances of a ctypes class are what C knows as `ctype`."""
    if not isinstance(kind, type):
        return False
    behind = _native.kaa_ctype_strip(ctype)
    c_kind = _native.kaa_ctype_kind_of(behind)
    if c_kind == _native.ENUM:
        target = _native.kaa_ctype_target(behind)
        return bool(target) and fits(types, target, kind)
    if c_kind == _native.POINTER_:
        return _pointer_fits(types, behind, kind)
    if c_kind == _native.ARRAY:
        return (
            issubclass(kind, Array)
            and kind._length_ == _native.kaa_ctype_count(behind)
            and fits(types, _native.kaa_ctype_target(behind), kind._type_)
        )
    if c_kind in (_native.STRUCT, _native.UNION):
        return _record_fits(types, behind, kind)
    if issubclass(kind, _SimpleCData):
        size = ctypes.sizeof(kind)
        if _CPYTHON and size > 1 and getattr(kind, _OTHER_ORDER, None) is kind:
            return False
        code = kind._type_.encode()  # type: ignore[attr-defined]
        return c_kind != _native.VOID and bool(
            _native.kaa_convert_format_fits(behind, code, size)
        )
    return (
        c_kind in BASIC
        and BASIC[c_kind] is not None
        and issubclass(kind, BASIC[c_kind])
    )


def _pointer_fits(types: TypeMap, pointer: int, kind: Any) -> bool:
    target = _native.kaa_ctype_target(pointer)
    pointee = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
    if issubclass(kind, ctypes.c_void_p):
        return True
    if pointee == _native.FUNCTION:
        return issubclass(kind, _CFuncPtr)
    if issubclass(kind, ctypes.c_char_p):
        return pointee in _BYTES or pointee == _native.VOID
    if issubclass(kind, ctypes.c_wchar_p):
        return pointee in (_native.WCHAR, _native.VOID)
    if issubclass(kind, _Pointer):
        return pointee == _native.VOID or fits(types, target, kind._type_)
    return False


def _record_fits(types: TypeMap, record: int, kind: Any) -> bool:
    if issubclass(kind, types.ctypes_class(record)):
        return True
    # A class of another library's is as good if C takes the types for one.
    for base in kind.__mro__:
        origin = origin_of(base)
        if origin is not None:
            return bool(_native.kaa_ctype_same(origin[1], record))
    return False


# Pointers. ---------------------------------------------------------------------


class Pointee:
    """What a pointer type points at, and so what it takes."""

    __slots__ = ("types", "pointer", "target", "kind", "size", "least")

    def __init__(self, types: Any, pointer: int, target: int) -> None:
        self.types = types
        self.pointer = pointer
        self.target = target
        behind = _native.kaa_ctype_strip(target)
        kind = _native.kaa_ctype_kind_of(behind)
        if kind == _native.ENUM and _native.kaa_ctype_target(behind):
            behind = _native.kaa_ctype_strip(_native.kaa_ctype_target(behind))
            kind = _native.kaa_ctype_kind_of(behind)
        self.kind = kind
        self.size = _native.kaa_ctype_size(behind)
        #: What an instance must have.
        self.least = 0 if kind == _native.VOID else self.size

    def find(self, value: Any, writable: bool) -> Found:
        """The pointer for a value."""
        if value is None:
            return Found(FIXED, 0, 0, None)
        kind = type(value)  # isinstance() believes a __class__ that lies
        if issubclass(kind, str):
            return self._text(value, writable)
        if is_data(value) or (issubclass(kind, (list, tuple)) and not writable):
            return _late.pointers.find_data(self, value, writable)
        if issubclass(kind, _INSTANCES):
            return self._instance(value, writable)
        if is_number(kind):
            return self._address(value, writable)
        view = self.view(value, writable)
        if not is_contiguous(view):
            view.release()
            raise refusal(
                TYPE, self.pointer, given=f"a {kind.__name__} that is not contiguous"
            )
        address, keep = view_address(view)
        return Found(FIXED, address, view.nbytes, keep)

    def _address(self, value: Any, writable: bool) -> Found:
        if self.kind != _native.VOID:
            raise refusal(TYPE, self.pointer, given=type(value).__name__)
        number = int(index(value))
        if 0 <= number < 1 << 64:
            return Found(FIXED, number, -1 if number else 0, None)
        raise refusal(RANGE, self.pointer, value=shown(number))

    def view(self, value: Any, writable: bool) -> memoryview:
        """The view of a buffer whose elements fit, contiguous or not."""
        name = type(value).__name__
        try:
            view = memoryview(value)
        except (TypeError, BufferError):
            raise refusal(TYPE, self.pointer, given=name) from None
        if self.format_fits(view) and not (writable and view.readonly):
            return view
        if not self.format_fits(view):
            if not isinstance(value, (bytes, bytearray)):
                name += f" of format {view.format!r}"
                if self.kind == _native.ARRAY:
                    name += f" and shape {view.shape}"
        elif not isinstance(value, bytes):
            name = f"a read-only {name}"
        view.release()
        raise refusal(TYPE, self.pointer, given=name)

    def format_fits(self, view: memoryview) -> bool:
        """Whether a buffer's elements are the pointee."""
        if self.kind in (_native.STRUCT, _native.ARRAY):
            if self.kind == _native.ARRAY:
                return _late.shapes.array_fits(self.target, view)
            return _late.shapes.items_fit(self.target, view)
        return bool(
            _native.kaa_convert_format_fits(
                self.target, view.format.encode(), view.itemsize
            )
        )

    def _text(self, value: str, writable: bool) -> Found:
        if writable or self.kind not in (
            _native.CHAR,
            _native.WCHAR,
            _native.CHAR16,
            _native.CHAR32,
        ):
            raise refusal(TYPE, self.pointer, given="str")
        if "\0" in value:
            raise refusal(NUL)
        encoded = self._encoded(value)
        buffer = _native.buffer_of(encoded + b"\0\0\0")
        return Found(FIXED, ctypes.addressof(buffer), len(encoded), buffer)

    def _encoded(self, value: str) -> bytes:
        try:
            if self.kind == _native.CHAR:
                return value.encode("utf-8", "surrogateescape")
            return encode_wide(value, self.size)
        except UnicodeEncodeError as error:
            raise refusal(SURROGATE, number=error.start) from None

    def _instance(self, value: Any, writable: bool) -> Found:
        """A ctypes instance: its own memory where it is of the pointee's type, or
        what it points at."""
        source, address, kind = FIXED, 0, type(value)
        if kind is Reference:
            whole = type(value._obj)
            if not issubclass(whole, _INSTANCES):
                raise refusal(TYPE, self.pointer, given=f"byref({whole.__name__})")
            if self.kind != _native.VOID and not self._holds(whole):
                raise refusal(TYPE, self.pointer, given=f"byref({whole.__name__})")
            source, address = BYREF, pointer_value(value)
        elif self.kind == _native.VOID:
            if issubclass(kind, (_Pointer,) + _ADDRESSES):
                source = POINTED
            elif not issubclass(kind, _CFuncPtr):
                source = DATA
        elif issubclass(kind, _Pointer) and self._holds(kind._type_):
            source = POINTED
        elif self._is_target(kind):
            source = DATA
        elif self._holds(kind):
            source = ITEMS
        elif issubclass(kind, _ADDRESSES):
            if _pointer_fits(self.types, _native.kaa_ctype_strip(self.pointer), kind):
                source = POINTED
        if source == FIXED:
            raise refusal(TYPE, self.pointer, given=kind.__name__)
        return Found(source, address, -1, value)

    def _is_target(self, kind: Any) -> bool:
        return fits(self.types, self.target, kind)

    def _holds(self, kind: Any) -> bool:
        """Whether an instance is one of the pointee, or an array of it."""
        return self._is_target(kind) or (
            issubclass(kind, Array) and self._is_target(kind._type_)
        )


_pointees: MutableMapping[TypeMap, Dict[int, Pointee]] = weakref.WeakKeyDictionary()


def pointee_of(types: TypeMap, ctype: int) -> Pointee:
    """What is known of a pointer type, worked out once."""
    try:
        return _pointees[types][ctype]
    except KeyError:
        target = _native.kaa_ctype_target(_native.kaa_ctype_strip(ctype))
        # A value of the dictionary must not keep its key alive.
        made = Pointee(weakref.proxy(types), ctype, target)
        return _pointees.setdefault(types, {}).setdefault(ctype, made)


def find_pointer(types: TypeMap, ctype: int, value: Any, writable: bool) -> Found:
    """The pointer for a parameter of a pointer type. Raises TypeError, ValueError
    or OverflowError with the reason alone."""
    return pointee_of(types, ctype).find(value, writable)


def pointer_argument(
    types: TypeMap, ctype: int, value: Any, writable: bool
) -> Tuple[int, Any]:
    """The address to pass, as it is now, and what must be kept alive meanwhile."""
    pointee = pointee_of(types, ctype)
    found = pointee.find(value, writable)
    return Held(0, found, pointee.least, ctype).read(), found.keep
