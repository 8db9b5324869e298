"""What type checkers read of C declarations: the classes and functions that
`kaa.load()` makes of them.

Reading and writing differ: a member `const char *name` is read as Optional[str],
and takes bytes too. So such members are properties with a setter of its own.
"""

from __future__ import annotations

import keyword
from typing import Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from kaa import _native

HEAD = """\
# Written by `python -m kaa stub`.
import ctypes
import enum
from typing import Any, Callable, Generic, Iterator, Optional, Tuple, TypeVar, Union, overload

import kaa

_Text = Union[
    str, bytes, bytearray, memoryview, kaa.Array, kaa.Pointer, ctypes.Array[Any], ctypes.c_char_p, None
]
_T = TypeVar("_T")

class _Array(kaa.Array, Generic[_T]):
    @overload
    def __getitem__(self, key: int) -> _T: ...
    @overload
    def __getitem__(self, key: slice) -> _Array[_T]: ...
    def __iter__(self) -> Iterator[_T]: ...

class _Pointer(kaa.Pointer, Generic[_T]):
    @overload
    def __getitem__(self, key: int) -> _T: ...
    @overload
    def __getitem__(self, key: slice) -> _Array[_T]: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __add__(self, count: int) -> _Pointer[_T]: ...
"""

_INTEGERS = set(range(_native.SCHAR, _native.UINT128 + 1))
_REALS = {_native.FLOAT, _native.DOUBLE, _native.LDOUBLE}
_COMPLEX = {_native.CFLOAT, _native.CDOUBLE, _native.CLDOUBLE}
_WIDE = {_native.WCHAR, _native.CHAR16, _native.CHAR32}
_RECORDS = (_native.STRUCT, _native.UNION)


def _is_text(target: int) -> bool:
    const = _native.kaa_ctype_qualifiers(target) & _native.CONST
    kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
    return bool(const) and kind in _WIDE | {_native.CHAR}


def _simple(kind: int) -> Optional[str]:
    if kind == _native.VOID:
        return "None"
    if kind == _native.BOOL:
        return "bool"
    if kind == _native.CHAR:
        return "bytes"
    if kind in _WIDE:
        return "str"
    if kind in _INTEGERS:
        return "int"
    if kind in _REALS:
        return "float"
    return "complex" if kind in _COMPLEX else None


def _usable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


