"""Working with C data: what ctypes has functions for, and what C has operators
for. All of it is `kaa`'s: `kaa.new`, `kaa.cast`, `kaa.sizeof`.
"""

from __future__ import annotations

import ctypes
import sys
import weakref

from kaa import _late, _native
from kaa._values.instance import (
    AGGREGATES,
    RECORDS,
    Layout,
    address_of,
    below,
    copy_bytes,
    is_data,
    kept_value,
    layout_in,
    layout_of,
    length_of,
    owner_of,
    ownership,
    record_address,
    record_from,
)
from kaa._values.instance import release as free
from kaa._values.instance import size_of, view
from kaa._values.record import as_exporter, asdict
from kaa._values.types import Data, TypeMap, type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple, Type

    from kaa._library import Library


# Types by their names. ------------------------------------------------------------


class _Basic:
    """The types of C that need no library."""

    _label = "C"

    def __init__(self) -> None:
        self._types = TypeMap("kaa", None, self)
        self._data = Data()
        self._closures: Dict[Any, Any] = {}


_basic: Any = None


def _basic_home() -> Any:
    global _basic
    if _basic is None:
        _basic = _Basic()
    return _basic


def _refuse_type(text: str) -> TypeError:
    return TypeError(f"{text!r} names no C type: such as 'int', 'point *', 'char[64]'")


def _taken_apart(text: str) -> Tuple[List[str], List[str], List[str]]:
    """The words of a type's text, what follows them ("*" and "const"), and the counts
    of arrays ("" for []). Without `re`: the last finalisers cannot import it."""
    front, bracket, rest = text.partition("[")
    tokens = front.replace("*", " * ").split()
    stars = tokens.index("*") if "*" in tokens else len(tokens)
    words, pointers, counts = tokens[:stars], tokens[stars:], []
    is_type = bool(words) and all(one.replace("_", "a").isalnum() for one in words)
    is_type = is_type and all(one in ("*", "const") for one in pointers)
    rest = (bracket + rest).strip()
    while rest and is_type:
        count, end, rest = rest[1:].partition("]") if rest[0] == "[" else ("", "", "")
        count, rest = count.strip(), rest.strip()
        is_type = end == "]" and (count == "" or (count.isascii() and count.isdigit()))
        counts.append(count)
    if not is_type:
        raise _refuse_type(text)
    return words, pointers, counts


def ctype_named(text: str, library: Optional[Library]) -> Tuple[int, TypeMap]:
    """The type that a text like "const struct point *[3]" names."""
    words, pointers, counts = _taken_apart(text)
    constant = "const" in words
    words = [one for one in words if one not in ("const", "volatile")]
    home = library if library is not None else _basic_home()
    types: TypeMap = home._types
    ctype = _base(" ".join(words), library)
    if ctype is None:
        raise (
            _refuse_type(text)
            if library is not None
            else TypeError(
                f"{text!r} names no basic C type; a library's are found with library="
            )
        )
    with types._lock:
        derived = types.derived()
        if constant:
            ctype = derived.const(ctype)
        for token in pointers:
            ctype = derived.pointer(ctype) if token == "*" else derived.const(ctype)
        if counts:
            _late.pointers.refuse_incomplete(library, ctype)
        for count in reversed(counts):
            ctype = derived.array(ctype, int(count) if count else None)
    return ctype, types


def _base(name: str, library: Optional[Library]) -> Optional[int]:
    if library is not None:
        found = _declared(name, library)
        if found is not None:
            return found
    return _parsed(name)


def _declared(name: str, library: Library) -> Optional[int]:
    kind, _, tag = name.partition(" ")
    tagged = bool(tag) and kind in ("struct", "union", "enum")
    item = library._declarations.find(tag if tagged else name)
    if item is not None:
        found = _native.DeclItem.from_address(item)
        kinds = (_native.DECL_TYPEDEF, _native.DECL_RECORD, _native.DECL_ENUM)
        if found.kind in kinds and (not tagged or _is_tagged(found.type, name)):
            return int(found.type)
    if not tagged:
        return None
    # A function or a typedef has the name, as with struct stat.
    for address in library._declarations.items():
        one = _native.DeclItem.from_address(address)
        if one.type:
            behind = _native.kaa_ctype_strip(one.type)
            if _is_tagged(behind, name):
                return int(behind)
    return None


