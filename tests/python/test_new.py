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

import kaa
import support
import test_package
from kaa._headers import stub as _stub
from kaa._modules import new as _new
from kaa._modules.loader import import_module

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
        tools = os.path.join(os.path.dirname(self.folder), "tools")
        env = {**os.environ, "PATH": support.path_without_make(tools)}
        run(
            "cmake",
            *("-S", ".", "-B", "build", f"-DPython3_EXECUTABLE={sys.executable}"),
            *([f"-DCMAKE_CXX_COMPILER={CXX}"] if "--cxx" in options else
              [f"-DCMAKE_C_COMPILER={support.COMPILER}"]),
            folder=self.folder,
            env=env,
        )
        run("cmake", "--build", "build", folder=self.folder, env=env)
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
            "class point(kaa.Record):\n    x: int\n    y: float\n    @property\n"
            "    def next(self) -> _point_pointer: ...\n    @next.setter\n"
            "    def next(self, value: Any) -> None: ...\n"
            "    def __init__(self, x: int = ..., y: float = ..., next: Any = ...)"
            " -> None: ...",
            "class _point_pointer(_Pointer[point]):\n    x: int\n",
            "point_t = point",
            "def pow(x: float, _2: float) -> float: ...",
            "def name(from_: point) -> Tuple[Optional[str], int]: ...",
            "def sum(v: Any, n: int = ...) -> int: ...",
            "def printf(format: _Text, *more: Any) -> int: ...",
            "errors: int",
        ):
            self.assertIn(line, text)

    TYPED = b"""
        enum level { LOW, HIGH = 9 };
        typedef struct { double x, y; } point;
        struct node { struct node *next; const char *name; enum level level;
            point at; char label[8]; int (*report)(const char *text, int n);
            union { int whole; float part; }; unsigned bits : 3; };
        struct db; typedef struct db db_t; typedef struct node *node_p;
        typedef int row[4];
        [[kaa::free(db_close)]] db_t *db_open(const char *name); void db_close(db_t *db);
        int db_first(db_t *db, struct node **out [[kaa::out]] [[kaa::borrow(db)]]);
        [[kaa::free(free)]] char *db_text(db_t *db);
        double point_length(point p); point point_turned(const point *p);
        void db_each(db_t *db, int (*f)(struct node *n, void *user), void *user);
        extern node_p db_last; extern row db_row; int stat(const char *); struct stat { int mode; };
        typedef struct stat stat_t; struct stat *db_stat(void);
        """
    USE = """
from typing import Optional
import made

p = made.point(1, y=2.5)
p.x = 3
length: float = made.point_length(p)
db = made.db_open("name")
if db is not None:
    code, node = made.db_first(db)
    level: made.level = node.level
    node.level = made.HIGH if hasattr(made, "HIGH") else made.level.HIGH
    name: Optional[str] = node.next.name
    node.name = b"bytes"
    node.report = lambda text, n: n + len(text or "")
    node.whole, node.part, node.bits = 1, 2.0, 3
    label: bytes = node.label[0]
    at: made.point = node.at
    nodes: int = sum(one.whole for one in node[0:2])
    text: Optional[str] = made.db_text(db)
    made.db_each(db, lambda n, user: n.whole, None)
    made.db_close(db)
x: int = made.db_last.whole + made.db_row[2]
mode: int = made.db_stat().mode
"""
    WRONG = """
import made
made.point(1, z=2)
made.point("x")
made.point_length(5)
made.db_close("name")
made.db_last.nothing
made.db_open(5)
"""

    def test_checked_by_mypy(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (
                ("made.pyi", _stub.of_declarations(self.TYPED)),
                ("use.py", self.USE),
                ("wrong.py", self.WRONG),
            ):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            done = support.mypy(folder, "made.pyi", "use.py", "wrong.py")
        lines = [one for one in done.stdout.splitlines() if "error:" in one]
        self.assertEqual({one.partition(":")[0] for one in lines}, {"wrong.py"}, lines)
        told = {int(one.split(":")[1]) for one in lines}
        self.assertEqual(told, set(range(3, 9)), done.stdout)

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
