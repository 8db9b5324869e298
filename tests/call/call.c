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

/* Registers full of what no narrow result may show. */
static uint64_t
garbage(void)
{
    return UINT64_C(0xDEADBEEFCAFEFE81);
}

KAA_TEST(narrow_results_lose_the_registers_upper_bits)
{
    static const struct {
        kaa_ctype_kind kind;
        int64_t expected;
    } cases[] = {
        {KAA_CTYPE_SCHAR, -127},
        {KAA_CTYPE_UCHAR, 0x81},
        {KAA_CTYPE_SHORT, (int16_t)0xFE81},
        {KAA_CTYPE_USHORT, 0xFE81},
        {KAA_CTYPE_INT, (int32_t)0xCAFEFE81},
        {KAA_CTYPE_UINT, 0xCAFEFE81},
        {KAA_CTYPE_LONG, (int64_t)UINT64_C(0xDEADBEEFCAFEFE81)},
        {KAA_CTYPE_BOOL, 1},
        {KAA_CTYPE_VOID, 0},
    };
    kaa_ctype_table *table = new_table(t);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const kaa_ctype *type = FUNCTION(t, table, 0, cases[i].kind);
        kaa_call_plan *plan = new_plan(t, type, 0, 0);
        kaa_call__frame frame;

        if (!kaa_call_plan_is_direct(plan))
            continue;
        kaa_call__run(plan, (kaa_function)garbage, &frame);
        CHECK_EQ(frame.result.words[0], cases[i].expected);
    }
}

KAA_TEST(shapes_are_what_plan_h_says)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype_kind d = KAA_CTYPE_DOUBLE, i = KAA_CTYPE_INT;
    kaa_call_plan *plan;

    if (!KAA_CALL__DIRECT)
        SKIP("no calling convention of kaa's own on this machine");
    plan = new_plan(t, FUNCTION(t, table, 0, d, d, d), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_D_DD);
    plan = new_plan(t, FUNCTION(t, table, 0, KAA_CTYPE_FLOAT, d), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_D_D);
    plan = new_plan(t, FUNCTION(t, table, 0, KAA_CTYPE_VOID), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_I_);
    plan = new_plan(t, FUNCTION(t, table, 0, i, i, i, i, i, i, i), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_I_IIIIII);
    plan = new_plan(t, FUNCTION(t, table, 0, d, i, i), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_D_II);
    plan = new_plan(t, FUNCTION(t, table, 0, i, d, d), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_I_DD);
    plan = new_plan(t, FUNCTION(t, table, 0, d, d, i), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_ANY);
    plan = new_plan(t, FUNCTION(t, table, 0, i, i), KAA_CALL_ERRNO, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_ANY);
    plan = new_plan(t, FUNCTION(t, table, KAA_CTYPE_VARIADIC, i, i), 0, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_ANY);
    plan = new_plan(t, FUNCTION(t, table, 0, d, d), KAA_CALL_LIBFFI, 0);
    CHECK_EQ(plan->shape, KAA_CALL__SHAPE_LIBFFI);
}

/* A record of any members; ends the test where memory is short. */
static const kaa_ctype *
record(kaa_test *t, kaa_ctype_table *table, const kaa_ctype_member *members,
       uint32_t count)
{
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_record(table, KAA_CTYPE_STRUCT, "s", 1, &type, &t->err));
    if (members != NULL)
        CHECK_OK(kaa_ctype_record_define(table, type, members, count, NULL,
                                         &t->err));
    return type;
}

static void
refuses(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *result,
        const kaa_ctype *argument, uint32_t number, const char *message)
{
    kaa_ctype_parameter parameters[] = {{NULL, kaa_ctype_basic(KAA_CTYPE_INT)},
                                        {NULL, argument}};
    const kaa_ctype *type = NULL;
    kaa_call_plan *plan = NULL;

    CHECK_OK(
        kaa_ctype_function(table, result, parameters, 2, 0, &type, &t->err));
    CHECK_STATUS(kaa_call_plan_create(type, NULL, &plan, &t->err),
                 KAA_UNSUPPORTED);
    CHECK_EQ(t->err.argument, number);
    CHECK_HAS(t->err.message, message);
    CHECK(plan == NULL);
}

#if defined(__s390x__)
#define IS_S390X 1
#else
#define IS_S390X 0
#endif

