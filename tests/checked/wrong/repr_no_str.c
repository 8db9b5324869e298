/* Its repr is bytes.
 *
 *     >>> repr(Box(1.5))
 *     Box.repr(): result of a wrong type: bytes b'Box': a str was expected
 */
#include "wrong.h"

static kaa_object *
box_repr(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_bytes_from_data(ctx, "Box", 3);
}

WRONG_TYPE(repr_no_str, BOX, .repr = box_repr);
