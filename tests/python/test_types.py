"""Record classes have the C compiler's layout, and their members its values."""

from __future__ import annotations

import ctypes
import random
import threading
import unittest
from typing import Any, Dict, List, Optional, Tuple

import kaa
import support
from kaa import _native
from kaa._values.types import CType, TypeMap, view_of

# Tag, definition. Each is one that ctypes alone gets wrong somewhere, or a
# shape that needs a class of its own.
HARD = [
    (
        "h_pack",
        "#pragma pack(push, 1)\nstruct h_pack { char a; int b; double c; };\n#pragma pack(pop)",
    ),
    (
        "h_pack2",
        "#pragma pack(push, 2)\nstruct h_pack2 { char a; int b; double c; };\n#pragma pack(pop)",
    ),
    (
        "h_packed",
        "struct h_packed { char a; long long b; short c; } __attribute__((packed));",
    ),
    (
        "h_mixed",
        "struct h_mixed { char a; int b __attribute__((packed)); char c; short d; };",
    ),
    (
        "h_over",
        "struct h_over { char a; int b __attribute__((aligned(16))); char c; };",
    ),
    ("h_whole", "struct h_whole { char a; } __attribute__((aligned(32)));"),
    ("h_holds", "struct h_holds { char a; struct h_whole b; char c; };"),
    (
        "h_bits",
        "struct h_bits { unsigned a : 3; unsigned b : 30; unsigned char c : 4; long long d : 33; };",
    ),
    ("h_zero", "struct h_zero { char a : 3; int : 0; char b : 3; int c; };"),
    ("h_unnamed", "struct h_unnamed { int a : 3; int : 7; int b : 9; short c; };"),
    ("h_small", "struct h_small { char a; int b : 20; char c; };"),
    ("h_bool", "struct h_bool { _Bool a : 1; _Bool b : 1; _Bool c; };"),
    (
        "h_tight",
        "struct h_tight { int a : 9; char b; int c : 17; } __attribute__((packed));",
    ),
    (
        "h_inner",
        "struct h_inner { int a; struct { char b; union { int c; double d; }; }; char e; };",
    ),
    (
        "h_inbits",
        "struct h_inbits { char a; struct { int b : 5; int c : 12; }; char d; };",
    ),
    ("h_flex", "struct h_flex { int count; double items[]; };"),
    ("h_wide", "struct h_wide { char a; __int128 b; char c; };"),
    ("h_ld", "struct h_ld { char a; long double b; char c; };"),
    ("h_complex", "struct h_complex { float _Complex a; double _Complex b; char c; };"),
    ("h_array", "struct h_array { char a[3]; short b[2][3]; struct h_bits c[2]; };"),
    (
        "h_self",
        "struct h_self { struct h_self *next; struct h_self **rows; int n; };",
    ),
    (
        "h_call",
        "struct h_call { int (*f)(struct h_call *, const char *); void *user; };",
    ),
    ("h_union", "union h_union { char a; double b; int c : 5; char d[13]; };"),
    (
        "h_upacked",
        "union h_upacked { char a; double b; char d[13]; } __attribute__((packed));",
    ),
    ("h_empty", "struct h_empty { };"),
    (
        "h_enum",
        "struct h_enum { enum h_e { H_A, H_B = 300 } e; enum h_e f : 12; char c; };",
    ),
]

SCALARS = ["char", "signed char", "unsigned char", "short", "unsigned short"] + [
    "int", "unsigned", "long", "unsigned long", "long long", "float", "double",
    "_Bool", "long double", "void *", "const char *", "int (*%s)(int)", "__int128",
]  # fmt: skip
BITS = {"char": 8, "signed char": 8, "unsigned char": 8, "short": 16, "int": 32}
BITS.update({"unsigned": 32, "long": 64, "unsigned long": 64, "_Bool": 1})


