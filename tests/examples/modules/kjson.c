/* kjson on the native context; tests/cpython/test_kjson.py has the many cases.
 */
#include "examples/modules/help.h"

#include <stdlib.h>

static kaa_object *
loads(kaa_context *ctx, kaa_object *kjson, const char *text)
{
    return call(ctx, kjson, "loads", "(s)", text);
}

KAA_TEST(values)
{
    static const char *const cases[][2] = {
        {"null", "None"},
        {" true ", "True"},
        {"[false]", "[False]"},
        {"-0", "0"},
        {"-12", "-12"},
        {"4611686018427387904", "4611686018427387904"},
        {"-9223372036854775809", "-9223372036854775809"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"0.1", "0.1"},
        {"-0.0", "-0.0"},
        {"1e5", "100000.0"},
        {"1e22", "1e+22"},
        {"1e23", "1e+23"},
        {"5e-324", "5e-324"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"9007199254740993.0", "9007199254740992.0"},
        {"\"a\"", "'a'"},
        {"\"\\u00e9\\ud834\\udd1e\\n\"", "'\xc3\xa9\xf0\x9d\x84\x9e\\n'"},
        {"\"12345678\\\"\"", "'12345678\"'"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[1, [2, []], {\"a\": {}}]", "[1, [2, []], {'a': {}}]"},
        {"{\"a\":1,\"b\":[2],\"a\":3}", "{'a': 3, 'b': [2]}"},
        {"[{\"k\":1},{\"k\":2}]", "[{'k': 1}, {'k': 2}]"},
    };
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kaa_object *value = NEW(loads(ctx, kjson, cases[i][0]));

        CHECK_REPR(value, cases[i][1]);
        DROP(value);
    }
}

KAA_TEST(errors)
{
    static const char *const cases[][2] = {
        {"", "Expecting value: line 1 column 1 (char 0)"},
        {"[1,\n \xc3\xa9]", "Expecting value: line 2 column 2 (char 5)"},
        {"[1,]", "Illegal trailing comma before end of array: line 1 column 3 "
                 "(char 2)"},
        {"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"},
        {"{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"},
        {"{1:2}", "Expecting property name enclosed in double quotes: line 1"},
        {"1 2", "Extra data: line 1 column 3 (char 2)"},
        {"\"a", "Unterminated string starting at: line 1 column 1 (char 0)"},
        {"\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"},
        {"\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
        {"\"\n\"", "Invalid control character at: line 1 column 2 (char 1)"},
        {"\"\\ud800\"", "Lone surrogate in string at: line 1"},
        {"[1, {\"a\": [tru", "Expecting value: line 1 column 12 (char 11)"},
    };
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");
    kaa_object *type = NEW(kaa_get_attr_text(ctx, kjson, "JSONError"));

    CHECK_TRUE(kaa_is_subtype(ctx, type, kaa_builtin(ctx, KAA_VALUE_ERROR)));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_RAISES(loads(ctx, kjson, cases[i][0]) == NULL, KAA_VALUE_ERROR,
                     cases[i][1]);
    CHECK_RAISES(call(ctx, kjson, "loads", "(y)", "\"\xff\"") == NULL,
                 KAA_VALUE_ERROR, "Invalid UTF-8: line 1 column 2 (char 1)");
    CHECK_RAISES(call(ctx, kjson, "loads", "(i)", 1) == NULL, KAA_TYPE_ERROR,
                 "the JSON object must be str, bytes or bytes-like, not int");
}

KAA_TEST(writing)
{
    static const char *const cases[] = {
        "[1, -2, 4611686018427387904, 123456789012345678901234567890]",
        "[0.1, 1e+22, -0.0, true, false, null]",
        "{\"a\": [], \"b\": {}, \"c\": [{\"d\": [[1]]}]}",
        "\"\\\"\\\\\\n\\u0001\\u00e9\\ud834\\udd1e/\"",
    };
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");
    kaa_object *value;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        value = NEW(loads(ctx, kjson, cases[i]));
        CHECK_TEXT(call(ctx, kjson, "dumps", "(O)", value), cases[i]);
        DROP(value);
    }
    value = NEW(kaa_build(ctx, "{s:i,s:[i(i)]}", "b", 1, "a", 2, 3));
    CHECK_TEXT(call(ctx, kjson, "dumps", "(O)", value),
               "{\"b\": 1, \"a\": [2, [3]]}");
    CHECK_ZERO(kaa_dict_set_text(ctx, value, "me", 2, value));
    CHECK_RAISES(call(ctx, kjson, "dumps", "(O)", value) == NULL,
                 KAA_VALUE_ERROR, "Circular reference detected");
    CHECK_ZERO(kaa_dict_clear(ctx, value));
    CHECK_RAISES(call(ctx, kjson, "dumps", "(O)", kjson) == NULL,
                 KAA_TYPE_ERROR,
                 "Object of type module is not JSON serializable");
}

KAA_TEST(options)
{
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");
    kaa_object *dumps = NEW(kaa_get_attr_text(ctx, kjson, "dumps"));
    kaa_object *args =
        NEW(kaa_build(ctx, "({s:i,s:[si]})", "b", 1, "a", "\xc3\xa9", 2));
    kaa_object *options =
        NEW(kaa_build(ctx, "{s:i,s:O,s:O}", "indent", 1, "sort_keys",
                      kaa_builtin(ctx, KAA_TRUE), "ensure_ascii",
                      kaa_builtin(ctx, KAA_FALSE)));

    CHECK_TEXT(kaa_call_dict(ctx, dumps, args, options),
               "{\n \"a\": [\n  \"\xc3\xa9\",\n  2\n ],\n \"b\": 1\n}");
}

/* Nesting is not recursion: neither here, nor where it is dropped. */
KAA_TEST(depth)
{
    size_t depth =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 50 : 1000000;
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, NULL, depth * 2));
    char *text = kaa_bytes_as_data(ctx, bytes, NULL);
    kaa_object *value, *written;
    size_t size = 0;

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    value = NEW(call(ctx, kjson, "loads", "(O)", bytes));
    written = NEW(call(ctx, kjson, "dumps", "(O)", value));
    CHECK(kaa_str_as_utf8(ctx, written, &size) != NULL);
    CHECK_EQ(size, depth * 2);
    CHECK(kaa_str_equals(ctx, written, text, size));
    text[depth * 2 - 1] = ' ';
    CHECK_RAISES(call(ctx, kjson, "loads", "(O)", bytes) == NULL,
                 KAA_VALUE_ERROR, "Expecting ',' delimiter");
}

