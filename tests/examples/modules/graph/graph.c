/* graph/graph.c - the type Graph. */
#include "graph.h"

/* The dict of nodes, borrowed. */
static kaa_object *
nodes_of(kaa_context *ctx, kaa_object *self)
{
    graph *data = kaa_data(ctx, self);

    if (data->nodes == NULL)
        data->nodes = kaa_dict_new(ctx);
    return data->nodes;
}

/* The node of a name, or the node itself if it is one of this graph. */
static kaa_object *
find_node(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    const graph_state *state = graph_state_of(ctx, self);
    kaa_object *nodes = nodes_of(ctx, self), *found = NULL;
    int is_node;

    if (state == NULL || nodes == NULL)
        return NULL;
    is_node = kaa_is_made_of(ctx, key, state->node_type);
    if (is_node < 0)
        return NULL;
    if (is_node) {
        if (((const node *)kaa_data(ctx, key))->graph == self)
            return kaa_incref(ctx, key);
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                         "%R is not of this graph", key);
        return NULL;
    }
    if (kaa_dict_find(ctx, nodes, key, &found) == 0)
        kaa_raise_object(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), key);
    return found;
}

static int
put_node(kaa_context *ctx, kaa_object *self, kaa_object *made)
{
    node *one = kaa_data(ctx, made);
    kaa_object *nodes = nodes_of(ctx, self);
    int is_there;

    if (nodes == NULL)
        return -1;
    if (one->graph != NULL)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                "%R is in a graph already", made);
    if (one->name == NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
                         "Node.__init__() was not called");
    is_there = kaa_dict_find(ctx, nodes, one->name, NULL);
    if (is_there > 0)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                "there is a node %R already", one->name);
    if (is_there < 0 || kaa_dict_set(ctx, nodes, one->name, made) < 0)
        return -1;
    one->graph = kaa_incref(ctx, self);
    one->mark = 0; /* of a search in another graph */
    return 0;
}

static kaa_object *
graph_add(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    const graph_state *state = graph_state_of(ctx, self);
    kaa_object *made;
    int is_node;

    if (state == NULL)
        return NULL;
    is_node = kaa_is_made_of(ctx, argument, state->node_type);
    if (is_node < 0)
        return NULL;
    made = is_node ? kaa_incref(ctx, argument)
                   : kaa_call(ctx, state->node_type, &argument, 1, NULL);
    if (made != NULL && put_node(ctx, self, made) < 0)
        KAA_CLEAR(ctx, made);
    return made;
}

static kaa_object *
graph_connect(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs)
{
    kaa_object *first = NULL, *second = NULL, *from, *to, *result = NULL;
    double weight = 1;

    if (!kaa_parse_args(ctx, args, nargs, "OO|d:connect", &first, &second,
                        &weight))
        return NULL;
    from = find_node(ctx, self, first);
    to = from == NULL ? NULL : find_node(ctx, self, second);
    if (to != NULL && graph_add_edge(ctx, kaa_data(ctx, from), to, weight) == 0)
        result = kaa_none(ctx);
    kaa_decref(ctx, to);
    kaa_decref(ctx, from);
    return result;
}

/* Edges to the node stay: it is still there for who has it. */
static kaa_object *
graph_remove(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object *found = find_node(ctx, self, key);
    node *one;

    if (found == NULL)
        return NULL;
    one = kaa_data(ctx, found);
    if (kaa_dict_remove(ctx, nodes_of(ctx, self), one->name, NULL) < 0) {
        kaa_decref(ctx, found);
        return NULL;
    }
    KAA_CLEAR(ctx, one->graph);
    return found;
}

static kaa_object *
graph_watch(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs)
{
    kaa_object *key = NULL, *callback = NULL, *found, *result;

    if (!kaa_parse_args(ctx, args, nargs, "O|O:watch", &key, &callback))
        return NULL;
    found = find_node(ctx, self, key);
    if (found == NULL)
        return NULL;
    if (callback != NULL && kaa_is_none(ctx, callback))
        callback = NULL;
    result = kaa_weakref_new(ctx, found, callback);
    kaa_decref(ctx, found);
    return result;
}

/* ---- Paths */

/* What a search has seen, in order. It holds references, and itself knows the
 * way, since making objects may run code that drops nodes, or searches. */
typedef struct step {
    kaa_object *node; /* owned */
    size_t from;      /* the step before */
} step;

typedef struct queue {
    step *steps;
    size_t count, capacity;
} queue;

static int
push(kaa_context *ctx, queue *q, kaa_object *item, uint64_t mark, size_t from)
{
    node *one = kaa_data(ctx, item);

    if (one->mark == mark)
        return 0;
    if (q->count == q->capacity) {
        size_t capacity = q->capacity == 0 ? 64 : q->capacity * 2;
        step *steps = kaa_mem_resize(ctx, q->steps, capacity * sizeof(*steps));

        if (steps == NULL)
            return -1;
        q->steps = steps;
        q->capacity = capacity;
    }
    one->mark = mark;
    q->steps[q->count++] = (step){kaa_incref(ctx, item), from};
    return 0;
}

