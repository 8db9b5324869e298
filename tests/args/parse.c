/* tests/args/parse.c - every unit of parsing, every refusal of it. */
#include <limits.h>
#include <math.h>

#include <kaa/module.h>

#include "object/help.h"

static int
parse(kaa_context *ctx, kaa_object *const *args, size_t nargs,
      const char *format, ...)
{
    va_list out;
    int result;

    va_start(out, format);
    result = ctx->api->parse_args_v(ctx, args, nargs, format, out);
    va_end(out);
    return result;
}

/* The one argument's conversion must fail so. */
#define REFUSED(object, format, out, type, part)                               \
    do {                                                                       \
        kaa_object *refused_args[] = {(object)};                               \
        CHECK_RAISES(parse(ctx, refused_args, 1, (format), (out)) == 0,        \
                     (type), (part));                                          \
    } while (0)

/* It must succeed. */
#define TAKEN(object, format, ...)                                             \
    do {                                                                       \
        kaa_object *taken_args[] = {(object)};                                 \
        int taken = parse(ctx, taken_args, 1, (format), __VA_ARGS__);          \
        CHECK_TRUE(taken ? 1 : -1);                                            \
    } while (0)

KAA_TEST(text)
{
    kaa_context *ctx = fresh(t);
    kaa_object *str = NEW(kaa_text(ctx, "h\xc3\xa9llo"));
    kaa_object *nul = NEW(kaa_str_from_utf8(ctx, "a\0b", 3));
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "xy", 2));
    kaa_object *nul_bytes = NEW(kaa_bytes_from_data(ctx, "x\0y", 3));
    kaa_object *none = kaa_builtin(ctx, KAA_NONE);
    const char *out = NULL;
    size_t size = 9;

    TAKEN(str, "s:f", &out);
    CHECK_STR(out, "h\xc3\xa9llo");
    TAKEN(str, "z", &out);
    CHECK_STR(out, "h\xc3\xa9llo");
    TAKEN(none, "z", &out);
    CHECK_EQ(out, NULL);
    TAKEN(nul, "s#", &out, &size);
    CHECK_EQ(size, 3);
    TAKEN(bytes, "s#", &out, &size);
    CHECK_EQ(size, 2);
    CHECK_STR(out, "xy");
    TAKEN(none, "z#", &out, &size);
    CHECK_EQ(size, 0);
    CHECK_EQ(out, NULL);
    TAKEN(bytes, "y", &out);
    CHECK_STR(out, "xy");
    TAKEN(nul_bytes, "y#", &out, &size);
    CHECK_EQ(size, 3);

    out = "untouched";
    REFUSED(nul, "s:f", &out, KAA_VALUE_ERROR, "embedded null character");
    REFUSED(nul, "z:f", &out, KAA_VALUE_ERROR, "embedded null character");
    REFUSED(nul_bytes, "y:f", &out, KAA_VALUE_ERROR, "embedded null byte");
    REFUSED(kaa_int(ctx, 1), "s:f", &out, KAA_TYPE_ERROR,
            "f() argument 1 must be str, not int");
    REFUSED(none, "s", &out, KAA_TYPE_ERROR,
            "argument 1 must be str, not None");
    REFUSED(bytes, "z:f", &out, KAA_TYPE_ERROR,
            "f() argument 1 must be str or None, not bytes");
    REFUSED(none, "s#:f", &out, KAA_TYPE_ERROR,
            "f() argument 1 must be str or bytes, not None");
    REFUSED(kaa_int(ctx, 1), "z#:f", &out, KAA_TYPE_ERROR,
            "f() argument 1 must be str, bytes or None, not int");
    REFUSED(str, "y:f", &out, KAA_TYPE_ERROR,
            "f() argument 1 must be bytes, not str");
    REFUSED(str, "y#:f", &out, KAA_TYPE_ERROR,
            "f() argument 1 must be bytes, not str");
    REFUSED(bytes, "s;a name, please", &out, KAA_TYPE_ERROR,
            "TypeError: a name, please");
    CHECK_STR(out, "untouched");
}

