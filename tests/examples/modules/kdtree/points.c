/* kdtree/points.c - where the points of a tree come from: a buffer of doubles,
 * or anything that iterates over points. */
#include "points.h"

#include <math.h>
#include <string.h>

/* Indices have 32 bits. */
#define POINTS_MAX (size_t)0xffffffffu

/* Makes room for `count` more coordinates. */
static int
reserve(kaa_context *ctx, kdtree *tree, size_t used, size_t *capacity,
        size_t count)
{
    size_t more = *capacity < 64 ? 64 : *capacity;
    double *points;

    if (*capacity - used >= count)
        return 0;
    if (count > SIZE_MAX / 4 / sizeof(double) - used)
        return kaa_raise_memory(ctx);
    while (more - used < count)
        more *= 2;
    points = kaa_mem_resize(ctx, tree->points, more * sizeof(double));
    if (points == NULL)
        return -1;
    tree->points = points;
    *capacity = more;
    return 0;
}

/* Whether a buffer holds doubles as this machine has them, or plain bytes. */
static int
is_of_doubles(const kaa_buffer *buffer)
{
    const char *format = buffer->format == NULL ? "B" : buffer->format;

    if (strcmp(format, "B") == 0)
        return 1;
    return (*format == '@' || *format == '=' ? strcmp(format + 1, "d")
                                             : strcmp(format, "d")) == 0;
}

static int
take_buffer(kaa_context *ctx, kdtree *tree, const kaa_buffer *buffer)
{
    size_t capacity = 0;
    size_t count = (size_t)buffer->bytes / sizeof(double);

    if (!is_of_doubles(buffer))
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                                "points must be doubles, not of format '%s'",
                                buffer->format);
    if ((size_t)buffer->bytes % (sizeof(double) * tree->dimensions) != 0)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                "%zd bytes are not points of %u doubles",
                                buffer->bytes, tree->dimensions);
    if (reserve(ctx, tree, 0, &capacity, count) < 0)
        return -1;
    if (count != 0)
        memcpy(tree->points, buffer->data, (size_t)buffer->bytes);
    tree->count = count / tree->dimensions;
    return 0;
}

int
kdtree_read_point(kaa_context *ctx, kaa_object *point, double *out,
                  uint32_t dimensions)
{
    kaa_object *items = kaa_to_tuple(ctx, point);
    ptrdiff_t size = items == NULL ? -1 : kaa_tuple_size(ctx, items);
    int result = size < 0 ? -1 : 0;

    if (size >= 0 && size != (ptrdiff_t)dimensions)
        result = kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                  "expected a point of %u coordinates, not %zd",
                                  dimensions, size);
    for (ptrdiff_t i = 0; result == 0 && i < size; i++) {
        kaa_object *item = kaa_tuple_get_borrowed(ctx, items, i);

        result = item == NULL ? -1 : kaa_float_as_double(ctx, item, &out[i]);
    }
    kaa_decref(ctx, items);
    return result;
}

static int
take_points(kaa_context *ctx, kdtree *tree, kaa_object *points)
{
    kaa_object *iterator = kaa_iter(ctx, points), *point = NULL;
    size_t capacity = 0;
    int more;

    if (iterator == NULL)
        return -1;
    while ((more = kaa_next(ctx, iterator, &point)) > 0) {
        size_t used = tree->count * tree->dimensions;

        if (reserve(ctx, tree, used, &capacity, tree->dimensions) < 0 ||
            kdtree_read_point(ctx, point, tree->points + used,
                              tree->dimensions) < 0)
            more = -1;
        kaa_decref(ctx, point);
        if (more < 0)
            break;
        tree->count++;
    }
    kaa_decref(ctx, iterator);
    return more;
}

static int
check_points(kaa_context *ctx, const kdtree *tree)
{
    if (tree->count > POINTS_MAX)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR),
                         "too many points");
    for (size_t i = 0; i < tree->count * tree->dimensions; i++)
        if (!isfinite(tree->points[i]))
            return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                    "point %zu is not finite",
                                    i / tree->dimensions);
    return 0;
}

int
kdtree_fill(kaa_context *ctx, kdtree *tree, kaa_object *points)
{
    kaa_buffer buffer;
    int result;

    if (kaa_buffer_get(ctx, points, &buffer,
                       KAA_BUFFER_C_CONTIGUOUS | KAA_BUFFER_FORMAT) == 0) {
        result = take_buffer(ctx, tree, &buffer);
        kaa_buffer_release(ctx, &buffer);
    } else {
        if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)))
            return -1;
        kaa_error_clear(ctx);
        result = take_points(ctx, tree, points);
    }
    if (result < 0 || check_points(ctx, tree) < 0)
        return -1;
    if (tree->count == 0)
        return 0;
    tree->order = kaa_mem_alloc(ctx, tree->count * sizeof(*tree->order));
    if (tree->order == NULL)
        return -1;
    KAA_ALLOW_THREADS_BEGIN(ctx)
    kdtree_build(tree);
    KAA_ALLOW_THREADS_END(ctx)
    return 0;
}

void
kdtree_free(kaa_context *ctx, kdtree *tree)
{
    kaa_mem_free(ctx, tree->points);
    kaa_mem_free(ctx, tree->order);
    tree->points = NULL;
    tree->order = NULL;
}
