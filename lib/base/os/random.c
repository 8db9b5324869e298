/* base/os/random.c - random bytes from the kernel. */
#include <unistd.h>

#include "base/os/os.h"

#if defined(__linux__)
#include <sys/syscall.h>

#define NON_BLOCK 1 /* GRND_NONBLOCK, of headers younger than some systems */
#elif defined(__APPLE__)
#include <sys/random.h>
#endif

int
kaa_base__random(void *out, size_t bytes)
{
#if defined(__linux__)
    /* The call itself: getentropy() came with glibc 2.25 alone. */
    return syscall(SYS_getrandom, out, bytes, NON_BLOCK) == (long)bytes;
#else
    return getentropy(out, bytes) == 0;
#endif
}
