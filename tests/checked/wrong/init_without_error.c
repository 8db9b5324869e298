/* Its init fails, and has raised nothing.
 *
 *     >>> Box()
 *     Box.init(): failed without an exception: below 0, and nothing was raised
 */
#include "wrong.h"

static int
init(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     kaa_object *kwnames)
{
    (void)ctx;
    (void)self;
    (void)args;
    (void)nargs;
    (void)kwnames;
    return -1;
}

WRONG_TYPE(init_without_error, .init = init);
