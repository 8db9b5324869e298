"""kaa.load: what a library's attributes are, and what it refuses."""

from __future__ import annotations

import ctypes
import gc
import os
import pathlib
import sys
import tempfile
import threading
import unittest
import weakref
from typing import Any, List

import kaa
import support  # noqa: F401
from kaa import _backend

LIBRARY = os.environ.get("KAA_TEST_LOAD", "")

DECLARATIONS = """
struct point { int x; double y; };
struct bits { unsigned char kind; int small : 3; unsigned flags : 7; long long far : 40; };
enum color { RED, GREEN = 5, BLUE = 250 };
extern int8_t load_i8;
extern uint8_t load_u8;
extern int load_int;
extern unsigned long load_ulong;
extern bool load_bool;
extern char load_char;
extern wchar_t load_wide;
extern char16_t load_char16;
extern float load_float;
extern double load_double;
extern long double load_ldouble;
extern double _Complex load_complex;
extern __int128 load_wide_int;
extern enum color load_color;
extern const int load_const;
extern const char *load_text;
extern char load_letters[8];
extern int load_array[4];
extern struct point load_point;
extern struct bits load_bits;
extern struct point *load_pointer;
extern void *load_nothing;
extern int (*load_function)(int);
int load_twice(int value);
int load_apply(int value);
int load_sum(void);
double load_distance(const struct point *point);
int load_first_letter(void);
int other_name(int value) __asm__("renamed_symbol");
"""


def load(**options: Any) -> kaa.Library:
    return kaa.load(LIBRARY, DECLARATIONS, **options)


GROWTH = """
import ctypes, gc, kaa
from kaa._values import owner
owner._GRACE = -1.0  # without a GIL what is garbage is freed some seconds later
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks used free top".split()]
mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Info
def used():
    gc.collect(), gc.collect()
    owner._free_late(), gc.collect(), owner._free_late()
    info = mallinfo2()
    return info.used + info.hblkhd
text = "".join(
    f"struct s{i}; typedef struct r{i} {{ int a; struct s{i} *p; }} r{i};"
    f"r{i} *f{i}(struct s{i} *);"
    for i in range(300)
)
def load():
    library = kaa.load(None, text, missing="ignore")
    record = library.r9()
    pointer = kaa.new("r5 *", library=library)
    return library, record, pointer, kaa.cast("struct s7 *", record)
for _ in range(10):
    load()
start = used()
kept = load()
one = used() - start
del kept
start = used()
for _ in range(100):
    load()
print(one, used() - start)
"""


