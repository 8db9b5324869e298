"""What a report of a process's memory is: plain data, which views read and files keep.

A HeapReport is made by kaa.heap and kaa.objects and by nothing else. All sizes are
integers in bytes, all times in nanoseconds. In sampled reports sizes and counts
are estimates, already scaled up. Everything but the first three fields may be
left out; a view shows what is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional

from kaa import _data
from kaa._insight.gil_data import Advice, Frame

BUFFER = "(buffer)"  # a block that is no object, but an object's


@dataclass
class HeapSite:
    """Memory by the line that asked for it (and by type, where that is known).
    Largest live_bytes first."""

    file: str
    line: int
    function: str
    live_bytes: int = 0
    live_blocks: int = 0
    peak_bytes: int = 0  # of it, alive when the process was at its peak
    peak_blocks: int = 0
    allocated_bytes: int = 0  # since the start, freed or not
    allocated_blocks: int = 0
    type: Optional[str] = None
    c_function: Optional[str] = None
    domain: str = "python"  # or "native": malloc by an extension or library
    source: str = ""  # the text of the line


@dataclass
class HeapUse:
    """Memory by call stack: for flame graphs. `site` is an index into stacks."""

    site: int
    live_bytes: int = 0
    live_blocks: int = 0
    peak_bytes: int = 0
    peak_blocks: int = 0
    allocated_bytes: int = 0
    allocated_blocks: int = 0


class HeapPoint(NamedTuple):
    """How much there was at a time after the start."""

    at_ns: int
    live_bytes: int
    rss_bytes: int


@dataclass
class AccountPart:
    """One part of the resident memory. `group` is what parts are summed under:
    "objects", "python free", "malloc", "code", "stacks", "maps", ..."""

    name: str
    bytes: int
    group: str = ""
    text: str = ""  # what it is, or why it cannot be returned


@dataclass
class Account:
    """Where VmRSS goes; parts sum up to it but for `unknown_bytes`."""

    rss_bytes: int
    parts: List[AccountPart] = field(default_factory=list)
    unknown_bytes: int = 0
    trim_bytes: int = 0  # what malloc_trim() would give back


class Pool(NamedTuple):
    """One pool of pymalloc: blocks of one size; all zero is a free pool."""

    block_bytes: int
    used: int
    blocks: int


@dataclass
class Arena:
    """One arena of pymalloc, its pools in the order of addresses."""

    address: int
    bytes: int
    pools: List[Pool] = field(default_factory=list)
    kept_by: str = ""  # the objects in it, where they are few


class Collection(NamedTuple):
    """One run of the cycle collector."""

    at_ns: int
    generation: int
    pause_ns: int
    collected: int
    uncollectable: int = 0


@dataclass
class GarbageSite:
    """Who makes garbage cycles: type and line of what the collector freed, the members
    of cycles and what only they kept."""

    type: str
    file: str
    line: int
    function: str
    count: int
    bytes: int = 0
    text: str = ""  # which edge to break


@dataclass
class TypeUse:
    """All objects of one type."""

    type: str
    count: int
    bytes: int
    retained_bytes: int = 0


class Step(NamedTuple):
    """One object on a path: what it is, and how the one before refers to it."""

    type: str
    text: str
    edge: str = ""


@dataclass
class Retainer:
    """A node of the dominator tree: without it, retained_bytes would go. `parent` is
    an index into Walk.retainers, smaller than its own; None is a root."""

    type: str
    text: str
    bytes: int
    retained_bytes: int
    count: int = 1  # objects it stands for
    edge: str = ""
    parent: Optional[int] = None


class Footprint(NamedTuple):
    """What would go with a module: it, its names, and what nothing else keeps."""

    name: str
    objects: int
    bytes: int


@dataclass
class CycleGroup:
    """Objects that keep each other alive: an example of such a cycle. The last member
    refers to the first, by its `edge`."""

    members: List[Step]
    count: int  # of objects
    bytes: int
    text: str = ""  # the edge to break


@dataclass
class Waste:
    """Memory that holds nothing: duplicated strings, half-empty dicts and lists."""

    kind: str
    text: str
    count: int
    bytes: int


@dataclass
class Walk:
    """What a walk over all objects found."""

    objects: int
    bytes: int
    pause_ns: int = 0
    types: List[TypeUse] = field(default_factory=list)
    retainers: List[Retainer] = field(default_factory=list)
    paths: List[List[Step]] = field(default_factory=list)  # from a root each
    cycles: List[CycleGroup] = field(default_factory=list)
    wastes: List[Waste] = field(default_factory=list)
    modules: List[Footprint] = field(default_factory=list)
    references: int = 0
    garbage_objects: int = 0  # that wait for the collector
    garbage_bytes: int = 0


@dataclass
class HeapReport(_data.Report):
    """What was seen of one process."""

    _called = "heap report"

    mode: str  # "sampled", "exact", "walk", "account"
    python: str
    live_bytes: int = 0
    live_blocks: int = 0
    peak_bytes: int = 0
    peak_at_ns: int = 0
    allocated_bytes: int = 0
    allocated_blocks: int = 0
    wall_ns: int = 0
    pid: int = 0
    started: int = 0  # unix time, ns
    program: str = ""
    every_bytes: int = 0  # between two samples, on average; 0 is exact
    error: float = 0.0  # of live_bytes, as a share: 0.02 is 2 %
    native: bool = False  # whether malloc of extensions was seen
    sites: List[HeapSite] = field(default_factory=list)
    uses: List[HeapUse] = field(default_factory=list)
    stacks: List[List[Frame]] = field(default_factory=list)  # innermost first
    timeline: List[HeapPoint] = field(default_factory=list)
    account: Optional[Account] = None
    arenas: List[Arena] = field(default_factory=list)
    collections: List[Collection] = field(default_factory=list)
    garbage: List[GarbageSite] = field(default_factory=list)
    walk: Optional[Walk] = None
    advice: List[Advice] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    children: List["HeapReport"] = field(default_factory=list)


@dataclass
class HeapDiff:
    """Two reports of one program; views show what grew between them."""

    before: HeapReport
    after: HeapReport

    def sites(self) -> List["tuple[HeapSite, int, int]"]:
        """(site as it is after, bytes grown, blocks grown), most grown first.
        A site that is gone stands with zeros."""

        def key(one: HeapSite) -> Any:
            return one.file, one.line, one.function, one.type, one.domain

        def added(sites: List[HeapSite]) -> Dict[Any, List[int]]:
            sums: Dict[Any, List[int]] = {}
            for one in sites:
                both = sums.setdefault(key(one), [0, 0])
                both[0] += one.live_bytes
                both[1] += one.live_blocks
            return sums

        old, new = added(self.before.sites), added(self.after.sites)
        made: Dict[Any, Any] = {}
        for one in [*self.after.sites, *self.before.sites]:
            if key(one) in made:
                continue
            now = new.get(key(one), [0, 0])
            was = old.get(key(one), [0, 0])
            site = HeapSite(
                one.file, one.line, one.function, now[0], now[1], type=one.type,
                c_function=one.c_function, domain=one.domain, source=one.source,
            )  # fmt: skip
            made[key(one)] = (site, now[0] - was[0], now[1] - was[1])
        return sorted(made.values(), key=lambda row: -row[1])
