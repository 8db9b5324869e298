/* object/str.c - str: UTF-8 and nothing else, indices, shared and interned
 * texts, methods. python_values.py compares with Python. */
#include "object/text/str.h"
#include "object/help.h"
#include "object/text/utf8.h"
#include "object/text/writer.h"

static kaa_object *
text(kaa_test *t, const char *bytes)
{
    return NEW(kaa_text(help.ctx, bytes));
}

#define CALL(name, ...)                                                        \
    kaa_call_method(                                                           \
        ctx, (name), (kaa_object *[]){__VA_ARGS__},                            \
        sizeof((kaa_object *[]){__VA_ARGS__}) / sizeof(kaa_object *), NULL)

KAA_TEST(str_refuses_what_is_no_utf8)
{
    kaa_context *ctx = fresh(t);
    const struct {
        const char *bytes, *message;
    } bad[] = {
        {"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid "
                 "start byte"},
        {"ab\x80", "byte 0x80 in position 2: invalid start byte"},
        {"\xc0\x80", "byte 0xc0 in position 0: invalid start byte"},
        {"a\xc3", "byte 0xc3 in position 1: unexpected end of data"},
        {"a\xc3z", "byte 0xc3 in position 1: invalid continuation byte"},
        {"\xe0\x80\x80", "byte 0xe0 in position 0: invalid continuation byte"},
        {"\xe4\xb8", "bytes in position 0-1: unexpected end of data"},
        {"\xe4\xb8z", "bytes in position 0-1: invalid continuation byte"},
        {"\xed\xa0\x80", "byte 0xed in position 0: invalid continuation byte"},
        {"\xf0\x8f\xbf\xbf", "byte 0xf0 in position 0: invalid continuation"},
        {"\xf0\x9f\x98", "bytes in position 0-2: unexpected end of data"},
        {"\xf4\x90\x80\x80", "byte 0xf4 in position 0: invalid continuation"},
        {"\xf5", "byte 0xf5 in position 0: invalid start byte"},
        {"0123456789abcdef\xfe", "byte 0xfe in position 16"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_RAISES(
            kaa_str_from_utf8(ctx, bad[i].bytes, strlen(bad[i].bytes)) == NULL,
            KAA_UNICODE_DECODE_ERROR, bad[i].message);
}

KAA_TEST(str_takes_every_code_point)
{
    for (uint32_t point = 0; point < 0x110000; point++) {
        char bytes[4];
        size_t width = kaa_object__utf8_encode(point, bytes), count = 0;
        kaa_object__utf8_error error;
        int surrogate = point >= 0xD800 && point < 0xE000;

        if (kaa_object__utf8_check(bytes, width, &count, &error) !=
            (surrogate ? -1 : 0))
            FAIL("U+%04X", (unsigned)point);
        if (!surrogate &&
            (count != 1 || kaa_object__utf8_decode(bytes) != point ||
             kaa_object__utf8_width(bytes[0]) != width))
            FAIL("U+%04X", (unsigned)point);
    }
}

KAA_TEST(str_shares_what_is_short)
{
    kaa_context *ctx = fresh(t);
    kaa_object *empty = text(t, ""), *one = text(t, "x");

    CHECK_EQ(empty, text(t, ""));
    CHECK_EQ(one, text(t, "x"));
    CHECK_EQ(NEW(kaa_str_substring(ctx, text(t, "axb"), 1, 2)), one);
    CHECK_EQ(NEW(kaa_str_substring(ctx, text(t, "axb"), 2, 2)), empty);
    CHECK_EQ(NEW(kaa_get_index(ctx, text(t, "axb"), 1)), one);
    CHECK_EQ(kaa_refcount(ctx, one) == 1, 0);
}

KAA_TEST(str_interns_names)
{
    kaa_context *ctx = fresh(t);
    char name[24];
    kaa_object *first[300];
    int count = kaa_test_is_fault_run() ? 80 : 300;

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < count; i++) {
            kaa_object *object;

            snprintf(name, sizeof(name), "name_%d", i);
            object = NEW(kaa_str_intern(ctx, name));
            if (round == 0)
                first[i] = object;
            CHECK_EQ(object, first[i]);
            CHECK_TRUE(kaa_str_equals(ctx, object, name, strlen(name)));
        }
    CHECK_EQ(NEW(kaa_str_intern(ctx, "")), text(t, ""));
    CHECK_RAISES(kaa_str_intern(ctx, "\xff") == NULL, KAA_UNICODE_DECODE_ERROR,
                 "invalid start byte");
}

/* A text of characters of all widths, and where each begins. */
KAA_TEST(str_finds_its_characters)
{
    kaa_context *ctx = fresh(t);
    static const uint32_t points[] = {'a',     0xE9, 0x4E2D,
                                      0x1F600, 'z',  0x10FFFF};
    kaa_object__writer writer = {.ctx = ctx};
    kaa_object *long_text;
    kaa_test_random random = {9};
    const ptrdiff_t count = 3000;

    for (ptrdiff_t i = 0; i < count; i++)
        kaa_object__write_code_point(&writer, points[i % 6]);
    long_text = NEW(kaa_object__writer_finish(&writer));
    CHECK_INT(kaa_str_length(ctx, long_text), count);
    for (int i = 0; i < 500; i++) {
        ptrdiff_t index = (ptrdiff_t)kaa_test_below(&random, (uint64_t)count);

        CHECK_INT(kaa_str_code_point(ctx, long_text, index),
                  (int64_t)points[index % 6]);
    }
    CHECK_RAISES(kaa_str_code_point(ctx, long_text, count) < 0, KAA_INDEX_ERROR,
                 "string index out of range");
    CHECK_RAISES(kaa_str_code_point(ctx, long_text, -1) < 0, KAA_INDEX_ERROR,
                 "string index out of range");
    for (ptrdiff_t from = 0; from < count; from += 511) {
        kaa_object *part =
            NEW(kaa_str_substring(ctx, long_text, from, from + 257));
        ptrdiff_t wanted = count - from < 257 ? count - from : 257;

        CHECK_INT(kaa_str_length(ctx, part), wanted);
        CHECK_INT(kaa_str_code_point(ctx, part, wanted - 1),
                  (int64_t)points[(from + wanted - 1) % 6]);
    }
    CHECK_EQ(NEW(kaa_str_substring(ctx, long_text, -5, count + 5)), long_text);
}

KAA_TEST(str_is_a_sequence)
{
    kaa_context *ctx = fresh(t);
    kaa_object *word = text(t, "h\xc3\xa9llo");
    kaa_object *two = kaa_int(ctx, 2),
               *huge =
                   NEW(kaa_int_from_text(ctx, "99999999999999999999", 20, 10));

    CHECK_INT(kaa_length(ctx, word), 5);
    CHECK_REPR(NEW(kaa_get_index(ctx, word, -4)), "'\xc3\xa9'");
    CHECK_REPR(NEW(kaa_to_list(ctx, word)), "['h', '\xc3\xa9', 'l', 'l', 'o']");
    CHECK_REPR(
        NEW(kaa_get_item(
            ctx, word, NEW(kaa_slice_new(ctx, NULL, NULL, kaa_int(ctx, -2))))),
        "'olh'");
    CHECK_TRUE(kaa_contains(ctx, word, text(t, "\xc3\xa9l")));
    CHECK_ZERO(kaa_contains(ctx, word, text(t, "e")));
    CHECK_TRUE(kaa_contains(ctx, word, text(t, "")));
    CHECK_RAISES(kaa_contains(ctx, word, two) < 0, KAA_TYPE_ERROR,
                 "requires string as left operand, not int");
    CHECK_RAISES(kaa_get_item(ctx, word, word) == NULL, KAA_TYPE_ERROR,
                 "string indices must be integers, not 'str'");
    CHECK_RAISES(kaa_get_item(ctx, word, huge) == NULL, KAA_INDEX_ERROR,
                 "cannot fit 'int' into an index-sized integer");
    CHECK_REPR(NEW(kaa_binary(ctx, word, text(t, "!"), KAA_ADD)),
               "'h\xc3\xa9llo!'");
    CHECK_REPR(NEW(kaa_binary(ctx, two, word, KAA_MULTIPLY)),
               "'h\xc3\xa9lloh\xc3\xa9llo'");
    CHECK_REPR(NEW(kaa_binary(ctx, word, kaa_int(ctx, -1), KAA_MULTIPLY)),
               "''");
    CHECK_RAISES(kaa_binary(ctx, word, huge, KAA_MULTIPLY) == NULL,
                 KAA_OVERFLOW_ERROR, "index-sized");
    CHECK_RAISES(kaa_binary(ctx, word, kaa_int(ctx, INT64_MAX / 4),
                            KAA_MULTIPLY) == NULL,
                 KAA_MEMORY_ERROR, NULL);
    CHECK_RAISES(kaa_binary(ctx, word, two, KAA_ADD) == NULL, KAA_TYPE_ERROR,
                 NULL);
}

KAA_TEST(str_is_ordered_by_code_points)
{
    kaa_context *ctx = fresh(t);
    static const char *const order[] = {
        "", "a", "a\0b", "aa", "\xc3\xa9", "\xef\xbf\xbd", "\xf0\x9f\x98\x80"};

    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++) {
            kaa_object *left = text(t, order[i]), *right = text(t, order[j]);

            if (i == 2 || j == 2)
                continue;
            CHECK_INT(kaa_compare_truth(ctx, left, right, KAA_LT), i < j);
            CHECK_INT(kaa_compare_truth(ctx, left, right, KAA_GE), i >= j);
            CHECK_INT(kaa_compare_truth(ctx, left, right, KAA_EQ), i == j);
        }
}

