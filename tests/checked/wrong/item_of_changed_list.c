/* Uses an item that the list alone held, after the list was changed.
 *
 *     >>> run([[2.5]])
 *     run(): used after release: list [2.5], whose last reference was given up
 *         before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *list)
{
    kaa_object *item = kaa_list_get(ctx, list, 0);
    kaa_object *text;

    (void)self;
    kaa_decref(ctx, item);
    if (kaa_list_set_slice(ctx, list, 0, 1, NULL) != 0)
        return NULL;
    text = kaa_repr(ctx, item); /* here */
    return text;
}

WRONG_ONE(item_of_changed_list, run);
