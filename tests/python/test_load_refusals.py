"""kaa.load: symbols that resolve nowhere or may be missing, what cannot be bound,
arrays of unknown length, and what the library keeps alive."""

from __future__ import annotations

import ctypes
import gc
import inspect
import os
import pickle
import sys
import tempfile
import unittest
import weakref
from typing import Any

import kaa
import support

LIBRARY = os.environ.get("KAA_TEST_LOAD", "")


class Compiled(unittest.TestCase):
    def setUp(self) -> None:
        if support.COMPILER is None:
            self.skipTest("no C compiler")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def library(self, name: str, source: str, *flags: str) -> str:
        return support.compile_library(self.folder, name, source, *flags)


class Resolving(Compiled):
    BROKEN = "int gone(int); int fine(void) { return 7; } int calls(void) { return gone(1); }"

    def test_a_symbol_that_resolves_nowhere(self) -> None:
        path = self.library("libbroken.so", self.BROKEN, "-Wl,-z,lazy")
        with self.assertRaises(kaa.LibraryError) as caught:
            kaa.load(path, "int fine(void);")
        self.assertIn("gone", str(caught.exception))
        self.assertIn("libbroken.so", str(caught.exception))
        self.assertIn("libbroken.so", caught.exception.explanation)
        library = kaa.load(path, "int fine(void);", lazy=True)
        self.assertEqual(library.fine(), 7)
        again = pickle.loads(pickle.dumps(library))
        self.assertEqual(again.fine(), 7)

    def test_global_symbols(self) -> None:
        path = self.library("libuser.so", self.BROKEN.replace("gone", "kaa_given"))
        giver = self.library("libgiver.so", "int kaa_given(int n) { return n + 4; }")
        text = "int calls(void);"
        done = support.run_python(
            "-c",
            "import sys, kaa\n"
            "kaa.load(sys.argv[1])\n"
            "try: kaa.load(sys.argv[2])\n"
            "except kaa.LibraryError as error: print('kaa_given' in str(error))\n"
            "kaa.load(sys.argv[1], global_symbols=True)\n"
            "print(kaa.load(sys.argv[2], sys.argv[3]).calls())\n",
            giver,
            path,
            text,
        )
        self.assertEqual((done.stdout, done.stderr), ("True\n5\n", ""))


class LinkedIn(Compiled):
    """What a C library has for programs that are linked to it, not for others."""

    def test_it_says_what_to_declare(self) -> None:
        path = self.library(
            "libold.so", "int __xstat(int v, const char *p, void *b) { return v; }"
        )
        with self.assertRaises(kaa.SymbolError) as caught:
            kaa.load(path, "int stat(const char *path, void *buffer);")
        text = str(caught.exception)
        self.assertRegex(text, "no symbol 'stat' in libold.so, which is linked into")
        self.assertRegex(text, r"declare '__xstat': the same after an int of \d$")
        version = int(text.split()[-1])
        lib = kaa.load(path, "int __xstat(int v, const char *path, void *buffer);")
        self.assertEqual(getattr(lib, "__xstat")(version, ".", bytearray(200)), version)
        # Nothing is said of it where the other name is missing as well.
        with self.assertRaises(kaa.SymbolError) as caught:
            kaa.load(path, "int fstat(int file, void *buffer);")
        self.assertNotIn("declare", str(caught.exception))


class Weak(Compiled):
    def test_missing_is_none(self) -> None:
        path = self.library("libweak.so", "int here(void) { return 3; } int is = 4;")
        for text, here in (
            ("int here(void) __attribute__((weak)); extern int is;", True),
            ("__attribute__((__weak__)) int here(void); extern int is;", True),
        ):
            library = kaa.load(
                path,
                text + "int gone(int) __attribute__((weak));"
                "extern int never __attribute__((weak));",
            )
            self.assertEqual(library.here(), 3)
            self.assertEqual(getattr(library, "is"), 4)
            self.assertIsNone(library.gone)
            self.assertIsNone(library.gone)
            self.assertIsNone(library.never)
            with self.assertRaisesRegex(AttributeError, "never.*weak"):
                library.never = 3
        with self.assertRaises(kaa.SymbolError) as caught:
            kaa.load(path, "int a(void) __attribute__((weak)); int b(void);")
        self.assertEqual(caught.exception.missing, ["b"])


