"""What a recording of a GIL is: plain data, which views read and files keep.

A Recording is made by kaa.gil and by nothing else; tables, pages and exports
take one and need neither libkaa nor the program that was recorded. All times are
integers in nanoseconds. `to_json()` writes the format that `python -m kaa gil
run --json` promises, and more keys; `from_json()` reads it back and refuses what
is none, saying where.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional

from kaa import _data

# The states of a span. MIXED: many short spells, merged; see Span.
HELD, WAITING, OFF, MIXED = "held", "waiting", "off", "mixed"

# Kinds of threads: Thread.kind.
KINDS = (
    "cpu-bound",  # its releases are forced, or it holds or waits most of its time
    "io-bound",  # it releases by itself and is off most of its time
    "lock-bound",  # it is off most of its time in locks other than the GIL
    "starved",  # it waited longer than it held, and for a tenth of its time
    "hog",  # it held the lock for longer than two switch intervals in one go
    "idle",  # it did nearly nothing
)


class Frame(NamedTuple):
    """One place in Python code; `line` is 0 where it is not known."""

    file: str
    line: int
    function: str


class Span(NamedTuple):
    """What a thread did from start_ns to end_ns after the recording's start.

    A MIXED span stands for many spells too short to be kept one by one: of its
    time held_ns was held and waited_ns waited, the rest off. In other spans both
    are 0. `detail` is what an OFF thread was blocked in (a system call or a C
    function) or None; `site` is an index into Recording.stacks or None.
    """

    start_ns: int
    end_ns: int
    state: str
    detail: Optional[str] = None
    site: Optional[int] = None
    held_ns: int = 0
    waited_ns: int = 0


@dataclass
class Thread:
    """One thread. held_ns + waited_ns + off_ns is the time from its start_ns
    to its end_ns, its life within the recording."""

    name: str
    id: int  # the operating system's (threading.get_native_id())
    kind: str = "idle"
    held_ns: int = 0
    waited_ns: int = 0
    off_ns: int = 0
    acquired: int = 0
    contended: int = 0
    forced: int = 0
    voluntary: int = 0
    held_max_ns: int = 0
    waited_max_ns: int = 0
    start_ns: int = 0  # within the recording
    end_ns: int = 0
    cpu_ns: Optional[int] = None  # of the processor, where it is known
    # Number i counts spells of 2**i to 2**(i+1) - 1 ns.
    held_histogram: List[int] = field(default_factory=list)
    waited_histogram: List[int] = field(default_factory=list)
    # Off the GIL, by what it was blocked in: {"poll": ns, ...}.
    off_by: Dict[str, int] = field(default_factory=dict)
    timeline: List[Span] = field(default_factory=list)
    interpreter: int = 0  # 0 is the main one; others have GILs of their own


@dataclass
class Hog:
    """A place where the GIL was held for long. Largest held_ns first."""

    file: str
    line: int
    function: str
    # The C function it was in, where that is known: as the source names it, where
    # it ran with the GIL; by its symbol, where it let go.
    c_function: Optional[str]
    held_ns: int
    held_max_ns: int
    count: int
    waited_by_others_ns: int = 0
    site: Optional[int] = None  # an index into Recording.stacks
    threads: List[int] = field(default_factory=list)  # ids
    source: str = ""  # the text of the line


@dataclass
class Victim:
    """A place where the GIL was waited for. Largest waited_ns first."""

    file: str
    line: int
    function: str
    c_function: Optional[str]
    waited_ns: int
    waited_max_ns: int
    count: int
    site: Optional[int] = None
    threads: List[int] = field(default_factory=list)
    source: str = ""


@dataclass
class Convoy:
    """Threads that follow each other through the GIL: after each release `waiter`
    waits about a switch interval for `holder`."""

    holder: int  # ids
    waiter: int
    count: int  # of such waits
    waited_ns: int
    holder_site: Optional[int] = None
    waiter_site: Optional[int] = None
    text: str = ""


@dataclass
class Advice:
    """One sentence on what to change, tied to a line where there is one."""

    severity: str  # "high", "medium", "low"
    text: str
    file: Optional[str] = None
    line: int = 0
    thread: Optional[int] = None


@dataclass
class Cause:
    """Contention of a free-threaded build, by what was waited for."""

    cause: str  # "critical section", "stop the world", "lock", "event", ...
    file: str
    line: int
    function: str
    c_function: Optional[str]
    waited_ns: int
    waited_max_ns: int
    count: int
    site: Optional[int] = None


@dataclass
class Lock:
    """A lock of kaa's own (kaa/gil.h) in this process, such as a native runtime's.
    Threads are those that are attached to it; Thread.id is the number of the
    attachment, 0 of the sum of those that ended. The true sum of holds is at most
    unsure_ns more than that of held_ns."""

    name: str
    number: int  # of all locks the process made
    wall_ns: int
    switch_interval_ns: int
    is_timed: bool = True  # False: held_ns is 0, as the lock's maker wished
    unsure_ns: int = 0
    threads: List[Thread] = field(default_factory=list)
    deadlocks: List[str] = field(default_factory=list)  # Recording.deadlocks has them


@dataclass
class Recording(_data.Report):
    """What was seen of one process."""

    _called = "recording"

    wall_ns: int
    python: str  # such as "3.12.1"
    mode: str  # "trace", "sample", "knock", "free-threaded"
    pid: int = 0
    started: int = 0  # unix time, ns
    program: str = ""  # the command that was recorded
    switch_interval_ns: int = 5_000_000
    threshold_ns: int = 0  # shorter spells are in no hog or victim
    threads: List[Thread] = field(default_factory=list)
    hogs: List[Hog] = field(default_factory=list)
    victims: List[Victim] = field(default_factory=list)
    convoys: List[Convoy] = field(default_factory=list)
    advice: List[Advice] = field(default_factory=list)
    causes: List[Cause] = field(default_factory=list)
    locks: List[Lock] = field(default_factory=list)  # of kaa's own
    # Call stacks, the innermost frame first; Span.site and others are indices.
    stacks: List[List[Frame]] = field(default_factory=list)
    deadlocks: List[str] = field(default_factory=list)  # reports, many lines each
    notes: List[str] = field(default_factory=list)  # what was not seen, and why
    system: Dict[str, Any] = field(default_factory=dict)
    children: List["Recording"] = field(default_factory=list)  # subprocesses

    @classmethod
    def from_data(cls, data: Any, where: str = "recording") -> Recording:
        """The inverse of to_data(). Unknown keys are left out: a newer kaa wrote
        them."""
        recording: Recording = _data.made(cls, data, where)
        return recording
