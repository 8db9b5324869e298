/* insight/watch.c - a thread that looks at long spells while they last.
 *
 * Hooks see where a spell ends, not where it was: a hold that nobody asks for
 * ends where the thread blocks, long after the work. So a thread of kaa's own,
 * which never takes the GIL, looks at the holder every 4 ms once a hold is 1 ms
 * old (every 16 ms if it found none for long), and at threads that are off
 * every 20 ms. When nobody has the GIL for a while it sleeps, until a hook
 * wakes it. It reads memory that may change
 * under it, believes nothing, and leaves what it saw in the thread's record;
 * the thread itself uses it at the end of the spell, where it may.
 *
 * What a thread is blocked in is in /proc/self/task/ID/syscall: the number of
 * the system call and its arguments, or "running" (proc(5)).
 */
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "insight/trace.h"

#define TRACE (kaa_insight__tracing)
#define THREADS (kaa_insight__all_threads)
#define GET KAA_INSIGHT__GET
#define SET KAA_INSIGHT__SET

#define PERIOD_NS 4000000
#define OLD_NS 1000000u
/* Every so many periods threads that are off are looked at, so many at once. */
#define OFF_PERIODS 5u
#define OFF_THREADS 24u
/* A hold this old may be blocked in a system call. */
#define BLOCKED_NS 6000000u
/* After so many periods without a holder there is nothing to look at. */
#define IDLE_PERIODS 2u
/* After so many looks that found no old hold the period is doubled, twice at
 * the most: a program of short holds is not woken for 250 times a second. */
#define QUIET_LOOKS 24u
#define DOUBLED_MAX 2u
/* After so many samples of a hold the next ones are each a quarter later. */
#define EVEN_SAMPLES 16u
#define YIELDS_MAX 10000
#define STACK_BYTES ((size_t)256 * 1024)

enum { AWAKE, ASLEEP, NOT_BEGUN }; /* TRACE.is_asleep */

static pthread_t watcher;
static _Atomic int watcher_id; /* the operating system's */
static int is_watching;
static sem_t bell; /* wakes the watcher */
static _Atomic int is_over;

typedef struct watch {
    uint64_t old, blocked; /* ticks */
    uint64_t hold;         /* which hold is being looked at */
    uint64_t next;         /* when it is to be looked at again */
    uint32_t idle;         /* periods without a holder */
    uint32_t quiet;        /* looks without an old hold */
    uint32_t periods;      /* since threads off were looked at */
    uint32_t place;        /* the record to go on from */
} watch;

/* The system call that a thread is in, and 1; KAA_INSIGHT__RUNNING; 0: it is
 * not known. */
static uint32_t
read_call(uint32_t id)
{
    char path[48], text[32], *end;
    ssize_t length;
    unsigned long number;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%u/syscall", (unsigned)id);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    if (text[0] == 'r')
        return KAA_INSIGHT__RUNNING;
    number = strtoul(text, &end, 10);
    return end != text && number < KAA_INSIGHT__RUNNING - 1
               ? (uint32_t)number + 1
               : 0;
}

/* ---- the holder ---- */

static void
sample(watch *own, kaa_insight__thread *holder, uint64_t since, uint64_t now)
{
    kaa_insight__seen *seen = &holder->seen;
    uint32_t n = GET(seen->hold) == since ? GET(seen->samples_count) : 0;
    kaa_insight__sample *one;
    uint64_t age = now - since;

    if ((own->hold == since && now < own->next) ||
        n == KAA_INSIGHT__SAMPLES_MAX) /* the last stands for all later time */
        return;
    one = &seen->samples[n];
    SET(seen->samples_count, n);
    one->count = kaa_insight__frames_peek(
        &TRACE.interpreter.frames, getpid(),
        (uintptr_t)kaa_insight__holder_of(&TRACE.gils[0]), one->places,
        KAA_INSIGHT__SAMPLE_DEPTH);
    one->call = age > own->blocked ? read_call(GET(holder->id)) : 0;
    if (one->call == KAA_INSIGHT__RUNNING)
        one->call = 0;
    one->at = now;
    atomic_store_explicit(&seen->hold, since, memory_order_release);
    atomic_store_explicit(&seen->samples_count, n + 1, memory_order_release);
    own->hold = since;
    own->next = n < EVEN_SAMPLES ? 0 : now + age / 4;
}

