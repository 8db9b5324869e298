/* kaa/gil.h - one lock that makes objects safe from many threads.
 *
 * A kaa_gil is a mutex made for long holds. Threads attach to it, and each gets
 * a handle that it alone uses:
 *
 *     kaa_gil_create -> gil
 *     kaa_gil_attach(gil, "worker") -> thread        one a thread and lock
 *     kaa_gil_acquire(thread)
 *         ... kaa_checkpoint(thread) ...             lets others in, if any
 * wait KAA_BEGIN_ALLOW_THREADS(thread) read(fd, buffer, size); may block
 *         KAA_END_ALLOW_THREADS(thread)
 *     kaa_gil_release(thread)
 *     kaa_gil_detach(thread)
 *
 * The lock is handed over, not fought for: a thread that releases it while
 * others wait gives it to one of them. Waiting threads stand in two lines, each
 * first in, first out:
 *
 *     urgent    threads that last let go by themselves, after a short hold
 *     ordinary  everyone else
 *
 * An ordinary thread asks the holder to let go once the holder's slice (the
 * switch interval) is over. An urgent one asks at once, is served before the
 * ordinary ones, and the thread that it interrupted then goes on with the rest
 * of its slice. So a thread that blocks often is served at once beside threads
 * that compute, and these share the rest evenly. Overtaking is bounded: after
 * KAA_GIL_OVERTAKES_MAX turns of others the first ordinary thread is next. A
 * holder lets go at its next kaa_checkpoint(); one that never gets there, or
 * that holds a second lock meanwhile, is not interrupted.
 *
 * A process may have any number of locks, and a thread may hold several. If
 * threads wait for each other in a circle, the acquisition that would close it
 * fails with KAA_DEADLOCK, naming threads and locks.
 *
 * Fork: pthread_atfork() handlers do all that is needed. In the child, only the
 * thread that forked is attached; a lock that another thread held is free.
 *
 * Threads: functions of a kaa_gil are safe from any thread; those of a
 * kaa_gil_thread belong to the thread that attached it, save where they say
 * otherwise. Times are in nanoseconds. Acquiring, releasing and checkpoints
 * leave errno alone.
 */
#ifndef KAA_GIL_H
#define KAA_GIL_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** After so many turns of others the first in the ordinary line is next. */
#define KAA_GIL_OVERTAKES_MAX 100

/** The most calls that kaa_gil_add_pending() keeps waiting. */
#define KAA_GIL_PENDING_MAX 64

/** The longest thread or lock name, without its NUL; longer ones are cut. */
#define KAA_GIL_NAME_MAX 31

/** The lock. Opaque. */
typedef struct kaa_gil kaa_gil;

/** A thread's attachment to a lock. Its first member is all that is public. */
typedef struct kaa_gil_thread {
    const uint32_t *requests; /**< Not 0 while something is asked of the
                                   holder; read by kaa_checkpoint(). */
} kaa_gil_thread;

/** Bits of kaa_gil_options::flags. */
enum {
    KAA_GIL_DEBUG = 1u << 0,     /**< Every call is checked, and misuse goes to
                                      kaa_gil_options::report. */
    KAA_GIL_TIME_ALL = 1u << 1,  /**< Times every hold: kaa_gil_statistics. */
    KAA_GIL_TIME_NONE = 1u << 2, /**< Times no hold. */
    KAA_GIL_FENCE = 1u << 3,     /**< Releases with a fence of its own rather
                                      than with membarrier(2), as is done anyway
                                      where that is missing. */
};

/** Choices for a lock. All zero but `size` means the defaults. */
typedef struct kaa_gil_options {
    uint32_t size;        /**< sizeof(kaa_gil_options) in the caller. */
    uint32_t flags;       /**< KAA_GIL_* bits; an unknown bit is refused. */
    uint64_t interval_ns; /**< The switch interval; 0: 5 ms. */
    uint64_t short_ns;    /**< What a holder gets at least before an urgent
                               thread interrupts it (or as long as that thread
                               last held the lock); 0: 0.1 ms. */
    const char *name;     /**< For messages; copied. NULL: "gil". */
    void (*report)(const char *message, void *user);
    /**< Of a KAA_GIL_DEBUG lock: is told of misuse, which then fails with
         KAA_MISUSE. NULL: the message goes to stderr and the process aborts. */
    void *user; /**< For `report`. */
} kaa_gil_options;

