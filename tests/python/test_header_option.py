"""kaa.load(library, header=...): headers of our own, and the system's."""

from __future__ import annotations

import os
import pickle
import tempfile
import time
import unittest
from typing import Any, Dict

import kaa

HEADER = """
#ifndef SAMPLE_H
#define SAMPLE_H
#include <stddef.h>
#include <stdlib.h>
#include "parts.h"
#define SAMPLE_NUMBER (SAMPLE_BASE + 1)
#define SAMPLE_NAME "sample" "-1"
#ifdef SAMPLE_WITH_ATOF
extern double atof(const char *text);
#endif
struct sample { size_t length; part_id id; };
int abs(int value);
int not_in_the_library(int);
extern __declspec(nothing) int [[ badly;
#endif
"""
PARTS = "typedef unsigned short part_id;\n#define SAMPLE_BASE 41\n"


class OwnHeaders(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kaa-headers-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("sample.h", HEADER)
        self.write("parts.h", PARTS)

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def load(self, *arguments: Any, **options: Any) -> kaa.Library:
        options.setdefault("header", "sample.h")
        return kaa.load(None, *arguments, include_dirs=[self.folder], **options)

    def test_what_it_declares_is_there(self) -> None:
        c = self.load()
        self.assertEqual(c.abs(-3), 3)
        self.assertEqual(c.SAMPLE_NUMBER, 42)
        self.assertEqual(c.SAMPLE_NAME, "sample-1")
        self.assertEqual(c.sample(5, 6).id, 6)
        self.assertIn("SAMPLE_BASE", dir(c))  # beside it, included with quotes
        self.assertNotIn("labs", dir(c))

    def test_what_else_it_includes_is_reached_but_not_listed(self) -> None:
        c = self.load()
        self.assertEqual(c.labs(-7), 7)
        self.assertEqual(c.EXIT_FAILURE, 1)
        self.assertIn("part_id", dir(c))

    def test_only(self) -> None:
        c = self.load(only="SAMPLE_*")
        self.assertEqual(
            [n for n in dir(c) if not n.startswith("_")],
            ["SAMPLE_BASE", "SAMPLE_NAME", "SAMPLE_NUMBER"],
        )
        with self.assertRaisesRegex(AttributeError, "abs is left out by only=.*sample.h:13"):
            c.abs
        self.assertIn("part_id", dir(self.load(only=["sample"])))  # it needs it
        self.assertIn("labs", dir(self.load(only="*")))

    def test_skipped(self) -> None:
        c = self.load()
        said: Dict[str, Any] = {one.name: one for one in c.skipped}
        self.assertIn("has no such symbol", said["not_in_the_library"].reason)
        self.assertEqual(said["not_in_the_library"].line, 14)
        self.assertTrue(said["not_in_the_library"].file.endswith("sample.h"))
        self.assertEqual([s.line for s in c.skipped if "symbol" not in s.reason], [15])
        with self.assertRaisesRegex(AttributeError, "not_in_the_library"):
            c.not_in_the_library
        with self.assertRaises(kaa.SymbolError) as caught:
            self.load(missing="error")
        self.assertEqual(caught.exception.missing, ["not_in_the_library"])

    def test_defines(self) -> None:
        with self.assertRaises(AttributeError):
            self.load(header="#define x 1\nint abs(int);\n").atof
        c = self.load(only="*", defines={"SAMPLE_WITH_ATOF": None})
        self.assertEqual(c.atof("1.5"), 1.5)
        self.assertEqual(self.load("#if N > 3\nint n = N;\n#endif", defines=["N=4"]).skipped[-1].name, "n")
        self.assertEqual(self.load(header="#ifdef __linux__\n#define A 1\n#else\n#define A 2\n#endif\n", undefines=["__linux__"]).A, 2)

    def test_overlay(self) -> None:
        c = self.load("[[kaa::hold_gil]] int abs(int number);\nlong labs(int);")
        self.assertIn("hold_gil", c.abs.__doc__)
        self.assertEqual(c.labs(-7), 7)
        self.assertIn("labs(int)", c.labs.__doc__)
        with self.assertRaises(kaa.DeclarationError) as caught:
            self.load("int abs(int;\n")
        self.assertEqual(caught.exception.line, 1)
        self.assertIn("int abs(int;", str(caught.exception))

    def test_errors_say_where(self) -> None:
        for name, text, said in (
            ("broken.h", "\n#if 1\n", "broken.h:2: this condition has no #endif"),
            ("error.h", "#error not this way\n", "error.h:1: #error not this way"),
            ("more.h", '\n\n#include "none.h"\n', "more.h:3: no header has the name"),
        ):
            self.write(name, text)
            with self.assertRaisesRegex(kaa.DeclarationError, said):
                self.load(header=name)
        with self.assertRaisesRegex(kaa.DeclarationError, "none.h.*in " + self.folder):
            self.load(header="none.h")

    def test_paths_and_texts(self) -> None:
        import pathlib

        path = os.path.join(self.folder, "sample.h")
        for header in (path, pathlib.Path(path), [path, "stdio.h"]):
            self.assertEqual(kaa.load(None, header=header).SAMPLE_NUMBER, 42)
        text = "#if 1\nint abs(int);\n#else\nlong abs(int);\n#endif\n"
        self.assertIn("int abs(int)", kaa.load(None, header=text).abs.__doc__)
        with self.assertRaises(FileNotFoundError):
            kaa.load(None, header="./none.h")

    def test_wrong_options(self) -> None:
        for options in (
            {"header": 3},
            {"header": "sample.h", "defines": "N"},
            {"header": "sample.h", "undefines": "N"},
            {"header": "sample.h", "defines": {"N": 1.5}},
            {"header": "sample.h", "only": [3]},
        ):
            with self.assertRaises(TypeError):
                kaa.load(None, **options)
        for options in (
            {"only": "x"},
            {"header": []},
            {"header": ""},
            {"header": "sample.h", "defines": ["N\n"]},
            {"header": "sample.h", "package": "no such package"},
        ):
            with self.assertRaises(ValueError):
                kaa.load(None, **options)

    def test_it_is_read_again_when_it_changes(self) -> None:
        first, second = self.load(), self.load()
        self.assertIs(first._declarations, second._declarations)
        time.sleep(0.01)
        self.write("parts.h", PARTS.replace("41", "99"))
        self.assertEqual(self.load().SAMPLE_NUMBER, 100)
        self.assertEqual(first.SAMPLE_NUMBER, 42)

    def test_pickle(self) -> None:
        c = self.load()
        self.assertIs(pickle.loads(pickle.dumps(c)), c)
        self.assertEqual(pickle.loads(pickle.dumps(c.abs))(-1), 1)


def has(header: str) -> bool:
    try:
        kaa.load(None, header=header)
    except kaa.Error:
        return False
    return True


class RealHeaders(unittest.TestCase):
    @unittest.skipUnless(has("stdint.h"), "no headers of the C library")
    def test_c_library(self) -> None:
        c = kaa.load(None, header=["stdint.h", "errno.h", "limits.h", "string.h"])
        self.assertEqual(c.INT64_MAX, 2**63 - 1)
        self.assertEqual(c.UINT64_MAX, 2**64 - 1)
        self.assertEqual(c.INT8_MIN, -128)
        self.assertEqual(c.ENOENT, 2)
        self.assertEqual(c.CHAR_BIT, 8)
        self.assertEqual(c.strlen("four"), 4)

    @unittest.skipUnless(has("sqlite3.h"), "no sqlite3.h")
    def test_sqlite(self) -> None:
        s = kaa.load("libsqlite3.so.0", header="sqlite3.h", only="sqlite3_*")
        self.assertEqual(s.sqlite3_libversion_number() // 1000000, 3)
        self.assertIn("sqlite3_open", dir(s))
        self.assertNotIn("SQLITE_OK", dir(s))
        self.assertNotIn("sqlite3_win32_set_directory", dir(s))

    @unittest.skipUnless(has("zlib.h"), "no zlib.h")
    def test_zlib(self) -> None:
        z = kaa.load("libz.so.1", header="zlib.h")
        self.assertEqual(z.compressBound(1000), 1013)
        self.assertEqual(z.Z_BEST_COMPRESSION, 9)
        self.assertEqual(z.zlibVersion(), z.ZLIB_VERSION)


if __name__ == "__main__":
    unittest.main()
