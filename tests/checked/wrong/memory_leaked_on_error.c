/* Forgets a block where it fails.
 *
 *     >>> run("no int")
 *     run(): leaked memory: a block that nothing of the module refers to
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    int64_t *block = kaa_mem_alloc(ctx, sizeof(*block)); /* here */
    kaa_object *result;

    (void)self;
    if (block == NULL || kaa_int_as_int64(ctx, argument, block) != 0)
        return NULL;
    result = kaa_int(ctx, *block);
    kaa_mem_free(ctx, block);
    return result;
}

WRONG_ONE(memory_leaked_on_error, run);
