/* heap/bin.c - blocks of one class and kind: `hot` and the pages behind it.
 *
 *     alloc <-- hot <--- refill: half of it, lowest addresses of a page first
 *     free  --> hot ---> flush: the half that waited longest
 *
 * Live blocks are those taken out of pages less those in hot. A new peak of
 * them is reached where used - count > peak, that is where count falls below
 * used - peak: `floor` is that number, so that the one comparison which finds
 * hot empty also finds each new peak, and the peaks are exact for nothing.
 *
 * Blocks in hot keep their pages from falling empty. Where a bin's live blocks
 * lie thin on many pages, `limit` falls with them.
 */
#include "heap/internal.h"

#include "base/memory.h"

#define REFILL_PAGES_MAX 4 /* thinly filled pages looked at in one refill */
#define SPARSE_PAGES 8     /* a bin of so many may be thin */
#define SPARSE_BLOCKS 4    /* live blocks a page, at most, where it is */

#define CLASS(size, hot)                                                       \
    {                                                                          \
        (size), (uint32_t)((((uint64_t)1 << 32) + (size)-1) / (size)),         \
            (uint32_t)(KAA_HEAP__PAGE_BYTES / (size)), (hot)                   \
    }
#define CLASSES_4(start, step, hot)                                            \
    CLASS((start) + (step), hot), CLASS((start) + 2 * (step), hot),            \
        CLASS((start) + 3 * (step), hot), CLASS((start) + 4 * (step), hot)

const kaa_heap__class kaa_heap__classes[KAA_HEAP__CLASSES] = {
    CLASSES_4(0, 16, 64),     CLASSES_4(64, 16, 64),
    CLASSES_4(128, 16, 64),   CLASSES_4(192, 16, 64),
    CLASSES_4(256, 16, 64),   CLASSES_4(320, 16, 64),
    CLASSES_4(384, 16, 64),   CLASSES_4(448, 16, 64),
    CLASSES_4(512, 128, 32),  CLASSES_4(1024, 256, 16),
    CLASSES_4(2048, 512, 8),  CLASSES_4(4096, 1024, 8),
    CLASSES_4(8192, 2048, 4), CLASSES_4(16384, 4096, 4),
};

static void
list_add(kaa_heap__bin *bin, kaa_heap__page *page)
{
    KAA_ASSERT(!page->listed);
    page->listed = 1;
    page->previous = NULL;
    page->next = bin->pages;
    if (bin->pages != NULL)
        bin->pages->previous = page;
    bin->pages = page;
}

static void
list_remove(kaa_heap__bin *bin, kaa_heap__page *page)
{
    KAA_ASSERT(page->listed);
    page->listed = 0;
    if (page->previous != NULL)
        page->previous->next = page->next;
    else
        bin->pages = page->next;
    if (page->next != NULL)
        page->next->previous = page->previous;
}

void
kaa_heap__count_add(kaa_heap_count *count, uint64_t blocks, uint64_t bytes)
{
    count->blocks_live += blocks;
    count->bytes_live += bytes;
    if (count->blocks_live > count->blocks_peak)
        count->blocks_peak = count->blocks_live;
    if (count->bytes_live > count->bytes_peak)
        count->bytes_peak = count->bytes_live;
}

void
kaa_heap__count_sub(kaa_heap_count *count, uint64_t blocks, uint64_t bytes)
{
    count->blocks_live -= blocks;
    count->bytes_live -= bytes;
}

static void
count_taken(kaa_heap *heap, kaa_heap__bin *bin, uint64_t blocks)
{
    uint64_t bytes =
        blocks * kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].size;

    bin->used += blocks;
    kaa_heap__count_add(&heap->taken_kinds[KAA_HEAP__KIND(bin->code)], blocks,
                        bytes);
    kaa_heap__count_add(&heap->taken, blocks, bytes);
}

static void
count_put(kaa_heap *heap, kaa_heap__bin *bin, uint64_t blocks)
{
    uint64_t bytes =
        blocks * kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].size;

    bin->used -= blocks;
    kaa_heap__count_sub(&heap->taken_kinds[KAA_HEAP__KIND(bin->code)], blocks,
                        bytes);
    kaa_heap__count_sub(&heap->taken, blocks, bytes);
}

static uint32_t
floor_of(const kaa_heap__bin *bin)
{
    return bin->used > bin->peak ? (uint32_t)(bin->used - bin->peak) : 0;
}

