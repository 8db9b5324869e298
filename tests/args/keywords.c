/* tests/args/keywords.c - parsing with keywords, and its refusals. */
#include <kaa/module.h>

#include "object/help.h"

static int
parse(kaa_context *ctx, kaa_object *const *args, size_t nargs,
      kaa_object *kwnames, const char *format, const char *const *names, ...)
{
    va_list out;
    int result;

    va_start(out, names);
    result = ctx->api->parse_keywords_v(ctx, args, nargs, kwnames, format,
                                        names, out);
    va_end(out);
    return result;
}

/* A tuple of names, held until the test ends. */
static kaa_object *
names_of(kaa_test *t, const char *const *names, size_t count)
{
    kaa_context *ctx = help.ctx;
    kaa_object *items[8];

    for (size_t i = 0; i < count; i++)
        items[i] = NEW(kaa_text(ctx, names[i]));
    return NEW(kaa_tuple_from_array(ctx, items, count));
}

#define NAMES(...)                                                             \
    names_of(t, (const char *[]){__VA_ARGS__},                                 \
             sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static const char *const abc[] = {"a", "b", "c", NULL};

KAA_TEST(by_position_and_by_name)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 1), kaa_int(ctx, 2), kaa_int(ctx, 3)};
    int a = 0, b = 0, c = 9;

    CHECK_TRUE(parse(ctx, args, 3, NULL, "iii:f", abc, &a, &b, &c) ? 1 : -1);
    CHECK_EQ(a * 100 + b * 10 + c, 123);
    CHECK_TRUE(parse(ctx, args, 1, NAMES("c", "b"), "iii:f", abc, &a, &b, &c)
                   ? 1
                   : -1);
    CHECK_EQ(a * 100 + b * 10 + c, 132);
    c = 9;
    CHECK_TRUE(parse(ctx, args, 0, NAMES("b", "a"), "ii|i:f", abc, &a, &b, &c)
                   ? 1
                   : -1);
    CHECK_EQ(a * 100 + b * 10 + c, 219);
    a = b = 7;
    CHECK_TRUE(
        parse(ctx, args, 0, NAMES("c"), "|ii$i:f", abc, &a, &b, &c) ? 1 : -1);
    CHECK_EQ(a * 100 + b * 10 + c, 771);
}

KAA_TEST(variables_of_what_is_left_out_are_passed_over)
{
    static const char *const names[] = {"text", "group", "type",
                                        "by",   "x",     NULL};
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 5)};
    const char *text = "before";
    size_t size = 6;
    int a = 1, b = 2, x = 0;
    kaa_object *object = NULL;

    CHECK_TRUE(parse(ctx, args, 0, NAMES("x"), "|s#(ii)O!O&i", names, &text,
                     &size, &a, &b, kaa_builtin(ctx, KAA_LIST_TYPE), &object,
                     NULL, NULL, &x)
                   ? 1
                   : -1);
    CHECK_EQ(x, 5);
    CHECK_STR(text, "before");
    CHECK_EQ(size, 6);
    CHECK_EQ(a * 10 + b, 12);
    CHECK_EQ(object, NULL);
}

/* A TypeError that suggests nothing. */
static void
help_no_hint(kaa_test *t, kaa_context *ctx, int parsed)
{
    char text[300];

    CHECK_EQ(parsed, 0);
    kaa_runtime_error_text(ctx, text, sizeof(text));
    if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_MEMORY_ERROR)))
        kaa_test__no_memory(t);
    kaa_error_clear(ctx);
    CHECK_HAS(text, "unexpected keyword argument");
    if (strstr(text, "Did you mean") != NULL)
        FAIL("a hint: %s", text);
}

KAA_TEST(refusals)
{
    static const char *const colour[] = {"colour", "height", NULL};
    static const char *const only[] = {"", "b", NULL};
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 1), kaa_int(ctx, 2), kaa_int(ctx, 3),
                          kaa_int(ctx, 4)};
    int a = 0, b = 0, c = 0;

    CHECK_RAISES(parse(ctx, args, 1, NULL, "ii|i:f", abc, &a, &b, &c) == 0,
                 KAA_TYPE_ERROR, "f() missing required argument 'b' (pos 2)");
    CHECK_RAISES(parse(ctx, args, 4, NULL, "ii|i:f", abc, &a, &b, &c) == 0,
                 KAA_TYPE_ERROR, "f() takes at most 3 arguments (4 given)");
    CHECK_RAISES(parse(ctx, args, 4, NULL, "iii:f", abc, &a, &b, &c) == 0,
                 KAA_TYPE_ERROR, "f() takes exactly 3 arguments (4 given)");
    CHECK_RAISES(parse(ctx, args, 3, NULL, "i|i$i:f", abc, &a, &b, &c) == 0,
                 KAA_TYPE_ERROR,
                 "f() takes at most 2 positional arguments (3 given)");
    CHECK_RAISES(parse(ctx, args, 1, NULL, "|$iii:f", abc, &a, &b, &c) == 0,
                 KAA_TYPE_ERROR, "f() takes no positional arguments");
    CHECK_RAISES(parse(ctx, args, 1, NAMES("a"), "i|ii:f", abc, &a, &b, &c) ==
                     0,
                 KAA_TYPE_ERROR,
                 "argument for f() given by name ('a') and position (1)");
    CHECK_RAISES(
        parse(ctx, args, 0, NAMES("b", "b"), "|iii:f", abc, &a, &b, &c) == 0,
        KAA_TYPE_ERROR, "f() got multiple values for keyword argument 'b'");
    CHECK_RAISES(parse(ctx, args, 0, NAMES("color"), "|ii:f", colour, &a, &b) ==
                     0,
                 KAA_TYPE_ERROR,
                 "f() got an unexpected keyword argument 'color'. Did you mean "
                 "'colour'?");
    CHECK_RAISES(parse(ctx, args, 0, NAMES("hieght"), "|ii", colour, &a, &b) ==
                     0,
                 KAA_TYPE_ERROR, "Did you mean 'height'?");
    CHECK_RAISES(
        parse(ctx, args, 0, NAMES("zebra"), "|ii:f", colour, &a, &b) == 0,
        KAA_TYPE_ERROR, "f() got an unexpected keyword argument 'zebra'");
    CHECK_RAISES(parse(ctx, args, 0, NAMES("b"), "ii:f", only, &a, &b) == 0,
                 KAA_TYPE_ERROR,
                 "f() takes exactly 1 positional argument (0 given)");
    CHECK_RAISES(parse(ctx, args, 0, NAMES(""), "|ii:f", only, &a, &b) == 0,
                 KAA_TYPE_ERROR, "unexpected keyword argument ''");
}

