"""Blocks of a report, and how a terminal shows them: `rich` or plain text.

A report is a list of blocks: tables and paragraphs. gil_tables.py and its
neighbours make them; write() prints them, page.py turns the same ones into HTML.
Cells hold raw values (nanoseconds, bytes, counts); a column's kind says how
they are written, so a page can sort what a terminal prints.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, TextIO

from kaa._views import text

# How a cell is written. NAME is a short text that is never broken. BAR is a tuple of parts, drawn as shares of their sum.
TEXT, CODE, NAME, TIME, SIZE, COUNT, SHARE, BAR = (
    "text",
    "code",
    "name",
    "time",
    "size",
    "count",
    "share",
    "bar",
)
_NUMBERS = (TIME, SIZE, COUNT, SHARE)
_BAR_WIDTH = 20


@dataclass(frozen=True)
class Column:
    """A heading, a kind, what the heading means in a sentence; and its rank: a
    terminal that is too narrow leaves out columns, the highest rank first, 0 never."""

    name: str
    kind: str = TEXT
    hint: str = ""
    rank: int = 0


@dataclass
class Table:
    """Rows of raw values. `keys` are what a page knows its rows by, or empty;
    `name` is what it knows the table by."""

    title: str
    columns: Sequence[Column]
    rows: List[Sequence[Any]]
    note: str = ""
    keys: List[Optional[int]] = field(default_factory=list)
    name: str = ""


@dataclass
class Paragraphs:
    """Sentences under a title; `level` 1 for what should not be missed."""

    title: str
    lines: List[str]
    level: int = 0


Block = Any  # a Table or Paragraphs


def cell(kind: str, value: Any) -> str:
    """The value as text; "" for None. A bar has none."""
    if value is None or kind == BAR:
        return ""
    if kind == TIME:
        return text.duration(value)
    if kind == SIZE:
        return text.size(value)
    if kind == COUNT:
        return f"{value:,}"
    if kind == SHARE:
        return f"{100 * value:.1f} %"
    return text.printable(str(value))


def cut(rows: List[Sequence[Any]], limit: Optional[int], noun: str) -> str:
    """Cuts the rows in place; gives what the reader is told of the rest."""
    if limit is None or len(rows) <= limit:
        return ""
    rest = len(rows) - limit
    del rows[limit:]
    return f"and {text.plural(rest, 'more ' + noun)}; all are in the page and the JSON"


def ranked_advice(advice: Sequence[Any]) -> Paragraphs:
    """Sentences of kaa._insight.gil_data.Advice, the most severe first."""
    order = {"high": 0, "medium": 1, "low": 2}
    ranked = sorted(advice, key=lambda one: order.get(one.severity, 3))
    return Paragraphs("Advice", [f"[{one.severity}] {one.text}" for one in ranked])


def parts(total: int, shares: Sequence[float]) -> List[int]:
    """`total` cells given out by shares: largest remainders, sum kept."""
    whole = sum(shares)
    if whole <= 0:
        return [0] * len(shares)
    exact = [total * max(one, 0) / whole for one in shares]
    given = [int(one) for one in exact]
    order = sorted(range(len(exact)), key=lambda i: given[i] - exact[i])
    for i in order[: total - sum(given)]:
        given[i] += 1
    return given


def _bar(value: Sequence[float], glyphs: str) -> str:
    given = parts(_BAR_WIDTH, value)
    return "".join(glyph * count for glyph, count in zip(glyphs, given))


def glyphs_of(file: TextIO) -> str:
    """Full, shaded, light; of ASCII where the file cannot take those."""
    wanted = "\u2588\u2592\u2591"
    try:
        wanted.encode(getattr(file, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#=."
    return wanted


def sendable(line: str, file: TextIO) -> str:
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        return line.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        return line


def write(blocks: Sequence[Block], file: TextIO, rich: Optional[bool] = None) -> None:
    """Prints the blocks. `rich` None: where it is installed and `file` is a terminal;
    True also elsewhere."""
    console = None if rich is False else console_of(file, bool(rich))
    if console is None:
        for line in plain(blocks, file):
            file.write(sendable(line, file) + "\n")
    else:
        for block in blocks:
            console.print(renderable(block, glyphs_of(file), console.width))


def console_of(file: TextIO, wanted: bool) -> Any:
    """A console of rich's, or None."""
    if not wanted and not (hasattr(file, "isatty") and file.isatty()):
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(file=file, highlight=False, soft_wrap=False)


