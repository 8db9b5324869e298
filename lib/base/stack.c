/* base/stack.c - how much of the thread's stack is left. */
#include "base/stack.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define RESERVE_MAX (256u << 10)

/* Where the stack begins and where what is left becomes little; 0: not asked
 * yet. Both 1 where the system does not say. */
static _Thread_local uintptr_t lowest, little;

static void
find(void)
{
    lowest = little = 1;
#if defined(__linux__)
    pthread_attr_t attributes;
    void *start;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &start, &size) == 0) {
        size_t reserve = size / 8 < RESERVE_MAX ? size / 8 : RESERVE_MAX;

        lowest = (uintptr_t)start;
        little = lowest + reserve;
    }
    pthread_attr_destroy(&attributes);
#endif
}

int
kaa_base__stack_is_low(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    if (little == 0)
        find();
    return here < little && here >= lowest;
}
