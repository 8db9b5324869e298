"""What annotations change: out, nullable, free, length, hold_gil, nonnull."""

from __future__ import annotations

import array
import ctypes
import inspect

import kaa
from samples import Case, load, main


class Out(Case):
    declarations = """
    struct point { int x, y; };
    enum color { RED, GREEN = 5, BLUE };
    int divide(int a, int b, int *quotient [[kaa::out]], int *remainder [[kaa::out]]);
    void half_of(double *result [[kaa::out]], double value);
    void describe(char *letter [[kaa::out]], _Bool *flag [[kaa::out]],
        enum color *shade [[kaa::out]], const char **name [[kaa::out]],
        struct point *at [[kaa::out]], struct point **where [[kaa::out]],
        void **nowhere [[kaa::out]]);
    void redirect(int **pointer [[kaa::out]], int *target);
    """

    def test_results_are_a_tuple(self) -> None:
        self.assertEqual(self.lib.divide(17, 5), (0, 3, 2))
        self.assertEqual(self.lib.divide(b=5, a=17), (0, 3, 2))
        self.assertEqual(self.lib.divide(1, 0), (-1, 0, 0))

    def test_one_result_stands_alone(self) -> None:
        self.assertEqual(self.lib.half_of(5.0), 2.5)
        self.assertEqual(self.lib.half_of(value=5.0), 2.5)

    def test_positions_are_those_of_the_declaration(self) -> None:
        self.refuses(
            TypeError,
            "half_of() argument 2 (value): float expected, not str",
            self.lib.half_of,
            "x",
        )
        self.refuses(
            TypeError,
            "divide() takes 2 arguments (int a, int b), 4 given",
            self.lib.divide,
            1,
            2,
            None,
            None,
        )
        self.refuses(
            TypeError,
            "divide() has no parameter 'quotient'; its parameters are a, b",
            self.lib.divide,
            1,
            quotient=2,
        )

    def test_each_kind(self) -> None:
        letter, flag, shade, name, at, where, nowhere = self.lib.describe()
        self.assertEqual(
            (letter, flag, shade.name, name), (b"k", True, "GREEN", "described")
        )
        self.assertIs(flag, True)
        self.assertIsInstance(at, self.lib.point)
        self.assertEqual((at.x, at.y), (3, 4))
        self.assertEqual((where.x, where.y), (7, 8))
        self.assertIsNone(nowhere)

    def test_each_call_has_its_own(self) -> None:
        first = self.lib.describe()[4]
        second = self.lib.describe()[4]
        first.x = 100
        self.assertEqual(second.x, 3)

    def test_pointers(self) -> None:
        value = ctypes.c_int(5)
        self.assertEqual(self.lib.redirect(value)[0], 5)
        self.assertFalse(self.lib.redirect(None))
        lib = load(
            "void redirect(int **pointer [[kaa::out]] [[kaa::nullable]], int *target);"
        )
        self.assertIsNone(lib.redirect(None))
        self.assertEqual(lib.redirect(value)[0], 5)

    def test_signature(self) -> None:
        self.assertEqual(
            list(inspect.signature(self.lib.divide).parameters), ["a", "b"]
        )
        self.assertEqual(list(inspect.signature(self.lib.describe).parameters), [])

    def test_what_cannot_be_one(self) -> None:
        for text in (
            "void fill_int(int *items [[kaa::out]] [[kaa::length(count)]],"
            "    size_t count, int value);",
            "void fill_int(void *items [[kaa::out]], size_t count, int value);",
            "struct opaque;"
            "void fill_int(struct opaque *items [[kaa::out]], size_t n, int value);",
        ):
            with self.assertRaises(kaa.Error, msg=text):
                load(text).fill_int


