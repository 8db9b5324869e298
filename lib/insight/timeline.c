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

/* Adds a part to a span that goes on to its end. */
static void
merge(kaa_insight__slot *slot, const kaa_insight__span *part)
{
    kaa_insight__span span = kaa_insight__slot_load(slot);

    if (span.state != part->state || span.state == KAA_INSIGHT__MIXED) {
        span.held =
            share(&span, KAA_INSIGHT__HELD) + share(part, KAA_INSIGHT__HELD);
        span.waited = share(&span, KAA_INSIGHT__WAITED) +
                      share(part, KAA_INSIGHT__WAITED);
        span.state = KAA_INSIGHT__MIXED;
    }
    span.end = part->end;
    if (span.call == 0)
        span.call = part->call;
    if (span.stack == 0)
        span.stack = part->stack;
    kaa_insight__slot_store(slot, &span);
}

/* Doubles the grain until a quarter of the spans is free. */
static void
shrink(kaa_insight__timeline *timeline, kaa_insight__slot *spans)
{
    uint32_t count = KAA_INSIGHT__GET(timeline->count);

    kaa_insight__sequence_begin(&timeline->moves);
    while (count > KAA_INSIGHT__SPANS_MAX / 4 * 3) {
        kaa_insight__slot *last = spans;
        uint32_t kept = 1;

        timeline->grain *= 2;
        for (uint32_t i = 1; i < count; i++) {
            const kaa_insight__span one = kaa_insight__slot_load(&spans[i]);

            if (one.end - KAA_INSIGHT__GET(last->start) < timeline->grain) {
                merge(last, &one);
            } else {
                last = &spans[kept++];
                kaa_insight__slot_store(last, &one);
            }
        }
        count = kept;
    }
    KAA_INSIGHT__SET(timeline->count, count);
    kaa_insight__sequence_end(&timeline->moves);
}

void
kaa_insight__timeline_append(kaa_insight__timeline *timeline,
                             const kaa_insight__span *part)
{
    kaa_insight__slot *spans = KAA_INSIGHT__GET(timeline->spans);
    uint32_t count = KAA_INSIGHT__GET(timeline->count);

    if (count != 0 && part->end - KAA_INSIGHT__GET(spans[count - 1].start) <
                          timeline->grain) {
        merge(&spans[count - 1], part);
        return;
    }
    if (count == KAA_INSIGHT__SPANS_MAX) {
        shrink(timeline, spans);
        count = KAA_INSIGHT__GET(timeline->count);
    }
    kaa_insight__slot_store(&spans[count], part);
    /* Who sees the count sees the span. */
    atomic_store_explicit(&timeline->count, count + 1, memory_order_release);
}

/* The last span, if it ended at `end`. */
static kaa_insight__slot *
last_of(kaa_insight__timeline *timeline, uint64_t end)
{
    kaa_insight__slot *spans = KAA_INSIGHT__GET(timeline->spans);
    uint32_t count = KAA_INSIGHT__GET(timeline->count);

    if (spans == NULL || count == 0 ||
        KAA_INSIGHT__GET(spans[count - 1].end) != end)
        return NULL;
    return &spans[count - 1];
}

void
kaa_insight__timeline_tell(kaa_insight__timeline *timeline, uint64_t end,
                           uint32_t stack)
{
    kaa_insight__slot *last = last_of(timeline, end);

    if (last != NULL && KAA_INSIGHT__GET(last->what) >> 32 == 0)
        KAA_INSIGHT__SET(last->what,
                         KAA_INSIGHT__GET(last->what) | (uint64_t)stack << 32);
}

void
kaa_insight__timeline_tell_call(kaa_insight__timeline *timeline, uint64_t end,
                                uint32_t call)
{
    kaa_insight__slot *last = last_of(timeline, end);
    kaa_insight__span span;

    if (last == NULL)
        return;
    span = kaa_insight__slot_load(last);
    span.call = (uint16_t)call;
    kaa_insight__slot_store(last, &span);
}
