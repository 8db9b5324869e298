"""Live memory by type and line: the blocks of a profile, and the objects of a walk."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from kaa import objects
from kaa._insight import heap_native as _heap_native
from kaa._insight import heap_trace as _heap_trace
from kaa._insight.gil_data import Frame
from kaa._insight.heap_data import BUFFER, HeapSite


def types(generation: int) -> List[HeapSite]:
    """Of that profile, which must run."""
    blocks, frames = _heap_trace.blocks(generation)

    def look() -> List[Any]:
        from kaa._insight import object_walk as _object_walk

        looking = _object_walk.Looking(objects._own_frames())
        sums: Dict[Tuple[int, str], List[int]] = {}
        for block, name in zip(blocks, looking.types_of(blocks)):
            both = sums.setdefault((block.site, name or BUFFER), [0, 0])
            both[0] += block.bytes
            both[1] += block.blocks
        return [[site, name, *both] for (site, name), both in sums.items()]

    found, _ = objects._in_copy(look)
    made: Dict[Tuple[Frame, Optional[str], Optional[str]], HeapSite] = {}
    for number, name, size, count in found:
        c_frames, own = frames.get(number) or ([], [])
        frame = own[0] if own else Frame("", 0, "(no Python frame)")
        kind: Optional[str] = name
        if c_frames:  # malloc()'s: no object, unless C code makes some there
            kind = None if name == BUFFER else name
        label = _heap_native.label(c_frames)
        one = made.get((frame, kind, label))
        if one is None:
            one = made[frame, kind, label] = HeapSite(*frame, type=kind, c_function=label)
            one.domain = "native" if c_frames else "python"
        one.live_bytes += size
        one.live_blocks += count
    return sorted(made.values(), key=lambda one: -one.live_bytes)
