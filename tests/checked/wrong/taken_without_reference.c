/* Hands a list a reference that is the caller's.
 *
 *     >>> run([4.5])
 *     run(): released without a reference: list [4.5], which is borrowed
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL ||
        kaa_list_take_append(ctx, list, argument) != 0) { /* here */
        kaa_decref(ctx, list);
        return NULL;
    }
    return list;
}

WRONG_ONE(taken_without_reference, run);
