"""The formats of PEP 3118, by which NumPy and memoryview read C data."""

from __future__ import annotations


from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from kaa._values.instance import Layout

_LETTERS: Dict[int, str] = {
    _native.BOOL: "?",
    _native.CHAR: "c",
    _native.SCHAR: "b",
    _native.UCHAR: "B",
    _native.SHORT: "h",
    _native.USHORT: "H",
    _native.INT: "i",
    _native.UINT: "I",
    _native.LONG: "l",
    _native.ULONG: "L",
    _native.LLONG: "q",
    _native.ULLONG: "Q",
    _native.CHAR16: "H",
    _native.CHAR32: "I",
    _native.WCHAR: "I",
    _native.FLOAT: "f",
    _native.DOUBLE: "d",
    _native.LDOUBLE: "g",
    _native.CFLOAT: "Zf",
    _native.CDOUBLE: "Zd",
    _native.CLDOUBLE: "Zg",
    _native.POINTER_: "P",
}


#: A record whose format would be longer is so many bytes to whoever reads it:
#: texts would double with each struct that holds two of another.
_LENGTH_MAX = 1 << 16


def format_of(ctype: int, known: Optional[Dict[int, str]] = None) -> str:
    """The format of one value, as the struct module and NumPy write it; `known` has
    those of records by their types."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.ENUM:
        return format_of(_native.kaa_ctype_target(core))
    if kind == _native.STRUCT:
        known = {} if known is None else known
        if core not in known:
            known[core] = _struct_format(core, known)
        return known[core]
    if kind == _native.ARRAY:
        shape, behind = shape_of(core)
        return f"({','.join(map(str, shape))}){format_of(behind, known)}"
    return _LETTERS.get(kind) or f"{_native.kaa_ctype_size(core)}s"


def shape_of(array: int) -> Tuple[Tuple[int, ...], int]:
    """The lengths of an array of arrays, and the type of its elements."""
    shape: List[int] = []
    while _native.kaa_ctype_kind_of(array) == _native.ARRAY:
        count = _native.kaa_ctype_count(array)
        shape.append(0 if count == _native.UNKNOWN_COUNT else count)
        array = _native.kaa_ctype_strip(_native.kaa_ctype_target(array))
    return tuple(shape), array


def _struct_format(core: int, known: Dict[int, str]) -> str:
    parts: List[str] = []
    place = length = 0
    aligned = True
    native = _native.kaa_ctype_members(core)
    for i in range(_native.kaa_ctype_count(core)):
        one = native[i]
        name = _native.text_or_none(one.name)
        size = _native.kaa_ctype_size(one.type)
        if one.bit_width != _native.NOT_A_BIT_FIELD or size == 0:
            continue  # left as padding
        if one.offset > place:
            parts.append(f"{one.offset - place}x")
        align = _native.kaa_ctype_align(_native.kaa_ctype_strip(one.type))
        aligned = aligned and one.offset % align == 0
        parts.append(f"{format_of(one.type, known)}:{name or f'_{i}'}:")
        length += len(parts[-1])
        if length > _LENGTH_MAX:
            return f"{_native.kaa_ctype_size(core)}s"
        place = one.offset + size
    size = _native.kaa_ctype_size(core)
    if size > place:
        parts.append(f"{size - place}x")
    return ("" if aligned else "^") + "T{" + "".join(parts) + "}"


def text_format(layout: Layout) -> Optional[str]:
    """The format of a class's buffers; None for pointers, which have none."""
    if layout.kind == _native.POINTER_:
        return None
    if layout.kind == _native.ARRAY:
        if layout.element is None or not layout.element.size:
            return None
        return format_of(shape_of(layout.ctype)[1])
    return format_of(layout.ctype) if layout.size else None