class Writer:
    """Writes the stubs of one text's declarations. Without any, types that have
    names are not known by them."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        #: The classes' names, by the addresses of their types.
        self._names: Dict[int, str] = {}
        #: Records that pointers reach through: each gets a class for its pointer.
        self._reached: Set[int] = set()
        taken: Dict[str, int] = {}
        listed = list(items)
        for item in listed:
            taken.setdefault(_text(item.name), item.kind)
        for item in listed:
            name = _text(item.name)
            if item.kind in (_native.DECL_RECORD, _native.DECL_ENUM) and _usable(name):
                if taken[name] == item.kind:
                    self._names.setdefault(_native.kaa_ctype_strip(item.type), name)
        for item in listed:  # what has no tag, or a function of that name
            name = _text(item.name)
            if item.kind == _native.DECL_TYPEDEF and _usable(name):
                core = _native.kaa_ctype_strip(item.type)
                if _native.kaa_ctype_kind_of(core) in (*_RECORDS, _native.ENUM):
                    self._names.setdefault(core, name)

    # Types. ----------------------------------------------------------------------

    def given(self, ctype: int) -> str:
        """What a result, a member or an element is read as."""
        core = _native.kaa_ctype_strip(ctype)
        kind = _native.kaa_ctype_kind_of(core)
        simple = _simple(kind)
        if simple is not None:
            return simple
        if kind == _native.ENUM:
            return self._names.get(core, "int")
        if kind in _RECORDS:
            return self._names.get(core, "kaa.Record")
        if kind == _native.ARRAY:
            return f"_Array[{self.given(_native.kaa_ctype_target(core))}]"
        if kind != _native.POINTER_:
            return "Any"
        target = _native.kaa_ctype_target(core)
        behind = _native.kaa_ctype_strip(target)
        pointee = _native.kaa_ctype_kind_of(behind)
        if _is_text(target):
            return "Optional[str]"
        if pointee == _native.VOID:
            return "Optional[int]"
        if pointee == _native.FUNCTION:
            return f"Optional[{self._callable(behind, self.taken, self.given)}]"
        return self.pointer(behind)

    def pointer(self, target: int) -> str:
        """The class of pointers to a type."""
        kind = _native.kaa_ctype_kind_of(target)
        if kind == _native.VOID:
            return "_Pointer[Any]"
        if kind in _RECORDS and target in self._names:
            if _native.kaa_ctype_is_complete(target):
                self._reached.add(target)
                return f"_{self._names[target]}_pointer"
        return f"_Pointer[{self.given(target)}]"

    def taken(self, ctype: int) -> str:
        """What an argument may be, or a member be set to."""
        core = _native.kaa_ctype_strip(ctype)
        kind = _native.kaa_ctype_kind_of(core)
        if kind == _native.ENUM:
            return "int"
        if kind in _RECORDS or kind == _native.ARRAY:
            return self._names.get(core, "Any") if kind in _RECORDS else "Any"
        if kind != _native.POINTER_:
            return _simple(kind) or "Any"
        target = _native.kaa_ctype_target(core)
        behind = _native.kaa_ctype_strip(target)
        pointee = _native.kaa_ctype_kind_of(behind)
        if _is_text(target):
            return "_Text"
        if pointee == _native.FUNCTION:
            return f"Optional[{self._callable(behind, self.given, self.taken)}]"
        if pointee in _RECORDS and not _native.kaa_ctype_is_complete(behind):
            return f"Optional[{self.pointer(behind)}]"
        return "Any"  # buffers, lists, instances

    def _callable(self, function: int, argument: Any, result: Any) -> str:
        back = result(_native.kaa_ctype_target(function))
        if _native.kaa_ctype_flags(function) & _native.VARIADIC:
            return f"Callable[..., {back}]"
        native = _native.kaa_ctype_parameters(function)
        count = _native.kaa_ctype_count(function)
        listed = ", ".join(argument(native[i].type) for i in range(count))
        return f"Callable[[{listed}], {back}]"

    # Items. ----------------------------------------------------------------------

    def function(self, item: Any, name: str) -> str:
        """The head of a function."""
        core = _native.kaa_ctype_strip(item.type)
        count = _native.kaa_ctype_count(core)
        listed = _native.kaa_ctype_parameters(core)
        notes = [item.parameters[i] for i in range(count)]
        target = _native.kaa_ctype_target(core)
        nullable = item.flags & _native.DECL_NULLABLE
        borrows = item.flags & _native.DECL_BORROW
        result = self._owned(target, item.free_function, borrows, nullable)
        lengths = {
            one.length_of
            for one in notes
            if one.flags & _native.PARAMETER_LENGTH
            and not one.flags & _native.PARAMETER_TIMES
        }
        parameters: List[str] = []
        outs: List[str] = []
        used: List[str] = []
        has_default = False
        for i, note in enumerate(notes):
            if note.flags & _native.PARAMETER_OUT:
                inner = _native.kaa_ctype_target(_native.kaa_ctype_strip(listed[i].type))
                borrows = note.flags & _native.PARAMETER_BORROW
                nullable = note.flags & _native.PARAMETER_NULLABLE
                outs.append(self._owned(inner, note.free_function, borrows, nullable))
                continue
            text = _parameter_name(listed[i].name, i, used)
            text += f": {self.taken(listed[i].type)}"
            has_default = has_default or i in lengths
            parameters.append(text + (" = ..." if has_default else ""))
        if _native.kaa_ctype_flags(core) & _native.VARIADIC:
            parameters.append("*more: Any")
        if outs:
            results = ([] if result == "None" else [result]) + outs
            result = results[0] if len(results) == 1 else f"Tuple[{', '.join(results)}]"
        return f"def {name}({', '.join(parameters)}) -> {result}: ..."

    def _owned(self, ctype: int, free: Any, borrows: Any, nullable: Any) -> str:
        """A result, with what annotations make of it."""
        plain = self.given(ctype)
        core = _native.kaa_ctype_strip(ctype)
        if _native.kaa_ctype_kind_of(core) != _native.POINTER_:
            return plain
        target = _native.kaa_ctype_strip(_native.kaa_ctype_target(core))
        kind = _native.kaa_ctype_kind_of(target)
        if free is not None:
            if kind == _native.CHAR or kind in _WIDE:
                return "Optional[str]"
            if kind in _RECORDS and _native.kaa_ctype_is_complete(target):
                if not _native.kaa_ctype_has_pointers(target):
                    return f"Optional[{self.given(target)}]"
            return f"Optional[{self.pointer(target)}]"
        if borrows and kind == _native.VOID:
            return f"Optional[{self.pointer(target)}]"
        if nullable and not plain.startswith("Optional["):
            return f"Optional[{plain}]"
        return plain

    def enum(self, item: Any, name: str) -> str:
        """The class of an enum."""
        core = _native.kaa_ctype_strip(item.type)
        members = _native.kaa_ctype_enumerators(core)
        lines = [f"class {name}(enum.IntEnum):"]
        for i in range(_native.kaa_ctype_count(core)):
            value = members[i].value
            if members[i].is_unsigned:
                value += 2**64
            lines.append(f"    {members[i].name.decode()} = {value}")
        return "\n".join(lines) if len(lines) > 1 else lines[0] + " ..."

    def record(self, core: int, name: str) -> str:
        """The class of a record."""
        members = list(_members(core))
        lines = [f"class {name}(kaa.Record):", *self._attributes(members)]
        known = [(one, kind) for one, kind in members if _usable(one)]
        if known:
            listed = "".join(f", {one}: {self.member(kind)} = ..." for one, kind in known)
            lines.append(f"    def __init__(self{listed}) -> None: ...")
        return "\n".join(lines) if len(lines) > 1 else lines[0] + " ..."

    def member(self, ctype: int) -> str:
        """What a member may be set to: a tuple or a dict stands for a record."""
        core = _native.kaa_ctype_strip(ctype)
        if _native.kaa_ctype_kind_of(core) in _RECORDS:
            return "Any"
        return self.taken(ctype)

    def _attributes(self, members: List[Tuple[str, int]]) -> Iterator[str]:
        for name, ctype in members:
            if not _usable(name):
                continue
            given, taken = self.given(ctype), self.member(ctype)
            if given == taken:
                yield f"    {name}: {given}"
                continue
            yield "    @property"
            yield f"    def {name}(self) -> {given}: ..."
            yield f"    @{name}.setter"
            yield f"    def {name}(self, value: {taken}) -> None: ..."

    def item(self, item: Any, name: str) -> Optional[str]:
        """The stub of one declaration; None where it needs none."""
        kind = item.kind
        if kind == _native.DECL_FUNCTION:
            return self.function(item, name)
        if kind in (_native.DECL_ENUM, _native.DECL_RECORD):
            core = _native.kaa_ctype_strip(item.type)
            if kind == _native.DECL_ENUM:
                return self.enum(item, name)
            return self.record(core, name)
        if kind in (_native.DECL_INTEGER, _native.DECL_FLOATING, _native.DECL_STRING):
            kinds = {
                _native.DECL_INTEGER: "int",
                _native.DECL_FLOATING: "float",
                _native.DECL_STRING: "str",
            }
            return f"{name}: {kinds[kind]}"
        if kind == _native.DECL_VARIABLE:
            return f"{name}: {self.given(item.type)}"
        return self._typedef(item, name) if kind == _native.DECL_TYPEDEF else None

    def _typedef(self, item: Any, name: str) -> Optional[str]:
        core = _native.kaa_ctype_strip(item.type)
        kind = _native.kaa_ctype_kind_of(core)
        if kind in (*_RECORDS, _native.ENUM):
            known = self._names.get(core)
            if known != name:
                return f"{name} = {known or 'Any'}"
            # It has no other name.
            return self.enum(item, name) if kind == _native.ENUM else self.record(core, name)
        target = core
        if kind == _native.POINTER_:
            target = _native.kaa_ctype_strip(_native.kaa_ctype_target(core))
            if _native.kaa_ctype_kind_of(target) != _native.FUNCTION:
                return f"{name} = {self.pointer(target)}"
        if _native.kaa_ctype_kind_of(target) == _native.FUNCTION:
            return self._function_pointer(target, name)
        if kind == _native.ARRAY:
            return f"{name} = {self.given(core)}"
        if kind == _native.ENUM:
            return f"{name} = int"
        simple = _simple(kind)
        return f"{name}: Any" if simple is None else f"{name} = {simple}"

    def _function_pointer(self, core: int, name: str) -> str:
        """The class of a typedef of a function: what it makes can be called."""
        listed = _native.kaa_ctype_parameters(core)
        count = _native.kaa_ctype_count(core)
        used: List[str] = ["self"]
        texts = ["self"]
        for i in range(count):
            text = _parameter_name(None, i, used)
            texts.append(f"{text}: {self.taken(listed[i].type)}")
        if _native.kaa_ctype_flags(core) & _native.VARIADIC:
            texts.append("*more: Any")
        back = self.given(_native.kaa_ctype_target(core))
        given = self._callable(core, self.given, self.taken)
        return "\n".join(
            (
                f"class {name}(kaa.FunctionPointer):",
                f"    def __init__(self, value: Optional[{given}] = ..., /) -> None: ...",
                f"    def __call__({', '.join(texts)}) -> {back}: ...",
            )
        )

    def pointers(self) -> List[str]:
        """The classes of pointers that the items made so far speak of."""
        made: List[str] = []
        done: Set[int] = set()
        while self._reached - done:
            core = min(self._reached - done)
            done.add(core)
            name = self._names[core]
            lines = [f"class _{name}_pointer(_Pointer[{name}]):"]
            lines += self._attributes(list(_members(core)))
            made.append("\n".join(lines) if len(lines) > 1 else lines[0] + " ...")
        return made


def _members(core: int) -> Iterator[Tuple[str, int]]:
    """The members as Python sees them: those of anonymous ones too."""
    members = _native.kaa_ctype_members(core)
    for i in range(_native.kaa_ctype_count(core) if members else 0):
        one = members[i]
        if one.name:
            yield _text(one.name), one.type
        elif one.bit_width == _native.NOT_A_BIT_FIELD:
            yield from _members(_native.kaa_ctype_strip(one.type))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _parameter_name(name: Optional[bytes], i: int, used: List[str]) -> str:
    text = name.decode() if name else f"_{i + 1}"
    while keyword.iskeyword(text) or text in used:
        text += "_"
    used.append(text)
    return text


def of_items(items: List[Tuple[Any, str]], others: Dict[str, str]) -> str:
    """The text of a .pyi for items and their names; `others` has the stubs of what
    is no declaration."""
    writer = Writer(item for item, _ in items)
    parts: Dict[str, str] = {}
    for item, name in items:
        if not _usable(name) or name in parts:
            continue
        told = others[name] if name in others else writer.item(item, name)
        if told is not None:
            parts[name] = told
    return "\n".join([HEAD, *parts.values(), *writer.pointers()]) + "\n"
