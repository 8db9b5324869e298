"""What kaa's own objects know of C cannot be forged, and what is no instance of
a record is not taken for one."""

from __future__ import annotations

import array
import copy
import ctypes
import os
import pickle
import sys
import unittest
from typing import Any

import kaa
import support
from kaa._tuple import NamedTuple

TEXT = """
struct opaque;
struct bits { unsigned a : 3; int b : 7; };
struct wide { __int128 number; };
struct outer { int x; union { int i; float f; }; enum color { RED, GREEN } shade; };
int abs(int value);
int apply(int (*function)(int), int value);
"""


#: Replaces __new__ wherever that is allowed, and makes instances without it.
REPLACED = """
import sys
import kaa

lib = kaa.load(None, "struct point { double x, y; }; int abs(int); void *malloc(size_t);")
class Mine(lib.point): pass
class Array(type(kaa.new("int[2]"))): pass
class Pointer(type(kaa.new("int *"))): __slots__ = ()
kinds = [lib.point, *Array.__bases__, *Pointer.__bases__, type(lib.abs)]
kinds += [Mine, Array, Pointer]
for kind in {one for each in kinds for one in each.__mro__} - {object}:
    try:
        kind.__new__ = lambda kind, *rest: object.__new__(kind)
    except TypeError:
        pass
for kind in kinds:
    try:
        made = object.__new__(kind)
        for ask in (repr, bool, len, memoryview, lambda it: it.x, lambda it: it(1),
                    lambda it: it.declaration):
            try:
                ask(made)
            except (TypeError, ValueError, AttributeError):
                pass
        del made
    except (TypeError, AttributeError):
        pass
print("alive")
"""

#: Empties the modules that types keep their classes in.
EMPTIED = """
import gc
import kaa

lib = kaa.load(None, "struct inner { int a; }; struct point { struct inner i, *p; };")
made = lib.point()
made.p = made.i
held = one = None
for kind in (lib.point, type(made.i), type(made.p)):
    for one in gc.get_referents(kind):
        if type(one) is type(kaa):
            for held in [one.__dict__, *gc.get_referents(one)]:
                if isinstance(held, (list, dict)):
                    held.clear()
gc.collect()
for i in range(3):
    print(made.i.a, made.p.a, made == made, repr(lib.inner(i)), type(made)().i)
    gc.collect()
del lib, kind, one, held
gc.collect()
print(made.i.a, made.p.a)
"""

#: Calls what every class has with instances of all the others.
SWAPPED = """
import kaa

lib = kaa.load(None, "union number { int i; float f; }; struct s { int a; double d; };")
nulls = [kaa.cast(text, None, library=lib)
         for text in ("char *", "int *", "struct s *", "void *", "union number *")]
data = nulls + [lib.s(), lib.number(), kaa.new("int[2]"), kaa.new("char[2]")]
rests = [(), (0,), ("x",), (b"x",), (nulls[0],), (lib.s(),), (slice(0, 1),), (0, 5),
         ("a", 5), ({},), (slice(0, 1), [1]), (None,), (None, None)]
for kind in map(type, data):
    for name in dir(kind):
        ask = getattr(kind, name)
        if not callable(ask):
            ask = getattr(ask, "__get__", None)
        for one in data if ask is not None else ():
            for rest in rests:
                try:
                    ask(one, *rest)
                except Exception:
                    pass
print("alive")
"""


