/* ctype/verify.c - the invariants of a table of types, as code. */
#include "ctype/intern.h"

static const char *
verify_array(const kaa_ctype *type)
{
    if (type->count == KAA_CTYPE_UNKNOWN_COUNT)
        return type->is_complete ? "an array of unknown length is complete"
                                 : NULL;
    if (type->size != type->count * kaa_ctype__size(type->target))
        return "an array's size is not that of its elements";
    return NULL;
}

/* Members lie inside their record, those of a struct one behind another. */
static const char *
verify_record(const kaa_ctype *type)
{
    uint64_t free_bit = 0;

    if (!type->is_complete)
        return type->size != 0 || type->count != 0 || type->list.any != NULL
                   ? "an incomplete record has members"
                   : NULL;
    if (type->size % type->align != 0)
        return "a record's size is no multiple of its alignment";
    for (uint64_t i = 0; i < type->count; i++) {
        const kaa_ctype_member *m = &type->list.members[i];
        uint64_t width = m->bit_width != KAA_CTYPE_NOT_A_BIT_FIELD
                             ? m->bit_width
                             : kaa_ctype__size(m->type) * 8;

        if (m->offset != m->bit_position / 8)
            return "a member's offset and bit position disagree";
        if (m->bit_position < free_bit)
            return "a member lies over the one before";
        if (m->bit_position + width > type->size * 8)
            return "a member lies beyond the end";
        if (type->kind == KAA_CTYPE_STRUCT)
            free_bit = m->bit_position + width;
    }
    return NULL;
}

static const char *
verify_type(const kaa_ctype *type)
{
    const kaa_ctype *stripped = type->stripped;

    if (kaa_ctype__is_alias(stripped) || stripped->stripped != stripped)
        return "a stripped type is not stripped";
    if (kaa_ctype__is_alias(type) != (type != stripped))
        return "a type strips to another";
    if (kaa_ctype__align(type) == 0 ||
        !kaa_ctype__is_align(kaa_ctype__align(type)))
        return "an alignment is no power of two";
    if (type->depth > KAA_CTYPE__DEPTH_MAX ||
        stripped->depth > KAA_CTYPE__DEPTH_MAX)
        return "a type nests too deep";
    if (type->kind == KAA_CTYPE_ARRAY)
        return verify_array(type);
    if (kaa_ctype__is_record(type))
        return verify_record(stripped);
    return NULL;
}

/* Records are not interned: they are seen as parts of what is. */
const char *
kaa_ctype__verify(const kaa_ctype_table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->capacity; i++) {
        const kaa_ctype *type = table->slots[i];
        const char *fault;

        if (type == NULL)
            continue;
        count++;
        if (type->table != table)
            return "a type is of another table";
        if (type->hash != kaa_ctype__hash(type))
            return "a type has changed since it was interned";
        fault = verify_type(type);
        if (fault == NULL && type->target != NULL)
            fault = verify_type(type->target);
        if (fault != NULL)
            return fault;
    }
    return count == table->count ? NULL : "types are lost or not counted";
}
