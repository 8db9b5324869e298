"""Every change of one object's reference count, while kaa.watch() runs; libkaa's
kaa_insight_refcount_start() says how."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import weakref
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from kaa import _native
from kaa._error import UnsupportedError, check
from kaa._insight import heap_native as _heap_native
from kaa._insight import hooks as _hooks
from kaa._insight.check_data import CountChange, CountSite, RefsReport
from kaa._insight.gil_data import Frame
from kaa._insight.object_text import name_of, text_of
from kaa._native import insight as _native_insight
from kaa._own import is_own

LIMIT_MAX = 1 << 24  # changes that can be kept
_NOWHERE = Frame("", 0, "")
_DEPTH = 16  # of C frames, at most
_LOOP = "(evaluation loop)"


class _Place(NamedTuple):
    """Where a count is changed."""

    c_function: Frame  # that wrote
    extension: str  # "function in library" that called it, if it is one
    line: Frame  # of Python


def why_not() -> Optional[str]:
    """Why counts cannot be watched here; None if they can, as far as is known."""
    return _hooks.why_not("reference counts", "watches of reference counts need")


def _interpreter() -> str:
    """The file that the interpreter's C code is in."""
    function = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value
    return _heap_native.frame(function + 1).file if function else ""


def _c_frames(addresses: List[int], interpreter: str) -> Tuple[Frame, str]:
    """Which function wrote, and which of an extension it is that wrote or called."""
    frames = [_heap_native.frame(one) for one in addresses]
    if not frames:
        return _NOWHERE, ""
    # The stack ends with the loop, unless it is too deep; which has no name if stripped.
    if len(frames) < _DEPTH and frames[-1].file == interpreter:
        if not _heap_native.has_name(frames[-1]):
            frames[-1] = Frame(interpreter, 0, _LOOP)
    innermost = frames[0]
    for one in frames:  # of a stripped library, the nearest that it exports
        if one.file != innermost.file or one.function == _LOOP:
            break
        if _heap_native.has_name(one):
            innermost = one
            break
    extension = ""
    for one in frames:
        if one.file and one.file != interpreter and not _heap_native.is_passed(one):
            extension = _heap_native.label([one]) or one.file
            break
    return innermost, extension


def _line(frames: List[Frame]) -> Frame:
    """The innermost line that is not kaa's own."""
    for one in frames:
        if not is_own(one.file):
            return one
    return frames[0] if frames else _NOWHERE


