/* gc/stress.c - random changes to a graph, against a shadow of it.
 *
 * The shadow knows who refers to whom and what the test holds. At any time what
 * it can reach must be there, unharmed; after a full collection nothing else
 * may be. Objects are nodes of all kinds and lists; finalisers bring some back
 * to life; weak references come and go, some with a callback.
 *
 * Seconds here; KAA_TEST_LONG=10 makes it ten times as long.
 */
#include "gc/help.h"

#define OBJECTS 600
#define EDGES 4
#define LIST NODE_KINDS /* a kind of shadow alone */
#define NOBODY (-1)

typedef struct shadow {
    kaa_object *object; /* valid while reachable */
    kaa_object *weak;   /* held, or NULL */
    int kind;
    int is_used; /* the object exists, or may */
    int roots;   /* references of the test */
    int edges[EDGES];
    int finalized;
    int is_reached, is_seen;
    int called_back;
} shadow;

static shadow shadows[OBJECTS];
static kaa_test_random rng;
static int resurrections;
static int broken; /* finalisers and callbacks cannot fail the test */

static kaa_object *
weak_called(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *object;

    (void)self;
    if (kaa_weakref_get(ctx, argument, &object) != 0)
        broken = __LINE__; /* called back while it lives */
    for (int i = 0; i < OBJECTS; i++)
        if (shadows[i].weak == argument && shadows[i].called_back++)
            broken = __LINE__;
    return kaa_none(ctx);
}

static const kaa_method weak_method = {
    "called", KAA_ANY_FUNCTION(weak_called), KAA_ONE, 0, NULL, NULL};
static kaa_object *weak_callback;

/* ---- The shadow's own view */

static void
reach_from_roots(void)
{
    static int queue[OBJECTS];
    int count = 0;

    for (int i = 0; i < OBJECTS; i++) {
        shadows[i].is_reached = shadows[i].is_used && shadows[i].roots > 0;
        if (shadows[i].is_reached)
            queue[count++] = i;
    }
    for (int at = 0; at < count; at++)
        for (int k = 0; k < EDGES; k++) {
            int to = shadows[queue[at]].edges[k];

            if (to != NOBODY && !shadows[to].is_reached) {
                shadows[to].is_reached = 1;
                queue[count++] = to;
            }
        }
}

static kaa_object *
edge_of(const shadow *from, int k)
{
    node *data;

    if (from->kind == LIST) {
        kaa_object *item = kaa_list_get(help.ctx, from->object, k + 1);

        kaa_decref(help.ctx, item);
        return kaa_is_none(help.ctx, item) ? NULL : item;
    }
    data = node_of(from->object);
    return k == 0 ? data->left : data->right;
}

static int
edges_of(const shadow *from)
{
    return from->kind == LIST ? EDGES : 2;
}

static int
number_of(kaa_context *ctx, kaa_object *object)
{
    int64_t number = NOBODY;

    if (kaa_check_exact(ctx, object, KAA_LIST_TYPE)) {
        if (kaa_list_size(ctx, object) != EDGES + 1)
            return NOBODY;
        kaa_object *first = kaa_list_get(ctx, object, 0);

        if (kaa_int_as_int64(ctx, first, &number) != 0)
            kaa_error_clear(ctx);
        return (int)number;
    }
    for (int i = 0; i < NODE_KINDS; i++)
        if (object->type == (kaa_object__type *)(void *)node_types[i])
            return (int)node_of(object)->number;
    return NOBODY;
}

static void
check_reachable(kaa_test *t)
{
    reach_from_roots();
    CHECK_EQ(broken, 0);
    for (int i = 0; i < OBJECTS; i++) {
        const shadow *it = &shadows[i];

        if (!it->is_reached)
            continue;
        CHECK_EQ(number_of(help.ctx, it->object), i);
        for (int k = 0; k < edges_of(it); k++)
            CHECK_EQ((intptr_t)edge_of(it, k),
                     it->edges[k] == NOBODY
                         ? 0
                         : (intptr_t)shadows[it->edges[k]].object);
        if (it->weak != NULL) {
            kaa_object *object = NULL;

            CHECK_EQ(kaa_weakref_get(help.ctx, it->weak, &object), 1);
            CHECK_EQ((intptr_t)object, (intptr_t)it->object);
            kaa_decref(help.ctx, object);
        }
    }
}

static int
see(kaa_object *object, const char *type, size_t bytes, void *user)
{
    int number = number_of(user, object);

    (void)type, (void)bytes;
    if (number != NOBODY)
        shadows[number].is_seen++;
    return 0;
}

