/* ctype/record.c - what is refused in records, and that a refused definition
 * leaves them as they were. Layouts are in layout.c. */
#include "ctype/help.h"

#include <stdio.h>

/* That the members are refused, the one numbered `at` being at fault. */
static void
refused(kaa_test *t, kaa_ctype_table *table, kaa_ctype_kind kind,
        const kaa_ctype_member *members, uint32_t count, uint32_t at,
        const char *why)
{
    const kaa_ctype *made = record(t, table, kind, "r");

    CHECK_STATUS(
        kaa_ctype_record_define(table, made, members, count, NULL, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_HAS(t->err.message, why);
    CHECK_EQ(t->err.argument, at);
    CHECK_EQ(kaa_ctype_is_complete(made), 0);
    CHECK_EQ(kaa_ctype_count(made), 0);
    CHECK_EQ(kaa_ctype_members(made), NULL);
    CHECK_EQ(kaa_ctype_size(made), 0);
    CHECK_EQ(kaa_ctype_align(made), 1);
}

static void
refused_second(kaa_test *t, kaa_ctype_table *table, kaa_ctype_member second,
               const char *why)
{
    kaa_ctype_member members[] = {
        {.name = "first", .type = BASIC(INT), .bit_width = PLAIN}, second};

    refused(t, table, KAA_CTYPE_STRUCT, members, 2, 1, why);
    refused(t, table, KAA_CTYPE_UNION, members, 2, 1, why);
}

#define BITS(name_, type_, width)                                              \
    (kaa_ctype_member)                                                         \
    {                                                                          \
        .name = (name_), .type = (type_), .bit_width = (width)                 \
    }
#define MEMBER(name_, type_) BITS(name_, type_, PLAIN)

KAA_TEST(members_that_cannot_be)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *f = function(t, table, BASIC(INT), NULL, 0, 0);
    kaa_ctype_member m = MEMBER("m", BASIC(INT));

    refused_second(t, table, MEMBER("m", NULL), "type");
    refused_second(t, table, MEMBER("m", BASIC(VOID)), "incomplete");
    refused_second(t, table, MEMBER("m", f), "function");
    refused_second(t, table,
                   MEMBER("m", record(t, table, KAA_CTYPE_UNION, "u")),
                   "incomplete");
    refused_second(t, table, MEMBER(NULL, BASIC(INT)), "without a name");
    refused_second(t, table, MEMBER("", BASIC(INT)), "empty");
    m.align = 24;
    refused_second(t, table, m, "power of two");
    m = MEMBER("m", BASIC(INT));
    m.flags = KAA_CTYPE_FLEXIBLE;
    refused_second(t, table, m, "bits");
    m = MEMBER("m", BASIC(INT));
    m.scope = 5;
    refused_second(t, table, m, "bits");
}

KAA_TEST(bit_fields_that_cannot_be)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *e = NULL;

    CHECK_OK(kaa_ctype_enum(table, "e", 1, &e, &t->err));
    refused_second(t, table, BITS("b", BASIC(INT), 33), "wider");
    refused_second(t, table, BITS("b", BASIC(BOOL), 2), "wider");
    refused_second(t, table, BITS("b", BASIC(CHAR), 9), "wider");
    refused_second(t, table, BITS("b", BASIC(INT128), 129), "wider");
    refused_second(t, table, BITS("b", BASIC(INT), 0), "width 0");
    refused_second(t, table, BITS("b", BASIC(FLOAT), 3), "integer");
    refused_second(t, table, BITS("b", pointer_to(t, table, BASIC(INT)), 3),
                   "integer");
    refused_second(t, table, BITS("b", BASIC(VALIST), 3), "integer");
    refused_second(t, table, BITS("b", e, 3), "incomplete");
    refused_second(
        t, table,
        BITS("b", qualified(t, table, BASIC(INT), KAA_CTYPE_ATOMIC, 0), 3),
        "_Atomic");
}

KAA_TEST(names_that_stand_twice)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *in = record(t, table, KAA_CTYPE_UNION, NULL);
    const kaa_ctype *middle = record(t, table, KAA_CTYPE_STRUCT, NULL);
    kaa_ctype_member x = MEMBER("first", BASIC(INT));
    kaa_ctype_member many[100];
    char names[100][8];

    refused_second(t, table, MEMBER("first", BASIC(CHAR)), "two members first");
    CHECK_OK(kaa_ctype_record_define(table, in, &x, 1, NULL, &t->err));
    x = MEMBER(NULL, in);
    CHECK_OK(kaa_ctype_record_define(table, middle, &x, 1, NULL, &t->err));
    refused_second(t, table, MEMBER(NULL, middle), "two members first");
    /* With a name it opens no door. */
    kaa_ctype_member fine[] = {MEMBER("first", BASIC(INT)),
                               MEMBER("second", middle)};
    CHECK_OK(kaa_ctype_record_define(table,
                                     record(t, table, KAA_CTYPE_STRUCT, "s"),
                                     fine, 2, NULL, &t->err));
    for (uint32_t i = 0; i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), "m%u", i);
        many[i] = MEMBER(names[i], BASIC(INT));
    }
    many[99].name = "m50";
    refused(t, table, KAA_CTYPE_STRUCT, many, 100, 99, "m50");
}

