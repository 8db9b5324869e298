/* Frees an array of references, and forgets what it held.
 *
 *     >>> run([1.5])
 *     run(): leaked reference: list [1.5], which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object **items = kaa_mem_alloc(ctx, 2 * sizeof(items[0]));

    (void)self;
    if (items == NULL)
        return NULL;
    items[0] = kaa_incref(ctx, argument); /* here */
    kaa_mem_free(ctx, items);
    return kaa_none(ctx);
}

WRONG_ONE(items_freed_with_block, run);
