"""A bar on stderr for work that tells how far it is: map(progress=True)."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator

_WIDTH = 40


@contextmanager
def bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """A callable for (done, total): tqdm's bar where that is installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        shown: Any = _Plain(name)
    else:
        shown = _Tqdm(name, tqdm)
    try:
        yield shown.show
    finally:
        shown.close()


class _Tqdm:
    def __init__(self, name: str, tqdm: Any) -> None:
        self._bar = tqdm(desc=name, total=0, unit_scale=True, file=sys.stderr)

    def show(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Plain:
    def __init__(self, name: str) -> None:
        self._name = name
        self._is_begun = False

    def show(self, done: int, total: int) -> None:
        filled = _WIDTH * done // total if total else _WIDTH
        percent = 100 * done // total if total else 100
        line = "#" * filled + "." * (_WIDTH - filled)
        self._write(f"\r{self._name}: {percent:3d}% [{line}] {done}/{total}")
        self._is_begun = True

    def close(self) -> None:
        if self._is_begun:
            self._write("\n")

    def _write(self, text: str) -> None:
        if sys.stderr is not None:  # as under pythonw
            sys.stderr.write(text)
            sys.stderr.flush()
