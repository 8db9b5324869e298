/* insight/shadow.h - a word for each 16 bytes of the address space, made when
 * first written: what is known of the block that begins there.
 *
 * A directory of leaves, one for each 4 MiB. 256 MiB of addresses are reserved
 * for the directory, and half of the memory that blocks lie in is needed for
 * leaves. Looking up is two loads.
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

typedef struct kaa_insight__shadow {
    uint64_t **directory;
    uint64_t *leaves; /* all of them, a list: see shadow.c */
} kaa_insight__shadow;

KAA_NODISCARD kaa_status kaa_insight__shadow_init(kaa_insight__shadow *shadow,
                                                  kaa_error *err);
void kaa_insight__shadow_fini(kaa_insight__shadow *shadow);

/* Makes the leaf of an address and gives its word; NULL: there is no memory, or
 * there can be no block. */
uint64_t *kaa_insight__shadow_make(kaa_insight__shadow *shadow,
                                   const void *block);

/* The next word from an address on that is not 0, and *address behind it. NULL:
 * there is none. */
uint64_t *kaa_insight__shadow_next(const kaa_insight__shadow *shadow,
                                   uintptr_t *address);

/* The word of an address; NULL if none was made. */
static inline uint64_t *
kaa_insight__shadow_find(const kaa_insight__shadow *shadow, const void *block)
{
    uintptr_t address = (uintptr_t)block;
    uint64_t *leaf;

    if (address >> KAA_INSIGHT__ADDRESS_BITS != 0)
        return NULL;
    leaf = shadow->directory[address >> KAA_INSIGHT__LEAF_SHIFT];
    if (leaf == NULL)
        return NULL;
    return &leaf[(address >> KAA_INSIGHT__GRANULE_SHIFT) %
                 KAA_INSIGHT__LEAF_WORDS];
}

#endif /* KAA_INSIGHT_SHADOW_H */
