/* Makes a tuple of an argument that it does not own.
 *
 *     >>> run([4.5])
 *     run(): released without a reference: list [4.5], which is borrowed
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *items[1];
    kaa_object *tuple;

    (void)self;
    items[0] = argument;
    tuple = kaa_tuple_take_array(ctx, items, 1); /* here */
    return tuple;
}

WRONG_ONE(tuple_taken_borrowed, run);