def _is_tagged(ctype: int, name: str) -> bool:
    return type_text(_native.kaa_ctype_strip(ctype)) == name


_parsed_types: Dict[str, Optional[int]] = {}


def _parsed(name: str) -> Optional[int]:
    """A basic type, by having it declared."""
    if name not in _parsed_types:
        found: Optional[int] = None
        try:
            text = f"typedef {name} kaa_named;".encode()
            declared = _late.declarations.Declarations(text, False)
            item = declared.find("kaa_named")
            if item is not None:
                found = _native.kaa_ctype_strip(
                    _native.DeclItem.from_address(item).type
                )
                if _native.kaa_ctype_kind_of(found) in AGGREGATES + (_native.ENUM,):
                    found = None
        except _late.error.DeclarationError:
            pass
        if len(_parsed_types) > 256:
            _parsed_types.clear()
        _parsed_types[name] = found
    return _parsed_types[name]


def class_named(text: str, library: Optional[Library] = None) -> Any:
    """The class of a type by its name."""
    ctype, types = ctype_named(text, library)
    return types.data_class(ctype)


def type_of(kind: Any, library: Optional[Library]) -> Tuple[int, TypeMap]:
    """The type of a class, an instance or a name."""
    if isinstance(kind, str):
        return ctype_named(kind, library)
    if not isinstance(kind, type):
        kind = type(kind)
    layout = _layout_or_none(kind)
    if layout is None:
        meaning = _late.named.meaning_of(kind)
        if meaning is not None:
            return meaning.ctype, meaning.types
        raise TypeError(
            f"a C type or its name expected, not {getattr(kind, '__name__', kind)}"
        )
    return layout.ctype, layout.types


def _layout_or_none(kind: Any) -> Optional[Layout]:
    try:
        return layout_of(kind)
    except TypeError:
        return None


# Making. ---------------------------------------------------------------------------


def new(kind: Any, value: Any = None, *, library: Optional[Library] = None) -> Any:
    """Memory for one C value, all zero, which goes when nothing refers to it.

    `kind` is a class (`z.point`, `z.uLong`) or a name ("int", "point[10]", "char **"); names
    of a library's types need `library`. A record or an array comes back as such.
    Of any other type T it is a pointer to one T; "T *" is a pointer to one T too.
    `value` is written into it: a record of the type, a dict or a tuple of members
    for a record, a list, text or a buffer for an array.
    """
    ctype, types = type_of(kind, library)
    core = _native.kaa_ctype_strip(ctype)
    what = _native.kaa_ctype_kind_of(core)
    _refuse_function(what, ctype)
    if what in AGGREGATES:
        own = kind if isinstance(kind, type) else types.data_class(core)
        if _native.kaa_ctype_count(core) == _native.UNKNOWN_COUNT and (
            what == _native.ARRAY
        ):
            return _sized(types, core, value)
        return _filled(own, value)
    if what == _native.POINTER_ and not is_to_function(core):
        target = _native.kaa_ctype_target(core)
        made = _native.kaa_ctype_strip(target)
        if not _native.kaa_ctype_size(made):
            _late.pointers.refuse_incomplete(types.home(), made)
            raise TypeError(f"{type_text(target)} has no known size")
        pointer = types.data_class(core)
    else:
        target, pointer = ctype, types.pointer_class(ctype)
    cell = types.array_class(target, 1)()
    result = view(pointer, address_of(cell), cell, 1)
    if value is not None:
        if _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target)) in RECORDS:
            _fill_record(result[0], value)
        else:
            result[0] = value
    return result


def _refuse_function(kind: int, ctype: int) -> None:
    if kind == _native.FUNCTION:
        raise TypeError(f"{type_text(ctype)} is a function type, which has no size")


def is_to_function(pointer: int) -> bool:
    target = _native.kaa_ctype_strip(_native.kaa_ctype_target(pointer))
    return bool(_native.kaa_ctype_kind_of(target) == _native.FUNCTION)


def _sized(types: TypeMap, core: int, value: Any) -> Any:
    if value is None:
        raise TypeError(f"{type_text(core)} has no length: give one, or the values")
    element = _native.kaa_ctype_target(core)
    text = isinstance(value, str)
    values = value if text or hasattr(value, "__len__") else list(value)
    count = len(value.encode("utf-8", "surrogateescape")) + 1 if text else len(values)
    return _filled(types.array_class(element, count), values)


