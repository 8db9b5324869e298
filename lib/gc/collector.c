/* gc/collector.c - collections, from begin to end; starting and stopping. */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "gc/internal.h"

static void
begin(kaa_context *ctx, kaa_gc_collection *collection, int generation)
{
    memset(collection, 0, sizeof(*collection));
    collection->size = sizeof(*collection);
    collection->generation = (uint32_t)generation;
    kaa_gc__tell(ctx, 0, collection);
}

static void
add_pause(kaa_gc *gc, kaa_gc_collection *collection, uint64_t since)
{
    uint64_t pause = kaa_base__now_ns() - since;

    collection->slices++;
    collection->pause_ns += pause;
    if (pause > collection->pause_ns_max)
        collection->pause_ns_max = pause;
    gc->sum.slices++;
    gc->sum.pause_ns += pause;
    if (pause > gc->sum.pause_ns_max)
        gc->sum.pause_ns_max = pause;
}

/* One that gave up is told of too, and not tried again at once. */
static void
end(kaa_context *ctx, kaa_gc_collection *collection, int status)
{
    kaa_gc *gc = kaa_gc__of(ctx);

    gc->sum.collections[collection->generation] += status == 0;
    gc->sum.collected += collection->collected;
    gc->sum.bytes_freed += collection->bytes_freed;
    gc->sum.finalized += collection->finalized;
    gc->sum.resurrected += collection->resurrected;
    kaa_gc__set_bases(gc, (int)collection->generation);
    kaa_gc__tell(ctx, 1, collection);
}

/* ---- What is freed while a set is looked at */

static void
forget_large(kaa_gc *gc, const kaa_heap__arena *arena)
{
    for (size_t i = 0; i < gc->arena_count; i++)
        if (gc->arenas[i] == arena)
            gc->arenas[i] = NULL;
    for (size_t i = 0; i < gc->full.count; i++)
        if (gc->full.pages[i].arena == arena)
            gc->full.pages[i].arena = NULL;
    for (size_t i = 0; i < gc->young.count; i++)
        if (gc->young.pages[i].arena == arena)
            gc->young.pages[i].arena = NULL;
}

static void
forget(kaa_runtime *runtime, kaa_object *object)
{
    kaa_gc *gc = runtime->gc;
    kaa_heap__arena *arena = kaa_heap__arena_of(object);
    uint32_t index = kaa_heap__page_index(object);
    const kaa_heap__page *page = &arena->pages[index];
    uint32_t number = kaa_heap__block_index(
        page, (uint32_t)((uintptr_t)object & (KAA_HEAP__PAGE_BYTES - 1)));

    if (arena->marks[index] & (KAA_GC__IN_YOUNG | KAA_GC__IN_FULL))
        ((uint32_t *)page->beside)[number] = KAA_GC__OUT;
    if (arena->frozen != NULL) {
        uint64_t bit = (uint64_t)1 << number % 64;
        uint64_t *word = &arena->frozen[index][number / 64];

        gc->frozen_count -= (*word & bit) != 0;
        *word &= ~bit;
    }
    if (object == gc->full.long_object)
        gc->full.long_object = NULL;
    if (arena->free_count == UINT32_MAX) /* goes with its block */
        forget_large(gc, arena);
}

void
kaa_gc__watch_frees(kaa_gc *gc)
{
    int is_wanted =
        gc->phase != KAA_GC__IDLE || gc->frozen != NULL || gc->young.count != 0;

    gc->runtime->forget = is_wanted ? forget : NULL;
}

/* ---- At once */

static int
collect_set(kaa_context *ctx, int generation, kaa_gc_collection *collection)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    kaa_gc__set *set = &gc->young;
    uint64_t start = kaa_base__now_ns();
    int status = generation == KAA_GC_FULL ? kaa_gc__set_add_all(gc, set)
                                           : kaa_gc__set_add_touched(gc, set);

    if (status == 0 && set->count != 0) {
        kaa_gc__watch_frees(gc);
        collection->candidates = kaa_gc__judge(set);
        collection->objects = set->visited;
        if (collection->candidates != 0)
            kaa_gc__dispose(ctx, set, collection);
    }
    kaa_gc__set_end(set, status != 0);
    kaa_gc__watch_frees(gc);
    add_pause(gc, collection, start);
    return status;
}

int
kaa_gc__collect_now(kaa_context *ctx, int generation,
                    kaa_gc_collection *collection)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    int status;

    KAA_ASSERT(!gc->is_running);
    if (generation == KAA_GC_FULL && gc->phase != KAA_GC__IDLE)
        kaa_gc__full_slice(ctx, INT64_MAX);
    if (atomic_load(&gc->runtime->is_ending))
        kaa_gc_unfreeze(ctx); /* all that there is ends now */
    gc->is_running = 1;
    begin(ctx, collection, generation);
    status = collect_set(ctx, generation, collection);
    end(ctx, collection, status);
    gc->is_running = 0;
    return status;
}

/* ---- In slices */

