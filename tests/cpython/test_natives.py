"""Native types under CPython: real classes, whoever looks at them."""

from __future__ import annotations

import copy
import gc
import inspect
import operator
import pickle
import sys
import types
import unittest
import weakref
from typing import Any, List

from module_cases import BINARY, NativesCase


class Classes(NativesCase):
    def test_what_they_are(self) -> None:
        Box = self.natives.Box
        self.assertIs(type(Box), type)
        self.assertEqual((Box.__name__, Box.__module__), ("Box", "natives"))
        self.assertEqual(Box.__qualname__, "Box")
        self.assertEqual(repr(Box), "<class 'natives.Box'>")
        self.assertIn("A box.", Box.__doc__)
        self.assertEqual(Box.__mro__, (Box, object))
        self.assertEqual(self.natives.Crate.__mro__, (self.natives.Crate, Box, object))
        if sys.version_info >= (3, 10):  # 3.9 drops it from heap types
            self.assertEqual(
                str(inspect.signature(Box)), "(item=None, fixed=None, *, number=0)"
            )

    def test_methods(self) -> None:
        Box = self.natives.Box
        box = Box()
        self.assertIs(type(Box.noargs), types.MethodDescriptorType)
        self.assertIs(type(box.noargs), types.BuiltinMethodType)
        self.assertIs(box.noargs(), box)
        self.assertEqual(box.one(5), (box, 5))
        self.assertEqual(box.many(1, 2, 3), (1, 2, 3))
        self.assertEqual(box.named(1, second=2), (1, 2))
        self.assertEqual(box.named(first=1), (1, None))
        self.assertEqual(Box.noargs(box), box)
        self.assertEqual(Box.fixed_to_none(5), (0, 5))
        self.assertEqual(box.fixed_to_none(5), (0, 5))
        self.assertIs(Box.of_class(), Box)
        self.assertIs(box.of_class(), Box)
        self.assertEqual(Box.noargs.__text_signature__, "($self)")
        self.assertEqual(Box.one.__text_signature__, "($self, argument, /)")
        self.assertEqual(Box.named.__text_signature__, "($self, first, second=None)")
        self.assertEqual(Box.fixed_to_none.__text_signature__, "(argument, /)")
        self.assertEqual(Box.of_class.__text_signature__, "($type)")
        self.assertEqual(Box.noargs.__doc__, "Itself.")
        self.assertEqual(Box.noargs.__qualname__, "Box.noargs")
        self.assertEqual(str(inspect.signature(box.named)), "(first, second=None)")
        self.assertIs(Box.noargs.__objclass__, Box)
        for call in (
            lambda: box.noargs(1),
            lambda: box.one(),
            lambda: box.many(a=1),
            lambda: box.named(other=1),
            lambda: Box.noargs(5),
            lambda: Box.noargs(),
            lambda: Box(1, 2, 3),
            lambda: Box(none=1),
        ):
            self.assertRaises(TypeError, call)

    def test_members(self) -> None:
        box = self.natives.Box()
        for name, low, high in (
            ("i8", -(2**7), 2**7 - 1),
            ("u8", 0, 2**8 - 1),
            ("i16", -(2**15), 2**15 - 1),
            ("u16", 0, 2**16 - 1),
            ("i32", -(2**31), 2**31 - 1),
            ("u32", 0, 2**32 - 1),
            ("i64", -(2**63), 2**63 - 1),
            ("u64", 0, 2**64 - 1),
        ):
            for value in (low, high, 0, 1):
                setattr(box, name, value)
                self.assertEqual(getattr(box, name), value)
            for value in (low - 1, high + 1, 2**70, -(2**70)):
                with self.assertRaisesRegex(OverflowError, name):
                    setattr(box, name, value)
            self.assertRaises(TypeError, setattr, box, name, 1.5)
            self.assertRaises(TypeError, setattr, box, name, "1")
            self.assertRaises(TypeError, delattr, box, name)
            self.assertEqual(getattr(box, name), 1)
            self.assertEqual(getattr(type(box), name).__doc__, f"doc of {name}")
        box.flag = True
        self.assertIs(box.flag, True)
        self.assertRaises(TypeError, setattr, box, "flag", 1)
        for name in ("real", "number"):
            setattr(box, name, 1.5)
            self.assertEqual(getattr(box, name), 1.5)
            setattr(box, name, 3)
            self.assertEqual(getattr(box, name), 3.0)
            self.assertRaises(TypeError, setattr, box, name, "x")
            self.assertRaises(TypeError, delattr, box, name)
        self.assertEqual(box.label, "a label")
        for name in ("label", "constant", "fixed"):
            self.assertRaises((AttributeError, TypeError), setattr, box, name, 1)
            self.assertRaises((AttributeError, TypeError), delattr, box, name)
        self.assertEqual((box.constant, box.item, box.fixed), (42, None, None))
        value = object()
        before = sys.getrefcount(value)
        box.item = value
        self.assertIs(box.item, value)
        self.assertEqual(sys.getrefcount(value), before + 1)
        del box.item
        self.assertIsNone(box.item)
        self.assertEqual(sys.getrefcount(value), before)
        self.assertFalse(hasattr(box, "hidden"))
        self.assertEqual(self.natives.raw(type(box)).label, None)

    def test_properties(self) -> None:
        box = self.natives.Box(number=2)
        self.assertEqual((box.twice, box.tenfold), (4.0, 20.0))
        box.twice = 10
        self.assertEqual(box.number, 5.0)
        del box.twice
        self.assertEqual(box.number, 0.0)
        self.assertRaises(TypeError, setattr, box, "twice", "x")
        self.assertRaises(AttributeError, setattr, box, "tenfold", 1)
        self.assertEqual(type(box).twice.__doc__, "Twice the number.")

    def test_dict_and_weakrefs(self) -> None:
        box = self.natives.Box()
        box.any = [box]
        self.assertEqual(list(box.__dict__), ["any"])
        box.__dict__ = {"other": 1}
        self.assertEqual(box.other, 1)
        with self.assertRaises(AttributeError):
            self.natives.Number(1).any = 1
        told: List[Any] = []
        reference = weakref.ref(box, told.append)
        self.assertIs(reference(), box)
        del box
        gc.collect()
        self.assertIsNone(reference())
        self.assertEqual(told, [reference])
        cursor = iter(self.natives.Series(1))
        self.assertRaises(TypeError, weakref.ref, cursor)
        weakref.ref(self.natives.Number(1))

    def test_subclassing(self) -> None:
        natives = self.natives

        class Mine(natives.Box):  # type: ignore[misc,name-defined]
            def __init__(self, x: int) -> None:
                super().__init__([x], number=x)
                self.own = x

            def __repr__(self) -> str:
                return "Mine" + super().__repr__()

            def noargs(self) -> Any:
                return super().noargs(), 1

        mine = Mine(5)
        self.assertEqual(repr(mine), "MineBox(5)")
        self.assertEqual((mine.item, mine.own, mine.noargs()), ([5], 5, (mine, 1)))
        self.assertIs(Mine.of_class(), Mine)
        self.assertIs(mine.module(), natives)
        self.assertIs(natives.Crate().module(), natives)
        mine.item = mine
        reference = weakref.ref(mine)
        del mine
        gc.collect()
        self.assertIsNone(reference())

        class Slotted(natives.Number):  # type: ignore[misc,name-defined]
            __slots__ = ("more",)

        slotted = Slotted(3)
        slotted.more = slotted
        self.assertEqual(int(slotted), 3)
        reference = weakref.ref(slotted)
        del slotted
        gc.collect()
        self.assertIsNone(reference())
        self.assertRaises(TypeError, type, "Both", (natives.Box, dict), {})

    def test_what_cannot_be(self) -> None:
        natives = self.natives
        with self.assertRaisesRegex(TypeError, "cannot create"):
            natives.Cursor()
        self.assertRaises(TypeError, object.__new__, natives.Cursor)
        with self.assertRaises(TypeError):
            type("Sub", (natives.Cursor,), {})
        self.assertRaises(TypeError, natives.Counted, 1)
        self.assertRaises(TypeError, natives.Node, a=1)

    def test_derived(self) -> None:
        crate = self.natives.Crate([1], number=3)
        self.assertEqual((crate.item, crate.number, crate.more), ([1], 3.0, 0))
        crate.more = 7
        crate.other = crate.item
        self.assertEqual((str(crate), repr(crate)), ("a crate of 7", "Box(3)"))
        self.assertEqual(crate.again, [1])
        self.assertIsInstance(crate, self.natives.Box)
        self.assertRaises(AttributeError, setattr, crate, "again", 1)
        crate.extra = 1
        crate.item = crate.other = crate.me = crate
        reference = weakref.ref(crate)
        del crate
        gc.collect()
        self.assertIsNone(reference())

    def test_pickle_and_copy(self) -> None:
        box = self.natives.Box([1, 2], "fixed")
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(box, protocol))
            self.assertEqual((type(again), again.item, again.fixed), (type(box), [1, 2], "fixed"))
        deep = copy.deepcopy(box)
        self.assertEqual(deep.item, [1, 2])
        self.assertIsNot(deep.item, box.item)
        # Data that no __reduce__ tells: refused at every protocol.
        series = self.natives.Series(1)
        derived = type("Derived", (self.natives.Series,), {})(1)
        derived.more = 1
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for one in (series, derived):
                self.assertRaises(TypeError, one.__reduce_ex__, protocol)
                self.assertRaises(TypeError, pickle.dumps, one, protocol)

        class Telling(self.natives.Series):  # type: ignore
            def __reduce__(self) -> Any:
                return self.natives_series, (1,)

        Telling.natives_series = self.natives.Series
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            self.assertIs(
                type(pickle.loads(pickle.dumps(Telling(1), protocol))),
                self.natives.Series,
            )
        self.assertIs(pickle.loads(pickle.dumps(self.natives.counts)), self.natives.counts)
        self.assertIs(pickle.loads(pickle.dumps(self.natives.Box)), self.natives.Box)

    def test_changed_classes(self) -> None:
        """Who replaces __init__ or __new__ of a class is obeyed."""
        made = self.natives.new_type(9)
        self.assertEqual(made(1).item, 1)
        before = made.__init__
        made.__init__ = lambda self, a, b=2: setattr(self, "item", (a, b))
        self.assertEqual((made(1).item, made(1, b=3).item), ((1, 2), (1, 3)))
        self.assertEqual(made.__call__(1).item, (1, 2))
        self.assertRaises(TypeError, made)
        made.__init__ = before
        self.assertEqual(made(item=5).item, 5)
        made.__new__ = lambda cls, *args: args
        self.assertEqual(made(1, 2), (1, 2))
        self.assertRaises(TypeError, self.natives.Box, 1, 2, 3)
        self.assertEqual(self.natives.Crate(item=4, number=2).item, 4)

    def test_with(self) -> None:
        with self.natives.Box() as box:
            self.assertIsInstance(box, self.natives.Box)
        self.assertEqual(box.exited, 3)


