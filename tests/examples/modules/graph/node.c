/* graph/node.c - the type Node.
 *
 * Its edges are an array that the type does not know of, so it has a traverse,
 * a clear and a destroy of its own; the other references are members, which
 * need nothing. Whatever gives up a reference may run code that changes the
 * array, so references are given up when the array is in order again.
 */
#include "graph.h"

int
graph_add_edge(kaa_context *ctx, node *from, kaa_object *target, double weight)
{
    if (from->edge_count == from->edge_capacity) {
        size_t capacity =
            from->edge_capacity == 0 ? 4 : from->edge_capacity * 2;
        edge *edges =
            kaa_mem_resize(ctx, from->edges, capacity * sizeof(*edges));

        if (edges == NULL)
            return -1;
        from->edges = edges;
        from->edge_capacity = capacity;
    }
    from->edges[from->edge_count++] = (edge){kaa_incref(ctx, target), weight};
    return 0;
}

size_t
graph_drop_edges(kaa_context *ctx, node *from, const kaa_object *target)
{
    size_t dropped = 0;
    size_t i = 0;

    while (i < from->edge_count) {
        kaa_object *old = from->edges[i].target;

        if (target != NULL && old != target) {
            i++;
            continue;
        }
        from->edge_count--;
        for (size_t k = i; k < from->edge_count; k++)
            from->edges[k] = from->edges[k + 1];
        dropped++;
        kaa_decref(ctx, old);
        if (i > from->edge_count) /* somebody dropped more meanwhile */
            i = from->edge_count;
    }
    return dropped;
}

static int
node_traverse(void *data, kaa_visit visit, void *arg)
{
    const node *one = data;

    for (size_t i = 0; i < one->edge_count; i++)
        KAA_VISIT(one->edges[i].target);
    return 0;
}

static void
node_clear(kaa_context *ctx, void *data)
{
    node *one = data;
    edge *edges = one->edges;
    size_t count = one->edge_count;

    one->edges = NULL;
    one->edge_count = one->edge_capacity = 0;
    for (size_t i = 0; i < count; i++)
        kaa_decref(ctx, edges[i].target);
    kaa_mem_free(ctx, edges);
}

/* Counts, and tells whoever asked; that may bring the node back to life, but
 * it is not told again. */
static void
node_finalize(kaa_context *ctx, kaa_object *self)
{
    node *one = kaa_data(ctx, self);
    graph_state *state = graph_state_of(ctx, self);
    kaa_object *at_end = one->at_end, *answer;

    if (state == NULL) /* the module went first: nobody can ask any more */
        kaa_error_clear(ctx);
    else
        state->finalized++;
    if (at_end == NULL || kaa_is_none(ctx, at_end))
        return;
    kaa_incref(ctx, at_end);
    answer = kaa_call(ctx, at_end, &self, 1, NULL);
    kaa_decref(ctx, at_end);
    if (answer == NULL)
        kaa_error_unraisable(ctx, self);
    kaa_decref(ctx, answer);
}

static int
node_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"name", "value", NULL};
    node *one = kaa_data(ctx, self);
    kaa_object *name = NULL, *value = NULL;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "U|O:Node", names, &name,
                            &value))
        return -1;
    if (one->name != NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
                         "a Node keeps its name");
    one->name = kaa_incref(ctx, name);
    one->value = kaa_incref(ctx, value);
    return 0;
}

static kaa_object *
node_repr(kaa_context *ctx, kaa_object *self)
{
    const node *one = kaa_data(ctx, self);

    if (one->name == NULL)
        return kaa_str_format(ctx, "<%T>", self);
    return kaa_str_format(ctx, "<%T %R with %zu edges>", self, one->name,
                          one->edge_count);
}

static kaa_object *
node_connect(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    const graph_state *state = graph_state_of(ctx, self);
    kaa_object *target = NULL;
    double weight = 1;

    if (state == NULL ||
        !kaa_parse_args(ctx, args, nargs, "O|d:connect", &target, &weight) ||
        graph_as_node(ctx, state, target) == NULL ||
        graph_add_edge(ctx, kaa_data(ctx, self), target, weight) < 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
node_disconnect(kaa_context *ctx, kaa_object *self, kaa_object *target)
{
    return kaa_int(ctx,
                   (int64_t)graph_drop_edges(ctx, kaa_data(ctx, self), target));
}

/* Making the result may collect, and so run code: the array is asked anew. */
static kaa_object *
node_edges(kaa_context *ctx, kaa_object *self, void *user)
{
    const node *one = kaa_data(ctx, self);
    kaa_object *list = kaa_list_new(ctx, one->edge_count);

    (void)user;
    for (size_t i = 0; list != NULL && i < one->edge_count; i++) {
        kaa_object *pair[2];

        pair[0] = kaa_incref(ctx, one->edges[i].target);
        pair[1] = kaa_float_from_double(ctx, one->edges[i].weight);
        if (kaa_list_take_append(ctx, list,
                                 kaa_tuple_take_array(ctx, pair, 2)) < 0)
            KAA_CLEAR(ctx, list);
    }
    return list;
}

static ptrdiff_t
node_length(kaa_context *ctx, kaa_object *self)
{
    return (ptrdiff_t)((const node *)kaa_data(ctx, self))->edge_count;
}

/* A node without edges is a node all the same. */
static int
node_truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return 1;
}

static const kaa_method methods[] = {
    KAA_METHOD("connect", node_connect,
               "connect($self, target, weight=1.0, /)\n--\n\n"
               "Adds an edge."),
    KAA_METHOD_ONE("disconnect", node_disconnect,
                   "disconnect($self, target, /)\n--\n\n"
                   "Drops the edges to a node; how many there were."),
    KAA_METHODS_END,
};

static const kaa_member members[] = {
    {"name", KAA_MEMBER_OBJECT, KAA_READONLY, offsetof(node, name), NULL},
    {"graph", KAA_MEMBER_OBJECT, KAA_READONLY, offsetof(node, graph),
     "The graph it was added to, or None."},
    {"value", KAA_MEMBER_OBJECT, 0, offsetof(node, value), NULL},
    {"at_end", KAA_MEMBER_OBJECT, 0, offsetof(node, at_end),
     "Called with the node when nobody refers to it any more."},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_property properties[] = {
    {"edges", node_edges, NULL, "The edges, as (target, weight).", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_type_spec graph_node_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_DICT,
    .name = "graph.Node",
    .doc = "Node(name, value=None)\n--\n\nA node of a graph.",
    .data_bytes = sizeof(node),
    .methods = methods,
    .members = members,
    .properties = properties,
    .traverse = node_traverse,
    .clear = node_clear,
    .finalize = node_finalize,
    .destroy = node_clear,
    .init = node_init,
    .repr = node_repr,
    .length = node_length,
    .truth = node_truth,
};
