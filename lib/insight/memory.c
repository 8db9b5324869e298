/* insight/memory.c - see memory.h. */
#include "insight/memory.h"

#include <sys/uio.h>

#include <kaa/insight.h>

int
kaa_insight__peek(pid_t process, uintptr_t address, void *out, size_t size)
{
    struct iovec here = {.iov_base = out, .iov_len = size};
    struct iovec there = {.iov_base = (void *)address, .iov_len = size};

    return address != 0 &&
           process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)size;
}

int
kaa_insight_peek(uint32_t process, uint64_t address, void *out, size_t size)
{
    return kaa_insight__peek((pid_t)process, (uintptr_t)address, out, size);
}
