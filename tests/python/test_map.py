"""map: a function over whole buffers; broadcasting, out=, threads, progress,
cancelling."""

from __future__ import annotations

import array
import ctypes
import os
import signal
import threading
import time
import unittest
from typing import Any, List, Tuple

import kaa
import support  # noqa: F401
from samples import Case, load, main

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore


class Map(Case):
    declarations = """
    double scale_add(double a, double x, double y);
    int square(int value);
    float halve(float value);
    double powers(int8_t a, uint16_t b, float c, long d);
    void touch(int value);
    long touch_count(void);
    double slow(double value);
    double until_told(double value);
    int tell(void);
    int forty_two(void);
    _Bool same_bool(_Bool value);
    unsigned char same_uchar(unsigned char value);
    double _Complex same_cdouble(double _Complex value);
    size_t text_length(const char *text);
    int format_text(char *buffer, size_t size, const char *format, ...);
    """

    def test_one_array(self) -> None:
        result = self.lib.square.map(array.array("i", range(-5, 100)))
        self.assertIsInstance(result, array.array)
        self.assertEqual(result.typecode, "i")
        self.assertEqual(result.tolist(), [value * value for value in range(-5, 100)])
        halves = self.lib.halve.map(array.array("f", [1, 2, 5]))
        self.assertEqual((halves.typecode, halves.tolist()), ("f", [0.5, 1.0, 2.5]))

    def test_buffers_are_given_back(self) -> None:
        """An array that a map has read or written may grow afterwards, on PyPy too."""
        xs, out = array.array("i", range(100)), array.array("i", bytes(400))
        for _ in range(3):
            self.assertIs(self.lib.square.map(xs, out=out), out)
            made = self.lib.square.map(xs)
        self.refuses_like(ValueError, "out: ", self.lib.square.map, xs, out=made[:50])
        for one in (xs, out, made):
            one.append(7)  # BufferError: it is exported
            self.assertEqual(len(one), 101)

    def test_numbers_are_broadcast(self) -> None:
        xs, ys = array.array("d", range(1000)), array.array("d", range(1000, 2000))
        result = self.lib.scale_add.map(2, xs, ys)
        self.assertEqual(result.typecode, "d")
        self.assertEqual(result.tolist(), [2.0 * x + y for x, y in zip(xs, ys)])
        result = self.lib.scale_add.map(xs, 0.5, ys)
        self.assertEqual(result.tolist(), [0.5 * x + y for x, y in zip(xs, ys)])

    def test_mixed_types(self) -> None:
        result = self.lib.powers.map(
            array.array("b", [-1, 2]),
            array.array("H", [3, 4]),
            0.5,
            array.array("l", [5, -6]),
        )
        self.assertEqual(result.tolist(), [-1 + 6 + 2 + 40, 2 + 8 + 2 - 48])

    def test_many_threads_give_the_same(self) -> None:
        xs = array.array("d", (value * 0.25 for value in range(100001)))
        expected = [3.0 * x + 1.0 for x in xs]
        for threads in (1, 2, 3, 8, None):
            result = self.lib.scale_add.map(3.0, xs, 1.0, threads=threads)
            self.assertEqual(result.tolist(), expected)

    def test_each_element_once(self) -> None:
        self.lib.touch_count()
        ones = array.array("i", [1]) * 50000
        for threads in (1, 2, 5):
            self.assertIsNone(self.lib.touch.map(ones, threads=threads))
            self.assertEqual(self.lib.touch_count(), 50000)

    def test_empty(self) -> None:
        result = self.lib.square.map(array.array("i"))
        self.assertEqual((result.typecode, len(result)), ("i", 0))

    def test_out(self) -> None:
        xs = array.array("i", [1, 2, 3])
        out = array.array("i", [0, 0, 0])
        self.assertIs(self.lib.square.map(xs, out=out), out)
        self.assertEqual(out.tolist(), [1, 4, 9])
        self.assertIs(self.lib.square.map(xs, out=xs), xs)
        self.assertEqual(xs.tolist(), [1, 4, 9])
        cells = (ctypes.c_int * 3)()
        self.lib.square.map(xs, out=cells)
        self.assertEqual(list(cells), [1, 16, 81])

    def test_other_buffers(self) -> None:
        cells = (ctypes.c_int * 3)(1, 2, 3)
        self.assertEqual(self.lib.square.map(cells).tolist(), [1, 4, 9])
        self.assertEqual(self.lib.same_uchar.map(b"\1\2\xff").tolist(), [1, 2, 255])
        self.assertEqual(
            list(self.lib.same_bool.map(memoryview(b"\1\0").cast("?"))), [1, 0]
        )
        view = memoryview(array.array("i", [1, 2, 3, 4, 5]))
        self.assertEqual(self.lib.square.map(view[1:3]).tolist(), [4, 9])
        self.assertEqual(self.lib.square.map(view[::2]).tolist(), [1, 9, 25])
        self.assertEqual(self.lib.square.map(view[::-1]).tolist(), [25, 16, 9, 4, 1])

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy(self) -> None:
        xs = numpy.arange(12, dtype="float64").reshape(3, 4)
        result = self.lib.scale_add.map(2.0, xs, 1.0)
        self.assertIsInstance(result, numpy.ndarray)
        self.assertEqual((result.shape, result.dtype), ((3, 4), xs.dtype))
        self.assertTrue((result == 2 * xs + 1).all())
        out = numpy.empty((3, 4))
        self.assertIs(self.lib.scale_add.map(2.0, xs, numpy.float64(1), out=out), out)
        self.assertTrue((out == 2 * xs + 1).all())
        column = xs[:, 1]
        self.assertEqual(list(self.lib.scale_add.map(1, column, 0)), [1.0, 5.0, 9.0])
        self.lib.scale_add.map(1, column, 0, out=xs[:, 0])
        self.assertEqual(xs[:, 0].tolist(), [1.0, 5.0, 9.0])
        values = numpy.array([1 + 2j, 3j])
        out = numpy.zeros(2, dtype="complex128")
        self.lib.same_cdouble.map(values, out=out)
        self.assertEqual(out.tolist(), [1 + 2j, 3j])
        self.refuses_like(
            TypeError,
            r"argument 1 \(value\)",
            self.lib.square.map,
            numpy.arange(3, dtype="int64"),
        )

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy_broadcasts(self) -> None:
        r = numpy.random.default_rng(1)
        for shapes in (
            ((3, 4), (4,), ()),
            ((3, 1), (1, 4), (3, 4)),
            ((2, 3, 4), (3, 1), (4,)),
            ((5,), (1,), ()),
            ((), (), ()),
            ((0, 3), (3,), ()),
            ((1,), (1,), (7,)),
        ):
            a, b, c = (r.uniform(-1, 1, one) for one in shapes)
            a, b, c = (numpy.asarray(one) for one in (a, b, c))
            result = self.lib.scale_add.map(a, b, c)
            wanted = a * b + c
            self.assertEqual(result.shape, wanted.shape)
            self.assertTrue(numpy.allclose(result, wanted), shapes)
        wide = numpy.arange(24.0).reshape(4, 6)
        for view in (wide.T, wide[::2, ::3], wide[:, 1], wide[::-1]):
            result = self.lib.scale_add.map(2.0, view, 1.0)
            self.assertTrue((result == 2 * view + 1).all())
        out = numpy.zeros((6, 4)).T  # not C-contiguous
        self.assertIs(self.lib.scale_add.map(2.0, wide, 1.0, out=out), out)
        self.assertTrue((out == 2 * wide + 1).all())
        mixed = self.lib.scale_add.map(
            array.array("d", [1, 2, 3, 4, 5, 6]), wide, numpy.float64(1)
        )
        self.assertTrue((mixed == numpy.arange(1.0, 7) * wide + 1).all())
        self.refuses(
            ValueError,
            "scale_add() argument 2 (x): an array of shape (6, 4) cannot be"
            " broadcast with those of shape (4, 6)",
            self.lib.scale_add.map,
            wide,
            wide.T,
            1.0,
        )
        self.refuses(
            ValueError,
            "scale_add() out: shape (6, 4) for results of shape (4, 6)",
            self.lib.scale_add.map,
            1.0,
            wide,
            1.0,
            out=numpy.empty((6, 4)),
        )

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy_of_each_type(self) -> None:
        for name, dtype in (
            ("same_uchar", "uint8"),
            ("same_bool", "bool"),
            ("same_cdouble", "complex128"),
            ("square", "int32"),
        ):
            values = numpy.array([[1, 0], [1, 1]], dtype)
            result = getattr(self.lib, name).map(values)
            self.assertEqual((result.dtype, result.shape), (values.dtype, (2, 2)))
            self.assertEqual(result.tolist(), values.tolist())
        lib = load(
            "struct point { int x, y; };"
            "struct point point_add(struct point a, struct point b);"
        )
        dtype = numpy.dtype([("x", "i4"), ("y", "i4")])
        points = numpy.array([[(1, 2), (3, 4)], [(5, 6), (7, 8)]], dtype)
        result = lib.point_add.map(points, points[0])
        self.assertEqual(result.dtype, dtype)
        self.assertEqual(result["x"].tolist(), [[2, 6], [6, 10]])

    def test_a_bar(self) -> None:
        for hidden in (True, False):
            done = support.run_python(
                "-c",
                "import sys\n"
                + ("sys.modules['tqdm'] = None\n" if hidden else "")
                + "import array, kaa\n"
                "m = kaa.load('libm.so.6', 'double fabs(double x);')\n"
                "xs = array.array('d', [-1.0] * 1000)\n"
                "print(sum(m.fabs.map(xs, progress=True)))\n",
            )
            self.assertEqual(done.stdout, "1000.0\n", done.stderr)
            self.assertIn("100%", done.stderr)
            self.assertIn("fabs:", done.stderr)
        self.refuses_like(
            TypeError, "a callable or True", self.lib.square.map, b"", progress=5
        )
        self.assertEqual(
            list(self.lib.square.map(array.array("i", [2]), progress=False)), [4]
        )

    def test_records(self) -> None:
        lib = load(
            "struct real2 { double x, y; }; struct real2 same_real2(struct real2 value);"
            "struct point { int x, y; };"
            "struct point point_add(struct point a, struct point b);"
        )
        values = kaa.new("real2[3]", [(1, 2), (3, 4), (5, 6)], library=lib)
        out = kaa.new("real2[3]", library=lib)
        self.assertIs(lib.same_real2.map(values, out=out), out)
        self.assertEqual([(one.x, one.y) for one in out], [(1, 2), (3, 4), (5, 6)])
        points = kaa.new("point[]", [(i, -i) for i in range(100)], library=lib)
        sums = kaa.new("point[100]", library=lib)
        lib.point_add.map(points, lib.point(10, 20), out=sums, threads=2)
        self.assertEqual(
            [(one.x, one.y) for one in sums], [(i + 10, 20 - i) for i in range(100)]
        )
        self.refuses_like(
            TypeError, r"^same_real2\(\) out: ", lib.same_real2.map, values
        )
        self.refuses_like(
            TypeError,
            r"^point_add\(\) argument 2 \(b\): ",
            lib.point_add.map,
            points,
            values,
        )

    def test_refusals(self) -> None:
        xs = array.array("d", [1, 2, 3])
        function = self.lib.scale_add
        self.refuses(
            TypeError,
            "scale_add() argument 2 (x): 'double' needs a number or a buffer of format 'd', "
            "not array of format 'f'",
            function.map,
            1.0,
            array.array("f", [1]),
            xs,
        )
        self.refuses(
            TypeError,
            "scale_add() argument 3 (y): 'double' needs a number or a buffer of format 'd', "
            "not str",
            function.map,
            1.0,
            xs,
            "x",
        )
        self.refuses_like(
            TypeError, r"^scale_add\(\) takes 3 arguments .*, 1 given", function.map, xs
        )
        self.refuses(
            ValueError,
            "scale_add() argument 3 (y): 2 elements, but argument 2 (x) has 3",
            function.map,
            1.0,
            xs,
            array.array("d", [1, 2]),
        )
        self.refuses_like(TypeError, "at least one buffer", function.map, 1, 2, 3)
        self.refuses_like(TypeError, "at least one buffer", self.lib.forty_two.map)
        self.refuses_like(
            OverflowError,
            r"^powers\(\) argument 1 \(a\): 300 is out of range for int8_t",
            self.lib.powers.map,
            300,
            array.array("H", [1]),
            1.0,
            1,
        )

    def test_refused_outs(self) -> None:
        xs = array.array("i", [1, 2, 3])
        for out, error in (
            (array.array("i", [1, 2]), ValueError),
            (array.array("i", [1, 2, 3, 4]), ValueError),
            (array.array("f", [1, 2, 3]), TypeError),
            (memoryview(xs).toreadonly(), TypeError),
            (b"123456789012", TypeError),
            (5, TypeError),
            ([1, 2, 3], TypeError),
        ):
            self.refuses_like(
                error, r"^square\(\) out: ", self.lib.square.map, xs, out=out
            )
        self.refuses_like(
            TypeError, r"^touch\(\) out: ", self.lib.touch.map, xs, out=xs
        )

    def test_what_cannot_be_mapped(self) -> None:
        self.refuses_like(
            TypeError,
            "format_text",
            self.lib.format_text.map,
            None,
            0,
            array.array("i", [1]),
        )
        self.refuses_like(
            TypeError,
            r"^text_length\(\) argument 1 \(text\): ",
            self.lib.text_length.map,
            array.array("i", [1]),
        )

    def test_threads_are_checked(self) -> None:
        xs = array.array("i", [1])
        for threads, error in (
            (0, ValueError),
            (-1, ValueError),
            (1.5, TypeError),
            ("2", TypeError),
        ):
            self.refuses_like(
                error, "threads", self.lib.square.map, xs, threads=threads
            )

    def test_progress(self) -> None:
        seen: List[Tuple[int, int]] = []
        here = threading.get_ident()

        def progress(done: int, total: int) -> None:
            self.assertEqual(threading.get_ident(), here)
            seen.append((done, total))

        xs = array.array("d", range(4000))
        result = self.lib.slow.map(xs, threads=2, progress=progress)
        self.assertEqual(result.tolist(), [x + 1 for x in xs])
        self.assertTrue(seen)
        self.assertEqual(seen[-1], (4000, 4000))
        self.assertEqual([done for done, _ in seen], sorted(done for done, _ in seen))
        self.refuses_like(TypeError, "progress", self.lib.slow.map, xs, progress=5)

    def test_an_exception_of_progress_cancels(self) -> None:
        class Enough(Exception):
            pass

        def progress(done: int, total: int) -> None:
            raise Enough

        ones = array.array("d", [1.0]) * 200000  # would take 20 s on two threads
        with self.assertRaises(Enough):
            self.lib.slow.map(ones, threads=2, progress=progress)

    @unittest.skipUnless(hasattr(signal, "raise_signal"), "needs raise_signal")
    def test_interrupt_cancels(self) -> None:
        ones = array.array("d", [1.0]) * 200000
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            timer.start()
            with self.assertRaises(KeyboardInterrupt):
                self.lib.slow.map(ones, threads=2)
        finally:
            timer.cancel()
            timer.join()
            signal.signal(signal.SIGINT, previous)

    def test_other_threads_run_meanwhile(self) -> None:
        """What the other thread says can be said only while the map runs."""
        over = threading.Event()

        def other() -> None:
            while not over.is_set() and not self.lib.tell():
                time.sleep(0.0005)

        thread = threading.Thread(target=other)
        thread.start()
        try:
            told = self.lib.until_told.map(array.array("d", [1.0]))
        finally:
            over.set()
            thread.join()
        self.assertEqual(list(told), [1.0])

    def test_buffers_are_given_back(self) -> None:
        xs, out = array.array("i", [1, 2]), bytearray(b"12")
        self.lib.square.map(xs)
        xs.append(3)
        self.lib.same_uchar.map(b"xy", out=out)
        out.append(3)
        with self.assertRaises(TypeError):
            self.lib.square.map(xs, out=out)
        xs.append(4)
        out.append(4)

    def test_a_call_gives_its_buffer_back(self) -> None:
        c = kaa.load(None, "double frexp(double x, int *exponent);")
        exponents, text = array.array("i", [0]), bytearray(b"12")
        c.frexp(8.0, exponents)
        exponents.append(5)
        self.assertEqual(exponents, array.array("i", [4, 5]))
        with self.assertRaises(TypeError) as caught:
            c.frexp(8.0, text)
        text.append(52)
        self.assertEqual(text, b"124")
        self.assertIn("bytearray", str(caught.exception))


if __name__ == "__main__":
    main()