class Attributes(unittest.TestCase):
    def test_kinds(self) -> None:
        library = kaa.load(
            None,
            """
            #define LIMIT 1000
            #define BIG 0xffffffffffffffff
            #define RATIO 1.5
            #define NAME "kaa \\"x\\""
            #define LATER (LIMIT * 2 + 1)
            static const int fixed = -3;
            enum { ONE = 1, MANY = 0x7fffffffffffffff };
            enum color { RED, GREEN = 5 };
            typedef enum color color_t;
            struct s { int x; };
            typedef struct s *handle;
            typedef unsigned number;
            int abs(int n);
            """,
        )
        self.assertEqual(library.LIMIT, 1000)
        self.assertEqual(library.BIG, 2**64 - 1)
        self.assertEqual(library.RATIO, 1.5)
        self.assertEqual(library.NAME, 'kaa "x"')
        self.assertEqual(library.LATER, 2001)
        self.assertEqual(library.fixed, -3)
        self.assertEqual((library.ONE, library.MANY), (1, 2**63 - 1))
        self.assertEqual(library.GREEN, library.color.GREEN)
        self.assertIs(library.color_t, library.color)
        self.assertEqual(library.color(5).name, "GREEN")
        self.assertTrue(issubclass(library.s, kaa.Record))
        self.assertIs(type(kaa.addressof(library.s())), library.handle)
        self.assertTrue(issubclass(library.handle, kaa.Pointer))
        self.assertTrue(issubclass(library.number, kaa.Number))
        self.assertEqual(library.abs(-5), 5)

    def test_dir_and_repr(self) -> None:
        library = kaa.load("libm.so.6", "double sin(double); double cos(double);")
        self.assertEqual(dir(library), ["cos", "sin"])
        self.assertEqual(repr(library), "<kaa library libm.so.6: 2 declarations>")
        self.assertIs(library.sin, library.sin)
        self.assertIn("sin", vars(library))

    def test_unknown_names(self) -> None:
        library = kaa.load("libm.so.6", "double sin(double); double cos(double);")
        with self.assertRaisesRegex(AttributeError, "declares no 'sinn'; did you mean"):
            library.sinn
        self.assertFalse(hasattr(library, "__array__"))
        self.assertFalse(hasattr(library, "nul\0name"))
        self.assertFalse(hasattr(library, "\udc80"))
        with self.assertRaises(AttributeError):
            library.nothing_like_it = 1

    def test_functions_can_be_replaced_for_a_test(self) -> None:
        library = kaa.load("libm.so.6", "double sin(double);")
        true = library.sin
        library.sin = lambda x: 42
        self.assertEqual(library.sin(1), 42)
        del library.sin
        self.assertEqual(library.sin(0), true(0))

    def test_renamed_symbols(self) -> None:
        self.assertEqual(load().other_name(1), 1001)

    def test_many_functions(self) -> None:
        names = "sin cos tan asin acos atan sinh cosh tanh exp log sqrt ceil".split()
        text = "".join(f"double {one}(double x);" for one in names)
        text += "int kaa_none(int); [[kaa::hold_gil]] double floor(double x);"
        for options in ({}, {"hold_gil": ["sqrt"]}, {"errno": ["log"]}):
            library = kaa.load("libm.so.6", text, missing="ignore", **options)
            library.sqrt = replaced = object()
            seen = [getattr(library, one) for one in names]
            self.assertEqual([getattr(library, one) for one in names], seen)
            self.assertIs(library.sqrt, replaced)
            for name, function in zip(names, seen):
                if name != "sqrt":
                    self.assertEqual(function.__name__, name)
                    self.assertIsInstance(function.address, int)
            self.assertEqual(len({one.address for one in seen if one != replaced}), 12)
            self.assertEqual(library.floor(1.5), 1)
            self.assertFalse(hasattr(library, "kaa_none"))
            del library.sqrt
            self.assertEqual(library.sqrt(4), 2)

    def test_threads_see_one_function(self) -> None:
        for _ in range(20):
            library = kaa.load("libm.so.6", "double sin(double);")
            seen: List[Any] = []
            threads = [
                threading.Thread(target=lambda: seen.append(library.sin))
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len({id(one) for one in seen}), 1)


