/* Returns NULL, and has raised nothing.
 *
 *     >>> run()
 *     run(): failed without an exception: NULL, and nothing was raised
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return NULL;
}

WRONG_NOARGS(null_without_error, run);
