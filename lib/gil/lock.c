/* gil/lock.c - the lock: made, acquired and released when nobody else wants it.
 *
 * An uncontended acquisition is one compare-and-swap of `owner`; an uncontended
 * release is a store. Both first see that `contended` is 0. See slow.c for why
 * that is enough, and wait.c for the fence that the release goes without.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "gil/internal.h"

#include <string.h>

#define INTERVAL_NS 5000000u
#define SHORT_NS 100000u
/* Longer intervals could overflow sums with the clock. */
#define INTERVAL_NS_MAX (UINT64_MAX / 8)
#define FLAGS_ALL                                                              \
    (KAA_GIL_DEBUG | KAA_GIL_TIME_ALL | KAA_GIL_TIME_NONE | KAA_GIL_FENCE)

static kaa_status
check(const kaa_gil_options *options, kaa_error *err)
{
    if (options->flags & ~(uint32_t)FLAGS_ALL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.flags has bits that this version of kaa "
                              "does not know: 0x%x",
                              (unsigned)options->flags);
    if (options->flags & KAA_GIL_TIME_ALL && options->flags & KAA_GIL_TIME_NONE)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "KAA_GIL_TIME_ALL excludes KAA_GIL_TIME_NONE");
    if (options->interval_ns > INTERVAL_NS_MAX ||
        options->short_ns > INTERVAL_NS_MAX)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "an interval of more than 70 years");
    return KAA_OK;
}

static int
start_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    int failure;

    if (pthread_mutexattr_init(&attributes) != 0)
        return 0;
#ifdef __GLIBC__
    /* It is held for less than a microsecond: worth a short spin. */
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
    failure = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return failure == 0;
}

kaa_status
kaa_gil_create(const kaa_gil_options *options, kaa_gil **out_gil,
               kaa_error *err)
{
    kaa_gil_options chosen = {.size = sizeof(chosen)};
    kaa_status status;
    kaa_gil *gil;

    if (out_gil == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "out_gil may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(&chosen, err);
    if (status == KAA_OK)
        status = kaa_gil__registry_start(err);
    if (status != KAA_OK)
        return status;
    gil = kaa_base__alloc_zeroed(sizeof(*gil));
    if (gil == NULL)
        return kaa_base__fail_memory(err, "a lock");
    if (!start_mutex(&gil->mutex)) {
        kaa_base__free(gil);
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "no mutex for a lock");
    }
    gil->flags = chosen.flags;
    gil->is_fenced =
        chosen.flags & KAA_GIL_FENCE || !kaa_base__fence_all_start();
    gil->can_spin = kaa_base__has_processors() != 0;
    if (chosen.flags & KAA_GIL_DEBUG) {
        atomic_init(&gil->contended, KAA_GIL__CHECKED);
        atomic_init(&gil->requests, KAA_GIL__CHECK);
    }
    kaa_gil_set_interval(gil, chosen.interval_ns);
    gil->short_ns = chosen.short_ns != 0 ? chosen.short_ns : SHORT_NS;
    gil->report = chosen.report;
    gil->user = chosen.user;
    if (chosen.name == NULL)
        chosen.name = "gil";
    kaa_base__copy_out(chosen.name, strlen(chosen.name), gil->name,
                       sizeof(gil->name));
    gil->is_open = 1;
    kaa_gil__pending_start(gil);
    kaa_gil__registry_lock();
    kaa_gil__registry_add(gil);
    kaa_gil__registry_unlock();
    *out_gil = gil;
    return KAA_OK;
}

void
kaa_gil__free(kaa_gil *gil)
{
    kaa_gil__thread *thread;

    while ((thread = gil->spare) != NULL) {
        gil->spare = thread->gil_next;
#if !KAA_BASE__WORD_WAITS
        pthread_cond_destroy(&thread->cond);
#endif
        kaa_base__free(thread);
    }
    pthread_mutex_destroy(&gil->mutex);
    kaa_base__free(gil);
}

void
kaa_gil_destroy(kaa_gil *gil)
{
    int is_last;

    if (gil == NULL)
        return;
    kaa_gil__registry_lock();
    pthread_mutex_lock(&gil->mutex);
    gil->is_open = 0;
    is_last = gil->thread_count == 0;
    if (is_last)
        kaa_gil__registry_remove(gil);
    pthread_mutex_unlock(&gil->mutex);
    kaa_gil__registry_unlock();
    if (is_last)
        kaa_gil__free(gil);
}

