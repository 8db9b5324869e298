/* Writes behind the end of a block.
 *
 *     >>> run()
 *     run(): written beyond a block: of 16 bytes
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    char *volatile block = kaa_mem_alloc(ctx, 16);

    (void)self;
    if (block == NULL)
        return NULL;
    block[16] = 1;
    kaa_mem_free(ctx, block); /* here */
    return kaa_none(ctx);
}

WRONG_NOARGS(memory_overrun, run);