class Nullable(Case):
    def test_a_null_result_is_none(self) -> None:
        lib = load(
            "[[kaa::nullable]] int *same_int_pointer(int *value);"
            "struct handle; [[kaa::nullable]] struct handle *handle_open(int value);"
            "void handle_close(struct handle *from);"
        )
        self.assertIsNone(lib.same_int_pointer(None))
        value = ctypes.c_int(3)
        self.assertEqual(lib.same_int_pointer(value)[0], 3)
        self.assertIsNone(lib.handle_open(-1))
        handle = lib.handle_open(1)
        self.assertTrue(handle)
        lib.handle_close(handle)


class Free(Case):
    def test_records_are_copied(self) -> None:
        lib = load(
            "struct point { int x, y; }; void point_free(struct point *at); int point_live(void);"
            "[[kaa::free(point_free)]] struct point *point_new(int x, int y);"
        )
        before = lib.point_live()
        kept = [lib.point_new(value, -value) for value in range(50)]
        self.assertEqual(lib.point_live(), before)
        self.assertIs(type(kept[0]), lib.point)
        self.assertEqual(
            [(item.x, item.y) for item in kept], [(v, -v) for v in range(50)]
        )
        self.assertIsNone(lib.point_new(-1, 0))

    def test_const_text(self) -> None:
        lib = load(
            "[[kaa::free(text_free)]] const char *text_copy(const char *text);"
            "void text_free(char *text); int text_live(void);"
        )
        before = lib.text_live()
        self.assertEqual(lib.text_copy("abc"), "abc")
        self.assertEqual(lib.text_live(), before)

    def test_a_function_that_is_not_declared(self) -> None:
        lib = load("[[kaa::free(text_free)]] char *text_copy(const char *text);")
        live = load("int text_live(void);").text_live
        before = live()
        self.assertEqual(lib.text_copy("abc"), "abc")
        self.assertEqual(live(), before)

    def test_a_function_of_the_program(self) -> None:
        lib = kaa.load(None, "[[kaa::free(free)]] char *strdup(const char *text);")
        self.assertEqual(lib.strdup("twice"), "twice")

    def test_a_function_that_does_not_exist(self) -> None:
        with self.assertRaises(kaa.Error) as caught:
            load(
                "[[kaa::free(no_such_function)]] char *text_copy(const char *text);"
            ).text_copy
        self.assertIn("no_such_function", str(caught.exception))

    def test_what_is_no_pointer_to_data(self) -> None:
        for text in (
            "[[kaa::free(free)]] int same_int(int value);",
            "[[kaa::free(free)]] void (*signal(int number))(int);",
        ):
            with self.assertRaises(kaa.Error) as caught:
                kaa.load(None, text)
            self.assertIn("free", str(caught.exception))


