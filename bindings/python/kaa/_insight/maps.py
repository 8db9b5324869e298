"""What a process has mapped, as /proc/PID/maps says it, and which of this process's
pages are there (proc(5); Documentation/admin-guide/mm/pagemap.rst of Linux)."""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from typing import Iterator, List, NamedTuple, Optional, Tuple, Union


class Mapping(NamedTuple):
    """One row."""

    start: int
    end: int
    access: str  # such as "r-xp"
    offset: int
    inode: int
    path: str  # or what the kernel calls it, such as "[heap]"; empty: nothing


def mappings(pid: Union[int, str] = "self") -> Iterator[Mapping]:
    """All, by address. OSError where it may not be read, or there is no process."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as file:
        for row in file:
            places, access, offset, _, inode, *path = row.split(None, 5)
            start, _, end = places.partition("-")
            yield Mapping(
                int(start, 16),
                int(end, 16),
                access,
                int(offset, 16),
                int(inode),
                path[0].rstrip("\n") if path else "",
            )


# ---- pages that are there ----

_SCAN = 0xC0606610  # ioctl PAGEMAP_SCAN, Linux 6.7 (include/uapi/linux/fs.h)
_SCAN_WANTED = 1 << 3 | 1 << 4  # PAGE_IS_PRESENT, PAGE_IS_SWAPPED
_REGIONS = 1024  # that one call may give
_IS_THERE = 3 << 62  # of an entry of /proc/PID/pagemap: present, or swapped
_ENTRIES = 1 << 16  # that are read at once
_READ_MAX = 1 << 36  # bytes of a mapping whose entries are read one by one


def _scanned(file: int, start: int, end: int) -> Optional[List[Tuple[int, int]]]:
    """The stretches, or None where the kernel has no such call."""
    import fcntl

    room = (ctypes.c_uint64 * (3 * _REGIONS))()
    found: List[Tuple[int, int]] = []
    while start < end:
        words = [96, 0, start, end, 0, ctypes.addressof(room), _REGIONS, 0, 0, 0]
        request = bytearray(struct.pack("=12Q", *words, _SCAN_WANTED, _SCAN_WANTED))
        try:
            count = fcntl.ioctl(file, _SCAN, request)
        except OSError:
            return None
        found += [(room[3 * i], room[3 * i + 1]) for i in range(count)]
        reached = struct.unpack_from("=Q", request, 32)[0]
        start = reached if reached > start else end
    return found


def _read(file: int, start: int, end: int) -> Iterator[Tuple[int, int]]:
    page = mmap.PAGESIZE
    for first in range(start, end, page * _ENTRIES):
        count = min(_ENTRIES, (end - first) // page)
        data = os.pread(file, 8 * count, first // page * 8)
        if not data.strip(b"\0"):
            continue  # address space alone
        for i, entry in enumerate(memoryview(data).cast("Q")):
            if entry & _IS_THERE:
                yield first + i * page, first + (i + 1) * page


def pages_there(start: int, end: int) -> Iterator[Tuple[int, int]]:
    """The stretches of this process's memory between two addresses whose pages are
    in memory, or were swapped out: reserved address space may be terabytes. Where the
    kernel tells nothing, all of it; what is too large to be looked through, none."""
    try:
        file = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        if end - start <= _READ_MAX:
            yield start, end
        return
    try:
        found = _scanned(file, start, end)
        if found is not None:
            yield from found
        elif end - start <= _READ_MAX:
            yield from _read(file, start, end)
    finally:
        os.close(file)
