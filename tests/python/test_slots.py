"""Every slot of a context under CPython, beside what Python itself does."""

from __future__ import annotations

import contextlib
import errno
import functools
import gc
import io
import operator
import os
import random
import sys
import threading
import types
import unittest
import warnings
import weakref
from typing import Any, Callable, List, Tuple

import modules
import support

LT, LE, EQ, NE, GT, GE = range(6)
COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.matmul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    divmod,
    operator.pow,
    operator.lshift,
    operator.rshift,
    operator.and_,
    operator.or_,
    operator.xor,
]
UNARY = [operator.neg, operator.pos, operator.abs, operator.invert]
FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()


def outcome(function: Callable[..., Any], *args: Any) -> Tuple[Any, Any]:
    """What a call gives, or the type of what it raises."""
    try:
        value = function(*args)
    except Exception as error:
        return type(error), None
    return type(value), value


def warnings_ignored(test: Any) -> Any:
    @functools.wraps(test)
    def run(self: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test(self)

    return run


@unittest.skipUnless(support.BRIDGE, "only the interpreter's own objects")
class Case(unittest.TestCase):
    slots: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.slots = modules.load("slots")

    def same(self, ours: Callable[..., Any], theirs: Callable[..., Any], *args: Any) -> None:
        self.assertEqual(outcome(ours, *args), outcome(theirs, *args), args)


class References(Case):
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


class Errors(Case):
    def test_take_match_clear(self) -> None:
        error, matches = self.slots.errors(KeyError, "key", LookupError)
        self.assertEqual((type(error), error.args, matches), (KeyError, ("key",), 1))
        self.assertEqual(self.slots.errors(KeyError, 1, OSError)[1], 0)
        error, _ = self.slots.errors(ValueError, ("a", 2), Exception)
        self.assertEqual(error.args, ("a", 2))

    def test_raise(self) -> None:
        error = ValueError("mine")
        names = []
        trace = None
        try:
            self.slots.raise_exception(error)
        except ValueError as caught:
            self.assertIs(caught, error)
            trace = caught.__traceback__
        while trace is not None:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        self.assertIn("try_raise_exception", names)
        with self.assertRaises(TypeError):
            self.slots.raise_exception("no exception")
        with self.assertRaisesRegex(KeyError, "text"):
            self.slots.raise_text(KeyError, b"text")
        for no_type in (int, 5, "ValueError"):
            with self.assertRaises(TypeError):
                self.slots.raise_text(no_type, b"text")
        with self.assertRaises(MemoryError):
            self.slots.raise_memory()

    def test_errno(self) -> None:
        with self.assertRaises(FileNotFoundError) as caught:
            self.slots.raise_errno(errno.ENOENT, b"/no/file")
        self.assertEqual(caught.exception.errno, errno.ENOENT)
        self.assertEqual(caught.exception.filename, "/no/file")
        with self.assertRaises(PermissionError) as refused:
            self.slots.raise_errno(errno.EACCES)
        self.assertIsNone(refused.exception.filename)

    def test_format(self) -> None:
        with self.assertRaises(ValueError) as caught:
            self.slots.raise_format(ValueError, "v\u00e9")
        self.assertEqual(
            str(caught.exception),
            "text 42 'v\u00e9' v\u00e9 str abc|    7|7    |00007|ff|\u20ac|%",
        )

    def test_unraisable(self) -> None:
        told: List[Any] = []
        before = sys.unraisablehook
        sys.unraisablehook = told.append
        try:
            self.assertFalse(self.slots.unraisable(ValueError("lost"), "where"))
            self.assertEqual(str(told[0].exc_value), "lost")
            self.assertEqual(told[0].object, "where")
        finally:
            sys.unraisablehook = before
            told.clear()

    def test_print(self) -> None:
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            error = ValueError("printed")
            error.__cause__ = KeyError("cause")
            self.assertFalse(self.slots.print_error(error))
            self.assertFalse(self.slots.print_error(SystemExit(3)))
        text = stderr.getvalue()
        for part in ("ValueError: printed", "KeyError: 'cause'", "SystemExit: 3"):
            self.assertIn(part, text)

    def test_new_type(self) -> None:
        made = self.slots.exception_new_type(b"some.Error", b"Its doc.", LookupError)
        self.assertEqual(
            (made.__name__, made.__module__, made.__doc__, made.__base__),
            ("Error", "some", "Its doc.", LookupError),
        )
        self.assertEqual(made("x").args, ("x",))
        plain = self.slots.exception_new_type(b"Undotted", b"")
        self.assertIs(plain.__base__, Exception)
        self.assertEqual(plain.__name__, "Undotted")
        with self.assertRaises(TypeError):
            self.slots.exception_new_type(b"a.B", b"", int)

    def test_causes(self) -> None:
        error, cause = ValueError(), KeyError()
        self.assertIsNone(self.slots.exception_cause(error))
        self.slots.exception_set_cause(error, cause)
        self.assertIs(error.__cause__, cause)
        self.assertIs(self.slots.exception_cause(error), cause)
        self.slots.exception_set_cause(error, None)
        self.assertIsNone(error.__cause__)
        self.assertIsNone(self.slots.exception_traceback(error))
        try:
            raise error
        except ValueError:
            self.assertIs(self.slots.exception_traceback(error), error.__traceback__)
        for bad in ((5, cause), (error, 5), (error, KeyError)):
            with self.assertRaises(TypeError):
                self.slots.exception_set_cause(*bad)
        with self.assertRaises(TypeError):
            self.slots.exception_cause("x")
        with self.assertRaises(TypeError):
            self.slots.exception_traceback("x")

    def test_warn(self) -> None:
        with self.assertWarnsRegex(DeprecationWarning, "old"):
            self.slots.warn(DeprecationWarning, b"old")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with self.assertRaises(UserWarning):
                self.slots.warn(UserWarning, b"now an error")


class Types(Case):
    def test_builtins(self) -> None:
        import builtins
        header = os.path.join(support.ROOT, "include", "kaa", "builtin.def")
        other = {
            "builtin_function_or_method": types.BuiltinFunctionType,
            "module": types.ModuleType,
            "weakref": weakref.ref,
        }
        with open(header, encoding="utf-8") as file:
            names = [
                line.split('"')[1]
                for line in file
                if line.startswith(("KAA_CONSTANT", "KAA_TYPE", "KAA_EXCEPTION"))
            ]
        self.assertGreater(len(names), 60)
        for i, name in enumerate(names):
            given = self.slots.builtin(i)
            if name == "PyCapsule":
                self.assertEqual(given.__name__, name)
                continue
            wanted = other.get(name, getattr(builtins, name, None))
            self.assertIs(given, wanted)
            if isinstance(wanted, type):
                for value in (True, 5, 1.5, "", [], {}, ValueError(), len, sys, None):
                    self.assertEqual(
                        self.slots.check(value, i), isinstance(value, wanted)
                    )
                    self.assertEqual(
                        self.slots.check_exact(value, i), type(value) is wanted
                    )
        self.assertEqual(self.slots.check(1, 10**6), 0)
        self.assertEqual(self.slots.check(1, -1), 0)

    def test_relations(self) -> None:
        for value in (1, "x", int, None):
            self.assertIs(self.slots.type_of(value), type(value))
            self.assertEqual(self.slots.is_callable(value), callable(value))
            for kind in (int, (str, int), 5):
                self.same(
                    lambda v, k: bool(self.slots.is_instance(v, k)), isinstance, value, kind
                )
                self.same(
                    lambda v, k: bool(self.slots.is_subtype(v, k)), issubclass, value, kind
                )


class Index:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


class Raises:
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __bool__ = __len__ = __iter__ = __index__ = __float__ = __int__ = __hash__


class Numbers(Case):
    edges = sorted(
        {
            sign * ((1 << bits) + more)
            for bits in (0, 1, 7, 8, 15, 29, 30, 31, 32, 59, 60, 62, 63, 64, 65, 127, 1000)
            for more in (-2, -1, 0, 1, 2)
            for sign in (-1, 1)
        }
    )

    def test_int64(self) -> None:
        for value in self.edges:
            if -(2**63) <= value < 2**63:
                self.assertEqual(self.slots.int_round(value), value)
                self.assertEqual(self.slots.int_round(Index(value)), value)
            else:
                self.assertRaises(OverflowError, self.slots.int_round, value)
            if 0 <= value < 2**64:
                self.assertEqual(self.slots.uint_round(value), value)
                self.assertEqual(self.slots.uint_round(Index(value)), value)
            else:
                self.assertRaises(OverflowError, self.slots.uint_round, value)
            self.assertEqual(self.slots.int_mask(value), value & (2**64 - 1))
            self.assertEqual(self.slots.int_mask(Index(value)), value & (2**64 - 1))
        self.assertEqual(self.slots.int_round(True), 1)
        for slot in (self.slots.int_round, self.slots.uint_round, self.slots.int_mask):
            for bad in (1.5, "5", None):
                self.assertRaises(TypeError, slot, bad)
            self.assertRaises(ZeroDivisionError, slot, Raises())

    def test_bytes(self) -> None:
        for value in self.edges:
            for size in (0, 1, 4, 8, 9, 16, 126, 200):
                for big in (False, True):
                    order = "big" if big else "little"
                    for signed in (False, True):
                        try:
                            wanted = value.to_bytes(size, order, signed=signed)  # type: ignore[arg-type]
                        except OverflowError:
                            self.assertRaises(
                                OverflowError, self.slots.int_as_bytes, value, size, big, signed
                            )
                            continue
                        given = self.slots.int_as_bytes(value, size, big, signed)
                        self.assertEqual(given, wanted)
                        back = self.slots.int_from_bytes(given, big, signed)
                        self.assertEqual(back, int.from_bytes(wanted, order, signed=signed))  # type: ignore[arg-type]
        self.assertRaises(TypeError, self.slots.int_as_bytes, 1.0, 8, 0, 1)

    def test_text(self) -> None:
        for value in self.edges:
            for base, letter in ((2, "b"), (8, "o"), (10, "d"), (16, "x")):
                text = format(value, letter)
                self.assertEqual(self.slots.int_as_text(value, base), text)
                self.assertEqual(self.slots.int_from_text(text.encode(), base), value)
            self.assertEqual(self.slots.int_bit_length(value), value.bit_length())
            self.assertEqual(self.slots.int_sign(value), (value > 0) - (value < 0))
        for text in (" 12 ", "0x1f", "1_000", "", "x", "12\0", "\u0663", "-0b11"):
            for base in (0, 2, 10, 16, 36, 1, 37, -1):
                self.same(
                    lambda t, b: self.slots.int_from_text(t.encode(), b), int, text, base
                )
        self.assertRaises(ValueError, self.slots.int_from_text, b"\xff", 10)
        self.assertRaises(ValueError, self.slots.int_as_text, 5, 7)
        for slot in (self.slots.int_sign, self.slots.int_bit_length):
            self.assertRaises(TypeError, slot, 1.5)

    def test_float_complex(self) -> None:
        for value in (1.5, -0.0, float("inf"), 3, 10**400, True, Index(7), "1", None, 1j):
            self.same(
                self.slots.float_round,
                lambda v: float(v) if not isinstance(v, str) else operator.index(v),
                value,
            )
        self.assertRaises(ZeroDivisionError, self.slots.float_round, Raises())
        for value in (1.5, 2, 3 + 4j, -1.0, complex(-1, -1)):
            self.assertEqual(self.slots.complex_round(value), complex(value))
        self.assertRaises(TypeError, self.slots.complex_round, "1")


class Text(Case):
    texts = ["", "a", "abc", "\u00e9", "\u20ac\u0100", "\U0001f600x", "a\0b", "x" * 1000]

    def test_utf8(self) -> None:
        for text in self.texts:
            utf8 = text.encode()
            self.assertEqual(self.slots.str_from_utf8(utf8), text)
            self.assertEqual(self.slots.str_as_utf8(text), utf8)
            self.assertEqual(self.slots.str_length(text), len(text))
            self.assertEqual(self.slots.str_equals(text, utf8), 1)
            self.assertEqual(self.slots.str_equals(text, utf8 + b"x"), 0)
            self.assertEqual(self.slots.str_equals(text + "x", utf8), 0)
            for start in (-2, 0, 1, 2, 5000):
                for end in (-1, 0, 1, 3, 5000):
                    self.assertEqual(
                        self.slots.str_substring(text, start, end),
                        text[max(start, 0) : max(end, 0)],
                    )
            for index in range(-2, len(text) + 2):
                if 0 <= index < len(text):
                    self.assertEqual(self.slots.str_code_point(text, index), ord(text[index]))
                else:
                    self.assertRaises(IndexError, self.slots.str_code_point, text, index)
        with self.assertRaises(UnicodeDecodeError) as caught:
            self.slots.str_from_utf8(b"ab\xff")
        self.assertEqual(caught.exception.start, 2)
        self.assertRaises(UnicodeEncodeError, self.slots.str_as_utf8, "\ud800")
        self.assertEqual(self.slots.str_equals("\ud800", b"x"), 0)
        self.assertEqual(self.slots.str_equals(5, b"5"), 0)

    def test_others(self) -> None:
        self.assertIs(self.slots.str_intern(b"some_name"), sys.intern("some_name"))
        for items in (["a", "b"], ("x",), [], iter("abc"), ["a", 1], 5):
            self.same(self.slots.str_join, lambda s, i: s.join(i), ", ", items) if not hasattr(
                items, "__next__"
            ) else self.assertEqual(self.slots.str_join(",", items), "a,b,c")
        for name in ("str_as_utf8", "str_length"):
            self.assertRaises(TypeError, getattr(self.slots, name), b"x")
        self.assertRaises(TypeError, self.slots.str_substring, 5, 0, 1)
        self.assertRaises(TypeError, self.slots.str_join, 5, [])
        self.assertRaises(TypeError, self.slots.str_code_point, 5, 0)

    def test_bytes(self) -> None:
        for size in (0, 1, 2, 1000):
            self.assertEqual(self.slots.bytes_zeros(size), bytes(size))
        for value in (b"", b"a\0b", bytes(300)):
            self.assertEqual(self.slots.bytes_round(value), value)
        for bad in ("x", bytearray(b"x"), 5):
            self.assertRaises(TypeError, self.slots.bytes_round, bad)
        self.assertRaises(MemoryError, self.slots.bytes_zeros, 2**62)


class Sequences(Case):
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


class Mappings(Case):
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


class Others(Case):
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


class Objects(Case):
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
        import array

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


class Rest(Case):
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
        slots = self.slots
        stop = threading.Event()
        started = threading.Event()

        def other() -> None:
            started.set()
            stop.set()

        runner = threading.Thread(target=other)
        runner.start()
        for _ in range(10**6):
            slots.polls(10000)
            if stop.is_set():
                break
        runner.join()
        self.assertTrue(started.is_set())

    def test_memory(self) -> None:
        self.assertRaises(MemoryError, self.slots.memory)
        cycle: List[Any] = []
        cycle.append(cycle)
        del cycle
        self.assertGreaterEqual(self.slots.collect(), 1)


class Leaks(Case):
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
            self.assertLess(sys.getallocatedblocks() - blocks, 200)
        self.assertLess(len(gc.get_objects()) - objects, 100)


if __name__ == "__main__":
    unittest.main()
