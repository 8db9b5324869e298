/* Makes an object while other threads run.
 *
 *     >>> run()
 *     run(): used without the lock: between kaa_begin_allow_threads() and its
 *         end
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *begun = kaa_begin_allow_threads(ctx);
    kaa_object *text = kaa_text(ctx, "unlocked"); /* here */

    (void)self;
    kaa_end_allow_threads(ctx, begun);
    return text;
}

WRONG_NOARGS(used_without_lock, run);
