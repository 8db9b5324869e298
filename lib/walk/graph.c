/* walk/graph.c - graphs and their strongly connected components. */
#include "walk/graph.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define NONE KAA_WALK__NO_NODE

void
kaa_walk__graph_fini(kaa_walk__graph *graph)
{
    kaa_base__free(graph->first);
    kaa_base__free(graph->targets);
    memset(graph, 0, sizeof(*graph));
}

kaa_status
kaa_walk__graph_reverse(const kaa_walk__graph *graph, kaa_walk__graph *out,
                        kaa_error *err)
{
    uint32_t count = graph->count, edges = graph->first[count], at = 0;
    uint32_t *first = kaa_base__alloc_zeroed(((size_t)count + 2) * 4);
    uint32_t *targets = kaa_base__alloc_array((size_t)edges + 1, 4);

    memset(out, 0, sizeof(*out));
    if (first == NULL || targets == NULL) {
        kaa_base__free(first);
        kaa_base__free(targets);
        return kaa_base__fail_memory(err, "the references to objects");
    }
    /* Shifted by one, first[n + 1] is where n's next edge goes. */
    for (uint32_t i = 0; i < edges; i++)
        first[graph->targets[i] + 2]++;
    for (uint32_t n = 0; n < count; n++)
        first[n + 2] += first[n + 1];
    for (uint32_t n = 0; n < count; n++)
        for (; at < graph->first[n + 1]; at++)
            targets[first[graph->targets[at] + 1]++] = n;
    *out = (kaa_walk__graph){count, first, targets};
    return KAA_OK;
}

/* ---- components ---- */

typedef struct search {
    const kaa_walk__graph *graph;
    const unsigned char *is_left_out;
    uint32_t *components;
    uint32_t *index; /* when a node was found; 0: not yet */
    uint32_t *low;   /* the earliest that it leads to */
    uint32_t *open;  /* nodes whose component is not known: a stack */
    uint32_t *path;  /* of the search */
    uint32_t *next;  /* the edge that each node of the path is at */
    uint32_t found, open_count, path_count, count;
} search;

static void
enter(search *s, uint32_t node)
{
    s->index[node] = s->low[node] = ++s->found;
    s->open[s->open_count++] = node;
    s->path[s->path_count] = node;
    s->next[s->path_count++] = s->graph->first[node];
}

static int
refers_to_itself(const kaa_walk__graph *graph, uint32_t node)
{
    for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++)
        if (graph->targets[i] == node)
            return 1;
    return 0;
}

/* `node` is the first of its component that was found; all of it stands open
 * behind. What is closed has index NONE. */
static void
close_component(search *s, uint32_t node)
{
    uint32_t number = NONE;

    if (s->open[s->open_count - 1] != node || refers_to_itself(s->graph, node))
        number = s->count++;
    for (uint32_t one = NONE; one != node;) {
        one = s->open[--s->open_count];
        s->components[one] = number;
        s->index[one] = NONE;
    }
}

static void
leave(search *s)
{
    uint32_t node = s->path[--s->path_count], above;

    if (s->low[node] == s->index[node])
        close_component(s, node);
    if (s->path_count != 0) {
        above = s->path[s->path_count - 1];
        if (s->index[node] != NONE && s->low[node] < s->low[above])
            s->low[above] = s->low[node];
    }
}

static void
search_from(search *s, uint32_t start)
{
    enter(s, start);
    while (s->path_count != 0) {
        uint32_t node = s->path[s->path_count - 1], target;

        if (s->next[s->path_count - 1] == s->graph->first[node + 1]) {
            leave(s);
            continue;
        }
        target = s->graph->targets[s->next[s->path_count - 1]++];
        if (s->is_left_out[target])
            continue;
        if (s->index[target] == 0)
            enter(s, target);
        else if (s->index[target] != NONE && s->index[target] < s->low[node])
            s->low[node] = s->index[target];
    }
}

kaa_status
kaa_walk__components(const kaa_walk__graph *graph,
                     const unsigned char *is_left_out, uint32_t *components,
                     uint32_t *count, kaa_error *err)
{
    size_t n = graph->count;
    uint32_t *all = kaa_base__alloc_array(n * 5 + 1, 4);
    search s = {
        .graph = graph, .is_left_out = is_left_out, .components = components};

    *count = 0;
    if (all == NULL)
        return kaa_base__fail_memory(err, "the search for cycles");
    s.index = all;
    s.low = all + n;
    s.open = all + 2 * n;
    s.path = all + 3 * n;
    s.next = all + 4 * n;
    memset(s.index, 0, n * 4);
    for (uint32_t node = 0; node < graph->count; node++)
        components[node] = NONE;
    for (uint32_t node = 0; node < graph->count; node++)
        if (!is_left_out[node] && s.index[node] == 0)
            search_from(&s, node);
    *count = s.count;
    kaa_base__free(all);
    return KAA_OK;
}