KAA_TEST(integers_are_held_to_their_range)
{
    kaa_context *ctx = fresh(t);
    kaa_object *large =
        NEW(kaa_int_from_text(ctx, "1000000000000000000000", 22, 10));
    kaa_object *most = NEW(kaa_int_from_uint64(ctx, UINT64_MAX));
    unsigned char byte = 0;
    short half = 0;
    int word = 0;
    long wide = 0;
    long long wider = 0;
    ptrdiff_t size = 0;

    TAKEN(kaa_int(ctx, 255), "b", &byte);
    CHECK_EQ(byte, 255);
    TAKEN(kaa_int(ctx, SHRT_MIN), "h", &half);
    CHECK_EQ(half, SHRT_MIN);
    TAKEN(kaa_int(ctx, INT_MIN), "i", &word);
    CHECK_EQ(word, INT_MIN);
    TAKEN(kaa_builtin(ctx, KAA_TRUE), "i", &word);
    CHECK_EQ(word, 1);
    TAKEN(NEW(kaa_int(ctx, LONG_MIN)), "l", &wide);
    CHECK_EQ(wide, LONG_MIN);
    TAKEN(NEW(kaa_int(ctx, LLONG_MAX)), "L", &wider);
    CHECK_EQ(wider, LLONG_MAX);
    TAKEN(kaa_int(ctx, -5), "n", &size);
    CHECK_EQ(size, -5);

    REFUSED(kaa_int(ctx, 256), "b:f", &byte, KAA_OVERFLOW_ERROR,
            "f() argument 1: 256 is out of range for unsigned char (0 to 255)");
    REFUSED(kaa_int(ctx, -1), "b", &byte, KAA_OVERFLOW_ERROR,
            "argument 1: -1 is out of range for unsigned char");
    REFUSED(kaa_int(ctx, 32768), "h:f", &half, KAA_OVERFLOW_ERROR,
            "32768 is out of range for short (-32768 to 32767)");
    REFUSED(kaa_int(ctx, INT64_C(1) << 31), "i:f", &word, KAA_OVERFLOW_ERROR,
            "f() argument 1: 2147483648 is out of range for int (-2147483648 "
            "to 2147483647)");
    REFUSED(large, "i:f", &word, KAA_OVERFLOW_ERROR,
            "f() argument 1: the int is out of range for int");
    REFUSED(
        most, "l:f", &wide, KAA_OVERFLOW_ERROR,
        "f() argument 1: the int is out of range for long (-92233720368547");
    REFUSED(large, "L:f", &wider, KAA_OVERFLOW_ERROR, "for long long");
    REFUSED(large, "n:f", &size, KAA_OVERFLOW_ERROR, "for ssize_t");
    REFUSED(NEW(kaa_float_from_double(ctx, 1.0)), "i:f", &word, KAA_TYPE_ERROR,
            "f() argument 1 must be int, not float");
    REFUSED(NEW(kaa_text(ctx, "1")), "l:f", &wide, KAA_TYPE_ERROR,
            "f() argument 1 must be int, not str");
    REFUSED(kaa_builtin(ctx, KAA_NONE), "b", &byte, KAA_TYPE_ERROR,
            "argument 1 must be int, not None");
}

KAA_TEST(masks_take_the_lowest_bits)
{
    kaa_context *ctx = fresh(t);
    kaa_object *most = NEW(kaa_int_from_uint64(ctx, UINT64_MAX));
    kaa_object *large =
        NEW(kaa_int_from_text(ctx, "18446744073709551617", 20, 10));
    unsigned char byte = 0;
    unsigned short half = 0;
    unsigned word = 0;
    unsigned long wide = 0;
    unsigned long long wider = 0;

    TAKEN(kaa_int(ctx, 0x1234), "B", &byte);
    CHECK_EQ(byte, 0x34);
    TAKEN(kaa_int(ctx, -1), "H", &half);
    CHECK_EQ(half, 0xffff);
    TAKEN(most, "I", &word);
    CHECK_EQ(word, UINT_MAX);
    TAKEN(most, "k", &wide);
    CHECK(wide == ULONG_MAX);
    TAKEN(large, "K", &wider);
    CHECK_EQ(wider, 1);
    REFUSED(kaa_builtin(ctx, KAA_NONE), "K:f", &wider, KAA_TYPE_ERROR,
            "f() argument 1 must be int, not None");
}

