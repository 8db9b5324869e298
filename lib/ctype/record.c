/* ctype/record.c - structs and unions: what is allowed in them. */
#include "ctype/intern.h"

#include <string.h>

#include "base/error.h"

kaa_status
kaa_ctype_record(kaa_ctype_table *table, kaa_ctype_kind kind, const char *tag,
                 size_t tag_length, const kaa_ctype **out_type, kaa_error *err)
{
    if (table == NULL || out_type == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "table and out_type may not be NULL");
    if (kind != KAA_CTYPE_STRUCT && kind != KAA_CTYPE_UNION)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "a record is a struct or a union");
    return kaa_ctype__new(table, kind, tag, tag_length, out_type, err);
}

static int
is_flexible_array(const kaa_ctype *type)
{
    return kaa_ctype__kind(type) == KAA_CTYPE_ARRAY &&
           !kaa_ctype__is_complete(type);
}

/* NULL if the bit-field is allowed. */
static const char *
bit_field_fault(const kaa_ctype_member *member)
{
    uint64_t bits;

    if (!kaa_ctype__is_integer(member->type))
        return "a bit-field has an integer type";
    if (!kaa_ctype__is_complete(member->type))
        return "a bit-field's enum is incomplete";
    if ((member->type->qualifiers & KAA_CTYPE_ATOMIC) != 0)
        return "a bit-field cannot be _Atomic";
    bits = kaa_ctype__kind(member->type) == KAA_CTYPE_BOOL
               ? 1
               : kaa_ctype__size(member->type) * 8;
    if (member->bit_width > bits)
        return "the bit-field is wider than its type";
    if (member->bit_width == 0 && member->name != NULL)
        return "a bit-field of width 0 has no name";
    return NULL;
}

static const char *
plain_fault(const kaa_ctype_member *member, int is_last, int is_union)
{
    kaa_ctype_kind kind = kaa_ctype__kind(member->type);

    if (member->name == NULL && !kaa_ctype__is_record(member->type))
        return "only records and bit-fields go without a name";
    if (kind == KAA_CTYPE_FUNCTION)
        return "a member cannot be a function";
    if (is_flexible_array(member->type))
        return is_last || is_union
                   ? NULL
                   : "a flexible array is the last member of its record";
    if (!kaa_ctype__is_complete(member->type))
        return "the member's type is incomplete";
    return NULL;
}

/* As many as [[kaa::scope]] has. */
#define MEMBER_SCOPE_MAX 4u

static const char *
member_fault(const kaa_ctype_member *member, int is_last, int is_union)
{
    if (member->type == NULL)
        return "a member has a type";
    if (member->name != NULL && member->name[0] == '\0')
        return "the name is empty";
    if ((member->flags & ~(uint32_t)KAA_CTYPE_PACKED) != 0 ||
        member->scope > MEMBER_SCOPE_MAX)
        return "the member has bits that this kaa does not know";
    if (!kaa_ctype__is_align(member->align))
        return "an alignment is a power of two, at most 2^28";
    return member->bit_width == KAA_CTYPE_NOT_A_BIT_FIELD
               ? plain_fault(member, is_last, is_union)
               : bit_field_fault(member);
}

static kaa_status
fail_member(kaa_error *err, const kaa_ctype_member *member, uint32_t number,
            const char *fault)
{
    if (member->name != NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, number,
                              "member %s: %s", member->name, fault);
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, number,
                          "unnamed member %u: %s", number + 1, fault);
}

/* Adds the names of members, and of anonymous members' members: all are names
 * of the record. Recursion is bounded by the limit on depth. */
static kaa_status
add_names(kaa_base__table *names, const kaa_ctype_member *members,
          uint64_t count, const char **out_duplicate)
{
    for (uint64_t i = 0; i < count; i++) {
        const kaa_ctype_member *member = &members[i];
        const char *name = member->name;

        if (name != NULL) {
            size_t length = strlen(name);

            if (kaa_base__table_get(names, name, length) != NULL) {
                *out_duplicate = name;
                return KAA_INVALID_ARGUMENT;
            }
            if (!kaa_base__table_set(names, name, length, names))
                return KAA_NO_MEMORY;
        } else if (member->bit_width == KAA_CTYPE_NOT_A_BIT_FIELD) {
            const kaa_ctype *record = member->type->stripped;
            kaa_status status = add_names(names, record->list.members,
                                          record->count, out_duplicate);

            if (status != KAA_OK)
                return status;
        }
    }
    return KAA_OK;
}

static kaa_status
check_names(const kaa_ctype_member *members, uint32_t count, kaa_error *err)
{
    kaa_base__table names = {0};
    const char *duplicate = NULL;
    kaa_status status = KAA_OK;
    uint32_t i;

    for (i = 0; status == KAA_OK && i < count; i++)
        status = add_names(&names, &members[i], 1, &duplicate);
    kaa_base__table_fini(&names);
    if (status == KAA_NO_MEMORY)
        return kaa_base__fail_memory(err, "the names of members");
    if (status != KAA_OK)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, i - 1,
                              "the record has two members %s", duplicate);
    return KAA_OK;
}

