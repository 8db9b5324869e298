/* gc/help.h - graphs for the tests of the collector.
 *
 * A node has two references and a number; nodes_alive counts those that have
 * not been destroyed. Its types:
 *
 *     PLAIN      members alone: freed from the collector's table
 *     OWN        references that traverse, clear and destroy know of
 *     BARE       as OWN, but without clear
 *     FINAL      members, and a finaliser, which calls on_finalize
 */
#ifndef KAA_TEST_GC_HELP_H
#define KAA_TEST_GC_HELP_H

#include <stddef.h>

#include <kaa/gc.h>

#include "gc/internal.h"
#include "object/help.h"

typedef struct node {
    kaa_object *left, *right;
    int64_t number;
} node;

typedef enum node_kind { PLAIN, OWN, BARE, FINAL, NODE_KINDS } node_kind;

__attribute__((unused)) static kaa_object *node_types[NODE_KINDS];
__attribute__((unused)) static int64_t nodes_destroyed; /* OWN and BARE */
__attribute__((unused)) static int64_t nodes_finalized;
__attribute__((unused)) static void (*on_finalize)(kaa_context *ctx,
                                                   kaa_object *self);

static int
node_traverse(void *data, kaa_visit visit, void *arg)
{
    node *self = data;

    KAA_VISIT(self->left);
    KAA_VISIT(self->right);
    return 0;
}

static void
node_clear(kaa_context *ctx, void *data)
{
    node *self = data;

    KAA_CLEAR(ctx, self->left);
    KAA_CLEAR(ctx, self->right);
}

static void
node_destroy(kaa_context *ctx, void *data)
{
    node_clear(ctx, data);
    nodes_destroyed++;
}

static void
node_finalize(kaa_context *ctx, kaa_object *self)
{
    nodes_finalized++;
    if (on_finalize != NULL)
        on_finalize(ctx, self);
}

static const kaa_member node_members[] = {
    {"left", KAA_MEMBER_OBJECT, 0, offsetof(node, left), NULL},
    {"right", KAA_MEMBER_OBJECT, 0, offsetof(node, right), NULL},
    {NULL, 0, 0, 0, NULL}};

static const kaa_type_spec node_specs[NODE_KINDS] = {
    {.size = sizeof(kaa_type_spec),
     .name = "test.Plain",
     .data_bytes = sizeof(node),
     .members = node_members},
    {.size = sizeof(kaa_type_spec),
     .name = "test.Own",
     .data_bytes = sizeof(node),
     .traverse = node_traverse,
     .clear = node_clear,
     .destroy = node_destroy},
    {.size = sizeof(kaa_type_spec),
     .name = "test.Bare",
     .data_bytes = sizeof(node),
     .traverse = node_traverse,
     .destroy = node_destroy},
    {.size = sizeof(kaa_type_spec),
     .name = "test.Final",
     .data_bytes = sizeof(node),
     .members = node_members,
     .finalize = node_finalize}};

/* A fresh runtime with the types. Collections happen when asked for, but for
 * --collect. */
__attribute__((unused)) static kaa_context *
fresh_graph_with(kaa_test *t, uint32_t flags)
{
    kaa_context *ctx = fresh_with(t, flags);

    nodes_destroyed = nodes_finalized = 0;
    on_finalize = NULL;
    for (int i = 0; i < NODE_KINDS; i++)
        node_types[i] = NEW(kaa_type_new(ctx, &node_specs[i], NULL, NULL));
    return ctx;
}

__attribute__((unused)) static kaa_context *
fresh_graph(kaa_test *t)
{
    return fresh_graph_with(t, KAA_RUNTIME_NO_COLLECTOR);
}

__attribute__((unused)) static node *
node_of(kaa_object *object)
{
    return kaa_data(help.ctx, object);
}

/* A new reference. */
__attribute__((unused)) static kaa_object *
node_new(kaa_test *t, node_kind kind, int64_t number)
{
    kaa_object *object = kaa_instance_new(help.ctx, node_types[kind]);

    if (object == NULL)
        help_failed(t, __FILE__, __LINE__, "kaa_instance_new");
    node_of(object)->number = number;
    return object;
}

__attribute__((unused)) static void
set_left(kaa_object *object, kaa_object *to)
{
    kaa_object *old = node_of(object)->left;

    node_of(object)->left = kaa_incref(help.ctx, to);
    kaa_decref(help.ctx, old);
}

__attribute__((unused)) static void
set_right(kaa_object *object, kaa_object *to)
{
    kaa_object *old = node_of(object)->right;

    node_of(object)->right = kaa_incref(help.ctx, to);
    kaa_decref(help.ctx, old);
}

/* Two that hold each other, and nobody else does. */
__attribute__((unused)) static void
make_pair(kaa_test *t, node_kind first, node_kind second)
{
    kaa_object *a = NEW(node_new(t, first, 1));
    kaa_object *b = NEW(node_new(t, second, 2));

    set_left(a, b);
    set_left(b, a);
    DROP(a);
    DROP(b);
}

__attribute__((unused)) static uint64_t
live_now(void)
{
    return kaa_gc__live(help.runtime->heap);
}

__attribute__((unused)) static kaa_gc_collection
collect_now(kaa_test *t, int generation)
{
    kaa_gc_collection summary = {.size = sizeof(summary)};

    CHECK_OK(kaa_gc_collect(help.ctx, generation, &summary, &t->err));
    return summary;
}

#endif /* KAA_TEST_GC_HELP_H */
