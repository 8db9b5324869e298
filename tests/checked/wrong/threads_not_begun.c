/* Takes the lock back that it has.
 *
 *     >>> run()
 *     run(): threads not begun: kaa_begin_allow_threads() is missing
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_end_allow_threads(ctx, NULL); /* here */
    return kaa_none(ctx);
}

WRONG_NOARGS(threads_not_begun, run);
