/* native.c - a C program with objects of its own: a runtime, without Python.
 *
 * Two threads share a runtime and build one graph: nodes, instances of a type
 * of this program's, each with a list of neighbours. Every node is a neighbour
 * of its neighbours, so when the program lets the graph go no count becomes 0:
 * the collector finds it.
 *
 * Prints:
 *   2000 nodes, a cycle of the first:
 *   Node --edges--> list --[0]--> Node --edges--> list --[0]--> Node
 *   4001 containers more than at the beginning
 *   3 threads, at least 20 releases of the lock
 *   the collector found 4000 objects, 0 containers are left
 *   the heap has as many objects as at the beginning
 *   nothing leaks
 */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#define NODES 1000 /* of each thread */

/* The data of a node. The member below says that it owns the list. */
typedef struct node {
    kaa_object *edges;
    int64_t number;
} node;

static const kaa_member node_members[] = {
    {"edges", KAA_MEMBER_OBJECT, KAA_READONLY, offsetof(node, edges),
     "The neighbours."},
    {"number", KAA_MEMBER_INT64, 0, offsetof(node, number), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec node_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "Node",
    .doc = "A node of a graph.",
    .data_bytes = sizeof(node),
    .members = node_members,
};

static kaa_runtime *runtime;
static kaa_object *node_type, *nodes; /* `nodes` is a list of all of them */

/* A node without neighbours; NULL with an exception pending. */
static kaa_object *
new_node(kaa_context *ctx, int64_t number)
{
    kaa_object *self = kaa_instance_new(ctx, node_type);
    node *own;

    if (self == NULL)
        return NULL;
    own = kaa_data(ctx, self);
    own->number = number;
    own->edges = kaa_list_new(ctx, 0);
    if (own->edges == NULL)
        KAA_CLEAR(ctx, self);
    return self;
}

/* Each becomes a neighbour of the other. */
static int
join(kaa_context *ctx, kaa_object *one, kaa_object *other)
{
    node *left = kaa_data(ctx, one), *right = kaa_data(ctx, other);

    if (kaa_list_append(ctx, left->edges, other) != 0)
        return -1;
    return kaa_list_append(ctx, right->edges, one);
}

/* Adds a node, and joins it to the one that was added last, by whichever
 * thread. The GIL is held throughout, so nobody comes in between. */
static int
add_node(kaa_context *ctx, int64_t number)
{
    kaa_object *self = new_node(ctx, number), *last = NULL;
    ptrdiff_t count = kaa_list_size(ctx, nodes);
    int failed = self == NULL;

    if (!failed && count > 0) {
        last = kaa_list_get(ctx, nodes, count - 1);
        failed = last == NULL || join(ctx, self, last) != 0;
    }
    if (!failed)
        failed = kaa_list_append(ctx, nodes, self) != 0;
    kaa_decref(ctx, last);
    kaa_decref(ctx, self);
    return failed ? -1 : 0;
}

static void *
build(void *first)
{
    kaa_context *ctx;
    kaa_error err = {0};

    if (kaa_runtime_attach(runtime, first, &ctx, &err) != KAA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return first;
    }
    for (int64_t i = 0; i < NODES; i++) {
        if (add_node(ctx, i) != 0 || kaa_poll(ctx) != 0) {
            kaa_error_print(ctx);
            break;
        }
        if (i % 100 == 0) { /* something that takes long, without objects */
            KAA_ALLOW_THREADS_BEGIN(ctx)
            KAA_ALLOW_THREADS_END(ctx)
        }
    }
    kaa_runtime_detach(ctx);
    return NULL;
}

static uint64_t
containers(kaa_context *ctx)
{
    kaa_gc_statistics figures = {.size = sizeof(figures)};

    return kaa_gc_read_statistics(ctx, &figures, NULL) == KAA_OK
               ? figures.tracked
               : 0;
}

static uint64_t
objects(void)
{
    kaa_heap_statistics figures = {.size = sizeof(figures)};

    if (kaa_heap_read_statistics(kaa_runtime_heap(runtime), &figures, NULL) !=
        KAA_OK)
        return 0;
    return figures.kinds[KAA_HEAP_OBJECT_TRACKED].blocks_live +
           figures.kinds[KAA_HEAP_OBJECT_PLAIN].blocks_live;
}

static int
print_cycle(kaa_context *ctx)
{
    kaa_object *first = kaa_list_get(ctx, nodes, 0);
    char text[400] = "";

    if (first != NULL)
        kaa_gc_cycle_text(ctx, first, text, sizeof(text));
    kaa_decref(ctx, first);
    printf("%td nodes, a cycle of the first:\n%s\n", kaa_list_size(ctx, nodes),
           text);
    return text[0] != '\0' ? 0 : -1;
}

static void
print_lock(void)
{
    kaa_gil_statistics figures = {.size = sizeof(figures)};

    if (kaa_gil_read_statistics(kaa_runtime_gil(runtime), &figures, NULL) ==
            KAA_OK &&
        figures.voluntary >= 20)
        printf("%u threads, at least 20 releases of the lock\n",
               figures.threads + 2); /* two have gone */
}

/* Builds the graph, lets it go, and looks at what that does. */
static int
run(kaa_context *ctx)
{
    static char names[2][6] = {"one", "two"};
    kaa_gc_collection story = {.size = sizeof(story)};
    uint64_t containers_before = containers(ctx), objects_before = objects();
    pthread_t ids[2];

    nodes = kaa_list_new(ctx, 0);
    if (nodes == NULL)
        return -1;
    KAA_ALLOW_THREADS_BEGIN(ctx)
    for (int i = 0; i < 2; i++)
        if (pthread_create(&ids[i], NULL, build, names[i]) != 0)
            return -1;
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    KAA_ALLOW_THREADS_END(ctx)
    if (print_cycle(ctx) != 0)
        return -1;
    printf("%llu containers more than at the beginning\n",
           (unsigned long long)(containers(ctx) - containers_before));
    print_lock();

    KAA_CLEAR(ctx, nodes);
    if (kaa_gc_collect(ctx, KAA_GC_FULL, &story, NULL) != KAA_OK)
        return -1;
    printf("the collector found %llu objects, %llu containers are left\n",
           (unsigned long long)story.collected,
           (unsigned long long)(containers(ctx) - containers_before));
    if (objects() == objects_before)
        puts("the heap has as many objects as at the beginning");
    return 0;
}

int
main(void)
{
    kaa_runtime_report report = {.size = sizeof(report)};
    kaa_context *ctx = NULL;
    kaa_error err = {0};
    int failed;

    if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "main", &ctx, &err) != KAA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    node_type = kaa_type_new(ctx, &node_spec, NULL, NULL);
    failed = node_type == NULL || run(ctx) != 0;
    if (kaa_error_occurred(ctx))
        kaa_error_print(ctx);
    kaa_decref(ctx, node_type);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, &report, &err) != KAA_OK)
        return 1;
    if (report.objects == 0)
        puts("nothing leaks");
    return failed;
}
