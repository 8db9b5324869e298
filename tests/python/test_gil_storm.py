"""The trace of the GIL comes and goes beside threads at work, ending ones, forks."""

from __future__ import annotations

import os
import unittest

import kaa.gil
import support

AVAILABLE, WHY = kaa.gil.is_available()


@unittest.skipUnless(AVAILABLE, WHY)
class Storm(unittest.TestCase):
    @support.threads_after_fork
    def test_hooks_come_and_go(self) -> None:
        """Beside threads at work, ending threads, and forks."""
        rounds = 1000 if os.environ.get("KAA_TEST_LONG") else 150
        done = support.run_python("-X", "faulthandler", "-c", STORM, str(rounds))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.strip(), f"{rounds} rounds, 0 left")


STORM = """
import gc, os, sys, threading, time
from kaa import gil
from kaa._insight import gil_trace as _gil_trace
stop = False
def compute():
    while not stop: sum(range(2000))
def sleep():
    while not stop: time.sleep(0.0003)
def pipe():
    while not stop:
        r, w = os.pipe(); os.write(w, b"x"); os.read(r, 1); os.close(r); os.close(w)
def start():
    while not stop:
        t = threading.Thread(target=int); t.start(); t.join()
threads = [threading.Thread(target=f, daemon=True) for f in (compute, sleep, pipe, start) * 2]
for t in threads: t.start()
sys.setswitchinterval(0.0005)
rounds = int(sys.argv[1])
def rss():
    with open("/proc/self/statm") as f: return int(f.read().split()[1]) * 4096
for i in range(rounds):
    with gil.monitor() as m:
        time.sleep(0.002)
    for t in m.threads:
        assert t.held_ns + t.waited_ns + t.off_ns == t.end_ns - t.start_ns, t
    if i % 20 == 7:
        pid = os.fork()
        if not pid:
            try:
                with gil.monitor(): sum(range(1000))
            finally:
                os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    if i == rounds // 3: gc.collect(); before = rss()
gc.collect()
if "KAA_TEST_SANITIZE" not in os.environ:  # which keeps what is freed
    assert rss() < before + (24 << 20), (before, rss())
stop = True
for t in threads: t.join()
from kaa import _native
from kaa._native import insight as _native_insight
import ctypes
trace = _native_insight.InsightTrace(ctypes.sizeof(_native_insight.InsightTrace))
_native.kaa_insight_trace_read(trace, None)
assert trace.users == 0
print(rounds, "rounds,", trace.is_left, "left")
"""


if __name__ == "__main__":
    unittest.main()
