"""Plain data and JSON: dataclasses made by their annotations, or a ValueError.

The reports of kaa (GIL, heap, checks) are dataclasses of numbers, texts, lists,
dicts and other dataclasses or named tuples. A file with one may come from
anywhere, so every value is checked, and the error says where it stands:
"recording.threads[3].held_ns must be int, not str".
"""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from functools import lru_cache
from typing import Any, Dict, Optional, Tuple, Type, TypeVar

FORMAT = 1  # of all reports; others are refused


@lru_cache(maxsize=None)
def _hints(kind: Any) -> Dict[str, Any]:
    return typing.get_type_hints(kind)


def to_data(report: Any) -> Dict[str, Any]:
    """Dicts, lists, texts and numbers; named tuples become lists in JSON."""
    data = dataclasses.asdict(report)
    data["format"] = FORMAT
    return data


_Report = TypeVar("_Report", bound="Report")


class Report:
    """What all reports can; they are dataclasses that derive from it."""

    _called = "report"  # in errors

    def to_data(self) -> Dict[str, Any]:
        """Plain dicts, lists, texts and numbers."""
        return to_data(self)

    def to_json(self, indent: Optional[int] = None) -> str:
        """The report as JSON; from_json() gives an equal one."""
        return to_json(self, indent)

    @classmethod
    def from_json(cls: Type[_Report], text: str) -> _Report:
        """Reads what to_json() wrote; ValueError says what is wrong and where."""
        report: _Report = from_json(cls, text, cls._called)
        return report


def _parts(value: Any) -> Dict[str, Any]:
    """What json asks for dataclasses; it writes named tuples as lists by itself."""
    if not dataclasses.is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no plain data")
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


def to_json(report: Any, indent: Optional[int] = None) -> str:
    """The JSON of to_data(), without making a copy first."""
    data = {**_parts(report), "format": FORMAT}
    return json.dumps(data, indent=indent, default=_parts)


def from_json(kind: Any, text: str, where: str) -> Any:
    """The inverse of to_json()."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"no {where} of kaa: not JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"no {where} of kaa: nested too deeply") from None
    if isinstance(data, dict) and data.get("format", FORMAT) != FORMAT:
        raise ValueError(
            f"{where}.format is {data['format']!r}; this kaa reads {FORMAT}"
        )
    try:
        return made(kind, data, where)
    except RecursionError:
        raise ValueError(f"{where} is nested too deeply") from None


def made(kind: Any, value: Any, where: str) -> Any:
    """The value as the annotation `kind` says, checked all the way down."""
    if kind is Any:
        return value
    if kind in (int, str, float, bool):
        return _scalar(kind, value, where)
    if dataclasses.is_dataclass(kind):
        return _object(kind, value, where)
    if hasattr(kind, "_fields"):
        return _tuple(kind, value, where)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:  # Optional[X]
        (other,) = [one for one in inner if one is not type(None)]
        return None if value is None else made(other, value, where)
    if origin is dict:
        _expect(value, (dict,), "an object", where)
        return {str(k): made(inner[1], v, f"{where}.{k}") for k, v in value.items()}
    _expect(value, (list, tuple), "a list", where)
    simple = _accepted(inner[0]) if hasattr(inner[0], "_fields") else None
    return [
        inner[0](*one)
        if simple and _is_simple(one, simple)
        else made(inner[0], one, f"{where}[{i}]")
        for i, one in enumerate(value)
    ]


def _expect(value: Any, kinds: Tuple[type, ...], wanted: str, where: str) -> None:
    if not isinstance(value, kinds):
        raise ValueError(f"{where} must be {wanted}, not {type(value).__name__}")


def _scalar(kind: Any, value: Any, where: str) -> Any:
    """JSON knows one kind of number, so a float may be written as an int."""
    if type(value) is kind and kind is not float:
        return value
    if kind is float and type(value) in (int, float):
        # A float of 10**400 would be infinite.
        if type(value) is int or math.isfinite(value):
            return value
        raise ValueError(f"{where} must be finite, not {value}")
    raise ValueError(f"{where} must be {kind.__name__}, not {type(value).__name__}")


def _object(kind: Any, value: Any, where: str) -> Any:
    """Unknown keys are left out: a newer kaa wrote them."""
    _expect(value, (dict,), "an object", where)
    hints, known = _hints(kind), {}
    for one in dataclasses.fields(kind):
        if one.name in value:
            known[one.name] = made(hints[one.name], value[one.name], f"{where}.{one.name}")
        elif one.default is dataclasses.MISSING and (
            one.default_factory is dataclasses.MISSING
        ):
            raise ValueError(f"{where} lacks {one.name}")
    return kind(**known)


@lru_cache(maxsize=None)
def _accepted(kind: Any) -> Optional[Tuple[Tuple[type, ...], ...]]:
    """The exact types of a named tuple's fields, if all are simple: files have
    hundreds of thousands of them."""
    found = []
    for hint in _hints(kind).values():
        types = typing.get_args(hint) or (hint,)
        if not set(types) <= {int, str, type(None)}:
            return None
        found.append(types)
    return tuple(found)


def _is_simple(value: Any, accepted: Tuple[Tuple[type, ...], ...]) -> bool:
    """Whether a list is a whole named tuple of these types."""
    if type(value) is not list or len(value) != len(accepted):
        return False
    for one, types in zip(value, accepted):
        if type(one) not in types:
            return False
    return True


def _tuple(kind: Any, value: Any, where: str) -> Any:
    _expect(value, (list, tuple), "a list", where)
    least = len(kind._fields) - len(kind._field_defaults)
    if not least <= len(value) <= len(kind._fields):
        raise ValueError(f"{where} must have {len(kind._fields)} entries, not {len(value)}")
    hints = _hints(kind)
    return kind(
        *(
            made(hints[name], one, f"{where}.{name}")
            for name, one in zip(kind._fields, value)
        )
    )
