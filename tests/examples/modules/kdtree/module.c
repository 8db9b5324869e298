/* kdtree - nearest neighbours, an example of a native type.
 *
 * KDTree(points, dimensions) takes doubles from any buffer: array.array("d"), a
 * NumPy array, bytes; `points` may also be an iterable of points. It lends them
 * again as a read-only buffer, iterates over them, can be pickled and derived
 * from. Queries let other threads run: nothing in a tree changes once its
 * __init__ is done, which can be done only once.
 */
#include "points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct instance {
    kdtree tree;
    ptrdiff_t shape[2], strides[2]; /* of the buffer that is lent */
    int32_t dimensions;             /* 0: __init__ has not been done */
} instance;

typedef struct module_state {
    kaa_object *iterator_type;
} module_state;

static const kdtree *
tree_of(kaa_context *ctx, kaa_object *self)
{
    const instance *data = kaa_data(ctx, self);

    if (data->dimensions != 0)
        return &data->tree;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
              "KDTree.__init__() was not called");
    return NULL;
}

/* ---- Making one */

static int
kdtree_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"points", "dimensions", NULL};
    instance *data;
    kdtree tree = {NULL, NULL, 0, 0};
    kaa_object *points = NULL;
    int dimensions = 0;

    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "Oi:KDTree", names,
                            &points, &dimensions))
        return -1;
    if (dimensions < 1 || dimensions > KDTREE_DIMENSIONS_MAX)
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                                "dimensions must be 1 to %d",
                                KDTREE_DIMENSIONS_MAX);
    tree.dimensions = (uint32_t)dimensions;
    if (kdtree_fill(ctx, &tree, points) < 0) {
        kdtree_free(ctx, &tree);
        return -1;
    }
    /* asked last: while the points were read, anything may have happened */
    data = kaa_data(ctx, self);
    if (data->dimensions != 0) {
        kdtree_free(ctx, &tree);
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
                         "KDTree.__init__() may be called only once");
    }
    data->tree = tree;
    data->shape[0] = (ptrdiff_t)tree.count;
    data->shape[1] = dimensions;
    data->strides[0] = (ptrdiff_t)sizeof(double) * dimensions;
    data->strides[1] = (ptrdiff_t)sizeof(double);
    data->dimensions = dimensions;
    return 0;
}

static void
kdtree_destroy(kaa_context *ctx, void *data)
{
    instance *one = data;

    kdtree_free(ctx, &one->tree);
}

/* ---- Queries */

/* The hits as a list of (distance, index). */
static kaa_object *
pairs_of(kaa_context *ctx, const kdtree_hits *hits)
{
    kaa_object *list = kaa_list_new(ctx, hits->count);

    for (size_t i = 0; list != NULL && i < hits->count; i++) {
        kaa_object *pair[2];

        pair[0] = kaa_float_from_double(ctx, sqrt(hits->items[i].distance));
        pair[1] = kaa_int(ctx, hits->items[i].index);
        if (kaa_list_take_append(ctx, list,
                                 kaa_tuple_take_array(ctx, pair, 2)) < 0)
            KAA_CLEAR(ctx, list);
    }
    return list;
}

static kaa_object *
indices_of(kaa_context *ctx, const kdtree_hits *hits)
{
    kaa_object *list = kaa_list_new(ctx, hits->count);

    for (size_t i = 0; list != NULL && i < hits->count; i++)
        if (kaa_list_take_append(ctx, list,
                                 kaa_int(ctx, hits->items[i].index)) < 0)
            KAA_CLEAR(ctx, list);
    return list;
}

static int
read_query(kaa_context *ctx, const kdtree *tree, kaa_object *query, double *out)
{
    if (kdtree_read_point(ctx, query, out, tree->dimensions) < 0)
        return -1;
    for (uint32_t i = 0; i < tree->dimensions; i++)
        if (!isfinite(out[i]))
            return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                             "the query is not finite");
    return 0;
}

