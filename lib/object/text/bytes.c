/* object/text/bytes.c - the type bytes and its iterator. */
#include "object/numbers/int.h"
#include "object/text/text.h"

kaa_object *
kaa_object__bytes_from_data(kaa_context *ctx, const void *data, size_t size)
{
    kaa_object *object;

    if (size == 0)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_bytes);
    object = kaa_object__bytes_alloc(ctx, size);
    if (object == NULL)
        return NULL;
    if (data != NULL)
        memcpy(kaa_object__str_fill(object), data, size);
    else
        memset(kaa_object__str_fill(object), 0, size);
    return object;
}

char *
kaa_object__bytes_as_data(kaa_context *ctx, kaa_object *bytes, size_t *out_size)
{
    if (!kaa_object__is_bytes(bytes)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "expected bytes, %s found",
                               kaa_object__borrow_type(ctx, bytes)->name);
        return NULL;
    }
    if (out_size != NULL)
        *out_size = kaa_object__str_size(bytes);
    return kaa_object__str_fill(bytes);
}

static ptrdiff_t
length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__str_size(self);
}

static kaa_object *
get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, key);
    const char *text = kaa_object__str_text(self);
    ptrdiff_t start, step, count;
    size_t index;
    kaa_object *result;

    if (type->index != NULL) {
        if (kaa_object__text_index(ctx, key, kaa_object__str_size(self),
                                   "index", &index) < 0)
            return NULL;
        return kaa_object__int_small(ctx, (unsigned char)text[index]);
    }
    if (type->id != KAA_SLICE_TYPE) {
        kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "byte indices must be integers or slices, not %s", type->name);
        return NULL;
    }
    if (kaa_object__slice_resolve(ctx, key,
                                  (ptrdiff_t)kaa_object__str_size(self), &start,
                                  &step, &count) < 0)
        return NULL;
    if (step == 1 && (size_t)count == kaa_object__str_size(self))
        return kaa_incref(ctx, self);
    if (step == 1 || count == 0)
        return kaa_object__bytes_from_data(ctx, text + (count == 0 ? 0 : start),
                                           (size_t)count);
    result = kaa_object__bytes_alloc(ctx, (size_t)count);
    for (ptrdiff_t i = 0; result != NULL && i < count; i++)
        kaa_object__str_fill(result)[i] = text[start + i * step];
    return result;
}

static int
contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    const char *text = kaa_object__str_text(self);
    size_t size = kaa_object__str_size(self);
    int64_t byte;

    if (kaa_object__is_bytes(item))
        return kaa_object__find_bytes(text, size, kaa_object__str_text(item),
                                      kaa_object__str_size(item), 0) >= 0;
    if (kaa_object__borrow_type(ctx, item)->index == NULL)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "a bytes-like object is required, not '%s'",
            kaa_object__borrow_type(ctx, item)->name);
    if (kaa_object__int_as_int64(ctx, item, &byte) < 0)
        return -1;
    if (byte < 0 || byte > 255)
        return kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                      "byte must be in range(0, 256)");
    return size != 0 && memchr(text, (int)byte, size) != NULL;
}

static kaa_object *
iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__text_iter(ctx, self,
                                 KAA_OBJECT__INTERNAL_BYTES_ITERATOR);
}

static int
get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer, int request)
{
    static const char format[] = "B";

    if ((request & KAA_BUFFER_WRITABLE) != 0)
        return kaa_object__raise_text(ctx, KAA_BUFFER_ERROR,
                                      "Object is not writable.");
    buffer->data = kaa_object__str_fill(self);
    buffer->bytes = (ptrdiff_t)kaa_object__str_size(self);
    buffer->item_bytes = 1;
    buffer->is_readonly = 1;
    buffer->dimensions = 1;
    buffer->format =
        (request & KAA_BUFFER_FORMAT) != 0 ? (char *)(uintptr_t)format : NULL;
    buffer->shape = (request & KAA_BUFFER_ND) != 0 ? &buffer->bytes : NULL;
    buffer->strides = (request & KAA_BUFFER_STRIDES) == KAA_BUFFER_STRIDES
                          ? &buffer->item_bytes
                          : NULL;
    buffer->suboffsets = NULL;
    buffer->internal = NULL;
    return 0;
}

