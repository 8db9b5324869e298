"""C data: records, pointers and arrays as objects, against the compiler."""

from __future__ import annotations

import copy
import ctypes
import gc
import pickle
import sys
import threading
import unittest
import weakref
from typing import Any, Dict, List
from unittest import mock

import kaa
import support
from kaa._calls import invoke as _invoke
from kaa._headers import declarations as _declarations
from kaa._values import derive as _derive
from kaa._values import owner as _owner

DECLARATIONS = """
typedef struct point { double x, y; } point;
enum color { RED, GREEN = 5, BLUE };
struct node { struct node *next; int value; const char *name; };
struct all {
    _Bool ok; char letter; signed char i8; unsigned char u8; short i16;
    unsigned short u16; int i32; unsigned u32; long long i64;
    unsigned long long u64; float f; double d; long double ld;
    enum color color; wchar_t wide; __int128 big; double _Complex z;
    const char *text; void *any; int *numbers; struct point at;
    int grid[2][3]; char name[8]; unsigned a : 3; int b : 5; _Bool c : 1;
    int (*call)(int); struct point *points[2]; union { int i; float g; };
};
"""


def load(text: str = DECLARATIONS) -> Any:
    return kaa.load(None, text)


class Case(unittest.TestCase):
    def refuses(self, kind: Any, pattern: str, function: Any, *given: Any) -> None:
        with self.assertRaisesRegex(kind, pattern):
            function(*given)


