/* call/errno.c - the errno that a call left, kept for whoever asks later.
 *
 * The interpreter, the allocator and kaa itself change errno between a call and
 * the question, so it is copied at once. This is the only thread-local of
 * call/.
 */
#include <errno.h>

#include "call/internal.h"

/* glibc has room set aside for a few bytes of static TLS, so no call is needed
 * to reach them. */
#if defined(__GLIBC__)
#define STATIC_TLS __attribute__((tls_model("initial-exec")))
#else
#define STATIC_TLS
#endif

static _Thread_local int kept STATIC_TLS;

int *
kaa_call__errno_place(void)
{
    return &kept;
}

int
kaa_call_errno(void)
{
    return kept;
}

void
kaa_call__caller_errno(const kaa_call_plan *plan, kaa_function target,
                       kaa_call__frame *frame)
{
    errno = 0;
    plan->inner(plan, target, frame);
    kept = errno;
}