def _filled(kind: Any, value: Any) -> Any:
    if value is None:
        return kind()
    if layout_of(kind).kind == _native.ARRAY:
        return kind(value)
    made = kind()
    _fill_record(made, value)
    return made


def _fill_record(record: Any, value: Any) -> None:
    layout = layout_in(record)
    if isinstance(value, (dict, tuple, list)):
        value = record_from(layout.types.data_class(layout.ctype), value)
    source = record_address(layout.types, layout.ctype, value)
    copy_bytes(record, address_of(record), value, source, layout.size)


def pointer_to(layout: Layout, value: Any) -> Tuple[int, Any]:
    """The address and the owner for a pointer of a class, from what an argument
    of its type may be."""
    target = _native.kaa_ctype_target(layout.ctype)
    writable = not _native.kaa_ctype_qualifiers(target) & _native.CONST
    address, kept = _late.pointer.pointer_argument(
        layout.types, layout.ctype, value, writable
    )
    if kept is None:
        return address, None
    return address, kept_value(value, [kept])


def library_of(layout: Layout) -> Any:
    """The library of a type; None where it needs none."""
    library = layout.library
    return None if isinstance(library, _Basic) else library


# Asking. ---------------------------------------------------------------------------


def addressof(data: Any, name: Optional[str] = None) -> Any:
    """A pointer to a record or an array, which keeps it: `&x` of C. With a name, to
    that member of a record (`&x.name`), or of what a pointer points at
    (`&p->name`), or to that variable of a library (`&name`). int() gives the
    number."""
    if name is not None and hasattr(type(data), "_declarations"):
        return _variable(data, name)
    layout = _data_layout(data)
    if name is not None:
        return _member(data, layout, name)
    types = layout.types
    if layout.kind == _native.POINTER_:
        raise TypeError(
            "a pointer is a value and stands nowhere: addressof() needs"
            " a record or an array"
        )
    return view(types.pointer_class(layout.ctype), address_of(data), below(data), 1)


def _member(data: Any, layout: Layout, name: str) -> Any:
    found = layout.reach().get(name)
    if found is None:
        raise _late.instance.no_member(layout, name)
    if found.bit_width is not None:
        raise ValueError(f"{layout.name}.{name} is a bit-field, which has no address")
    base = address_of(data)
    if not base:
        raise _late.pointers.null_error(layout)
    made = layout.types.pointer_class(found.element.ctype)
    return view(made, base + found.offset, below(data), 1)


def _variable(library: Library, name: str) -> Any:
    item = library._declarations.find(name)
    if item is None or (
        _native.DeclItem.from_address(item).kind != _native.DECL_VARIABLE
    ):
        raise AttributeError(f"{library._label} declares no variable {name!r}")
    variable = library._variable(name, item)
    if variable is None:
        raise AttributeError(f"{library._label} lacks the variable {name!r}")
    return variable.pointer()


def _data_layout(data: Any) -> Layout:
    if not is_data(data):
        raise TypeError(
            f"a record, array or pointer expected, not {type(data).__name__}"
        )
    return layout_in(data)


def sizeof(kind: Any, *, library: Optional[Library] = None) -> int:
    """The size in bytes of a type (a class or its name) or of an instance."""
    if not isinstance(kind, (str, type)):
        if is_data(kind):
            return size_of(kind)
    elif isinstance(kind, type) and issubclass(kind, _CTYPES):
        return ctypes.sizeof(kind)
    ctype, types = type_of(kind, library)
    _refuse_function(_native.kaa_ctype_kind_of(_native.kaa_ctype_strip(ctype)), ctype)
    _late.pointers.refuse_incomplete(types.home(), ctype)
    size: int = _native.kaa_ctype_size(ctype)
    return size


_CTYPES: Type[ctypes._CData] = ctypes.Structure.__mro__[1]


def alignof(kind: Any, *, library: Optional[Library] = None) -> int:
    """The alignment in bytes of a type or of an instance's type."""
    ctype, types = type_of(kind, library)
    _refuse_function(_native.kaa_ctype_kind_of(_native.kaa_ctype_strip(ctype)), ctype)
    _late.pointers.refuse_incomplete(types.home(), ctype)
    align: int = _native.kaa_ctype_align(ctype)
    return align


