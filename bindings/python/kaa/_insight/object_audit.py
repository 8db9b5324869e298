"""Reference counts of all objects set against the references there are, in a copy of the
process; libkaa's kaa_walk_audit() says how."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, List, Set, Tuple

from kaa import _native
from kaa._native import walk as _native_walk
from kaa._error import check
from kaa._insight.object_text import edge_of, name_of, text_of
from kaa._insight.object_walk import Looking, _thing

_SUSPECTS = 1 << 16  # are asked for
_FAR = 8  # as far from its count an object is told alone, not with its type
_ALONE = 50  # objects are told alone, at most
_SMALL = 1024  # bytes


def _wipe() -> None:
    """Overwrites small blocks that were given back last: a list that grows leaves its old
    content behind, which would pass for references."""
    for size in range(0, _SMALL, 16):
        kept = [bytes(size) for _ in range(8)]
        del kept


def _held(one: Any) -> str:
    """Who refers to it, as far as objects do."""
    thing = _thing(one.object)
    said = []
    for address in one.holders[: one.holders_count]:
        holder = _thing(address)
        edge = edge_of(holder, thing)
        said.append(" ".join(filter(None, (name_of(type(holder)), text_of(holder), edge))))
    return "; ".join(said)


def _alone(one: Any) -> Dict[str, Any]:
    thing = _thing(one.object)
    lost = one.count - one.references
    text = (
        f"{lost:,} references were taken and are held by nobody"
        if lost > 0
        else f"{-lost:,} references were given up that were not owned: it will be freed in use"
    )
    held = _held(one)
    return {
        "type": name_of(type(thing)),
        "repr": text_of(thing),
        "count": one.count,
        "found": one.references,
        "address": one.object,
        "text": f"{text}; referred to by {held}" if held else text,
    }


def _together(many: List[Any]) -> Dict[str, Any]:
    """Suspects of one type."""
    first = _thing(many[0].object)
    count, found = sum(one.count for one in many), sum(one.references for one in many)
    if count < found:
        text = f"{len(many):,} objects with fewer references than refer to them"
    elif found == 0 and count == len(many):
        text = f"{len(many):,} objects that nothing refers to"
    else:
        text = f"{len(many):,} objects with references that nobody holds"
    held = _held(many[0])
    return {
        "type": name_of(type(first)),
        "repr": ", ".join(dict.fromkeys(filter(None, (text_of(_thing(one.object)) for one in many[:3])))),
        "count": count,
        "found": found,
        "address": many[0].object,
        "text": f"{text}; one is referred to by {held}" if held else text,
    }


def _told(raw: Any) -> List[Dict[str, Any]]:
    alone: List[Dict[str, Any]] = []
    groups: Dict[Tuple[int, bool, bool], List[Any]] = {}
    for one in raw:
        lost = one.count - one.references
        if abs(lost) >= _FAR and len(alone) < _ALONE:
            alone.append(_alone(one))
            continue
        key = (id(type(_thing(one.object))), lost > 0, one.references == 0)
        groups.setdefault(key, []).append(one)
    made = [_alone(many[0]) if len(many) == 1 else _together(many) for many in groups.values()]
    made += alone
    # What will crash first, then what has lost most.
    return sorted(made, key=lambda one: (one["count"] > one["found"], one["found"] - one["count"]))


def look(own: Set[int]) -> Dict[str, Any]:
    """All suspects as plain data."""
    looking = Looking(own, has_variables=False)
    _wipe()
    raw, count = (_native_walk.WalkSuspect * _SUSPECTS)(), ctypes.c_uint32()
    status = _native.kaa_walk_audit(looking.walk, raw, _SUSPECTS, count, looking.error)
    check(status, looking.error)
    return {
        "objects": looking.sums().objects,
        "cut": max(count.value - _SUSPECTS, 0),
        "suspects": _told(raw[: min(count.value, _SUSPECTS)]),
    }
