/* Returns its argument as it came.
 *
 *     >>> run([1.5])
 *     run(): returned without a reference: list [1.5], which is borrowed:
 *         kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)ctx;
    (void)self;
    return argument;
}

WRONG_ONE(argument_returned, run);
