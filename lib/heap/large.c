/* heap/large.c - blocks above 32 KiB: pages in a row.
 *
 * Up to 32 MiB they lie in the heap's arenas; above, each has an arena of its
 * own, which goes back to the system when the block is freed.
 */
#include "heap/internal.h"

#include "base/clock.h"

static int
has_own_arena(const kaa_heap__arena *arena)
{
    return arena->bytes != KAA_HEAP__ARENA_BYTES ||
           arena->free_count == UINT32_MAX;
}

static void
set_up(kaa_heap *heap, kaa_heap__page *page, uint32_t run, kaa_heap_kind kind)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(page);
    uint32_t index = kaa_heap__index_in(arena, page);

    if (heap->checked & KAA_HEAP__CHECK_DEBUG)
        kaa_heap__records_free(page);
    page->used = 1;
    page->capacity = 1;
    page->size = 0;
    page->reciprocal = 0;
    page->code = KAA_HEAP__CODE_LARGE(kind);
    page->listed = 0;
    page->run = run;
    page->records = NULL;
    arena->codes[index] = KAA_HEAP__LARGE;
    for (uint32_t i = 1; i < run && index + i < KAA_HEAP__PAGES; i++) {
        if (heap->checked & KAA_HEAP__CHECK_DEBUG)
            kaa_heap__records_free(&arena->pages[index + i]);
        arena->pages[index + i].back = (uint16_t)index;
        arena->pages[index + i].code = KAA_HEAP__CODE_LARGE(kind);
        arena->pages[index + i].records = NULL;
        arena->codes[index + i] = KAA_HEAP__REST;
    }
}

static void
count_change(kaa_heap *heap, const kaa_heap__page *page, int is_new)
{
    uint32_t kind = KAA_HEAP__KIND(page->code);
    size_t bytes = kaa_heap__bytes_of(page);

    if (is_new) {
        kaa_heap__count_add(&heap->large[kind], 1, bytes);
        kaa_heap__count_add(&heap->taken_kinds[kind], 1, bytes);
        kaa_heap__count_add(&heap->taken, 1, bytes);
    } else {
        kaa_heap__count_sub(&heap->large[kind], 1, bytes);
        kaa_heap__count_sub(&heap->taken_kinds[kind], 1, bytes);
        kaa_heap__count_sub(&heap->taken, 1, bytes);
    }
}

static kaa_heap__page *
own_alloc(kaa_heap *heap, uint32_t run, uint32_t step)
{
    uint32_t first = step > KAA_HEAP__FIRST
                         ? step
                         : (KAA_HEAP__FIRST + step - 1) / step * step;
    uint64_t bytes = ((uint64_t)first + run) << KAA_HEAP__PAGE_SHIFT;
    kaa_heap__arena *arena;

    bytes = (bytes + KAA_HEAP__ARENA_BYTES - 1) &
            ~(uint64_t)(KAA_HEAP__ARENA_BYTES - 1);
    if (!kaa_heap__is_allowed(heap, run))
        return NULL;
    arena = kaa_heap__arena_get((size_t)bytes,
                                (heap->flags & KAA_HEAP_HUGE_PAGES) != 0,
                                kaa_base__now_ns());
    if (arena == NULL)
        return NULL;
    memset(arena->codes, KAA_HEAP__BOOKS, sizeof(arena->codes));
    memset(arena->free, 0, sizeof(arena->free));
    memset(arena->dirty, 0, sizeof(arena->dirty));
    memset(arena->touched, 0, sizeof(arena->touched));
    memset(arena->marks, 0, sizeof(arena->marks));
    arena->frozen = NULL;
    arena->dirty_count = 0;
    arena->free_count = UINT32_MAX; /* marks it as a block's own */
    arena->heap = heap;
    arena->previous = NULL;
    arena->next = heap->own;
    if (heap->own != NULL)
        heap->own->previous = arena;
    heap->own = arena;
    heap->arenas_count++;
    heap->bytes_reserved += arena->bytes;
    kaa_heap__count_pages_taken(heap, run);
    return &arena->pages[first];
}

