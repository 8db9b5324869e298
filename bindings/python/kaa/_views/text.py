"""Numbers and names as people read them, and as a terminal may be sent them."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Optional

_TIMES = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns"))
_SIZES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def duration(ns: float) -> str:
    """Nanoseconds in three digits: 1.23 s, 45.6 ms, 789 us."""
    if ns == 0:
        return "0"
    if ns < 0:
        return "-" + duration(-ns)
    for unit, name in _TIMES:
        # 999.6 us is 1 ms, not 1000 us.
        if ns >= unit * 0.9995 or unit == 1:
            return f"{_three(ns / unit)} {name}"
    raise AssertionError(ns)


def size(count: float) -> str:
    """Bytes in three digits: 1.50 MiB, 712 B."""
    if count < 0:
        return "-" + size(-count)
    for unit, name in _SIZES:
        if count >= unit * 0.9995:
            return f"{_three(count / unit)} {name}"
    return f"{count:.0f} B"


def _three(value: float) -> str:
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def share(part: float, whole: float) -> str:
    """A percentage, or nothing where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole > 0 else ""


def printable(text: str) -> str:
    r"""The text on one line, with what a terminal would obey written as \x1b is.

    Names of threads, files and functions come from the program that is looked
    at; they may hold escape sequences, line breaks and lone surrogates.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


# Where installed Python files stand; what is before says nothing to most readers.
_INSTALLED = re.compile(r"^.*/(?:(?=python3\.\d+t?/)|(?:site|dist)-packages/)")


def place(file: Optional[str], line: int = 0) -> str:
    """file:line; the file relative to the current directory if it is in it, or to
    where Python's own files or packages are installed: python3.12/threading.py:355."""
    if not file:
        return ""
    shown = file
    try:
        if os.path.isabs(file):
            relative = os.path.relpath(file)
            shown = file if relative.startswith("..") else relative
    except (ValueError, OSError):  # a NUL in it, or no current directory
        pass
    shown = _INSTALLED.sub("", shown)
    return f"{shown}:{line}" if line > 0 else shown


def json_text(data: Any) -> str:
    """Compact JSON of ASCII for other programs. Lone surrogates, which many parsers
    refuse, become U+FFFD; a file of kaa's own keeps them."""
    made = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    if made.isascii():
        return made
    made = made.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub("[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], made)


def plural(count: int, noun: str) -> str:
    """1 thread, 2 threads, 2 entries."""
    if count != 1:
        noun = noun[:-1] + "ies" if noun.endswith("ry") else noun + "s"
    return f"{count:,} {noun}"
