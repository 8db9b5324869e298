/* Takes one reference too many.
 *
 *     >>> run([5.5])
 *     run(): leaked reference: list [5.5], which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kaa_incref(ctx, argument);
    kaa_incref(ctx, argument); /* here */
    return argument;
}

WRONG_ONE(extra_leaked, run);
