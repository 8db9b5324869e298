"""The C frames of profiles of memory: which function, of which library."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Optional, Tuple

from kaa import _native
from kaa._insight.gil_data import Frame
from kaa._insight.maps import mappings

# What others allocate through: the caller is of interest.
_PASSED = re.compile(r"(libc|libstdc\+\+|libc\+\+|ld)[-.0-9a-z_]*\.so")

_mappings: List[Tuple[int, int, str]] = []
_frames: Dict[int, Frame] = {}


def start() -> None:
    """Of a new profile: other libraries may be loaded where some were."""
    _mappings.clear()
    _frames.clear()


def _read_mappings() -> None:
    _mappings.clear()
    for one in mappings():
        if one.path and "x" in one.access:
            _mappings.append((one.start, one.end, os.path.basename(one.path)))


def _library(address: int) -> str:
    """The file that has this code; empty if none has."""
    for again in (False, True):
        if again:
            _read_mappings()
        for first, end, name in _mappings:
            if first <= address < end:
                return name
    return ""


def frame(address: int) -> Frame:
    """What a return address says: library, line 0, function."""
    made = _frames.get(address)
    if made is None:
        call = address - 1  # a call may be the last instruction of its function
        name = _native.printed(_native.kaa_insight_symbol, call)
        made = _frames[address] = Frame(_library(call), 0, name or hex(address))
    return made


def is_passed(one: Frame) -> bool:
    """Whether it is of the C library, the loader or such, called for somebody else."""
    return _PASSED.match(one.file) is not None


def has_name(one: Frame) -> bool:
    """Whether the function's name is known."""
    return "+0x" not in one.function and not one.function.startswith("0x")


def label(frames: List[Frame]) -> Optional[str]:
    """What to call the C frames of a site, the innermost first: its function and
    library, that of an allocator's own passed over. Of a library without names it is the
    nearest caller with one, such as an exported function."""
    if not frames:
        return None
    own = [one for one in frames if not is_passed(one)] or frames
    library = own[0].file
    for one in own:
        if one.file == library and has_name(one):
            return f"{one.function} in {library}" if library else one.function
    return library or "?"
