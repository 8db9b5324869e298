/* Leaves a loop before it gives up the item.
 *
 *     >>> run([1.25, "two", 3.25])
 *     run(): leaked reference: str 'two', which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *list)
{
    ptrdiff_t count = kaa_list_size(ctx, list);
    double sum = 0, number;

    (void)self;
    for (ptrdiff_t i = 0; i < count; i++) {
        kaa_object *item = kaa_list_get(ctx, list, i); /* here */

        if (item == NULL || kaa_float_as_double(ctx, item, &number) != 0)
            return NULL;
        sum += number;
        kaa_decref(ctx, item);
    }
    return kaa_float_from_double(ctx, sum);
}

WRONG_ONE(loop_break_leaked, run);
