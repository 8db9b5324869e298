/* base/assert.c - the one place that aborts. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__GNUC__) || defined(__clang__)
__attribute__((noinline))
#endif
void
kaa_base__stop_here(void)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm__ volatile("");
#endif
}

_Noreturn void
kaa_base__broken(const char *file, int line, const char *what)
{
    kaa_base__stop_here();
    fprintf(stderr, "kaa: broken invariant at %s:%d: %s\n", file, line, what);
    fflush(stderr);
    abort();
}