class Record:
    """A random record: its text, and its members' paths."""

    def __init__(self, rng: random.Random, number: int, earlier: List[Record]) -> None:
        self.tag = f"r{number}"
        self.kind = "union" if rng.random() < 0.2 else "struct"
        self.plain: List[str] = []
        self.bits: List[Tuple[str, int, bool]] = []
        self.count = 0
        lines = self.members(rng, earlier, 0)
        extra = rng.choice([""] * 6 + [" __attribute__((packed))"])
        if rng.random() < 0.1:
            extra += f" __attribute__((aligned({rng.choice([2, 8, 16])})))"
        body = f"{self.kind} {self.tag} {{ {' '.join(lines)} }}{extra};"
        if rng.random() < 0.15:
            pack = rng.choice([1, 2, 4])
            body = f"#pragma pack(push, {pack})\n{body}\n#pragma pack(pop)"
        self.text = body

    def members(
        self, rng: random.Random, earlier: List[Record], depth: int
    ) -> List[str]:
        return [self.member(rng, earlier, depth) for _ in range(rng.randint(1, 6))]

    def member(self, rng: random.Random, earlier: List[Record], depth: int) -> str:
        self.count += 1
        name = f"m{self.count}"
        dice = rng.random()
        if dice < 0.3:
            base = rng.choice(list(BITS))
            width = rng.randint(1, BITS[base])
            if rng.random() < 0.1:
                return f"{base} : {rng.choice([0, width])};"
            self.bits.append((name, width, base.startswith(("unsigned", "_Bool"))))
            return f"{base} {name} : {width};"
        if dice < 0.37 and depth < 2:
            word = rng.choice(["struct", "union"])
            return f"{word} {{ {' '.join(self.members(rng, earlier, depth + 1))} }};"
        self.plain.append(name)
        if dice < 0.5 and earlier:
            other = rng.choice(earlier)
            return f"{other.kind} {other.tag} {name};"
        base = rng.choice(SCALARS)
        if "%s" in base:
            return base % name + ";"
        if rng.random() < 0.2:
            return f"{base} {name}[{rng.randint(1, 5)}];"
        extra = rng.choice([""] * 8 + [" __attribute__((aligned(16)))"])
        return f"{base} {name}{extra};"


def random_records(count: int) -> List[Record]:
    rng = random.Random(20)
    made: List[Record] = []
    for number in range(count):
        made.append(Record(rng, number, made[-8:]))
    return made


PATTERN = bytes((i * 37 + 90) % 256 for i in range(4096))
PATTERN_BUFFER = bytearray(PATTERN)


def program_for(records: List[Record]) -> str:
    """A C program that prints every size, offset, and bit-field's value and place."""
    lines = ["#include <stdio.h>", "#include <stddef.h>", "#include <string.h>"]
    lines += [f"{one.text}" for one in records]
    lines.append("static unsigned char pattern[4096];")
    lines.append(
        "static void hex(const void *p, size_t n) { const unsigned char *b = p;"
        ' while (n--) printf("%02x", *b++); printf("\\n"); }'
    )
    for one in records:
        lines.append(f"static void f_{one.tag}(void) {{ {one.kind} {one.tag} r;")
        lines.append(f'printf("{one.tag} %zu\\n", sizeof(r));')
        for name in one.plain:
            lines.append(
                f'printf("{one.tag}.{name} %zu\\n",'
                f" offsetof({one.kind} {one.tag}, {name}));"
            )
        for name, width, unsigned in one.bits:
            lines.append("memcpy(&r, pattern, sizeof(r));")
            lines.append(f'printf("{one.tag}.{name}= %lld\\n", (long long)r.{name});')
            value = (1 << (width - 1)) - 1 if width > 1 else 0
            if unsigned:
                value = (1 << width) - 1 if width < 64 else 2**63 - 1
            lines.append(f"memset(&r, 0, sizeof(r)); r.{name} = {value}LL;")
            lines.append(f'printf("{one.tag}.{name}: "); hex(&r, sizeof(r));')
        lines.append("}")
    lines.append("int main(void) { for (int i = 0; i < 4096; i++)")
    lines.append("pattern[i] = (unsigned char)((i * 37 + 90) % 256);")
    lines += [f"f_{one.tag}();" for one in records]
    lines.append("return 0; }")
    return "\n".join(lines)


def set_value(width: int, unsigned: bool) -> int:
    if unsigned:
        return (1 << width) - 1 if width < 64 else 2**63 - 1
    return (1 << (width - 1)) - 1 if width > 1 else 0


