/* gil/statistics.c - who held the lock, who waited, and for how long.
 *
 * Reading the clock twice a hold would cost more than the lock itself, so a
 * thread's cycles (a hold, and the time away before it) are not all timed:
 *
 *     exact     every cycle is timed; at first, and after anything long
 *     skipping  skip_cycles are not timed, then two are, and so on; the time
 *               that was skipped is split into held and away as the timed
 *               cycles were, and skip_cycles grows
 *
 * A run of skipped cycles that took much longer than the timed ones hid
 * something long. Nobody can say now whether that was held or away, so it is
 * `unsure`, and the thread has to be exact for four times as many cycles as
 * before. Where the lock was waited for, the clock has been read anyway, and
 * the times are exact.
 */
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "gil/internal.h"

#define SKIP_LEAST 60u
#define SKIP_MOST 960u
#define TIMED_CYCLES 1u /* after the first of them */
#define TRUST_LEAST 16u
#define TRUST_MOST 256u
/* A hold, or a time away, of more than this is long. */
#define LONG_NS 2000u
/* Skipped cycles may take this many times as long as the timed ones did, and
 * in all so much longer. */
#define SKIP_FACTOR 4u
#define SKIP_SLACK_NS 20000u
/* What the timed cycles were like is halved beyond this many. */
#define RECENT_CYCLES 64u

static void
raise_to(_Atomic uint64_t *figure, uint64_t value)
{
    if (value > kaa_gil__figure(figure))
        atomic_store_explicit(figure, value, memory_order_relaxed);
}

void
kaa_gil__timing_start(kaa_gil__thread *thread, uint64_t now)
{
    thread->timing = (kaa_gil__timing){.mark_at = now,
                                       .exact_left = TRUST_LEAST,
                                       .trust_cycles = TRUST_LEAST,
                                       .skip_cycles = SKIP_LEAST};
    thread->timed_next =
        thread->gil->flags & KAA_GIL_TIME_NONE ? KAA_BASE__NEVER : 1;
}

static void
be_exact(kaa_gil__timing *timing)
{
    if (timing->exact_left < timing->trust_cycles)
        timing->exact_left = timing->trust_cycles;
}

/* Accounts for the time from the mark to `now`, in which there were `holds`
 * holds that were not timed. */
static void
account(kaa_gil__thread *thread, uint64_t holds, uint64_t now)
{
    kaa_gil__timing *timing = &thread->timing;
    uint64_t ns = now > timing->mark_at ? now - timing->mark_at : 0;
    uint64_t both = timing->held_recent + timing->away_recent;
    uint64_t expected = both / (timing->cycles_recent + 1) + 1;

    if (holds == 0) {
        timing->away_recent += ns;
        if (ns > LONG_NS)
            be_exact(timing);
        return;
    }
    if (expected > LONG_NS)
        expected = LONG_NS;
    if (ns <= holds * expected * SKIP_FACTOR + SKIP_SLACK_NS) {
        if (both != 0)
            kaa_gil__add(&thread->held_ns, ns * timing->held_recent / both);
        if (timing->trust_cycles > TRUST_LEAST)
            timing->trust_cycles--;
        if (timing->skip_cycles < SKIP_MOST)
            timing->skip_cycles *= 2;
        return;
    }
    kaa_gil__add(&thread->unsure_ns, ns);
    timing->skip_cycles = SKIP_LEAST;
    if (timing->trust_cycles < TRUST_MOST)
        timing->trust_cycles *= 4;
    be_exact(timing);
}

void
kaa_gil__timing_acquired(kaa_gil__thread *thread, uint64_t asked_at,
                         uint64_t now)
{
    kaa_gil__timing *timing = &thread->timing;
    uint64_t count = kaa_gil__figure(&thread->acquisitions);

    if (!(thread->gil->flags & KAA_GIL_TIME_NONE))
        account(thread, count - 1 - timing->mark_count, asked_at);
    atomic_store_explicit(&timing->acquired_at, now, memory_order_relaxed);
}

static void
add_hold(kaa_gil__thread *thread, uint64_t ns)
{
    kaa_gil__timing *timing = &thread->timing;

    timing->hold_run += ns;
    timing->held_recent += ns;
    if (++timing->cycles_recent > RECENT_CYCLES) {
        timing->held_recent /= 2;
        timing->away_recent /= 2;
        timing->cycles_recent /= 2;
    }
    if (thread->gil->flags & KAA_GIL_TIME_NONE)
        return;
    kaa_gil__add(&thread->held_ns, ns);
    raise_to(&thread->held_ns_max, ns);
    if (ns > LONG_NS)
        be_exact(timing);
}

void
kaa_gil__timing_released(kaa_gil__thread *thread, uint64_t seen_at,
                         uint64_t now)
{
    kaa_gil__timing *timing = &thread->timing;
    uint64_t count = kaa_gil__figure(&thread->acquisitions);
    uint64_t acquired_at = kaa_gil__figure(&timing->acquired_at);

    if (acquired_at != 0) {
        add_hold(thread, now - acquired_at);
    } else if (!(thread->gil->flags & KAA_GIL_TIME_NONE)) {
        if (seen_at < timing->mark_at || seen_at > now)
            seen_at = now;
        account(thread, count - timing->mark_count, seen_at);
        if (seen_at != now)
            add_hold(thread, now - seen_at);
    }
    atomic_store_explicit(&timing->acquired_at, 0, memory_order_release);
    timing->mark_at = now;
    timing->mark_count = count;
    if (thread->gil->flags & KAA_GIL_TIME_NONE)
        return;
    if (timing->exact_left == 0) {
        timing->exact_left = TIMED_CYCLES;
        thread->timed_next = count + timing->skip_cycles;
        return;
    }
    if (!(thread->gil->flags & KAA_GIL_TIME_ALL))
        timing->exact_left--;
    thread->timed_next = count + 1;
}

