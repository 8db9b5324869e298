/* queue.c - who is next and when it may ask, with times made up. */
#include "kaa_test.h"

#include "gil/internal.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)

#define MS 1000000u
#define START (1000 * (uint64_t)MS)

/* Threads that exist only in line. */
typedef struct lane_state {
    kaa_gil *gil;
    kaa_gil__thread a, b, s, u;
} lane_state;

static void
start(kaa_test *t, lane_state *lane)
{
    memset(lane, 0, sizeof(*lane));
    CHECK_OK(kaa_gil_create(NULL, &lane->gil, &t->err));
    DEFER(t, kaa_gil_destroy, lane->gil);
    lane->a.gil = lane->b.gil = lane->s.gil = lane->u.gil = lane->gil;
    /* A and B compute, S and U have let go by themselves. */
    lane->a.was_forced = lane->b.was_forced = 1;
}

KAA_TEST(urgent_threads_are_those_that_held_briefly)
{
    static lane_state lane;

    start(t, &lane);
    kaa_gil__line_add(lane.gil, &lane.a, START);
    CHECK(!lane.a.is_urgent);
    kaa_gil__line_add(lane.gil, &lane.s, START);
    CHECK(lane.s.is_urgent);
    lane.u.hold_last = 2 * MS; /* more than a fifth of the interval */
    kaa_gil__line_add(lane.gil, &lane.u, START);
    CHECK(!lane.u.is_urgent);
    CHECK(kaa_gil__line_next(lane.gil) == &lane.s);
    kaa_gil__line_serve(lane.gil, &lane.s, START);
    CHECK(kaa_gil__line_next(lane.gil) == &lane.a);
    kaa_gil__line_serve(lane.gil, &lane.a, START);
    CHECK(kaa_gil__line_next(lane.gil) == &lane.u);
    kaa_gil__line_serve(lane.gil, &lane.u, START);
    CHECK(kaa_gil__line_next(lane.gil) == NULL);
}

KAA_TEST(an_interrupted_thread_goes_on_with_its_slice)
{
    static lane_state lane;
    uint64_t now = START;

    start(t, &lane);
    /* A runs, B waits from the start. */
    kaa_gil__line_add(lane.gil, &lane.a, now);
    kaa_gil__line_serve(lane.gil, &lane.a, now);
    kaa_gil__line_add(lane.gil, &lane.b, now);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.b), now + 5 * MS);
    /* S comes 2 ms later and may ask at once; B may not. */
    now += 2 * MS;
    kaa_gil__line_add(lane.gil, &lane.s, now);
    CHECK(kaa_gil__line_next(lane.gil) == &lane.s);
    CHECK(kaa_gil__line_ask_at(lane.gil, &lane.s) <= now);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.b), START + 5 * MS);
    kaa_gil__line_return(lane.gil, &lane.a, now);
    kaa_gil__line_serve(lane.gil, &lane.s, now);
    /* S lets go: A is before B, until its slice ends as it would have. */
    now += MS / 10;
    CHECK(kaa_gil__line_next(lane.gil) == &lane.a);
    kaa_gil__line_serve(lane.gil, &lane.a, now);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.b), START + 5 * MS);
    /* Its slice over, A stands behind B. */
    now = START + 5 * MS;
    kaa_gil__line_return(lane.gil, &lane.a, now);
    CHECK(kaa_gil__line_next(lane.gil) == &lane.b);
    kaa_gil__line_serve(lane.gil, &lane.b, now);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.a), now + 5 * MS);
}

KAA_TEST(a_newcomer_does_not_lengthen_a_slice)
{
    static lane_state lane;

    start(t, &lane);
    kaa_gil__line_add(lane.gil, &lane.a, START);
    kaa_gil__line_serve(lane.gil, &lane.a, START);
    kaa_gil__line_add(lane.gil, &lane.b, START);
    kaa_gil__line_add(lane.gil, &lane.s, START + 7 * MS);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.b), START + 5 * MS);
    kaa_gil__line_serve(lane.gil, &lane.s, START + 7 * MS);
    kaa_gil__line_serve(lane.gil, &lane.b, START + 7 * MS);
    /* But who has run alone gets one whole slice from when B comes. */
    lane.b.was_forced = 1;
    kaa_gil__line_add(lane.gil, &lane.b, START + 50 * MS);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.b), START + 55 * MS);
    kaa_gil__line_serve(lane.gil, &lane.b, START + 55 * MS);
}

KAA_TEST(a_holder_gets_as_long_as_the_asker_took)
{
    static lane_state lane;

    start(t, &lane);
    kaa_gil__line_add(lane.gil, &lane.a, START);
    kaa_gil__line_serve(lane.gil, &lane.a, START);
    kaa_gil__line_add(lane.gil, &lane.s, START);
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.s), START + MS / 10);
    lane.s.hold_last = MS;
    CHECK_EQ(kaa_gil__line_ask_at(lane.gil, &lane.s), START + MS);
    kaa_gil_set_interval(lane.gil, 1000);
    CHECK_EQ(kaa_gil_interval(lane.gil), 1000);
    kaa_gil__line_serve(lane.gil, &lane.s, START);
}

KAA_TEST(overtaking_has_a_limit)
{
    static lane_state lane;
    kaa_gil__thread *next = NULL;
    int turns = 0;

    start(t, &lane);
    kaa_gil_set_interval(lane.gil, 1000 * (uint64_t)MS);
    kaa_gil__line_add(lane.gil, &lane.a, START);
    kaa_gil__line_serve(lane.gil, &lane.a, START);
    kaa_gil__line_add(lane.gil, &lane.b, START);
    while (next != &lane.b) {
        CHECK(turns <= KAA_GIL_OVERTAKES_MAX + 1);
        kaa_gil__line_add(lane.gil, &lane.s, START);
        kaa_gil__line_return(lane.gil, &lane.a, START);
        for (int i = 0; i < 2; i++) {
            next = kaa_gil__line_next(lane.gil);
            kaa_gil__line_serve(lane.gil, next, START);
            if (next == &lane.b)
                break;
            turns++;
        }
    }
    CHECK(turns >= KAA_GIL_OVERTAKES_MAX);
    while ((next = kaa_gil__line_next(lane.gil)) != NULL)
        kaa_gil__line_serve(lane.gil, next, START);
}
