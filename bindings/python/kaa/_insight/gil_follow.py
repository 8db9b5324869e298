"""Recordings of subprocesses: each writes its own to a folder, the first gathers them.

A Python that is started finds kaa/_insight/_follow/sitecustomize.py on its path. A child after
fork() begins a recording of its own. Each says that it has begun, and writes when it
ends: at its exit, at the end that multiprocessing gives its processes, or when it is
terminated by SIGTERM and has no handler of its own. One that is killed or leaves by
os._exit() cannot, and is told of in a note.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional, Tuple

from kaa import gil
from kaa._insight import terminated as _terminated
from kaa._insight.gil_data import Recording

# How long the first process waits for a child that is writing.
_WRITING_S = 10.0

_folder = ""
_monitor: Optional[gil.Monitor] = None
_is_writing = False
_is_terminated = False


def _path(ending: str) -> str:
    return os.path.join(_folder, f"{os.getpid()}.{ending}")


def _write() -> None:
    global _monitor, _is_writing
    if _monitor is None or os.getpid() != _monitor._pid:
        return
    _is_writing = True
    monitor, _monitor = _monitor, None
    try:
        text = monitor.stop().to_json()
        with open(_path("part"), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(_path("part"), _path("json"))
    except FileNotFoundError:
        pass  # nobody gathers any more: the first process has ended
    finally:
        _is_writing = False
    if _is_terminated:
        _terminated.end()


def _on_terminate(number: int, frame: Any) -> None:
    global _is_terminated
    _is_terminated = True
    if not _is_writing:  # else it ends when it has written
        _write()
        _terminated.end()


def _start() -> None:
    global _monitor
    if not gil.is_available()[0] or not os.path.isdir(_folder):
        return
    _monitor = gil.monitor().start()
    with open(_path("begun"), "w", encoding="utf-8"):
        pass
    atexit.register(_write)
    _terminated.catch(_on_terminate)


def _after_fork() -> None:
    """In a child: the parent's monitor is none of its own."""
    global _monitor, _is_writing, _is_terminated
    _monitor, _is_writing, _is_terminated = None, False, False
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

    def _is_unfinished(self) -> bool:
        """Whether a child is between writing and having written."""
        return any(
            name.endswith(".part") and _is_alive(int(name[:-5]))
            for name in os.listdir(self.folder)
        )

    def end(self) -> Tuple[List[Recording], List[str]]:
        """The children's recordings, in the order of their start, and what is to be
        said of those that left none."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        until = time.monotonic() + _WRITING_S
        while self._is_unfinished() and time.monotonic() < until:
            time.sleep(0.01)
        made, notes = [], []
        names = set(os.listdir(self.folder))
        for name in sorted(names):
            pid, _, ending = name.partition(".")
            if ending == "json":
                path = os.path.join(self.folder, name)
                with open(path, encoding="utf-8") as file:
                    made.append(Recording.from_json(file.read()))
            elif ending == "begun" and f"{pid}.json" not in names:
                notes.append(
                    f"Subprocess {pid} is not here: it "
                    + (
                        "still ran at the end of this recording."
                        if _is_alive(int(pid))
                        else "was killed, left by os._exit(), or became another program."
                    )
                )
        shutil.rmtree(self.folder, ignore_errors=True)
        return sorted(made, key=lambda one: one.started), notes


def _is_alive(pid: int) -> bool:
    """Whether a process still runs: not one that nobody has waited for, either."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
