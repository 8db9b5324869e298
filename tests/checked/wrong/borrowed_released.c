/* Stores its argument without a reference, and gives it up later.
 *
 *     >>> box = Box(Box)
 *     >>> box.drop()
 *     Box.drop(): released without a reference: type <class
 *         'borrowed_released.Box'>, which is borrowed
 */
#include "wrong.h"

static int
store(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
      kaa_object *kwnames)
{
    (void)kwnames;
    if (nargs != 1)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "one item");
    ((box *)kaa_data(ctx, self))->item = args[0];
    return 0;
}

static kaa_object *
drop(kaa_context *ctx, kaa_object *self)
{
    box *data = kaa_data(ctx, self);

    KAA_CLEAR(ctx, data->item); /* here */
    return kaa_none(ctx);
}

static const kaa_method box_methods[] = {KAA_METHOD_NOARGS("drop", drop, NULL),
                                         KAA_METHODS_END};

WRONG_TYPE(borrowed_released, .data_bytes = sizeof(box), .init = store,
           .methods = box_methods);
