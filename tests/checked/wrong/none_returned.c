/* Returns None without a reference of its own: the mistake of most tutorials.
 *
 *     >>> run()
 *     [cpython] run(): returned without a reference: None, which is borrowed:
 *         kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_builtin(ctx, KAA_NONE);
}

WRONG_NOARGS(none_returned, run);
