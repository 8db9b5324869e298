/* object/text/bytearray_type.c - the type of bytearrays: operators, methods,
 * life.
 */
#include "object/text/bytearray.h"
#include "object/text/str.h"

/* ---- Operations */

static ptrdiff_t
bytearray_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)kaa_object__as_bytearray(self)->size;
}

static int
bytearray_contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);
    kaa_buffer buffer;
    int found;
    char byte = 0;

    if (kaa_object__has_index(ctx, item))
        return kaa_object__bytearray_byte_of(ctx, item, &byte) != 0
                   ? -1
                   : own->size != 0 &&
                         memchr(own->data, byte, own->size) != NULL;
    if (kaa_object__buffer_get(ctx, item, &buffer, KAA_BUFFER_SIMPLE) != 0)
        return -1;
    found =
        kaa_object__find_bytes(own->data != NULL ? own->data : "", own->size,
                               buffer.data, (size_t)buffer.bytes, 0) >= 0;
    kaa_object__buffer_release(ctx, &buffer);
    return found;
}

static kaa_object *
bytearray_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);

    return kaa_object__repr_data(
        ctx, "bytearray(", own->data != NULL ? own->data : "", own->size, ")");
}

static kaa_object *
bytearray_compare(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    kaa_buffer a, b;
    int order;

    if (!kaa_object__has_buffer(ctx, left) ||
        !kaa_object__has_buffer(ctx, right) || kaa_object__is_str(right))
        return kaa_not_implemented(ctx);
    if (kaa_object__buffer_get(ctx, left, &a, KAA_BUFFER_SIMPLE) != 0)
        return NULL;
    if (kaa_object__buffer_get(ctx, right, &b, KAA_BUFFER_SIMPLE) != 0) {
        kaa_object__buffer_release(ctx, &a);
        return NULL;
    }
    order = a.bytes == 0 || b.bytes == 0
                ? 0
                : memcmp(a.data, b.data,
                         (size_t)(a.bytes < b.bytes ? a.bytes : b.bytes));
    if (order == 0)
        order = a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
    kaa_object__buffer_release(ctx, &a);
    kaa_object__buffer_release(ctx, &b);
    switch ((kaa_comparison)op) {
    case KAA_LT:
        return kaa_object__truth_value(order < 0);
    case KAA_LE:
        return kaa_object__truth_value(order <= 0);
    case KAA_EQ:
        return kaa_object__truth_value(order == 0);
    case KAA_NE:
        return kaa_object__truth_value(order != 0);
    case KAA_GT:
        return kaa_object__truth_value(order > 0);
    case KAA_GE:
    default:
        return kaa_object__truth_value(order >= 0);
    }
}

/* self *= times */
static int
repeat(kaa_context *ctx, kaa_object__bytearray *self, kaa_object *factor)
{
    ptrdiff_t times;
    size_t size = self->size;

    if (kaa_object__index_of(ctx, factor, &times, KAA_OBJECT__OVERFLOW_ERROR) !=
        0)
        return -1;
    if (times < 0)
        times = 0;
    if (times == 1 || size == 0)
        return 0;
    if (kaa_object__bytearray_check_exports(ctx, self) != 0)
        return -1;
    if ((size_t)times > KAA_OBJECT__COUNT_MAX / size)
        return kaa_object__raise_memory(ctx);
    if (kaa_object__bytearray_reserve(ctx, self, size * (size_t)times) != 0)
        return -1;
    for (size_t i = 1; i < (size_t)times; i++)
        memcpy(self->data + i * size, self->data, size);
    self->size = size * (size_t)times;
    kaa_object__bytearray_tighten(ctx, self);
    return 0;
}

static kaa_object *
bytearray_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(left);
    int result;

    if (op == KAA_ADD && kaa_object__has_buffer(ctx, right))
        result = kaa_object__bytearray_set_range(ctx, own, PTRDIFF_MAX,
                                                 PTRDIFF_MAX, right);
    else if (op == KAA_MULTIPLY && kaa_object__has_index(ctx, right))
        result = repeat(ctx, own, right);
    else
        return kaa_not_implemented(ctx);
    return result != 0 ? NULL : kaa_object__take(left);
}

