"""python -m kaa new and stub: the project builds, passes its test and makes a
wheel for every Python; the stubs are Python."""
import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

from kaa import _new, _stub
from kaa._modules import import_module

import support
import test_package

CXX = shutil.which("g++") or shutil.which("clang++")


def run(*command, folder, env=None):
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}")
    return done.stdout


@unittest.skipIf(shutil.which("cmake") is None, "no CMake")
class Project(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = os.path.join(temporary.name, "sky")

    def test_it_builds_and_passes(self):
        self.check_build()

    @unittest.skipUnless(CXX, "no C++ compiler")
    def test_it_builds_in_cxx(self):
        self.check_build("--cxx")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "src", "sky.cc")))

    def check_build(self, *options):
        new = [sys.executable, "-m", "kaa", "new", "sky", *options]
        run(*new, "--folder", self.folder, folder=".")
        run(
            "cmake",
            *("-S", ".", "-B", "build", f"-DPython3_EXECUTABLE={sys.executable}"),
            *([f"-DCMAKE_CXX_COMPILER={CXX}"] if "--cxx" in options else
              [f"-DCMAKE_C_COMPILER={support.COMPILER}"]),
            folder=self.folder,
        )
        run("cmake", "--build", "build", folder=self.folder)
        run("ctest", "--test-dir", "build", "--output-on-failure", folder=self.folder)
        self.check_stub()

    def check_stub(self):
        module = import_module(os.path.join(self.folder, "sky", "_sky.kaa.so"))
        text = _stub.of_module(module)
        ast.parse(text)
        self.assertIn("def greet(name, times=1)", text)
        self.assertIn("def hypot3(x: float, y: float, z: float) -> float:", text)

    def wheel_of(self, *options):
        """The names in the wheel that pip makes of a new project, and its path."""
        folder = os.path.dirname(self.folder)
        tools = test_package.build_tools(os.path.join(folder, "tools"))
        path = os.pathsep.join([tools, *sys.path])
        new = [sys.executable, "-m", "kaa", "new", "sky", *options]
        run(*new, "--folder", self.folder, folder=".")
        before = sorted(os.listdir(self.folder))
        run(
            *(sys.executable, "-m", "pip", "wheel", "--no-build-isolation"),
            *("--no-deps", "--no-index", "-w", folder, self.folder),
            folder=folder,
            env={**support.clean_environment(), "PYTHONPATH": path},
        )
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        (name,) = (one for one in os.listdir(folder) if one.endswith(".whl"))
        self.assertRegex(name, r"^sky-0\.1\.0-py3-none-linux_\w+\.whl$")
        with zipfile.ZipFile(os.path.join(folder, name)) as file:
            return file.namelist(), os.path.join(folder, name)

    @unittest.skipUnless(importlib.util.find_spec("pip"), "needs pip")
    def test_wheel(self):
        names, wheel = self.wheel_of()
        self.assertIn("sky/_sky.kaa.so", names)
        self.assertIn("sky/__init__.py", names)
        self.assertFalse([one for one in names if "_vendor" in one])
        self.check_use(wheel)

    @unittest.skipUnless(importlib.util.find_spec("pip"), "needs pip")
    def test_wheel_that_brings_kaa(self):
        names, wheel = self.wheel_of("--vendor")
        self.assertIn("sky/_vendor/kaa/importer.py", names)
        self.check_use(wheel, PYTHONPATH="")

    def check_use(self, wheel, **environment):
        """The package works with a wheel's files on sys.path."""
        place = os.path.join(os.path.dirname(wheel), "installed")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(place)
        program = (
            f"import sys; sys.path.insert(0, {place!r}); import sky, kaa;"
            "print(sky.greet('kaa'), sky.hypot3(2, 3, 6), kaa.__file__)"
        )
        said = run(
            *(sys.executable, "-c", program),
            folder=place,
            env={**os.environ, **environment},
        )
        self.assertTrue(said.startswith("Hello, kaa 7.0"), said)
        self.assertEqual("_vendor" in said, bool(environment), said)

    def test_names(self):
        for wrong in ("", "a-b", "1a", "class", "h\u00e9", "a.b"):
            with self.assertRaises(ValueError):
                _new.check_name(wrong)
        with self.assertRaises(OSError):
            _new.write_project("sky", os.path.dirname(self.folder))


class Stubs(unittest.TestCase):
    def test_declarations(self):
        text = _stub.of_declarations(
            b"#define N 5\nenum color { RED, GREEN = 7 };\n"
            b"struct point { int x; double y; struct point *next; };\n"
            b"typedef struct point point_t;\n"
            b"double pow(double x, double);\n"
            b"const char *name(struct point from, [[kaa::out]] int *n);\n"
            b"size_t sum(const int *v [[kaa::length(n)]], size_t n);\n"
            b"int printf(const char *format, ...);\nextern int errors;\n"
        )
        ast.parse(text)
        for line in (
            "N: int",
            "class color(enum.IntEnum):\n    RED = 0\n    GREEN = 7",
            "class point(ctypes.Structure):\n    x: int\n    y: float\n    next: Any",
            "point_t = point",
            "def pow(x: float, _2: float) -> float: ...",
            "def name(from_: point) -> Tuple[Optional[str], int]: ...",
            "def sum(v: Any, n: int = ...) -> int: ...",
            "def printf(format: _Text, *more: Any) -> int: ...",
            "errors: Any",
        ):
            self.assertIn(line, text)

    def test_a_module(self):
        module = import_module(os.environ["KAA_TEST_EXAMPLEMODULE"])
        text = _stub.of_module(module)
        ast.parse(text)
        for line in (
            '"""An example of a module',
            "def example_func(text) -> Any:",
            "def repeat(item, count=2) -> Any:",
            "def hypot3(x: float, y: float, z: float) -> float:",
            "class Error(Exception):",
            "answer: int",
            "half: float",
        ):
            self.assertIn(line, text)


if __name__ == "__main__":
    unittest.main()
