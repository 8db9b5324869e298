"""Format strings of printf() and scanf(), and lengths that headers and the C
standard tell: what does not fit is refused before C sees it."""

from __future__ import annotations

import ctypes
import random
import subprocess
import unittest
from typing import Any, Dict, List, Optional, Tuple

import support
from kaa import _native

import kaa

DECLARATIONS = """
int snprintf(char *s, unsigned long n, const char *format, ...);
int sprintf(char *s, const char *format, ...);
int sscanf(const char *s, const char *format, ...);
void *memcpy(void *to, const void *from, unsigned long n);
void *memset(void *s, int c, unsigned long n);
int memcmp(const void *a, const void *b, unsigned long n);
void qsort(void *base, unsigned long n, unsigned long size,
           int (*compare)(const void *a, const void *b));
char *strncpy(char *to, const char *from, unsigned long n);
long get(int file, void *data, unsigned long n) __asm__("read")
    __attribute__((access(write_only, 2, 3)));
int say(char *s, const char *format, ...) __asm__("sprintf")
    __attribute__((format(printf, 2, 3)));
"""


class Case(unittest.TestCase):
    lib: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.lib = kaa.load("libc.so.6", DECLARATIONS)

    def refuses(self, kind: Any, text: str, call: Any, *args: Any) -> None:
        with self.assertRaises(kind) as caught:
            call(*args)
        self.assertEqual(str(caught.exception), text)


