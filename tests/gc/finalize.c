/* Finalisers and weak references of what is garbage: PEP 442's order. */
#include "gc/help.h"

static kaa_object *saved; /* a reference of the test's */
static int seen_intact, times;

static void
kaa_test__undo_quiet(void *subject)
{
    kaa_object *held = saved;

    on_finalize = NULL;
    saved = subject; /* nobody saves himself any more */
    kaa_decref(help.ctx, held);
}

/* fresh_graph(), and the finalisers do nothing more once the test has ended. */
static kaa_context *
fresh_quiet(kaa_test *t)
{
    kaa_context *ctx = fresh_graph(t);

    saved = NULL;
    seen_intact = times = 0;
    DEFER(t, quiet, &times);
    return ctx;
}

static void
drop_saved(void)
{
    kaa_object *held = saved;

    saved = (kaa_object *)(void *)&times; /* none is to be saved again */
    kaa_decref(help.ctx, held);
    saved = NULL;
}

static void
look_around(kaa_context *ctx, kaa_object *self)
{
    node *data = node_of(self);

    (void)ctx;
    times++;
    /* The others are still there, whichever was finalised first. */
    seen_intact += data->left != NULL && node_of(data->left)->left == self;
}

KAA_TEST(finalizers_see_all_intact)
{
    kaa_context *ctx = fresh_quiet(t);
    uint64_t live = live_now();

    (void)ctx;
    on_finalize = look_around;
    make_pair(t, FINAL, FINAL);
    make_pair(t, FINAL, OWN);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(times, 3);
    CHECK_EQ(seen_intact, 3);
    CHECK_EQ(live_now(), live);
}

static void
save_self(kaa_context *ctx, kaa_object *self)
{
    if (saved == NULL)
        saved = kaa_incref(ctx, self);
}

KAA_TEST(what_is_resurrected_lives_with_all_it_holds)
{
    kaa_object *a = (fresh_quiet(t), NEW(node_new(t, FINAL, 1)));
    kaa_object *b = NEW(node_new(t, PLAIN, 2));
    kaa_object *c = NEW(node_new(t, OWN, 3));
    uint64_t live = live_now();
    kaa_gc_collection summary;

    on_finalize = save_self;
    set_left(a, b);
    set_left(b, c);
    set_left(c, a);
    make_pair(t, PLAIN, PLAIN);
    if (!kaa_test_is_collect_run())
        live += 2;
    DROP(b);
    DROP(c);
    DROP(a);
    summary = collect_now(t, KAA_GC_FULL);
    CHECK(saved == a);
    CHECK_EQ(nodes_finalized, 1);
    if (!kaa_test_is_collect_run()) {
        CHECK_EQ(summary.finalized, 1);
        CHECK_EQ(summary.resurrected, 3);
        CHECK_EQ(summary.collected, 2);
        CHECK_EQ(live_now(), live - 2);
    }
    CHECK_EQ(node_of(node_of(node_of(a)->left)->left)->number, 3);
    CHECK_REF(a, 2);
    on_finalize = NULL;
    drop_saved();
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(nodes_finalized, 1); /* once in its life */
    CHECK_EQ(nodes_destroyed, 1);
}

static void
break_up(kaa_context *ctx, kaa_object *self)
{
    kaa_object *other = node_of(self)->left;

    node_of(self)->left = NULL;
    kaa_decref(ctx, other);
}

/* The set shrinks while it is finalised. */
KAA_TEST(finalizers_may_break_the_cycle)
{
    kaa_context *ctx = fresh_quiet(t);
    uint64_t live = live_now();
    kaa_gc_collection summary;

    (void)ctx;
    on_finalize = break_up;
    for (int i = 0; i < 20; i++) {
        make_pair(t, FINAL, FINAL);
        make_pair(t, FINAL, OWN);
        make_pair(t, PLAIN, FINAL);
    }
    summary = collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
    if (!kaa_test_is_collect_run()) {
        CHECK_EQ(summary.collected, 120);
        CHECK_EQ(summary.resurrected, 0);
    }
}

