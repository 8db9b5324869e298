"""A module in C++: without a warning, by any standard, and it works."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest

import support

SOURCE = os.path.join(support.ROOT, "tests", "module", "plus.cpp")
WARNINGS = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror".split()
STANDARDS = ["c++11", "c++14", "c++17", "c++20", "c++2b"]


CHECK = """
import sys
import kaa
plus = kaa.import_module(sys.argv[1])
assert plus.__doc__ == "Written in C++."
assert plus.add(1, 2) == 3
assert plus.half(5) == 2.5
assert (plus.quarter, plus.language) == (0.25, "C++")
counter = plus.Counter(41, text="some")
assert (counter.next(), counter.value, counter.text) == (42, 42, "some")
print(plus.standard)
"""


class Plus(unittest.TestCase):
    def build(self, compiler: str, standard: str) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        made = os.path.join(folder.name, "plus.kaa.so")
        include = os.path.join(support.ROOT, "include")
        done = subprocess.run(
            [compiler, f"-std={standard}", *WARNINGS, "-shared", "-fPIC", "-I", include]
            + [SOURCE, "-o", made],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            env=support.clean_environment(),
        )
        if "standard" in done.stdout and "invalid value" in done.stdout:
            self.skipTest(f"{compiler} has no {standard}")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        return made

    def check(self, path: str) -> int:
        """In a fresh interpreter: a runtime has one module of a name."""
        done = support.run_python("-c", CHECK, path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return int(done.stdout)

    def try_all(self, compiler: str) -> None:
        if shutil.which(compiler) is None:
            self.skipTest(f"{compiler} is not installed")
        seen = []
        for standard in STANDARDS:
            with self.subTest(standard):
                seen.append(self.check(self.build(compiler, standard)))
        self.assertEqual(seen, sorted(set(seen)))
        self.assertGreaterEqual(len(seen), 4)

    def test_gcc(self) -> None:
        self.try_all("g++")

    def test_clang(self) -> None:
        self.try_all("clang++")


if __name__ == "__main__":
    unittest.main()