class Forging(unittest.TestCase):
    def setUp(self) -> None:
        self.library = kaa.load(
            os.environ["KAA_TEST_SAMPLES"],
            TEXT.replace("int abs(int value);", "int square(int value);"),
        )

    def test_types(self) -> None:
        with self.assertRaisesRegex(TypeError, "cannot be made"):
            kaa.CType(8)
        ctype = self.library._types.ctype(self.library._types.origin(self.library.bits))
        size = ctype.size
        with self.assertRaises(AttributeError):
            ctype.address = 8
        with self.assertRaises(AttributeError):
            del ctype.keep
        with self.assertRaises(TypeError):
            type("Own", (kaa.CType,), {})
        self.assertIs(copy.copy(ctype), ctype)
        self.assertIs(copy.deepcopy(ctype), ctype)
        self.assertRaises(TypeError, pickle.dumps, ctype)
        self.assertEqual(ctype.size, size)

    def test_functions(self) -> None:
        square = self.library.square
        with self.assertRaisesRegex(TypeError, "final|base type"):
            type("Own", (kaa.Function,), {"_item": 8})
        with self.assertRaises(TypeError):
            type("Own", (type(square),), {"_item": 8})
        with self.assertRaises(TypeError):
            type(square)(self.library, 8, 8)
        for name in ("_item", "_library", "address", "__name__", "other"):
            with self.assertRaises((AttributeError, TypeError), msg=name):
                setattr(square, name, 8)
            with self.assertRaises((AttributeError, TypeError), msg=name):
                delattr(square, name)
        self.assertEqual(square(5), 25)
        self.assertEqual(square.__name__, "square")

    def test_libraries(self) -> None:
        with self.assertRaisesRegex(TypeError, "final"):
            type("Own", (kaa.Library,), {})
        for name in ("_types", "_declarations", "_closures", "_addresses"):
            with self.assertRaises(AttributeError):
                setattr(self.library, name, 5)

    def test_what_a_library_keeps_of_callbacks(self) -> None:
        library = self.library

        def double(value: int) -> int:
            return 2 * value

        self.assertEqual(library.apply(double, 5), 10)
        for wrong in (5, None, "x", object(), library.square, ctypes.c_int()):
            for key in library._closures:
                library._closures[key] = wrong
            try:
                self.assertEqual(library.apply(double, 5), 10)
            except (AttributeError, TypeError):
                self.assertFalse(support.BRIDGE)

    def test_members(self) -> None:
        library = self.library
        small = ctypes.c_ubyte()
        for owner, name in (
            (library.bits, "b"),
            (library.wide, "number"),
            (library.outer, "i"),
            (library.outer, "shade"),
        ):
            field = owner.__dict__[name]
            for wrong in (small, library.outer if owner is library.bits else 5, (), None):
                if wrong is None:
                    continue
                with self.assertRaises(TypeError, msg=name):
                    field.__get__(wrong)
                with self.assertRaises(TypeError, msg=name):
                    field.__set__(wrong, 0)
            with self.assertRaises(AttributeError):
                field.offset = 10**6
            with self.assertRaises(AttributeError):
                del field.offset
            made = owner()
            setattr(made, name, 1)
            self.assertEqual(getattr(made, name), 1)
            derived = type("Derived", (owner,), {})()
            self.assertEqual(getattr(derived, name), 0)

    def test_where_instances_are(self) -> None:
        outer = self.library.outer
        made = outer(7)
        array = kaa.new("struct outer[2]", library=self.library)
        for one in (made, kaa.addressof(made), array):
            for name in ("address", "owner", "kept", "length", "memory", "own"):
                with self.assertRaises(AttributeError, msg=name):
                    setattr(one, f"_{name}_", 16)
        self.assertEqual((made.x, kaa.addressof(made).x, array[1].x), (7, 7, 0))

    def test_a_class_that_is_assigned(self) -> None:
        text = "struct little { int a : 3; }; struct big { long long pad[64]; int b : 3; };"
        library = kaa.load(None, text)
        made = library.little()
        try:
            made.__class__ = library.big
        except TypeError:
            return  # refused by ctypes
        self.assertRaises(TypeError, getattr, made, "b")
        self.assertRaises(TypeError, setattr, made, "b", 1)


