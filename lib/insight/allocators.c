/* insight/allocators.c - see allocators.h. The hooks of the domains whose
 * allocators are called with the GIL, and the tables. */
#include "insight/allocators.h"

#include <math.h>
#include <sched.h>

#include "base/assert.h"
#include "base/os/os.h"
#include "insight/mallocs.h"
#include "insight/outside.h"

#define PROFILE (kaa_insight__profiling)
#define NEVER INT64_MAX

#ifdef __GNUC__
#define HOT __attribute__((hot))
#define NOINLINE __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))
#else
#define HOT
#define NOINLINE
#define INLINE inline
#endif

/* All 0: a profile sets `left` before its first hook is in. */
kaa_insight__profile kaa_insight__profiling;
kaa_insight__real_allocator kaa_insight__real[KAA_INSIGHT__DOMAINS];

static atomic_flag is_locked = ATOMIC_FLAG_INIT;

/* ---- who may write ---- */

void
kaa_insight__profile_lock(void)
{
    while (atomic_flag_test_and_set_explicit(&is_locked, memory_order_acquire))
        sched_yield();
}

void
kaa_insight__profile_unlock(void)
{
    atomic_flag_clear_explicit(&is_locked, memory_order_release);
}

void
kaa_insight__profile_after_fork(void)
{
    atomic_flag_clear(&is_locked);
    atomic_store(&PROFILE.is_inside, 0);
    atomic_store(&PROFILE.is_shared,
                 atomic_fetch_and(&PROFILE.attention, KAA_INSIGHT__SHARED) &
                     KAA_INSIGHT__SHARED);
}

/* With the lock: until whoever holds the GIL is not in the tables. He sees the
 * bits of `attention` that were set before. */
static void
wait_for_inside(void)
{
    kaa_base__fence_all();
    while (atomic_load_explicit(&PROFILE.is_inside, memory_order_acquire))
        sched_yield();
}

/* A thread that is not the main interpreter's, and not in the tables. */
KAA_INSIGHT__RARE static void
share(void)
{
    if (PROFILE.interpreter.version < 0x030c ||
        atomic_load_explicit(&PROFILE.is_shared, memory_order_acquire) != 0)
        return;
    kaa_insight__profile_lock();
    if ((atomic_fetch_or(&PROFILE.attention, KAA_INSIGHT__SHARED) &
         KAA_INSIGHT__SHARED) == 0)
        wait_for_inside();
    atomic_store_explicit(&PROFILE.is_shared, 1, memory_order_release);
    kaa_insight__profile_unlock();
}

/* With the lock and the GIL. */
static void
keep_codes(void)
{
    if ((atomic_load(&PROFILE.attention) & KAA_INSIGHT__UNKEPT) != 0 &&
        kaa_insight__profile_is_main(PROFILE.current_state())) {
        kaa_insight__sites_keep(&PROFILE.sites, &PROFILE.interpreter);
        atomic_fetch_and(&PROFILE.attention, ~KAA_INSIGHT__UNKEPT);
    }
}

/* Not with the lock: the loader is waited for. */
static void
look_for_loaded(void)
{
    if ((atomic_load(&PROFILE.attention) & KAA_INSIGHT__LOADED) != 0)
        kaa_insight__mallocs_look();
}

KAA_INSIGHT__RARE static int
enter_slowly(void)
{
    atomic_store_explicit(&PROFILE.is_inside, 0, memory_order_release);
    look_for_loaded();
    kaa_insight__profile_lock();
    keep_codes();
    return 1;
}

/* With the GIL. 0: enter() is to do it. */
static inline int
enter_quickly(void)
{
    atomic_store_explicit(&PROFILE.is_inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    return KAA_LIKELY(
        atomic_load_explicit(&PROFILE.attention, memory_order_acquire) == 0);
}

/* With the GIL. */
static inline int
enter(void)
{
    return enter_quickly() ? 0 : enter_slowly();
}

static inline void
leave(int was_locked)
{
    if (KAA_UNLIKELY(was_locked))
        kaa_insight__profile_unlock();
    else
        atomic_store_explicit(&PROFILE.is_inside, 0, memory_order_release);
}

/* With the GIL, where time does not matter. What is sampled is rare: the lock
 * is taken always. */
static int
enter_either(void)
{
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
        return enter();
    kaa_insight__profile_lock();
    keep_codes();
    return 1;
}

/* What kaa_insight__profile_enter() returns to a thread without the GIL. */
#define ENTERED_FREE 2

int
kaa_insight__profile_enter(int has_gil)
{
    if (has_gil) {
        if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT &&
            !kaa_insight__profile_is_main(PROFILE.current_state()))
            share();
        return enter_either();
    }
    kaa_insight__profile_lock();
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT &&
        (atomic_fetch_or(&PROFILE.attention, KAA_INSIGHT__WANTED) &
         KAA_INSIGHT__SHARED) == 0)
        wait_for_inside();
    return ENTERED_FREE;
}

