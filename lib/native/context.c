/* native/context.c - a thread's context: attaching, detaching, letting others
 * in.
 *
 * A thread may attach again in the middle of begin_allow_threads(), in a
 * callback, and the GIL must be let go again when that ends. So a context
 * counts how often it is attached, and `floor` is the count at which it was, or
 * will again be, without the GIL:
 *
 *     attach    attached 1  floor 0      GIL
 *     begin     attached 1  floor 1      -        returns the old floor
 *     attach    attached 2  floor 1      GIL
 *     detach    attached 1 = floor       -
 *     end       attached 1  floor 0      GIL
 *     detach    attached 0 = floor       -, and the context goes
 *
 * A thread that ends attached leaves its context behind: it is found, and what
 * it held given up, when the lock no longer knows the thread.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "gil/internal.h"
#include "native/api.h"
#include "native/native.h"

static const uint32_t no_requests;

void
kaa_native__context_init(kaa_object__context *own, kaa_runtime *runtime)
{
    memset(own, 0, sizeof(*own));
    own->is_public.api = &kaa_native__api;
    own->is_public.builtins = runtime->builtins;
    own->is_public.requests = &no_requests;
    own->is_public.data_offset = sizeof(kaa_object);
    own->is_public.builtin_count = KAA_BUILTIN_COUNT;
    own->is_public.counting = KAA_COUNT_WORD;
    own->is_public.flags = KAA_TAGGED_INTS;
    own->runtime = runtime;
}

static kaa_object__context *
find(kaa_runtime *runtime, const kaa_gil_thread *thread)
{
    kaa_object__context *own = runtime->contexts;

    while (own != NULL && own->thread != thread)
        own = own->next;
    return own;
}

static void
drop(kaa_context *ctx, kaa_object__context *gone)
{
    kaa_object__context **link = &gone->runtime->contexts;
    kaa_object *pending = gone->pending;

    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    kaa_base__free(gone);
    if (ctx != NULL)
        kaa_decref(ctx, pending);
}

int
kaa_native__others_attached(kaa_runtime *runtime)
{
    kaa_gil__person *person = kaa_gil__person_get();
    kaa_gil *gil = runtime->gil;
    kaa_gil__thread *thread;

    pthread_mutex_lock(&gil->mutex);
    thread = gil->threads;
    while (thread != NULL && thread->person == person)
        thread = thread->gil_next;
    pthread_mutex_unlock(&gil->mutex);
    return thread != NULL;
}

static int
is_known(kaa_gil *gil, const kaa_gil_thread *handle)
{
    kaa_gil__thread *thread;

    pthread_mutex_lock(&gil->mutex);
    thread = gil->threads;
    while (thread != NULL && &thread->handle != handle)
        thread = thread->gil_next;
    pthread_mutex_unlock(&gil->mutex);
    return thread != NULL;
}

void
kaa_native__sweep(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object__context *own = runtime->contexts;

    while (own != NULL) {
        kaa_object__context *next = own->next;

        if (own != kaa_object__context_of(ctx) &&
            !is_known(runtime->gil, own->thread)) {
            drop(ctx, own);
            next = runtime->contexts; /* what that freed may have changed it */
        }
        own = next;
    }
}

kaa_status
kaa_runtime_attach(kaa_runtime *runtime, const char *name,
                   kaa_context **out_ctx, kaa_error *err)
{
    kaa_object__context *own, *fresh;
    kaa_gil_thread *thread;
    kaa_status status;
    int acquired;

    if (runtime == NULL || out_ctx == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT,
                              runtime == NULL ? 0 : 2,
                              "runtime and out_ctx may not be NULL");
    if (atomic_load(&runtime->is_ending))
        return kaa_base__fail(err, KAA_MISUSE, 0, "\"%s\" is being destroyed",
                              runtime->name);
    status = kaa_gil_attach(runtime->gil, name, &thread, err);
    if (status != KAA_OK)
        return status;
    if (((kaa_gil__thread *)thread)->attached_count == 1 &&
        atomic_load(&runtime->is_closing)) {
        kaa_gil_detach(thread);
        return kaa_base__fail(err, KAA_MISUSE, 0, "\"%s\" is being closed",
                              runtime->name);
    }
    acquired = !kaa_gil_is_held(thread);
    if (acquired)
        status = kaa_gil_acquire(thread, err);
    if (status != KAA_OK) {
        kaa_gil_detach(thread);
        return status;
    }
    own = find(runtime, thread);
    /* The lock gives handles of threads that are gone to new ones. */
    if (own != NULL && ((kaa_gil__thread *)thread)->attached_count == 1)
        own->thread = NULL;
    if (own == NULL || own->thread == NULL) {
        fresh = kaa_base__alloc(sizeof(*fresh));
        if (fresh == NULL) {
            if (own != NULL)
                own->thread = thread;
            if (acquired)
                (void)kaa_gil_release(thread, NULL);
            kaa_gil_detach(thread);
            return kaa_base__fail_memory(err, "a context");
        }
        kaa_native__context_init(fresh, runtime);
        fresh->thread = thread;
        fresh->is_public.requests = thread->requests;
        fresh->next = runtime->contexts;
        runtime->contexts = fresh;
        if (own != NULL)
            drop(&fresh->is_public, own);
        own = fresh;
    }
    own->attached++;
    *out_ctx = &own->is_public;
    return KAA_OK;
}

void
kaa_runtime_detach(kaa_context *ctx)
{
    kaa_object__context *own;
    kaa_gil_thread *thread;

    if (ctx == NULL)
        return;
    own = kaa_object__context_of(ctx);
    thread = own->thread;
    if (own->attached == 1 && own->pending != NULL)
        kaa_object__error_unraisable(ctx, NULL);
    if (--own->attached == own->floor) {
        if (own->attached == 0)
            drop(NULL, own);
        (void)kaa_gil_release(thread, NULL);
    }
    kaa_gil_detach(thread);
}

/* ---- Slots */

void *
kaa_native__begin_allow_threads(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    uintptr_t floor = own->floor;

    own->floor = own->attached;
    if (!kaa_gil_begin_allow_threads(own->thread)) {
        own->floor = (uint32_t)floor;
        return NULL;
    }
    return (void *)(floor * 2 + 1);
}

void
kaa_native__end_allow_threads(kaa_context *ctx, void *begun)
{
    kaa_object__context *own = kaa_object__context_of(ctx);

    if (begun == NULL)
        return;
    kaa_gil_end_allow_threads(own->thread, 1);
    own->floor = (uint32_t)((uintptr_t)begun / 2);
}

int
kaa_native__poll(kaa_context *ctx)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_runtime *runtime = own->runtime;

    if (own->thread != NULL && kaa_gil_checkpoint(own->thread) != 0) {
        if (own->pending == NULL)
            kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                                   "a pending call failed without saying why");
        return -1;
    }
    if (runtime->until_collect <= 0 && runtime->collect != NULL &&
        runtime->releasing == 0)
        runtime->collect(ctx);
    return 0;
}

void
kaa_native__thread_leave(kaa_context *ctx)
{
    kaa_runtime_detach(ctx);
}
