/* Returns an item of a tuple that it only borrowed.
 *
 *     >>> run((2.5,))
 *     run(): returned without a reference: float 2.5, which is borrowed:
 *         kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *tuple)
{
    (void)self;
    return kaa_tuple_get_borrowed(ctx, tuple, 0);
}

WRONG_ONE(item_returned, run);
