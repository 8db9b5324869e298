/* tests/abi/module.c - modules built in the past still run: the binary of each
 * module_* folder here. See the source beside it. */
#include "object/help.h"

KAA_TEST(the_first_one)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, MODULE_0_1));
    kaa_object *args[] = {kaa_int(ctx, 3), kaa_int(ctx, 4)}, *scale;

    CHECK_TEXT(kaa_call_method(ctx, "check", &module, 1, NULL), "all is well");
    scale = NEW(kaa_get_attr_text(ctx, module, "scale"));
    CHECK_REPR(NEW(kaa_call(ctx, scale, args, 2, NULL)), "12.0");
}
