/* insight/points.h - how much memory there was, over time.
 *
 * Points are noted by the hooks, when memory is asked for and the last point is
 * long enough ago: no thread, nothing that wakes a program that sleeps. When
 * there is no more room every second one goes, and the time between two
 * doubles.
 */
#ifndef KAA_INSIGHT_POINTS_H
#define KAA_INSIGHT_POINTS_H

#include <stdint.h>

#include <kaa/insight.h>

#define KAA_INSIGHT__POINTS_MAX 2048u

typedef struct kaa_insight__points {
    int file; /* /proc/self/statm; -1: resident sizes are 0 */
    uint64_t page_bytes;
    uint64_t started, next, interval; /* ns */
    uint64_t peak, peak_at;           /* the number of the last peak seen */
    uint32_t count;
    kaa_insight_heap_point entries[KAA_INSIGHT__POINTS_MAX];
} kaa_insight__points;

void kaa_insight__points_init(kaa_insight__points *points);
void kaa_insight__points_fini(kaa_insight__points *points);

/* Notes a point if it is time to, or `is_wanted`; and the time of a new peak.
 * Callers exclude each other. */
void kaa_insight__points_note(kaa_insight__points *points, uint64_t live_bytes,
                              uint64_t peak, int is_wanted);

#endif /* KAA_INSIGHT_POINTS_H */