class Watch:
    """What kaa.watch() returns: the time between its start() and stop(). It refers to
    the object until it ends."""

    def __init__(self, thing: Any, limit: int) -> None:
        self._thing: Optional[List[Any]] = [thing]
        self._subject = f"{name_of(type(thing))} {text_of(thing)}".rstrip()
        self._limit = limit
        self._number: Optional[int] = None
        self._pid = os.getpid()
        self._report: Optional[RefsReport] = None
        self._end: Any = None

    def start(self) -> Watch:
        """Begins. RuntimeError if it has begun before; otherwise as kaa.watch()."""
        if self._thing is None or self._number is not None:
            raise RuntimeError("this watch has begun already; call kaa.watch() again")
        reason = why_not()
        if reason is not None:
            raise UnsupportedError(reason)
        free_threaded = getattr(sys, "abiflags", "").startswith("t")
        options = _native_insight.RefcountOptions(
            size=ctypes.sizeof(_native_insight.RefcountOptions),
            version=sys.hexversion >> 16,
            handle=ctypes.pythonapi._handle,
            object=id(self._thing[0]),
            capacity=self._limit,
            flags=_native_insight.REFCOUNT_SPLIT if free_threaded else 0,
        )
        error, number = _native.Error(), ctypes.c_uint32()
        # Made at the first use: not while counts are noted.
        stop, free = _native.kaa_insight_refcount_stop, _native.kaa_insight_refcount_free
        _heap_native.start()
        self._pid = os.getpid()
        self._stop = stop
        check(_native.kaa_insight_refcount_start(options, number, error), error)
        self._number = number.value
        # A watch that nobody has any more must not run on.
        self._end = weakref.finalize(self, free, number.value)
        return self

    def stop(self) -> RefsReport:
        """Ends, and returns the report. May be repeated."""
        number = self._number
        if number is not None:
            self._stop(number)
            try:
                self._report = self._read()
            finally:
                self._number = None
                self._thing = None
                self._end()
        return self.report()

    def __enter__(self) -> Watch:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def report(self) -> RefsReport:
        """All that was seen; up to now while the watch runs."""
        if self._number is not None:
            return self._read()
        if self._report is None:
            raise RuntimeError("this watch has seen nothing yet")
        return self._report

    @property
    def changes(self) -> List[CountChange]:
        """The changes, the oldest first; at most `limit`, the last ones."""
        return self.report().changes

    @property
    def sites(self) -> List[CountSite]:
        """All changes by C function and line of Python, what they took and did not give
        up first."""
        return self.report().sites

    @property
    def balance(self) -> int:
        """By how much the count has changed."""
        return sum(one.up - one.down for one in self.sites)

    def table(self, limit: Optional[int] = 30) -> str:
        """The report as plain text; at most `limit` rows a table."""
        import io

        from kaa import _views

        text = io.StringIO()
        _views.table(self.report(), text, limit, rich=False)
        return text.getvalue()

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        state = "ended" if self._report else "not started"
        if self._number is not None:
            state = "running"
        return f"<kaa.refs.Watch of {self._subject}, {state}>"

    def _read(self) -> RefsReport:
        assert self._number is not None
        number, error = self._number, _native.Error()
        sums = _native_insight.Refcount(size=ctypes.sizeof(_native_insight.Refcount))
        check(_native.kaa_insight_refcount_read(number, sums, error), error)
        changes = (_native_insight.RefcountChange * max(sums.kept, 1))()
        kept = min(_native.kaa_insight_refcount_changes(number, changes, sums.kept), sums.kept)
        # What has begun since is in no place's sum.
        sites = (_native_insight.RefcountSite * max(sums.sites, 1))()
        count = min(_native.kaa_insight_refcount_sites(number, sites, sums.sites), sums.sites)
        interpreter = _interpreter()
        places = {one.number: self._place(one, interpreter) for one in sites[:count]}
        unheld = sum(1 for one in changes[:kept] if one.flags & _native_insight.CHANGE_UNHELD)
        return RefsReport(
            subject=self._subject,
            python=platform.python_version(),
            program=" ".join(sys.argv),
            pid=os.getpid(),
            changes=[_change(one, places.get(one.site)) for one in changes[:kept]],
            sites=_sums(list(sites[:count]), places),
            notes=_notes(sums, unheld),
        )

    def _place(self, site: Any, interpreter: str) -> _Place:
        raw = (_native_insight.InsightFrame * max(site.frames, 1))()
        count = _native.kaa_insight_refcount_frames(self._number, site.number, raw, site.frames)
        c_addresses, frames = [], []
        for one in raw[: min(count, site.frames)]:
            if one.instruction == _native_insight.FRAME_C:
                c_addresses.append(one.code)
            else:
                code = ctypes.cast(one.code, ctypes.py_object).value
                name = getattr(code, "co_qualname", code.co_name)
                frames.append(Frame(code.co_filename, one.line or code.co_firstlineno, name))
        return _Place(*_c_frames(c_addresses, interpreter), _line(frames))


def _change(one: Any, place: Optional[_Place]) -> CountChange:
    wrote, extension, line = place or _Place(_NOWHERE, "", _NOWHERE)
    return CountChange(
        one.at_ns,
        one.count,
        wrote.function,
        line.file,
        line.line,
        one.thread,
        by=one.by,
        library=wrote.file,
        extension=extension,
        function=line.function,
    )


def _sums(sites: List[Any], places: Dict[int, _Place]) -> List[CountSite]:
    made: Dict[_Place, CountSite] = {}
    for site in sites:
        if not site.up and not site.down:
            continue
        place = places[site.number]
        one = made.get(place)
        if one is None:
            wrote, extension, line = place
            one = made[place] = CountSite(
                wrote.function, wrote.file, extension, line.file, line.line, line.function
            )
        one.up += site.up
        one.down += site.down
    return sorted(made.values(), key=lambda one: (-abs(one.up - one.down), -one.up))


def _notes(sums: Any, unheld: int) -> List[str]:
    notes = []
    if sums.changes > sums.kept:
        notes.append(
            f"Of {sums.changes:,} changes the last {sums.kept:,} are listed; the sums are of all."
        )
    if sums.late:
        notes.append(
            f"{sums.late:,} changes were told late, as their threads had blocked SIGTRAP: where they"
            " were made is not known."
        )
    if unheld:
        notes.append(
            f"{unheld:,} changes were made by threads that may make none: they do not hold the GIL,"
            " or have no thread state."
        )
    if sums.sites_lost:
        notes.append(f"{sums.sites_lost:,} places found no room.")
    if not sums.has_lines:
        notes.append("Lines of Python are not known: this interpreter's frames are laid out otherwise.")
    if getattr(sys, "abiflags", "").startswith("t"):
        notes.append(
            "Without a GIL, references to classes, functions and modules are partly counted"
            " elsewhere, and threads that change a count at the same time may be told for each other."
        )
    return notes
