/* Calls a function with what it gave up.
 *
 *     >>> run(repr)
 *     run(): used after release: float 1.75, whose last reference was given up
 *         before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *function)
{
    kaa_object *number = kaa_float_from_double(ctx, 1.75);
    kaa_object *result;

    (void)self;
    kaa_decref(ctx, number);
    result = kaa_call(ctx, function, &number, 1, NULL); /* here */
    return result;
}

WRONG_ONE(argument_after_release, run);
