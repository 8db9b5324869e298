"""Text: str, bytes and None as C strings, narrow and wide, there and back."""

from __future__ import annotations

import array
import ctypes
import gc
import mmap

from samples import Case, load, main


class Arguments(Case):
    declarations = """
    size_t text_length(const char *text);
    int text_byte(const char *text, size_t index);
    const char *same_text(const char *text);
    """

    def test_str_is_utf_8(self) -> None:
        for text in (
            "",
            "a",
            "plain text",
            "na\u00efve",
            "\u4e2d\u6587",
            "\U0001f600" * 50,
        ):
            self.assertEqual(self.lib.text_length(text), len(text.encode()))
            self.assertEqual(self.lib.same_text(text), text)
        self.assertEqual(self.lib.text_byte("\u00e9", 0), 0xC3)
        self.assertEqual(self.lib.text_byte("\u00e9", 1), 0xA9)
        self.assertEqual(self.lib.text_byte("\u00e9", 2), 0)

    def test_undecodable_bytes_survive(self) -> None:
        raw = b"\xff\xfe name \x80"
        text = raw.decode("utf-8", "surrogateescape")
        self.assertEqual(self.lib.text_length(text), len(raw))
        self.assertEqual(self.lib.same_text(text), text)
        self.refuses_like(
            ValueError,
            r"^text_length\(\) argument 1 \(text\): .*surrogate",
            self.lib.text_length,
            "\ud800",
        )

    def test_embedded_nul(self) -> None:
        for text in ("\0", "a\0b", "end\0"):
            self.refuses(
                ValueError,
                "text_length() argument 1 (text): embedded NUL character",
                self.lib.text_length,
                text,
            )
        self.assertEqual(self.lib.text_length(b"ab\0cd"), 2)
        self.assertEqual(self.lib.text_byte(b"ab\0cd", 3), ord("c"))

    def test_bytes_and_buffers(self) -> None:
        for value in (
            b"bytes",
            bytearray(b"bytes\0"),
            memoryview(b"bytes\0"),
            array.array("b", b"bytes\0"),
            array.array("B", b"bytes\0"),
            ctypes.create_string_buffer(b"bytes"),
            ctypes.c_char_p(b"bytes"),
            ctypes.cast(
                ctypes.create_string_buffer(b"bytes"), ctypes.POINTER(ctypes.c_char)
            ),
            (ctypes.c_ubyte * 6)(*b"bytes\0"),
            (ctypes.c_byte * 6)(*b"bytes\0"),
            ctypes.c_void_p(ctypes.addressof(_forever)),
            ctypes.byref(_forever),
        ):
            with self.subTest(value=type(value).__name__):
                self.assertEqual(self.lib.text_length(value), 5)
        with mmap.mmap(-1, 4096) as mapped:
            mapped[:4] = b"page"
            self.assertEqual(self.lib.text_length(mapped), 4)

    def test_none_is_null(self) -> None:
        self.assertEqual(self.lib.text_length(None), 2**64 - 1)
        self.assertIsNone(self.lib.same_text(None))
        lib = load("__attribute__((nonnull)) size_t text_length(const char *text);")
        self.assertEqual(lib.text_length("four"), 4)
        self.refuses_like(
            TypeError,
            r"^text_length\(\) argument 1 \(text\): None, but the parameter is declared nonnull",
            lib.text_length,
            None,
        )

    def test_refusals(self) -> None:
        for value in (1, 1.0, [b"x"], object(), ("a",)):
            self.refuses_like(
                TypeError,
                r"^text_length\(\) argument 1 \(text\): 'const char \*' needs .*, not "
                + type(value).__name__,
                self.lib.text_length,
                value,
            )
        for value in (array.array("i", [1]), (ctypes.c_int * 2)(), ctypes.c_int(1)):
            self.refuses_like(
                TypeError,
                r"^text_length\(\) argument 1 \(text\): 'const char \*' needs ",
                self.lib.text_length,
                value,
            )

    def test_text_is_alive_during_the_call(self) -> None:
        for count in range(200):
            text = "\u00e9" * count + "x" * 1000
            self.assertEqual(self.lib.same_text("".join([text[:5], text[5:]])), text)
        gc.collect()


_forever = ctypes.create_string_buffer(b"bytes")


class Mutable(Case):
    declarations = """
    char *text_upper(char *text);
    """

    def test_writable_buffers(self) -> None:
        data = bytearray(b"abc\0def")
        self.lib.text_upper(data)
        self.assertEqual(data, b"ABC\0def")
        items = array.array("b", b"xyz\0")
        self.lib.text_upper(items)
        self.assertEqual(items.tobytes(), b"XYZ\0")
        buffer = ctypes.create_string_buffer(b"buffer")
        result = self.lib.text_upper(buffer)
        self.assertEqual(buffer.value, b"BUFFER")
        self.assertEqual(
            int(result), ctypes.addressof(buffer)
        )

    def test_results_are_pointers(self) -> None:
        self.assertFalse(self.lib.text_upper(None))
        buffer = ctypes.create_string_buffer(b"xy")
        result = self.lib.text_upper(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char)))
        self.assertTrue(result)
        self.assertEqual(result[0], b"X")
        self.assertEqual(result[1], b"Y")

    def test_text_is_refused_with_a_hint(self) -> None:
        for value in ("abc", b"abc"):
            self.refuses_like(
                TypeError,
                r"^text_upper\(\) argument 1 \(text\): 'char \*' needs a writable.*, not {}; "
                r"declare it const char \* if the function does not write$".format(
                    type(value).__name__
                ),
                self.lib.text_upper,
                value,
            )
        self.refuses_like(
            TypeError,
            r"'char \*' needs a writable.*, not a read-only memoryview",
            self.lib.text_upper,
            memoryview(b"abc"),
        )


