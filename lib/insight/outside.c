/* insight/outside.c - see outside.h; and the hooks of domain RAW. */
#include "insight/outside.h"

#include <errno.h>

#include "base/assert.h"
#include "insight/allocators.h"
#include "insight/unwind.h"

#define PROFILE (kaa_insight__profiling)
#define RAW(function) KAA_INSIGHT__REAL(KAA_INSIGHT__RAW, function)

/* Of the C stack above the hook, and of the hook itself. */
#define C_FRAMES 16u
#define OWN_FRAMES 8u

KAA_INSIGHT__TLS uint32_t kaa_insight__busy;
KAA_INSIGHT__TLS uint32_t kaa_insight__raw_calls;

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

static uint32_t
python_places(const void *state, kaa_insight__place *places)
{
    if (!kaa_insight__profile_is_main(state))
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
    uint32_t start = atomic_load(&PROFILE.start), count = 0;
    const void *state;
    int gil, entered, error = errno;

    if (own.start != start) { /* no gap was drawn for this profile yet */
        own.start = start;
        own.left =
            start == 0 ? INT64_MAX : kaa_insight__profile_gap() - (int64_t)size;
    }
    if (own.left >= 0)
        return;
    kaa_insight__outside_begin(); /* the unwinder may allocate */
    own.left = kaa_insight__profile_gap();
    state = own_state(&gil);
    if (caller != NULL)
        count = c_places(caller, places);
    count += python_places(state, places + count);
    entered = kaa_insight__profile_enter(gil);
    if (atomic_load(&PROFILE.start) == start &&
        (state != PROFILE.muted || state == NULL)) {
        (void)kaa_insight__profile_chosen(block, size,
                                          find_site(places, count, gil));
        kaa_insight__profile_note();
    }
    kaa_insight__profile_leave(entered);
    kaa_insight__outside_end();
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

/* ---- domain RAW ---- */

static void
raw_born(void *block, size_t size, const void *state, int gil)
{
    kaa_insight__place places[KAA_INSIGHT__SITES_FRAMES_MAX];
    uint32_t start = atomic_load(&PROFILE.start);
    uint32_t count = python_places(state, places);
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
raw_allocated(void *block, size_t size)
{
    const void *state;
    int gil;

    kaa_insight__raw_calls++;
    if (block == NULL || kaa_insight__busy != 0 ||
        atomic_load_explicit(&PROFILE.start, memory_order_acquire) == 0)
        return;
    state = own_state(&gil);
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
        raw_born(block, size, state, gil);
    else
        count_down(block, size, NULL);
}

static void *
malloc_raw(void *context, size_t size)
{
    void *block;

    kaa_insight__outside_begin();
    block = RAW(malloc)(context, size);
    kaa_insight__outside_end();
    raw_allocated(block, size);
    return block;
}

static void *
calloc_raw(void *context, size_t count, size_t size)
{
    void *block;

    kaa_insight__outside_begin();
    block = RAW(calloc)(context, count, size);
    kaa_insight__outside_end();
    raw_allocated(block, count * size);
    return block;
}

/* Large blocks of the other domains come here, too, and are no concern of
 * ours: what is known of them their own hook has taken. */
static void *
realloc_raw(void *context, void *block, size_t size)
{
    kaa_insight__sampled old;
    uint32_t start = kaa_insight__outside_take(block, &old);
    void *moved;

    kaa_insight__outside_begin();
    moved = RAW(realloc)(context, block, size);
    kaa_insight__outside_end();
    if (start != 0)
        kaa_insight__outside_settle(start, block, moved, &old);
    raw_allocated(moved, size);
    return moved;
}

static void
free_raw(void *context, void *block)
{
    if (block != NULL && kaa_insight__busy == 0 &&
        atomic_load_explicit(&PROFILE.start, memory_order_acquire) != 0) {
        if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
            forget(block);
        else
            kaa_insight__outside_free(block);
    }
    kaa_insight__outside_begin();
    RAW(free)(context, block);
    kaa_insight__outside_end();
}

const kaa_insight__allocator kaa_insight__hook_raw = {
    NULL, malloc_raw, calloc_raw, realloc_raw, free_raw};