class Printed(Case):
    def text(self, form: Any, *values: Any) -> str:
        buffer = bytearray(400)
        length = self.lib.snprintf(buffer, 400, form, *values)
        self.assertLess(length, 400)
        return buffer[:length].decode()

    def refuse(self, kind: Any, text: str, *values: Any) -> None:
        buffer = bytearray(400)
        self.refuses(
            kind, "snprintf() argument " + text, self.lib.snprintf, buffer, 400, *values
        )
        self.assertEqual(buffer, bytearray(400))

    def test_as_c_prints_it(self) -> None:
        for form, values, wanted in (
            ("%d|%5i|%-5u|%x|%c", (1, -2, 3, 255, 65), "1|   -2|3    |ff|A"),
            ("%ld %llu %zu", (5, 2**64 - 1, 2**63), f"5 {2**64 - 1} {2**63}"),
            ("%hhd %hd", (300, 65537), "44 1"),
            ("%f %.2e %g", (1.5, 1e300, 0.1), "1.500000 1.00e+300 0.1"),
            ("%f %.1f", (3, True), "3.000000 1.0"),
            ("%Lg %.3Lf", (1.5, 2), "1.5 2.000"),
            (
                "%s %.2s %s %ls",
                ("na\u00efve", b"raw", bytearray(b"x\0"), "wide"),
                "na\u00efve ra x wide",
            ),
            ("%*d|%-*d|%.*f", (4, 7, 4, 7, 1, 2.25), "   7|7   |2.2"),
            ("%2$s %1$d %2$s", (5, "x"), "x 5 x"),
            ("%p", (None,), "(nil)"),
            ("100%%", (), "100%"),
            (b"%d", (5,), "5"),
        ):
            with self.subTest(form=form):
                for _ in range(3):  # the first one may make a plan
                    self.assertEqual(self.text(form, *values), wanted)

    def test_others_are_refused(self) -> None:
        for form, values, kind, text in (
            ("%s", (5,), TypeError, "4 (%s): 'const char *' needs str, bytes or a C-contiguous buffer of bytes, not int"),
            ("%s", (None,), TypeError, "4 (%s): 'const char *' needs str, bytes or a C-contiguous buffer of bytes, not NoneType"),
            ("%s", (ctypes.c_char_p(),), ValueError, "4 (%s): a NULL pointer, but the parameter is declared nonnull"),
            ("%s", ("a\0b",), ValueError, "4 (%s): embedded NUL character"),
            ("%d", (5.0,), TypeError, "4 (%d): int expected, not float"),
            ("%d", ("5",), TypeError, "4 (%d): int expected, not str"),
            ("%d", (2**31,), OverflowError, "4 (%d): 2147483648 is out of range for int (-2147483648 to 2147483647)"),
            ("%u", (-1,), OverflowError, "4 (%u): -1 is out of range for unsigned int (0 to 4294967295)"),
            ("%ld", (2**63,), OverflowError, "4 (%ld): 9223372036854775808 is out of range for long (-9223372036854775808 to 9223372036854775807)"),
            ("%-8.3f", ("1",), TypeError, "4 (%-8.3f): float expected, not str"),
            ("%*d", ("4", 5), TypeError, "4 (%*d): int expected, not str"),
            ("%2$s %1$d", ("x", 5), TypeError, "4 (%1$d): int expected, not str"),
            ("%n", (kaa.new("long"),), TypeError, "4 (%n): 'int *' needs a writable C-contiguous buffer of format 'i', not long *"),
            ("\udcff%s", (5,), TypeError, "4 (%s): 'const char *' needs str, bytes or a C-contiguous buffer of bytes, not int"),
            ("\ud800%s", (5,), ValueError, "3 (format): character 0 is a lone surrogate"),
            ("%s", ("x\ud800",), ValueError, "4 (%s): character 1 is a lone surrogate"),
            ("%p", ("x",), TypeError, "4 (%p): 'const void *' needs a C-contiguous buffer, a pointer or an address, not str"),
        ):  # fmt: skip
            with self.subTest(form=form, values=values):
                for _ in range(3):
                    self.refuse(kind, text, form, *values)

    def test_too_few(self) -> None:
        for form, values, count in (("%s", (), 1), ("%d %s", (5,), 2), ("%3$d", (1, 2), 3), ("%*d", (5,), 2)):  # fmt: skip
            self.refuse(
                TypeError,
                f"3 (format): the number of variable arguments that the format asks for is {count}, not {len(values)}",
                form,
                *values,
            )

    def test_more_than_are_asked_for(self) -> None:
        self.assertEqual(self.text("%d", 5, 6, "x"), "5")
        self.assertEqual(self.text("%%", 5), "%")

    def test_many(self) -> None:
        values = list(range(30))
        self.assertEqual(self.text("%d " * 30, *values), "%d " * 30 % tuple(values))
        self.refuse(
            TypeError, "33 (%d): int expected, not str", "%d " * 30, *values[:29], "x"
        )

    def test_another_directive_ends_the_reading(self) -> None:
        """What stands behind it has the types that its values have."""
        self.assertEqual(self.text("%d %!", 5)[:2], "5 ")

    def test_a_format_of_c(self) -> None:
        """Nothing is known of a text that C has, or may change."""
        self.assertEqual(self.text(bytearray(b"%d\0"), 5), "5")
        self.assertEqual(self.text(kaa.new("char[4]", b"%d"), 5), "5")

    def test_by_an_attribute(self) -> None:
        buffer = bytearray(20)
        self.assertEqual(self.lib.say(buffer, "%d %s", 5, "x"), 3)
        self.refuses(
            TypeError,
            "say() argument 3 (%d): int expected, not str",
            self.lib.say,
            buffer,
            "%d",
            "x",
        )

    def test_subclasses(self) -> None:
        class Text(str):
            pass

        class Number(int):
            pass

        class Index:
            def __index__(self) -> int:
                return 7

        self.assertEqual(self.text(Text("%d %s"), Number(5), Text("x")), "5 x")
        self.assertEqual(self.text("%d %ld", Index(), Index()), "7 7")

    def test_what_user_code_does_meanwhile(self) -> None:
        class Fails:
            def __index__(self) -> int:
                raise KeyError("mine")

        with self.assertRaises(KeyError):
            self.text("%d %d", 1, Fails())