class Unusable(unittest.TestCase):
    TEXT = """
    int vprintf(const char *format, va_list values);
    int abs(int number);
    """

    def test_access_is_an_attribute_error_too(self) -> None:
        library = kaa.load(None, self.TEXT)
        self.assertFalse(hasattr(library, "vprintf"))
        with self.assertRaises(kaa.UnsupportedError) as caught:
            library.vprintf
        self.assertIsInstance(caught.exception, AttributeError)
        self.assertIn("vprintf", str(caught.exception))
        self.assertIsNone(getattr(library, "vprintf", None))
        names = [name for name, _ in inspect.getmembers(library)]
        self.assertIn("abs", names)
        self.assertNotIn("vprintf", names)

    def test_neighbours_are_bound_all_the_same(self) -> None:
        library = kaa.load(None, self.TEXT + "long labs(long); int atoi(const char *);")
        self.assertEqual(library.labs(-3), 3)
        self.assertEqual(library.atoi("12"), 12)
        self.assertEqual(library.abs(-1), 1)

    def test_annotations_that_cannot_be_followed_are_refused_at_load(self) -> None:
        for text, said in (
            ("struct s; [[kaa::free(kaa_no_such)]] struct s *strdup(const char *);", "kaa_no_such"),
            ("[[kaa::free(kaa_no_such)]] char *strdup(const char *);", "kaa_no_such"),
            ("struct s; void free(struct s *at [[kaa::out]]);", "free()"),
            ("void free(void *at [[kaa::out]]);", "free()"),
        ):
            for tolerant in (False, True):
                with self.assertRaises(kaa.Error, msg=text) as caught:
                    kaa.load(None, text, tolerant=tolerant)
                self.assertIn(said, str(caught.exception))
        # Whose symbol is missing is told of only when it is used.
        library = kaa.load(
            None, "[[kaa::free(free)]] int *kaa_no_such(void);", missing="ignore"
        )
        self.assertFalse(hasattr(library, "kaa_no_such"))

    def test_what_was_skipped_says_why(self) -> None:
        library = kaa.load(
            None, "int broken(what x); int abs(int);\n#define M what\n", tolerant=True
        )
        for name in ("broken", "M"):
            with self.assertRaisesRegex(AttributeError, f"{name} was skipped: .*what"):
                getattr(library, name)
            with self.assertRaisesRegex(AttributeError, f"{name} was skipped: .*what"):
                setattr(library, name, 1)
        self.assertFalse(hasattr(library, "broke"))

    def test_a_type_that_is_completed_later(self) -> None:
        kaa.load(
            None,
            "struct s; [[kaa::free(free)]] struct s *strdup(const char *);"
            "struct s { char c; };",
        )


class Incomplete(unittest.TestCase):
    """What a skipped definition leaves is a type without instances or a size."""

    TEXT = """
    struct bad { int a; unknown_t b; };
    struct outer { int x; struct bad inner; };
    struct fwd;
    struct bad *strchr(const char *text, int c);
    struct fwd *strrchr(const char *text, int c);
    int div(struct bad b);
    struct outer ldiv(int a);
    """

    def test_it_says_why(self) -> None:
        lib = kaa.load("libc.so.6", self.TEXT, tolerant=True)
        bad, fwd = lib.strchr("abc", ord("b")), lib.strrchr("abc", ord("b"))
        for action in (
            lambda: lib.bad(),
            lambda: kaa.new("bad", library=lib),
            lambda: kaa.new("bad[3]", library=lib),
            lambda: kaa.new("bad *", library=lib),
            lambda: kaa.sizeof("bad", library=lib),
            lambda: kaa.sizeof(lib.bad),
            lambda: kaa.alignof("struct bad", library=lib),
            lambda: kaa.offsetof(lib.bad, "a"),
            lambda: kaa.from_buffer("bad", bytearray(16), library=lib),
            lambda: bad[0],
            lambda: bad[0:2],
            lambda: bad + 1,
            lambda: bad.a,
            lambda: setattr(bad, "a", 1),
            lambda: lib.div,
        ):
            with self.assertRaisesRegex(
                (TypeError, AttributeError),
                r"struct bad is incomplete.*\(its definition was skipped: .*'unknown_t'",
            ):
                action()
        for outer in (lambda: lib.outer(), lambda: lib.ldiv):
            with self.assertRaisesRegex(
                (TypeError, AttributeError),
                "struct outer is incomplete.*: member inner: ",
            ):
                outer()
        for forward in (lambda: fwd[0], lambda: fwd.a, lambda: lib.fwd()):
            with self.assertRaisesRegex(
                (TypeError, AttributeError), "struct fwd is incomplete(?!.*skipped)"
            ):
                forward()


