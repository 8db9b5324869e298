/* gc/control.c - what a program says to the collector, and is told by it. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "gc/internal.h"

static kaa_status
check(kaa_context *ctx, kaa_error *err)
{
    if (ctx == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "ctx may not be NULL");
    if (ctx->counting != KAA_COUNT_WORD || kaa_gc__of(ctx) == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "the context is not one of kaa's own runtimes");
    return KAA_OK;
}

static int
is_native(kaa_context *ctx)
{
    return check(ctx, NULL) == KAA_OK;
}

/* Copies as much as the caller knows, and zeroes what it knows beyond. */
static kaa_status
hand_out(void *out, const void *ours, uint32_t our_size, kaa_error *err)
{
    uint32_t size;

    memcpy(&size, out, sizeof(size));
    if (size < sizeof(size))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out->size is %u: set it to sizeof(*out)",
                              (unsigned)size);
    memset(out, 0, size);
    memcpy(out, ours, size < our_size ? size : our_size);
    memcpy(out, &size, sizeof(size));
    return KAA_OK;
}

kaa_status
kaa_gc_collect(kaa_context *ctx, int32_t generation, kaa_gc_collection *out,
               kaa_error *err)
{
    kaa_status status = check(ctx, err);
    kaa_gc_collection collection;
    kaa_gc *gc;

    if (status != KAA_OK)
        return status;
    if (generation != KAA_GC_YOUNG && generation != KAA_GC_FULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "generation %d is none", (int)generation);
    if (out != NULL && out->size < sizeof(out->size))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 2,
                              "out->size is %u: set it to sizeof(*out)",
                              (unsigned)out->size);
    gc = kaa_gc__of(ctx);
    if (gc->is_running || gc->runtime->releasing != 0)
        return kaa_base__fail(err, KAA_MISUSE, KAA_NO_ARGUMENT,
                              "a collection is running");
    if (kaa_gc__collect_now(ctx, generation, &collection) != 0)
        return kaa_base__fail_memory(err, "the tables of a collection");
    return out != NULL ? hand_out(out, &collection, sizeof(collection), err)
                       : KAA_OK;
}

int
kaa_gc_enable(kaa_context *ctx, int on)
{
    kaa_gc *gc;
    int was_on;

    if (!is_native(ctx))
        return 0;
    gc = kaa_gc__of(ctx);
    was_on = (int)gc->is_enabled;
    gc->is_enabled = on != 0;
    gc->runtime->until_collect = 0; /* to be asked soon */
    return was_on;
}

int
kaa_gc_is_enabled(kaa_context *ctx)
{
    return is_native(ctx) && kaa_gc__of(ctx)->is_enabled;
}

void
kaa_gc_hold(kaa_context *ctx)
{
    if (is_native(ctx))
        kaa_gc__of(ctx)->held++;
}

void
kaa_gc_release(kaa_context *ctx)
{
    if (!is_native(ctx) || kaa_gc__of(ctx)->held == 0)
        return;
    kaa_gc__of(ctx)->held--;
    kaa_gc__of(ctx)->runtime->until_collect = 0;
}

kaa_status
kaa_gc_set_thresholds(kaa_context *ctx, const kaa_gc_thresholds *thresholds,
                      kaa_error *err)
{
    kaa_gc_thresholds chosen = {.size = sizeof(chosen)};
    kaa_status status = check(ctx, err);
    kaa_gc *gc;

    if (status == KAA_OK)
        status =
            kaa_base__read_options(&chosen, sizeof(chosen), thresholds, err);
    if (status != KAA_OK)
        return status;
    /* So that sums of them stay within 64 bits. */
    if (chosen.young_objects > INT64_MAX / 64 ||
        chosen.slice_ns > INT64_MAX / 2 || chosen.growth_percent > 1000000)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "a threshold is out of all proportion");
    gc = kaa_gc__of(ctx);
    gc->pace = chosen;
    kaa_gc__default_pace(&gc->pace);
    gc->runtime->until_collect = 0;
    return KAA_OK;
}

/* ---- Listeners */

kaa_status
kaa_gc_set_callback(kaa_context *ctx, kaa_gc_callback callback, void *user,
                    int is_added, kaa_error *err)
{
    kaa_status status = check(ctx, err);
    kaa_gc *gc;
    kaa_gc__listener *listeners;

    if (status != KAA_OK)
        return status;
    if (callback == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "callback may not be NULL");
    gc = kaa_gc__of(ctx);
    if (is_added) {
        listeners = kaa_base__realloc_array(
            gc->listeners, gc->listener_count + 1, sizeof(*listeners));
        if (listeners == NULL)
            return kaa_base__fail_memory(err, "a callback");
        gc->listeners = listeners;
        listeners[gc->listener_count++] = (kaa_gc__listener){callback, user};
        return KAA_OK;
    }
    for (size_t i = 0; i < gc->listener_count; i++)
        if (gc->listeners[i].callback == callback &&
            gc->listeners[i].user == user) {
            gc->listener_count--;
            memmove(gc->listeners + i, gc->listeners + i + 1,
                    (gc->listener_count - i) * sizeof(*gc->listeners));
            return KAA_OK;
        }
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                          "there is no such callback");
}

