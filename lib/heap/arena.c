/* heap/arena.c - free pages of 64 KiB, singly and in rows.
 *
 * Two bits a page: free, and dirty (free, but still with memory). A page that
 * is wanted alone is a dirty one if there is one: no page faults. Arenas are
 * searched oldest first, so that young ones fall empty and can go.
 */
#include "heap/internal.h"

#include "base/clock.h"
#include "base/memory.h"

static inline int
get(const uint64_t *bits, uint32_t index)
{
    return (int)(bits[index / 64] >> (index % 64) & 1u);
}

void
kaa_heap__arena_add(kaa_heap *heap, kaa_heap__arena *arena)
{
    memset(arena->codes, KAA_HEAP__BOOKS, KAA_HEAP__FIRST);
    memset(arena->codes + KAA_HEAP__FIRST, KAA_HEAP__FREE,
           KAA_HEAP__PAGES_FREE_MAX);
    memset(arena->free, 0xFF, sizeof(arena->free));
    arena->free[0] = ~(uint64_t)0 << KAA_HEAP__FIRST;
    arena->free_count = KAA_HEAP__PAGES_FREE_MAX;
    arena->frozen = NULL;
    arena->heap = heap;
    arena->next = NULL;
    arena->previous = heap->arenas_last;
    if (heap->arenas_last != NULL)
        heap->arenas_last->next = arena;
    else
        heap->arenas = arena;
    heap->arenas_last = arena;
    heap->dirty += arena->dirty_count;
    heap->bytes_reserved += arena->bytes;
    heap->arenas_count++;
}

void
kaa_heap__arena_remove(kaa_heap *heap, kaa_heap__arena *arena)
{
    if (arena->previous != NULL)
        arena->previous->next = arena->next;
    else
        heap->arenas = arena->next;
    if (arena->next != NULL)
        arena->next->previous = arena->previous;
    else
        heap->arenas_last = arena->previous;
    heap->dirty -= arena->dirty_count;
    heap->bytes_reserved -= arena->bytes;
    heap->arenas_count--;
}

void
kaa_heap__arena_abandon(kaa_heap__arena *arena)
{
    uint32_t dirty = 0;

    for (uint32_t i = 0; i < KAA_HEAP__PAGE_WORDS; i++) {
        arena->dirty[i] |= ~arena->free[i];
        if (i == 0)
            arena->dirty[i] &= ~(uint64_t)0 << KAA_HEAP__FIRST;
        dirty += (uint32_t)__builtin_popcountll(arena->dirty[i]);
    }
    arena->dirty_count = dirty;
    KAA_HEAP__POISON(kaa_heap__page_base(arena, KAA_HEAP__FIRST),
                     KAA_HEAP__PAGES_FREE_MAX * KAA_HEAP__PAGE_BYTES);
}

static uint32_t
find_one(const kaa_heap__arena *arena)
{
    const uint64_t *bits = arena->dirty_count != 0 ? arena->dirty : arena->free;

    for (uint32_t i = 0; i < KAA_HEAP__PAGE_WORDS; i++)
        if (bits[i] != 0)
            return i * 64 + (uint32_t)__builtin_ctzll(bits[i]);
    return KAA_HEAP__PAGES;
}

/* The first of `run` free pages in a row; KAA_HEAP__PAGES if there are none. */
static uint32_t
find_run(const kaa_heap__arena *arena, uint32_t run, uint32_t step)
{
    uint32_t start = 0;

    if (arena->free_count < run)
        return KAA_HEAP__PAGES;
    if (run == 1 && step == 1)
        return find_one(arena);
    while (start + run <= KAA_HEAP__PAGES) {
        uint32_t length = 0;

        if (start % 64 == 0 && arena->free[start / 64] == 0) {
            start += step > 64 ? step : 64;
            start -= start % step;
            continue;
        }
        while (length < run && get(arena->free, start + length))
            length++;
        if (length == run)
            return start;
        start += length + step;
        start -= start % step;
    }
    return KAA_HEAP__PAGES;
}

