/* Returns a builtin type, which is borrowed.
 *
 *     >>> run()
 *     run(): returned without a reference: type <class 'list'>, which is
 *         borrowed: kaa_incref() it (kaa_none() for None)
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_builtin(ctx, KAA_LIST_TYPE);
}

WRONG_NOARGS(type_returned, run);
