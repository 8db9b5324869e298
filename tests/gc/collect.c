/* Full collections: what goes and what stays. */
#include "gc/help.h"

KAA_TEST(pairs_of_every_kind_are_freed)
{
    kaa_context *ctx = fresh_graph(t);
    uint64_t live = live_now();
    kaa_gc_collection summary;

    (void)ctx;
    for (int first = 0; first < NODE_KINDS; first++)
        for (int second = 0; second < NODE_KINDS; second++)
            make_pair(t, (node_kind)first, (node_kind)second);
    if (!kaa_test_is_collect_run())
        CHECK_EQ(live_now(), live + 2 * NODE_KINDS * NODE_KINDS);
    summary = collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
    if (!kaa_test_is_collect_run()) {
        CHECK_EQ(summary.collected, 2 * NODE_KINDS * NODE_KINDS);
        CHECK(summary.bytes_freed >= summary.collected * (sizeof(node) + 16));
    }
    CHECK_EQ(nodes_destroyed, 4 * NODE_KINDS);
    CHECK_EQ(nodes_finalized, 2 * NODE_KINDS);
}

/* What was taken from the end of a list that then is garbage may still stand
 * behind its last item. */
KAA_TEST(lists_end_with_their_last_item)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    kaa_object *taken;

    for (int i = 0; i < 4; i++) {
        kaa_object *item = NEW(node_new(t, OWN, i));

        CHECK_ZERO(kaa_list_append(ctx, list, item));
        DROP(item);
    }
    CHECK_ZERO(kaa_list_insert(ctx, list, 0, list));
    taken = NEW(kaa_list_pop(ctx, list, -1));
    DROP(list);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(nodes_destroyed, 3);
    CHECK_EQ(node_of(taken)->number, 3);
    DROP(taken);
    CHECK_EQ(nodes_destroyed, 4);
}

KAA_TEST(what_is_held_stays)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *root = NEW(node_new(t, PLAIN, 0));
    kaa_object *last = root;
    uint64_t live;

    for (int i = 1; i < 100; i++) {
        kaa_object *next = NEW(node_new(t, (node_kind)(i % NODE_KINDS), i));

        set_left(last, next);
        set_right(next, root);
        last = next;
        DROP(next);
    }
    live = live_now();
    CHECK_INT(kaa_collect(ctx), 0);
    CHECK_EQ(live_now(), live);
    last = root;
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(node_of(last)->number, i);
        last = node_of(last)->left;
    }
    DROP(root);
    if (!kaa_test_is_collect_run())
        CHECK_INT(kaa_collect(ctx), 100);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live - 100);
}

KAA_TEST(references_to_the_living_are_given_up)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *held = NEW(node_new(t, PLAIN, 0));
    uint64_t live;

    (void)collect_now(t, KAA_GC_FULL);
    live = live_now();
    for (int kind = 0; kind < NODE_KINDS; kind++) {
        kaa_object *a = NEW(node_new(t, (node_kind)kind, 1));
        kaa_object *only = NEW(node_new(t, OWN, 2));

        set_left(a, a);
        set_right(a, held);
        set_left(held, only); /* `only` dies with the next turn */
        DROP(only);
        DROP(a);
        (void)collect_now(t, KAA_GC_FULL);
        CHECK_REF(held, 1);
    }
    set_left(held, NULL);
    (void)ctx;
    CHECK_EQ(live_now(), live);
}

KAA_TEST(what_only_garbage_held_ends_with_it)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *outer = NEW(node_new(t, FINAL, 1));
    kaa_object *inner = NEW(node_new(t, OWN, 2));
    uint64_t live;

    /* `inner` is no longer looked at, so to the young set it lives. */
    (void)collect_now(t, KAA_GC_FULL);
    live = live_now();
    for (int kind = 0; kind < NODE_KINDS; kind++) {
        kaa_object *a = NEW(node_new(t, (node_kind)kind, 3));

        set_left(a, a);
        if (kind == 0)
            set_right(a, outer);
        else
            set_right(a, inner);
        DROP(a);
    }
    DROP(outer);
    DROP(inner);
    (void)collect_now(t, KAA_GC_YOUNG);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live - 2);
    (void)ctx;
}