KAA_TEST(reals_and_characters)
{
    kaa_context *ctx = fresh(t);
    kaa_object *half = NEW(kaa_float_from_double(ctx, 0.5));
    kaa_object *complex = NEW(kaa_complex_from_doubles(ctx, 1.0, -2.0));
    kaa_object *text = NEW(kaa_text(ctx, "\xf0\x9f\x90\x8d"));
    kaa_object *byte = NEW(kaa_bytes_from_data(ctx, "\xff", 1));
    kaa_object *two = NEW(kaa_bytes_from_data(ctx, "ab", 2));
    double real = 0, parts[2] = {0, 0};
    float single = 0;
    char character = 0;
    int point = 0, truth = 7;

    TAKEN(half, "d", &real);
    CHECK(real == 0.5);
    TAKEN(kaa_int(ctx, 3), "f", &single);
    CHECK((double)single == 3.0);
    TAKEN(complex, "D", parts);
    CHECK(parts[0] == 1.0 && parts[1] == -2.0);
    TAKEN(half, "D", parts);
    CHECK(parts[0] == 0.5 && parts[1] == 0.0);
    TAKEN(byte, "c", &character);
    CHECK_EQ((unsigned char)character, 0xff);
    TAKEN(text, "C", &point);
    CHECK_EQ(point, 0x1f40d);
    TAKEN(two, "p", &truth);
    CHECK_EQ(truth, 1);
    TAKEN(kaa_int(ctx, 0), "p", &truth);
    CHECK_EQ(truth, 0);

    REFUSED(text, "d:f", &real, KAA_TYPE_ERROR,
            "f() argument 1 must be real number, not str");
    REFUSED(complex, "d:f", &real, KAA_TYPE_ERROR, NULL);
    REFUSED(text, "D:f", parts, KAA_TYPE_ERROR,
            "f() argument 1 must be a number, not str");
    REFUSED(
        two, "c:f", &character, KAA_TYPE_ERROR,
        "f() argument 1 must be a byte string of length 1, not of length 2");
    REFUSED(text, "c:f", &character, KAA_TYPE_ERROR,
            "f() argument 1 must be a byte string of length 1, not str");
    REFUSED(two, "C:f", &point, KAA_TYPE_ERROR,
            "f() argument 1 must be a unicode character, not bytes");
    REFUSED(NEW(kaa_text(ctx, "ab")), "C:f", &point, KAA_TYPE_ERROR,
            "must be a unicode character, not a string of length 2");
    REFUSED(NEW(kaa_text(ctx, "")), "C:f", &point, KAA_TYPE_ERROR,
            "must be a unicode character, not a string of length 0");
}

static kaa_object *
fail_as_number(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "of its own");
    return NULL;
}

KAA_TEST(what_a_number_itself_says_stays)
{
    static const kaa_type_spec spec = {.size = sizeof(spec),
                                       .name = "number",
                                       .index = fail_as_number,
                                       .to_float = fail_as_number};
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &spec, NULL, NULL));
    kaa_object *number = NEW(kaa_instance_new(ctx, type));
    double real;
    int whole;

    REFUSED(number, "i:f", &whole, KAA_TYPE_ERROR, "of its own");
    REFUSED(number, "d:f", &real, KAA_TYPE_ERROR, "of its own");
}

KAA_TEST(objects)
{
    kaa_context *ctx = fresh(t);
    kaa_object *str = NEW(kaa_text(ctx, "x"));
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "x", 1));
    kaa_object *out = NULL;

    TAKEN(str, "O", &out);
    CHECK_EQ(out, str);
    TAKEN(bytes, "S", &out);
    CHECK_EQ(out, bytes);
    TAKEN(str, "U", &out);
    CHECK_EQ(out, str);
    out = NULL;
    TAKEN(bytes, "O!", kaa_builtin(ctx, KAA_BYTES_TYPE), &out);
    CHECK_EQ(out, bytes);
    REFUSED(str, "S:f", &out, KAA_TYPE_ERROR, "must be bytes, not str");
    REFUSED(bytes, "U:f", &out, KAA_TYPE_ERROR, "must be str, not bytes");
    {
        kaa_object *args[] = {str};

        CHECK_RAISES(parse(ctx, args, 1, "O!:f",
                           kaa_builtin(ctx, KAA_LIST_TYPE), &out) == 0,
                     KAA_TYPE_ERROR, "f() argument 1 must be list, not str");
    }
    CHECK_EQ(out, bytes);
}

