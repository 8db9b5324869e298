/* Spans: without gaps, bounded, and nothing of what was held or waited lost. */
#include <stdlib.h>

#include "insight/stacks.h"
#include "insight/timeline.h"
#include "kaa_test.h"

static kaa_insight__slot spans[KAA_INSIGHT__SPANS_MAX];

static kaa_insight__span
at(uint32_t i)
{
    return kaa_insight__slot_load(&spans[i]);
}

/* Adds `count` spells of up to `longest`; checks all that must hold. */
static void
fill(kaa_test *t, uint64_t count, uint64_t longest, uint64_t grain)
{
    kaa_insight__timeline timeline = {.spans = spans, .grain = grain};
    kaa_test_random random = {.state = 42};
    uint64_t now = 1000, sums[3] = {0}, found[3] = {0};

    for (uint64_t i = 0; i < count; i++) {
        uint32_t state = (uint32_t)kaa_test_below(&random, 3);
        uint64_t length = 1 + kaa_test_below(&random, longest);

        kaa_insight__timeline_add(&timeline, now, now + length, state, 0);
        sums[state] += length;
        now += length;
    }
    CHECK(timeline.count > 0 && timeline.count <= KAA_INSIGHT__SPANS_MAX);
    CHECK_EQ(at(0).start, 1000);
    CHECK_EQ(at(timeline.count - 1).end, now);
    for (uint32_t i = 0; i < timeline.count; i++) {
        const kaa_insight__span one = at(i);
        uint64_t length = one.end - one.start;

        if (i != 0)
            CHECK_EQ(one.start, at(i - 1).end);
        if (one.state == KAA_INSIGHT__MIXED) {
            CHECK(one.held + one.waited <= length);
            found[0] += one.held;
            found[1] += one.waited;
            found[2] += length - one.held - one.waited;
        } else {
            found[one.state] += length;
        }
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(found[i], sums[i]);
}

KAA_TEST(few_long_spells_are_kept_one_by_one)
{
    kaa_insight__timeline timeline = {.spans = spans, .grain = 10};

    for (uint64_t i = 0; i < 1000; i++)
        kaa_insight__timeline_add(&timeline, i * 100, i * 100 + 100,
                                  (uint32_t)(i % 3), (uint32_t)i);
    CHECK_EQ(timeline.count, 1000);
    CHECK_EQ(at(999).stack, 999);
    CHECK_EQ(at(1).state, KAA_INSIGHT__WAITED);
    CHECK_EQ(timeline.grain, 10);
}

KAA_TEST(any_number_fits)
{
    fill(t, 100, 10, 1000);
    fill(t, 10000, 100, 1);
    fill(t, 1000000, 1000, 20);
    fill(t, 300000, 1000000, 1);
}

KAA_TEST(what_a_span_is_told_later)
{
    kaa_insight__timeline timeline = {.spans = spans, .grain = 1};

    kaa_insight__timeline_tell(&timeline, 10, 7);
    kaa_insight__timeline_add(&timeline, 0, 10, KAA_INSIGHT__OFF, 0);
    kaa_insight__timeline_tell(&timeline, 9, 7);
    CHECK_EQ(at(0).stack, 0);
    kaa_insight__timeline_tell(&timeline, 10, 7);
    kaa_insight__timeline_tell(&timeline, 10, 8);
    CHECK_EQ(at(0).stack, 7);
    kaa_insight__timeline_tell_call(&timeline, 10, 3);
    CHECK_EQ(at(0).call, 3);
}

KAA_TEST(no_spans_are_kept_without_memory_for_them)
{
    kaa_insight__timeline timeline = {.grain = 1};

    kaa_insight__timeline_add(&timeline, 0, 10, KAA_INSIGHT__OFF, 0);
    kaa_insight__timeline_tell(&timeline, 10, 7);
    CHECK_EQ(timeline.count, 0);
}
