/* object/containers/buffer.c - borrowing memory from objects. */
#include "object/containers/buffer.h"

#include "object/text/str.h"

/* ---- What a buffer is like */

static int
is_contiguous_c(const kaa_buffer *buffer)
{
    ptrdiff_t step = buffer->item_bytes;

    for (int32_t i = buffer->dimensions - 1; i >= 0; i--) {
        if (buffer->shape[i] > 1 && buffer->strides[i] != step)
            return 0;
        step *= buffer->shape[i];
    }
    return 1;
}

static int
is_contiguous_fortran(const kaa_buffer *buffer)
{
    ptrdiff_t step = buffer->item_bytes;

    for (int32_t i = 0; i < buffer->dimensions; i++) {
        if (buffer->shape[i] > 1 && buffer->strides[i] != step)
            return 0;
        step *= buffer->shape[i];
    }
    return 1;
}

int
kaa_object__buffer_is_contiguous(const kaa_buffer *buffer, char order)
{
    if (buffer->suboffsets != NULL)
        return 0;
    if (buffer->bytes == 0 || buffer->dimensions == 0)
        return 1;
    if (buffer->strides == NULL || buffer->shape == NULL)
        return order != 'F' || buffer->dimensions <= 1 ||
               (buffer->shape != NULL && is_contiguous_c(buffer));
    return (order != 'F' && is_contiguous_c(buffer)) ||
           (order != 'C' && is_contiguous_fortran(buffer));
}

static int
has(int request, int bits)
{
    return (request & bits) == bits;
}

int
kaa_object__buffer_fits(kaa_context *ctx, const kaa_buffer *buffer, int request)
{
    const char *fault = NULL;

    if (has(request, KAA_BUFFER_WRITABLE) && buffer->is_readonly)
        fault = "underlying buffer is not writable";
    else if (has(request, KAA_BUFFER_C_CONTIGUOUS) &&
             !kaa_object__buffer_is_contiguous(buffer, 'C'))
        fault = "underlying buffer is not C-contiguous";
    else if (has(request, KAA_BUFFER_F_CONTIGUOUS) &&
             !kaa_object__buffer_is_contiguous(buffer, 'F'))
        fault = "underlying buffer is not Fortran contiguous";
    else if (has(request, KAA_BUFFER_ANY_CONTIGUOUS) &&
             !kaa_object__buffer_is_contiguous(buffer, 'A'))
        fault = "underlying buffer is not contiguous";
    else if (!has(request, KAA_BUFFER_INDIRECT) && buffer->suboffsets != NULL)
        fault = "underlying buffer requires suboffsets";
    else if (!has(request, KAA_BUFFER_STRIDES) &&
             !kaa_object__buffer_is_contiguous(buffer, 'C'))
        fault = "underlying buffer is not C-contiguous";
    if (fault == NULL)
        return 0;
    return kaa_object__raise_text(ctx, KAA_BUFFER_ERROR, "%s", fault);
}

int
kaa_object__buffer_fill(kaa_context *ctx, kaa_buffer *out, void *data,
                        size_t bytes, int is_readonly, int request)
{
    if (is_readonly && has(request, KAA_BUFFER_WRITABLE))
        return kaa_object__raise_text(ctx, KAA_BUFFER_ERROR,
                                      "Object is not writable.");
    out->data = data;
    out->bytes = (ptrdiff_t)bytes;
    out->item_bytes = 1;
    out->is_readonly = is_readonly;
    out->dimensions = 1;
    out->format =
        has(request, KAA_BUFFER_FORMAT) ? (char *)(uintptr_t) "B" : NULL;
    out->shape = has(request, KAA_BUFFER_ND) ? &out->bytes : NULL;
    out->strides = has(request, KAA_BUFFER_STRIDES) ? &out->item_bytes : NULL;
    out->suboffsets = NULL;
    out->internal = NULL;
    return 0;
}

/* ---- Borrowing */

int
kaa_object__buffer_get(kaa_context *ctx, kaa_object *object, kaa_buffer *out,
                       int request)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_buffer before = *out;

    if (type->get_buffer == NULL) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "a bytes-like object is required, not '%s'",
                               type->name);
        return -1;
    }
    memset(out, 0, sizeof(*out));
    if (type->get_buffer(ctx, object, out, request) != 0) {
        *out = before;
        return -1;
    }
    out->owner = kaa_object__take(object);
    if (kaa_object__buffer_fits(ctx, out, request) != 0) {
        kaa_object__buffer_release(ctx, out);
        *out = before;
        return -1;
    }
    return 0;
}

void
kaa_object__buffer_release(kaa_context *ctx, kaa_buffer *buffer)
{
    kaa_object *owner = buffer->owner;
    kaa_object__type *type;

    if (owner == NULL)
        return;
    type = kaa_object__borrow_type(ctx, owner);
    if (type->release_buffer != NULL)
        type->release_buffer(ctx, owner, buffer);
    buffer->owner = NULL;
    kaa_object__give(ctx, owner);
}

/* ---- Items */

char *
kaa_object__buffer_item(const kaa_buffer *buffer, char *data, ptrdiff_t index)
{
    data += buffer->strides != NULL ? index * buffer->strides[0]
                                    : index * buffer->item_bytes;
    if (buffer->suboffsets != NULL && buffer->suboffsets[0] >= 0) {
        char *there;

        memcpy(&there, data, sizeof(there));
        data = there + buffer->suboffsets[0];
    }
    return data;
}

static char *
copy_dimension(const kaa_buffer *buffer, int32_t dimension, char *data,
               char *to)
{
    if (dimension == buffer->dimensions) {
        memcpy(to, data, (size_t)buffer->item_bytes);
        return to + buffer->item_bytes;
    }
    for (ptrdiff_t i = 0; i < buffer->shape[dimension]; i++) {
        char *item = data + i * buffer->strides[dimension];

        if (buffer->suboffsets != NULL && buffer->suboffsets[dimension] >= 0) {
            char *there;

            memcpy(&there, item, sizeof(there));
            item = there + buffer->suboffsets[dimension];
        }
        to = copy_dimension(buffer, dimension + 1, item, to);
    }
    return to;
}

void
kaa_object__buffer_copy_out(const kaa_buffer *buffer, char *to)
{
    if (buffer->bytes == 0)
        return;
    if (kaa_object__buffer_is_contiguous(buffer, 'C'))
        memcpy(to, buffer->data, (size_t)buffer->bytes);
    else
        copy_dimension(buffer, 0, buffer->data, to);
}

kaa_object *
kaa_object__buffer_add(kaa_context *ctx, kaa_object *bytes, kaa_object *other)
{
    size_t size = kaa_object__str_size(bytes);
    kaa_buffer buffer;
    kaa_object *result;

    if (kaa_object__buffer_get(ctx, other, &buffer, KAA_BUFFER_INDIRECT) != 0)
        return NULL;
    result =
        kaa_object__bytes_from_data(ctx, NULL, size + (size_t)buffer.bytes);
    if (result != NULL) {
        memcpy(kaa_object__str_fill(result), kaa_object__str_text(bytes), size);
        kaa_object__buffer_copy_out(&buffer,
                                    kaa_object__str_fill(result) + size);
    }
    kaa_object__buffer_release(ctx, &buffer);
    return result;
}
