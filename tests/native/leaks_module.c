/* Makes objects from a file of its own, for leaks.c. */
#include <kaa/context.h>

KAA_API kaa_object *leaks_make_one(kaa_context *ctx);

kaa_object *
leaks_make_one(kaa_context *ctx)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    if (kaa_error_occurred(ctx)) /* no tail call: this must be on the stack */
        return NULL;
    return list;
}
