"""``python -m kaa stub``: what type checkers read, of modules and declarations.

Of a module it tells what can be seen: the text signatures of functions, the
methods, properties and members of types, the types of constants. Of C
declarations it tells what `kaa.load()` makes of them.
"""

from __future__ import annotations

import inspect
import keyword
from types import ModuleType
from typing import Any, Iterator, List, Optional

from kaa import _native
from kaa._calls.function import Function
from kaa._headers.stub_c import HEAD, Writer

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
        head = Writer().function(value._read(), name)
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
    parts = [HEAD]
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


def of_declarations(text: bytes, tolerant: bool = False) -> str:
    """The text of a .pyi for what `kaa.load()` gives of C declarations."""
    from kaa._headers.declarations import Declarations
    from kaa._headers.stub_c import of_items

    declarations = Declarations(text, tolerant)
    items = [_native.DeclItem.from_address(one) for one in declarations.items()]
    named = [(one, one.name.decode("utf-8", "surrogateescape")) for one in items]
    return of_items(named, {})
