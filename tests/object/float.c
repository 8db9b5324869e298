/* object/float.c - floats, complex numbers, and their text, which no locale
 * changes. python_values.py compares with Python. */
#include <float.h>
#include <locale.h>
#include <math.h>

#include "object/help.h"
#include "object/numbers/number.h"

static kaa_object *
real(kaa_test *t, double value)
{
    return NEW(kaa_float_from_double(help.ctx, value));
}

static kaa_object *
made(kaa_test *t, kaa_builtin_id type, const char *text)
{
    kaa_object *argument = NEW(kaa_text(help.ctx, text));

    return NEW(
        kaa_call(help.ctx, kaa_builtin(help.ctx, type), &argument, 1, NULL));
}

KAA_TEST(float_has_the_shortest_text)
{
    const struct {
        double value;
        const char *text;
    } known[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e16, "1e+16"},
        {9999999999999998.0, "9999999999999998.0"},
        {123456789012345.6, "123456789012345.6"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e300, "1.5e+300"},
        {5e-324, "5e-324"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {0x1p-44, "5.684341886080802e-14"}, /* the nearer 17 digits are not
                                               shortest */
        {9007199254740993.0, "9007199254740992.0"},
        {2e23, "2e+23"},
        {9.5367431640625e-07, "9.5367431640625e-07"},
    };

    fresh(t);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CHECK_REPR(real(t, known[i].value), known[i].text);
    CHECK_REPR(real(t, HUGE_VAL), "inf");
    CHECK_REPR(real(t, -HUGE_VAL), "-inf");
    CHECK_REPR(real(t, (double)NAN), "nan");
}

KAA_TEST(float_text_comes_back)
{
    kaa_context *ctx = fresh(t);
    kaa_test_random random = {3};
    char text[32], shorter[40];

    for (int i = 0; i < 20000; i++) {
        uint64_t bits = kaa_test_next(&random);
        double value, back = 0;
        size_t size;

        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        size = kaa_object__double_text(value, text);
        CHECK_EQ(text[size], '\0');
        if (kaa_object__double_parse(ctx, text, size, &back) < 0)
            help_failed(t, __FILE__, __LINE__, "double_parse");
        if (memcmp(&back, &value, sizeof(value)) != 0)
            FAIL("%s does not come back", text);
        if (strtod(text, NULL) != value)
            FAIL("strtod reads another number from %s", text);
        /* The C library's nearest text of as many digits is no longer. */
        for (int digits = 1; digits < 17; digits++) {
            snprintf(shorter, sizeof(shorter), "%.*e", digits - 1, value);
            if (strtod(shorter, NULL) != value)
                continue;
            int count = 0, zeros = 0;

            for (const char *at = text; *at != '\0' && *at != 'e'; at++)
                if (*at >= '0' && *at <= '9' && (*at != '0' || count > 0)) {
                    count++;
                    zeros = *at == '0' ? zeros + 1 : 0;
                }
            if (count - zeros > digits)
                FAIL("%s is longer than %s", text, shorter);
            break;
        }
    }
}

KAA_TEST(float_reads_text)
{
    kaa_context *ctx = fresh(t);
    const struct {
        const char *text, *shown;
    } good[] = {
        {" 1.5\n", "1.5"},
        {"+.5e1", "5.0"},
        {"5.", "5.0"},
        {"1_0.2_5", "10.25"},
        {"1e400", "inf"},
        {"-1e-400", "-0.0"},
        {"InFiniTy", "inf"},
        {"-nan", "nan"},
        {"0000000000000000000000000000001e1", "10.0"},
        {"0.00000000000000000000000000000000000000000000001e47", "1.0"},
        /* Just between two doubles, and a trifle above it. */
        {"9007199254740993", "9007199254740992.0"},
        {"9007199254740993.00000000000000000000000000000000000001",
         "9007199254740994.0"},
        {"52358671400669036.00", "5.235867140066904e+16"},
        {"2.4703282292062327208e-324", "0.0"},
        {"2.4703282292062327209e-324", "5e-324"},
        {"1.7976931348623158079e308", "1.7976931348623157e+308"},
        {"1.7976931348623158080e308", "inf"},
        {"1e99999999999999999999", "inf"},
        {"1e-99999999999999999999", "0.0"},
    };
    const char *const bad[] = {"",     ".",    "e5",  "1e",   "1e+",
                               "1__0", "_1",   "1_",  "1_.0", "1._0",
                               "0x1",  "nano", "1 2", "--1"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_REPR(made(t, KAA_FLOAT_TYPE, good[i].text), good[i].shown);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        kaa_object *text = NEW(kaa_text(ctx, bad[i]));

        CHECK_RAISES(kaa_call(ctx, kaa_builtin(ctx, KAA_FLOAT_TYPE), &text, 1,
                              NULL) == NULL,
                     KAA_VALUE_ERROR, "could not convert string to float: '");
    }
}

