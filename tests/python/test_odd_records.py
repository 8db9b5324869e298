"""Records that are legal and strange: names that Python gives a meaning, and sizes
that double."""

from __future__ import annotations

import copy
import ctypes
import unittest

import kaa
import support

NAMES = (
    "__dict__ __class__ __slots__ __weakref__ __doc__ __module__ __init__ __new__"
    " __del__ __getattribute__ __setattr__ __reduce__ __call__ __len__ __iter__"
    " __match_args__ __mro__ __name__ __class_getitem__ __init_subclass__ __layout__"
    " _layout_ _fields_ _as_parameter_ _types_ _address_ _owner_ _kept_ mro None class"
    " def self cls args keywords data kind"
).split()
COUNT = 40


def doubling(count: int, between: str = "") -> str:
    """Structs that hold two of the one before each."""
    return "struct s0 { short a; short b; };" + "".join(
        f"struct s{i} {{ struct s{i - 1} x; {between} struct s{i - 1} y; }};"
        for i in range(1, count)
    )


class Names(unittest.TestCase):
    def test_names_with_a_meaning(self) -> None:
        members = " ".join(f"int {name};" for name in NAMES)
        lib = kaa.load(
            "libc.so.6",
            f"struct odd {{ {members} }}; struct odd div(struct odd o);"
            "int abs(struct odd *o);",
        )
        odd = kaa.new("odd", library=lib)
        shown = [
            name + "_" if name.startswith("__") or name == "_as_parameter_" else name
            for name in NAMES
        ]
        for number, name in enumerate(shown):
            setattr(odd, name, number)
        numbers = list(range(len(NAMES)))
        self.assertEqual([getattr(odd, name) for name in shown], numbers)
        self.assertEqual(
            list((ctypes.c_int * len(NAMES)).from_address(int(kaa.addressof(odd)))), numbers
        )
        self.assertEqual(list(kaa.asdict(odd)), shown)
        self.assertIs(odd.__class__, type(odd))
        self.assertIsInstance(odd, lib.odd)
        self.assertEqual(copy.copy(odd), odd)
        self.assertEqual(lib.odd(**kaa.asdict(odd)), odd)
        self.assertIn("__class___=1, ", repr(odd))
        self.assertFalse(hasattr(odd, "__dict__"))
        self.assertEqual(len(kaa.new("odd[3]", library=lib)), 3)
        self.assertTrue(lib.div and lib.abs)


class Doubling(unittest.TestCase):
    """All of this takes no time with `COUNT` structs, or none ends."""

    def test_what_doubles(self) -> None:
        for between in ("", "char c;", "int *p;", "int bits : 3;"):
            with self.subTest(between):
                lib = kaa.load(
                    "libc.so.6",
                    doubling(COUNT, between)
                    + f"struct s{COUNT - 1} div(struct s{COUNT - 1} v);"
                    + f"struct s{COUNT - 1} ldiv(void);"
                    + f"void *abs(struct s{COUNT - 1} *p);",
                )
                kind = getattr(lib, f"s{COUNT - 1}")
                self.assertGreaterEqual(kaa.sizeof(kind), 4 << (COUNT - 1))
                self.assertEqual(kaa.offsetof(kind, "x"), 0)
                self.assertFalse(lib.s10().x.y.x == 5)
                for name in ("div", "ldiv"):
                    with self.assertRaisesRegex(kaa.UnsupportedError, "too large"):
                        getattr(lib, name)
                self.assertTrue(lib.abs)
                pointer = kaa.cast(f"s{COUNT - 1} *", 0, library=lib)
                self.assertFalse(pointer)

    def test_texts_have_an_end(self) -> None:
        lib = kaa.load("libc.so.6", doubling(18) + "struct s3 div(struct s3 v);")
        for kind in (lib.s17, type(kaa.new("s16[2]", library=lib))):
            text = repr(kind())
            self.assertLess(len(text), 30_000)
            self.assertIn("...", text)
        self.assertEqual(repr(lib.s1()), "s1(x=s0(a=0, b=0), y=s0(a=0, b=0))")
        if not support.BRIDGE:
            return  # the formats are those of ctypes
        text = "T{T{h:a:h:b:}:x:T{h:a:h:b:}:y:}"
        self.assertEqual(memoryview(lib.s1()).format, text)
        large = memoryview(lib.s17())
        self.assertEqual(large.nbytes, kaa.sizeof(lib.s17))
        self.assertLess(len(large.format), 1 << 18)


if __name__ == "__main__":
    unittest.main()
