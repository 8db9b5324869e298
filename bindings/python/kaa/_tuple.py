"""typing.NamedTuple without typing, which costs as much as a tenth of kaa's start.

A class that derives from NamedTuple is a collections.namedtuple of the fields that
its body annotates, with the defaults, methods and docstring of that body.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple


class _Maker(type):
    def __new__(cls, name: str, bases: Tuple[type, ...], body: Dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = list(body.pop("__annotations__", ()))
        options: Dict[str, Any] = {
            "defaults": [body.pop(field) for field in fields if field in body],
            "module": body.pop("__module__"),
        }
        made: Any = namedtuple(name, fields, **options)  # type: ignore[misc]
        for key, value in body.items():
            setattr(made, key, value)
        return made


class NamedTuple(metaclass=_Maker):
    """The base to derive from; of what is derived it is no base."""
