"""Collapsed stacks: "outer;inner 42" a line, as flame graph programs read them."""

from __future__ import annotations

from typing import Any, Dict

from kaa._insight.gil_data import Frame
from kaa._views import profile, text


def _frame(one: Frame) -> str:
    """No ";" and no line break within a frame; the count stands after the last space."""
    name = f"{one.function} ({one.file}:{one.line})" if one.file else one.function
    return text.printable(name).replace(";", ":") or "?"


def write_collapsed(data: Any) -> str:
    """The default kind of value: live bytes of a heap, nanoseconds held of a GIL."""
    made = profile.of(data)
    sums: Dict[str, int] = {}
    for stack, values in made.samples:
        value = values[made.default]
        if value > 0:
            key = ";".join(map(_frame, stack)) or "[unknown]"
            sums[key] = sums.get(key, 0) + value
    lines = (f"{key} {value}\n" for key, value in sums.items())
    return "".join(lines).encode("ascii", "backslashreplace").decode("ascii")
