/* Full collections in slices, step by step. */
#include "gc/help.h"

#define OWN_ARENA_ITEMS                                                        \
    ((size_t)5000000) /* 40 MB: more than an arena holds                       \
                       */

static kaa_gc_collection last_summary;

static void
note_summary(kaa_context *ctx, int is_end, const kaa_gc_collection *summary,
             void *user)
{
    (void)ctx, (void)user;
    if (is_end)
        last_summary = *summary;
}

static kaa_gc *
begin(kaa_test *t)
{
    kaa_context *ctx = help.ctx;

    CHECK_OK(kaa_gc_set_callback(ctx, note_summary, NULL, 1, &t->err));
    if (kaa_gc__full_begin(ctx) != 0)
        kaa_test__no_memory(t);
    return kaa_gc__of(ctx);
}

/* Slices until the phase is reached, or the collection is over. */
static void
go_on(kaa_gc *gc, kaa_gc__phase until, int64_t budget)
{
    while (gc->phase != KAA_GC__IDLE && gc->phase < until)
        kaa_gc__full_slice(help.ctx, budget);
}

KAA_TEST(slices_find_what_one_collection_finds)
{
    kaa_context *ctx = fresh_graph(t);
    uint64_t live = live_now();
    kaa_gc *gc;

    (void)ctx;
    if (kaa_test_is_collect_run())
        SKIP("collects at each allocation");
    for (int i = 0; i < 30; i++)
        make_pair(t, (node_kind)(i % 4), (node_kind)(i / 4 % 4));
    gc = begin(t);
    go_on(gc, KAA_GC__JUDGING + 1, 5);
    if (kaa_base__fault_happened())
        return; /* it gave up; the end of the runtime tells whether cleanly */
    CHECK_EQ(live_now(), live);
    CHECK_EQ(last_summary.collected, 60);
    CHECK_EQ(last_summary.candidates, 60);
    CHECK(last_summary.slices > 10);
    CHECK(last_summary.objects >= 60);
    CHECK_EQ(help.runtime->heap->pinned, 0);
}

/* What the program does between slices makes living objects candidates, or
 * spares garbage of its own making; never more. */
/* One that memory is too short for counts as none, and is told of. */
KAA_TEST(a_collection_that_is_dropped_is_not_counted)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_gc_statistics before = {.size = sizeof(before)}, after = before;
    kaa_gc *gc;

    if (kaa_test_is_collect_run() || kaa_test_is_fault_run())
        SKIP("sets the fault itself");
    for (int i = 0; i < 3000; i++)
        make_pair(t, PLAIN, PLAIN);
    CHECK_OK(kaa_gc_read_statistics(ctx, &before, &t->err));
    gc = begin(t);
    memset(&last_summary, 0, sizeof(last_summary));
    CHECK_EQ(gc->phase, KAA_GC__ADDING);
    kaa_base__fault_set(1);
    go_on(gc, KAA_GC__JUDGING + 1, 1);
    CHECK(kaa_base__fault_happened());
    kaa_base__fault_set(0);
    CHECK_EQ(gc->phase, KAA_GC__IDLE);
    CHECK_OK(kaa_gc_read_statistics(ctx, &after, &t->err));
    CHECK_EQ(after.collections[KAA_GC_FULL], before.collections[KAA_GC_FULL]);
    CHECK_EQ(last_summary.generation, KAA_GC_FULL);
    CHECK_EQ(last_summary.collected, 0);
    CHECK_EQ(collect_now(t, KAA_GC_FULL).collected, 6000);
    CHECK_OK(kaa_gc_read_statistics(ctx, &after, &t->err));
    CHECK_EQ(after.collections[KAA_GC_FULL],
             before.collections[KAA_GC_FULL] + 1);
}