KAA_TEST(str_prints_itself)
{
    kaa_context *ctx = fresh(t);

    CHECK_REPR(text(t, "it's"), "\"it's\"");
    CHECK_REPR(text(t, "it's \"x\""), "'it\\'s \"x\"'");
    CHECK_REPR(text(t, "\\\n\r\t\x01\x7f"), "'\\\\\\n\\r\\t\\x01\\x7f'");
    CHECK_REPR(
        text(t, "\xc2\x85\xc2\xa0\xe2\x80\xa8\xee\x80\x80\xf3\xb0\x80\x80"),
        "'\\x85\\xa0\\u2028\\ue000\\U000f0000'");
    CHECK_REPR(text(t, "\xe4\xb8\xad\xf0\x9f\x98\x80"),
               "'\xe4\xb8\xad\xf0\x9f\x98\x80'");
    CHECK_REPR(NEW(kaa_str_from_utf8(ctx, "a\0b", 3)), "'a\\x00b'");
    CHECK_EQ(NEW(kaa_str(ctx, text(t, "x"))), text(t, "x"));
}

KAA_TEST(str_has_methods)
{
    kaa_context *ctx = fresh(t);
    kaa_object *words = text(t, "  one two\tthree ");
    kaa_object *comma = text(t, ", ");
    kaa_object *list = NEW(CALL("split", words));

    CHECK_REPR(list, "['one', 'two', 'three']");
    CHECK_REPR(NEW(kaa_str_join(ctx, comma, list)), "'one, two, three'");
    CHECK_REPR(NEW(CALL("split", text(t, "a, b, c"), comma, kaa_int(ctx, 1))),
               "['a', 'b, c']");
    CHECK_REPR(NEW(CALL("strip", words)), "'one two\\tthree'");
    CHECK_REPR(NEW(CALL("replace", text(t, "aXbX"), text(t, "X"), comma)),
               "'a, b, '");
    CHECK_EQ(NEW(CALL("find", text(t, "\xc3\xa9\xc3\xa9z"), text(t, "z"))),
             kaa_int(ctx, 2));
    CHECK_EQ(NEW(CALL("endswith", words, text(t, "three "))), kaa_bool(ctx, 1));
    CHECK_REPR(NEW(CALL("encode", text(t, "\xc3\xa9"))), "b'\\xc3\\xa9'");
    CHECK_REPR(NEW(CALL("encode", text(t, "\xc3\xa9"), text(t, "Latin-1"))),
               "b'\\xe9'");
    CHECK_RAISES(CALL("encode", text(t, "a\xe4\xb8\xad"), text(t, "ascii")) ==
                     NULL,
                 KAA_UNICODE_ENCODE_ERROR,
                 "'ascii' codec can't encode character '\\u4e2d' in position "
                 "1: ordinal not in range(128)");
    CHECK_RAISES(CALL("encode", words, text(t, "klingon")) == NULL,
                 KAA_LOOKUP_ERROR, "unknown encoding: klingon");
    CHECK_RAISES(CALL("index", words, text(t, "four")) == NULL, KAA_VALUE_ERROR,
                 "substring not found");
    CHECK_RAISES(CALL("split", words, text(t, "")) == NULL, KAA_VALUE_ERROR,
                 "empty separator");
    CHECK_RAISES(CALL("split", words, words, words, words) == NULL,
                 KAA_TYPE_ERROR, "expected at most 2 arguments, got 3");
    CHECK_ZERO(kaa_list_append(ctx, list, kaa_int(ctx, 5)));
    CHECK_RAISES(kaa_str_join(ctx, comma, list) == NULL, KAA_TYPE_ERROR,
                 "sequence item 3: expected str instance, int found");
}

