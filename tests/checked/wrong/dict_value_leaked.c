/* Puts a value into a dict, and forgets its own reference to it.
 *
 *     >>> run({})
 *     run(): leaked reference: float 2.5, which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *dict)
{
    kaa_object *value = kaa_float_from_double(ctx, 2.5); /* here */

    (void)self;
    if (value == NULL || kaa_dict_set_text(ctx, dict, "key", 3, value) != 0)
        return NULL;
    return kaa_none(ctx);
}

WRONG_ONE(dict_value_leaked, run);
