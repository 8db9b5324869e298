"""pprof's profile.proto, written by hand and compressed by gzip.

Source: proto/profile.proto of google/pprof. A message is a row of fields; a
field is a key, number * 8 + wire type, and a varint (type 0) or a length and
that many bytes (type 2). Texts stand in a table, whose entry 0 is "".
"""

from __future__ import annotations

import gzip
from typing import Any, Dict, List, Sequence, Tuple

from kaa._insight.gil_data import Frame
from kaa._views import profile


def _varint(value: int) -> bytes:
    """int64: a negative number in ten bytes, as two's complement."""
    value &= (1 << 64) - 1
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(field: int, value: int) -> bytes:
    """Zero is the default and is not written."""
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _packed(field: int, values: Sequence[int]) -> bytes:
    return _bytes(field, b"".join(map(_varint, values)))


class _Tables:
    """Texts, functions and locations, each once; numbers of the latter begin at 1."""

    def __init__(self) -> None:
        self.texts: Dict[str, int] = {"": 0}
        self.functions: Dict[Tuple[str, str], int] = {}
        self.locations: Dict[Frame, int] = {}

    def text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def location(self, frame: Frame) -> int:
        key = (frame.function or "?", frame.file)
        if key not in self.functions:
            self.functions[key] = len(self.functions) + 1
            self.text(key[0])
            self.text(key[1])
        return self.locations.setdefault(frame, len(self.locations) + 1)

    def written(self) -> List[bytes]:
        """Location is field 4 of a profile, Function 5, string_table 6."""
        made = []
        for frame, number in self.locations.items():
            function = self.functions[(frame.function or "?", frame.file)]
            line = _number(1, function) + _number(2, max(frame.line, 0))
            made.append(_bytes(4, _number(1, number) + _bytes(4, line)))
        for (name, file), number in self.functions.items():
            function_fields = _number(1, number) + _number(2, self.texts[name])
            function_fields += _number(3, self.texts[name]) + _number(4, self.texts[file])
            made.append(_bytes(5, function_fields))
        made += [_bytes(6, one.encode("utf-8", "replace")) for one in self.texts]
        return made


def write_pprof(data: Any) -> bytes:
    """The file; the same data gives the same bytes."""
    made = profile.of(data)
    tables = _Tables()
    parts: List[bytes] = []

    def value_type(name: str, unit: str) -> bytes:
        return _number(1, tables.text(name)) + _number(2, tables.text(unit))

    parts += [_bytes(1, value_type(*kind)) for kind in made.kinds]
    for stack, values in made.samples:
        locations = [tables.location(frame) for frame in reversed(stack)]
        parts.append(_bytes(2, _packed(1, locations) + _packed(2, values)))
    comments = [tables.text(one) for one in made.comments]
    period = value_type(*made.kinds[made.default])
    default = tables.text(made.kinds[made.default][0])
    parts += tables.written()
    parts.append(_number(9, made.started) + _number(10, made.wall_ns))
    parts.append(_bytes(11, period) + _number(12, made.period))
    parts.append(_packed(13, comments) + _number(14, default))
    return gzip.compress(b"".join(parts), mtime=0)