class Loading(unittest.TestCase):
    def test_texts(self) -> None:
        text = "double sin(double x);"
        self.assertEqual(kaa.load("libm.so.6", text).sin(0), 0)
        self.assertEqual(kaa.load("libm.so.6", text.encode()).sin(0), 0)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "sin.h"
            path.write_text(f'# 1 "elsewhere.h"\n{text}')
            self.assertEqual(kaa.load("libm.so.6", path).sin(0), 0)
            with self.assertRaises(FileNotFoundError):
                kaa.load("libm.so.6", pathlib.Path(folder) / "none.h")
        self.assertEqual(dir(kaa.load("libm.so.6")), [])
        for wrong in (5, None, ["double sin(double);"]):
            with self.assertRaises(TypeError):
                kaa.load("libm.so.6", wrong)  # type: ignore[arg-type]

    def test_names(self) -> None:
        self.assertEqual(kaa.load(None, "int abs(int);").abs(-1), 1)
        self.assertEqual(kaa.load("m", "double sin(double);").sin(0), 0)
        self.assertEqual(kaa.load(pathlib.Path(LIBRARY)).__dict__, {})
        with self.assertRaises(TypeError):
            kaa.load(5, "")  # type: ignore[arg-type]
        with self.assertRaises(ValueError):
            kaa.load("libm\0.so", "")

    def test_missing_library(self) -> None:
        with self.assertRaises(kaa.LibraryError) as caught:
            kaa.load("libno-such-thing.so.9", "")
        self.assertIsInstance(caught.exception, OSError)
        self.assertIn("libno-such-thing.so.9", str(caught.exception))
        self.assertIn("libno-such-thing.so.9", caught.exception.explanation)

    def test_missing_symbols(self) -> None:
        text = "double sin(double); int kaa_none(int); extern int kaa_nor(void);"
        with self.assertRaises(kaa.SymbolError) as caught:
            kaa.load("libm.so.6", text)
        self.assertEqual(caught.exception.missing, ["kaa_none", "kaa_nor"])
        self.assertIn("kaa_none, kaa_nor", str(caught.exception))
        library = kaa.load("libm.so.6", text, missing="ignore")
        self.assertEqual(library.sin(0), 0)
        with self.assertRaisesRegex(AttributeError, "kaa_none"):
            library.kaa_none
        with self.assertRaises(kaa.SymbolError) as caught:
            kaa.load("libm.so.6", "double sinn(double);")
        self.assertIn("sinn", str(caught.exception))
        with self.assertRaises(ValueError):
            kaa.load("libm.so.6", text, missing="sometimes")

    def test_syntax_errors(self) -> None:
        with self.assertRaises(kaa.DeclarationError) as caught:
            kaa.load(None, "int abs(int);\ndouble pow(double x, dubble y);")
        error = caught.exception
        self.assertIsInstance(error, ValueError)
        self.assertEqual(error.line, 2)
        self.assertEqual(error.text, "double pow(double x, dubble y);")
        self.assertEqual(error.text[error.column - 1 :][:6], "dubble")
        self.assertIn("dubble", str(error))
        for text in ("\0", "int", "int f(", "}", "struct {", "#define", '"', "\xff"):
            with self.assertRaises(kaa.DeclarationError, msg=text):
                kaa.load(None, text + "\nint;x y z")

    def test_tolerant(self) -> None:
        text = "int abs(int); int broken(what x); double other(double);"
        library = kaa.load(None, text, tolerant=True, missing="ignore")
        self.assertEqual(library.abs(-1), 1)
        with self.assertRaises(AttributeError):
            library.broken

    def test_options_name_functions(self) -> None:
        text = "int abs(int); enum { A };"
        library = kaa.load(None, text, hold_gil=["abs"], errno=["abs"])
        self.assertEqual(library._hold_gil, {"abs"})
        self.assertEqual(library._errno, {"abs"})
        with self.assertRaisesRegex(ValueError, "no function 'A'"):
            kaa.load(None, text, hold_gil=["A"])
        with self.assertRaisesRegex(ValueError, "no function 'none'"):
            kaa.load(None, text, errno=["none"])
        for wrong in ("abs", [5]):
            with self.assertRaises(TypeError):
                kaa.load(None, text, hold_gil=wrong)  # type: ignore[arg-type]

    def test_libraries_are_freed(self) -> None:
        # In a process without threads: once there was one, CPython 3.13 without a
        # GIL frees no class any more, whoever made it.
        done = support.run_python(
            "-c",
            "import gc, weakref, kaa\n"
            "text = 'double sin(double); struct s { int x; };'\n"
            "library = kaa.load('libm.so.6', text)\n"
            "made = library.s(1)\n"
            "library.sin(0)\n"
            "gone = weakref.ref(library)\n"
            "del library\n"
            "gc.collect(), gc.collect()\n"
            # A record's functions may be the library's.
            "print(repr(made), gone() is not None)\n"
            "del made\n"
            "gc.collect(), gc.collect()\n"
            "print(gone() is None)\n",
        )
        self.assertEqual((done.stdout, done.stderr), ("s(x=1) True\nTrue\n", ""))

    @unittest.skipUnless(sys.implementation.name == "cpython", "PyPy's collector waits")
    @unittest.skipUnless(hasattr(ctypes.CDLL(None), "mallinfo2"), "no count of malloc's")
    @unittest.skipIf("KAA_TEST_SANITIZE" in os.environ, "a sanitizer does not count")
    def test_loading_and_dropping_a_hundred_times(self) -> None:
        """One that is loaded takes some 800 KB here, classes of its pointers too."""
        done = support.run_python("-c", GROWTH)
        one, hundred = (int(word) for word in done.stdout.split())
        self.assertGreater(one, 100000)
        self.assertLess(hundred, 4 * one)

    def test_types_outlive_their_library(self) -> None:
        library = kaa.load(None, "int f(struct s { int x : 3; } *p);", missing="ignore")
        view = library._types.ctype(library._declarations.items()[0])
        declarations = weakref.ref(library._declarations)
        del library
        gc.collect()
        self.assertIsNotNone(declarations())
        del view
        gc.collect()
        self.assertIsNone(declarations())