class Scanned(Case):
    def test_into_what_fits(self) -> None:
        number, wide, text = kaa.new("int"), kaa.new("long"), bytearray(10)
        real = ctypes.c_double()
        count = self.lib.sscanf(
            "12 -34 word 1.5",
            "%d %ld %9s %lf",
            number,
            wide,
            text,
            ctypes.byref(real),
        )
        self.assertEqual(count, 4)
        self.assertEqual((number[0], wide[0], real.value), (12, -34, 1.5))
        self.assertEqual(text, b"word" + bytes(6))

    def test_others_are_refused(self) -> None:
        for form, value, kind, text in (
            ("%ld", kaa.new("int"), TypeError, "(%ld): 'long *' needs a writable C-contiguous buffer of format 'l', not int *"),
            ("%d", 5, TypeError, "(%d): 'int *' needs a writable C-contiguous buffer of format 'i', not int"),
            ("%d", None, TypeError, "(%d): 'int *' needs a writable C-contiguous buffer of format 'i', not NoneType"),
            ("%9s", bytearray(9), ValueError, "(%9s): has 9 elements, but 10 are needed"),
            ("%9s", ctypes.create_string_buffer(9), ValueError, "(%9s): has 9 elements, but 10 are needed"),
            ("%9s", kaa.new("char[9]"), ValueError, "(%9s): has 9 elements, but 10 are needed"),
            ("%4c", bytearray(3), ValueError, "(%4c): has 3 elements, but 4 are needed"),
            ("%7[a-z]", bytearray(7), ValueError, "(%7[a-z]): has 7 elements, but 8 are needed"),
            ("%s", b"x", TypeError, "(%s): 'char *' needs a writable C-contiguous buffer of bytes, not bytes; declare it const char * if the function does not write"),
        ):  # fmt: skip
            with self.subTest(form=form, value=value):
                self.refuses(
                    kind,
                    f"sscanf() argument 3 {text}",
                    self.lib.sscanf,
                    "12",
                    form,
                    value,
                )

    def test_too_few(self) -> None:
        with self.assertRaisesRegex(TypeError, "asks for is 2, not 1$"):
            self.lib.sscanf("1 2", "%d %d", kaa.new("int"))
        self.assertEqual(self.lib.sscanf("1 2", "%*d %*d"), 0)


class Sentinels(Case):
    """A null pointer that ends the arguments is not forgotten."""

    def test_glib(self) -> None:
        text = """
            char *g_strconcat(const char *first, ...) __attribute__((sentinel));
            void g_free(void *memory);
        """
        try:
            glib = kaa.load("libglib-2.0.so.0", text)
        except kaa.LibraryError as error:
            self.skipTest(str(error))
        for _ in range(3):
            made = glib.g_strconcat("a", "b", "c", None)
            self.assertEqual(kaa.text(made), "abc")
            glib.g_free(made)
            made = glib.g_strconcat("a", "b", kaa.cast("char *", 0))
            self.assertEqual(kaa.text(made), "ab")
            glib.g_free(made)
            self.refuses(
                TypeError,
                "g_strconcat() argument 3: None has to end the variable arguments, not str",
                glib.g_strconcat,
                "a",
                "b",
                "c",
            )
            self.refuses(
                TypeError,
                "g_strconcat() argument 2: None has to end the variable arguments, not nothing",
                glib.g_strconcat,
                "a",
            )

    def test_what_is_no_null_pointer(self) -> None:
        text = """
            typedef struct small { char a; } small;
            int execl(const char *path, const char *arg, ...);
        """
        lib = kaa.load(None, text)
        small = kaa.from_buffer(lib.small, bytearray(1))
        for last in (0, 0.0, b"", ctypes.c_int(0), ctypes.c_char_p(b"x"), small):
            with self.assertRaisesRegex(TypeError, "None has to end"):
                lib.execl("/no/such/program", "a", last)


