"""What runs in a process that kaa was loaded into, to tell of its memory: each
function works on a thread of its own and writes to a file."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Callable, Optional


def _write(path: str, text: str) -> None:
    """All of it at once, for a reader that waits."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".part", path)


def _start(path: str, work: Callable[[], str]) -> None:
    def run() -> None:
        try:
            text = work()
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        if os.path.isdir(os.path.dirname(path)):
            _write(path, text)

    threading.Thread(target=run, name="kaa-attached", daemon=True).start()


def begin(path: str, exact: bool, every: int, frames: Optional[int], native: bool, seconds: float) -> None:
    """Profiles for a while."""

    def work() -> str:
        from kaa import heap

        with heap.profile(exact, every, frames, native=native) as profile:
            time.sleep(seconds)
        report = profile.report()
        heap.add_edges(report)
        heap.add_account(report)
        return report.to_json()

    _start(path, work)


def dump(path: str, retained: bool) -> None:
    """A walk over all objects, and the account."""

    def work() -> str:
        from kaa import heap, objects

        report = objects.report(retained)
        heap.add_account(report)
        return report.to_json()

    _start(path, work)


def follow(path: str, exact: bool, every: int, frames: Optional[int], native: bool, seconds: float) -> None:
    """Profiles until the folder of the file is gone, and writes the report anew again
    and again."""

    def work() -> str:
        from kaa import heap

        profile: Any = heap.profile(exact, every, frames, native=native)
        with profile:
            while os.path.isdir(os.path.dirname(path)):
                time.sleep(seconds)
                try:
                    profile.read(lambda report: _write(path, report.to_json()))
                except OSError:  # the reader has gone
                    break
        return ""

    _start(path, work)