class AgainstTheCompiler(unittest.TestCase):
    @unittest.skipIf(support.COMPILER is None, "no C compiler")
    def test_hard_records(self) -> None:
        text = "\n".join(one for _, one in HARD)
        library = kaa.load(None, text)
        lines = []
        expected: Dict[str, int] = {}
        for tag, definition in HARD:
            kind = "union" if "union " + tag in definition else "struct"
            made = getattr(library, tag)
            lines.append(f'printf("{tag} %zu\\n", sizeof({kind} {tag}));')
            expected[tag] = kaa.sizeof(made)
            for name in made.__match_args__:
                try:
                    offset = kaa.offsetof(made, name)
                except ValueError:  # a bit-field
                    continue
                lines.append(
                    f'printf("{tag}.{name} %zu\\n", offsetof({kind} {tag}, {name}));'
                )
                expected[f"{tag}.{name}"] = offset
        printed = support.compile_and_run(
            f"#include <stdio.h>\n#include <stddef.h>\n{text}\nint main(void) {{\n"
            + "\n".join(lines)
            + "\nreturn 0; }\n"
        )
        true = dict(map(str.split, printed.splitlines()))
        self.assertEqual({k: str(v) for k, v in expected.items()}, true)

    @unittest.skipIf(support.COMPILER is None, "no C compiler")
    def test_random_records(self) -> None:
        records = random_records(150)
        # Plain char is what it was to the compiler that built libkaa.
        signed = kaa.load(None, "enum { SIGNED = (char)-1 < 0 };").SIGNED
        flag = "-fsigned-char" if signed else "-funsigned-char"
        printed = support.compile_and_run(program_for(records), [flag])
        true = dict(line.split(" ", 1) for line in printed.splitlines())
        library = kaa.load(None, "\n".join(one.text for one in records))
        for one in records:
            made = getattr(library, one.tag)
            self.assertEqual(kaa.sizeof(made), int(true[one.tag]), one.text)
            for name in one.plain:
                place = kaa.offsetof(made, name)
                self.assertEqual(place, int(true[f"{one.tag}.{name}"]), one.text)
            for name, width, unsigned in one.bits:
                about = f"{name} of {one.text}"
                filled = kaa.from_buffer(made, PATTERN_BUFFER)
                value = int(getattr(filled, name))
                as_long = value - 2**64 if value >= 2**63 else value
                self.assertEqual(as_long, int(true[f"{one.tag}.{name}="]), about)
                empty = made()
                setattr(empty, name, set_value(width, unsigned))
                self.assertEqual(kaa.bytes(empty).hex(), true[f"{one.tag}.{name}:"], about)


