/* ctype/layout.c - where the members of a record lie.
 *
 * The rules are those of the System V ABI with GNU's attributes. For a member
 * that is no bit-field:
 *
 *  1. Its alignment is the larger of its type's and its aligned(n). If it or
 *     the record is packed, its type's does not count. #pragma pack(n) is an
 *     upper bound for all that.
 *  2. It lies at the next multiple of that; the record's alignment is the
 *     largest of its members' and its own aligned(n), which no #pragma pack
 *     bounds. The size is rounded up to it.
 *
 * For a bit-field:
 *
 *  3. It lies at the next free bit, except that it may not touch more storage
 *     units of its type than one: then it moves to the next unit. Packed ones,
 *     and all under #pragma pack, may.
 *  4. aligned(n) on it moves it to a multiple of n bytes.
 *  5. Width 0 ends a unit: what follows lies at a multiple of its type's
 *     alignment, packed or not.
 *  6. One with a name gives the record its type's alignment, as in 1. One
 *     without a name does so only on AArch64 (AAPCS64).
 */
#include "ctype/internal.h"

typedef struct layout {
    uint64_t next_bit;  /* of a struct: the first free bit */
    uint64_t size_bits; /* so far, without the padding at the end */
    uint32_t align;     /* so far, in bytes */
    uint32_t pack;
    int is_packed;
    int is_union;
} layout;

#if defined(__aarch64__)
#define UNNAMED_BIT_FIELDS_ALIGN 1
#else
#define UNNAMED_BIT_FIELDS_ALIGN 0
#endif

static uint64_t
round_up(uint64_t value, uint64_t multiple)
{
    return (value + multiple - 1) & ~(multiple - 1);
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Puts `width` bits at the member's place. 0 when the record grows too large.
 * Nothing overflows: positions stay below 2^63, alignments below 2^31 bits. */
static int
place(layout *l, kaa_ctype_member *member, uint64_t at, uint64_t width)
{
    uint64_t limit = KAA_CTYPE__RECORD_SIZE_MAX * 8;

    if (at > limit || width > limit - at)
        return 0;
    member->bit_position = at;
    member->offset = at / 8;
    if (!l->is_union)
        l->next_bit = at + width;
    if (l->size_bits < at + width)
        l->size_bits = at + width;
    return 1;
}

static int
place_plain(layout *l, kaa_ctype_member *member)
{
    uint32_t align = member->align;
    uint64_t size = kaa_ctype__size(member->type);

    if (!l->is_packed && (member->flags & KAA_CTYPE_PACKED) == 0)
        align = larger(align, kaa_ctype__align(member->type));
    if (align == 0)
        align = 1;
    if (l->pack != 0)
        align = smaller(align, l->pack);
    l->align = larger(l->align, align);
    if (size > KAA_CTYPE__RECORD_SIZE_MAX)
        return 0;
    return place(l, member, round_up(l->next_bit, (uint64_t)align * 8),
                 size * 8);
}

/* Whether a bit-field at `at` touches more than one unit of its type. Where
 * the type's alignment is not its size (a typedef with aligned(n)), gcc counts
 * units of the alignment and clang bits. */
static int
spans_units(uint64_t at, uint64_t width, uint64_t align_bits,
            uint64_t size_bits)
{
    uint64_t within = at % align_bits;

#if defined(__clang__)
    return within + width > size_bits;
#else
    return (within + width + align_bits - 1) / align_bits >
           size_bits / align_bits;
#endif
}

static int
place_bit_field(layout *l, kaa_ctype_member *member)
{
    uint64_t width = member->bit_width;
    uint64_t at = l->next_bit;
    uint64_t size_bits = kaa_ctype__size(member->type) * 8;
    uint32_t type_align = kaa_ctype__align(member->type);
    int is_packed = l->is_packed || (member->flags & KAA_CTYPE_PACKED) != 0;
    uint32_t align = member->align;

    if (width == 0)
        align = larger(align, type_align);
    else if (l->pack != 0)
        align = smaller(align, l->pack);
    if (align != 0)
        at = round_up(at, (uint64_t)align * 8);
    if (width != 0 && !is_packed && l->pack == 0 &&
        spans_units(at, width, (uint64_t)type_align * 8, size_bits))
        at = round_up(at, (uint64_t)type_align * 8);

    if (member->name != NULL || UNNAMED_BIT_FIELDS_ALIGN) {
        if (l->pack != 0)
            type_align = smaller(type_align, l->pack);
        else if (is_packed)
            type_align = 1;
        l->align = larger(l->align, larger(align, type_align));
    }
    return place(l, member, at, width);
}

int
kaa_ctype__lay_out(kaa_ctype_kind kind, kaa_ctype_member *members,
                   uint32_t count, const kaa_ctype_record_options *options,
                   uint64_t *size, uint32_t *align, uint32_t *at_fault)
{
    layout l = {.align = larger(options->align, 1),
                .pack = options->pack,
                .is_packed = (options->flags & KAA_CTYPE_PACKED) != 0,
                .is_union = kind == KAA_CTYPE_UNION};

    for (uint32_t i = 0; i < count; i++) {
        kaa_ctype_member *member = &members[i];
        int fits = member->bit_width == KAA_CTYPE_NOT_A_BIT_FIELD
                       ? place_plain(&l, member)
                       : place_bit_field(&l, member);

        if (!fits) {
            *at_fault = i;
            return 0;
        }
    }
    *size = round_up(round_up(l.size_bits, 8) / 8, l.align);
    *align = l.align;
    if (*size > KAA_CTYPE__RECORD_SIZE_MAX) {
        *at_fault = count != 0 ? count - 1 : 0;
        return 0;
    }
    return 1;
}
