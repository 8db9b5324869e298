"""The checked context: choosing modules, and the mistakes it found."""

from __future__ import annotations

import os
from ctypes import Structure, byref, c_char_p, c_size_t, c_uint32, c_uint64, c_void_p
from ctypes import cast, create_string_buffer, py_object, sizeof
from typing import Any, Dict, List, Set, Tuple

from kaa import _native
from kaa._error import Error, check
from kaa._insight.gil_data import Frame
from kaa._insight.check_data import Call, Failure, Holder, Mistake, SlotUse

MODES = ("report", "raise", "abort", "fault", "trace", "stacks")

_selected: Set[str] = set()


class _Mistake(Structure):
    """kaa_checked_mistake"""

    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("count", c_uint64),
        ("module", c_char_p),
        ("kind", c_char_p),
        ("function", c_char_p),
        ("slot", c_char_p),
        ("type", c_char_p),
        ("repr", c_char_p),
        ("where", c_char_p),
        ("text", c_char_p),
        ("made_at", c_char_p),
        ("called_from", c_char_p),
        ("backtrace", c_char_p),
    ]


class _Holding(Structure):
    """kaa_checked_holding"""

    _fields_ = [
        ("module", c_char_p),
        ("holder", c_char_p),
        ("slot", c_char_p),
        ("site", c_void_p),
        ("object", c_void_p),
        ("count", c_uint64),
    ]


class _Failure(Structure):
    """kaa_checked_failure"""

    _fields_ = [
        ("module", c_char_p),
        ("function", c_char_p),
        ("slot", c_char_p),
        ("site", c_void_p),
        ("outcome", c_char_p),
        ("exception", c_char_p),
        ("mistakes", c_uint64),
    ]


class _Use(Structure):
    """kaa_checked_use"""

    _fields_ = [
        ("module", c_char_p),
        ("function", c_char_p),
        ("slot", c_char_p),
        ("calls", c_uint64),
        ("total_ns", c_uint64),
        ("max_ns", c_uint64),
        ("failures", c_uint64),
    ]


class _Call(Structure):
    """kaa_checked_call"""

    _fields_ = [
        ("module", c_char_p),
        ("function", c_char_p),
        ("slot", c_char_p),
        ("start_ns", c_uint64),
        ("end_ns", c_uint64),
        ("thread", c_uint64),
        ("failed", c_uint32),
        ("reserved", c_uint32),
    ]


def select(module: str, mode: str = "report") -> None:
    """Has modules of this name, or of the file of this path, checked when they are
    imported."""
    if mode not in MODES:
        raise ValueError(f"checked={mode!r}: True, 'report', 'raise', 'abort', 'fault', 'trace' or 'stacks' was expected")
    if "," in module:
        raise ValueError(f"{module}: a comma in the path of a module that is to be checked")
    error = _native.Error()
    choice = os.fsencode(module) + b":" + mode.encode()
    check(_native.kaa_checked_select(choice, error), error)
    _selected.add(os.path.basename(module).split(".", 1)[0])


def is_selected(name: str) -> bool:
    """Whether modules of this name have been chosen, here or by KAA_CHECK."""
    asked = os.environ.get("KAA_CHECK", "")
    names = {os.path.basename(one.split(":", 1)[0]) for one in asked.split(",")}
    return name in _selected or name in {one.split(".", 1)[0] for one in names}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _frames(told: str) -> List[Frame]:
    """The frames of lines such as "app.py:12 (function)"."""
    found = []
    for one in told.split("\n"):
        place, _, function = one.rpartition(" (")
        file, _, line = place.rpartition(":")
        if line.isdigit():
            found.append(Frame(file, int(line), function[:-1]))
        elif place:
            found.append(Frame("", 0, place))
    return found


