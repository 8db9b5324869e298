/* insight/ticks.h - the clock of hooks.
 *
 * Reading CLOCK_MONOTONIC twice costs as much as all else a hook does, so hooks
 * read the processor's own counter where the kernel itself trusts that one to
 * run evenly and alike on all processors. A scale turns ticks into nanoseconds
 * of CLOCK_MONOTONIC; both are read together at the start of a recording.
 */
#ifndef KAA_INSIGHT_TICKS_H
#define KAA_INSIGHT_TICKS_H

#include <stdint.h>

#include "base/clock.h"

/* See lib/globals.txt. Whether the counter is used; kept from the first
 * kaa_insight__ticks_start() on. */
extern int kaa_insight__counter_is_used;

typedef struct kaa_insight__scale {
    uint64_t start_ticks;
    uint64_t start_ns;
    double ns_per_tick;
} kaa_insight__scale;

static inline uint64_t
kaa_insight__ticks(void)
{
#if defined(__x86_64__)
    if (kaa_insight__counter_is_used)
        return __builtin_ia32_rdtsc();
#endif
    return kaa_base__now_ns();
}

/* Chooses the counter, once a process. */
void kaa_insight__ticks_start(void);

/* Begins a scale at this moment and measures it, which takes 2 ms the first
 * time. It does not change afterwards, so that figures add up. One thread at a
 * time. */
void kaa_insight__scale_start(kaa_insight__scale *scale);

/* A length of time. */
static inline uint64_t
kaa_insight__scale_ns(const kaa_insight__scale *scale, uint64_t ticks)
{
    return (uint64_t)((double)ticks * scale->ns_per_tick + 0.5);
}

/* How many ticks `ns` are. */
uint64_t kaa_insight__scale_ticks(const kaa_insight__scale *scale, uint64_t ns);

#endif /* KAA_INSIGHT_TICKS_H */
