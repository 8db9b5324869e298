/* object/int.c - ints: arithmetic against the laws of it, limits of C's
 * integers, text and bytes. python_values.py compares with Python. */
#include "object/numbers/int.h"
#include "object/help.h"

static kaa_object *
number(kaa_test *t, const char *text)
{
    kaa_object *object = kaa_int_from_text(help.ctx, text, strlen(text), 0);

    return NEW(object);
}

/* An int of up to `bits` bits, made of bytes. */
static kaa_object *
any_number(kaa_test *t, kaa_test_random *random, size_t bits)
{
    unsigned char bytes[600];
    size_t size = (size_t)kaa_test_below(random, bits / 8) + 1;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)kaa_test_next(random);
    return NEW(kaa_int_from_bytes(help.ctx, bytes, size, 0, 1));
}

#define OP(left, op, right) NEW(kaa_binary(ctx, (left), (right), (op)))
#define SAME(left, right)                                                      \
    CHECK_TRUE(kaa_compare_truth(ctx, (left), (right), KAA_EQ))

KAA_TEST(int_is_tagged_where_it_fits)
{
    kaa_context *ctx = fresh(t);
    const int64_t edges[] = {0,
                             1,
                             -1,
                             INT64_MAX / 2,
                             INT64_MIN / 2,
                             INT64_MAX / 2 + 1,
                             INT64_MIN / 2 - 1,
                             INT64_MAX,
                             INT64_MIN};

    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        kaa_object *object = NEW(ctx->api->int_from_int64(ctx, edges[i]));
        int64_t value = 7;

        CHECK_EQ(kaa_is_tagged(object),
                 edges[i] >= INT64_MIN / 2 && edges[i] <= INT64_MAX / 2);
        CHECK_ZERO(kaa_int_as_int64(ctx, object, &value));
        CHECK_EQ(value, edges[i]);
        SAME(object, NEW(kaa_int(ctx, edges[i])));
        /* One beyond and back again has the same form. */
        SAME(OP(OP(object, KAA_ADD, kaa_int(ctx, 1)), KAA_SUBTRACT,
                kaa_int(ctx, 1)),
             object);
    }
    CHECK_EQ(OP(number(t, "0x4000000000000000"), KAA_SUBTRACT, kaa_int(ctx, 1)),
             kaa_int(ctx, INT64_MAX / 2));
}

KAA_TEST(int_knows_the_limits_of_c)
{
    kaa_context *ctx = fresh(t);
    int64_t value = 7;
    uint64_t whole = 7;
    kaa_object *large = number(t, "0x10000000000000000");

    CHECK_RAISES(
        kaa_int_as_int64(ctx, number(t, "0x8000000000000000"), &value) < 0,
        KAA_OVERFLOW_ERROR, "int too big to convert");
    CHECK_RAISES(
        kaa_int_as_int64(ctx, number(t, "-0x8000000000000001"), &value) < 0,
        KAA_OVERFLOW_ERROR, "int too big to convert");
    CHECK_RAISES(kaa_int_as_uint64(ctx, large, &whole) < 0, KAA_OVERFLOW_ERROR,
                 "int too big to convert");
    CHECK_RAISES(kaa_int_as_uint64(ctx, kaa_int(ctx, -1), &whole) < 0,
                 KAA_OVERFLOW_ERROR, "can't convert negative int to unsigned");
    CHECK_EQ(value, 7);
    CHECK_EQ(whole, 7);
    CHECK_ZERO(kaa_int_as_uint64_mask(ctx, kaa_int(ctx, -1), &whole));
    CHECK(whole == UINT64_MAX);
    CHECK_ZERO(kaa_int_as_uint64_mask(ctx, OP(large, KAA_ADD, kaa_int(ctx, 5)),
                                      &whole));
    CHECK_EQ(whole, 5);
    CHECK_RAISES(kaa_int_as_int64(ctx, NEW(kaa_text(ctx, "1")), &value) < 0,
                 KAA_TYPE_ERROR, "integer");
    CHECK_ZERO(kaa_int_as_uint64(ctx, NEW(kaa_int_from_uint64(ctx, UINT64_MAX)),
                                 &whole));
    CHECK(whole == UINT64_MAX);
}