static kaa_object *
kdtree_nearest_method(kaa_context *ctx, kaa_object *self,
                      kaa_object *const *args, size_t nargs,
                      kaa_object *kwnames)
{
    static const char *const names[] = {"query", "k", NULL};
    double query[KDTREE_DIMENSIONS_MAX];
    const kdtree *tree = tree_of(ctx, self);
    kaa_object *point = NULL, *result;
    kdtree_hits hits = {NULL, 0, 0};
    ptrdiff_t wanted = 1;

    if (tree == NULL ||
        !kaa_parse_keywords(ctx, args, nargs, kwnames, "O|n:nearest", names,
                            &point, &wanted) ||
        read_query(ctx, tree, point, query) < 0)
        return NULL;
    if (wanted < 0) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                  "k must not be negative");
        return NULL;
    }
    if ((size_t)wanted > tree->count)
        wanted = (ptrdiff_t)tree->count;
    hits.capacity = (size_t)wanted;
    hits.items = malloc(((size_t)wanted + 1) * sizeof(*hits.items));
    if (hits.items == NULL) {
        kaa_raise_memory(ctx);
        return NULL;
    }
    KAA_ALLOW_THREADS_BEGIN(ctx)
    kdtree_nearest(tree, query, (size_t)wanted, &hits);
    KAA_ALLOW_THREADS_END(ctx)
    result = pairs_of(ctx, &hits);
    free(hits.items);
    return result;
}

static kaa_object *
kdtree_within_method(kaa_context *ctx, kaa_object *self,
                     kaa_object *const *args, size_t nargs)
{
    double query[KDTREE_DIMENSIONS_MAX];
    const kdtree *tree = tree_of(ctx, self);
    kaa_object *point = NULL, *result = NULL;
    kdtree_hits hits = {NULL, 0, 0};
    double radius = 0;
    int failed;

    if (tree == NULL ||
        !kaa_parse_args(ctx, args, nargs, "Od:within", &point, &radius) ||
        read_query(ctx, tree, point, query) < 0)
        return NULL;
    if (!(radius >= 0)) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                  "the radius must not be negative");
        return NULL;
    }
    KAA_ALLOW_THREADS_BEGIN(ctx)
    failed = kdtree_within(tree, query, radius, &hits);
    KAA_ALLOW_THREADS_END(ctx)
    if (failed)
        kaa_raise_memory(ctx);
    else
        result = indices_of(ctx, &hits);
    free(hits.items);
    return result;
}

/* ---- A sequence of points */

static ptrdiff_t
kdtree_length(kaa_context *ctx, kaa_object *self)
{
    const kdtree *tree = tree_of(ctx, self);

    return tree == NULL ? -1 : (ptrdiff_t)tree->count;
}

/* The point of an index that is known to be there, as a tuple. */
static kaa_object *
point_at(kaa_context *ctx, const kdtree *tree, size_t index)
{
    kaa_object *items[KDTREE_DIMENSIONS_MAX];
    const double *point = tree->points + index * tree->dimensions;

    for (uint32_t i = 0; i < tree->dimensions; i++) {
        items[i] = kaa_float_from_double(ctx, point[i]);
        if (items[i] == NULL) {
            while (i > 0)
                kaa_decref(ctx, items[--i]);
            return NULL;
        }
    }
    return kaa_tuple_take_array(ctx, items, tree->dimensions);
}

static kaa_object *
kdtree_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    const kdtree *tree = tree_of(ctx, self);
    int64_t index = 0;

    if (tree == NULL || kaa_int_as_int64(ctx, key, &index) < 0)
        return NULL;
    if (index < 0)
        index += (int64_t)tree->count;
    if (index < 0 || (uint64_t)index >= tree->count) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR),
                  "KDTree index out of range");
        return NULL;
    }
    return point_at(ctx, tree, (size_t)index);
}