static void
make_garbage(kaa_context *ctx, kaa_object *self)
{
    kaa_object *more;

    (void)self;
    if (times++ >= 30)
        return;
    more = kaa_instance_new(ctx, node_types[FINAL]);
    if (more == NULL)
        kaa_error_clear(ctx);
    else
        node_of(more)->left = more; /* its only reference */
}

/* Each makes another: it waits for the next collection. */
KAA_TEST(finalizers_may_make_garbage)
{
    kaa_context *ctx = fresh_quiet(t);
    uint64_t live = live_now();

    (void)ctx;
    on_finalize = make_garbage;
    make_pair(t, FINAL, FINAL);
    for (int i = 0; i < 60; i++)
        (void)collect_now(t, KAA_GC_FULL);
    on_finalize = NULL;
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
}

static void
raise_error(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    (void)kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "in a finaliser");
}

static void
count_text(const char *text, void *user)
{
    (void)user;
    times += strstr(text, "in a finaliser") != NULL;
}

KAA_TEST(errors_of_finalizers_are_told_and_pending_ones_kept)
{
    kaa_context *ctx = fresh_quiet(t);

    help.runtime->unraisable = count_text;
    on_finalize = raise_error;
    make_pair(t, FINAL, FINAL);
    if (kaa_test_is_collect_run())
        (void)collect_now(t, KAA_GC_FULL);
    kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "pending");
    CHECK_OK(kaa_gc_collect(ctx, KAA_GC_FULL, NULL, &t->err));
    CHECK_RAISES(kaa_error_occurred(ctx), KAA_KEY_ERROR, "pending");
    if (!kaa_test_is_fault_run())
        CHECK_EQ(times, 2);
}

/* ---- Weak references */

static kaa_object *
called(kaa_context *ctx, kaa_object *self, kaa_object *weakref)
{
    kaa_object *object = NULL;

    (void)self;
    times++;
    if (kaa_weakref_get(ctx, weakref, &object) == 0)
        seen_intact++;
    kaa_decref(ctx, object);
    return kaa_none(ctx);
}

static const kaa_method method = {
    "called", KAA_ANY_FUNCTION(called), KAA_ONE, 0, NULL, NULL};

KAA_TEST(weak_references_outside_are_called_back)
{
    kaa_context *ctx = fresh_quiet(t);
    kaa_object *function = NEW(kaa_function_new(ctx, &method, NULL, NULL));
    kaa_object *a = NEW(node_new(t, PLAIN, 1));
    kaa_object *b = NEW(node_new(t, OWN, 2));
    kaa_object *outer = NEW(kaa_weakref_new(ctx, a, function));
    kaa_object *inner, *object;

    set_left(a, b);
    set_left(b, a);
    /* Garbage itself: never called. */
    inner = NEW(kaa_weakref_new(ctx, b, function));
    set_right(a, inner);
    DROP(inner);
    DROP(a);
    DROP(b);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(times, 1);
    CHECK_EQ(seen_intact, 1);
    CHECK_EQ(kaa_weakref_get(ctx, outer, &object), 0);
    CHECK_EQ(nodes_destroyed, 1);
}

static kaa_object *weak_self;

static void
revive_by_weak(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kaa_weakref_get(ctx, weak_self, &saved) == 1)
        times++;
}

/* Weak references are cleared after the finalisers: one of those may still use
 * them. */