static kaa_heap__bin *
bin_of(kaa_heap *heap, uint32_t code)
{
    kaa_heap__bin *bin = &heap->bins[code];

    if (bin->code != code || !(heap->bins_used[code / 64] >> code % 64 & 1u)) {
        bin->code = (uint8_t)code;
        heap->bins_used[code / 64] |= (uint64_t)1 << code % 64;
    }
    return bin;
}

static kaa_heap__page *
page_new(kaa_heap *heap, kaa_heap__bin *bin)
{
    const kaa_heap__class *class =
        &kaa_heap__classes[KAA_HEAP__CLASS(bin->code)];
    kaa_heap__record *records = NULL;
    int was_dirty;
    kaa_heap__page *page = kaa_heap__pages_take(heap, 1, 1, &was_dirty);
    kaa_heap__arena *arena = kaa_heap__arena_of(page);
    uint32_t index, words = (class->capacity + 63) / 64;
    uint64_t *bits;

    if (page == NULL)
        return NULL;
    if (heap->checked & KAA_HEAP__CHECK_DEBUG) {
        records = kaa_base__alloc_zeroed(class->capacity * sizeof(*records));
        if (records == NULL) {
            kaa_heap__pages_give(heap, page, 1);
            return NULL;
        }
        kaa_heap__records_free(page);
    }
    index = kaa_heap__index_in(arena, page);
    bits = arena->bits[index];
    memset(bits, 0xFF, words * sizeof(*bits));
    if (class->capacity % 64 != 0)
        bits[words - 1] = ((uint64_t)1 << class->capacity % 64) - 1;
    page->used = 0;
    page->capacity = class->capacity;
    page->size = class->size;
    page->reciprocal = class->reciprocal;
    page->hint = 0;
    page->code = bin->code;
    page->listed = 0;
    page->records = records;
    page->beside = NULL;
    arena->codes[index] = bin->code;
    bin->pages_count++;
    list_add(bin, page);
    KAA_HEAP__POISON(kaa_heap__page_base(arena, index), KAA_HEAP__PAGE_BYTES);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_NOACCESS,
                           (uintptr_t)kaa_heap__page_base(arena, index),
                           KAA_HEAP__PAGE_BYTES, 0, 0);
    return page;
}

/* Takes up to `want` blocks and writes them downwards from `out`. */
static uint32_t
take(kaa_heap__page *page, void **out, uint32_t want)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(page);
    uint32_t index = kaa_heap__index_in(arena, page);
    char *base = kaa_heap__page_base(arena, index);
    uint64_t *bits = arena->bits[index];
    uint32_t word = page->hint, size = page->size, got = 0;

    if (want > page->capacity - page->used)
        want = page->capacity - page->used;
    while (got < want) {
        uint64_t left = bits[word];

        if (left == 0) {
            word++;
            continue;
        }
        do {
            uint32_t bit = (uint32_t)__builtin_ctzll(left);

            left &= left - 1;
            *--out = base + (size_t)(word * 64 + bit) * size;
            got++;
        } while (left != 0 && got < want);
        bits[word] = left;
    }
    page->hint = word;
    page->used += got;
    return got;
}

static uint32_t
refill(kaa_heap *heap, kaa_heap__bin *bin)
{
    uint32_t max = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].hot_max;
    uint32_t want = max / 2, got = 0;

    if (atomic_load_explicit(&heap->remote, memory_order_relaxed) != NULL) {
        kaa_heap_collect_remote(heap);
        if (bin->count != 0)
            return bin->count;
    }
    for (int i = 0; i < REFILL_PAGES_MAX && got < want; i++) {
        kaa_heap__page *page = bin->pages;

        if (page == NULL) {
            if (got != 0)
                break;
            page = page_new(heap, bin);
            if (page == NULL)
                return 0;
        }
        got += take(page, bin->hot + want - got, want - got);
        if (page->used == page->capacity)
            list_remove(bin, page);
    }
    if (got < want)
        memmove(bin->hot, bin->hot + want - got, got * sizeof(bin->hot[0]));
    bin->limit = max;
    bin->count = got;
    count_taken(heap, bin, got);
    bin->floor = floor_of(bin);
    return got;
}