class Lengths(Case):
    """What the C library's functions, and an attribute, say of their arguments."""

    def test_what_fits(self) -> None:
        to = bytearray(4)
        for _ in range(3):
            self.lib.memcpy(to, b"abcd", 4)
            self.assertEqual(to, b"abcd")
            self.lib.memset(to, 120, 2)
            self.assertEqual(to, b"xxcd")
            self.assertEqual(self.lib.memcmp(b"abc", b"abd", 3), -1)
            self.assertEqual(self.lib.memcmp(b"abc", b"abd", 2), 0)
        numbers = kaa.new("int[3]", [3, 1, 2])
        self.lib.qsort(numbers, 3, 4, lambda a, b: at(a) - at(b))
        self.assertEqual(list(numbers), [1, 2, 3])

    def test_what_does_not(self) -> None:
        numbers = kaa.new("int[3]")
        for call, args, text in (
            (self.lib.memcpy, (bytearray(3), b"abcd", 4), "memcpy() argument 1 (to): has 3 elements, but argument 3 says 4"),
            (self.lib.memcpy, (bytearray(8), b"abcd", 5), "memcpy() argument 2 (from): has 4 elements, but argument 3 says 5"),
            (self.lib.memcpy, ((ctypes.c_char * 3)(), b"abcd", 4), "memcpy() argument 1 (to): has 3 elements, but argument 3 says 4"),
            (self.lib.memset, (numbers, 0, 13), "memset() argument 1 (s): has 12 elements, but argument 3 says 13"),
            (self.lib.memcmp, (b"ab", b"abc", 3), "memcmp() argument 1 (a): has 2 elements, but argument 3 says 3"),
            (self.lib.qsort, (numbers, 4, 4, None), "qsort() argument 1 (base): has 12 elements, but arguments 2 and 3 say 4 and 4: 16 are needed"),
            (self.lib.qsort, (numbers, 2**62, 4, None), "qsort() argument 1 (base): has 12 elements, but arguments 2 and 3 say 4611686018427387904 and 4"),
            (self.lib.strncpy, (bytearray(3), "abcdef", 4), "strncpy() argument 1 (to): has 3 elements, but argument 3 says 4"),
            (self.lib.snprintf, (bytearray(3), 4, "%d", 5), "snprintf() argument 1 (s): has 3 elements, but argument 2 says 4"),
            (self.lib.snprintf, (None, 1, "%d", 5), "snprintf() argument 1 (s): has 0 elements, but argument 2 says 1"),
            (self.lib.get, (-1, bytearray(3), 4), "get() argument 2 (data): has 3 elements, but argument 3 says 4"),
        ):  # fmt: skip
            with self.subTest(args=args):
                for _ in range(3):
                    self.refuses(ValueError, text, call, *args)

    def test_none_and_unknown(self) -> None:
        self.assertEqual(self.lib.snprintf(None, 0, "%d", 12345), 5)
        to = bytearray(4)
        view = (ctypes.c_char * 4).from_buffer(to)
        self.lib.memset(ctypes.addressof(view), 120, 4)
        self.assertEqual(to, b"xxxx")
        self.lib.memset(kaa.cast("char *", ctypes.addressof(view)), 121, 4)
        self.assertEqual(to, b"yyyy")

    def test_two_arguments_of_one_memory(self) -> None:
        """A length is its parameter's, not that of what begins there."""
        memory = bytearray(8)
        part = memoryview(memory)[:4]
        for _ in range(3):
            self.assertEqual(self.lib.memcmp(memory, part, 4), 0)
            with self.assertRaisesRegex(
                ValueError, r"argument 2 \(b\): has 4 elements"
            ):
                self.lib.memcmp(memory, part, 5)
            with self.assertRaisesRegex(
                ValueError, r"argument 1 \(a\): has 4 elements"
            ):
                self.lib.memcmp(part, memory, 5)


def at(pointer: int) -> int:
    return ctypes.c_int.from_address(int(pointer)).value


CONVERSIONS = {True: "diouxXcspneEfFgGaA%", False: "diouxXcs[neEfgGa%"}
SIZES = ["", "hh", "h", "l", "ll", "j", "z", "t", "L"]


