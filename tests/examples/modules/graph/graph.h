/* graph.h - what the files of the module graph share.
 *
 *     module.c   the module and its state
 *     node.c     the type Node: edges, finaliser
 *     graph.c    the type Graph: nodes by name, paths
 *
 *     Graph --nodes--> dict --"a"--> Node a --edges[0]--> Node b --edges--> ...
 *       ^                              |
 *       +----------graph---------------+      so every graph is a cycle
 *
 * Which collector frees these depends on the context; the types only say where
 * their references are.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include <kaa/module.h>

typedef struct graph_state {
    kaa_object *node_type, *graph_type;
    int64_t finalized; /**< Nodes that were told of their end. */
} graph_state;

typedef struct edge {
    kaa_object *target; /**< A Node. */
    double weight;
} edge;

typedef struct node {
    kaa_object *name;  /**< Members: the type sees to them. */
    kaa_object *graph; /**< NULL once removed. */
    kaa_object *value;
    kaa_object *at_end; /**< Called with the node by its finaliser. */
    edge *edges;        /**< Owned, with their targets. */
    size_t edge_count, edge_capacity;
    uint64_t mark; /**< The last search of its graph that came here. */
} node;

typedef struct graph {
    kaa_object *nodes;     /**< A dict: name to Node; NULL before __init__. */
    uint64_t search_count; /**< Marks are unique in a graph. */
} graph;

extern const kaa_type_spec graph_node_spec, graph_graph_spec;

/** The state of the module that the type of an object belongs to; NULL with an
 * exception. It lives as long as the type. */
graph_state *graph_state_of(kaa_context *ctx, kaa_object *object);

/** The data of a Node; NULL with a TypeError for anything else. */
node *graph_as_node(kaa_context *ctx, const graph_state *state,
                    kaa_object *object);

/** Adds an edge; 0, or -1. */
int graph_add_edge(kaa_context *ctx, node *from, kaa_object *target,
                   double weight);

/** Drops the edges to a target, or all if it is NULL; how many. */
size_t graph_drop_edges(kaa_context *ctx, node *from, const kaa_object *target);

#endif /* GRAPH_H */
