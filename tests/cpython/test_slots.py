"""Slots of a context under CPython, beside Python itself: containers, the rest."""

from __future__ import annotations

import copy
import gc
import os
import random
import signal
import sys
import threading
import time
import types
import unittest
import weakref
from typing import Any, List, Tuple

import support  # noqa: F401
from module_cases import FREE_THREADED, Raises, SlotsCase, outcome


class References(SlotsCase):
    def test_counts(self) -> None:
        value = [object()]
        before = self.slots.refcount(value)
        more = [value, value]
        self.assertEqual(self.slots.refcount(value), before + 2)
        del more
        first, during, after = self.slots.count_both_ways(value)
        self.assertEqual((during, after), (first + 1000, first))

    def test_immortals_stay(self) -> None:
        for value in (None, True, 1, "", ()):
            first, during, after = self.slots.count_both_ways(value)
            self.assertEqual(first, after)
            self.assertIn(during, (first, first + 1000))

    def test_the_last_reference_ends_an_object(self) -> None:
        class Ends:
            pass

        value = Ends()
        reference = weakref.ref(value)
        self.slots.drop_last(value)
        self.assertIs(reference(), value)
        del value
        self.assertIsNone(reference())


class Sequences(SlotsCase):
    def test_tuple(self) -> None:
        items = (object(), [], {1})
        for slot in (self.slots.tuple_from_array, self.slots.tuple_take_array):
            counts = [sys.getrefcount(item) for item in items]
            made = slot(*items)
            self.assertEqual(made, items)
            self.assertTrue(gc.is_tracked(made))
            del made
            self.assertEqual([sys.getrefcount(item) for item in items], counts)
            self.assertEqual(slot(), ())
        self.assertEqual(self.slots.tuple_size(items), 3)
        for slot in (self.slots.tuple_get, self.slots.tuple_get_borrowed):
            self.assertEqual([slot(items, i) for i in range(3)], list(items))
            for index in (-1, 3, 2**40):
                self.assertRaises(IndexError, slot, items, index)
            self.assertRaises(TypeError, slot, [1], 0)
        self.assertRaises(TypeError, self.slots.tuple_size, [])

    def test_list_made(self) -> None:
        items = [object(), [], {1}]
        for slot in (self.slots.list_from_array, self.slots.list_take_array):
            counts = [sys.getrefcount(item) for item in items]
            made = slot(*items)
            self.assertEqual(made, items)
            made.append(5)
            made.pop(0)
            del made
            self.assertEqual([sys.getrefcount(item) for item in items], counts)
            self.assertEqual(slot(), [])
        for capacity in (0, 1, 5, 1000):
            made = self.slots.list_new(capacity)
            self.assertEqual((made, len(made)), ([], 0))
            for i in range(capacity + 20):
                self.slots.list_append(made, i)
            self.assertEqual(made, list(range(capacity + 20)))
            made = self.slots.list_new(capacity)
            made.extend(range(3))
            self.assertEqual(made, [0, 1, 2])
            self.assertEqual(made + [], [0, 1, 2])
            made.clear()
            self.assertEqual(self.slots.list_new(capacity) * 2, [])
        self.assertRaises(MemoryError, self.slots.list_new, 2**62)

    def test_take_failed(self) -> None:
        value = object()
        before = sys.getrefcount(value)
        for is_list in (0, 1):
            for _ in range(3):
                self.assertRaises(KeyError, self.slots.take_failed, value, is_list)
        self.assertEqual(sys.getrefcount(value), before)

    def test_list_against_a_model(self) -> None:
        source = random.Random(7)
        ours: List[Any] = []
        model: List[Any] = []
        slots = self.slots
        for _ in range(3000):
            step = source.randrange(11)
            i, j = source.randrange(-3, 12), source.randrange(-3, 12)
            value = source.randrange(100)
            if step == 0:
                slots.list_append(ours, value)
                model.append(value)
            elif step == 1:
                slots.list_take_append(ours, value)
                model.append(value)
            elif step == 2:
                slots.list_insert(ours, i, value)
                model.insert(max(i, 0), value)
            elif step == 3:
                more = [value] * source.randrange(4)
                slots.list_extend(ours, iter(more))
                model.extend(more)
            elif step == 4:
                got = outcome(slots.list_pop, ours, i)
                wanted: Any = (IndexError, None)
                if -1 <= i < len(model) and model:
                    wanted = (int, model.pop(i))
                self.assertEqual(got, wanted)
            elif step == 5:
                self.assertEqual(slots.list_slice(ours, i, j), model[max(i, 0) : max(j, 0)])
            elif step == 6:
                more = [value] * source.randrange(3)
                slots.list_set_slice(ours, i, j, more)
                model[max(i, 0) : max(j, 0)] = more
            elif step == 7:
                slots.list_set_slice(ours, i, i + 3)
                del model[max(i, 0) : max(i + 3, 0)]
            elif step == 8:
                got = outcome(slots.list_set, ours, i, value)
                if 0 <= i < len(model):
                    model[i] = value
                    self.assertEqual(got, (int, 0))
                else:
                    self.assertEqual(got[0], IndexError)
            elif step == 9:
                slots.list_reverse(ours)
                model.reverse()
            else:
                slots.list_sort(ours)
                model.sort()
            if len(model) > 40:
                ours.clear()
                model.clear()
            self.assertEqual(ours, model)
            self.assertEqual(slots.list_size(ours), len(model))
            if model:
                at = source.randrange(len(model))
                self.assertEqual(slots.list_get(ours, at), model[at])
        self.assertRaises(IndexError, slots.list_get, ours, -1)
        self.assertRaises(IndexError, slots.list_get, ours, 10**6)

    def test_list_types(self) -> None:
        slots = self.slots
        for name, args in (
            ("list_size", ()),
            ("list_get", (0,)),
            ("list_set", (0, 1)),
            ("list_append", (0,)),
            ("list_take_append", (object(),)),
            ("list_insert", (0, 1)),
            ("list_extend", ([],)),
            ("list_pop", (0,)),
            ("list_slice", (0, 1)),
            ("list_set_slice", (0, 1)),
            ("list_sort", ()),
            ("list_reverse", ()),
        ):
            for bad in ((), {}, None):
                self.assertRaises(TypeError, getattr(slots, name), bad, *args)

        class Mine(list):  # type: ignore[type-arg]
            pass

        mine = Mine()
        slots.list_append(mine, 1)
        slots.list_extend(mine, (2, 3))
        self.assertEqual((mine, slots.list_pop(mine, -1)), ([1, 2], 3))
        self.assertRaises(TypeError, slots.list_sort, [1, "x"])
        self.assertRaises(TypeError, slots.list_extend, [], 5)


