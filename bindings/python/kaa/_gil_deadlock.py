"""Circles of threads that wait for each other, in a process that is read: through
the GIL and through the mutexes of C libraries.

A thread that waits for a pthread mutex is in futex() on its first word, and glibc
keeps in the mutex which thread has it (sysdeps/nptl/bits/struct_mutex.h: the word
at 0, the owner's id at 8). Python's own locks do not say who has them.
"""

from __future__ import annotations

import os
import struct
import time
from typing import Any, Dict, List, NamedTuple, Optional

from kaa._gil_remote import FUTEXES, Remote, RemoteError, Seen, peek

_MUTEX = struct.Struct("<IIi")  # its word, a count, its owner
# A circle is one if it is there again after so long: nobody else turns it.
_AGAIN_S = 0.1


class _Wait(NamedTuple):
    """What one thread waits for."""

    what: str
    owner: int  # the thread that has it


def _futex(pid: int, number: int) -> Optional[int]:
    """The address that a thread waits at."""
    try:
        with open(f"/proc/{pid}/task/{number}/syscall") as file:
            text = file.read().split()
    except OSError:
        return None
    if len(text) < 2 or not text[0].isdigit() or int(text[0]) not in FUTEXES:
        return None
    return int(text[1], 16)


def _mutex_wait(pid: int, number: int, threads: Any) -> Optional[_Wait]:
    address = _futex(pid, number)
    if address is None:
        return None
    try:
        word, _, owner = _MUTEX.unpack(peek(pid, address, _MUTEX.size))
    except OSError:
        return None
    if not word or owner == number or owner not in threads:
        return None
    return _Wait(f"a mutex at {address:#x}", owner)


def _waits(remote: Remote, seen: Dict[int, Seen]) -> Dict[int, _Wait]:
    """Who waits for whom, by thread."""
    holder = [one.id for one in seen.values() if one.state == "held"]
    try:
        threads = {int(one) for one in os.listdir(f"/proc/{remote.pid}/task")}
    except OSError:
        return {}
    made = {}
    for number in threads:
        one = seen.get(number)
        if one is not None and one.state == "waiting":
            wait = _Wait("the GIL", holder[0]) if holder else None
        else:
            wait = _mutex_wait(remote.pid, number, threads)
        if wait is not None:
            made[number] = wait
    return made


def _circles(waits: Dict[int, _Wait]) -> List[List[int]]:
    """Each circle once, from its least thread on."""
    found: List[List[int]] = []
    for start in sorted(waits):
        path = [start]
        while path[-1] in waits and waits[path[-1]].owner not in path:
            path.append(waits[path[-1]].owner)
        if path[-1] in waits and waits[path[-1]].owner == start == min(path):
            found.append(path)
    return found


def _who(remote: Remote, number: int) -> str:
    name = remote.name(number)
    return name if name.endswith(str(number)) else f"{name} ({number})"


def _told(remote: Remote, circle: List[int], waits: Dict[int, _Wait], seen: Any) -> str:
    lines = []
    for number in circle:
        wait = waits[number]
        lines.append(
            f"{_who(remote, number)} waits for {wait.what}, which"
            f" {_who(remote, wait.owner)} has"
        )
        for frame in seen[number].frames if number in seen else []:
            lines.append(
                f'  File "{frame.file}", line {frame.line}, in {frame.function}'
            )
    return "\n".join(lines)


def find(remote: Remote) -> List[str]:
    """A report of each circle, with the stack of each thread in it."""
    try:
        seen = {one.id: one for one in remote.look(with_frames=False)}
        waits = _waits(remote, seen)
        circles = _circles(waits)
        if not circles:
            return []
        time.sleep(_AGAIN_S)
        seen = {one.id: one for one in remote.look()}
    except RemoteError:
        return []
    again = _waits(remote, seen)
    return [
        _told(remote, circle, waits, seen)
        for circle in circles
        if all(again.get(one) == waits[one] for one in circle)
    ]
