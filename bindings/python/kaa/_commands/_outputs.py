"""The files and tables that reports come out in: options, writing, reading back.

`files` are tuples of an option's name, its help, and the function of kaa._views
that makes it; None is the report's JSON.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, Optional, Sequence, Tuple

from kaa._commands import DONE, complain

Files = Sequence[Tuple[str, str, Optional[str]]]


def add_arguments(parser: argparse.ArgumentParser, files: Files) -> None:
    """An option for each file, and those of the table."""
    for name, summary, _ in files:
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write {summary}")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the table there, not to stderr"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print no table")


def print_table(data: Any, file: Any) -> None:
    from kaa import _views

    _views.table(data, file)


def _write(path: str, made: Any) -> int:
    """Writes text or bytes to a file; the exit code."""
    content = made.encode("utf-8") if isinstance(made, str) else made
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        return complain(f"{path}: {error.strerror}")
    return DONE


def write(data: Any, options: argparse.Namespace, files: Files, table: Any) -> int:
    """Writes all that the options ask for, and the table to `table`; the exit code."""
    import io

    from kaa import _views

    code = DONE
    for name, _, view in files:
        path = getattr(options, name)
        if path is not None:
            made = data.to_json() if view is None else getattr(_views, view)(data)
            code = _write(path, made) or code
    if options.output is not None:
        text = io.StringIO()
        print_table(data, text)
        code = _write(options.output, text.getvalue()) or code
    elif not options.quiet:
        print_table(data, table)
    return code


def read(path: str, kind: Any) -> Any:
    """The report in a file that --json wrote, - is stdin; None, and says why, if it
    cannot be read."""
    try:
        if path == "-":
            return kind.from_json(sys.stdin.read())
        with open(path, encoding="utf-8") as file:
            return kind.from_json(file.read())
    except OSError as error:
        complain(f"{path}: {error.strerror}")
    except ValueError as error:
        complain(f"{path}: {error}")
    return None
