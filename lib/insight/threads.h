/* insight/threads.h - the counter model: what each thread did with a GIL.
 *
 * A thread is always in one of three states, and each moment of its life counts
 * for one of them, so that
 *
 *     held + waited + off == end - start
 *
 * holds by construction. Its own thread alone writes a record, the watcher its
 * part of it; `sequence` guards what readers read, see figures.h. Records and
 * their timelines are kept for the next recording when one ends: a
 * thread may be within a hook whenever the hooks are removed.
 */
#ifndef KAA_INSIGHT_THREADS_H
#define KAA_INSIGHT_THREADS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/assert.h"
#include "insight/figures.h"
#include "insight/release.h"
#include "insight/stacks.h"
#include "insight/timeline.h"

#define KAA_INSIGHT__BUCKETS 40u
#define KAA_INSIGHT__CONVOYS 4u
/* When so many threads have been seen, ended ones are added up in one. */
#define KAA_INSIGHT__RECORDS_MAX 1024u

typedef struct kaa_insight__convoy {
    _Atomic uint32_t holder; /* a thread; 0: free */
    _Atomic uint32_t holder_stack, waiter_stack;
    _Atomic uint64_t count, ticks;
} kaa_insight__convoy;

#define KAA_INSIGHT__SAMPLES_MAX 48u
#define KAA_INSIGHT__SAMPLE_DEPTH 8u
#define KAA_INSIGHT__CALLS_MAX 6u
/* A thread that runs without the GIL is in no system call. */
#define KAA_INSIGHT__RUNNING 0xffffu

/* Where a thread was during a hold, as the watcher saw it: see watch.h. */
typedef struct kaa_insight__sample {
    uint64_t at;
    uint32_t call;  /* a system call's number and 1, or 0 */
    uint32_t count; /* of places */
    kaa_insight__place places[KAA_INSIGHT__SAMPLE_DEPTH];
} kaa_insight__sample;

/* What the watcher saw of one spell. It writes, the thread reads at the end of
 * the spell, and believes it if it is of that spell: `hold` and `off` are
 * written after what they stand for. The next spell's beginning, `since`, is
 * written after the thread has read that, and read before the watcher writes
 * again. */
typedef struct kaa_insight__seen {
    _Atomic uint64_t hold; /* since when: which spell */
    _Atomic uint64_t off;  /* likewise, of a time off */
    _Atomic uint32_t off_call;
    _Atomic uint32_t samples_count;
    kaa_insight__sample samples[KAA_INSIGHT__SAMPLES_MAX];
} kaa_insight__seen;

/* What each event needs is in the first three lines of the cache. */
typedef struct kaa_insight__thread {
    _Atomic uint32_t sequence;
    _Atomic uint32_t state; /* KAA_INSIGHT__HELD, ... */
    kaa_insight__timeline timeline;
    /* From here to `seen.samples` a record is cleared for its next thread. */
    _Atomic uint64_t since;      /* when the state began */
    _Atomic uint64_t ticks[3];   /* in each, before */
    _Atomic uint64_t longest[2]; /* held, waited; since they were last taken */
    _Atomic uint64_t acquired, contended, forced, voluntary;
    _Atomic uint32_t epoch; /* of the recording it is of; 0: of none */
    _Atomic uint32_t id;    /* the operating system's */
    /* Of this spell. */
    uint64_t last_hold; /* the length of its last hold */
    kaa_insight__last_release last_release;
    uintptr_t caller;    /* in the C function that let it go by itself, or 0 */
    uint64_t off_before; /* how long it was off before this wait */
    uint64_t others_before;  /* what others had waited when the hold began */
    uint32_t is_blocked;     /* it did wait: the GIL was not free */
    uint32_t was_forced;     /* its last release was forced */
    _Atomic uint32_t gil;    /* which GIL it last had */
    _Atomic uint32_t serial; /* of this thread in this recording */
    _Atomic uint64_t start, end; /* end 0: it lives */
    _Atomic uint64_t cpu_ns;     /* of the processor; at its end */
    _Atomic uint64_t name[2];    /* the operating system's, 16 bytes */
    _Atomic uint32_t histograms[2][KAA_INSIGHT__BUCKETS]; /* by log2(ns) */
    kaa_insight__convoy convoys[KAA_INSIGHT__CONVOYS];
    struct {
        _Atomic uint32_t call; /* 0: free */
        _Atomic uint64_t ticks;
    } calls[KAA_INSIGHT__CALLS_MAX]; /* times off, by system call */
    kaa_insight__seen seen;
    kaa_insight__slot *spans;         /* the timeline's, or for the next one */
    struct kaa_insight__thread *next; /* of those that are free */
} kaa_insight__thread;

