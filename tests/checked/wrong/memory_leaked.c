/* Forgets a block.
 *
 *     >>> run()
 *     run(): leaked memory: a block that nothing of the module refers to
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *block = kaa_mem_alloc(ctx, 100); /* here */

    (void)self;
    return block != NULL ? kaa_none(ctx) : NULL;
}

WRONG_NOARGS(memory_leaked, run);
