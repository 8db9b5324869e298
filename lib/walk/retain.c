/* walk/retain.c - who keeps what alive: roots, dominators, paths.
 *
 * A root is what the caller named, what is immortal, and what more refer to
 * than objects do: its reference count is larger than the references that were
 * found, so C code or a running function holds it. An object retains what could
 * not be reached from a root without it: just what would go if it went. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "walk/internal.h"

#define NONE KAA_WALK__NO_NODE

uint32_t *
kaa_walk__count_references(kaa_walk *walk)
{
    uint32_t *found = kaa_base__alloc_zeroed((size_t)walk->count * 4 + 4);

    if (found == NULL)
        return NULL;
    for (uint32_t i = 0; i < walk->graph.first[walk->count]; i++)
        found[walk->graph.targets[i]]++;
    for (uint32_t i = 0; i < walk->links_count; i++) {
        uint32_t node = kaa_walk__node(walk, walk->links[i].target);

        if (node != NONE)
            found[node]++;
    }
    for (uint32_t node = 0; node < walk->count; node++)
        if ((walk->flags[node] & KAA_WALK__LISTED) != 0)
            found[node]++;
    return found;
}

static int
is_root(const kaa_walk *walk, uint32_t node, uint32_t found)
{
    int64_t count;

    if ((walk->flags[node] & KAA_WALK__ROOT) != 0)
        return 1;
    count = kaa_walk__count_of(&walk->python, walk->objects[node]);
    return count < 0 || count > (int64_t)found;
}

/* Adds the root of all: the last node. */
static kaa_status
add_root(kaa_walk *walk, kaa_error *err)
{
    uint32_t *found = kaa_walk__count_references(walk);
    uint32_t edges = walk->graph.first[walk->count], roots = 0;
    uint32_t *targets = NULL;

    for (uint32_t node = 0; node < walk->count && found != NULL; node++) {
        found[node] = (uint32_t)is_root(walk, node, found[node]);
        roots += found[node];
    }
    if (found != NULL && (uint64_t)edges + roots < UINT32_MAX - 8)
        targets = kaa_base__realloc_array(walk->graph.targets,
                                          (size_t)edges + roots + 1, 4);
    if (targets == NULL) {
        kaa_base__free(found);
        return kaa_base__fail_memory(err, "the roots");
    }
    walk->graph.targets = targets;
    for (uint32_t node = 0; node < walk->count; node++)
        if (found[node] != 0)
            targets[edges++] = node;
    kaa_base__free(found);
    walk->graph.first[walk->count + 1] = edges;
    walk->graph.count = walk->count + 1;
    return KAA_OK;
}

static kaa_status
sum_up(kaa_walk *walk, kaa_error *err)
{
    const kaa_walk__tree *tree = &walk->tree;

    walk->retained = kaa_base__alloc_array(tree->count, sizeof(uint64_t));
    walk->below = kaa_base__alloc_array(tree->count, sizeof(uint32_t));
    if (walk->retained == NULL || walk->below == NULL)
        return kaa_base__fail_memory(err, "the retained sizes");
    walk->retained[0] = 0;
    walk->below[0] = 0;
    for (uint32_t i = 1; i < tree->count; i++) {
        walk->retained[i] = walk->sizes[tree->nodes[i]];
        walk->below[i] = 1;
    }
    for (uint32_t i = tree->count - 1; i > 0; i--) {
        walk->retained[tree->parents[i]] += walk->retained[i];
        walk->below[tree->parents[i]] += walk->below[i];
    }
    return KAA_OK;
}

/* Adds up by type what would go with all objects of it: of those that are kept
 * by one of the same type, that one counts. */
static kaa_status
sum_by_type(kaa_walk *walk, kaa_error *err)
{
    const kaa_walk__tree *tree = &walk->tree;
    size_t n = tree->count;
    uint32_t *child = kaa_base__alloc_array(n * 2 + 1, 4), *sibling, at = 0;

    if (child == NULL)
        return kaa_base__fail_memory(err, "the sizes of types");
    sibling = child + n;
    for (uint32_t i = 0; i < n; i++)
        child[i] = NONE;
    for (uint32_t i = tree->count - 1; i > 0; i--) {
        sibling[i] = child[tree->parents[i]];
        child[tree->parents[i]] = i;
    }
    for (;;) {
        kaa_walk__kind *kind;

        if (child[at] != NONE) { /* down */
            uint32_t next = child[at];

            child[at] = sibling[next];
            at = next;
            kind = &walk->kinds[walk->kind_of[tree->nodes[at]]];
            if (kind->open++ == 0)
                kind->retained += walk->retained[at];
        } else if (at == 0) {
            break;
        } else {
            walk->kinds[walk->kind_of[tree->nodes[at]]].open--;
            at = tree->parents[at];
        }
    }
    kaa_base__free(child);
    return KAA_OK;
}

