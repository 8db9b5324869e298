/* object/containers/slice.c - slices: start, stop, step, each any object.
 *
 * A slice of what the collector does not look at is of kind PLAIN.
 */
#include <stdio.h>

#include "object/containers/container.h"

typedef struct slice {
    kaa_object header;
    kaa_object *parts[3]; /* start, stop, step */
} slice;

static const char *const names[] = {"start", "stop", "step"};

static slice *
as_slice(kaa_object *object)
{
    return (slice *)(void *)object;
}

kaa_object *
kaa_object__slice_new(kaa_context *ctx, kaa_object *start, kaa_object *stop,
                      kaa_object *step)
{
    kaa_object *parts[3] = {start, stop, step}, *object;
    kaa_heap_kind kind = KAA_HEAP_OBJECT_PLAIN;

    for (size_t i = 0; i < 3; i++) {
        if (parts[i] == NULL)
            parts[i] = kaa_object__constant(KAA_NONE);
        if (!kaa_is_tagged(parts[i]) && kaa_object__is_tracked(parts[i]))
            kind = KAA_HEAP_OBJECT_TRACKED;
    }
    object = kaa_object__new(ctx, kaa_object__builtin(ctx, KAA_SLICE_TYPE),
                             sizeof(slice), kind);
    if (object == NULL)
        return NULL;
    for (size_t i = 0; i < 3; i++)
        as_slice(object)->parts[i] = kaa_object__take(parts[i]);
    return object;
}

/* One part, which is not None. */
static int
part(kaa_context *ctx, kaa_object *object, ptrdiff_t *out)
{
    if (!kaa_object__has_index(ctx, object))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "slice indices must be integers or None or have an __index__ "
            "method");
    return kaa_object__index_of(ctx, object, out, KAA_OBJECT__CUT);
}

int
kaa_object__slice_unpack(kaa_context *ctx, kaa_object *object,
                         ptrdiff_t *out_start, ptrdiff_t *out_stop,
                         ptrdiff_t *out_step)
{
    kaa_object *none = kaa_object__constant(KAA_NONE);
    const slice *self = as_slice(object);
    ptrdiff_t start, stop, step = 1;

    if (self->parts[2] != none && part(ctx, self->parts[2], &step) != 0)
        return -1;
    if (step == 0) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "slice step cannot be zero");
        return -1;
    }
    if (step < -PTRDIFF_MAX) /* so that it can be turned round */
        step = -PTRDIFF_MAX;
    start = step < 0 ? PTRDIFF_MAX : 0;
    stop = step < 0 ? PTRDIFF_MIN : PTRDIFF_MAX;
    if (self->parts[0] != none && part(ctx, self->parts[0], &start) != 0)
        return -1;
    if (self->parts[1] != none && part(ctx, self->parts[1], &stop) != 0)
        return -1;
    *out_start = start;
    *out_stop = stop;
    *out_step = step;
    return 0;
}

/* A bound counted from the start, -1 to length. */
static ptrdiff_t
adjust(ptrdiff_t bound, ptrdiff_t length, ptrdiff_t step)
{
    if (bound < 0) {
        bound += length;
        return bound < 0 ? (step < 0 ? -1 : 0) : bound;
    }
    if (bound >= length)
        return step < 0 ? length - 1 : length;
    return bound;
}

ptrdiff_t
kaa_object__slice_adjust(ptrdiff_t length, ptrdiff_t *start, ptrdiff_t stop,
                         ptrdiff_t step)
{
    *start = adjust(*start, length, step);
    stop = adjust(stop, length, step);
    if (step < 0)
        return stop < *start ? (*start - stop - 1) / -step + 1 : 0;
    return *start < stop ? (stop - *start - 1) / step + 1 : 0;
}

int
kaa_object__slice_resolve(kaa_context *ctx, kaa_object *object,
                          ptrdiff_t length, ptrdiff_t *out_start,
                          ptrdiff_t *out_step, ptrdiff_t *out_count)
{
    ptrdiff_t start, stop, step;

    if (!kaa_object__has_id(object, KAA_SLICE_TYPE))
        return kaa_object__raise_type(ctx, "slice_resolve", "slice", object);
    if (kaa_object__slice_unpack(ctx, object, &start, &stop, &step) != 0)
        return -1;
    *out_count = kaa_object__slice_adjust(length, &start, stop, step);
    *out_start = start;
    *out_step = step;
    return 0;
}

/* ---- The type */

