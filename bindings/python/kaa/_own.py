"""Which code is kaa's own: it is left out of what is told of a program."""

from __future__ import annotations

import os

#: The folder of the package.
HERE = os.path.dirname(os.path.abspath(__file__))


def is_own(file: str) -> bool:
    """Whether code of that file (co_filename) is of this package."""
    return file.startswith(HERE + os.sep)
