/* kjson/buffer.c - texts and stacks that grow, in memory that the runtime
 * counts. */
#include "kjson.h"

int
kjson_grow(kaa_context *ctx, kjson_buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    char *text;

    if (more > SIZE_MAX / 4 - buffer->size)
        return kaa_raise_memory(ctx);
    while (capacity - buffer->size < more)
        capacity *= 2;
    text = kaa_mem_resize(ctx, buffer->text, capacity);
    if (text == NULL)
        return -1;
    buffer->text = text;
    buffer->capacity = capacity;
    return 0;
}

int
kjson_grow_array(kaa_context *ctx, void **array, size_t *capacity,
                 size_t item_bytes)
{
    size_t more = *capacity == 0 ? 64 : *capacity * 2;
    void *moved;

    if (more > SIZE_MAX / 2 / item_bytes)
        return kaa_raise_memory(ctx);
    moved = kaa_mem_resize(ctx, *array, more * item_bytes);
    if (moved == NULL)
        return -1;
    *array = moved;
    *capacity = more;
    return 0;
}