KAA_TEST(int_keeps_the_laws)
{
    kaa_context *ctx = fresh(t);
    kaa_test_random random = {11};
    int rounds = kaa_test_is_fault_run() ? 2 : 60;

    for (int i = 0; i < rounds; i++) {
        size_t bits = i % 3 == 0 ? 4000 : i % 3 == 1 ? 300 : 64;
        kaa_object *a = any_number(t, &random, bits);
        kaa_object *b = any_number(t, &random, bits);
        kaa_object *c = any_number(t, &random, bits / 2);
        int sign;

        SAME(OP(OP(a, KAA_ADD, b), KAA_SUBTRACT, b), a);
        SAME(OP(OP(a, KAA_ADD, b), KAA_MULTIPLY, c),
             OP(OP(a, KAA_MULTIPLY, c), KAA_ADD, OP(b, KAA_MULTIPLY, c)));
        SAME(OP(OP(a, KAA_AND, b), KAA_ADD, OP(a, KAA_OR, b)),
             OP(a, KAA_ADD, b));
        SAME(OP(OP(a, KAA_OR, b), KAA_SUBTRACT, OP(a, KAA_AND, b)),
             OP(a, KAA_XOR, b));
        SAME(OP(a, KAA_LSHIFT, kaa_int(ctx, 67)),
             OP(a, KAA_MULTIPLY,
                OP(kaa_int(ctx, 2), KAA_POWER, kaa_int(ctx, 67))));
        SAME(OP(a, KAA_RSHIFT, kaa_int(ctx, 67)),
             OP(a, KAA_FLOOR_DIVIDE,
                OP(kaa_int(ctx, 2), KAA_POWER, kaa_int(ctx, 67))));
        CHECK_ZERO(kaa_int_sign(ctx, c, &sign));
        if (sign != 0) {
            kaa_object *rest = OP(a, KAA_REMAINDER, c);

            SAME(OP(OP(OP(a, KAA_FLOOR_DIVIDE, c), KAA_MULTIPLY, c), KAA_ADD,
                    rest),
                 a);
            CHECK_TRUE(
                kaa_compare_truth(ctx, rest, c, sign > 0 ? KAA_LT : KAA_GT));
        }
        SAME(
            NEW(kaa_unary(ctx, NEW(kaa_unary(ctx, a, KAA_INVERT)), KAA_INVERT)),
            a);
    }
}