/* Breadth first. An edge may lead into another graph; there it ends. */
static int
search(kaa_context *ctx, kaa_object *self, kaa_object *start,
       const kaa_object *goal, queue *q)
{
    graph *data = kaa_data(ctx, self);
    uint64_t mark = ++data->search_count;

    if (push(ctx, q, start, mark, 0) < 0)
        return -1;
    for (size_t at = 0; at < q->count && q->steps[at].node != goal; at++) {
        const node *one = kaa_data(ctx, q->steps[at].node);

        for (size_t i = 0; i < one->edge_count; i++) {
            kaa_object *target = one->edges[i].target;

            if (((const node *)kaa_data(ctx, target))->graph == self &&
                push(ctx, q, target, mark, at) < 0)
                return -1;
        }
    }
    return 0;
}

/* The way that led to the last item looked at, as a list. */
static kaa_object *
way_to(kaa_context *ctx, const queue *q, size_t at)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    while (list != NULL) {
        if (kaa_list_append(ctx, list, q->steps[at].node) < 0)
            KAA_CLEAR(ctx, list);
        else if (at == 0)
            break;
        else
            at = q->steps[at].from;
    }
    if (list != NULL && kaa_list_reverse(ctx, list) < 0)
        KAA_CLEAR(ctx, list);
    return list;
}

static kaa_object *
search_result(kaa_context *ctx, const queue *q, const kaa_object *goal)
{
    kaa_object *list;

    if (goal != NULL) {
        for (size_t at = 0; at < q->count; at++)
            if (q->steps[at].node == goal)
                return way_to(ctx, q, at);
        return kaa_none(ctx);
    }
    list = kaa_list_new(ctx, q->count);
    for (size_t at = 0; list != NULL && at < q->count; at++)
        if (kaa_list_append(ctx, list, q->steps[at].node) < 0)
            KAA_CLEAR(ctx, list);
    return list;
}

static kaa_object *
graph_path(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    kaa_object *first = NULL, *second = NULL, *start, *goal = NULL;
    kaa_object *result = NULL;
    queue q = {NULL, 0, 0};

    if (!kaa_parse_args(ctx, args, nargs, "O|O:path", &first, &second))
        return NULL;
    start = find_node(ctx, self, first);
    if (start != NULL && second != NULL)
        goal = find_node(ctx, self, second);
    if (start != NULL && (second == NULL || goal != NULL) &&
        search(ctx, self, start, goal, &q) == 0)
        result = search_result(ctx, &q, goal);
    while (q.count > 0)
        kaa_decref(ctx, q.steps[--q.count].node);
    kaa_mem_free(ctx, q.steps);
    kaa_decref(ctx, goal);
    kaa_decref(ctx, start);
    return result;
}

/* ---- A mapping of names */

static ptrdiff_t
graph_length(kaa_context *ctx, kaa_object *self)
{
    kaa_object *nodes = nodes_of(ctx, self);

    return nodes == NULL ? -1 : kaa_dict_size(ctx, nodes);
}

static int
graph_truth(kaa_context *ctx, kaa_object *self)
{
    ptrdiff_t length = graph_length(ctx, self);

    return length < 0 ? -1 : length != 0;
}

static int
graph_contains(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object *nodes = nodes_of(ctx, self);

    return nodes == NULL ? -1 : kaa_dict_find(ctx, nodes, key, NULL);
}

static kaa_object *
graph_iter(kaa_context *ctx, kaa_object *self)
{
    kaa_object *nodes = nodes_of(ctx, self), *values, *result;

    values = nodes == NULL ? NULL : kaa_dict_values(ctx, nodes);
    if (values == NULL)
        return NULL;
    result = kaa_iter(ctx, values);
    kaa_decref(ctx, values);
    return result;
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("add", graph_add,
                   "add($self, node, /)\n--\n\n"
                   "Adds a node, or one that is made of a name; the node."),
    KAA_METHOD("connect", graph_connect,
               "connect($self, first, second, weight=1.0, /)\n--\n\n"
               "Adds an edge between two nodes, or those of two names."),
    KAA_METHOD_ONE("remove", graph_remove,
                   "remove($self, node, /)\n--\n\nTakes a node out of it."),
    KAA_METHOD("watch", graph_watch,
               "watch($self, node, callback=None, /)\n--\n\n"
               "A weak reference to a node."),
    KAA_METHOD("path", graph_path,
               "path($self, start, goal=None, /)\n--\n\n"
               "The nodes of a way with the fewest edges, or None; without a "
               "goal: all that can be reached."),
    KAA_METHODS_END,
};

static const kaa_member members[] = {
    {"nodes", KAA_MEMBER_OBJECT, KAA_HIDDEN, offsetof(graph, nodes), NULL},
    {NULL, 0, 0, 0, NULL},
};

const kaa_type_spec graph_graph_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "graph.Graph",
    .doc = "Graph()\n--\n\nNodes by name, and edges between them.",
    .data_bytes = sizeof(graph),
    .methods = methods,
    .members = members,
    .truth = graph_truth,
    .length = graph_length,
    .get_item = find_node,
    .contains = graph_contains,
    .iter = graph_iter,
};
