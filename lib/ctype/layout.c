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
    uint64_t next_bit;    /* of a struct: the first free bit */
    uint64_t size_bits;   /* so far, without the padding at the end */
    uint32_t align;       /* so far, in bytes */
    uint32_t asked_align; /* aligned(n) on the record, or 0 */
    uint32_t pack;
    int is_packed;
    int is_union;
} layout;

#if defined(__aarch64__)
#define UNNAMED_BIT_FIELDS_ALIGN 1
#else
#define UNNAMED_BIT_FIELDS_ALIGN 0
#endif

/* gcc splits positions into a multiple of this and the rest. */
#ifdef __BIGGEST_ALIGNMENT__
#define BLOCK_ALIGN __BIGGEST_ALIGNMENT__
#else
#define BLOCK_ALIGN 16u
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

/* Where the compilers part: a bit-field whose type is a typedef with another
 * alignment than its size (and with clang, aligned(n) above #pragma pack). Each
 * follows from how the compiler counts; kaa counts as the one it is built by.
 * Both give the place of a bit-field of `width` bits, not 0, at `at` or after,
 * and set *align to what aligned(n) means for the record. */
#if defined(__clang__)
static uint64_t
bit_field_place(const layout *l, const kaa_ctype_member *member, int is_packed,
                uint64_t at, uint32_t *align)
{
    uint64_t unit = kaa_ctype__size(member->type) * 8;
    uint64_t asked = (uint64_t)member->align * 8;
    uint64_t align_bits =
        is_packed ? 1 : (uint64_t)kaa_ctype__align(member->type) * 8;

    *align = member->align;
    if (l->pack != 0)
        *align = smaller(*align, l->pack);
    if (align_bits < asked)
        align_bits = asked;
    if (l->pack == 0 && at % align_bits + member->bit_width > unit)
        return round_up(at, align_bits);
    if (asked != 0 && (l->pack == 0 || member->align <= l->pack))
        return round_up(at, asked);
    return at;
}
#else
/* The alignment of an integer of so many bits: s390x has none above 8. */
static uint32_t
mode_align(uint64_t width)
{
    return smaller((uint32_t)(width / 8), BLOCK_ALIGN);
}

/* A bit-field of 8, 16, 32, 64 or 128 bits that happens to lie well is no
 * bit-field to gcc: its own width is its alignment. */
static int
is_whole(const kaa_ctype_member *member, int is_packed, uint64_t at)
{
    uint32_t width = member->bit_width;

    return width >= 8 && width <= 128 && (width & (width - 1)) == 0 &&
           at % (8 * (uint64_t)mode_align(width)) == 0 &&
           (width == 8 || !is_packed);
}

static uint64_t
bit_field_place(const layout *l, const kaa_ctype_member *member, int is_packed,
                uint64_t at, uint32_t *align)
{
    uint64_t unit = kaa_ctype__size(member->type) * 8;
    uint64_t type_align = (uint64_t)kaa_ctype__align(member->type) * 8;
    uint64_t block = (uint64_t)larger(BLOCK_ALIGN, l->asked_align) * 8;
    uint64_t width = member->bit_width, start;
    int is_mode = is_whole(member, is_packed, at);

    *align = is_mode ? larger(member->align, mode_align(width)) : member->align;
    if (l->pack != 0)
        *align = smaller(*align, l->pack);
    start = at - at % block;
    if (*align != 0)
        at = round_up(at, (uint64_t)*align * 8);
    if ((uint64_t)*align * 8 >= block)
        start = at;
    if (is_mode || is_packed || l->pack != 0 ||
        (at % type_align + width + type_align - 1) / type_align <=
            unit / type_align)
        return at;
    /* gcc rounds up the distance from the last multiple of the block. */
    return start + round_up(at - start, type_align);
}
#endif

static int
place_bit_field(layout *l, kaa_ctype_member *member)
{
    uint32_t type_align = kaa_ctype__align(member->type);
    int is_packed = l->is_packed || (member->flags & KAA_CTYPE_PACKED) != 0;
    uint32_t align = larger(member->align, type_align);
    uint64_t at;

    if (member->bit_width == 0)
        at = round_up(l->next_bit, (uint64_t)align * 8);
    else
        at = bit_field_place(l, member, is_packed, l->next_bit, &align);
    if (member->name != NULL || UNNAMED_BIT_FIELDS_ALIGN) {
        if (l->pack != 0)
            type_align = smaller(type_align, l->pack);
        else if (is_packed)
            type_align = 1;
        l->align = larger(l->align, larger(align, type_align));
    }
    return place(l, member, at, member->bit_width);
}

int
kaa_ctype__lay_out(kaa_ctype_kind kind, kaa_ctype_member *members,
                   uint32_t count, const kaa_ctype_record_options *options,
                   uint64_t *size, uint32_t *align, uint32_t *at_fault)
{
    layout l = {.align = larger(options->align, 1),
                .asked_align = options->align,
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