class Length(Case):
    declarations = """
    double weighted(const double *items [[kaa::length(count)]], size_t count, double weight);
    double dot(const double *a [[kaa::length(count)]], const double *b [[kaa::length(count)]],
        size_t count);
    long count_first(int count, const int *items [[kaa::length(count)]]);
    long sum_bytes(const void *data [[kaa::length(size)]], size_t size);
    long sum_schar(const signed char *items [[kaa::length(count)]], size_t count);
    int text_byte(const char *text [[kaa::length(index)]], size_t index);
    void fill_int(int *items [[kaa::length(count)]], size_t count, int value);
    """

    def test_checked(self) -> None:
        items = array.array("d", [1, 2, 3])
        self.assertEqual(self.lib.weighted(items, 2, 10.0), 30.0)
        self.assertEqual(self.lib.weighted(items, 3, 1.0), 6.0)
        self.refuses(
            ValueError,
            "weighted() argument 1 (items): has 3 elements, but argument 2 says 4",
            self.lib.weighted,
            items,
            4,
            1.0,
        )
        self.refuses(
            ValueError,
            "weighted() argument 1 (items): has 0 elements, but argument 2 says 1",
            self.lib.weighted,
            None,
            1,
            1.0,
        )

    def test_filled_in(self) -> None:
        items = array.array("d", [1, 2, 3])
        self.assertEqual(self.lib.weighted(items, weight=2.0), 12.0)
        self.assertEqual(self.lib.dot(items, items), 14.0)
        self.assertEqual(self.lib.count_first(items=array.array("i", [1, 2])), 3)
        self.assertEqual(self.lib.sum_bytes(b"\1\2\3"), 6)
        self.assertEqual(self.lib.sum_bytes(array.array("i", [1, 2])), 3)
        self.assertEqual(self.lib.sum_schar(b"\1\2\3"), 6)
        self.assertEqual(self.lib.weighted(None, weight=1.0), 0.0)

    def test_ctypes_instances(self) -> None:
        items = (ctypes.c_double * 4)(1, 2, 3, 4)
        self.assertEqual(self.lib.weighted(items, weight=1.0), 10.0)
        self.refuses_like(
            ValueError,
            "has 4 elements, but argument 2 says 5",
            self.lib.weighted,
            items,
            5,
            1.0,
        )
        self.assertEqual(self.lib.weighted(ctypes.c_double(2.5), weight=1.0), 2.5)
        pointer = ctypes.cast(items, ctypes.POINTER(ctypes.c_double))
        self.assertEqual(self.lib.weighted(pointer, 4, 1.0), 10.0)

    def test_buffers_of_different_lengths(self) -> None:
        long, short = array.array("d", [1, 2, 3]), array.array("d", [1, 2])
        self.assertEqual(self.lib.dot(long, short, 2), 5.0)
        self.refuses_like(
            ValueError,
            r"argument 2 \(b\): has 2 elements, but argument 3 says 3",
            self.lib.dot,
            long,
            short,
        )
        self.refuses_like(
            ValueError,
            r"argument 2 \(b\): has 2 elements",
            self.lib.dot,
            long,
            short,
            3,
        )

    def test_negative_counts(self) -> None:
        items = array.array("i", [1, 2])
        self.refuses_like(
            ValueError,
            r"^count_first\(\) argument 2 \(items\): has 2 elements, but argument 1 says -1",
            self.lib.count_first,
            -1,
            items,
        )
        self.refuses_like(OverflowError, r"\(count\)", self.lib.fill_int, items, -1, 0)

    def test_the_length_of_a_pointer_is_not_known(self) -> None:
        items = (ctypes.c_double * 2)(1, 2)
        pointer = ctypes.cast(items, ctypes.POINTER(ctypes.c_double))
        self.refuses_like(
            TypeError,
            r"^weighted\(\) argument 2 \(count\): has to be given: "
            r"the length of argument 1 is not known",
            self.lib.weighted,
            pointer,
            weight=1.0,
        )

    def test_text(self) -> None:
        self.assertEqual(self.lib.text_byte("abc", 1), ord("b"))
        self.refuses_like(
            ValueError,
            "has 3 elements, but argument 2 says 9",
            self.lib.text_byte,
            "abc",
            9,
        )

    def test_wrong_calls(self) -> None:
        self.refuses_like(TypeError, r"^dot\(\) takes 2 to 3 arguments ", self.lib.dot)
        self.refuses_like(
            TypeError,
            r"^weighted\(\) misses argument 1 \(items\)",
            self.lib.weighted,
            weight=1.0,
        )
        self.refuses_like(
            TypeError,
            r"^weighted\(\) misses argument 3 \(weight\)",
            self.lib.weighted,
            items=None,
        )


