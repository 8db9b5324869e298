"""The quick way of plain calls: a Python function for each signature.

It looks at the exact type and the range of each argument and has ctypes call at
once. What is not as simple as that it leaves to the general way, which converts
it or says what is wrong: it returns SLOW, and nothing has happened by then. It is
made when a function has been called a few times; functions of one signature
share their code.
"""

from __future__ import annotations

import ctypes
import os
import sys
import weakref

from kaa import _native
from kaa._backend import instance_plain as _instances
from kaa._backend import owned as _owned
from kaa._backend.plain_call import (
    SLOW,
    ctypes_function,
    never,
    raise_kept,
    says_failure,
)
from kaa._backend.plain_members import view_class
from kaa._calls.closure import here
from kaa._values.instance import RECORDS
from kaa._values.convert import as_it_is
from kaa._values.types import TypeMap

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NamedTuple

    from kaa._backend.plain import Parameter, PlainFunction, Shape
    from kaa._values.convert import Value
else:
    from kaa._tuple import NamedTuple

#: Calls that go the general way before the function is made.
WARM = 3

_IS_CPYTHON = sys.implementation.name == "cpython"
_INTEGERS = frozenset(range(_native.SCHAR, _native.ULLONG + 1)) | {
    _native.BOOL,
    _native.ENUM,
}
_REALS = (_native.FLOAT, _native.DOUBLE)
_LARGEST_FLOAT = float.fromhex("0x1.fffffep127")


class How(NamedTuple):
    """What is called, and what is done around it."""

    address: int
    errno: bool
    holds_gil: bool
    #: Whether C may call Python.
    comes_back: bool


# The text of a quick function. -----------------------------------------------------


class _Text:
    """The text of a function that is being made, and the names that it uses."""

    def __init__(self) -> None:
        self.checks: List[str] = []
        self.before: List[str] = []
        self.values: List[str] = []
        self.names: Dict[str, Any] = {
            "SLOW": SLOW,
            "thread": here,
            "owned": _owned,
            "Owned": _owned.Owned,
            "owner_of": _instances.owner_of,
            "layout_in": _instances.layout_in,
            "number_of": _instances.number_of,
        }


def _integer(text: _Text, at: int, value: Value) -> bool:
    if value.storage is None or ctypes.sizeof(value.storage) > 8:
        return False
    bits = 8 * ctypes.sizeof(value.storage)
    signed = bool(_native.kaa_ctype_is_signed(_native.kaa_ctype_strip(value.ctype)))
    low = -(1 << (bits - 1)) if signed else 0
    high = 1 if value.kind == _native.BOOL else low + (1 << bits) - 1
    text.checks.append(f"type(a{at}) is int and {low} <= a{at} <= {high}")
    text.values.append(f"a{at}")
    return True


def _real(text: _Text, at: int, value: Value) -> bool:
    check = f"type(a{at}) is float"
    if value.kind == _native.FLOAT:
        text.names["most"] = _LARGEST_FLOAT
        check += f" and -most <= a{at} <= most"
    text.checks.append(check)
    text.values.append(f"a{at}")
    return True


def _data_check(text: _Text, at: int, name: str, kind: Any) -> str:
    text.names[f"{name}{at}"] = kind
    text.names[f"{name}_layout{at}"] = _instances.layout_of(kind)
    return (
        f"type(a{at}) is {name}{at} and layout_in(a{at}) is {name}_layout{at}"
        f" and (not owned.were_made or type(owner_of(a{at})) is not Owned)"
    )


def _pointer(text: _Text, at: int, value: Value, types: TypeMap) -> bool:
    pointer = _native.kaa_ctype_strip(value.ctype)
    target = _native.kaa_ctype_target(pointer)
    behind = _native.kaa_ctype_strip(target)
    kind = _native.kaa_ctype_kind_of(behind)
    const = bool(_native.kaa_ctype_qualifiers(target) & _native.CONST)
    # Each way is an expression that gives the value, or None.
    ways: List[str] = []
    if kind == _native.CHAR and const and _IS_CPYTHON:
        ways.append(f"a{at}.encode() if type(a{at}) is str and a{at}.isascii()"
                    f" and '\\0' not in a{at}")  # fmt: skip
    if const and _IS_CPYTHON and kind in (_native.CHAR, _native.VOID, _native.UCHAR):
        ways.append(f"a{at} if type(a{at}) is bytes")
    if kind in RECORDS and _native.kaa_ctype_is_complete(behind):
        check = _data_check(text, at, "record", types.data_class(behind))
        ways.append(f"number_of(a{at}) if {check}")
    if kind not in (_native.VOID, _native.FUNCTION) and not (
        kind == _native.CHAR and const
    ):
        check = _data_check(text, at, "pointer", types.data_class(pointer))
        ways.append(f"number_of(a{at}) or None if {check}")
    if not ways:
        return False
    text.before.append(f"v{at} = {' else '.join(ways)} else None")
    text.before.append(f"if v{at} is None: return SLOW")
    text.values.append(f"v{at}")
    return True


def simple_record(ctype: int, types: TypeMap) -> Any:
    """The layout of a record that ctypes passes by value as C does: a struct of
    numbers, each at its own alignment. Else None."""
    behind = _native.kaa_ctype_strip(ctype)
    if not _IS_CPYTHON or _native.kaa_ctype_kind_of(behind) != _native.STRUCT:
        return None
    if not _native.kaa_ctype_is_complete(behind):
        return None
    layout = _instances.layout_of(types.data_class(behind))
    if not layout.members or len(layout.members) != _native.kaa_ctype_count(behind):
        return None
    for one in layout.members:
        number = one.element.kind in _INTEGERS or one.element.kind in _REALS
        if not number or one.bit_width is not None:
            return None
        if one.offset % one.element.size or one.element.size > 8:
            return None
    return layout if layout.align <= 8 and view_class(layout) else None


