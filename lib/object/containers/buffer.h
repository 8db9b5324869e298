/* object/containers/buffer.h - the memory that objects lend.
 *
 * A buffer may describe an array of several dimensions, with gaps and turned
 * round; what asks for less than that gets a plain one or BufferError.
 */
#ifndef KAA_OBJECT_BUFFER_H
#define KAA_OBJECT_BUFFER_H

#include "object/containers/container.h"

#define KAA_OBJECT__DIMENSIONS_MAX 64

/* For the get_buffer of an object whose memory is plain bytes: fills *out, or
 * BufferError and -1. `out` may not be moved while it is used. */
int kaa_object__buffer_fill(kaa_context *ctx, kaa_buffer *out, void *data,
                            size_t bytes, int is_readonly, int request);
/* Whether the items lie without gaps, in the order of C ('C'), of Fortran
 * ('F'), or either ('A'). */
int kaa_object__buffer_is_contiguous(const kaa_buffer *buffer, char order);
/* Whether a buffer gives what is asked for: 0, or -1 with BufferError. */
int kaa_object__buffer_fits(kaa_context *ctx, const kaa_buffer *buffer,
                            int request);
/* Copies all items, in the order of C, to `to`, which has room for them. */
void kaa_object__buffer_copy_out(const kaa_buffer *buffer, char *to);
/* Where the item at `index` of the first dimension begins. */
char *kaa_object__buffer_item(const kaa_buffer *buffer, char *data,
                              ptrdiff_t index);
/* bytes + what has a buffer: bytes. */
kaa_object *kaa_object__buffer_add(kaa_context *ctx, kaa_object *bytes,
                                   kaa_object *other);
/* Whether it has the memory of any object: as "a bytes-like object". */
static inline int
kaa_object__has_buffer(kaa_context *ctx, const kaa_object *object)
{
    return kaa_object__borrow_type(ctx, object)->get_buffer != NULL;
}

/* ---- item.c: items by their format */

/* The one character of a format that is of one native type: "B" if it is NULL,
 * without a leading '@'; 0 for any other. */
char kaa_object__format_code(const char *format);
/* How many bytes an item of that format has; 0: unknown. */
size_t kaa_object__format_bytes(char code);
/* An item as an object. NotImplementedError for code 0. */
kaa_object *kaa_object__item_load(kaa_context *ctx, char code,
                                  const char *format, const void *from);
/* An object as an item. TypeError, ValueError. */
int kaa_object__item_store(kaa_context *ctx, char code, const char *format,
                           void *to, kaa_object *value);

#endif /* KAA_OBJECT_BUFFER_H */
