/* object/text/bytearray.h - how a bytearray lies in memory, and what
 * bytearray.c does for bytearray_type.c. */
#ifndef KAA_OBJECT_BYTEARRAY_H
#define KAA_OBJECT_BYTEARRAY_H

#include "object/containers/buffer.h"

typedef struct kaa_object__bytearray {
    kaa_object header;
    char *data; /* raw memory of the heap, or NULL */
    size_t size;
    size_t capacity;
    size_t exports;
} kaa_object__bytearray;

static inline kaa_object__bytearray *
kaa_object__as_bytearray(kaa_object *object)
{
    return (kaa_object__bytearray *)(void *)object;
}

/* Whether it may be resized: 0, or -1 with BufferError. */
int kaa_object__bytearray_check_exports(kaa_context *ctx,
                                        const kaa_object__bytearray *self);
/* Makes room for `size` bytes in all. */
int kaa_object__bytearray_reserve(kaa_context *ctx, kaa_object__bytearray *self,
                                  size_t size);
/* Gives back what it does not need any more. */
void kaa_object__bytearray_tighten(kaa_context *ctx,
                                   kaa_object__bytearray *self);
kaa_object *kaa_object__bytearray_copy_of(kaa_context *ctx,
                                          kaa_object__bytearray *self);
/* Puts `size` bytes in the place of those from start to before end. */
int kaa_object__bytearray_splice(kaa_context *ctx, kaa_object__bytearray *self,
                                 size_t start, size_t end, const char *data,
                                 size_t size);
/* An int from 0 to 255. */
int kaa_object__bytearray_byte_of(kaa_context *ctx, kaa_object *object,
                                  char *out);
/* Puts what `value` has (NULL: nothing) in the place of self[start:end], cut to
 * what there is. */
int kaa_object__bytearray_set_range(kaa_context *ctx,
                                    kaa_object__bytearray *self,
                                    ptrdiff_t start, ptrdiff_t end,
                                    kaa_object *value);
/* Slots of the type. */
kaa_object *kaa_object__bytearray_create(kaa_context *ctx, kaa_object *type,
                                         kaa_object *const *args, size_t nargs,
                                         kaa_object *kwnames);
kaa_object *kaa_object__bytearray_get_item(kaa_context *ctx, kaa_object *self,
                                           kaa_object *key);
int kaa_object__bytearray_set_item(kaa_context *ctx, kaa_object *self,
                                   kaa_object *key, kaa_object *value);

#endif /* KAA_OBJECT_BYTEARRAY_H */
