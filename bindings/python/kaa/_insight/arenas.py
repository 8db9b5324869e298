"""pymalloc's arenas and pools, read from their memory: what keeps each arena.

A pool is 4 KiB (16 KiB from 3.10 on) of blocks of one size, and tells of itself in
its first 48 bytes (Objects/obmalloc.c, struct pool_header; the same in 3.9 to 3.15).
Arenas are found by looking for such headers in anonymous memory: a header is believed
if all its figures fit each other.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import Dict, Iterator, List, Tuple

from kaa import _native
from kaa._insight.heap_data import Arena, Pool
from kaa._insight.maps import mappings, pages_there

_HEADER = struct.Struct("=I4xQ16xIIII")  # count, free block, arena, class, next, last
_OVERHEAD = 48
_CLASSES = 32  # of 16 bytes to 512
_BATCH = 512  # headers that are read at once


def _pool_bytes() -> int:
    return 4096 if sys.version_info < (3, 10) else 16384


class _Piece(ctypes.Structure):
    """struct iovec"""

    _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def _regions() -> Iterator[Tuple[int, int]]:
    """What is there of anonymous memory that can be written, in the order of
    addresses."""
    for one in mappings():
        if one.access.startswith("rw") and one.inode == 0 and not one.path:
            yield from pages_there(one.start, one.end)


def _headers(first: int, end: int, step: int) -> Iterator[Tuple[int, bytes]]:
    """The first bytes of what may be pools. Memory that has gone meanwhile is none."""
    size = _HEADER.size
    read = ctypes.CDLL(None).process_vm_readv
    read.restype = ctypes.c_ssize_t
    read.argtypes = [
        *(ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong),
        *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong),
    ]
    room = ctypes.create_string_buffer(size * _BATCH)
    here = _Piece(ctypes.addressof(room), size * _BATCH)
    there = (_Piece * _BATCH)()
    at = -(-first // step) * step
    while at + size <= end:
        count = min(_BATCH, (end - at - size) // step + 1)
        for i in range(count):
            there[i].start, there[i].size = at + i * step, size
        here.size = size * count
        got = read(os.getpid(), ctypes.byref(here), 1, there, count, 0)
        data = room.raw
        whole = max(got, 0) // size
        for i in range(whole):
            yield at + i * step, data[i * size : (i + 1) * size]
        at += min(whole + 1, count) * step  # the next one could not be read


def _pool(header: bytes, size: int) -> Tuple[int, Pool]:
    """(number of the arena, pool); the number is -1 if there is none."""
    count, free, arena, kind, upcoming, last = _HEADER.unpack(header)
    block = 16 * (kind + 1)
    blocks = (size - _OVERHEAD) // block
    if kind >= _CLASSES or last != size - block or count > blocks or arena >= 1 << 20:
        return -1, Pool(0, 0, 0)
    if upcoming < _OVERHEAD + block or upcoming > size or (upcoming - _OVERHEAD) % block:
        return -1, Pool(0, 0, 0)
    if free and free % 16:
        return -1, Pool(0, 0, 0)
    return arena, Pool(block, count, blocks) if count else Pool(0, 0, 0)


def arenas(arena_bytes: int) -> List[Arena]:
    """All of this process's, in the order of addresses. A pool that was never used
    is free."""
    step = _pool_bytes()
    found: Dict[int, Dict[int, Pool]] = {}
    for first, end in _regions():
        for address, header in _headers(first, end, step):
            number, pool = _pool(header, step)
            if number >= 0:
                found.setdefault(number, {})[address] = pool
    made = []
    for pools in found.values():
        first = min(pools)
        # An arena is carved from its low end on; what is far away is a stranger.
        within = {at: pool for at, pool in pools.items() if at < first + arena_bytes}
        whole = [within.get(first + i * step, Pool(0, 0, 0)) for i in range(arena_bytes // step)]
        made.append(Arena(first, arena_bytes, whole))
    return sorted(made, key=lambda one: one.address)


# ---- what keeps an arena ----

_MOSTLY_FREE = 0.25  # arenas of which less is in use are looked at
_MOST_ARENAS = 4000
_MOST_TYPES = 3


def _live_blocks(arena: Arena, step: int) -> List[int]:
    """Where the blocks stand that are in use; for a process that stands still. Pools
    that have been given back since they were seen have none: their memory may be gone,
    or anything. Free blocks of a pool are a list, each in the first word of the one
    before."""
    found = []
    header = ctypes.create_string_buffer(_HEADER.size)
    for i, pool in enumerate(arena.pools):
        at = arena.address + i * step
        if not pool.used or not _native.kaa_insight_peek(
            os.getpid(), at, header, len(header)
        ):
            continue
        _, now = _pool(header.raw, step)
        if not now.used or now.block_bytes != pool.block_bytes:
            continue
        _, free, _, _, upcoming, _ = _HEADER.unpack(header.raw)
        blocks = set(range(at + _OVERHEAD, at + upcoming, pool.block_bytes))
        for _ in range(pool.blocks):
            if free not in blocks:
                break
            blocks.remove(free)
            free = ctypes.c_uint64.from_address(free).value
        found += sorted(blocks)
    return found


def share(arena: Arena) -> float:
    """How much of it is in use."""
    return sum(one.used * one.block_bytes for one in arena.pools) / max(arena.bytes, 1)


def name_keepers(found: List[Arena]) -> None:
    """Writes into each arena that is mostly free what keeps it: the objects in it, by
    type. Looks in a copy of the process; kaa.Error where objects cannot be walked."""
    from kaa import objects
    from kaa._native.insight import HeapBlock

    sparse = [one for one in found if 0 < share(one) < _MOSTLY_FREE][:_MOST_ARENAS]
    if not sparse:
        return

    def look() -> List[List[Tuple[str, int]]]:
        from kaa._insight import object_walk

        looking = object_walk.Looking(objects._own_frames())
        told = []
        for arena in sparse:
            places = _live_blocks(arena, _pool_bytes())
            blocks = (HeapBlock * len(places))(*(HeapBlock(at) for at in places))
            counts: Dict[str, int] = {}
            for name in looking.types_of(blocks):
                counts[name or "(buffer)"] = counts.get(name or "(buffer)", 0) + 1
            told.append(sorted(counts.items(), key=lambda one: -one[1]))
        return told

    answer, _ = objects._in_copy(look)
    for arena, counts in zip(sparse, answer):
        parts = [f"{count} {name}" for name, count in counts[:_MOST_TYPES]]
        rest = sum(count for _, count in counts[_MOST_TYPES:])
        arena.kept_by = ", ".join(parts + ([f"{rest} others"] if rest else []))