kaa_status
kaa_walk_retain(kaa_walk *walk, kaa_error *err)
{
    kaa_status status = KAA_OK;

    if (walk == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "walk may not be NULL");
    if (walk->below != NULL)
        return KAA_OK;
    if (walk->graph.count == walk->count)
        status = add_root(walk, err);
    if (status == KAA_OK && walk->reversed.first == NULL)
        status = kaa_walk__graph_reverse(&walk->graph, &walk->reversed, err);
    if (status == KAA_OK)
        status = kaa_walk__dominators(&walk->graph, &walk->reversed,
                                      walk->count, &walk->tree, err);
    if (status == KAA_OK)
        status = sum_up(walk, err);
    if (status == KAA_OK)
        status = sum_by_type(walk, err);
    if (status != KAA_OK) {
        kaa_walk__tree_fini(&walk->tree);
        kaa_base__free(walk->retained);
        kaa_base__free(walk->below);
        walk->retained = NULL;
        walk->below = NULL;
    }
    return status;
}

/* ---- reading ---- */

static void
fill(const kaa_walk *walk, uint32_t number, kaa_walk_retainer *out)
{
    uint32_t node = walk->tree.nodes[number];

    *out = (kaa_walk_retainer){
        .object = walk->objects[node],
        .bytes = walk->sizes[node],
        .retained_bytes = walk->retained[number],
        .count = walk->below[number],
        .parent = KAA_WALK_NONE,
    };
    if (walk->tree.parents[number] != 0)
        out->dominator =
            walk->objects[walk->tree.nodes[walk->tree.parents[number]]];
}

int
kaa_walk_retained(kaa_walk *walk, const void *object, kaa_walk_retainer *out)
{
    uint32_t node = walk != NULL ? kaa_walk__node(walk, object) : NONE;

    if (node == NONE || walk->below == NULL ||
        walk->tree.numbers[node] == NONE || out == NULL)
        return 0;
    fill(walk, walk->tree.numbers[node], out);
    return 1;
}

static int
compare_numbers(const void *a, const void *b)
{
    uint32_t left = ((const kaa_walk__ranked *)a)->number;
    uint32_t right = ((const kaa_walk__ranked *)b)->number;

    return left < right ? -1 : left > right;
}

/* Where a node of the tree stands in what is told. Ancestors retain as much,
 * and have lower numbers: they are told, too. */
