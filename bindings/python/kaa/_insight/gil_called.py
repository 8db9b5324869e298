"""What a line of Python code was in a call of, as its source says it: "items.sort".

A frame that stands at a call, and is the innermost one, is in a function of C: one
of Python's would be a frame of its own.
"""

from __future__ import annotations

import ast
import dis
import linecache
from typing import Any, List, Optional, Tuple

_Range = Tuple[int, int, int, int]  # first and last line, columns in UTF-8
_LONGEST = 60  # characters
# How many values the callee is below, besides the arguments: 3.9 and 3.10.
_CALLS = {"CALL_FUNCTION": 0, "CALL_METHOD": 0, "CALL_FUNCTION_KW": 1}
_NAMES = ("LOAD_METHOD", "LOAD_ATTR", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST",
          "LOAD_DEREF")  # fmt: skip


def _range(code: Any, offset: int) -> Optional[_Range]:
    """Which source the instruction is made of (3.11 and later)."""
    for at, positions in enumerate(code.co_positions()):
        if at == offset // 2:
            first, last, start, end = positions
            if first and last and start is not None and end is not None:
                return (first, last, start, end)
            return None
    return None


def _source(file: str, where: _Range) -> str:
    first, last, start, end = where
    lines = [line.encode() for line in linecache.getlines(file)[first - 1 : last]]
    if len(lines) != last - first + 1:
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return b"".join(lines).decode("utf-8", "replace")


def _callee(source: str) -> Optional[str]:
    try:
        tree = ast.parse(f"({source})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return ast.unparse(tree.func) if isinstance(tree, ast.Call) else None


def _name_before(before: List[Any], call: Any) -> Optional[str]:
    """What was loaded to be called, if there is no branch between (3.9, 3.10)."""
    above = call.arg + _CALLS[call.opname]  # values on top of it
    for one in reversed(before):
        if one.opcode in dis.hasjabs or one.opcode in dis.hasjrel:
            return None
        if above == 0:
            return str(one.argval) if one.opname in _NAMES else None
        above -= dis.stack_effect(one.opcode, one.arg)
        if above < 0:
            return None
    return None


def called(code: Any, offset: int) -> Optional[str]:
    """The callee of the call that stands `offset` bytes into `code`, as the source
    says it; None if no call stands there, or the source is not at hand."""
    before: List[Any] = []
    for one in dis.get_instructions(code):
        if one.offset > offset:
            return None
        if one.offset == offset:
            break
        before.append(one)
    else:
        return None
    if hasattr(code, "co_positions"):
        where = _range(code, offset) if "CALL" in one.opname else None
        name = _callee(_source(code.co_filename, where)) if where else None
    else:
        name = _name_before(before, one) if one.opname in _CALLS else None
    if not name:
        return None
    return name if len(name) <= _LONGEST else name[: _LONGEST - 3] + "..."