class Records(Case):
    def setUp(self) -> None:
        self.lib = load()

    def test_values_there_and_back(self) -> None:
        one = self.lib.all()
        for name, values in {
            "ok": (True, False),
            "letter": (b"x", b"\0"),
            "i8": (-128, 127),
            "u8": (0, 255),
            "i16": (-(2**15), 2**15 - 1),
            "u16": (0, 2**16 - 1),
            "i32": (-(2**31), 2**31 - 1, 0, 1),
            "u32": (0, 2**32 - 1),
            "i64": (-(2**63), 2**63 - 1),
            "u64": (0, 2**64 - 1),
            "f": (1.5, -0.0, float("inf")),
            "d": (0.1, -1e300, 3),
            "ld": (0.5,),
            "wide": ("\u20ac", "a"),
            "big": (-(2**127), 2**127 - 1),
            "z": (1 - 2j, 5),
            "text": ("text", "\u20ac", "", None),
            "any": (None, 2**64 - 1),
            "a": (0, 7),
            "b": (-16, 15),
            "c": (True, False),
            "i": (-5,),
        }.items():
            for value in values:
                setattr(one, name, value)
                self.assertEqual(getattr(one, name), value, name)
                kind = type(self.lib.all.__match_args__)  # a tuple of names
                self.assertIs(kind, tuple)
                made = self.lib.all(**{name: value})
                self.assertEqual(getattr(made, name), value, name)

    def test_refusals_name_record_and_member(self) -> None:
        one = self.lib.all()
        for name, value, kind, text in (
            ("ok", 2, OverflowError, r"2 is out of range for _Bool \(0 to 1\)"),
            ("letter", b"xy", ValueError, "bytes of length 1 expected, not 2"),
            ("letter", "x", TypeError, "bytes of length 1 expected, not str"),
            ("i8", 128, OverflowError, "128 is out of range for signed char"),
            ("u8", -1, OverflowError, "-1 is out of range for unsigned char"),
            ("i32", 2**31, OverflowError, r"\(-2147483648 to 2147483647\)"),
            ("i32", 1.0, TypeError, "int expected, not float"),
            ("u64", 2**64, OverflowError, "out of range"),
            ("f", 1e300, OverflowError, r"1e\+300 is out of range for float"),
            ("d", "1", TypeError, "float expected, not str"),
            ("color", "RED", TypeError, "int expected, not str"),
            ("wide", "ab", ValueError, "str of length 1 expected, not 2"),
            ("text", "a\0b", ValueError, "embedded NUL"),
            ("text", 5, TypeError, "needs str"),
            ("any", -1, OverflowError, "out of range"),
            ("numbers", bytearray(8), TypeError, "'int \\*' needs"),
            ("at", 5, TypeError, "struct point expected, not int"),
            ("grid", [[1, 2, 3, 4]], ValueError, "4 elements for 3 places"),
            ("grid", [1], TypeError, "element 0: "),
            ("name", b"too long for it", ValueError, "15 elements for 8 places"),
            ("a", 8, OverflowError, r"8 is out of range .*\(0 to 7\)"),
            ("b", 16, OverflowError, r"\(-16 to 15\)"),
            ("call", 5, TypeError, "a callable expected, not int"),
        ):
            self.refuses(kind, rf"^all\.{name}: .*{text}", setattr, one, name, value)
            self.refuses(
                kind, rf"^all\.{name}: ", lambda: self.lib.all(**{name: value})
            )
        self.assertEqual(bytes(kaa.bytes(one)), bytes(kaa.sizeof(one)))

    def test_unknown_names(self) -> None:
        one = self.lib.point()
        node = self.lib.node()
        for data, name, near in ((node, "nxt", "next"), (node, "valu", "value")):
            text = f"node has no member '{name}'; did you mean {near}"
            self.refuses(AttributeError, text, getattr, data, name)
            self.refuses(AttributeError, text, setattr, data, name, 1)
        self.refuses(AttributeError, "", delattr, one, "x")
        self.refuses(TypeError, "has 2 members, 3 values", self.lib.point, 1, 2, 3)
        self.refuses(TypeError, "x is given twice", lambda: self.lib.point(1, x=2))
        self.refuses(TypeError, "no member 'z'", lambda: self.lib.point(z=2))
        self.assertFalse(hasattr(one, "z"))

    def test_names_that_are_not_interned(self) -> None:
        one = self.lib.point(1, 2)
        name = "".join(["x"])
        name = (name + " ")[:1]
        self.assertEqual(getattr(one, name), 1)
        setattr(one, name, 3)
        self.assertEqual(one.x, 3)

    def test_nested_records_are_views(self) -> None:
        one = self.lib.all(at=(1, 2))
        inner = one.at
        inner.x = 5
        self.assertEqual(one.at.x, 5)
        one.at = self.lib.point(7, 8)
        self.assertEqual((inner.x, inner.y), (7, 8))
        one.at = {"y": 9}
        self.assertEqual((inner.x, inner.y), (0, 9))
        del one
        gc.collect()
        self.assertEqual(inner.y, 9)

    def test_enums(self) -> None:
        one = self.lib.all(color=self.lib.GREEN)
        self.assertIs(one.color, self.lib.color.GREEN)
        one.color = 3
        self.assertEqual((one.color, type(one.color)), (3, int))

    def test_equality_and_repr(self) -> None:
        point = self.lib.point
        self.assertEqual(point(1, 2), point(1, 2))
        self.assertNotEqual(point(1, 2), point(1, 3))
        self.assertNotEqual(point(1, 2), (1, 2))
        self.assertEqual(point(1, 2), load().point(1, 2))
        self.assertEqual(repr(point(1, 2)), "point(x=1.0, y=2.0)")
        self.refuses(TypeError, "unhashable", hash, point())

    def test_asdict_and_match_args(self) -> None:
        made = load("struct a { int n; }; struct b { struct a a[2]; char t[4]; };")
        one = made.b([(1,), (2,)], "xy")
        self.assertEqual(
            kaa.asdict(one),
            {"a": [{"n": 1}, {"n": 2}], "t": [b"x", b"y", b"\0", b"\0"]},
        )
        self.assertEqual(made.b.__match_args__, ("a", "t"))

    def test_copies(self) -> None:
        one = self.lib.all(text="kept", at=(1, 2))
        for made in (copy.copy(one), copy.deepcopy(one)):
            self.assertEqual(made.text, "kept")
            made.at.x = 100
            self.assertEqual(one.at.x, 1)

    def test_pickles(self) -> None:
        for one in (
            self.lib.point(1, 2),
            kaa.new("point[2]", [(1, 2), (3, 4)], library=self.lib),
            kaa.new("int[2][2]", [[1, 2], [3, 4]], library=self.lib),
        ):
            again = pickle.loads(pickle.dumps(one))
            self.assertEqual(again, one)
            self.assertIs(type(again), type(one))
        self.refuses(TypeError, "cannot pickle .*pointers", pickle.dumps, self.lib.node())
        pointer = kaa.addressof(self.lib.point())
        self.refuses(TypeError, "address means nothing", pickle.dumps, pointer)

    def test_subclasses(self) -> None:
        class Point(self.lib.point):  # type: ignore[name-defined,misc]
            def length(self) -> float:
                return float((self.x**2 + self.y**2) ** 0.5)

        one = Point(3, 4)
        one.note = "an attribute"
        one.x += 0
        self.assertEqual((one.length(), one.note), (5.0, "an attribute"))
        self.assertEqual(repr(one), "Point(x=3.0, y=4.0)")
        self.assertEqual(copy.copy(one).note, "an attribute")
        self.refuses(OverflowError, "", lambda: Point(10**400))
        for _ in range(1000):
            Point(1, 2)
        seen = weakref.ref(one)
        del one
        gc.collect()
        self.assertIsNone(seen())

    def test_the_class_of_others(self) -> None:
        one = self.lib.point()
        try:
            one.__class__ = self.lib.node
        except TypeError:
            return
        for name in ("value", "next"):
            self.refuses(TypeError, "not one of what the data are", getattr, one, name)

    def test_alignment(self) -> None:
        made = load("struct s { char c; } __attribute__((aligned(64)));")
        for one in [made.s(b"x") for _ in range(20)]:
            self.assertEqual(int(kaa.addressof(one)) % 64, 0)

    def test_large_ones(self) -> None:
        made = load("struct s { char c[100000]; int last; };")
        one = made.s(last=7)
        self.assertEqual((one.last, one.c[99_999]), (7, b"\0"))

    def test_match_statements(self) -> None:
        if sys.version_info < (3, 10):
            self.skipTest("no match statement")
        space: Dict[str, Any] = {"point": self.lib.point}
        exec(
            "def f(p):\n match p:\n  case point(x, 2.0): return x\n  case _: return None",
            space,
        )
        self.assertEqual(space["f"](self.lib.point(5, 2)), 5.0)
        self.assertIsNone(space["f"](self.lib.point(5, 3)))


