/* Lets the lock go that it has not got.
 *
 *     >>> run()
 *     run(): used without the lock: between kaa_begin_allow_threads() and its
 *         end
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *outer = kaa_begin_allow_threads(ctx);
    void *inner = kaa_begin_allow_threads(ctx); /* here */

    (void)self;
    kaa_end_allow_threads(ctx, inner);
    kaa_end_allow_threads(ctx, outer);
    return kaa_none(ctx);
}

WRONG_NOARGS(threads_begun_twice, run);
