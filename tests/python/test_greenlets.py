"""Greenlets switch stacks in the middle of calls: each call keeps what is its own.

Needs greenlet.
"""

from __future__ import annotations

import os
import unittest
from typing import Any

import kaa

try:
    import greenlet
except ImportError:
    greenlet = None  # type: ignore[assignment]

SAMPLES = os.environ.get("KAA_TEST_SAMPLES", "")


@unittest.skipIf(greenlet is None, "greenlet is not installed")
class Greenlets(unittest.TestCase):
    lib: Any

    def setUp(self) -> None:
        self.lib = kaa.load(
            SAMPLES,
            """
            int apply(int (*function [[kaa::scope(call)]])(int), int value);
            [[kaa::hold_gil]] double apply_double(
                double (*function [[kaa::scope(call)]])(double), double value);
            """,
        )
        self.main = greenlet.getcurrent()

    def test_the_older_call_ends_first(self) -> None:
        lib, seen = self.lib, []

        def body() -> str:
            def callback(value: int) -> int:
                self.main.switch()
                return value + 1

            seen.append(lib.apply(callback, 1))
            with self.assertRaises(ZeroDivisionError):
                lib.apply(lambda value: value // 0, 1)
            return "done"

        other = greenlet.greenlet(body)
        other.switch()

        def callback(value: int) -> int:
            seen.append(other.switch())
            raise KeyError("mine")

        with self.assertRaisesRegex(KeyError, "mine"):
            lib.apply(callback, 5)
        self.assertEqual(seen, [2, "done"])
        self.assertEqual(lib.apply(lambda value: value, 3), 3)

    def test_an_exception_after_others_came_and_went(self) -> None:
        lib, raised = self.lib, []

        def body() -> None:
            def callback(value: int) -> int:
                self.main.switch()
                raise ValueError("of the other")

            try:
                lib.apply(callback, 1)
            except ValueError as error:
                raised.append(str(error))

        other = greenlet.greenlet(body)

        def callback(value: int) -> int:
            other.switch()
            return value * 10

        self.assertEqual(lib.apply(callback, 2), 20)
        other.switch()
        self.assertEqual(raised, ["of the other"])
        with self.assertRaises(KeyError):
            lib.apply(lambda value: {}[value], 2)

    def test_many_in_any_order(self) -> None:
        lib, results = self.lib, {}

        def body(number: int) -> None:
            def callback(value: float) -> float:
                self.main.switch()
                if number % 3 == 0:
                    raise IndexError(number)
                return value + number

            try:
                if number % 2:
                    results[number] = lib.apply_double(callback, 0.0)
                else:
                    results[number] = float(lib.apply(lambda v: int(callback(v)), 0))
            except IndexError as error:
                results[number] = error.args

        all_of_them = [greenlet.greenlet(body) for _ in range(30)]
        for number, one in enumerate(all_of_them):
            one.switch(number)
        for start in (7, 3, 0):
            for one in all_of_them[start::11] + all_of_them:
                if not one.dead:
                    one.switch()
        for number in range(30):
            expected = (number,) if number % 3 == 0 else float(number)
            self.assertEqual(results[number], expected)


if __name__ == "__main__":
    unittest.main()