class Variables(unittest.TestCase):
    def setUp(self) -> None:
        self.library = load()

    def test_reading(self) -> None:
        library = self.library
        self.assertEqual(library.load_i8, -5)
        self.assertEqual(library.load_u8, 200)
        self.assertEqual(library.load_ulong, 1234567890123)
        self.assertIs(library.load_bool, True)
        self.assertEqual(library.load_char, b"k")
        self.assertEqual(library.load_wide, "w")
        self.assertEqual(library.load_char16, "h")
        self.assertEqual(library.load_float, 1.5)
        self.assertEqual(library.load_ldouble, 3.5)
        self.assertEqual(library.load_complex, 1 + 0j)
        self.assertEqual(library.load_wide_int, -7)
        self.assertIs(library.load_color, library.color.GREEN)
        self.assertEqual(library.load_letters, b"letters")
        self.assertIsNone(library.load_nothing)
        self.assertEqual(library.load_pointer.y, 4.5)
        self.assertEqual(
            repr(library.load_bits), "bits(kind=1, small=-2, flags=100, far=-123456789)"
        )

    def test_writing(self) -> None:
        library = self.library
        for name, value in (
            ("load_i8", -128),
            ("load_u8", 255),
            ("load_int", -7),
            ("load_ulong", 2**64 - 1),
            ("load_bool", False),
            ("load_char", b"z"),
            ("load_wide", "\u20ac"),
            ("load_char16", "y"),
            ("load_float", 0.5),
            ("load_double", 0.1),
            ("load_ldouble", 0.25),
            ("load_complex", 2 - 3j),
            ("load_wide_int", 2**126),
            ("load_color", 250),
        ):
            before = getattr(library, name)
            try:
                setattr(library, name, value)
                self.assertEqual(getattr(library, name), value, name)
                self.assertEqual(getattr(load(), name), value, name)
            finally:
                setattr(library, name, before)

    def test_refusals(self) -> None:
        library = self.library
        for name, value, kind in (
            ("load_i8", 128, OverflowError),
            ("load_u8", -1, OverflowError),
            ("load_int", 1.0, TypeError),
            ("load_int", "1", TypeError),
            ("load_bool", 2, OverflowError),
            ("load_char", b"zz", ValueError),
            ("load_char", 5, TypeError),
            ("load_wide", "ab", ValueError),
            ("load_char16", "\U0001f600", OverflowError),
            ("load_double", "1", TypeError),
            ("load_complex", "1", TypeError),
            ("load_wide_int", 2**127, OverflowError),
            ("load_color", "RED", TypeError),
            ("load_const", 1, AttributeError),
            ("load_point", 5, TypeError),
            ("load_array", [1, 2, 3, 4, 5], ValueError),
            ("load_letters", b"too many letters", ValueError),
        ):
            with self.assertRaises(kind, msg=f"{name} = {value!r}") as caught:
                setattr(library, name, value)
            self.assertIn(name, str(caught.exception))

    def test_live_views(self) -> None:
        library = self.library
        library.load_array[2] = 30
        self.assertEqual(library.load_sum(), 37)
        library.load_array = [5, 6, 7, 8]
        self.assertEqual(library.load_sum(), 26)
        library.load_array = [1, 2, 3, 4]
        library.load_point.x = 9
        self.assertEqual(library.load_distance(library.load_point), 13.5)
        library.load_point = library.point(3, 4.5)
        self.assertEqual(library.load_pointer.x, 3)

    def test_pointers(self) -> None:
        library = self.library
        self.assertEqual(library.load_text, "text")
        library.load_text = "a new one"
        gc.collect()
        self.assertEqual(library.load_text, "a new one")
        self.assertEqual(library.load_first_letter(), ord("a"))
        library.load_text = None
        self.assertIsNone(library.load_text)
        library.load_text = "text"

    def test_function_pointers(self) -> None:
        library = self.library
        self.assertEqual(library.load_function(4), 8)
        library.load_function = lambda value: value + 1
        gc.collect()
        self.assertEqual(library.load_apply(4), 5)
        library.load_function = library.load_twice
        self.assertEqual(library.load_apply(4), 8)

    def test_views_keep_the_library(self) -> None:
        point = load().load_point
        gc.collect()
        self.assertEqual(point.y, 4.5)


class Choosing(unittest.TestCase):
    def test_the_environment_chooses(self) -> None:
        library = kaa.load("libm.so.6", "double sin(double);")
        plain = type(library.sin).__module__ == "kaa._backend.plain"
        bridged = os.environ.get("KAA_HOST") != "none"
        bridged = bridged and sys.implementation.name == "cpython"
        self.assertEqual(plain, not bridged)
        self.assertEqual(_backend.bridge() is not None, bridged)


if __name__ == "__main__":
    unittest.main()