#define FORTY "forty_letters_and_not_a_single_one_more_"
#define LONGEST FORTY FORTY FORTY

/* Names up to 120 characters have near ones; longer ones have not, nor those
 * that are nearest and yet far. */
KAA_TEST(near_names)
{
    static const char *const names[] = {LONGEST, "middle", NULL};
    static const char *const longer[] = {LONGEST "x", NULL};
    static const char *const second[] = {"", "middle", NULL};
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 1)};
    char wrong[sizeof(LONGEST)];
    int a = 0, b = 0;

    CHECK_EQ(sizeof(LONGEST), 121);
    memcpy(wrong, LONGEST, sizeof(LONGEST));
    wrong[3] = 'x';
    CHECK_RAISES(parse(ctx, args, 0, NAMES(wrong), "|ii:f", names, &a, &b) == 0,
                 KAA_TYPE_ERROR, "Did you mean '" LONGEST "'?");
    help_no_hint(t, ctx,
                 parse(ctx, args, 0, NAMES(LONGEST "y"), "|i:f", longer, &a));
    help_no_hint(t, ctx,
                 parse(ctx, args, 0, NAMES("mxxxxe"), "|ii:f", names, &a, &b));
    CHECK_RAISES(parse(ctx, args, 0, NAMES("muddle"), "|ii:f", names, &a, &b) ==
                     0,
                 KAA_TYPE_ERROR, "Did you mean 'middle'?");
    CHECK_RAISES(
        parse(ctx, args, 0, NAMES("muddle"), "|ii:f", second, &a, &b) == 0,
        KAA_TYPE_ERROR, "Did you mean 'middle'?");
    help_no_hint(t, ctx,
                 parse(ctx, args, 0, NAMES("xyz"), "|ii:f", second, &a, &b));
}

KAA_TEST(refusals_name_the_argument)
{
    static const char *const names[] = {"", "size", NULL};
    kaa_context *ctx = fresh(t);
    kaa_object *text = NEW(kaa_text(ctx, "x"));
    kaa_object *args[] = {kaa_int(ctx, 1), text};
    kaa_object *swapped[] = {text, kaa_int(ctx, 1)};
    int a, b;

    CHECK_RAISES(parse(ctx, args, 2, NULL, "ii:f", names, &a, &b) == 0,
                 KAA_TYPE_ERROR, "f() argument 'size' must be int, not str");
    CHECK_RAISES(parse(ctx, swapped, 2, NULL, "ii:f", names, &a, &b) == 0,
                 KAA_TYPE_ERROR, "f() argument 1 must be int, not str");
}

KAA_TEST(names_must_fit_the_format)
{
    static const char *const late[] = {"a", "", NULL};
    static const char *const unnamed[] = {"", "", NULL};
    kaa_context *ctx = fresh(t);
    kaa_object *args[] = {kaa_int(ctx, 1), kaa_int(ctx, 2)};
    int a, b;

    CHECK_RAISES(parse(ctx, args, 2, NULL, "ii", abc, &a, &b) == 0,
                 KAA_SYSTEM_ERROR, "names of format 'ii': more than units");
    CHECK_RAISES(parse(ctx, args, 2, NULL, "iiii", abc, &a, &b) == 0,
                 KAA_SYSTEM_ERROR, "names of format 'iiii': fewer than units");
    CHECK_RAISES(parse(ctx, args, 2, NULL, "ii", late, &a, &b) == 0,
                 KAA_SYSTEM_ERROR, "an empty one after others");
    CHECK_RAISES(parse(ctx, args, 2, NULL, "i$i", unnamed, &a, &b) == 0,
                 KAA_SYSTEM_ERROR, "an empty one after $");
    CHECK_RAISES(parse(ctx, args, 2, NULL, "i$i|", late, &a, &b) == 0,
                 KAA_SYSTEM_ERROR, "column 4: $ before |");
}

/* Buffers got before a failure are released. */
KAA_TEST(failures_release)
{
    kaa_context *ctx = fresh(t);
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "abc", 3));
    kaa_object *args[] = {bytes, bytes, bytes};
    kaa_buffer first, second;
    int a;

    CHECK_RAISES(parse(ctx, args, 0, NAMES("b", "a", "c"), "s*y*i:f", abc,
                       &first, &second, &a) == 0,
                 KAA_TYPE_ERROR, "f() argument 'c' must be int, not bytes");
    CHECK_REF(bytes, 1);
}