void
kaa_insight__profile_leave(int entered)
{
    if (entered == ENTERED_FREE)
        atomic_fetch_and(&PROFILE.attention, ~KAA_INSIGHT__WANTED);
    leave(entered);
}

/* ---- sites ---- */

static uint32_t
site_of_stack(const void *state)
{
    kaa_insight__place places[KAA_INSIGHT__SITES_FRAMES_MAX];
    uint32_t count;

    if (!kaa_insight__profile_is_main(state))
        return 0;
    count = kaa_insight__frames_read(&PROFILE.interpreter.frames, state, places,
                                     KAA_INSIGHT__GET(PROFILE.frames));
    return kaa_insight__sites_find(&PROFILE.sites, &PROFILE.interpreter, places,
                                   count, 1);
}

/* The site of a place that was not the last in its slot. Code objects in the
 * cache are kept alive, so no other interpreter's can be found there. */
KAA_INSIGHT__RARE static uint32_t
site_of_new(const void *state, uintptr_t key, uint32_t slot)
{
    kaa_insight__place place;
    uint32_t site;

    if (!kaa_insight__profile_is_main(state))
        return 0;
    if (key == 0 ||
        !kaa_insight__frame_read(&PROFILE.interpreter.frames, state, &place))
        return site_of_stack(state);
    site = kaa_insight__sites_find(&PROFILE.sites, &PROFILE.interpreter, &place,
                                   1, 1);
    if (site != 0) {
        PROFILE.cache[slot].key = key;
        PROFILE.cache[slot].site = site;
    }
    return site;
}

static inline uint32_t
slot_of(uintptr_t key)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 52);
}

static uint32_t
site_of(const void *state)
{
    uintptr_t key;
    uint32_t slot;

    if (KAA_INSIGHT__GET(PROFILE.frames) != 1)
        return site_of_stack(state);
    key = kaa_insight__frame_key(&PROFILE.interpreter.frames, state);
    slot = slot_of(key);
    if (PROFILE.cache[slot].key != key)
        return site_of_new(state, key, slot);
    return PROFILE.cache[slot].site;
}

KAA_INSIGHT__RARE void
kaa_insight__profile_note(void)
{
    kaa_insight__points_note(&PROFILE.points, PROFILE.sites.all.live_bytes,
                             PROFILE.sites.all.peak, 0);
}

/* ---- exact ---- */

/* Allocations of a site between two looks at the clock, less 1; and of those
 * that do not go the quick way. */
#define CALLS_TO_LOOK 255u

/* Whoever sees that it is so sees what was written before. */
static inline int
is_exact(void)
{
    return atomic_load_explicit(&PROFILE.mode, memory_order_acquire) ==
           KAA_INSIGHT_HEAP_EXACT;
}

static inline const void *
muted(void)
{
    return atomic_load_explicit(&PROFILE.muted, memory_order_relaxed);
}

static inline void
follow(void *block, size_t size, const void *state)
{
    uint32_t *word;

    if (state != NULL && state == muted())
        return;
    word = kaa_insight__word_new(block);
    if (word != NULL)
        kaa_insight__word_set(word, size, site_of(state));
    else
        PROFILE.lost++;
}

static inline void
count_call(void)
{
    uint64_t calls = KAA_INSIGHT__GET(PROFILE.calls) + 1;

    KAA_INSIGHT__SET(PROFILE.calls, calls);
    if ((calls & CALLS_TO_LOOK) == 0)
        kaa_insight__profile_note();
}

/* Where another GIL's thread may have ended the profile, the lock was waited
 * for. */
KAA_INSIGHT__RARE static void
born_locked(void *block, size_t size, const void *state)
{
    if (is_exact())
        follow(block, size, state);
    count_call();
    kaa_insight__profile_unlock();
}

NOINLINE static void *
born_slowly(void *block, size_t size, const void *state)
{
    if (block == NULL)
        return NULL;
    if (!kaa_insight__profile_is_main(state))
        share();
    if (enter() != 0) {
        born_locked(block, size, state);
        return block;
    }
    follow(block, size, state);
    count_call();
    leave(0);
    return block;
}

NOINLINE static void *
born_and_noted(void *block)
{
    kaa_insight__profile_note();
    leave(0);
    return block;
}

/* As born_slowly(), where all is as it mostly is: a thread of the main
 * interpreter, alone in the tables, at a place that the cache has. What differs
 * goes there, by a jump: so nothing is saved for it here. */
