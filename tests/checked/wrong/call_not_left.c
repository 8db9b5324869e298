/* Enters a nested call and does not leave it.
 *
 *     >>> run()
 *     run(): call not left: kaa_leave_call() is missing
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kaa_enter_call(ctx, " in run") != 0)
        return NULL;
    return kaa_none(ctx);
}

WRONG_NOARGS(call_not_left, run);
