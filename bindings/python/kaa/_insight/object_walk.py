"""A walk over all objects, in a copy of the process: libkaa finds the objects and works
out who keeps what, this says it in words.

Everything here runs in a child after fork(), which ends with it: what is allocated,
and what a type's __sizeof__ does, the program never sees.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from types import CodeType, FrameType, ModuleType
from typing import Any, Dict, List, Optional, Set, Tuple

from kaa import _native
from kaa._error import check
from kaa._insight.object_text import edge_of, name_of, steps_of, text_of
from kaa._native import walk as _native_walk

_RETAINERS = 2000  # of the dominator tree are told
_CYCLES = 20  # groups of cycles
_SEARCHED = 100  # of them, for edges of certain types
_WASTES = 10  # entries of each kind
_MEMBERS = 40  # objects of a cycle that are told
_CHECKED = 3000  # objects of a group, at most, where an edge to break is looked for
_OPTIMIZED = 1  # CO_OPTIMIZED: local variables are no dict
# What code objects refer to; some make a new object at each look.
_NAMES = ("co_consts", "co_names", "co_filename", "co_name", "co_qualname", "co_linetable",
          "co_exceptiontable", "co_code", "co_varnames", "co_freevars", "co_cellvars",
          *(("co_lnotab",) if sys.version_info < (3, 10) else ()))  # fmt: skip


def _thing(address: Optional[int]) -> Any:
    return ctypes.cast(address, ctypes.py_object).value  # type: ignore[arg-type]


def _is_names(address: int, names: Set[str]) -> bool:
    """Whether there is a tuple of these very names. The address may be of anything, so
    what is there is read as numbers, never taken for an object."""
    words = (ctypes.c_uint64 * (tuple.__basicsize__ // 8 + len(names)))()
    size = ctypes.sizeof(words)
    if address % 8 or not _native.kaa_insight_peek(os.getpid(), address, words, size):
        return False
    head = object.__basicsize__ // 8
    return (
        words[head - 1] == id(tuple)
        and words[head] == len(names)
        and set(words[tuple.__basicsize__ // 8 :]) == {id(one) for one in names}
    )


def _code_fields() -> List[int]:
    """Where code objects have their references: where all of some known ones have
    what their attributes give. (What is not used may hold anything.)"""
    found: Optional[Set[int]] = None
    for function in (_code_fields, _is_names, _frames, _variables, _label, _is_broken, look):
        code = function.__code__
        kept = [getattr(code, name, None) for name in _NAMES]  # or ids come again
        known = {id(one) for one in kept if one is not None}
        names = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        count = CodeType.__basicsize__ // 8
        words = (ctypes.c_uint64 * count).from_address(id(code))
        fields = {
            8 * i
            for i in range(2, count)
            if words[i] in known or _is_names(words[i], names)
        }
        found = fields if found is None else found & fields
    return sorted(found or ())[: _native_walk.FIELDS]


def _own() -> List[int]:
    """The ids of the frames of this module that run, this one excepted."""
    found, frame = [], sys._getframe(1)
    while frame is not None and frame.f_globals is globals():
        found.append(id(frame))
        frame = frame.f_back  # type: ignore[assignment]
    return found


def _frames(own: Set[int]) -> List[FrameType]:
    """Of all running functions but kaa's, the innermost of each thread first."""
    made = []
    for frame in sys._current_frames().values():
        one: Optional[FrameType] = frame
        while one is not None:
            if id(one) not in own:
                made.append(one)
            one = one.f_back
    return made


def _variables(frame: FrameType) -> List[Any]:
    """What a running function's variables refer to. Before 3.11 its frame tells the
    collector. A dict that was made for it must not be found as one of the
    program's."""
    if sys.version_info < (3, 11):
        return []
    if not frame.f_code.co_flags & _OPTIMIZED:
        return [frame.f_locals]
    fields: Any = frame.f_locals
    values = list(fields.values())
    if type(fields) is dict:
        fields.clear()
    return values