int
kaa_gc__full_begin(kaa_context *ctx)
{
    kaa_gc *gc = kaa_gc__of(ctx);

    KAA_ASSERT(!gc->is_running && gc->phase == KAA_GC__IDLE);
    gc->is_running = 1;
    begin(ctx, &gc->collection, KAA_GC_FULL);
    gc->is_running = 0;
    if (kaa_gc__list_arenas(gc) != 0)
        return -1;
    gc->phase = KAA_GC__ADDING;
    gc->arena_at = gc->at = 0;
    gc->page_at = 0;
    gc->start_live = kaa_gc__live(gc->runtime->heap);
    gc->debt = 0;
    gc->runtime->heap->pinned++;
    kaa_gc__watch_frees(gc);
    return 0;
}

void
kaa_gc__full_drop(kaa_gc *gc)
{
    if (gc->phase == KAA_GC__IDLE)
        return;
    kaa_gc__set_end(&gc->full, 1);
    gc->phase = KAA_GC__IDLE;
    gc->runtime->heap->pinned--;
    kaa_gc__watch_frees(gc);
}

static int
add_some(kaa_gc *gc, int64_t *budget)
{
    kaa_gc__set *set = &gc->full;
    int status = 0;

    while (*budget > 0 && gc->arena_at < gc->arena_count && status == 0) {
        kaa_heap__arena *arena = gc->arenas[gc->arena_at];
        uint32_t i = gc->page_at++;

        if (arena == NULL || i == KAA_HEAP__PAGES) {
            gc->arena_at++;
            gc->page_at = 0;
        } else if (kaa_gc__is_of_interest(arena, i) &&
                   (!(arena->marks[i] & KAA_GC__FROZEN) || arena->touched[i])) {
            status = kaa_gc__set_add(set, arena, i);
            *budget -= 1 + arena->pages[i].capacity / 16;
        }
    }
    kaa_gc__set_drop_hot(set);
    return status;
}

/* Is the time of a slice over? */
static int
is_late(const kaa_gc *gc, uint64_t deadline)
{
    (void)gc;
    return deadline != 0 && kaa_base__now_ns() >= deadline;
}

static void
count_some(kaa_gc *gc, int64_t *budget, uint64_t deadline)
{
    kaa_gc__set *set = &gc->full;

    set->is_sliced = 1;
    while (*budget > 0 && !is_late(gc, deadline)) {
        uint64_t before = set->visited;
        kaa_gc__page *member;

        if (set->long_object != NULL) {
            *budget -= kaa_gc__count_long(set);
            continue;
        }
        if (gc->at == set->count)
            break;
        member = &set->pages[gc->at];
        if (!kaa_gc__is_there(member)) {
            set->entry_at = 0;
            gc->at++;
        } else if (kaa_gc__count_page(set, member)) {
            gc->at++;
        }
        *budget -= (int64_t)(set->visited - before) + 1;
    }
    kaa_gc__count_flush(set);
    set->is_sliced = 0;
}

/* Whether marking is done. */
static int
mark_some(kaa_gc *gc, int64_t *budget, uint64_t deadline)
{
    kaa_gc__set *set = &gc->full;
    int is_done = 0;

    set->is_sliced = 1;
    while (*budget > 0 && !is_done && !is_late(gc, deadline)) {
        /* A step is as long as the clock may be left alone. */
        int64_t step = *budget < 2048 ? *budget : 2048, left = step;

        if (set->long_object != NULL) {
            left -= kaa_gc__mark_long(set);
        } else if (gc->at < set->count) {
            kaa_gc__page *member = &set->pages[gc->at];

            if (!kaa_gc__is_there(member) ||
                kaa_gc__mark_page(set, member, &left))
                gc->at++;
        } else {
            is_done = kaa_gc__mark_end(set, &left);
            if (!is_done && left > 0 && set->long_object == NULL)
                gc->at = 0; /* once more */
        }
        *budget -= step - left + 1;
    }
    if (!is_done)
        kaa_gc__mark_flush(set);
    set->is_sliced = 0;
    return is_done;
}

static void
gather_some(kaa_gc *gc, int64_t *budget, uint64_t deadline)
{
    kaa_gc__set *set = &gc->full;

    while (*budget > 0 && gc->at < set->count && !is_late(gc, deadline)) {
        kaa_gc__page *member = &set->pages[gc->at++];

        member->candidates =
            kaa_gc__is_there(member) ? kaa_gc__zeros(member) : 0;
        gc->collection.candidates += member->candidates;
        *budget -= 128;
    }
}