KAA_TEST(types_that_cannot_be_passed_are_named)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *nothing = kaa_ctype_basic(KAA_CTYPE_VOID);
    const kaa_ctype *real = kaa_ctype_basic(KAA_CTYPE_FLOAT128);
    const uint32_t whole = KAA_CTYPE_NOT_A_BIT_FIELD;
    kaa_ctype_member wide = {.name = "m", .type = real, .bit_width = whole};
    kaa_ctype_member unnamed[] = {
        {.type = kaa_ctype_basic(KAA_CTYPE_INT), .bit_width = 32},
        {.name = "f",
         .type = kaa_ctype_basic(KAA_CTYPE_FLOAT),
         .bit_width = whole}};
    kaa_ctype_member far = {.name = "m",
                            .type = kaa_ctype_basic(KAA_CTYPE_INT),
                            .bit_width = whole,
                            .align = 64};

    refuses(t, table, nothing, real, 1, "cannot be passed by value");
    refuses(t, table, real, kaa_ctype_basic(KAA_CTYPE_INT), KAA_NO_ARGUMENT,
            "cannot be passed by value");
    refuses(t, table, nothing, record(t, table, NULL, 0), 1,
            "struct s is incomplete");
    /* On s390x it goes by reference, as anything of its size does. */
    if (!IS_S390X)
        refuses(t, table, nothing, record(t, table, &wide, 1), 1,
                KAA_CALL__DIRECT
                    ? "is of a type that kaa does not pass by value"
                    : "unusual types");
    if (KAA_CALL__SYSV)
        refuses(t, table, nothing, record(t, table, unnamed, 2), 1,
                "gcc and clang pass differently");
    refuses(t, table, nothing, record(t, table, &far, 1), 1,
            "has an alignment above 16");
}

/* The array of arguments is as long as there are arguments: a read beyond it
 * ends the process. */
KAA_TEST(no_more_arguments_are_looked_at_than_there_are)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype_kind d = KAA_CTYPE_DOUBLE;
    double x = 2, y = 3, z = 0;
    void **arguments =
        (void **)(void *)kaa_test_memory_end(t, 2 * sizeof(void *)) - 2;

    arguments[0] = &x;
    arguments[1] = &y;
    for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {
        kaa_call_plan *plan =
            new_plan(t, FUNCTION(t, table, 0, d, d, d), flags, 0);

        CHECK_OK(
            kaa_call_invoke(plan, (kaa_function)pow, &z, arguments, &t->err));
        CHECK(z == 8.0);
    }
}

KAA_TEST(mistakes_are_refused)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype_kind i = KAA_CTYPE_INT;
    const kaa_ctype *type = FUNCTION(t, table, 0, i, i);
    const kaa_ctype *open =
        FUNCTION(t, table, KAA_CTYPE_VARIADIC, i, i, KAA_CTYPE_FLOAT);
    kaa_call_options options = {.size = sizeof(options), .flags = 1u << 9};
    kaa_call_plan *plan = NULL;
    int value = 1, got = 0;
    void *arguments[] = {&value, NULL};
    void *none[] = {NULL};

    CHECK_STATUS(kaa_call_plan_create(NULL, NULL, &plan, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_plan_create(kaa_ctype_basic(i), NULL, &plan, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_plan_create(type, NULL, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_plan_create(type, &options, &plan, &t->err),
                 KAA_INVALID_ARGUMENT);
    options.flags = 0;
    options.fixed_count = 1;
    CHECK_STATUS(kaa_call_plan_create(type, &options, &plan, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_plan_create(open, &options, &plan, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 1);
    CHECK_HAS(t->err.message, "float cannot be a variable argument: C "
                              "promotes it to double");
    plan = new_plan(t, type, 0, 0);
    CHECK_STATUS(
        kaa_call_invoke(NULL, (kaa_function)abs, &got, arguments, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_invoke(plan, NULL, &got, arguments, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_call_invoke(plan, (kaa_function)abs, NULL, arguments, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_invoke(plan, (kaa_function)abs, &got, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_invoke(plan, (kaa_function)abs, &got, none, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 0);
    kaa_call_plan_destroy(NULL);
    CHECK_EQ(kaa_call_plan_is_direct(NULL), 0);
}

/* A record far too large for registers, and for a frame on the stack. */
typedef struct large {
    int values[1500];
} large;

static large
negate(large value)
{
    for (size_t i = 0; i < 1500; i++)
        value.values[i] = -value.values[i];
    return value;
}

KAA_TEST(large_records_travel_by_value)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *array = NULL, *structure, *type = NULL;
    kaa_ctype_member member = {.name = "values",
                               .bit_width = KAA_CTYPE_NOT_A_BIT_FIELD};
    kaa_ctype_parameter parameter = {NULL, NULL};
    static large value, got;
    void *arguments[] = {&value};

    CHECK_OK(kaa_ctype_array(table, kaa_ctype_basic(KAA_CTYPE_INT), 1500,
                             &array, &t->err));
    member.type = array;
    parameter.type = structure = record(t, table, &member, 1);
    CHECK_OK(
        kaa_ctype_function(table, structure, &parameter, 1, 0, &type, &t->err));
    for (int i = 0; i < 1500; i++)
        value.values[i] = i;
    CHECK_OK(kaa_call_invoke(new_plan(t, type, 0, 0), (kaa_function)negate,
                             &got, arguments, &t->err));
    for (int i = 0; i < 1500; i++)
        CHECK_EQ(got.values[i], -i);
}
