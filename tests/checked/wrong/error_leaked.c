/* Takes the pending exception, and forgets it.
 *
 *     >>> run()
 *     run(): leaked reference: ValueError ValueError('forgotten'), which is not
 *         returned, stored or given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *error;

    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "forgotten");
    error = kaa_error_take(ctx); /* here */
    return error != NULL ? kaa_none(ctx) : NULL;
}

WRONG_NOARGS(error_leaked, run);
