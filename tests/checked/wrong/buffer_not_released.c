/* Borrows memory and does not give it back.
 *
 *     >>> run(b"abc")
 *     run(): buffer not released: bytes b'abc', whose memory is lent
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *object)
{
    kaa_buffer buffer;

    (void)self;
    if (kaa_buffer_get(ctx, object, &buffer, KAA_BUFFER_SIMPLE) != 0)
        return NULL;
    return kaa_int(ctx, buffer.bytes);
}

WRONG_ONE(buffer_not_released, run);
