"""The commands of `python -m kaa`, a module each.

A module NAME here is the command NAME; those that begin with _ are shared by them. A
command has a docstring, whose first line is its help; `configure(parser)`, which adds
its arguments to an argparse.ArgumentParser and may set its description; and
`run(options) -> int`, which gives the exit code. Modules import what is slow inside
run().
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from kaa._error import Error

# Exit codes: done; the input or the call failed; the command line is wrong.
DONE, FAILED, USAGE = 0, 1, 2

# In the order of the help.
NAMES = ["decl", "call", "bind", "verify", "gil", "check", "refs", "heap", "objects", "stub", "new", "cmake"]


def complain(text: str) -> int:
    """Says what went wrong; the exit code for that."""
    print(f"kaa: {text}", file=sys.stderr)
    return FAILED


def place(name: str, error: Error) -> str:
    """An error of declarations with its position in front."""
    line, column = getattr(error, "line", 0), getattr(error, "column", 0)
    where = f"{name}:{line}:{column}: " if line else f"{name}: "
    return where + str(error)


def add_header_options(parser: argparse.ArgumentParser) -> None:
    """Those that say how a header is read, as kaa.load() has them."""
    parser.add_argument("-I", dest="include_dirs", action="append", default=[], metavar="DIR")
    parser.add_argument("-D", dest="defines", action="append", default=[], metavar="MACRO")
    parser.add_argument("-U", dest="undefines", action="append", default=[], metavar="MACRO")
    parser.add_argument("--package", help="of pkg-config")
    parser.add_argument(
        "--only",
        action="append",
        metavar="PATTERN",
        help="names to keep, such as 'sqlite3_*'; may be given again",
    )


def load_header(options: argparse.Namespace, **more: Any) -> Any:
    """The library of the options, loaded by its header; `more` goes to kaa.load()."""
    from kaa import _library

    header = options.header
    return _library.load(
        options.library,
        header=header if len(header) > 1 else header[0],
        only=options.only,
        defines=options.defines,
        undefines=options.undefines,
        include_dirs=options.include_dirs,
        package=options.package,
        **more,
    )
