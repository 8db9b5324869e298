/* kdtree/tree.c - a k-d tree without nodes.
 *
 *     order   [ smaller | middle | larger ]     by coordinate 0
 *               [s|m|l]            [s|m|l]      by coordinate 1, and so on
 *
 * The tree is a permutation of the points (Bentley, "Multidimensional binary
 * search trees", CACM 1975; the implicit form is folklore): the middle of a
 * range is the node, the halves are its children. Ranges are halved, so no walk
 * is deeper than 32, and a walk's stack is an array.
 */
#include "kdtree.h"

#include <stdlib.h>
#include <string.h>

/* The depth of a tree of 2^32 points, and one to spare. */
#define DEPTH_MAX 34

/* A part of the tree that is still to be looked at. */
typedef struct range {
    size_t first, end;
    uint32_t axis;
    double gap; /* how far it is away at least, squared */
} range;

/* ---- Building */

static double
coordinate(const kdtree *tree, size_t place, uint32_t axis)
{
    return tree->points[(size_t)tree->order[place] * tree->dimensions + axis];
}

static void
swap(kdtree *tree, size_t a, size_t b)
{
    uint32_t kept = tree->order[a];

    tree->order[a] = tree->order[b];
    tree->order[b] = kept;
}

/* Brings to `middle` what would stand there if the range were sorted, the
 * smaller before it, the larger behind. Hoare's selection with three parts, so
 * that equal coordinates cost nothing; the pivot is drawn, so that no order of
 * the points is a bad one. */
static void
select_middle(kdtree *tree, size_t first, size_t end, size_t middle,
              uint32_t axis, uint64_t *random)
{
    while (end - first > 1) {
        size_t lower = first, at = first, upper = end;
        double pivot;

        *random =
            *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        pivot = coordinate(tree, first + (*random >> 33) % (end - first), axis);
        while (at < upper) {
            double value = coordinate(tree, at, axis);

            if (value < pivot)
                swap(tree, lower++, at++);
            else if (value > pivot)
                swap(tree, at, --upper);
            else
                at++;
        }
        if (middle < lower)
            end = lower;
        else if (middle >= upper)
            first = upper;
        else
            return;
    }
}

void
kdtree_build(kdtree *tree)
{
    range stack[DEPTH_MAX];
    size_t depth = 0;
    uint64_t random = tree->count;

    for (size_t i = 0; i < tree->count; i++)
        tree->order[i] = (uint32_t)i;
    stack[depth++] = (range){0, tree->count, 0, 0};
    while (depth > 0) {
        range one = stack[--depth];
        size_t middle = one.first + (one.end - one.first) / 2;
        uint32_t next = (one.axis + 1) % tree->dimensions;

        if (one.end - one.first < 2)
            continue;
        select_middle(tree, one.first, one.end, middle, one.axis, &random);
        stack[depth++] = (range){middle + 1, one.end, next, 0};
        stack[depth++] = (range){one.first, middle, next, 0};
    }
}

/* ---- Searching */

static double
distance_to(const kdtree *tree, const double *query, uint32_t index)
{
    const double *point = tree->points + (size_t)index * tree->dimensions;
    double sum = 0;

    for (uint32_t i = 0; i < tree->dimensions; i++)
        sum += (point[i] - query[i]) * (point[i] - query[i]);
    return sum;
}

/* Pushes the halves of a range, the one that the query is in last, so that it
 * is the next. */
static void
push_halves(const kdtree *tree, const double *query, const range *one,
            size_t middle, range *stack, size_t *depth)
{
    double away = query[one->axis] - coordinate(tree, middle, one->axis);
    uint32_t next = (one->axis + 1) % tree->dimensions;
    double gap = away * away > one->gap ? away * away : one->gap;
    range smaller = {one->first, middle, next, away < 0 ? one->gap : gap};
    range larger = {middle + 1, one->end, next, away < 0 ? gap : one->gap};

    stack[(*depth)++] = away < 0 ? larger : smaller;
    stack[(*depth)++] = away < 0 ? smaller : larger;
}

/* Whether `a` comes behind `b` in the result. */
static int
is_worse(const kdtree_hit *a, const kdtree_hit *b)
{
    return a->distance > b->distance ||
           (a->distance == b->distance && a->index > b->index);
}

/* Puts a hit into the heap of `count` places whose worst is at the root. */
static void
sift_down(kdtree_hit *heap, size_t count, kdtree_hit hit)
{
    size_t place = 0;

    for (;;) {
        size_t child = place * 2 + 1;

        if (child >= count)
            break;
        if (child + 1 < count && is_worse(&heap[child + 1], &heap[child]))
            child++;
        if (!is_worse(&heap[child], &hit))
            break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = hit;
}

static void
sift_up(kdtree_hit *heap, size_t place, kdtree_hit hit)
{
    while (place > 0 && is_worse(&hit, &heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = hit;
}

void
kdtree_nearest(const kdtree *tree, const double *query, size_t wanted,
               kdtree_hits *hits)
{
    range stack[DEPTH_MAX];
    size_t depth = 0;

    hits->count = 0;
    if (wanted > 0)
        stack[depth++] = (range){0, tree->count, 0, 0};
    while (depth > 0) {
        range one = stack[--depth];
        size_t middle = one.first + (one.end - one.first) / 2;
        kdtree_hit hit;

        if (one.first == one.end ||
            (hits->count == wanted && one.gap > hits->items[0].distance))
            continue;
        hit.index = tree->order[middle];
        hit.distance = distance_to(tree, query, hit.index);
        if (hits->count < wanted)
            sift_up(hits->items, hits->count++, hit);
        else if (is_worse(&hits->items[0], &hit))
            sift_down(hits->items, wanted, hit);
        push_halves(tree, query, &one, middle, stack, &depth);
    }
    for (size_t left = hits->count; left > 1; left--) {
        kdtree_hit last = hits->items[left - 1];

        hits->items[left - 1] = hits->items[0];
        sift_down(hits->items, left - 1, last);
    }
}

static int
append(kdtree_hits *hits, kdtree_hit hit)
{
    if (hits->count == hits->capacity) {
        size_t capacity = hits->capacity == 0 ? 64 : hits->capacity * 2;
        kdtree_hit *items = realloc(hits->items, capacity * sizeof(*items));

        if (items == NULL)
            return -1;
        hits->items = items;
        hits->capacity = capacity;
    }
    hits->items[hits->count++] = hit;
    return 0;
}

static int
by_index(const void *a, const void *b)
{
    uint32_t left = ((const kdtree_hit *)a)->index;
    uint32_t right = ((const kdtree_hit *)b)->index;

    return (left > right) - (left < right);
}

int
kdtree_within(const kdtree *tree, const double *query, double radius,
              kdtree_hits *hits)
{
    range stack[DEPTH_MAX];
    size_t depth = 0;
    double limit = radius * radius;

    stack[depth++] = (range){0, tree->count, 0, 0};
    while (depth > 0) {
        range one = stack[--depth];
        size_t middle = one.first + (one.end - one.first) / 2;
        kdtree_hit hit;

        if (one.first == one.end || one.gap > limit)
            continue;
        hit.index = tree->order[middle];
        hit.distance = distance_to(tree, query, hit.index);
        if (hit.distance <= limit && append(hits, hit) < 0)
            return -1;
        push_halves(tree, query, &one, middle, stack, &depth);
    }
    if (hits->count > 1)
        qsort(hits->items, hits->count, sizeof(*hits->items), by_index);
    return 0;
}
