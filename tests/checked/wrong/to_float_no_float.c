/* Its float() is a str.
 *
 *     >>> float(Box(1.5))
 *     Box.to_float(): result of a wrong type: str '1.5': a float was expected
 */
#include "wrong.h"

static kaa_object *
to_float(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_text(ctx, "1.5");
}

WRONG_TYPE(to_float_no_float, BOX, .to_float = to_float);
