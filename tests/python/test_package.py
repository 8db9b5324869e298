"""The wheel: built by pip, installed into a fresh environment, and used there."""

from __future__ import annotations

import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from typing import List

import support

PARTS = ("pip", "setuptools", "wheel")


def run(command: List[str], folder: str) -> str:
    environment = support.clean_environment()
    for name in ("PYTHONPATH", "KAA_LIBRARY", "KAA_HOST"):
        environment.pop(name, None)
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


@unittest.skipUnless(
    all(importlib.util.find_spec(part) for part in PARTS) and shutil.which("cmake"),
    "needs pip, setuptools, wheel, cmake",
)
class Wheel(unittest.TestCase):
    def test_build_install_use(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            # Of a copy, so that building leaves the checkout as it is.
            source = os.path.join(folder, "source")
            os.mkdir(source)
            for name in ("CMakeLists.txt", "LICENSE", "README.md", "include", "lib"):
                self.copy(name, source)
            for name in ("bindings", ".cmake", "cmake"):
                self.copy(name, source)
            run(
                [sys.executable, "-m", "pip", "wheel", "--no-build-isolation"]
                + ["--no-deps", "--no-index", "--wheel-dir", folder]
                + [os.path.join(source, "bindings", "python")],
                folder,
            )
            (wheel,) = glob.glob(os.path.join(folder, "*.whl"))
            self.assertRegex(os.path.basename(wheel), r"^kaa-[\d.]+-py3-none-linux_")
            self.look_inside(wheel)
            self.use(folder, wheel)

    def copy(self, name: str, target: str) -> None:
        path = os.path.join(support.ROOT, name)
        if os.path.isdir(path):
            ignore = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
            shutil.copytree(path, os.path.join(target, name), ignore=ignore)
        elif os.path.exists(path):
            shutil.copy(path, target)

    def look_inside(self, wheel: str) -> None:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        self.assertIn("kaa/py.typed", names)
        self.assertIn("kaa/__main__.py", names)
        self.assertIn("kaa/_views/pages/common.js", names)
        self.assertIn("kaa/_views/pages/page.css", names)
        libraries = [name for name in names if ".so" in name]
        self.assertEqual(len(libraries), 1, libraries)
        self.assertRegex(libraries[0], r"^kaa/libkaa\.so\.\d+\.\d+$")
        self.assertFalse([name for name in names if name.endswith(".c")])
        headers = [name for name in names if name.endswith((".h", ".def"))]
        self.assertIn("kaa/include/kaa/module.h", headers)  # for modules, all of it
        self.assertIn("kaa/include/kaa/api.def", headers)
        for name in headers:
            self.assertTrue(name.startswith("kaa/include/kaa/"), name)

    def use(self, folder: str, wheel: str) -> None:
        target = os.path.join(folder, "environment")
        run([sys.executable, "-m", "venv", "--without-pip", target], folder)
        python = os.path.join(target, "bin", "python")
        (packages,) = glob.glob(os.path.join(target, "lib", "python*", "site-packages"))
        run(
            [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index"]
            + ["--target", packages, wheel],
            folder,
        )
        program = (
            "import kaa; f = kaa.load('libm.so.6', 'double pow(double, double);').pow;"
            "print(f(2, 10), kaa.__version__, kaa.__file__)"
        )
        value, version, path = run([python, "-c", program], folder).split()
        self.assertEqual(value, "1024.0")
        self.assertTrue(path.startswith(target), path)
        said = run([python, "-m", "kaa", "call", "-", "int abs(int)", "-4"], folder)
        self.assertEqual(said, "4\n")


if __name__ == "__main__":
    unittest.main()
