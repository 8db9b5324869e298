/* ctype/enum.c - the integer type behind an enum, against the compiler. */
#include "ctype/help.h"

#include <limits.h>

/* Values that int does not hold are an extension before C23. */
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wtype-limits"

static const kaa_ctype *
enum_of(kaa_test *t, kaa_ctype_table *table, const int64_t *values,
        uint32_t count, uint32_t flags)
{
    static const char *const names[] = {"A", "B", "C", "D"};
    kaa_ctype_enumerator parts[4] = {{0}};
    kaa_ctype_enum_options options = {.size = sizeof(options), .flags = flags};
    const kaa_ctype *made = NULL;

    for (uint32_t i = 0; i < count; i++)
        parts[i] = (kaa_ctype_enumerator){.name = names[i], .value = values[i]};
    CHECK_OK(kaa_ctype_enum(table, "e", 1, &made, &t->err));
    CHECK_EQ(kaa_ctype_is_complete(made), 0);
    CHECK_EQ(kaa_ctype_target(made), NULL);
    CHECK_OK(
        kaa_ctype_enum_define(table, made, parts, count, &options, &t->err));
    CHECK_EQ(kaa_ctype_count(made), count);
    CHECK_EQ(kaa_ctype_is_complete(made), 1);
    CHECK_EQ(kaa_ctype_flags(made), flags);
    CHECK_STR(kaa_ctype_enumerators(made)[0].name, "A");
    return made;
}

/* The compiler's enum of two values, usual and packed, against kaa's. */
#define SAME_AS_COMPILER(low, high)                                            \
    do {                                                                       \
        enum usual { USUAL_LOW = (low), USUAL_HIGH = (high) };                 \
        enum __attribute__((packed)) small {                                   \
            SMALL_LOW = (low),                                                 \
            SMALL_HIGH = (high)                                                \
        };                                                                     \
        const int64_t values[] = {(low), (high)};                              \
        const kaa_ctype *made = enum_of(t, table, values, 2, 0);               \
        CHECK_EQ(kaa_ctype_size(made), sizeof(enum usual));                    \
        CHECK_EQ(kaa_ctype_align(made), _Alignof(enum usual));                 \
        CHECK_EQ(kaa_ctype_is_signed(made), (enum usual) - 1 < 0);             \
        made = enum_of(t, table, values, 2, KAA_CTYPE_PACKED);                 \
        CHECK_EQ(kaa_ctype_size(made), sizeof(enum small));                    \
        CHECK_EQ(kaa_ctype_align(made), _Alignof(enum small));                 \
        CHECK_EQ(kaa_ctype_is_signed(made), (enum small) - 1 < 0);             \
    } while (0)

KAA_TEST(sizes_and_signs_are_the_compilers)
{
    kaa_ctype_table *table = new_table(t);

    SAME_AS_COMPILER(0, 0);
    SAME_AS_COMPILER(0, 127);
    SAME_AS_COMPILER(0, 128);
    SAME_AS_COMPILER(0, 255);
    SAME_AS_COMPILER(0, 256);
    SAME_AS_COMPILER(0, 65535);
    SAME_AS_COMPILER(0, 65536);
    SAME_AS_COMPILER(0, INT_MAX);
    SAME_AS_COMPILER(0, UINT_MAX);
    SAME_AS_COMPILER(0, UINT_MAX + 1L);
    SAME_AS_COMPILER(0, LONG_MAX);
    SAME_AS_COMPILER(-1, 0);
    SAME_AS_COMPILER(-128, 127);
    SAME_AS_COMPILER(-129, 0);
    SAME_AS_COMPILER(-1, 128);
    SAME_AS_COMPILER(-32768, 32767);
    SAME_AS_COMPILER(-1, 32768);
    SAME_AS_COMPILER(INT_MIN, INT_MAX);
    SAME_AS_COMPILER(-1, INT_MAX + 1L);
    SAME_AS_COMPILER(INT_MIN - 1L, 0);
    SAME_AS_COMPILER(LONG_MIN, LONG_MAX);
}

KAA_TEST(the_integer_type_is_the_first_that_fits)
{
    kaa_ctype_table *table = new_table(t);
    int64_t values[] = {1, 2};

    CHECK_EQ(kaa_ctype_target(enum_of(t, table, values, 2, 0)), BASIC(UINT));
    values[0] = -1;
    CHECK_EQ(kaa_ctype_target(enum_of(t, table, values, 2, 0)), BASIC(INT));
    values[1] = INT64_C(1) << 40;
    CHECK_EQ(kaa_ctype_target(enum_of(t, table, values, 2, 0)), BASIC(LONG));
    values[0] = 0;
    CHECK_EQ(kaa_ctype_target(enum_of(t, table, values, 2, 0)), BASIC(ULONG));
    CHECK_EQ(kaa_ctype_enumerators(enum_of(t, table, values, 2, 0))[1].value,
             INT64_C(1) << 40);
}