/* After a full collection: just what is reachable is there. */
static void
check_exact(kaa_test *t)
{
    check_reachable(t);
    for (int i = 0; i < OBJECTS; i++)
        shadows[i].is_seen = 0;
    kaa_gc_each_object(help.ctx, see, help.ctx);
    for (int i = 0; i < OBJECTS; i++) {
        shadow *it = &shadows[i];

        if (it->is_seen != it->is_reached)
            FAIL("object %d of kind %d: seen %d, reached %d", i, it->kind,
                 it->is_seen, it->is_reached);
        if (it->is_reached || !it->is_used)
            continue;
        if (it->kind == FINAL && it->finalized != 1)
            FAIL("object %d was finalised %d times", i, it->finalized);
        if (it->weak != NULL) {
            kaa_object *object;

            CHECK_EQ(kaa_weakref_get(help.ctx, it->weak, &object), 0);
            kaa_decref(help.ctx, it->weak);
        }
        *it = (shadow){.is_used = 0};
    }
}

/* ---- Changes */

static void
maybe_resurrect(kaa_context *ctx, kaa_object *self)
{
    shadow *it = &shadows[node_of(self)->number];

    if (it->object != self || it->finalized++ != 0)
        broken = __LINE__;
    if (kaa_test_below(&rng, 4) == 0) {
        kaa_incref(ctx, self);
        it->roots++;
        resurrections++;
    }
}

static void
set_edge(int from, int k, int to)
{
    shadow *it = &shadows[from];
    kaa_object *object = to == NOBODY ? NULL : shadows[to].object;

    it->edges[k] = to; /* first: what dies now may look */
    if (it->kind == LIST)
        (void)kaa_list_set(help.ctx, it->object, k + 1,
                           object != NULL ? object
                                          : kaa_builtin(help.ctx, KAA_NONE));
    else if (k == 0)
        set_left(it->object, object);
    else
        set_right(it->object, object);
}

static void
make(kaa_test *t, int i)
{
    kaa_context *ctx = help.ctx;
    int kind = (int)kaa_test_below(&rng, NODE_KINDS + 1);
    kaa_object *object;

    if (kind == LIST) {
        kaa_object *none = kaa_builtin(ctx, KAA_NONE);
        kaa_object *items[EDGES + 1] = {kaa_int(ctx, i), none, none, none,
                                        none};

        object = kaa_list_from_array(ctx, items, EDGES + 1);
    } else {
        object = node_new(t, (node_kind)kind, i);
    }
    CHECK(object != NULL);
    shadows[i] = (shadow){.object = object,
                          .kind = kind,
                          .is_used = 1,
                          .roots = 1,
                          .edges = {NOBODY, NOBODY, NOBODY, NOBODY}};
}

static void
drop_root(int i)
{
    shadows[i].roots--;
    kaa_decref(help.ctx, shadows[i].object);
}

/* A walk of some steps from a root; NOBODY if there is none. */
static int
wander(void)
{
    int i = (int)kaa_test_below(&rng, OBJECTS), steps;

    for (int tries = 0; !(shadows[i].is_used && shadows[i].roots > 0);
         tries++) {
        if (tries == OBJECTS)
            return NOBODY;
        i = (i + 1) % OBJECTS;
    }
    for (steps = (int)kaa_test_below(&rng, 6); steps > 0; steps--) {
        int to = shadows[i].edges[kaa_test_below(&rng, EDGES)];

        if (to != NOBODY)
            i = to;
    }
    return i;
}

static void
make_weak(kaa_test *t, int i)
{
    if (shadows[i].weak != NULL || shadows[i].kind == LIST)
        return;
    shadows[i].weak =
        kaa_weakref_new(help.ctx, shadows[i].object,
                        kaa_test_below(&rng, 2) ? weak_callback : NULL);
    CHECK(shadows[i].weak != NULL);
}

/* A reference got back from a weak one may be to garbage that waits. */
static void
use_weak(int i)
{
    kaa_object *object = NULL;

    if (!shadows[i].is_used || shadows[i].weak == NULL ||
        kaa_weakref_get(help.ctx, shadows[i].weak, &object) != 1)
        return;
    shadows[i].roots++;
}

static void
change(kaa_test *t)
{
    int from = wander(), to = wander();
    int i = (int)kaa_test_below(&rng, OBJECTS);

    switch (kaa_test_below(&rng, 10)) {
    case 0:
    case 1:
    case 2:
        if (!shadows[i].is_used)
            make(t, i);
        break;
    case 3:
    case 4:
        if (from != NOBODY)
            set_edge(
                from,
                (int)kaa_test_below(&rng, (uint64_t)edges_of(&shadows[from])),
                to);
        break;
    case 5:
        if (shadows[i].is_used && shadows[i].roots > 0 && from != NOBODY) {
            set_edge(from, 0, i);
            drop_root(i);
        }
        break;
    case 6:
    case 7:
        if (shadows[i].is_used && shadows[i].roots > 0)
            drop_root(i);
        break;
    case 8:
        if (from != NOBODY)
            make_weak(t, from);
        break;
    default:
        use_weak(i);
        break;
    }
}

