"""What checks of references found: plain data, which views read and files keep.

A CheckReport is made by the checked context of one module, a RefsReport by
kaa.refs for any callable, by kaa.audit() and kaa.watch(). Times are integers in
nanoseconds, sizes in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, NamedTuple

from kaa import _data
from kaa._insight.gil_data import Frame


@dataclass
class Mistake:
    """One mistake of a module. `where` is a place, "file.c:41" or a function's name;
    `text` a sentence that says what was done and what was right."""

    kind: str  # "leaked reference", "released twice", "used after release", ...
    function: str  # of the module
    slot: str  # of the table, such as "list_append"; "" for none
    type: str
    repr: str
    where: str
    text: str
    made_at: str = ""  # where the object was made
    count: int = 1  # times it was seen
    python: List[Frame] = field(default_factory=list)  # innermost first
    # The module's calls that led to it. Of what is seen at the end of a call the place
    # alone, but of a leak those that took the reference: in the modes "stacks" and
    # "fault", and in others once its place has leaked again.
    native: List[Frame] = field(default_factory=list)
    module: str = ""


@dataclass
class Holder:
    """References that are kept on purpose: by whom, and where they were taken."""

    holder: str  # "instance of Node", "module state", "static data", "other memory"
    file: str
    line: int
    function: str  # where no file is known; else the slot that gave them
    type: str
    count: int


@dataclass
class SlotUse:
    """Calls of one slot of the table by one function of the module."""

    function: str
    slot: str
    calls: int
    total_ns: int = 0
    max_ns: int = 0
    failures: int = 0


@dataclass
class Failure:
    """A call that was made to fail, once, in a process of its own. `outcome`, of the
    outermost call of the module: "raised", "returned" (without an exception), "mistakes",
    "crashed", "stopped" (it did not end), "not known"."""

    function: str  # of the module, that made the call
    slot: str
    where: str  # a place, as a mistake's
    outcome: str
    exception: str = ""  # the type of the one that was raised
    mistakes: int = 0  # that were told in that process


class Call(NamedTuple):
    """One traced call. `slot` "" is the function of the module itself."""

    start_ns: int
    end_ns: int
    thread: int
    function: str
    slot: str = ""
    failed: int = 0


@dataclass
class CheckReport(_data.Report):
    """What the checked context saw of one module."""

    _called = "check report"

    module: str
    python: str = ""
    context: str = ""  # "native" or "cpython"
    program: str = ""
    pid: int = 0
    started: int = 0  # unix time, ns
    wall_ns: int = 0
    calls: int = 0  # of the module's functions
    mistakes: List[Mistake] = field(default_factory=list)
    holders: List[Holder] = field(default_factory=list)
    uses: List[SlotUse] = field(default_factory=list)
    trace: List[Call] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    failures: List[Failure] = field(default_factory=list)


@dataclass
class Growth:
    """What changes with each round of a callable. `counts`: after each round."""

    kind: str  # "objects", "blocks", "singleton", "interned", "type"
    name: str  # a type's, or an object's repr
    verdict: str  # "leak", "cache", "noise"
    per_round: float
    counts: List[int] = field(default_factory=list)
    bytes_per_round: float = 0.0
    file: str = ""
    line: int = 0
    function: str = ""
    text: str = ""


@dataclass
class Suspect:
    """An object whose count is not what the references to it come to."""

    type: str
    repr: str
    count: int
    found: int  # references that the walk found
    address: int = 0
    text: str = ""


class CountChange(NamedTuple):
    """One change of a watched object's count."""

    at_ns: int
    references: int  # after it
    c_function: str  # that made it
    file: str = ""  # of the line of Python that ran
    line: int = 0
    thread: int = 0  # the operating system's number
    by: int = 0  # mostly 1 or -1
    library: str = ""  # that the C function is in
    extension: str = ""  # "function in library" that made it, or called what did
    function: str = ""  # of the line of Python


@dataclass
class CountSite:
    """What one place did to a watched object's count."""

    c_function: str
    library: str
    extension: str
    file: str
    line: int
    function: str
    up: int = 0  # references that it took
    down: int = 0  # that it gave up


@dataclass
class RefsReport(_data.Report):
    """What rounds of a callable, an audit or a watch found."""

    _called = "reference report"

    subject: str  # what was called, audited or watched
    python: str = ""
    rounds: int = 0
    program: str = ""
    pid: int = 0
    objects: int = 0  # walked by an audit
    pause_ns: int = 0
    growth: List[Growth] = field(default_factory=list)
    suspects: List[Suspect] = field(default_factory=list)
    changes: List[CountChange] = field(default_factory=list)
    sites: List[CountSite] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