def mistakes(module: str = "") -> List[Mistake]:
    """The mistakes that were found in this process, in the order they were found:
    of one module, or of all."""
    found = []
    for index in range(_native.kaa_checked_count()):
        error, one = _native.Error(), _Mistake(size=sizeof(_Mistake))
        check(_native.kaa_checked_get(index, byref(one), error), error)
        if module in ("", _text(one.module)):
            found.append(
                Mistake(
                    kind=_text(one.kind),
                    function=_text(one.function),
                    slot=_text(one.slot),
                    type=_text(one.type),
                    repr=_text(one.repr),
                    where=_text(one.where),
                    text=_text(one.text),
                    made_at=_text(one.made_at),
                    python=_frames(_text(one.called_from)),
                    native=_frames(_text(one.backtrace)),
                    count=int(one.count),
                    module=_text(one.module),
                )
            )
    return found


def _place(site: int) -> Tuple[str, int, str]:
    """File, line and function; "" and 0 for what is not known."""
    out = create_string_buffer(512)
    _native.kaa_checked_place(site, out, len(out))
    place = _text(out.value)
    file, _, line = place.rpartition(":")
    return (file, int(line), "") if line.isdigit() else ("", 0, place)


def _holder(told: str) -> str:
    if told in ("module state", "static data"):
        return told
    return f"instance of {told}" if told else "other memory"


def _totals(module: str, has_types: bool) -> List[List[Any]]:
    """Holder, place, slot, type and references, of each there are. `has_types`: no code
    may run meanwhile, or what is held may go."""
    count, error = c_size_t(), _native.Error()
    check(_native.kaa_checked_holdings(None, 0, byref(count), error), error)
    room = count.value
    found = (_Holding * max(room, 1))()
    check(_native.kaa_checked_holdings(found, room, byref(count), error), error)
    totals: Dict[Tuple[str, int, str, str], int] = {}
    for one in found[: min(room, count.value)]:
        if _text(one.module) == module:
            kind = type(cast(one.object, py_object).value).__name__ if has_types else ""
            key = _text(one.holder), one.site or 0, _text(one.slot), kind
            totals[key] = totals.get(key, 0) + one.count
    return [[*key, total] for key, total in totals.items()]


def holders(module: str, has_types: bool) -> List[Holder]:
    """Who holds what, of one module: by holder, type, and where the references were
    taken. Types are looked at in a copy of the process, and not told where there can be
    none, or, without `has_types`, where objects are not this interpreter's."""
    from kaa import objects

    found = _totals(module, False)
    if found and has_types:
        try:
            found, _ = objects._in_copy(lambda: _totals(module, True))
        except (Error, RuntimeError):
            pass
    made = []
    for holder, site, slot, kind, count in found:
        file, line, function = _place(site)
        made.append(Holder(_holder(holder), file, line, function or slot, kind, count))
    return made


def _all(kind: Any, read: Any) -> Any:
    """Calls are made meanwhile: what came later is left out."""
    count = read(None, 0)
    found = (kind * max(count, 1))()
    return found[: min(read(found, count), count)]


def uses(module: str = "") -> List[SlotUse]:
    """What traced modules have called, and how long that took: of one, or of all."""
    return [
        SlotUse(_text(one.function), _text(one.slot), one.calls, one.total_ns, one.max_ns,
                one.failures)
        for one in _all(_Use, _native.kaa_checked_uses)
        if module in ("", _text(one.module))
    ]  # fmt: skip


def failures(module: str = "") -> List[Failure]:
    """The calls that were made to fail, checked="fault", and what came of each: of one
    module, or of all."""
    found = []
    for one in _all(_Failure, _native.kaa_checked_failures):
        if module in ("", _text(one.module)):
            file, line, place = _place(one.site or 0)
            found.append(
                Failure(
                    function=_text(one.function),
                    slot=_text(one.slot),
                    where=f"{file}:{line}" if file else place,
                    outcome=_text(one.outcome),
                    exception=_text(one.exception),
                    mistakes=one.mistakes,
                )
            )
    return found


def calls(module: str = "") -> List[Call]:
    """The first calls of traced modules, each by itself."""
    return [
        Call(one.start_ns, one.end_ns, one.thread, _text(one.function), _text(one.slot),
             one.failed)
        for one in _all(_Call, _native.kaa_checked_calls)
        if module in ("", _text(one.module))
    ]  # fmt: skip
