"""``python -m kaa bind``, ``verify``: a header's declarations as a module that
needs no header, and compared with what the compiler makes of them."""

from __future__ import annotations

import ctypes
import re
from typing import Any, Collection, Dict, Iterator, List, Optional, Set, Tuple

from kaa import _native, bound
from kaa._headers import load as _headers


def _name(item: Any) -> str:
    name: str = item.name.decode("utf-8", "surrogateescape")
    return name


def _body(item: Any) -> str:
    return ctypes.string_at(item.string, item.string_length).decode("utf-8", "replace")


def _is_inline(item: Any) -> bool:
    return (
        item.kind == _native.DECL_FUNCTION
        and bool(item.flags & _native.DECL_STATIC)
        and bool(item.string)
    )


def _printed(address: int, item: Any) -> Optional[str]:
    """One declaration as C text; None where another one says it."""
    text: str = _native.printed(_native.kaa_decl_print, address)
    if item.kind == _native.DECL_SKIPPED:
        return None
    if item.kind == _native.DECL_MACRO_FUNCTION:
        return f"#define {_name(item)}{_body(item)}"
    if _is_inline(item):
        return f"{text.rstrip().rstrip(';')} {{ return {_body(item).strip()}; }}"
    return text


def _items(library: Any) -> Iterator[Tuple[int, Any]]:
    for address in library._declarations.items():
        yield address, _native.DeclItem.from_address(address)


def _late(library: Any, names: Collection[str]) -> Dict[str, str]:
    """Macros that are preprocessed call by call, and those that they name, as they
    were written."""
    if not names:
        return {}
    from kaa._headers.macro_late import definitions

    written = definitions(library)
    open_ = list(names)
    found: Dict[str, str] = {}
    while open_:
        name = open_.pop()
        if name in written and name not in found:
            found[name] = written[name]
            open_ += re.findall(r"[A-Za-z_]\w*", written[name])
    return found


def _usable(library: Any) -> Tuple[List[Tuple[int, Any]], Dict[str, str], int]:
    """The items to write, those that macros call among them; macros that are
    preprocessed call by call; how many are left out."""
    late: List[str] = []
    left_out = {one.name for one in library.skipped}
    chosen: List[Tuple[int, Any]] = []
    hidden: Dict[str, Tuple[int, Any]] = {}
    for address, item in _items(library):
        if item.flags & _native.DECL_HIDDEN:
            hidden[_name(item)] = (address, item)
        elif _name(item) not in left_out or item.kind in (
            _native.DECL_RECORD,
            _native.DECL_ENUM,
            _native.DECL_TYPEDEF,
        ):
            if _headers.is_late(item):
                late.append(_name(item))
            elif item.kind != _native.DECL_SKIPPED:
                chosen.append((address, item))
    words: Set[str] = set()
    for _, item in chosen:
        if item.kind == _native.DECL_MACRO_FUNCTION or _is_inline(item):
            words.update(re.findall(r"[A-Za-z_]\w*", _body(item)))
    written = _late(library, late)
    for name, body in written.items():
        words.update(re.findall(r"[A-Za-z_]\w*", body))
    wanted = [hidden[w] for w in sorted(words) if w in hidden]
    items = sorted(
        [
            one
            for one in wanted
            if one[1].kind != _native.DECL_SKIPPED and _name(one[1]) not in written
        ]
        + [one for one in chosen if _name(one[1]) not in written]
    )
    return items, written, len(left_out)