class Slots(NativesCase):
    def test_operators(self) -> None:
        Number = self.natives.Number
        for op, function in enumerate(BINARY):
            self.assertEqual(function(Number(7), 2), ("binary", op, 7, 2))
            self.assertEqual(function(2, Number(7)), ("binary", op, 2, 7))
            self.assertEqual(function(Number(2), Number(7)), ("binary", op, 2, 7))
            self.assertRaises(TypeError, function, Number(7), None)
            self.assertRaises(TypeError, function, None, Number(7))
        in_place = [
            operator.iadd,
            operator.isub,
            operator.imul,
            operator.imatmul,
            operator.itruediv,
            operator.ifloordiv,
            operator.imod,
            None,
            operator.ipow,
            operator.ilshift,
            operator.irshift,
            operator.iand,
            operator.ior,
        ]
        for op, function in enumerate(in_place):
            if function is not None:
                self.assertEqual(function(Number(7), 2), ("inplace", op, 7, 2))
                self.assertEqual(
                    function(self.natives.Second(7), 2), ("second", op, 7, 2)
                )
        self.assertEqual(operator.ixor(Number(7), 2), ("binary", 13, 7, 2))
        self.assertRaises(TypeError, pow, Number(7), 2, 3)
        for op, unary in enumerate((operator.neg, operator.pos, abs, operator.invert)):
            self.assertEqual(unary(Number(7)), ("unary", op, 7, None))

    def test_conversions(self) -> None:
        Number = self.natives.Number
        self.assertEqual((int(Number(7)), float(Number(7)), hex(Number(7))), (7, 7.0, "0x7"))
        self.assertEqual("abc"[Number(1)], "b")
        self.assertEqual((bool(Number(0)), bool(Number(5))), (False, True))
        self.assertEqual((hash(Number(5)), hash(Number(-1))), (5, -2))
        self.assertRaises(OverflowError, hash, Number(2**70))
        self.assertRaises(TypeError, hash, Number("x"))

    def test_comparison(self) -> None:
        Number = self.natives.Number
        for a in (1, 2):
            for b in (1, 2):
                for function in (
                    operator.lt,
                    operator.le,
                    operator.eq,
                    operator.ne,
                    operator.gt,
                    operator.ge,
                ):
                    self.assertEqual(function(Number(a), Number(b)), function(a, b))
                    self.assertEqual(function(Number(a), b), function(a, b))
        self.assertNotEqual(Number(1), "x")
        self.assertRaises(TypeError, operator.lt, Number(1), "x")
        self.assertEqual({Number(1): 5}[1], 5)

    def test_sequence(self) -> None:
        Series = self.natives.Series
        series = Series(3, 1, 2)
        self.assertEqual((len(series), list(series), series[-1]), (3, [3, 1, 2], 2))
        self.assertTrue(1 in series and 9 not in series)
        self.assertRaises(TypeError, operator.contains, series, "x")
        self.assertRaises(IndexError, operator.getitem, series, 3)
        series[0] = 5
        del series[1]
        self.assertEqual(list(series), [5, -999, 2])
        self.assertRaises(TypeError, operator.setitem, series, 0, "x")
        self.assertEqual(sorted(series), [-999, 2, 5])
        self.assertEqual(tuple(reversed(series)), (2, -999, 5))
        iterator = iter(series)
        self.assertIs(iter(iterator), iterator)
        self.assertEqual(next(iterator), 5)
        self.assertFalse(Series())
        self.assertEqual(list(self.natives.Counted()), [0, 10, 20])
        self.assertRaises(TypeError, len, self.natives.Counted())

    def test_call(self) -> None:
        series = self.natives.Series()
        self.assertEqual(series(), (series, (), (), None))
        self.assertEqual(series(1, 2), (series, (1, 2), (), None))
        many = tuple(range(20))
        self.assertEqual(
            series(*many, a=1, b=2), (series, many, (1, 2), ("a", "b"))
        )
        self.assertEqual(series(a=1), (series, (), (1,), ("a",)))
        self.assertTrue(callable(series))

    def test_buffer(self) -> None:
        series = self.natives.Series(1, 2, 3)
        view = memoryview(series)
        self.assertEqual((view.tolist(), view.format, view.shape), ([1, 2, 3], "q", (3,)))
        self.assertEqual(series.exports, 1)
        view[1] = 20
        self.assertEqual(series[1], 20)
        self.assertEqual(bytes(series), (1).to_bytes(8, "little") + bytes(series)[8:])
        view.release()
        self.assertEqual(series.exports, 0)
        self.assertRaises(BufferError, memoryview, self.natives.Series())
        before = sys.getrefcount(series)
        view = memoryview(series)
        del view
        self.assertEqual(sys.getrefcount(series), before)

    def test_attributes(self) -> None:
        target = types.SimpleNamespace(a=1)
        proxy = self.natives.Proxy(target)
        self.assertEqual(proxy.a, 1)
        proxy.b = 2
        del proxy.a
        self.assertEqual(target.__dict__, {"b": 2})
        self.assertRaises(AttributeError, getattr, proxy, "none")
        self.assertIs(proxy.__class__, self.natives.Proxy)
        self.assertIsInstance(self.natives.raw(self.natives.Proxy), self.natives.Proxy)


class Exceptions(NativesCase):
    def test_own(self) -> None:
        natives = self.natives
        self.assertEqual((natives.Error.__name__, natives.Error.__doc__), ("Error", "An error."))
        with self.assertRaises(natives.Error) as caught:
            natives.raise_own("text")
        self.assertEqual(caught.exception.args, ("text",))
        failure = natives.Failure("help")
        self.assertEqual(failure.shout(), "help!")
        self.assertIsInstance(failure, natives.Error)
        for kind in (natives.Failure, natives.Broken):
            try:
                raise kind("x", 2)
            except kind as error:
                self.assertEqual(error.args, ("x", 2))
                error.me = error
                reference = weakref.ref(error)
            gc.collect()
            self.assertIsNone(reference())
        self.assertEqual(natives.Broken(2, "none").errno, 2)
        self.assertEqual(natives.raw(natives.Failure).args, ())

        class Mine(natives.Failure):  # type: ignore[misc,name-defined]
            pass

        self.assertEqual(Mine("x").shout(), "x!")
        chain = None
        for _ in range(100000):
            error = Mine("x")
            error.__cause__ = chain
            chain = error
        del error, chain


if __name__ == "__main__":
    unittest.main()