static kaa_object *
slice_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
             size_t nargs, kaa_object *kwnames)
{
    (void)type;
    if (kaa_object__check_args(ctx, "slice", nargs, 1, 3, kwnames) != 0)
        return NULL;
    if (nargs == 1)
        return kaa_object__slice_new(ctx, NULL, args[0], NULL);
    return kaa_object__slice_new(ctx, args[0], args[1],
                                 nargs == 3 ? args[2] : NULL);
}

static kaa_object *
slice_repr(kaa_context *ctx, kaa_object *self)
{
    struct kaa_object__showing showing;
    kaa_base__text text = {0};
    int is_failed = kaa_object__show_begin(ctx, &showing, self);

    if (is_failed < 0)
        return NULL;
    if (is_failed > 0)
        return kaa_text(ctx, "slice(...)");
    kaa_base__text_puts(&text, "slice(");
    for (size_t i = 0; i < 3 && !is_failed; i++) {
        if (i > 0)
            kaa_base__text_puts(&text, ", ");
        is_failed = kaa_object__show(ctx, &text, as_slice(self)->parts[i]) != 0;
    }
    kaa_base__text_puts(&text, ")");
    kaa_object__show_end(ctx, &showing);
    return kaa_object__show_text(ctx, &text, is_failed);
}

/* As tuples of the parts. */
static kaa_object *
slice_compare(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    kaa_object *tuples[2], *result;

    if (!kaa_object__has_id(left, KAA_SLICE_TYPE) ||
        !kaa_object__has_id(right, KAA_SLICE_TYPE))
        return kaa_not_implemented(ctx);
    tuples[0] = kaa_object__tuple_from_array(ctx, as_slice(left)->parts, 3);
    if (tuples[0] == NULL)
        return NULL;
    tuples[1] = kaa_object__tuple_from_array(ctx, as_slice(right)->parts, 3);
    result = tuples[1] == NULL
                 ? NULL
                 : kaa_object__sequence_compare(ctx, tuples[0], tuples[1], op);
    kaa_object__give(ctx, tuples[0]);
    if (tuples[1] != NULL)
        kaa_object__give(ctx, tuples[1]);
    return result;
}

static kaa_object *
slice_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    for (size_t i = 0; i < 3; i++)
        if (kaa_object__str_equals(ctx, name, names[i], strlen(names[i])))
            return kaa_object__take(as_slice(self)->parts[i]);
    return kaa_object__generic_get_attr(ctx, self, name);
}

static kaa_object *
method_indices(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    ptrdiff_t length, start, stop, step;
    kaa_object *items[3];

    if (kaa_object__index_of(ctx, argument, &length, KAA_OBJECT__CUT) != 0)
        return NULL;
    if (length < 0) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "length should not be negative");
        return NULL;
    }
    if (kaa_object__slice_unpack(ctx, self, &start, &stop, &step) != 0)
        return NULL;
    items[0] = kaa_int(ctx, adjust(start, length, step));
    items[1] = kaa_int(ctx, adjust(stop, length, step));
    items[2] = kaa_int(ctx, step);
    return kaa_object__tuple_take_array(ctx, items, 3);
}

static int
slice_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    for (size_t i = 0; i < 3; i++)
        if (!kaa_is_tagged(as_slice(self)->parts[i]))
            KAA_VISIT(as_slice(self)->parts[i]);
    return 0;
}

static void
slice_release(kaa_context *ctx, kaa_object *self)
{
    for (size_t i = 0; i < 3; i++)
        kaa_object__give(ctx, as_slice(self)->parts[i]);
}

static void
slice_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    for (size_t i = 0; i < 3; i++)
        if (!kaa_is_tagged(as_slice(self)->parts[i]) && number-- == 0)
            snprintf(buffer, size, "%s", names[i]);
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("indices", method_indices,
                   "indices(length, /)\n--\n\n"
                   "(start, stop, step) for a sequence of that length."),
    KAA_METHODS_END,
};

const kaa_object__type kaa_object__template_slice = {
    .doc = "slice(stop, /)\nslice(start, stop, step=None, /)",
    .flags = KAA_OBJECT__NO_WEAKREFS,
    .block_bytes = sizeof(slice),
    .methods = methods,
    .traverse = slice_traverse,
    .release = slice_release,
    .describe_reference = slice_describe,
    .create = slice_create,
    .repr = slice_repr,
    /* As CPython's was until 3.12. */
    .hash = kaa_object__unhashable,
    .compare = slice_compare,
    .get_attr = slice_get_attr,
};
