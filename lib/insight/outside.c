/* insight/outside.c - see outside.h; and the hooks of domain RAW, and of all
 * domains of free-threaded builds. */
#include "insight/outside.h"

#include <errno.h>

#include "base/assert.h"
#include "insight/allocators.h"
#include "insight/unwind.h"

#define PROFILE (kaa_insight__profiling)

/* Of the C stack above the hook, and of the hook itself. */
#define C_FRAMES 16u
#define OWN_FRAMES 8u

KAA_INSIGHT__TLS uint32_t kaa_insight__busy;
KAA_INSIGHT__TLS uint32_t kaa_insight__any_calls;

static KAA_INSIGHT__TLS struct {
    int64_t left;   /* bytes to this thread's next sample */
    uint32_t start; /* of which profile */
} own;

/* This thread's state; NULL: it has none. From 3.12 on current_state() is a
 * thread's own, and NULL without the GIL; before, it is that of whoever has the
 * GIL. */
static const void *
own_state(int *out_has_gil)
{
    const void *current = PROFILE.current_state(), *state;

    if (current != NULL && PROFILE.interpreter.version >= 0x030c) {
        *out_has_gil = 1;
        return current;
    }
    state = PROFILE.interpreter.this_thread_state();
    *out_has_gil = current != NULL && current == state;
    return state;
}

static int
enter(void)
{
    int gil;

    (void)own_state(&gil);
    return kaa_insight__profile_enter(gil);
}

/* ---- sites ---- */

/* The C functions from the caller of a hook up to the interpreter. */
static uint32_t
c_places(const void *caller, kaa_insight__place *places)
{
    kaa_insight__c_frame frames[C_FRAMES + OWN_FRAMES];
    uint32_t count = kaa_insight__unwind(frames, C_FRAMES + OWN_FRAMES);
    uint32_t first = 0, made = 0;

    while (first < count && frames[first].address != (uintptr_t)caller)
        first++;
    if (first == count) { /* there is no unwinder, or it cannot get there */
        frames[0].address = (uintptr_t)caller;
        first = 0;
        count = 1;
    }
    for (uint32_t i = first; i < count && made < C_FRAMES; i++) {
        uintptr_t address = frames[i].address;

        if (address >= PROFILE.python_first && address < PROFILE.python_end)
            break;
        places[made++] =
            (kaa_insight__place){(void *)address, KAA_INSIGHT__PLACE_C};
    }
    return made;
}

/* Nothing keeps the code of a free-threaded build's frames once their thread
 * has gone on. */
static uint32_t
python_places(const void *state, int gil, kaa_insight__place *places)
{
    if (!kaa_insight__profile_is_main(state) ||
        (PROFILE.interpreter.is_free_threaded && !gil))
        return 0;
    return kaa_insight__frames_read(&PROFILE.interpreter.frames, state, places,
                                    KAA_INSIGHT__GET(PROFILE.frames));
}

/* The tables are entered. */
static uint32_t
find_site(const kaa_insight__place *places, uint32_t count, int gil)
{
    uint32_t site = kaa_insight__sites_find(
        &PROFILE.sites, &PROFILE.interpreter, places, count, gil);

    if (PROFILE.sites.unkept_count != 0)
        atomic_fetch_or(&PROFILE.attention, KAA_INSIGHT__UNKEPT);
    return site;
}

/* ---- samples ---- */

KAA_INSIGHT__RARE static void
choose(void *block, size_t size, const void *caller)
{
    kaa_insight__place places[KAA_INSIGHT__SITES_FRAMES_MAX + C_FRAMES];
    uint32_t start = atomic_load(&PROFILE.start), count = 0, before;
    const void *state;
    int gil, entered, error = errno;

    if (own.start != start) { /* no gap was drawn for this profile yet */
        own.start = start;
        own.left =
            start == 0 ? INT64_MAX : kaa_insight__profile_gap() - (int64_t)size;
    }
    if (own.left >= 0)
        return;
    before = kaa_insight__outside_begin(); /* the unwinder may allocate */
    own.left = kaa_insight__profile_gap();
    state = own_state(&gil);
    if (caller != NULL)
        count = c_places(caller, places);
    count += python_places(state, gil, places + count);
    entered = kaa_insight__profile_enter(gil);
    if (atomic_load(&PROFILE.start) == start &&
        (state != PROFILE.muted || state == NULL)) {
        (void)kaa_insight__profile_chosen(block, size,
                                          find_site(places, count, gil));
        kaa_insight__profile_note();
    }
    kaa_insight__profile_leave(entered);
    kaa_insight__outside_end(before);
    errno = error;
}

static inline void
count_down(void *block, size_t size, const void *caller)
{
    own.left -= (int64_t)size;
    if (KAA_UNLIKELY(own.left < 0 ||
                     own.start != atomic_load_explicit(&PROFILE.start,
                                                       memory_order_relaxed)))
        choose(block, size, caller);
}

void
kaa_insight__outside_malloc(void *block, size_t size, const void *caller)
{
    if (atomic_load_explicit(&PROFILE.has_native, memory_order_relaxed) != 0)
        count_down(block, size, caller);
}

KAA_INSIGHT__RARE static void
forget(const void *block)
{
    kaa_insight__sampled one;
    int error = errno; /* free() keeps it */
    int entered = enter();

    if (kaa_insight__profile_take(block, &one))
        kaa_insight__profile_bury(&one);
    kaa_insight__profile_leave(entered);
    errno = error;
}

