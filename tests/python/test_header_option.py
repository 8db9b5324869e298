"""kaa.load(library, header=...): headers of our own, and the system's."""

from __future__ import annotations

import ctypes
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from typing import Any, Dict

import kaa
import support

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

    def test_a_header_that_is_not_found_is_looked_for(self) -> None:
        os.mkdir(os.path.join(self.folder, "deeper-1.0"))
        self.write("deeper-1.0/hidden-one.h", "#define HIDDEN 1\n")
        deeper = os.path.join(self.folder, "deeper-1.0")
        with self.assertRaisesRegex(kaa.DeclarationError, f"; {deeper} has one: include_dirs="):
            self.load(header="hidden-one.h")
        with self.assertRaisesRegex(kaa.DeclarationError, "did you mean sample.h"):
            self.load(header="smaple.h")
        with self.assertRaisesRegex(IsADirectoryError, "a folder, not a header"):
            self.load(header=self.folder)

    def test_macros_that_are_none(self) -> None:
        for one in ("1x=2", "A B", "", "=3", "a-b"):
            with self.assertRaisesRegex(ValueError, "NAME or NAME=value expected"):
                self.load(defines=[one])
        with self.assertRaises(ValueError):
            self.load(defines={"no name": 1})
        self.assertEqual(self.load(defines=["SQUARE(x)=((x) * (x))"]).abs(-3), 3)

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


MACROS = """
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define BIT(n) (1u << (n))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CALL(x) labs(-(x))
#define KIND(x) _Generic((x), int: "int", double: "double", default: "other")
#define WHICH(x) _Generic((x), default: 1 / 0, int: 2, float _Complex: 3, double: no_name((1, 2)), long: 4)
#define DRAWN(seed) _Generic(rand_r(seed), double: none, int: 7)
#define PASTE(a) a##1
#define TEXT(a) #a
#define NAMED(a) TEXT(a)
#define PREFIXED(n, v) (pre_##n + (v))
#define FORMAT(buffer, size, ...) snprintf(buffer, size, __VA_ARGS__)
#define COUNT(a, ...) (a __VA_OPT__(+ 10))
#define MEMBER(p, name) ((p)->name##_of)
#define DEFINE(name) struct name##_s { int a; }
#define LOOP(name, ...) do { name(__VA_ARGS__); } while (0)
#define pre_one 100
struct part { int x_of; };
#define SET(x) errno = x
#define SIZE(n) ((n) * sizeof(struct pair))
#define FIRST(p) ((p)->x + 1)
#define BYTE(x) ((uint8_t)(x))
#define BOTH(x) twice(x) + BIT(1)
#define NOTHING() 7
#define SWAPPED(x) __builtin_bswap32(x)
#define BITS(x) __builtin_popcountll(x)
#define NEGATIVE(x) __builtin_signbit(x)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM(a) sizeof(a)
#define CALLED(x) sizeof(labs(x))
#define JOINED(s) strlen("<" s ">")
#define ALLOCATE(n) place(n, __FILE__, __LINE__, __func__)
#define PLACE_OF(n) __FILE__
#define TWICE_TOO twice
#define FIRST_TOO FIRST
#define BRACES {1, 2}
#define VERSION 2.1.5
static inline int place(int n, const char *file, int line, const char *function) { return n * line; }
#define ABSOLUTE abs
#define PAIR struct pair
#define LIST 1, 2
struct pair { int x; short y; };
typedef void (*destructor)(void *);
#define TRANSIENT ((destructor)-1)
static inline unsigned twice(unsigned n) { return n * 2; }
static inline int more(int n) { n++; return n; }
"""


