/* base/os/backtrace.c - the calls that a thread is in. */
#if defined(__GLIBC__) || defined(__linux__)
#include <features.h>
#endif

#include "base/os/os.h"

#if defined(__GLIBC__) || defined(__APPLE__) || defined(__FreeBSD__)
#include <execinfo.h>

int
kaa_base__backtrace(void **out, int max)
{
    return backtrace(out, max);
}
#else
int
kaa_base__backtrace(void **out, int max)
{
    (void)out;
    (void)max;
    return 0;
}
#endif
