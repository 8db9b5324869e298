/* Raises, and returns a value all the same.
 *
 *     >>> run()
 *     run(): result with an exception: an exception is pending, and the result
 *         says that there is none
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "not looked at");
    return kaa_none(ctx);
}

WRONG_NOARGS(value_with_error, run);