KAA_TEST(float_reads_many_digits)
{
    kaa_context *ctx = fresh(t);
    static char text[3000];
    double value = 0;

    /* 1 + 2^-53, which lies between two doubles, then something far behind. */
    strcpy(text, "1.00000000000000011102230246251565404236316680908203125");
    CHECK_EQ(kaa_object__double_parse(ctx, text, strlen(text), &value) >= 0 ||
                 kaa_error_occurred(ctx),
             1);
    if (kaa_error_occurred(ctx))
        help_failed(t, __FILE__, __LINE__, "double_parse");
    CHECK(value == 1.0);
    memset(text + strlen(text), '0', 2000);
    strcat(text, "1");
    if (kaa_object__double_parse(ctx, text, strlen(text), &value) < 0)
        help_failed(t, __FILE__, __LINE__, "double_parse");
    CHECK(value == nextafter(1.0, 2.0));
}

KAA_TEST(float_asks_no_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",
                                        "fr_FR.UTF-8"};
    int found = 0;

    fresh(t);
    for (size_t i = 0; i < 3 && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    CHECK_REPR(made(t, KAA_FLOAT_TYPE, "1.25"), "1.25");
    setlocale(LC_NUMERIC, "C");
    if (!found)
        SKIP("no locale with a decimal comma here");
}

KAA_TEST(float_divides_as_python_does)
{
    kaa_context *ctx = fresh(t);
    kaa_object *a = real(t, -7.5), *b = real(t, 2), *zero = real(t, 0);

    CHECK_REPR(NEW(kaa_binary(ctx, a, b, KAA_FLOOR_DIVIDE)), "-4.0");
    CHECK_REPR(NEW(kaa_binary(ctx, a, b, KAA_REMAINDER)), "0.5");
    CHECK_REPR(NEW(kaa_binary(ctx, a, b, KAA_DIVMOD)), "(-4.0, 0.5)");
    CHECK_REPR(NEW(kaa_binary(ctx, kaa_int(ctx, 7), b, KAA_TRUE_DIVIDE)),
               "3.5");
    CHECK_REPR(
        NEW(kaa_binary(ctx, kaa_int(ctx, 2), kaa_int(ctx, -2), KAA_POWER)),
        "0.25");
    CHECK_RAISES(kaa_binary(ctx, a, zero, KAA_TRUE_DIVIDE) == NULL,
                 KAA_ZERO_DIVISION_ERROR, "float division by zero");
    CHECK_RAISES(kaa_binary(ctx, a, zero, KAA_REMAINDER) == NULL,
                 KAA_ZERO_DIVISION_ERROR, "modulo");
    CHECK_RAISES(kaa_binary(ctx, zero, a, KAA_POWER) == NULL,
                 KAA_ZERO_DIVISION_ERROR, "negative power");
    CHECK_RAISES(kaa_binary(ctx, real(t, 1e300), b, KAA_POWER) == NULL,
                 KAA_OVERFLOW_ERROR, "out of range");
    CHECK_RAISES(kaa_binary(ctx, a, b, KAA_AND) == NULL, KAA_TYPE_ERROR,
                 "unsupported operand");
    CHECK_REPR(
        NEW(kaa_binary(ctx, real(t, 1e200), real(t, 1e200), KAA_MULTIPLY)),
        "inf");
}

KAA_TEST(float_compares_exactly_with_ints)
{
    kaa_context *ctx = fresh(t);
    kaa_object *power =
        NEW(kaa_binary(ctx, kaa_int(ctx, 1), kaa_int(ctx, 200), KAA_LSHIFT));
    kaa_object *above = NEW(kaa_binary(ctx, power, kaa_int(ctx, 1), KAA_ADD));
    kaa_object *same = real(t, 0x1p200), *nan = real(t, (double)NAN);

    CHECK_TRUE(kaa_compare_truth(ctx, power, same, KAA_EQ));
    CHECK_TRUE(kaa_compare_truth(ctx, same, above, KAA_LT));
    CHECK_TRUE(kaa_compare_truth(ctx, above, same, KAA_NE));
    CHECK_TRUE(kaa_compare_truth(ctx, above, real(t, HUGE_VAL), KAA_LT));
    CHECK_ZERO(kaa_compare_truth(ctx, above, nan, KAA_LT));
    CHECK_ZERO(kaa_compare_truth(ctx, nan, above, KAA_EQ));
    CHECK_TRUE(kaa_compare_truth(ctx, nan, above, KAA_NE));
    CHECK_TRUE(kaa_compare_truth(ctx, real(t, 2.5), kaa_int(ctx, 2), KAA_GT));
    CHECK_TRUE(kaa_compare_truth(ctx, real(t, -2.5), kaa_int(ctx, -2), KAA_LT));
}

