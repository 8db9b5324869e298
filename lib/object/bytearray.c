/* object/bytearray.c - bytes that can change.
 *
 * Memory that is lent (`exports`) may be written to but not moved: whatever
 * changes the size raises BufferError meanwhile.
 */
#include "object/buffer.h"
#include "object/str.h"

typedef struct bytearray {
    kaa_object header;
    char *data; /* raw memory of the heap, or NULL */
    size_t size;
    size_t capacity;
    size_t exports;
} bytearray;

static bytearray *
as_bytearray(kaa_object *object)
{
    return (bytearray *)(void *)object;
}

/* ---- Room */

static int
check_exports(kaa_context *ctx, const bytearray *self)
{
    if (self->exports == 0)
        return 0;
    return kaa_object__raise_text(
        ctx, KAA_BUFFER_ERROR,
        "Existing exports of data: object cannot be re-sized");
}

/* Makes room for `size` bytes in all. */
static int
reserve(kaa_context *ctx, bytearray *self, size_t size)
{
    size_t capacity = self->data == NULL ? size : size + size / 8 + 16;
    char *data;

    if (size > KAA_OBJECT__COUNT_MAX)
        return kaa_object__raise_memory(ctx);
    if (size <= self->capacity)
        return 0;
    data = self->data == NULL
               ? kaa_object__memory(ctx, capacity)
               : kaa_object__memory_resize(ctx, self->data, capacity);
    if (data == NULL)
        return -1;
    self->data = data;
    self->capacity = capacity;
    return 0;
}

/* Gives back what it does not need any more; if that fails nothing is lost. */
static void
tighten(kaa_context *ctx, bytearray *self)
{
    size_t capacity = self->size + self->size / 8 + 16;
    char *data;

    if (self->capacity < 256 || self->size >= self->capacity / 4)
        return;
    data = kaa_heap_realloc(kaa_object__runtime_of(ctx)->heap, self->data,
                            capacity, KAA_HEAP_RAW, NULL);
    if (data != NULL) {
        self->data = data;
        self->capacity = capacity;
    }
}

/* One of `size` bytes, which are not set. */
static kaa_object *
make(kaa_context *ctx, size_t size)
{
    kaa_object *object = kaa_object__new_zeroed(
        ctx, kaa_object__builtin(ctx, KAA_BYTEARRAY_TYPE), sizeof(bytearray),
        KAA_HEAP_OBJECT_PLAIN);

    if (object == NULL)
        return NULL;
    if (reserve(ctx, as_bytearray(object), size) != 0) {
        kaa_object__give(ctx, object);
        return NULL;
    }
    as_bytearray(object)->size = size;
    return object;
}

static kaa_object *
copy_of(kaa_context *ctx, bytearray *self)
{
    kaa_object *copy = make(ctx, self->size);

    if (copy != NULL && self->size != 0)
        memcpy(as_bytearray(copy)->data, self->data, self->size);
    return copy;
}

/* Puts `size` bytes in the place of those from start to before end. */
static int
splice(kaa_context *ctx, bytearray *self, size_t start, size_t end,
       const char *data, size_t size)
{
    size_t total = self->size - (end - start) + size;

    if (size != end - start) {
        if (check_exports(ctx, self) != 0 || reserve(ctx, self, total) != 0)
            return -1;
        if (end < self->size)
            memmove(self->data + start + size, self->data + end,
                    self->size - end);
        self->size = total;
    }
    if (size != 0)
        memcpy(self->data + start, data, size);
    tighten(ctx, self);
    return 0;
}

/* ---- Values */

/* An int from 0 to 255. */
static int
byte_of(kaa_context *ctx, kaa_object *object, char *out)
{
    ptrdiff_t value;

    if (!kaa_object__has_index(ctx, object))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "'%s' object cannot be interpreted as an integer",
            kaa_object__borrow_type(ctx, object)->name);
    if (kaa_object__index_of(ctx, object, &value, KAA_OBJECT__CUT) != 0)
        return -1;
    if (value < 0 || value > 255)
        return kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                      "byte must be in range(0, 256)");
    *out = (char)(unsigned char)value;
    return 0;
}

/* A fresh bytearray of an iterable of ints. */
static kaa_object *
from_ints(kaa_context *ctx, kaa_object *items)
{
    kaa_object *iterator = kaa_object__iter(ctx, items), *result, *item;
    bytearray *own;
    int found;

    if (iterator == NULL)
        return NULL;
    result = make(ctx, 0);
    own = as_bytearray(result);
    found = result == NULL ? -1 : 1;
    while (found == 1 &&
           (found = kaa_object__next(ctx, iterator, &item)) == 1) {
        char byte = 0;

        if (byte_of(ctx, item, &byte) != 0 ||
            splice(ctx, own, own->size, own->size, &byte, 1) != 0)
            found = -1;
        kaa_object__give(ctx, item);
    }
    kaa_object__give(ctx, iterator);
    if (found != 0 && result != NULL) {
        kaa_object__give(ctx, result);
        return NULL;
    }
    return result;
}

