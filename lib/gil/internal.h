/* gil/internal.h - the lock, its threads, and who may touch what.
 *
 * Three kinds of fields:
 *   - words: `owner`, `contended`, `requests`, a waiter's `state`. Atomic.
 *   - guarded by the lock's mutex: lines, slices, the list of threads.
 *   - a thread's own: its counters, written by it alone, read by anybody.
 * Order of locking: registry, then the mutex of a lock; only the search for
 * circles, which holds the registry, takes several of those.
 */
#ifndef KAA_GIL_INTERNAL_H
#define KAA_GIL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <kaa/gil.h>

#include "base/assert.h"
#include "base/os/os.h"

/* Bit of kaa_gil::contended that keeps a debug lock off the fast paths. */
#define KAA_GIL__CHECKED (1u << 31)

/* Bytes of the text that tells a circle, with its end. */
#define KAA_GIL__CIRCLE_MAX 240u
/* Other locks that a debug lock keeps as taken before it. */
#define KAA_GIL__ORDER_MAX 16u

/* Bits of kaa_gil::requests. */
enum {
    KAA_GIL__DROP = 1u << 0,    /* let go at the next checkpoint */
    KAA_GIL__PENDING = 1u << 1, /* calls wait */
    KAA_GIL__CHECK = 1u << 2,   /* always set in a debug lock */
};

/* kaa_gil__thread::state, the word that a thread sleeps on. Changed under the
 * mutex. */
enum {
    KAA_GIL__IDLE,
    KAA_GIL__WAITING, /* in line, its alarm is right */
    KAA_GIL__CALLED,  /* in line, and to look again when its turn may come */
    KAA_GIL__GRANTED,
    KAA_GIL__REFUSED
};

typedef struct kaa_gil__thread kaa_gil__thread;

/* One a thread of the system that is attached to any lock. */
typedef struct kaa_gil__person {
    kaa_gil__thread *threads;  /* its attachments; its own */
    kaa_gil__thread *waits_as; /* while it waits for a lock holding another;
                                  guarded by the registry */
} kaa_gil__person;

/* When a thread's holds are timed; written by it alone. See statistics.c. */
typedef struct kaa_gil__timing {
    _Atomic uint64_t acquired_at; /* of the hold that is on; 0: it is not timed;
                                     the rest is its own */
    uint64_t mark_at;       /* the last reading of the clock at a release */
    uint64_t mark_count;    /* acquisitions up to then */
    uint64_t held_recent;   /* sums over the last timed cycles: held, */
    uint64_t away_recent;   /* not held, */
    uint64_t cycles_recent; /* and how many */
    uint64_t hold_run;      /* held since the last acquisition of its own, with
                               interruptions */
    uint32_t exact_left;    /* cycles still to be timed in a row */
    uint32_t trust_cycles;  /* so many are, after something long */
    uint32_t skip_cycles;   /* so many are not, when nothing long happens */
} kaa_gil__timing;

struct kaa_gil__thread {
    kaa_gil_thread handle; /* must be first */
    kaa_gil *gil;
    _Atomic uint64_t acquisitions;
    uint64_t timed_next; /* the acquisition to be timed next; its own */
    kaa_gil__timing timing;

    /* Figures: written by the thread alone. */
    _Atomic uint64_t contended, forced, pending_calls;
    _Atomic uint64_t held_ns, held_ns_max, unsure_ns;
    _Atomic uint64_t waited_ns, waited_ns_max;
    _Atomic uint64_t line_at; /* since when it waits; 0: it does not */

    /* Guarded by the lock's mutex, save `state`. */
    _Atomic uint32_t state;
    uint64_t number; /* of the lock's attachments, from 1 */
    uint64_t attached_at;
    uint32_t is_urgent;   /* the line it stands in */
    uint32_t is_resumed;  /* at the head of the line for the rest of a slice */
    uint32_t was_forced;  /* its last release; its own */
    uint32_t is_required; /* it waits in a call that cannot fail */
    kaa_error *err;       /* of the call it waits in: guarded by the registry */
    uint64_t hold_last;   /* how long it last held; its own */
    uint64_t slice_ends_at; /* of the slice that it resumes */
    uint64_t alarm_at;      /* when it looks again, while it waits; its own */
    uint32_t spins;         /* its turn will come soon; its own */
    kaa_gil__thread *line_next;

    kaa_gil__person *person;
    kaa_gil__thread *person_next;             /* its own */
    kaa_gil__thread *gil_next, *gil_previous; /* guarded by the mutex */
    uint32_t attached_count;                  /* its own */
    char name[KAA_GIL_NAME_MAX + 1];
#if !KAA_BASE__WORD_WAITS
    pthread_cond_t cond;
#endif
};

