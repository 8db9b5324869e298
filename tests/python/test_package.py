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
from typing import List, Set

import support

BACKEND = "scikit-build-core>=0.10"


def run(command: List[str], folder: str, **more: str) -> str:
    environment = support.clean_environment()
    for name in ("PYTHONPATH", "KAA_LIBRARY", "KAA_HOST"):
        environment.pop(name, None)
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def build_tools(folder: str) -> str:
    """What PYTHONPATH needs for the build backend; SkipTest where it cannot be had."""
    if importlib.util.find_spec("scikit_build_core"):
        return ""
    try:
        run(
            [sys.executable, "-m", "pip", "install", "-q", "--target", folder]
            + ["--disable-pip-version-check", BACKEND, "cmake", "ninja"],
            ".",
        )
    except AssertionError as error:
        raise unittest.SkipTest(f"{BACKEND} cannot be had: {error}") from None
    return folder


@unittest.skipUnless(importlib.util.find_spec("pip"), "needs pip")
@unittest.skipUnless(support.COMPILER, "no C compiler")
class Wheel(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.tools = build_tools(os.path.join(self.folder, "tools"))
        # Of a copy: what building leaves behind would be seen.
        source = os.path.join(self.folder, "source")
        os.mkdir(source)
        for name in ("CMakeLists.txt", "LICENSE", "README.md", "include", "lib"):
            self.copy(name, source)
        self.copy("bindings", source)
        self.source = source
        self.project = os.path.join(source, "bindings", "python")

    def wheel_of(self, project: str) -> str:
        place = os.path.join(self.folder, "wheels")
        run(
            [sys.executable, "-m", "pip", "wheel", "--no-build-isolation"]
            + ["--no-deps", "--no-index", "--wheel-dir", place, project],
            self.folder,
            PYTHONPATH=self.tools,
            SKBUILD_CMAKE_BUILD_TYPE="Debug",  # which compiles faster
        )
        (wheel,) = glob.glob(os.path.join(place, "*.whl"))
        self.assertRegex(os.path.basename(wheel), r"^kaa-[\d.]+-py3-none-linux_")
        return wheel

    def test_build_install_use(self) -> None:
        before = self.files(self.source)
        wheel = self.wheel_of(self.project)
        self.assertEqual(self.files(self.source), before)
        self.look_inside(wheel)
        self.use(self.folder, wheel)

    def test_source_distribution(self) -> None:
        program = (
            "import sys, build_backend;"
            "print(build_backend.build_sdist(sys.argv[1]))"
        )
        # As pip does it: in the project's folder, with the backend found there.
        name = run(
            [sys.executable, "-c", program, self.folder],
            self.project,
            PYTHONPATH=os.pathsep.join([self.project, self.tools]),
        ).split()[-1]
        shutil.rmtree(self.source)
        wheel = self.wheel_of(os.path.join(self.folder, name))
        self.look_inside(wheel)

    def test_editable(self) -> None:
        """The checkout's Python files are the package's; pip takes all of it away again."""
        target = os.path.join(self.folder, "environment")
        seen = [] if self.tools else ["--system-site-packages"]  # which have the backend
        run([sys.executable, "-m", "venv", *seen, target], self.folder)
        python = os.path.join(target, "bin", "python")
        before = self.files(self.source), self.files(target)
        run(
            [python, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps"]
            + ["--no-index", "--disable-pip-version-check", "-e", self.project],
            self.folder,
            PYTHONPATH=self.tools,
            SKBUILD_CMAKE_BUILD_TYPE="Debug",
        )
        with open(os.path.join(self.project, "kaa", "added.py"), "w") as file:
            file.write("from kaa import load\nfour = load(None, 'int abs(int);').abs(-4)\n")
        said = run(
            [python, "-c", "import kaa.added as a, kaa; print(a.four, a.__file__, kaa.__file__)"],
            self.folder,
        ).split()
        kaa = os.path.join(os.path.realpath(self.project), "kaa")
        self.assertEqual(said[0], "4")
        self.assertEqual(os.path.dirname(os.path.realpath(said[1])), kaa)
        self.assertEqual(os.path.dirname(os.path.realpath(said[2])), kaa)
        os.unlink(os.path.join(self.project, "kaa", "added.py"))
        run([python, "-m", "kaa", "new", "sky"], self.folder)
        run([python, "-m", "pip", "uninstall", "-q", "-y", "kaa"], self.folder)
        self.assertEqual((self.files(self.source), self.files(target)), before)

    def files(self, folder: str) -> Set[str]:
        found = glob.glob(os.path.join(folder, "**"), recursive=True)
        return {one for one in found if "__pycache__" not in one}

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
