/* Dominators and components, against slow references. */
#include <stdlib.h>
#include <string.h>

#include "kaa_test.h"
#include "walk/graph.h"
#include "walk/numbers.h"

#define NODES_MAX 40u
#define NONE KAA_WALK__NO_NODE

DEFERRABLE(free, void)
DEFERRABLE(kaa_walk__graph_fini, kaa_walk__graph)
DEFERRABLE(kaa_walk__tree_fini, kaa_walk__tree)
DEFERRABLE(kaa_walk__numbers_fini, kaa_walk__numbers)

static uint32_t first[NODES_MAX + 1], targets[NODES_MAX * NODES_MAX];
static kaa_walk__graph graph = {0, first, targets};
static kaa_walk__graph reversed;
static kaa_walk__tree tree;
static kaa_walk__numbers numbers;

/* Each allocation of all rounds fails once in a run of failing allocations. */
static uint32_t
rounds(uint32_t count)
{
    return kaa_test_is_fault_run() ? 2 : count;
}

static void
make(kaa_test_random *random, uint32_t nodes, uint32_t chance)
{
    uint32_t edges = 0;

    graph.count = nodes;
    for (uint32_t n = 0; n < nodes; n++) {
        first[n] = edges;
        for (uint32_t k = 0; k < nodes; k++)
            if (kaa_test_below(random, 100) < chance)
                targets[edges++] = k;
    }
    first[nodes] = edges;
}

/* Marks what can be reached from a node, not going through `without`. */
static void
reach(uint32_t from, uint32_t without, unsigned char *is_reached)
{
    uint32_t stack[NODES_MAX], depth = 0;

    memset(is_reached, 0, NODES_MAX);
    if (from == without)
        return;
    stack[depth++] = from;
    is_reached[from] = 1;
    while (depth != 0) {
        uint32_t n = stack[--depth];

        for (uint32_t i = first[n]; i < first[n + 1]; i++)
            if (targets[i] != without && !is_reached[targets[i]]) {
                is_reached[targets[i]] = 1;
                stack[depth++] = targets[i];
            }
    }
}

static int
is_below(uint32_t number, uint32_t above)
{
    while (number != 0 && number != above)
        number = tree.parents[number];
    return number == above;
}

/* d dominates n if n cannot be reached without d. */
static void
check_dominators(kaa_test *t)
{
    unsigned char all[NODES_MAX], rest[NODES_MAX];

    reach(0, NONE, all);
    for (uint32_t n = 0; n < graph.count; n++)
        CHECK_EQ(tree.numbers[n] != NONE, all[n]);
    for (uint32_t d = 0; d < graph.count; d++) {
        if (!all[d])
            continue;
        CHECK_EQ(tree.nodes[tree.numbers[d]], d);
        CHECK(d == 0 || tree.parents[tree.numbers[d]] < tree.numbers[d]);
        reach(0, d, rest);
        for (uint32_t n = 0; n < graph.count; n++)
            if (all[n])
                CHECK_EQ(is_below(tree.numbers[n], tree.numbers[d]), !rest[n]);
    }
}

KAA_TEST(dominators_are_those_of_the_slow_way)
{
    kaa_test_random random = {.state = 7};

    DEFER(t, kaa_walk__graph_fini, &reversed);
    DEFER(t, kaa_walk__tree_fini, &tree);
    for (uint32_t round = 0; round < rounds(300); round++) {
        make(&random, 1 + (uint32_t)kaa_test_below(&random, NODES_MAX),
             1 + (uint32_t)kaa_test_below(&random, 12));
        CHECK_OK(kaa_walk__graph_reverse(&graph, &reversed, &t->err));
        CHECK_EQ(reversed.first[graph.count], first[graph.count]);
        CHECK_OK(kaa_walk__dominators(&graph, &reversed, 0, &tree, &t->err));
        check_dominators(t);
        kaa_walk__tree_fini(&tree);
        kaa_walk__graph_fini(&reversed);
    }
}

KAA_TEST(reversed_edges_are_the_same_edges)
{
    kaa_test_random random = {.state = 9};
    uint32_t count = 0;

    make(&random, 30, 10);
    CHECK_OK(kaa_walk__graph_reverse(&graph, &reversed, &t->err));
    DEFER(t, kaa_walk__graph_fini, &reversed);
    for (uint32_t n = 0; n < graph.count; n++)
        for (uint32_t i = reversed.first[n]; i < reversed.first[n + 1]; i++) {
            uint32_t from = reversed.targets[i], found = 0;

            for (uint32_t k = first[from]; k < first[from + 1]; k++)
                found += targets[k] == n;
            CHECK(found != 0);
            count++;
        }
    CHECK_EQ(count, first[graph.count]);
}