/* A fresh bytearray of what has a buffer, or is an iterable of ints. */
static kaa_object *
from_any(kaa_context *ctx, kaa_object *source)
{
    kaa_buffer buffer;
    kaa_object *result;

    if (!kaa_object__has_buffer(ctx, source))
        return from_ints(ctx, source);
    if (kaa_object__buffer_get(ctx, source, &buffer,
                               KAA_BUFFER_INDIRECT | KAA_BUFFER_FORMAT) != 0)
        return NULL;
    result = make(ctx, (size_t)buffer.bytes);
    if (result != NULL)
        kaa_object__buffer_copy_out(&buffer, as_bytearray(result)->data);
    kaa_object__buffer_release(ctx, &buffer);
    return result;
}

static kaa_object *
bytearray_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
                 size_t nargs, kaa_object *kwnames)
{
    ptrdiff_t size;
    kaa_object *result;

    (void)type;
    if (kaa_object__check_args(ctx, "bytearray", nargs, 0, 1, kwnames) != 0)
        return NULL;
    if (nargs == 0)
        return make(ctx, 0);
    if (kaa_object__is_str(args[0])) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "string argument without an encoding");
        return NULL;
    }
    if (!kaa_object__has_index(ctx, args[0]))
        return from_any(ctx, args[0]);
    if (kaa_object__index_of(ctx, args[0], &size, KAA_OBJECT__OVERFLOW_ERROR) !=
        0)
        return NULL;
    if (size < 0) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "negative count");
        return NULL;
    }
    result = make(ctx, (size_t)size);
    if (result != NULL && size > 0)
        memset(as_bytearray(result)->data, 0, (size_t)size);
    return result;
}

/* Puts what `value` has in the place of self[start:end], whose bounds are cut
 * to what there is once `value` has been read; NULL: nothing. */
static int
set_range(kaa_context *ctx, bytearray *self, ptrdiff_t start, ptrdiff_t end,
          kaa_object *value)
{
    kaa_object *own = NULL;
    size_t first, last;
    int result;

    if (value != NULL) {
        own = from_any(ctx, value);
        if (own == NULL)
            return -1;
    }
    first = (size_t)start > self->size ? self->size : (size_t)start;
    last = (size_t)end > self->size ? self->size : (size_t)end;
    result = splice(ctx, self, first, last < first ? first : last,
                    own == NULL ? NULL : as_bytearray(own)->data,
                    own == NULL ? 0 : as_bytearray(own)->size);
    if (own != NULL)
        kaa_object__give(ctx, own);
    return result;
}

/* ---- Items */

static kaa_object *
bytearray_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    bytearray *own = as_bytearray(self);
    ptrdiff_t start, step, count;
    kaa_object *result;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE)) {
        if (kaa_object__slice_unpack(ctx, key, &start, &count, &step) != 0)
            return NULL;
        count =
            kaa_object__slice_adjust((ptrdiff_t)own->size, &start, count, step);
        result = make(ctx, (size_t)count);
        for (ptrdiff_t i = 0; result != NULL && i < count; i++)
            as_bytearray(result)->data[i] = own->data[start + i * step];
        return result;
    }
    if (!kaa_object__is_index(ctx, key, "bytearray") ||
        kaa_object__index_of(ctx, key, &start, KAA_OBJECT__INDEX_ERROR) != 0)
        return NULL;
    if (start < 0)
        start += (ptrdiff_t)own->size;
    if (start < 0 || (size_t)start >= own->size) {
        kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                               "bytearray index out of range");
        return NULL;
    }
    return kaa_int(ctx, (unsigned char)own->data[start]);
}

/* del self[start::step], step not being 1. */
static int
delete_stepped(kaa_context *ctx, bytearray *self, ptrdiff_t start,
               ptrdiff_t step, ptrdiff_t count)
{
    size_t to, from;

    if (count == 0)
        return 0;
    if (check_exports(ctx, self) != 0)
        return -1;
    if (step < 0) {
        start += step * (count - 1);
        step = -step;
    }
    to = from = (size_t)start;
    for (ptrdiff_t n = 0; from < self->size; from++) {
        if (n < count && from == (size_t)(start + n * step))
            n++;
        else
            self->data[to++] = self->data[from];
    }
    self->size = to;
    return 0;
}