static INLINE void *
born(void *block, size_t size)
{
    const void *state = KAA_LIKELY(PROFILE.state_at != 0)
                            ? kaa_insight__state_read(PROFILE.state_at)
                            : PROFILE.current_state();
    uint32_t *word, site;
    uintptr_t key;

    if (KAA_UNLIKELY(
            state == NULL ||
            kaa_insight__word((uintptr_t)state, PROFILE.interpreter_at) !=
                KAA_INSIGHT__GET(PROFILE.quick)))
        return born_slowly(block, size, state);
    key = kaa_insight__frame_key(&PROFILE.interpreter.frames, state);
    if (KAA_UNLIKELY(
            PROFILE.cache[slot_of(key)].key != key ||
            size >= KAA_INSIGHT__SIZE_LONG || enter_quickly() == 0 ||
            (word = kaa_insight__shadow_find(&PROFILE.shadow, block)) == NULL))
        return born_slowly(block, size, state);
    site = PROFILE.cache[slot_of(key)].site;
    if (KAA_UNLIKELY(*word != 0))
        return born_slowly(block, size, state);
    kaa_insight__word_set(word, size, site);
    if (KAA_UNLIKELY(
            (KAA_INSIGHT__GET(PROFILE.sites.entries[site].allocated_blocks) &
             CALLS_TO_LOOK) == 0))
        return born_and_noted(block);
    leave(0);
    return block;
}

/* ---- sampled ---- */

NOINLINE static void
sample(void *block, size_t size)
{
    void *state = PROFILE.current_state();

    look_for_loaded();
    kaa_insight__profile_lock();
    keep_codes();
    if (PROFILE.mode != KAA_INSIGHT_HEAP_SAMPLED) {
        KAA_INSIGHT__ADD(PROFILE.calls, 1u);
        atomic_store_explicit(&PROFILE.left, NEVER, memory_order_relaxed);
    } else if (atomic_load_explicit(&PROFILE.left, memory_order_relaxed) < 0) {
        KAA_INSIGHT__ADD(PROFILE.calls, 1u);
        atomic_store_explicit(&PROFILE.left, kaa_insight__profile_gap(),
                              memory_order_relaxed);
        if (block != NULL && (state != PROFILE.muted || state == NULL))
            (void)kaa_insight__profile_chosen(block, size, site_of(state));
        kaa_insight__profile_note();
    }
    kaa_insight__profile_unlock();
}

/* ---- garbage ---- */

/* Whether this thread runs the collector. */
static inline int
is_collecting(void)
{
    return KAA_UNLIKELY(PROFILE.garbage.state != NULL) &&
           PROFILE.garbage.state == PROFILE.current_state();
}

KAA_INSIGHT__RARE static void
note_garbage(const void *block)
{
    const uint32_t *word = kaa_insight__shadow_find(&PROFILE.shadow, block);

    if (word != NULL && *word != 0)
        kaa_insight__garbage_note(
            &PROFILE.garbage, block, kaa_insight__word_size(word),
            kaa_insight__word_site(word), kaa_insight__word_size(word), 1);
}

KAA_INSIGHT__RARE static void
forget(const void *block)
{
    kaa_insight__sampled one;

    int entered = enter_either();

    if (PROFILE.mode != KAA_INSIGHT_HEAP_OFF &&
        kaa_insight__samples_take(&PROFILE.samples, block, &one)) {
        if (is_collecting())
            kaa_insight__garbage_note(&PROFILE.garbage, block, one.size,
                                      one.site, one.weight, one.blocks);
        kaa_insight__profile_bury(&one);
    }
    leave(entered);
}

/* ---- born and died ---- */

static inline uint32_t
asked_for(uint32_t bits)
{
    return atomic_load_explicit(&PROFILE.attention, memory_order_relaxed) &
           bits;
}

/* The hooks give what this does. */
static INLINE void *
allocated(void *block, size_t size)
{
    int64_t left;

    if (is_exact())
        return born(block, size);
    left = atomic_load_explicit(&PROFILE.left, memory_order_relaxed) -
           (int64_t)size;
    atomic_store_explicit(&PROFILE.left, left, memory_order_relaxed);
    if (KAA_UNLIKELY(left < 0 ||
                     asked_for(KAA_INSIGHT__UNKEPT | KAA_INSIGHT__LOADED) != 0))
        sample(block, size);
    return block;
}

KAA_INSIGHT__RARE static void
died_locked(const void *block)
{
    if (is_exact() && is_collecting())
        note_garbage(block);
    kaa_insight__profile_died(block);
    kaa_insight__profile_unlock();
}

/* Any block of an exact profile. What the real free() gives back to domain RAW
 * is of this block. */
NOINLINE static void
free_slowly(unsigned domain, void *context, void *block)
{
    if (enter() != 0) {
        died_locked(block);
    } else {
        if (is_collecting())
            note_garbage(block);
        kaa_insight__profile_died(block);
        leave(0);
    }
    kaa_insight__busy = 1;
    KAA_INSIGHT__REAL(domain, free)(context, block);
    kaa_insight__busy = 0;
}