class Results(Case):
    declarations = """
    const char *text_sample(int which);
    [[kaa::free(text_free)]] char *text_copy(const char *text);
    void text_free(char *text);
    int text_live(void);
    """

    def test_decoded(self) -> None:
        self.assertEqual(self.lib.text_sample(0), "plain")
        self.assertEqual(self.lib.text_sample(1), "na\u00efve")
        self.assertEqual(self.lib.text_sample(3), "")
        raw = self.lib.text_sample(2)
        self.assertEqual(raw, b"\xff bad \xc3".decode("utf-8", "surrogateescape"))

    def test_null_is_none(self) -> None:
        self.assertIsNone(self.lib.text_sample(-1))

    def test_freed_results(self) -> None:
        before = self.lib.text_live()
        self.assertEqual(self.lib.text_copy("na\u00efve"), "na\u00efve")
        self.assertIsNone(self.lib.text_copy(None))
        for _ in range(100):
            self.assertEqual(self.lib.text_copy(b"x" * 100), "x" * 100)
        self.assertEqual(self.lib.text_live(), before)


class Wide(Case):
    declarations = """
    size_t wide_length(const wchar_t *text);
    size_t length16(const char16_t *text);
    size_t length32(const char32_t *text);
    uint32_t unit16(const char16_t *text, size_t index);
    const wchar_t *same_wide(const wchar_t *text);
    const char16_t *same_text16(const char16_t *text);
    const char32_t *same_text32(const char32_t *text);
    void wide_fill(wchar_t *text, size_t count, wchar_t value);
    [[kaa::free(text_free)]] wchar_t *wide_copy(const wchar_t *text);
    [[kaa::free(text_free)]] char16_t *copy16(const char16_t *text);
    [[kaa::free(text_free)]] char32_t *copy32(const char32_t *text);
    void text_free(void *text);
    int text_live(void);
    """

    def test_freed_results(self) -> None:
        before = self.lib.text_live()
        for copy in (self.lib.wide_copy, self.lib.copy16, self.lib.copy32):
            for text in ("", "na\u00efve", "x\U0001f600y"):
                with self.subTest(copy.__name__, text=text):
                    self.assertEqual(copy(text), text)
                    self.assertEqual(self.lib.text_live(), before)

    def test_there_and_back(self) -> None:
        for text in ("", "a", "na\u00efve", "\u4e2d\u6587", "x\U0001f600y"):
            self.assertEqual(self.lib.wide_length(text), len(text))
            self.assertEqual(self.lib.length32(text), len(text))
            self.assertEqual(
                self.lib.length16(text), len(text.encode("utf-16-le")) // 2
            )
            self.assertEqual(self.lib.same_wide(text), text)
            self.assertEqual(self.lib.same_text16(text), text)
            self.assertEqual(self.lib.same_text32(text), text)
        self.assertEqual(self.lib.unit16("x\U0001f600y", 1), 0xD83D)

    def test_null(self) -> None:
        self.assertEqual(self.lib.wide_length(None), 2**64 - 1)
        for same in (self.lib.same_wide, self.lib.same_text16, self.lib.same_text32):
            self.assertIsNone(same(None))

    def test_embedded_nul(self) -> None:
        for function in (self.lib.wide_length, self.lib.length16, self.lib.length32):
            self.refuses(
                ValueError,
                function.__name__ + "() argument 1 (text): embedded NUL character",
                function,
                "a\0b",
            )

    def test_ctypes_text(self) -> None:
        self.assertEqual(self.lib.wide_length(ctypes.create_unicode_buffer("four")), 4)
        self.assertEqual(self.lib.wide_length(ctypes.c_wchar_p("three")), 5)

    def test_written(self) -> None:
        buffer = ctypes.create_unicode_buffer(4)
        self.lib.wide_fill(buffer, 3, "\u4e2d")
        self.assertEqual(buffer.value, "\u4e2d" * 3)
        self.refuses_like(
            TypeError,
            r"^wide_fill\(\) argument 1 \(text\): 'wchar_t \*' needs a writable",
            self.lib.wide_fill,
            "abc",
            3,
            "x",
        )

    def test_refusals(self) -> None:
        for function in (self.lib.wide_length, self.lib.length16, self.lib.length32):
            for value in (b"bytes", 1, 1.0, ["a"]):
                self.refuses_like(
                    TypeError,
                    r"argument 1 \(text\): 'const \w+ \*' needs .*, not ",
                    function,
                    value,
                )


if __name__ == "__main__":
    main()
