"""What functions say of themselves."""

from __future__ import annotations

import ctypes
import inspect
import pickle
import pydoc
import unittest
from typing import Any

import kaa
from kaa._calls import function as _function


class Describing(unittest.TestCase):
    def setUp(self) -> None:
        self.library = kaa.load(
            "libm.so.6",
            "double pow(double x, double y); double sin(double); double cos(double);",
        )

    def test_names_and_texts(self) -> None:
        power = self.library.pow
        self.assertIsInstance(power, kaa.Function)
        self.assertEqual(power.__name__, "pow")
        self.assertEqual(power.__qualname__, "pow")
        self.assertEqual(power.declaration, "double pow(double x, double y);")
        self.assertEqual(power.__doc__, "double pow(double x, double y);\n")
        self.assertEqual(
            repr(power),
            "<kaa function pow in libm.so.6: double pow(double x, double y)>",
        )
        self.assertIsInstance(type(power).__doc__, str)
        self.assertIsInstance(kaa.Function.__doc__, str)
        self.assertLessEqual(
            {"__call__", "__doc__", "__name__", "declaration", "map"}, set(dir(power))
        )
        with self.assertRaises(AttributeError):
            power.nothing

    def test_types(self) -> None:
        power = self.library.pow
        self.assertEqual(power.argtypes, (ctypes.c_double, ctypes.c_double))
        self.assertIs(power.restype, ctypes.c_double)
        self.assertIsInstance(power.address, int)
        true = ctypes.cast(ctypes.CDLL("libm.so.6").pow, ctypes.c_void_p).value
        self.assertEqual(power.address, true)

    def test_signature(self) -> None:
        signature = inspect.signature(self.library.pow)
        self.assertEqual(str(signature), "(x: float, y: float) -> float")
        self.assertEqual(
            str(inspect.signature(self.library.sin)), "(arg0: float, /) -> float"
        )

    def test_signatures(self) -> None:
        text = """
            struct point { int x; };
            enum color { RED };
            void f_void(void);
            char f_char(char c, signed char s, bool b);
            const char *f_text(const char *text, char *buffer);
            enum color f_enum(enum color c);
            struct point f_record(struct point p, struct point *q);
            void *f_any(const void *p);
            int f_many(const char *format, ...);
            int f_out([[kaa::out]] int *a, long n, [[kaa::out]] double *b);
            void f_one([[kaa::out]] int *a);
            double f_sum([[kaa::length(n)]] const double *data, size_t n);
            double f_key(int lambda, int from);
            int f_half(int a, int, int b);
            double _Complex f_complex(double _Complex z);
            int f_call(int (*callback)(int), void *user);
        """
        library = kaa.load(None, text, missing="ignore")
        expected = {
            "f_void": "() -> None",
            "f_char": "(c: bytes, s: int, b: bool) -> bytes",
            "f_text": "(text: str | bytes | None, buffer: char *) -> str | None",
            "f_record": "(p: {point}, q: struct point *) -> {point}",
            "f_any": "(p: const void *) -> int | None",
            "f_many": "(format: str | bytes | None, *args) -> int",
            "f_out": "(n: int) -> tuple[int, int, float]",
            "f_one": "() -> int",
            "f_sum": "(data: const double *, n: int = len(data)) -> float",
            "f_key": "(lambda_: int, from_: int) -> float",
            "f_half": "(a: int, arg1: int, /, b: int) -> int",
            "f_complex": "(z: complex) -> complex",
            "f_call": "(callback: int (*)(int), user: void *) -> int",
        }
        for name, signature in expected.items():
            function = Described(library, name)
            point = f"{library.point.__module__}.point"
            self.assertEqual(
                str(inspect.signature(function)),  # type: ignore[arg-type]
                signature.format(point=point),
                name,
            )
        enum = inspect.signature(Described(library, "f_enum"))  # type: ignore[arg-type]
        self.assertIs(enum.return_annotation, library.color)

    def test_help(self) -> None:
        text = pydoc.render_doc(self.library.pow, renderer=pydoc.plaintext)
        self.assertIn("pow(x: float, y: float) -> float", text)
        self.assertIn("double pow(double x, double y);", text)
        self.assertTrue(inspect.isroutine(self.library.pow))

    def test_as_a_class_attribute(self) -> None:
        class Holder:
            power = self.library.pow

        self.assertEqual(Holder().power(2, 10), 1024)
        self.assertIs(Holder.power, self.library.pow)

    def test_identity_and_pickling(self) -> None:
        power = self.library.pow
        self.assertEqual(len({power, self.library.pow}), 1)
        self.assertNotEqual(self.library.sin, self.library.cos)
        self.assertIs(pickle.loads(pickle.dumps(power)), power)

    def test_callable(self) -> None:
        self.assertTrue(callable(self.library.pow))
        self.assertEqual(list(map(self.library.pow, (2, 3), (3, 2))), [8, 9])


class Described(kaa.Function, key=_function.KEY):  # type: ignore[call-arg]
    """A function that is not in the library: to be looked at, not called."""

    __slots__ = ("_item", "_library", "address")

    def __init__(self, library: Any, name: str) -> None:
        self._library = library
        self._item = library._declarations.find(name)
        self.address = 0

    def __call__(self) -> None:  # type: ignore[override]
        raise AssertionError("is never called")


if __name__ == "__main__":
    unittest.main()
