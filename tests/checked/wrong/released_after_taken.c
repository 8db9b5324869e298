/* Gives up a reference that a list has taken over.
 *
 *     >>> run()
 *     run(): released twice: float 2.5, whose reference was given up before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    kaa_object *item = kaa_float_from_double(ctx, 2.5);

    (void)self;
    if (list == NULL || kaa_list_take_append(ctx, list, item) != 0) {
        kaa_decref(ctx, list);
        return NULL;
    }
    kaa_decref(ctx, item); /* here */
    return list;
}

WRONG_NOARGS(released_after_taken, run);
