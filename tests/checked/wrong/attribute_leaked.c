/* Looks up an attribute that is not there, and when it is, forgets it.
 *
 *     >>> run(type("Has", (), {"name": 2.25}))
 *     [cpython] run(): leaked reference: float 2.25, which is not returned,
 *         stored or given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *object)
{
    kaa_object *value = NULL;
    int found = kaa_find_attr(ctx, object, "name", &value); /* here */

    (void)self;
    return found < 0 ? NULL : kaa_bool(ctx, found);
}

WRONG_ONE(attribute_leaked, run);
