"""python -m kaa"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import unittest
from typing import NamedTuple

import support
from kaa.__main__ import main
from kaa._commands import NAMES


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def kaa(*arguments: str, text: str = "") -> Done:
    """What `python -m kaa` does, in this process: processes are slow to start."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(arguments))
    except SystemExit as error:
        code = int(error.code or 0)
    finally:
        sys.stdin = before
    return Done(code, out.getvalue(), err.getvalue())


class Main(unittest.TestCase):
    def test_version(self) -> None:
        done = kaa("--version")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^kaa \d+\.\d+\.\d+ \(.*libkaa")
        self.assertIn("with the bridge" if support.BRIDGE else "without", done.stdout)

    def test_every_command_has_help(self) -> None:
        for name in NAMES:
            done = kaa(name, "--help")
            self.assertEqual(done.returncode, 0, name)
            self.assertIn(name, kaa("--help").stdout)


class Decl(unittest.TestCase):
    def test_standard_input(self) -> None:
        done = kaa("decl", "-", text="double pow(double x,double y);\nenum e {A};")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("double pow(double x, double y);\n", done.stdout)
        self.assertIn("0 skipped", done.stderr)

    def test_file_with_an_error(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wrong.h")
            with open(path, "w") as file:
                file.write("int a(void);\nint b(what x);\nint c(void);\n")
            done = kaa("decl", path)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stdout, "")
            self.assertIn(f"{path}:2:", done.stderr)
            done = kaa("decl", path, "--tolerant")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("int a(void);", done.stdout)
            self.assertIn("int c(void);", done.stdout)
            self.assertIn("1 skipped", done.stderr)

    def test_no_file(self) -> None:
        done = kaa("decl", "/nonexistent.h")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr, "kaa: /nonexistent.h: No such file or directory\n"
        )


class Call(unittest.TestCase):
    def call(self, *arguments: str) -> str:
        done = kaa("call", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_results(self) -> None:
        power = "double pow(double x, double y);"
        self.assertEqual(self.call("libm.so.6", power, "2", "10"), "1024.0\n")
        self.assertEqual(self.call("-", "int abs(int)", "-5"), "5\n")
        length = "size_t strlen(const char *s)"
        self.assertEqual(self.call("-", length, "some text"), "9\n")
        self.assertEqual(self.call("-", length, "'1234'"), "4\n")
        get = "char *getenv(const char *); const char *strerror(int n)"
        self.assertEqual(self.call("-", get, "2"), "No such file or directory\n")
        self.assertEqual(self.call("-", "void srand(unsigned)", "1"), "")

    def test_failures(self) -> None:
        for arguments, said in (
            (("libm.so.6", "double pow(double x, what y)"), "DECL:1:"),
            (("libm.so.6", "double pow(double x, double y)", "2"), "1 given"),
            (("libm.so.6", "double pow(double x, double y)", "a", "b"), "argument 1"),
            (("libm.so.6", "double poww(double x)", "2"), "poww"),
            (("libnone.so", "int f(void)"), "libnone.so"),
            (("-", "struct s;"), "declares no function"),
            (("--errno", "-", "int close(int fd)", "-1"), "Bad file descriptor"),
        ):
            done = kaa("call", *arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertTrue(done.stderr.startswith("kaa: "), done.stderr)
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


class Usage(unittest.TestCase):
    def test_as_a_program(self) -> None:
        done = support.run_python("-m", "kaa", "decl", "-", text="int f(void);")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "int f(void);\n")
        done = support.run_python("-m", "kaa", "decl", "-", text="int f(")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("kaa: <stdin>:1:"), done.stderr)

    def test_usage(self) -> None:
        self.assertEqual(kaa().returncode, 2)
        self.assertIn("COMMAND", kaa().stderr)
        self.assertEqual(kaa("call").returncode, 2)
        self.assertEqual(kaa("nothing").returncode, 2)
        done = kaa("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("print what is understood of a header", done.stdout)


if __name__ == "__main__":
    unittest.main()
