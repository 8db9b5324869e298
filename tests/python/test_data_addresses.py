"""Addresses of members and of variables."""

from __future__ import annotations

import copy
import gc
import unittest
import weakref

import kaa


class Addresses(unittest.TestCase):
    def test_addresses_of_members_and_variables(self) -> None:
        lib = kaa.load(
            None,
            "struct inner { int a, b; };"
            "struct outer { char first; struct inner inside; int list[3]; unsigned bits : 3; };"
            "extern char **environ; extern int no_such_variable __attribute__((weak));"
            "int abs(int n);",
        )
        outer = lib.outer()
        place = kaa.addressof(outer, "inside")
        place.b = 7
        self.assertEqual(outer.inside.b, 7)
        self.assertEqual(int(place) - int(kaa.addressof(outer)), kaa.offsetof(lib.outer, "inside"))
        again = kaa.addressof(kaa.addressof(outer), "inside")
        self.assertEqual(again, place)
        number = kaa.addressof(place, "a")
        number[0] = 5
        self.assertEqual(place.a, 5)
        self.assertEqual(len(kaa.addressof(outer, "list")[0]), 3)
        watched = weakref.ref(outer)
        del outer, place, again
        gc.collect()
        self.assertEqual(number[0], 5)  # it keeps the record
        self.assertIsNotNone(watched())
        del number
        gc.collect()
        self.assertIsNone(watched())
        variable = kaa.addressof(lib, "environ")
        self.assertEqual(variable[0], lib.environ)
        for data, name, error, words in (
            (lib.outer(), "bits", ValueError, "bit-field"),
            (lib.outer(), "lits", AttributeError, "no member 'lits'"),
            (kaa.cast("outer *", None, library=lib), "inside", ValueError, "NULL"),
            (lib, "abs", AttributeError, "no variable 'abs'"),
            (lib, "nothing", AttributeError, "no variable 'nothing'"),
            (lib, "no_such_variable", AttributeError, "lacks the variable"),
            (5, "x", TypeError, "expected, not int"),
        ):
            with self.assertRaisesRegex(error, words):
                kaa.addressof(data, name)

    def test_scopes_of_members(self) -> None:
        lib = kaa.load(
            None,
            "struct calls { int (*kept)(int); int (*longer)(int) [[kaa::scope(library)]];"
            " int (*once)(int) [[kaa::scope(async)]]; };",
        )
        calls = lib.calls(lambda n: n + 1, lambda n: n + 2, lambda n: n + 3)
        taken = [calls.kept, calls.longer, calls.once]  # as C takes them
        self.assertEqual([one(1) for one in taken], [2, 3, 4])
        del calls
        gc.collect()
        self.assertEqual([one(1) for one in taken], [0, 3, 0])

    def test_exceptions_of_members_come_out_whatever_their_scope(self) -> None:
        def fails(value: int) -> int:
            raise LookupError(f"of {value}")

        for scope in ("library", "async", "forever"):
            lib = kaa.load(
                None, f"struct calls {{ int (*f)(int) [[kaa::scope({scope})]]; }};"
            )
            calls = lib.calls(fails)
            with self.assertRaisesRegex(LookupError, "of 5"):
                calls.f(5)


class Assigned(unittest.TestCase):
    """A class that was put on an instance by hand says nothing of its bytes."""

    def setUp(self) -> None:
        self.lib = kaa.load(
            None, "struct point { double x, y; }; struct named { long n; const char *t; };"
        )

    def test_another_type_is_refused(self) -> None:
        one = self.lib.point(1, 2)
        for kind in (self.lib.named, object, int):
            with self.assertRaises(TypeError):
                one.__class__ = kind
        self.assertEqual((type(one), one.x), (self.lib.point, 1.0))

    def test_a_class_of_the_same_type(self) -> None:
        class Point(self.lib.point):  # type: ignore[name-defined,misc]
            __slots__ = ()

            def sum(self) -> float:
                return self.x + self.y

        one = self.lib.point(1, 2)
        one.__class__ = Point
        self.assertEqual((one.sum(), copy.copy(one).sum(), repr(one)), (3, 3, "Point(x=1.0, y=2.0)"))

    def test_one_that_was_forced(self) -> None:
        one = self.lib.point(1, 2)
        try:
            object.__dict__["__class__"].__set__(one, self.lib.named)
        except TypeError:
            return  # the interpreter itself refuses it
        self.assertEqual(copy.copy(one), self.lib.point(1, 2))
        with self.assertRaises(TypeError):
            kaa.new(self.lib.named, one)
        for name in ("n", "t"):
            with self.assertRaises(TypeError):
                getattr(one, name)


if __name__ == "__main__":
    unittest.main()
