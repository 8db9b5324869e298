/* insight/trace.c - starting and stopping the trace. */
#include "insight/trace.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#define TRACE (kaa_insight__tracing)

#define THRESHOLD_NS 100000u
#define INTERVAL_NS 5000000u
/* Two such spans are one pixel of a picture of a twentieth of a second. */
#define GRAIN_NS 20000u
#define FLAGS_ALL ((uint32_t)KAA_INSIGHT_NO_TIMELINE)

/* Guards starts and stops. */
static pthread_mutex_t control = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t users;
static _Atomic uint32_t
    left; /* hooks of an earlier trace that could not be removed */
static int is_prepared;
static int is_forking; /* with `control` */
static sem_t alarm_bell;

/* ---- fork ---- */

/* A thread that starts a trace has `control` and waits for the GIL, which this
 * thread may have: then the child's trace is one that has not begun. */
static void
before_fork(void)
{
    is_forking = pthread_mutex_trylock(&control) == 0;
}

static void
after_fork_parent(void)
{
    if (is_forking)
        pthread_mutex_unlock(&control);
}

/* The child is no part of the recording: its hooks go, its figures are
 * nobody's. References to code objects stay, which costs the child nothing. */
static void
after_fork_child(void)
{
    pthread_mutex_init(&control, NULL);
    atomic_store(&TRACE.is_on, 0);
    kaa_insight__threads_after_fork();
    kaa_insight__watch_after_fork();
    atomic_flag_clear(&TRACE.releases.is_busy);
    kaa_insight__hooks_calibrate(NULL);
    kaa_insight__hooks_remove();
    kaa_insight__stacks_fini(&TRACE.stacks);
    users = 0;
    sem_init(&alarm_bell, 0, 0);
}

static kaa_status
prepare(kaa_error *err)
{
    kaa_status status = kaa_insight__threads_start(err);

    if (status != KAA_OK || is_prepared)
        return status;
    if (sem_init(&alarm_bell, 0, 0) != 0 ||
        pthread_atfork(before_fork, after_fork_parent, after_fork_child) != 0)
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "no fork handlers for monitors");
    kaa_insight__ticks_start();
    is_prepared = 1;
    return KAA_OK;
}

/* ---- start ---- */

/* A thread may still be in a wait that the last trace saw. */
static void
forget_gils(void)
{
    for (uint32_t i = 0; i < KAA_INSIGHT__GILS_MAX; i++) {
        kaa_insight__gil *gil = &TRACE.gils[i];

        atomic_store(&gil->cond, NULL);
        atomic_store(&gil->switch_cond, NULL);
        atomic_store(&gil->owner, NULL);
        atomic_store(&gil->is_requested, 0);
        gil->number = i;
        gil->waiters = gil->last_holder = gil->last_stack = 0;
        gil->waited = gil->waited_at = 0;
    }
}

/* Lets the GIL go and takes it back, and sees what is signalled. */
static kaa_status
find_gil(kaa_error *err)
{
    const kaa_insight__interpreter *in = &TRACE.interpreter;
    kaa_insight__calibration seen = {.thread = pthread_self()};
    pthread_cond_t *cond, *switch_cond = NULL;
    uint32_t released;
    void *state;

    kaa_insight__hooks_calibrate(&seen);
    state = in->save_thread();
    released = seen.count;
    in->restore_thread(state);
    kaa_insight__hooks_calibrate(NULL);
    if (seen.count == 0)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "this interpreter runs without a GIL");
    cond = seen.signals[0].cond;
    for (uint32_t i = released; i < seen.count; i++)
        if (seen.signals[i].cond != cond)
            switch_cond = seen.signals[i].cond;
    if (released == 0 || switch_cond == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "the GIL of this interpreter works in a way that "
                              "is not known (%u signals)",
                              (unsigned)seen.count);
    forget_gils();
    TRACE.switch_offset = (char *)switch_cond - (char *)cond;
    atomic_store(&TRACE.gils[0].switch_cond, switch_cond);
    atomic_store(&TRACE.gils[0].cond, cond);
    atomic_store(&TRACE.gils_count, 1);
    return KAA_OK;
}

/* Whether the GIL's words are where they are expected: it is locked, by us. */
static void
probe_gil(void)
{
    const char *base =
        (const char *)atomic_load(&TRACE.gils[0].cond) - KAA_INSIGHT__GIL_COND;
    const void *holder;
    int locked;

    memcpy(&holder, base + KAA_INSIGHT__GIL_HOLDER, sizeof(holder));
    memcpy(&locked, base + KAA_INSIGHT__GIL_LOCKED, sizeof(locked));
    TRACE.holder_is_known =
        locked == 1 && holder == TRACE.interpreter.thread_state_get();
}