static inline int
acquire(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;
    kaa_gil__thread *nobody = NULL;
    uint64_t count;

    if (KAA_UNLIKELY(
            atomic_load_explicit(&gil->contended, memory_order_relaxed) != 0) ||
        KAA_UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &gil->owner, &nobody, thread, memory_order_acquire,
            memory_order_relaxed)))
        return 0;
    count = kaa_gil__figure(&thread->acquisitions) + 1;
    atomic_store_explicit(&thread->acquisitions, count, memory_order_relaxed);
    if (KAA_UNLIKELY(count >= thread->timed_next)) {
        uint64_t now = kaa_base__now_ns();

        kaa_gil__timing_acquired(thread, now, now);
    }
    return 1;
}

static inline int
release(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;

    if (KAA_UNLIKELY(!kaa_gil__is_owner(thread)) ||
        KAA_UNLIKELY(
            atomic_load_explicit(&gil->contended, memory_order_relaxed) != 0))
        return 0;
    if (KAA_UNLIKELY(kaa_gil__figure(&thread->timing.acquired_at) != 0)) {
        kaa_gil__timing_released(thread, 0, kaa_base__now_ns());
        thread->hold_last = thread->timing.hold_run;
        thread->timing.hold_run = 0;
    }
    thread->was_forced = 0;
    if (KAA_UNLIKELY(gil->is_fenced)) {
        atomic_exchange(&gil->owner, NULL);
    } else {
        atomic_store_explicit(&gil->owner, NULL, memory_order_release);
        /* The fence is the waiter's: kaa_base__fence_all(). */
        atomic_signal_fence(memory_order_seq_cst);
    }
    if (KAA_UNLIKELY(atomic_load(&gil->contended) != 0))
        kaa_gil__hand_over(gil);
    return 1;
}

kaa_status
kaa_gil_acquire(kaa_gil_thread *handle, kaa_error *err)
{
    if (KAA_UNLIKELY(handle == NULL))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "thread may not be NULL");
    if (KAA_LIKELY(acquire((kaa_gil__thread *)handle)))
        return KAA_OK;
    return kaa_gil__acquire_slowly((kaa_gil__thread *)handle, 0, err);
}

kaa_status
kaa_gil_release(kaa_gil_thread *handle, kaa_error *err)
{
    if (KAA_UNLIKELY(handle == NULL))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "thread may not be NULL");
    if (KAA_LIKELY(release((kaa_gil__thread *)handle)))
        return KAA_OK;
    return kaa_gil__release_slowly((kaa_gil__thread *)handle, err);
}

int
kaa_gil_begin_allow_threads(kaa_gil_thread *handle)
{
    return kaa_gil_release(handle, NULL) == KAA_OK;
}

void
kaa_gil_end_allow_threads(kaa_gil_thread *handle, int begun)
{
    if (!begun || KAA_LIKELY(acquire((kaa_gil__thread *)handle)))
        return;
    (void)kaa_gil__acquire_slowly((kaa_gil__thread *)handle, 1, NULL);
}

int
kaa_gil_is_held(const kaa_gil_thread *handle)
{
    return handle != NULL && kaa_gil__is_owner((const kaa_gil__thread *)handle);
}

int
kaa_gil_checkpoint(kaa_gil_thread *handle)
{
    kaa_gil__thread *thread = (kaa_gil__thread *)handle;
    uint32_t requests;

    if (handle == NULL)
        return 0;
    requests =
        atomic_load_explicit(&thread->gil->requests, memory_order_relaxed);
    if (requests & KAA_GIL__CHECK && kaa_gil_check(handle, NULL) != KAA_OK)
        return 0;
    if (!kaa_gil__is_owner(thread))
        return 0; /* misuse that only a debug lock names */
    if (requests & KAA_GIL__DROP && !kaa_gil__holds_another(thread))
        kaa_gil__yield(thread);
    if (requests & KAA_GIL__PENDING)
        return kaa_gil__pending_run(thread);
    return 0;
}

void
kaa_gil_set_interval(kaa_gil *gil, uint64_t interval_ns)
{
    if (interval_ns == 0)
        interval_ns = INTERVAL_NS;
    if (interval_ns > INTERVAL_NS_MAX)
        interval_ns = INTERVAL_NS_MAX;
    atomic_store_explicit(&gil->interval_ns, interval_ns, memory_order_relaxed);
}

uint64_t
kaa_gil_interval(const kaa_gil *gil)
{
    return atomic_load_explicit(&gil->interval_ns, memory_order_relaxed);
}
