"""Which edge to break, for those who make garbage cycles: by what there is of them now."""

from __future__ import annotations

from typing import Any

from kaa import objects
from kaa._error import Error
from kaa._insight.heap_data import BUFFER, HeapReport


def _short(name: str) -> str:
    """The __name__ of a type that the interpreter calls that."""
    return name.rpartition(".")[2]


def add(report: HeapReport) -> None:
    """To a report of this process. A failure is a note."""
    names = {_short(one.type) for one in report.garbage if one.type != BUFFER}
    if not names or not objects.is_available()[0]:
        return

    def look() -> Any:
        from kaa._insight import object_walk as _object_walk

        looking = _object_walk.Looking(objects._own_frames())
        looking.retain()
        return looking.breaks(names)

    try:
        found, _ = objects._in_copy(look)
    except Error as error:
        report.notes.append(str(error))
        return
    for one in report.garbage:
        edge = found.get(_short(one.type)) if one.type != BUFFER else None
        if edge:
            one.text = f"break {edge}"
