/* tests/module/broken.c - modules that must be refused, one for each value of
 * BROKEN; each would end the test if any of its code ran.
 */
#include <stdlib.h>

#include <kaa/module.h>

static int
run(kaa_context *ctx, kaa_object *module)
{
    (void)ctx;
    (void)module;
    abort();
}

/* Longer than a definition, with bytes of its own behind it. */
typedef struct longer {
    kaa_module_def own;
    uint64_t more[4];
} longer;

#ifndef BROKEN_MAGIC
#define BROKEN_MAGIC KAA_MODULE_MAGIC
#endif
#ifndef BROKEN_SIZE
#define BROKEN_SIZE sizeof(kaa_module_def)
#endif
#ifndef BROKEN_MAJOR
#define BROKEN_MAJOR KAA_MODULE_ABI_MAJOR
#endif
#ifndef BROKEN_MINOR
#define BROKEN_MINOR KAA_MODULE_ABI_MINOR
#endif
#ifndef BROKEN_FLAGS
#define BROKEN_FLAGS 0
#endif
#ifndef BROKEN_API
#define BROKEN_API sizeof(kaa_api)
#endif
#ifndef BROKEN_SPEC
#define BROKEN_SPEC sizeof(kaa_type_spec)
#endif
#ifndef BROKEN_NAME
#define BROKEN_NAME "broken"
#endif
#ifndef BROKEN_SYMBOL
#define BROKEN_SYMBOL kaa_module_definition
#endif

KAA_MODULE_EXPORT const longer BROKEN_SYMBOL;
const longer BROKEN_SYMBOL = {
    .own = {.magic = BROKEN_MAGIC,
            .size = BROKEN_SIZE,
            .abi_major = BROKEN_MAJOR,
            .abi_minor = BROKEN_MINOR,
            .flags = BROKEN_FLAGS,
            .api_bytes = BROKEN_API,
            .spec_bytes = BROKEN_SPEC,
            .name = BROKEN_NAME,
            .exec = run},
};
