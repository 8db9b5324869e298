/* Stores its argument in a member, which the host gives up, without a
 * reference.
 *
 *     >>> Box([1.5])
 *     Box.init(): stored without a reference: list [1.5], which is borrowed:
 *         kaa_incref() it
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

static const kaa_member members[] = {
    {"item", KAA_MEMBER_OBJECT, 0, offsetof(box, item), NULL},
    {NULL, 0, 0, 0, NULL},
};

WRONG_TYPE(member_without_reference, .data_bytes = sizeof(box), .init = store,
           .members = members);
