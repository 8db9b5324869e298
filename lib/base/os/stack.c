/* base/os/stack.c - where the calling thread's stack lies. */
#include <pthread.h>
#include <stddef.h>

#include "base/os/os.h"

#if defined(__linux__) && !defined(__GLIBC__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A main thread's stack grows up to a limit; musl says how far it has grown. */
static size_t
limit_of(size_t size)
{
    struct rlimit limit;

    if ((pid_t)syscall(SYS_gettid) != getpid() ||
        getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur <= size)
        return size;
    return limit.rlim_cur < SIZE_MAX / 4 ? (size_t)limit.rlim_cur
                                         : SIZE_MAX / 4;
}
#else
static size_t
limit_of(size_t size)
{
    return size;
}
#endif

int
kaa_base__stack_bounds(uintptr_t *out_top, size_t *out_bytes)
{
    int is_known = 0;
#if defined(__linux__)
    pthread_attr_t attributes;
    void *start;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return 0;
    if (pthread_attr_getstack(&attributes, &start, &size) == 0) {
        *out_top = (uintptr_t)start + size;
        *out_bytes = limit_of(size);
        is_known = 1;
    }
    pthread_attr_destroy(&attributes);
#else
    (void)out_top;
    (void)out_bytes;
    (void)limit_of;
#endif
    return is_known;
}
