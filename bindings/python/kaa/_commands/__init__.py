"""The commands of `python -m kaa`, a module each.

A module NAME here is the command NAME; those that begin with _ are shared by them. It has a docstring, whose first line is the
command's help; `configure(parser)`, which adds its arguments to an
argparse.ArgumentParser and may set its description; and `run(options) -> int`, which
gives the exit code. Modules import what is slow inside run().
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kaa._error import Error

# Exit codes: done; the input or the call failed; the command line is wrong.
DONE, FAILED, USAGE = 0, 1, 2

# In the order of the help.
NAMES = ["decl", "call", "gil", "heap", "stub", "new", "cmake"]


def complain(text: str) -> int:
    """Says what went wrong; the exit code for that."""
    print(f"kaa: {text}", file=sys.stderr)
    return FAILED


def place(name: str, error: Error) -> str:
    """An error of declarations with its position in front."""
    line, column = getattr(error, "line", 0), getattr(error, "column", 0)
    where = f"{name}:{line}:{column}: " if line else f"{name}: "
    return where + str(error)
