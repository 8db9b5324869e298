/* insight/profile.c - starting, stopping and reading a profile of memory. */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/os/os.h"
#include "insight/allocators.h"
#include "insight/mallocs.h"

#define PROFILE (kaa_insight__profiling)
#define EVERY_BYTES ((uint64_t)512 * 1024)
#define FRAMES_SAMPLED 16u
/* Of a site: frames of Python and C. */
#define PLACES_MAX (KAA_INSIGHT__SITES_FRAMES_MAX + 16u)

/* ThreadSanitizer does not see what membarrier() does. */
#if defined(__SANITIZE_THREAD__)
static const int has_fence = 0;
#else
static const int has_fence = 1;
#endif

static uint32_t starts;  /* how many profiles there were */
static uint32_t left_in; /* hooks that could not be removed */
static int has_fork_handler;

/* The child is no part of the profile. Its hooks do nothing, and nothing is
 * freed here: the tables may have been in use when the parent forked. */
static void
after_fork_child(void)
{
    kaa_insight__profile_after_fork();
    PROFILE.mode = KAA_INSIGHT_HEAP_OFF;
    atomic_store(&PROFILE.start, 0);
    atomic_store(&PROFILE.left, INT64_MAX);
}

/* Whether they are known from an earlier profile. Then they stay: a thread may
 * be in a hook of that one's. */
static int
has_functions(const kaa_insight_heap_options *options)
{
    return PROFILE.newest_interpreter != NULL &&
           PROFILE.interpreter.handle == options->handle &&
           PROFILE.interpreter.version == options->version;
}

/* Where a thread state has its interpreter: among its first words. */
static uint32_t
find_interpreter_at(void)
{
    const void *state = PROFILE.current_state();
    const void *interpreter;

    if (state == NULL)
        return 0;
    interpreter = PROFILE.interpreter_of(state);
    for (uint32_t at = sizeof(void *); at <= 8 * sizeof(void *);
         at += sizeof(void *))
        if (kaa_insight__word((uintptr_t)state, at) == (uintptr_t)interpreter)
            return at;
    return 0;
}

static kaa_status
find_functions(const kaa_insight_heap_options *options, kaa_error *err)
{
    static const char *const states[] = {"PyThreadState_GetUnchecked",
                                         "_PyThreadState_UncheckedGet"};
    void *handle = options->handle;
    void *(*main_interpreter)(void), *(*newest_interpreter)(void);
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"PyThreadState_GetInterpreter", &PROFILE.interpreter_of},
        {"PyInterpreterState_Main", &main_interpreter},
        {"PyInterpreterState_Head", &newest_interpreter},
    };
    kaa_status status = kaa_insight__interpreter_open(
        options->handle, options->version, &PROFILE.interpreter, err);

    PROFILE.newest_interpreter = NULL; /* until all are known */
    if (status != KAA_OK)
        return status;
    if (!PROFILE.interpreter.frames.is_known)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "the frames of this interpreter are laid out in "
                              "a way that is not known");
    if (kaa_base__find_function(handle, states[0], &PROFILE.current_state,
                                NULL) != KAA_OK &&
        kaa_base__find_function(handle, states[1], &PROFILE.current_state,
                                NULL) != KAA_OK)
        return kaa_base__find_function(handle, states[0],
                                       &PROFILE.current_state, err);
    for (unsigned i = 0;
         i < sizeof(wanted) / sizeof(wanted[0]) && status == KAA_OK; i++)
        status = kaa_base__find_function(handle, wanted[i].name,
                                         wanted[i].place, err);
    if (status != KAA_OK)
        return status;
    PROFILE.main_interpreter = main_interpreter();
    PROFILE.interpreter_at = find_interpreter_at();
    PROFILE.state_at =
        kaa_insight__state_find(&PROFILE.interpreter, PROFILE.current_state);
    PROFILE.newest_interpreter = newest_interpreter;
    return KAA_OK;
}

static void
free_tables(const kaa_insight__interpreter *in)
{
    kaa_insight__samples_fini(&PROFILE.samples);
    kaa_insight__shadow_fini(&PROFILE.shadow);
    kaa_insight__points_fini(&PROFILE.points);
    kaa_insight__garbage_fini(&PROFILE.garbage);
    kaa_insight__sites_fini(&PROFILE.sites, in);
}

