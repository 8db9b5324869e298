/* base/clock.h - time, in nanoseconds. */
#ifndef KAA_BASE_CLOCK_H
#define KAA_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC. */
uint64_t kaa_base__now_ns(void);

#endif /* KAA_BASE_CLOCK_H */
