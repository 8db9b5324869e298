/* Writes to bytes that others have too.
 *
 *     >>> held = [bytes(b"def")]; run(held[0])
 *     [cpython] run(): written to what may not change: bytes b'Xef', which
 *         others have too
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *bytes)
{
    char *data = kaa_bytes_as_data(ctx, bytes, NULL); /* here */

    (void)self;
    if (data == NULL)
        return NULL;
    data[0] = 'X';
    return kaa_none(ctx);
}

WRONG_ONE(bytes_written, run);