class Looking:
    """All objects, and what they refer to."""

    def __init__(self, own: Set[int], has_variables: bool = True) -> None:
        """own: the ids of frames of kaa's. has_variables: what the variables of running
        functions refer to is linked to their frames, which an audit may not have."""
        own = {*own, *_own()}
        self.frames = _frames(own) if has_variables else []
        links = [(one, value) for one in self.frames for value in _variables(one)]
        roots = [sys.modules, *self.frames]
        probe = sys.intern(f"kaa.objects {id(self)} {os.getpid()}")
        objects = gc.get_objects()
        pointers = (ctypes.c_void_p * len(roots))(*map(id, roots))
        hidden = [id(roots), id(links), id(objects), id(self.frames), *own]
        numbers = (ctypes.c_void_p * len(hidden))(*hidden)
        pairs = (_native_walk.WalkLink * len(links))(
            *(_native_walk.WalkLink(id(a), id(b)) for a, b in links)
        )
        fields = _code_fields()
        offsets = (ctypes.c_uint32 * len(fields))(*fields)
        options = _native_walk.WalkOptions(
            size=ctypes.sizeof(_native_walk.WalkOptions),
            version=sys.hexversion >> 16,
            handle=ctypes.pythonapi._handle,
            objects=id(objects),
            getsizeof=id(sys.getsizeof),
            roots=pointers,
            roots_count=len(roots),
            links_count=len(links),
            links=pairs,
            code_fields=offsets,
            code_fields_count=len(fields),
            interned=id(probe),
            hidden=numbers,
            hidden_count=len(hidden),
        )
        self.error = _native.Error()
        made = ctypes.c_void_p()
        check(_native.kaa_walk_create(options, made, self.error), self.error)
        self.walk = made
        # Kept as long as the walk: what it borrows.
        self._kept = (roots, links, objects, probe)

    def retain(self) -> None:
        check(_native.kaa_walk_retain(self.walk, self.error), self.error)

    def sums(self) -> Any:
        sums = _native_walk.WalkSums(size=ctypes.sizeof(_native_walk.WalkSums))
        check(_native.kaa_walk_read(self.walk, sums, self.error), self.error)
        return sums

    def types(self) -> List[List[Any]]:
        """[name, objects, bytes, retained bytes], most bytes first."""
        count = _native.kaa_walk_types(self.walk, None, 0)
        raw = (_native_walk.WalkType * count)()
        _native.kaa_walk_types(self.walk, raw, count)
        rows = [
            [name_of(_thing(one.type)), one.count, one.bytes, one.retained_bytes]
            for one in raw
            if one.count
        ]
        return sorted(rows, key=lambda row: -row[2])

    def types_of(self, blocks: Any) -> List[Optional[str]]:
        """The type of the object in each block (kaa_insight_heap_block), if there is
        one."""
        found = (ctypes.c_void_p * max(len(blocks), 1))()
        stride = ctypes.sizeof(blocks._type_)
        _native.kaa_walk_types_at(self.walk, blocks, stride, found, len(blocks))
        names: Dict[int, str] = {}
        for address in set(found[: len(blocks)]) - {None}:
            names[address] = name_of(_thing(address))  # type: ignore[index]
        return [names.get(one) for one in found[: len(blocks)]]  # type: ignore[arg-type]

    def sizes(self) -> Dict[int, int]:
        """The size of each object, by id: for comparing."""
        sizes = ctypes.POINTER(ctypes.c_uint64)()
        objects = ctypes.POINTER(ctypes.c_void_p)()
        count = _native.kaa_walk_objects(self.walk, sizes, objects)
        return {objects[i]: sizes[i] for i in range(count)}

    def retained(self, thing: Any) -> Optional[Any]:
        found = _native_walk.WalkRetainer()
        if _native.kaa_walk_retained(self.walk, id(thing), found):
            return found
        return None

    def referents(self, thing: Any) -> List[Any]:
        address = id(thing)
        count = _native.kaa_walk_referents(self.walk, address, None, 0)
        raw = (ctypes.c_void_p * max(count, 1))()
        _native.kaa_walk_referents(self.walk, address, raw, count)
        return [_thing(one) for one in raw[:count]]

    # ---- who keeps what ----

    def retainers(self) -> List[Dict[str, Any]]:
        """The nodes of the dominator tree that retain most, parents first."""
        raw = (_native_walk.WalkRetainer * _RETAINERS)()
        count = _native.kaa_walk_retainers(self.walk, raw, _RETAINERS)
        made = []
        for one in raw[:count]:
            thing = _thing(one.object)
            above = _thing(one.dominator) if one.dominator else None
            made.append({
                "type": name_of(type(thing)),
                "text": text_of(thing),
                "bytes": one.bytes,
                "retained_bytes": one.retained_bytes,
                "count": one.count,
                "edge": self._edge(above, thing) if one.dominator else "",
                "parent": None if one.parent == _native_walk.NONE else one.parent,
            })  # fmt: skip
        return made

    def _edge(self, above: Any, thing: Any) -> str:
        """How the only keeper refers to it: perhaps through others."""
        if type(above) in (list, dict, tuple) and len(above) > 100_000:
            return ""  # a search for each of its entries takes too long
        return edge_of(above, thing)

    def modules(self) -> List[List[Any]]:
        """[name, objects, bytes] of what would go with each module: it, its names, and
        all that nobody else keeps."""
        rows = []
        for name, module in sorted(
            (one for one in sys.modules.items() if type(one[0]) is str),
            key=lambda one: one[0],
        ):
            if type(module) is not ModuleType:
                continue
            own = self.retained(module)
            names = self.retained(vars(ModuleType)["__dict__"].__get__(module))
            if own is None or names is None:
                continue
            count, size = own.count, own.retained_bytes
            if names.dominator != id(module):
                count, size = count + names.count, size + names.retained_bytes
            rows.append([name, count, size])
        return sorted(rows, key=lambda row: -row[2])

    def paths(self, thing: Any, most: int) -> List[List[Tuple[str, str, str]]]:
        """Shortest ways from roots to an object."""
        raw = (_native_walk.WalkPath * most)()
        count = _native.kaa_walk_paths(self.walk, id(thing), raw, most)
        made = []
        for one in raw[:count]:
            chain = [_thing(address) for address in one.objects[: one.length]]
            made.append(steps_of(chain, "..." if one.is_cut else "root"))
        return made

    # ---- cycles ----

    def cycles(self) -> List[Dict[str, Any]]:
        raw, count = (_native_walk.WalkCycle * _CYCLES)(), ctypes.c_uint32()
        status = _native.kaa_walk_cycles(self.walk, raw, _CYCLES, count, self.error)
        check(status, self.error)
        made = []
        for number, one in enumerate(raw[: min(count.value, _CYCLES)]):
            members = (ctypes.c_void_p * _MEMBERS)()
            length = _native.kaa_walk_cycle_path(self.walk, number, members, _MEMBERS)
            chain = [_thing(address) for address in members[: min(length, _MEMBERS)]]
            if not chain:
                continue
            steps = steps_of([*chain, chain[0]], "")
            closing = steps.pop()[2]  # how the last refers to the first
            made.append({
                "members": [(*steps[0][:2], closing), *steps[1:]],
                "count": one.objects,
                "bytes": one.bytes,
                "text": self._advice(chain, one, length, number),
            })  # fmt: skip
        return made

    def _advice(self, chain: List[Any], one: Any, length: int, number: int) -> str:
        """Which edge to break, if one of a kind is enough."""
        words = []
        if one.count > 1:
            words.append(f"{one.count} of the same types")
        if one.garbage:
            words.append("nothing else keeps them alive: garbage until the collector runs")
        if length <= _MEMBERS:
            edge = self._breaking(chain, number)
            if edge:
                words.append(f"break {edge}")
        return "; ".join(words)

    def breaks(self, names: Set[str]) -> Dict[str, str]:
        """Which edge to break, by the __name__ of those types whose objects are in
        cycles: that of garbage before that of what is alive. Types of Python's own are
        in cycles of all kinds; of those an edge is told if there is but one."""
        raw, count = (_native_walk.WalkCycle * _SEARCHED)(), ctypes.c_uint32()
        status = _native.kaa_walk_cycles(self.walk, raw, _SEARCHED, count, self.error)
        check(status, self.error)
        found: Dict[str, List[Tuple[bool, str]]] = {}
        common: Set[str] = set()
        for number, one in enumerate(raw[: min(count.value, _SEARCHED)]):
            kinds = {type(thing) for thing, _ in self._group(number).values()}
            kinds = {kind for kind in kinds if _short(kind) in names}
            edge = self._breaking(self._chain(number), number) if kinds else ""
            for kind in kinds if edge else ():
                found.setdefault(_short(kind), []).append((not one.garbage, edge))
                if "." not in name_of(kind):
                    common.add(_short(kind))
        return {
            name: min(edges)[1]
            for name, edges in found.items()
            if name not in common or len({edge for _, edge in edges}) == 1
        }

    def _chain(self, number: int) -> List[Any]:
        """The example of a group; empty if it is long."""
        members = (ctypes.c_void_p * _MEMBERS)()
        length = _native.kaa_walk_cycle_path(self.walk, number, members, _MEMBERS)
        return [_thing(one) for one in members[:length]] if length <= _MEMBERS else []

    def _breaking(self, chain: List[Any], number: int) -> str:
        """The edge of the example without which its whole group has no cycle, when all
        edges that are called the same go. The one back to what is referred to from
        outside is tried first."""
        group = self._group(number)
        closed = [*chain, chain[0]]
        for i in reversed(range(len(chain))):
            label = _label(closed[i], closed[i + 1])
            if label and group and _is_broken(group, label):
                if i > 0 and edge_of(closed[i - 1], closed[i]) == "__dict__":
                    return f"{name_of(type(closed[i - 1]))}.{label[6:-2]}"
                return label
        return ""

    def _group(self, number: int) -> Dict[int, Tuple[Any, List[Any]]]:
        """The objects of an example and what they refer to; nothing if there are too
        many."""
        raw = (ctypes.c_void_p * _CHECKED)()
        count = _native.kaa_walk_cycle_members(self.walk, number, raw, _CHECKED)
        if count > _CHECKED:
            return {}
        things = [_thing(one) for one in raw[:count]]
        return {id(one): (one, self.referents(one)) for one in things}

    # ---- wastes ----

    def wastes(self) -> List[Dict[str, Any]]:
        raw, whole = (_native_walk.WalkWaste * _WASTES)(), ctypes.c_uint64()
        count = _native.kaa_walk_duplicates(self.walk, raw, _WASTES, whole)
        made = []
        if whole.value:
            made.append({"kind": "duplicated str", "text": "all", "count": 0, "bytes": whole.value})
        for one in raw[:count]:
            made.append({
                "kind": "duplicated str",
                "text": text_of(_thing(one.object)),
                "count": one.count,
                "bytes": one.bytes,
            })  # fmt: skip
        for of_dicts, kind in ((0, "half-empty list"), (1, "half-empty dict")):
            both = _native_walk.WalkWaste()
            count = _native.kaa_walk_rooms(self.walk, of_dicts, raw, _WASTES, both)
            if both.bytes:
                made.append({"kind": kind, "text": "all", "count": both.count, "bytes": both.bytes})
            for one in raw[:count]:
                made.append({
                    "kind": kind,
                    "text": self._whose(one.object),
                    "count": 1,
                    "bytes": one.bytes,
                })  # fmt: skip
        return made

    def _whose(self, address: int) -> str:
        thing = _thing(address)
        found = self.retained(thing)
        if found is None or not found.dominator:
            return text_of(thing)
        above = _thing(found.dominator)
        steps = steps_of([above, thing])
        return f"{steps[0][0]} {steps[0][1]} {steps[-1][2]} {text_of(thing)}"