void
kaa_gil__waited(kaa_gil__thread *thread, uint64_t ns)
{
    kaa_gil__add(&thread->waited_ns, ns);
    raise_to(&thread->waited_ns_max, ns);
}

static void
raise(uint64_t *most, uint64_t value)
{
    if (value > *most)
        *most = value;
}

void
kaa_gil__add_figures(kaa_gil_statistics *sum, const kaa_gil__thread *thread)
{
    uint64_t acquisitions = kaa_gil__figure(&thread->acquisitions);
    uint64_t forced = kaa_gil__figure(&thread->forced);
    uint64_t held = kaa_gil__is_owner(thread) ? 1 : 0;

    sum->threads++;
    sum->acquisitions += acquisitions;
    sum->contended += kaa_gil__figure(&thread->contended);
    sum->forced += forced;
    /* Every hold but the one that is on has been released one way or the
     * other; saturating, since the figures move while they are read. */
    if (acquisitions > forced + held)
        sum->voluntary += acquisitions - forced - held;
    sum->held_ns += kaa_gil__figure(&thread->held_ns);
    raise(&sum->held_ns_max, kaa_gil__figure(&thread->held_ns_max));
    sum->unsure_ns += kaa_gil__figure(&thread->unsure_ns);
    sum->waited_ns += kaa_gil__figure(&thread->waited_ns);
    raise(&sum->waited_ns_max, kaa_gil__figure(&thread->waited_ns_max));
    sum->pending_calls += kaa_gil__figure(&thread->pending_calls);
}

/* What is on since a moment, 0 if nothing is. */
static void
add_spell(uint64_t since, uint64_t now, uint64_t *sum, uint64_t *longest)
{
    if (since == 0 || since >= now)
        return;
    *sum += now - since;
    raise(longest, now - since);
}

void
kaa_gil__figures_at(const kaa_gil__thread *thread, uint64_t now,
                    kaa_gil_statistics *out)
{
    const _Atomic uint64_t *held_at = &thread->timing.acquired_at;
    uint64_t held, waited;

    /* A spell that ends meanwhile is to be in the sums or to be on, not both.
     */
    for (int i = 0; i < 100; i++) {
        held = atomic_load_explicit(held_at, memory_order_acquire);
        waited = atomic_load_explicit(&thread->line_at, memory_order_acquire);
        *out = (kaa_gil_statistics){.size = sizeof(*out)};
        kaa_gil__add_figures(out, thread);
        atomic_thread_fence(memory_order_acquire);
        if (held == kaa_gil__figure(held_at) &&
            waited == kaa_gil__figure(&thread->line_at))
            break;
    }
    if ((thread->gil->flags & KAA_GIL_TIME_NONE) == 0)
        add_spell(held, now, &out->held_ns, &out->held_ns_max);
    add_spell(waited, now, &out->waited_ns, &out->waited_ns_max);
}

static kaa_status
copy_out(const kaa_gil_statistics *own, kaa_gil_statistics *statistics)
{
    uint32_t size = statistics->size;
    uint32_t known = size < sizeof(*own) ? size : (uint32_t)sizeof(*own);

    memcpy(statistics, own, known);
    if (size > known)
        memset((char *)statistics + known, 0, size - known);
    statistics->size = size;
    return KAA_OK;
}

static kaa_status
check(const void *subject, const kaa_gil_statistics *statistics, kaa_error *err)
{
    if (subject == NULL || statistics == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT,
                              subject == NULL ? 0 : 1,
                              "neither argument may be NULL");
    if (statistics->size < sizeof(uint64_t))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "statistics.size is %u: set it to "
                              "sizeof(statistics)",
                              (unsigned)statistics->size);
    return KAA_OK;
}

kaa_status
kaa_gil_read_statistics(kaa_gil *gil, kaa_gil_statistics *statistics,
                        kaa_error *err)
{
    kaa_gil_statistics sum;
    kaa_status status = check(gil, statistics, err);

    if (status != KAA_OK)
        return status;
    pthread_mutex_lock(&gil->mutex);
    sum = gil->gone;
    sum.threads = 0;
    for (const kaa_gil__thread *thread = gil->threads; thread != NULL;
         thread = thread->gil_next)
        kaa_gil__add_figures(&sum, thread);
    pthread_mutex_unlock(&gil->mutex);
    return copy_out(&sum, statistics);
}

kaa_status
kaa_gil_read_thread_statistics(const kaa_gil_thread *handle,
                               kaa_gil_statistics *statistics, kaa_error *err)
{
    kaa_gil_statistics own = {.size = sizeof(own)};
    kaa_status status = check(handle, statistics, err);

    if (status != KAA_OK)
        return status;
    kaa_gil__add_figures(&own, (const kaa_gil__thread *)handle);
    return copy_out(&own, statistics);
}

int
kaa_gil_each_thread(kaa_gil *gil,
                    int (*visit)(const char *name,
                                 const kaa_gil_statistics *statistics,
                                 void *user),
                    void *user)
{
    int answer = 0;

    if (gil == NULL || visit == NULL)
        return 0;
    pthread_mutex_lock(&gil->mutex);
    for (const kaa_gil__thread *thread = gil->threads;
         thread != NULL && answer == 0; thread = thread->gil_next) {
        kaa_gil_statistics own = {.size = sizeof(own)};

        kaa_gil__add_figures(&own, thread);
        answer = visit(thread->name, &own, user);
    }
    pthread_mutex_unlock(&gil->mutex);
    return answer;
}