class Mappings(SlotsCase):
    def test_dict_made(self) -> None:
        made = self.slots.dict_take_array
        items = [object(), [], "key", {1}]
        counts = [sys.getrefcount(item) for item in items]
        self.assertEqual(made(*items), {items[0]: [], "key": {1}})
        self.assertEqual(made(), {})
        self.assertEqual(made(1, "one", 2, "two", 1, "uno"), {1: "uno", 2: "two"})
        self.assertRaises(TypeError, made, items[0], 1, [], items[3])
        for at in range(4):
            self.assertRaises(KeyError, made, *items[:at], ..., *items[at + 1 :])
        self.assertEqual([sys.getrefcount(item) for item in items], counts)

    def test_dict(self) -> None:
        slots = self.slots
        ours = slots.dict_new()
        self.assertEqual(ours, {})
        value = object()
        before = sys.getrefcount(value)
        slots.dict_set(ours, "key", value)
        slots.dict_set(ours, 5, "five")
        slots.dict_set_text(ours, "t\u00e9xt".encode(), value)
        self.assertEqual(ours, {"key": value, 5: "five", "t\u00e9xt": value})
        self.assertEqual(slots.dict_find(ours, "key"), (value,))
        self.assertEqual(slots.dict_find(ours, "none"), ())
        self.assertEqual(slots.dict_find_text(ours, b"key"), (value,))
        self.assertEqual(slots.dict_find_text(ours, b"none"), ())
        self.assertRaises(UnicodeDecodeError, slots.dict_find_text, ours, b"\xff")
        self.assertEqual(slots.dict_size(ours), 3)
        self.assertEqual(slots.dict_next(ours), list(ours.items()))
        self.assertEqual(slots.dict_keys(ours), list(ours))
        self.assertEqual(slots.dict_values(ours), list(ours.values()))
        self.assertEqual(slots.dict_items(ours), list(ours.items()))
        copy = slots.dict_copy(ours)
        self.assertEqual(copy, ours)
        self.assertIsNot(copy, ours)
        copy.clear()
        self.assertEqual(slots.dict_remove(ours, "key"), (value,))
        self.assertEqual(slots.dict_remove(ours, "key"), ())
        self.assertEqual(slots.dict_remove_only(ours, "t\u00e9xt"), 1)
        self.assertEqual(slots.dict_remove_only(ours, "t\u00e9xt"), 0)
        self.assertEqual(sys.getrefcount(value), before)
        slots.dict_update(ours, {"a": 1})
        slots.dict_update(ours, types.MappingProxyType({"b": 2}))
        self.assertEqual(ours, {5: "five", "a": 1, "b": 2})
        self.assertRaises((TypeError, AttributeError), slots.dict_update, ours, 5)
        slots.dict_clear(ours)
        self.assertEqual(ours, {})

    def test_dict_fails(self) -> None:
        slots = self.slots
        for name in ("dict_find", "dict_remove", "dict_remove_only"):
            slot = getattr(slots, name)
            self.assertRaises(TypeError, slot, {"a": 1}, [])
            self.assertRaises(ZeroDivisionError, slot, {"a": 1}, Raises())
            self.assertRaises(TypeError, slot, [], "a")
        self.assertRaises(TypeError, slots.dict_set, {}, [], 1)
        for name in (
            "dict_size",
            "dict_next",
            "dict_copy",
            "dict_keys",
            "dict_values",
            "dict_items",
            "dict_clear",
        ):
            self.assertRaises(TypeError, getattr(slots, name), [1])
        self.assertRaises(TypeError, slots.dict_update, [], {})
        self.assertRaises(TypeError, slots.dict_set, [], 1, 1)
        self.assertRaises(TypeError, slots.dict_set_text, [], b"a", 1)
        self.assertRaises(TypeError, slots.dict_find_text, [], b"a")

    def test_sets(self) -> None:
        slots = self.slots
        self.assertEqual(slots.set_new(), set())
        self.assertEqual(slots.frozenset_new([1, 2]), frozenset([1, 2]))
        ours = slots.set_new("abc")
        self.assertEqual(ours, set("abc"))
        self.assertEqual(slots.set_size(ours), 3)
        self.assertEqual(slots.set_size(frozenset("ab")), 2)
        self.assertEqual(slots.set_contains(ours, "a"), 1)
        self.assertEqual(slots.set_contains(frozenset("b"), "a"), 0)
        slots.set_add(ours, "d")
        self.assertEqual(slots.set_discard(ours, "a"), 1)
        self.assertEqual(slots.set_discard(ours, "a"), 0)
        popped = {slots.set_pop(ours) for _ in range(3)}
        self.assertEqual(popped, set("bcd"))
        self.assertRaises(KeyError, slots.set_pop, ours)
        self.assertRaises(TypeError, slots.set_new, 5)
        self.assertRaises(TypeError, slots.set_add, ours, [])
        for bad in (frozenset("a"), [], {}):
            self.assertRaises(TypeError, slots.set_add, bad, 1)
            self.assertRaises(TypeError, slots.set_discard, bad, 1)
            self.assertRaises(TypeError, slots.set_pop, bad)
        self.assertRaises(TypeError, slots.set_size, [])
        self.assertRaises(TypeError, slots.set_contains, [], 1)


