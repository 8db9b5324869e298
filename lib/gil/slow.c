/* gil/slow.c - where threads wait, and how the lock goes from one to the next.
 *
 * All of this happens under the lock's mutex, so the only races are with the
 * two fast paths (lock.c), which look at `contended` and change `owner`:
 *
 *   - A release that saw an empty line has stored NULL, and looks at the line
 *     again: kaa_gil__hand_over(). A thread getting in line makes sure (see
 *     wait.c) that either it sees that NULL, or the releaser sees it.
 *   - An acquisition that saw an empty line may still succeed when somebody has
 *     got in line since. That overtakes once: the next look sees the line.
 *
 * So nobody sleeps in line while the lock is free and nobody is about to hand
 * it over. tests/gil/model has the proof by exhaustion.
 */
#include "gil/internal.h"

#include <errno.h>

#include "base/clock.h"

/* About what it takes to go to sleep and be woken. */
#define SPIN_NS 20000u

/* Whom to wake once the mutex is unlocked. */
typedef struct wake_list {
    kaa_gil__thread *granted; /* it has the lock */
    kaa_gil__thread *first;   /* it is first in line now: to set its alarm */
} wake_list;

static void
unlock_and_wake(kaa_gil *gil, const wake_list *wakes)
{
#if KAA_BASE__WORD_WAITS
    /* The words slept on may be somebody else's by then: a wake-up for nothing,
     * which every sleeper bears. */
    pthread_mutex_unlock(&gil->mutex);
#endif
    if (wakes->granted != NULL)
        kaa_gil__wake(wakes->granted);
    if (wakes->first != NULL)
        kaa_gil__wake(wakes->first);
#if !KAA_BASE__WORD_WAITS
    pthread_mutex_unlock(&gil->mutex);
#endif
}

static uint32_t
waiting(const kaa_gil *gil)
{
    return atomic_load_explicit(&gil->contended, memory_order_relaxed) &
           ~KAA_GIL__CHECKED;
}

static void
count_in(kaa_gil *gil, uint64_t now)
{
    int was_empty = waiting(gil) == 0;

    atomic_fetch_add(&gil->contended, 1);
    if (!was_empty)
        return;
    gil->line_since = now;
    if (!gil->is_fenced && !kaa_base__fence_all())
        gil->polls = 1;
}

/* Has the first in line look again; its alarm may be wrong now. The mutex is
 * held. A change of `state`, so that it is not missed on the way to sleep. */
static void
call_first(kaa_gil *gil, wake_list *wakes)
{
    wakes->first = kaa_gil__line_next(gil);
    if (wakes->first != NULL)
        atomic_store_explicit(&wakes->first->state, KAA_GIL__CALLED,
                              memory_order_relaxed);
}

/* Gives the lock, which `owner` says is next's already, to `next`. */
static void
grant(kaa_gil *gil, kaa_gil__thread *next, uint64_t now, wake_list *wakes)
{
    kaa_gil__thread *first;

    kaa_gil__line_serve(gil, next, now);
    atomic_fetch_sub(&gil->contended, 1);
    atomic_fetch_and_explicit(&gil->requests, ~(uint32_t)KAA_GIL__DROP,
                              memory_order_relaxed);
    first = kaa_gil__line_next(gil);
    if (first != NULL &&
        kaa_gil__line_ask_at(gil, first) + gil->short_ns / 2 < first->alarm_at)
        call_first(gil, wakes);
    wakes->granted = next;
    atomic_store_explicit(&next->state, KAA_GIL__GRANTED, memory_order_release);
}

/* Takes the lock if it is free and the thread, in line, is next. */
static int
take_free(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now, wake_list *wakes)
{
    kaa_gil__thread *nobody = NULL;

    if (kaa_gil__line_next(gil) != thread ||
        !atomic_compare_exchange_strong(&gil->owner, &nobody, thread))
        return 0;
    grant(gil, thread, now, wakes);
    wakes->granted = NULL;
    return 1;
}

/* What a thread in line does when it got there, and when its alarm goes: asks
 * the holder to let go, or sets the alarm for when it may. */
static void
look(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now)
{
    uint64_t ask_at;

    atomic_store_explicit(&thread->state, KAA_GIL__WAITING,
                          memory_order_relaxed);
    thread->alarm_at = KAA_BASE__NEVER;
    thread->spins = 0;
    if (kaa_gil__line_next(gil) == thread) { /* else: woken when it is */
        ask_at = kaa_gil__line_ask_at(gil, thread);
        if (now >= ask_at) {
            atomic_fetch_or_explicit(&gil->requests, KAA_GIL__DROP,
                                     memory_order_relaxed);
            thread->spins = thread->is_urgent;
        } else {
            thread->alarm_at = ask_at;
        }
    }
    if (gil->polls && thread->alarm_at > now + gil->short_ns)
        thread->alarm_at = now + gil->short_ns;
}

/* Looks at the state for SPIN_NS, for a turn that comes sooner than a thread
 * can go to sleep and be woken. */