KAA_TEST(wrong_calls_are_refused)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_gc_collection summary = {.size = 2};

    CHECK_STATUS(kaa_gc_collect(NULL, KAA_GC_FULL, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gc_collect(ctx, 2, NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gc_collect(ctx, KAA_GC_FULL, &summary, &t->err),
                 KAA_INVALID_ARGUMENT);
    summary.size = offsetof(kaa_gc_collection, candidates);
    CHECK_OK(kaa_gc_collect(ctx, KAA_GC_FULL, &summary, &t->err));
    CHECK_EQ(summary.generation, KAA_GC_FULL);
    CHECK_EQ(summary.candidates, 0);
}

/* Held at one end; found forwards in memory, and backwards, where the scan has
 * been already. */
static void
check_chain(kaa_test *t, int is_backwards)
{
    enum { LENGTH = 5000 };
    static kaa_object *chain[LENGTH];
    int length =
        kaa_test_is_collect_run() || kaa_test_is_fault_run() ? 50 : LENGTH;
    kaa_object *end;
    uint64_t live;

    for (int i = 0; i < length; i++)
        chain[i] = NEW(node_new(t, (node_kind)(i % 3), i));
    for (int i = 1; i < length; i++)
        if (is_backwards)
            set_left(chain[i], chain[i - 1]);
        else
            set_left(chain[i - 1], chain[i]);
    end = chain[is_backwards ? length - 1 : 0];
    for (int i = length; i-- > 0;)
        if (chain[i] != end)
            DROP(chain[i]);
    live = live_now();
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
    for (int i = 0; i < length; i++)
        CHECK_EQ(node_of(chain[i])->number, i);
    set_right(chain[is_backwards ? 0 : length - 1], end);
    DROP(end);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live - (uint64_t)length);
}

KAA_TEST(chains_that_lead_backwards)
{
    (void)fresh_graph(t);
    check_chain(t, 1);
}

KAA_TEST(chains_that_lead_forwards)
{
    (void)fresh_graph(t);
    check_chain(t, 0);
}

/* An allocation that fails is tried again after a collection. */
KAA_TEST(garbage_makes_room_where_memory_is_short)
{
    kaa_context *ctx = fresh_graph_with(t, 0);
    uint64_t live = live_now(), made = 0;
    kaa_object *chain = NULL;

    if (kaa_test_is_collect_run() || kaa_test_is_fault_run())
        SKIP("sets the fault itself");
    for (int i = 0; i < 10; i++)
        make_pair(t, PLAIN, PLAIN);
    kaa_base__fault_set(1);
    for (; made < 100000 && !kaa_base__fault_happened(); made++) {
        kaa_object *next = node_new(t, PLAIN, 1);

        CHECK(next != NULL);
        if (chain != NULL) {
            set_left(next, chain);
            kaa_decref(ctx, chain);
        }
        chain = next;
    }
    CHECK(kaa_base__fault_happened());
    kaa_base__fault_set(0);
    CHECK_EQ(live_now(), live + made);
    kaa_decref(ctx, chain);
}

/* A comb whose spine is followed first: its teeth are all to be remembered, and
 * where there is no room they are looked for again. */
KAA_TEST(what_cannot_be_remembered_is_found_again)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *spine = NEW(node_new(t, PLAIN, 0));
    uint64_t live;

    kaa_gc__of(ctx)->young.stack_max = 1;
    for (int i = 1; i <= 100; i++) {
        kaa_object *point = NEW(node_new(t, PLAIN, -i));
        kaa_object *tooth = NEW(node_new(t, PLAIN, -i));
        kaa_object *next = NEW(node_new(t, PLAIN, i));

        set_left(tooth, point);
        set_left(next, tooth);
        set_right(next, spine);
        DROP(point);
        DROP(tooth);
        DROP(spine);
        spine = next;
    }
    live = live_now();
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
    for (int i = 100; i > 0; i--) {
        CHECK_EQ(node_of(spine)->number, i);
        CHECK_EQ(node_of(node_of(node_of(spine)->left)->left)->number, -i);
        spine = node_of(spine)->right;
    }
}
