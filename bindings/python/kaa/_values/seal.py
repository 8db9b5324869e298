"""What ties a class of kaa's to what it stands for, where Python code cannot forge it."""

from __future__ import annotations


TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any


class Seal:
    """A class that anybody makes has none of its own, whatever it says."""

    __slots__ = ("_class", "_content")

    def __reduce__(self) -> Any:
        # For those who pickle a class by what is in it: the class, when it is
        # found again, has its own.
        kind = _class_of(self)
        names = [name for name, one in kind.__dict__.items() if one is self]
        return _own, (kind, names[0])


_class_of = Seal.__dict__["_class"].__get__
_content_of = Seal.__dict__["_content"].__get__
_set_class = Seal.__dict__["_class"].__set__
_set_content = Seal.__dict__["_content"].__set__
for _slot in Seal.__slots__:
    delattr(Seal, _slot)


def _own(kind: Any, name: str) -> Any:
    return kind.__dict__[name]


def close(seal: Seal, kind: Any, content: Any) -> None:
    """Says which class it is of, and what that stands for; once."""
    # Not weakly: a finaliser may want it when the class is garbage already.
    _set_class(seal, kind)
    _set_content(seal, content)


def content(kind: Any, name: str) -> Any:
    """What a class stands for that has a seal of its own by this name; else None."""
    own = kind.__dict__
    seal = own[name] if name in own else None  # get() locks: see value_of()
    try:
        if type(seal) is Seal and _class_of(seal, Seal) is kind:
            return _content_of(seal, Seal)
    except AttributeError:
        pass  # one that never was closed
    return None
