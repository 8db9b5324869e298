"""python -m kaa new and stub: the project builds, passes its test and makes a
wheel for every Python; the stubs are Python."""
import ast
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


def run(*command, folder):
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
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
        new = [sys.executable, "-m", "kaa", "new", "sky"]
        run(*new, "--folder", self.folder, folder=".")
        run(
            "cmake",
            *("-S", ".", "-B", "build", f"-DPython3_EXECUTABLE={sys.executable}"),
            f"-DCMAKE_C_COMPILER={support.COMPILER}",
            folder=self.folder,
        )
        run("cmake", "--build", "build", folder=self.folder)
        run("ctest", "--test-dir", "build", "--output-on-failure", folder=self.folder)
        self.check_stub()
        self.check_wheel()

    def check_stub(self):
        module = import_module(os.path.join(self.folder, "sky", "_sky.kaa.so"))
        text = _stub.of_module(module)
        ast.parse(text)
        self.assertIn("def greet(name, times=1)", text)
        self.assertIn("def hypot3(x: float, y: float, z: float) -> float:", text)

    def check_wheel(self):
        try:
            import setuptools  # noqa: F401
            import wheel  # noqa: F401
        except ImportError:
            return
        run(sys.executable, "setup.py", "-q", "bdist_wheel", folder=self.folder)
        (name,) = os.listdir(os.path.join(self.folder, "dist"))
        self.assertRegex(name, r"^sky-0\.1\.0-py3-none-linux_\w+\.whl$")
        with zipfile.ZipFile(os.path.join(self.folder, "dist", name)) as file:
            self.assertIn("sky/_sky.kaa.so", file.namelist())
            self.assertIn("sky/__init__.py", file.namelist())

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
            "def printf(format: Any, *more: Any) -> int: ...",
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