def plain(blocks: Sequence[Block], file: TextIO) -> List[str]:
    """The blocks as lines, no wider than a terminal if `file` is one."""
    width = None
    if hasattr(file, "isatty") and file.isatty():
        width = shutil.get_terminal_size().columns
    lines: List[str] = []
    for block in blocks:
        if lines:
            lines.append("")
        if isinstance(block, Table):
            lines += _plain_table(block, glyphs_of(file), width)
        else:
            if block.title:
                lines.append(block.title)
            indent = "  " if block.title else ""
            lines += [indent + text.printable(one) for one in block.lines]
    return lines


def _texts(table: Table, glyphs: str) -> List[List[str]]:
    return [
        [
            _bar(value, glyphs) if column.kind == BAR else cell(column.kind, value)
            for column, value in zip(table.columns, row)
        ]
        for row in table.rows
    ]


def filled(table: Table) -> List[int]:
    """The columns with anything in them; all where there are no rows."""
    every = range(len(table.columns))
    empty = (None, "")
    used = [i for i in every if any(row[i] not in empty for row in table.rows)]
    return used if table.rows else list(every)


def _used(
    table: Table, rows: List[List[str]], width: Optional[int]
) -> Dict[int, int]:
    """The columns to show and their widths: those with anything in them, without
    the highest ranks where a terminal is too narrow. Columns that may be broken
    count with at most 24."""
    found = {
        i: max(len(table.columns[i].name), *(len(row[i]) for row in rows), 1)
        for i in filled(table)
    }

    def needed() -> int:
        return 2 * len(found) + sum(
            min(one, 24) if table.columns[i].kind in (TEXT, CODE) else one
            for i, one in found.items()
        )

    while width is not None and needed() > width:
        least = max(found, key=lambda i: table.columns[i].rank)
        if table.columns[least].rank == 0:
            break
        del found[least]
    return found


def _plain_table(table: Table, glyphs: str, width: Optional[int]) -> List[str]:
    rows = _texts(table, glyphs)
    widths = _used(table, rows, width)
    if width is not None:
        broken = [i for i in widths if table.columns[i].kind in (TEXT, CODE)]
        _squeeze(widths, broken, width)
    lines = [table.title]
    for row in [[column.name for column in table.columns], *rows]:
        cells = [
            _fitted(row[i], one, table.columns[i].kind in _NUMBERS)
            for i, one in widths.items()
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    if table.note:
        lines.append("  " + text.printable(table.note))
    return lines


def _squeeze(widths: Dict[int, int], texts: List[int], width: int) -> None:
    """Narrows the widest texts until a line fits, none below 12."""
    over = 2 * len(widths) + sum(widths.values()) - width
    while over > 0 and texts:
        widest = max(texts, key=lambda i: widths[i])
        if widths[widest] <= 12:
            return
        widths[widest] -= 1
        over -= 1


def _fitted(value: str, width: int, is_number: bool) -> str:
    if len(value) > width:  # the end of a path says more than its beginning
        value = "~" + value[len(value) - width + 1 :]
    return value.rjust(width) if is_number else value.ljust(width)


_BAR_STYLES = ("blue", "red", "bright_black")


def renderable(block: Block, glyphs: str, width: int) -> Any:
    """A block as rich shows it. Names go in as Text: never read as markup."""
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    if not isinstance(block, Table):
        style = "bold red" if block.level else "bold"
        lines = [Text(block.title, style=style)] if block.title else []
        lines += [Text(text.printable(one)) for one in block.lines]
        return Group(*lines, Text(""))
    shown = RichTable(box=None, pad_edge=False, header_style="dim")
    rows = _texts(block, glyphs)
    used = _used(block, rows, width)
    for i in used:
        column = block.columns[i]
        shown.add_column(
            Text(column.name),
            justify="right" if column.kind in _NUMBERS else "left",
            no_wrap=column.kind in (*_NUMBERS, BAR, NAME),
            overflow="fold",
        )
    for texts, row in zip(rows, block.rows):
        cells = [Text(texts[i]) for i in used]
        for one, i in zip(cells, used):
            if block.columns[i].kind == BAR:
                at = 0
                for count, style in zip(parts(_BAR_WIDTH, row[i]), _BAR_STYLES):
                    one.stylize(style, at, at + count)
                    at += count
        shown.add_row(*cells)
    after = [Text(text.printable(block.note))] if block.note else []
    return Group(Text(block.title, style="bold"), shown, *after, Text(""))
