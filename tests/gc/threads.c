/* Threads that share a runtime, and its collector. */
#include "gc/help.h"

#include <pthread.h>

#define THREADS 3
#define TURNS 3000

static kaa_runtime *shared;
static kaa_object *shared_list;

static void
make_cycle(kaa_context *ctx, int number)
{
    kaa_object *a = kaa_instance_new(ctx, node_types[number % NODE_KINDS]);
    kaa_object *b = kaa_instance_new(ctx, node_types[PLAIN]);
    node *data = a != NULL && b != NULL ? kaa_data(ctx, a) : NULL;

    if (data != NULL) {
        data->left = kaa_incref(ctx, b);
        data = kaa_data(ctx, b);
        data->left = kaa_incref(ctx, a);
        data->number = number;
        if (number % 50 == 0 && kaa_list_append(ctx, shared_list, b) != 0)
            kaa_error_clear(ctx);
    }
    kaa_decref(ctx, a);
    kaa_decref(ctx, b);
}

static void *
work(void *argument)
{
    kaa_context *ctx = NULL;
    kaa_error err;

    if (kaa_runtime_attach(shared, "worker", &ctx, &err) != KAA_OK)
        return &shared;
    for (int i = 0; i < TURNS; i++) {
        make_cycle(ctx, i);
        if (kaa_poll(ctx) != 0)
            kaa_error_clear(ctx);
        if (i % 500 == 499)
            (void)kaa_collect(ctx);
    }
    kaa_runtime_detach(ctx);
    return argument;
}

/* Finalisers that let others run. */
static void
yield_within(kaa_context *ctx, kaa_object *self)
{
    void *begun = kaa_begin_allow_threads(ctx);

    (void)self;
    kaa_end_allow_threads(ctx, begun);
}

KAA_TEST(threads_make_garbage_together)
{
    kaa_context *ctx = fresh_graph_with(t, 0);
    kaa_gc_thresholds pace = {.size = sizeof(pace), .young_objects = 200};
    pthread_t threads[THREADS];
    void *result, *begun;

    if (kaa_test_is_collect_run())
        SKIP("takes long");
    on_finalize = yield_within;
    CHECK_OK(kaa_gc_set_thresholds(ctx, &pace, &t->err));
    kaa_gc__of(ctx)->step_max = 300;
    shared = help.runtime;
    shared_list = NEW(kaa_list_new(ctx, 0));
    begun = kaa_begin_allow_threads(ctx);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            abort();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        if (result != NULL)
            abort();
    }
    kaa_end_allow_threads(ctx, begun);
    CHECK_EQ(kaa_list_size(ctx, shared_list), THREADS * TURNS / 50);
    for (int i = 0; i < THREADS * TURNS / 50; i++) {
        kaa_object *b = NEW(kaa_list_get(ctx, shared_list, i));

        CHECK_EQ(node_of(b)->number % 50, 0);
        CHECK(node_of(node_of(b)->left)->left == b);
        DROP(b);
    }
    DROP(shared_list);
    (void)collect_now(t, KAA_GC_FULL);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK(live_now() < 200);
    on_finalize = NULL;
}
