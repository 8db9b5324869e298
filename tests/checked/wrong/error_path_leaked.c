/* Forgets a list where the conversion fails.
 *
 *     >>> run("no int")
 *     run(): leaked reference: list [], which is not returned, stored or given
 *         up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *list = kaa_list_new(ctx, 0); /* here */
    int64_t number;

    (void)self;
    if (list == NULL)
        return NULL;
    if (kaa_int_as_int64(ctx, argument, &number) != 0)
        return NULL;
    return list;
}

WRONG_ONE(error_path_leaked, run);
