/* native/missing.c - while the table is being filled: a weak function for each
 * slot, which stops the program. To be deleted. */
#include "gc/gc.h"
#include "object/object.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-noreturn"
#endif

#define STOP(name) kaa_base__broken(__FILE__, __LINE__, "no slot " #name)
#define KAA_SLOT(result, name, parameters, arguments)                          \
    __attribute__((weak)) result kaa_object__##name parameters                 \
    {                                                                          \
        STOP(name);                                                            \
    }
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    KAA_SLOT(void, name, parameters, arguments)
#define KAA_BARE_SLOT(result, name, parameters)                                \
    KAA_SLOT(result, name, parameters, ())
#include <kaa/api.def>

#define WEAK __attribute__((weak))
#define START(name)                                                            \
    WEAK int kaa_object__##name##_start(kaa_context *ctx)                      \
    {                                                                          \
        return 0;                                                              \
    }
#define STOPPED(name)                                                          \
    WEAK void kaa_object__##name##_stop(kaa_context *ctx)                      \
    {                                                                          \
    }
START(types)
START(exceptions)
START(strs)
START(tuples)
START(modules)
STOPPED(modules)
STOPPED(weakrefs)

WEAK int
kaa_gc__start(kaa_context *ctx)
{
    return 0;
}

WEAK void
kaa_gc__stop(kaa_context *ctx)
{
}

#define BUILTIN(id, template)                                                  \
    WEAK const kaa_object__type kaa_object__template_##template = {            \
        .doc = "missing"};
#define INTERNAL(id, template, name) BUILTIN(id, template)
#include "object/types.def"
BUILTIN(, exception)

WEAK int
kaa_object__raise_text(kaa_context *ctx, kaa_builtin_id type,
                       const char *format, ...)
{
    STOP("raise_text");
}

WEAK int
kaa_object__raise_type(kaa_context *ctx, const char *what, const char *wanted,
                       kaa_object *object)
{
    STOP("raise_type");
}

WEAK kaa_object__type *
kaa_object__type_of_constant(kaa_context *ctx, const kaa_object *object)
{
    STOP("type_of_constant");
}

WEAK void
kaa_object__weakrefs_clear(kaa_context *ctx, kaa_object *object)
{
}
