"""Which lines of Python allocated the memory of this process.

    with kaa.heap.profile() as p:          # sampled: cheap enough to leave on
        work()
    print(p)                               # lines by live bytes
    p.html("heap.html")

    with kaa.heap.profile(exact=True) as p:
        before = p.snapshot()
        work()
        for site, grown, blocks in kaa.heap.diff(before, p.snapshot()).sites()[:5]:
            print(site.file, site.line, grown)

    kaa.heap.growth(function, rounds=5)    # what each call leaves behind
    kaa.heap.account()                     # where the resident memory goes

All sizes are bytes that were asked for, by the interpreter's allocators (objects,
what they hold, and its own memory), from the start of the profile on; with
profile(native=True) by malloc() in extension modules and libraries, too. A sampled
report is an estimate: `error` of it is how far live_bytes may be off, as a share (two
standard errors: 19 times in 20). On CPython 3.9 and later with a GIL, Linux, x86-64;
is_available() says why not elsewhere.
"""

from __future__ import annotations

import os
import weakref
from typing import Any, Callable, List, Optional, Tuple, TypeVar, Union

from kaa._insight import heap_trace as _heap_trace
from kaa._insight.heap_data import Account, Arena, HeapDiff, HeapReport, HeapSite

__all__ = [
    "Account",
    "Arena",
    "Growth",
    "HeapDiff",
    "HeapReport",
    "HeapSite",
    "Profile",
    "account",
    "add_account",
    "add_edges",
    "arenas",
    "diff",
    "growth",
    "is_available",
    "profile",
    "snapshot",
]

_T = TypeVar("_T")

EVERY = 512 * 1024  # bytes between two samples
FRAMES_MAX = 64


def is_available(exact: bool = False) -> Tuple[bool, str]:
    """Whether memory can be profiled here, and why not; with `exact`, to the byte."""
    reason = _heap_trace.why_not(exact)
    return reason is None, reason or ""


def _number(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}, not {value}")
    return value


class Profile:
    """What profile() returns: the time between its start() and stop(). There is
    one running profile in a process."""

    def __init__(
        self,
        exact: bool = False,
        every: int = EVERY,
        frames: Optional[int] = None,
        seed: Optional[int] = None,
        native: bool = False,
    ) -> None:
        self._native = bool(native)
        self._mode = 2 if exact else 1  # kaa_insight_heap_mode
        self._every = _number("every", every, 1, 2**40)
        default = 1 if exact else 16
        self._frames = _number("frames", default if frames is None else frames, 1, FRAMES_MAX)
        self._seed = 0 if seed is None else _number("seed", seed, 1, 2**64 - 1)
        self._generation: Optional[int] = None
        self._finalizer: Any = None
        self._pid = 0
        self._report: Optional[HeapReport] = None

    def start(self) -> Profile:
        """Begins. kaa.MisuseError (a RuntimeError) if a profile is running;
        kaa.UnsupportedError where memory cannot be profiled."""
        from kaa._insight import heap_record as _heap_record  # noqa: F401 - later, it would be counted

        generation = _heap_trace.start(
            self._mode, self._frames, self._every, self._seed, self._native
        )
        self._generation = generation
        self._pid = os.getpid()
        self._report = None
        # A profile that nobody has any more must not run on.
        self._finalizer = weakref.finalize(self, _heap_trace.stop, generation)
        _heap_trace.begin()
        return self

    def stop(self) -> HeapReport:
        """Ends, and returns the report. May be repeated."""
        generation, self._generation = self._generation, None
        if generation is not None:
            try:
                if _heap_trace.is_on(generation):
                    self._report = _report(generation)
            finally:
                _heap_trace.stop(generation)
                self._finalizer.detach()
        return self.report()

    def __enter__(self) -> Profile:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        if os.getpid() == self._pid:
            self.stop()
        else:  # a child after fork(): the profile is the parent's
            self._generation = None

    def report(self) -> HeapReport:
        """All that was seen; up to now while the profile runs."""
        if self._generation is not None and _heap_trace.is_on(self._generation):
            return _report(self._generation)
        if self._report is None:
            raise RuntimeError("this profile has seen nothing yet")
        return self._report

    snapshot = report

    def read(self, use: Callable[[HeapReport], _T]) -> _T:
        """What use() makes of the report of the running profile, up to now. What it
        allocates in this thread is in no figure. kaa.MisuseError if none runs."""
        return _used(self._generation or 0, use)

    def types(self) -> List[HeapSite]:
        """What is alive of the running profile by type and line, most bytes first. The
        type is that of the object in each block, which a walk in a copy of the process
        finds; where a block is none, such as the entries of a list, it is "(buffer)".
        Sampled: of the samples. kaa.MisuseError if the profile does not run;
        kaa.UnsupportedError where objects cannot be walked."""
        from kaa._insight import heap_types as _heap_types

        return _heap_types.types(self._generation or 0)

    def json(self, path: Optional[str] = None) -> str:
        """The report as JSON; written to `path` as well, if there is one."""
        return _written(self.report().to_json(), path)

    def html(self, path: Optional[str] = None) -> str:
        """One self-contained page; written to `path` as well, if there is one."""
        from kaa import _views

        return _written(_views.html(self.report()), path)

    def table(self, limit: Optional[int] = 30) -> str:
        """The report as plain text; at most `limit` rows a table."""
        return _table(self.report(), limit)

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        state = "ended" if self._report else "not started"
        if self._generation is not None:
            state = "running"
        return f"<kaa.heap.Profile {state}>"


