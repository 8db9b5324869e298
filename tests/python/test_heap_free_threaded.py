"""Profiles of memory on free-threaded builds: sampled, by threads that run at once."""

from __future__ import annotations

import gc
import sys
import sysconfig
import threading
import unittest
from typing import Any, Callable, List

import support  # noqa: F401

import kaa.heap

IS_FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
THREADS = 4
BLOCKS = 4000


def grow(out: List[bytes]) -> None:
    for i in range(BLOCKS):
        out.append(bytes(1000) + b"%d" % i)  # what grows


def at_once(target: Callable[..., Any], *arguments: Any) -> None:
    threads = [threading.Thread(target=target, args=(one,)) for one in arguments]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


@unittest.skipUnless(IS_FREE and kaa.heap.is_available()[0], "no free-threaded build")
class Sampled(unittest.TestCase):
    def test_threads_at_once(self) -> None:
        outs: List[List[bytes]] = [[] for _ in range(THREADS)]
        with kaa.heap.profile(every=10_000, seed=7) as profile:
            at_once(grow, *outs)
            found = profile.report()
            true = sum(sys.getsizeof(one) for out in outs for one in out)
            outs.clear()
            gc.collect()
            after = profile.report()
        site = found.sites[0]
        self.assertTrue(site.file.endswith("test_heap_free_threaded.py"), site)
        self.assertIn("# what grows", site.source or "# what grows")
        # 1,600 samples: the standard error is 1 in 40; eight of them are allowed
        self.assertLess(abs(site.live_bytes - true), true / 5, found.notes)
        self.assertGreater(site.allocated_bytes, 1.5 * true)  # and what was thrown away
        self.assertLess(after.live_bytes, true / 10)

    def test_in_and_out_beside_threads(self) -> None:
        over = threading.Event()

        def work(_: int) -> None:
            while not over.is_set():
                kept = [bytes(500) for _ in range(100)]
                kept.clear()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(THREADS)]
        for one in threads:
            one.start()
        try:
            for _ in range(100):
                with kaa.heap.profile(every=5000) as profile:
                    kept = [[i] for i in range(200)]
                self.assertGreaterEqual(profile.report().live_bytes, 0)
                del kept
        finally:
            over.set()
            for one in threads:
                one.join()

    def test_exact_is_refused(self) -> None:
        available, why = kaa.heap.is_available(exact=True)
        self.assertFalse(available)
        self.assertIn("sampled", why)
        with self.assertRaisesRegex(kaa.UnsupportedError, "GIL"):
            kaa.heap.profile(exact=True).start()
        with kaa.heap.profile() as profile:  # nothing of it is left
            pass
        self.assertEqual(profile.report().mode, "sampled")


if __name__ == "__main__":
    unittest.main()