/* 0 if it is free already, or no block begins there. */
static int
put(kaa_heap *heap, kaa_heap__bin *bin, void *block)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(block);
    uint32_t index = kaa_heap__page_index(block);
    kaa_heap__page *page = &arena->pages[index];
    uint32_t offset = (uint32_t)((uintptr_t)block & (KAA_HEAP__PAGE_BYTES - 1));
    uint32_t number = kaa_heap__block_index(page, offset);
    uint64_t *word = &arena->bits[index][number / 64];
    uint64_t bit = (uint64_t)1 << number % 64;

    if (KAA_UNLIKELY(*word & bit) || number * page->size != offset) {
        kaa_heap__report(heap,
                         number * page->size != offset
                             ? KAA_HEAP_FOREIGN_POINTER
                             : KAA_HEAP_DOUBLE_FREE,
                         block, NULL, page->size);
        return 0;
    }
    *word |= bit;
    if (number / 64 < page->hint)
        page->hint = number / 64;
    if (page->used == page->capacity)
        list_add(bin, page);
    page->used--;
    if (page->used == 0) {
        list_remove(bin, page);
        bin->pages_count--;
        kaa_heap__pages_give(heap, page, 1);
    }
    return 1;
}

/* The oldest `blocks` of hot. */
static void
flush(kaa_heap *heap, kaa_heap__bin *bin, uint32_t blocks)
{
    uint32_t gone = 0;

    for (uint32_t i = 0; i < blocks; i++)
        gone += (uint32_t)put(heap, bin, bin->hot[i]);
    bin->count -= blocks;
    memmove(bin->hot, bin->hot + blocks, bin->count * sizeof(bin->hot[0]));
    count_put(heap, bin, gone);
}

static void
set_limit(kaa_heap *heap, kaa_heap__bin *bin)
{
    uint32_t max = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].hot_max;
    uint64_t live = bin->used - bin->count;

    bin->limit = max;
    if (bin->pages_count > SPARSE_PAGES &&
        live < (uint64_t)SPARSE_BLOCKS * bin->pages_count) {
        bin->limit = live / 8 < 2     ? 2
                     : live / 8 < max ? (uint32_t)live / 8
                                      : max;
        if (bin->count >= bin->limit)
            flush(heap, bin, bin->count - bin->limit / 2);
    }
}

void *
kaa_heap__bin_alloc(kaa_heap *heap, uint32_t code)
{
    kaa_heap__bin *bin = bin_of(heap, code);
    uint64_t live;
    void *block;

    if (bin->count == 0 && refill(heap, bin) == 0)
        return NULL;
    block = bin->hot[--bin->count];
    live = bin->used - bin->count;
    if (live > bin->peak)
        bin->peak = live;
    if (bin->floor == KAA_HEAP__ARMED) {
        kaa_heap__pace_armed(heap, bin);
        if (bin->floor == KAA_HEAP__ARMED)
            return block;
    }
    bin->floor = floor_of(bin);
    return block;
}

void
kaa_heap__bin_free(kaa_heap *heap, kaa_heap__bin *bin, void *block)
{
    if (bin->count >= bin->limit) {
        uint32_t floor = bin->floor;

        flush(heap, bin, (bin->count + 1) / 2);
        set_limit(heap, bin);
        /* Armed before, or just now by what the flush freed: remains so. */
        if (floor != KAA_HEAP__ARMED && bin->floor != KAA_HEAP__ARMED)
            bin->floor = floor_of(bin);
    }
    bin->hot[bin->count++] = block;
}

void *
kaa_heap__bin_take_one(kaa_heap *heap, uint32_t code)
{
    kaa_heap__bin *bin = bin_of(heap, code);
    kaa_heap__page *page = bin->pages;
    void *block[1];

    if (page == NULL)
        page = page_new(heap, bin);
    if (page == NULL)
        return NULL;
    take(page, block + 1, 1);
    if (page->used == page->capacity)
        list_remove(bin, page);
    count_taken(heap, bin, 1);
    if (bin->used - bin->held > bin->peak)
        bin->peak = bin->used - bin->held;
    return block[0];
}

void
kaa_heap__bin_put_one(kaa_heap *heap, void *block)
{
    uint32_t code =
        kaa_heap__arena_of(block)->codes[kaa_heap__page_index(block)];

    if (put(heap, &heap->bins[code], block))
        count_put(heap, &heap->bins[code], 1);
}

void
kaa_heap__bin_flush(kaa_heap *heap, kaa_heap__bin *bin)
{
    flush(heap, bin, bin->count);
    bin->floor = floor_of(bin);
}

void
kaa_heap__flush_all(kaa_heap *heap)
{
    for (uint32_t word = 0; word < KAA_HEAP__BINS / 64; word++)
        for (uint64_t bits = heap->bins_used[word]; bits != 0; bits &= bits - 1)
            kaa_heap__bin_flush(
                heap, &heap->bins[word * 64 + (uint32_t)__builtin_ctzll(bits)]);
}
