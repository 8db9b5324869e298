"""Texts by number, each written once: pages refer to them from columns."""

from __future__ import annotations

from typing import Dict, List


class Names:
    """`texts[number(name)] == name`."""

    def __init__(self) -> None:
        self.texts: List[str] = []
        self._numbers: Dict[str, int] = {}

    def number(self, name: str) -> int:
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = len(self.texts)
            self.texts.append(name)
        return found
