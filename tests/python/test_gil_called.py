"""What an instruction calls, by the source: what the hogs of kaa.gil say."""

from __future__ import annotations

import dis
import linecache
import os
import sys
import tempfile
import unittest
from typing import List

import support  # noqa: F401  exceptions in threads fail tests
from kaa._insight import gil_called as _gil_called


@unittest.skipUnless(sys.implementation.name == "cpython", "CPython's instructions")
class Called(unittest.TestCase):
    """What an instruction calls, by the source."""

    def names(self, source: str) -> List[str]:
        """Of all calls in a line of code, in the order of their instructions."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "called.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(source)
            linecache.checkcache(path)
            code = compile(source, path, "exec")
            found = [
                _gil_called.called(code, one.offset)
                for one in dis.get_instructions(code)
            ]
        return list(dict.fromkeys(one for one in found if one))

    def test_names(self) -> None:
        self.assertEqual(self.names("f(1)"), ["f"])
        self.assertEqual(self.names("f(g(1), *(), 2)")[0], "g")
        self.assertEqual(self.names("sorted(a, key=len, reverse=g(3))"), ["g", "sorted"])
        self.assertIn(self.names("a.b.sort()"), (["a.b.sort"], ["sort"]))
        self.assertIn(self.names("a.b.sort(key=1)"), (["a.b.sort"], ["sort"]))
        self.assertIn(self.names("'ä', a.b(\n1)"), (["a.b"], ["b"]))

    def test_no_calls(self) -> None:
        self.assertEqual(self.names("a + b"), [])
        self.assertEqual(self.names("for i in x: i ** 3"), [])
        self.assertIsNone(_gil_called.called(compile("f()", "gone", "exec"), 1000))
        self.assertIsNone(_gil_called.called(compile("f()", "gone", "exec"), -1))

    def test_long(self) -> None:
        name = ".".join(f"a{i}" for i in range(40))
        found = self.names(f"{name}()")
        self.assertTrue(len(found[0]) <= 60, found)


if __name__ == "__main__":
    unittest.main()