class Expressions(Case):
    """Lengths that are products and sums, or numbers."""

    declarations = """
    enum { KEY_BYTES = 4 };
    long sum_bytes(const void *data [[kaa::length(size * 2 + 1)]], size_t size);
    int text_byte(const char text[static 2], size_t index);
    void fill_int(int *items [[kaa::length(KEY_BYTES)]], size_t count, int value);
    long sum_schar(const signed char *items [[kaa::length(3)]] [[kaa::nullable]],
        size_t count);
    double weighted(const double *items [[kaa::length(rows * 2)]], size_t rows, double w);
    """

    def test_product_and_sum(self) -> None:
        self.assertEqual(self.lib.sum_bytes(b"\1\2\3\4\5"), 1 + 2)
        self.assertEqual(self.lib.sum_bytes(b"\1\2\3\4\5", 1), 1)
        self.refuses(
            ValueError,
            "sum_bytes() argument 1 (data): has 5 elements, but argument 2 says 3:"
            " 7 are needed",
            self.lib.sum_bytes,
            b"12345",
            3,
        )
        self.refuses(
            ValueError,
            "sum_bytes() argument 1 (data): has 0 elements, but argument 2 says 0:"
            " 1 are needed",
            self.lib.sum_bytes,
            b"",
        )
        self.refuses_like(
            ValueError,
            "but argument 2 says 18446744073709551615$",
            self.lib.sum_bytes,
            b"12345",
            2**64 - 1,
        )

    def test_static(self) -> None:
        self.assertEqual(self.lib.text_byte("ab", 1), ord("b"))
        self.refuses(
            ValueError,
            "text_byte() argument 1 (text): has 1 element, but 2 are needed",
            self.lib.text_byte,
            "a",
            0,
        )
        self.refuses_like(TypeError, "declared nonnull", self.lib.text_byte, None, 0)

    def test_a_constant(self) -> None:
        items = array.array("i", [0] * 4)
        self.lib.fill_int(items, 2, 7)
        self.assertEqual(list(items), [7, 7, 0, 0])
        for short in (array.array("i", [0] * 3), kaa.new("int[3]"), (ctypes.c_int * 3)()):
            self.refuses(
                ValueError,
                "fill_int() argument 1 (items): has 3 elements, but 4 are needed",
                self.lib.fill_int,
                short,
                0,
                7,
            )
        self.refuses_like(ValueError, "has 0 elem", self.lib.fill_int, None, 0, 7)

    def test_nullable(self) -> None:
        self.assertEqual(self.lib.sum_schar(None, 0), 0)
        self.refuses_like(ValueError, "2 elements, but 3", self.lib.sum_schar, b"12", 0)

    def test_two_parameters(self) -> None:
        lib = load(
            "void fill_int(int *items [[kaa::length(count * value)]], size_t count,"
            " int value);"
        )
        items = array.array("i", [0] * 6)
        lib.fill_int(items, 2, 3)
        self.refuses(
            ValueError,
            "fill_int() argument 1 (items): has 6 elements, but arguments 2 and 3"
            " say 2 and 4: 8 are needed",
            lib.fill_int,
            items,
            2,
            4,
        )
        self.refuses_like(TypeError, "takes 3 arguments", lib.fill_int, items, 2)


class Gil(Case):
    def test_held(self) -> None:
        text = "int add(int a, int b); int apply(int (*f)(int), int value);"
        for lib in (
            load("[[kaa::hold_gil]] " + text),
            load("__attribute__((const)) " + text),
            load("__attribute__((pure)) " + text),
            load(text, hold_gil=["add", "apply"]),
        ):
            self.assertEqual(lib.add(1, 2), 3)
            self.assertEqual(lib.apply(lambda value: value + 1, 1), 2)
            self.refuses(
                TypeError,
                "add() argument 1 (a): int expected, not str",
                lib.add,
                "x",
                1,
            )


class Combined(Case):
    def test_out_and_length_together(self) -> None:
        lib = load(
            "void point_move(struct point *at, int dx, int dy); struct point { int x, y; };"
            "double weighted(const double *items [[kaa::length(count)]], size_t count,"
            "    double weight);"
        )
        self.assertEqual(lib.weighted(array.array("d", [1.5]), 1, 2.0), 3.0)
        with self.assertRaises(ValueError):
            lib.weighted(array.array("d", [1.5]), count=2, weight=2.0)


if __name__ == "__main__":
    main()
