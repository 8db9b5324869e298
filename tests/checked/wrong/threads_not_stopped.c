/* Lets the lock go, and does not take it back.
 *
 *     >>> run()
 *     run(): threads not stopped: kaa_end_allow_threads() is missing
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *none = kaa_none(ctx);

    (void)self;
    (void)kaa_begin_allow_threads(ctx);
    return none;
}

WRONG_NOARGS(threads_not_stopped, run);
