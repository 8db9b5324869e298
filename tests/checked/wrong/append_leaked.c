/* Appends an item, and forgets its own reference to it.
 *
 *     >>> run()
 *     run(): leaked reference: float 2.5, which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    kaa_object *item = kaa_float_from_double(ctx, 2.5); /* here */

    (void)self;
    if (list == NULL || item == NULL || kaa_list_append(ctx, list, item) != 0) {
        kaa_decref(ctx, list);
        kaa_decref(ctx, item);
        return NULL;
    }
    return list;
}

WRONG_NOARGS(append_leaked, run);
