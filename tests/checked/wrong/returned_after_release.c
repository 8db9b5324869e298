/* Gives up what it took, and returns it.
 *
 *     >>> run([3.5])
 *     run(): returned without a reference: list [3.5], whose reference was
 *         given up before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kaa_incref(ctx, argument);
    kaa_decref(ctx, argument);
    return argument;
}

WRONG_ONE(returned_after_release, run);
