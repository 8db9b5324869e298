/* walk/numbers.h - the number of the object that begins at an address.
 *
 * A number for each 16 bytes of the regions that were ever asked for: looking
 * up is one load where the last look-up was near. Two objects never begin in
 * the same 16 bytes, which is the size of the smallest.
 */
#ifndef KAA_WALK_NUMBERS_H
#define KAA_WALK_NUMBERS_H

#include <stdint.h>

#include <kaa/base.h>

#define KAA_WALK__REGION_SHIFT 20u

typedef struct kaa_walk__region {
    uintptr_t key;     /* its address, shifted; 0: free */
    uint32_t *numbers; /* 0: no object */
} kaa_walk__region;

typedef struct kaa_walk__numbers {
    kaa_walk__region *regions; /* a hash table of `capacity` */
    uint32_t capacity, count;
    char *chunk; /* where the next region's numbers come from */
    uint32_t left;
    void *chunks; /* a list of all */
    kaa_walk__region last;
} kaa_walk__numbers;

KAA_NODISCARD kaa_status kaa_walk__numbers_init(kaa_walk__numbers *numbers,
                                                kaa_error *err);
void kaa_walk__numbers_fini(kaa_walk__numbers *numbers);

/* The numbers of a region that is not the last; NULL: there is no memory, or,
 * unless `make`, it was never asked for. */
uint32_t *kaa_walk__numbers_region(kaa_walk__numbers *numbers, uintptr_t key,
                                   int make);

/* Where the number of an address stands; NULL: there is no memory. */
static inline uint32_t *
kaa_walk__numbers_place(kaa_walk__numbers *numbers, const void *address)
{
    uintptr_t key = (uintptr_t)address >> KAA_WALK__REGION_SHIFT;
    uint32_t at = (uint32_t)((uintptr_t)address >> 4) &
                  ((1u << (KAA_WALK__REGION_SHIFT - 4)) - 1);
    uint32_t *region = numbers->last.numbers;

    if (key != numbers->last.key)
        region = kaa_walk__numbers_region(numbers, key, 1);
    return region != NULL ? region + at : NULL;
}

/* The number of an address, or 0. */
uint32_t kaa_walk__numbers_find(kaa_walk__numbers *numbers,
                                const void *address);

#endif /* KAA_WALK_NUMBERS_H */
