"""Calls by ctypes: what the general way of plain calls and the quick one both have.
The general way is imported where there is the bridge, too (kaa.map()), the quick one
is not."""

from __future__ import annotations

import ctypes
import sys

from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, List, NoReturn

    from kaa._backend.plain import Caller, Shape
    from kaa._calls.closure import Frame
    from kaa._values.convert import Value

#: What a quick function gives where the call is not made.
SLOW = object()

_IS_CPYTHON = sys.implementation.name == "cpython"


def never(*args: Any) -> Any:
    """The quick function of what has none."""
    return SLOW


def ctypes_function(
    shape: Shape, address: int, errno: bool, holds_gil: bool, result: Any = None
) -> Any:
    """What ctypes calls, where it passes all as C does."""
    prototype: Any = ctypes.CFUNCTYPE
    if holds_gil and hasattr(ctypes, "PyDLL"):
        prototype = ctypes.PYFUNCTYPE
    types: List[Any] = [None] * shape.places
    for parameter in shape.parameters:
        types[parameter.place] = parameter.value.storage
    for out in shape.outs:
        types[out.place] = ctypes.c_void_p
    options = {"use_errno": True} if errno else {}
    function = prototype(result or shape.result.storage, *types, **options)(address)
    if not _IS_CPYTHON:
        function.argtypes = types  # PyPy's quick way is one for those that were set
    return function


def ctypes_caller(function: Any, count: int, errno: bool) -> Caller:
    """A caller by way of a ctypes function of so many parameters."""
    if not errno:
        if count == 1:
            return lambda values: function(values[0])
        return lambda values: function(*values)

    def call(values: List[Any]) -> Any:
        ctypes.set_errno(0)
        return function(*values)

    return call


def says_failure(value: Value, raw: Any) -> bool:
    """Whether a result is one that tells of a failure, where errno is asked for."""
    storage = value.storage
    if storage is None:
        return True
    cell = raw if value.whole else storage(raw)
    return bool(_native.kaa_convert_says_failure(value.ctype, ctypes.addressof(cell)))


def raise_kept(frame: Frame) -> NoReturn:
    """Raises the exception of a callback."""
    try:
        raise frame[0]
    finally:
        # The frame must not keep the exception alive, nor it the frame.
        frame.clear()
