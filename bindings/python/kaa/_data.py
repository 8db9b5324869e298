"""Plain data from JSON: dataclasses made by their annotations, or a ValueError.

The reports of kaa (GIL, heap, checks) are dataclasses of numbers, texts, lists,
dicts and other dataclasses or named tuples. A file with one may come from
anywhere, so every value is checked, and the error says where it stands:
"recording.threads[3].held_ns must be int, not str".
"""

from __future__ import annotations

import dataclasses
import json
import typing
from functools import lru_cache
from typing import Any, Dict

FORMAT = 1  # of all reports; a reader refuses larger ones


@lru_cache(maxsize=None)
def _hints(kind: Any) -> Dict[str, Any]:
    return typing.get_type_hints(kind)


def to_data(report: Any) -> Dict[str, Any]:
    """Dicts, lists, texts and numbers; named tuples become lists in JSON."""
    data = dataclasses.asdict(report)
    data["format"] = FORMAT
    return data


def from_json(kind: Any, text: str, where: str) -> Any:
    """The inverse of json.dumps(to_data(report))."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"no {where} of kaa: not JSON: {error}") from None
    if isinstance(data, dict) and data.get("format", FORMAT) != FORMAT:
        raise ValueError(
            f"{where}.format is {data['format']!r}; this kaa reads {FORMAT}"
        )
    return made(kind, data, where)


def made(kind: Any, value: Any, where: str) -> Any:
    """The value as the annotation `kind` says, checked all the way down."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin is typing.Union:  # Optional[X]
        (other,) = [one for one in inner if one is not type(None)]
        return None if value is None else made(other, value, where)
    if origin is list:
        _expect(value, (list, tuple), "a list", where)
        return [made(inner[0], one, f"{where}[{i}]") for i, one in enumerate(value)]
    if origin is dict:
        _expect(value, (dict,), "an object", where)
        return {str(k): made(inner[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(kind):
        return _object(kind, value, where)
    if hasattr(kind, "_fields"):
        return _tuple(kind, value, where)
    accepted = (int, float) if kind is float else (kind,)
    _expect(value, accepted, kind.__name__, where)
    return value


def _expect(value: Any, kinds: Any, wanted: str, where: str) -> None:
    wrong = isinstance(value, bool) and bool not in kinds
    if wrong or not isinstance(value, kinds):
        raise ValueError(f"{where} must be {wanted}, not {type(value).__name__}")


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