class Others(SlotsCase):
    def test_slice(self) -> None:
        slots = self.slots
        self.assertEqual(slots.slice_new(1, 2), slice(1, 2))
        self.assertEqual(slots.slice_new(None, 2, -1), slice(None, 2, -1))
        source = random.Random(3)
        choice = [None, -100, -3, -1, 0, 1, 2, 5, 100]
        for _ in range(500):
            one = slice(*(source.choice(choice) for _ in range(3)))
            length = source.randrange(8)
            if one.step == 0:
                self.assertRaises(ValueError, slots.slice_resolve, one, length)
                continue
            start, stop, step = one.indices(length)
            count = len(range(start, stop, step))
            self.assertEqual(slots.slice_resolve(one, length), (start, step, count))
        self.assertRaises(TypeError, slots.slice_resolve, 5, 1)

    def test_functions(self) -> None:
        new = self.slots.function_new
        owner = object()
        noargs, one, varargs, keywords = (new(i, owner, "some.module") for i in range(4))
        for function in (noargs, one, varargs, keywords):
            self.assertIsInstance(function, types.BuiltinFunctionType)
            self.assertIs(function.__self__, owner)
            self.assertEqual((function.__name__, function.__module__), ("made", "some.module"))
        self.assertEqual(noargs.__doc__, "No arguments.")
        self.assertEqual(noargs.__text_signature__, "()")
        self.assertEqual(noargs(), ("noargs", owner))
        self.assertEqual(one(5), ("one", 5))
        self.assertEqual(varargs(1, 2), ("varargs", (1, 2)))
        self.assertEqual(keywords(1, a=2, b=3), ("keywords", (1,), (2, 3), ("a", "b")))
        self.assertEqual(keywords(), ("keywords", (), (), None))
        for bad in (
            lambda: noargs(1),
            lambda: noargs(a=1),
            lambda: one(),
            lambda: one(1, 2),
            lambda: one(a=1),
            lambda: varargs(a=1),
        ):
            self.assertRaisesRegex(TypeError, r"made\(\) takes ", bad)
        self.assertIsNone(new(0)()[1])
        reference = weakref.ref(one)
        del one, function
        gc.collect()
        self.assertIsNone(reference())

    def test_many_functions(self) -> None:
        """More than have a definition that stays."""
        functions = [
            self.slots.function_named(b"named%d" % i, i % 4, i) for i in range(1500)
        ]
        calls: List[Tuple[Any, ...]] = [(), (5,), (5, 6), (7,)]
        for i, function in enumerate(functions):
            self.assertEqual((function.__name__, function.__self__), (f"named{i}", i))
            self.assertIsInstance(function, types.BuiltinFunctionType)
            kwargs = {"k": 8} if i % 4 == 3 else {}
            wanted = [
                ("noargs", i),
                ("one", 5),
                ("varargs", (5, 6)),
                ("keywords", (7,), (8,), ("k",)),
            ]
            self.assertEqual(function(*calls[i % 4], **kwargs), wanted[i % 4])
        for i in (0, 1, 1400, 1401, 1402):
            if i % 4 != 3:
                self.assertRaisesRegex(
                    TypeError, f"named{i}", functions[i], *calls[i % 4], k=1
                )
        for i in (1400, 1401):
            self.assertRaisesRegex(TypeError, f"named{i}", functions[i], 1, 2)

    def test_capsules(self) -> None:
        slots = self.slots
        before = slots.capsules()
        capsule = slots.capsule_new(1)
        self.assertTrue(slots.capsule_get(capsule, b"kaa.test"))
        self.assertRaises(ValueError, slots.capsule_get, capsule, b"other")
        self.assertRaises(TypeError, slots.capsule_get, 5, b"kaa.test")
        del capsule
        self.assertEqual(slots.capsules(), before + 1)
        slots.capsule_new(0)
        self.assertEqual(slots.capsules(), before + 1)

    def test_weakrefs(self) -> None:
        class Target:
            pass

        slots = self.slots
        told: List[Any] = []
        target = Target()
        reference = slots.weakref_new(target)
        called = slots.weakref_new(target, told.append)
        self.assertIs(reference, weakref.ref(target))
        self.assertEqual(slots.weakref_get(reference), (target,))
        del target
        gc.collect()
        self.assertEqual(slots.weakref_get(reference), ())
        self.assertEqual(told, [called])
        self.assertRaises(TypeError, slots.weakref_new, 5)
        self.assertRaises(TypeError, slots.weakref_get, 5)


