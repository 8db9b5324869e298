/* insight/allocators.c - see allocators.h. The hooks of the domains whose
 * allocators are called with the GIL, and the tables. */
#include "insight/allocators.h"

#include <math.h>
#include <sched.h>

#include "base/assert.h"
#include "base/os/os.h"
#include "insight/mallocs.h"

#define PROFILE (kaa_insight__profiling)
#define NEVER INT64_MAX

#ifdef __GNUC__
#define HOT __attribute__((noinline, hot))
#else
#define HOT
#endif

kaa_insight__profile kaa_insight__profiling = {.left = NEVER};
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
    atomic_store(&PROFILE.in_real, 0);
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

/* With the GIL. */
static inline int
enter(void)
{
    atomic_store_explicit(&PROFILE.is_inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (KAA_LIKELY(atomic_load_explicit(&PROFILE.attention,
                                        memory_order_acquire) == 0))
        return 0;
    return enter_slowly();
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

/* The site of a place that was not the last in its slot. Code objects in the
 * cache are kept alive, so no other interpreter's can be found there. */
KAA_INSIGHT__RARE static uint32_t
site_of_new(const void *state, const kaa_insight__place *place, uint32_t slot)
{
    if (!kaa_insight__profile_is_main(state))
        return 0;
    PROFILE.cache[slot].site = kaa_insight__sites_find(
        &PROFILE.sites, &PROFILE.interpreter, place, 1, 1);
    PROFILE.cache[slot].place = *place;
    return PROFILE.cache[slot].site;
}

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

static uint32_t
site_of(const void *state)
{
    kaa_insight__place place;
    uint32_t slot;

    if (KAA_INSIGHT__GET(PROFILE.frames) != 1)
        return site_of_stack(state);
    if (!kaa_insight__frame_read(&PROFILE.interpreter.frames, state, &place))
        return site_of_stack(state);
    slot = (uint32_t)((((uintptr_t)place.code >> 4) ^
                       (uintptr_t)place.instruction) *
                      0x9e3779b1u) >>
           20;
    if (KAA_UNLIKELY(PROFILE.cache[slot].place.code != place.code ||
                     PROFILE.cache[slot].place.instruction !=
                         place.instruction))
        return site_of_new(state, &place, slot);
    return PROFILE.cache[slot].site;
}

KAA_INSIGHT__RARE void
kaa_insight__profile_note(void)
{
    kaa_insight__points_note(&PROFILE.points, PROFILE.sites.all.live_bytes,
                             PROFILE.sites.all.peak, 0);
}

/* ---- exact ---- */

/* Allocations between two looks at the clock, less 1. */
#define CALLS_TO_LOOK 1023u

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
    uint64_t *word;

    if (state != NULL && state == muted())
        return;
    word = kaa_insight__word_new(block);
    if (word != NULL && size <= KAA_INSIGHT__SIZE_MASK)
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

HOT static void
born(void *block, size_t size)
{
    void *state = PROFILE.current_state();

    if (KAA_UNLIKELY(!kaa_insight__profile_is_main(state)))
        share();
    if (enter() != 0) {
        born_locked(block, size, state);
        return;
    }
    follow(block, size, state);
    count_call();
    leave(0);
}

/* ---- sampled ---- */

KAA_INSIGHT__RARE static void
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
    const uint64_t *word = kaa_insight__shadow_find(&PROFILE.shadow, block);

    if (word != NULL && *word != 0)
        kaa_insight__garbage_note(
            &PROFILE.garbage, block, kaa_insight__word_size(*word),
            kaa_insight__word_site(*word), kaa_insight__word_size(*word), 1);
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

static inline void
allocated(void *block, size_t size)
{
    int64_t left;

    if (is_exact()) {
        if (block != NULL)
            born(block, size);
        return;
    }
    left = atomic_load_explicit(&PROFILE.left, memory_order_relaxed) -
           (int64_t)size;
    atomic_store_explicit(&PROFILE.left, left, memory_order_relaxed);
    if (KAA_UNLIKELY(left < 0 ||
                     asked_for(KAA_INSIGHT__UNKEPT | KAA_INSIGHT__LOADED) != 0))
        sample(block, size);
}

KAA_INSIGHT__RARE static void
died_locked(const void *block)
{
    if (is_exact() && is_collecting())
        note_garbage(block);
    kaa_insight__profile_died(block);
    kaa_insight__profile_unlock();
}

HOT static void
died(const void *block)
{
    uint64_t *word;

    if (enter() != 0) {
        died_locked(block);
        return;
    }
    word = kaa_insight__shadow_find(&PROFILE.shadow, block);
    if (word != NULL && *word != 0) {
        if (is_collecting())
            note_garbage(block);
        kaa_insight__word_bury(*word);
        *word = 0;
    }
    leave(0);
}

/* A code object that a thread without the GIL has found must be referred to
 * before its memory can be another's: so this comes before the real free(). */
static inline void
freed(const void *block)
{
    if (is_exact())
        died(block);
    else if (KAA_UNLIKELY(kaa_insight__samples_maybe(&PROFILE.samples, block) ||
                          asked_for(KAA_INSIGHT__UNKEPT) != 0))
        forget(block);
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

/* What the real allocator asks domain RAW for is a part of the same block. */
static inline void
in_real(uint32_t is_in)
{
    atomic_store_explicit(&PROFILE.in_real, is_in, memory_order_relaxed);
}

/* A moved block counts for the line that moves it. It is looked up before it
 * moves: after that, another interpreter's may stand there. */
static void *
reallocated(unsigned domain, void *context, void *block, size_t size)
{
    kaa_insight__sampled old;
    int is_known = block != NULL && take(block, &old);
    void *moved;

    in_real(1);
    moved = KAA_INSIGHT__REAL(domain, realloc)(context, block, size);
    in_real(0);
    if (is_known)
        settle(block, moved, &old);
    if (moved != NULL)
        allocated(moved, size);
    return moved;
}

#define HOOKS(domain)                                                          \
    static void *malloc_##domain(void *context, size_t size)                   \
    {                                                                          \
        void *block;                                                           \
                                                                               \
        in_real(1);                                                            \
        block = KAA_INSIGHT__REAL(domain, malloc)(context, size);              \
        in_real(0);                                                            \
        allocated(block, size);                                                \
        return block;                                                          \
    }                                                                          \
    static void *calloc_##domain(void *context, size_t count, size_t size)     \
    {                                                                          \
        void *block;                                                           \
                                                                               \
        in_real(1);                                                            \
        block = KAA_INSIGHT__REAL(domain, calloc)(context, count, size);       \
        in_real(0);                                                            \
        if (block != NULL)                                                     \
            allocated(block, count *size);                                     \
        return block;                                                          \
    }                                                                          \
    static void *realloc_##domain(void *context, void *block, size_t size)     \
    {                                                                          \
        return reallocated(domain, context, block, size);                      \
    }                                                                          \
    static void free_##domain(void *context, void *block)                      \
    {                                                                          \
        if (block != NULL)                                                     \
            freed(block);                                                      \
        KAA_INSIGHT__REAL(domain, free)(context, block);                       \
    }

HOOKS(1)
HOOKS(2)

const kaa_insight__allocator kaa_insight__hooks_gil[2] = {
    {NULL, malloc_1, calloc_1, realloc_1, free_1},
    {NULL, malloc_2, calloc_2, realloc_2, free_2},
};
