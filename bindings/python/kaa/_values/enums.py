"""The IntEnum classes of C's enums."""

from __future__ import annotations

import copyreg
import enum

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple, Type


class _EnumType(enum.EnumMeta):
    """The class of enum classes: these pickle by library and name."""

    #: What gives the library, and the attribute of it that the class is.
    _origin_: Optional[Tuple[Callable[[], Any], str]] = None


def _reduce_enum(kind: _EnumType) -> Any:
    if kind._origin_ is None:
        return kind.__qualname__  # it is looked up in its module, as any class
    find, name = kind._origin_
    return getattr, (find(), name)


copyreg.pickle(_EnumType, _reduce_enum)


class _IntEnum(enum.IntEnum, metaclass=_EnumType):
    """The base of all enum classes that are made of C's."""


def _made(name: str, names: List[Tuple[str, int]], module: str) -> Type[enum.IntEnum]:
    # A checker knows such a call of enum's own classes alone; else it is a look-up.
    made: Type[enum.IntEnum] = _IntEnum(name, names, module=module)  # type: ignore[call-arg, arg-type, assignment]
    return made


def int_enum(
    name: str, names: Tuple[Tuple[str, int], ...], module: str
) -> Type[enum.IntEnum]:
    """The class of an enum with these names and values."""
    try:
        return _made(name, list(names), module)
    except (TypeError, ValueError):
        # Names that enum keeps for itself (_x_, mro): those are left out.
        kept: List[Tuple[str, int]] = []
        for one in names:
            try:
                _made(name, kept + [one], module)
            except (TypeError, ValueError):
                continue
            kept.append(one)
        return _made(name, kept, module)