class Rest(SlotsCase):
    def test_modules(self) -> None:
        slots = self.slots
        made = slots.module_new(b"fresh")
        self.assertIs(type(made), types.ModuleType)
        self.assertEqual(made.__name__, "fresh")
        self.assertIs(slots.module_find(1), slots)
        self.assertRaises(ImportError, slots.module_find, 0)
        self.assertEqual(slots.has_state(slots), 1)
        self.assertEqual(slots.has_state(sys), 0)
        self.assertRaises(TypeError, slots.has_state, 5)
        self.assertIs(slots.import_name(b"os.path"), os.path)
        self.assertRaises(ModuleNotFoundError, slots.import_name, b"no_such_module")
        self.assertIs(slots.import_name(slots.__file__.encode()), slots)
        self.assertRaises(ImportError, slots.import_name, b"/no/such.kaa.so")

    def test_threads(self) -> None:
        slots = self.slots
        self.assertEqual(slots.threads(lambda: 5), 5)
        self.assertEqual(slots.enter(lambda: 6), 6)
        self.assertIsNone(slots.polls(1000))
        got: List[Any] = []
        runners = [
            threading.Thread(
                target=lambda: got.extend(slots.enter(threading.get_ident) for _ in range(200))
            )
            for _ in range(3)
        ]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()
        self.assertEqual(sorted(got), sorted(r.ident for r in runners for _ in range(200)))  # type: ignore[type-var]

    def test_polling_lets_others_run(self) -> None:
        """What the other thread says can be said only while this one polls."""
        said: List[bool] = []

        def other() -> None:
            while not said and not self.slots.tell():
                time.sleep(0.0005)

        runner = threading.Thread(target=other)
        runner.start()
        try:
            told = self.slots.polls_until_told(300)
        finally:
            said.append(True)
            runner.join()
        self.assertIs(told, True)

    def test_a_signal_ends_polling(self) -> None:
        class Alarm(Exception):
            pass

        def ring(number: int, frame: object) -> None:
            raise Alarm

        before = signal.signal(signal.SIGALRM, ring)
        try:
            with self.assertRaises(Alarm):
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                self.slots.polls_until_told(300)  # which nobody does
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def test_memory(self) -> None:
        self.assertRaises(MemoryError, self.slots.memory)
        cycle: List[Any] = []
        cycle.append(cycle)
        del cycle
        self.assertGreaterEqual(self.slots.collect(), 1)


