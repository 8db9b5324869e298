"""Modules of kaa's that are checked while tests run.

    class Tests(kaa.check.Checked, unittest.TestCase):
        checked_modules = ("greeting",)       # before they are imported

    pytest --kaa-check=greeting               # the same for all tests of a run

A test in which a checked module makes a mistake fails, with the mistakes in its text.
Without a runner: start(["greeting"]), and take() after each piece of work.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from typing import TYPE_CHECKING, Any, Iterable, List, Optional, Tuple

from kaa import importer
from kaa._insight.check_data import CheckReport, Mistake
from kaa._modules import checked as _checked

__all__ = ["Checked", "start", "take"]

_seen: List[int] = []  # how often each mistake had been made when take() was called


def start(modules: Iterable[str]) -> None:
    """Has modules of these names, or of the files of these paths, checked when they are
    imported; and makes modules of kaa's importable. ValueError for one that has been
    imported, and is not checked."""
    importer.install()
    for name in modules:
        last = os.path.basename(name).split(".", 1)[0]
        if last in sys.modules and not _checked.is_selected(last):
            raise ValueError(f"{last} has been imported already, and is not checked")
        _checked.select(name)
    take()


def take() -> Optional[CheckReport]:
    """The mistakes that were made since the last time, or None. Garbage is collected
    first, so that what instances still hold counts."""
    gc.collect()
    found = _checked.mistakes()
    before = _seen + [0] * (len(found) - len(_seen))
    fresh = [one for one, count in zip(found, before) if one.count > count]
    _seen[:] = [one.count for one in found]
    if not fresh:
        return None
    names = sorted({one.module for one in fresh})
    return CheckReport(
        module=", ".join(names),
        python=platform.python_version(),
        pid=os.getpid(),
        started=time.time_ns(),
        mistakes=fresh,
    )


def _told(mistakes: List[Mistake]) -> str:
    lines = [
        one.text + (f" [{one.where}]" if one.where else "") for one in mistakes
    ]
    return "\n".join(["mistakes of checked modules:", *lines])


if TYPE_CHECKING:
    import unittest

    _Base = unittest.TestCase
else:
    _Base = object


class Checked(_Base):
    """For a unittest.TestCase, in front of it: its tests fail for the mistakes of
    `checked_modules`."""

    checked_modules: Tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        start(cls.checked_modules)
        super().setUpClass()

    def run(self, result: Any = None) -> Any:
        take()
        self.addCleanup(self._judge)
        return super().run(result)

    def _judge(self) -> None:
        report = take()
        if report is not None:
            self.fail(_told(report.mistakes))