KAA_TEST(float_becomes_an_int)
{
    kaa_context *ctx = fresh(t);
    double value = 0;

    CHECK_EQ(NEW(kaa_to_int(ctx, real(t, -2.9))), kaa_int(ctx, -2));
    CHECK_REPR(NEW(kaa_to_int(ctx, real(t, 1e22))), "10000000000000000000000");
    CHECK_RAISES(kaa_to_int(ctx, real(t, HUGE_VAL)) == NULL, KAA_OVERFLOW_ERROR,
                 "cannot convert float infinity to integer");
    CHECK_RAISES(kaa_to_int(ctx, real(t, (double)NAN)) == NULL, KAA_VALUE_ERROR,
                 "cannot convert float NaN to integer");
    CHECK_RAISES(kaa_float_as_double(ctx, NEW(kaa_text(ctx, "1")), &value) < 0,
                 KAA_TYPE_ERROR, "must be real number, not str");
    CHECK_ZERO(kaa_float_as_double(ctx, kaa_bool(ctx, 1), &value));
    CHECK(value == 1);
    CHECK_RAISES(kaa_index(ctx, real(t, 1)) == NULL, KAA_TYPE_ERROR,
                 "cannot be interpreted as an integer");
}

KAA_TEST(float_has_methods)
{
    kaa_context *ctx = fresh(t);
    kaa_object *half = real(t, -0.375), *large = real(t, 0x1p70);

    CHECK_REPR(NEW(kaa_call_method(ctx, "as_integer_ratio", &half, 1, NULL)),
               "(-3, 8)");
    CHECK_REPR(NEW(kaa_call_method(ctx, "as_integer_ratio", &large, 1, NULL)),
               "(1180591620717411303424, 1)");
    CHECK_EQ(NEW(kaa_call_method(ctx, "is_integer", &half, 1, NULL)),
             kaa_bool(ctx, 0));
}

KAA_TEST(complex_counts)
{
    kaa_context *ctx = fresh(t);
    kaa_object *a = NEW(kaa_complex_from_doubles(ctx, 1, -2)), *b;
    double x = 0, y = 0;

    CHECK_REPR(a, "(1-2j)");
    CHECK_REPR(NEW(kaa_complex_from_doubles(ctx, 0, 1.5)), "1.5j");
    CHECK_REPR(NEW(kaa_complex_from_doubles(ctx, -0.0, HUGE_VAL)), "(-0+infj)");
    CHECK_REPR(NEW(kaa_binary(ctx, a, a, KAA_MULTIPLY)), "(-3-4j)");
    CHECK_REPR(NEW(kaa_binary(ctx, kaa_int(ctx, 5), a, KAA_TRUE_DIVIDE)),
               "(1+2j)");
    CHECK_REPR(NEW(kaa_binary(ctx, a, kaa_int(ctx, 2), KAA_POWER)), "(-3-4j)");
    b = NEW(kaa_binary(ctx, real(t, -4), real(t, 0.5), KAA_POWER));
    CHECK_ZERO(kaa_complex_as_doubles(ctx, b, &x, &y));
    CHECK(fabs(x) < 1e-15 && fabs(y - 2) < 1e-15);
    CHECK_REPR(NEW(kaa_unary(ctx, NEW(kaa_complex_from_doubles(ctx, 3, 4)),
                             KAA_ABSOLUTE)),
               "5.0");
    CHECK_RAISES(kaa_binary(ctx, a, kaa_int(ctx, 0), KAA_TRUE_DIVIDE) == NULL,
                 KAA_ZERO_DIVISION_ERROR, "complex division by zero");
    CHECK_RAISES(kaa_compare(ctx, a, a, KAA_LT) == NULL, KAA_TYPE_ERROR,
                 "not supported between");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, a, "imag")), "-2.0");
    CHECK_REPR(NEW(kaa_call_method(ctx, "conjugate", &a, 1, NULL)), "(1+2j)");
    CHECK_REPR(made(t, KAA_COMPLEX_TYPE, " (1e2-j) "), "(100-1j)");
    CHECK_TRUE(kaa_compare_truth(ctx, NEW(kaa_complex_from_doubles(ctx, 7, 0)),
                                 kaa_int(ctx, 7), KAA_EQ));
}
