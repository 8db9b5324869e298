/* Writes to memory that it did not ask to write.
 *
 *     >>> run(b"a" + b"bc")
 *     run(): written to what may not change: bytes b'Xbc', which others have
 *         too
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *object)
{
    kaa_buffer buffer;

    (void)self;
    if (kaa_buffer_get(ctx, object, &buffer, 0) != 0) /* here */
        return NULL;
    ((char *)buffer.data)[0] = 'X';
    kaa_buffer_release(ctx, &buffer);
    return kaa_none(ctx);
}

WRONG_ONE(buffer_written, run);
