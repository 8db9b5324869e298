/* `in` gives the place it was found at.
 *
 *     >>> 3 in Box(1.5)
 *     Box.contains(): result out of range: 2, and 0, 1 or -1 was expected
 */
#include "wrong.h"

static int
contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    (void)ctx;
    (void)self;
    (void)item;
    return 2;
}

WRONG_TYPE(contains_out_of_range, BOX, .contains = contains);
