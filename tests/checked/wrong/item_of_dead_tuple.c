/* Uses a borrowed item whose tuple is gone.
 *
 *     >>> run()
 *     run(): used after release: list [3.25], which was borrowed from a tuple
 *         that is gone
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *tuple = kaa_build(ctx, "([d])", 3.25);
    kaa_object *item, *text;

    (void)self;
    if (tuple == NULL)
        return NULL;
    item = kaa_tuple_get_borrowed(ctx, tuple, 0);
    kaa_decref(ctx, tuple);
    text = kaa_repr(ctx, item); /* here */
    return text;
}

WRONG_NOARGS(item_of_dead_tuple, run);
