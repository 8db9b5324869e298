"""What C made and a function of C's frees, without the bridge: [[kaa::free(f)]].

With the bridge libkaa has such objects itself: lib/cpython/data/owned.c. The rules
are the same: freed once, when nothing refers to it any more, by kaa.release(), at
the end of `with`, or by a call of f itself; and what was borrowed from it first.
"""

from __future__ import annotations

import weakref

from kaa._values.locks import make_lock

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

_ending = make_lock()
#: Whether there ever was one.
were_made = False


class Owned:
    """Stands between C data and what is freed. It has no attributes: what they
    said could be set by anybody."""

    __slots__ = (
        "_address",
        "_free",
        "_name",
        "_library",
        "_base",
        "_borrowers",
        "_kept",
        "_exports",
        "_released",
        "__weakref__",
    )

    def __new__(cls, *args: Any, **keywords: Any) -> Any:
        raise TypeError("what is freed comes from a call of C alone")

    def __del__(self) -> None:
        _end(self, True)


class _Slot:
    """One of its attributes, for this module alone."""

    def __init__(self, name: str) -> None:
        member = Owned.__dict__[name]
        self.get = member.__get__
        self.set = member.__set__


_address = _Slot("_address")
_free = _Slot("_free")
_name = _Slot("_name")
_library = _Slot("_library")
_base = _Slot("_base")
_borrowers = _Slot("_borrowers")
_kept = _Slot("_kept")
_exports = _Slot("_exports")
_released = _Slot("_released")
for _one in Owned.__slots__:
    if not _one.startswith("__"):
        delattr(Owned, _one)


def new(library: Any, address: int, free: Callable[[int], Any], name: str) -> Owned:
    """What calls `free` for an address; `name` is that of the function."""
    global were_made
    were_made = True
    made = object.__new__(Owned)
    _released.set(made, True)
    _address.set(made, address)
    _free.set(made, free)
    _name.set(made, name)
    _library.set(made, library)
    _base.set(made, None)
    _borrowers.set(made, [])
    _kept.set(made, None)
    _exports.set(made, 0)
    _released.set(made, False)
    return made


def lend(owned: Owned, base: Any) -> None:
    """`base` lives as long; if it is owned too, it is freed later."""
    _base.set(owned, base)
    if type(base) is Owned:
        with _ending:
            known: List[Any] = _borrowers.get(base)
            known[:] = [one for one in known if one() is not None]
            known.append(weakref.ref(owned))


def is_released(owned: Owned) -> bool:
    """Whether it has been freed."""
    return bool(_released.get(owned))


def is_freed_by(owned: Owned, library: Any, name: str, address: int) -> bool:
    """Whether a call of a library's function with an address frees it."""
    return (
        _name.get(owned) == name
        and _address.get(owned) == address
        and _library.get(owned) is library
    )


def release(owned: Owned, calls_free: bool = True) -> int:
    """Frees it, and before it what was borrowed from it; 0: that was done before."""
    borrowers = [one() for one in _borrowers.get(owned)]
    live = [one for one in borrowers if one is not None and not is_released(one)]
    for one in [owned, *live]:
        if _exports.get(one):
            raise BufferError("memory that a buffer shows cannot be released")
    for one in live:
        release(one)
    return _end(owned, calls_free)


def _end(owned: Owned, calls_free: bool) -> int:
    with _ending:
        if _released.get(owned):
            return 0
        _released.set(owned, True)
    if calls_free:
        _free.get(owned)(_address.get(owned))
    return 1


def all_kept_by(owned: Owned) -> Dict[int, Any]:
    """What the pointers in its memory were set from, by their addresses."""
    known: Optional[Dict[int, Any]] = _kept.get(owned)
    if known is None:
        known = {}
        _kept.set(owned, known)
    return known


class Export:
    """Counts as a buffer of owned memory as long as it lives."""

    __slots__ = ("_owned",)

    def __init__(self, owned: Owned) -> None:
        self._owned = owned
        _exports.set(owned, _exports.get(owned) + 1)

    def __del__(self) -> None:
        _exports.set(self._owned, _exports.get(self._owned) - 1)