static int
set_stepped(kaa_context *ctx, bytearray *self, kaa_object *slice,
            kaa_object *value)
{
    kaa_object *own = from_any(ctx, value);
    ptrdiff_t start, step, count;
    int result = 0;

    if (own == NULL)
        return -1;
    if (kaa_object__slice_resolve(ctx, slice, (ptrdiff_t)self->size, &start,
                                  &step, &count) != 0 ||
        (size_t)count != as_bytearray(own)->size)
        result =
            kaa_object__has_error(ctx)
                ? -1
                : kaa_object__raise_text(
                      ctx, KAA_VALUE_ERROR,
                      "attempt to assign bytes of size %zu to extended slice "
                      "of size %td",
                      as_bytearray(own)->size, count);
    for (ptrdiff_t i = 0; result == 0 && i < count; i++)
        self->data[start + i * step] = as_bytearray(own)->data[i];
    kaa_object__give(ctx, own);
    return result;
}

static int
bytearray_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
                   kaa_object *value)
{
    bytearray *own = as_bytearray(self);
    ptrdiff_t start, step, count;
    char byte = 0;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE)) {
        if (kaa_object__slice_resolve(ctx, key, (ptrdiff_t)own->size, &start,
                                      &step, &count) != 0)
            return -1;
        if (step == 1)
            return set_range(ctx, own, start, start + count, value);
        return value == NULL ? delete_stepped(ctx, own, start, step, count)
                             : set_stepped(ctx, own, key, value);
    }
    if (!kaa_object__is_index(ctx, key, "bytearray") ||
        kaa_object__index_of(ctx, key, &start, KAA_OBJECT__INDEX_ERROR) != 0 ||
        (value != NULL && byte_of(ctx, value, &byte) != 0))
        return -1;
    if (start < 0)
        start += (ptrdiff_t)own->size;
    if (start < 0 || (size_t)start >= own->size)
        return kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                                      "bytearray index out of range");
    return splice(ctx, own, (size_t)start, (size_t)start + 1, &byte,
                  value != NULL);
}

/* ---- Operations */

static ptrdiff_t
bytearray_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return (ptrdiff_t)as_bytearray(self)->size;
}

static int
bytearray_contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    bytearray *own = as_bytearray(self);
    kaa_buffer buffer;
    int found;
    char byte = 0;

    if (kaa_object__has_index(ctx, item))
        return byte_of(ctx, item, &byte) != 0
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
    bytearray *own = as_bytearray(self);

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
repeat(kaa_context *ctx, bytearray *self, kaa_object *factor)
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
    if (check_exports(ctx, self) != 0)
        return -1;
    if ((size_t)times > KAA_OBJECT__COUNT_MAX / size)
        return kaa_object__raise_memory(ctx);
    if (reserve(ctx, self, size * (size_t)times) != 0)
        return -1;
    for (size_t i = 1; i < (size_t)times; i++)
        memcpy(self->data + i * size, self->data, size);
    self->size = size * (size_t)times;
    tighten(ctx, self);
    return 0;
}

static kaa_object *
bytearray_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    bytearray *own = as_bytearray(left);
    int result;

    if (op == KAA_ADD && kaa_object__has_buffer(ctx, right))
        result = set_range(ctx, own, PTRDIFF_MAX, PTRDIFF_MAX, right);
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
    copy = copy_of(ctx, as_bytearray(left));
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
    bytearray *own = as_bytearray(self);

    if (own->data == NULL && reserve(ctx, own, 1) != 0)
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
    as_bytearray(self)->exports--;
}

static void
bytearray_release(kaa_context *ctx, kaa_object *self)
{
    if (as_bytearray(self)->data != NULL)
        kaa_object__memory_free(ctx, as_bytearray(self)->data);
}

/* ---- Methods */

static kaa_object *
method_append(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    bytearray *own = as_bytearray(self);
    char byte = 0;

    if (byte_of(ctx, item, &byte) != 0 ||
        splice(ctx, own, own->size, own->size, &byte, 1) != 0)
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
    if (set_range(ctx, as_bytearray(self), PTRDIFF_MAX, PTRDIFF_MAX, items) !=
        0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_pop(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    bytearray *own = as_bytearray(self);
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
    if (splice(ctx, own, (size_t)index, (size_t)index + 1, NULL, 0) != 0)
        return NULL;
    return kaa_int(ctx, byte);
}

static kaa_object *
method_clear(kaa_context *ctx, kaa_object *self)
{
    if (splice(ctx, as_bytearray(self), 0, as_bytearray(self)->size, NULL, 0) !=
        0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_copy(kaa_context *ctx, kaa_object *self)
{
    return copy_of(ctx, as_bytearray(self));
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
    .block_bytes = sizeof(bytearray),
    .methods = methods,
    .release = bytearray_release,
    .create = bytearray_create,
    .repr = bytearray_repr,
    .hash = kaa_object__unhashable,
    .compare = bytearray_compare,
    .iter = kaa_object__sequence_iterator_new,
    .length = bytearray_length,
    .get_item = bytearray_get_item,
    .set_item = bytearray_set_item,
    .contains = bytearray_contains,
    .binary = bytearray_binary,
    .inplace = bytearray_inplace,
    .get_buffer = bytearray_get_buffer,
    .release_buffer = bytearray_release_buffer,
};
