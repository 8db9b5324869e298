"""Reading the GIL and the stacks of another process, which is not stopped.

Nothing is written to it and nothing is left in it. Needs Linux and the right to
trace it: the same user with kernel.yama.ptrace_scope 0, or CAP_SYS_PTRACE. What a
thread does is in /proc/PID/task/ID/syscall: a futex within the GIL is a wait for
it.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import struct
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from kaa import _native
from kaa._insight import gil_calls as _gil_calls
from kaa._insight.gil_data import Frame
from kaa._insight.maps import mappings
from kaa._native import insight as _native_insight
from kaa._own import HERE

# Of the GIL: the words of CPython's struct _gil_runtime_state.
_HOLDER, _LOCKED, _COND, _GIL_BYTES = 8, 16, 32, 200
FUTEXES = (202, 449, 455)
DEPTH = 64


class RemoteError(Exception):
    """A process that cannot be read, and why."""


class Seen(NamedTuple):
    """One thread at one moment."""

    id: int
    state: str  # "held", "waiting", "off"
    call: Optional[str]
    frames: List[Frame]


def peek(pid: int, address: int, size: int) -> bytes:
    buffer = ctypes.create_string_buffer(size)
    if not _native.kaa_insight_peek(pid, address, buffer, size):
        raise OSError(f"no memory at {address:#x}")
    return buffer.raw


def _word(pid: int, address: int) -> int:
    return int(struct.unpack("<Q", peek(pid, address, 8))[0])


# ---- finding the interpreter ----


def _symbol(path: str, name: bytes) -> Optional[Tuple[int, int]]:
    """A symbol of an ELF file: (its value, the file's first address)."""
    with open(path, "rb") as file:
        data = file.read(64)
        if data[:5] != b"\x7fELF\x02":
            return None
        kind = struct.unpack_from("<H", data, 16)[0]
        program, sections = struct.unpack_from("<QQ", data, 32)
        _, _, p_count, _, s_count = struct.unpack_from("<HHHHH", data, 52)
        file.seek(sections)
        table = file.read(64 * s_count)
        file.seek(program)
        segments = file.read(56 * p_count)
        loads = [struct.unpack_from("<IIQQ", segments, 56 * i) for i in range(p_count)]
        first = min((one[3] for one in loads if one[0] == 1), default=0)
        for i in range(s_count):
            _, what, _, _, offset, size, link = struct.unpack_from(
                "<IIQQQQI", table, 64 * i
            )
            if what not in (2, 11):  # SHT_SYMTAB, SHT_DYNSYM
                continue
            file.seek(offset)
            symbols = file.read(size)
            at, length = struct.unpack_from("<QQ", table, 64 * link + 24)
            file.seek(at)
            names = file.read(length)
            wanted = names.find(b"\0" + name + b"\0") + 1
            for text, _, _, _, value, _ in struct.iter_unpack("<IBBHQQ", symbols):
                if text == wanted and wanted and value:
                    return value, 0 if kind == 2 else first & ~4095
    return None


def _runtime(pid: int) -> int:
    """The address of the process's _PyRuntime."""
    tried = set()
    for base, offset, path in _maps(pid):
        if path in tried or offset:
            continue
        if not re.search(r"python|pypy", os.path.basename(path)):
            continue
        tried.add(path)
        for one in (os.path.join("/proc", str(pid), "root") + path, path):
            try:
                found = _symbol(one, b"_PyRuntime")
            except (OSError, struct.error):
                continue
            if found:
                value, first = found
                is_fixed = first == 0 and value >= base
                return value if is_fixed else base + value - first
    raise RemoteError(f"process {pid} runs no CPython that can be recognised")


def _maps(pid: int) -> List[Tuple[int, int, str]]:
    try:
        return [
            (one.start, one.offset, one.path)
            for one in mappings(pid)
            if one.path.startswith("/")
        ]
    except FileNotFoundError:
        raise RemoteError(f"there is no process {pid}") from None
    except PermissionError:
        raise RemoteError(_why_not(pid)) from None


def _why_not(pid: int) -> str:
    return (
        f"process {pid} may not be read: that needs its user and"
        " kernel.yama.ptrace_scope=0, or the capability CAP_SYS_PTRACE (root)"
    )


def _probe(pid: int) -> Dict[str, Any]:
    """What the process's own interpreter says of itself: see _gil_probe."""
    environment = dict(os.environ)
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            for one in file.read().split(b"\0"):
                name, _, value = one.decode("utf-8", "surrogateescape").partition("=")
                if name in ("LD_LIBRARY_PATH", "PYTHONHOME"):
                    environment[name] = value
        program = os.readlink(f"/proc/{pid}/exe")
    except PermissionError:
        raise RemoteError(_why_not(pid)) from None
    except FileNotFoundError:
        raise RemoteError(f"there is no process {pid}") from None
    environment["KAA_LIBRARY"] = _native.path
    environment["PYTHONPATH"] = os.path.dirname(HERE)
    done = subprocess.run(
        [program, "-s", "-m", "kaa._insight.gil_probe"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        timeout=60,
        check=False,
    )
    try:
        found: Dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise RemoteError(
            f"{program} does not say where its GIL is: {''.join(last) or 'no output'}"
        ) from None
    if "error" in found:
        raise RemoteError(f"{program} does not say where its GIL is: {found['error']}")
    return found


# ---- line tables ----


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 63) << shift
        shift += 6
        if not byte & 64:
            return value, at


def _line_311(table: bytes, first: int, instruction: int) -> int:
    """CPython, Objects/locations.md: entries of a code, a length, a line's step."""
    line, place, at = first, 0, 0
    while at < len(table):
        code, units = table[at] >> 3 & 15, (table[at] & 7) + 1
        at += 1
        if code in (13, 14):
            value, at = _varint(table, at)
            line += -(value >> 1) if value & 1 else value >> 1
        elif 10 <= code <= 12:
            line += code - 10
        while at < len(table) and not table[at] & 128:
            at += 1
        place += 2 * units
        if instruction < place:
            return line if code != 15 else 0
    return line


def _line_310(table: bytes, first: int, instruction: int) -> int:
    """PEP 626: pairs of a length and a line's step; -128 is no line."""
    line, place = first, 0
    for length, step in struct.iter_unpack("<Bb", table):
        if step != -128:
            line += step
        place += length
        if instruction < place:
            return line if step != -128 else 0
    return line


def _line_39(table: bytes, first: int, instruction: int) -> int:
    line, place = first, 0
    for length, step in struct.iter_unpack("<Bb", table):
        place += length
        if place > instruction:
            break
        line += step
    return line


def _holder(gil: bytes) -> int:
    """The thread state that has the GIL; 0: none."""
    is_locked = struct.unpack_from("<i", gil, _LOCKED)[0] == 1
    return int(struct.unpack_from("<Q", gil, _HOLDER)[0]) if is_locked else 0


# ---- a process ----


class Remote:
    """A live process of CPython, and how to read it. Where it has no GIL that is known,
    only its threads can be looked at, if needs_gil is False: none is "held", then."""

    def __init__(self, pid: int, needs_gil: bool = True) -> None:
        self.pid = pid
        runtime = _runtime(pid)
        try:
            peek(pid, runtime, 8)
        except OSError:
            raise RemoteError(_why_not(pid)) from None
        self.layout = _probe(pid)
        self.has_gil = "no_gil" not in self.layout
        if needs_gil and not self.has_gil:
            raise RemoteError(f"process {pid} has no GIL to look at: {self.layout['no_gil']}")
        self.python: str = self.layout["python"]
        self._code_type = runtime + self.layout["type"]
        self._codes: Dict[int, Tuple[str, str, int, bytes]] = {}
        self._lines: Dict[Tuple[int, int], Frame] = {}
        self._files: Dict[int, int] = {}
        try:
            self._interpreter = _word(pid, runtime + self.layout["interpreter"])
            self._gil = self._find_gil(runtime) if self.has_gil else 0
        except OSError as error:
            raise RemoteError(f"process {pid} cannot be read: {error}") from None

    def _find_gil(self, runtime: int) -> int:
        whose, offset = self.layout["gil"]
        if whose == "runtime":
            return runtime + int(offset)
        return _word(self.pid, self._interpreter + offset)

    def close(self) -> None:
        for fd in self._files.values():
            os.close(fd)
        self._files.clear()

    def _text(self, address: int) -> str:
        size = _word(self.pid, address + self.layout["text_size"])
        if size > 4096:
            raise OSError("no text")
        raw = peek(self.pid, address + self.layout["text"], size)
        return raw.decode("utf-8", "replace")

    def _code(self, address: int) -> Tuple[str, str, int, bytes]:
        layout, pid = self.layout, self.pid
        found = self._codes.get(address)
        if found is None:
            if _word(pid, address + 8) != self._code_type:
                raise OSError("no code object")
            table = _word(pid, address + layout["table"])
            size = _word(pid, table + layout["bytes_size"])
            if size > 1 << 20:
                raise OSError("no line table")
            line = struct.unpack("<i", peek(pid, address + layout["first_line"], 4))[0]
            found = self._codes[address] = (
                self._text(_word(pid, address + layout["file"])),
                self._text(_word(pid, address + layout["name"])),
                line,
                peek(pid, table + layout["bytes"], size),
            )
        return found

    def _frame(self, code: int, instruction: int) -> Frame:
        key = (code, instruction)
        if key not in self._lines:
            file, name, first, table = self._code(code)
            version = self.layout["version"]
            find = _line_311 if version >= 0x30B else _line_310
            if version == 0x309:
                find = _line_39
            line = find(table, first, max(instruction, 0)) or first
            self._lines[key] = Frame(file, line, name)
        return self._lines[key]

    def frames(self, state: int, depth: int = DEPTH) -> List[Frame]:
        """The stack of a thread, as far as it could be read."""
        raw = (_native_insight.InsightFrame * depth)()
        count = _native.kaa_insight_peek_frames(
            self.pid, state, self.layout["version"], raw, depth
        )
        made = []
        for one in raw[:count]:
            try:
                made.append(self._frame(one.code or 0, one.instruction))
            except (OSError, IndexError, struct.error):
                continue  # it changed while it was read, or only calls others
        return made

    def _states(self) -> Dict[int, int]:
        """Thread states by the operating system's id."""
        pid, layout = self.pid, self.layout
        found: Dict[int, int] = {}
        state = _word(pid, self._interpreter + layout["head"])
        while state and len(found) < 10000:
            if layout["native_id"] is not None:
                number = _word(pid, state + layout["native_id"])
            else:
                thread = _word(pid, state + layout["pthread"])
                raw = peek(pid, thread + layout["pthread_tid"], 4)
                number = struct.unpack("<I", raw)[0]
            found[number] = state
            state = _word(pid, state + layout["next"])
        return found

    def _call(self, number: int) -> Tuple[Optional[str], bool]:
        """(the system call it is in, whether it waits for the GIL)."""
        try:
            if number not in self._files:
                path = f"/proc/{self.pid}/task/{number}/syscall"
                self._files[number] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            text = os.pread(self._files[number], 200, 0).split()
        except OSError:
            return None, False
        if not text or not text[0].isdigit():
            return _gil_calls.name(_gil_calls.RUNNING), False
        call = int(text[0])
        if call in FUTEXES and len(text) > 1:
            where = int(text[1], 16) - self._gil
            if 0 <= where < _GIL_BYTES:
                return _gil_calls.name(call + 1), True
        return _gil_calls.name(call + 1), False

    def look(self, with_frames: bool = True, depth: int = DEPTH) -> List[Seen]:
        """All of Python's threads at one moment, or nearly. RemoteError: the
        process has ended."""
        try:
            states = self._states()
            gil = peek(self.pid, self._gil, _COND) if self.has_gil else bytes(_COND)
        except OSError:
            if not os.path.exists(f"/proc/{self.pid}"):
                raise RemoteError(f"process {self.pid} has ended") from None
            return []
        calls = {number: self._call(number) for number in states}
        holders = [_holder(gil)]
        try:  # it may have changed hands meanwhile
            holders.append(_holder(peek(self.pid, self._gil, _COND)))
        except OSError:
            pass
        made = []
        for number, state in states.items():
            call, waits = calls[number]
            doing = "waiting" if waits else "off"
            if not waits and state in holders:
                doing = "held"
                holders = [state, state]
            if doing == "held" and call == "(running)":
                call = None
            frames = self.frames(state, depth) if with_frames else []
            made.append(Seen(number, doing, None if waits else call, frames))
        return made

    def name(self, number: int) -> str:
        if number == self.pid:
            return "MainThread"
        try:
            with open(f"/proc/{self.pid}/task/{number}/comm") as file:
                name = file.read().strip()
        except OSError:
            return str(number)
        return name if name and not name.startswith("python") else f"thread {number}"
