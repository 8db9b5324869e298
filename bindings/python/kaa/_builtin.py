"""Bound functions as builtins of the interpreter's, and what is asked of either.

A builtin has no attributes but those of every builtin: the bound function is its
__self__, and kaa.map() and kaa.declaration() take both.
"""

from __future__ import annotations

from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any, Callable, Optional

from kaa import _native
from kaa._function import Function, text_signature

if TYPE_CHECKING:
    from kaa._library import Library


def of(function: Function) -> Any:
    """The builtin of a bound function; the function itself without the bridge."""
    from kaa._library import has_bridge

    if not has_bridge():
        return function
    from kaa import _host

    text = f"{function.__name__}{text_signature(function)}\n--\n\n{function.__doc__}"
    raw = text.encode("utf-8", "replace")
    return _native.kaa_cpython_builtin(_host.handle(), function, raw)


def bound(value: Any) -> Any:
    """The bound function of a builtin made here; any other value as it is."""
    if type(value) is BuiltinFunctionType and isinstance(value.__self__, Function):
        return value.__self__
    return value


def bound_in(library: Library, name: str) -> Function:
    """For pickles: the bound function behind a library's builtin."""
    found: Function = bound(getattr(library, name))
    return found


def _expected(value: Any, name: str) -> Function:
    found = bound(value)
    if not isinstance(found, Function):
        kind = type(value).__name__
        raise TypeError(f"kaa.{name}() wants a function of a library, not {kind}")
    return found


def map_(
    function: Callable[..., Any],
    *arrays: Any,
    out: Any = None,
    threads: Optional[int] = None,
    progress: Optional[Callable[[int, int], object]] = None,
) -> Any:
    """Calls a function of a library for the elements of whole buffers.

    The same as function.map(), for builtins too.
    """
    found = _expected(function, "map")
    return found.map(*arrays, out=out, threads=threads, progress=progress)


def declaration(function: Callable[..., Any]) -> str:
    """The C declaration of a function of a library, bound or a builtin."""
    return _expected(function, "declaration").declaration
