/* Its init says 1 for "done".
 *
 *     >>> Box()
 *     Box.init(): result out of range: 1, and 0 or -1 was expected
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
    return 1;
}

WRONG_TYPE(init_returns_one, .init = init);