/* Last added, first told: one that removes itself moves no other that is still
 * to be told. */
void
kaa_gc__tell(kaa_context *ctx, int is_end, kaa_gc_collection *collection)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    kaa_gc_collection told = *collection;

    for (size_t i = gc->listener_count; i-- > 0;)
        if (i < gc->listener_count)
            gc->listeners[i].callback(ctx, is_end, &told,
                                      gc->listeners[i].user);
}

/* ---- Freezing: which blocks are live now, by pages */

static uint64_t
freeze_page(kaa_gc__frozen *frozen, const kaa_gc__page *member)
{
    uint32_t capacity = kaa_gc__capacity(member);
    uint64_t count = 0;

    for (uint32_t i = 0; i < capacity; i++)
        if (member->table[i] != KAA_GC__OUT) {
            frozen->bits[member->index][i / 64] |= (uint64_t)1 << i % 64;
            count++;
        }
    return count;
}

/* Frozen bits of an arena; 0 when memory is short. */
static int
make_frozen(kaa_gc *gc, kaa_heap__arena *arena)
{
    kaa_gc__frozen *frozen;

    if (arena->frozen != NULL)
        return 1;
    frozen = kaa_base__alloc_zeroed(sizeof(*frozen));
    if (frozen == NULL)
        return 0;
    frozen->next = gc->frozen;
    gc->frozen = frozen;
    arena->frozen = frozen->bits;
    return 1;
}

void
kaa_gc_freeze(kaa_context *ctx)
{
    kaa_gc *gc;
    kaa_gc__set *set;

    if (!is_native(ctx) || kaa_gc__of(ctx)->is_running)
        return;
    gc = kaa_gc__of(ctx);
    set = &gc->young;
    kaa_gc__full_drop(gc);
    /* The set of a full collection has a table of what lives. */
    if (kaa_gc__set_add_all(gc, set) == 0) {
        for (size_t i = 0; i < set->count; i++) {
            kaa_gc__page *member = &set->pages[i];

            if (!make_frozen(gc, member->arena))
                continue;
            gc->frozen_count += freeze_page(
                (kaa_gc__frozen *)(void *)((char *)member->arena->frozen -
                                           offsetof(kaa_gc__frozen, bits)),
                member);
            member->arena->marks[member->index] |= KAA_GC__FROZEN;
        }
    }
    kaa_gc__set_end(set, 0);
    kaa_gc__watch_frees(gc);
    kaa_gc__set_bases(gc, KAA_GC_FULL);
}

static void
thaw(kaa_heap__arena *arena)
{
    arena->frozen = NULL;
    for (uint32_t i = 0; i < KAA_HEAP__PAGES; i++)
        arena->marks[i] &= (uint8_t)~KAA_GC__FROZEN;
}

void
kaa_gc_unfreeze(kaa_context *ctx)
{
    kaa_gc *gc;
    kaa_heap *heap;

    if (!is_native(ctx) || kaa_gc__of(ctx)->is_running)
        return;
    gc = kaa_gc__of(ctx);
    heap = gc->runtime->heap;
    for (kaa_heap__arena *at = heap->arenas; at != NULL; at = at->next)
        thaw(at);
    for (kaa_heap__arena *at = heap->own; at != NULL; at = at->next)
        thaw(at);
    while (gc->frozen != NULL) {
        kaa_gc__frozen *frozen = gc->frozen;

        gc->frozen = frozen->next;
        kaa_base__free(frozen);
    }
    gc->frozen_count = 0;
    kaa_gc__watch_frees(gc);
}

/* ---- Figures */

kaa_status
kaa_gc_read_statistics(kaa_context *ctx, kaa_gc_statistics *out, kaa_error *err)
{
    kaa_status status = check(ctx, err);
    kaa_gc_statistics sum;
    kaa_gc *gc;

    if (status != KAA_OK)
        return status;
    if (out == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "out may not be NULL");
    gc = kaa_gc__of(ctx);
    sum = gc->sum;
    sum.size = sizeof(sum);
    sum.tracked = kaa_gc__live(gc->runtime->heap);
    sum.frozen = gc->frozen_count;
    sum.table_bytes = gc->young.table_bytes + gc->full.table_bytes;
    sum.external_bytes = gc->runtime->external_bytes;
    return hand_out(out, &sum, sizeof(sum), err);
}