def _record(text: _Text, at: int, value: Value, types: TypeMap) -> bool:
    layout = simple_record(value.ctype, types)
    if layout is None:
        return False
    kind = types.data_class(_native.kaa_ctype_strip(value.ctype))
    text.checks.append(_data_check(text, at, "record", kind))
    text.names.update(look=_instances.look)
    text.before.append(f"v{at} = look(a{at}, record_layout{at})")
    text.before.append(f"if v{at} is None: return SLOW")
    text.values.append(f"v{at}")
    return True


def _taken(text: _Text, parameter: Parameter, types: TypeMap) -> bool:
    """Whether the quick way takes an argument; adds what it does."""
    value, at = parameter.value, parameter.place
    if value.kind in _INTEGERS:
        return _integer(text, at, value)
    if value.kind in _REALS:
        return _real(text, at, value)
    if value.kind == _native.POINTER_:
        return _pointer(text, at, value, types)
    if value.kind == _native.STRUCT:
        return _record(text, at, value, types)
    return False


def _is_given(value: Value) -> bool:
    """Whether a result of the type is made without a word that could fail."""
    if value.storage is None or value.kind in _INTEGERS or value.kind in _REALS:
        return True
    if value.kind != _native.POINTER_:
        return False
    target = _native.kaa_ctype_target(_native.kaa_ctype_strip(value.ctype))
    kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
    return kind != _native.FUNCTION and kind not in (
        _native.WCHAR, _native.CHAR16, _native.CHAR32,
    )  # fmt: skip


_code: Dict[str, Any] = {}


def _compiled(source: str) -> Any:
    found = _code.get(source)
    if found is None:
        if len(_code) > 4096:
            _code.clear()
        found = _code[source] = compile(source, "<kaa: a quick call>", "exec")
    return found


def _text_of(raw: Any) -> Any:
    return None if raw is None else raw.decode("utf-8", "surrogateescape")


def _is_text(value: Value) -> bool:
    if value.kind != _native.POINTER_ or not _IS_CPYTHON:
        return False
    target = _native.kaa_ctype_target(_native.kaa_ctype_strip(value.ctype))
    kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
    const = _native.kaa_ctype_qualifiers(target) & _native.CONST
    return kind == _native.CHAR and bool(const)


def _giver(shape: Shape, types: TypeMap, errno: bool) -> Any:
    """What makes the result of what ctypes gives; None: that is the result."""
    if _is_text(shape.result) and not errno:
        return _text_of
    if shape.result.kind == _native.STRUCT:
        behind = _native.kaa_ctype_strip(shape.result.ctype)
        return _instances.adopter(types.data_class(behind))
    return None if shape.result.give is as_it_is else shape.result.give


def _source(text: _Text, shape: Shape, how: How, gives: bool) -> str:
    given = "".join(f"a{i}=SLOW, " for i in range(shape.places))
    lines = [f"def quick({given}*more):", "    if more: return SLOW"]
    if text.checks:
        lines.append(f"    if not ({' and '.join(text.checks)}): return SLOW")
    lines += ["    " + one for one in text.before]
    if how.errno:
        lines.append("    set_errno(0)")
    call = f"call({', '.join(text.values)})"
    if how.comes_back:
        lines += [
            "    here = thread.__dict__",
            "    outer = here.get('frame')",
            "    here['frame'] = frame = []",
            "    try:",
            f"        raw = {call}",
            "    finally:",
            "        here['frame'] = outer",
            "    if frame: raise_kept(frame)",
        ]
    else:
        lines.append(f"    raw = {call}")
    if how.errno:
        lines += ["    number = get_errno()", "    if number: check(number, raw)"]
    lines.append("    return give(raw)" if gives else "    return raw")
    return "\n".join(lines)


def _checker(shape: Shape) -> Callable[[int, Any], None]:
    def check(number: int, raw: Any) -> None:
        if says_failure(shape.result, raw):
            raise OSError(number, f"{shape.name}(): {os.strerror(number)}")

    return check


def make(shape: Shape, types: TypeMap, how: How) -> Callable[..., Any]:
    """The quick function of a shape; `never` where there is none."""
    text = _Text()
    if shape.result.kind == _native.STRUCT:
        if simple_record(shape.result.ctype, types) is None:
            return never
    elif not _is_given(shape.result):
        return never
    if how.errno and (how.holds_gil or shape.result.whole):
        return never
    for parameter in shape.parameters:
        if not _taken(text, parameter, types):
            return never
    give = _giver(shape, types, how.errno)
    result = ctypes.c_char_p if give is _text_of else None
    names = text.names
    names.update(
        call=ctypes_function(shape, *how[:3], result),
        give=give,
        raise_kept=raise_kept,
        set_errno=ctypes.set_errno,
        get_errno=ctypes.get_errno,
        check=_checker(shape),
    )
    exec(_compiled(_source(text, shape, how, give is not None)), names)
    made: Callable[..., Any] = names.pop("quick")
    return made


def warming(function: PlainFunction, how: How) -> Callable[..., Any]:
    """Stands for a function's quick one, which it makes after some calls."""
    calls = 0
    whose = weakref.ref(function)

    def count(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        self = whose()
        if calls < WARM or self is None:
            return SLOW
        try:
            made = make(self._shape, self._library._types, how)
        except RuntimeError:
            made = never  # the interpreter ends, or the stack does
        object.__setattr__(self, "_quick", made)
        return made(*args)

    return count