/* ---- Runs */

typedef struct plan {
    uint32_t flags;
    uint32_t step_max;      /* of slices; 0: only explicit collections */
    uint64_t young_objects; /* 0: no collections by themselves */
    int freezes;
} plan;

static int
rounds(int usual)
{
    const char *factor = getenv("KAA_TEST_LONG");

    if (kaa_test_is_collect_run())
        return 3;
    return factor != NULL ? usual * atoi(factor) : usual;
}

static void
begin(kaa_test *t, const plan *how, uint64_t seed)
{
    kaa_gc_thresholds pace = {.size = sizeof(pace)};
    kaa_context *ctx = fresh_graph_with(
        t,
        how->flags | (how->young_objects == 0 ? KAA_RUNTIME_NO_COLLECTOR : 0));

    memset(shadows, 0, sizeof(shadows));
    rng.state = seed * 2 + 1;
    on_finalize = maybe_resurrect;
    broken = resurrections = 0;
    weak_callback = NEW(kaa_function_new(ctx, &weak_method, NULL, NULL));
    if (how->young_objects != 0) {
        pace.young_objects = how->young_objects;
        CHECK_OK(kaa_gc_set_thresholds(ctx, &pace, &t->err));
        kaa_gc__of(ctx)->step_max = how->step_max;
    }
}

static void
finish(kaa_test *t)
{
    for (int i = 0; i < OBJECTS; i++)
        while (shadows[i].is_used && shadows[i].roots > 0)
            drop_root(i);
    for (int i = 0; i < 50; i++) {
        (void)collect_now(t, KAA_GC_FULL);
        check_exact(t);
        for (int k = 0; k < OBJECTS; k++)
            while (shadows[k].is_used && shadows[k].roots > 0)
                drop_root(k);
    }
    for (int i = 0; i < OBJECTS; i++)
        CHECK_EQ(shadows[i].is_used, 0);
}

static void
stress(kaa_test *t, const plan *how, int usual)
{
    for (int seed = 0; seed < rounds(usual); seed++) {
        begin(t, how, (uint64_t)seed + 1);
        for (int i = 0; i < 40; i++) {
            for (int k = 0; k < 200; k++)
                change(t);
            check_reachable(t);
            if (kaa_test_below(&rng, 3) == 0)
                (void)collect_now(t, KAA_GC_YOUNG);
            check_reachable(t);
            if (how->freezes && kaa_test_below(&rng, 6) == 0)
                kaa_gc_freeze(help.ctx);
            if (kaa_test_below(&rng, 4) == 0) {
                kaa_gc_unfreeze(help.ctx);
                (void)collect_now(t, KAA_GC_FULL);
                check_exact(t);
            }
        }
        kaa_gc_unfreeze(help.ctx);
        finish(t);
        if (how->young_objects != 0 && !kaa_test_is_collect_run()) {
            kaa_gc_statistics sum = {.size = sizeof(sum)};

            CHECK_OK(kaa_gc_read_statistics(help.ctx, &sum, &t->err));
            CHECK(sum.collections[KAA_GC_YOUNG] > 10);
            CHECK(sum.collections[KAA_GC_FULL] > 10);
        }
        while (t->deferred_count > 0) {
            t->deferred_count--;
            t->deferred[t->deferred_count].undo(
                t->deferred[t->deferred_count].subject);
        }
    }
}

KAA_TEST(collections_when_asked_for)
{
    static const plan how = {0};

    stress(t, &how, 20);
}

KAA_TEST(collections_by_themselves)
{
    static const plan how = {.young_objects = 20};

    stress(t, &how, 20);
}

KAA_TEST(tiny_slices)
{
    for (uint32_t step = 1; step < 100; step = step * 3 + 1) {
        plan how = {.young_objects = 20, .step_max = step};

        stress(t, &how, 8);
    }
}

KAA_TEST(tiny_slices_and_freezing)
{
    for (uint32_t step = 5; step < 100; step = step * 4 + 1) {
        plan how = {.young_objects = 15, .step_max = step, .freezes = 1};

        stress(t, &how, 8);
    }
}

KAA_TEST(debug_heap)
{
    plan how = {
        .young_objects = 30, .step_max = 40, .flags = KAA_RUNTIME_DEBUG};

    stress(t, &how, 3);
}
