/* insight/memory.c - reading the memory of other processes. */
#include <kaa/insight.h>

#include "base/os/os.h"

int
kaa_insight_peek(uint32_t process, uint64_t address, void *out, size_t size)
{
    return kaa_base__peek((int)process, (uintptr_t)address, out, size);
}
