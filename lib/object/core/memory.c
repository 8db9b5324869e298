/* object/core/memory.c - memory of the runtime's heap for C code, and what it
 * has from elsewhere. */
#include "object/core/object.h"

void *
kaa_object__mem_alloc(kaa_context *ctx, size_t size)
{
    return kaa_object__memory(ctx, size);
}

void *
kaa_object__mem_resize(kaa_context *ctx, void *block, size_t size)
{
    return kaa_object__memory_resize(ctx, block, size);
}

void
kaa_object__mem_free(kaa_context *ctx, void *block)
{
    kaa_object__memory_free(ctx, block);
}

/* The collector reads the sum when it is next asked; growth makes it be asked
 * at the next allocation of a container. */
void
kaa_object__add_external(kaa_context *ctx, ptrdiff_t bytes)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);

    runtime->external_bytes += bytes;
    if (runtime->gc != NULL && runtime->external_bytes > runtime->external_due)
        runtime->until_collect = 0;
}