/* Checks the members and copies them, names interned, to `own`. */
static kaa_status
adopt_members(kaa_ctype_table *table, const kaa_ctype *record,
              const kaa_ctype_member *members, uint32_t count,
              kaa_ctype_member *own, kaa_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *fault = member_fault(&members[i], i == count - 1,
                                         record->kind == KAA_CTYPE_UNION);

        if (fault != NULL)
            return fail_member(err, &members[i], i, fault);
        if (kaa_ctype__depth(members[i].type) >= KAA_CTYPE__DEPTH_MAX)
            return kaa_base__fail(err, KAA_LIMIT, i,
                                  "the record nests deeper than %u",
                                  KAA_CTYPE__DEPTH_MAX);
        own[i] = members[i];
        if (members[i].name != NULL) {
            own[i].name = kaa_ctype__intern_name(table, members[i].name,
                                                 strlen(members[i].name));
            if (own[i].name == NULL)
                return kaa_base__fail_memory(err, "the name of a member");
        }
    }
    return check_names(own, count, err);
}

static kaa_status
check_definition(const kaa_ctype_table *table, const kaa_ctype *record,
                 const kaa_ctype_member *members, uint32_t count,
                 const kaa_ctype_record_options *options, kaa_error *err)
{
    const char *fault = NULL;

    if (record->kind != KAA_CTYPE_STRUCT && record->kind != KAA_CTYPE_UNION)
        fault = "only a struct or a union has members";
    else if (record->table != table)
        fault = "the record is of another table";
    else if (record->is_complete)
        fault = "the record is complete already";
    else if (members == NULL && count != 0)
        fault = "members may not be NULL";
    else if ((options->flags &
              ~((uint32_t)KAA_CTYPE_PACKED | KAA_CTYPE_BY_ADDRESS)) != 0)
        fault = "unknown flag";
    else if (!kaa_ctype__is_align(options->align))
        fault = "an alignment is a power of two, at most 2^28";
    else if (!kaa_ctype__is_align(options->pack) || options->pack > 16)
        fault = "#pragma pack takes 1, 2, 4, 8 or 16";
    if (fault == NULL)
        return KAA_OK;
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                          fault);
}

/* Whether objects of the record may be longer than its size. */
static int
is_flexible(const kaa_ctype *record, const kaa_ctype_member *members,
            uint32_t count)
{
    uint32_t first =
        record->kind == KAA_CTYPE_UNION || count == 0 ? 0 : count - 1;

    for (uint32_t i = first; i < count; i++) {
        const kaa_ctype *type = members[i].type->stripped;

        if (is_flexible_array(type) ||
            (kaa_ctype__is_record(type) &&
             (type->flags & KAA_CTYPE_FLEXIBLE) != 0))
            return 1;
    }
    return 0;
}

/* Whether a member, or an element of one, goes by address only. */
static uint32_t
by_address(const kaa_ctype_member *members, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const kaa_ctype *type = members[i].type->stripped;

        while (type->kind == KAA_CTYPE_ARRAY)
            type = type->target->stripped;
        if (kaa_ctype__is_record(type) &&
            (type->flags & KAA_CTYPE_BY_ADDRESS) != 0)
            return KAA_CTYPE_BY_ADDRESS;
    }
    return 0;
}

/* Writes what the layout found: from here on nothing can fail. */
static void
complete(kaa_ctype *record, const kaa_ctype_member *members, uint32_t count,
         const kaa_ctype_record_options *options)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < count; i++)
        if (depth < kaa_ctype__depth(members[i].type))
            depth = kaa_ctype__depth(members[i].type);
    record->depth = depth + 1;
    record->flags = options->flags | by_address(members, count);
    if (is_flexible(record, members, count))
        record->flags |= KAA_CTYPE_FLEXIBLE;
    record->list.members = members;
    record->count = count;
    record->record_align = options->align;
    record->record_pack = options->pack;
    for (uint32_t i = 0; i < count; i++)
        record->has_pointers |=
            (uint32_t)kaa_ctype_has_pointers(members[i].type);
    record->is_complete = 1;
}

kaa_status
kaa_ctype_record_define(kaa_ctype_table *table, const kaa_ctype *record,
                        const kaa_ctype_member *members, uint32_t count,
                        const kaa_ctype_record_options *options, kaa_error *err)
{
    kaa_ctype_record_options chosen = {.size = sizeof(chosen)};
    kaa_ctype_member *own;
    kaa_ctype *mine;
    uint32_t at_fault = 0, align;
    uint64_t size;
    kaa_status status;

    if (table == NULL || record == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "table and record may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check_definition(table, record, members, count, &chosen, err);
    if (status != KAA_OK)
        return status;
    own = kaa_base__arena_alloc(&table->arena, (size_t)count * sizeof(*own));
    if (own == NULL)
        return kaa_base__fail_memory(err, "the members of a record");
    status = adopt_members(table, record, members, count, own, err);
    if (status != KAA_OK)
        return status;
    if (!kaa_ctype__lay_out((kaa_ctype_kind)record->kind, own, count, &chosen,
                            &size, &align, &at_fault))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, at_fault,
                              "the record is too large");
    mine = kaa_ctype__writable(record);
    mine->size = size;
    mine->align = align;
    complete(mine, own, count, &chosen);
    return KAA_OK;
}
