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
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from kaa._insight.gil_remote import FUTEXES, Remote, RemoteError, Seen, peek

_MUTEX = struct.Struct("<IIi")  # its word, a count, its owner
# A circle is one if it is there again after so long. Who waits for the GIL wakes up
# each switch interval for a moment, so it may take a few looks.
_AGAIN_S = 0.05
_LOOKS = 10


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


def _look(remote: Remote, with_frames: bool = False) -> Tuple[Any, Dict[int, _Wait]]:
    seen = {one.id: one for one in remote.look(with_frames)}
    return seen, _waits(remote, seen)


def _may_be_stuck(seen: Dict[int, Seen], waits: Dict[int, _Wait]) -> bool:
    """Whether a thread with the GIL waits for a mutex: its owner may want the GIL."""
    return any(seen[one].state == "held" for one in waits if one in seen)


def _found(remote: Remote) -> List[str]:
    seen, waits = _look(remote)
    circles = _circles(waits)
    for _ in range(_LOOKS):
        if circles or not _may_be_stuck(seen, waits):
            break
        time.sleep(_AGAIN_S)
        seen, waits = _look(remote)
        circles = _circles(waits)
    for _ in range(_LOOKS if circles else 0):
        time.sleep(_AGAIN_S)
        seen, again = _look(remote, with_frames=True)
        still = [c for c in circles if all(again.get(one) == waits[one] for one in c)]
        if still:
            return [_told(remote, one, waits, seen) for one in still]
    return []


def find(remote: Remote) -> List[str]:
    """A report of each circle, with the stack of each thread in it. Takes a moment
    if a thread that has the GIL waits for a mutex, and no time otherwise."""
    try:
        return _found(remote)
    except RemoteError:
        return []
