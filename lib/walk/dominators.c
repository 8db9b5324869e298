/* walk/dominators.c - the dominator tree: see graph.h. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "walk/graph.h"

#define NONE KAA_WALK__NO_NODE

/* All by number in the depth-first search, but for `numbers`. */
typedef struct work {
    const kaa_walk__graph *graph, *reversed;
    kaa_walk__tree tree;
    uint32_t *above;    /* in the search's tree */
    uint32_t *semi;     /* the semidominator */
    uint32_t *label;    /* with the least semi between here and ancestor */
    uint32_t *ancestor; /* NONE: not linked yet */
    uint32_t *bucket;   /* the first of those whose semidominator this is */
    uint32_t *next;     /* in a bucket; in the search: the edge it is at */
    uint32_t *path;     /* a stack */
} work;

void
kaa_walk__tree_fini(kaa_walk__tree *tree)
{
    kaa_base__free(tree->nodes);
    kaa_base__free(tree->numbers);
    kaa_base__free(tree->parents);
    memset(tree, 0, sizeof(*tree));
}

static void
enter(work *w, uint32_t node, uint32_t above)
{
    uint32_t number = w->tree.count++;

    w->tree.nodes[number] = node;
    w->tree.numbers[node] = number;
    w->above[number] = above;
    w->next[number] = w->graph->first[node];
}

/* Numbers what can be reached. */
static void
search(work *w, uint32_t root)
{
    uint32_t number = 0;

    for (uint32_t i = 0; i < w->graph->count; i++)
        w->tree.numbers[i] = NONE;
    enter(w, root, 0);
    for (;;) {
        uint32_t node = w->tree.nodes[number], target;

        if (w->next[number] == w->graph->first[node + 1]) {
            if (number == 0)
                return;
            number = w->above[number];
            continue;
        }
        target = w->graph->targets[w->next[number]++];
        if (w->tree.numbers[target] == NONE) {
            enter(w, target, number);
            number = w->tree.count - 1;
        }
    }
}

/* The node with the least semidominator on the linked path to v. The path is
 * compressed on the way. */
static uint32_t
least(work *w, uint32_t v)
{
    uint32_t depth = 0, u = v;

    if (w->ancestor[v] == NONE)
        return v;
    while (w->ancestor[w->ancestor[u]] != NONE) {
        w->path[depth++] = u;
        u = w->ancestor[u];
    }
    while (depth != 0) {
        uint32_t above;

        u = w->path[--depth];
        above = w->ancestor[u];
        if (w->semi[w->label[above]] < w->semi[w->label[u]])
            w->label[u] = w->label[above];
        w->ancestor[u] = w->ancestor[above];
    }
    return w->label[v];
}

static void
find_semidominator(work *w, uint32_t i)
{
    uint32_t node = w->tree.nodes[i];

    for (uint32_t k = w->reversed->first[node];
         k < w->reversed->first[node + 1]; k++) {
        uint32_t from = w->tree.numbers[w->reversed->targets[k]], u;

        if (from == NONE)
            continue;
        u = least(w, from);
        if (w->semi[u] < w->semi[i])
            w->semi[i] = w->semi[u];
    }
}

static void
dominate(work *w)
{
    uint32_t *parents = w->tree.parents;

    for (uint32_t i = 0; i < w->tree.count; i++) {
        w->semi[i] = w->label[i] = i;
        w->ancestor[i] = w->bucket[i] = w->next[i] = NONE;
    }
    for (uint32_t i = w->tree.count - 1; i > 0; i--) {
        uint32_t above = w->above[i];

        find_semidominator(w, i);
        w->next[i] = w->bucket[w->semi[i]];
        w->bucket[w->semi[i]] = i;
        w->ancestor[i] = above;
        for (uint32_t v = w->bucket[above]; v != NONE; v = w->next[v]) {
            uint32_t u = least(w, v);

            parents[v] = w->semi[u] < w->semi[v] ? u : above;
        }
        w->bucket[above] = NONE;
    }
    parents[0] = 0;
    for (uint32_t i = 1; i < w->tree.count; i++)
        if (parents[i] != w->semi[i])
            parents[i] = parents[parents[i]];
}

kaa_status
kaa_walk__dominators(const kaa_walk__graph *graph,
                     const kaa_walk__graph *reversed, uint32_t root,
                     kaa_walk__tree *out, kaa_error *err)
{
    size_t n = graph->count;
    uint32_t *all = kaa_base__alloc_array(n * 7 + 1, 4);
    work w = {.graph = graph, .reversed = reversed};

    memset(out, 0, sizeof(*out));
    w.tree.nodes = kaa_base__alloc_array(n + 1, 4);
    w.tree.numbers = kaa_base__alloc_array(n + 1, 4);
    w.tree.parents = kaa_base__alloc_array(n + 1, 4);
    if (all == NULL || w.tree.nodes == NULL || w.tree.numbers == NULL ||
        w.tree.parents == NULL) {
        kaa_base__free(all);
        kaa_walk__tree_fini(&w.tree);
        return kaa_base__fail_memory(err, "the dominator tree");
    }
    w.above = all;
    w.semi = all + n;
    w.label = all + 2 * n;
    w.ancestor = all + 3 * n;
    w.bucket = all + 4 * n;
    w.next = all + 5 * n;
    w.path = all + 6 * n;
    search(&w, root);
    dominate(&w);
    kaa_base__free(all);
    *out = w.tree;
    return KAA_OK;
}
