"""What an object is called, and how one refers to another, in words.

The program's code is not called for it: no repr(), no property, no __getattr__.
"""

from __future__ import annotations

from types import CodeType, FrameType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, List, Tuple


def name_of(kind: type) -> str:
    """A type's name, with its module."""
    module = type.__dict__["__module__"].__get__(kind)
    name = str(type.__dict__["__qualname__"].__get__(kind))
    # A metatype may have a descriptor of that name.
    return name if type(module) is not str or module == "builtins" else f"{module}.{name}"


def text_of(one: Any) -> str:
    """Says which object it is."""
    kind = type(one)
    if kind in (int, float, bool, type(None)):
        return _number(one)
    if kind in (str, bytes):
        return repr(one[:40]) + ("..." if len(one) > 40 else "")
    if kind is dict:
        name = one.get("__name__") if "__spec__" in one else None
        items = f"{len(one)} items"
        return f"names of module {name}" if type(name) is str else items
    if kind in (list, tuple, set, frozenset):
        return f"{len(one)} items"
    if issubclass(kind, type):
        return name_of(one)
    if kind is FrameType:
        return f"{one.f_code.co_name}, {one.f_code.co_filename}:{one.f_lineno}"
    if kind is CodeType:
        return f"{one.co_name}, {one.co_filename}:{one.co_firstlineno}"
    if kind is FunctionType:
        return f"{one.__qualname__}, {one.__code__.co_filename}:{one.__code__.co_firstlineno}"
    if issubclass(kind, ModuleType):
        name = vars(ModuleType)["__dict__"].__get__(one).get("__name__", "")
    else:
        name = getattr(one, "__name__", "") if kind.__module__ == "builtins" else ""
    return name if type(name) is str else ""


def _number(one: Any) -> str:
    """Not more than there is room for, nor more digits than Python writes."""
    if type(one) is int and one.bit_length() > 200:
        return f"{one.bit_length()} bits"
    return repr(one)


def _fields(one: Any) -> Any:
    """An instance's own dict; None if it has none."""
    try:
        fields = object.__getattribute__(one, "__dict__")
    except Exception:
        return None
    return fields if type(fields) is dict else None


def _key(key: Any) -> str:
    return f"[{text_of(key) or name_of(type(key))}]"


def _of_slots(parent: Any, child: Any) -> str:
    """By the members that its types define."""
    for kind in type(parent).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else tuple(names):
            member = kind.__dict__.get(name)
            try:
                if type(member) is MemberDescriptorType and member.__get__(parent) is child:
                    return f".{name}"
            except Exception:
                continue
    return ""


def _of_function(parent: Any, child: Any) -> str:
    for name in ("__code__", "__globals__", "__defaults__", "__kwdefaults__", "__closure__",
                 "__dict__", "__name__", "__qualname__", "__doc__", "__module__"):  # fmt: skip
        if getattr(parent, name, None) is child:
            return f".{name}"
    return ""


_SOME = {
    "cell": ("cell_contents",),
    "traceback": ("tb_frame", "tb_next"),
    "method": ("__self__", "__func__"),
    "property": ("fget", "fset", "fdel"),
    "generator": ("gi_frame", "gi_code", "gi_yieldfrom"),
    "coroutine": ("cr_frame", "cr_code", "cr_await"),
    "code": ("co_consts", "co_names", "co_filename", "co_name"),
    "partial": ("func", "args", "keywords"),
}


def _of_builtin(parent: Any, child: Any) -> str:
    """By the attributes of some of CPython's types."""
    for name in _SOME.get(type(parent).__name__, ()):
        try:
            if getattr(parent, name) is child:
                return f".{name}"
        except Exception:  # an empty cell
            continue
    if issubclass(type(parent), BaseException):
        for name in ("__traceback__", "__context__", "__cause__", "args"):
            if BaseException.__dict__[name].__get__(parent) is child:
                return f".{name}"
    return ""


def edge_of(parent: Any, child: Any) -> str:
    """How the parent refers to the child, where that is easily told."""
    kind = type(parent)
    if kind is FrameType:
        names = [name for name, value in parent.f_locals.items() if value is child]
        return names[0] if names else "globals"
    if kind is dict:
        for key, value in parent.items():
            if value is child:
                return _key(key)
            if key is child:
                return "a key"
    elif kind in (list, tuple):
        for i, value in enumerate(parent):
            if value is child:
                return f"[{i}]"
    elif kind is FunctionType:
        return _of_function(parent, child)
    fields = _fields(parent)
    if fields is child:
        return "__dict__"
    for key, value in (fields or {}).items():
        if value is child and type(key) is str:
            return f".{key}"
    return _of_slots(parent, child) or _of_builtin(parent, child)


def steps_of(chain: List[Any], first_edge: str = "root") -> List[Tuple[str, str, str]]:
    """(type, text, edge) of each object of a chain. An instance's dict is no step of
    its own: the edge says the attribute."""
    steps = [(name_of(type(chain[0])), text_of(chain[0]), first_edge)]
    i = 1
    while i < len(chain):
        parent, child = chain[i - 1], chain[i]
        edge = edge_of(parent, child)
        if edge == "__dict__" and i + 1 < len(chain):
            key = edge_of(child, chain[i + 1])
            if key.startswith("['") and key.endswith("']"):
                i += 1
                child, edge = chain[i], f".{key[2:-2]}"
        steps.append((name_of(type(child)), text_of(child), edge))
        i += 1
    return steps