def _short(kind: type) -> str:
    return str(type.__dict__["__name__"].__get__(kind))


def _label(parent: Any, child: Any) -> str:
    """Of an edge, for all edges of its kind: Node.parent, list[...]."""
    edge = edge_of(parent, child)
    if not edge or edge == "__dict__":
        return ""
    if edge.startswith("["):
        return f"{name_of(type(parent))}[...]" if type(parent) is not dict else f"dict{edge}"
    return f"{name_of(type(parent))}{edge if edge.startswith('.') else ' ' + edge}"


def _is_broken(group: Dict[int, Tuple[Any, List[Any]]], label: str) -> bool:
    """Whether no cycle is left without the edges of that label: all objects can be
    taken away one by one, each when nothing left refers to it."""
    targets: Dict[int, List[int]] = {}
    counts = dict.fromkeys(group, 0)
    for number, (one, referents) in group.items():
        kept = [id(x) for x in referents if id(x) in group and _label(one, x) != label]
        targets[number] = kept
        for target in kept:
            counts[target] += 1
    ready = [number for number, count in counts.items() if not count]
    gone = 0
    while ready:
        gone += 1
        for target in targets[ready.pop()]:
            counts[target] -= 1
            if not counts[target]:
                ready.append(target)
    return gone == len(group)


def look(own: Set[int], is_whole: bool) -> Dict[str, Any]:
    """All that a walk tells, as plain data; retained sizes, cycles and wastes if
    is_whole."""
    looking = Looking(own)
    if is_whole:
        looking.retain()
    sums = looking.sums()
    made: Dict[str, Any] = {
        "objects": sums.objects,
        "bytes": sums.bytes,
        "references": sums.references,
        "garbage_objects": sums.garbage_objects,
        "garbage_bytes": sums.garbage_bytes,
        "types": looking.types(),
    }
    if is_whole:
        made["retainers"] = looking.retainers()
        made["modules"] = looking.modules()
        made["cycles"] = looking.cycles()
        made["wastes"] = looking.wastes()
    return made
