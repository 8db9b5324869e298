/* base/stack.c - how much of the thread's stack is left. */
#include "base/stack.h"

#include <pthread.h>
#include <stddef.h>

#if defined(__linux__) && !defined(__GLIBC__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define RESERVE_MAX ((size_t)256 << 10)
/* What a stack without a limit, or with a huge one, is taken to be. */
#define SIZE_MAX_USED ((size_t)1 << 30)
#define SIZE_OF_HUGE ((size_t)64 << 20)

KAA_BASE__TLS uintptr_t kaa_base__stack_little = UINTPTR_MAX;

/* Where the stack ends; of no meaning before kaa_base__stack_little is known.
 */
static KAA_BASE__TLS uintptr_t lowest;

/* A main thread's stack grows up to a limit; some C libraries say how far it
 * has grown. */
static size_t
size_of_growing(size_t size)
{
#if defined(__linux__) && !defined(__GLIBC__)
    struct rlimit limit;

    if ((pid_t)syscall(SYS_gettid) == getpid() &&
        getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur > size)
        return limit.rlim_cur < SIZE_OF_HUGE ? (size_t)limit.rlim_cur
                                             : SIZE_OF_HUGE;
#endif
    return size;
}

static void
find(void)
{
    kaa_base__stack_little = 0; /* where the system does not say */
#if defined(__linux__)
    pthread_attr_t attributes;
    void *start;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &start, &size) == 0) {
        uintptr_t top = (uintptr_t)start + size;

        size = size_of_growing(size);
        lowest = top - size;
        if (size > SIZE_MAX_USED)
            kaa_base__stack_little = top - SIZE_OF_HUGE;
        else
            kaa_base__stack_little =
                lowest + (size / 8 < RESERVE_MAX ? size / 8 : RESERVE_MAX);
    }
    pthread_attr_destroy(&attributes);
#endif
}

int
kaa_base__stack_look(void)
{
    uintptr_t here = kaa_base__stack_here();

    if (kaa_base__stack_little == UINTPTR_MAX)
        find();
    if (here >= kaa_base__stack_little)
        return KAA_BASE__STACK_ROOM;
    return here >= lowest ? KAA_BASE__STACK_LOW : KAA_BASE__STACK_UNKNOWN;
}