static void
look_at_holder(watch *own)
{
    kaa_insight__thread *holder =
        atomic_load_explicit(&TRACE.gils[0].owner, memory_order_acquire);
    uint64_t since, now = kaa_insight__ticks();

    if (holder == NULL || GET(holder->state) != KAA_INSIGHT__HELD)
        return;
    since = atomic_load_explicit(&holder->since, memory_order_acquire);
    if (now > since && now - since > own->old) {
        own->quiet = 0;
        sample(own, holder, since, now);
    }
}

/* How often the period is doubled now. */
static uint32_t
doubled(const watch *own)
{
    uint32_t times = own->quiet / QUIET_LOOKS;

    return times < DOUBLED_MAX ? times : DOUBLED_MAX;
}

/* Whether a code object that was seen may be referred to. Called on the thread
 * that it was seen on, at the end of the hold. */
static uint32_t
find_sample(const kaa_insight__sample *one, uint64_t since)
{
    const kaa_insight__interpreter *in = &TRACE.interpreter;
    kaa_insight__place places[KAA_INSIGHT__SAMPLE_DEPTH];
    uint32_t count = 0;

    for (uint32_t i = 0; i < one->count; i++) {
        const void *code = one->places[i].code;

        if (!kaa_insight__codes_has(&TRACE.codes, code, since) ||
            !kaa_insight__is_code(in, code))
            continue; /* it is gone: those that called it are not */
        places[count] = one->places[i];
        count +=
            (uint32_t)kaa_insight__place_is_begun(&in->frames, &places[count]);
    }
    return kaa_insight__stacks_find_places(&TRACE.stacks, in, places, count);
}

typedef struct part {
    uint32_t stack, call;
    uint64_t ticks;
} part;

static void
add_part(part *parts, uint32_t *count, uint32_t stack, uint32_t call,
         uint64_t ticks)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (parts[i].stack == stack) {
            parts[i].ticks += ticks;
            parts[i].call = call != 0 ? call : parts[i].call;
            return;
        }
    }
    parts[*count] = (part){stack, call, ticks};
    ++*count;
}

/* The parts of a hold: each sample stands for the time before it; what comes
 * after the last for the place where a forced release was, or for that sample.
 */
static uint32_t
find_parts(kaa_insight__thread *own, uint64_t since, uint64_t now, int forced,
           part *parts)
{
    const kaa_insight__sample *samples = own->seen.samples;
    uint32_t seen =
        atomic_load_explicit(&own->seen.samples_count, memory_order_acquire);
    uint32_t count = 0, stack = 0;
    const uint64_t began = since;

    for (uint32_t i = 0; i < seen; i++) {
        const kaa_insight__sample *one = &samples[i];

        if (one->at < since || one->at > now)
            break;
        if (i == 0 || one->count != one[-1].count ||
            memcmp(one->places, one[-1].places,
                   one->count * sizeof(one->places[0])) != 0)
            stack = find_sample(one, began);
        if (stack == 0)
            continue;
        add_part(parts, &count, stack, one->call, one->at - since);
        since = one->at;
    }
    if (count == 0)
        return 0;
    if (forced)
        stack =
            kaa_insight__stacks_find(&TRACE.stacks, &TRACE.interpreter,
                                     kaa_insight__holder_of(&TRACE.gils[0]));
    if (stack != 0)
        add_part(parts, &count, stack, 0, now - since);
    return count;
}

uint32_t
kaa_insight__divide_hold(kaa_insight__thread *own, uint64_t now,
                         uint64_t others, int forced)
{
    part parts[KAA_INSIGHT__SAMPLES_MAX + 1];
    uint64_t since = GET(own->since), most = 0;
    uint32_t count, largest = 0;

    if (atomic_load_explicit(&own->seen.hold, memory_order_acquire) != since ||
        now <= since)
        return 0;
    count = find_parts(own, since, now, forced, parts);
    for (uint32_t i = 0; i < count; i++) {
        double share = (double)parts[i].ticks / (double)(now - since);
        kaa_insight__tally *tally =
            &TRACE.stacks.entries[parts[i].stack].tallies[KAA_INSIGHT__HELD];

        kaa_insight__stacks_add(
            &TRACE.stacks, parts[i].stack, KAA_INSIGHT__HELD, parts[i].ticks,
            (uint64_t)((double)others * share), GET(own->id));
        if (parts[i].call != 0)
            SET(tally->call, parts[i].call);
        if (parts[i].ticks > most) {
            most = parts[i].ticks;
            largest = parts[i].stack;
        }
    }
    return largest;
}