KAA_TEST(buffers_are_held_and_given_back)
{
    kaa_context *ctx = fresh(t);
    kaa_object *str = NEW(kaa_text(ctx, "hi"));
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "abc", 3));
    kaa_object *both[] = {str, bytes, str};
    kaa_object *none = kaa_builtin(ctx, KAA_NONE);
    kaa_buffer first, second;
    int number;

    TAKEN(str, "s*", &first);
    CHECK_EQ(first.bytes, 2);
    CHECK_EQ(memcmp(first.data, "hi", 2), 0);
    CHECK_EQ(first.dimensions, 1);
    CHECK_EQ(first.item_bytes, 1);
    CHECK_EQ(first.is_readonly, 1);
    kaa_buffer_release(ctx, &first);
    CHECK_EQ(first.owner, NULL);
    TAKEN(bytes, "s*", &first);
    CHECK_EQ(first.bytes, 3);
    kaa_buffer_release(ctx, &first);
    TAKEN(bytes, "y*", &first);
    CHECK_EQ(first.bytes, 3);
    kaa_buffer_release(ctx, &first);
    TAKEN(none, "z*", &first);
    CHECK_EQ(first.data, NULL);
    kaa_buffer_release(ctx, &first);
    REFUSED(str, "y*:f", &first, KAA_TYPE_ERROR,
            "f() argument 1 must be bytes-like object, not str");
    REFUSED(bytes, "w*:f", &first, KAA_TYPE_ERROR,
            "f() argument 1 must be read-write bytes-like object, not bytes");
    REFUSED(none, "s*:f", &first, KAA_TYPE_ERROR,
            "f() argument 1 must be bytes-like object, not None");

    /* The third argument fails: the first two are released again. */
    CHECK_REF(bytes, 1);
    CHECK_REF(str, 1);
    CHECK_RAISES(parse(ctx, both, 3, "s*y*i:f", &first, &second, &number) == 0,
                 KAA_TYPE_ERROR, "f() argument 3 must be int, not str");
    CHECK_REF(bytes, 1);
    CHECK_REF(str, 1);
}

static int converted, cleaned;

static int
convert(kaa_context *ctx, kaa_object *object, void *out)
{
    int64_t value;

    if (object == NULL) {
        cleaned++;
        return 0;
    }
    if (kaa_int_as_int64(ctx, object, &value) != 0)
        return 0;
    *(int64_t *)out = value * 2;
    converted++;
    return value > 100 ? 1 : KAA_CLEANUP_SUPPORTED;
}

KAA_TEST(converters)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 21), kaa_int(ctx, 101),
                          kaa_builtin(ctx, KAA_NONE)};
    int64_t first = 0, second = 0, third = 0;

    converted = cleaned = 0;
    CHECK_TRUE(parse(ctx, args, 2, "O&O&", convert, &first, convert, &second)
                   ? 1
                   : -1);
    CHECK_EQ(first, 42);
    CHECK_EQ(second, 202);
    CHECK_EQ(cleaned, 0);
    CHECK_RAISES(parse(ctx, args, 3, "O&O&O&:f", convert, &first, convert,
                       &second, convert, &third) == 0,
                 KAA_TYPE_ERROR, NULL);
    CHECK_EQ(converted, 4);
    CHECK_EQ(cleaned, 1);
}

KAA_TEST(groups)
{
    kaa_context *ctx = fresh(t);
    kaa_object *numbers[] = {kaa_int(ctx, 1), kaa_int(ctx, 2)};
    kaa_object *tuple = NEW(kaa_tuple_from_array(ctx, numbers, 2));
    kaa_object *list = NEW(kaa_list_from_array(ctx, numbers, 2));
    kaa_object *deep[] = {kaa_int(ctx, 7), tuple};
    kaa_object *nested = NEW(kaa_tuple_from_array(ctx, deep, 2));
    kaa_object *pair[] = {nested, kaa_int(ctx, 9)};
    kaa_object *one, *two;
    const char *text;
    int a = 0, b = 0, c = 0, d = 0;

    TAKEN(tuple, "(ii)", &a, &b);
    CHECK_EQ(a * 10 + b, 12);
    TAKEN(list, "(ii)", &b, &a);
    CHECK_EQ(a * 10 + b, 21);
    CHECK_TRUE(parse(ctx, pair, 2, "(i(ii))i", &a, &b, &c, &d) ? 1 : -1);
    CHECK_EQ(a * 1000 + b * 100 + c * 10 + d, 7129);
    TAKEN(tuple, "(OO)", &one, &two);
    CHECK_EQ(one, numbers[0]);

    CHECK_RAISES(parse(ctx, &list, 1, "(OO):f", &one, &two) == 0,
                 KAA_TYPE_ERROR,
                 "f() argument 1 must be 2-item tuple, not list");
    CHECK_RAISES(parse(ctx, &numbers[0], 1, "(ii):f", &a, &b) == 0,
                 KAA_TYPE_ERROR,
                 "f() argument 1 must be 2-item tuple or list, not int");
    CHECK_RAISES(parse(ctx, &tuple, 1, "(iii):f", &a, &b, &c) == 0,
                 KAA_TYPE_ERROR,
                 "f() argument 1 must be sequence of length 3, not 2");
    CHECK_RAISES(parse(ctx, pair, 2, "(i(is))i:f", &a, &b, &text, &d) == 0,
                 KAA_TYPE_ERROR,
                 "f() argument 1, item 2, item 2 must be str, not int");
}