static void
begin(const kaa_insight_options *options)
{
    uint64_t now;
    kaa_insight__thread *own;

    kaa_insight__scale_start(&TRACE.scale);
    atomic_store(&TRACE.threshold,
                 kaa_insight__scale_ticks(&TRACE.scale, options->threshold_ns));
    atomic_store(&TRACE.alarm, options->alarm_ns == 0
                                   ? UINT64_MAX
                                   : kaa_insight__scale_ticks(
                                         &TRACE.scale, options->alarm_ns));
    /* A wait that the holder ended at the interval's end is a bit longer. */
    atomic_store(&TRACE.convoy,
                 kaa_insight__scale_ticks(&TRACE.scale, options->interval_ns) /
                     2);
    atomic_store(&TRACE.alarms_written, 0);
    atomic_store(&TRACE.alarms_read, 0);
    kaa_insight__threads_begin(kaa_insight__scale_ticks(&TRACE.scale, GRAIN_NS),
                               TRACE.scale.ns_per_tick,
                               (options->flags & KAA_INSIGHT_NO_TIMELINE) == 0);
    now = TRACE.scale.start_ticks;
    TRACE.gils[0].waited_at = now;
    atomic_store(&TRACE.gils[0].is_requested,
                 1); /* by threads that wait since before */
    own = kaa_insight__thread_own();
    if (own != NULL) {
        atomic_store(&own->start, now);
        atomic_store(&own->since, now);
        atomic_store(&own->state, KAA_INSIGHT__HELD);
    }
    atomic_store(&TRACE.is_on, 1);
}

static kaa_status
install(const kaa_insight_options *options, kaa_error *err)
{
    const void *anchor = NULL;
    kaa_status status = kaa_insight__interpreter_open(
        options->handle, options->version, &TRACE.interpreter, err);

    if (status != KAA_OK)
        return status;
    kaa_insight__releases_start(&TRACE.releases, options->handle);
    status = kaa_insight__stacks_init(&TRACE.stacks, err);
    if (status != KAA_OK)
        return status;
    memcpy(&anchor, &TRACE.interpreter.save_thread, sizeof(anchor));
    status = kaa_insight__hooks_install(anchor, err);
    if (status == KAA_OK) {
        status = find_gil(err);
        if (status != KAA_OK)
            kaa_insight__hooks_remove();
    }
    if (status != KAA_OK) {
        kaa_insight__stacks_fini(&TRACE.stacks);
        return status;
    }
    probe_gil();
    kaa_insight__codes_start(&TRACE.codes, options->handle);
    begin(options);
    /* A process without room for a thread is traced all the same. */
    if (kaa_insight__watch_start(NULL) != KAA_OK)
        atomic_fetch_add(&kaa_insight__all_threads.lost, 1);
    return KAA_OK;
}

/* Starts are made with the GIL held, and find_gil() lets it go: another start
 * may come then. `control` would be waited for with the GIL, so it is tried. */
kaa_status
kaa_insight_trace_start(const kaa_insight_options *options, kaa_error *err)
{
    kaa_insight_options chosen = {.size = sizeof(chosen)};
    kaa_status status;

    if (options == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    if ((chosen.flags & ~FLAGS_ALL) != 0 || chosen.reserved != 0)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options have bits that this kaa does not know");
    if (chosen.version < 0x0309 || chosen.version > 0x03ff)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.version is 0x%x, not a CPython from 3.9",
                              (unsigned)chosen.version);
    if (chosen.threshold_ns == 0)
        chosen.threshold_ns = THRESHOLD_NS;
    if (chosen.interval_ns == 0)
        chosen.interval_ns = INTERVAL_NS;
    if (pthread_mutex_trylock(&control) != 0)
        return kaa_base__fail(err, KAA_MISUSE, KAA_NO_ARGUMENT,
                              "another thread is starting a trace");
    status = prepare(err);
    if (status == KAA_OK && users == 0)
        status = install(&chosen, err);
    if (status == KAA_OK)
        users++;
    pthread_mutex_unlock(&control);
    return status;
}

int
kaa_insight_trace_stop(void)
{
    int goes_on;

    pthread_mutex_lock(&control);
    if (users == 1) {
        atomic_store(&TRACE.is_on, 0);
        kaa_insight__watch_stop();
        left = kaa_insight__hooks_remove();
        kaa_insight__codes_stop(&TRACE.codes);
        kaa_insight__stacks_clear(&TRACE.stacks, &TRACE.interpreter);
        kaa_insight__threads_end();
        sem_post(&alarm_bell);
    }
    if (users != 0)
        users--;
    goes_on = users != 0;
    pthread_mutex_unlock(&control);
    return goes_on;
}