class Pointers(Case):
    def setUp(self) -> None:
        self.lib = load()

    def test_through_a_pointer(self) -> None:
        last = self.lib.node(value=2)
        first = self.lib.node(last, 1, "first")
        p = kaa.addressof(first)
        self.assertEqual((p.value, p.name, p.next.value), (1, "first", 2))
        p.next.value = 20
        self.assertEqual((last.value, p[0].next[0].value), (20, 20))
        self.assertFalse(p.next.next)
        for use in (lambda: p.next.next.value, lambda: p.next.next[0]):
            self.refuses(kaa.NullPointerError, "struct node", use)
        self.refuses(AttributeError, "no member 'nxt'", lambda: p.nxt)
        with self.assertRaises(OverflowError):
            p.value = 2**40

    def test_arithmetic(self) -> None:
        items = kaa.new("int[5]", [1, 2, 3, 4, 5])
        p = kaa.cast("int *", items)
        self.assertEqual([(p + i)[0] for i in range(5)], [1, 2, 3, 4, 5])
        q = p + 3
        self.assertEqual((q - p, p - q, (q - 3) == p), (3, -3, True))
        self.assertTrue(p < q and q > p and p <= p and p != q)
        self.assertEqual((hash(p), len({p, q, q - 3})), (hash(q - 3), 2))
        self.assertEqual(list(p[1:3]), [2, 3])
        p[1:3][0] = 20
        self.assertEqual(items[1], 20)
        self.refuses(TypeError, "different types", lambda: p - kaa.new("double"))
        self.refuses(ValueError, "no known length", lambda: p[1:])
        self.refuses(TypeError, "no known length", lambda: list(p))

    def test_known_lengths(self) -> None:
        p = kaa.new("int", 7)
        self.assertEqual((p[0], len(p), list(p)), (7, 1, [7]))
        for use in (lambda: p[1], lambda: p[-1], lambda: p + 2):
            self.refuses(IndexError, "out of range", use)
        self.assertIn("length 1", repr(p))
        self.assertIn("NULL", repr(kaa.cast("int *", None)))

    def test_out_pointers(self) -> None:
        cell = kaa.new("char **")
        cell[0] = kaa.new("char[4]", "abc")
        self.assertEqual(kaa.text(cell[0]), "abc")
        self.assertEqual(kaa.text(cell[0], 2), "ab")

    def test_owners(self) -> None:
        array = kaa.new("int[3]", [1, 2, 3])
        p = kaa.cast("int *", array)
        seen = weakref.ref(array)
        del array
        gc.collect()
        self.assertEqual(p[2], 3)
        self.assertIsNotNone(seen())
        del p
        gc.collect()
        self.assertIsNone(seen())

    def test_classes(self) -> None:
        made = load("typedef struct s { int x; } *handle; struct s2 { struct s *p; };")
        one = made.s2(made.s(5))
        self.assertIs(type(one.p), made.handle)
        self.assertTrue(issubclass(made.handle, kaa.Pointer))
        self.assertFalse(made.handle())
        self.assertEqual(made.handle(made.s(6)).x, 6)
        self.refuses(TypeError, "", made.handle, 5)