class Incomplete(unittest.TestCase):
    def test_no_instances(self) -> None:
        library = kaa.load(
            None,
            "struct opaque; union none; int abs(struct opaque *);",
            missing="ignore",
        )
        for kind in (library.opaque, library.none):
            for make in (kind, lambda: kind(1), lambda: kaa.from_buffer(kind, bytearray(9))):
                with self.assertRaisesRegex(TypeError, "incomplete: it has no instances"):
                    make()
            with self.assertRaises(TypeError):
                kaa.new(kind)
            pointer = kaa.cast("struct opaque *", None, library=library)
            self.assertFalse(pointer)
            with self.assertRaises(TypeError):
                pointer[0]

    def test_constructors_that_are_replaced(self) -> None:
        """object.__new__() makes no instance that nobody has filled, whatever a
        class's __new__ was made."""
        done = support.run_python("-c", REPLACED)
        self.assertEqual((done.returncode, done.stdout), (0, "alive\n"), done.stderr)

    def test_modules_that_are_emptied(self) -> None:
        """What a class is kept by cannot be taken from it."""
        done = support.run_python("-c", EMPTIED)
        said = [f"0 0 True inner(a={i}) inner(a=0)" for i in range(3)]
        self.assertEqual(done.stdout.splitlines(), [*said, "0 0"], done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_copies_where_new_is_replaced(self) -> None:
        """A copy has memory of its own, of its size, whatever __new__ would give."""
        library = kaa.load(None, "struct small { char a; }; struct large { int a[4000]; };")
        small = library.small()
        large = library.large([7] * 4000)
        array = kaa.new("int[4000]", [7] * 4000)
        for one in (large, array):
            type(one).__new__ = lambda *rest: small
            for copied in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
                self.assertIs(type(copied), type(one))
                self.assertEqual(copied, one)
        self.assertEqual(small.a, b"\0")

    def test_methods_of_another_class(self) -> None:
        """What a class's functions are called with may be any instance; a NULL
        pointer is not read or written."""
        done = support.run_python("-c", SWAPPED)
        self.assertEqual((done.returncode, done.stdout), (0, "alive\n"), done.stderr)
        library = kaa.load(None, "struct small { char a; };")
        null = kaa.cast("char *", None)
        array = type(kaa.new("char[2]"))
        for wrong, ask in (
            ("a record or an array", lambda: library.small.__copy__(null)),
            ("an array", lambda: array.__eq__(null, "x")),
            ("an array", lambda: array.__init__(null, "x")),
            ("a record or an array", lambda: array.__bytes__(null)),
        ):
            with self.assertRaisesRegex(TypeError, f"^{wrong} expected, not 'char \\*'"):
                ask()

    def test_a_definition_that_was_skipped(self) -> None:
        library = kaa.load(
            None,
            "struct s; typedef struct s s_t; struct s { int a; unknown b; };"
            "struct t { struct s inner; int c; }; int abs(struct s *);",
            tolerant=True,
        )
        for kind in (library.s_t, library.t):
            with self.assertRaisesRegex(TypeError, "incomplete"):
                kind()


class Names(unittest.TestCase):
    def test_members_that_python_gives_a_meaning(self) -> None:
        library = kaa.load(
            None,
            "struct s { int __dict__; int __class__; int __del__; int __len__;"
            " int _as_parameter_; int _fields_; int plain; };",
        )
        made = library.s(*range(7))
        for at, name in enumerate(
            ("__dict__", "__class__", "__del__", "__len__", "_as_parameter_")
        ):
            self.assertEqual(getattr(made, name + "_"), at)
        self.assertEqual((made._fields_, made.plain), (5, 6))
        self.assertIs(type(made), library.s)
        self.assertTrue(made)

    def test_lone_surrogates(self) -> None:
        for text, line, column in (
            ("\ud800", 1, 1),
            ("int abs(int);\nint \u20ac\udfff(int);", 2, 8),
        ):
            with self.assertRaises(kaa.DeclarationError) as caught:
                kaa.load(None, text)
            self.assertEqual((caught.exception.line, caught.exception.column), (line, column))
            self.assertIn("surrogate", str(caught.exception))
        library = kaa.load(None, "int abs(int);")
        self.assertFalse(hasattr(library, "\ud800"))
        with self.assertRaises(AttributeError):
            setattr(library, "\ud800", 1)


class Forking(unittest.TestCase):
    def test_all_that_calls_need_is_imported_with_the_library(self) -> None:
        text = """if True:
            import sys, kaa
            library = kaa.load(sys.argv[1], '''
                int square(int); int apply(int (*f)(int), int);
                double digest(const char *kinds, ...); [[kaa::free(text_free)]]
                char *text_copy(const char *); void text_free(char *);
                struct point { int x, y; }; struct point same_point(struct point);
                int *same_int_pointer(int *);
            ''')
            before = set(sys.modules)
            import ctypes, array
            before |= set(sys.modules)
            library.square(3)
            library.apply(lambda n: n, 3)
            library.digest("i", ctypes.c_int(3))
            library.text_copy("x")
            library.same_point(library.point(1, 2))
            library.same_int_pointer(array.array("i", [1]))
            library.square.map(array.array("i", [1, 2]))
            try: library.square("x")
            except TypeError: pass
            print(sorted(n for n in set(sys.modules) - before if n.startswith("kaa")))
        """
        done = support.run_python("-c", text, os.environ["KAA_TEST_SAMPLES"])
        self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))


