/* ctype/internal.h - what a type is made of, and its readers without a call.
 *
 *                 target        count      list         size, align
 *     basic       -             -          -            its own
 *     pointer     pointed at    -          -            a pointer's
 *     array       element       elements   -            its own
 *     record      -             members    members      by the layout
 *     enum        integer type  names      enumerators  the integer type's
 *     function    result        parameters parameters   0, 1
 *     typedef     what it names -          -            behind `stripped`
 *     qualified   unqualified   -          -            behind `stripped`
 *
 * Size and completeness of a typedef or qualified type are those of `stripped`,
 * which may be completed later: read them through the functions below.
 */
#ifndef KAA_CTYPE_INTERNAL_H
#define KAA_CTYPE_INTERNAL_H

#include <kaa/ctype.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/table.h"

/* No type is nested deeper than this (records in records, pointers to pointers
 * and so on), so that code that follows types may recurse. A pointer to a
 * record starts again at 1: following those is a walk over a graph. */
#define KAA_CTYPE__DEPTH_MAX 500u

/* Above any real function; the C standard promises 127. */
#define KAA_CTYPE__PARAMETERS_MAX 4096u

/* What __attribute__((aligned)) takes in gcc and clang. */
#define KAA_CTYPE__ALIGN_MAX (1u << 28)

/* The size of a record in bits, and so every bit position, fits 63 bits. */
#define KAA_CTYPE__RECORD_SIZE_MAX ((uint64_t)PTRDIFF_MAX / 8)

struct kaa_ctype {
    uint8_t kind; /* a kaa_ctype_kind */
    uint8_t is_complete;
    uint8_t is_signed;
    uint8_t own_qualifiers; /* of a qualified type, without those behind it */
    uint32_t qualifiers;    /* all */
    uint32_t align; /* of a typedef or qualified type: 0, or what overrides */
    uint32_t flags;
    uint64_t size;
    const kaa_ctype *target;
    const kaa_ctype *stripped; /* behind typedefs and qualifiers; perhaps this
                                  type. Never a typedef or qualified. */
    uint64_t count;
    union {
        const void *any;
        const kaa_ctype_member *members;
        const kaa_ctype_parameter *parameters;
        const kaa_ctype_enumerator *enumerators;
    } list;
    const char *name;       /* NULL where there is none */
    kaa_ctype_table *table; /* NULL for basic types */
    uint64_t hash;          /* of an interned type */
    uint32_t depth;         /* see kaa_ctype__depth() */
    uint32_t record_align;  /* aligned(n) as it was asked for, or 0 */
    uint32_t record_pack;   /* #pragma pack(n) that was in force, or 0 */
    uint32_t is_fixed_enum; /* C23: the integer type was given */
    uint32_t has_pointers;  /* a complete record: one is in it somewhere */
};

struct kaa_ctype_table {
    kaa_base__arena arena;
    kaa_base__table names; /* text to its one copy in the arena */
    kaa_ctype **slots;     /* interned types by hash; linear probing */
    size_t capacity;       /* a power of two, or 0 */
    size_t count;
};

/* Indexed by kind, to KAA_CTYPE_VALIST. */
extern const kaa_ctype kaa_ctype__basics[KAA_CTYPE_VALIST + 1];

static inline const kaa_ctype *
kaa_ctype__strip(const kaa_ctype *type)
{
    return type->stripped;
}

/* The kind behind typedefs and qualifiers. */
static inline kaa_ctype_kind
kaa_ctype__kind(const kaa_ctype *type)
{
    return (kaa_ctype_kind)type->stripped->kind;
}

static inline uint64_t
kaa_ctype__size(const kaa_ctype *type)
{
    return type->stripped->size;
}

static inline int
kaa_ctype__is_complete(const kaa_ctype *type)
{
    return type->stripped->is_complete;
}

static inline int
kaa_ctype__is_signed(const kaa_ctype *type)
{
    return type->stripped->is_signed;
}

static inline int
kaa_ctype__is_alias(const kaa_ctype *type)
{
    return type->kind == KAA_CTYPE_TYPEDEF || type->kind == KAA_CTYPE_QUALIFIED;
}

static inline int
kaa_ctype__is_record(const kaa_ctype *type)
{
    return type->stripped->kind == KAA_CTYPE_STRUCT ||
           type->stripped->kind == KAA_CTYPE_UNION;
}

/* Characters, _Bool, 128 bits, wchar_t and its like, enums included. */
static inline int
kaa_ctype__is_integer(const kaa_ctype *type)
{
    kaa_ctype_kind kind = kaa_ctype__kind(type);

    return (kind >= KAA_CTYPE_BOOL && kind <= KAA_CTYPE_CHAR32) ||
           kind == KAA_CTYPE_ENUM;
}

/* Of an _Atomic type that is no array. */
uint32_t kaa_ctype__atomic_align(const kaa_ctype *type);

static inline uint32_t
kaa_ctype__align(const kaa_ctype *type)
{
    if (KAA_UNLIKELY(type->qualifiers & KAA_CTYPE_ATOMIC) &&
        kaa_ctype__is_alias(type))
        return kaa_ctype__atomic_align(type);
    return type->align != 0 ? type->align : type->stripped->align;
}

/* How deep what is inside a type nests. What lies behind a pointer to a record
 * does not count; the record's own depth is only known once it is complete. */
static inline uint32_t
kaa_ctype__depth(const kaa_ctype *type)
{
    if (kaa_ctype__is_alias(type) && kaa_ctype__is_record(type))
        return type->depth + type->stripped->depth;
    return type->depth;
}

/* 0 or a power of two that aligned(n) takes. */
static inline int
kaa_ctype__is_align(uint32_t align)
{
    return (align & (align - 1)) == 0 && align <= KAA_CTYPE__ALIGN_MAX;
}

/* The table's one copy of a text, or NULL when memory is short. */
const char *kaa_ctype__intern_name(kaa_ctype_table *table, const char *name,
                                   size_t length);

/* A member list under layout; see layout.c. Sets the outputs of all members,
 * *size and *align. 0 when the size is beyond all limits; *at_fault is the
 * member's number then. */
int kaa_ctype__lay_out(kaa_ctype_kind kind, kaa_ctype_member *members,
                       uint32_t count, const kaa_ctype_record_options *options,
                       uint64_t *size, uint32_t *align, uint32_t *at_fault);

/* A type that its table may change: the one place that casts const away. */
static inline kaa_ctype *
kaa_ctype__writable(const kaa_ctype *type)
{
    return (kaa_ctype *)(uintptr_t)type;
}

#endif /* KAA_CTYPE_INTERNAL_H */
