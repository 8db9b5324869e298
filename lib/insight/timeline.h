/* insight/timeline.h - what one thread did when, in bounded memory.
 *
 * Spans follow each other without gaps. Neighbours that are together shorter
 * than the grain are merged into one mixed span, which keeps how much of it was
 * held and waited. When the spans run out the grain is doubled and all are
 * merged anew: a recording of any length and any rate of switches fits, and is
 * as fine as a picture of it can show.
 */
#ifndef KAA_INSIGHT_TIMELINE_H
#define KAA_INSIGHT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#define KAA_INSIGHT__SPANS_MAX 3072u

/* After KAA_INSIGHT__HELD, _WAITED and _OFF. */
#define KAA_INSIGHT__MIXED 3u

typedef struct kaa_insight__span {
    uint64_t start, end; /* ticks */
    uint64_t held;       /* of a mixed span */
    uint64_t waited;
    uint16_t state;
    uint16_t call;  /* a system call's number and 1, or 0 */
    uint32_t stack; /* or 0 */
} kaa_insight__span;

typedef struct kaa_insight__timeline {
    kaa_insight__span *spans; /* KAA_INSIGHT__SPANS_MAX, or NULL: none kept */
    uint32_t count;
    uint64_t grain; /* ticks */
} kaa_insight__timeline;

/* Doubles the grain until a quarter of the spans is free. */
void kaa_insight__timeline_shrink(kaa_insight__timeline *timeline);

/* Adds a part to a span that goes on to its end. */
void kaa_insight__span_merge(kaa_insight__span *span,
                             const kaa_insight__span *part);

/* Adds what was from `start`, where the last span ends, to `end`. */
static inline void
kaa_insight__timeline_add(kaa_insight__timeline *timeline, uint64_t start,
                          uint64_t end, uint32_t state, uint32_t stack)
{
    kaa_insight__span *last;

    if (timeline->spans == NULL)
        return;
    if (timeline->count != 0) {
        last = &timeline->spans[timeline->count - 1];
        /* What happens most often: one more short spell of many. */
        if (last->state == KAA_INSIGHT__MIXED &&
            end - last->start < timeline->grain) {
            last->end = end;
            if (state == 0)
                last->held += end - start;
            else if (state == 1)
                last->waited += end - start;
            return;
        }
        const kaa_insight__span part = {start,           end, 0,    0,
                                        (uint16_t)state, 0,   stack};

        last = &timeline->spans[timeline->count - 1];
        if (end - last->start < timeline->grain) {
            kaa_insight__span_merge(last, &part);
            return;
        }
    }
    if (timeline->count == KAA_INSIGHT__SPANS_MAX)
        kaa_insight__timeline_shrink(timeline);
    last = &timeline->spans[timeline->count++];
    *last = (kaa_insight__span){start, end, 0, 0, (uint16_t)state, 0, stack};
}

/* Tells the stack of the last span, which ended at `end`. */
static inline void
kaa_insight__timeline_tell(kaa_insight__timeline *timeline, uint64_t end,
                           uint32_t stack)
{
    kaa_insight__span *last;

    if (timeline->spans == NULL || timeline->count == 0)
        return;
    last = &timeline->spans[timeline->count - 1];
    if (last->end == end && last->stack == 0)
        last->stack = stack;
}

/* Tells what the last span, which ended at `end`, was blocked in. */
static inline void
kaa_insight__timeline_tell_call(kaa_insight__timeline *timeline, uint64_t end,
                                uint32_t call)
{
    if (timeline->spans != NULL && timeline->count != 0 &&
        timeline->spans[timeline->count - 1].end == end)
        timeline->spans[timeline->count - 1].call = (uint16_t)call;
}

#endif /* KAA_INSIGHT_TIMELINE_H */