class Records(unittest.TestCase):
    def load(self, text: str) -> Any:
        return kaa.load(None, text)

    def test_making_and_showing(self) -> None:
        library = self.load("struct point { int x; double y; };")
        point = library.point(3, y=4.5)
        self.assertEqual((point.x, point.y), (3, 4.5))
        self.assertEqual(repr(point), "point(x=3, y=4.5)")
        self.assertIsInstance(point, kaa.Record)
        with self.assertRaises(TypeError):
            library.point(1, 2, 3)

    def test_placed_by_hand(self) -> None:
        library = self.load(
            "struct s { char a; int b : 3; unsigned c : 9; double d; }"
            " __attribute__((packed));"
        )
        one = library.s(b"x", -4, 511, d=0.5)
        self.assertEqual(repr(one), "s(a=b'x', b=-4, c=511, d=0.5)")
        with self.assertRaisesRegex(OverflowError, r"4 is out of range .*\(-4 to 3\)"):
            one.b = 4
        with self.assertRaises(TypeError):
            one.b = 1.5
        with self.assertRaises(TypeError):
            library.s(b"x", 1, 2, 3.0, 4)
        with self.assertRaises(TypeError):
            library.s(b"x", a=b"y")
        with self.assertRaises(TypeError):
            library.s(nothing=1)
        self.assertEqual(one.c, 511)

    def test_anonymous_members(self) -> None:
        library = self.load(
            "struct s { int kind; union { long i; double d; struct { char p, q; }; };"
            " struct { int low : 4; int high : 4; }; };"
        )
        one = library.s(1, i=0x4241)
        self.assertEqual((one.p, one.q), (b"A", b"B"))
        one.d = 1.5
        one.high = -3
        self.assertEqual((one.kind, one.d, one.high, one.low), (1, 1.5, -3, 0))
        self.assertEqual(kaa.offsetof(library.s, "q"), 9)

    def test_values_that_ctypes_lacks(self) -> None:
        library = self.load(
            "struct s { __int128 i; unsigned __int128 u; double _Complex c;"
            " char16_t h; char32_t w; };"
        )
        one = library.s(-1, 2**128 - 1, 1 + 2j, "x", "\U0001f600")
        self.assertEqual((one.i, one.u, one.c), (-1, 2**128 - 1, 1 + 2j))
        self.assertEqual((one.h, one.w), ("x", "\U0001f600"))
        self.assertEqual(kaa.bytes(one)[:32], b"\xff" * 32)
        for name, wrong in (("i", 2**127), ("u", -1), ("h", "\U0001f600")):
            with self.assertRaises(OverflowError):
                setattr(one, name, wrong)
        for name, kind in (("h", ValueError), ("w", ValueError)):
            with self.assertRaises(kind):
                setattr(one, name, "two")
        with self.assertRaises(TypeError):
            one.i = 1.5

    def test_enum_members(self) -> None:
        library = self.load(
            "enum color { RED, GREEN = 5 }; struct s { enum color c; int n; };"
        )
        one = library.s(library.GREEN, 1)
        self.assertIs(one.c, library.color.GREEN)
        one.c = 77
        self.assertEqual(one.c, 77)
        self.assertEqual(repr(library.s(5, 1)), f"s(c={library.color.GREEN!r}, n=1)")

    def test_recursion(self) -> None:
        library = self.load(
            "struct b; struct a { struct b *b; int x; };"
            "struct b { struct a a; struct b *next; struct a *rows[2]; };"
        )
        inner = library.b(library.a(None, 7))
        outer = library.a(inner, 1)
        self.assertEqual(outer.b.a.x, 7)
        self.assertFalse(inner.next)
        self.assertIn("next=NULL", repr(inner))
        self.assertIs(library.a, type(inner.a))

    def test_opaque(self) -> None:
        library = self.load("typedef struct file FILE_; struct s { FILE_ *f; };")
        self.assertIs(library.FILE_, library.file)
        self.assertIs(type(kaa.cast("FILE_ *", 1, library=library)), type(library.s().f))
        with self.assertRaisesRegex(TypeError, "file is incomplete"):
            kaa.sizeof(library.file)
        with self.assertRaisesRegex(TypeError, "file is incomplete"):
            library.file()

    def test_untagged_takes_the_typedef_name(self) -> None:
        library = self.load(
            "typedef struct { int x; } thing; typedef enum { P, Q } pq;"
        )
        self.assertEqual(library.thing.__name__, "thing")
        self.assertEqual(library.pq.__name__, "pq")
        self.assertEqual(library.pq.Q, 1)
        library = self.load("typedef struct { int x; } late, *late_p;")
        self.assertIs(type(library.late_p(library.late(5))[0]), library.late)
        self.assertEqual(repr(library.late(5)), "late(x=5)")

    def test_names_that_break_classes(self) -> None:
        library = self.load("struct s { int _fields_; int __init__; int mro; };")
        self.assertEqual(library.s.__match_args__, ("_fields_", "__init___", "mro"))
        self.assertEqual(repr(library.s(1, 2, 3)), "s(_fields_=1, __init___=2, mro=3)")

    def test_instances_are_aligned(self) -> None:
        library = self.load(
            "struct s { char c; } __attribute__((aligned(64)));"
            "struct t { struct s s; int n; };"
        )
        made = [library.s(b"x") for _ in range(20)] + [library.t(n=5)]
        for one in made:
            self.assertEqual(int(kaa.addressof(one)) % 64, 0)
        self.assertEqual((made[0].c, made[-1].n, made[-1].s.c), (b"x", 5, b"\0"))

    def test_definitions(self) -> None:
        library = self.load("struct s { int a; int b : 3; }; enum e { A = 4 };")
        self.assertIn("int b : 3;", library.s.__doc__)
        self.assertIn("A = 4", library.e.__doc__)

    def test_pointers_as_fields(self) -> None:
        library = self.load(
            "struct s { const char *text; char *buffer; void *any; const wchar_t *w;"
            " int (*f)(int, ...); int **pp; };"
        )
        one = library.s(b"text", None, 7, "wide")
        self.assertEqual((one.text, one.any, one.w), ("text", 7, "wide"))
        self.assertFalse(one.buffer)
        self.assertFalse(one.f)
        self.assertIn("f=NULL", repr(one))

    def test_long_chains(self) -> None:
        count = 400
        names = "".join(f"typedef t{i} t{i + 1};" for i in range(count))
        library = self.load(f"typedef int t0;{names}")
        self.assertEqual(getattr(library, f"t{count}")(5), 5)
        count = 3000
        chain = "".join(
            f"struct n{i} {{ struct n{i + 1} *next; }};" for i in range(count)
        )
        made = getattr(self.load(chain), "n0")
        self.assertEqual(kaa.sizeof(made), ctypes.sizeof(ctypes.c_void_p))

    def test_threads_see_whole_classes(self) -> None:
        text = "".join(
            f"struct n{i} {{ struct n{i + 1} *next; int a : 3; double d[4]; }};"
            for i in range(60)
        )
        for _ in range(5):
            library = self.load(text)
            seen: List[Any] = []
            failed: List[BaseException] = []

            def work() -> None:
                try:
                    made = library.n0
                    made().a = 1
                    seen.append(made)
                except BaseException as error:
                    failed.append(error)

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])
            self.assertEqual(len({id(one) for one in seen}), 1)