class Starting(unittest.TestCase):
    @unittest.skipIf(sys.implementation.name == "pypy", "PyPy itself has imported typing")
    def test_a_first_load_imports_nothing_slow(self) -> None:
        text = '''if True:
            import sys
            began = set(sys.modules)
            import kaa
            kaa.load("libm.so.6", "double pow(double, double);").pow(2, 3)
            slow = {"typing", "re", "inspect", "dataclasses", "tempfile", "subprocess"}
            print(sorted(slow & (set(sys.modules) - began)))
        '''
        done = support.run_python("-S", "-c", text)
        self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))

    def test_named_tuples_are_those_of_typing(self) -> None:
        class Own(NamedTuple):
            """Two."""

            first: int
            second: str = "2"

            def both(self) -> str:
                return f"{self.first}{self.second}"

        one = Own(1)
        self.assertEqual((one, one.both(), one._replace(first=3)), ((1, "2"), "12", (3, "2")))
        self.assertEqual(Own._fields, ("first", "second"))
        self.assertEqual((Own.__doc__, Own.__module__), ("Two.", __name__))
        with self.assertRaises(TypeError):
            Own()  # type: ignore[call-arg]


class Buffers(unittest.TestCase):
    def test_enums_over_bool(self) -> None:
        library = kaa.load(
            os.environ["KAA_TEST_SAMPLES"],
            "enum flag : _Bool { OFF, ON };"
            "void *same_pointer(enum flag *flags) __asm__(\"same_pointer\");",
        )
        self.assertTrue(library.same_pointer((ctypes.c_bool * 2)()))
        self.assertTrue(library.same_pointer(ctypes.c_bool()))
        self.assertTrue(library.same_pointer(memoryview(bytearray(4)).cast("?")))
        for wrong in (array.array("B", [1]), ctypes.c_ubyte(), array.array("i", [1])):
            self.assertRaises(TypeError, library.same_pointer, wrong)

    def test_anonymous_members_by_position(self) -> None:
        library = kaa.load(
            None, "struct s { int a; struct { int b; int c; }; int d; };"
            "struct u { int a; union { int b; float c; }; double d; };"
        )
        made = library.s(1, 2, 3, 4)
        self.assertEqual((made.a, made.b, made.c, made.d), (1, 2, 3, 4))
        made = library.u(1, 2, d=4.5)
        self.assertEqual((made.a, made.b, made.d), (1, 2, 4.5))
        with self.assertRaisesRegex(TypeError, "4 members"):
            library.s(1, 2, 3, 4, 5)
        with self.assertRaisesRegex(TypeError, "b is given twice"):
            library.s(1, 2, b=3)


if __name__ == "__main__":
    unittest.main()
