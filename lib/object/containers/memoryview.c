/* object/containers/memoryview.c - looking at the memory of another object.
 *
 *     memoryview --> managed --> kaa_buffer of the exporter
 *
 * Views that are made of a view (slices, casts) share what is borrowed from the
 * exporter, the `managed` object; it is given back when the last of them is
 * released or ends. A view may be lent in turn, and cannot be released while it
 * is.
 */
#include "object/containers/memoryview.h"

#include <stdio.h>

#include "object/text/str.h"

kaa_object__view *
kaa_object__view_of(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = (kaa_object__view *)(void *)self;

    if (view->managed != NULL)
        return view;
    kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                           "operation forbidden on released memoryview object");
    return NULL;
}

/* ---- Managed buffers */

typedef struct managed {
    kaa_object header;
    kaa_buffer buffer;
} managed;

static managed *
as_managed(kaa_object *object)
{
    return (managed *)(void *)object;
}

static void
managed_release(kaa_context *ctx, kaa_object *self)
{
    kaa_object__buffer_release(ctx, &as_managed(self)->buffer);
}

static int
managed_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    KAA_VISIT(as_managed(self)->buffer.owner);
    return 0;
}

const kaa_object__type kaa_object__template_managed_buffer = {
    .flags = KAA_OBJECT__NO_WEAKREFS | KAA_OBJECT__NO_SUBTYPES |
             KAA_OBJECT__NO_INSTANCES,
    .block_bytes = sizeof(managed),
    .traverse = managed_traverse,
    .release = managed_release,
};

/* ---- Making views */

kaa_object__view *
kaa_object__view_new(kaa_context *ctx, kaa_object *shared, int32_t dimensions)
{
    kaa_object *object;
    kaa_object__view *view;

    kaa_object__take(shared); /* making a view may collect */
    object = kaa_object__new_zeroed(
        ctx, kaa_object__builtin(ctx, KAA_MEMORYVIEW_TYPE),
        offsetof(kaa_object__view, arrays) +
            (size_t)dimensions * 3 * sizeof(ptrdiff_t),
        KAA_HEAP_OBJECT_TRACKED);
    if (object == NULL) {
        kaa_object__give(ctx, shared);
        return NULL;
    }
    view = (kaa_object__view *)(void *)object;
    view->managed = shared;
    view->buffer.dimensions = dimensions;
    view->buffer.shape = view->arrays;
    view->buffer.strides = view->arrays + dimensions;
    view->buffer.internal = view->arrays + (size_t)dimensions * 2;
    return view;
}

kaa_object__view *
kaa_object__view_like(kaa_context *ctx, kaa_object *shared,
                      const kaa_buffer *from)
{
    int32_t n = from->dimensions;
    kaa_object__view *view = kaa_object__view_new(ctx, shared, n);
    ptrdiff_t step = from->item_bytes;

    if (view == NULL)
        return NULL;
    view->buffer.data = from->data;
    view->buffer.bytes = from->bytes;
    view->buffer.item_bytes = from->item_bytes;
    view->buffer.is_readonly = from->is_readonly;
    view->buffer.format = from->format;
    for (int32_t i = n - 1; i >= 0; i--) {
        view->buffer.shape[i] = from->shape != NULL
                                    ? from->shape[i]
                                    : from->bytes / from->item_bytes;
        view->buffer.strides[i] =
            from->strides != NULL ? from->strides[i] : step;
        step *= view->buffer.shape[i];
    }
    if (from->suboffsets != NULL) {
        view->buffer.suboffsets = view->buffer.internal;
        for (int32_t i = 0; i < n; i++)
            view->buffer.suboffsets[i] = from->suboffsets[i];
    }
    return view;
}