/* In a hook. */
void
kaa_insight__watch_wanted(void)
{
    if (pthread_mutex_trylock(&control) != 0)
        return;
    if (users != 0 && kaa_insight__watch_start(NULL) != KAA_OK)
        atomic_fetch_add(&kaa_insight__all_threads.lost, 1);
    pthread_mutex_unlock(&control);
}

void
kaa_insight_trace_watch(int is_on)
{
    /* Whoever has it is about to start or stop the thread. */
    if (pthread_mutex_trylock(&control) != 0)
        return;
    if (!is_on)
        kaa_insight__watch_stop();
    else if (users != 0)
        kaa_insight__watch_later();
    pthread_mutex_unlock(&control);
}

/* ---- what is told of all ---- */

kaa_status
kaa_insight_trace_read(kaa_insight_trace *out, kaa_error *err)
{
    kaa_insight_trace own = {.size = sizeof(own)};
    uint32_t size = out != NULL ? out->size : 0;

    if (size < sizeof(uint64_t))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "out is NULL, or its size is not set");
    own.users = users;
    own.is_left = left;
    if (users != 0) {
        uint64_t now = kaa_insight__ticks();

        own.started_ns = TRACE.scale.start_ns;
        own.now_ns =
            kaa_insight__scale_ns(&TRACE.scale, now - TRACE.scale.start_ticks);
        own.has_lines = (uint32_t)TRACE.interpreter.frames.is_known;
        own.has_forced = (uint32_t)TRACE.releases.is_known;
        own.is_foreign = (uint32_t)kaa_insight__hooks_are_foreign();
        own.gil = (uint64_t)(uintptr_t)atomic_load(&TRACE.gils[0].cond) -
                  KAA_INSIGHT__GIL_COND;
        own.gils = atomic_load(&TRACE.gils_count);
        own.threads_lost = atomic_load(&kaa_insight__all_threads.lost);
        own.stacks_lost = atomic_load(&TRACE.stacks.lost);
        own.threads = kaa_insight_trace_threads(NULL, 0, 0);
        own.stacks = kaa_insight_trace_stacks(NULL, 0, 0);
    }
    memcpy(out, &own, size < sizeof(own) ? size : sizeof(own));
    if (size > sizeof(own))
        memset((char *)out + sizeof(own), 0, size - sizeof(own));
    out->size = size;
    return KAA_OK;
}

/* ---- alarms ---- */

void
kaa_insight__alarm_post(void)
{
    sem_post(&alarm_bell);
}

/* The oldest alarm that is still kept and was not told. */
static int
next_alarm(kaa_insight_alarm *out)
{
    const kaa_insight__scale *scale = &TRACE.scale;
    uint64_t read = atomic_load(&TRACE.alarms_read), written;

    for (;; read++) {
        const kaa_insight__alarm *one;

        written =
            atomic_load_explicit(&TRACE.alarms_written, memory_order_acquire);
        if (written > read + KAA_INSIGHT__ALARMS_MAX)
            read = written - KAA_INSIGHT__ALARMS_MAX;
        if (users == 0 || read >= written)
            return 0;
        one = &TRACE.alarms[read % KAA_INSIGHT__ALARMS_MAX];
        *out = (kaa_insight_alarm){
            .thread = KAA_INSIGHT__GET(one->thread),
            .stack = KAA_INSIGHT__GET(one->stack),
            .held_ns = kaa_insight__scale_ns(scale, one->ticks),
            .others_ns = kaa_insight__scale_ns(scale, one->others),
            .at_ns =
                kaa_insight__scale_ns(scale, one->at - scale->start_ticks)};
        /* It may have been written anew meanwhile. */
        KAA_INSIGHT__FENCE(memory_order_acquire);
        if (KAA_INSIGHT__GET(TRACE.alarms_written) <
            read + KAA_INSIGHT__ALARMS_MAX)
            break;
    }
    atomic_store(&TRACE.alarms_read, read + 1);
    return 1;
}

int
kaa_insight_trace_alarm(uint64_t timeout_ns, kaa_insight_alarm *out)
{
    struct timespec until;

    if (out == NULL || users == 0)
        return 0;
    clock_gettime(CLOCK_REALTIME, &until);
    timeout_ns += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(timeout_ns / 1000000000u);
    until.tv_nsec = (long)(timeout_ns % 1000000000u);
    while (sem_timedwait(&alarm_bell, &until) != 0)
        if (errno != EINTR)
            return 0;
    return next_alarm(out);
}
