"""Slots of a context under CPython, beside Python itself: every object."""

from __future__ import annotations

import array
import operator
import unittest
from typing import Any

from module_cases import (
    BINARY,
    COMPARISONS,
    EQ,
    UNARY,
    Raises,
    SlotsCase,
    warnings_ignored,
)


class Objects(SlotsCase):
    def test_attributes(self) -> None:
        slots = self.slots

        class Thing:
            pass

        thing = Thing()
        slots.set_attr(thing, "a", 1)
        slots.set_attr_text(thing, b"b", 2)
        slots.generic_set_attr(thing, "c", 3)
        self.assertEqual(thing.__dict__, {"a": 1, "b": 2, "c": 3})
        self.assertEqual(slots.get_attr(thing, "a"), 1)
        self.assertEqual(slots.get_attr_text(thing, b"b"), 2)
        self.assertEqual(slots.generic_get_attr(thing, "c"), 3)
        self.assertEqual(slots.find_attr(thing, b"c"), (3,))
        self.assertEqual(slots.find_attr(thing, b"none"), ())
        slots.set_attr(thing, "a")
        slots.set_attr_text(thing, b"b")
        slots.generic_set_attr(thing, "c")
        self.assertEqual(thing.__dict__, {})
        self.assertRaises(AttributeError, slots.get_attr, thing, "a")
        self.assertRaises(AttributeError, slots.get_attr_text, thing, b"a")
        self.assertRaises(AttributeError, slots.generic_get_attr, thing, "a")
        self.assertRaises(AttributeError, slots.set_attr, thing, "a")
        self.assertRaises(ZeroDivisionError, slots.find_attr, Raises(), b"a")
        self.assertRaises(TypeError, slots.get_attr, thing, 5)
        self.assertRaises((AttributeError, TypeError), slots.set_attr, 5, "a", 1)

    def test_items(self) -> None:
        slots = self.slots
        for thing, key in (
            ([1, 2], 1),
            ([1, 2], -1),
            ([1, 2], 5),
            ({"a": 1}, "a"),
            ({"a": 1}, "b"),
            ("abc", slice(1, None)),
            (5, 0),
        ):
            self.same(slots.get_item, operator.getitem, thing, key)
        model = {"a": 1}
        slots.set_item(model, "b", 2)
        slots.set_item(model, "a")
        self.assertEqual(model, {"b": 2})
        self.assertRaises(KeyError, slots.set_item, model, "a")
        for thing, at in (([1, 2], 0), ([1, 2], -1), ([1, 2], 2), ((), 0), ("ab", -2)):
            self.same(slots.get_index, operator.getitem, thing, at)
        self.assertRaises(TypeError, slots.get_index, {0: 1}, 0)
        for value in ([1], "ab", {}, 5, None, Raises()):
            self.same(slots.length, len, value)
        for thing, item in (([1], 1), ("abc", "b"), ("abc", 1), ({1: 2}, 2), (5, 1)):
            self.same(lambda t, i: bool(slots.contains(t, i)), lambda t, i: i in t, thing, item)

    def test_iteration(self) -> None:
        slots = self.slots
        iterator = slots.iter([1, 2])
        self.assertEqual([slots.next(iterator) for _ in range(4)], [(1,), (2,), (), ()])
        self.assertRaises(TypeError, slots.iter, 5)
        self.assertRaises(TypeError, slots.next, [1])

        def fails() -> Any:
            yield 1
            raise KeyError

        generator = fails()
        self.assertEqual(slots.next(generator), (1,))
        self.assertRaises(KeyError, slots.next, generator)
        for items in ([1, 2], (), "ab", 5):
            self.same(slots.to_list, list, items)
            self.same(slots.to_tuple, tuple, items)
        self.assertRaises(KeyError, slots.to_list, fails())

    def test_calls(self) -> None:
        slots = self.slots

        def seen(*args: Any, **kwargs: Any) -> Any:
            return args, kwargs

        class Callable_:
            def __call__(self, *args: Any, **kwargs: Any) -> Any:
                return args, kwargs

            method = __call__

        for target in (seen, Callable_(), Callable_().method):
            self.assertEqual(slots.call(target, ()), ((), {}))
            self.assertEqual(slots.call(target, (1, 2)), ((1, 2), {}))
            self.assertEqual(
                slots.call(target, (1, 2, 3), ("a", "b")), ((1,), {"a": 2, "b": 3})
            )
            self.assertEqual(slots.call(target, (1,), ()), ((1,), {}))
            self.assertEqual(slots.call_dict(target, (1,), {"a": 2}), ((1,), {"a": 2}))
            self.assertEqual(slots.call_dict(target, (1,)), ((1,), {}))
        self.assertEqual(slots.call(int, ("ff", 16), ("base",)), 255)
        self.assertEqual(slots.call_method(b"method", (Callable_(), 1)), ((1,), {}))
        self.assertEqual(
            slots.call_method(b"method", (Callable_(), 1, 2), ("k",)), ((1,), {"k": 2})
        )
        self.assertEqual(slots.call_method(b"upper", ("abc",)), "ABC")
        self.assertRaises(AttributeError, slots.call_method, b"none", (5,))
        self.assertRaises(TypeError, slots.call_method, b"none", ())
        self.assertRaises(TypeError, slots.call, 5, ())
        self.assertRaises(TypeError, slots.call_dict, seen, [1])
        self.assertRaises(TypeError, slots.call_dict, seen, (), [1])

    @warnings_ignored
    def test_operators(self) -> None:
        slots = self.slots
        values = [0, 3, -2, 1.5, True, "ab", b"x", [1], (2,), {1}, {"a": 1}, None, 2 + 1j]
        for left in values:
            for right in values:
                for op, function in enumerate(COMPARISONS):
                    args = (left, right)
                    self.same(lambda a, b: slots.compare(a, b, op), function, *args)
                    self.same(
                        lambda a, b: bool(slots.compare_truth(a, b, op)), function, *args
                    )
                for op, function in enumerate(BINARY):
                    self.same(lambda a, b: slots.binary(a, b, op), function, left, right)
            for op, unary in enumerate(UNARY):
                self.same(lambda a: slots.unary(a, op), unary, left)
            for slot, theirs in ((slots.hash, hash), (slots.repr, repr), (slots.str, str)):
                self.same(slot, theirs, left)
            self.same(lambda a: bool(slots.truth(a)), bool, left)
            self.same(slots.index, operator.index, left)
            if not isinstance(left, (str, bytes)):
                self.same(slots.to_int, int, left)
                self.same(slots.to_float, float, left)
        for text in ("5", b"5", bytearray(b"5")):
            self.assertRaises(TypeError, slots.to_int, text)
            self.assertRaises(TypeError, slots.to_float, text)
        nan = float("nan")
        self.assertEqual(slots.compare_truth(nan, nan, EQ), 1)
        self.assertIs(slots.compare(nan, nan, EQ), False)
        for op in (-1, 6, 14, 99):
            self.assertRaises(SystemError, slots.compare, 1, 2, op)
            self.assertRaises(SystemError, slots.compare_truth, 1, 2, op)
        for op in (-1, 14):
            self.assertRaises(SystemError, slots.binary, 1, 2, op)
            self.assertRaises(SystemError, slots.unary, 1, op)
        for slot in (slots.hash, slots.repr, slots.truth):
            self.assertRaises(ZeroDivisionError, slot, Raises())

    def test_inplace(self) -> None:
        slots = self.slots
        value = [1]
        self.assertIs(slots.inplace(value, (2,), 0), value)
        self.assertEqual(value, [1, 2])
        for op, function in enumerate(BINARY):
            self.same(lambda a, b: slots.inplace(a, b, op), function, 7, 2)

    def test_buffers(self) -> None:
        slots = self.slots
        data = bytearray(b"abc")
        self.assertEqual(slots.buffer(data, 0), (3, 1, 0, 1, None, data))
        data.append(0)  # nobody holds it
        self.assertEqual(slots.buffer(b"ab", 4), (2, 1, 1, 1, "B", b"ab"))
        numbers = array.array("d", [1, 2])
        self.assertEqual(slots.buffer(numbers, 0x1C), (16, 8, 0, 1, "d", numbers))
        self.assertRaises(BufferError, slots.buffer, b"ab", 1)
        self.assertRaises(TypeError, slots.buffer, 5, 0)
        view = slots.memoryview_new(data)
        self.assertEqual(view, memoryview(data))
        self.assertRaises(TypeError, slots.memoryview_new, 5)


if __name__ == "__main__":
    unittest.main()