KAA_TEST(references_move_between_slices)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *a = NEW(node_new(t, PLAIN, 1));
    kaa_object *b = NEW(node_new(t, PLAIN, 2));
    kaa_object *moved = NEW(node_new(t, PLAIN, 3));
    uint64_t live;
    kaa_gc *gc;

    (void)ctx;
    if (kaa_test_is_collect_run())
        SKIP("collects at each allocation");
    live = live_now();
    for (int phase = KAA_GC__ADDING; phase <= KAA_GC__JUDGING; phase++) {
        set_left(a, moved);
        if (phase == KAA_GC__ADDING)
            DROP(moved);
        gc = begin(t);
        go_on(gc, (kaa_gc__phase)phase, 1);
        /* No count falls on the way. */
        node_of(b)->left = node_of(a)->left;
        node_of(a)->left = NULL;
        go_on(gc, KAA_GC__JUDGING + 1, 1);
        if (kaa_base__fault_happened())
            return;
        CHECK_EQ(live_now(), live);
        CHECK(node_of(b)->left == moved);
        CHECK_EQ(node_of(moved)->number, 3);
        set_left(a, moved);
        set_left(b, NULL);
    }
}

KAA_TEST(objects_die_and_come_between_slices)
{
    kaa_context *ctx = fresh_graph(t);
    enum { COUNT = 300 };
    static kaa_object *many[COUNT];
    kaa_gc *gc;
    uint64_t live;

    (void)ctx;
    if (kaa_test_is_collect_run())
        SKIP("collects at each allocation");
    live = live_now();
    for (int phase = KAA_GC__ADDING; phase <= KAA_GC__JUDGING; phase++) {
        int count = kaa_test_is_fault_run() ? 20 : COUNT;

        for (int i = 0; i < count; i++)
            many[i] = NEW(node_new(t, (node_kind)(i % 4), i));
        for (int i = 0; i < count; i++)
            set_left(many[i], many[(i + 1) % count]);
        gc = begin(t);
        go_on(gc, (kaa_gc__phase)phase, 30);
        for (int i = 0; i < count; i++)
            set_left(many[i], NULL);
        for (int i = 0; i < count; i++)
            DROP(many[i]);
        /* The blocks are used again. */
        for (int i = 0; i < count; i++) {
            many[i] = NEW(node_new(t, (node_kind)(i % 4), i));
            set_right(many[i], many[i]);
        }
        go_on(gc, KAA_GC__JUDGING + 1, 30);
        for (int i = 0; i < count; i++) {
            CHECK_EQ(node_of(many[i])->number, i);
            DROP(many[i]);
        }
        (void)collect_now(t, KAA_GC_FULL);
        CHECK_EQ(live_now(), live);
    }
}

/* Looked at in parts, while it shrinks and grows. */
KAA_TEST(long_lists)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    kaa_object *item = NEW(node_new(t, PLAIN, 5));
    uint64_t live = live_now();
    kaa_gc *gc;

    if (kaa_test_is_collect_run() || kaa_test_is_fault_run())
        SKIP("takes long");
    for (int turn = 0; turn < 4; turn++) {
        for (int i = 0; i < 100000; i++)
            CHECK_ZERO(kaa_list_append(ctx, list, item));
        gc = begin(t);
        go_on(gc, turn % 2 ? KAA_GC__COUNTING : KAA_GC__MARKING, 50);
        for (int i = 0; i < 5 && gc->full.long_object == NULL; i++)
            kaa_gc__full_slice(ctx, 50);
        CHECK(gc->full.long_object == list);
        CHECK(gc->full.long_at < 100000);
        if (turn >= 2)
            CHECK_ZERO(kaa_list_set_slice(ctx, list, 0, 99000, NULL));
        go_on(gc, KAA_GC__JUDGING + 1, 50);
        CHECK_EQ(live_now(), live);
        CHECK_EQ(kaa_list_size(ctx, list), turn >= 2 ? 1000 : 100000);
        CHECK_REF(item, turn >= 2 ? 1001 : 100001);
        CHECK_ZERO(kaa_list_set_slice(ctx, list, 0, 100000, NULL));
    }
    /* It dies half-way. */
    for (int i = 0; i < 100000; i++)
        CHECK_ZERO(kaa_list_append(ctx, list, item));
    gc = begin(t);
    while (gc->full.long_object == NULL)
        kaa_gc__full_slice(ctx, 50);
    DROP(list);
    CHECK(gc->full.long_object == NULL);
    go_on(gc, KAA_GC__JUDGING + 1, 50);
    CHECK_EQ(live_now(), live - 1);
    CHECK_REF(item, 1);
}

