/* base/os/random.c - random bytes from the kernel. */
#include <sys/syscall.h>
#include <unistd.h>

#include "base/os/os.h"

#define NON_BLOCK 1 /* GRND_NONBLOCK, of headers younger than some systems */

int
kaa_base__random(void *out, size_t bytes)
{
    /* The call itself: getentropy() came with glibc 2.25 alone. */
    return syscall(SYS_getrandom, out, bytes, NON_BLOCK) == (long)bytes;
}
