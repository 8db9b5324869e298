"""Freeing what C made, when nothing of Python's can use it any more."""

from __future__ import annotations

import sys
import weakref
from typing import Any, Callable


class _Tracked:
    __slots__ = ("__weakref__",)


def _code() -> None:
    pass


if sys.implementation.name == "cpython":

    def _new_keeper() -> Any:
        return _code.__code__.replace()

else:
    _new_keeper = _Tracked


def keeper(free: Callable[..., object], *arguments: Any) -> Any:
    """An object for the owner to hold: when it goes, free(*arguments) is called.

    Not so at the interpreter's end, where threads may still be in C.

    A finalizer of the owner itself would come too early. When CPython's collector
    finds garbage it calls the weak references into it first and `__del__` after
    that, and a `__del__` there may well call a function of the library. So the
    keeper is a code object: small, open to weak references, and unknown to the
    collector, which therefore lets it go after all that refers to it.
    """
    made = _new_keeper()
    weakref.finalize(made, free, *arguments).atexit = False
    return made
