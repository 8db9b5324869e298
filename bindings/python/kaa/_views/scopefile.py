"""speedscope's file format: https://www.speedscope.app/file-format-schema.json

A profile a thread, of type "sampled": stacks with the outermost frame first, and
what each weighs.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from kaa._insight.gil_data import Frame
from kaa._views.text import json_text

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


class Frames:
    """The frames that a file's profiles share, each once."""

    def __init__(self) -> None:
        self.made: List[Dict[str, Any]] = []
        self._numbers: Dict[Tuple[str, str, int], int] = {}

    def number(self, name: str, file: str = "", line: int = 0) -> int:
        key = (name, file, line)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.made)
            one: Dict[str, Any] = {"name": name}
            if file:
                one["file"] = file
            if line > 0:
                one["line"] = line
            self.made.append(one)
        return found

    def stack(self, frames: List[Frame]) -> List[int]:
        """Numbers, the outermost first; the frames come innermost first."""
        return [self.number(f.function, f.file, f.line) for f in reversed(frames)]


def written(name: str, frames: Frames, profiles: List[Dict[str, Any]]) -> str:
    """The file."""
    return json_text(
        {
            "$schema": _SCHEMA,
            "exporter": "kaa",
            "name": name,
            "activeProfileIndex": 0,
            "shared": {"frames": frames.made},
            "profiles": profiles,
        }
    )


def sampled(
    name: str, unit: str, start: int, stacks: List[List[int]], weights: List[int]
) -> Dict[str, Any]:
    """One profile; `unit` is "nanoseconds" or "bytes"."""
    return {
        "type": "sampled",
        "name": name,
        "unit": unit,
        "startValue": start,
        "endValue": start + sum(weights),
        "samples": stacks,
        "weights": weights,
    }