static kaa_status
make_tables(const kaa_insight_heap_options *options, kaa_error *err)
{
    kaa_status status = kaa_insight__sites_init(&PROFILE.sites, err);

    int is_exact = options->mode == KAA_INSIGHT_HEAP_EXACT;

    if (status == KAA_OK && is_exact)
        status = kaa_insight__shadow_init(&PROFILE.shadow, err);
    if (status == KAA_OK &&
        (!is_exact || (options->flags & KAA_INSIGHT_HEAP_NATIVE) != 0))
        status = kaa_insight__samples_init(&PROFILE.samples, err);
    if (status != KAA_OK)
        free_tables(NULL);
    return status;
}

static uint64_t
new_seed(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec) + 1;
}

static kaa_status
check(const kaa_insight_heap_options *chosen, kaa_error *err)
{
    if (chosen->mode != KAA_INSIGHT_HEAP_SAMPLED &&
        chosen->mode != KAA_INSIGHT_HEAP_EXACT)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options.mode is %u, neither sampled nor exact",
                              (unsigned)chosen->mode);
    if ((chosen->flags & ~(uint32_t)KAA_INSIGHT_HEAP_NATIVE) != 0 ||
        chosen->reserved != 0)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options have bits that this kaa does not know");
    if (chosen->version < 0x0309 || chosen->version > 0x03ff)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.version is 0x%x, not a CPython from 3.9",
                              (unsigned)chosen->version);
    if (chosen->frames > KAA_INSIGHT__SITES_FRAMES_MAX)
        return kaa_base__fail(
            err, KAA_LIMIT, 0, "options.frames is %u, at most %u are kept",
            (unsigned)chosen->frames, KAA_INSIGHT__SITES_FRAMES_MAX);
    if (chosen->every_bytes > (uint64_t)1 << 40)
        return kaa_base__fail(err, KAA_LIMIT, 0,
                              "options.every_bytes is %llu, at most 2**40 "
                              "are possible",
                              (unsigned long long)chosen->every_bytes);
    if (PROFILE.mode != KAA_INSIGHT_HEAP_OFF)
        return kaa_base__fail(
            err, KAA_MISUSE, KAA_NO_ARGUMENT,
            "a profile of memory is running already (%s)",
            PROFILE.mode == KAA_INSIGHT_HEAP_EXACT ? "exact" : "sampled");
    return KAA_OK;
}

static void
begin(const kaa_insight_heap_options *options)
{
    int is_exact = options->mode == KAA_INSIGHT_HEAP_EXACT;

    PROFILE.frames = options->frames;
    if (PROFILE.frames == 0)
        PROFILE.frames = is_exact ? 1 : FRAMES_SAMPLED;
    PROFILE.mean = (double)(options->every_bytes != 0 ? options->every_bytes
                                                      : EVERY_BYTES);
    PROFILE.random = options->seed != 0 ? options->seed : new_seed();
    PROFILE.muted = NULL;
    PROFILE.mutes = 0;
    PROFILE.lost = 0;
    kaa_insight__profile_clear_cache();
    kaa_insight__profile_set_quick();
    kaa_insight__points_init(&PROFILE.points);
    kaa_insight__garbage_init(&PROFILE.garbage, options->handle);
    /* Without it hooks of exact profiles take the lock, always, and so they do
     * where there are several interpreters. The main one is the oldest. */
    if (!has_fence || !kaa_base__fence_all_start() ||
        (options->version >= 0x030c &&
         PROFILE.newest_interpreter() != PROFILE.main_interpreter)) {
        atomic_fetch_or(&PROFILE.attention, KAA_INSIGHT__SHARED);
        atomic_store(&PROFILE.is_shared, 1);
    }
    PROFILE.mode = options->mode;
    atomic_store(&PROFILE.left,
                 is_exact ? INT64_MAX : kaa_insight__profile_gap());
    atomic_store(&PROFILE.start, ++starts);
}

static kaa_status
install(const kaa_insight_heap_options *options, kaa_error *err)
{
    const void *anchor = NULL;
    kaa_status status = kaa_insight__allocators_install(options->handle, err);

    memcpy(&anchor, &PROFILE.interpreter.incref, sizeof(anchor));
    if (status == KAA_OK && (options->flags & KAA_INSIGHT_HEAP_NATIVE) != 0)
        status = kaa_insight__mallocs_install(anchor, err);
    return status;
}

