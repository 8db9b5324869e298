/* insight/breakpoint.h - being told of each write to a place in memory, by the
 * processor: its debug registers, through perf_event_open(2).
 *
 * Each write sends SIGTRAP to the thread that wrote, with si_code TRAP_PERF and
 * the watched address in si_addr, before its next instruction. Threads that
 * begin later are watched too; processes that fork() makes are not.
 */
#ifndef KAA_INSIGHT_BREAKPOINT_H
#define KAA_INSIGHT_BREAKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include <kaa/base.h>

/* si_code of such a signal (asm-generic/siginfo.h); C libraries lack it. */
#define KAA_INSIGHT__TRAP_PERF 6

/* One address in all threads. All zero: none. */
typedef struct kaa_insight__breakpoint {
    int *files; /* of events, one a thread that was there */
    uint32_t count, capacity;
} kaa_insight__breakpoint;

/* Watches `bytes` (4 or 8) at an address that is a multiple of them. What
 * handles SIGTRAP must be in place.
 * fails: KAA_UNSUPPORTED (the machine, the system or its rules do not allow
 * it; the message says which, and what to set), KAA_LIMIT (all debug registers
 * are in use), KAA_NO_MEMORY, KAA_SYSTEM */
KAA_NODISCARD kaa_status
kaa_insight__breakpoint_open(kaa_insight__breakpoint *out, uintptr_t address,
                             size_t bytes, kaa_error *err);

/* Ends it in all threads; a signal may still be on its way. In a child after
 * fork() (`is_child`) only the child's files are closed. */
void kaa_insight__breakpoint_close(kaa_insight__breakpoint *breakpoint,
                                   int is_child);

#endif /* KAA_INSIGHT_BREAKPOINT_H */
