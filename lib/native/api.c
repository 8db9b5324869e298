/* native/api.c - the table: every slot of kaa/api.def with the function of
 * object/ that has its name. */
#include "native/api.h"

#include "args/args.h"
#include "gc/gc.h"
#include "native/native.h"
#include "object/core/object.h"

/* What every context asks of functions and types, before what this one asks. */
static kaa_object *
new_function(kaa_context *ctx, const kaa_method *method, kaa_object *self,
             kaa_object *module)
{
    if (kaa_module__check_method(ctx, method) != 0)
        return NULL;
    return kaa_object__function_new(ctx, method, self, module);
}

static kaa_object *
new_type(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *module,
         kaa_object *base)
{
    if (spec != NULL && spec->size >= sizeof(*spec) && spec->name != NULL &&
        kaa_module__check_type(ctx, spec) != 0)
        return NULL;
    return kaa_object__type_new(ctx, spec, module, base);
}

#define kaa_object__function_new new_function
#define kaa_object__type_new new_type
/* Slots with formats are those of args/, which serve every context. */
#define kaa_object__parse_args_v kaa_args__parse_args_v
#define kaa_object__parse_keywords_v kaa_args__parse_keywords_v
#define kaa_object__build_v kaa_args__build_v
#define kaa_object__str_format_v kaa_args__str_format_v
#define kaa_object__raise_format_v kaa_args__raise_format_v
/* Modules, threads and the collector are beyond what object/ knows. */
#define kaa_object__collect kaa_gc__collect_all
#define kaa_object__begin_allow_threads kaa_native__begin_allow_threads
#define kaa_object__end_allow_threads kaa_native__end_allow_threads
#define kaa_object__poll kaa_native__poll
#define kaa_object__runtime_handle kaa_native__runtime_handle
#define kaa_object__thread_enter kaa_native__thread_enter
#define kaa_object__thread_leave kaa_native__thread_leave
#define kaa_object__import kaa_native__import

const kaa_api kaa_native__api = {
    .size = sizeof(kaa_api),
#define KAA_SLOT(result, name, parameters, arguments)                          \
    .name = kaa_object__##name,
#define KAA_VOID_SLOT(name, parameters, arguments) .name = kaa_object__##name,
#define KAA_BARE_SLOT(result, name, parameters) .name = kaa_object__##name,
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
};