kaa_status
kaa_insight_heap_start(const kaa_insight_heap_options *options, kaa_error *err)
{
    kaa_insight_heap_options chosen = {.size = sizeof(chosen)};
    kaa_status status;

    if (options == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(&chosen, err);
    if (status == KAA_OK)
        status = has_functions(&chosen) ? KAA_OK : find_functions(&chosen, err);
    if (status == KAA_OK) /* once more: the GIL was let go */
        status = check(&chosen, err);
    if (status == KAA_OK && PROFILE.interpreter.is_free_threaded &&
        chosen.mode == KAA_INSIGHT_HEAP_EXACT)
        status = kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                                "exact profiles of memory need an interpreter "
                                "with a GIL, which guards what they count");
    if (status != KAA_OK)
        return status;
    if (!has_fork_handler && pthread_atfork(NULL, NULL, after_fork_child) != 0)
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "no fork handler for profiles");
    has_fork_handler = 1;
    kaa_insight__mallocs_remove(); /* of a parent, as the tables may be */
    kaa_insight__profile_lock();
    free_tables(NULL); /* of a parent, if this is a child after fork() */
    status = make_tables(&chosen, err);
    if (status == KAA_OK)
        begin(&chosen);
    kaa_insight__profile_unlock();
    if (status != KAA_OK)
        return status;
    status = install(&chosen, err);
    if (status != KAA_OK)
        kaa_insight_heap_stop();
    return status;
}

uint32_t
kaa_insight_heap_stop(void)
{
    uint32_t mode = PROFILE.mode;
    int entered = kaa_insight__profile_enter(1);

    PROFILE.mode = KAA_INSIGHT_HEAP_OFF;
    atomic_store(&PROFILE.start, 0);
    atomic_store(&PROFILE.left, INT64_MAX);
    kaa_insight__profile_leave(entered);
    kaa_insight__mallocs_remove();
    left_in = kaa_insight__allocators_remove();
    if (mode == KAA_INSIGHT_HEAP_OFF)
        return left_in;
    /* Code objects go without the lock: that frees memory, through hooks that
     * are left in. */
    kaa_insight__sites dropped = PROFILE.sites;

    memset(&PROFILE.sites, 0, sizeof(PROFILE.sites));
    kaa_insight__profile_lock();
    free_tables(NULL);
    kaa_insight__profile_unlock();
    kaa_insight__sites_fini(&dropped, &PROFILE.interpreter);
    return left_in;
}

void
kaa_insight_heap_mute(int is_muted)
{
    const void *own;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return;
    own = PROFILE.current_state();
    kaa_insight__profile_lock(); /* there may be no GIL */
    if (is_muted && (PROFILE.muted == NULL || PROFILE.muted == own)) {
        PROFILE.muted = own;
        PROFILE.mutes++;
    } else if (!is_muted && PROFILE.muted == own && --PROFILE.mutes == 0) {
        PROFILE.muted = NULL;
    }
    kaa_insight__profile_set_quick();
    kaa_insight__profile_unlock();
}

uint64_t
kaa_insight_heap_collecting(int is_collecting)
{
    uint64_t took;
    int entered;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return 0;
    entered = kaa_insight__profile_enter(1);
    took = kaa_insight__garbage_collect(
        &PROFILE.garbage, is_collecting ? PROFILE.current_state() : NULL);
    kaa_insight__profile_leave(entered);
    return took;
}

/* ---- reading ---- */

/* The standard error of the estimate of live bytes: the square root of the sum
 * of (size / p)^2 (1 - p) over the samples. */
static uint64_t
error_of_samples(void)
{
    double sum = 0;

    for (uint32_t i = 0; i < PROFILE.samples.capacity; i++) {
        const kaa_insight__sampled *one = &PROFILE.samples.table[i];

        if (one->block != 0) {
            double weight = (double)one->weight;

            sum += weight * (weight - (double)one->size);
        }
    }
    return (uint64_t)(sqrt(sum) + 0.5);
}

kaa_status
kaa_insight_heap_read(kaa_insight_heap *out, kaa_error *err)
{
    kaa_insight_heap own = {.size = sizeof(own)};
    uint32_t size = out != NULL ? out->size : 0;
    int entered;

    if (size < sizeof(uint64_t))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "out is NULL, or its size is not set");
    own.mode = PROFILE.mode;
    own.is_left = left_in;
    if (PROFILE.mode != KAA_INSIGHT_HEAP_OFF) {
        own.is_unlinked = !kaa_insight__allocators_are_called();
        own.is_foreign = kaa_insight__allocators_foreign();
        own.has_native = atomic_load(&PROFILE.has_native);
        own.native_foreign =
            own.has_native ? kaa_insight__mallocs_foreign() : 0;
        entered = kaa_insight__profile_enter(1);
        own.live_bytes = PROFILE.sites.all.live_bytes;
        own.peak_bytes = PROFILE.sites.all.peak_bytes;
        kaa_insight__sites_blocks(&PROFILE.sites, &own.live_blocks,
                                  &own.peak_blocks);
        own.sites = PROFILE.sites.entries_count;
        own.frames = PROFILE.frames;
        own.lost = PROFILE.lost + PROFILE.sites.lost;
        kaa_insight__points_note(&PROFILE.points, own.live_bytes,
                                 PROFILE.sites.all.peak, 1);
        own.peak_at_ns = PROFILE.points.peak_at;
        own.points = PROFILE.points.count;
        if (PROFILE.mode == KAA_INSIGHT_HEAP_SAMPLED || own.has_native)
            own.every_bytes = (uint64_t)PROFILE.mean;
        own.error_bytes = error_of_samples();
        own.samples = PROFILE.samples.count;
        kaa_insight__profile_leave(entered);
    }
    memcpy(out, &own, size < sizeof(own) ? size : sizeof(own));
    if (size > sizeof(own))
        memset((char *)out + sizeof(own), 0, size - sizeof(own));
    out->size = size;
    return KAA_OK;
}

