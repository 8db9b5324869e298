/* Reads memory that it gave back.
 *
 *     >>> run(b"abc")
 *     run(): borrowed pointer used: bytes b'abc', whose buffer was released
 *         before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *object)
{
    kaa_object *result;
    kaa_buffer buffer;
    const char *data;

    (void)self;
    if (kaa_buffer_get(ctx, object, &buffer, KAA_BUFFER_SIMPLE) != 0)
        return NULL;
    data = buffer.data;
    kaa_buffer_release(ctx, &buffer);
    result = kaa_bytes_from_data(ctx, data, 3); /* here */
    return result;
}

WRONG_ONE(buffer_used_after_release, run);