class Compared(unittest.TestCase):
    """What a format asks for is what a compiler checks it against."""

    def wanted(self, item: Any, form: str) -> Tuple[List[str], bool]:
        found = (_native.Wanted * 40)()
        whole = ctypes.c_int()
        raw = form.encode()
        count = _native.kaa_decl_format(
            ctypes.addressof(item), raw, len(raw), found, 40, whole
        )
        types = [
            _native.printed(_native.kaa_ctype_print, found[i].type, None)
            for i in range(count)
        ]
        return types, bool(whole.value)

    def directive(self, rng: random.Random, printed: bool) -> str:
        conversion = rng.choice(CONVERSIONS[printed])
        if conversion == "%":
            return "%%"
        size = rng.choice(SIZES)
        if conversion in "eEfFgGaA":
            size = rng.choice(["", "L"] if printed else ["", "l", "L"])
        elif conversion in "cs[":
            size = rng.choice(["", "l"])
        elif conversion == "p":
            size = ""
        elif size == "L":
            size = "ll"
        end = "a-z]" if conversion == "[" else ""
        if not printed:
            star = rng.choice(["", "", "*"]) if conversion != "n" else ""
            width = rng.choice(["", "5"]) if conversion != "n" else ""
            return f"%{star}{width}{'' if star else size}{conversion}{end}"
        width = rng.choice(["", "7", "*"]) if conversion != "n" else ""
        precision = ""
        if conversion in "diouxXseEfFgGaA":
            precision = rng.choice(["", ".3", ".*"])
        return f"%{width}{precision}{size}{conversion}"

    def compile(self, calls: List[Tuple[str, str, List[str]]]) -> Optional[str]:
        """The compiler's word on calls of such formats, with arguments of such
        types; None: it has nothing to say."""
        lines = [
            "#include <stddef.h>",
            "#include <stdio.h>",
            "void calls(FILE *file, char *text);",
            "void calls(FILE *file, char *text) {",
        ]
        named: Dict[str, str] = {}
        for function, form, types in calls:
            for one in types:
                named.setdefault(one, f"value{len(named)}")
            values = "".join(f", {named[one]}" for one in types)
            first = "file" if function == "fprintf" else "text"
            lines.append(f'    {function}({first}, "{form}"{values});')
        externs = [f"extern {one} {name};" for one, name in named.items()]
        assert support.COMPILER is not None
        done = subprocess.run(
            [support.COMPILER, "-std=gnu2x", "-fsyntax-only", "-xc", "-"]
            + ["-Werror", "-Wformat=2", "-Wformat-signedness"],
            input="\n".join([*lines[:2], *externs, *lines[2:], "}"]) + "\n",
            stderr=subprocess.PIPE,
            universal_newlines=True,
            env=support.clean_environment(),
        )
        return done.stderr[:2000] if done.returncode != 0 else None

    def test_types(self) -> None:
        lib = kaa.load(
            "libc.so.6",
            "int sscanf(const char *s, const char *f, ...);"
            "int snprintf(char *s, unsigned long n, const char *f, ...);",
        )
        rng = random.Random(20261130)
        calls: List[Tuple[str, str, List[str]]] = []
        for printed, function in ((True, "fprintf"), (False, "sscanf")):
            item = _native.DeclItem.from_address(
                lib._declarations.find("snprintf" if printed else "sscanf")
            )
            for _ in range(300):
                parts = [self.directive(rng, printed) for _ in range(4)]
                form = " ".join(parts)
                types, whole = self.wanted(item, form)
                self.assertTrue(whole, form)
                calls.append((function, form, types))
        self.assertIsNone(self.compile(calls))
        # The check can fail: a type more, or another.
        function, form, types = next(one for one in calls if "int" in one[2])
        at = types.index("int")
        self.assertIsNotNone(self.compile([(function, form, [*types, "int"])]))
        types[at] = "double"
        self.assertIsNotNone(self.compile([(function, form, types)]))


if __name__ == "__main__":
    unittest.main()
