/* ctype/enum.c - enums and the integer type behind them. */
#include "ctype/intern.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"

/* What the values of an enum need. */
typedef struct range {
    int64_t min;  /* at most 0 */
    uint64_t max; /* of those that are not negative */
} range;

kaa_status
kaa_ctype_enum(kaa_ctype_table *table, const char *tag, size_t tag_length,
               const kaa_ctype **out_type, kaa_error *err)
{
    if (table == NULL || out_type == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "table and out_type may not be NULL");
    return kaa_ctype__new(table, KAA_CTYPE_ENUM, tag, tag_length, out_type,
                          err);
}

static int
holds(const kaa_ctype *integer, range values)
{
    uint64_t bits = kaa_ctype__size(integer) * 8;
    uint64_t max;

    if (kaa_ctype__kind(integer) == KAA_CTYPE_BOOL)
        return values.min == 0 && values.max <= 1;
    if (bits > 64)
        return kaa_ctype__is_signed(integer) || values.min == 0;
    if (!kaa_ctype__is_signed(integer))
        return values.min == 0 &&
               (bits == 64 || values.max < UINT64_C(1) << bits);
    max = (UINT64_C(1) << (bits - 1)) - 1;
    return values.max <= max && values.min >= -(int64_t)max - 1;
}

static range
range_with(range values, const kaa_ctype_enumerator *enumerator)
{
    int64_t value = enumerator->value;

    if (!enumerator->is_unsigned && value < 0)
        values.min = value < values.min ? value : values.min;
    else if ((uint64_t)value > values.max)
        values.max = (uint64_t)value;
    return values;
}

/* The integer type that gcc takes for such values; NULL if there is none. */
static const kaa_ctype *
choose(range values, int is_packed)
{
    static const uint8_t by_width[] = {
        KAA_CTYPE_UCHAR,  KAA_CTYPE_SCHAR, KAA_CTYPE_USHORT, KAA_CTYPE_SHORT,
        KAA_CTYPE_UINT,   KAA_CTYPE_INT,   KAA_CTYPE_ULONG,  KAA_CTYPE_LONG,
        KAA_CTYPE_ULLONG, KAA_CTYPE_LLONG};
    size_t count = sizeof(by_width) / sizeof(by_width[0]);

    for (size_t i = is_packed ? 0 : 4; i < count; i++)
        if (holds(&kaa_ctype__basics[by_width[i]], values))
            return &kaa_ctype__basics[by_width[i]];
    return NULL;
}

static kaa_status
check_definition(const kaa_ctype_table *table, const kaa_ctype *type,
                 const kaa_ctype_enumerator *enumerators, uint32_t count,
                 const kaa_ctype_enum_options *options, kaa_error *err)
{
    const char *fault = NULL;

    if (type->kind != KAA_CTYPE_ENUM)
        fault = "only an enum has enumerators";
    else if (type->table != table)
        fault = "the enum is of another table";
    else if (type->is_complete)
        fault = "the enum is complete already";
    else if (enumerators == NULL && count != 0)
        fault = "enumerators may not be NULL";
    else if (count == 0 && options->underlying == NULL)
        fault = "an enum without a given type has enumerators";
    else if ((options->flags & ~(uint32_t)KAA_CTYPE_PACKED) != 0)
        fault = "unknown flag";
    else if (options->underlying != NULL &&
             (!kaa_ctype__is_integer(options->underlying) ||
              kaa_ctype__kind(options->underlying) == KAA_CTYPE_ENUM))
        fault = "the type of an enum is an integer type";
    if (fault == NULL)
        return KAA_OK;
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                          fault);
}

/* Checks the names and values and copies them, names interned, to `own`. */
static kaa_status
adopt_enumerators(kaa_ctype_table *table,
                  const kaa_ctype_enumerator *enumerators, uint32_t count,
                  const kaa_ctype *underlying, kaa_ctype_enumerator *own,
                  kaa_base__table *names, kaa_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const kaa_ctype_enumerator *given = &enumerators[i];
        range alone = range_with((range){0, 0}, given);
        size_t length;

        if (given->name == NULL || given->name[0] == '\0')
            return kaa_base__fail(err, KAA_INVALID_ARGUMENT, i,
                                  "enumerator %u has no name", i + 1);
        if (underlying != NULL && !holds(underlying, alone))
            return kaa_base__fail(err, KAA_INVALID_ARGUMENT, i,
                                  "enumerator %s does not fit the enum's type",
                                  given->name);
        length = strlen(given->name);
        own[i] = *given;
        own[i].is_unsigned = given->is_unsigned != 0 && given->value < 0;
        own[i].name = kaa_ctype__intern_name(table, given->name, length);
        if (own[i].name == NULL)
            return kaa_base__fail_memory(err, "the name of an enumerator");
        if (kaa_base__table_get(names, own[i].name, length) != NULL)
            return kaa_base__fail(err, KAA_INVALID_ARGUMENT, i,
                                  "the enum has two enumerators %s",
                                  given->name);
        if (!kaa_base__table_set(names, own[i].name, length, own))
            return kaa_base__fail_memory(err, "the names of an enum");
    }
    return KAA_OK;
}

static kaa_status
choose_for(const kaa_ctype_enumerator *enumerators, uint32_t count,
           const kaa_ctype_enum_options *options, const kaa_ctype **out_integer,
           kaa_error *err)
{
    range values = {0, 0};

    for (uint32_t i = 0; i < count; i++)
        values = range_with(values, &enumerators[i]);
    *out_integer =
        options->underlying != NULL
            ? options->underlying->stripped
            : choose(values, (options->flags & KAA_CTYPE_PACKED) != 0);
    if (*out_integer == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "no integer type holds all values of the enum");
    return KAA_OK;
}

kaa_status
kaa_ctype_enum_define(kaa_ctype_table *table, const kaa_ctype *type,
                      const kaa_ctype_enumerator *enumerators, uint32_t count,
                      const kaa_ctype_enum_options *options, kaa_error *err)
{
    kaa_ctype_enum_options chosen = {.size = sizeof(chosen)};
    kaa_base__table names = {0};
    const kaa_ctype *integer = NULL;
    kaa_ctype_enumerator *own;
    kaa_ctype *mine;
    kaa_status status;

    if (table == NULL || type == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "table and type may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status =
            check_definition(table, type, enumerators, count, &chosen, err);
    if (status != KAA_OK)
        return status;
    own = kaa_base__arena_alloc(&table->arena, (size_t)count * sizeof(*own));
    if (own == NULL)
        return kaa_base__fail_memory(err, "the names of an enum");
    status = adopt_enumerators(table, enumerators, count, chosen.underlying,
                               own, &names, err);
    kaa_base__table_fini(&names);
    if (status == KAA_OK)
        status = choose_for(own, count, &chosen, &integer, err);
    if (status != KAA_OK)
        return status;
    mine = kaa_ctype__writable(type);
    mine->target = integer;
    mine->size = integer->size;
    mine->align = integer->align;
    mine->is_signed = integer->is_signed;
    mine->flags = chosen.flags;
    mine->is_fixed_enum = chosen.underlying != NULL;
    mine->list.enumerators = own;
    mine->count = count;
    mine->is_complete = 1;
    return KAA_OK;
}
