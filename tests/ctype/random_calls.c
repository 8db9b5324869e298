/* ctype/random_calls.c - calls with random arguments, right and wrong.
 *
 * Nothing may crash, what is refused may leave no trace, and what is made must
 * keep the table's invariants, print, and be the same as itself. The seed is
 * fixed.
 */
#include "ctype/help.h"

#include <stdio.h>

#include "ctype/intern.h"

#define TYPES_MAX 400u

typedef struct run {
    kaa_test_random random;
    kaa_ctype_table *table;
    kaa_test *t;
    uint32_t count;
    uint32_t refused;
    const kaa_ctype *types[TYPES_MAX];
} run;

static uint32_t
below(run *r, uint32_t limit)
{
    return (uint32_t)kaa_test_below(&r->random, limit);
}

static const kaa_ctype *
any_type(run *r)
{
    if (below(r, 60) == 0)
        return NULL;
    if (r->count == 0 || below(r, 2) == 0)
        return kaa_ctype_basic((kaa_ctype_kind)below(r, 27));
    return r->types[below(r, r->count)];
}

static uint32_t
any_align(run *r)
{
    switch (below(r, 8)) {
    case 0:
        return 1u << below(r, 32);
    case 1:
        return below(r, 40);
    default:
        return 0;
    }
}

static uint64_t
any_count(run *r)
{
    switch (below(r, 8)) {
    case 0:
        return KAA_CTYPE_UNKNOWN_COUNT;
    case 1:
        return kaa_test_next(&r->random) >> below(r, 64);
    default:
        return below(r, 5);
    }
}

static const char *
any_name(run *r)
{
    static const char *const names[] = {"a", "b", "c", "d", "e",  "f",  "g",
                                        "h", "i", "j", "",  NULL, NULL, "k"};

    return names[below(r, 14)];
}