def offsetof(kind: Any, member: str, *, library: Optional[Library] = None) -> int:
    """Where a member begins, in bytes from the record's start. ValueError for a
    bit-field, which begins at no byte."""
    ctype, types = type_of(kind, library)
    core = _native.kaa_ctype_strip(ctype)
    if _native.kaa_ctype_kind_of(core) not in RECORDS:
        raise TypeError(f"a struct or union expected, not {type_text(ctype)}")
    layout = layout_of(types.data_class(core))
    found = layout.by_name.get(member)
    if found is None:
        raise _late.instance.no_member(layout, member)
    if found.bit_width is not None:
        raise ValueError(f"{layout.name}.{member} is a bit-field")
    return found.offset


# Reading and writing bytes. -----------------------------------------------------------


def _place_of(value: Any, size: Optional[int]) -> Tuple[int, int, Any]:
    """Where `size` bytes at a pointer, array, record or address are; how many, and
    what keeps them."""
    if is_data(value):
        layout = layout_in(value)
        known = -1
        if layout.kind != _native.POINTER_:
            known = size_of(value)
        elif length_of(value) >= 0 and layout.element is not None:
            known = length_of(value) * (layout.element.size or 1)
        address, owner = address_of(value), below(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        address, owner, known = value, None, -1
    else:
        raise TypeError(
            f"a pointer, array or address expected, not {type(value).__name__}"
        )
    if size is None:
        if known < 0:
            raise ValueError("how many bytes there are is not known: give the number")
        size = known
    if size < 0 or (known >= 0 and size > known):
        raise ValueError(f"{size} bytes of {known}")
    if not address and size:
        raise _late.pointers.NullPointerError("NULL pointer")
    return address, size, owner


def text(value: Any, length: Optional[int] = None) -> str:
    """The text at a pointer or in an array of characters: up to the first NUL, or
    `length` characters (bytes, for char). UTF-8; bytes that are none become lone
    surrogates."""
    width = 1
    if is_data(value):
        element = layout_in(value).element
        if element is not None:
            width = element.size
    if length is None and (not is_data(value) or length_of(value) < 0):
        address, _, _ = _place_of(value, width)
        if width == 1:
            return _late.pointer.text_at(address)
        if width == ctypes.sizeof(ctypes.c_wchar):
            return _late.pointer.wide_at(address)
    address, size, _ = _place_of(value, None if length is None else length * width)
    raw = ctypes.string_at(address, size)
    if width == 1:
        if length is None:
            raw = raw.partition(b"\0")[0]
        return raw.decode("utf-8", "surrogateescape")
    codec = _late.pointer._utf(16 if width == 2 else 32)
    decoded = raw.decode(codec, "surrogatepass")
    return decoded.partition("\0")[0] if length is None else decoded


def bytes_(value: Any, length: Optional[int] = None) -> bytes:
    """A copy of the bytes at a pointer, or of a record or an array."""
    address, size, _ = _place_of(value, length)
    return ctypes.string_at(address, size)


def view_(value: Any, length: Optional[int] = None) -> memoryview:
    """A writable memoryview of the bytes at a pointer, of a record or of an array.
    It keeps what owns them; memory that C owns has to stay as long as it is used."""
    address, size, owner = _place_of(value, length)
    flat = (ctypes.c_ubyte * size).from_address(address)
    kept = owner if owner is not None else value
    flat._kaa_owner = kept  # type: ignore[attr-defined]
    if is_data(value) and ownership(value):
        return _guarded_view(value, address, size)
    if sys.implementation.name != "cpython":
        return _view_on_pypy(flat, address, size, kept)
    return memoryview(flat).cast("B")


def _view_on_pypy(flat: Any, address: int, size: int, kept: Any) -> memoryview:
    """Views keep the bytes alone there, not what says who owns them: so of memory
    that ctypes made the view is of that. Of other memory a view that is cut out of
    this one does not keep the owner."""
    memory = _late.instance_plain.memory_of(kept) if is_data(kept) else None
    if memory is not None:
        start = address - ctypes.addressof(memory)
        made = memoryview(memory).cast("B")[start : start + size]
    else:
        made = memoryview(flat).cast("B")
    weakref.finalize(made, _nothing, kept).atexit = False
    return made


def _nothing(owner: Any) -> None:
    pass


def _guarded_view(value: Any, address: int, size: int) -> memoryview:
    """Of memory that may be released: not as long as the view is used."""
    types = layout_in(value).types
    char = _native.kaa_ctype_basic(_native.UCHAR)
    made = view(types.array_class(char), address, owner_of(value), size)
    return memoryview(as_exporter(made)).cast("B")


def from_buffer(
    kind: Any, buffer: Any, offset: int = 0, *, library: Optional[Library] = None
) -> Any:
    """A record or an array in the memory of a writable buffer (bytearray, mmap,
    NumPy), `offset` bytes from its start. An array without a length takes all
    that is there."""
    ctype, types = type_of(kind, library)
    core = _native.kaa_ctype_strip(ctype)
    if _native.kaa_ctype_kind_of(core) not in AGGREGATES:
        raise TypeError(f"a record or array type expected, not {type_text(ctype)}")
    own = kind if isinstance(kind, type) else types.data_class(core)
    if not _native.kaa_ctype_size(core) and not _native.kaa_ctype_is_complete(core):
        if _native.kaa_ctype_kind_of(core) in RECORDS:
            raise _late.pointers.null_error(layout_of(own))
    held = memoryview(buffer)
    if held.readonly:
        raise TypeError(
            f"a writable buffer expected: this {type(buffer).__name__}" " is read-only"
        )
    if not _late.pointer.is_contiguous(held):
        raise TypeError("a C-contiguous buffer expected")
    layout = layout_of(own)
    size, count = layout.size, layout.count
    if layout.kind == _native.ARRAY and count < 0 and layout.element is not None:
        count = max(held.nbytes - offset, 0) // layout.element.size
        size = count * layout.element.size
    if offset < 0 or held.nbytes - offset < size:
        raise ValueError(
            f"{type_text(ctype)} needs {size} bytes at {offset}: the buffer has"
            f" {held.nbytes}"
        )
    address, kept = _late.pointer.view_address(held)
    if (address + offset) % layout.align:
        raise ValueError(
            f"{type_text(ctype)} must stand at a multiple of" f" {layout.align} bytes"
        )
    return view(own, address + offset, kept, count)


# Handles: Python objects as `void *`. ---------------------------------------------------


_handles: Dict[int, Any] = {}


class _HandleCell:
    __slots__ = ("value", "memory")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.memory = ctypes.c_longlong(0)


def handle(value: Any) -> Any:
    """A `void *` for a Python object, to be given to C as user data and turned
    back by kaa.object() in a callback. The object is kept until kaa.release() of
    the handle, or as long as the handle is referred to where that is longer."""
    cell = _HandleCell(value)
    address = ctypes.addressof(cell.memory)
    _handles[address] = cell
    home = _basic_home()
    pointer = home._types.pointer_class(_native.kaa_ctype_basic(_native.VOID))
    return view(pointer, address, cell, -1)


def object_(value: Any) -> Any:
    """The Python object of a handle that came back from C, as a pointer or an
    address. ValueError for what is no handle, or a released one."""
    address = address_of(value) if is_data(value) else value
    if address is None or not isinstance(address, int):
        raise TypeError(f"a handle expected, not {type(value).__name__}")
    cell = _handles.get(address)
    if cell is None:
        raise ValueError(f"{address:#x} is no handle, or was released")
    return cell.value


def release(value: Any) -> None:
    """Ends what stands for memory or an object of somebody's: frees what a pointer
    owns ([[kaa::free]]), and before it what was borrowed from it; or ends a handle.
    What was freed before stays so. ValueError for other pointers."""
    if is_data(value) and ownership(value):
        free(value)
        return
    address = address_of(value) if is_data(value) else value
    if not isinstance(address, int) or _handles.pop(address, None) is None:
        what = layout_in(value).name if is_data(value) else repr(value)
        raise ValueError(f"{what} owns nothing that can be released, and is no handle")


# What `kaa` shows; asdict is _record's.
__all__ = ["addressof", "alignof", "asdict", "from_buffer", "handle", "new"]
__all__ += ["offsetof", "release", "sizeof", "text"]
