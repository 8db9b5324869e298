/* walk/cycles.c - objects that keep themselves alive: strongly connected
 * components, those of the same types together. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "walk/internal.h"

#define NONE KAA_WALK__NO_NODE

/* The nodes of each component, one component behind the other. */
typedef struct members {
    uint32_t *first; /* components_count + 1 */
    uint32_t *nodes;
} members;

static void
free_members(members *of)
{
    kaa_base__free(of->first);
    kaa_base__free(of->nodes);
}

static int
sort_members(const kaa_walk *walk, members *out)
{
    size_t count = walk->components_count;

    out->first = kaa_base__alloc_zeroed((count + 2) * 4);
    out->nodes = kaa_base__alloc_array((size_t)walk->count + 1, 4);
    if (out->first == NULL || out->nodes == NULL)
        return 0;
    for (uint32_t node = 0; node < walk->count; node++)
        if (walk->components[node] != NONE)
            out->first[walk->components[node] + 2]++;
    for (size_t i = 0; i < count; i++)
        out->first[i + 2] += out->first[i + 1];
    for (uint32_t node = 0; node < walk->count; node++)
        if (walk->components[node] != NONE)
            out->nodes[out->first[walk->components[node] + 1]++] = node;
    return 1;
}

/* The sums of one component, and a number that depends on the types alone.
 * `seen` has for each type the last component that it was met in. */
static void
describe(const kaa_walk *walk, const members *of, uint32_t component,
         uint32_t *seen, kaa_walk__cycle *out)
{
    memset(out, 0, sizeof(*out));
    out->sums.count = 1;
    out->example = component;
    for (uint32_t i = of->first[component]; i < of->first[component + 1]; i++) {
        uint32_t node = of->nodes[i], kind = walk->kind_of[node];

        out->sums.objects++;
        out->sums.bytes += walk->sizes[node];
        if (walk->tree.numbers != NULL && walk->tree.numbers[node] == NONE)
            out->sums.garbage = 1;
        if (seen[kind] == component + 1)
            continue;
        seen[kind] = component + 1;
        out->signature +=
            ((uint64_t)kind + 1) * 0x9e3779b97f4a7c15u ^ (uint64_t)kind << 32;
    }
    out->example_count = (uint32_t)out->sums.objects;
    out->signature ^= out->sums.garbage;
}

static int
compare_signatures(const void *a, const void *b)
{
    const kaa_walk__cycle *left = a, *right = b;

    if (left->signature != right->signature)
        return left->signature < right->signature ? -1 : 1;
    return left->example_count < right->example_count
               ? -1
               : left->example_count > right->example_count;
}

static int
compare_bytes(const void *a, const void *b)
{
    const kaa_walk__cycle *left = a, *right = b;

    if (left->sums.bytes != right->sums.bytes)
        return left->sums.bytes > right->sums.bytes ? -1 : 1;
    return left->example < right->example ? -1 : 1;
}

/* One entry for each signature; they stand sorted. */
static uint32_t
merge(kaa_walk__cycle *cycles, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        kaa_walk__cycle *last = kept != 0 ? &cycles[kept - 1] : NULL;

        if (last == NULL || last->signature != cycles[i].signature) {
            cycles[kept++] = cycles[i];
            continue;
        }
        last->sums.count++;
        last->sums.objects += cycles[i].sums.objects;
        last->sums.bytes += cycles[i].sums.bytes;
    }
    return kept;
}

static unsigned char *
left_out(const kaa_walk *walk)
{
    unsigned char *made = kaa_base__alloc_zeroed((size_t)walk->count + 2);

    for (uint32_t node = 0; made != NULL && node < walk->count; node++)
        made[node] = (walk->flags[node] & KAA_WALK__LEFT_OUT) != 0;
    if (made != NULL)
        made[walk->count] = 1; /* the root of all */
    return made;
}

static kaa_status
find(kaa_walk *walk, kaa_error *err)
{
    unsigned char *out = left_out(walk);
    kaa_status status;

    walk->components = kaa_base__alloc_array((size_t)walk->count + 2, 4);
    if (out == NULL || walk->components == NULL) {
        kaa_base__free(out);
        return kaa_base__fail_memory(err, "the cycles");
    }
    status = kaa_walk__components(&walk->graph, out, walk->components,
                                  &walk->components_count, err);
    kaa_base__free(out);
    return status;
}