KAA_TEST(finalizers_may_use_weak_references)
{
    kaa_context *ctx = fresh_quiet(t);
    kaa_object *a = NEW(node_new(t, FINAL, 1));
    kaa_object *b = NEW(node_new(t, PLAIN, 2));
    kaa_object *object = NULL;

    weak_self = NEW(kaa_weakref_new(ctx, b, NULL));
    on_finalize = revive_by_weak;
    set_left(a, b);
    set_left(b, a);
    DROP(a);
    DROP(b);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(times, 1);
    CHECK(saved == b);
    CHECK_EQ(kaa_weakref_get(ctx, weak_self, &object), 1);
    (void)HOLD(object);
    kaa_decref(ctx, object);
    CHECK(object == b);
    DROP(b);
    drop_saved();
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(kaa_weakref_get(ctx, weak_self, &object), 0);
}

/* ---- destroy() and clear() are programs too */

typedef struct saver {
    kaa_object *left;
} saver;

static int
saver_traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((saver *)data)->left);
    return 0;
}

static void
saver_clear(kaa_context *ctx, void *data)
{
    kaa_object *left = ((saver *)data)->left;

    if (left != NULL && saved == NULL)
        saved = kaa_incref(ctx, left);
    KAA_CLEAR(ctx, ((saver *)data)->left);
}

static void
saver_destroy(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((saver *)data)->left);
}

static const kaa_type_spec saver_spec = {.size = sizeof(saver_spec),
                                         .name = "test.Saver",
                                         .data_bytes = sizeof(saver),
                                         .traverse = saver_traverse,
                                         .clear = saver_clear,
                                         .destroy = saver_destroy};

/* A clear() that hands out part of the garbage: that part must not be freed. */
KAA_TEST(clear_may_save_others)
{
    kaa_context *ctx = fresh_quiet(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &saver_spec, NULL, NULL));
    kaa_object *s = NEW(kaa_instance_new(ctx, type));
    kaa_object *a = NEW(node_new(t, PLAIN, 7));
    kaa_object *b = NEW(node_new(t, PLAIN, 8));

    ((saver *)kaa_data(ctx, s))->left = kaa_incref(ctx, a);
    set_left(a, b);
    set_left(b, a);
    set_right(b, s);
    DROP(a);
    DROP(b);
    DROP(s);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK(saved == a);
    CHECK_EQ(node_of(a)->number, 7);
    CHECK_EQ(node_of(node_of(a)->left)->number, 8);
    CHECK_EQ(node_of(b)->left == a, 1);
}

/* A type that only its instances hold is garbage with them. */
KAA_TEST(types_end_with_their_instances)
{
    kaa_context *ctx = fresh_quiet(t);
    uint64_t live;

    (void)collect_now(t, KAA_GC_FULL);
    live = live_now();
    for (int kind = 0; kind < NODE_KINDS; kind++) {
        kaa_object *type =
            NEW(kaa_type_new(ctx, &node_specs[kind], NULL, NULL));
        kaa_object *a = NEW(kaa_instance_new(ctx, type));
        kaa_object *b = NEW(kaa_instance_new(ctx, type));

        set_left(a, b);
        set_left(b, a);
        set_right(a, type);
        DROP(type);
        DROP(a);
        DROP(b);
    }
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
}

static void
collect_within(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    times++;
    if (kaa_gc_collect(ctx, KAA_GC_FULL, NULL, NULL) == KAA_OK)
        seen_intact++;
}

/* Those that wait for their end are passed over, and what they hold lives. */
KAA_TEST(finalizers_may_collect_while_others_wait_to_die)
{
    kaa_context *ctx = fresh_quiet(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    kaa_object *held = NEW(node_new(t, PLAIN, 9));

    for (int i = 0; i < 30; i++) {
        kaa_object *one = NEW(node_new(t, (node_kind)(i % NODE_KINDS), i));

        set_left(one, held);
        CHECK_ZERO(kaa_list_append(ctx, list, one));
        DROP(one);
    }
    on_finalize = collect_within;
    CHECK_REF(held, 31);
    DROP(list);
    CHECK_REF(held, 1);
    CHECK_EQ(node_of(held)->number, 9);
    CHECK_EQ(times, 7);
    CHECK(seen_intact > 0 || kaa_test_is_fault_run());
}
