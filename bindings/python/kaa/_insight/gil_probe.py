"""Where an interpreter keeps its threads, its GIL and the texts of code objects.

Run by the interpreter of the process that is to be read (its file is in
/proc/PID/exe): it looks at itself, finds known values by searching, and prints
offsets as JSON. So no table of versions is needed, and a build that is patched is
read as it is.
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from typing import Any, Dict, List

from kaa import _native
from kaa._insight import gil_trace as _gil_trace
from kaa._native import insight as _native_insight

RUNTIME_BYTES = 4096
INTERPRETER_BYTES = 16384
STATE_BYTES = 512
CODE_BYTES = 256
PTHREAD_BYTES = 2048


def _words(address: int, size: int) -> List[int]:
    """As many words as can be read."""
    import os

    while size:
        buffer = (ctypes.c_uint64 * (size // 8))()
        if _native.kaa_insight_peek(os.getpid(), address, buffer, size):
            return list(buffer)
        size //= 2
    return []


def _find(words: List[int], value: int) -> List[int]:
    return [8 * i for i, word in enumerate(words) if word == value]


def _api(name: str, *arguments: int) -> int:
    function = getattr(ctypes.pythonapi, name)
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p] * len(arguments)
    return int(function(*arguments) or 0)


def _threads(found: Dict[str, Any]) -> None:
    """In a thread of its own, the newest: it is at the list's head."""
    state = _api("PyThreadState_Get")
    interpreter = _api("PyThreadState_GetInterpreter", state)
    runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    head = _api("PyInterpreterState_ThreadHead", interpreter)
    following = _api("PyThreadState_Next", head)
    found["interpreter"] = _find(_words(runtime, RUNTIME_BYTES), interpreter)[0]
    found["head"] = _find(_words(interpreter, INTERPRETER_BYTES), head)[0]
    words = _words(state, STATE_BYTES)
    found["next"] = _find(_words(head, STATE_BYTES), following)[0]
    native, ident = threading.get_native_id(), threading.get_ident()
    places = _find(words, native)
    found["native_id"] = places[0] if places else None
    found["pthread"] = _find(words, ident)[0]
    buffer = (ctypes.c_uint32 * (PTHREAD_BYTES // 4)).from_address(ident)
    found["pthread_tid"] = 4 * list(buffer).index(native)
    reason = _gil_trace.why_not()
    if reason is not None:
        found["no_gil"] = reason
        return
    trace = _native_insight.InsightTrace(ctypes.sizeof(_native_insight.InsightTrace))
    generation = _gil_trace.start()
    _native.kaa_insight_trace_read(trace, None)
    _gil_trace.stop(generation)
    if 0 <= trace.gil - runtime < 1 << 20:
        found["gil"] = ["runtime", trace.gil - runtime]
    else:
        words = _words(interpreter, INTERPRETER_BYTES)
        found["gil"] = ["interpreter", _find(words, trace.gil)[0]]


def _code(found: Dict[str, Any]) -> None:
    def inner() -> None:
        """Whose qualified name is not its name."""

    code = inner.__code__
    words = _words(id(code), CODE_BYTES)
    table = "co_linetable" if hasattr(code, "co_linetable") else "co_lnotab"
    name = "co_qualname" if hasattr(code, "co_qualname") else "co_name"
    for key, value in (
        ("file", code.co_filename),
        ("name", getattr(code, name)),
        ("table", getattr(code, table)),
    ):
        found[key] = _find(words, id(value))[0]
    numbers = (ctypes.c_int32 * (CODE_BYTES // 4)).from_address(id(code))
    found["first_line"] = 4 * list(numbers).index(code.co_firstlineno)
    found["type"] = id(type(code)) - found["runtime"]
    text = "kaa probes texts"
    raw = ctypes.string_at(id(text), sys.getsizeof(text))
    found["text"] = raw.index(text.encode())
    found["text_size"] = _find(_words(id(text), 64), len(text))[0]
    data = b"kaa probes bytes"
    found["bytes"] = ctypes.string_at(id(data), sys.getsizeof(data)).index(data)
    found["bytes_size"] = _find(_words(id(data), 64), len(data))[0]


def main() -> None:
    found: Dict[str, Any] = {"version": sys.hexversion >> 16}
    found["python"] = sys.version.split()[0]
    found["runtime"] = ctypes.addressof(
        ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime")
    )
    failed: List[str] = []

    def run() -> None:
        try:
            _threads(found)
            _code(found)
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        found = {"error": failed[0]}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
