/* tests/call/call.c - plans and calls, written by hand; the generated
 * signatures are in tests/call/signatures.py. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <kaa/call.h>

#include "call/plan.h"
#include "kaa_test.h"

DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_call_plan_destroy, kaa_call_plan)

static kaa_ctype_table *
new_table(kaa_test *t)
{
    kaa_ctype_table *table = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    return table;
}

/* A function type of basic types: the result's kind, then the parameters'. */
static const kaa_ctype *
basic_function(kaa_test *t, kaa_ctype_table *table, uint32_t flags,
               uint32_t count, const kaa_ctype_kind *kinds)
{
    kaa_ctype_parameter parameters[32];
    const kaa_ctype *type = NULL;

    CHECK(count <= 33 && count >= 1);
    for (uint32_t i = 1; i < count; i++)
        parameters[i - 1] =
            (kaa_ctype_parameter){NULL, kaa_ctype_basic(kinds[i])};
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(kinds[0]), parameters,
                                count - 1, flags, &type, &t->err));
    return type;
}

#define FUNCTION(t, table, flags, ...)                                         \
    basic_function(t, table, flags,                                            \
                   sizeof((kaa_ctype_kind[]){__VA_ARGS__}) /                   \
                       sizeof(kaa_ctype_kind),                                 \
                   (kaa_ctype_kind[]){__VA_ARGS__})

static kaa_call_plan *
new_plan(kaa_test *t, const kaa_ctype *type, uint32_t flags, uint32_t fixed)
{
    kaa_call_options options = {
        .size = sizeof(options), .flags = flags, .fixed_count = fixed};
    kaa_call_plan *plan = NULL;

    CHECK_OK(kaa_call_plan_create(type, &options, &plan, &t->err));
    DEFER(t, kaa_call_plan_destroy, plan);
    return plan;
}

KAA_TEST(pow_both_ways)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *type = FUNCTION(t, table, 0, KAA_CTYPE_DOUBLE,
                                     KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    double x = 2, y = 10, z = 0;
    void *arguments[] = {&x, &y};

    for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {
        kaa_call_plan *plan = new_plan(t, type, flags, 0);

        CHECK_EQ(kaa_call_plan_is_direct(plan), KAA_CALL__DIRECT && flags == 0);
        z = 0;
        CHECK_OK(
            kaa_call_invoke(plan, (kaa_function)pow, &z, arguments, &t->err));
        CHECK(z == 1024.0);
    }
}

static int32_t
narrow(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, int64_t f,
       int8_t g, int16_t h)
{
    return (int32_t)(a + b + c + d + e + f + g + h);
}

KAA_TEST(narrow_integers_are_extended)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *type =
        FUNCTION(t, table, 0, KAA_CTYPE_INT, KAA_CTYPE_SCHAR, KAA_CTYPE_UCHAR,
                 KAA_CTYPE_SHORT, KAA_CTYPE_USHORT, KAA_CTYPE_INT,
                 KAA_CTYPE_LONG, KAA_CTYPE_SCHAR, KAA_CTYPE_SHORT);
    int8_t a = -1, g = -100;
    uint8_t b = 255;
    int16_t c = -2, h = -30000;
    uint16_t d = 65535;
    int32_t e = -3, got;
    int64_t f = -4;
    void *arguments[] = {&a, &b, &c, &d, &e, &f, &g, &h};

    for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {
        kaa_call_plan *plan = new_plan(t, type, flags, 0);

        got = 0;
        CHECK_OK(kaa_call_invoke(plan, (kaa_function)narrow, &got, arguments,
                                 &t->err));
        CHECK_EQ(got, narrow(a, b, c, d, e, f, g, h));
    }
}

KAA_TEST(printf_takes_any_number)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *text = NULL, *type = NULL;
    kaa_ctype_parameter parameters[6] = {{NULL, NULL}};
    char buffer[64];
    char *out = buffer;
    const char *format = "%d %.2f %s";
    const char *word = "word";
    size_t size = sizeof(buffer);
    int number = -7, length = 0;
    double real = 1.5;
    void *arguments[] = {&out, &size, &format, &number, &real, &word};

    CHECK_OK(kaa_ctype_pointer(table, kaa_ctype_basic(KAA_CTYPE_CHAR), &text,
                               &t->err));
    parameters[0].type = parameters[2].type = parameters[5].type = text;
    parameters[1].type = kaa_ctype_basic(KAA_CTYPE_ULONG);
    parameters[3].type = kaa_ctype_basic(KAA_CTYPE_INT);
    parameters[4].type = kaa_ctype_basic(KAA_CTYPE_DOUBLE);
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(KAA_CTYPE_INT),
                                parameters, 6, KAA_CTYPE_VARIADIC, &type,
                                &t->err));
    for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {
        kaa_call_plan *plan = new_plan(t, type, flags, 3);

        memset(buffer, 0, sizeof(buffer));
        CHECK_OK(kaa_call_invoke(plan, (kaa_function)snprintf, &length,
                                 arguments, &t->err));
        CHECK_STR(buffer, "-7 1.50 word");
        CHECK_EQ(length, 12);
    }
}

static int
fails(int how)
{
    errno = how;
    return -1;
}

static int
succeeds(int how)
{
    return how;
}

KAA_TEST(errno_is_kept)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *type = FUNCTION(t, table, 0, KAA_CTYPE_INT, KAA_CTYPE_INT);
    int how = ENOTTY, got = 0;
    void *arguments[] = {&how};

    for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {
        kaa_call_plan *plan = new_plan(t, type, KAA_CALL_ERRNO | flags, 0);

        errno = EBADF;
        CHECK_OK(kaa_call_invoke(plan, (kaa_function)fails, &got, arguments,
                                 &t->err));
        errno = EBADF;
        CHECK_EQ(kaa_call_errno(), ENOTTY);
        CHECK_EQ(got, -1);
        CHECK_OK(kaa_call_invoke(plan, (kaa_function)succeeds, &got, arguments,
                                 &t->err));
        CHECK_EQ(kaa_call_errno(), 0);
        CHECK_EQ(got, ENOTTY);
    }
}