class Arrays(Case):
    def test_elements(self) -> None:
        array = kaa.new("short[4]", (1, 2, 3))
        self.assertEqual((list(array), len(array), array[-1]), ([1, 2, 3, 0], 4, 0))
        array[1:3] = [20, 30]
        self.assertEqual(array, [1, 20, 30, 0])
        for use, kind, text in (
            (lambda: array[4], IndexError, "index 4 is out of range: 4 elements"),
            (lambda: array[-5], IndexError, "out of range"),
            (lambda: array[::2], ValueError, "step is 1"),
            (lambda: array["x"], TypeError, ""),
            (lambda: array.__setitem__(0, 2**15), OverflowError, "element 0: "),
            (lambda: array.__setitem__(slice(0, 2), [1]), ValueError, "1 elements for 2"),
        ):
            self.refuses(kind, text, use)

    def test_nothing_is_half_done(self) -> None:
        array = kaa.new("int[3]", [1, 2, 3])
        with self.assertRaises(TypeError):
            array[0:3] = [7, 8, "x"]
        self.assertEqual(array, [1, 2, 3])

    def test_text(self) -> None:
        one = load("struct s { char name[8]; wchar_t w[4]; };").s("h\xe9", "\u20acb")
        self.assertEqual(one.name, "h\xe9")
        self.assertEqual(one.name, "h\xe9".encode())
        self.assertEqual(kaa.text(one.name), "h\xe9")
        self.assertEqual(kaa.text(one.w), "\u20acb")
        self.assertEqual(kaa.bytes(one.name), "h\xe9".encode() + bytes(5))

    def test_matrices(self) -> None:
        made = load("struct s { double m[2][3]; };")
        one = made.s([[1, 2, 3], [4, 5, 6]])
        one.m[1][2] = 60
        self.assertEqual([list(row) for row in one.m], [[1, 2, 3], [4, 5, 60]])

    def test_lists_as_arguments(self) -> None:
        lib = kaa.load(None, "struct s { const char *const *words; const int *n; };")
        one = lib.s(["a", "bc"], [1, 2, 3])
        gc.collect()
        self.assertEqual([one.words[i] for i in range(2)], ["a", "bc"])
        self.assertEqual([one.n[i] for i in range(3)], [1, 2, 3])


