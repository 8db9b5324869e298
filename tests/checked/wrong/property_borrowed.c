/* A property gives what the instance holds.
 *
 *     >>> Box([1.5]).item
 *     Box.item(): returned without a reference: list [1.5], which is borrowed:
 *         kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
get_item(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return ((box *)kaa_data(ctx, self))->item;
}

static const kaa_property properties[] = {
    {"item", get_item, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

WRONG_TYPE(property_borrowed, BOX, .properties = properties);
