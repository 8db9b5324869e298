/* insight/hooks.c - what runs instead of the interpreter's
 * pthread_cond_signal() and pthread_cond_timedwait().
 *
 * A hook may not allocate, take the GIL, or call a function of the interpreter
 * but Py_IncRef. In a release hook the GIL is let go but its mutex is locked,
 * so no other thread can run Python code yet; in an acquisition this thread has
 * it. Frames stand still in both, and references may be taken.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/error.h"
#include "insight/got.h"
#include "insight/trace.h"

#define TRACE (kaa_insight__tracing)
#define GET KAA_INSIGHT__GET
#define SET KAA_INSIGHT__SET
#define ADD KAA_INSIGHT__ADD

typedef int signal_function(pthread_cond_t *);
typedef int timedwait_function(pthread_cond_t *, pthread_mutex_t *,
                               const struct timespec *);

kaa_insight__trace kaa_insight__tracing;

static int on_signal(pthread_cond_t *cond);
static int on_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                        const struct timespec *until);

enum { SIGNAL, TIMEDWAIT, PATCHES };
static kaa_insight__patch patches[PATCHES] = {
    [SIGNAL] = {.name = "pthread_cond_signal"},
    [TIMEDWAIT] = {.name = "pthread_cond_timedwait"},
};
static signal_function *real_signal;
static timedwait_function *real_timedwait;
static kaa_insight__calibration *_Atomic calibrating;

/* ---- one GIL ---- */

/* What threads have waited for this GIL up to now, added up. */
static inline uint64_t
waited_by_all(kaa_insight__gil *gil, uint64_t now)
{
    if (KAA_UNLIKELY(gil->waiters != 0)) {
        if (now > gil->waited_at)
            gil->waited += gil->waiters * (now - gil->waited_at);
        gil->waited_at = now;
    }
    return gil->waited;
}

static inline void
change_waiters(kaa_insight__gil *gil, uint64_t now, int by)
{
    waited_by_all(gil, now);
    if (by < 0) {
        gil->waiters -= gil->waiters != 0;
        return;
    }
    if (gil->waiters++ == 0)
        gil->waited_at = now;
}

/* The thread state that has this GIL, or had it last. */
const void *
kaa_insight__holder_of(const kaa_insight__gil *gil)
{
    const char *base = (const char *)GET(gil->cond) - KAA_INSIGHT__GIL_COND;
    const void *state;

    if (!TRACE.holder_is_known)
        return TRACE.interpreter.this_thread_state();
    memcpy(&state, base + KAA_INSIGHT__GIL_HOLDER, sizeof(state));
    return state;
}

/* Lines are told of the first GIL alone: code objects of an interpreter with
 * its own could not be let go at the end. */
static uint32_t
find_stack(const kaa_insight__gil *gil)
{
    if (gil != &TRACE.gils[0])
        return 0;
    return kaa_insight__stacks_find(&TRACE.stacks, &TRACE.interpreter,
                                    kaa_insight__holder_of(gil));
}

static uint32_t
note(kaa_insight__gil *gil, uint32_t stack, unsigned kind, uint64_t ticks,
     uint64_t others, const kaa_insight__thread *own)
{
    if (stack == 0)
        stack = find_stack(gil);
    kaa_insight__stacks_add(&TRACE.stacks, stack, kind, ticks, others,
                            GET(own->id));
    if (own->caller != 0)
        SET(TRACE.stacks.entries[stack].tallies[kind].address, own->caller);
    return stack;
}

/* How long the spell that ends now was. Counters of two processors, and a
 * record that was made meanwhile, may be a little ahead. */
static uint64_t
length(uint64_t now, const kaa_insight__thread *own)
{
    uint64_t since = GET(own->since);

    return now > since ? now - since : 0;
}

/* ---- events ---- */

static void
raise_alarm(const kaa_insight__thread *own, uint32_t stack, uint64_t ticks,
            uint64_t others, uint64_t now)
{
    uint64_t number = GET(TRACE.alarms_written);
    kaa_insight__alarm *one = &TRACE.alarms[number % KAA_INSIGHT__ALARMS_MAX];

    SET(one->thread, GET(own->id));
    SET(one->stack, stack);
    SET(one->ticks, ticks);
    SET(one->others, others);
    SET(one->at, now);
    atomic_store_explicit(&TRACE.alarms_written, number + 1,
                          memory_order_release);
    kaa_insight__alarm_post();
}

