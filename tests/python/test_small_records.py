"""Small records by value, beside numbers and pointers: every register that they can
travel in, and the stack, compared with what compiled C computes."""

from __future__ import annotations

import itertools
import random
import tempfile
import threading
import unittest
from typing import Any, List, Tuple

import kaa
import samples  # noqa: F401
import support

RECORDS = """
typedef struct dd { double a, b; } dd;
typedef struct ll { long a, b; } ll;
typedef struct ld { long a; double b; } ld;
typedef struct dl { double a; long b; } dl;
typedef struct d1 { double a; } d1;
typedef struct l1 { long a; } l1;
typedef struct iid { int a, b; double c; } iid;
typedef struct ffd { float a, b; double c; } ffd;
typedef struct i3 { int a, b, c; } i3;
typedef struct i1 { int a; } i1;
typedef struct f2 { float a, b; } f2;
typedef struct ddd { double a, b, c; } ddd;
typedef struct llll { long a, b, c, d; } llll;
typedef struct iiild { int a, b, c; long d; double e; } iiild;
typedef struct fff { double a, b; float c; } fff;
typedef struct text { const char *a; long b; } text;
"""
#: The members of each, and whether they are reals.
MEMBERS = {
    "dd": "dd", "ll": "ll", "ld": "ld", "dl": "dl", "d1": "d", "l1": "l",
    "iid": "iid", "ffd": "ffd", "i3": "iii", "i1": "i", "f2": "ff", "ddd": "ddd",
    "llll": "llll", "iiild": "iiild", "fff": "ddf",
}  # fmt: skip
NUMBERS = {"double": "d", "int": "i", "long": "l", "unsigned char": "B", "float": "f"}


class Function:
    """One function: its sum is of all members, each times its place."""

    def __init__(self, name: str, given: str, parameters: List[str]) -> None:
        self.name, self.given, self.parameters = name, given, parameters

    def head(self) -> str:
        inside = ", ".join(f"{one} p{i}" for i, one in enumerate(self.parameters))
        return f"{self.given} {self.name}({inside or 'void'})"

    def sum(self) -> str:
        parts, place = ["0"], 1
        for i, one in enumerate(self.parameters):
            for name in "abcde"[: len(MEMBERS.get(one.rstrip(" *"), "x"))]:
                at = "->" if one.endswith("*") else "."
                value = f"p{i}{at}{name}" if one.rstrip(" *") in MEMBERS else f"p{i}"
                parts.append(f"{place} * (double){value}")
                place += 1
        return " + ".join(parts)

    def body(self) -> str:
        lines = [f"double sum = {self.sum()};"]
        if self.given == "void":
            lines.append("last = sum;")
        elif self.given in MEMBERS:
            lines.append(f"{self.given} made;")
            for i, name in enumerate("abcde"[: len(MEMBERS[self.given])]):
                lines.append(f"made.{name} = sum + {i};")
            lines.append("return made;")
        else:
            lines.append("return sum;")
        return f"{self.head()} {{ {' '.join(lines)} }}\n"


def all_functions() -> List[Function]:
    made = []
    for given, first in itertools.product(["double", "long", *MEMBERS], MEMBERS):
        made.append((given, [first]))
    for first, second in itertools.product(["dd", "double"], repeat=2):
        for given in ("dd", "double", "ll", "void"):
            made.append((given, [first, second]))
    chosen = random.Random(5)
    kinds = [*MEMBERS, *NUMBERS, "dd *", "ll *"]
    for _ in range(150):
        given = chosen.choice([*MEMBERS, "double", "int", "long", "void"])
        count = chosen.randrange(1, 8)
        made.append((given, [chosen.choice(kinds) for _ in range(count)]))
    return [Function(f"call{i}", *one) for i, one in enumerate(made)]