class Types(unittest.TestCase):
    def ctype(self, text: str) -> CType:
        library = kaa.load(None, text + ";", missing="ignore")
        item = _native.DeclItem.from_address(library._declarations.items()[0])
        return library._types.ctype(item.type)

    def test_view(self) -> None:
        function = self.ctype("int f(const char *text, double [], ...)")
        self.assertEqual(function.kind_name, "function")
        self.assertTrue(function.is_variadic)
        self.assertEqual(str(function.target), "int")
        text, numbers = function.parameters
        self.assertEqual((text.name, str(text.type)), ("text", "const char *"))
        self.assertEqual((numbers.name, numbers.type.kind_name), (None, "pointer"))
        assert text.type.target is not None
        self.assertTrue(text.type.target.is_const)
        self.assertEqual(text.type.target.strip().kind_name, "char")
        self.assertEqual(text.type.declare("x"), "const char *x")
        self.assertIsNone(text.type.target.strip().target)

    def test_records_and_enums(self) -> None:
        record = self.ctype("struct s { int a; int b : 3; int : 2; }")
        self.assertEqual((record.size, record.align, record.count), (8, 4, 3))
        self.assertEqual([m.name for m in record.members], ["a", "b", None])
        self.assertEqual([m.bit_width for m in record.members], [None, 3, 2])
        self.assertIn("int a;", record.definition)
        enum = self.ctype("enum e { A = -1, B = 7 }")
        self.assertEqual(enum.enumerators, (("A", -1), ("B", 7)))
        self.assertTrue(enum.is_signed)
        self.assertEqual(self.ctype("enum e { A = 1 }").is_signed, False)
        self.assertFalse(self.ctype("struct opaque").is_complete)

    def test_equality(self) -> None:
        one, two = self.ctype("int f(int a)"), self.ctype("int g(int b)")
        self.assertTrue(one.is_same(two))
        self.assertEqual(one, view_of(one.address))
        self.assertEqual(hash(one), hash(view_of(one.address)))
        self.assertNotEqual(one, 5)

    def test_basic_classes(self) -> None:
        types = TypeMap("test")
        for kind in range(_native.VOID, _native.VALIST + 1):
            address = _native.kaa_ctype_basic(kind)
            made = types.ctypes_class(address)
            if kind == _native.VOID:
                self.assertIsNone(made)
            else:
                size = _native.kaa_ctype_size(address)
                self.assertEqual(ctypes.sizeof(made), size, view_of(address))

    def test_function_pointers_and_arrays(self) -> None:
        library = kaa.load(
            None,
            "typedef int (*compare)(const void *, const void *);"
            "typedef double matrix[3][4]; typedef void nothing(void);",
        )
        made = library.compare(lambda a, b: (a > b) - (a < b))
        self.assertEqual(made(3, 1), 1)
        self.assertEqual(kaa.sizeof(library.matrix), 96)
        self.assertIsNotNone(library.nothing)

    def test_is_native(self) -> None:
        library = kaa.load(
            None,
            "struct a { int x; char c; }; struct b { int x : 3; };"
            "struct c { struct b b[2]; }; union d { int i; double d; };",
        )
        types = library._types
        true = {"a": True, "b": False, "c": False, "d": True}
        for name, native in true.items():
            item = library._declarations.find(name)
            origin = _native.DeclItem.from_address(item).type
            self.assertEqual(types.is_native(origin), native, name)


if __name__ == "__main__":
    unittest.main()
