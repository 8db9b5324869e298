/* Goes on working while an exception is pending.
 *
 *     >>> run([])
 *     run(): called with an exception pending: ValueError
 *         ValueError('pending'): kaa_error_take() or kaa_error_clear() it first
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *list)
{
    int failed;

    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "pending");
    failed = kaa_list_append(ctx, list, list); /* here */
    kaa_error_clear(ctx);
    return kaa_bool(ctx, failed);
}

WRONG_ONE(called_with_error, run);
