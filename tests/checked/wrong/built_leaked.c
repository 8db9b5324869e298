/* Builds a tuple that nobody gets.
 *
 *     >>> run()
 *     run(): leaked reference: tuple (1.0, 2.0), which is not returned, stored
 *         or given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kaa_build(ctx, "(dd)", 1.0, 2.0) == NULL)
        return NULL;
    return kaa_none(ctx);
}

WRONG_NOARGS(built_leaked, run);