/* ---- threads that are off ---- */

static void
look_at_off(watch *own)
{
    uint32_t count = atomic_load(&THREADS.count);
    uint32_t epoch = atomic_load(&THREADS.epoch), looked = 0;

    for (uint32_t i = 0; i < count && looked < OFF_THREADS; i++) {
        kaa_insight__thread *one;
        uint64_t since, now = kaa_insight__ticks();
        uint32_t call;

        own->place = (own->place + 1) % count;
        one = atomic_load(&THREADS.records[own->place]);
        if (one == NULL || GET(one->epoch) != epoch || GET(one->end) != 0 ||
            GET(one->state) != KAA_INSIGHT__OFF)
            continue;
        since = GET(one->since);
        if (now < since || now - since < own->old)
            continue;
        if (GET(one->seen.off) == since &&
            GET(one->seen.off_call) != KAA_INSIGHT__RUNNING)
            continue; /* it blocks in one call */
        looked++;
        call = read_call(GET(one->id));
        if (call == 0 || GET(one->since) != since)
            continue;
        SET(one->seen.off_call, call);
        atomic_store_explicit(&one->seen.off, since, memory_order_release);
    }
}

/* ---- the watcher ---- */

/* Sleeps for a period, or until somebody has the GIL again. 1: it is over. */
static int
wait_a_while(watch *own)
{
    struct timespec until;

    own->idle = GET(TRACE.gils[0].owner) == NULL ? own->idle + 1 : 0;
    if (own->idle == IDLE_PERIODS) {
        look_at_off(own);
        atomic_store(&TRACE.is_asleep, ASLEEP);
        if (GET(TRACE.gils[0].owner) == NULL)
            while (sem_wait(&bell) != 0)
                continue;
        atomic_store(&TRACE.is_asleep, AWAKE);
        own->idle = 0;
        own->hold = 0;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PERIOD_NS << doubled(own);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!atomic_load(&is_over) && sem_timedwait(&bell, &until) == 0)
        continue;
    return atomic_load(&is_over);
}

void
kaa_insight__watch_wake(void)
{
    int asleep = atomic_exchange(&TRACE.is_asleep, AWAKE);

    if (asleep == ASLEEP)
        sem_post(&bell);
    else if (asleep == NOT_BEGUN)
        kaa_insight__watch_wanted();
}

void
kaa_insight__watch_later(void)
{
    if (!is_watching)
        atomic_store(&TRACE.is_asleep, NOT_BEGUN);
}

static void *
watch_all(void *user)
{
    watch own = {.old = kaa_insight__scale_ticks(&TRACE.scale, OLD_NS),
                 .blocked = kaa_insight__scale_ticks(&TRACE.scale, BLOCKED_NS)};

    (void)user;
    atomic_store(&watcher_id, (int)syscall(SYS_gettid));
    prctl(PR_SET_NAME, "kaa-watch");
    for (;;) {
        if (wait_a_while(&own))
            return NULL;
        own.quiet++;
        own.periods += 1u << doubled(&own);
        look_at_holder(&own);
        if (own.periods >= OFF_PERIODS) {
            own.periods = 0;
            look_at_off(&own);
        }
    }
}

kaa_status
kaa_insight__watch_start(kaa_error *err)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed;

    if (is_watching)
        return KAA_OK;
    if (sem_init(&bell, 0, 0) != 0 || pthread_attr_init(&attributes) != 0)
        return kaa_base__fail_memory(err, "the watcher");
    atomic_store(&is_over, 0);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's */
    failed = pthread_create(&watcher, &attributes, watch_all, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed != 0)
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "no thread for the watcher (errno %d)", failed);
    is_watching = 1;
    return KAA_OK;
}

void
kaa_insight__watch_stop(void)
{
    if (!is_watching) {
        atomic_store(&TRACE.is_asleep, AWAKE);
        return;
    }
    atomic_store(&is_over, 1);
    sem_post(&bell);
    pthread_join(watcher, NULL);
    /* A moment passes until the kernel counts it no more. */
    for (int i = 0; i < YIELDS_MAX && syscall(SYS_tgkill, getpid(),
                                              atomic_load(&watcher_id), 0) == 0;
         i++)
        sched_yield();
    atomic_store(&TRACE.is_asleep, AWAKE);
    is_watching = 0;
}

void
kaa_insight__watch_after_fork(void)
{
    is_watching = 0;
}
