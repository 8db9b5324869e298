/* insight/timeline.h - what one thread did when, in bounded memory.
 *
 * Spans follow each other without gaps. Neighbours that are together shorter
 * than the grain are merged into one mixed span, which keeps how much of it was
 * held and waited. When the spans run out the grain is doubled and all are
 * merged anew: a recording of any length and any rate of switches fits, and is
 * as fine as a picture of it can show.
 *
 * One thread writes. Others read at any time: all that is kept is atomic, spans
 * before the last one stand still while `moves` is even and the same.
 */
#ifndef KAA_INSIGHT_TIMELINE_H
#define KAA_INSIGHT_TIMELINE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "insight/figures.h"

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

/* A span where it is kept. */
typedef struct kaa_insight__slot {
    _Atomic uint64_t start, end, held, waited;
    _Atomic uint64_t what; /* state, call << 16, stack << 32 */
} kaa_insight__slot;

typedef struct kaa_insight__timeline {
    _Atomic(kaa_insight__slot *) spans; /* _SPANS_MAX, or NULL: none kept */
    _Atomic uint32_t count;
    _Atomic uint32_t moves; /* odd while spans are merged anew */
    uint64_t grain;         /* ticks */
} kaa_insight__timeline;

static inline kaa_insight__span
kaa_insight__slot_load(const kaa_insight__slot *slot)
{
    uint64_t what = KAA_INSIGHT__GET(slot->what);

    return (kaa_insight__span){KAA_INSIGHT__GET(slot->start),
                               KAA_INSIGHT__GET(slot->end),
                               KAA_INSIGHT__GET(slot->held),
                               KAA_INSIGHT__GET(slot->waited),
                               (uint16_t)what,
                               (uint16_t)(what >> 16),
                               (uint32_t)(what >> 32)};
}

static inline void
kaa_insight__slot_store(kaa_insight__slot *slot, const kaa_insight__span *span)
{
    KAA_INSIGHT__SET(slot->start, span->start);
    KAA_INSIGHT__SET(slot->end, span->end);
    KAA_INSIGHT__SET(slot->held, span->held);
    KAA_INSIGHT__SET(slot->waited, span->waited);
    KAA_INSIGHT__SET(slot->what, span->state | (uint64_t)span->call << 16 |
                                     (uint64_t)span->stack << 32);
}

/* What is not the most frequent case of kaa_insight__timeline_add(). */
void kaa_insight__timeline_append(kaa_insight__timeline *timeline,
                                  const kaa_insight__span *part);

/* Adds what was from `start`, where the last span ends, to `end`. */
static inline void
kaa_insight__timeline_add(kaa_insight__timeline *timeline, uint64_t start,
                          uint64_t end, uint32_t state, uint32_t stack)
{
    kaa_insight__slot *spans = KAA_INSIGHT__GET(timeline->spans);
    uint32_t count = KAA_INSIGHT__GET(timeline->count);

    if (spans == NULL)
        return;
    if (count != 0) {
        kaa_insight__slot *last = &spans[count - 1];

        /* What happens most often: one more short spell of many. */
        if ((uint16_t)KAA_INSIGHT__GET(last->what) == KAA_INSIGHT__MIXED &&
            end - KAA_INSIGHT__GET(last->start) < timeline->grain) {
            KAA_INSIGHT__SET(last->end, end);
            if (state == 0)
                KAA_INSIGHT__ADD(last->held, end - start);
            else if (state == 1)
                KAA_INSIGHT__ADD(last->waited, end - start);
            return;
        }
    }
    const kaa_insight__span part = {start,           end, 0,    0,
                                    (uint16_t)state, 0,   stack};

    kaa_insight__timeline_append(timeline, &part);
}

/* Tells the stack of the last span, which ended at `end`. */
void kaa_insight__timeline_tell(kaa_insight__timeline *timeline, uint64_t end,
                                uint32_t stack);

/* Tells what the last span, which ended at `end`, was blocked in. */
void kaa_insight__timeline_tell_call(kaa_insight__timeline *timeline,
                                     uint64_t end, uint32_t call);

#endif /* KAA_INSIGHT_TIMELINE_H */
