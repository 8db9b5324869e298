/* base/stack.c - how much of the thread's stack is left. */
#include "base/stack.h"

#include <pthread.h>
#include <stddef.h>

#define RESERVE_MAX (256u << 10)

KAA_BASE__TLS uintptr_t kaa_base__stack_little = UINTPTR_MAX;

/* Where the stack ends; of no meaning before kaa_base__stack_little is known.
 */
static KAA_BASE__TLS uintptr_t lowest;

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
        size_t reserve = size / 8 < RESERVE_MAX ? size / 8 : RESERVE_MAX;

        lowest = (uintptr_t)start;
        kaa_base__stack_little = lowest + reserve;
    }
    pthread_attr_destroy(&attributes);
#endif
}

int
kaa_base__stack_look(uintptr_t here)
{
    if (kaa_base__stack_little == UINTPTR_MAX)
        find();
    return here < kaa_base__stack_little && here >= lowest;
}