static void
released(kaa_insight__gil *gil, uintptr_t address, const uintptr_t *frame)
{
    uint64_t now = kaa_insight__ticks();
    kaa_insight__thread *own = kaa_insight__thread_own();
    uint64_t held, others;
    uint32_t stack = 0;
    int forced;

    if (own == NULL)
        return;
    held = GET(own->state) == KAA_INSIGHT__HELD ? length(now, own) : 0;
    others = waited_by_all(gil, now) - own->others_before;
    forced = kaa_insight__release_is_forced(
        &TRACE.releases, &own->last_release, address, frame,
        (int)GET(gil->is_requested), &own->caller);
    if (KAA_UNLIKELY(held > GET(TRACE.threshold))) {
        if (gil == &TRACE.gils[0])
            stack = kaa_insight__divide_hold(own, now, others, forced);
        if (stack == 0)
            stack = note(gil, 0, KAA_INSIGHT__HELD, held, others, own);
        if (held > GET(TRACE.alarm))
            raise_alarm(own, stack, held, others, now);
    }
    SET(gil->owner, NULL);
    gil->last_holder = GET(own->id);
    gil->last_stack = stack;
    own->last_hold = held;
    own->was_forced = (uint32_t)forced;
    kaa_insight__writing(own);
    if (forced) {
        change_waiters(gil, now, 1);
        ADD(own->forced, 1u);
        kaa_insight__thread_change(own, KAA_INSIGHT__WAITED, now, stack);
    } else {
        ADD(own->voluntary, 1u);
        kaa_insight__thread_change(own, KAA_INSIGHT__OFF, now, stack);
    }
    kaa_insight__written(own);
}

/* A short hold, a voluntary release, and then a wait of about an interval. */
static void
count_convoy(kaa_insight__thread *own, const kaa_insight__gil *gil,
             uint64_t waited, uint32_t stack)
{
    if (own->was_forced || waited < GET(TRACE.convoy) ||
        own->last_hold > waited / 8 || gil->last_holder == GET(own->id))
        return;
    for (uint32_t i = 0; i < KAA_INSIGHT__CONVOYS; i++) {
        kaa_insight__convoy *one = &own->convoys[i];
        uint32_t holder = GET(one->holder);

        if (holder != 0 && holder != gil->last_holder)
            continue;
        SET(one->holder, gil->last_holder);
        if (gil->last_stack != 0)
            SET(one->holder_stack, gil->last_stack);
        SET(one->waiter_stack, stack);
        ADD(one->count, 1u);
        ADD(one->ticks, waited);
        return;
    }
}

static uint32_t
end_of_wait(kaa_insight__gil *gil, kaa_insight__thread *own, uint64_t now)
{
    uint64_t waited = length(now, own);
    uint64_t off = own->off_before;
    uint32_t stack = 0;

    change_waiters(gil, now, -1);
    own->off_before = 0;
    if (off > GET(TRACE.threshold)) {
        stack = note(gil, 0, KAA_INSIGHT__OFF, off, 0, own);
        kaa_insight__timeline_tell(&own->timeline, GET(own->since), stack);
    }
    if (waited > GET(TRACE.threshold))
        stack = note(gil, stack, KAA_INSIGHT__WAITED, waited, 0, own);
    if (own->is_blocked) {
        ADD(own->contended, 1u);
        count_convoy(own, gil, waited, stack);
    }
    return stack;
}

static void
acquired(kaa_insight__gil *gil)
{
    uint64_t now = kaa_insight__ticks();
    kaa_insight__thread *own = kaa_insight__thread_own();
    uint32_t stack = 0, before;

    if (own == NULL)
        return;
    before = GET(own->state);
    if (before == KAA_INSIGHT__WAITED) {
        stack = end_of_wait(gil, own, now);
    } else if (before == KAA_INSIGHT__OFF) {
        uint64_t off = length(now, own);

        if (KAA_UNLIKELY(off > GET(TRACE.threshold)))
            stack = note(gil, 0, KAA_INSIGHT__OFF, off, 0, own);
    }
    SET(gil->is_requested, 0);
    atomic_store_explicit(&gil->owner, own, memory_order_release);
    if (KAA_UNLIKELY(GET(TRACE.is_asleep)))
        kaa_insight__watch_wake();
    own->is_blocked = 0;
    SET(own->gil, gil->number);
    own->others_before = waited_by_all(gil, now);
    kaa_insight__writing(own);
    ADD(own->acquired, 1u);
    kaa_insight__thread_change(own, KAA_INSIGHT__HELD, now, stack);
    kaa_insight__written(own);
}

static void
found_taken(kaa_insight__gil *gil)
{
    uint64_t now = kaa_insight__ticks();
    kaa_insight__thread *own = kaa_insight__thread_own();

    if (own == NULL)
        return;
    own->is_blocked = 1;
    if (GET(own->state) == KAA_INSIGHT__WAITED)
        return; /* forced, or one of many waits for the same turn */
    change_waiters(gil, now, 1);
    kaa_insight__writing(own);
    own->off_before =
        kaa_insight__thread_change(own, KAA_INSIGHT__WAITED, now, 0);
    kaa_insight__written(own);
}

/* ---- which GIL ---- */

static int
is_site(const _Atomic uintptr_t *sites, uintptr_t address)
{
    for (uint32_t i = 0; i < KAA_INSIGHT__SITES_MAX; i++)
        if (GET(sites[i]) == address)
            return 1;
    return 0;
}

static void
add_site(_Atomic uintptr_t *sites, uintptr_t address)
{
    for (uint32_t i = 0; i < KAA_INSIGHT__SITES_MAX; i++) {
        uintptr_t one = GET(sites[i]);

        if (one == address)
            return;
        if (one == 0) {
            SET(sites[i], address);
            return;
        }
    }
}