class _Order:
    """Types in an order in which each is declared before it is named, and complete
    before it is a part of another."""

    def __init__(self, items: List[Tuple[int, Any]]) -> None:
        self.types = {
            item.type: (address, item)
            for address, item in items
            if item.kind in (_native.DECL_TYPEDEF, _native.DECL_RECORD, _native.DECL_ENUM)
        }
        self.lines: List[str] = []
        self.done: Set[int] = set()
        for address, item in self.types.values():
            kind = _native.kaa_ctype_kind_of(item.type)
            if item.kind == _native.DECL_RECORD:
                word = "struct" if kind == _native.STRUCT else "union"
                self.lines.append(f"{word} {_name(item)};")
        for ctype in list(self.types):
            self.declare(ctype)

    def declare(self, ctype: int) -> None:
        if ctype in self.done:
            return
        self.done.add(ctype)
        address, item = self.types[ctype]
        self.parts(ctype)
        text = _printed(address, item)
        if text and text not in self.lines:
            self.lines.append(text)

    def need(self, ctype: Optional[int], is_part: bool) -> None:
        """What must stand before something that mentions the type."""
        if not ctype:
            return
        kind = _native.kaa_ctype_kind_of(ctype)
        is_record = kind in (_native.STRUCT, _native.UNION)
        if ctype in self.types:
            if is_part or not is_record:
                self.declare(ctype)
            if is_part and kind == _native.TYPEDEF:
                self.need(_native.kaa_ctype_target(ctype), True)
        elif is_record or kind in (_native.FUNCTION, _native.ARRAY):
            self.parts(ctype)
        elif kind in (_native.POINTER_, _native.QUALIFIED):
            self.need(
                _native.kaa_ctype_target(ctype), is_part and kind != _native.POINTER_
            )

    def parts(self, ctype: int) -> None:
        kind = _native.kaa_ctype_kind_of(ctype)
        if kind in (_native.STRUCT, _native.UNION):
            members = _native.kaa_ctype_members(ctype)
            for i in range(_native.kaa_ctype_count(ctype) if members else 0):
                self.need(members[i].type, True)
            return
        if kind == _native.FUNCTION:
            listed = _native.kaa_ctype_parameters(ctype)
            for i in range(_native.kaa_ctype_count(ctype)):
                self.need(listed[i].type, False)
        self.need(_native.kaa_ctype_target(ctype), kind == _native.ARRAY)


def _enumerators(items: List[Tuple[int, Any]]) -> Set[str]:
    """The names that the enums themselves say."""
    names: Set[str] = set()
    for _, item in items:
        if item.kind not in (_native.DECL_ENUM, _native.DECL_TYPEDEF):
            continue
        core = _native.kaa_ctype_strip(item.type)
        if _native.kaa_ctype_kind_of(core) == _native.ENUM:
            listed = _native.kaa_ctype_enumerators(core)
            for i in range(_native.kaa_ctype_count(core) if listed else 0):
                names.add(listed[i].name.decode("utf-8", "surrogateescape"))
    return names


def text_of(library: Any) -> str:
    """The declarations of a loaded header, pruned, one a line: types, then what has
    a symbol, then macros."""
    items, written, _ = _usable(library)
    lines = _Order(items).lines
    seen: Set[str] = set(lines)
    macros: List[str] = []
    said = _enumerators(items)
    for address, item in items:
        if item.flags & _native.DECL_ENUMERATOR and _name(item) in said:
            continue
        text = _printed(address, item)
        if not text or text in seen or item.kind in (
            _native.DECL_TYPEDEF,
            _native.DECL_RECORD,
            _native.DECL_ENUM,
        ):
            continue
        seen.add(text)
        (macros if text.startswith("#define") else lines).append(text)
    macros += [f"#define {name}{body}".rstrip() for name, body in written.items()]
    return "\n".join(lines + macros) + "\n"


_MODULE = '''\
"""{title}

Written by `python -m kaa bind`: {count} declarations of {header}, none of which needs
the header any more; {skipped} were left out. It may be edited.
"""

from kaa import bound

LIBRARY = {library!r}
#: What the layouts below hold for.
PLATFORM = {platform!r}
DECLARATIONS = r"""
{text}"""

_library = bound.load(LIBRARY, DECLARATIONS, PLATFORM)


def __getattr__(name):
    return getattr(_library, name)


def __dir__():
    return dir(_library)
'''


def module_of(library: Any, name: Optional[str], header: str) -> str:
    """The text of the bound module."""
    usable, written, skipped = _usable(library)
    text = text_of(library)
    if '"""' in text:
        raise ValueError("the declarations hold three quotes in a row")
    return _MODULE.format(
        title=f"{header}, bound to {name or 'the program itself'}.",
        count=len(usable) + len(written),
        header=header,
        skipped=skipped,
        library=name,
        platform=bound.this_platform(),
        text=text,
    )


def stub_of(library: Any) -> str:
    """The .pyi of the bound module."""
    from kaa._headers.stub_c import of_items

    usable, written, _ = _usable(library)
    items = [(item, _name(item)) for _, item in usable]
    items += [
        (item, _name(item))
        for _, item in _items(library)
        if _name(item) in written and _headers.is_late(item)
    ]
    macros = {
        name: _macro_stub(item, name)
        for item, name in items
        if item.kind == _native.DECL_MACRO_FUNCTION
    }
    return of_items(items, macros)


