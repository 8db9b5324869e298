/* insight/timeline.c - merging spans. */
#include "insight/timeline.h"

#include "insight/stacks.h"

static uint64_t
share(const kaa_insight__span *span, unsigned state)
{
    if (span->state == state)
        return span->end - span->start;
    if (span->state != KAA_INSIGHT__MIXED)
        return 0;
    return state == KAA_INSIGHT__HELD ? span->held : span->waited;
}

void
kaa_insight__span_merge(kaa_insight__span *span, const kaa_insight__span *part)
{
    if (span->state != part->state || span->state == KAA_INSIGHT__MIXED) {
        span->held =
            share(span, KAA_INSIGHT__HELD) + share(part, KAA_INSIGHT__HELD);
        span->waited =
            share(span, KAA_INSIGHT__WAITED) + share(part, KAA_INSIGHT__WAITED);
        span->state = KAA_INSIGHT__MIXED;
    }
    span->end = part->end;
    if (span->call == 0)
        span->call = part->call;
    if (span->stack == 0)
        span->stack = part->stack;
}

void
kaa_insight__timeline_shrink(kaa_insight__timeline *timeline)
{
    while (timeline->count > KAA_INSIGHT__SPANS_MAX / 4 * 3) {
        kaa_insight__span *last = timeline->spans;
        uint32_t kept = 1;

        timeline->grain *= 2;
        for (uint32_t i = 1; i < timeline->count; i++) {
            const kaa_insight__span *one = &timeline->spans[i];

            if (one->end - last->start < timeline->grain) {
                kaa_insight__span_merge(last, one);
            } else {
                last = &timeline->spans[kept++];
                *last = *one;
            }
        }
        timeline->count = kept;
    }
}
