/* insight/changes.c - starting, stopping and reading watches of reference
 * counts; refcount.c notes the changes. */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/os/os.h"
#include "insight/refcount.h"
#include "insight/unwind.h"

#define CAPACITY 65536u
#define CAPACITY_MAX (1u << 24)
#define PAGE ((size_t)4096)
#define GAINS_BYTES (KAA_INSIGHT__SITES_CAPACITY * sizeof(kaa_insight__gains))
#define COUNTS (kaa_insight__counts)

/* Who starts or frees a watch; without a GIL there may be several. */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static uint32_t newest; /* number of a watch */
static int has_fork_handler;

static kaa_insight__watch *
find_watch(uint32_t number)
{
    for (unsigned i = 0; i < KAA_INSIGHT__WATCHES_MAX && number != 0; i++)
        if (kaa_insight__watches[i].number == number)
            return &kaa_insight__watches[i];
    return NULL;
}

static void
end_breakpoints(kaa_insight__watch *one, int is_child)
{
    for (uint32_t i = 0; i < KAA_INSIGHT__COUNT_WORDS; i++)
        kaa_insight__breakpoint_close(&one->breakpoints[i], is_child);
}

/* The child has its parent's notes up to now, and adds none. */
static void
after_fork_child(void)
{
    kaa_insight__watch_signals_after_fork();
    pthread_mutex_init(&starting, NULL);
    for (unsigned i = 0; i < KAA_INSIGHT__WATCHES_MAX; i++) {
        kaa_insight__watches[i].is_on = 0;
        atomic_flag_clear(&kaa_insight__watches[i].is_busy);
        end_breakpoints(&kaa_insight__watches[i], 1);
    }
}

static void
free_tables(kaa_insight__watch *one)
{
    if (one->gains != NULL)
        kaa_base__unmap(one->gains, GAINS_BYTES);
    if (one->changes != NULL)
        kaa_base__unmap(one->changes,
                        one->capacity * sizeof(kaa_insight_change));
    one->gains = NULL;
    one->changes = NULL;
    kaa_insight__sites_fini(&one->sites, &COUNTS.interpreter);
}

static kaa_status
make_tables(kaa_insight__watch *one, kaa_error *err)
{
    kaa_status status = kaa_insight__sites_init(&one->sites, err);

    if (status != KAA_OK)
        return status;
    if (!kaa_base__fault_due())
        one->gains = kaa_base__map(GAINS_BYTES, PAGE);
    if (one->gains != NULL && !kaa_base__fault_due())
        one->changes =
            kaa_base__map(one->capacity * sizeof(kaa_insight_change), PAGE);
    if (one->changes != NULL)
        return KAA_OK;
    free_tables(one);
    return kaa_base__fail_memory(err, "the changes of a reference count");
}

static kaa_status
find_functions(const kaa_insight_refcount_options *options, kaa_error *err)
{
    kaa_status status;
    void *found = NULL;

    if (COUNTS.is_known && COUNTS.interpreter.handle == options->handle)
        return KAA_OK;
    status = kaa_insight__interpreter_open(options->handle, options->version,
                                           &COUNTS.interpreter, err);
    if (status != KAA_OK)
        return status;
    if (kaa_base__find_function(options->handle, "PyThreadState_GetUnchecked",
                                &COUNTS.current_state, NULL) != KAA_OK)
        status = kaa_base__find_function(options->handle,
                                         "_PyThreadState_UncheckedGet",
                                         &COUNTS.current_state, err);
    if (status != KAA_OK)
        return status;
    if (kaa_base__find_function(options->handle, "_PyEval_EvalFrameDefault",
                                &found, NULL) == KAA_OK) {
        COUNTS.loop = (uintptr_t)found;
        COUNTS.loop_end = COUNTS.loop + kaa_base__symbol_bytes(found);
    }
    (void)kaa_insight__unwind_start(); /* without it: the innermost alone */
    if (!has_fork_handler && pthread_atfork(NULL, NULL, after_fork_child) != 0)
        return kaa_base__fail_memory(err, "a fork handler");
    has_fork_handler = 1;
    /* Without frames, tried again by the next start. */
    COUNTS.is_known = COUNTS.interpreter.frames.is_known;
    return KAA_OK;
}

