/* Gives up one reference twice.
 *
 *     >>> run()
 *     run(): released twice: list [], whose reference was given up before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    kaa_decref(ctx, list);
    kaa_decref(ctx, list); /* here */
    return kaa_none(ctx);
}

WRONG_NOARGS(released_twice, run);