typedef struct iterator {
    kaa_object *tree; /* a member: NULL at the end */
    size_t next;
} iterator;

static kaa_object *
kdtree_iter(kaa_context *ctx, kaa_object *self)
{
    kaa_object *type = kaa_type_of(ctx, self), *module = NULL, *made = NULL;
    const module_state *state;

    if (type != NULL)
        module = kaa_type_module(ctx, type);
    if (module != NULL && tree_of(ctx, self) != NULL) {
        state = kaa_module_state(ctx, module);
        if (state->iterator_type == NULL)
            kaa_raise(ctx, kaa_builtin(ctx, KAA_RUNTIME_ERROR),
                      "the module kdtree has ended");
        else
            made = kaa_instance_new(ctx, state->iterator_type);
    }
    if (made != NULL)
        ((iterator *)kaa_data(ctx, made))->tree = kaa_incref(ctx, self);
    kaa_decref(ctx, module);
    kaa_decref(ctx, type);
    return made;
}

static kaa_object *
iterator_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
iterator_next(kaa_context *ctx, kaa_object *self)
{
    iterator *one = kaa_data(ctx, self);
    const kdtree *tree;

    if (one->tree == NULL)
        return NULL;
    tree = tree_of(ctx, one->tree);
    if (tree != NULL && one->next < tree->count)
        return point_at(ctx, tree, one->next++);
    KAA_CLEAR(ctx, one->tree);
    return NULL;
}

static const kaa_member iterator_members[] = {
    {"tree", KAA_MEMBER_OBJECT, KAA_HIDDEN, offsetof(iterator, tree), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec iterator_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_NO_INSTANCES | KAA_TYPE_NO_SUBTYPES,
    .name = "kdtree.KDTreeIterator",
    .data_bytes = sizeof(iterator),
    .members = iterator_members,
    .iter = iterator_iter,
    .next = iterator_next,
};

/* ---- Buffers, pickling, the rest */

static int
kdtree_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                  int request)
{
    static char format[] = "d"; /* nobody writes to it */
    instance *data = kaa_data(ctx, self);
    const kdtree *tree = tree_of(ctx, self);

    if (tree == NULL)
        return -1;
    if ((request & KAA_BUFFER_WRITABLE) != 0)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR),
                         "the points of a KDTree are read-only");
    if ((request & KAA_BUFFER_F_CONTIGUOUS) == KAA_BUFFER_F_CONTIGUOUS &&
        tree->count > 1 && tree->dimensions > 1)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR),
                         "the points of a KDTree are in C order");
    memset(buffer, 0, sizeof(*buffer));
    buffer->data = tree->points;
    buffer->bytes = data->shape[0] * data->strides[0];
    buffer->item_bytes = (ptrdiff_t)sizeof(double);
    buffer->is_readonly = 1;
    buffer->dimensions = 2;
    if ((request & KAA_BUFFER_FORMAT) != 0)
        buffer->format = format;
    if ((request & KAA_BUFFER_ND) != 0)
        buffer->shape = data->shape;
    else
        buffer->dimensions = 1;
    if ((request & KAA_BUFFER_STRIDES) == KAA_BUFFER_STRIDES)
        buffer->strides = data->strides;
    return 0;
}

/* (type, (bytes, dimensions), attributes of a derived type or None) */
static kaa_object *
kdtree_reduce(kaa_context *ctx, kaa_object *self)
{
    const kdtree *tree = tree_of(ctx, self);
    kaa_object *type, *bytes, *attributes = NULL;
    size_t size;

    if (tree == NULL || kaa_find_attr(ctx, self, "__dict__", &attributes) < 0)
        return NULL;
    if (attributes == NULL)
        attributes = kaa_none(ctx);
    size = tree->count * tree->dimensions * sizeof(double);
    type = kaa_type_of(ctx, self);
    bytes =
        kaa_bytes_from_data(ctx, size == 0 ? "" : (void *)tree->points, size);
    return kaa_build(ctx, "(N(NI)N)", type, bytes, tree->dimensions,
                     attributes);
}