/**
 * Makes a lock that nobody holds.
 *
 * @param options  NULL for the defaults.
 * @param out_gil  Receives the lock; not written on failure.
 *
 * @owns   The caller owns *out_gil.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED, KAA_NO_MEMORY, KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_gil_create(const kaa_gil_options *options,
                                                kaa_gil **out_gil,
                                                kaa_error *err);

/**
 * Gives the lock up. It goes on working for threads that are still attached,
 * and is freed when the last of them detaches or ends. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_gil_destroy(kaa_gil *gil);

/**
 * Makes the calling thread known to the lock, without acquiring it. May be
 * repeated: the same handle comes back, and as many detachments are needed. A
 * thread that ends attached is detached; the lock, if it holds it, goes on to
 * the next.
 *
 * @param name        For messages and statistics; copied. NULL: "thread".
 * @param out_thread  Receives the handle; not written on failure.
 *
 * @owns   *out_thread lives until its last kaa_gil_detach().
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_gil_attach(kaa_gil *gil, const char *name,
                                                kaa_gil_thread **out_thread,
                                                kaa_error *err);

/**
 * Undoes one kaa_gil_attach(). The last one releases the lock if it is held,
 * which a KAA_GIL_DEBUG lock reports. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_gil_detach(kaa_gil_thread *thread);

/**
 * Waits until the calling thread holds the lock.
 *
 * @gil    free
 * @fails  KAA_MISUSE if it is held already; KAA_DEADLOCK if waiting would close
 *         a circle of threads that wait for each other (the lock is not held)
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_gil_acquire(kaa_gil_thread *thread,
                                                 kaa_error *err);

/**
 * Lets the lock go; if threads wait, one of them has it at once.
 *
 * @gil    held
 * @fails  KAA_MISUSE if the thread does not hold it (nothing is changed)
 * @since  0.1
 */
KAA_API kaa_status kaa_gil_release(kaa_gil_thread *thread, kaa_error *err);

/**
 * Says whether the thread holds the lock. May be asked of any thread.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_gil_is_held(const kaa_gil_thread *thread);

/**
 * Checks that the calling thread is the handle's and holds the lock: for
 * functions that need it.
 *
 * @gil    held
 * @fails  KAA_MISUSE, reported by a KAA_GIL_DEBUG lock
 * @since  0.1
 */
KAA_API kaa_status kaa_gil_check(kaa_gil_thread *thread, kaa_error *err);

/** What kaa_gil_enter() did, for kaa_gil_leave(). */
typedef struct kaa_gil_entry {
    kaa_gil_thread *thread; /**< The handle; the lock is held. */
    uint32_t acquired;      /**< Whether leaving releases the lock. */
    uint32_t reserved;
} kaa_gil_entry;

/**
 * Attaches the calling thread and acquires the lock, if it does not hold it
 * already: for callbacks, which do not know what thread they run on.
 *
 * @owns   The caller hands *out_entry to kaa_gil_leave().
 * @gil    any; held on return
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY, KAA_DEADLOCK
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_gil_enter(kaa_gil *gil, const char *name,
                                               kaa_gil_entry *out_entry,
                                               kaa_error *err);

/**
 * Leaves things as they were before kaa_gil_enter().
 *
 * @gil    held
 * @since  0.1
 */
KAA_API void kaa_gil_leave(const kaa_gil_entry *entry);

/**
 * Releases the lock around something that may block.
 *
 * @return 1, to be handed to kaa_gil_end_allow_threads(); 0 if the lock was not
 *         held (misuse, reported by a KAA_GIL_DEBUG lock).
 * @gil    held
 * @since  0.1
 */
KAA_API int kaa_gil_begin_allow_threads(kaa_gil_thread *thread);

/**
 * Takes the lock back. This cannot fail: where it would close a circle of
 * waiting threads, another's kaa_gil_acquire() fails instead, and if there is
 * none the circle is printed and the process aborts.
 *
 * @gil    free; held on return
 * @since  0.1
 */
KAA_API void kaa_gil_end_allow_threads(kaa_gil_thread *thread, int begun);

/** Opens a block of statements that run without the lock. */
#define KAA_BEGIN_ALLOW_THREADS(thread)                                        \
    {                                                                          \
        int kaa_gil_begun = kaa_gil_begin_allow_threads(thread);
/** Ends what KAA_BEGIN_ALLOW_THREADS() began, in the same block. */
#define KAA_END_ALLOW_THREADS(thread)                                          \
    kaa_gil_end_allow_threads((thread), kaa_gil_begun);                        \
    }