typedef struct kaa_gil__line {
    kaa_gil__thread *first, *last;
} kaa_gil__line;

typedef struct kaa_gil__pending {
    _Atomic uint32_t turn; /* whose: see pending.c */
    kaa_gil_call call;
    void *user;
} kaa_gil__pending;

struct kaa_gil {
    /* The holder, or NULL. */
    _Atomic(kaa_gil__thread *) owner;
    /* Threads in line, and KAA_GIL__CHECKED: not 0 keeps everybody off the fast
     * paths. Written under the mutex. */
    _Atomic uint32_t contended;
    _Atomic uint32_t requests;
    uint32_t is_fenced; /* release by a fence; never changes */
    uint32_t flags;     /* never changes */
    uint32_t can_spin;  /* more than one processor; never changes */

    /* Guarded by the mutex. */
    pthread_mutex_t mutex;
    kaa_gil__line urgent, ordinary;
    uint32_t overtakes;     /* of the first ordinary one, in a row */
    uint32_t polls;         /* membarrier failed: waiters look for themselves */
    uint64_t line_since;    /* when the line was last empty */
    uint64_t switched_at;   /* the last handing over */
    uint64_t slice_ends_at; /* the holder's */
    kaa_gil__thread *threads, *threads_last;
    uint32_t thread_count;
    uint64_t attachments; /* all there were */
    uint32_t is_open;     /* not destroyed */
    /* What is left of threads that have gone, by gil_next, for the next ones.
     * Not freed before the lock: someone may still be about to wake one. */
    kaa_gil__thread *spare;
    kaa_gil_statistics gone;

    _Atomic uint64_t interval_ns;
    uint64_t short_ns;
    void (*report)(const char *message, void *user);
    void *user;
    char name[KAA_GIL_NAME_MAX + 1];

    /* Pending calls: see pending.c. */
    _Atomic uint32_t pending_in;
    uint32_t pending_out;                  /* the holder's */
    _Atomic(kaa_gil__thread *) pending_by; /* who runs them now */
    kaa_gil__pending pending[KAA_GIL_PENDING_MAX];

    kaa_gil *next, *previous; /* guarded by the registry */
    /* The last circle that was found by a thread that asked for this lock, or
     * was refused it; "" if there was none. Guarded by the registry. */
    char circle[KAA_GIL__CIRCLE_MAX];
    /* Of a debug lock, see order.c; guarded by the registry. */
    uint64_t number;                         /* of all locks there were */
    uint64_t taken_with[KAA_GIL__ORDER_MAX]; /* held when this was taken */
    uint32_t taken_count;
    int is_before;                   /* in a search */
    char order[KAA_GIL__CIRCLE_MAX]; /* the last report; "" if there is none */
};

/* registry.c: every lock, and the calling thread. */
kaa_status kaa_gil__registry_start(kaa_error *err);
void kaa_gil__registry_lock(void);
void kaa_gil__registry_unlock(void);
void kaa_gil__registry_add(kaa_gil *gil);    /* registry locked */
void kaa_gil__registry_remove(kaa_gil *gil); /* registry locked */
/* The newest lock, others by `next`; *out_made: how many there ever were. The
 * registry is locked. */
kaa_gil *kaa_gil__registry_first(uint64_t *out_made);
kaa_gil__person *kaa_gil__person_get(void); /* NULL if not attached */
kaa_status kaa_gil__person_set(kaa_gil__person *person, kaa_error *err);
/* After all of its attachments are gone from it. */
void kaa_gil__person_free(kaa_gil__person *person);

/* thread.c */
void kaa_gil__thread_end(kaa_gil__person *person);
void kaa_gil__after_fork(kaa_gil *gil, kaa_gil__person *survivor);
void kaa_gil__free(kaa_gil *gil);

/* queue.c: lines and slices. The mutex is held. */
void kaa_gil__line_add(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now);
/* Puts an interrupted holder back in line. */
void kaa_gil__line_return(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now);
void kaa_gil__line_remove(kaa_gil *gil, kaa_gil__thread *thread);
/* Who is next; NULL if nobody waits. */
kaa_gil__thread *kaa_gil__line_next(const kaa_gil *gil);
/* Takes the next one from the line and counts whom it overtook. */
void kaa_gil__line_serve(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now);
/* The slice of the thread that was served begins, or goes on. */
void kaa_gil__slice_begin(kaa_gil *gil, const kaa_gil__thread *thread,
                          uint64_t now);
/* When a waiting thread may ask the holder to let go. */
uint64_t kaa_gil__line_ask_at(const kaa_gil *gil,
                              const kaa_gil__thread *thread);