class Lives(Case):
    """What is held by whom."""

    def test_text_lives_with_its_record(self) -> None:
        lib = load()
        nodes = [lib.node(name=f"node {i}" * 10) for i in range(200)]
        gc.collect()
        [bytes(1000) for _ in range(1000)]
        self.assertEqual([one.name for one in nodes], [f"node {i}" * 10 for i in range(200)])

    def test_what_a_pointer_was_set_from(self) -> None:
        lib = load()
        one = lib.node()
        other = lib.node(value=5)
        seen = weakref.ref(other)
        one.next = other
        del other
        gc.collect()
        self.assertEqual(one.next.value, 5)
        p = one.next
        one.next = None
        gc.collect()
        self.assertEqual(p.value, 5)  # the pointer keeps it
        del p
        gc.collect()
        self.assertIsNone(seen())

    def test_what_is_kept_goes_with_copies(self) -> None:
        lib = load("struct s { const char *t; }; struct o { struct s s; struct s a[2]; };")
        o = lib.o()
        o.s = lib.s("copied " * 20)
        o.a = [lib.s("one " * 20), lib.s("two " * 20)]
        gc.collect()
        [bytes(200) for _ in range(1000)]
        self.assertEqual(o.s.t, "copied " * 20)
        self.assertEqual(o.a[1].t, "two " * 20)

    def test_callbacks(self) -> None:
        lib = load()
        one = lib.all()
        one.call = lambda n: n + 1
        gc.collect()
        self.assertEqual(one.call(41), 42)
        lib2 = load("struct c { int (*f)(const char *); };")
        seen: List[Any] = []
        c = lib2.c(lambda text: seen.append(text) or 3)
        self.assertEqual(c.f(b"text"), 3)
        self.assertEqual(seen, ["text"])
        c.f = None
        self.assertFalse(c.f)

    def test_cycles_are_collected(self) -> None:
        lib = load("struct c { int (*f)(int); };")

        def make() -> Any:
            one = lib.c()
            one.f = lambda n: one and n
            return weakref.ref(one)

        seen = make()
        gc.collect()
        gc.collect()
        self.assertIsNone(seen())
        for _ in range(100):
            make()

    def test_long_chains_end(self) -> None:
        lib = load()
        head = lib.node()
        for i in range(50_000):
            head = lib.node(head, i)
        self.assertEqual(head.next.value, 49_998)
        del head
        gc.collect()

    def test_the_library_lives_with_its_data(self) -> None:
        lib = load()
        seen = weakref.ref(lib)
        one = lib.point()
        del lib
        gc.collect()
        self.assertIsNotNone(seen())
        del one
        for _ in range(3):
            gc.collect()
        self.assertIsNone(seen())

    def test_types_go_before_those_they_are_made_of(self) -> None:
        if _owner._FREE_THREADED:
            self.skipTest("what C made is freed later there")
        gone: List[str] = []

        def noted(home: Any, name: str) -> Any:
            free = getattr(home, name)

            def freeing(*given: Any) -> None:
                gone.append(home.__name__)
                free(*given)

            return mock.patch.object(home, name, freeing)

        with noted(_declarations, "_free"), noted(_derive, "_free"), noted(
            _invoke, "_destroy_table"
        ):
            lib = load(DECLARATIONS + "int snprintf(char *, size_t, const char *, ...);")
            points = kaa.new("point[3]", library=lib)
            self.assertEqual(lib.snprintf(None, 0, "%d", 10), 2)
            del lib, points
            for _ in range(3):
                gc.collect()
        self.assertEqual(gone.count("kaa._headers.declarations"), 1)
        self.assertEqual(gone[-1], "kaa._headers.declarations")
        self.assertIn("kaa._values.derive", gone)
        self.assertEqual("kaa._calls.invoke" in gone, not support.BRIDGE)

    def test_threads(self) -> None:
        lib = load()
        shared = lib.node(value=1, name="shared")
        failed: List[BaseException] = []

        def work(number: int) -> None:
            try:
                for i in range(2000):
                    one = lib.node(shared, i, str(i))
                    assert one.next.value == 1 and one.name == str(i)
                    shared.name = "shared"
                    assert shared.name == "shared"
                    assert lib.all(at=(i, number)).at.y == number
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(failed, [])


