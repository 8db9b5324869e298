"""Bound functions as builtins of the interpreter's, and what is asked of either.

A builtin has no attributes but those of every builtin: the bound function is its
__self__, and kaa.map() and kaa.declaration() take both.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from kaa._calls.function import Function, bound


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