static kaa_status
check(const kaa_insight_refcount_options *chosen, const uint32_t *out,
      kaa_error *err)
{
    if (out == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1, "out is NULL");
    if (chosen->object == NULL || (uintptr_t)chosen->object % 8 != 0)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options.object is %p, no address of an object",
                              chosen->object);
    if (chosen->capacity > CAPACITY_MAX)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options.capacity is %u, more than %u",
                              chosen->capacity, CAPACITY_MAX);
    if ((chosen->flags & ~(uint32_t)KAA_INSIGHT_REFCOUNT_SPLIT) != 0)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options.flags is %#x: an unknown bit",
                              chosen->flags);
    if (chosen->version < 0x0309)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.version is %#x, before Python 3.9",
                              chosen->version);
    return KAA_OK;
}

static kaa_status
begin(kaa_insight__watch *one, kaa_error *err)
{
    kaa_insight__word_place words[KAA_INSIGHT__COUNT_WORDS];
    uint32_t count = kaa_insight__watch_words(one, words);
    kaa_status status = kaa_insight__watch_signals(err);

    for (uint32_t i = 0; i < count && status == KAA_OK; i++)
        status = kaa_insight__breakpoint_open(
            &one->breakpoints[i], words[i].address, words[i].bytes, err);
    if (status != KAA_OK) {
        end_breakpoints(one, 0);
        return status;
    }
    COUNTS.interpreter.incref(
        one->object); /* no change: nothing is noted yet */
    kaa_insight__watch_lock(one);
    one->first = one->last = kaa_insight__watch_count(one);
    one->started_ns = kaa_base__now_ns();
    one->is_on = 1;
    kaa_insight__watch_unlock(one);
    return KAA_OK;
}

static kaa_status
start(const kaa_insight_refcount_options *own, uint32_t *out, kaa_error *err)
{
    kaa_insight__watch *one = NULL;
    kaa_status status = find_functions(own, err);

    if (status != KAA_OK)
        return status;
    for (unsigned i = 0; i < KAA_INSIGHT__WATCHES_MAX && one == NULL; i++)
        if (kaa_insight__watches[i].number == 0)
            one = &kaa_insight__watches[i];
    if (one == NULL)
        return kaa_base__fail(err, KAA_LIMIT, KAA_NO_ARGUMENT,
                              "%u objects are watched already; end another "
                              "watch first",
                              KAA_INSIGHT__WATCHES_MAX);
    one->object = own->object;
    one->version = own->version;
    one->is_split = (own->flags & KAA_INSIGHT_REFCOUNT_SPLIT) != 0;
    one->capacity = own->capacity != 0 ? own->capacity : CAPACITY;
    one->seen = one->late = 0;
    if (kaa_insight__watch_is_immortal(one))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "the object is immortal: its reference count "
                              "never changes");
    status = make_tables(one, err);
    if (status != KAA_OK)
        return status;
    status = begin(one, err);
    if (status != KAA_OK) {
        free_tables(one);
        return status;
    }
    *out = one->number = ++newest;
    return KAA_OK;
}

kaa_status
kaa_insight_refcount_start(const kaa_insight_refcount_options *options,
                           uint32_t *out, kaa_error *err)
{
    kaa_insight_refcount_options own = {.size = sizeof(own)};
    kaa_status status = kaa_base__read_options(&own, sizeof(own), options, err);

    if (status == KAA_OK)
        status = check(&own, out, err);
    if (status != KAA_OK)
        return status;
    pthread_mutex_lock(&starting);
    status = start(&own, out, err);
    pthread_mutex_unlock(&starting);
    return status;
}