class Macros(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.c = kaa.load(None, header=MACROS)

    def test_expressions_over_parameters(self) -> None:
        c = self.c
        self.assertEqual(c.BIT(3), 8)
        self.assertEqual(c.BIT(31), 2**31)  # unsigned
        self.assertEqual(c.MAX(2, 3.5), 3.5)
        self.assertEqual(c.CALL(5), 5)
        self.assertEqual([c.KIND(1), c.KIND(1.5), c.KIND(2**40)], ["int", "double", "other"])
        self.assertEqual([c.WHICH(1), c.WHICH(2**40)], [2, 4])
        with self.assertRaisesRegex(TypeError, "_Generic chooses.*no_name"):
            c.WHICH(1.5)
        with self.assertRaises(ZeroDivisionError):
            c.WHICH(None)
        seed = kaa.new("unsigned", 1)
        self.assertEqual(c.DRAWN(seed), 7)  # neither _Generic nor sizeof calls
        self.assertEqual(seed[0], 1)
        c.rand_r(seed)
        self.assertNotEqual(seed[0], 1)
        self.assertEqual([c.SIZE(3), c.CALLED("no number")], [24, 8])
        self.assertEqual(c.BYTE(300), 44)
        self.assertEqual(c.BOTH(4), 10)
        self.assertEqual(c.NOTHING(), 7)
        self.assertEqual(c.FIRST(c.pair(4, 5)), 5)
        self.assertEqual(c.MAX(b=1, a=0), 1)

    def test_functions_of_the_header(self) -> None:
        self.assertEqual(self.c.twice(2**31), 0)
        with self.assertRaisesRegex(OverflowError, "twice.. argument 1 .n.: -1"):
            self.c.twice(-1)
        with self.assertRaisesRegex(TypeError, "a number expected, not str"):
            self.c.twice("1")

    def test_other_names(self) -> None:
        self.assertEqual(self.c.ABSOLUTE(-4), 4)
        self.assertIs(self.c.PAIR, self.c.pair)
        self.assertTrue(callable(self.c.TRANSIENT))
        self.assertEqual(self.c.TRANSIENT.address, 2**64 - 1)
        self.assertEqual(self.c.errno, self.c.errno + 0)  # evaluated each time

    def test_what_is_no_expression(self) -> None:
        said = {one.name: one.reason for one in self.c.skipped}
        self.assertIn("more than one return", said["more"])
        self.assertIn("assigns", said["SET"])
        self.assertIn("statement", said["DEFINE"])
        self.assertIn("statement", said["LOOP"])
        self.assertIn("LIST", said)
        self.assertIn("braces", said["BRACES"])
        self.assertIn("no floating number", said["VERSION"])
        for name in ("more", "SET", "DEFINE", "LOOP", "LIST"):
            with self.assertRaisesRegex(AttributeError, name):
                getattr(self.c, name)
            self.assertNotIn(name, dir(self.c))

    def test_what_the_compiler_knows(self) -> None:
        c = self.c
        self.assertEqual([c.SWAPPED(1), c.BITS(2**63 + 1)], [1 << 24, 2])
        self.assertEqual([c.NEGATIVE(-0.0), c.NEGATIVE(1)], [1, 0])
        self.assertEqual(c.COUNT_OF(kaa.new("int[7]")), 7)
        self.assertEqual([c.ROOM("four"), c.ROOM(1), c.ROOM(2**40), c.ROOM(1.5)], [5, 4, 8, 8])
        self.assertEqual(c.ROOM(c.pair(1, 2)), 8)
        self.assertEqual(c.JOINED("x"), 3)
        self.assertRaisesRegex(TypeError, "text expected", c.JOINED, 3)
        self.assertRaises(TypeError, c.ROOM, object())

    def test_where_a_call_stands(self) -> None:
        here = sys._getframe().f_lineno
        self.assertEqual(self.c.ALLOCATE(2), 2 * (here + 1))
        self.assertEqual(self.c.PLACE_OF(2), __file__)

    def test_another_name_of_a_macro(self) -> None:
        self.assertEqual(self.c.FIRST_TOO(self.c.pair(4, 5)), 5)
        self.assertEqual(self.c.TWICE_TOO(4), 8)

    def test_a_declaration_counts_more_than_a_macro_of_its_name(self) -> None:
        self.assertTrue(self.c.stdout)  # `#define stdout stdout`
        self.assertNotIn("stdout", [one.name for one in self.c.skipped])

    def test_pasted_parameters(self) -> None:
        c = self.c
        self.assertEqual([c.PASTE(4), c.PASTE("2"), c.PASTE(4)], [41, 21, 41])
        self.assertEqual([c.TEXT("a + b"), c.TEXT(5), c.TEXT('"q"')], ["a + b", "5", '"q"'])
        self.assertEqual(c.NAMED("SIZE"), "SIZE")
        self.assertEqual(c.PREFIXED("one", 5), 105)
        self.assertEqual(c.MEMBER(c.part(7), "x"), 7)
        self.assertEqual([c.INT64_C(-5), c.UINT64_C(2**63)], [-5, 2**63])
        for name in ("PASTE", "TEXT", "PREFIXED", "COUNT"):
            self.assertIn(name, dir(c))
            self.assertNotIn(name, [one.name for one in c.skipped])

    def test_any_number_of_arguments(self) -> None:
        c = self.c
        buffer = kaa.new("char[40]")
        self.assertEqual(c.FORMAT(buffer, 40, "%d-%s", 7, "x"), 3)
        self.assertEqual(kaa.text(buffer), "7-x")
        self.assertEqual(c.FORMAT(buffer, 40, "plain"), 5)
        self.assertEqual([c.COUNT(1), c.COUNT(1, 2), c.COUNT(1, 2, 3)], [1, 11, 11])

    def test_wrong_calls_of_those(self) -> None:
        c = self.c
        for argument in ("1, 2", "1)", "(", "x\n#define y", "", "a /* b", "\\", '"'):
            with self.assertRaisesRegex(ValueError, "PASTE.. argument 1 .a.: .* one argument"):
                c.PASTE(argument)
        with self.assertRaisesRegex(TypeError, "argument 1 .a.: the macro pastes it"):
            c.PASTE(c.part(1))
        with self.assertRaisesRegex(TypeError, "takes at least 2 arguments"):
            c.FORMAT(None)
        with self.assertRaisesRegex(kaa.Error, "PASTE.unknown. is 'unknown1'"):
            c.PASTE("unknown")
        with self.assertRaisesRegex(kaa.Error, "pre_two"):
            c.PREFIXED("two", 1)

    def test_wrong_calls(self) -> None:
        for call in (
            lambda: self.c.BIT("x"),
            lambda: self.c.BIT(),
            lambda: self.c.BIT(1, 2),
            lambda: self.c.BIT(m=1),
            lambda: self.c.FIRST(3),
        ):
            self.assertRaises(TypeError, call)
        self.assertRaises(ValueError, self.c.BIT, 40)
        self.assertRaises(OverflowError, self.c.BIT, 2**70)

    def test_a_choice_leaves_macros_what_they_call(self) -> None:
        c = kaa.load(None, header=MACROS, only="CALL")
        self.assertEqual(c.CALL(2), 2)
        with self.assertRaises(AttributeError):
            c.labs


C23 = """
typedef float v4 __attribute__((vector_size(16)));
struct mixed { char a; v4 v; _BitInt(17) n; };
typedef unsigned _BitInt(3) u3;
typedef unsigned _BitInt(100) u100;
v4 by_value(v4);
void by_address(v4 *to, const struct mixed *from);
_BitInt(17) narrow(_BitInt(17) a, unsigned _BitInt(3) b);
unsigned _BitInt(100) wide(unsigned _BitInt(100) n);
_BitInt(64) plain(_BitInt(64) n);
static constexpr auto LIMIT = 1ull << 40;
#define NOTHING nullptr
#define CHOSEN _Generic(LIMIT, unsigned long long: "right", default: "wrong")
#define IS_NULL(p) ((p) == nullptr)
"""
C23_SOURCE = C23.split("static constexpr")[0] + """
v4 by_value(v4 x) { return x + x; }
void by_address(v4 *to, const struct mixed *from) { *to = from->v * (float)from->n; }
_BitInt(17) narrow(_BitInt(17) a, unsigned _BitInt(3) b) { return a - b; }
unsigned _BitInt(100) wide(unsigned _BitInt(100) n) { return n + 1; }
_BitInt(64) plain(_BitInt(64) n) { return -n; }
"""


class NewerC(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.c = kaa.load(None, header=C23)

    def test_constants(self) -> None:
        self.assertEqual(self.c.LIMIT, 2**40)
        self.assertEqual(self.c.CHOSEN, "right")
        self.assertFalse(self.c.NOTHING)
        self.assertEqual([self.c.IS_NULL(None), self.c.IS_NULL(self.c.mixed())], [1, 0])

    def test_vectors_are_lanes(self) -> None:
        mixed = self.c.mixed()
        mixed.v.lanes[3] = 1.5
        self.assertEqual(list(mixed.v.lanes), [0, 0, 0, 1.5])
        self.assertEqual((kaa.sizeof(mixed), kaa.alignof(self.c.v4)), (48, 16))

    def test_numbers_of_odd_widths_are_checked(self) -> None:
        mixed = self.c.mixed()
        mixed.n.value = -65536
        self.assertEqual(mixed.n.value, -65536)
        with self.assertRaisesRegex(OverflowError, "_BitInt.17..*bit-field of 17 bits"):
            mixed.n.value = 65536

    @unittest.skipIf(shutil.which("clang") is None, "no clang")
    def test_what_clang_makes_of_them(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kaa-c23-")
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "c23.so")
        made = subprocess.run(
            ["clang", "-std=c2x", "-w", "-shared", "-fPIC", "-x", "c", "-", "-o", path],
            input=C23_SOURCE.encode(), stderr=subprocess.PIPE,
            env=support.clean_environment(),
        )  # fmt: skip
        if made.returncode:
            self.skipTest("a clang without _BitInt")
        c = kaa.load(path, header=C23)
        to, mixed = c.v4(), c.mixed()
        mixed.v.lanes[1], mixed.n.value = 2.5, -4
        c.by_address(to, mixed)
        self.assertEqual(list(to.lanes), [0, -10, 0, 0])
        self.assertEqual(c.plain(5), -5)
        with self.assertRaisesRegex(kaa.Error, "by_value.*SIMD"):
            c.by_value(to)
        if platform.machine() != "x86_64":
            return
        number, small = type(mixed.n)(-65530), c.narrow(type(mixed.n)(3), c.u3(7))
        self.assertEqual(small.value, -4)
        self.assertEqual(c.narrow(number, c.u3(6)).value, -65536)
        made = c.wide(c.u100(2**64 - 1, 5))
        self.assertEqual([made.low, made.high], [0, 6])


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
        # The library of an interpreter with a C library of its own is another.
        self.assertEqual(z.zlibVersion().split(".")[0], z.ZLIB_VERSION.split(".")[0])
        self.assertRegex(z.ZLIB_VERSION, r"^\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
