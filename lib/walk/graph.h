/* walk/graph.h - what can be said of a directed graph: who dominates whom,
 * and what is strongly connected.
 *
 * Plain arrays of numbers, so that it can be tested without any interpreter.
 * Nothing recurses: a list of a million elements is a path of that length.
 */
#ifndef KAA_WALK_GRAPH_H
#define KAA_WALK_GRAPH_H

#include <stdint.h>

#include <kaa/base.h>

#define KAA_WALK__NO_NODE UINT32_MAX

/* Nodes 0 to count - 1; those that node n refers to are targets[first[n]] to
 * targets[first[n + 1] - 1]. */
typedef struct kaa_walk__graph {
    uint32_t count;
    uint32_t *first; /* count + 1 */
    uint32_t *targets;
} kaa_walk__graph;

void kaa_walk__graph_fini(kaa_walk__graph *graph);

/* The same with every edge turned round. */
KAA_NODISCARD kaa_status kaa_walk__graph_reverse(const kaa_walk__graph *graph,
                                                 kaa_walk__graph *out,
                                                 kaa_error *err);

/* The dominator tree of what can be reached from one node. Its nodes are
 * numbered anew, in the order of a depth-first search: 0 is the root, and
 * parents[i] < i. */
typedef struct kaa_walk__tree {
    uint32_t count;
    uint32_t *nodes;   /* by number in the tree: its number in the graph */
    uint32_t *numbers; /* the other way round; NO_NODE: cannot be reached */
    uint32_t *parents; /* the immediate dominator; parents[0] is 0 */
} kaa_walk__tree;

void kaa_walk__tree_fini(kaa_walk__tree *tree);

/* Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph"
 * (1979), the simple version: O(edges * log(nodes)). `reversed` is of `graph`.
 */
KAA_NODISCARD kaa_status kaa_walk__dominators(const kaa_walk__graph *graph,
                                              const kaa_walk__graph *reversed,
                                              uint32_t root,
                                              kaa_walk__tree *out,
                                              kaa_error *err);

/* Strongly connected components (Tarjan, 1972) of the nodes that are not left
 * out: components[n] is a number below *count, or NO_NODE for those that are
 * left out and those that are in no cycle. */
KAA_NODISCARD kaa_status kaa_walk__components(const kaa_walk__graph *graph,
                                              const unsigned char *is_left_out,
                                              uint32_t *components,
                                              uint32_t *count, kaa_error *err);

#endif /* KAA_WALK_GRAPH_H */
