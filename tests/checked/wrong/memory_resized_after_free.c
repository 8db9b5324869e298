/* Makes a block larger that it has freed.
 *
 *     >>> run()
 *     run(): resized memory that is not there: the block is not, or no more,
 *         the module's
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *block = kaa_mem_alloc(ctx, 16);
    void *again = block;

    (void)self;
    kaa_mem_free(ctx, block);
    again = kaa_mem_resize(ctx, again, 32); /* here */
    kaa_mem_free(ctx, again);
    return kaa_none(ctx);
}

WRONG_NOARGS(memory_resized_after_free, run);
