/* heap/verify.c - kaa_heap_verify() is told of every kind of damage.
 *
 * Each test breaks one thing in the bookkeeping, expects KAA_CORRUPT with a
 * message that says what, and puts it right again.
 */
#include "kaa_test.h"

#include <kaa/heap.h>

#include "heap/internal.h"

DEFERRABLE(kaa_heap_destroy, kaa_heap)

#define BLOCKS 3000

static void *blocks[BLOCKS];
static void *large;

/* Full pages, one with room, cached blocks, a large one. */
static kaa_heap *
make_heap(kaa_test *t)
{
    kaa_heap *heap = NULL;

    CHECK_OK(kaa_heap_create(NULL, &heap, &t->err));
    DEFER(t, kaa_heap_destroy, heap);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = kaa_heap_alloc(heap, 48, KAA_HEAP_OBJECT_PLAIN);
        CHECK_MEMORY(blocks[i]);
    }
    /* Some go to their page, some remain cached. */
    for (int i = 0; i < 700; i++) {
        kaa_heap_free(heap, blocks[i]);
        if (i == 350)
            kaa_heap_trim(heap);
    }
    large = kaa_heap_alloc(heap, 200000, KAA_HEAP_RAW);
    CHECK_MEMORY(large);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    return heap;
}

static kaa_heap__arena *
arena_of(const void *block)
{
    return kaa_heap__arena_of(block);
}

static kaa_heap__page *
page_of(const void *block)
{
    return &arena_of(block)->pages[kaa_heap__page_index(block)];
}

/* Sets what `place` points at, expects the message, sets it back. */
#define BREAK(place, value, says)                                              \
    do {                                                                       \
        __typeof__(place) *const at = &(place);                                \
        const __typeof__(place) was = *at;                                     \
                                                                               \
        *at = (__typeof__(place))(value);                                      \
        CHECK_EQ(kaa_heap_verify(heap, &t->err), KAA_CORRUPT);                 \
        CHECK_HAS(t->err.message, says);                                       \
        *at = was;                                                             \
        CHECK_OK(kaa_heap_verify(heap, &t->err));                              \
    } while (0)

KAA_TEST(broken_pages_are_told)
{
    kaa_heap *heap = make_heap(t);
    kaa_heap__arena *arena = arena_of(blocks[0]);
    uint32_t index = kaa_heap__page_index(blocks[0]);
    kaa_heap__page *page = page_of(blocks[0]);
    uint8_t *code = &arena->codes[index];

    BREAK(page->used, page->used + 1, "blocks taken");
    BREAK(page->capacity, 5, "does not fit class");
    BREAK(page->size, 64, "does not fit class");
    BREAK(page->reciprocal, 64, "does not fit class");
    BREAK(page->hint, 64, "before its hint");
    BREAK(page->listed, !page->listed, "listed is");
    BREAK(page->code, page->code ^ 1, "its header");
    BREAK(*code, KAA_HEAP__FREE, "code 192, free 0");
    BREAK(*code, KAA_HEAP__REST, "the rest of no block");
    BREAK(arena->codes[1], KAA_HEAP__REST, "among the bookkeeping");
    BREAK(arena->bits[index][0], arena->bits[index][0] ^ 2, "blocks taken");
    BREAK(arena->bits[index][21], ~(uint64_t)0, "beyond its end");
    BREAK(page->next, page, "list is broken");
}

KAA_TEST(broken_arenas_are_told)
{
    kaa_heap *heap = make_heap(t);
    kaa_heap__arena *arena = arena_of(large);
    uint32_t index = kaa_heap__page_index(large);

    BREAK(arena->free[15], 0, "free 0");
    BREAK(arena->dirty[index / 64],
          arena->dirty[index / 64] | (uint64_t)1 << index % 64, "dirty 1");
    BREAK(arena->free_count, 3, "pages free");
    BREAK(arena->dirty_count, 999, "dirty");
    BREAK(arena->heap, NULL, "not of this heap");
    BREAK(page_of(large)->run, 5, "not the rest");
    BREAK(page_of(large)->size, 16, "not the header of a large block");
    BREAK(arena->pages[index + 1].back, 77, "not the rest");
}

KAA_TEST(broken_bins_are_told)
{
    kaa_heap *heap = make_heap(t);
    kaa_heap__bin *bin = &heap->bins[page_of(blocks[0])->code];
    kaa_heap__bin *other = &heap->bins[5];

    if (heap->checked)
        SKIP("checked heaps cache nothing");
    CHECK(kaa_heap__cached(bin) >= 2);
    BREAK(bin->used, bin->used + 1, "but the pages say");
    BREAK(bin->pages_count, 77, "but the pages say");
    BREAK(bin->peak, 1, "live, peak");
    BREAK(bin->floor, bin->floor + 1, "floor");
    BREAK(bin->pages, NULL, "pages listed");
    BREAK(bin->cache[0], bin->cache[1], "double free");
    BREAK(bin->cache[0], (char *)bin->cache[0] + 16, "is no block of it");
    BREAK(bin->cache[0], &heap, "is no block of it");
    BREAK(bin->limit, bin->cache, "at most 0");
    BREAK(bin->surplus, 300, "floor");
    BREAK(other->limit, other->cache + 1, "in use unnoticed");
}

KAA_TEST(broken_sums_are_told)
{
    kaa_heap *heap = make_heap(t);

    BREAK(heap->pages_used, 1, "pages used");
    BREAK(heap->dirty, 999, "dirty");
    BREAK(heap->arenas_count, 2, "arenas");
    BREAK(heap->bytes_reserved, 2, "arenas");
    BREAK(heap->surplus_bytes, 48, "surplus");
    BREAK(heap->large[KAA_HEAP_RAW].blocks_live, 2, "large blocks");
    BREAK(heap->large[KAA_HEAP_RAW].bytes_live, 2, "large blocks");
    BREAK(heap->taken.blocks_live, 2, "blocks taken");
}