KAA_TEST(flexible_arrays_stand_last)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *open =
        array_of(t, table, BASIC(INT), KAA_CTYPE_UNKNOWN_COUNT);
    kaa_ctype_member members[] = {MEMBER("a", open), MEMBER("b", BASIC(INT))};
    const kaa_ctype *made = record(t, table, KAA_CTYPE_UNION, NULL);

    refused(t, table, KAA_CTYPE_STRUCT, members, 2, 0, "last");
    CHECK_OK(kaa_ctype_record_define(table, made, members, 2, NULL, &t->err));
    CHECK_EQ(kaa_ctype_flags(made), KAA_CTYPE_FLEXIBLE);
    CHECK_EQ(kaa_ctype_size(made), sizeof(int));
}

KAA_TEST(records_beyond_all_sizes)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *half =
        array_of(t, table, BASIC(CHAR), (uint64_t)PTRDIFF_MAX / 16 + 1);
    const kaa_ctype *most = array_of(t, table, BASIC(CHAR), PTRDIFF_MAX);
    kaa_ctype_member members[] = {MEMBER("a", half), MEMBER("b", half),
                                  MEMBER("c", half)};
    const kaa_ctype *made = record(t, table, KAA_CTYPE_UNION, NULL);

    refused(t, table, KAA_CTYPE_STRUCT, members, 3, 1, "too large");
    members[0].type = most;
    refused(t, table, KAA_CTYPE_STRUCT, members, 1, 0, "too large");
    refused(t, table, KAA_CTYPE_UNION, members, 1, 0, "too large");
    members[0].type = half;
    members[0].align = 1u << 28;
    CHECK_OK(kaa_ctype_record_define(table, made, members, 3, NULL, &t->err));
    CHECK_EQ(kaa_ctype_align(made), 1 << 28);
    /* A rounded size may be the one that is too large. */
    members[0].type = array_of(t, table, BASIC(CHAR), PTRDIFF_MAX / 8);
    refused(t, table, KAA_CTYPE_STRUCT, members, 1, 0, "too large");
}

KAA_TEST(records_are_defined_once_and_by_their_table)
{
    kaa_ctype_table *table = new_table(t), *other = new_table(t);
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "r");
    const kaa_ctype *out = NULL;
    kaa_ctype_member m = MEMBER("m", made);

    CHECK_STATUS(kaa_ctype_record_define(table, made, &m, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT); /* holds itself */
    m.type = pointer_to(t, table, made);
    CHECK_STATUS(kaa_ctype_record_define(other, made, &m, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_record_define(table, BASIC(INT), &m, 1, NULL, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_record_define(table, made, NULL, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_record_define(NULL, made, &m, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_record_define(table, NULL, &m, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_OK(kaa_ctype_record_define(table, made, &m, 1, NULL, &t->err));
    CHECK_EQ(kaa_ctype_target(kaa_ctype_members(made)[0].type), made);
    CHECK_STATUS(kaa_ctype_record_define(table, made, &m, 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_HAS(t->err.message, "complete already");
    CHECK_STATUS(kaa_ctype_record(table, KAA_CTYPE_ENUM, "e", 1, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_record(table, KAA_CTYPE_STRUCT, "", 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_record(NULL, KAA_CTYPE_STRUCT, "r", 1, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_EQ(out, NULL);
    CHECK(record(t, table, KAA_CTYPE_STRUCT, "r") != made);
    CHECK_STR(kaa_ctype_name(made), "r");
    CHECK_EQ(kaa_ctype_name(record(t, table, KAA_CTYPE_UNION, NULL)), NULL);
}

KAA_TEST(options_that_cannot_be)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "r");
    kaa_ctype_record_options options[] = {
        {.size = sizeof(options[0]), .flags = KAA_CTYPE_FLEXIBLE},
        {.size = sizeof(options[0]), .align = 3},
        {.size = sizeof(options[0]), .align = 1u << 31},
        {.size = sizeof(options[0]), .pack = 3},
        {.size = sizeof(options[0]), .pack = 32}};
    struct {
        kaa_ctype_record_options known;
        uint32_t newer;
    } longer = {.known = {.size = sizeof(longer)}, .newer = 1};

    for (uint32_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        CHECK_STATUS(
            kaa_ctype_record_define(table, made, NULL, 0, &options[i], &t->err),
            KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_record_define(table, made, NULL, 0, &longer.known, &t->err),
        KAA_UNSUPPORTED);
    CHECK_EQ(kaa_ctype_is_complete(made), 0);
    longer.newer = 0;
    CHECK_OK(
        kaa_ctype_record_define(table, made, NULL, 0, &longer.known, &t->err));
}

KAA_TEST(records_in_records_have_an_end)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *inner = BASIC(INT);
    kaa_status status = KAA_OK;
    int depth = 0;

    while (status == KAA_OK) {
        const kaa_ctype *outer =
            alias(t, table, "outer", record(t, table, KAA_CTYPE_STRUCT, NULL));
        kaa_ctype_member m = MEMBER(depth == 0 ? "x" : NULL, inner);

        status = kaa_ctype_record_define(table, kaa_ctype_strip(outer), &m, 1,
                                         NULL, &t->err);
        inner = outer;
        CHECK(++depth < 100000);
    }
    CHECK_STATUS(status, KAA_LIMIT);
    CHECK(depth >= 100);
}

KAA_TEST(chains_of_pointers_to_records_have_none)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *next = BASIC(INT);
    int count = kaa_test_is_fault_run() ? 5 : 20000;

    for (int i = 0; i < count; i++) {
        const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "link");
        kaa_ctype_member m = MEMBER("next", pointer_to(t, table, next));

        CHECK_OK(kaa_ctype_record_define(table, made, &m, 1, NULL, &t->err));
        next = alias(t, table, "link", made);
    }
    CHECK_EQ(kaa_ctype_size(next), sizeof(void *));
}
