"""Where the resident memory of this process goes: kaa.heap.account().

The kernel tells what is resident of each mapping (/proc/self/smaps), pymalloc and
malloc how much of theirs is in use and free. The two are put together: what is
resident and anonymous is divided among the allocators, and what they do not claim is
left over. So parts add up to what the kernel says.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from typing import Any, Dict, List, Optional, Tuple

from kaa._error import UnsupportedError
from kaa._insight.heap_data import Account, AccountPart, Arena

_HEADER = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+) *(.*)")
_ARENAS = re.compile(r"(\d+) arenas \* (\d+) bytes/arena")
_IN_USE = re.compile(r"# bytes in allocated blocks *= *([\d,]+)")


class _MallocInfo(ctypes.Structure):
    """struct mallinfo2 of glibc"""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
                     "fsmblks", "uordblks", "fordblks", "keepcost")
    ]  # fmt: skip


def _stack_pointers() -> List[int]:
    """Of the threads that are blocked; where a running one's stack is, nobody tells."""
    found = []
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/syscall") as file:
                words = file.read().split()
            if len(words) > 2:
                found.append(int(words[-2], 16))
    except (OSError, ValueError):
        pass  # not every kernel tells
    return found


def _mappings() -> Dict[str, int]:
    """Resident bytes by kind of mapping."""
    pointers = _stack_pointers()
    sums = dict.fromkeys(("anonymous", "code", "files", "stacks", "kernel"), 0)
    kind = "anonymous"
    with open("/proc/self/smaps", encoding="utf-8", errors="surrogateescape") as file:
        lines = file.read().split("\n")
    size = 0
    for line in lines + ["0-0 ---- 0 0 0 "]:
        match = _HEADER.match(line)
        if match is None:
            if line.startswith("Rss:"):
                size = int(line.split()[1]) * 1024
            continue
        sums[kind] += size
        size = 0
        start, end, access, inode, name = match.groups()
        kind = "anonymous"
        if inode != "0":
            kind = "code" if "x" in access else "files"
        elif name.startswith("[stack") or any(
            int(start, 16) <= one < int(end, 16) for one in pointers
        ):
            kind = "stacks"
        elif name.startswith("[v"):
            kind = "kernel"
    return sums


def _pymalloc() -> Optional[Tuple[int, int, int]]:
    """Arenas, bytes of each, and bytes in allocated blocks; None if that is not told."""
    api = getattr(ctypes, "pythonapi", None)  # PyPy has none
    print_stats = getattr(api, "_PyObject_DebugMallocStats", None)
    if print_stats is None:
        return None
    libc: Any = ctypes.CDLL(None)
    libc.open_memstream.restype = ctypes.c_void_p
    libc.fclose.argtypes = [ctypes.c_void_p]
    libc.free.argtypes = [ctypes.c_void_p]
    print_stats.argtypes = [ctypes.c_void_p]
    buffer, size = ctypes.c_void_p(), ctypes.c_size_t()
    stream = libc.open_memstream(ctypes.byref(buffer), ctypes.byref(size))
    if not stream:
        return None
    print_stats(stream)
    libc.fclose(stream)
    text = ctypes.string_at(buffer, size.value).decode("ascii", "replace")
    libc.free(buffer)
    arenas, used = _ARENAS.search(text), _IN_USE.search(text)
    if arenas is None or used is None:
        return None
    return int(arenas[1]), int(arenas[2]), int(used[1].replace(",", ""))


def arenas() -> List[Arena]:
    """pymalloc's arenas, in the order of addresses; empty where it has none."""
    from kaa._insight import arenas as _arenas

    told = _pymalloc()
    return _arenas.arenas(told[1]) if told and told[0] else []


def _malloc() -> Optional[Any]:
    """struct mallinfo2; None where libc has none."""
    function = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if function is None:
        return None
    function.restype = _MallocInfo
    return function()


def _anonymous(resident: int) -> List[AccountPart]:
    """Divides what is resident without a file."""
    parts: List[AccountPart] = []

    def claim(name: str, size: int, group: str, text: str) -> None:
        nonlocal resident
        size = max(min(size, resident), 0)
        resident -= size
        if size:
            parts.append(AccountPart(name, size, group, text))

    python, malloc = _pymalloc(), _malloc()
    if python is not None:
        count, each, used = python
        claim("small objects", used, "objects", "pymalloc's blocks in use")
        claim("pymalloc, free", count * each - used, "python free",
              "returned to the system only when a whole arena is empty")  # fmt: skip
    if malloc is not None:
        used = malloc.uordblks + malloc.hblkhd
        claim("malloc, in use", used, "malloc",
              "objects above 512 bytes, and memory of C code")  # fmt: skip
        claim("malloc, free", malloc.fordblks, "malloc", "kept by malloc for later")
    own = "the interpreter's own heap, and " if python is None else ""
    claim("other mappings", resident, "maps", f"{own}mmap() by libraries")
    return parts


def account() -> Account:
    """The account of this process, now."""
    if not sys.platform.startswith("linux"):
        raise UnsupportedError(f"the account needs Linux, not {sys.platform}")
    sums = _mappings()
    made = Account(rss_bytes=sum(sums.values()), parts=_anonymous(sums["anonymous"]))
    for kind, text in (
        ("code", "of programs and libraries; shared with other processes"),
        ("files", "data of libraries, and mapped files"),
        ("stacks", "of the main thread, and of threads that are blocked"),
        ("kernel", "provided by the kernel"),
    ):
        if sums[kind]:
            made.parts.append(AccountPart(kind, sums[kind], kind, text))
    made.parts.sort(key=lambda one: -one.bytes)
    malloc = _malloc()
    made.trim_bytes = int(malloc.keepcost) if malloc is not None else 0
    return made
