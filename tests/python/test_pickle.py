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


class Enums(unittest.TestCase):
    TEXT = """
    enum color { RED, GREEN = 5 };
    typedef enum { ON = 1, OFF = 0 } state;
    int color(int);
    enum color abs(enum color);
    """

    def setUp(self) -> None:
        self.library = kaa.load(None, self.TEXT, missing="ignore")
        self.color = getattr(self.library, "enum color")

    def test_members_and_classes_come_back(self) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for value in (
                self.color.GREEN,
                self.color,
                self.library.state.ON,
                self.library.state,
                [self.color.RED, self.library.GREEN],
            ):
                again = pickle.loads(pickle.dumps(value, protocol))
                self.assertEqual(again, value)
                self.assertIs(type(again), type(value))
        self.assertIs(copy.deepcopy(self.color.RED), self.color.RED)
        self.assertIs(copy.copy(self.color), self.color)

    def test_what_a_call_gives(self) -> None:
        given = self.library.abs(5)
        self.assertIs(given, self.color.GREEN)
        self.assertIs(pickle.loads(pickle.dumps(given)), given)

    def test_in_a_fresh_process(self) -> None:
        data = pickle.dumps((self.color.GREEN, self.color, self.library.state.OFF))
        done = support.run_python(
            "-c",
            "import pickle, sys;"
            f"a, b, c = pickle.loads({data!r});"
            "print(repr(a), a is b.GREEN, repr(c), b.__name__)",
        )
        self.assertEqual(
            (done.stdout, done.returncode),
            ("<color.GREEN: 5> True <state.OFF: 0> color\n", 0),
            done,
        )

    def test_the_map_of_a_pool(self) -> None:
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            results = pool.map(self.library.abs, [0, 5, 7])
        self.assertEqual(results, [0, 5, 7])
        self.assertIs(results[1], self.color.GREEN)

    def test_an_enum_outlives_its_library(self) -> None:
        member = self.color.GREEN
        del self.library, self.color
        gc.collect()
        again = pickle.loads(pickle.dumps(member))
        self.assertEqual((again, again.name), (member, member.name))


if __name__ == "__main__":
    unittest.main()
