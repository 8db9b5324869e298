"""The memory of another process: kaa is loaded into it, and what it writes is read.

RemoteError, of each function, says why there is no report.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Iterator, Optional

from kaa._insight import gil_attach as _gil_attach
from kaa._insight.gil_remote import RemoteError
from kaa._insight.heap_data import HeapReport

WALK_SECONDS = 600.0  # that a walk may take


def _report(pid: int, text: str) -> HeapReport:
    from kaa._insight.gil_sample import program_of

    try:
        report = HeapReport.from_json(text)
    except ValueError:
        raise RemoteError(f"process {pid} could not tell: {text[:200]}") from None
    report.program = program_of(pid)
    return report


def profile(
    pid: int, exact: bool, every: int, frames: Optional[int], native: bool, seconds: float
) -> HeapReport:
    """What the process allocates for a while."""
    arguments = (exact, every, frames, native, seconds)
    with _gil_attach.entered(pid, "heap_attached", "begin", *arguments) as path:
        return _report(pid, _gil_attach.wait(pid, path, seconds))


def dump(pid: int, retained: bool = True) -> HeapReport:
    """Its objects and the account of its memory, now."""
    with _gil_attach.entered(pid, "heap_attached", "dump", retained) as path:
        return _report(pid, _gil_attach.wait(pid, path, WALK_SECONDS))


def follow(
    pid: int, exact: bool, every: int, frames: Optional[int], native: bool, refresh: float
) -> Iterator[HeapReport]:
    """A report each `refresh` seconds, from now on, until the process ends or the
    iterator is closed, which ends the profile."""
    arguments = (exact, every, frames, native, refresh)
    with _gil_attach.entered(pid, "heap_attached", "follow", *arguments) as path:
        text = _gil_attach.wait(pid, path, refresh)
        seen = 0.0
        while text:
            yield _report(pid, text)
            end = time.monotonic() + refresh + _gil_attach.PATIENCE
            text = _newer(pid, path, seen, end)
            seen = _changed(path)


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0.0


def _newer(pid: int, path: str, seen: float, end: float) -> str:
    """The next text of the file; empty when the process has ended."""
    before = seen or _changed(path)
    while time.monotonic() < end:
        if not os.path.exists(f"/proc/{pid}"):
            return ""
        if _changed(path) != before:
            with open(path, encoding="utf-8") as file:
                return file.read()
        time.sleep(0.05)
    raise RemoteError(f"process {pid} does not answer any more")


def limited(reports: Iterator[HeapReport], seconds: Optional[float]) -> Callable[[], Any]:
    """For live views: the next report, None at the end."""
    end = time.monotonic() + seconds if seconds else None

    def following() -> Any:
        if end is not None and time.monotonic() >= end:
            return None
        return next(reports, None)

    return following
