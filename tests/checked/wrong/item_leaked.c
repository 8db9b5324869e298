/* Looks at an item of a list, and keeps the reference.
 *
 *     >>> run([6.5])
 *     run(): leaked reference: float 6.5, which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *list)
{
    kaa_object *item = kaa_list_get(ctx, list, 0); /* here */

    (void)self;
    if (item == NULL)
        return NULL;
    return kaa_none(ctx);
}

WRONG_ONE(item_leaked, run);
