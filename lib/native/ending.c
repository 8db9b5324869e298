/* native/ending.c - how a runtime ends.
 *
 *     modules are cleared
 *     a full collection, with finalisers and all
 *     the report: what is left is what C code holds, and what that leads to
 *     the calls: destroy() of instances, modules' state and capsules
 *     the heap goes, page by page
 *
 * runtime->calls says whether there is anybody to be called. Where there is
 * not, and no report is wanted, no object is looked at.
 */
#include "base/error.h"
#include "base/memory.h"
#include "gc/gc.h"
#include "native/census.h"
#include "native/native.h"
#include "object/capsule.h"
#include "object/site.h"

void
kaa_native__free(kaa_runtime *runtime)
{
    while (runtime->contexts != NULL) {
        kaa_object__context *own = runtime->contexts;

        runtime->contexts = own->next;
        kaa_base__free(own);
    }
    kaa_object__sites_stop(runtime);
    kaa_gil_destroy(runtime->gil);
    kaa_heap_destroy(runtime->heap);
    kaa_base__free(runtime);
}

/* The context of the calling thread if that is attached, else *boot. NULL if it
 * is attached more than once. */
static kaa_context *
last_context(kaa_runtime *runtime, kaa_object__context *boot)
{
    kaa_object__context *own;

    kaa_native__context_init(boot, runtime);
    kaa_native__sweep(&boot->is_public);
    own = runtime->contexts;
    if (own == NULL)
        return &boot->is_public;
    return own->attached == 1 && own->floor == 0 ? &own->is_public : NULL;
}

/* ---- Calls */

typedef struct calls {
    kaa_object **objects;
    size_t count, capacity;
} calls;

static int
add_call(const kaa_heap_block *block, void *user)
{
    calls *all = user;
    kaa_object *object = block->block;
    const kaa_object__type *type = object->type;

    if (kaa_object__is_dead(object) || all->count == all->capacity ||
        type->release == NULL)
        return 0;
    if ((type->flags & KAA_OBJECT__NEEDS_CALL) != 0 ||
        (type->id == KAA_CAPSULE_TYPE &&
         ((const kaa_object__capsule *)(const void *)object)->destroy != NULL))
        all->objects[all->count++] = object;
    return 0;
}

/* The end of the data of what needs that. What it lets go does not die: the
 * heap goes as a whole; but nothing that is called may find another's gone, so
 * all are held first. */
static void
make_calls(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_runtime *runtime = own->runtime;
    calls all = {.capacity = runtime->calls};

    all.objects = kaa_base__alloc_array(all.capacity, sizeof(kaa_object *));
    if (all.objects == NULL)
        return;
    kaa_heap_walk(runtime->heap,
                  1u << KAA_HEAP_OBJECT_TRACKED | 1u << KAA_HEAP_OBJECT_PLAIN,
                  add_call, &all);
    for (size_t i = 0; i < all.count; i++)
        kaa_incref(ctx, all.objects[i]);
    for (size_t i = 0; i < all.count; i++) {
        kaa_object *object = all.objects[i];

        object->type->release(ctx, object);
        kaa_error_clear(ctx);
    }
    kaa_base__free((void *)all.objects);
}

/* What is made meanwhile is not called. */
static void
call_all(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);

    own->is_reaping = 1;
    own->runtime->releasing++;
    make_calls(ctx);
    own->runtime->releasing--;
    own->is_reaping = 0;
    own->dead = NULL;
}

static kaa_status
read_report(kaa_runtime_report *own, const kaa_runtime_report *report,
            kaa_error *err)
{
    *own = (kaa_runtime_report){.size = sizeof(*own)};
    if (report == NULL)
        return KAA_OK;
    if (report->size != sizeof(*report))
        return kaa_base__fail(err, KAA_UNSUPPORTED, 1,
                              "report.size is %u, not %zu",
                              (unsigned)report->size, sizeof(*report));
    own->leak = report->leak;
    own->user = report->user;
    return KAA_OK;
}

kaa_status
kaa_runtime_destroy(kaa_runtime *runtime, kaa_runtime_report *report,
                    kaa_error *err)
{
    kaa_runtime_report told;
    kaa_object__context boot;
    kaa_context *ctx = NULL;
    kaa_status status;

    if (runtime == NULL)
        return KAA_OK;
    status = read_report(&told, report, err);
    if (status != KAA_OK)
        return status;
    if (!kaa_native__others_attached(runtime))
        ctx = last_context(runtime, &boot);
    if (ctx == NULL)
        return kaa_base__fail(err, KAA_MISUSE, 0,
                              "threads are still attached to \"%s\"",
                              runtime->name);
    if (kaa_error_occurred(ctx))
        kaa_object__error_unraisable(ctx, NULL);
    runtime->is_ending = 1;
    kaa_object__modules_stop(ctx);
    if (runtime->gc != NULL && (report != NULL || runtime->calls != 0))
        (void)kaa_object__collect(ctx);
    kaa_error_clear(ctx);
    if (report != NULL) {
        kaa_native__report(ctx, &told);
        *report = told;
    }
    if (runtime->calls != 0)
        call_all(ctx);
    kaa_gc__stop(ctx);
    kaa_object__weakrefs_stop(ctx);
    if (ctx != &boot.is_public)
        kaa_runtime_detach(ctx);
    kaa_native__free(runtime);
    return KAA_OK;
}
