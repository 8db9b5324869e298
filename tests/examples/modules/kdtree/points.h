/* points.h - the part of the module kdtree between objects and trees. */
#ifndef KDTREE_POINTS_H
#define KDTREE_POINTS_H

#include "kdtree.h"

#include <kaa/module.h>

/** The coordinates of a point, which is any iterable of numbers; 0, or -1. */
int kdtree_read_point(kaa_context *ctx, kaa_object *point, double *out,
                      uint32_t dimensions);

/** Fills a tree whose `dimensions` are set, from a buffer of doubles or an
 * iterable of points, and builds it; 0, or -1, and kdtree_free() is due. It
 * must not be anybody's yet: what is called here may call others. */
int kdtree_fill(kaa_context *ctx, kdtree *tree, kaa_object *points);

/** Frees what a tree has. */
void kdtree_free(kaa_context *ctx, kdtree *tree);

#endif /* KDTREE_POINTS_H */