/* Larger blocks are given back to domain RAW by pymalloc. */
#define PYMALLOC_MAX 512u

/* As free_slowly(), where all is as it mostly is. The tables may end with
 * another interpreter's GIL held: who is not inside may not look at them. */
static INLINE void
free_exact(unsigned domain, void *context, void *block)
{
    uint32_t *word;

    if (KAA_UNLIKELY(
            enter_quickly() == 0 || PROFILE.garbage.state != NULL ||
            (word = kaa_insight__shadow_find(&PROFILE.shadow, block)) == NULL ||
            (*word & KAA_INSIGHT__SIZE_LONG) > PYMALLOC_MAX)) {
        free_slowly(domain, context, block);
        return;
    }
    if (KAA_LIKELY(*word != 0)) {
        kaa_insight__sites_died(&PROFILE.sites, kaa_insight__word_site(word),
                                *word & KAA_INSIGHT__SIZE_LONG, 1);
        *word = 0;
    }
    leave(0);
    KAA_INSIGHT__REAL(domain, free)(context, block);
}

KAA_INSIGHT__RARE static void
free_sampled(unsigned domain, void *context, void *block)
{
    forget(block);
    KAA_INSIGHT__REAL(domain, free)(context, block);
}

/* A code object that a thread without the GIL has found must be referred to
 * before its memory can be another's: so that comes before the real free(). */
static INLINE void
freed(unsigned domain, void *context, void *block)
{
    if (is_exact())
        free_exact(domain, context, block);
    else if (KAA_UNLIKELY(kaa_insight__samples_maybe(&PROFILE.samples, block) ||
                          asked_for(KAA_INSIGHT__UNKEPT) != 0))
        free_sampled(domain, context, block);
    else
        KAA_INSIGHT__REAL(domain, free)(context, block);
}

/* ---- blocks that move ---- */

static int
take(const void *block, kaa_insight__sampled *out)
{
    int entered, found;

    if (KAA_LIKELY(PROFILE.mode != KAA_INSIGHT_HEAP_EXACT &&
                   !kaa_insight__samples_maybe(&PROFILE.samples, block)))
        return 0;
    entered = enter_either();
    found = kaa_insight__profile_take(block, out);
    leave(entered);
    return found;
}

static void
settle(void *block, const void *moved, const kaa_insight__sampled *old)
{
    int entered = enter_either();

    if (moved != NULL)
        kaa_insight__profile_bury(old);
    else
        kaa_insight__profile_give_back(block, old);
    leave(entered);
}

/* ---- the hooks ---- */

/* A moved block counts for the line that moves it. It is looked up before it
 * moves: after that, another interpreter's may stand there. */
static void *
reallocated(unsigned domain, void *context, void *block, size_t size)
{
    kaa_insight__sampled old;
    int is_known = block != NULL && take(block, &old);
    void *moved;

    kaa_insight__busy = 1;
    moved = KAA_INSIGHT__REAL(domain, realloc)(context, block, size);
    kaa_insight__busy = 0;
    if (is_known)
        settle(block, moved, &old);
    return moved != NULL ? allocated(moved, size) : NULL;
}

#define HOOKS(domain)                                                          \
    HOT static void *malloc_##domain(void *context, size_t size)               \
    {                                                                          \
        void *block;                                                           \
                                                                               \
        kaa_insight__busy = 1;                                                 \
        block = KAA_INSIGHT__REAL(domain, malloc)(context, size);              \
        kaa_insight__busy = 0;                                                 \
        return allocated(block, size);                                         \
    }                                                                          \
    static void *calloc_##domain(void *context, size_t count, size_t size)     \
    {                                                                          \
        void *block;                                                           \
                                                                               \
        kaa_insight__busy = 1;                                                 \
        block = KAA_INSIGHT__REAL(domain, calloc)(context, count, size);       \
        kaa_insight__busy = 0;                                                 \
        return block != NULL ? allocated(block, count * size) : NULL;          \
    }                                                                          \
    static void *realloc_##domain(void *context, void *block, size_t size)     \
    {                                                                          \
        return reallocated(domain, context, block, size);                      \
    }                                                                          \
    HOT static void free_##domain(void *context, void *block)                  \
    {                                                                          \
        if (block != NULL)                                                     \
            freed(domain, context, block);                                     \
    }

HOOKS(1)
HOOKS(2)

const kaa_insight__allocator kaa_insight__hooks_gil[2] = {
    {NULL, malloc_1, calloc_1, realloc_1, free_1},
    {NULL, malloc_2, calloc_2, realloc_2, free_2},
};
