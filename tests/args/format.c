/* tests/args/format.c - text from formats, exceptions with it. */
#include <limits.h>
#include <locale.h>

#include <kaa/module.h>

#include "object/help.h"

/* The C library's is hidden by this one: what stands for the point of numbers.
 */
static char point_of_numbers[8] = ".";

struct lconv *
localeconv(void)
{
    static struct lconv all = {.decimal_point = point_of_numbers};

    return &all;
}

#define MAKES(expected, ...)                                                   \
    CHECK_TEXT(kaa_str_format(ctx, __VA_ARGS__), expected)

/* A point of several bytes, such as Pashto's, is one in the text. The C
 * library writes "2.5": that its ".5" is the point shows where the rest goes.
 */
KAA_TEST(the_point_of_numbers_is_a_point_everywhere)
{
    kaa_context *ctx = fresh(t);

    strcpy(point_of_numbers, ".5");
    MAKES("2.25 2.2 7", "%g %.2f %d", 2.525, 2.52, 7);
    strcpy(point_of_numbers, ",");
    MAKES("2.52", "%g", 2.52);
    strcpy(point_of_numbers, ".");
}

KAA_TEST(widths_have_a_limit)
{
    kaa_context *ctx = fresh(t);
    kaa_object *widest = NEW(kaa_str_format(ctx, "%100000d", 1));
    size_t size = 0;

    CHECK(kaa_str_as_utf8(ctx, widest, &size) != NULL);
    CHECK_EQ(size, 100000);
    CHECK_RAISES(kaa_str_format(ctx, "%100001d", 1) == NULL, KAA_VALUE_ERROR,
                 "format");
    CHECK_RAISES(kaa_str_format(ctx, "%.100001s", "") == NULL, KAA_VALUE_ERROR,
                 "format");
}

KAA_TEST(numbers)
{
    kaa_context *ctx = fresh(t);

    MAKES("", "%s", "");
    MAKES("100% -5 7", "%d%% %i %u", 100, -5, 7u);
    MAKES("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    MAKES("[  007][-0003]", "[%5.3d][%05d]", 7, -3);
    MAKES("-1 65535 -1 255", "%hd %hu %hhd %hhu", 65535, 65535u, 255, 255u);
    MAKES("-9223372036854775808 18446744073709551615", "%ld %llu", LONG_MIN,
          ULLONG_MAX);
    MAKES("-3 3 -4 4 ff", "%zd %zu %td %jd %x", (ptrdiff_t)-3, (size_t)3,
          (ptrdiff_t)-4, (intmax_t)4, 255u);
    MAKES("0.5 1.500000 2.50e+00 [  0.1]", "%g %f %.2e [%5g]", 0.5, 1.5, 2.5,
          0.1);
    MAKES("x\xc3\xa9\xf0\x9f\x90\x8d", "%c%c%c", 'x', 0xe9, 0x1f40d);
    MAKES("\xef\xbf\xbd", "%c", 0xd800);
    CHECK_TEXT(kaa_str_format(ctx, "%p", (void *)0x1234), "0x1234");
}

KAA_TEST(texts)
{
    kaa_context *ctx = fresh(t);

    MAKES("a (null)", "%s %s", "a", NULL);
    MAKES("[   h\xc3\xa9][h\xc3\xa9   ]", "[%5s][%-5s]", "h\xc3\xa9",
          "h\xc3\xa9");
    MAKES("ab|h\xef\xbf\xbd|", "%.2s|%.2s|%.0s", "abc", "h\xc3\xa9", "x");
    /* What is not UTF-8 is replaced, in the format too. */
    MAKES("\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd)", "\xff(%s)", "\xed\xa0");
}

KAA_TEST(objects)
{
    kaa_context *ctx = fresh(t);
    kaa_object *str = NEW(kaa_text(ctx, "h\xc3\xa9"));
    kaa_object *number = kaa_int(ctx, 7);

    MAKES("h\xc3\xa9 h\xc3\xa9 'h\xc3\xa9' str", "%U %S %R %T", str, str, str,
          str);
    MAKES("7 7 int None", "%S %R %T %T", number, number, number,
          kaa_builtin(ctx, KAA_NONE));
    MAKES("<NULL> [h][  7]", "%R [%.1U][%3S]", NULL, str, number);
}

KAA_TEST(unknown_formats)
{
    static const char *const wrong[] = {
        "%",   "%y",  "%5",  "%ls", "%.d%",       "%lg", "%hhhd",
        "%*d", "% d", "%+d", "%#x", "%.9999999d", "%lS", "%\xff"};
    kaa_context *ctx = fresh(t);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_RAISES(kaa_str_format(ctx, wrong[i]) == NULL, KAA_VALUE_ERROR,
                     "format string has something unknown at column");
    CHECK_RAISES(kaa_str_format(ctx, "ab%sc%q", "x") == NULL, KAA_VALUE_ERROR,
                 "at column 6");
}

KAA_TEST(raising)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    CHECK_EQ(kaa_raise_format(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "%d %R", 5,
                              list),
             -1);
    CHECK_RAISES(kaa_error_occurred(ctx), KAA_KEY_ERROR, "5 []");
    CHECK_EQ(kaa_raise_format(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "%q"), -1);
    CHECK_RAISES(kaa_error_occurred(ctx), KAA_VALUE_ERROR, "column 1");
    /* One that was pending is replaced. */
    kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "old");
    kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "%R", list);
    CHECK_RAISES(kaa_error_occurred(ctx), KAA_VALUE_ERROR, "[]");
}