def _used(generation: int, use: Callable[[HeapReport], _T]) -> _T:
    from kaa._insight import heap_record as _heap_record

    return _heap_trace.read(generation, lambda snapshot: use(_heap_record.report(snapshot)))


def _report(generation: int) -> HeapReport:
    return _used(generation, lambda report: report)


def _written(text: str, path: Optional[str]) -> str:
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return text


def _table(data: Union[HeapReport, HeapDiff], limit: Optional[int]) -> str:
    import io

    from kaa import _views

    text = io.StringIO()
    _views.table(data, text, limit, rich=False)
    return text.getvalue()


def profile(
    exact: bool = False,
    every: int = EVERY,
    frames: Optional[int] = None,
    seed: Optional[int] = None,
    native: bool = False,
) -> Profile:
    """A profile, for `with`.

    exact: every block rather than samples. every: bytes between two samples, on
    average. frames: of each stack, the innermost, at most 64; by default 1 if exact
    and 16 if sampled. seed: for the same choice of samples again. native: malloc() by
    extension modules and libraries too, always sampled; sites of it have the domain
    "native" and a c_function.
    """
    return Profile(exact, every, frames, seed, native)


def snapshot() -> HeapReport:
    """What the running profile has seen up to now. kaa.MisuseError (a RuntimeError)
    if none is running."""
    return _report(_heap_trace.current() or 0)


def diff(before: HeapReport, after: HeapReport) -> HeapDiff:
    """What grew between two reports of one program: sites() of it, most grown
    first."""
    for name, value in (("before", before), ("after", after)):
        if not isinstance(value, HeapReport):
            raise TypeError(f"{name} must be a HeapReport, not {type(value).__name__}")
    return HeapDiff(before, after)


def account() -> Account:
    """Where the resident memory of this process goes; the parts add up to it. Small
    objects are what pymalloc has given (blocks up to 512 bytes), larger ones are
    malloc's. What the allocators tell is divided among the resident pages in that
    order, so a part that was never touched may count for another. Needs Linux."""
    from kaa._insight import account as _account

    return _account.account()


def arenas() -> List[Arena]:
    """pymalloc's arenas (blocks up to 512 bytes), in the order of addresses, each with
    its pools: pymalloc gives an arena back when all of it is free. Where little of one is
    in use, kept_by tells by type which objects stay there; that takes a walk in a copy
    of the process, and is left empty where there can be none. Empty without pymalloc.
    """
    from kaa._error import Error
    from kaa._insight import account as _account
    from kaa._insight import arenas as _arenas

    found = _account.arenas()
    try:
        _arenas.name_keepers(found)
    except Error:
        pass  # the arenas are worth telling without
    return found


def add_account(report: HeapReport) -> None:
    """Adds the account of this process and its arenas to a report of it, and what they
    suggest."""
    from kaa._insight import heap_advice as _heap_advice

    report.account = account()
    report.arenas = arenas()
    report.advice += _heap_advice.of_account(report)


def add_edges(report: HeapReport) -> None:
    """Names in report.garbage, a report of this process, which edge to break so that
    there are no such cycles (GarbageSite.text, such as "break app.Node.parent"). Looked
    at, in a copy of the process, are cycles of the same types that there are now, alive
    or waiting for the collector: where there are none, or no one edge is enough, nothing
    is added. Does nothing where objects cannot be walked, and without report.garbage.
    """
    from kaa._insight import heap_edges as _heap_edges

    _heap_edges.add(report)


class Growth:
    """What growth() found: lines that leave memory behind in every round."""

    def __init__(self, rounds: int, report: HeapDiff, sites: List[Tuple[HeapSite, int, int]]):
        self.rounds = rounds
        self.diff = report
        self.sites = sites  # (site, bytes a round, blocks a round), largest first

    @property
    def bytes(self) -> int:
        """What a round leaves behind; 0 is no leak."""
        return sum(one[1] for one in self.sites)

    def __bool__(self) -> bool:
        return bool(self.sites)

    def __repr__(self) -> str:
        return f"<kaa.heap.Growth {self.bytes} bytes a round, {len(self.sites)} lines>"

    def __str__(self) -> str:
        if not self.sites:
            return f"Nothing grew in every one of {self.rounds} rounds."
        rows = [f"{self.bytes} bytes a round, in each of {self.rounds}:"]
        for site, size, blocks in self.sites:
            rows.append(f"  {size} in {blocks}  {site.file}:{site.line} ({site.function})")
        return "\n".join(rows)


def growth(function: Callable[[], Any], rounds: int = 5) -> Growth:
    """Calls a function `rounds` times after two calls that fill caches, and tells the
    lines whose live bytes grew in every round. Exact; kaa.MisuseError if a profile
    is running. The collector does not run but by itself: garbage cycles that wait for
    it count as grown.
    """
    _number("rounds", rounds, 2, 1000)
    with Profile(exact=True) as running:
        for _ in range(2):
            function()
        reports = [running.report()]
        for _ in range(rounds):
            function()
            reports.append(running.report())
    steps = []
    for i in range(rounds):
        grown = {}
        for site, size, blocks in HeapDiff(reports[i], reports[i + 1]).sites():
            if size > 0 and site.file != __file__:
                grown[site.file, site.line, site.function] = (size, blocks)
        steps.append(grown)
    whole = HeapDiff(reports[0], reports[-1])
    found = []
    for site, size, blocks in whole.sites():
        key = (site.file, site.line, site.function)
        if all(key in one for one in steps):
            found.append((site, size // rounds, blocks // rounds))
    return Growth(rounds, whole, found)
