"""Slots of a context under CPython, beside Python itself: errors, types, values."""

from __future__ import annotations

import contextlib
import errno
import io
import operator
import os
import sys
import types
import unittest
import warnings
import weakref
from typing import Any, List

import support
from module_cases import Index, Raises, SlotsCase


class Errors(SlotsCase):
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


class Types(SlotsCase):
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


class Numbers(SlotsCase):
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


class Text(SlotsCase):
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


if __name__ == "__main__":
    unittest.main()
