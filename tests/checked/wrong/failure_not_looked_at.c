/* Does not look whether appending failed.
 *
 *     >>> run(3)
 *     run(): result with an exception: an exception is pending, and the result
 *         says that there is none
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *no_list)
{
    (void)self;
    kaa_list_append(ctx, no_list, no_list);
    return kaa_incref(ctx, no_list);
}

WRONG_ONE(failure_not_looked_at, run);
