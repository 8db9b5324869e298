/* Keeps the address of memory that it gave back.
 *
 *     >>> run(bytearray(b"abc"))
 *     run(): borrowed pointer kept: bytearray bytearray(b'abc'), whose buffer
 *         was released
 */
#include "wrong.h"

static const char *volatile kept;

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *object)
{
    kaa_buffer buffer;

    (void)self;
    if (kaa_buffer_get(ctx, object, &buffer, 0) != 0) /* here */
        return NULL;
    kept = buffer.data;
    kaa_buffer_release(ctx, &buffer);
    return kaa_bool(ctx, kept != NULL);
}

WRONG_ONE(buffer_data_kept, run);