static kaa_status
group(kaa_walk *walk, kaa_error *err)
{
    uint32_t count = walk->components_count;
    uint32_t *seen = kaa_base__alloc_zeroed((size_t)walk->kinds_count * 4 + 4);
    members of = {0};
    int is_sorted = sort_members(walk, &of);

    walk->cycles =
        kaa_base__alloc_array((size_t)count + 1, sizeof(kaa_walk__cycle));
    if (seen == NULL || !is_sorted || walk->cycles == NULL) {
        kaa_base__free(seen);
        free_members(&of);
        return kaa_base__fail_memory(err, "the cycles");
    }
    for (uint32_t i = 0; i < count; i++)
        describe(walk, &of, i, seen, &walk->cycles[i]);
    qsort(walk->cycles, count, sizeof(kaa_walk__cycle), compare_signatures);
    walk->cycles_count = merge(walk->cycles, count);
    qsort(walk->cycles, walk->cycles_count, sizeof(kaa_walk__cycle),
          compare_bytes);
    kaa_base__free(seen);
    free_members(&of);
    return KAA_OK;
}

kaa_status
kaa_walk_cycles(kaa_walk *walk, kaa_walk_cycle *out, uint32_t capacity,
                uint32_t *count, kaa_error *err)
{
    kaa_status status = KAA_OK;

    if (walk == NULL || count == NULL || (out == NULL && capacity != 0))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "walk, out or count is NULL");
    *count = 0;
    if (walk->cycles == NULL) {
        status = find(walk, err);
        if (status == KAA_OK)
            status = group(walk, err);
        if (status != KAA_OK) {
            kaa_base__free(walk->components);
            kaa_base__free(walk->cycles);
            walk->components = NULL;
            walk->cycles = NULL;
            return status;
        }
    }
    *count = walk->cycles_count;
    for (uint32_t i = 0; i < capacity && i < walk->cycles_count; i++)
        out[i] = walk->cycles[i].sums;
    return KAA_OK;
}

/* The node of a component that something outside refers to, or any. */
static uint32_t
entry_of(const kaa_walk *walk, uint32_t component)
{
    uint32_t any = NONE;

    for (uint32_t node = 0; node < walk->count; node++) {
        if (walk->components[node] != component)
            continue;
        if (any == NONE)
            any = node;
        for (uint32_t i = walk->reversed.first != NULL
                              ? walk->reversed.first[node]
                              : UINT32_MAX;
             i != UINT32_MAX && i < walk->reversed.first[node + 1]; i++) {
            uint32_t from = walk->reversed.targets[i];

            if (from == walk->count || walk->components[from] != component)
                return node;
        }
    }
    return any;
}

/* A shortest way from a node back to it, breadth first. The last node of it;
 * from[] has the way. */
static uint32_t
go_round(const kaa_walk *walk, uint32_t start, uint32_t *from, uint32_t *queue)
{
    uint32_t head = 0, count = 0;

    for (uint32_t i = 0; i < walk->count; i++)
        from[i] = NONE;
    queue[count++] = start;
    while (head < count) {
        uint32_t node = queue[head++];

        for (uint32_t i = walk->graph.first[node];
             i < walk->graph.first[node + 1]; i++) {
            uint32_t target = walk->graph.targets[i];

            if (target == start)
                return node;
            if (walk->components[target] == walk->components[start] &&
                from[target] == NONE) {
                from[target] = node;
                queue[count++] = target;
            }
        }
    }
    return NONE;
}

uint32_t
kaa_walk_cycle_path(const kaa_walk *walk, uint32_t number, void **out,
                    uint32_t capacity)
{
    uint32_t *from, start, last, length = 1;

    if (walk == NULL || walk->cycles == NULL || number >= walk->cycles_count)
        return 0;
    from = kaa_base__alloc_array((size_t)walk->count * 2 + 1, 4);
    if (from == NULL)
        return 0;
    start = entry_of(walk, walk->cycles[number].example);
    last = go_round(walk, start, from, from + walk->count);
    for (uint32_t node = last; node != start && node != NONE; node = from[node])
        length++;
    for (uint32_t i = length; i > 0 && last != NONE; i--, last = from[last])
        if (i <= capacity)
            out[i - 1] = walk->objects[last];
    kaa_base__free(from);
    return length;
}

uint32_t
kaa_walk_cycle_members(const kaa_walk *walk, uint32_t number, void **out,
                       uint32_t capacity)
{
    uint32_t count = 0;

    if (walk == NULL || walk->cycles == NULL || number >= walk->cycles_count)
        return 0;
    for (uint32_t node = 0; node < walk->count; node++)
        if (walk->components[node] == walk->cycles[number].example &&
            count++ < capacity)
            out[count - 1] = walk->objects[node];
    return count;
}
