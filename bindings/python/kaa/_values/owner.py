"""Freeing what C made, when nothing of Python's can use it any more."""

from __future__ import annotations

import sys
import time
import weakref
from collections import deque

from kaa import _last as _last  # what the last finalisers need

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Tuple


class _Tracked:
    __slots__ = ("__weakref__",)


def _code() -> None:
    pass


#: Free-threaded builds track code objects too.
_FREE_THREADED = "t" in getattr(sys, "abiflags", "")
#: There: what is to be freed, and when it was found to be garbage.
_late: Deque[Tuple[float, Callable[..., object], Tuple[Any, ...]]] = deque()
_GRACE = 10.0  # seconds, in which the collection that found it will have ended

if sys.implementation.name == "cpython" and not _FREE_THREADED:

    def _new_keeper() -> Any:
        return _code.__code__.replace()

else:
    _new_keeper = _Tracked


def _free_later(free: Callable[..., object], arguments: Tuple[Any, ...]) -> None:
    _late.append((time.monotonic(), free, arguments))


def _free_late() -> None:
    while _late and _late[0][0] + _GRACE < time.monotonic():
        try:
            _, free, arguments = _late.popleft()
        except IndexError:
            return
        free(*arguments)


def keeper(free: Callable[..., object], *arguments: Any) -> Any:
    """An object for the owner to hold: when it goes, free(*arguments) is called.

    Not so at the interpreter's end, where threads may still be in C.

    A finalizer of the owner itself would come too early. When CPython's collector
    finds garbage it calls the weak references into it first and `__del__` after
    that, and a `__del__` there may well call a function of the library. So the
    keeper is a code object: small, open to weak references, and unknown to the
    collector, which therefore lets it go after all that refers to it. Where
    nothing is unknown to the collector, freeing waits until it is surely done.
    """
    made = _new_keeper()
    if _FREE_THREADED:
        _free_late()
        weakref.finalize(made, _free_later, free, arguments).atexit = False
    else:
        weakref.finalize(made, free, *arguments).atexit = False
    return made
