/* base/stack.c - how much of the thread's stack is left. */
#include "base/stack.h"

#include <stddef.h>

#include "base/os/os.h"

#define RESERVE_MAX ((size_t)256 << 10)
/* A stack without a limit, or with a huge one, ends in the memory of the whole
 * machine: so much of it is used. */
#define HUGE_STACK ((size_t)1 << 30)
#define USED_OF_HUGE ((size_t)64 << 20)

KAA_BASE__TLS uintptr_t kaa_base__stack_little = UINTPTR_MAX;

/* Where the stack ends; of no meaning before kaa_base__stack_little is known.
 */
static KAA_BASE__TLS uintptr_t lowest;

static void
find(void)
{
    uintptr_t top;
    size_t bytes;

    kaa_base__stack_little = 0; /* where the system does not say */
    if (!kaa_base__stack_bounds(&top, &bytes))
        return;
    lowest = bytes < top ? top - bytes : 0;
    if (bytes > HUGE_STACK)
        kaa_base__stack_little = top - USED_OF_HUGE;
    else
        kaa_base__stack_little =
            lowest + (bytes / 8 < RESERVE_MAX ? bytes / 8 : RESERVE_MAX);
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