uint32_t
kaa_insight_heap_sites(kaa_insight_heap_site *out, uint32_t capacity)
{
    uint32_t count = 0;
    int entered;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return 0;
    entered = kaa_insight__profile_enter(1);
    for (; count < PROFILE.sites.entries_count; count++) {
        kaa_insight__site *site = &PROFILE.sites.entries[count];

        if (out == NULL || count >= capacity)
            continue;
        kaa_insight__site_settle(site, PROFILE.sites.all.peak);
        out[count] = (kaa_insight_heap_site){
            .number = count,
            .frames = site->count,
            .live_bytes = kaa_insight__site_bytes(site),
            .live_blocks = kaa_insight__site_blocks(site),
            .peak_bytes = site->peak_bytes,
            .peak_blocks = site->peak_blocks,
            .allocated_bytes = site->allocated_bytes,
            .allocated_blocks = site->allocated_blocks,
        };
    }
    kaa_insight__profile_leave(entered);
    return count;
}

static uint32_t
sampled_blocks(kaa_insight_heap_block *out, uint32_t capacity)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < PROFILE.samples.capacity; i++) {
        const kaa_insight__sampled *one = &PROFILE.samples.table[i];

        if (one->block != 0 && count++ < capacity && out != NULL)
            out[count - 1] = (kaa_insight_heap_block){
                (void *)one->block, one->weight, one->blocks, one->site};
    }
    return count;
}

uint32_t
kaa_insight_heap_blocks(kaa_insight_heap_block *out, uint32_t capacity)
{
    uint32_t count = 0;
    int entered;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return 0;
    entered = kaa_insight__profile_enter(1);
    count = sampled_blocks(out, capacity);
    if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT)
        count += kaa_insight__profile_blocks(
            count < capacity && out != NULL ? out + count : NULL,
            count < capacity ? capacity - count : 0);
    kaa_insight__profile_leave(entered);
    return count;
}

uint32_t
kaa_insight_heap_points(kaa_insight_heap_point *out, uint32_t capacity)
{
    uint32_t count = 0;
    int entered;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return 0;
    entered = kaa_insight__profile_enter(1);
    count = PROFILE.points.count;
    if (out != NULL)
        memcpy(out, PROFILE.points.entries,
               (count < capacity ? count : capacity) * sizeof(*out));
    kaa_insight__profile_leave(entered);
    return count;
}

uint32_t
kaa_insight_heap_frames(uint32_t number, kaa_insight_frame *out,
                        uint32_t capacity)
{
    kaa_insight__place places[PLACES_MAX];
    uint32_t count = 0;
    int entered;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return 0;
    entered = kaa_insight__profile_enter(1);
    if (number < PROFILE.sites.entries_count) {
        const kaa_insight__site *site = &PROFILE.sites.entries[number];

        count = site->count < PLACES_MAX ? site->count : PLACES_MAX;
        memcpy(places, &PROFILE.sites.places[site->first],
               count * sizeof(*places));
    }
    kaa_insight__profile_leave(entered);
    /* The interpreter may allocate, in code_line(). */
    for (uint32_t i = 0; i < count && i < capacity; i++)
        out[i] = kaa_insight__frame_of(&PROFILE.interpreter, &places[i]);
    return count;
}

uint32_t
kaa_insight_heap_freed_by_collector(kaa_insight_heap_collected *out,
                                    uint32_t capacity)
{
    uint32_t count;
    int entered;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return 0;
    entered = kaa_insight__profile_enter(1);
    count = kaa_insight__garbage_read(&PROFILE.garbage, out, capacity);
    kaa_insight__profile_leave(entered);
    return count;
}