KAA_TEST(str_type_is_called)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = kaa_builtin(ctx, KAA_STR_TYPE);
    kaa_object *args[3] = {NEW(kaa_bytes_from_data(ctx, "a\xff", 2)),
                           text(t, "utf-8"), text(t, "replace")};

    CHECK_REPR(NEW(kaa_call(ctx, type, args, 3, NULL)), "'a\xef\xbf\xbd'");
    CHECK_REPR(NEW(kaa_call(ctx, type, args, 1, NULL)), "\"b'a\\\\xff'\"");
    CHECK_REPR(NEW(kaa_call(ctx, type, NULL, 0, NULL)), "''");
    CHECK_RAISES(kaa_call(ctx, type, args, 2, NULL) == NULL,
                 KAA_UNICODE_DECODE_ERROR, "position 1");
    CHECK_RAISES(kaa_call(ctx, type, args + 1, 2, NULL) == NULL, KAA_TYPE_ERROR,
                 "decoding str is not supported");
}

KAA_TEST(writer_grows)
{
    kaa_context *ctx = fresh(t);
    kaa_object__writer writer = {.ctx = ctx};
    kaa_object *result;
    int rounds = kaa_test_is_fault_run() ? 40 : 2000;

    for (int i = 0; i < rounds; i++) {
        kaa_object__write_repr(&writer, kaa_int(ctx, i % 10));
        kaa_object__write_text(&writer, "\xc3\xa9");
    }
    kaa_object__write_repeated(&writer, '-', 5000);
    result = NEW(kaa_object__writer_finish(&writer));
    CHECK_INT(kaa_str_length(ctx, result), 2 * rounds + 5000);
    CHECK_INT(kaa_str_code_point(ctx, result, 1), 0xE9);
}
