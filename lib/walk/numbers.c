/* walk/numbers.c - see numbers.h. */
#include "walk/numbers.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define CAPACITY_FIRST 64u
#define REGION_BYTES ((size_t)4 << (KAA_WALK__REGION_SHIFT - 4))
#define CHUNK_REGIONS 15u
/* Behind the regions of a chunk: the next chunk. */
#define CHUNK_BYTES (CHUNK_REGIONS * REGION_BYTES + sizeof(void *))

kaa_status
kaa_walk__numbers_init(kaa_walk__numbers *numbers, kaa_error *err)
{
    memset(numbers, 0, sizeof(*numbers));
    numbers->regions =
        kaa_base__alloc_zeroed(CAPACITY_FIRST * sizeof(kaa_walk__region));
    if (numbers->regions == NULL)
        return kaa_base__fail_memory(err, "the numbers of objects");
    numbers->capacity = CAPACITY_FIRST;
    return KAA_OK;
}

void
kaa_walk__numbers_fini(kaa_walk__numbers *numbers)
{
    char *chunk = numbers->chunks, *next;

    for (; chunk != NULL; chunk = next) {
        memcpy(&next, chunk + CHUNK_REGIONS * REGION_BYTES, sizeof(next));
        kaa_base__free(chunk);
    }
    kaa_base__free(numbers->regions);
    memset(numbers, 0, sizeof(*numbers));
}

static uint32_t
slot_of(const kaa_walk__region *regions, uint32_t capacity, uintptr_t key)
{
    uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (capacity - 1);

    while (regions[i].key != 0 && regions[i].key != key)
        i = (i + 1) & (capacity - 1);
    return i;
}

static int
grow(kaa_walk__numbers *numbers)
{
    uint32_t capacity = numbers->capacity * 2;
    kaa_walk__region *regions =
        kaa_base__alloc_zeroed(capacity * sizeof(kaa_walk__region));

    if (regions == NULL)
        return 0;
    for (uint32_t i = 0; i < numbers->capacity; i++)
        if (numbers->regions[i].key != 0)
            regions[slot_of(regions, capacity, numbers->regions[i].key)] =
                numbers->regions[i];
    kaa_base__free(numbers->regions);
    numbers->regions = regions;
    numbers->capacity = capacity;
    return 1;
}

static int
add_chunk(kaa_walk__numbers *numbers)
{
    /* So large that its pages come from the system, when they are touched. */
    char *chunk = kaa_base__alloc_zeroed(CHUNK_BYTES);

    if (chunk == NULL)
        return 0;
    memcpy(chunk + CHUNK_REGIONS * REGION_BYTES, &numbers->chunks,
           sizeof(numbers->chunks));
    numbers->chunks = numbers->chunk = chunk;
    numbers->left = CHUNK_REGIONS;
    return 1;
}

uint32_t *
kaa_walk__numbers_region(kaa_walk__numbers *numbers, uintptr_t key, int make)
{
    uint32_t i = slot_of(numbers->regions, numbers->capacity, key);

    if (key == 0)
        return NULL; /* nothing is mapped there */
    if (numbers->regions[i].key == 0) {
        if (!make || (numbers->left == 0 && !add_chunk(numbers)))
            return NULL;
        if (numbers->count >= numbers->capacity / 2) {
            if (!grow(numbers))
                return NULL;
            i = slot_of(numbers->regions, numbers->capacity, key);
        }
        numbers->regions[i].key = key;
        numbers->regions[i].numbers = (uint32_t *)(void *)numbers->chunk;
        numbers->chunk += REGION_BYTES;
        numbers->left--;
        numbers->count++;
    }
    numbers->last = numbers->regions[i];
    return numbers->last.numbers;
}

uint32_t
kaa_walk__numbers_find(kaa_walk__numbers *numbers, const void *address)
{
    uintptr_t key = (uintptr_t)address >> KAA_WALK__REGION_SHIFT;

    if (kaa_walk__numbers_region(numbers, key, 0) == NULL)
        return 0;
    return *kaa_walk__numbers_place(numbers, address);
}