static void
advance(kaa_gc *gc, int64_t *budget, uint64_t deadline)
{
    switch (gc->phase) {
    case KAA_GC__ADDING:
        if (add_some(gc, budget) != 0) {
            kaa_gc__full_drop(gc);
            *budget = 0;
        } else if (gc->arena_at == gc->arena_count) {
            gc->phase = KAA_GC__COUNTING;
            gc->at = 0;
        }
        break;
    case KAA_GC__COUNTING:
        count_some(gc, budget, deadline);
        if (gc->at == gc->full.count && gc->full.long_object == NULL) {
            gc->phase = KAA_GC__MARKING;
            gc->collection.objects = gc->full.visited;
            gc->full.here = NULL;
            gc->at = 0;
        }
        break;
    case KAA_GC__MARKING:
        if (mark_some(gc, budget, deadline)) {
            gc->phase = KAA_GC__GATHERING;
            gc->at = 0;
        }
        break;
    case KAA_GC__GATHERING:
        gather_some(gc, budget, deadline);
        if (gc->at == gc->full.count)
            gc->phase = KAA_GC__JUDGING;
        break;
    case KAA_GC__JUDGING:
    case KAA_GC__IDLE:
        break;
    }
}

static void
full_end(kaa_context *ctx)
{
    kaa_gc *gc = kaa_gc__of(ctx);

    if (kaa_gc__judge(&gc->full) != 0)
        kaa_gc__dispose(ctx, &gc->full, &gc->collection);
    kaa_gc__set_end(&gc->full, 0);
    gc->phase = KAA_GC__IDLE;
    gc->runtime->heap->pinned--;
    kaa_gc__watch_frees(gc);
}

void
kaa_gc__full_slice(kaa_context *ctx, int64_t budget)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    uint64_t start = kaa_base__now_ns();
    uint64_t deadline = budget == INT64_MAX ? 0 : start + gc->pace.slice_ns;
    int status = 0;

    KAA_ASSERT(!gc->is_running && gc->phase != KAA_GC__IDLE);
    gc->is_running = 1;
    /* Arenas may have come and gone. */
    memset(gc->full.known, 0, sizeof(gc->full.known));
    while (budget > 0 && gc->phase != KAA_GC__IDLE &&
           gc->phase != KAA_GC__JUDGING && !is_late(gc, deadline))
        advance(gc, &budget, deadline);
    if (gc->phase == KAA_GC__JUDGING)
        full_end(ctx);
    else if (gc->phase == KAA_GC__IDLE)
        status = -1; /* it was dropped */
    gc->debt = budget;
    add_pause(gc, &gc->collection, start);
    if (gc->phase == KAA_GC__IDLE)
        end(ctx, &gc->collection, status);
    gc->is_running = 0;
}

/* ---- The slot; starting, stopping */

ptrdiff_t
kaa_gc__collect_all(kaa_context *ctx)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    kaa_gc_collection collection;

    if (gc == NULL || gc->is_running || gc->runtime->releasing != 0)
        return 0;
    if (kaa_gc__collect_now(ctx, KAA_GC_FULL, &collection) != 0)
        return kaa_object__raise_memory(ctx);
    return (ptrdiff_t)collection.collected;
}

/* When memory is short: garbage may be all that stands in the way. */
static void
make_room(kaa_context *ctx)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    kaa_gc_collection collection;

    if (!gc->is_running && gc->held == 0 && gc->is_enabled)
        (void)kaa_gc__collect_now(ctx, KAA_GC_FULL, &collection);
}

int
kaa_gc__start(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_gc *gc = kaa_base__alloc_zeroed(sizeof(*gc));

    if (gc == NULL)
        return -1;
    gc->runtime = runtime;
    kaa_gc__set_init(&gc->young, runtime->heap, KAA_GC__IN_YOUNG);
    kaa_gc__set_init(&gc->full, runtime->heap, KAA_GC__IN_FULL);
    gc->is_enabled = !(runtime->flags & KAA_RUNTIME_NO_COLLECTOR);
    kaa_gc__default_pace(&gc->pace);
    runtime->gc = gc;
    runtime->collect = kaa_gc__asked;
    runtime->make_room = make_room;
    kaa_gc__set_bases(gc, KAA_GC_FULL);
    return 0;
}

/* See lib/globals.txt. */
static kaa_gc *_Atomic abandoned;

void
kaa_gc__abandon(kaa_runtime *runtime)
{
    kaa_gc *gc = runtime->gc;

    if (gc == NULL)
        return;
    gc->next_abandoned = atomic_exchange(&abandoned, gc);
    runtime->gc = NULL;
}

void
kaa_gc__stop(kaa_context *ctx)
{
    kaa_gc *gc = kaa_gc__of(ctx);

    if (gc == NULL)
        return;
    kaa_gc__full_drop(gc);
    kaa_gc__set_fini(&gc->full);
    kaa_gc__set_fini(&gc->young);
    while (gc->frozen != NULL) {
        kaa_gc__frozen *frozen = gc->frozen;

        gc->frozen = frozen->next;
        kaa_base__free(frozen);
    }
    gc->runtime->forget = NULL;
    gc->runtime->collect = NULL;
    gc->runtime->gc = NULL;
    gc->runtime->until_collect = INT64_MAX;
    kaa_base__free(gc->arenas);
    kaa_base__free(gc->listeners);
    kaa_base__free(gc);
}