/* All records of the process. */
typedef struct kaa_insight__threads {
    _Atomic uint64_t ns_scale; /* nanoseconds in 2^20 ticks */
    _Atomic uint32_t epoch;    /* of this recording; 0: none yet */
    _Atomic uint32_t gone_count;
    kaa_insight__thread gone; /* the sum of ended threads that found no room */
    _Atomic(kaa_insight__thread *) records[KAA_INSIGHT__RECORDS_MAX];
    _Atomic uint32_t count;
    _Atomic uint32_t serial; /* the last that was given */
    _Atomic uint64_t lost;   /* threads that found no record */
    uint64_t grain;          /* of new timelines */
    uint32_t has_timelines;
} kaa_insight__threads;

/* Where a record's own thread finds it; see lib/globals.txt. */
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
#define KAA_INSIGHT__TLS                                                       \
    _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define KAA_INSIGHT__TLS _Thread_local
#endif
extern KAA_INSIGHT__TLS kaa_insight__thread *kaa_insight__own;
extern kaa_insight__threads kaa_insight__all_threads;

/* The thread's key, whose end tells of its thread's. Once a process. */
KAA_NODISCARD kaa_status kaa_insight__threads_start(kaa_error *err);

/* A new recording: all records become free but those of live threads. */
void kaa_insight__threads_begin(uint64_t grain, double ns_per_tick,
                                int has_timelines);

/* Gives the memory of timelines back. */
void kaa_insight__threads_end(void);

/* In a child after fork(): this thread is the only one. */
void kaa_insight__threads_after_fork(void);

/* The processor's time of a thread of this process; 0 if it has none. */
uint64_t kaa_insight__thread_cpu_ns(uint32_t id);

/* Makes this thread's record one of this recording: its first event. NULL:
 * there is no memory, or no room. */
kaa_insight__thread *kaa_insight__thread_begin(void);

/* This thread's record of this recording. */
static inline kaa_insight__thread *
kaa_insight__thread_own(void)
{
    kaa_insight__thread *own = kaa_insight__own;

    if (KAA_LIKELY(own != NULL &&
                   atomic_load_explicit(&own->epoch, memory_order_relaxed) ==
                       atomic_load_explicit(&kaa_insight__all_threads.epoch,
                                            memory_order_relaxed)))
        return own;
    return kaa_insight__thread_begin();
}

static inline void
kaa_insight__writing(kaa_insight__thread *own)
{
    kaa_insight__sequence_begin(&own->sequence);
}

static inline void
kaa_insight__written(kaa_insight__thread *own)
{
    kaa_insight__sequence_end(&own->sequence);
}

/* Ends a time off that the watcher saw something of. */
void kaa_insight__thread_add_call(kaa_insight__thread *own, uint64_t since,
                                  uint64_t now, uint32_t stack);

/* Which bucket of a histogram a spell belongs in. */
static inline unsigned
kaa_insight__bucket(uint64_t ticks)
{
    uint64_t ns =
        ticks * KAA_INSIGHT__GET(kaa_insight__all_threads.ns_scale) >> 20;
    unsigned bucket = 63u - (unsigned)__builtin_clzll(ns | 1);

    if (KAA_UNLIKELY(bucket >= KAA_INSIGHT__BUCKETS || ticks >> 43 != 0))
        return KAA_INSIGHT__BUCKETS - 1;
    return bucket;
}

/* Ends the state that the thread is in; `stack` is where it was, or 0. Between
 * kaa_insight__writing() and _written(). Returns how long that was. */
static inline uint64_t
kaa_insight__thread_change(kaa_insight__thread *own, uint32_t state,
                           uint64_t now, uint32_t stack)
{
    uint32_t before = KAA_INSIGHT__GET(own->state);
    uint64_t since = KAA_INSIGHT__GET(own->since);
    uint64_t ticks;

    if (KAA_UNLIKELY(now < since))
        now = since; /* another processor's counter, a few ticks behind */
    ticks = now - since;
    KAA_INSIGHT__ADD(own->ticks[before], ticks);
    if (before != KAA_INSIGHT__OFF) {
        unsigned bucket = kaa_insight__bucket(ticks);

        KAA_INSIGHT__ADD(own->histograms[before][bucket], 1u);
        if (ticks > KAA_INSIGHT__GET(own->longest[before]))
            KAA_INSIGHT__SET(own->longest[before], ticks);
    }
    if (before == KAA_INSIGHT__OFF &&
        KAA_UNLIKELY(atomic_load_explicit(&own->seen.off,
                                          memory_order_acquire) == since))
        kaa_insight__thread_add_call(own, since, now, stack);
    else
        kaa_insight__timeline_add(&own->timeline, since, now, before, stack);
    atomic_store_explicit(&own->since, now, memory_order_release);
    KAA_INSIGHT__SET(own->state, state);
    return ticks;
}

#endif /* KAA_INSIGHT_THREADS_H */