/* ---- bytes(...) */

/* The ints that iterating gives. */
static kaa_object *
from_items(kaa_context *ctx, kaa_object *items)
{
    kaa_object *tuple = kaa_object__to_tuple(ctx, items), *result;
    ptrdiff_t count;

    if (tuple == NULL)
        return NULL;
    count = kaa_object__tuple_size(ctx, tuple);
    result = kaa_object__bytes_from_data(ctx, NULL, (size_t)count);
    for (ptrdiff_t i = 0; result != NULL && i < count; i++) {
        int64_t byte = -1;
        kaa_object *item = kaa_object__tuple_get_borrowed(ctx, tuple, i);
        int status = kaa_object__int_as_int64(ctx, item, &byte);

        if (status < 0 && kaa_object__is_int(item)) {
            kaa_object__error_clear(ctx); /* far too large */
            status = 0;
        }
        if (status == 0 && (byte < 0 || byte > 255))
            status = kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                            "bytes must be in range(0, 256)");
        if (status == 0)
            kaa_object__str_fill(result)[i] = (char)byte;
        else
            KAA_CLEAR(ctx, result);
    }
    kaa_decref(ctx, tuple);
    return result;
}

static kaa_object *
from_object(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_buffer buffer = {0};
    kaa_object *result;
    int64_t size;

    if (kaa_object__is_bytes(object))
        return kaa_incref(ctx, object);
    if (kaa_object__is_str(object)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "string argument without an encoding");
        return NULL;
    }
    if (type->index != NULL) {
        if (kaa_object__int_as_int64(ctx, object, &size) < 0)
            return NULL;
        if (size < 0) {
            kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "negative count");
            return NULL;
        }
        return kaa_object__bytes_from_data(ctx, NULL, (size_t)size);
    }
    if (type->get_buffer == NULL)
        return from_items(ctx, object);
    if (kaa_object__buffer_get(ctx, object, &buffer, KAA_BUFFER_SIMPLE) < 0)
        return NULL;
    result =
        kaa_object__bytes_from_data(ctx, buffer.data, (size_t)buffer.bytes);
    kaa_object__buffer_release(ctx, &buffer);
    return result;
}

static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    const char *encoding, *errors;

    (void)type;
    if (nargs == 0 && kwnames == NULL)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_bytes);
    if (nargs == 1 && kwnames == NULL)
        return from_object(ctx, args[0]);
    if (kaa_object__codec_names(ctx, "bytes", args, nargs, 1, kwnames,
                                &encoding, &errors) < 0)
        return NULL;
    if (kaa_object__is_str(args[0]))
        return kaa_object__encode(ctx, args[0], encoding, errors);
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           "encoding without a string argument");
    return NULL;
}

const kaa_object__type kaa_object__template_bytes = {
    .doc = "bytes(source=b'')\nbytes(text, encoding, errors='strict')\n--\n\n"
           "Bytes that do not change.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .methods = kaa_object__bytes_methods,
    .create = create,
    .repr = kaa_object__bytes_repr,
    .hash = kaa_object__text_hash,
    .compare = kaa_object__text_compare,
    .truth = kaa_object__text_truth,
    .iter = iter,
    .length = length,
    .get_item = get_item,
    .contains = contains,
    .binary = kaa_object__text_binary,
    .get_buffer = get_buffer,
};

static kaa_object *
next(kaa_context *ctx, kaa_object *object)
{
    kaa_object__text_iterator *self =
        (kaa_object__text_iterator *)(void *)object;
    unsigned char byte;

    if (self->text == NULL)
        return NULL;
    if (self->at >= kaa_object__str_size(self->text)) {
        KAA_CLEAR(ctx, self->text);
        return NULL;
    }
    byte = (unsigned char)kaa_object__str_text(self->text)[self->at++];
    return kaa_object__int_small(ctx, byte);
}

const kaa_object__type kaa_object__template_bytes_iterator = {
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_INSTANCES,
    .block_bytes = sizeof(kaa_object__text_iterator),
    .traverse = kaa_object__text_iterator_traverse,
    .release = kaa_object__text_iterator_release,
    .iter = kaa_object__iter_itself,
    .next = next,
};