/* References are counted part by part, too: it is garbage, and all it holds. */
KAA_TEST(a_long_list_in_a_cycle)
{
    enum { COUNT = 20000 };
    kaa_context *ctx = fresh_graph(t);
    uint64_t live = live_now();
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    if (kaa_test_is_collect_run() || kaa_test_is_fault_run())
        SKIP("takes long");
    for (int i = 0; i < COUNT; i++) {
        kaa_object *item = node_new(t, PLAIN, i);

        CHECK(item != NULL);
        set_left(item, list);
        CHECK_ZERO(kaa_list_append(ctx, list, item));
        kaa_decref(ctx, item);
    }
    DROP(list);
    CHECK_EQ(live_now(), live + COUNT + 1);
    go_on(begin(t), KAA_GC__JUDGING + 1, 50);
    CHECK_EQ(live_now(), live);
}

/* An object that is the only one of its arena goes, arena and all. */
KAA_TEST(very_large_objects_die_between_slices)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *item = NEW(node_new(t, PLAIN, 1));
    kaa_object **items;
    kaa_gc *gc;

    if (kaa_test_is_collect_run() || kaa_test_is_fault_run())
        SKIP("takes long");
    items = malloc(OWN_ARENA_ITEMS * sizeof(kaa_object *));
    if (items == NULL)
        SKIP("no memory for it");
    for (size_t i = 0; i < OWN_ARENA_ITEMS; i++)
        items[i] = i == 7 ? item : kaa_builtin(ctx, KAA_NONE);
    for (int phase = KAA_GC__ADDING; phase <= KAA_GC__JUDGING; phase++) {
        kaa_object *tuple = kaa_tuple_from_array(ctx, items, OWN_ARENA_ITEMS);

        if (tuple == NULL)
            break;
        gc = begin(t);
        go_on(gc, (kaa_gc__phase)phase, 20);
        kaa_decref(ctx, tuple);
        go_on(gc, KAA_GC__JUDGING + 1, 20);
        CHECK_REF(item, 1);
        /* And as garbage. */
        tuple = kaa_tuple_from_array(ctx, items, OWN_ARENA_ITEMS);
        if (tuple == NULL)
            break;
        set_left(item, tuple);
        kaa_decref(ctx, tuple);
        (void)collect_now(t, KAA_GC_FULL);
        CHECK_REF(item, 2);
        set_left(item, NULL);
        CHECK_REF(item, 1);
    }
    free(items);
}

KAA_TEST(young_collections_go_on_meanwhile)
{
    kaa_context *ctx = fresh_graph(t);
    uint64_t live;
    kaa_gc *gc;

    (void)ctx;
    if (kaa_test_is_collect_run())
        SKIP("collects at each allocation");
    for (int i = 0; i < 5000 && !kaa_test_is_fault_run(); i++)
        make_pair(t, PLAIN, PLAIN);
    live = live_now();
    gc = begin(t);
    go_on(gc, KAA_GC__MARKING, 100);
    /* More than the free blocks of the pages that are being looked at. */
    for (int i = 0; i < 5000 && !kaa_test_is_fault_run(); i++)
        make_pair(t, PLAIN, OWN);
    if (!kaa_test_is_fault_run())
        CHECK(collect_now(t, KAA_GC_YOUNG).collected > 5000);
    CHECK(gc->phase != KAA_GC__IDLE || kaa_base__fault_happened());
    go_on(gc, KAA_GC__JUDGING + 1, 100);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK(live_now() + 9990 <= live || kaa_test_is_fault_run());
}
