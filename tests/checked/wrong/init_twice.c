/* A second init forgets what the first one stored.
 *
 *     >>> box = Box([1.5])
 *     >>> box.__init__([2.5])
 *     [cpython] Box.init(): leaked reference: list [1.5], which was in the data
 *         and is overwritten
 */
#include "wrong.h"

static int
store(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
      kaa_object *kwnames)
{
    (void)kwnames;
    if (nargs != 1)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "one item");
    ((box *)kaa_data(ctx, self))->item = kaa_incref(ctx, args[0]);
    return 0;
}

WRONG_TYPE(init_twice, .data_bytes = sizeof(box), .init = store,
           .traverse = box_traverse, .clear = box_clear);
