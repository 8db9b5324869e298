/* object/text/bytearray.c - bytes that can change: room, values, items.
 * Operators, methods and the type are in bytearray_type.c.
 *
 * Memory that is lent (`exports`) may be written to but not moved: whatever
 * changes the size raises BufferError meanwhile.
 */
#include "object/text/bytearray.h"
#include "object/text/str.h"

/* ---- Room */

int
kaa_object__bytearray_check_exports(kaa_context *ctx,
                                    const kaa_object__bytearray *self)
{
    if (self->exports == 0)
        return 0;
    return kaa_object__raise_text(
        ctx, KAA_BUFFER_ERROR,
        "Existing exports of data: object cannot be re-sized");
}

/* Makes room for `size` bytes in all. */
int
kaa_object__bytearray_reserve(kaa_context *ctx, kaa_object__bytearray *self,
                              size_t size)
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
void
kaa_object__bytearray_tighten(kaa_context *ctx, kaa_object__bytearray *self)
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
        ctx, kaa_object__builtin(ctx, KAA_BYTEARRAY_TYPE),
        sizeof(kaa_object__bytearray), KAA_HEAP_OBJECT_PLAIN);

    if (object == NULL)
        return NULL;
    if (kaa_object__bytearray_reserve(ctx, kaa_object__as_bytearray(object),
                                      size) != 0) {
        kaa_object__give(ctx, object);
        return NULL;
    }
    kaa_object__as_bytearray(object)->size = size;
    return object;
}

kaa_object *
kaa_object__bytearray_copy_of(kaa_context *ctx, kaa_object__bytearray *self)
{
    kaa_object *copy = make(ctx, self->size);

    if (copy != NULL && self->size != 0)
        memcpy(kaa_object__as_bytearray(copy)->data, self->data, self->size);
    return copy;
}

/* Puts `size` bytes in the place of those from start to before end. */
int
kaa_object__bytearray_splice(kaa_context *ctx, kaa_object__bytearray *self,
                             size_t start, size_t end, const char *data,
                             size_t size)
{
    size_t total = self->size - (end - start) + size;

    if (size != end - start) {
        if (kaa_object__bytearray_check_exports(ctx, self) != 0 ||
            kaa_object__bytearray_reserve(ctx, self, total) != 0)
            return -1;
        if (end < self->size)
            memmove(self->data + start + size, self->data + end,
                    self->size - end);
        self->size = total;
    }
    if (size != 0)
        memcpy(self->data + start, data, size);
    kaa_object__bytearray_tighten(ctx, self);
    return 0;
}

/* ---- Values */

/* An int from 0 to 255. */
int
kaa_object__bytearray_byte_of(kaa_context *ctx, kaa_object *object, char *out)
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
    kaa_object__bytearray *own;
    int found;

    if (iterator == NULL)
        return NULL;
    result = make(ctx, 0);
    own = kaa_object__as_bytearray(result);
    found = result == NULL ? -1 : 1;
    while (found == 1 &&
           (found = kaa_object__next(ctx, iterator, &item)) == 1) {
        char byte = 0;

        if (kaa_object__bytearray_byte_of(ctx, item, &byte) != 0 ||
            kaa_object__bytearray_splice(ctx, own, own->size, own->size, &byte,
                                         1) != 0)
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
        kaa_object__buffer_copy_out(&buffer,
                                    kaa_object__as_bytearray(result)->data);
    kaa_object__buffer_release(ctx, &buffer);
    return result;
}

kaa_object *
kaa_object__bytearray_create(kaa_context *ctx, kaa_object *type,
                             kaa_object *const *args, size_t nargs,
                             kaa_object *kwnames)
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
        memset(kaa_object__as_bytearray(result)->data, 0, (size_t)size);
    return result;
}

/* Puts what `value` has in the place of self[start:end], whose bounds are cut
 * to what there is once `value` has been read; NULL: nothing. */