class Tools(Case):
    def setUp(self) -> None:
        self.lib = load()

    def test_sizes(self) -> None:
        lib = self.lib
        self.assertEqual((kaa.sizeof("int"), kaa.alignof("double")), (4, 8))
        self.assertEqual(kaa.sizeof("point[3]", library=lib), 48)
        self.assertEqual((kaa.sizeof(lib.point), kaa.sizeof(lib.point())), (16, 16))
        self.assertEqual(kaa.offsetof(lib.point, "y"), 8)
        self.refuses(ValueError, "bit-field", kaa.offsetof, lib.all, "b")
        self.refuses(AttributeError, "no member", kaa.offsetof, lib.point, "z")
        for text in ("", "int int", "point", "int[", "struct nothing", "int(*)(int)"):
            self.refuses(TypeError, "", kaa.sizeof, text)

    def test_bytes_and_views(self) -> None:
        point = self.lib.point(1, 2)
        view = kaa.view(point)
        view[0:8] = view[8:16]
        self.assertEqual((point.x, kaa.bytes(point)[:8]), (2, bytes(view[8:])))
        p = kaa.cast("unsigned char *", point)
        self.assertEqual(len(kaa.bytes(p, 16)), 16)
        self.refuses(ValueError, "is not known", kaa.bytes, p)
        self.refuses(ValueError, "17 bytes of 16", kaa.bytes, point, 17)
        self.refuses(ValueError, "NULL", kaa.bytes, kaa.cast("char *", None), 1)
        self.assertEqual(kaa.text(p, 0), "")

    def test_from_buffer(self) -> None:
        memory = bytearray(32)
        one = kaa.from_buffer(self.lib.point, memory, 16)
        one.x = 1.0
        self.assertEqual(memory[16:24], kaa.bytes(one)[:8])
        self.refuses(ValueError, "needs 16 bytes at 17", kaa.from_buffer, self.lib.point, memory, 17)
        self.refuses(TypeError, "read-only", kaa.from_buffer, self.lib.point, bytes(16))
        array = kaa.from_buffer("int[]", memory)
        self.assertEqual(len(array), 8)

    def test_handles(self) -> None:
        value = ["kept"]
        handle = kaa.handle(value)
        self.assertIs(kaa.object(handle), value)
        self.assertIs(kaa.object(int(handle)), value)
        kaa.release(handle)
        self.refuses(ValueError, "no handle", kaa.object, handle)
        self.refuses(ValueError, "", kaa.release, handle)
        self.refuses(ValueError, "no handle", kaa.object, 12345)

    def test_ctypes(self) -> None:
        point = self.lib.point(1, 2)
        other = point.ctypes
        other.x = 7.0
        self.assertEqual(point.x, 7)
        self.assertEqual(ctypes.sizeof(other), 16)
        libc = ctypes.CDLL(None)
        libc.memset(point, 0, 16)
        self.assertEqual((point.x, point.y), (0, 0))
        libc.memset(kaa.addressof(point), 0, 16)

    @unittest.skipUnless(support.BRIDGE, "no bridge")
    def test_buffers(self) -> None:
        view = memoryview(self.lib.point(1, 2))
        self.assertEqual((view.format, view.nbytes), ("T{d:x:d:y:}", 16))
        array = memoryview(kaa.new("int[2][3]", [[1, 2, 3], [4, 5, 6]]))
        self.assertEqual((array.shape, array.tolist()), ((2, 3), [[1, 2, 3], [4, 5, 6]]))

    @unittest.skipUnless(support.BRIDGE, "no bridge")
    def test_numpy(self) -> None:
        try:
            import numpy
        except ImportError:
            self.skipTest("no NumPy")
        array = kaa.new("point[3]", [(1, 2), (3, 4), (5, 6)], library=self.lib)
        seen = numpy.asarray(array)
        self.assertEqual(seen.dtype.names, ("x", "y"))
        seen["x"][1] = 30
        self.assertEqual(array[1].x, 30)


if __name__ == "__main__":
    unittest.main()
