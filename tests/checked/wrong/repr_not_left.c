/* A repr that ends without kaa_repr_leave().
 *
 *     >>> repr(Box(1.5))
 *     Box.repr(): repr not left: kaa_repr_leave() is missing
 */
#include "wrong.h"

static kaa_object *
box_repr(kaa_context *ctx, kaa_object *self)
{
    int entered = kaa_repr_enter(ctx, self);

    return entered < 0 ? NULL : kaa_text(ctx, entered > 0 ? "..." : "Box");
}

WRONG_TYPE(repr_not_left, BOX, .repr = box_repr);
