/* insight/shadow.h - a word of 4 bytes for each 16 bytes of the address space,
 * made when first written: what is known of the block that begins there.
 *
 * A directory of leaves, one for each 4 MiB. 256 MiB of addresses are reserved
 * for the directory, and a quarter of the memory that blocks lie in is needed
 * for leaves. Looking up is two loads.
 */
#ifndef KAA_INSIGHT_SHADOW_H
#define KAA_INSIGHT_SHADOW_H

#include <stddef.h>
#include <stdint.h>

#include <kaa/base.h>

#define KAA_INSIGHT__LEAF_SHIFT 22u
#define KAA_INSIGHT__ADDRESS_BITS 47u /* of programs, on x86-64 */
#define KAA_INSIGHT__GRANULE_SHIFT 4u
#define KAA_INSIGHT__LEAF_WORDS                                                \
    ((size_t)1 << (KAA_INSIGHT__LEAF_SHIFT - KAA_INSIGHT__GRANULE_SHIFT))

/* Words that may be written behind the last one of a leaf: see allocators.h. */
#define KAA_INSIGHT__LEAF_MORE 2u

/* Of a word: a block begins here. */
#define KAA_INSIGHT__IS_BLOCK ((uint32_t)1 << 31)

typedef struct kaa_insight__leaf {
    uint32_t words[KAA_INSIGHT__LEAF_WORDS + KAA_INSIGHT__LEAF_MORE];
    struct kaa_insight__leaf *next;
} kaa_insight__leaf;

typedef struct kaa_insight__shadow {
    kaa_insight__leaf **directory;
    kaa_insight__leaf *leaves; /* all of them, a list */
} kaa_insight__shadow;

KAA_NODISCARD kaa_status kaa_insight__shadow_init(kaa_insight__shadow *shadow,
                                                  kaa_error *err);
void kaa_insight__shadow_fini(kaa_insight__shadow *shadow);

/* Makes the leaf of an address and gives its word; NULL: there is no memory, or
 * there can be no block. */
uint32_t *kaa_insight__shadow_make(kaa_insight__shadow *shadow,
                                   const void *block);

/* The next word from an address on with which a block begins, and *address
 * behind it. NULL: there is none. */
uint32_t *kaa_insight__shadow_next(const kaa_insight__shadow *shadow,
                                   uintptr_t *address);

/* The word of a block; NULL if none was made. The bits that say that it is none
 * of ours, the lowest and the highest, are looked at together. */
static inline uint32_t *
kaa_insight__shadow_find(const kaa_insight__shadow *shadow, const void *block)
{
    uintptr_t address = (uintptr_t)block;
    uintptr_t granule = address >> KAA_INSIGHT__GRANULE_SHIFT |
                        address << (64 - KAA_INSIGHT__GRANULE_SHIFT);
    kaa_insight__leaf *leaf;

    if (granule >> (KAA_INSIGHT__ADDRESS_BITS - KAA_INSIGHT__GRANULE_SHIFT) !=
        0)
        return NULL;
    leaf = shadow->directory[granule / KAA_INSIGHT__LEAF_WORDS];
    if (leaf == NULL)
        return NULL;
    return &leaf->words[granule % KAA_INSIGHT__LEAF_WORDS];
}

#endif /* KAA_INSIGHT_SHADOW_H */