/* Whether what an exporter gave can be true. */
static int
check(kaa_context *ctx, const kaa_buffer *buffer)
{
    const char *fault = NULL;

    if (buffer->dimensions < 0 ||
        buffer->dimensions > KAA_OBJECT__DIMENSIONS_MAX)
        fault = "memoryview: number of dimensions must not exceed 64";
    else if (buffer->bytes < 0 || buffer->item_bytes <= 0)
        fault = "memoryview: the buffer has no size";
    else if (buffer->dimensions > 1 && buffer->shape == NULL)
        fault = "memoryview: the buffer has no shape";
    if (fault == NULL)
        return 0;
    return kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "%s", fault);
}

kaa_object *
kaa_object__memoryview_new(kaa_context *ctx, kaa_object *object)
{
    kaa_object *shared;
    kaa_object__view *view = NULL;

    if (kaa_object__has_id(object, KAA_MEMORYVIEW_TYPE)) {
        view = kaa_object__view_of(ctx, object);
        if (view != NULL)
            view = kaa_object__view_like(ctx, view->managed, &view->buffer);
        return view == NULL ? NULL : &view->header;
    }
    if (!kaa_object__has_buffer(ctx, object)) {
        kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "memoryview: a bytes-like object is required, not '%s'",
            kaa_object__borrow_type(ctx, object)->name);
        return NULL;
    }
    shared = kaa_object__new_zeroed(
        ctx, kaa_object__internal(ctx, KAA_OBJECT__INTERNAL_MANAGED_BUFFER),
        sizeof(managed), KAA_HEAP_OBJECT_TRACKED);
    if (shared == NULL)
        return NULL;
    if (kaa_object__buffer_get(ctx, object, &as_managed(shared)->buffer,
                               KAA_BUFFER_INDIRECT | KAA_BUFFER_FORMAT) == 0 &&
        check(ctx, &as_managed(shared)->buffer) == 0)
        view = kaa_object__view_like(ctx, shared, &as_managed(shared)->buffer);
    kaa_object__give(ctx, shared);
    return view == NULL ? NULL : &view->header;
}

static kaa_object *
view_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    (void)type;
    if (kaa_object__check_args(ctx, "memoryview", nargs, 1, 1, kwnames) != 0)
        return NULL;
    return kaa_object__memoryview_new(ctx, args[0]);
}

kaa_object *
kaa_object__view_exporter(kaa_context *ctx, kaa_object__view *view)
{
    (void)ctx;
    return kaa_object__take(as_managed(view->managed)->buffer.owner);
}

/* ---- Items */

/* The item at the place of `keys`, one for each dimension; NULL with an
 * exception. */
static char *
locate(kaa_context *ctx, kaa_object__view *view, kaa_object *const *keys,
       size_t count)
{
    kaa_buffer *buffer = &view->buffer, part = *buffer;
    char *data = buffer->data;

    if ((int32_t)count != buffer->dimensions) {
        kaa_object__raise_text(
            ctx,
            (int32_t)count > buffer->dimensions ? KAA_TYPE_ERROR
                                                : KAA_NOT_IMPLEMENTED_ERROR,
            (int32_t)count > buffer->dimensions
                ? "cannot index %d-dimension view with %zu-element tuple"
                : "sub-views are not implemented: %d dimensions, %zu indices",
            (int)buffer->dimensions, count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        ptrdiff_t index;

        if (!kaa_object__has_index(ctx, keys[i])) {
            kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                   "memoryview: invalid slice key");
            return NULL;
        }
        if (kaa_object__index_of(ctx, keys[i], &index,
                                 KAA_OBJECT__INDEX_ERROR) != 0)
            return NULL;
        if (kaa_object__view_of(ctx, &view->header) == NULL)
            return NULL; /* __index__ has released it */
        if (index < 0)
            index += part.shape[i];
        if (index < 0 || index >= part.shape[i]) {
            kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                                   "index out of bounds on dimension %zu",
                                   i + 1);
            return NULL;
        }
        part.strides = buffer->strides + i;
        part.suboffsets =
            buffer->suboffsets == NULL ? NULL : buffer->suboffsets + i;
        data = kaa_object__buffer_item(&part, data, index);
    }
    return data;
}

