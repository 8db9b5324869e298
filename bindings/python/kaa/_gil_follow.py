"""Recordings of subprocesses: each writes its own to a folder, the first gathers them.

A Python that is started finds kaa/_follow/sitecustomize.py on its path. A child after
fork() begins a recording of its own; one of multiprocessing writes it when it ends,
one that leaves by os._exit() cannot.
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from typing import Any, Dict, List, Optional

from kaa import gil
from kaa._gil_data import Recording

_folder = ""
_monitor: Optional[gil.Monitor] = None


def _write() -> None:
    global _monitor
    monitor, _monitor = _monitor, None
    if monitor is None or os.getpid() != monitor._pid:
        return
    recording = monitor.stop()
    path = os.path.join(_folder, str(os.getpid()))
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(recording.to_json())
    os.rename(path + ".part", path + ".json")


def _start() -> None:
    global _monitor
    if not gil.is_available()[0] or not os.path.isdir(_folder):
        return
    _monitor = gil.monitor().start()
    atexit.register(_write)


def _after_fork() -> None:
    """In a child: the parent's monitor is none of its own."""
    _start()
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None and _monitor is not None:
        # A process of multiprocessing forgets what was to be done at its end, then
        # calls this, and leaves by os._exit().
        util.register_after_fork(
            _monitor, lambda _: util.Finalize(None, _write, exitpriority=-100)
        )


def begin(folder: str) -> None:
    """Records this process from now on, and the children that it forks."""
    watch_forks(folder)
    _start()


def watch_forks(folder: str) -> None:
    """Records the children that this process forks."""
    global _folder
    _folder = folder
    os.register_at_fork(after_in_child=_after_fork)


class Following:
    """In the process that gathers: sets the environment, and reads what children
    wrote."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="kaa-follow-")
        here = os.path.dirname(os.path.abspath(__file__))
        path = os.environ.get("PYTHONPATH")
        self._before: Dict[str, Optional[str]] = {}
        from kaa import _native

        parts = [os.path.join(here, "_follow"), *([path] if path else [])]
        for name, value in (
            ("KAA_GIL_FOLLOW", self.folder),
            ("KAA_GIL_FOLLOW_PATH", os.path.dirname(here)),
            ("KAA_LIBRARY", os.path.abspath(_native.path)),
            ("PYTHONPATH", os.pathsep.join(parts)),
        ):
            self._before[name] = os.environ.get(name)
            os.environ[name] = value
        watch_forks(self.folder)

    def end(self) -> List[Recording]:
        """The children's recordings, in the order of their start."""
        import shutil

        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        made = []
        for name in os.listdir(self.folder):
            if name.endswith(".json"):
                path = os.path.join(self.folder, name)
                with open(path, encoding="utf-8") as file:
                    made.append(Recording.from_json(file.read()))
        shutil.rmtree(self.folder, ignore_errors=True)
        return sorted(made, key=lambda one: one.started)