KAA_TEST(components_are_those_of_the_slow_way)
{
    kaa_test_random random = {.state = 11};
    uint32_t found[NODES_MAX], count;
    unsigned char left_out[NODES_MAX], to[NODES_MAX][NODES_MAX];

    for (uint32_t round = 0; round < rounds(200); round++) {
        make(&random, 1 + (uint32_t)kaa_test_below(&random, NODES_MAX),
             1 + (uint32_t)kaa_test_below(&random, 9));
        memset(left_out, 0, sizeof(left_out));
        for (uint32_t n = 0; n < graph.count; n++)
            reach(n, NONE, to[n]);
        CHECK_OK(
            kaa_walk__components(&graph, left_out, found, &count, &t->err));
        for (uint32_t a = 0; a < graph.count; a++) {
            int is_in_cycle = 0;

            for (uint32_t i = first[a]; i < first[a + 1]; i++)
                is_in_cycle |= to[targets[i]][a];
            CHECK_EQ(found[a] != NONE, is_in_cycle);
            CHECK(found[a] == NONE || found[a] < count);
            for (uint32_t b = 0; b < graph.count; b++)
                if (found[a] != NONE && a != b)
                    CHECK_EQ(found[a] == found[b], to[a][b] && to[b][a]);
        }
    }
}

KAA_TEST(nodes_that_are_left_out_are_in_no_cycle)
{
    static uint32_t ring_first[] = {0, 1, 2, 3, 4};
    static uint32_t ring[] = {1, 2, 3, 0};
    kaa_walk__graph round = {4, ring_first, ring};
    unsigned char left_out[4] = {0};
    uint32_t found[4], count;

    CHECK_OK(kaa_walk__components(&round, left_out, found, &count, &t->err));
    CHECK_EQ(count, 1);
    left_out[2] = 1;
    CHECK_OK(kaa_walk__components(&round, left_out, found, &count, &t->err));
    CHECK_EQ(count, 0);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQ(found[i], NONE);
}

/* A path as long as a linked list of a million, whose end refers back. */
KAA_TEST(long_paths_need_no_stack)
{
    uint32_t count = 1000000, parts;
    uint32_t *memory = malloc((size_t)count * 3 * sizeof(uint32_t) + 16);
    unsigned char *left_out = calloc(count, 1);
    kaa_walk__graph path = {count, memory, memory + count + 1};

    if (memory == NULL || left_out == NULL)
        SKIP("no memory");
    DEFER(t, free, memory);
    DEFER(t, free, left_out);
    for (uint32_t i = 0; i <= count; i++) {
        path.first[i] = i;
        if (i < count)
            path.targets[i] = (i + 1) % count;
    }
    CHECK_OK(kaa_walk__graph_reverse(&path, &reversed, &t->err));
    DEFER(t, kaa_walk__graph_fini, &reversed);
    CHECK_OK(kaa_walk__dominators(&path, &reversed, 0, &tree, &t->err));
    DEFER(t, kaa_walk__tree_fini, &tree);
    CHECK_EQ(tree.count, count);
    CHECK_EQ(tree.parents[count - 1], count - 2);
    CHECK_OK(kaa_walk__components(&path, left_out, path.targets + count, &parts,
                                  &t->err));
    CHECK_EQ(parts, 1);
}

KAA_TEST(numbers_of_addresses)
{
    CHECK_OK(kaa_walk__numbers_init(&numbers, &t->err));
    DEFER(t, kaa_walk__numbers_fini, &numbers);
    for (uint32_t i = 1; i < 500; i++) {
        uintptr_t address = (uintptr_t)i * 0x123450u * 16;
        uint32_t *place =
            kaa_walk__numbers_place(&numbers, (const void *)address);

        CHECK_MEMORY(place);
        CHECK_EQ(*place, 0);
        *place = i;
    }
    for (uint32_t i = 1; i < 500; i++) {
        uintptr_t address = (uintptr_t)i * 0x123450u * 16;

        CHECK_EQ(kaa_walk__numbers_find(&numbers, (const void *)address), i);
        CHECK_EQ(kaa_walk__numbers_find(&numbers, (const void *)(address + 16)),
                 0);
    }
    CHECK_EQ(kaa_walk__numbers_find(&numbers, NULL), 0);
    CHECK_EQ(kaa_walk__numbers_find(&numbers, (void *)UINTPTR_MAX), 0);
}