/* Returns whether one of them was dirty. */
static int
claim(kaa_heap *heap, kaa_heap__arena *arena, uint32_t index, uint32_t run)
{
    uint32_t dirty = 0;

    for (uint32_t i = index; i < index + run; i++) {
        uint64_t bit = (uint64_t)1 << (i % 64);

        KAA_ASSERT(arena->free[i / 64] & bit);
        arena->free[i / 64] &= ~bit;
        dirty += (arena->dirty[i / 64] & bit) != 0;
        arena->dirty[i / 64] &= ~bit;
    }
    memset(arena->touched + index, 0, run);
    memset(arena->marks + index, 0, run);
    arena->free_count -= run;
    arena->dirty_count -= dirty;
    heap->dirty -= dirty;
    kaa_heap__count_pages_taken(heap, run);
    kaa_heap__pace_event(heap);
    return dirty != 0;
}

int
kaa_heap__is_allowed(kaa_heap *heap, uint64_t run)
{
    if (heap->pages_limit == 0)
        return 1;
    if (run > heap->pages_limit)
        return 0;
    if (heap->pages_used <= heap->pages_limit - run)
        return 1;
    kaa_heap__flush_all(heap);
    return heap->pages_used <= heap->pages_limit - run;
}

void
kaa_heap__count_pages_taken(kaa_heap *heap, uint64_t run)
{
    heap->pages_used += run;
    if (heap->pages_used > heap->pages_peak)
        heap->pages_peak = heap->pages_used;
    kaa_heap__pace_page_taken(heap);
}

static kaa_heap__page *
take_from(kaa_heap *heap, kaa_heap__arena *arena, uint32_t run, uint32_t step,
          int *out_dirty)
{
    uint32_t index = find_run(arena, run, step);

    if (index == KAA_HEAP__PAGES)
        return NULL;
    *out_dirty = claim(heap, arena, index, run);
    return &arena->pages[index];
}

kaa_heap__page *
kaa_heap__pages_take(kaa_heap *heap, uint32_t run, uint32_t step,
                     int *out_dirty)
{
    kaa_heap__page *page = NULL;
    kaa_heap__arena *arena;

    if (kaa_base__fault_due() || !kaa_heap__is_allowed(heap, run))
        return NULL;
    for (arena = heap->arenas; arena != NULL; arena = arena->next) {
        page = take_from(heap, arena, run, step, out_dirty);
        if (page != NULL)
            return page;
    }
    arena = kaa_heap__arena_get(KAA_HEAP__ARENA_BYTES,
                                (heap->flags & KAA_HEAP_HUGE_PAGES) != 0,
                                kaa_base__now_ns());
    if (arena != NULL) {
        kaa_heap__arena_add(heap, arena);
        return take_from(heap, arena, run, step, out_dirty);
    }
    /* The cached blocks may fill pages that would do. */
    kaa_heap__flush_all(heap);
    for (arena = heap->arenas; page == NULL && arena != NULL;
         arena = arena->next)
        page = take_from(heap, arena, run, step, out_dirty);
    return page;
}

int
kaa_heap__pages_extend(kaa_heap *heap, kaa_heap__arena *arena, uint32_t index,
                       uint32_t run)
{
    if (index + run > KAA_HEAP__PAGES || arena->free_count < run)
        return 0;
    for (uint32_t i = index; i < index + run; i++)
        if (!get(arena->free, i))
            return 0;
    if (!kaa_heap__is_allowed(heap, run))
        return 0;
    claim(heap, arena, index, run);
    return 1;
}

void
kaa_heap__pages_give(kaa_heap *heap, kaa_heap__page *first, uint32_t run)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(first);
    uint32_t index = kaa_heap__index_in(arena, first);
    char *start = kaa_heap__page_base(arena, index);

    KAA_HEAP__POISON(start, run * KAA_HEAP__PAGE_BYTES);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_NOACCESS, (uintptr_t)start,
                           run * KAA_HEAP__PAGE_BYTES, 0, 0);
    for (uint32_t i = index; i < index + run; i++) {
        uint64_t bit = (uint64_t)1 << (i % 64);

        KAA_ASSERT(!(arena->free[i / 64] & bit));
        arena->codes[i] = KAA_HEAP__FREE;
        arena->free[i / 64] |= bit;
        arena->dirty[i / 64] |= bit;
    }
    arena->free_count += run;
    arena->dirty_count += run;
    heap->dirty += run;
    heap->pages_used -= run;
    kaa_heap__pace_page_freed(heap);
}
