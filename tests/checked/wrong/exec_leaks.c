/* Filling the module leaks what it adds.
 *
 *     >>> import_module()
 *     exec(): leaked reference: float 2.5, which is not returned, stored or
 *         given up
 */
#include "wrong.h"

static int
exec(kaa_context *ctx, kaa_object *module)
{
    kaa_object *value = kaa_float_from_double(ctx, 2.5); /* here */

    if (value == NULL)
        return -1;
    return kaa_set_attr_text(ctx, module, "VALUE", value);
}

KAA_MODULE(exec_leaks, .exec = exec);
