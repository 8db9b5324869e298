/* tests/call/signatures_common.c - what tests of calls and of closures share:
 * values for the generated signatures, and the comparison. */
#include <stdlib.h>
#include <strings.h>

#include "call/plan.h"
#include "call/signatures.h"

DEFERRABLE(free, void)
DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)

#define CELL 128u /* bytes for each value; no type of the tests is larger */
#define CELLS 34u

uint64_t signature_digest;

uint64_t
signature_hash(const signature_set *set, const signature_case *c,
               void *const *arguments)
{
    uint64_t h = 17;

    for (uint32_t i = 0; i < c->count; i++) {
        uint64_t value = set->types[c->types[i]].hash(arguments[i]);

        h = (h ^ value) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 29;
    }
    return h;
}

void
signature_prepare(kaa_test *t, const signature_set *set,
                  signature_values *values)
{
    CHECK_OK(kaa_ctype_table_create(&values->table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, values->table);
    values->bytes = aligned_alloc(64, CELL * CELLS);
    CHECK(values->bytes != NULL);
    DEFER(t, free, values->bytes);
    values->types = calloc(set->type_count, sizeof(*values->types));
    CHECK(values->types != NULL);
    DEFER(t, free, values->types);
    set->build(t, values->table, values->types);
    for (uint32_t i = 0; i < set->type_count; i++) {
        const signature_type *type = &set->types[i];

        if (kaa_ctype_size(values->types[i]) != type->size ||
            kaa_ctype_align(values->types[i]) != type->align)
            FAIL("%s: size %u, alignment %u; %s: %zu, %zu", type->name,
                 (unsigned)kaa_ctype_size(values->types[i]),
                 kaa_ctype_align(values->types[i]), set->compiler, type->size,
                 type->align);
        CHECK(type->size <= CELL);
    }
}

static const kaa_ctype *
function_type(kaa_test *t, const signature_case *c,
              const signature_values *values)
{
    kaa_ctype_parameter parameters[32] = {{NULL, NULL}};
    const kaa_ctype *type = NULL;

    CHECK(c->count <= 32);
    for (uint32_t i = 0; i < c->count; i++)
        parameters[i].type = values->types[c->types[i]];
    CHECK_OK(kaa_ctype_function(values->table,
                                c->result < 0 ? kaa_ctype_basic(KAA_CTYPE_VOID)
                                              : values->types[c->result],
                                parameters, c->count,
                                c->fixed != 0 ? KAA_CTYPE_VARIADIC : 0, &type,
                                &t->err));
    return type;
}

static int
is_clang(const signature_set *set)
{
    return strcasecmp(set->compiler, "clang") == 0;
}

void
signature_begin(kaa_test *t, const signature_set *set, const signature_case *c,
                signature_values *values)
{
    uint64_t state = c->count + 1;

    values->type = function_type(t, c, values);
    memset(values->bytes, 0, CELL * CELLS);
    for (uint32_t i = 0; i < c->count; i++) {
        values->arguments[i] = values->bytes + i * CELL;
        set->types[c->types[i]].fill(values->arguments[i], &state);
    }
    values->expected = values->bytes + 32 * CELL;
    values->result = values->bytes + 33 * CELL;
    signature_digest = 0;
    c->call(c->function, values->expected, values->arguments);
    values->digest = signature_digest;
    values->is_sound =
        values->digest == signature_hash(set, c, values->arguments);
    /* clang 14 loses some 128-bit integers among variable arguments. */
    if (!values->is_sound && (c->fixed == 0 || !is_clang(set)))
        FAIL("%s: the compiler's own call has another digest", c->text);
    signature_digest = 0;
}

void
signature_compare(kaa_test *t, const signature_set *set,
                  const signature_case *c, const signature_values *values,
                  const char *how)
{
    if (signature_digest != values->digest)
        FAIL("%s [%s, %s]: the arguments arrived changed", c->text,
             set->compiler, how);
    if (c->result < 0)
        return;
    if (set->types[c->result].hash(values->result) !=
        set->types[c->result].hash(values->expected))
        FAIL("%s [%s, %s]: the result arrived changed", c->text, set->compiler,
             how);
}

int
signature_is_disputed(const signature_set *set, const signature_case *c,
                      const signature_values *values)
{
    kaa_call_options options = {.size = sizeof(options),
                                .fixed_count = c->fixed};
    kaa_call_plan *plan = NULL;
    int found = 0;

    if (!values->is_sound)
        return 1;
    if (!is_clang(set) ||
        kaa_call_plan_create(values->type, &options, &plan, NULL) != KAA_OK)
        return 0;
    for (uint32_t i = 0; i < c->count; i++) {
        kaa_ctype_kind kind = kaa_ctype_kind_of(values->types[c->types[i]]);

        if ((kind == KAA_CTYPE_INT128 || kind == KAA_CTYPE_UINT128) &&
            plan->places[i].offset[0] >= sizeof(kaa_call__frame))
            found = 1;
    }
    kaa_call_plan_destroy(plan);
    return found;
}

const kaa_ctype *
signature_pointer(kaa_test *t, kaa_ctype_table *table)
{
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_pointer(table, kaa_ctype_basic(KAA_CTYPE_VOID), &type,
                               &t->err));
    return type;
}

const kaa_ctype *
signature_array(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *element,
                uint64_t count)
{
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_array(table, element, count, &type, &t->err));
    return type;
}

const kaa_ctype *
signature_enum(kaa_test *t, kaa_ctype_table *table, const char *name,
               int64_t low, int64_t high)
{
    const kaa_ctype_enumerator values[] = {{.name = "low", .value = low},
                                           {.name = "high", .value = high}};
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_enum(table, name, strlen(name), &type, &t->err));
    CHECK_OK(kaa_ctype_enum_define(table, type, values, 2, NULL, &t->err));
    return type;
}

const kaa_ctype *
signature_record(kaa_test *t, kaa_ctype_table *table, kaa_ctype_kind kind,
                 const char *tag, const kaa_ctype_member *members,
                 uint32_t count, int is_packed, uint32_t align)
{
    kaa_ctype_record_options options = {
        .size = sizeof(options),
        .flags = is_packed ? (uint32_t)KAA_CTYPE_PACKED : 0,
        .align = align};
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_record(table, kind, tag, strlen(tag), &type, &t->err));
    CHECK_OK(kaa_ctype_record_define(table, type, members, count, &options,
                                     &t->err));
    return type;
}
