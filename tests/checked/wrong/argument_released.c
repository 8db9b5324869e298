/* Gives up its argument, which is the caller's.
 *
 *     >>> run([9.5])
 *     run(): released without a reference: list [9.5], which is borrowed
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kaa_decref(ctx, argument); /* here */
    return kaa_none(ctx);
}

WRONG_ONE(argument_released, run);