/* Where one key, or a tuple of keys, leads. */
static char *
locate_key(kaa_context *ctx, kaa_object__view *view, kaa_object *key)
{
    if (kaa_object__has_id(key, KAA_TUPLE_TYPE))
        return locate(ctx, view, kaa_object__as_tuple(key)->items,
                      kaa_object__as_tuple(key)->count);
    return locate(ctx, view, &key, 1);
}

static kaa_object *
view_slice(kaa_context *ctx, kaa_object__view *view, kaa_object *slice)
{
    ptrdiff_t start, step, count;
    kaa_object__view *part;
    kaa_buffer *buffer;

    if (view->buffer.dimensions == 0) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "invalid indexing of 0-dim memory");
        return NULL;
    }
    if (kaa_object__slice_resolve(ctx, slice, view->buffer.shape[0], &start,
                                  &step, &count) != 0 ||
        kaa_object__view_of(ctx, &view->header) == NULL)
        return NULL;
    part = kaa_object__view_like(ctx, view->managed, &view->buffer);
    if (part == NULL)
        return NULL;
    buffer = &part->buffer;
    if (buffer->suboffsets != NULL && buffer->suboffsets[0] >= 0)
        buffer->data = (char *)buffer->data + start * buffer->strides[0];
    else
        buffer->data = kaa_object__buffer_item(buffer, buffer->data, start);
    if (buffer->shape[0] != 0)
        buffer->bytes = buffer->bytes / buffer->shape[0] * count;
    buffer->shape[0] = count;
    buffer->strides[0] *= step;
    return &part->header;
}

static kaa_object *
view_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);
    char *item;

    if (view == NULL)
        return NULL;
    if (kaa_object__has_id(key, KAA_SLICE_TYPE))
        return view_slice(ctx, view, key);
    item = locate_key(ctx, view, key);
    if (item == NULL)
        return NULL;
    return kaa_object__item_load(ctx,
                                 kaa_object__format_code(view->buffer.format),
                                 view->buffer.format, item);
}

/* view[slice] = what has the same format and shape; may overlap. */
static int
assign_slice(kaa_context *ctx, kaa_object__view *view, kaa_object *slice,
             kaa_object *value)
{
    kaa_object *target = view_slice(ctx, view, slice), *source;
    kaa_buffer *to, *from;
    char *copy;
    int result = -1;

    if (target == NULL)
        return -1;
    source = kaa_object__memoryview_new(ctx, value);
    if (source == NULL) {
        kaa_object__give(ctx, target);
        return -1;
    }
    to = &((kaa_object__view *)(void *)target)->buffer;
    from = &((kaa_object__view *)(void *)source)->buffer;
    if (to->dimensions != 1 || from->dimensions != 1 ||
        to->shape[0] != from->shape[0] || to->item_bytes != from->item_bytes ||
        kaa_object__format_code(to->format) !=
            kaa_object__format_code(from->format)) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "memoryview assignment: lvalue and rvalue have "
                               "different structures");
    } else {
        copy = kaa_object__memory(ctx, (size_t)from->bytes + 1);
        if (copy != NULL) {
            kaa_object__buffer_copy_out(from, copy);
            for (ptrdiff_t i = 0; i < to->shape[0]; i++)
                memcpy(kaa_object__buffer_item(to, to->data, i),
                       copy + i * to->item_bytes, (size_t)to->item_bytes);
            kaa_object__memory_free(ctx, copy);
            result = 0;
        }
    }
    kaa_object__give(ctx, source);
    kaa_object__give(ctx, target);
    return result;
}

static int
view_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
              kaa_object *value)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);
    char *item, fresh[sizeof(double) * 2];
    char code;

    if (view == NULL)
        return -1;
    if (view->buffer.is_readonly)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "cannot modify read-only memory");
    if (value == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "cannot delete memory");
    if (kaa_object__has_id(key, KAA_SLICE_TYPE))
        return assign_slice(ctx, view, key, value);
    item = locate_key(ctx, view, key);
    if (item == NULL)
        return -1;
    code = kaa_object__format_code(view->buffer.format);
    if (kaa_object__item_store(ctx, code, view->buffer.format, fresh, value) !=
            0 ||
        kaa_object__view_of(ctx, self) == NULL)
        return -1;
    memcpy(item, fresh, kaa_object__format_bytes(code));
    return 0;
}

