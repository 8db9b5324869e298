/* graph - objects that form cycles on purpose, an example of a module whose
 * types keep references.
 *
 *     g = graph.Graph()
 *     g.connect(g.add("a"), g.add("b"))
 *     g.connect("b", "a", 2.5)
 *     del g                    # a collector's business
 */
#include "graph.h"

graph_state *
graph_state_of(kaa_context *ctx, kaa_object *object)
{
    kaa_object *type = kaa_type_of(ctx, object);
    kaa_object *module = type == NULL ? NULL : kaa_type_module(ctx, type);
    graph_state *state = module == NULL ? NULL : kaa_module_state(ctx, module);

    kaa_decref(ctx, module);
    kaa_decref(ctx, type);
    if (state != NULL && state->node_type == NULL) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
                  "the module graph has ended");
        return NULL;
    }
    return state;
}

node *
graph_as_node(kaa_context *ctx, const graph_state *state, kaa_object *object)
{
    int is_node = kaa_is_made_of(ctx, object, state->node_type);

    if (is_node > 0)
        return kaa_data(ctx, object);
    if (is_node == 0)
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                         "expected a Node, not %T", object);
    return NULL;
}

static kaa_object *
finalized(kaa_context *ctx, kaa_object *self)
{
    const graph_state *state = kaa_module_state(ctx, self);

    return kaa_int(ctx, state->finalized);
}

static int
fill(kaa_context *ctx, kaa_object *module)
{
    graph_state *state = kaa_module_state(ctx, module);

    state->node_type = kaa_type_new(ctx, &graph_node_spec, module, NULL);
    if (state->node_type == NULL ||
        kaa_set_attr_text(ctx, module, "Node", state->node_type) < 0)
        return -1;
    state->graph_type = kaa_type_new(ctx, &graph_graph_spec, module, NULL);
    if (state->graph_type == NULL)
        return -1;
    return kaa_set_attr_text(ctx, module, "Graph", state->graph_type);
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    const graph_state *state = data;

    KAA_VISIT(state->node_type);
    KAA_VISIT(state->graph_type);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    graph_state *state = data;

    KAA_CLEAR(ctx, state->node_type);
    KAA_CLEAR(ctx, state->graph_type);
}

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("finalized", finalized,
                      "finalized()\n--\n\n"
                      "How many nodes were told of their end."),
    KAA_METHODS_END,
};

KAA_MODULE(graph, .doc = "Graphs.", .methods = methods,
           .state_bytes = sizeof(graph_state), .exec = fill,
           .traverse = traverse, .clear = clear, .destroy = clear);
