/* Gives up a borrowed item.
 *
 *     >>> run((3.5,))
 *     run(): released without a reference: float 3.5, which is borrowed
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *tuple)
{
    kaa_object *item = kaa_tuple_get_borrowed(ctx, tuple, 0);
    kaa_object *text;

    (void)self;
    if (item == NULL)
        return NULL;
    text = kaa_repr(ctx, item);
    kaa_decref(ctx, item); /* here */
    return text;
}

WRONG_ONE(item_released, run);
