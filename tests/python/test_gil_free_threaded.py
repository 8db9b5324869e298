"""Contention by cause, in an interpreter without a GIL."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import unittest
from typing import Any, Callable

import kaa.gil
import support

HERE = os.path.basename(__file__)


def at_line(recording: Any, marker: str) -> Any:
    found = [
        one
        for one in recording.causes
        if os.path.basename(one.file) == HERE and one.line == support.line_of(__file__, marker)
    ]
    return found[0] if found else None


@unittest.skipIf(
    getattr(sys, "_is_gil_enabled", lambda: True)(), "this interpreter has a GIL"
)
class FreeThreaded(unittest.TestCase):
    def test_is_said(self) -> None:
        available, why = kaa.gil.is_available()
        self.assertFalse(available)
        self.assertEqual(why, "this interpreter runs without a GIL")

    def eventually(self, attempt: Callable[[float], bool]) -> None:
        """A thread yields the processor some forty times before it parks, which may
        take long on a busy machine, and is no wait: then the next try waits longer."""
        seconds = 0.05
        while not attempt(seconds):
            seconds *= 2
            self.assertLess(seconds, 60, "nothing was waited for")

    def test_locks(self) -> None:
        def attempt(seconds: float) -> bool:
            lock = threading.Lock()
            taken, coming = threading.Event(), threading.Event()

            def holder() -> None:
                with lock:
                    taken.set()
                    coming.wait()
                    time.sleep(seconds)

            def waiter() -> None:
                taken.wait()
                coming.set()
                with lock:  # wanted
                    pass

            with kaa.gil.monitor() as m:
                threads = [threading.Thread(target=one) for one in (holder, waiter)]
                for one in threads:
                    one.start()
                for one in threads:
                    one.join()
            recording = m.recording()
            self.assertEqual(recording.mode, "free-threaded")
            self.assertEqual(kaa.gil.Recording.from_json(m.json()), recording)
            found = at_line(recording, "wanted")
            if found is None:
                return False
            self.assertEqual(found.cause, "lock")
            self.assertLess(found.waited_ns, recording.wall_ns)
            return bool(found.waited_ns > 5000000)

        self.eventually(attempt)

    def test_joins_are_events(self) -> None:
        def attempt(seconds: float) -> bool:
            thread = threading.Thread(target=time.sleep, args=(seconds,))
            with kaa.gil.monitor() as m:
                thread.start()
                thread.join()
            events = [one for one in m.recording().causes if one.cause == "event"]
            return sum(one.waited_ns for one in events) > 5000000

        self.eventually(attempt)

    def test_stopped_world(self) -> None:
        stop = threading.Event()

        def busy() -> None:
            made: Any = []
            while not stop.is_set():
                made = [made, 1] if len(made) < 2 else []

        thread = threading.Thread(target=busy)
        def is_seen() -> bool:
            gc.collect()
            causes = {one.cause for one in m.recording().causes}
            return "stop the world" in causes

        with kaa.gil.monitor() as m:
            thread.start()
            try:
                support.until(is_seen)
            finally:
                stop.set()
                thread.join()

    def test_hooks_come_and_go(self) -> None:
        stop = threading.Event()

        def busy() -> None:
            lock = threading.Lock()
            while not stop.is_set():
                with lock:
                    time.sleep(0.0001)

        threads = [threading.Thread(target=busy) for _ in range(4)]
        for one in threads:
            one.start()
        for _ in range(200):
            with kaa.gil.monitor():
                pass
        stop.set()
        for one in threads:
            one.join()


if __name__ == "__main__":
    unittest.main()
