/* Hooks of exact profiles in two interpreters, each with a GIL of its own: what
 * is counted is what was asked for. The interpreters are made up. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/os/os.h"
#include "insight/allocators.h"
#include "kaa_test.h"

#define PROFILE (kaa_insight__profiling)
#define ROUNDS 2000u
#define BLOCKS 8u
#define SIZE 100u
#define BLOCK_BYTES 48u
/* Of one leaf of the shadow. */
#define MAIN_BLOCKS 0x7f0000000000u
#define OTHER_BLOCKS 0x7f0000100000u
#define HOOKS (kaa_insight__hooks_gil[KAA_INSIGHT__OBJ - 1])

/* A thread state, as far as hooks look at it. */
typedef struct made_up_state {
    void *before, *after, *interpreter;
} made_up_state;

static int main_interpreter, other_interpreter;
static made_up_state main_state = {.interpreter = &main_interpreter};
static made_up_state other_state = {.interpreter = &other_interpreter};
static _Thread_local made_up_state *own_state;
static _Thread_local uintptr_t next_block;
static _Atomic uint32_t begun, ended; /* rounds */

static void *
current_state(void)
{
    return own_state;
}

/* Nobody looks into these blocks. */
static void *
give(void *context, size_t size)
{
    (void)context;
    (void)size;
    next_block += BLOCK_BYTES;
    return (void *)next_block;
}

static void
take_back(void *context, void *block)
{
    (void)context;
    (void)block;
}

static void
drop_tables(kaa_insight__profile *profile)
{
    atomic_store(&profile->mode, KAA_INSIGHT_HEAP_OFF);
    atomic_store(&profile->attention, 0);
    atomic_store(&profile->is_shared, 0);
    kaa_insight__shadow_fini(&profile->shadow);
    kaa_insight__sites_fini(&profile->sites, NULL);
}

DEFERRABLE(drop_tables, kaa_insight__profile)

/* A block of `size` bytes and its end, and one that ends later. */
static void *
ask(size_t size, void *older)
{
    HOOKS.free(NULL, HOOKS.malloc(NULL, size));
    if (older != NULL)
        HOOKS.free(NULL, older);
    return HOOKS.malloc(NULL, size);
}

/* The first blocks of the other interpreter, once a round. */
static void *
be_other(void *user)
{
    void *kept = NULL;

    (void)user;
    own_state = &other_state;
    next_block = OTHER_BLOCKS;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&begun) != round)
            sched_yield();
        for (uint32_t i = 0; i < BLOCKS; i++)
            kept = ask(SIZE, kept);
        HOOKS.free(NULL, kept);
        kept = NULL;
        next_block = OTHER_BLOCKS;
        atomic_store(&ended, round);
    }
    return NULL;
}

/* The main interpreter asks all the time that the other one does. Returns how
 * often. */
static uint64_t
be_main(uint32_t round)
{
    void *kept = NULL;
    uint64_t count = 0;

    next_block = MAIN_BLOCKS;
    atomic_store(&begun, round);
    do {
        for (uint32_t i = 0; i < BLOCKS; i++)
            kept = ask(SIZE, kept);
        next_block = MAIN_BLOCKS + (++count % 2) * 2 * BLOCKS * BLOCK_BYTES * 2;
        if (count % 64 == 0)
            sched_yield();
    } while (atomic_load(&ended) != round);
    HOOKS.free(NULL, kept);
    return count * BLOCKS;
}

/* As when a profile has begun, and there is one interpreter yet. */
static void
start(void)
{
    PROFILE.interpreter.version = 0x030c;
    PROFILE.current_state = current_state;
    PROFILE.main_interpreter = &main_interpreter;
    PROFILE.interpreter_at = offsetof(made_up_state, interpreter);
    atomic_store(&PROFILE.frames, 2);
    atomic_store(&kaa_insight__real[KAA_INSIGHT__OBJ].malloc, give);
    atomic_store(&kaa_insight__real[KAA_INSIGHT__OBJ].free, take_back);
    atomic_store(&PROFILE.mode, KAA_INSIGHT_HEAP_EXACT);
}

static void *
ask_once(void *user)
{
    own_state = &other_state;
    next_block = OTHER_BLOCKS;
    HOOKS.free(NULL, HOOKS.malloc(NULL, SIZE));
    atomic_store(&ended, 1);
    return user;
}

/* The main interpreter's thread is in the tables, without the lock. */
KAA_TEST(another_gil_waits_for_the_tables)
{
    kaa_insight__sites *sites = &PROFILE.sites;
    uint32_t ended_early = 0;
    pthread_t other;

    if (!kaa_base__fence_all_start())
        SKIP("no membarrier(): all take the lock, always");
    CHECK_OK(kaa_insight__sites_init(sites, &t->err));
    DEFER(t, drop_tables, &PROFILE);
    CHECK_OK(kaa_insight__shadow_init(&PROFILE.shadow, &t->err));
    start();
    atomic_store(&ended, 0);
    atomic_store(&PROFILE.is_inside, 1);
    CHECK_EQ(pthread_create(&other, NULL, ask_once, NULL), 0);
    while (atomic_load(&PROFILE.attention) != KAA_INSIGHT__SHARED)
        sched_yield();
    for (uint32_t i = 0; i < 2000 && !ended_early; i++) {
        ended_early = atomic_load(&ended);
        sched_yield();
    }
    ended_early |= atomic_load(&PROFILE.is_inside) == 0;
    atomic_store(&PROFILE.is_inside, 0);
    CHECK_EQ(pthread_join(other, NULL), 0);
    CHECK_EQ(ended_early, 0);
    CHECK(atomic_load(&PROFILE.is_shared) != 0);
    CHECK_EQ(sites->entries[0].allocated_blocks, 1);
    CHECK_EQ(kaa_insight__site_blocks(&sites->entries[0]), 0);
}

/* The other interpreter's first block comes while the main one's thread is in
 * the tables without the lock. */
KAA_TEST(two_gils_count_what_both_ask_for)
{
    kaa_insight__sites *sites = &PROFILE.sites;
    int has_fence = kaa_base__fence_all_start();
    uint32_t is_shared = 0;
    uint64_t asked = 0;
    uintptr_t address = 0;
    pthread_t other;

    CHECK_OK(kaa_insight__sites_init(sites, &t->err));
    DEFER(t, drop_tables, &PROFILE);
    CHECK_OK(kaa_insight__shadow_init(&PROFILE.shadow, &t->err));
    start();
    own_state = &main_state;
    atomic_store(&begun, 0);
    atomic_store(&ended, 0);
    CHECK_EQ(pthread_create(&other, NULL, be_other, NULL), 0);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        atomic_store(&PROFILE.attention, has_fence ? 0 : KAA_INSIGHT__SHARED);
        atomic_store(&PROFILE.is_shared, !has_fence);
        asked += be_main(round) + BLOCKS;
        is_shared += atomic_load(&PROFILE.is_shared) != 0;
    }
    CHECK_EQ(pthread_join(other, NULL), 0);
    CHECK_EQ(is_shared, ROUNDS);
    CHECK_EQ(sites->all.live_bytes, 0);
    CHECK_EQ(kaa_insight__site_blocks(&sites->entries[0]), 0);
    CHECK_EQ(sites->entries[0].allocated_blocks, asked * 2);
    CHECK_EQ(sites->entries[0].allocated_bytes, asked * 2 * SIZE);
    CHECK_EQ(kaa_insight__shadow_next(&PROFILE.shadow, &address), NULL);
}