KAA_TEST(int_reads_and_writes_text)
{
    kaa_context *ctx = fresh(t);
    const struct {
        const char *text;
        int base;
        const char *shown;
    } good[] = {
        {" +12\n", 10, "12"},
        {"-0x_fF", 16, "-255"},
        {"0b101", 0, "5"},
        {"0o17", 0, "15"},
        {"00_0", 0, "0"},
        {"zz", 36, "1295"},
        {"1_000_000_000_000_000_000_000", 10, "1000000000000000000000"},
        {"-36893488147419103232", 10, "-36893488147419103232"},
    };
    const char *const bad[] = {"",    " ",        "-",   "1 2", "1__0",
                               "_1",  "1_",       "0x",  "12a", "+-1",
                               "1.0", "\xc3\xa9", "\xff"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_REPR(NEW(kaa_int_from_text(ctx, good[i].text,
                                         strlen(good[i].text), good[i].base)),
                   good[i].shown);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_RAISES(kaa_int_from_text(ctx, bad[i], strlen(bad[i]), 10) == NULL,
                     KAA_VALUE_ERROR, "invalid literal for int() with base 10");
    CHECK_RAISES(kaa_int_from_text(ctx, "010", 3, 0) == NULL, KAA_VALUE_ERROR,
                 "with base 0: '010'");
    CHECK_RAISES(kaa_int_from_text(ctx, "1\0", 2, 10) == NULL, KAA_VALUE_ERROR,
                 "'1\\x00'");
    CHECK_RAISES(kaa_int_from_text(ctx, "1", 1, 37) == NULL, KAA_VALUE_ERROR,
                 "base must be >= 2 and <= 36, or 0");
    CHECK_TEXT(
        kaa_int_as_text(ctx, number(t, "-0x123456789abcdef0123456789"), 16),
        "-123456789abcdef0123456789");
    CHECK_TEXT(kaa_int_as_text(ctx, kaa_int(ctx, 0), 2), "0");
    CHECK_RAISES(kaa_int_as_text(ctx, kaa_int(ctx, 1), 3) == NULL,
                 KAA_VALUE_ERROR, "base must be 2, 8, 10 or 16");
}

KAA_TEST(int_text_comes_back)
{
    kaa_context *ctx = fresh(t);
    kaa_test_random random = {5};
    static const int bases[] = {2, 8, 10, 16};

    for (int i = 0; i < (kaa_test_is_fault_run() ? 4 : 40); i++) {
        kaa_object *a = any_number(t, &random, i % 2 == 0 ? 3000 : 200);
        int base = bases[i % 4];
        kaa_object *text = NEW(kaa_int_as_text(ctx, a, base));
        size_t size = 0;
        const char *bytes = kaa_str_as_utf8(ctx, text, &size);

        SAME(NEW(kaa_int_from_text(ctx, bytes, size, base)), a);
    }
}

KAA_TEST(int_becomes_bytes)
{
    kaa_context *ctx = fresh(t);
    unsigned char bytes[4] = {9, 9, 9, 9};
    kaa_object *large = number(t, "-0x80000000");

    CHECK_ZERO(kaa_int_as_bytes(ctx, kaa_int(ctx, 0x1234), bytes, 4, 1, 0));
    CHECK(memcmp(bytes, "\0\0\x12\x34", 4) == 0);
    CHECK_ZERO(kaa_int_as_bytes(ctx, kaa_int(ctx, -2), bytes, 4, 0, 1));
    CHECK(memcmp(bytes, "\xfe\xff\xff\xff", 4) == 0);
    CHECK_ZERO(kaa_int_as_bytes(ctx, large, bytes, 4, 1, 1));
    CHECK(memcmp(bytes, "\x80\0\0\0", 4) == 0);
    CHECK_RAISES(kaa_int_as_bytes(ctx, kaa_int(ctx, 128), bytes, 1, 0, 1) < 0,
                 KAA_OVERFLOW_ERROR, "int too big to convert");
    CHECK_RAISES(kaa_int_as_bytes(ctx, kaa_int(ctx, 256), bytes, 1, 0, 0) < 0,
                 KAA_OVERFLOW_ERROR, "int too big to convert");
    CHECK_RAISES(kaa_int_as_bytes(ctx, kaa_int(ctx, -1), bytes, 4, 0, 0) < 0,
                 KAA_OVERFLOW_ERROR, "can't convert negative int to unsigned");
    CHECK(memcmp(bytes, "\x80\0\0\0", 4) == 0);
    SAME(NEW(kaa_int_from_bytes(ctx, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0,
                                1)),
         kaa_int(ctx, -1));
    CHECK_REPR(NEW(kaa_int_from_bytes(ctx, "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                      16, 1, 1)),
               "-170141183460469231731687303715884105728");
    CHECK_EQ(NEW(kaa_int_from_bytes(ctx, "", 0, 1, 1)), kaa_int(ctx, 0));
}

KAA_TEST(int_refuses)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = kaa_int(ctx, 1),
               *large = number(t, "0x10000000000000000000");
    static const int division[] = {KAA_FLOOR_DIVIDE, KAA_REMAINDER, KAA_DIVMOD,
                                   KAA_TRUE_DIVIDE};

    for (size_t i = 0; i < 4; i++) {
        CHECK_RAISES(kaa_binary(ctx, one, kaa_int(ctx, 0), division[i]) == NULL,
                     KAA_ZERO_DIVISION_ERROR, "by zero");
        CHECK_RAISES(kaa_binary(ctx, large, kaa_bool(ctx, 0), division[i]) ==
                         NULL,
                     KAA_ZERO_DIVISION_ERROR, "by zero");
    }
    CHECK_RAISES(kaa_binary(ctx, one, kaa_int(ctx, -1), KAA_LSHIFT) == NULL,
                 KAA_VALUE_ERROR, "negative shift count");
    CHECK_RAISES(kaa_binary(ctx, one, large, KAA_LSHIFT) == NULL,
                 KAA_MEMORY_ERROR, NULL);
    CHECK_RAISES(kaa_binary(ctx, kaa_int(ctx, 3), large, KAA_POWER) == NULL,
                 KAA_MEMORY_ERROR, NULL);
    CHECK_EQ(OP(one, KAA_RSHIFT, large), kaa_int(ctx, 0));
    CHECK_EQ(OP(kaa_int(ctx, -5), KAA_RSHIFT, large), kaa_int(ctx, -1));
    CHECK_EQ(OP(kaa_int(ctx, -1), KAA_POWER, large), one);
    CHECK_RAISES(kaa_binary(ctx, one, NEW(kaa_text(ctx, "x")), KAA_ADD) == NULL,
                 KAA_TYPE_ERROR, "unsupported operand");
    CHECK_RAISES(kaa_to_float(ctx, OP(one, KAA_LSHIFT, kaa_int(ctx, 1024))) ==
                     NULL,
                 KAA_OVERFLOW_ERROR, "int too large to convert to float");
}

KAA_TEST(int_and_bool_are_one)
{
    kaa_context *ctx = fresh(t);
    kaa_object *yes = kaa_bool(ctx, 1), *no = kaa_bool(ctx, 0);

    CHECK_EQ(OP(yes, KAA_ADD, yes), kaa_int(ctx, 2));
    CHECK_EQ(OP(yes, KAA_AND, no), no);
    CHECK_EQ(OP(yes, KAA_XOR, kaa_int(ctx, 3)), kaa_int(ctx, 2));
    CHECK_EQ(NEW(kaa_unary(ctx, yes, KAA_NEGATIVE)), kaa_int(ctx, -1));
    CHECK_EQ(NEW(kaa_unary(ctx, yes, KAA_POSITIVE)), kaa_int(ctx, 1));
    SAME(yes, kaa_int(ctx, 1));
    CHECK_INT(kaa_hash(ctx, yes), 1);
    CHECK_REPR(yes, "True");
    CHECK_EQ(NEW(kaa_index(ctx, yes)), kaa_int(ctx, 1));
    CHECK_EQ(NEW(kaa_to_int(ctx, no)), kaa_int(ctx, 0));
    CHECK_TRUE(kaa_truth(ctx, yes));
    CHECK_ZERO(kaa_truth(ctx, kaa_int(ctx, 0)));
}

KAA_TEST(int_type_is_called)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = kaa_builtin(ctx, KAA_INT_TYPE);
    kaa_object *args[2] = {NEW(kaa_text(ctx, "ff")), kaa_int(ctx, 16)};
    kaa_object *base = NEW(kaa_str_intern(ctx, "base"));
    kaa_object *names = NEW(kaa_tuple_from_array(ctx, &base, 1));

    CHECK_EQ(NEW(kaa_call(ctx, type, args, 2, NULL)), kaa_int(ctx, 255));
    CHECK_EQ(NEW(kaa_call(ctx, type, args, 1, names)), kaa_int(ctx, 255));
    CHECK_EQ(NEW(kaa_call(ctx, type, NULL, 0, NULL)), kaa_int(ctx, 0));
    CHECK_EQ(NEW(kaa_call(ctx, type, args + 1, 1, NULL)), kaa_int(ctx, 16));
    CHECK_RAISES(kaa_call(ctx, type, args, 1, NULL) == NULL, KAA_VALUE_ERROR,
                 "invalid literal for int() with base 10: 'ff'");
    args[0] = kaa_int(ctx, 1);
    CHECK_RAISES(kaa_call(ctx, type, args, 2, NULL) == NULL, KAA_TYPE_ERROR,
                 "can't convert non-string with explicit base");
}
