/* Passes on what may be NULL.
 *
 *     >>> run([])
 *     run(): NULL for an object: object 2 of the call is NULL
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *list)
{
    kaa_object *item = kaa_list_get(ctx, list, 0);
    int failed;

    (void)self;
    failed = kaa_list_append(ctx, list, item); /* here */
    kaa_decref(ctx, item);
    return failed ? NULL : kaa_none(ctx);
}

WRONG_ONE(null_used, run);