KAA_TEST(values_above_int64)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *made = NULL;
    kaa_ctype_enumerator parts[] = {
        {.name = "TOP", .value = -1, .is_unsigned = 1},
        {.name = "LOW", .value = -1}};

    CHECK_OK(kaa_ctype_enum(table, NULL, 0, &made, &t->err));
    CHECK_STATUS(kaa_ctype_enum_define(table, made, parts, 2, NULL, &t->err),
                 KAA_INVALID_ARGUMENT); /* no type holds both */
    CHECK_EQ(kaa_ctype_is_complete(made), 0);
    CHECK_OK(kaa_ctype_enum_define(table, made, parts, 1, NULL, &t->err));
    CHECK_EQ(kaa_ctype_target(made), BASIC(ULONG));
    CHECK_EQ(kaa_ctype_enumerators(made)[0].is_unsigned, 1);
    CHECK_EQ(kaa_ctype_name(made), NULL);
}

static kaa_status
define_fixed(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *underlying,
             int64_t value, const kaa_ctype **out_made)
{
    kaa_ctype_enum_options options = {.size = sizeof(options),
                                      .underlying = underlying};
    kaa_ctype_enumerator part = {.name = "V", .value = value};

    CHECK_OK(kaa_ctype_enum(table, "fixed", 5, out_made, &t->err));
    return kaa_ctype_enum_define(table, *out_made, &part, 1, &options, &t->err);
}

KAA_TEST(a_given_integer_type)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *made = NULL, *another = NULL;
    const kaa_ctype *byte = alias(t, table, "byte", BASIC(UCHAR));
    kaa_ctype_enum_options options = {.size = sizeof(options),
                                      .underlying = BASIC(SHORT)};

    CHECK_OK(define_fixed(t, table, byte, 255, &made));
    CHECK_EQ(kaa_ctype_target(made), BASIC(UCHAR));
    CHECK_EQ(kaa_ctype_size(made), 1);
    CHECK_EQ(kaa_ctype_is_signed(made), 0);
    CHECK_STATUS(define_fixed(t, table, byte, 256, &another),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 0);
    CHECK_STATUS(define_fixed(t, table, byte, -1, &another),
                 KAA_INVALID_ARGUMENT);
    CHECK_OK(define_fixed(t, table, BASIC(SCHAR), -128, &another));
    CHECK_STATUS(define_fixed(t, table, BASIC(SCHAR), -129, &another),
                 KAA_INVALID_ARGUMENT);
    CHECK_OK(define_fixed(t, table, BASIC(BOOL), 1, &another));
    CHECK_STATUS(define_fixed(t, table, BASIC(BOOL), 2, &another),
                 KAA_INVALID_ARGUMENT);
    CHECK_OK(define_fixed(t, table, BASIC(INT128), INT64_MIN, &another));
    CHECK_STATUS(define_fixed(t, table, BASIC(UINT128), -1, &another),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(define_fixed(t, table, BASIC(FLOAT), 1, &another),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(define_fixed(t, table, made, 1, &another),
                 KAA_INVALID_ARGUMENT);
    /* `enum e : short;` has a size before it has names. */
    CHECK_OK(kaa_ctype_enum(table, "early", 5, &another, &t->err));
    CHECK_OK(kaa_ctype_enum_define(table, another, NULL, 0, &options, &t->err));
    CHECK_EQ(kaa_ctype_size(another), sizeof(short));
}

KAA_TEST(enums_that_cannot_be)
{
    kaa_ctype_table *table = new_table(t), *other = new_table(t);
    const kaa_ctype *made = NULL;
    kaa_ctype_enum_options options = {.size = sizeof(options), .flags = 2};
    kaa_ctype_enumerator parts[] = {{.name = "A", .value = 1},
                                    {.name = "A", .value = 2}};

    CHECK_OK(kaa_ctype_enum(table, "e", 1, &made, &t->err));
    CHECK_STATUS(kaa_ctype_enum_define(table, made, parts, 2, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 1);
    CHECK_HAS(t->err.message, "two enumerators A");
    parts[1].name = NULL;
    CHECK_STATUS(kaa_ctype_enum_define(table, made, parts, 2, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    parts[1].name = "";
    CHECK_STATUS(kaa_ctype_enum_define(table, made, parts, 2, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_enum_define(table, made, NULL, 0, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_enum_define(table, made, NULL, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_enum_define(table, made, parts, 1, &options, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_enum_define(other, made, parts, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_enum_define(table, BASIC(INT), parts, 1, NULL, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_enum_define(table, NULL, parts, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(kaa_ctype_enumerators(made), NULL);
    CHECK_OK(kaa_ctype_enum_define(table, made, parts, 1, NULL, &t->err));
    CHECK_STATUS(kaa_ctype_enum_define(table, made, parts, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_enum(NULL, "e", 1, &made, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_enum(table, "e", 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
}