static kaa_object *
bytearray_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    int left_is = kaa_object__has_id(left, KAA_BYTEARRAY_TYPE);
    kaa_object *copy, *result;

    if (op == KAA_ADD && kaa_object__is_bytes(left))
        return kaa_object__buffer_add(ctx, left, right);
    if (!left_is && op == KAA_MULTIPLY)
        return bytearray_binary(ctx, right, left, op);
    if (!left_is || !(op == KAA_ADD ? kaa_object__has_buffer(ctx, right)
                                    : op == KAA_MULTIPLY &&
                                          kaa_object__has_index(ctx, right)))
        return kaa_not_implemented(ctx);
    copy = kaa_object__bytearray_copy_of(ctx, kaa_object__as_bytearray(left));
    if (copy == NULL)
        return NULL;
    result = bytearray_inplace(ctx, copy, right, op);
    kaa_object__give(ctx, copy);
    return result;
}

static int
bytearray_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                     int request)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);

    if (own->data == NULL && kaa_object__bytearray_reserve(ctx, own, 1) != 0)
        return -1;
    if (kaa_object__buffer_fill(ctx, buffer, own->data, own->size, 0,
                                request) != 0)
        return -1;
    own->exports++;
    return 0;
}

static void
bytearray_release_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer)
{
    (void)ctx;
    (void)buffer;
    kaa_object__as_bytearray(self)->exports--;
}

static void
bytearray_release(kaa_context *ctx, kaa_object *self)
{
    if (kaa_object__as_bytearray(self)->data != NULL)
        kaa_object__memory_free(ctx, kaa_object__as_bytearray(self)->data);
}

/* ---- Methods */

static kaa_object *
method_append(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);
    char byte = 0;

    if (kaa_object__bytearray_byte_of(ctx, item, &byte) != 0 ||
        kaa_object__bytearray_splice(ctx, own, own->size, own->size, &byte,
                                     1) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_extend(kaa_context *ctx, kaa_object *self, kaa_object *items)
{
    if (kaa_object__is_str(items) && kaa_object__str_size(items) != 0) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "expected iterable of integers; got: 'str'");
        return NULL;
    }
    if (kaa_object__bytearray_set_range(ctx, kaa_object__as_bytearray(self),
                                        PTRDIFF_MAX, PTRDIFF_MAX, items) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_pop(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);
    ptrdiff_t index = -1;
    unsigned char byte;

    if (kaa_object__check_args(ctx, "pop", nargs, 0, 1, NULL) != 0 ||
        (nargs > 0 && kaa_object__index_of(ctx, args[0], &index,
                                           KAA_OBJECT__OVERFLOW_ERROR) != 0))
        return NULL;
    if (index < 0)
        index += (ptrdiff_t)own->size;
    if (index < 0 || (size_t)index >= own->size) {
        kaa_object__raise_text(ctx, KAA_INDEX_ERROR, "%s",
                               own->size == 0 ? "pop from empty bytearray"
                                              : "pop index out of range");
        return NULL;
    }
    byte = (unsigned char)own->data[index];
    if (kaa_object__bytearray_splice(ctx, own, (size_t)index, (size_t)index + 1,
                                     NULL, 0) != 0)
        return NULL;
    return kaa_int(ctx, byte);
}

static kaa_object *
method_clear(kaa_context *ctx, kaa_object *self)
{
    if (kaa_object__bytearray_splice(ctx, kaa_object__as_bytearray(self), 0,
                                     kaa_object__as_bytearray(self)->size, NULL,
                                     0) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_copy(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__bytearray_copy_of(ctx, kaa_object__as_bytearray(self));
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("append", method_append,
                   "append(item, /)\n--\n\nAdds a byte at the end."),
    KAA_METHOD_ONE("extend", method_extend,
                   "extend(iterable, /)\n--\n\nAdds bytes at the end."),
    KAA_METHOD("pop", method_pop,
               "pop(index=-1, /)\n--\n\nRemoves a byte and gives it."),
    KAA_METHOD_NOARGS("clear", method_clear,
                      "clear()\n--\n\nRemoves all bytes."),
    KAA_METHOD_NOARGS("copy", method_copy, "copy()\n--\n\nThe same bytes."),
    KAA_METHODS_END,
};

const kaa_object__type kaa_object__template_bytearray = {
    .doc = "bytearray(source=b'', /)\n--\n\nBytes that can change.",
    .block_bytes = sizeof(kaa_object__bytearray),
    .methods = methods,
    .release = bytearray_release,
    .create = kaa_object__bytearray_create,
    .repr = bytearray_repr,
    .hash = kaa_object__unhashable,
    .compare = bytearray_compare,
    .iter = kaa_object__sequence_iterator_new,
    .length = bytearray_length,
    .get_item = kaa_object__bytearray_get_item,
    .set_item = kaa_object__bytearray_set_item,
    .contains = bytearray_contains,
    .binary = bytearray_binary,
    .inplace = bytearray_inplace,
    .get_buffer = bytearray_get_buffer,
    .release_buffer = bytearray_release_buffer,
};
