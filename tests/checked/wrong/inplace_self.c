/* An operator in place gives its left operand without a reference.
 *
 *     >>> box = Box(1.5)
 *     >>> box += 1
 *     Box.inplace(): returned without a reference: Box BOX, which is borrowed:
 *         kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
box_inplace(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    (void)ctx;
    (void)right;
    (void)op;
    return left;
}

static kaa_object *
box_repr(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_text(ctx, "BOX");
}

WRONG_TYPE(inplace_self, BOX, .inplace = box_inplace, .repr = box_repr);
