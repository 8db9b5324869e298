/* insight/memory.h - reading memory that may be gone, of this or another
 * process.
 *
 * process_vm_readv(2): an address that is not mapped is an answer, not a crash.
 * Needs the right to trace the process; one's own is always allowed, unless
 * system calls are filtered.
 */
#ifndef KAA_INSIGHT_MEMORY_H
#define KAA_INSIGHT_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether all `size` bytes at `address` were read. */
int kaa_insight__peek(pid_t process, uintptr_t address, void *out, size_t size);

#endif /* KAA_INSIGHT_MEMORY_H */
