/* tests/args/build.c - building values. */
#include <limits.h>

#include <kaa/module.h>

#include "object/help.h"

#define BUILDS(expected, ...)                                                  \
    do {                                                                       \
        kaa_object *built = NEW(kaa_build(ctx, __VA_ARGS__));                  \
        CHECK_REPR(built, expected);                                           \
        DROP(built);                                                           \
    } while (0)

KAA_TEST(values)
{
    static const double parts[2] = {1.0, -2.5};
    kaa_context *ctx = fresh(t);

    BUILDS("None", "");
    BUILDS("'a'", "s", "a");
    BUILDS("None", "z", NULL);
    BUILDS("('h\xc3\xa9', 'ab')", "Us#", "h\xc3\xa9", "abc", (size_t)2);
    BUILDS("(b'a', b'a\\x00', None)", "yy#y", "a", "a\0", (size_t)2, NULL);
    BUILDS("(True, False)", "pp", 5, 0);
    BUILDS("(-1, 255, -3, 65535, -7)", "bBhHi", -1, 255, -3, 65535, -7);
    BUILDS("(4294967295, 18446744073709551615, 18446744073709551615)", "IkK",
           UINT_MAX, ULONG_MAX, ULLONG_MAX);
    BUILDS("(-9223372036854775808, -9223372036854775808, -4)", "lLn", LONG_MIN,
           LLONG_MIN, (ptrdiff_t)-4);
    BUILDS("(b'x', '\xf0\x9f\x90\x8d')", "cC", 'x', 0x1f40d);
    BUILDS("(0.5, 0.25, (1-2.5j))", "fdD", 0.5, 0.25, parts);
}

KAA_TEST(structures)
{
    kaa_context *ctx = fresh(t);

    BUILDS("()", "()");
    BUILDS("(1,)", "(i)", 1);
    BUILDS("(1, 2)", "i,i", 1, 2);
    BUILDS("(1, (2, [3, 'x'], {'k': 4, 'l': ()}), [])",
           "i (i [i s] {s:i, s:()}) []", 1, 2, 3, "x", "k", 4, "l");
    BUILDS("{}", "{}");
}

static kaa_object *
make(kaa_context *ctx, void *value)
{
    return kaa_int(ctx, *(int *)value * 2);
}

KAA_TEST(objects_and_who_owns_them)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    int value = 21;

    BUILDS("[]", "O", list);
    CHECK_REF(list, 1);
    BUILDS("([], [], 42)", "NSO&", kaa_incref(ctx, list), list, make, &value);
    CHECK_REF(list, 1);
}

/* A failure anywhere gives up what N was given, before and behind it. */
KAA_TEST(failures_give_up_what_was_taken)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    CHECK_RAISES(kaa_build(ctx, "NOiN", kaa_incref(ctx, list), NULL, 5,
                           kaa_incref(ctx, list)) == NULL,
                 KAA_SYSTEM_ERROR, "NULL object passed to kaa_build");
    CHECK_REF(list, 1);
    CHECK_RAISES(kaa_build(ctx, "(N[sN]){N:N}", kaa_incref(ctx, list), "\xff",
                           kaa_incref(ctx, list), kaa_incref(ctx, list),
                           kaa_incref(ctx, list)) == NULL,
                 KAA_UNICODE_DECODE_ERROR, NULL);
    CHECK_REF(list, 1);
    CHECK_RAISES(kaa_build(ctx, "{N:i}N", kaa_incref(ctx, list), 1,
                           kaa_incref(ctx, list)) == NULL,
                 KAA_TYPE_ERROR, "unhashable");
    CHECK_REF(list, 1);
    kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "mine");
    CHECK_RAISES(kaa_build(ctx, "iO", 1, NULL) == NULL, KAA_KEY_ERROR, "mine");
    CHECK_RAISES(kaa_build(ctx, "iC", 1, 0x110000) == NULL, KAA_VALUE_ERROR,
                 "not in range");
}

KAA_TEST(malformed)
{
    kaa_context *ctx = fresh(t);

    CHECK_RAISES(kaa_build(ctx, "q") == NULL, KAA_SYSTEM_ERROR,
                 "bad format 'q', column 1: not a unit");
    CHECK_RAISES(kaa_build(ctx, "{s}") == NULL, KAA_SYSTEM_ERROR,
                 "column 3: a dict needs a value for each key");
    CHECK_RAISES(kaa_build(ctx, "(i]") == NULL, KAA_SYSTEM_ERROR,
                 "column 3: closes what is not open");
    CHECK_RAISES(kaa_build(ctx, "[i") == NULL, KAA_SYSTEM_ERROR,
                 "column 3: a bracket is not closed");
    CHECK_RAISES(kaa_build(ctx, "O!") == NULL, KAA_SYSTEM_ERROR, "column 2");
    CHECK_RAISES(kaa_build(ctx, "s*") == NULL, KAA_SYSTEM_ERROR, "column 2");
    CHECK_RAISES(kaa_build(ctx, "i|i") == NULL, KAA_SYSTEM_ERROR, "column 2");
}
