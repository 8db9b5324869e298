"""One table of conversions, at every place where a value becomes C's or comes back:
parameter and result, member, element, variable, callback."""

from __future__ import annotations

import fractions
import math
import tempfile
import unittest
from typing import Any, Callable, List, NamedTuple, Tuple

import kaa
import samples
import support


class Index:
    """What has __index__ alone."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        return f"Index({self.value})"


class Real:
    def __float__(self) -> float:
        return 2.5


class Kind(NamedTuple):
    """A C type; what is taken, and what it is read as; what is refused."""

    name: str
    ctype: str
    taken: List[Tuple[Any, Any]]
    refused: List[Tuple[Any, type]]


def _integer(name: str, ctype: str, low: int, high: int) -> Kind:
    taken: List[Tuple[Any, Any]] = [(one, one) for one in (low, high, 0, 1)]
    taken += [(True, 1), (Index(high), high)]
    refused: List[Tuple[Any, type]] = [(low - 1, OverflowError), (high + 1, OverflowError)]
    refused += [(Index(high + 1), OverflowError), (10**40, OverflowError)]
    refused += [(one, TypeError) for one in (1.0, "1", None, b"1", [1], Real())]
    return Kind(name, ctype, taken, refused)


KINDS: List[Kind] = [
    _integer("schar", "signed char", -128, 127),
    _integer("uchar", "unsigned char", 0, 255),
    _integer("short", "short", -(2**15), 2**15 - 1),
    _integer("ushort", "unsigned short", 0, 2**16 - 1),
    _integer("int", "int", -(2**31), 2**31 - 1),
    _integer("uint", "unsigned", 0, 2**32 - 1),
    _integer("long", "long", -(2**63), 2**63 - 1),
    _integer("ulong", "unsigned long", 0, 2**64 - 1),
    _integer("int128", "__int128", -(2**127), 2**127 - 1),
    _integer("typedefed", "tiny_t", -128, 127),
    Kind(
        "bool",
        "_Bool",
        [(True, True), (False, False), (1, True), (0, False), (Index(1), True)],
        [(2, OverflowError), (-1, OverflowError), ("", TypeError), (None, TypeError)],
    ),
    Kind(
        "char",
        "char",
        [(b"x", b"x"), (b"\xff", b"\xff"), (bytearray(b"y"), b"y")],
        [(b"", ValueError), (b"xy", ValueError), ("x", TypeError), (1, TypeError)],
    ),
    Kind(
        "wchar",
        "wchar_t",
        [("x", "x"), ("\u20ac", "\u20ac"), ("\U0001f40d", "\U0001f40d")],
        [("", ValueError), ("xy", ValueError), (b"x", TypeError), (1, TypeError)],
    ),
    Kind(
        "char16",
        "char16_t",
        [("x", "x"), ("\u20ac", "\u20ac")],
        [("\U0001f40d", OverflowError), (65, TypeError)],
    ),
    Kind(
        "float",
        "float",
        [(1.5, 1.5), (2, 2.0), (True, 1.0), (Real(), 2.5), (Index(3), 3.0)]
        + [(math.inf, math.inf), (fractions.Fraction(1, 2), 0.5)],
        [(1e39, OverflowError), ("1", TypeError), (None, TypeError), (1j, TypeError)],
    ),
    Kind(
        "double",
        "double",
        [(1.5, 1.5), (2, 2.0), (-0.0, -0.0), (Real(), 2.5), (1e300, 1e300)],
        [(10**400, OverflowError), ("1", TypeError), (None, TypeError), (b"1", TypeError)],
    ),
    Kind(
        "ldouble",
        "long double",
        [(1.5, 1.5), (2, 2.0), (Real(), 2.5)],
        [("1", TypeError), (None, TypeError)],
    ),
    Kind(
        "complex",
        "double _Complex",
        [(1 + 2j, 1 + 2j), (2, 2 + 0j), (1.5, 1.5 + 0j)],
        [("1", TypeError), (None, TypeError)],
    ),
    Kind(
        "enum",
        "enum color",
        [(5, 5), (0, 0), (-1, -1), (Index(5), 5)],
        [(2**31, OverflowError), ("GREEN", TypeError), (1.0, TypeError)],
    ),
    Kind(
        "text",
        "const char *",
        [("text", "text"), (None, None), (b"bytes", "bytes"), ("\u00e9", "\u00e9")]
        + [("\udcff", "\udcff"), ("", ""), (bytearray(b"more\0"), "more")],
        [("a\0b", ValueError), (5, TypeError), (1.0, TypeError), ("\ud800", ValueError)],
    ),
    Kind(
        "address",
        "void *",
        [(None, None), (4096, 4096), (2**64 - 1, 2**64 - 1), (Index(16), 16)],
        [(-1, OverflowError), (2**64, OverflowError), (1.0, TypeError)],
    ),
]

_HEAD = """
typedef signed char tiny_t;
typedef __CHAR16_TYPE__ char16_t_; enum color { BLACK = -1, RED, GREEN = 5 };
"""
_EACH = """
struct s_NAME { char before; TYPE m; char after; };
TYPE same_NAME(TYPE v) BODY
TYPE through_NAME(TYPE (*f [[kaa::scope(call)]])(TYPE v), TYPE v) BODY2
extern TYPE v_NAME;
TYPE of_NAME(const struct s_NAME *s) BODY3
int whole_NAME(const struct s_NAME *s) BODY4
"""


def _texts() -> Tuple[str, str]:
    """The C source, and what is declared of it."""
    source = "#include <stddef.h>\n#include <uchar.h>\n#include <wchar.h>\n" + _HEAD
    declared = _HEAD.replace("typedef __CHAR16_TYPE__ char16_t_;", "")
    bodies = {
        " BODY2": " { return f(v); }",
        " BODY3": " { return s->m; }",
        " BODY4": " { return s->before == 'b' && s->after == 'a'; }",
        " BODY": " { return v; }",
    }
    for kind in KINDS:
        text = _EACH.replace("NAME", kind.name).replace("TYPE", kind.ctype)
        made = text.replace("extern", "").replace(" [[kaa::scope(call)]]", "")
        for word, body in bodies.items():
            made = made.replace(word, body)
            text = text.replace(word, ";")
        source += made
        declared += text
    return source, declared


_folder: Any = None


class Rules(samples.Case):
    @classmethod
    def setUpClass(cls) -> None:
        global _folder
        if support.COMPILER is None:
            raise unittest.SkipTest("no C compiler")
        _folder = tempfile.TemporaryDirectory()
        source, declared = _texts()
        path = support.compile_library(_folder.name, "librules.so", source)
        cls.lib = kaa.load(path, declared)

    def places(self, kind: Kind) -> List[Tuple[str, Callable[[Any], Any]]]:
        """Ways of a value to C and back, each with what its refusals begin with."""
        lib, name, ctype = self.lib, kind.name, kind.ctype
        record = getattr(lib, f"s_{name}")
        same = getattr(lib, f"same_{name}")
        through = getattr(lib, f"through_{name}")
        of = getattr(lib, f"of_{name}")
        whole = getattr(lib, f"whole_{name}")
        array = kaa.new(f"{ctype}[3]", library=lib)

        def member(value: Any) -> Any:
            made = record(before=b"b", after=b"a")
            made.m = value
            assert whole(made)
            seen = of(made)
            assert repr(made.m) == repr(seen)
            return made.m

        def constructed(value: Any) -> Any:
            return of(record(b"b", value))

        def element(value: Any) -> Any:
            array[1] = value
            return array[1]

        def listed(value: Any) -> Any:
            return kaa.new(f"{ctype}[3]", [value], library=lib)[0]

        def pointed(value: Any) -> Any:
            made = kaa.new(f"{ctype}*", library=lib) if "*" in ctype else None
            made = made or kaa.new(ctype, library=lib)
            made[0] = value
            return made[0]

        def variable(value: Any) -> Any:
            setattr(lib, f"v_{name}", value)
            return getattr(lib, f"v_{name}")

        def called(value: Any) -> Any:
            return through(lambda given: value, kind.taken[0][0])

        def passed(value: Any) -> Any:
            given: List[Any] = []
            through(lambda one: given.append(one) or kind.taken[0][0], value)
            return given[0]

        return [
            (f"same_{name}() argument 1 (v): ", same),
            (f"s_{name}.m: ", member),
            (f"s_{name}.m: ", constructed),
            ("", element),
            ("", listed),
            ("", pointed),
            (f"v_{name} (", variable),
            ("", called),
            (f"through_{name}() argument 2 (v): ", passed),
        ]

    def test_taken(self) -> None:
        for kind in KINDS:
            for prefix, place in self.places(kind):
                for value, wanted in kind.taken:
                    with self.subTest(kind.name, place=place, value=value):
                        found = place(value)
                        self.assertEqual(found, wanted)
                        if kind.name == "enum":
                            self.assertIsInstance(found, int)
                            names = {5: "GREEN", 0: "RED", -1: "BLACK"}
                            self.assertEqual(found.name, names[wanted])
                        else:
                            self.assertIs(type(found), type(wanted))

    def test_refused(self) -> None:
        for kind in KINDS:
            for value, error in kind.refused:
                reasons = set()
                for prefix, place in self.places(kind):
                    with self.subTest(kind.name, place=place, value=value):
                        with self.assertRaises(error) as caught:
                            place(value)
                        self.assertIs(type(caught.exception), error)
                        said = str(caught.exception)
                        self.assertTrue(said.startswith(prefix), said)
                        reasons.add(said.rpartition("): " if "): " in said else ": ")[2])
                # A parameter's const and the like may be in the words of some.
                with self.subTest(kind.name, value=value):
                    self.assertLessEqual(len(reasons), 2, reasons)

    def test_nothing_is_written_by_what_is_refused(self) -> None:
        for kind in KINDS:
            record = getattr(self.lib, f"s_{kind.name}")
            first = kind.taken[0][0]
            made = record(m=first)
            before = bytes(kaa.bytes(made))
            for value, error in kind.refused:
                with self.assertRaises(error):
                    made.m = value
                self.assertEqual(kaa.bytes(made), before)
                with self.assertRaises(AttributeError):
                    del made.m


if __name__ == "__main__":
    samples.main()
