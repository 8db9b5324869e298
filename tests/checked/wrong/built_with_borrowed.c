/* N takes a reference over that it was not given.
 *
 *     >>> run([4.5])
 *     run(): released without a reference: list [4.5], which is borrowed
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    return kaa_build(ctx, "(Ni)", argument, 3);
}

WRONG_ONE(built_with_borrowed, run);