static ptrdiff_t
view_length(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    if (view == NULL)
        return -1;
    if (view->buffer.dimensions == 0)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "0-dim memory has no length");
    return view->buffer.shape[0];
}

/* ---- Being lent, and released */

static int
view_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *out,
                int request)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    if (view == NULL || kaa_object__buffer_fits(ctx, &view->buffer, request))
        return -1;
    if (!(request & KAA_BUFFER_FORMAT) && view->buffer.format != NULL &&
        (request & KAA_BUFFER_ND) == 0 &&
        kaa_object__format_code(view->buffer.format) == 0)
        return kaa_object__raise_text(ctx, KAA_BUFFER_ERROR,
                                      "memoryview: cannot cast to unsigned "
                                      "bytes if the format flag is present");
    *out = view->buffer;
    out->internal = NULL;
    if (!(request & KAA_BUFFER_FORMAT))
        out->format = NULL;
    if ((request & KAA_BUFFER_STRIDES) != KAA_BUFFER_STRIDES)
        out->strides = NULL;
    if ((request & KAA_BUFFER_ND) != KAA_BUFFER_ND) {
        out->dimensions = 1;
        out->shape = NULL;
    }
    view->exports++;
    return 0;
}

static void
view_release_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer)
{
    (void)ctx;
    (void)buffer;
    ((kaa_object__view *)(void *)self)->exports--;
}

int
kaa_object__view_release(kaa_context *ctx, kaa_object__view *view)
{
    kaa_object *shared = view->managed;

    if (shared == NULL)
        return 0;
    if (view->exports != 0)
        return kaa_object__raise_text(
            ctx, KAA_BUFFER_ERROR, "memoryview has %zu exported buffer%s",
            view->exports, view->exports == 1 ? "" : "s");
    view->managed = NULL;
    kaa_object__give(ctx, shared);
    return 0;
}

static void
view_end(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = (kaa_object__view *)(void *)self;
    kaa_object *shared = view->managed;

    view->managed = NULL;
    if (shared != NULL)
        kaa_object__give(ctx, shared);
}

/* Garbage whose memory is lent to garbage stays whole until its end. */
static void
view_clear(kaa_context *ctx, kaa_object *self)
{
    if (((kaa_object__view *)(void *)self)->exports == 0)
        view_end(ctx, self);
}

static int
view_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    KAA_VISIT(((kaa_object__view *)(void *)self)->managed);
    return 0;
}

/* ---- The type */

static kaa_object *
view_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_base__text text = {0};

    kaa_base__text_printf(&text, "<%s at %p>",
                          ((kaa_object__view *)(void *)self)->managed != NULL
                              ? "memory"
                              : "released memory",
                          (void *)self);
    return kaa_object__show_text(ctx, &text, 0);
}

static kaa_object *
view_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    if (op != KAA_ADD || !kaa_object__is_bytes(left))
        return kaa_not_implemented(ctx);
    return kaa_object__buffer_add(ctx, left, right);
}

static void
view_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    (void)self;
    (void)number;
    snprintf(buffer, size, "obj");
}

const kaa_object__type kaa_object__template_memoryview = {
    .doc = "memoryview(object, /)\n--\n\nA look at an object's memory.",
    .methods = kaa_object__view_methods,
    .properties = kaa_object__view_properties,
    .traverse = view_traverse,
    .clear = view_clear,
    .release = view_end,
    .describe_reference = view_describe,
    .create = view_create,
    .repr = view_repr,
    .hash = kaa_object__view_hash,
    .compare = kaa_object__view_compare,
    .iter = kaa_object__sequence_iterator_new,
    .length = view_length,
    .get_item = view_get_item,
    .set_item = view_set_item,
    .binary = view_binary,
    .get_buffer = view_get_buffer,
    .release_buffer = view_release_buffer,
};
