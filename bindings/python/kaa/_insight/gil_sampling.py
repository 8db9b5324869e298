"""A process that is sampled by a child of its own: nothing is put into it.

The child reads the memory of its parent every so often (see gil_sample) and is asked
through its standard input: a line with "now" or "end", which it answers by a line
with the Recording as JSON. It ends with "end", and when its parent is gone.
"""

from __future__ import annotations

import ctypes
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List

from kaa._error import UnsupportedError
from kaa._insight.gil_data import Recording
from kaa._insight.gil_remote import Remote, RemoteError
from kaa._insight.gil_sample import Sampler
from kaa._own import HERE

_PR_SET_PTRACER = 0x59616D61  # prctl(2): who may read this process


class Child:
    """The process that samples this one, from now on."""

    def __init__(self, interval: float) -> None:
        code = (
            f"import sys; sys.path.insert(0, {os.path.dirname(HERE)!r});"
            " from kaa._insight.gil_sampling import main; main()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", code, str(os.getpid()), repr(interval)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        ctypes.CDLL(None).prctl(
            _PR_SET_PTRACER, ctypes.c_ulong(self._process.pid), 0, 0, 0
        )
        self._names: Dict[int, str] = {}
        self._note_names()
        answer = self._ask("begin")
        if answer != "ready":
            self.close()
            raise UnsupportedError(f"this process cannot be sampled: {answer}")

    def _ask(self, what: str) -> str:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(what + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended: there is no answer
        return self._process.stdout.readline().rstrip("\n")

    def recording(self, what: str = "now") -> Recording:
        """All up to now; with "end" the child ends."""
        answer = self._ask(what)
        if not answer:
            raise UnsupportedError("the process that samples this one is gone")
        recording = Recording.from_json(answer)
        recording.program = " ".join(sys.argv)
        self._note_names()
        for one in recording.threads:
            one.name = self._names.get(one.id, one.name)
        return recording

    def _note_names(self) -> None:
        """threading's names; those of threads that ended unseen are not known."""
        for one in threading.enumerate():
            if one.native_id:
                self._names[one.native_id] = one.name

    def close(self) -> None:
        """Ends the child. May be repeated."""
        for file in (self._process.stdin, self._process.stdout):
            if file is not None:
                try:
                    file.close()
                except OSError:
                    pass
        self._process.wait()


def _lines(seconds: float, kept: List[str]) -> List[str]:
    """What was asked within that time; [""] at the end of the input."""
    if not select.select([0], [], [], max(seconds, 0))[0]:
        return []
    data = os.read(0, 4096).decode()
    if not data:
        return [""]
    *whole, kept[0] = (kept[0] + data).split("\n")
    return whole


def _answer(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """What the child runs: main() with a process and an interval in sys.argv."""
    pid, interval = int(sys.argv[1]), float(sys.argv[2])
    kept = [""]
    sampler: Any = None
    while True:
        due = time.monotonic() + interval
        if sampler is not None:
            try:
                sampler.look()
            except RemoteError:
                return
        for what in _lines(due - time.monotonic(), kept):
            if what == "begin":
                try:
                    sampler = Sampler(Remote(pid))
                except RemoteError as error:
                    return _answer(str(error))
                _answer("ready")
            elif what in ("now", "end"):
                _answer(" ".join(sampler.recording().to_json().split("\n")))
            if what in ("", "end"):
                return
        time.sleep(max(due - time.monotonic(), 0))
