/* Lends memory that is not there.
 *
 *     >>> memoryview(Box(1.5))
 *     [cpython] Box.get_buffer(): a buffer that cannot be: its data are NULL
 */
#include "wrong.h"

static int
get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer, int request)
{
    (void)ctx;
    (void)self;
    (void)request;
    buffer->bytes = 100;
    buffer->item_bytes = 1;
    return 0;
}

WRONG_TYPE(buffer_without_data, BOX, .get_buffer = get_buffer);