static void
own_free(kaa_heap *heap, kaa_heap__arena *arena, uint32_t run)
{
    if (arena->previous != NULL)
        arena->previous->next = arena->next;
    else
        heap->own = arena->next;
    if (arena->next != NULL)
        arena->next->previous = arena->previous;
    heap->arenas_count--;
    heap->bytes_reserved -= arena->bytes;
    heap->pages_used -= run;
    heap->given_back += (uint64_t)run << KAA_HEAP__PAGE_SHIFT;
    heap->purges++;
    if (heap->checked & KAA_HEAP__CHECK_DEBUG)
        for (uint32_t i = KAA_HEAP__FIRST; i < KAA_HEAP__PAGES; i++)
            kaa_heap__records_free(&arena->pages[i]);
    kaa_heap__arena_unmap(arena);
}

void *
kaa_heap__large_alloc(kaa_heap *heap, size_t size, size_t alignment,
                      kaa_heap_kind kind, int *out_zeroed)
{
    uint32_t step = alignment > KAA_HEAP__PAGE_BYTES
                        ? (uint32_t)(alignment >> KAA_HEAP__PAGE_SHIFT)
                        : 1;
    uint32_t run;
    int was_dirty = 0;
    kaa_heap__page *page;
    kaa_heap__arena *arena;
    char *block;

    if (size > (size_t)1 << 46)
        return NULL;
    run = (uint32_t)((size + KAA_HEAP__PAGE_BYTES - 1) >> KAA_HEAP__PAGE_SHIFT);
    run += run == 0;
    /* In an arena of 1,024 pages there is one place at most for 512 that
     * begin at a multiple of 512. */
    if (size > KAA_HEAP__LARGE_MAX || step > 256)
        page = own_alloc(heap, run, step);
    else
        page = kaa_heap__pages_take(heap, run, step, &was_dirty);
    if (page == NULL)
        return NULL;
    set_up(heap, page, run, kind);
    page->beside = NULL;
    count_change(heap, page, 1);
    arena = kaa_heap__arena_of(page);
    block = kaa_heap__page_base(arena, kaa_heap__index_in(arena, page));
    *out_zeroed = !was_dirty && arena->free_count != UINT32_MAX;
    KAA_HEAP__UNPOISON(block, (size_t)run << KAA_HEAP__PAGE_SHIFT);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_UNDEFINED, (uintptr_t)block,
                           (size_t)run << KAA_HEAP__PAGE_SHIFT, 0, 0);
    return block;
}

void
kaa_heap__large_free(kaa_heap *heap, void *block)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(block);
    kaa_heap__page *page = &arena->pages[kaa_heap__page_index(block)];
    uint32_t run = page->run;

    count_change(heap, page, 0);
    if (has_own_arena(arena)) {
        own_free(heap, arena, run);
        return;
    }
    page->used = 0;
    kaa_heap__pages_give(heap, page, run);
}

int
kaa_heap__large_resize(kaa_heap *heap, void *block, size_t size)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(block);
    uint32_t index = kaa_heap__page_index(block);
    kaa_heap__page *page = &arena->pages[index];
    kaa_heap_kind kind = (kaa_heap_kind)KAA_HEAP__KIND(page->code);
    uint32_t run = page->run, wanted;

    if (size <= KAA_HEAP__BLOCK_MAX || size > KAA_HEAP__LARGE_MAX ||
        has_own_arena(arena))
        return 0;
    wanted =
        (uint32_t)((size + KAA_HEAP__PAGE_BYTES - 1) >> KAA_HEAP__PAGE_SHIFT);
    if (wanted > run &&
        !kaa_heap__pages_extend(heap, arena, index + run, wanted - run))
        return 0;
    count_change(heap, page, 0);
    set_up(heap, page, wanted, kind);
    count_change(heap, page, 1);
    if (wanted < run)
        kaa_heap__pages_give(heap, page + wanted, run - wanted);
    return 1;
}