static void
spin(const kaa_gil__thread *thread)
{
    uint64_t end = kaa_base__now_ns() + SPIN_NS;

    do {
        for (int i = 0; i < 16; i++) {
            if (atomic_load_explicit(&thread->state, memory_order_relaxed) !=
                KAA_GIL__WAITING)
                return;
            kaa_gil__pause();
        }
    } while (kaa_base__now_ns() < end);
}

/* Sleeps until its turn comes or it is refused; says which. */
static uint32_t
wait_turn(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;

    if (thread->spins && gil->can_spin)
        spin(thread);
    for (;;) {
        wake_list wakes = {0};
        uint64_t now;

        if (!kaa_gil__waits(thread))
            break;
        kaa_gil__sleep(thread, thread->alarm_at);
        if (!kaa_gil__waits(thread))
            break;
        now = kaa_base__now_ns();
        pthread_mutex_lock(&gil->mutex);
        if (kaa_gil__waits(thread) &&
            (!gil->polls || !take_free(gil, thread, now, &wakes)))
            look(gil, thread, now);
        unlock_and_wake(gil, &wakes);
    }
    return atomic_load_explicit(&thread->state, memory_order_acquire);
}

/* The slice of an ordinary thread begins when it runs, not when it was woken:
 * on a busy machine that is milliseconds later. */
static void
begin_slice(kaa_gil__thread *thread, uint64_t now)
{
    kaa_gil *gil = thread->gil;
    wake_list wakes = {0};

    pthread_mutex_lock(&gil->mutex);
    kaa_gil__slice_begin(gil, thread, now);
    if (atomic_load_explicit(&gil->requests, memory_order_relaxed) &
        KAA_GIL__DROP) {
        /* Too early. Whoever asked has to set its alarm anew. */
        atomic_fetch_and_explicit(&gil->requests, ~(uint32_t)KAA_GIL__DROP,
                                  memory_order_relaxed);
        call_first(gil, &wakes);
    }
    unlock_and_wake(gil, &wakes);
}

/* Got the lock after waiting since `asked_at`. */
static void
begin_turn(kaa_gil__thread *thread, uint64_t asked_at)
{
    uint64_t now = kaa_base__now_ns();

    if (!thread->is_urgent)
        begin_slice(thread, now);
    kaa_gil__add(&thread->acquisitions, 1);
    kaa_gil__add(&thread->contended, 1);
    kaa_gil__waited(thread, now - asked_at);
    atomic_store_explicit(&thread->line_at, 0, memory_order_release);
    kaa_gil__timing_acquired(thread, asked_at, now);
}

/* Gets in line; the mutex is held, and is not on return. If the lock is free it
 * is taken instead (KAA_GIL__IDLE). */
static uint32_t
get_in_line(kaa_gil__thread *thread, int is_nested, uint64_t now,
            kaa_error *err)
{
    kaa_gil *gil = thread->gil;
    kaa_gil__thread *nobody = NULL, *victim = NULL;
    wake_list wakes = {0};

    if (waiting(gil) == 0 &&
        atomic_compare_exchange_strong(&gil->owner, &nobody, thread)) {
        pthread_mutex_unlock(&gil->mutex);
        return KAA_GIL__IDLE;
    }
    atomic_store_explicit(&thread->state, KAA_GIL__WAITING,
                          memory_order_relaxed);
    kaa_gil__line_add(gil, thread, now);
    count_in(gil, now);
    if (take_free(gil, thread, now, &wakes)) {
        atomic_store_explicit(&thread->line_at, 0, memory_order_relaxed);
        unlock_and_wake(gil, &wakes);
        return KAA_GIL__IDLE;
    }
    if (is_nested && kaa_gil__find_circle(thread, &victim, err)) {
        if (victim == thread) {
            kaa_gil__refuse(thread);
            pthread_mutex_unlock(&gil->mutex);
            return KAA_GIL__REFUSED;
        }
    }
    look(gil, thread, now);
    pthread_mutex_unlock(&gil->mutex);
    return KAA_GIL__WAITING;
}

void
kaa_gil__refuse(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;
    wake_list wakes = {0};

    kaa_gil__line_remove(gil, thread);
    atomic_store_explicit(&thread->line_at, 0, memory_order_relaxed);
    atomic_fetch_sub(&gil->contended, 1);
    atomic_store_explicit(&thread->state, KAA_GIL__REFUSED,
                          memory_order_release);
    kaa_gil__wake(thread);
    call_first(gil, &wakes);
    if (wakes.first != NULL)
        kaa_gil__wake(wakes.first);
}