KAA_TEST(counts)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 1), kaa_int(ctx, 2), kaa_int(ctx, 3)};
    int a = 0, b = 5, c = 6;

    CHECK_TRUE(parse(ctx, args, 1, "i|ii:f", &a, &b, &c) ? 1 : -1);
    CHECK_EQ(a * 100 + b * 10 + c, 156);
    CHECK_TRUE(parse(ctx, NULL, 0, ":f") ? 1 : -1);
    CHECK_TRUE(parse(ctx, NULL, 0, "") ? 1 : -1);
    CHECK_RAISES(parse(ctx, args, 1, "ii:f", &a, &b) == 0, KAA_TYPE_ERROR,
                 "f() takes exactly 2 arguments (1 given)");
    CHECK_RAISES(parse(ctx, args, 3, "i:f", &a) == 0, KAA_TYPE_ERROR,
                 "f() takes exactly 1 argument (3 given)");
    CHECK_RAISES(parse(ctx, args, 0, "i|i:f", &a, &b) == 0, KAA_TYPE_ERROR,
                 "f() takes at least 1 argument (0 given)");
    CHECK_RAISES(parse(ctx, args, 3, "i|i:f", &a, &b) == 0, KAA_TYPE_ERROR,
                 "f() takes at most 2 arguments (3 given)");
    CHECK_RAISES(parse(ctx, args, 2, "i", &a) == 0, KAA_TYPE_ERROR,
                 "function takes exactly 1 argument (2 given)");
    CHECK_RAISES(parse(ctx, args, 2, "i;one number, please", &a) == 0,
                 KAA_TYPE_ERROR, "TypeError: one number, please");
}

/* Formats that are wrong raise before anything is touched. */
KAA_TEST(malformed_formats_name_the_column)
{
    static const struct {
        const char *format, *told;
    } cases[] = {
        {"q", "bad format 'q', column 1: not a unit"},
        {"ii!", "column 3: not a unit"},
        {"w", "column 1: w must be w*"},
        {"(ii", "column 4: ( is not closed"},
        {"ii)", "column 3: closes what is not open"},
        {"(i:f)", "column 3: ( is not closed"},
        {"i||i", "column 3: | specified twice"},
        {"(i|i)", "column 3: | inside a group"},
        {"i$i", "column 2: $ without keywords"},
        {"i i", "column 2: not a unit"},
        {"\xff", "column 1: not a unit"},
        {"((((((((((((((((((((((((((((((((", "more than 30 groups"},
    };
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 1), kaa_int(ctx, 2), kaa_int(ctx, 3)};
    char many[300];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t n = 0; n <= 3; n++)
            CHECK_RAISES(parse(ctx, args, n, cases[i].format) == 0,
                         KAA_SYSTEM_ERROR, cases[i].told);
    memset(many, 'i', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    CHECK_RAISES(parse(ctx, args, 0, many) == 0, KAA_SYSTEM_ERROR,
                 "column 256: more than 255 units");
    many[255] = '\0';
    CHECK_RAISES(parse(ctx, args, 0, many) == 0, KAA_TYPE_ERROR,
                 "function takes exactly 255 arguments (0 given)");
}

/* One address, another text: what was kept must not be believed. */
KAA_TEST(formats_may_change_in_their_place)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 5), kaa_int(ctx, 6)};
    char format[8];
    int a = 0, b = 0;

    for (int round = 0; round < 50; round++) {
        strcpy(format, "i");
        CHECK_TRUE(parse(ctx, args, 1, format, &a) ? 1 : -1);
        strcpy(format, "ii");
        CHECK_TRUE(parse(ctx, args, 2, format, &a, &b) ? 1 : -1);
        CHECK_EQ(b, 6);
        snprintf(format, sizeof(format), "i:%c", 'a' + round % 26);
        CHECK_RAISES(parse(ctx, args, 2, format, &a) == 0, KAA_TYPE_ERROR,
                     "takes exactly 1 argument (2 given)");
    }
}

/* More formats than are kept: they work all the same. */
KAA_TEST(many_formats)
{
    static char formats[6000][24];
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 5)};
    int count =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 50 : 6000;

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < count; i++) {
            int a = 0;

            snprintf(formats[i], sizeof(formats[i]), "i|i:name%d", i);
            CHECK_TRUE(parse(ctx, args, 1, formats[i], &a, NULL) ? 1 : -1);
            CHECK_EQ(a, 5);
        }
}
