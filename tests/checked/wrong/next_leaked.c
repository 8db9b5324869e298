/* Counts what an iterator gives, and gives none of it up.
 *
 *     >>> run(iter([8.5]))
 *     [cpython] run(): leaked reference: float 8.5, which is not returned,
 *         stored or given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *iterator)
{
    kaa_object *item;
    int64_t count = 0;
    int more;

    (void)self;
    do {
        more = kaa_next(ctx, iterator, &item); /* here */
        count += more > 0;
    } while (more > 0);
    return more < 0 ? NULL : kaa_int(ctx, count);
}

WRONG_ONE(next_leaked, run);
