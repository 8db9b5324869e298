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
#include "native/native.h"
#include "native/snapshot.h"
#include "object/core/site.h"
#include "object/types/capsule.h"

void
kaa_native__free(kaa_runtime *runtime)
{
    kaa_native__gate_gone(runtime);
    while (runtime->contexts != NULL) {
        kaa_object__context *own = runtime->contexts;

        runtime->contexts = own->next;
        kaa_base__free(own);
    }
    kaa_object__sites_stop(runtime);
    kaa_gil_destroy(runtime->gil);
    kaa_heap_destroy(runtime->heap);
    kaa_base__free(runtime->checked);
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

/* Whether code of the runtime's is on the stack: a function, a finaliser. */
static int
is_at_work(kaa_context *ctx)
{
    const kaa_object__context *own = kaa_object__context_of(ctx);

    return own->depth != 0 || own->is_deallocating != 0 ||
           own->runtime->releasing != 0;
}

/* ---- Calls
 *
 * What is called lets go of others, which must not die of that: somebody else
 * may still be about to use them. So all who will be called are held first, and
 * who dies is only put on a list. The heap goes as a whole.
 */

#define CALLED (UINT64_C(1) << 58) /* in an object's word */
#define FEW 64u                    /* calls at a time where memory is short */

typedef struct calls {
    kaa_object **objects;
    size_t count, capacity;
} calls;

static int
wants_call(const kaa_object *object)
{
    const kaa_object__type *type = object->type;

    if (kaa_object__is_dead(object) || type->release == NULL)
        return 0;
    return (type->flags & KAA_OBJECT__NEEDS_CALL) != 0 ||
           (type->id == KAA_CAPSULE_TYPE &&
            ((const kaa_object__capsule *)(const void *)object)->destroy !=
                NULL);
}

static int
hold_call(const kaa_heap_block *block, void *user)
{
    kaa_object *object = block->block;

    if (wants_call(object)) {
        object->word++;
        ++*(size_t *)user;
    }
    return 0;
}

static int
add_call(const kaa_heap_block *block, void *user)
{
    kaa_object *object = block->block;
    calls *all = user;

    if (wants_call(object) && (object->word & CALLED) == 0)
        all->objects[all->count++] = object;
    return all->count == all->capacity;
}

/* The end of the data of all that needs that. What is made meanwhile is not
 * called. */
static void
call_all(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_heap *heap = own->runtime->heap;
    const uint32_t kinds =
        1u << KAA_HEAP_OBJECT_TRACKED | 1u << KAA_HEAP_OBJECT_PLAIN;
    kaa_object *few[FEW];
    size_t left = 0;
    calls all;

    own->is_deallocating = 1;
    own->runtime->releasing++;
    kaa_heap_walk(heap, kinds, hold_call, &left);
    all.objects = kaa_base__alloc_array(left, sizeof(kaa_object *));
    all.capacity = all.objects != NULL ? left : FEW;
    if (all.objects == NULL)
        all.objects = few;
    for (all.count = 1; left > 0 && all.count > 0;) {
        all.count = 0;
        kaa_heap_walk(heap, kinds, add_call, &all);
        for (size_t i = 0; i < all.count && left > 0; i++, left--) {
            all.objects[i]->word |= CALLED;
            all.objects[i]->type->release(ctx, all.objects[i]);
            kaa_error_clear(ctx);
        }
    }
    if (all.objects != few)
        kaa_base__free((void *)all.objects);
    own->runtime->releasing--;
    own->is_deallocating = 0;
    own->dead = own->fresh = own->fresh_last = NULL;
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
    unsigned was_closing;

    if (runtime == NULL)
        return KAA_OK;
    status = read_report(&told, report, err);
    if (status != KAA_OK)
        return status;
    if (atomic_load(&runtime->is_ending))
        return kaa_base__fail(err, KAA_MISUSE, 0, "\"%s\" is being destroyed",
                              runtime->name);
    was_closing = atomic_load(&runtime->is_closing);
    (void)kaa_native__gate_close(runtime, 0, UINT64_MAX);
    if (!kaa_native__others_attached(runtime))
        ctx = last_context(runtime, &boot);
    if (ctx == NULL) {
        atomic_store(&runtime->is_closing, was_closing);
        return kaa_base__fail(err, KAA_MISUSE, 0,
                              "threads are still attached to \"%s\"",
                              runtime->name);
    }
    if (ctx == &boot.is_public && runtime->releasing != 0) {
        /* Nobody is attached, and yet an object is about to end: this is a
         * child of fork(), and who was at it is not in it. */
        kaa_gc__abandon(runtime);
        kaa_native__free(runtime);
        return KAA_OK;
    }
    if (is_at_work(ctx)) {
        atomic_store(&runtime->is_closing, was_closing);
        return kaa_base__fail(err, KAA_MISUSE, 0,
                              "\"%s\" cannot be destroyed from within a call",
                              runtime->name);
    }
    if (kaa_error_occurred(ctx))
        kaa_object__error_unraisable(ctx, NULL);
    atomic_store(&runtime->is_ending, 1);
    kaa_object__modules_stop(ctx);
    if (runtime->gc != NULL && (report != NULL || runtime->calls != 0) &&
        kaa_collect(ctx) < 0) {
        kaa_error_clear(ctx);
        status = kaa_base__fail_memory(err, "the last collection");
    }
    if (report != NULL) {
        if (status == KAA_OK)
            status = kaa_native__report(ctx, &told, err);
        *report = told;
    }
    if (runtime->calls != 0)
        call_all(ctx);
    kaa_gc__stop(ctx);
    kaa_object__weakrefs_stop(ctx);
    if (ctx != &boot.is_public)
        kaa_runtime_detach(ctx);
    kaa_native__free(runtime);
    return status;
}
