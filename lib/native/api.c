/* native/api.c - the table: every slot of kaa/api.def with the function of
 * object/ that has its name. */
#include "native/api.h"

#include "object/object.h"

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
