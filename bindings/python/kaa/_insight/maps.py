"""What a process has mapped, as /proc/PID/maps says it (proc(5))."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Union


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