int
kaa_object__bytearray_set_range(kaa_context *ctx, kaa_object__bytearray *self,
                                ptrdiff_t start, ptrdiff_t end,
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
    result = kaa_object__bytearray_splice(
        ctx, self, first, last < first ? first : last,
        own == NULL ? NULL : kaa_object__as_bytearray(own)->data,
        own == NULL ? 0 : kaa_object__as_bytearray(own)->size);
    if (own != NULL)
        kaa_object__give(ctx, own);
    return result;
}

/* ---- Items */

kaa_object *
kaa_object__bytearray_get_item(kaa_context *ctx, kaa_object *self,
                               kaa_object *key)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);
    ptrdiff_t start, step, count;
    kaa_object *result;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE)) {
        if (kaa_object__slice_unpack(ctx, key, &start, &count, &step) != 0)
            return NULL;
        count =
            kaa_object__slice_adjust((ptrdiff_t)own->size, &start, count, step);
        result = make(ctx, (size_t)count);
        for (ptrdiff_t i = 0; result != NULL && i < count; i++)
            kaa_object__as_bytearray(result)->data[i] =
                own->data[start + i * step];
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
delete_stepped(kaa_context *ctx, kaa_object__bytearray *self, ptrdiff_t start,
               ptrdiff_t step, ptrdiff_t count)
{
    size_t to, from;

    if (count == 0)
        return 0;
    if (kaa_object__bytearray_check_exports(ctx, self) != 0)
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
set_stepped(kaa_context *ctx, kaa_object__bytearray *self, kaa_object *slice,
            kaa_object *value)
{
    kaa_object *own = from_any(ctx, value);
    ptrdiff_t start, step, count;
    int result = 0;

    if (own == NULL)
        return -1;
    if (kaa_object__slice_resolve(ctx, slice, (ptrdiff_t)self->size, &start,
                                  &step, &count) != 0 ||
        (size_t)count != kaa_object__as_bytearray(own)->size)
        result =
            kaa_object__has_error(ctx)
                ? -1
                : kaa_object__raise_text(
                      ctx, KAA_VALUE_ERROR,
                      "attempt to assign bytes of size %zu to extended slice "
                      "of size %td",
                      kaa_object__as_bytearray(own)->size, count);
    for (ptrdiff_t i = 0; result == 0 && i < count; i++)
        self->data[start + i * step] = kaa_object__as_bytearray(own)->data[i];
    kaa_object__give(ctx, own);
    return result;
}

int
kaa_object__bytearray_set_item(kaa_context *ctx, kaa_object *self,
                               kaa_object *key, kaa_object *value)
{
    kaa_object__bytearray *own = kaa_object__as_bytearray(self);
    ptrdiff_t start, step, count;
    char byte = 0;

    if (kaa_object__has_id(key, KAA_SLICE_TYPE)) {
        if (kaa_object__slice_resolve(ctx, key, (ptrdiff_t)own->size, &start,
                                      &step, &count) != 0)
            return -1;
        if (step == 1)
            return kaa_object__bytearray_set_range(ctx, own, start,
                                                   start + count, value);
        return value == NULL ? delete_stepped(ctx, own, start, step, count)
                             : set_stepped(ctx, own, key, value);
    }
    if (!kaa_object__is_index(ctx, key, "bytearray") ||
        kaa_object__index_of(ctx, key, &start, KAA_OBJECT__INDEX_ERROR) != 0 ||
        (value != NULL &&
         kaa_object__bytearray_byte_of(ctx, value, &byte) != 0))
        return -1;
    if (start < 0)
        start += (ptrdiff_t)own->size;
    if (start < 0 || (size_t)start >= own->size)
        return kaa_object__raise_text(ctx, KAA_INDEX_ERROR,
                                      "bytearray index out of range");
    return kaa_object__bytearray_splice(
        ctx, own, (size_t)start, (size_t)start + 1, &byte, value != NULL);
}