/* wait.c: a thread's sleep. */
/* Sleeps while thread->state is WAITING, or until `deadline`, or for no reason.
 * The mutex is not held. */
void kaa_gil__sleep(kaa_gil__thread *thread, uint64_t deadline);
/* Wakes it, or whoever has its place by now. */
void kaa_gil__wake(kaa_gil__thread *thread);

/* slow.c: where threads wait. */
kaa_status kaa_gil__acquire_slowly(kaa_gil__thread *thread, int is_required,
                                   kaa_error *err);
kaa_status kaa_gil__release_slowly(kaa_gil__thread *thread, kaa_error *err);
/* After a fast release that met a thread on its way into the line. */
void kaa_gil__hand_over(kaa_gil *gil);
/* Lets the next thread have its turn. */
void kaa_gil__yield(kaa_gil__thread *thread);
/* Takes a thread out of the line for good and wakes it. The mutex of its lock
 * is held. */
void kaa_gil__refuse(kaa_gil__thread *thread);
/* Releases the lock without asking questions. */
void kaa_gil__abandon(kaa_gil__thread *thread);

/* deadlock.c. The registry and the mutex of thread's lock are held. */
/* Whether waiting closes a circle. *out_victim is the thread that is to give
 * up, NULL if none can; `err` says who waits for whom. */
int kaa_gil__find_circle(kaa_gil__thread *thread, kaa_gil__thread **out_victim,
                         kaa_error *err);
/* order.c. The registry is held. A thread that holds other debug locks takes
 * this one; `all` is every lock. */
void kaa_gil__note_order(kaa_gil__thread *thread, kaa_gil *all);
/* registry.c: likewise. */
void kaa_gil__registry_note_order(kaa_gil__thread *thread);
/* Whether the thread's person holds another lock. */
int kaa_gil__holds_another(const kaa_gil__thread *thread);

/* misuse.c */
kaa_status kaa_gil__misuse(kaa_gil *gil, kaa_error *err, const char *format,
                           ...) KAA_PRINTF(3, 4);
/* Of a debug lock: that the calling thread is the handle's. */
kaa_status kaa_gil__check_person(kaa_gil__thread *thread, const char *action,
                                 kaa_error *err);

/* statistics.c */
void kaa_gil__timing_start(kaa_gil__thread *thread, uint64_t now);
/* A hold begins that is to be timed; the thread asked for it at `asked_at`. */
void kaa_gil__timing_acquired(kaa_gil__thread *thread, uint64_t asked_at,
                              uint64_t now);
/* A hold ends that began at acquired_at, or one that was not timed and of
 * which is known only that it was on at `seen_at` (0: not even that). */
void kaa_gil__timing_released(kaa_gil__thread *thread, uint64_t seen_at,
                              uint64_t now);
void kaa_gil__waited(kaa_gil__thread *thread, uint64_t ns);
/* Adds a thread's figures to *sum. */
void kaa_gil__add_figures(kaa_gil_statistics *sum,
                          const kaa_gil__thread *thread);

/* The same of one thread, with the hold or wait that is on at `now` in them.
 * The mutex of its lock is held. */
void kaa_gil__figures_at(const kaa_gil__thread *thread, uint64_t now,
                         kaa_gil_statistics *out);

/* pending.c */
void kaa_gil__pending_start(kaa_gil *gil);
int kaa_gil__pending_run(kaa_gil__thread *thread);
/* In the child: mends what threads that are gone were about to do. */
void kaa_gil__pending_after_fork(kaa_gil *gil);

/* Where structures are checked whole (KAA_CHECKS 2), this one is. */
static inline void
kaa_gil__verify_now(kaa_gil *gil)
{
#if KAA_CHECKS >= 2
    KAA_ASSERT(kaa_gil_verify(gil, NULL) == KAA_OK);
#else
    (void)gil;
#endif
}

/* In a loop that waits for another processor. */
static inline void
kaa_gil__pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline int
kaa_gil__waits(const kaa_gil__thread *thread)
{
    uint32_t state = atomic_load_explicit(&thread->state, memory_order_acquire);

    return state == KAA_GIL__WAITING || state == KAA_GIL__CALLED;
}

/* Figures have one writer. */
static inline void
kaa_gil__add(_Atomic uint64_t *figure, uint64_t amount)
{
    atomic_store_explicit(
        figure, atomic_load_explicit(figure, memory_order_relaxed) + amount,
        memory_order_relaxed);
}

static inline uint64_t
kaa_gil__figure(const _Atomic uint64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

static inline int
kaa_gil__is_owner(const kaa_gil__thread *thread)
{
    return atomic_load_explicit(&thread->gil->owner, memory_order_relaxed) ==
           thread;
}

#endif /* KAA_GIL_INTERNAL_H */
