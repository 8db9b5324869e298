/* Gives kaa_mem_free() what came from elsewhere.
 *
 *     >>> run()
 *     run(): freed memory that is not there: the block is not, or no more, the
 *         module's
 */
#include "wrong.h"

static int of_its_own[4];

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_mem_free(ctx, of_its_own); /* here */
    return kaa_none(ctx);
}

WRONG_NOARGS(memory_of_malloc_freed, run);