class Conditions(unittest.TestCase):
    TEXT = "#ifdef WIDE\nlong abs(long);\n#else\nint abs(int);\n#endif\n"

    def test_conditions_are_refused(self) -> None:
        for tolerant in (False, True):
            with self.assertRaises(kaa.DeclarationError) as caught:
                kaa.load(None, "int labs(int);\n" + self.TEXT, tolerant=tolerant)
            self.assertEqual(caught.exception.line, 2)
            self.assertEqual(caught.exception.text, "#ifdef WIDE")
            self.assertIn("#ifdef on line 2", str(caught.exception))
            self.assertIn("preprocessor", str(caught.exception))


class UnknownLength(unittest.TestCase):
    def test_elements(self) -> None:
        library = kaa.load(
            LIBRARY,
            "extern int load_array[]; extern char load_letters[]; int load_sum(void);"
            "struct point { int x; double y; }; extern struct point load_point[];",
        )
        self.assertEqual([library.load_array[i] for i in range(4)], [1, 2, 3, 4])
        self.assertEqual(library.load_array[:4], [1, 2, 3, 4])
        library.load_array[3] = 40
        try:
            self.assertEqual(library.load_sum(), 46)
        finally:
            library.load_array[3] = 4
        self.assertEqual(library.load_letters[:7], b"letters")
        self.assertEqual(library.load_point[0].x, 3)

    def test_as_a_whole(self) -> None:
        library = kaa.load(LIBRARY, "extern int load_array[];")
        with self.assertRaisesRegex(TypeError, r"load_array.*unknown.*load_array\[4\]"):
            library.load_array = [1, 2, 3, 4]

    def test_it_keeps_the_library(self) -> None:
        library = kaa.load(LIBRARY, "extern int load_array[];")
        gone = weakref.ref(library)
        array = library.load_array
        del library
        gc.collect()
        self.assertIsNotNone(gone())
        self.assertEqual(array[1], 2)

    def test_a_length_that_comes_later(self) -> None:
        library = kaa.load(LIBRARY, "extern int load_array[]; extern int load_array[4];")
        self.assertEqual(list(library.load_array), [1, 2, 3, 4])


class Held(unittest.TestCase):
    def test_only_the_newest_text_is_kept(self) -> None:
        library = kaa.load(
            LIBRARY, "extern const char *load_text; extern void *load_nothing;"
        )
        before = library.load_text
        # What each text has of memory; PyPy does not tell.
        blocks = getattr(sys, "getallocatedblocks", lambda: 0)
        held = blocks()
        try:
            for i in range(2000):
                library.load_text = f"text {i}"
            self.assertEqual(library.load_text, "text 1999")
            self.assertLess(blocks() - held, 1000)
            buffer = (ctypes.c_int * 2)()
            seen = weakref.ref(buffer)
            library.load_nothing = buffer
            del buffer
            gc.collect()
            self.assertIsNotNone(seen())  # C has its address
            library.load_nothing = None
            for _ in range(3):
                gc.collect()
            self.assertIsNone(seen())
        finally:
            library.load_text = before
            library.load_nothing = None

    def test_it_outlives_the_library(self) -> None:
        # The code of a library stays, and so do its variables.
        first = kaa.load(LIBRARY, "extern const char *load_text;")
        before = first.load_text
        first.load_text = "kept " * 100
        del first
        gc.collect()
        for _ in range(100):
            ctypes.create_string_buffer(b"z" * 500)
        again = kaa.load(LIBRARY, "extern const char *load_text;")
        self.assertEqual(again.load_text, "kept " * 100)
        again.load_text = before

    def test_what_an_arrays_pointers_point_at(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            if support.COMPILER is None:
                self.skipTest("no C compiler")
            path = support.compile_library(
                folder, "libwords.so", "const char *words[2];"
            )
            library = kaa.load(path, "extern const char *words[2];")
            library.words = [b"first " * 100, b"second " * 100]
            gc.collect()
            for _ in range(100):
                ctypes.create_string_buffer(b"z" * 700)
            self.assertEqual(library.words[1], "second " * 100)


class Misuse(unittest.TestCase):
    def test_a_library_is_made_once(self) -> None:
        library = kaa.load(None, "int abs(int);")
        options: Any = library._options
        with self.assertRaisesRegex(TypeError, "once"):
            library.__init__(None, b"", options)  # type: ignore[misc]
        self.assertEqual(library.abs(-4), 4)


if __name__ == "__main__":
    unittest.main()
