/* native/verify.c - whether a runtime's own structures are sound. */
#include "base/error.h"
#include "native/snapshot.h"
#include "object/containers/container.h"

static int
visit_container(const kaa_heap_block *block, void *user)
{
    kaa_object *object = block->block;
    const char **fault = user;

    *fault = kaa_object__is_dead(object) ? NULL
                                         : kaa_object__container_verify(object);
    return *fault != NULL;
}

static kaa_status
verify_containers(kaa_heap *heap, kaa_error *err)
{
    const char *fault = NULL;

    if (kaa_heap_walk(heap, 1u << KAA_HEAP_OBJECT_TRACKED, visit_container,
                      (void *)&fault) == 0)
        return KAA_OK;
    return kaa_base__fail(err, KAA_CORRUPT, KAA_NO_ARGUMENT, "%s", fault);
}

static kaa_status
verify_counts(kaa_context *ctx, kaa_error *err)
{
    kaa_native__snapshot snapshot;
    kaa_status status = kaa_native__snapshot_take(ctx, &snapshot, err);

    if (status != KAA_OK)
        return status;
    for (size_t i = 0; i < snapshot.capacity && status == KAA_OK; i++) {
        const kaa_native__entry *entry = &snapshot.slots[i];

        if (entry->object != NULL && kaa_native__snapshot_held(entry) < 0)
            status = kaa_base__fail(
                err, KAA_CORRUPT, KAA_NO_ARGUMENT,
                "a %s at %p counts %llu references, but %llu were found",
                entry->object->type->name, (void *)entry->object,
                (unsigned long long)(entry->object->word &
                                     KAA_OBJECT__COUNT_MASK),
                (unsigned long long)entry->found);
    }
    kaa_native__snapshot_fini(&snapshot);
    return status;
}

kaa_status
kaa_runtime_verify(kaa_context *ctx, kaa_error *err)
{
    kaa_runtime *runtime = kaa_runtime_of(ctx);
    kaa_status status;

    if (runtime == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0, "no native context");
    if (runtime->releasing != 0)
        return kaa_base__fail(err, KAA_MISUSE, 0, "within an object's end");
    status = kaa_heap_verify(runtime->heap, err);
    if (status == KAA_OK)
        status = kaa_gil_verify(runtime->gil, err);
    if (status == KAA_OK)
        status = verify_containers(runtime->heap, err);
    if (status == KAA_OK)
        status = verify_counts(ctx, err);
    return status;
}