static kaa_status
define_record(run *r, const kaa_ctype **out)
{
    kaa_ctype_member members[6];
    kaa_ctype_record_options options = {.size = sizeof(options)};
    uint32_t count = below(r, 7);
    kaa_ctype_kind kind = below(r, 3) == 0 ? KAA_CTYPE_UNION : KAA_CTYPE_STRUCT;
    const char *tag = any_name(r);
    kaa_status status = kaa_ctype_record(
        r->table, kind, tag, tag != NULL ? strlen(tag) : 0, out, &r->t->err);

    if (status != KAA_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        members[i] = (kaa_ctype_member){
            .name = any_name(r),
            .type = any_type(r),
            .bit_width = below(r, 2) == 0 ? PLAIN : below(r, 34),
            .align = any_align(r),
            .flags = below(r, 6) == 0 ? below(r, 3) : 0};
    options.flags = below(r, 4) == 0 ? below(r, 3) : 0;
    options.align = any_align(r);
    options.pack = below(r, 3) == 0 ? 1u << below(r, 6) : 0;
    status = kaa_ctype_record_define(r->table, *out, members, count, &options,
                                     &r->t->err);
    /* A record that was refused stays, incomplete: it is a type, too. */
    if (status != KAA_OK && status != KAA_NO_MEMORY) {
        r->refused++;
        return KAA_OK;
    }
    return status;
}

static kaa_status
define_enum(run *r, const kaa_ctype **out)
{
    kaa_ctype_enumerator parts[4];
    kaa_ctype_enum_options options = {.size = sizeof(options)};
    uint32_t count = below(r, 5);
    kaa_status status = kaa_ctype_enum(r->table, "e", 1, out, &r->t->err);

    if (status != KAA_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        parts[i] = (kaa_ctype_enumerator){
            .name = any_name(r),
            .value = (int64_t)kaa_test_next(&r->random) >> below(r, 64),
            .is_unsigned = (int32_t)below(r, 2)};
    options.flags = below(r, 3);
    options.underlying = below(r, 3) == 0 ? any_type(r) : NULL;
    status = kaa_ctype_enum_define(r->table, *out, parts, count, &options,
                                   &r->t->err);
    return status == KAA_NO_MEMORY ? status : KAA_OK;
}

static kaa_status
make_function(run *r, const kaa_ctype **out)
{
    kaa_ctype_parameter parameters[20];
    uint32_t count = below(r, 8) == 0 ? below(r, 21) : below(r, 4);

    for (uint32_t i = 0; i < count; i++)
        parameters[i] = (kaa_ctype_parameter){any_name(r), any_type(r)};
    return kaa_ctype_function(r->table, any_type(r), parameters, count,
                              below(r, 5), out, &r->t->err);
}

static kaa_status
make(run *r, const kaa_ctype **out)
{
    const char *name = any_name(r);

    switch (below(r, 8)) {
    case 0:
        return kaa_ctype_pointer(r->table, any_type(r), out, &r->t->err);
    case 1:
        return kaa_ctype_array(r->table, any_type(r), any_count(r), out,
                               &r->t->err);
    case 2:
        return kaa_ctype_qualified(r->table, any_type(r), below(r, 17),
                                   any_align(r), out, &r->t->err);
    case 3:
        return kaa_ctype_typedef(r->table, name,
                                 name != NULL ? strlen(name) : 3, any_type(r),
                                 out, &r->t->err);
    case 4:
        return make_function(r, out);
    case 5:
        return define_enum(r, out);
    default:
        return define_record(r, out);
    }
}

static void
look_at(run *r, kaa_test *t, const kaa_ctype *type)
{
    const kaa_ctype *other = r->types[below(r, r->count)];
    char text[256];

    CHECK(kaa_ctype_strip(type) != NULL);
    CHECK(kaa_ctype_align(type) != 0);
    CHECK_EQ(kaa_ctype_same(type, type), 1);
    CHECK_EQ(kaa_ctype_same(type, other), kaa_ctype_same(other, type));
    CHECK(kaa_ctype_print(type, "x", text, sizeof(text)) > 0);
    CHECK(kaa_ctype_print_definition(type, text, sizeof(text)) > 0);
}

static void
one_table(kaa_test *t, uint64_t seed)
{
    static run r;

    memset(&r, 0, sizeof(r));
    r.random.state = seed;
    r.t = t;
    r.table = new_table(t);
    while (r.count < TYPES_MAX) {
        const kaa_ctype *made = NULL;
        kaa_status status = make(&r, &made);

        if (status == KAA_OK) {
            CHECK(made != NULL);
            r.types[r.count++] = made;
        } else {
            CHECK(t->err.status == (int32_t)status);
            CHECK(t->err.message[0] != '\0');
            if (status != KAA_INVALID_ARGUMENT && status != KAA_LIMIT)
                CHECK_OK(status);
            r.refused++;
        }
        if (kaa_test_is_fault_run() && r.count == 60)
            break;
    }
    CHECK_STR(kaa_ctype__verify(r.table), NULL);
    for (uint32_t i = 0; i < r.count; i++)
        look_at(&r, t, r.types[i]);
    CHECK(r.refused > 0);
}

KAA_TEST(random_calls_keep_the_invariants)
{
    uint64_t tables = kaa_test_is_fault_run() ? 1 : 150;

    for (uint64_t i = 1; i <= tables; i++)
        one_table(t, i * 1000003);
}

KAA_TEST(verify_finds_what_is_broken)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "s");
    const kaa_ctype *p = pointer_to(t, table, made);
    const kaa_ctype *a = array_of(t, table, BASIC(INT), 3);
    kaa_ctype_member members[] = {
        {.name = "x", .type = BASIC(INT), .bit_width = PLAIN},
        {.name = "y", .type = BASIC(INT), .bit_width = PLAIN}};

    CHECK_OK(kaa_ctype_record_define(table, made, members, 2, NULL, &t->err));
    CHECK_STR(kaa_ctype__verify(table), NULL);

    kaa_ctype *broken = kaa_ctype__writable(a);
    broken->size = 11;
    CHECK_HAS(kaa_ctype__verify(table), "elements");
    broken->size = 12;
    broken->count = 4;
    CHECK_HAS(kaa_ctype__verify(table), "changed");
    broken->count = 3;
    broken = kaa_ctype__writable(made);
    broken->size = 4;
    CHECK_HAS(kaa_ctype__verify(table), "beyond");
    broken->size = 7;
    CHECK_HAS(kaa_ctype__verify(table), "multiple");
    broken->size = 8;
    broken->align = 3;
    CHECK_HAS(kaa_ctype__verify(table), "power of two");
    broken->align = 4;
    broken = kaa_ctype__writable(p);
    broken->stripped = made;
    CHECK_HAS(kaa_ctype__verify(table), "strips");
    broken->stripped = p;
    table->count++;
    CHECK_HAS(kaa_ctype__verify(table), "counted");
    table->count--;
    CHECK_STR(kaa_ctype__verify(table), NULL);
}