/* Keys of one spelling are one object; those with escapes are equal. */
KAA_TEST(keys)
{
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");
    kaa_object *rows =
        NEW(loads(ctx, kjson, "[{\"key\":1},{\"key\":2},{\"k\\u0065y\":3}]"));
    kaa_object *keys[3];

    for (int i = 0; i < 3; i++) {
        kaa_object *row = NEW(kaa_list_get(ctx, rows, i));
        size_t position = 0;

        CHECK_TRUE(kaa_dict_next(ctx, row, &position, &keys[i], NULL));
        help_hold(t, __FILE__, __LINE__, "key", keys[i]);
    }
    CHECK(keys[0] == keys[1]);
    CHECK_TRUE(kaa_compare_truth(ctx, keys[0], keys[2], KAA_EQ));
}

/* Any bytes are taken or refused; what is taken comes back when it is written
 * and read again. */
KAA_TEST(noise)
{
    static const char alphabet[] = "[]{},:\"\\ue+-.0123456789 \ntfn\xc3\xa9/";
    int rounds =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 3 : 5000;
    kaa_test_random random = {8259};
    kaa_context *ctx = fresh(t);
    kaa_object *kjson = import_example(t, ctx, "kjson");

    for (int i = 0; i < rounds; i++) {
        char text[24];
        size_t size = kaa_test_below(&random, sizeof(text));
        kaa_object *value, *written, *again;

        for (size_t k = 0; k < size; k++)
            text[k] = alphabet[kaa_test_below(&random, sizeof(alphabet) - 1)];
        value = call(ctx, kjson, "loads", "(y#)", text, (ptrdiff_t)size);
        if (value == NULL) {
            CHECK_RAISES(1, KAA_VALUE_ERROR, "(char ");
            continue;
        }
        NEW(value);
        written = NEW(call(ctx, kjson, "dumps", "(O)", value));
        again = NEW(call(ctx, kjson, "loads", "(O)", written));
        CHECK_TEXT(call(ctx, kjson, "dumps", "(O)", again),
                   kaa_str_as_utf8(ctx, written, NULL));
        DROP(again);
        DROP(written);
        DROP(value);
    }
}
