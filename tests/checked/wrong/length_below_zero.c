/* Its length is -5.
 *
 *     >>> len(Box(1.5))
 *     Box.length(): failed without an exception: below 0, and nothing was
 *         raised
 */
#include "wrong.h"

static ptrdiff_t
length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return -5;
}

WRONG_TYPE(length_below_zero, BOX, .length = length);
