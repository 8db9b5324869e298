"""python -m kaa bind, verify, decl --header."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest
from typing import Any

import kaa
import support
from kaa import bound
from kaa._headers import bind as _bind

HEADER = """
#include <stdint.h>
#include <stdlib.h>
struct later;
typedef struct pair pair_t;
typedef int (*combine)(const pair_t *, struct later *);
struct pair { int x; uint8_t y[3]; };
struct outer { pair_t *first; struct pair part; combine f; };
enum color { RED, GREEN = 7 };
enum { ALONE = 3 };
#define BITS ((uint16_t)0x8000)
#define NAME "bound"
#define HALF 0.5
#define TWICE(n) ((n) * 2)
#define LENGTH(s) plus(labs(s), 1)
#define LINE_HERE __LINE__
#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define SHADE(name) GLUE(GRE, name)
#define WORD(x) #x " of " NAME
#define FIRST(...) first_(__VA_ARGS__, 0)
#define first_(a, rest...) (a)
static inline long plus(long a, long b) { return a + b; }
int abs(int);
char *getenv(const char *name);
int not_there(int);
"""


class Bind(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kaa-bind-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.header = os.path.join(self.folder, "bound.h")
        with open(self.header, "w") as file:
            file.write(HEADER)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "kaa", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def bind(self) -> Any:
        path = os.path.join(self.folder, "made.py")
        done = self.command("bind", self.header, "-o", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        os.rename(self.header, self.header + ".away")
        spec = importlib.util.spec_from_file_location("made", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def test_the_module_needs_no_header(self) -> None:
        m = self.bind()
        self.assertEqual(m.abs(-3), 3)
        self.assertEqual((m.RED, m.color.GREEN, m.ALONE), (0, 7, 3))
        self.assertEqual((m.BITS, m.NAME, m.HALF), (0x8000, "bound", 0.5))
        self.assertEqual((m.TWICE(4), m.plus(1, 2), m.LENGTH(-9)), (8, 3, 10))
        self.assertEqual((m.SHADE("EN"), m.WORD("x"), m.FIRST(8, 9)), (7, "x of bound", 8))
        self.assertEqual(m.pair(1).x, 1)
        self.assertEqual(m.outer(None, m.pair(5)).part.x, 5)
        self.assertEqual(m._library.skipped, [])
        self.assertNotIn("not_there", m.DECLARATIONS)
        self.assertIn("abs", dir(m))
        with self.assertRaises(AttributeError):
            m.not_there

    def test_another_platform(self) -> None:
        with self.assertRaisesRegex(ImportError, "made on plan9/vax/36"):
            bound.load(None, "int abs(int);\n", ("plan9", "vax", 36))

    def test_stub(self) -> None:
        self.bind()
        with open(os.path.join(self.folder, "made.pyi")) as file:
            stub = file.read()
        self.assertIn("def abs(", stub)
        self.assertIn("def getenv(__name: _Text) -> ", stub)
        self.assertIn("def TWICE(_n: Any) -> Any: ...", stub)
        self.assertIn("def FIRST(*_arguments: Any) -> Any: ...", stub)
        compile(stub, "made.pyi", "exec")
        use = os.path.join(self.folder, "use.py")
        with open(use, "w") as file:
            file.write("import made\nmade.getenv('a')\nmade.getenv(3)\n")
        done = support.mypy(self.folder, use)
        self.assertEqual(done.stdout.count("error"), 2, done.stdout)  # and a summary
        self.assertIn("use.py:3", done.stdout)

    @unittest.skipIf(support.COMPILER is None, "no C compiler")
    def test_verify(self) -> None:
        done = self.command("verify", self.header)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\d+ facts, 0 of them wrong")

    @unittest.skipIf(support.COMPILER is None, "no C compiler")
    def test_verify_notices(self) -> None:
        library = kaa.load(None, header=self.header)
        facts = list(_bind._assertions(library))
        wrong = [("sizeof(int) == 1", '_Static_assert(sizeof(int) == 1, "");')]
        original = _bind._assertions
        try:
            _bind._assertions = lambda _: iter(facts + wrong)  # type: ignore[assignment]
            count, denied = _bind.verify(
                library, [self.header], library._options.header, str(support.COMPILER)
            )
        finally:
            _bind._assertions = original
        self.assertEqual(count, len(facts) + 1)
        self.assertEqual(denied, ["sizeof(int) == 1"])

    def test_decl(self) -> None:
        done = self.command("decl", "--header", self.header)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("int abs(int", done.stdout)
        self.assertIn("skipped: LINE_HERE", done.stdout)
        self.assertIn("bound.h:16", done.stdout)
        self.assertRegex(done.stderr, r"\d+ functions.*; 1 skipped")

    def test_errors(self) -> None:
        for command in ("bind", "verify"):
            done = self.command(command, "no-such-header.h")
            self.assertEqual(done.returncode, 1)
            self.assertIn("no header has the name", done.stderr)
            self.assertNotIn("Traceback", done.stderr)


# Header, package, library, and a use of it: lines that end in "# wrong" are those
# that a type checker has to refuse.
REAL = [
    ("zlib.h", None, "libz.so.1", """
