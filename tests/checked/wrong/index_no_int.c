/* Its index is a float.
 *
 *     >>> [1, 2][Box(1.5)]
 *     Box.index(): result of a wrong type: float 1.0: an int was expected
 */
#include "wrong.h"

static kaa_object *
box_index(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_float_from_double(ctx, 1.0);
}

WRONG_TYPE(index_no_int, BOX, .index = box_index);
