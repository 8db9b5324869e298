/* Young collections: pages with something new; and when collections run. */
#include "gc/help.h"

KAA_TEST(young_garbage_goes_old_garbage_waits)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *a = NEW(node_new(t, PLAIN, 1));
    kaa_object *b = NEW(node_new(t, PLAIN, 2));
    kaa_gc_collection summary;
    uint64_t live;

    (void)ctx;
    set_left(a, b);
    set_left(b, a);
    (void)collect_now(t, KAA_GC_YOUNG); /* both are old now */
    live = live_now();
    DROP(a);
    DROP(b);
    summary = collect_now(t, KAA_GC_YOUNG);
    if (!kaa_test_is_collect_run())
        CHECK_EQ(summary.objects, 0);
    CHECK_EQ(live_now(), live);
    summary = collect_now(t, KAA_GC_FULL);
    CHECK_EQ(summary.collected, 2);
    CHECK_EQ(live_now(), live - 2);
}

/* What is new lies in a block of an old page. */
KAA_TEST(blocks_used_again_are_young)
{
    kaa_context *ctx = fresh_graph(t);
    enum { MANY = 600 };
    kaa_object *many[MANY];
    int count = kaa_test_is_collect_run() ? 40 : MANY;
    uint64_t live;

    (void)ctx;
    for (int i = 0; i < count; i++)
        many[i] = NEW(node_new(t, PLAIN, i));
    (void)collect_now(t, KAA_GC_FULL);
    for (int i = 0; i < count; i += 2)
        DROP(many[i]);
    live = live_now();
    for (int i = 0; i < count / 4; i++)
        make_pair(t, PLAIN, OWN);
    (void)collect_now(t, KAA_GC_YOUNG);
    CHECK_EQ(live_now(), live);
    for (int i = 1; i < count; i += 2)
        CHECK_EQ(node_of(many[i])->number, i);
}

KAA_TEST(old_objects_hold_young_ones)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *old = NEW(node_new(t, PLAIN, 1));
    kaa_object *young;
    uint64_t live;

    (void)ctx;
    (void)collect_now(t, KAA_GC_FULL);
    young = NEW(node_new(t, PLAIN, 2));
    set_left(old, young);
    set_left(young, young);
    DROP(young);
    live = live_now();
    (void)collect_now(t, KAA_GC_YOUNG);
    CHECK_EQ(live_now(), live);
    CHECK_EQ(node_of(node_of(old)->left)->number, 2);
    set_left(old, NULL);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live - 1);
}

/* An old object that is never looked at dies by its count when young garbage
 * lets it go. */
KAA_TEST(the_young_let_go_of_the_old)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *old = NEW(node_new(t, OWN, 1));
    kaa_object *young;
    uint64_t live;

    (void)ctx;
    (void)collect_now(t, KAA_GC_FULL);
    young = NEW(node_new(t, PLAIN, 2));
    set_left(young, young);
    set_right(young, old);
    DROP(old);
    live = live_now();
    DROP(young);
    (void)collect_now(t, KAA_GC_YOUNG);
    CHECK_EQ(live_now(), live - 2);
    CHECK_EQ(nodes_destroyed, 1);
}

static kaa_gc_statistics
statistics(kaa_test *t)
{
    kaa_gc_statistics sum = {.size = sizeof(sum)};

    CHECK_OK(kaa_gc_read_statistics(help.ctx, &sum, &t->err));
    return sum;
}

static void
set_young(kaa_test *t, uint64_t objects)
{
    kaa_gc_thresholds pace = {.size = sizeof(pace), .young_objects = objects};

    CHECK_OK(kaa_gc_set_thresholds(help.ctx, &pace, &t->err));
}

KAA_TEST(cycles_in_a_loop_take_no_more_room)
{
    kaa_context *ctx = fresh_graph_with(t, 0);
    int turns =
        kaa_test_is_collect_run() || kaa_test_is_fault_run() ? 60 : 3000;
    kaa_gc_statistics sum;
    uint64_t live;

    (void)ctx;
    set_young(t, 100);
    live = live_now();
    for (int i = 0; i < turns; i++) {
        make_pair(t, PLAIN, (node_kind)(i % NODE_KINDS));
        CHECK(live_now() <= live + (kaa_test_is_fault_run() ? 300 : 120));
    }
    sum = statistics(t);
    CHECK(turns < 3000 || sum.collections[KAA_GC_YOUNG] >= 50);
    CHECK(sum.collected + 120 >= (uint64_t)turns * 2);
    CHECK(turns < 3000 || sum.bytes_freed != 0);
    CHECK(sum.pause_ns >= sum.pause_ns_max);
}