static uint32_t
place_of(const kaa_walk__largest *told, uint32_t number)
{
    uint32_t low = 0, high = told->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (told->entries[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < told->count && told->entries[low].number == number
               ? low
               : KAA_WALK_NONE;
}

uint32_t
kaa_walk_retainers(const kaa_walk *walk, kaa_walk_retainer *out,
                   uint32_t capacity)
{
    kaa_walk__largest told = {.capacity = capacity};

    if (walk == NULL || walk->below == NULL || out == NULL)
        return 0;
    told.entries =
        kaa_base__alloc_array((size_t)capacity + 1, sizeof(kaa_walk__ranked));
    if (told.entries == NULL)
        return 0;
    for (uint32_t i = 1; i < walk->tree.count; i++)
        kaa_walk__largest_add(&told, walk->retained[i], i);
    qsort(told.entries, told.count, sizeof(kaa_walk__ranked), compare_numbers);
    for (uint32_t i = 0; i < told.count; i++) {
        uint32_t number = told.entries[i].number;

        fill(walk, number, &out[i]);
        out[i].parent = place_of(&told, walk->tree.parents[number]);
    }
    kaa_base__free(told.entries);
    return told.count;
}

kaa_status
kaa_walk_read(const kaa_walk *walk, kaa_walk_sums *out, kaa_error *err)
{
    kaa_walk_sums own = {.size = sizeof(own)};
    uint32_t size = out != NULL ? out->size : 0;

    if (walk == NULL || size < sizeof(uint64_t))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "walk or out is NULL, or its size is not set");
    own.types = walk->kinds_count;
    own.objects = walk->count;
    own.references = walk->graph.first[walk->count];
    for (uint32_t i = 0; i < walk->count; i++)
        own.bytes += walk->sizes[i];
    if (walk->below != NULL) {
        own.roots =
            walk->graph.first[walk->count + 1] - (uint32_t)own.references;
        own.garbage_objects = own.objects - walk->below[0];
        own.garbage_bytes = own.bytes - walk->retained[0];
    }
    memcpy(out, &own, size < sizeof(own) ? size : sizeof(own));
    if (size > sizeof(own))
        memset((char *)out + sizeof(own), 0, size - sizeof(own));
    out->size = size;
    return KAA_OK;
}

/* ---- paths ---- */

/* The named roots and what can be reached from them but through `wanted`,
 * breadth first: from[node] is the node before it, itself for a root, NONE for
 * what is not reached. */
static uint32_t *
find_paths(const kaa_walk *walk, uint32_t wanted)
{
    uint32_t *from = kaa_base__alloc_array((size_t)walk->count * 2 + 1, 4);
    uint32_t *queue, head = 0, count = 0;

    if (from == NULL)
        return NULL;
    queue = from + walk->count;
    for (uint32_t node = 0; node < walk->count; node++) {
        int is_named = (walk->flags[node] & KAA_WALK__ROOT) != 0;

        from[node] = is_named ? node : NONE;
        if (is_named)
            queue[count++] = node;
    }
    while (head < count) {
        uint32_t node = queue[head++];

        for (uint32_t i = walk->graph.first[node];
             node != wanted && i < walk->graph.first[node + 1]; i++) {
            uint32_t target = walk->graph.targets[i];

            if (from[target] == NONE) {
                from[target] = node;
                queue[count++] = target;
            }
        }
    }
    return from;
}

static uint32_t
length_of(const uint32_t *from, uint32_t node)
{
    uint32_t length = 1;

    for (; from[node] != node; node = from[node])
        length++;
    return length;
}

/* Of a longer path the end is told. */
static void
write_path(const kaa_walk *walk, const uint32_t *from, uint32_t last,
           uint32_t node, kaa_walk_path *out)
{
    uint32_t length = length_of(from, last) + 1, at = last;

    out->is_cut = length > KAA_WALK_STEPS;
    out->length = out->is_cut ? KAA_WALK_STEPS : length;
    out->objects[out->length - 1] = walk->objects[node];
    for (uint32_t i = out->length - 1; i > 0; i--, at = from[at])
        out->objects[i - 1] = walk->objects[at];
}

uint32_t
kaa_walk_paths(kaa_walk *walk, const void *object, kaa_walk_path *out,
               uint32_t capacity)
{
    uint32_t node = walk != NULL ? kaa_walk__node(walk, object) : NONE;
    uint32_t *from, count = 0;
    kaa_walk__largest told = {.capacity = capacity};

    if (node == NONE || walk->reversed.first == NULL || out == NULL)
        return 0;
    from = find_paths(walk, node);
    told.entries =
        kaa_base__alloc_array((size_t)capacity + 1, sizeof(kaa_walk__ranked));
    for (uint32_t i = walk->reversed.first[node];
         i < walk->reversed.first[node + 1] && from != NULL &&
         told.entries != NULL;
         i++) {
        uint32_t last = walk->reversed.targets[i];

        /* An object may refer twice, which is one path. */
        if (last >= walk->count || from[last] == NONE || last == node ||
            (i > walk->reversed.first[node] &&
             last == walk->reversed.targets[i - 1]))
            continue;
        kaa_walk__largest_add(&told, UINT32_MAX - length_of(from, last), last);
    }
    if (told.entries != NULL && from != NULL) {
        kaa_walk__largest_sort(&told);
        for (; count < told.count; count++)
            write_path(walk, from, told.entries[count].number, node,
                       &out[count]);
    }
    kaa_base__free(told.entries);
    kaa_base__free(from);
    return count;
}