kaa_status
kaa_gil__acquire_slowly(kaa_gil__thread *thread, int is_required,
                        kaa_error *err)
{
    kaa_gil *gil = thread->gil;
    int saved_errno = errno;
    uint64_t now;
    uint32_t state;
    int is_nested;

    if (gil->flags & KAA_GIL_DEBUG &&
        kaa_gil__check_person(thread, "acquires", err) != KAA_OK)
        return KAA_MISUSE;
    if (kaa_gil__is_owner(thread))
        return kaa_gil__misuse(gil, err,
                               "thread \"%s\" acquires \"%s\" twice: it holds "
                               "it already",
                               thread->name, gil->name);
    is_nested = kaa_gil__holds_another(thread);
    now = kaa_base__now_ns();
    if (is_nested) {
        kaa_gil__registry_lock();
        thread->person->waits_as = thread;
        thread->is_required = is_required != 0;
        thread->err = err;
        if (gil->flags & KAA_GIL_DEBUG)
            kaa_gil__registry_note_order(thread);
    }
    pthread_mutex_lock(&gil->mutex);
    state = get_in_line(thread, is_nested, now, err);
    if (is_nested)
        kaa_gil__registry_unlock();
    if (state == KAA_GIL__WAITING) {
        state = wait_turn(thread);
        if (state == KAA_GIL__GRANTED)
            begin_turn(thread, now);
    } else if (state == KAA_GIL__IDLE) {
        kaa_gil__add(&thread->acquisitions, 1);
        kaa_gil__timing_acquired(thread, now, now);
    }
    if (is_nested) {
        kaa_gil__registry_lock();
        thread->person->waits_as = NULL;
        kaa_gil__registry_unlock();
    }
    kaa_gil__verify_now(gil);
    errno = saved_errno;
    return state == KAA_GIL__REFUSED ? KAA_DEADLOCK : KAA_OK;
}

void
kaa_gil__abandon(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;
    wake_list wakes = {0};
    uint64_t now = kaa_base__now_ns();
    kaa_gil__thread *next;

    pthread_mutex_lock(&gil->mutex);
    kaa_gil__timing_released(thread, waiting(gil) ? gil->line_since : 0, now);
    thread->was_forced = 0;
    thread->hold_last = thread->timing.hold_run;
    thread->timing.hold_run = 0;
    next = kaa_gil__line_next(gil);
    atomic_store_explicit(&gil->owner, next, memory_order_release);
    if (next != NULL)
        grant(gil, next, now, &wakes);
    unlock_and_wake(gil, &wakes);
}

kaa_status
kaa_gil__release_slowly(kaa_gil__thread *thread, kaa_error *err)
{
    kaa_gil *gil = thread->gil;
    int saved_errno = errno;

    if (gil->flags & KAA_GIL_DEBUG &&
        kaa_gil__check_person(thread, "releases", err) != KAA_OK)
        return KAA_MISUSE;
    if (!kaa_gil__is_owner(thread))
        return kaa_gil__misuse(gil, err,
                               "thread \"%s\" releases \"%s\", which it does "
                               "not hold",
                               thread->name, gil->name);
    kaa_gil__abandon(thread);
    errno = saved_errno;
    return KAA_OK;
}

void
kaa_gil__hand_over(kaa_gil *gil)
{
    int saved_errno = errno;
    wake_list wakes = {0};
    kaa_gil__thread *next, *nobody = NULL;

    pthread_mutex_lock(&gil->mutex);
    next = kaa_gil__line_next(gil);
    /* If somebody has taken it meanwhile, that one will hand it over. */
    if (next != NULL &&
        atomic_compare_exchange_strong(&gil->owner, &nobody, next))
        grant(gil, next, kaa_base__now_ns(), &wakes);
    unlock_and_wake(gil, &wakes);
    errno = saved_errno;
}

void
kaa_gil__yield(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;
    int saved_errno = errno;
    wake_list wakes = {0};
    uint64_t now = kaa_base__now_ns();
    kaa_gil__thread *next;
    uint32_t is_short;

    pthread_mutex_lock(&gil->mutex);
    next = kaa_gil__line_next(gil);
    if (next == NULL) {
        /* Asked for by a thread that has gone from the line. */
        atomic_fetch_and_explicit(&gil->requests, ~(uint32_t)KAA_GIL__DROP,
                                  memory_order_relaxed);
        pthread_mutex_unlock(&gil->mutex);
        return;
    }
    kaa_gil__timing_released(thread, gil->line_since, now);
    kaa_gil__add(&thread->forced, 1);
    thread->was_forced = 1;
    atomic_store_explicit(&thread->state, KAA_GIL__WAITING,
                          memory_order_relaxed);
    /* Never empty in between, so no fence is needed. */
    atomic_fetch_add(&gil->contended, 1);
    kaa_gil__line_return(gil, thread, now);
    thread->alarm_at = KAA_BASE__NEVER;
    is_short = next->is_urgent && next->hold_last < SPIN_NS / 2;
    atomic_store_explicit(&gil->owner, next, memory_order_release);
    grant(gil, next, now, &wakes);
    look(gil, thread, now);
    thread->spins = is_short;
    if (wakes.first == thread)
        wakes.first = NULL;
    unlock_and_wake(gil, &wakes);
    wait_turn(thread);
    begin_turn(thread, now);
    kaa_gil__verify_now(gil);
    errno = saved_errno;
}
