/* insight/samples.c - see samples.h. */
#include "insight/samples.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/memory.h"

#define CAPACITY_FIRST 4096u
#define CAPACITY_MAX (1u << 26)

static kaa_insight__sampled *
make_table(uint32_t capacity)
{
    void *memory =
        mmap(NULL, capacity * sizeof(kaa_insight__sampled),
             PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

kaa_status
kaa_insight__samples_init(kaa_insight__samples *samples, kaa_error *err)
{
    samples->table = kaa_base__fault_due() ? NULL : make_table(CAPACITY_FIRST);
    if (samples->table == NULL)
        return kaa_base__fail_memory(err, "the table of samples");
    samples->capacity = CAPACITY_FIRST;
    samples->count = 0;
    return KAA_OK;
}

void
kaa_insight__samples_fini(kaa_insight__samples *samples)
{
    if (samples->table != NULL)
        munmap(samples->table,
               samples->capacity * sizeof(kaa_insight__sampled));
    samples->table = NULL;
    samples->count = 0;
    samples->capacity = 0;
    for (uint32_t i = 0; i < KAA_INSIGHT__FILTER_SIZE; i++)
        atomic_store_explicit(&samples->filter[i], 0, memory_order_relaxed);
}

static uint32_t
home(const kaa_insight__samples *samples, uintptr_t block)
{
    return (uint32_t)(kaa_insight__block_hash(block) >> 32) &
           (samples->capacity - 1);
}

static void
put(kaa_insight__samples *samples, const kaa_insight__sampled *sampled)
{
    uint32_t i = home(samples, sampled->block);

    while (samples->table[i].block != 0)
        i = (i + 1) & (samples->capacity - 1);
    samples->table[i] = *sampled;
    samples->count++;
}

static int
grow(kaa_insight__samples *samples)
{
    kaa_insight__samples *self = samples;
    kaa_insight__sampled *old = self->table;
    uint32_t capacity = self->capacity;
    kaa_insight__sampled *table =
        capacity >= CAPACITY_MAX ? NULL : make_table(capacity * 2);

    if (table == NULL)
        return 0;
    self->table = table;
    self->capacity = capacity * 2;
    self->count = 0;
    for (uint32_t i = 0; i < capacity; i++)
        if (old[i].block != 0)
            put(self, &old[i]);
    munmap(old, capacity * sizeof(*old));
    return 1;
}

/* A counter that is full stays so: it then answers "maybe" for good. */
static void
count_filter(kaa_insight__samples *samples, uintptr_t block, int change)
{
    _Atomic unsigned char *counter =
        &samples->filter[kaa_insight__block_hash(block) >> 48];
    unsigned char value = atomic_load_explicit(counter, memory_order_relaxed);

    if (value != 255)
        atomic_store_explicit(counter, (unsigned char)(value + change),
                              memory_order_relaxed);
}

int
kaa_insight__samples_add(kaa_insight__samples *samples,
                         const kaa_insight__sampled *sampled)
{
    if (samples->count >= samples->capacity / 4 * 3 && !grow(samples))
        return 0;
    put(samples, sampled);
    count_filter(samples, sampled->block, 1);
    return 1;
}

/* Closes the gap at `hole`: moves back what cannot be found behind it. */
static void
close_gap(kaa_insight__samples *samples, uint32_t hole)
{
    uint32_t mask = samples->capacity - 1;
    uint32_t i = hole;

    for (;;) {
        samples->table[hole].block = 0;
        do {
            i = (i + 1) & mask;
            if (samples->table[i].block == 0)
                return;
        } while (((i - home(samples, samples->table[i].block)) & mask) <
                 ((i - hole) & mask));
        samples->table[hole] = samples->table[i];
        hole = i;
    }
}

int
kaa_insight__samples_take(kaa_insight__samples *samples, const void *block,
                          kaa_insight__sampled *out)
{
    uint32_t i;

    if (samples->capacity == 0)
        return 0;
    i = home(samples, (uintptr_t)block);
    while (samples->table[i].block != (uintptr_t)block) {
        if (samples->table[i].block == 0)
            return 0;
        i = (i + 1) & (samples->capacity - 1);
    }
    *out = samples->table[i];
    close_gap(samples, i);
    samples->count--;
    count_filter(samples, (uintptr_t)block, -1);
    return 1;
}
