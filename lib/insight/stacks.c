/* insight/stacks.c - see stacks.h. */
#include "insight/stacks.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/memory.h"

/* Hooks wait for each other only where interpreters have GILs of their own;
 * one that waited so long goes on without a stack. */
#define SPINS_MAX 2000u

#define ENTRIES_BYTES (KAA_INSIGHT__STACKS_MAX * sizeof(kaa_insight__stack))
#define PLACES_BYTES (KAA_INSIGHT__PLACES_MAX * sizeof(kaa_insight__place))
#define CODES_BYTES (KAA_INSIGHT__CODES_MAX * sizeof(void *))
#define ALL_BYTES (ENTRIES_BYTES + PLACES_BYTES + CODES_BYTES)

static int
lock(kaa_insight__stacks *stacks, uint32_t spins)
{
    while (atomic_flag_test_and_set_explicit(&stacks->is_busy,
                                             memory_order_acquire))
        if (spins-- == 0)
            return 0;
    return 1;
}

static void
unlock(kaa_insight__stacks *stacks)
{
    atomic_flag_clear_explicit(&stacks->is_busy, memory_order_release);
}

/* Under the lock. */
static void
forget(kaa_insight__stacks *stacks)
{
    stacks->is_open = 0;
    if (stacks->memory != NULL)
        madvise(stacks->memory, ALL_BYTES, MADV_DONTNEED);
    stacks->entries_count = stacks->places_count = stacks->codes_count = 0;
    atomic_store(&stacks->lost, 0);
}

