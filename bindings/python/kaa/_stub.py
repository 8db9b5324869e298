"""``python -m kaa stub``: what type checkers read, of modules and declarations.

Of a module it tells what can be seen: the text signatures of functions, the
methods, properties and members of types, the types of constants. Of C
declarations it tells what `kaa.load()` makes of them.
"""

from __future__ import annotations

import inspect
import keyword
from types import ModuleType
from typing import Any, Dict, Iterator, List, Optional

from kaa import _library, _native
from kaa._function import Function

_HEAD = """\
# Written by `python -m kaa stub`.
import ctypes
import enum
from typing import Any, Optional, Tuple, Union

_Text = Union[str, bytes, bytearray, memoryview, ctypes.Array[Any], ctypes.c_char_p, None]
"""

# ---- modules


def _doc(text: Optional[str], indent: str) -> List[str]:
    if not text:
        return [f"{indent}..."]
    quoted = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').strip()
    lines = quoted.splitlines()
    if len(lines) == 1 and not quoted.endswith('"'):
        return [f'{indent}"""{quoted}"""']
    return [f'{indent}"""{lines[0]}'] + [
        (indent + line).rstrip() for line in lines[1:]
    ] + [f'{indent}"""']


def _signature(function: Any, is_method: bool) -> str:
    """The parameters in parentheses."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return f"({'self, ' if is_method else ''}*args: Any, **kwargs: Any)"
    parameters = list(signature.parameters.values())
    if is_method and (not parameters or parameters[0].name not in ("self", "cls")):
        parameters.insert(
            0, inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        )
    for i, one in enumerate(parameters):
        if one.default is not one.empty:
            try:
                compile(repr(one.default), "default", "eval")
            except SyntaxError:
                parameters[i] = one.replace(default=Ellipsis)
    return str(inspect.Signature(parameters))


def _value_type(value: Any) -> str:
    name = type(value).__name__
    known = ("int", "float", "complex", "str", "bytes", "bool")
    if value is None:
        return "None"
    return name if name in known or name in ("tuple", "list", "dict") else "Any"


def _function(name: str, value: Any, indent: str = "", is_method: bool = False) -> str:
    if isinstance(value, Function):
        head = _c_function(value._read(), name)
        return "\n".join([head[: -len(" ...")]] + _doc(value.__doc__, "    "))
    lines = [f"{indent}def {name}{_signature(value, is_method)} -> Any:"]
    return "\n".join(lines + _doc(value.__doc__, indent + "    "))


def _members(cls: type) -> Iterator[str]:
    for name, value in sorted(vars(cls).items()):
        if name in ("__doc__", "__module__", "__new__", "__dict__", "__weakref__"):
            continue
        if name == "__init__":
            yield "    def __init__(self, *args: Any, **kwargs: Any) -> None: ..."
        elif isinstance(value, (staticmethod, classmethod)) or "classmethod" in type(
            value
        ).__name__:
            kind = "static" if isinstance(value, staticmethod) else "class"
            first = "" if kind == "static" else "cls, "
            yield f"    @{kind}method"
            yield f"    def {name}({first}*args: Any, **kwargs: Any) -> Any: ..."
        elif inspect.isdatadescriptor(value):
            yield f"    {name}: Any"
        elif callable(value) and not (name.startswith("__") and name.endswith("__")):
            yield _function(name, value, "    ", True)
        elif callable(value) and name in ("__enter__", "__exit__", "__reduce__"):
            yield f"    def {name}(self, *args: Any) -> Any: ..."
        elif callable(value) and name in (
            "__iter__",
            "__next__",
            "__len__",
            "__call__",
            "__getitem__",
            "__contains__",
        ):
            yield f"    def {name}(self, *args: Any, **kwargs: Any) -> Any: ..."


def _class(name: str, cls: type) -> str:
    bases = [base.__name__ for base in cls.__bases__ if base is not object]
    lines = [f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"]
    if cls.__doc__:
        lines += _doc(cls.__doc__, "    ")
    lines += list(_members(cls))
    if len(lines) == 1:
        lines[0] += " ..."
    return "\n".join(lines)


def of_module(module: ModuleType) -> str:
    """The text of NAME.pyi."""
    parts = [_HEAD]
    if module.__doc__:
        parts.insert(0, "\n".join(_doc(module.__doc__, "")))
    for name in sorted(n for n in dir(module) if not n.startswith("_")):
        value = getattr(module, name)
        if not name.isidentifier() or keyword.iskeyword(name):
            continue
        if inspect.isclass(value):
            parts.append(_class(name, value))
        elif isinstance(value, ModuleType):
            parts.append(f"from {value.__name__} import __name__ as {name}")
        elif callable(value):
            parts.append(_function(name, value))
        else:
            parts.append(f"{name}: {_value_type(value)}")
    return "\n".join(parts) + "\n"


# ---- declarations

_INTEGERS = set(range(_native.SCHAR, _native.UINT128 + 1)) | {_native.ENUM}
_REALS = {_native.FLOAT, _native.DOUBLE, _native.LDOUBLE}
_COMPLEX = {_native.CFLOAT, _native.CDOUBLE, _native.CLDOUBLE}
_WIDE = {_native.WCHAR, _native.CHAR16, _native.CHAR32}


def _is_text(target: int) -> bool:
    const = _native.kaa_ctype_qualifiers(target) & _native.CONST
    kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
    return bool(const) and kind in _WIDE | {_native.CHAR}


def _record_name(core: int) -> Optional[str]:
    return _native.text_or_none(_native.kaa_ctype_name(core))


def _python_type(ctype: int, is_result: bool) -> str:
    """What a parameter takes, or a result is."""
    core = _native.kaa_ctype_strip(ctype)
    kind = _native.kaa_ctype_kind_of(core)
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
    if kind in _COMPLEX:
        return "complex"
    if kind in (_native.STRUCT, _native.UNION):
        return _record_name(core) or "Any"
    if kind == _native.POINTER_ and is_result:
        target = _native.kaa_ctype_target(core)
        if _is_text(target):
            return "Optional[str]"
        if _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target)) == _native.VOID:
            return "Optional[int]"
    if kind == _native.POINTER_ and _is_text(_native.kaa_ctype_target(core)):
        return "_Text"
    return "Any"


def _parameter_name(name: Optional[bytes], i: int, used: List[str]) -> str:
    text = name.decode() if name else f"_{i + 1}"
    while keyword.iskeyword(text) or text in used:
        text += "_"
    used.append(text)
    return text


def _c_function(item: Any, name: str) -> str:
    count = _native.kaa_ctype_count(item.type)
    listed = _native.kaa_ctype_parameters(item.type)
    result = _python_type(_native.kaa_ctype_target(item.type), True)
    lengths = {
        item.parameters[i].length_of
        for i in range(count)
        if item.parameters[i].flags & _native.PARAMETER_LENGTH
    }
    parameters, outs, used = [], [], []  # type: ignore[var-annotated]
    has_default = False
    for i in range(count):
        if item.parameters[i].flags & _native.PARAMETER_OUT:
            core = _native.kaa_ctype_strip(listed[i].type)
            outs.append(_python_type(_native.kaa_ctype_target(core), True))
            continue
        text = _parameter_name(listed[i].name, i, used)
        text += f": {_python_type(listed[i].type, False)}"
        has_default = has_default or i in lengths
        parameters.append(text + (" = ..." if has_default else ""))
    if _native.kaa_ctype_flags(item.type) & _native.VARIADIC:
        parameters.append("*more: Any")
    if outs:
        results = ([] if result == "None" else [result]) + outs
        result = results[0] if len(results) == 1 else f"Tuple[{', '.join(results)}]"
    return f"def {name}({', '.join(parameters)}) -> {result}: ..."


def _enum(item: Any, name: str) -> str:
    core = _native.kaa_ctype_strip(item.type)
    members = _native.kaa_ctype_enumerators(core)
    lines = [f"class {name}(enum.IntEnum):"]
    for i in range(_native.kaa_ctype_count(core)):
        value = members[i].value
        if members[i].is_unsigned:
            value += 2**64
        lines.append(f"    {members[i].name.decode()} = {value}")
    return "\n".join(lines) if len(lines) > 1 else lines[0] + " ..."


def _record(item: Any, name: str) -> str:
    core = _native.kaa_ctype_strip(item.type)
    kind = _native.kaa_ctype_kind_of(core)
    base = "Structure" if kind == _native.STRUCT else "Union"
    lines = [f"class {name}(ctypes.{base}):"]
    members = _native.kaa_ctype_members(core)
    for i in range(_native.kaa_ctype_count(core) if members else 0):
        if members[i].name:
            field = members[i].name.decode()
            if not keyword.iskeyword(field):
                lines.append(f"    {field}: {_python_type(members[i].type, True)}")
    return "\n".join(lines) if len(lines) > 1 else lines[0] + " ..."


def _item(item: Any, name: str) -> Optional[str]:
    kind = item.kind
    if kind == _native.DECL_FUNCTION:
        return _c_function(item, name)
    if kind == _native.DECL_ENUM:
        return _enum(item, name)
    if kind == _native.DECL_RECORD:
        return _record(item, name)
    if kind in (_native.DECL_INTEGER, _native.DECL_FLOATING, _native.DECL_STRING):
        kinds = {_native.DECL_INTEGER: "int", _native.DECL_FLOATING: "float"}
        return f"{name}: {kinds.get(kind, 'Any')}"
    if kind == _native.DECL_VARIABLE:
        return f"{name}: Any"
    if kind == _native.DECL_TYPEDEF:
        core = _native.kaa_ctype_strip(item.type)
        if _native.kaa_ctype_kind_of(core) in (_native.STRUCT, _native.UNION):
            tag = _record_name(core)
            return None if tag == name else f"{name} = {tag or 'Any'}"
        return f"{name}: Any"
    return None


def of_declarations(text: bytes, tolerant: bool = False) -> str:
    """The text of a .pyi for what `kaa.load()` gives of C declarations."""
    declarations = _library.Declarations(text, tolerant)
    parts: Dict[str, str] = {}
    for address in declarations.items():
        item = _native.DeclItem.from_address(address)
        name = item.name.decode("utf-8", "surrogateescape")
        if not name.isidentifier() or keyword.iskeyword(name) or name in parts:
            continue
        told = _item(item, name)
        if told is not None:
            parts[name] = told
    return "\n".join([_HEAD, *parts.values()]) + "\n"