/* A GIL by its release's variable; a new one if it is none that is known. */
static kaa_insight__gil *
find_gil(pthread_cond_t *cond, int may_add)
{
    uint32_t count = atomic_load(&TRACE.gils_count);

    for (;;) {
        for (uint32_t i = 0; i < count; i++)
            if (GET(TRACE.gils[i].cond) == cond)
                return &TRACE.gils[i];
        if (!may_add || count == KAA_INSIGHT__GILS_MAX)
            return NULL;
        /* The place is ours once the count says so; its variable is written
         * after that, and until then it is no one's. */
        if (atomic_compare_exchange_strong(&TRACE.gils_count, &count,
                                           count + 1))
            break;
        count = atomic_load(&TRACE.gils_count);
    }
    SET(TRACE.gils[count].switch_cond,
        (pthread_cond_t *)((uintptr_t)cond + (uintptr_t)TRACE.switch_offset));
    SET(TRACE.gils[count].cond, cond);
    return &TRACE.gils[count];
}

/* A signal of a variable that is not the first GIL's: another interpreter's,
 * if it comes from where the first one's come from. */
static void
signalled_other(pthread_cond_t *cond, uintptr_t address, const uintptr_t *frame)
{
    pthread_cond_t *other =
        (pthread_cond_t *)((uintptr_t)cond - (uintptr_t)TRACE.switch_offset);
    kaa_insight__gil *gil = find_gil(cond, is_site(TRACE.sites.drops, address));

    if (gil != NULL) {
        released(gil, address, frame);
        return;
    }
    gil = find_gil(other, is_site(TRACE.sites.takes, address));
    if (gil != NULL)
        acquired(gil);
}

static void
calibrate(pthread_cond_t *cond, uintptr_t address)
{
    kaa_insight__calibration *one =
        atomic_load_explicit(&calibrating, memory_order_acquire);

    if (one == NULL || !pthread_equal(one->thread, pthread_self()) ||
        one->count == sizeof(one->signals) / sizeof(one->signals[0]))
        return;
    one->signals[one->count].cond = cond;
    one->signals[one->count].address = address;
    one->count++;
}

/* Who sees that it is on sees what it was started with. */
static inline int
is_on(void)
{
    return atomic_load_explicit(&TRACE.is_on, memory_order_acquire);
}

static int
on_signal(pthread_cond_t *cond)
{
    const uintptr_t *frame = __builtin_frame_address(0);
    uintptr_t address = (uintptr_t)__builtin_return_address(0);

    if (KAA_LIKELY(is_on())) {
        kaa_insight__gil *first = &TRACE.gils[0];

        if (cond == GET(first->cond)) {
            add_site(TRACE.sites.drops, address);
            released(first, address, frame);
        } else if (cond == GET(first->switch_cond)) {
            add_site(TRACE.sites.takes, address);
            acquired(first);
        } else {
            signalled_other(cond, address, frame);
        }
    } else {
        calibrate(cond, address);
    }
    return real_signal(cond);
}

static int
on_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
             const struct timespec *until)
{
    kaa_insight__gil *gil = NULL;
    int result;

    if (is_on())
        gil = find_gil(cond, 0);
    if (gil != NULL)
        found_taken(gil);
    result = real_timedwait(cond, mutex, until);
    if (gil != NULL && result == ETIMEDOUT)
        SET(gil->is_requested, 1);
    return result;
}

/* ---- in and out ---- */

void
kaa_insight__hooks_calibrate(kaa_insight__calibration *calibration)
{
    atomic_store(&calibrating, calibration);
}

/* The functions that hooks go on to are known before the first hook is in. */
kaa_status
kaa_insight__hooks_install(const void *interpreter, kaa_error *err)
{
    signal_function *signal_hook = on_signal;
    timedwait_function *timedwait_hook = on_timedwait;
    kaa_status status;

    memcpy(&patches[SIGNAL].hook, &signal_hook, sizeof(void *));
    memcpy(&patches[TIMEDWAIT].hook, &timedwait_hook, sizeof(void *));
    status = kaa_insight__got_find(kaa_insight__got_object(interpreter),
                                   patches, PATCHES, err);
    if (status != KAA_OK)
        return status;
    if (patches[SIGNAL].real == NULL || patches[TIMEDWAIT].real == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "this interpreter calls pthread_cond_%s() in a "
                              "way that cannot be followed",
                              patches[SIGNAL].real == NULL ? "signal"
                                                           : "timedwait");
    memcpy(&real_signal, &patches[SIGNAL].real, sizeof(void *));
    memcpy(&real_timedwait, &patches[TIMEDWAIT].real, sizeof(void *));
    return kaa_insight__got_write(patches, PATCHES, err);
}

uint32_t
kaa_insight__hooks_remove(void)
{
    return kaa_insight__got_remove(patches, PATCHES);
}

int
kaa_insight__hooks_are_foreign(void)
{
    return patches[SIGNAL].is_foreign || patches[TIMEDWAIT].is_foreign;
}
