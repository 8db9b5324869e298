/* base/os/wait.c - sleeping, waking, and a fence for every thread at once. */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/os/os.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/membarrier.h, which old systems lack. */
#define FENCE_ALL (1 << 3)
#define FENCE_ALL_REGISTER (1 << 4)
#endif

static struct timespec
timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

#if KAA_BASE__WORD_WAITS
void
kaa_base__wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
    struct timespec until = timespec_of(deadline);

    syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
            deadline != KAA_BASE__NEVER ? &until : NULL, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

void
kaa_base__wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}
#endif

/* macOS has no condition whose clock is kaa_base__now_ns()'s. */
#if defined(__APPLE__)
int
kaa_base__condition_init(pthread_cond_t *condition)
{
    return pthread_cond_init(condition, NULL);
}

int
kaa_base__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                         uint64_t deadline)
{
    uint64_t now = kaa_base__now_ns();
    struct timespec left = timespec_of(deadline > now ? deadline - now : 0);

    if (deadline == KAA_BASE__NEVER)
        return pthread_cond_wait(condition, mutex);
    return pthread_cond_timedwait_relative_np(condition, mutex, &left);
}
#else
int
kaa_base__condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int fault = pthread_condattr_init(&attributes);

    if (fault != 0)
        return fault;
    fault = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (fault == 0)
        fault = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return fault;
}

int
kaa_base__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                         uint64_t deadline)
{
    struct timespec until = timespec_of(deadline);

    if (deadline == KAA_BASE__NEVER)
        return pthread_cond_wait(condition, mutex);
    return pthread_cond_timedwait(condition, mutex, &until);
}
#endif

int
kaa_base__has_processors(void)
{
#if defined(__linux__)
    cpu_set_t set;

    /* More processors than a set has room for: then surely. */
    return sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) > 1;
#else
    return 1;
#endif
}

int
kaa_base__fence_all_start(void)
{
#ifdef SYS_membarrier
    return syscall(SYS_membarrier, FENCE_ALL_REGISTER, 0, 0) == 0;
#else
    return 0;
#endif
}

int
kaa_base__fence_all(void)
{
#ifdef SYS_membarrier
    return syscall(SYS_membarrier, FENCE_ALL, 0, 0) == 0;
#else
    return 0;
#endif
}