kaa_status
kaa_insight__stacks_init(kaa_insight__stacks *stacks, kaa_error *err)
{
    char *memory = stacks->memory;

    if (memory == NULL) {
        memory = MAP_FAILED;
        if (!kaa_base__fault_due())
            memory = mmap(NULL, ALL_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return kaa_base__fail_memory(err, "the table of stacks");
        stacks->memory = memory;
    }
    lock(stacks, UINT32_MAX);
    forget(stacks); /* what a late hook wrote */
    stacks->entries = (kaa_insight__stack *)(void *)memory;
    memory += ENTRIES_BYTES;
    stacks->places = (kaa_insight__place *)(void *)memory;
    memory += PLACES_BYTES;
    stacks->codes = (_Atomic(void *) *)(void *)memory;
    stacks->entries_count = 1; /* 0 stands for all that found no room */
    stacks->is_open = 1;
    unlock(stacks);
    return KAA_OK;
}

/* Letting code objects go may run the program's code, which may come here. */
void
kaa_insight__stacks_clear(kaa_insight__stacks *stacks,
                          const kaa_insight__interpreter *in)
{
    int was_open;

    lock(stacks, UINT32_MAX);
    was_open = stacks->is_open;
    stacks->is_open = 0;
    unlock(stacks);
    for (uint32_t i = 0; i < KAA_INSIGHT__CODES_MAX && was_open; i++) {
        void *code = atomic_exchange(&stacks->codes[i], NULL);

        if (code != NULL)
            in->decref(code);
    }
    lock(stacks, UINT32_MAX);
    forget(stacks);
    unlock(stacks);
}

void
kaa_insight__stacks_fini(kaa_insight__stacks *stacks)
{
    atomic_flag_clear(&stacks->is_busy); /* by a thread that is not here */
    forget(stacks);
}

static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static int
is_same(const kaa_insight__stacks *stacks, const kaa_insight__stack *entry,
        const kaa_insight__place *places, uint32_t count)
{
    return entry->count == count &&
           memcmp(&stacks->places[entry->first], places,
                  count * sizeof(*places)) == 0;
}

/* Refers to a code object, once. 0: there is no room. */
static int
keep_code(kaa_insight__stacks *stacks, const kaa_insight__interpreter *in,
          void *code)
{
    uint32_t i = (uint32_t)(mix(1, (uintptr_t)code) >> 32);

    if (stacks->codes_count >= KAA_INSIGHT__CODES_MAX / 4 * 3)
        return 0;
    for (;; i++) {
        _Atomic(void *) *place = &stacks->codes[i % KAA_INSIGHT__CODES_MAX];
        void *found = atomic_load_explicit(place, memory_order_relaxed);

        if (found == code)
            return 1;
        if (found == NULL) {
            in->incref(code);
            atomic_store_explicit(place, code, memory_order_relaxed);
            stacks->codes_count++;
            return 1;
        }
    }
}

/* A new entry's number; 0: there is no room. */
static uint32_t
add(kaa_insight__stacks *stacks, const kaa_insight__interpreter *in,
    kaa_insight__stack *entry, uint64_t hash, const kaa_insight__place *places,
    uint32_t count)
{
    if (stacks->entries_count >= KAA_INSIGHT__STACKS_MAX / 4 * 3 ||
        stacks->places_count + count > KAA_INSIGHT__PLACES_MAX)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (!keep_code(stacks, in, places[i].code))
            return 0;
    memcpy(&stacks->places[stacks->places_count], places,
           count * sizeof(*places));
    entry->first = stacks->places_count;
    entry->count = count;
    entry->hash = hash;
    stacks->places_count += count;
    stacks->entries_count++;
    return (uint32_t)(entry - stacks->entries);
}

static uint32_t
find(kaa_insight__stacks *stacks, const kaa_insight__interpreter *in,
     const kaa_insight__place *places, uint32_t count)
{
    uint64_t hash = count;

    for (uint32_t i = 0; i < count; i++) {
        hash = mix(hash, (uintptr_t)places[i].code);
        hash = mix(hash, (uint64_t)places[i].instruction);
    }
    hash |= 1;
    for (uint32_t i = (uint32_t)(hash >> 32);; i++) {
        uint32_t number = i % KAA_INSIGHT__STACKS_MAX;
        kaa_insight__stack *entry = &stacks->entries[number];

        if (number == 0)
            continue;
        if (entry->hash == 0)
            return add(stacks, in, entry, hash, places, count);
        if (entry->hash == hash && is_same(stacks, entry, places, count))
            return number;
    }
}

uint32_t
kaa_insight__stacks_find_places(kaa_insight__stacks *stacks,
                                const kaa_insight__interpreter *in,
                                const kaa_insight__place *places,
                                uint32_t count)
{
    uint32_t number = 0;

    if (count == 0)
        return 0;
    if (!lock(stacks, SPINS_MAX))
        return 0;
    if (stacks->is_open)
        number = find(stacks, in, places, count);
    if (number == 0)
        atomic_fetch_add_explicit(&stacks->lost, 1, memory_order_relaxed);
    unlock(stacks);
    return number;
}

uint32_t
kaa_insight__stacks_find(kaa_insight__stacks *stacks,
                         const kaa_insight__interpreter *in, const void *state)
{
    kaa_insight__place places[KAA_INSIGHT__DEPTH_MAX];
    uint32_t count = kaa_insight__frames_read(&in->frames, state, places,
                                              KAA_INSIGHT__DEPTH_MAX);

    return kaa_insight__stacks_find_places(stacks, in, places, count);
}

static void
plus(_Atomic uint64_t *figure, uint64_t value)
{
    atomic_fetch_add_explicit(figure, value, memory_order_relaxed);
}

void
kaa_insight__stacks_add(kaa_insight__stacks *stacks, uint32_t number,
                        unsigned kind, uint64_t ticks, uint64_t others,
                        uint32_t thread)
{
    kaa_insight__tally *tally;

    if (stacks->memory == NULL)
        return;
    tally = &stacks->entries[number].tallies[kind];
    plus(&tally->count, 1);
    plus(&tally->ticks, ticks);
    plus(&tally->others, others);
    if (ticks > atomic_load_explicit(&tally->ticks_max, memory_order_relaxed))
        atomic_store_explicit(&tally->ticks_max, ticks, memory_order_relaxed);
    for (uint32_t i = 0; i < KAA_INSIGHT__THREADS_MAX; i++) {
        uint32_t one =
            atomic_load_explicit(&tally->threads[i], memory_order_relaxed);

        if (one == thread)
            return;
        if (one == 0) {
            atomic_store_explicit(&tally->threads[i], thread,
                                  memory_order_relaxed);
            return;
        }
    }
}