static kaa_object *
kdtree_bounds(kaa_context *ctx, kaa_object *self, void *user)
{
    const kdtree *tree = tree_of(ctx, self);
    kaa_object *ends[2][KDTREE_DIMENSIONS_MAX];
    kaa_object *pair[2] = {NULL, NULL};

    (void)user;
    if (tree == NULL)
        return NULL;
    if (tree->count == 0)
        return kaa_none(ctx);
    for (uint32_t axis = 0; axis < tree->dimensions; axis++) {
        double low = tree->points[axis], high = low;

        for (size_t i = 1; i < tree->count; i++) {
            double value = tree->points[i * tree->dimensions + axis];

            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        ends[0][axis] = kaa_float_from_double(ctx, low);
        ends[1][axis] = kaa_float_from_double(ctx, high);
    }
    pair[0] = kaa_tuple_take_array(ctx, ends[0], tree->dimensions);
    pair[1] = kaa_tuple_take_array(ctx, ends[1], tree->dimensions);
    return kaa_tuple_take_array(ctx, pair, 2);
}

static kaa_object *
kdtree_repr(kaa_context *ctx, kaa_object *self)
{
    const kdtree *tree = tree_of(ctx, self);

    if (tree == NULL) /* repr() is for looking at broken ones too */
        kaa_error_clear(ctx);
    return kaa_str_format(ctx, "<%T of %zu points in %u dimensions>", self,
                          tree == NULL ? (size_t)0 : tree->count,
                          tree == NULL ? 0u : tree->dimensions);
}

static const kaa_method kdtree_methods[] = {
    KAA_METHOD_KEYWORDS("nearest", kdtree_nearest_method,
                        "nearest($self, query, k=1)\n--\n\n"
                        "The k nearest points, nearest first, as (distance, "
                        "index)."),
    KAA_METHOD("within", kdtree_within_method,
               "within($self, query, radius, /)\n--\n\n"
               "The indices of the points at most so far away."),
    KAA_METHOD_NOARGS("__reduce__", kdtree_reduce, "For pickle and copy."),
    KAA_METHODS_END,
};

static const kaa_member kdtree_members[] = {
    {"dimensions", KAA_MEMBER_INT32, KAA_READONLY,
     offsetof(instance, dimensions), "How many coordinates a point has."},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_property kdtree_properties[] = {
    {"bounds", kdtree_bounds, NULL,
     "The least and the greatest coordinates; None without points.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const kaa_type_spec kdtree_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "kdtree.KDTree",
    .doc = "KDTree(points, dimensions)\n--\n\nPoints, to be found by place.",
    .data_bytes = sizeof(instance),
    .methods = kdtree_methods,
    .members = kdtree_members,
    .properties = kdtree_properties,
    .destroy = kdtree_destroy,
    .init = kdtree_init,
    .repr = kdtree_repr,
    .iter = kdtree_iter,
    .length = kdtree_length,
    .get_item = kdtree_get_item,
    .get_buffer = kdtree_get_buffer,
};

static const kaa_type_spec *const types[] = {&kdtree_spec, NULL};

static int
fill(kaa_context *ctx, kaa_object *module)
{
    module_state *state = kaa_module_state(ctx, module);

    state->iterator_type = kaa_type_new(ctx, &iterator_spec, module, NULL);
    return state->iterator_type == NULL ? -1 : 0;
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((const module_state *)data)->iterator_type);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    module_state *state = data;

    KAA_CLEAR(ctx, state->iterator_type);
}

KAA_MODULE(kdtree, .doc = "Nearest neighbours.", .types = types,
           .state_bytes = sizeof(module_state), .exec = fill,
           .traverse = traverse, .clear = clear, .destroy = clear);