class Leaks(SlotsCase):
    """100,000 calls of all that can be called again and again."""

    def once(self) -> None:
        slots = self.slots
        data = {"a": 1}
        numbers = [3, 1, 2]
        slots.errors(KeyError, "x", KeyError)
        outcome(slots.raise_format, ValueError, numbers)
        outcome(slots.raise_errno, 2, b"x")
        outcome(slots.int_round, 2**70)
        slots.int_round(2**50)
        slots.int_from_bytes(b"12345678901234567890", 1, 0)
        slots.int_as_text(-(2**70), 16)
        slots.int_from_text(b"123456789012345678901", 10)
        slots.float_round(5)
        slots.str_as_utf8("\u00e9\u20ac")
        slots.str_substring("abc\u20ac", 1, 3)
        slots.str_join(", ", ["a", "b"])
        slots.tuple_take_array(1.5, numbers)
        slots.list_take_array(1.5, numbers)
        outcome(slots.take_failed, numbers, 0)
        slots.list_new(10)
        slots.list_append(numbers, object())
        slots.list_pop(numbers, -1)
        slots.list_set_slice(numbers, 0, 1, (5.5,))
        slots.list_sort(numbers)
        slots.dict_set_text(data, b"some key", numbers)
        slots.dict_find_text(data, b"some key")
        slots.dict_remove(data, "some key")
        slots.dict_next(data)
        slots.set_discard(slots.set_new("abc"), "a")
        slots.slice_resolve(slots.slice_new(None, 5, 2), 3)
        slots.function_new(3, numbers, "m")(1, a=2.5)
        slots.capsule_new(1)
        outcome(slots.find_attr, numbers, b"no")
        slots.call(dict, (1, 2), ("a", "b"))
        slots.call_method(b"index", (numbers, 5.5))
        slots.binary(numbers, [1.5], 0)
        slots.buffer(b"abc", 4)
        slots.next(slots.iter(numbers))
        slots.enter(list)
        slots.exception_set_cause(ValueError(), KeyError())

    def test_nothing_is_left(self) -> None:
        rounds = 10000 * int(os.environ.get("KAA_TEST_LONG", "1"))
        for _ in range(200):
            self.once()
        gc.collect()
        blocks, objects = sys.getallocatedblocks(), len(gc.get_objects())
        for _ in range(rounds):
            self.once()
        gc.collect()
        if not FREE_THREADED:
            self.assertLess(sys.getallocatedblocks() - blocks, 2000)
        self.assertLess(len(gc.get_objects()) - objects, 100)


if __name__ == "__main__":
    unittest.main()