class SmallRecords(unittest.TestCase):
    folder: Any
    functions: List[Function]
    library: Any
    ways: List[Tuple[str, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.functions = all_functions()
        extra = (
            "double last;\n"
            "dd ask(dd given, double (*how)(double));\n"
            "long length(text given);\ntext make(const char *a, long b);\n"
        )
        heads = RECORDS + extra + "".join(one.head() + ";\n" for one in cls.functions)
        source = (
            heads
            + "".join(one.body() for one in cls.functions)
            + "dd ask(dd given, double (*how)(double))"
            "{ given.a = how(given.a); return given; }\n"
            "long length(text given) { long n = given.b;"
            " while (*given.a) { given.a++; n++; } return n; }\n"
            "text make(const char *a, long b) { text made = {a, b}; return made; }\n"
        )
        path = support.compile_library(cls.folder.name, "small", source, "-O1")
        names = [one.name for one in cls.functions]
        pure = RECORDS + extra + "".join(
            ("[[gnu::pure]] " if one.given != "void" else "") + one.head() + ";\n"
            for one in cls.functions
        )
        cls.ways = [
            ("released", kaa.load(path, heads)),
            ("held", kaa.load(path, heads, hold_gil=[*names, "ask", "length", "make"])),
            ("pure", kaa.load(path, pure)),
        ]
        cls.library = cls.ways[1][1]

    def arguments(self, library: Any, function: Function) -> Tuple[List[Any], float]:
        values, total, place = [], 0.0, 1
        for one in function.parameters:
            plain = one.rstrip(" *")
            numbers = []
            for kind in MEMBERS.get(plain) or NUMBERS[plain]:
                number = place % 7 + (0.5 if kind in "df" else 0)
                numbers.append(number)
                total += place * number
                place += 1
            values.append(
                getattr(library, plain)(*numbers) if plain in MEMBERS else numbers[0]
            )
        return values, total

    def check(self, library: Any, function: Function, given: Any, total: float) -> None:
        if function.given == "void":
            self.assertIsNone(given)
            self.assertEqual(library.last, total)
        elif function.given in MEMBERS:
            self.assertIs(type(given), getattr(library, function.given))
            for i, kind in enumerate(MEMBERS[function.given]):
                wanted = total + i if kind in "df" else int(total + i)
                self.assertEqual(getattr(given, "abcde"[i]), wanted)
        else:
            wanted = total if function.given == "double" else int(total)
            self.assertEqual(given, wanted)

    def test_as_compiled(self) -> None:
        for way, library in self.ways:
            for function in self.functions:
                with self.subTest(way, declaration=function.head()):
                    values, total = self.arguments(library, function)
                    for _ in range(2):  # the second time classes are known
                        given = getattr(library, function.name)(*values)
                        self.check(library, function, given, total)

    def test_other_ways_to_say_it(self) -> None:
        """What the quick way does not take: keywords, ints for doubles, subclasses,
        ctypes instances, results as arguments."""
        library = self.library
        by = {(f.given, *f.parameters): f for f in self.functions}
        one = getattr(library, by["double", "dd"].name)
        two = getattr(library, by["dd", "dd", "double"].name)

        class Mine(library.dd):  # type: ignore[misc]
            pass

        wanted = 1 * 1.5 + 2 * 2.5
        own = library.dd(1.5, 2.5)
        for given in (own, Mine(1.5, 2.5), own.ctypes):
            for _ in range(3):
                self.assertEqual(one(given), wanted)
                self.assertEqual(one(p0=given), wanted)
                self.assertEqual(two(given, 2).a, wanted + 6)
                self.assertEqual(two(given, p1=2.0).b, wanted + 7)
        again = two(two(library.dd(0.0, 0.0), 1.0), 1.0)
        self.assertEqual((again.a, again.b), (14.0, 15.0))

    def test_refused(self) -> None:
        library = self.library
        by = {(f.given, *f.parameters): f for f in self.functions}
        one = by["double", "dd"].name
        two = by["dd", "dd", "dd"].name
        mixed = by["long", "ld"].name
        good = library.dd(1, 2)
        for name, given, words in (
            (one, (library.ll(1, 2),), rf"{one}\(\) argument 1 \(p0\): "),
            (one, (1.5,), rf"{one}\(\) argument 1 \(p0\): "),
            (two, (good, None), rf"{two}\(\) argument 2 \(p1\): "),
            (two, (library.ll(1, 2), good), rf"{two}\(\) argument 1 \(p0\): "),
            (mixed, (good,), rf"{mixed}\(\) argument 1 \(p0\): "),
            (one, (), "missing|takes|expected"),
            (one, (good, good), "takes|expected|given"),
        ):
            with self.subTest(name, given=given):
                for _ in range(2):
                    with self.assertRaisesRegex(TypeError, words):
                        getattr(library, name)(*given)

    def test_an_assigned_class(self) -> None:
        """A class put on other data is not believed."""
        library = self.library
        by = {(f.given, *f.parameters): f for f in self.functions}
        for name in ("dd", "ddd"):
            function = getattr(library, by["double", name].name)
            good = getattr(library, name)()
            self.assertEqual(function(good), 0.0)
            other = library.i1(7)
            try:
                other.__class__ = type(good)
            except TypeError:
                continue
            with self.assertRaises(TypeError):
                function(other)

    def test_callbacks(self) -> None:
        """A function that gives a record may come back: into itself, and with an
        exception."""
        library = self.library
        ask = library.ask

        def deeper(value: float) -> float:
            if value < 3:
                return ask(library.dd(value + 1, 0.0), deeper).a + 1  # type: ignore
            return value

        self.assertEqual(ask(library.dd(0.0, 9.0), deeper).a, 6.0)

        def fails(value: float) -> float:
            raise KeyError(value)

        for _ in range(2):
            with self.assertRaises(KeyError):
                ask(library.dd(4.0, 5.0), fails)
        self.assertEqual(ask(library.dd(4.0, 5.0), lambda value: 1.0).b, 5.0)

    def test_pointers_within(self) -> None:
        library = self.library
        given = library.text("four", 3)
        for _ in range(3):
            self.assertEqual(library.length(given), 7)
        made = library.make("hello", 4)
        self.assertEqual(made.b, 4)

    def test_threads(self) -> None:
        library = self.ways[0][1]
        by = {(f.given, *f.parameters): f for f in self.functions}
        two = getattr(library, by["dd", "dd", "dd"].name)
        wrong = []

        def work(seed: int) -> None:
            one = library.dd(float(seed), 1.0)
            for _ in range(2000):
                made = two(one, one)
                if made.a != seed + 2 + 3 * seed + 4:
                    wrong.append(made.a)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
