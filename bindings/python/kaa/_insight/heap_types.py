"""Live memory by type and line: the blocks of a profile, and the objects of a walk."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from kaa import objects
from kaa._insight import heap_trace as _heap_trace
from kaa._insight.gil_data import Frame
from kaa._insight.heap_data import HeapSite

BUFFER = "(buffer)"  # a block that is no object, but an object's


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
    made: Dict[Tuple[Frame, str], HeapSite] = {}
    for number, name, size, count in found:
        frame = (frames.get(number) or [Frame("", 0, "(no Python frame)")])[0]
        one = made.get((frame, name))
        if one is None:
            one = made[frame, name] = HeapSite(*frame, type=name)
        one.live_bytes += size
        one.live_blocks += count
    return sorted(made.values(), key=lambda one: -one.live_bytes)