def _macro_stub(item: Any, name: str) -> str:
    body = _body(item)
    if not body.startswith("("):
        return f"{name}: Any"
    names: List[str] = []
    for one in body[1:].partition(")")[0].split(","):
        one = one.strip().rstrip("#")
        if one == "...":
            names.append("*_arguments: Any")
        elif one:
            names.append(f"_{one}: Any")
    return f"def {name}({', '.join(names)}) -> Any: ..."


# ---- verify


def _assertions(library: Any) -> Iterator[Tuple[str, str]]:
    """(what, a line of C that holds if kaa is right)"""
    for _, item in _items(library):
        if item.flags & _native.DECL_HIDDEN or not item.type:
            continue
        name = _name(item)
        if item.kind in (_native.DECL_RECORD, _native.DECL_TYPEDEF):
            yield from _layout(item, name)
        elif item.kind == _native.DECL_INTEGER and item.flags & (
            _native.DECL_MACRO | _native.DECL_ENUMERATOR
        ):
            core = _native.kaa_ctype_strip(item.type)
            if _native.kaa_ctype_kind_of(core) == _native.POINTER_:
                continue
            value = library._integer(item)
            text = f"{value}ULL" if value > 2**63 - 1 else f"{value}LL"
            if value == -(2**63):
                text = "(-9223372036854775807LL - 1)"
            yield f"{name} == {value}", f'_Static_assert(({name}) == {text}, "");'


def _is_number(core: int) -> bool:
    """Whether a record is one for kaa alone: a SIMD vector, a _BitInt, a decimal."""
    tag = (_native.kaa_ctype_name(core) or b"").decode("utf-8", "replace")
    return tag.startswith("_Decimal") or (tag != "" and not tag.isidentifier())


def _layout(item: Any, name: str) -> Iterator[Tuple[str, str]]:
    core = _native.kaa_ctype_strip(item.type)
    kind = _native.kaa_ctype_kind_of(core)
    if kind == _native.FUNCTION or not _native.kaa_ctype_is_complete(item.type):
        return
    if item.kind == _native.DECL_RECORD:
        name = ("struct " if kind == _native.STRUCT else "union ") + name
    size, align = _native.kaa_ctype_size(item.type), _native.kaa_ctype_align(item.type)
    yield f"sizeof({name}) == {size}", f'_Static_assert(sizeof({name}) == {size}, "");'
    yield (
        f"_Alignof({name}) == {align}",
        f'_Static_assert(_Alignof({name}) == {align}, "");',
    )
    if kind not in (_native.STRUCT, _native.UNION) or _is_number(core):
        return
    members = _native.kaa_ctype_members(core)
    for i in range(_native.kaa_ctype_count(core) if members else 0):
        member = members[i]
        if not member.name or member.bit_width != _native.NOT_A_BIT_FIELD:
            continue
        field = member.name.decode()
        yield (
            f"offsetof({name}, {field}) == {member.offset}",
            f"_Static_assert(__builtin_offsetof({name}, {field})"
            f' == {member.offset}, "");',
        )


def verify(
    library: Any, headers: List[str], choice: _headers.Choice, compiler: str
) -> Tuple[int, List[str]]:
    """The number of facts compared with the compiler, and those it denies."""
    import subprocess

    facts = list(_assertions(library))
    head = "".join(_headers._include(one) for one in headers)
    text = head + "\n".join(line for _, line in facts) + "\n"
    flags = [f"-I{folder}" for folder in choice.include_dirs]
    flags += [f"-D{macro}" for macro in choice.defines]
    flags += [f"-U{macro}" for macro in choice.undefines]
    command = [compiler, "-w", "-fsyntax-only", *flags, "-x", "c", "-"]
    if "clang" in compiler:
        command.insert(1, "-ferror-limit=0")
    run = subprocess.run(
        command, input=text.encode("utf-8", "surrogateescape"), capture_output=True
    )
    first = head.count("\n") + 1
    errors = run.stderr.decode("utf-8", "replace")
    lines = {int(n) for n in re.findall(r"^<stdin>:(\d+):.*error", errors, re.M)}
    wrong = [what for i, (what, _) in enumerate(facts) if first + i in lines]
    if run.returncode != 0 and not wrong:
        raise ValueError(f"{compiler} refuses the header: {errors.strip()[:400]}")
    return len(facts), wrong
