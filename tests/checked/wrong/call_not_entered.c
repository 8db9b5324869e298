/* Leaves a call that it has not entered.
 *
 *     >>> run()
 *     run(): call not entered: kaa_enter_call() is missing
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_leave_call(ctx); /* here */
    return kaa_none(ctx);
}

WRONG_NOARGS(call_not_entered, run);
