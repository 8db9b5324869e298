/* Frees a block twice.
 *
 *     >>> run()
 *     run(): freed memory that is not there: the block is not, or no more, the
 *         module's
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *block = kaa_mem_alloc(ctx, 100);
    void *again = block;

    (void)self;
    kaa_mem_free(ctx, block);
    kaa_mem_free(ctx, again); /* here */
    return kaa_none(ctx);
}

WRONG_NOARGS(memory_freed_twice, run);
