"""What the modules need that ``python -m kaa bind`` writes.

    from kaa import bound
    library = bound.load("libpng16.so.16", DECLARATIONS, PLATFORM)
"""

from __future__ import annotations

import platform
import struct
import sys
from typing import Any, Optional, Tuple

from kaa import _library

Platform = Tuple[str, str, int]


def this_platform() -> Platform:
    """What the layout of C types depends on: system, machine, bits of a pointer."""
    return sys.platform, platform.machine(), 8 * struct.calcsize("P")


def load(
    name: Optional[str], declarations: str, made_on: Platform, **options: Any
) -> _library.Library:
    """The library of a bound module, as `kaa.load(name, ...)` gives it from the header
    that the declarations were written from; `options` are those of kaa.load().

    ImportError: the declarations were made on another platform than this one.
    """
    if made_on != this_platform():
        raise ImportError(
            "these declarations were made on "
            + "/".join(map(str, made_on))
            + ", this is "
            + "/".join(map(str, this_platform()))
            + ": bind the header here"
        )
    return _library.load(name, header=f"# 1\n{declarations}", **options)
