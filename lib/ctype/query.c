/* ctype/query.c - what a type says of itself. NULL says nothing: 0 or NULL. */
#include "ctype/internal.h"

kaa_ctype_kind
kaa_ctype_kind_of(const kaa_ctype *type)
{
    return type != NULL ? (kaa_ctype_kind)type->kind : KAA_CTYPE_VOID;
}

const kaa_ctype *
kaa_ctype_strip(const kaa_ctype *type)
{
    return type != NULL ? type->stripped : NULL;
}

uint32_t
kaa_ctype_qualifiers(const kaa_ctype *type)
{
    return type != NULL ? type->qualifiers : 0;
}

int
kaa_ctype_is_complete(const kaa_ctype *type)
{
    return type != NULL && kaa_ctype__is_complete(type);
}

int
kaa_ctype_is_signed(const kaa_ctype *type)
{
    return type != NULL && kaa_ctype__is_signed(type);
}

int
kaa_ctype_has_pointers(const kaa_ctype *type)
{
    if (type == NULL)
        return 0;
    type = type->stripped;
    while (type->kind == KAA_CTYPE_ARRAY)
        type = type->target->stripped;
    return type->kind == KAA_CTYPE_POINTER || type->has_pointers != 0;
}

uint64_t
kaa_ctype_size(const kaa_ctype *type)
{
    return type != NULL ? kaa_ctype__size(type) : 0;
}

/* gcc for s390x aligns nothing to more than 8 of itself. */
#if defined(__s390x__) && !defined(__clang__)
#define ATOMIC_ALIGN_MAX 8u
#else
#define ATOMIC_ALIGN_MAX 16u
#endif

/* Both compilers give an _Atomic type of 1, 2, 4, 8 or 16 bytes that as its
 * alignment, so that one instruction reads it. clang also makes other small
 * sizes larger, up to 16; gcc does not, and kaa neither. */
uint32_t
kaa_ctype__atomic_align(const kaa_ctype *type)
{
    const kaa_ctype *stripped = type->stripped;
    uint64_t size = stripped->size;

    if (type->align != 0)
        return type->align;
    if (stripped->kind == KAA_CTYPE_ARRAY || size > 16 ||
        (size & (size - 1)) != 0 || size < stripped->align)
        return stripped->align;
    if (size > ATOMIC_ALIGN_MAX)
        return stripped->align > ATOMIC_ALIGN_MAX ? stripped->align
                                                  : ATOMIC_ALIGN_MAX;
    return (uint32_t)size;
}

uint32_t
kaa_ctype_align(const kaa_ctype *type)
{
    return type != NULL ? kaa_ctype__align(type) : 1;
}

const char *
kaa_ctype_name(const kaa_ctype *type)
{
    return type != NULL ? type->name : NULL;
}

const kaa_ctype *
kaa_ctype_target(const kaa_ctype *type)
{
    return type != NULL ? type->target : NULL;
}

uint64_t
kaa_ctype_count(const kaa_ctype *type)
{
    return type != NULL ? type->count : 0;
}

uint32_t
kaa_ctype_flags(const kaa_ctype *type)
{
    return type != NULL ? type->flags : 0;
}

const kaa_ctype_member *
kaa_ctype_members(const kaa_ctype *type)
{
    return type != NULL && (type->kind == KAA_CTYPE_STRUCT ||
                            type->kind == KAA_CTYPE_UNION)
               ? type->list.members
               : NULL;
}

const kaa_ctype_parameter *
kaa_ctype_parameters(const kaa_ctype *type)
{
    return type != NULL && type->kind == KAA_CTYPE_FUNCTION
               ? type->list.parameters
               : NULL;
}

const kaa_ctype_enumerator *
kaa_ctype_enumerators(const kaa_ctype *type)
{
    return type != NULL && type->kind == KAA_CTYPE_ENUM ? type->list.enumerators
                                                        : NULL;
}
