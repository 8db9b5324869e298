/* iter() of an iterator gives self without a reference.
 *
 *     >>> iter(Box(1.5))
 *     Box.iter(): returned without a reference: Box BOX, which is borrowed:
 *         kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
box_iter(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return self;
}

static kaa_object *
box_next(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return NULL;
}

static kaa_object *
box_repr(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_text(ctx, "BOX");
}

WRONG_TYPE(self_not_taken, BOX, .iter = box_iter, .next = box_next,
           .repr = box_repr);
