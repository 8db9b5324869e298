/* native/runtime.c - a runtime: made, asked for its parts, ended. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/os/os.h"
#include "base/text.h"
#include "gc/gc.h"
#include "native/api.h"
#include "native/native.h"

#define FLAGS_ALL                                                              \
    (KAA_RUNTIME_DEBUG | KAA_RUNTIME_SITES | KAA_RUNTIME_COLLECT_ALWAYS |      \
     KAA_RUNTIME_NO_COLLECTOR | KAA_RUNTIME_HUGE_PAGES)
#define DEPTH_LIMIT 1000u
/* Every level may take a kilobyte or more of the thread's stack. */
#define DEPTH_LIMIT_MAX 1000000u

static kaa_status
check(const kaa_runtime_options *options, kaa_error *err)
{
    if (options->flags & ~(uint32_t)FLAGS_ALL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.flags has bits that this version of kaa "
                              "does not know: 0x%x",
                              (unsigned)options->flags);
    if (options->reserved != 0)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.reserved is not 0");
    if (options->depth_limit > DEPTH_LIMIT_MAX)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options.depth_limit is above %u",
                              DEPTH_LIMIT_MAX);
    return KAA_OK;
}

/* splitmix64 (Steele, Lea, Flood 2014): any seed gives two good words. */
static uint64_t
next_word(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void
seed(kaa_runtime *runtime, uint64_t hash_seed)
{
    uint64_t state = hash_seed;

    if (state == 0 && !kaa_base__random(&state, sizeof(state)))
        state = kaa_base__now_ns() ^ (uint64_t)(uintptr_t)runtime;
    runtime->hash_key[0] = next_word(&state);
    runtime->hash_key[1] = next_word(&state);
}

/* ---- Misuse, as heap and lock find it */

static void
heap_misuse(const kaa_heap_misuse *misuse, void *runtime)
{
    kaa_object__misuse(runtime, "%s", misuse->message);
}

static void
gil_misuse(const char *text, void *runtime)
{
    kaa_object__misuse(runtime, "%s", text);
}

static kaa_status
make_parts(kaa_runtime *runtime, const kaa_runtime_options *options,
           kaa_error *err)
{
    kaa_heap_options heap = {.size = sizeof(heap),
                             .bytes_limit = options->bytes_limit};
    kaa_gil_options gil = {.size = sizeof(gil),
                           .interval_ns = options->interval_ns,
                           .name = runtime->name};
    kaa_status status;

    if (options->flags & KAA_RUNTIME_DEBUG) {
        heap.flags |= KAA_HEAP_DEBUG;
        heap.misuse = heap_misuse;
        heap.user = runtime;
        gil.flags |= KAA_GIL_DEBUG;
        gil.report = gil_misuse;
        gil.user = runtime;
    }
    if (options->flags & KAA_RUNTIME_HUGE_PAGES)
        heap.flags |= KAA_HEAP_HUGE_PAGES;
    status = kaa_heap_create(&heap, &runtime->heap, err);
    if (status == KAA_OK)
        status = kaa_gil_create(&gil, &runtime->gil, err);
    return status;
}

static int
start_objects(kaa_context *ctx)
{
    if (kaa_object__types_start(ctx) != 0 ||
        kaa_object__tuples_start(ctx) != 0 ||
        kaa_object__strs_start(ctx) != 0 ||
        kaa_object__exceptions_start(ctx) != 0 ||
        kaa_object__modules_start(ctx) != 0)
        return -1;
    return kaa_gc__start(ctx);
}

kaa_status
kaa_native__create(const kaa_runtime_options *options, uint32_t watch,
                   kaa_runtime **out_runtime, kaa_error *err)
{
    kaa_runtime_options chosen = {.size = sizeof(chosen)};
    kaa_object__context boot;
    kaa_runtime *runtime;
    kaa_status status;

    if (out_runtime == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "out_runtime may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status == KAA_OK)
        status = check(&chosen, err);
    if (status != KAA_OK)
        return status;
    runtime = kaa_base__alloc_zeroed(sizeof(*runtime));
    if (runtime == NULL)
        return kaa_base__fail_memory(err, "a runtime");
    runtime->flags = chosen.flags;
    runtime->depth_limit =
        chosen.depth_limit != 0 ? chosen.depth_limit : DEPTH_LIMIT;
    runtime->unraisable = chosen.unraisable;
    runtime->misuse = chosen.misuse;
    runtime->user = chosen.user;
    runtime->until_collect = INT64_MAX;
    if (chosen.name == NULL)
        chosen.name = "runtime";
    kaa_base__copy_out(chosen.name, strlen(chosen.name), runtime->name,
                       sizeof(runtime->name));
    seed(runtime, chosen.hash_seed);
    if (chosen.check != NULL) {
        runtime->checked =
            kaa_base__copy_text(chosen.check, strlen(chosen.check));
        if (runtime->checked == NULL) {
            kaa_native__free(runtime);
            return kaa_base__fail_memory(err, "a runtime");
        }
    }
    status = make_parts(runtime, &chosen, err);
    if (status != KAA_OK) {
        kaa_native__free(runtime);
        return status;
    }
    runtime->watch = watch;
    if (chosen.flags & KAA_RUNTIME_DEBUG)
        runtime->watch |= KAA_OBJECT__WATCH_DEBUG;
    if (chosen.flags & KAA_RUNTIME_SITES)
        runtime->watch |= KAA_OBJECT__WATCH_SITES;
    kaa_native__context_init(&boot, runtime);
    if (start_objects(&boot.is_public) != 0) {
        kaa_native__free(runtime);
        return kaa_base__fail_memory(err, "a runtime");
    }
    if (chosen.flags & KAA_RUNTIME_COLLECT_ALWAYS)
        runtime->watch |= KAA_OBJECT__WATCH_COLLECT;
    kaa_native__gate_open(runtime);
    *out_runtime = runtime;
    return KAA_OK;
}

kaa_status
kaa_runtime_create(const kaa_runtime_options *options,
                   kaa_runtime **out_runtime, kaa_error *err)
{
    return kaa_native__create(options, 0, out_runtime, err);
}

kaa_runtime *
kaa_runtime_of(kaa_context *ctx)
{
    if (ctx == NULL || ctx->api != &kaa_native__api)
        return NULL;
    return kaa_object__runtime_of(ctx);
}

kaa_heap *
kaa_runtime_heap(kaa_runtime *runtime)
{
    return runtime != NULL ? runtime->heap : NULL;
}

kaa_gil *
kaa_runtime_gil(kaa_runtime *runtime)
{
    return runtime != NULL ? runtime->gil : NULL;
}

size_t
kaa_runtime_error_text(kaa_context *ctx, char *buffer, size_t size)
{
    kaa_object *pending, *message;
    const char *type, *text = NULL;
    size_t length = 0, whole;

    if (size > 0)
        buffer[0] = '\0';
    if (ctx == NULL || !kaa_error_occurred(ctx))
        return 0;
    pending = kaa_error_take(ctx);
    type = kaa_object__borrow_type(ctx, pending)->name;
    message = kaa_str(ctx, pending);
    if (message != NULL)
        text = kaa_str_as_utf8(ctx, message, &length);
    kaa_error_clear(ctx);
    whole = strlen(type);
    if (text != NULL && length != 0) {
        whole += 2 + length;
        if (size > 0)
            snprintf(buffer, size, "%s: %s", type, text);
    } else if (size > 0) {
        snprintf(buffer, size, "%s", type);
    }
    kaa_decref(ctx, message);
    kaa_raise_exception(ctx, pending);
    kaa_decref(ctx, pending);
    return whole;
}
