"""The view that refreshes: what the last interval brought, above the sums.

Through rich where it is installed; else by ANSI sequences on a terminal; else,
in a pipe or a file, a table each time.
"""

from __future__ import annotations

import shutil
import time
from typing import Any, Callable, List, Optional, TextIO

from kaa._views import tables
from kaa._views.shows import module
from kaa._views.tables import Block


def _blocks(data: Any, before: Optional[Any], rows: int) -> List[Block]:
    """The blocks of the interval where the data's module can tell it."""
    shown = module(data, "table")
    if hasattr(shown, "interval_blocks"):
        found: List[Block] = shown.interval_blocks(data, before, rows)
        return found
    plain: List[Block] = shown.blocks(data, rows)
    return plain


class _Plain:
    """Writes over what it wrote before, on a terminal."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.is_terminal = hasattr(file, "isatty") and file.isatty()

    def __enter__(self) -> "_Plain":
        if self.is_terminal:
            self.file.write("\x1b[?25l\x1b[2J")  # hides the cursor, clears
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_terminal:
            self.file.write("\x1b[?25h\n")
            self.file.flush()

    def show(self, blocks: List[Block]) -> None:
        lines = tables.plain(blocks, self.file)
        if self.is_terminal:
            width, height = shutil.get_terminal_size()
            self.file.write("\x1b[H")
            # A line that wraps would push the last ones out.
            lines = [line[: width - 1] + "\x1b[K" for line in lines[: height - 1]]
        for line in lines:
            self.file.write(tables.sendable(line, self.file) + "\n")
        if self.is_terminal:
            self.file.write("\x1b[J")
        self.file.flush()


class _Rich:
    """rich's Live on the alternate screen."""

    def __init__(self, console: Any, file: TextIO) -> None:
        from rich.live import Live

        self.live = Live(console=console, screen=True, auto_refresh=False)
        self.console, self.glyphs = console, tables.glyphs_of(file)

    def __enter__(self) -> "_Rich":
        self.live.__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        self.live.__exit__(*about)

    def show(self, blocks: List[Block]) -> None:
        from rich.console import Group

        width = self.console.width
        made = (tables.renderable(one, self.glyphs, width) for one in blocks)
        self.live.update(Group(*made), refresh=True)


def live(
    next_data: Callable[[], Optional[Any]],
    interval_s: float,
    file: TextIO,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Calls next_data() each interval and shows it, until None or Ctrl-C.

    An error of next_data() comes out with the terminal restored. At the end the last
    data is printed once more, below the prompt, to be kept.
    """
    if interval_s <= 0:
        raise ValueError(f"the interval must be more than 0 s, not {interval_s!r}")
    console = tables.console_of(file, wanted=False)
    view: Any = _Plain(file) if console is None else _Rich(console, file)
    before: Optional[Any] = None
    last: Optional[Any] = None
    try:
        with view:
            while True:
                data = next_data()
                if data is None:
                    break
                before, last = last, data
                rows = max(5, shutil.get_terminal_size().lines // 3)
                view.show(_blocks(last, before, rows))
                sleep(interval_s)
    except KeyboardInterrupt:
        pass
    if last is not None and hasattr(file, "isatty") and file.isatty():
        tables.write(module(last, "table").blocks(last, 30), file)
