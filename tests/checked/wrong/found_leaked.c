/* Asks a dict for a key, and forgets the value.
 *
 *     >>> run({"key": 7.5})
 *     run(): leaked reference: float 7.5, which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *dict)
{
    kaa_object *value = NULL;
    int found = kaa_dict_find_text(ctx, dict, "key", 3, &value); /* here */

    (void)self;
    if (found < 0)
        return NULL;
    return kaa_none(ctx);
}

WRONG_ONE(found_leaked, run);