void
kaa_insight_refcount_stop(uint32_t number)
{
    kaa_insight__watch *one = find_watch(number);

    if (one == NULL)
        return;
    kaa_insight__watch_lock(one);
    one->is_on = 0;
    kaa_insight__watch_unlock(one);
    end_breakpoints(one, 0);
}

void
kaa_insight_refcount_free(uint32_t number)
{
    kaa_insight__watch *one = find_watch(number);
    void *object;

    if (one == NULL)
        return;
    kaa_insight_refcount_stop(number);
    object = one->object;
    pthread_mutex_lock(&starting);
    free_tables(one);
    one->number = 0;
    pthread_mutex_unlock(&starting);
    COUNTS.interpreter.decref(object);
}

/* ---- Reading */

kaa_status
kaa_insight_refcount_read(uint32_t number, kaa_insight_refcount *out,
                          kaa_error *err)
{
    kaa_insight__watch *one = find_watch(number);

    if (one == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "there is no watch number %u", number);
    if (out == NULL || out->size < sizeof(*out))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "out is NULL, or its size is not set");
    kaa_insight__watch_lock(one);
    out->is_on = (uint32_t)one->is_on;
    out->first = one->first;
    out->last = one->last;
    out->changes = one->seen;
    out->kept = one->seen < one->capacity ? (uint32_t)one->seen : one->capacity;
    out->sites = one->sites.entries_count;
    out->late = one->late;
    out->sites_lost = one->sites.lost;
    out->has_lines = (uint32_t)COUNTS.interpreter.frames.is_known;
    out->reserved = 0;
    kaa_insight__watch_unlock(one);
    return KAA_OK;
}

uint32_t
kaa_insight_refcount_changes(uint32_t number, kaa_insight_change *out,
                             uint32_t capacity)
{
    kaa_insight__watch *one = find_watch(number);
    uint32_t kept;
    uint64_t first;

    if (one == NULL)
        return 0;
    kaa_insight__watch_lock(one);
    kept = one->seen < one->capacity ? (uint32_t)one->seen : one->capacity;
    first = one->seen - kept;
    for (uint32_t i = 0; i < kept && i < capacity && out != NULL; i++)
        out[i] = one->changes[(first + i) % one->capacity];
    kaa_insight__watch_unlock(one);
    return kept;
}

uint32_t
kaa_insight_refcount_sites(uint32_t number, kaa_insight_refcount_site *out,
                           uint32_t capacity)
{
    kaa_insight__watch *one = find_watch(number);
    uint32_t count;

    if (one == NULL)
        return 0;
    kaa_insight__watch_lock(one);
    count = one->sites.entries_count;
    for (uint32_t i = 0; i < count && i < capacity && out != NULL; i++)
        out[i] = (kaa_insight_refcount_site){
            .number = i,
            .frames = one->sites.entries[i].count,
            .up = one->gains[i].up,
            .down = one->gains[i].down,
        };
    kaa_insight__watch_unlock(one);
    return count;
}

uint32_t
kaa_insight_refcount_frames(uint32_t number, uint32_t site,
                            kaa_insight_frame *out, uint32_t capacity)
{
    kaa_insight__watch *one = find_watch(number);
    kaa_insight__place places[KAA_INSIGHT__CHANGE_FRAMES];
    uint32_t count = 0;

    if (one == NULL)
        return 0;
    kaa_insight__watch_lock(one);
    if (site < one->sites.entries_count) {
        const kaa_insight__site *entry = &one->sites.entries[site];

        count = entry->count;
        memcpy(places, &one->sites.places[entry->first],
               count * sizeof(*places));
    }
    kaa_insight__watch_unlock(one);
    for (uint32_t i = 0; i < count && i < capacity && out != NULL; i++)
        out[i] = kaa_insight__frame_of(&COUNTS.interpreter, &places[i]);
    return count;
}