KAA_TEST(held_and_disabled_it_does_nothing)
{
    kaa_context *ctx = fresh_graph_with(t, 0);
    int turns = kaa_test_is_fault_run() ? 15 : 1000;
    uint64_t live;

    if (kaa_test_is_collect_run())
        SKIP("collects at each allocation");
    set_young(t, 10);
    live = live_now();
    kaa_gc_hold(ctx);
    kaa_gc_hold(ctx);
    for (int i = 0; i < 100; i++)
        make_pair(t, PLAIN, PLAIN);
    CHECK_EQ(live_now(), live + 200);
    kaa_gc_release(ctx);
    for (int i = 0; i < turns; i++)
        make_pair(t, PLAIN, PLAIN);
    CHECK_EQ(live_now(), live + 200 + (uint64_t)turns * 2);
    kaa_gc_release(ctx);
    CHECK_EQ(kaa_gc_enable(ctx, 0), 1);
    CHECK_EQ(kaa_gc_is_enabled(ctx), 0);
    for (int i = 0; i < turns; i++)
        make_pair(t, PLAIN, PLAIN);
    CHECK_EQ(live_now(), live + 200 + (uint64_t)turns * 4);
    CHECK_EQ(kaa_gc_enable(ctx, 1), 0);
    for (int i = 0; i < turns; i++)
        make_pair(t, PLAIN, PLAIN);
    CHECK(live_now() < live + 200 || kaa_base__fault_happened());
}

/* External memory makes a full collection happen, without containers. */
KAA_TEST(external_memory_begins_a_collection)
{
    kaa_context *ctx = fresh_graph_with(t, 0);
    kaa_gc_thresholds pace = {.size = sizeof(pace), .external_bytes = 1000};
    uint64_t live, fulls;

    if (kaa_test_is_collect_run())
        SKIP("collects at each allocation");
    CHECK_OK(kaa_gc_set_thresholds(ctx, &pace, &t->err));
    (void)collect_now(t, KAA_GC_FULL);
    live = live_now();
    fulls = statistics(t).collections[KAA_GC_FULL];
    make_pair(t, OWN, OWN);
    kaa_add_external(ctx, 2000);
    for (int i = 0; i < 1000 && live_now() > live; i++)
        CHECK_ZERO(kaa_poll(ctx));
    if (live_now() > live) /* polls are no allocations: it goes on with those */
        for (int i = 0; i < 1000 && live_now() > live; i++)
            DROP(NEW(node_new(t, PLAIN, i)));
    if (kaa_base__fault_happened())
        return; /* it gave up */
    CHECK_EQ(live_now(), live);
    CHECK(statistics(t).collections[KAA_GC_FULL] > fulls);
    CHECK_EQ(statistics(t).external_bytes, 2000);
    kaa_add_external(ctx, -2000);
    CHECK_EQ(statistics(t).external_bytes, 0);
}

typedef struct heard {
    int begun, ended;
    uint64_t collected;
    int refused;
} heard;

static void
listen(kaa_context *ctx, int is_end, const kaa_gc_collection *summary,
       void *user)
{
    heard *to = user;

    if (is_end) {
        to->ended++;
        to->collected += summary->collected;
    } else {
        to->begun++;
    }
    to->refused += kaa_gc_collect(ctx, KAA_GC_FULL, NULL, NULL) == KAA_MISUSE;
    (void)kaa_collect(ctx);
}

KAA_TEST(listeners_hear_of_each_collection)
{
    kaa_context *ctx = fresh_graph(t);
    static heard first, second;
    int times;

    first = second = (heard){0};
    CHECK_OK(kaa_gc_set_callback(ctx, listen, &first, 1, &t->err));
    CHECK_OK(kaa_gc_set_callback(ctx, listen, &second, 1, &t->err));
    CHECK_STATUS(kaa_gc_set_callback(ctx, listen, NULL, 0, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gc_set_callback(ctx, NULL, NULL, 1, &t->err),
                 KAA_INVALID_ARGUMENT);
    make_pair(t, PLAIN, OWN);
    (void)collect_now(t, KAA_GC_YOUNG);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(first.collected, 2);
    times = first.begun;
    CHECK(times >= 2);
    CHECK_EQ(first.ended, times);
    CHECK_EQ(first.refused, times * 2);
    CHECK_EQ(second.begun, times);
    CHECK_OK(kaa_gc_set_callback(ctx, listen, &first, 0, &t->err));
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(first.begun, times);
    CHECK_EQ(second.begun, times + 1);
    CHECK_OK(kaa_gc_set_callback(ctx, listen, &second, 0, &t->err));
}
