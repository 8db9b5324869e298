"""Libraries and functions go to other processes."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import sys
import unittest

import kaa

import support


class Pickling(unittest.TestCase):
    def test_the_same_library_comes_back(self) -> None:
        library = kaa.load("libm.so.6", "double pow(double x, double y);")
        again = pickle.loads(pickle.dumps(library))
        self.assertIs(again, library)
        self.assertIs(copy.deepcopy(again), again)
        other = kaa.load("libm.so.6", "double pow(double x, double y);")
        self.assertIsNot(pickle.loads(pickle.dumps(other)), library)

    def test_options_go_along(self) -> None:
        library = kaa.load(
            "libm.so.6",
            "double pow(double x, double y); int kaa_none(void);",
            hold_gil=["pow"],
            errno=["pow"],
            missing="ignore",
        )
        data = pickle.dumps(library)
        del library
        gc.collect()
        again = pickle.loads(data)
        self.assertEqual((again._hold_gil, again._errno), ({"pow"}, {"pow"}))
        self.assertEqual(dir(again), ["kaa_none", "pow"])

    def test_in_a_fresh_process(self) -> None:
        library = kaa.load("libm.so.6", "double pow(double x, double y);")
        data = pickle.dumps((library.pow, library))
        done = support.run_python(
            "-c",
            "import pickle, sys;"
            f"f, library = pickle.loads({data!r});"
            "print(f(2, 10), f is library.pow)",
        )
        self.assertEqual((done.stdout, done.returncode), ("1024.0 True\n", 0), done)

    def test_multiprocessing(self) -> None:
        library = kaa.load("libm.so.6", "double pow(double x, double y);")
        for method in ("fork", "spawn"):
            if sys.implementation.name == "pypy" and method == "fork":
                continue
            context = multiprocessing.get_context(method)
            with context.Pool(1 if method == "spawn" else 2) as pool:
                results = pool.starmap(library.pow, [(2, n) for n in range(8)])
            self.assertEqual(results, [2.0**n for n in range(8)], method)


if __name__ == "__main__":
    unittest.main()
