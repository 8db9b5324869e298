/* kdtree.h - what the files of the module kdtree share.
 *
 *     module.c   the type KDTree: queries, iteration, buffers, pickling
 *     points.c   where its points come from
 *     tree.c     building and searching, without a word about objects
 */
#ifndef KDTREE_H
#define KDTREE_H

#include <stddef.h>
#include <stdint.h>

/** More would make the coordinates of one point a stack's worth. */
#define KDTREE_DIMENSIONS_MAX 64

/** Points, and the order in which they make a balanced tree: the middle of a
 * range splits it by one coordinate, the next one at each level. Nothing in it
 * changes once it is built, so threads may search it at once. */
typedef struct kdtree {
    double *points;  /**< count * dimensions, in the order given. */
    uint32_t *order; /**< count indices: the tree. */
    size_t count;
    uint32_t dimensions;
} kdtree;

/** A point that was found. */
typedef struct kdtree_hit {
    double distance; /**< Squared. */
    uint32_t index;
} kdtree_hit;

/** Hits, in malloc()'s memory: searches run without the lock. */
typedef struct kdtree_hits {
    kdtree_hit *items;
    size_t count, capacity;
} kdtree_hits;

/** Fills tree->order. */
void kdtree_build(kdtree *tree);

/** The up to `wanted` nearest points, nearest first, equal ones by index;
 * hits->capacity is at least `wanted`. */
void kdtree_nearest(const kdtree *tree, const double *query, size_t wanted,
                    kdtree_hits *hits);

/** The points at most `radius` away, by index. 0, or -1 without memory. */
int kdtree_within(const kdtree *tree, const double *query, double radius,
                  kdtree_hits *hits);

#endif /* KDTREE_H */
