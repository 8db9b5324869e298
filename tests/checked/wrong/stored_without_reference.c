/* Stores its argument without a reference, and would give it up at the end.
 *
 *     >>> item = [1.5]
 *     >>> box = Box(item)
 *     Box.init(): visited without a reference: list [1.5], which the data hold
 *         without a reference
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

WRONG_TYPE(stored_without_reference, .data_bytes = sizeof(box), .init = store,
           .traverse = box_traverse, .clear = box_clear);