z.compressBound(1000)
z.crc32(0, None, 0) + z.Z_BEST_COMPRESSION
z.compressBound("a lot")  # wrong
z.compressBound()  # wrong
z.no_such_function()  # wrong
"""),
    ("sqlite3.h", None, "libsqlite3.so.0", """
z.sqlite3_libversion_number() // 1000
z.sqlite3_sleep(0)
z.sqlite3_open(3, None)  # wrong
z.sqlite3_sleep("long")  # wrong
"""),
    ("curl/curl.h", None, "libcurl.so.4", """
z.curl_easy_strerror(z.CURLE_OK)
z.curl_easy_escape(None, 5, 5)  # wrong
"""),
    ("png.h", None, "libpng16.so.16", """
z.png_access_version_number() + z.PNG_LIBPNG_VER
z.png_sig_cmp(None, "0", 8)  # wrong
"""),
    ("uv.h", None, "libuv.so.1", """
z.uv_strerror(z.UV_EOF)
z.uv_strerror("EOF")  # wrong
"""),
    ("git2.h", None, "libgit2.so.1.5", """
z.git_libgit2_features() & z.GIT_FEATURE_HTTPS
z.git_libgit2_features(1)  # wrong
"""),
    ("sodium.h", None, "libsodium.so.23", """
z.sodium_version_string()
z.randombytes_uniform(None)  # wrong
"""),
    ("glib.h", "glib-2.0", "libglib-2.0.so.0", """
z.g_ascii_strtoull("12", None, 10)
z.g_ascii_strtoull("12")  # wrong
"""),
]  # fmt: skip


class RealLibraries(unittest.TestCase):
    """Modules bound to installed libraries: imported, and read by mypy --strict."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kaa-bound-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.made = []
        for header, package, library, use in REAL:
            name = "bound_" + os.path.basename(header)[:-2]
            command = ["bind", header, "--library", library, "-o", name + ".py"]
            command += ["--package", package] if package else []
            done = subprocess.run(
                [sys.executable, "-m", "kaa", *command],
                stderr=subprocess.PIPE, text=True, cwd=cls.folder,
            )  # fmt: skip
            if done.returncode == 0:
                cls.made.append((name, use))
            elif "no header has" not in done.stderr and "package" not in done.stderr:
                cls.made.append((name, done.stderr))  # fails below

    def setUp(self) -> None:
        if not self.made:
            self.skipTest("none of the headers is installed")

    def test_they_can_be_used_without_the_header(self) -> None:
        for name, use in self.made:
            lines = [one for one in use.splitlines() if "# wrong" not in one]
            program = f"import {name} as z\n" + "\n".join(lines)
            done = support.run_python("-c", program, PYTHONPATH=self._path())
            if "LibraryError" not in done.stderr:  # the header alone is installed
                self.assertEqual(done.returncode, 0, f"{name}: {done.stderr}")

    def _path(self) -> str:
        return os.pathsep.join([self.folder, os.environ.get("PYTHONPATH", "")])

    def test_mypy_accepts_them_and_refuses_what_is_wrong(self) -> None:
        files = [name + ".pyi" for name, _ in self.made]
        wrong = {}
        for name, use in self.made:
            text = f"import {name} as z\n{use}"
            wrong["use_" + name + ".py"] = {
                number for number, line in enumerate(text.splitlines(), 1) if "# wrong" in line
            }
            with open(os.path.join(self.folder, "use_" + name + ".py"), "w") as file:
                file.write(text)
        done = support.mypy(self.folder, *files, *wrong)
        found: Any = {name: set() for name in wrong}
        for file_name, line in re.findall(r"^([\w.]+):(\d+): error", done.stdout, re.M):
            found.setdefault(file_name, set()).add(int(line))
        self.assertEqual(found, wrong, done.stdout)


if __name__ == "__main__":
    unittest.main()