void
kaa_insight__outside_free(const void *block)
{
    if (KAA_UNLIKELY(kaa_insight__samples_maybe(&PROFILE.samples, block)))
        forget(block);
}

/* ---- blocks that move ---- */

uint32_t
kaa_insight__outside_take(const void *block, kaa_insight__sampled *out)
{
    uint32_t start = atomic_load_explicit(&PROFILE.start, memory_order_acquire);
    int entered;

    if (block == NULL || start == 0 ||
        (PROFILE.mode != KAA_INSIGHT_HEAP_EXACT &&
         !kaa_insight__samples_maybe(&PROFILE.samples, block)))
        return 0;
    entered = enter();
    if (atomic_load(&PROFILE.start) != start ||
        !kaa_insight__profile_take(block, out))
        start = 0;
    kaa_insight__profile_leave(entered);
    return start;
}

void
kaa_insight__outside_settle(uint32_t start, void *block, const void *moved,
                            const kaa_insight__sampled *old)
{
    int entered = enter();

    if (atomic_load(&PROFILE.start) == start && moved != NULL)
        kaa_insight__profile_bury(old);
    else if (atomic_load(&PROFILE.start) == start)
        kaa_insight__profile_give_back(block, old);
    kaa_insight__profile_leave(entered);
}

/* ---- domain RAW, or any one without a GIL ---- */

static void
any_born(void *block, size_t size, const void *state, int gil)
{
    kaa_insight__place places[KAA_INSIGHT__SITES_FRAMES_MAX];
    uint32_t start = atomic_load(&PROFILE.start);
    uint32_t count = python_places(state, gil, places);
    int entered = kaa_insight__profile_enter(gil);

    if (atomic_load(&PROFILE.start) == start &&
        PROFILE.mode == KAA_INSIGHT_HEAP_EXACT &&
        (state != PROFILE.muted || state == NULL))
        kaa_insight__profile_born(block, size, find_site(places, count, gil));
    kaa_insight__profile_leave(entered);
}

/* What is part of a block of another domain, or of C code's, is not followed.
 */
static void
any_allocated(void *block, size_t size)
{
    const void *state;
    int gil;

    kaa_insight__any_calls++;
    if (block == NULL || kaa_insight__busy != 0 ||
        atomic_load_explicit(&PROFILE.start, memory_order_acquire) == 0)
        return;
    state = own_state(&gil);
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
        any_born(block, size, state, gil);
    else
        count_down(block, size, NULL);
}

static inline void *
any_malloc(unsigned domain, void *context, size_t size)
{
    uint32_t before;
    void *block;

    before = kaa_insight__outside_begin();
    block = KAA_INSIGHT__REAL(domain, malloc)(context, size);
    kaa_insight__outside_end(before);
    any_allocated(block, size);
    return block;
}

static inline void *
any_calloc(unsigned domain, void *context, size_t count, size_t size)
{
    uint32_t before;
    void *block;

    before = kaa_insight__outside_begin();
    block = KAA_INSIGHT__REAL(domain, calloc)(context, count, size);
    kaa_insight__outside_end(before);
    any_allocated(block, count * size);
    return block;
}

/* Large blocks of other domains come to RAW, too, and are no concern of its
 * hook: what is known of them their own has taken. */
static inline void *
any_realloc(unsigned domain, void *context, void *block, size_t size)
{
    kaa_insight__sampled old;
    uint32_t start = kaa_insight__outside_take(block, &old), before;
    void *moved;

    before = kaa_insight__outside_begin();
    moved = KAA_INSIGHT__REAL(domain, realloc)(context, block, size);
    kaa_insight__outside_end(before);
    if (start != 0)
        kaa_insight__outside_settle(start, block, moved, &old);
    any_allocated(moved, size);
    return moved;
}

static inline void
any_free(unsigned domain, void *context, void *block)
{
    uint32_t before;

    if (block != NULL && kaa_insight__busy == 0 &&
        atomic_load_explicit(&PROFILE.start, memory_order_acquire) != 0) {
        if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
            forget(block);
        else
            kaa_insight__outside_free(block);
    }
    before = kaa_insight__outside_begin();
    KAA_INSIGHT__REAL(domain, free)(context, block);
    kaa_insight__outside_end(before);
}

#define HOOKS(domain)                                                          \
    static void *malloc_##domain(void *context, size_t size)                   \
    {                                                                          \
        return any_malloc(domain, context, size);                              \
    }                                                                          \
    static void *calloc_##domain(void *context, size_t count, size_t size)     \
    {                                                                          \
        return any_calloc(domain, context, count, size);                       \
    }                                                                          \
    static void *realloc_##domain(void *context, void *block, size_t size)     \
    {                                                                          \
        return any_realloc(domain, context, block, size);                      \
    }                                                                          \
    static void free_##domain(void *context, void *block)                      \
    {                                                                          \
        any_free(domain, context, block);                                      \
    }

HOOKS(0)
HOOKS(1)
HOOKS(2)

const kaa_insight__allocator kaa_insight__hooks_any[KAA_INSIGHT__DOMAINS] = {
    {NULL, malloc_0, calloc_0, realloc_0, free_0},
    {NULL, malloc_1, calloc_1, realloc_1, free_1},
    {NULL, malloc_2, calloc_2, realloc_2, free_2},
};
