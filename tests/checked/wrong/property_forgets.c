/* Setting a property forgets what was there.
 *
 *     >>> box = Box([1.5])
 *     >>> box.item = [2.5]
 *     Box.item(): leaked reference: list [1.5], which was in the data and is
 *         overwritten
 */
#include "wrong.h"

static int
set_item(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    (void)user;
    ((box *)kaa_data(ctx, self))->item = kaa_incref(ctx, value);
    return 0;
}

static const kaa_property properties[] = {
    {"item", NULL, set_item, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

WRONG_TYPE(property_forgets, BOX, .properties = properties);
