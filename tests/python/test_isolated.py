"""kaa in a zip file, and in a Python that takes nothing from its environment."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipapp

import support
from kaa import _native

PROGRAM = """\
import os, sys
import kaa
from kaa import _native
c = kaa.load(None, "int abs(int); typedef struct { int quot, rem; } div_t; div_t div(int, int);")
print(c.abs(-4), c.div(7, 2).rem, os.path.basename(_native.path), sys.flags.isolated)
print(os.path.dirname(_native.path))
from kaa._views import page
assert "body" in page._source("page.css")
"""


class Application(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.application = os.path.join(self.folder, "application")
        package = os.path.join(support.ROOT, "bindings", "python", "kaa")
        target = os.path.join(self.application, "kaa")
        shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__"))
        self.name = "libkaa.so.%d.%d" % _native.VERSION
        shutil.copy(os.environ["KAA_LIBRARY"], os.path.join(target, self.name))
        with open(os.path.join(self.application, "__main__.py"), "w") as file:
            file.write(PROGRAM)

    def run_it(self, *arguments: str) -> "list[str]":
        environment = dict(os.environ, TMPDIR=self.folder)
        for name in ("PYTHONPATH", "KAA_LIBRARY"):
            environment.pop(name, None)
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()

    def test_isolated(self) -> None:
        said, place = self.run_it("-I", self.application)
        self.assertEqual(said, f"4 1 {self.name} 1")
        self.assertEqual(place, os.path.join(self.application, "kaa"))

    def test_zip_file(self) -> None:
        path = os.path.join(self.folder, "application.pyz")
        zipapp.create_archive(self.application, path)
        said, place = self.run_it(path)
        self.assertEqual(said, f"4 1 {self.name} 0")
        self.assertEqual(os.path.dirname(place), self.folder)
        self.assertFalse(os.path.exists(place), "the copy outlived the process")
        self.assertEqual(glob.glob(os.path.join(self.folder, "kaa-*")), [])

    def test_a_zip_file_without_libkaa(self) -> None:
        os.remove(os.path.join(self.application, "kaa", self.name))
        path = os.path.join(self.folder, "application.pyz")
        zipapp.create_archive(self.application, path)
        with self.assertRaisesRegex(AssertionError, "libkaa cannot be loaded"):
            self.run_it(path)


if __name__ == "__main__":
    unittest.main()
