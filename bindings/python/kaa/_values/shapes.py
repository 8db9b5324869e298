"""Whether the elements of a buffer are C records or arrays: NumPy's structured
arrays, matrices, arrays of ctypes structures.

A format of PEP 3118 is taken apart into its values, each with the place and the
name that it has, and so is the C type; both have to be alike. Padding is written
out by all who export such buffers, so nothing is aligned here.
"""

from __future__ import annotations

import sys

from kaa import _native
from kaa._values.format import shape_of

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Dict, List, NamedTuple, Optional, Tuple
else:
    from kaa._tuple import NamedTuple

_PART = (
    r"(?P<order>[@=<>!^])|(?P<open>(?:\((?P<shape>[\d,\s]+)\)|(?P<times>\d+))?T\{)"
    r"|(?P<close>\})|(?:\((?P<dims>[\d,\s]+)\))?(?P<count>\d*)"
    r"(?P<code>Z[fdgFDG]|[xcbB?hHiIlLqQnNefdgspPOuw])|:(?P<name>[^:]*):|\s+"
)
#: Bytes of what has no standard size in "@" and "^".
_NATIVE: Dict[str, int] = {"l": 8, "L": 8, "n": 8, "N": 8, "P": 8, "g": 16, "Zg": 32}
_SIZES: Dict[str, int] = {
    **dict.fromkeys(("c", "b", "B", "?", "x", "s"), 1),
    **dict.fromkeys(("h", "H", "e"), 2),
    **dict.fromkeys(("i", "I", "f", "w", "u"), 4),
    **dict.fromkeys(("q", "Q", "d", "Zf"), 8),
    "Zd": 16,
    **_NATIVE,
}
_FOREIGN = ">!" if sys.byteorder == "little" else "<"
_MOST = 4096  # values in one record: enough, and a bound for what a format may ask


class Leaf(NamedTuple):
    """One value in a record: its name, where it is, and its format."""

    name: str
    offset: int
    code: str
    size: int


def _product(text: Optional[str]) -> int:
    total = 1
    for one in (text or "").replace(" ", "").split(","):
        if one:
            total *= int(one)
    return total


class _Frame:
    """A T{...} that is being read."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.leaves: List[Leaf] = []
        self.size = 0
        #: What was read last and is not named yet.
        self.fresh: List[Leaf] = []

    def add(self, code: str, count: int, size: int) -> None:
        self.flush("")
        if code != "x":
            if len(self.leaves) + count > _MOST:
                raise ValueError("too many values")
            for i in range(count):
                self.fresh.append(Leaf("", self.size + i * size, code, size))
        self.size += count * size

    def add_frame(self, inner: _Frame) -> None:
        self.flush("")
        inner.flush("")
        if len(self.leaves) + len(inner.leaves) * inner.times > _MOST:
            raise ValueError("too many values")
        for i in range(inner.times):
            start = self.size + i * inner.size
            self.fresh += [
                one._replace(offset=start + one.offset) for one in inner.leaves
            ]
        self.size += inner.times * inner.size

    def flush(self, name: str) -> None:
        for one in self.fresh:
            path = f"{name}.{one.name}" if name and one.name else name or one.name
            self.leaves.append(one._replace(name=path))
        self.fresh = []


def leaves_of_format(text: str) -> Optional[Tuple[List[Leaf], int]]:
    """The values of one item of a format, and its size; None where it is not
    understood, or of another byte order."""
    import re  # most programs have no records of others'

    pattern = re.compile(_PART)
    frames = [_Frame(1)]
    at = 0
    try:
        while at < len(text):
            part = pattern.match(text, at)
            if part is None or part.end() == at:
                return None
            at = part.end()
            if part["order"]:
                if part["order"] in _FOREIGN:
                    return None
            elif part["open"]:
                frames.append(_Frame(_product(part["shape"]) * int(part["times"] or 1)))
            elif part["close"]:
                inner = frames.pop()
                frames[-1].add_frame(inner)
            elif part["code"]:
                count = _product(part["dims"]) * int(part["count"] or 1)
                frames[-1].add(part["code"], count, _SIZES.get(part["code"], 0))
            elif part["name"] is not None:
                frames[-1].flush(part["name"])
        if len(frames) != 1:
            return None
    except (IndexError, ValueError):
        return None
    whole = frames[0]
    whole.flush("")
    return whole.leaves, whole.size


def leaves_of_type(ctype: int, name: str = "", offset: int = 0) -> List[Leaf]:
    """The same of a C type; `code` is the address of the value's. ValueError where there are too many,
    or unions."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
    made: List[Leaf] = []
    if kind == _native.STRUCT:
        native = _native.kaa_ctype_members(core)
        for i in range(_native.kaa_ctype_count(core)):
            one = native[i]
            if one.bit_width != _native.NOT_A_BIT_FIELD:
                raise ValueError("bit-fields")
            inner = _native.text_or_none(one.name)
            path = f"{name}.{inner}" if name and inner else inner or name
            made += leaves_of_type(one.type, path, offset + one.offset)
            if len(made) > _MOST:
                raise ValueError("too many values")
        return made
    if kind == _native.ARRAY:
        shape, behind = shape_of(core)
        count = _product(",".join(map(str, shape)))
        size = _native.kaa_ctype_size(behind)
        if count > _MOST:
            raise ValueError("too many values")
        for i in range(count):
            made += leaves_of_type(behind, name, offset + i * size)
            if len(made) > _MOST:
                raise ValueError("too many values")
        return made
    if kind == _native.UNION:
        raise ValueError("a union")
    if kind == _native.ENUM:
        core = _native.kaa_ctype_strip(_native.kaa_ctype_target(core))
    return [Leaf(name, offset, str(core), _native.kaa_ctype_size(core))]


def record_fits(ctype: int, text: str, itemsize: int) -> bool:
    """Whether an item of a buffer is a record: the same members, by names, places
    and types."""
    if itemsize != _native.kaa_ctype_size(ctype):
        return False
    found = leaves_of_format(text)
    if found is None or found[1] > itemsize:  # the last padding is left out
        return False
    try:
        wanted = leaves_of_type(ctype)
    except ValueError:
        return False
    given = found[0]
    return len(given) == len(wanted) and all(
        one.name == other.name and one.offset == other.offset and _is_same(one, other)
        for one, other in zip(given, wanted)
    )


def _is_same(given: Leaf, wanted: Leaf) -> bool:
    core = int(wanted.code)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.POINTER_:
        return False  # no buffer says what keeps its target
    code = "c" if given.code == "s" else given.code
    return given.size == wanted.size and bool(
        _native.kaa_convert_format_fits(core, code.encode(), given.size)
    )


def array_fits(ctype: int, view: memoryview) -> bool:
    """Whether rows of a buffer are arrays of C's: those of a matrix of n by 3 for
    `double (*)[3]`."""
    shape, behind = shape_of(_native.kaa_ctype_strip(ctype))
    return (view.shape or ())[1:] == shape and items_fit(behind, view)


def items_fit(ctype: int, view: memoryview) -> bool:
    """Whether the items of a buffer are values of a type."""
    core = _native.kaa_ctype_strip(ctype)
    if _native.kaa_ctype_kind_of(core) == _native.STRUCT:
        return record_fits(core, view.format, view.itemsize)
    return bool(
        _native.kaa_convert_format_fits(ctype, view.format.encode(), view.itemsize)
    )
