/* Uses a list whose last reference it gave up.
 *
 *     >>> run()
 *     run(): used after release: list [], whose last reference was given up
 *         before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    ptrdiff_t size;

    (void)self;
    kaa_decref(ctx, list);
    size = kaa_list_size(ctx, list); /* here */
    return kaa_int(ctx, size);
}

WRONG_NOARGS(used_after_release, run);
