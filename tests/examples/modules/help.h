/* examples/modules/help.h - the example modules in tests of the native context.
 */
#ifndef KAA_TEST_EXAMPLES_MODULES_HELP_H
#define KAA_TEST_EXAMPLES_MODULES_HELP_H

#include "object/help.h"

/* The module of a name, from the file that the Pythons import too. */
__attribute__((unused)) static kaa_object *
import_example(kaa_test *t, kaa_context *ctx, const char *name)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s.kaa.so", KAA_TEST_MODULES, name);
    return NEW(kaa_import(ctx, path));
}

/* object.name(arguments...); a new reference, or NULL. The format is that of
 * kaa_build(), in parentheses. */
__attribute__((unused)) static kaa_object *
call(kaa_context *ctx, kaa_object *object, const char *name, const char *format,
     ...)
{
    kaa_object *callable = kaa_get_attr_text(ctx, object, name);
    kaa_object *args = NULL, *result = NULL;
    va_list values;

    if (callable == NULL)
        return NULL;
    va_start(values, format);
    args = ctx->api->build_v(ctx, format, values);
    va_end(values);
    if (args != NULL)
        result = kaa_call_dict(ctx, callable, args, NULL);
    kaa_decref(ctx, args);
    kaa_decref(ctx, callable);
    return result;
}

/* A full collection, that may fail for want of memory alone. */
#define COLLECT()                                                              \
    do {                                                                       \
        if (kaa_collect(ctx) < 0)                                              \
            help_failed(t, __FILE__, __LINE__, "kaa_collect()");               \
    } while (0)

#endif /* KAA_TEST_EXAMPLES_MODULES_HELP_H */
