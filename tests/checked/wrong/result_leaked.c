/* Calls a function for what it does, and forgets the result.
 *
 *     >>> run(list)
 *     run(): leaked reference: list [], which is not returned, stored or given
 *         up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *function)
{
    kaa_object *result = kaa_call(ctx, function, NULL, 0, NULL); /* here */

    (void)self;
    return result != NULL ? kaa_none(ctx) : NULL;
}

WRONG_ONE(result_leaked, run);
