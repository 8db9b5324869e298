/* gil/wait.c - sleeping, waking, and a fence for every thread at once.
 *
 * On Linux a waiter sleeps on its own word by futex(2), and nobody else is ever
 * woken. Elsewhere it sleeps on a condition variable of its own under the
 * lock's mutex.
 *
 * The releasing thread pays no fence: it stores `owner` and loads `contended`,
 * and the processor may do these in the other order. A thread that gets in line
 * makes up for that with membarrier(2), which has every running thread of the
 * process pass a fence. Either the releaser's load comes after it, and sees the
 * line, or its store came before it, and the waiter sees the lock free.
 */
#include "gil/internal.h"

#include <time.h>

#include "base/clock.h"

#if KAA_GIL__FUTEX
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/membarrier.h, which old systems lack. */
#define FENCE_ALL (1 << 3)
#define FENCE_ALL_REGISTER (1 << 4)

void
kaa_gil__park(kaa_gil__thread *thread, uint64_t deadline)
{
    struct timespec until, *timeout = NULL;

    if (deadline != KAA_GIL__NEVER) {
        until.tv_sec = (time_t)(deadline / 1000000000u);
        until.tv_nsec = (long)(deadline % 1000000000u);
        timeout = &until;
    }
    syscall(SYS_futex, &thread->state, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG,
            KAA_GIL__WAITING, timeout, NULL, FUTEX_BITSET_MATCH_ANY);
}

void
kaa_gil__unpark(kaa_gil__thread *thread)
{
    syscall(SYS_futex, &thread->state, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL,
            NULL, 0);
}

int
kaa_gil__has_processors(void)
{
    cpu_set_t set;

    /* More processors than a set has room for: then surely. */
    return sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) > 1;
}

int
kaa_gil__fence_all_start(void)
{
#ifdef SYS_membarrier
    return syscall(SYS_membarrier, FENCE_ALL_REGISTER, 0, 0) == 0;
#else
    return 0;
#endif
}

int
kaa_gil__fence_all(void)
{
#ifdef SYS_membarrier
    return syscall(SYS_membarrier, FENCE_ALL, 0, 0) == 0;
#else
    return 0;
#endif
}

#else /* not by futex */

void
kaa_gil__park(kaa_gil__thread *thread, uint64_t deadline)
{
    pthread_mutex_t *mutex = &thread->gil->mutex;

    pthread_mutex_lock(mutex);
    if (atomic_load(&thread->state) == KAA_GIL__WAITING) {
        if (deadline == KAA_GIL__NEVER) {
            pthread_cond_wait(&thread->cond, mutex);
        } else {
            /* The condition's clock is the wall's: only the length counts. */
            uint64_t now = kaa_base__now_ns();
            uint64_t ns = deadline > now ? deadline - now : 0;
            struct timespec until;

            clock_gettime(CLOCK_REALTIME, &until);
            ns += (uint64_t)until.tv_nsec;
            until.tv_sec += (time_t)(ns / 1000000000u);
            until.tv_nsec = (long)(ns % 1000000000u);
            pthread_cond_timedwait(&thread->cond, mutex, &until);
        }
    }
    pthread_mutex_unlock(mutex);
}

void
kaa_gil__unpark(kaa_gil__thread *thread)
{
    pthread_cond_signal(&thread->cond);
}

int
kaa_gil__has_processors(void)
{
    return 1;
}

int
kaa_gil__fence_all_start(void)
{
    return 0;
}

int
kaa_gil__fence_all(void)
{
    return 0;
}
#endif
