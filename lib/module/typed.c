/* module/typed.c - plain C functions as methods: KAA_FUNCTION(). */
#include "module/module.h"

kaa_object *
kaa_module__new_typed(kaa_context *ctx, const kaa_method *method,
                      kaa_object *module)
{
    (void)module;
    kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR), "not yet: %s",
                     method->declaration);
    return NULL;
}

int
kaa_module__typed_name(kaa_context *ctx, const kaa_method *method, char *buffer,
                       size_t size)
{
    (void)buffer;
    (void)size;
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_IMPORT_ERROR),
                            "not yet: %s", method->declaration);
}