/**
 * Does what was asked of the holder: lets waiting threads have their turn and
 * runs pending calls. What kaa_checkpoint() calls when there is something.
 *
 * @return 0, or what the first pending call that did not return 0 did.
 * @gil    held; others may have had it meanwhile
 * @since  0.1
 */
KAA_API int kaa_gil_checkpoint(kaa_gil_thread *thread);

/**
 * The place in a long loop where the holder may be interrupted. It reads one
 * word; call it every few microseconds.
 *
 * @return As kaa_gil_checkpoint().
 * @gil    held; others may have had it meanwhile
 * @since  0.1
 */
static inline int
kaa_checkpoint(kaa_gil_thread *thread)
{
#if defined(__GNUC__) || defined(__clang__)
    if (__builtin_expect(__atomic_load_n(thread->requests, __ATOMIC_RELAXED),
                         0) == 0)
        return 0;
#endif
    return kaa_gil_checkpoint(thread);
}

/** A pending call: runs on the holder, the lock held. 0 means all is well. */
typedef int (*kaa_gil_call)(void *user);

/**
 * Has `call` run by whatever thread next comes to a checkpoint holding the
 * lock, in the order added. Safe in signal handlers.
 *
 * @owns   `user` is borrowed until the call.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT; KAA_LIMIT when KAA_GIL_PENDING_MAX wait
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_gil_add_pending(kaa_gil *gil,
                                                     kaa_gil_call call,
                                                     void *user);

/**
 * Changes the switch interval: from the next turn on. 0: 5 ms.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_gil_set_interval(kaa_gil *gil, uint64_t interval_ns);

/**
 * The switch interval.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint64_t kaa_gil_interval(const kaa_gil *gil);

/**
 * What threads did with a lock. Counts, waits and switches are exact. Holds are
 * timed one by one, save that of a thread that releases and acquires in quick
 * succession, uncontended, most are estimated from some that are timed. Where
 * such a run turns out to hide something long, its time is `unsure_ns`: the
 * true sum of holds is between held_ns and held_ns + unsure_ns.
 * KAA_GIL_TIME_ALL times each hold, at the cost of two readings of the clock;
 * KAA_GIL_TIME_NONE leaves the held figures 0.
 */
typedef struct kaa_gil_statistics {
    uint32_t size;         /**< sizeof(kaa_gil_statistics) in the caller. */
    uint32_t threads;      /**< Attached now. */
    uint64_t acquisitions; /**< Times the lock was got. */
    uint64_t contended;    /**< Of these, after waiting. */
    uint64_t voluntary;    /**< Times it was released by the holder itself. */
    uint64_t forced;       /**< Times it was let go at a checkpoint. */
    uint64_t held_ns;      /**< The lock held, up to the last release. */
    uint64_t held_ns_max;  /**< The longest of the holds that were timed. */
    uint64_t unsure_ns;    /**< See above. */
    uint64_t waited_ns;    /**< Waiting for the lock. */
    uint64_t waited_ns_max;
    uint64_t pending_calls; /**< Calls run at checkpoints. */
} kaa_gil_statistics;

/**
 * Adds up the figures of all threads, those that have gone included.
 *
 * @param statistics  `size` is the caller's; as much is written.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API kaa_status kaa_gil_read_statistics(kaa_gil *gil,
                                           kaa_gil_statistics *statistics,
                                           kaa_error *err);

/**
 * The figures of one thread. May be asked of any attached thread.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API kaa_status
kaa_gil_read_thread_statistics(const kaa_gil_thread *thread,
                               kaa_gil_statistics *statistics, kaa_error *err);

/**
 * Calls `visit` for each attached thread, in the order of attachment, until it
 * returns something other than 0. It must not use the lock.
 *
 * @return what `visit` returned last, or 0.
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_gil_each_thread(
    kaa_gil *gil,
    int (*visit)(const char *name, const kaa_gil_statistics *statistics,
                 void *user),
    void *user);

/**
 * The name that the thread attached with.
 *
 * @owns   Valid as long as the handle.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_gil_thread_name(const kaa_gil_thread *thread);

/**
 * Checks the lock's own structure.
 *
 * @gil    any
 * @fails  KAA_CORRUPT, saying what is wrong
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_gil_verify(kaa_gil *gil, kaa_error *err);

KAA_END_DECLS

#endif /* KAA_GIL_H */
