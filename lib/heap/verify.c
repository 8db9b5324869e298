/* heap/verify.c - holding the bookkeeping to what internal.h says of them. */
#include "heap/internal.h"

#include <inttypes.h>

/* What the pages add up to, to be compared with the bins and the heap. */
typedef struct sums {
    uint64_t used[KAA_HEAP__BINS];
    uint32_t pages[KAA_HEAP__BINS];
    uint32_t listed[KAA_HEAP__BINS];
    uint64_t pages_used;
    uint64_t dirty;
    uint64_t arenas;
    uint64_t reserved;
    uint64_t large[KAA_HEAP_KIND_COUNT];
    uint64_t large_bytes[KAA_HEAP_KIND_COUNT];
} sums;

#define CORRUPT(...)                                                           \
    kaa_base__fail(err, KAA_CORRUPT, KAA_NO_ARGUMENT, __VA_ARGS__)

static void
turn_bit(kaa_heap__page *page, uint32_t number)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(page);

    arena->bits[kaa_heap__index_in(arena, page)][number / 64] ^= (uint64_t)1
                                                                 << number % 64;
}

void
kaa_heap__turn_hot(kaa_heap *heap)
{
    for (uint32_t code = 0; code < KAA_HEAP__BINS; code++) {
        kaa_heap__bin *bin = &heap->bins[code];

        if (!(heap->bins_used[code / 64] >> (code % 64) & 1u))
            continue;
        for (void **at = bin->cache; at < bin->top; at++) {
            uint32_t number;
            kaa_heap__page *page = kaa_heap__find(heap, *at, &number);

            turn_bit(page, number);
        }
    }
}

static int
is_taken(const kaa_heap__page *page, uint32_t number)
{
    const kaa_heap__arena *arena = kaa_heap__arena_of(page);

    return !(arena->bits[kaa_heap__index_in(arena, page)][number / 64] >>
                 (number % 64) &
             1u);
}

static kaa_status
verify_records(kaa_heap *heap, const kaa_heap__page *page, uint32_t number,
               kaa_error *err)
{
    kaa_heap__record *record;
    kaa_heap_misuse_kind wrong;
    char text[200];

    if (!(heap->checked & KAA_HEAP__CHECK_DEBUG))
        return KAA_OK;
    if (page->records == NULL)
        return CORRUPT("page %p of a debug heap has no records",
                       (const void *)page);
    record = &page->records[number];
    wrong = kaa_heap__debug_check(heap, page, number);
    if ((int)wrong == 0)
        return KAA_OK;
    kaa_heap__describe(text, sizeof(text), wrong, record->user, record, 0);
    return CORRUPT("%s", text);
}

static kaa_status
verify_blocks(kaa_heap *heap, kaa_heap__arena *arena, uint32_t index, sums *sum,
              kaa_error *err)
{
    kaa_heap__page *page = &arena->pages[index];
    uint32_t code = arena->codes[index], free_blocks = 0;
    const kaa_heap__class *class;
    kaa_status status = KAA_OK;

    if (KAA_HEAP__CLASS(code) >= KAA_HEAP__CLASSES || page->code != code)
        return CORRUPT("page %u of arena %p has code %u, its header %u",
                       (unsigned)index, (void *)arena, (unsigned)code,
                       (unsigned)page->code);
    class = &kaa_heap__classes[KAA_HEAP__CLASS(code)];
    if (page->size != class->size || page->capacity != class->capacity ||
        page->reciprocal != class->reciprocal)
        return CORRUPT("page %u of arena %p: its header does not fit class %u",
                       (unsigned)index, (void *)arena, (unsigned)code & 63u);
    for (uint32_t i = 0; i < KAA_HEAP__BITS_WORDS * 64 && status == KAA_OK;
         i += 64) {
        uint64_t word = arena->bits[index][i / 64];

        if (i >= page->capacity)
            break;
        if (page->capacity - i < 64 && word >> (page->capacity - i) != 0)
            return CORRUPT("page %u of arena %p: free blocks beyond its end",
                           (unsigned)index, (void *)arena);
        if (word != 0 && i / 64 < page->hint)
            return CORRUPT("page %u of arena %p: a free block before its hint",
                           (unsigned)index, (void *)arena);
        free_blocks += (uint32_t)__builtin_popcountll(word);
    }
    if (free_blocks + page->used != page->capacity || page->used == 0)
        return CORRUPT(
            "page %u of arena %p: %u blocks taken, but %u of %u free",
            (unsigned)index, (void *)arena, (unsigned)page->used,
            (unsigned)free_blocks, (unsigned)page->capacity);
    if (page->listed != (free_blocks != 0))
        return CORRUPT("page %u of arena %p: %u free blocks, but listed is %u",
                       (unsigned)index, (void *)arena, (unsigned)free_blocks,
                       (unsigned)page->listed);
    sum->used[code] += page->used;
    sum->pages[code]++;
    sum->listed[code] += page->listed;
    sum->pages_used++;
    for (uint32_t i = 0; i < page->capacity && status == KAA_OK; i++)
        if (is_taken(page, i))
            status = verify_records(heap, page, i, err);
    return status;
}

static kaa_status
verify_large(kaa_heap *heap, kaa_heap__arena *arena, uint32_t *index, sums *sum,
             kaa_error *err)
{
    kaa_heap__page *page = &arena->pages[*index];
    uint32_t kind = KAA_HEAP__KIND(page->code), first = *index;

    if (kind >= KAA_HEAP_KIND_COUNT || page->run == 0 || page->size != 0)
        return CORRUPT("page %u of arena %p: not the header of a large block",
                       (unsigned)first, (void *)arena);
    for (uint32_t i = first + 1; i < first + page->run && i < KAA_HEAP__PAGES;
         i++)
        if (arena->codes[i] != KAA_HEAP__REST || arena->pages[i].back != first)
            return CORRUPT("page %u of arena %p: not the rest of the large "
                           "block at page %u",
                           (unsigned)i, (void *)arena, (unsigned)first);
    sum->large[kind]++;
    sum->large_bytes[kind] += kaa_heap__bytes_of(page);
    sum->pages_used += page->run;
    *index += page->run - 1;
    return verify_records(heap, page, 0, err);
}

static kaa_status
verify_arena(kaa_heap *heap, kaa_heap__arena *arena, sums *sum, kaa_error *err)
{
    uint32_t free_pages = 0, dirty_pages = 0;
    kaa_status status = KAA_OK;

    if (arena->heap != heap || !kaa_heap__is_arena(arena))
        return CORRUPT("arena %p is not of this heap", (void *)arena);
    for (uint32_t i = 0; i < KAA_HEAP__PAGES && status == KAA_OK; i++) {
        uint32_t code = arena->codes[i];
        int is_free = (int)(arena->free[i / 64] >> (i % 64) & 1u);
        int is_dirty = (int)(arena->dirty[i / 64] >> (i % 64) & 1u);

        if (is_free != (code == KAA_HEAP__FREE) || is_dirty > is_free)
            return CORRUPT("page %u of arena %p: code %u, free %d, dirty %d",
                           (unsigned)i, (void *)arena, (unsigned)code, is_free,
                           is_dirty);
        free_pages += (uint32_t)is_free;
        dirty_pages += (uint32_t)is_dirty;
        if ((code == KAA_HEAP__BOOKS) != (i < KAA_HEAP__FIRST))
            return CORRUPT("page %u of arena %p: code %u among the bookkeeping",
                           (unsigned)i, (void *)arena, (unsigned)code);
        if (KAA_HEAP__IS_BLOCKS(code))
            status = verify_blocks(heap, arena, i, sum, err);
        else if (code == KAA_HEAP__LARGE)
            status = verify_large(heap, arena, &i, sum, err);
        else if (code == KAA_HEAP__REST)
            return CORRUPT("page %u of arena %p: the rest of no block",
                           (unsigned)i, (void *)arena);
    }
    if (status == KAA_OK &&
        (free_pages != arena->free_count || dirty_pages != arena->dirty_count))
        return CORRUPT("arena %p: %u pages free and %u dirty, counted %u, %u",
                       (void *)arena, (unsigned)arena->free_count,
                       (unsigned)arena->dirty_count, (unsigned)free_pages,
                       (unsigned)dirty_pages);
    sum->dirty += dirty_pages;
    sum->arenas++;
    sum->reserved += arena->bytes;
    return status;
}

static kaa_status
verify_own(kaa_heap *heap, sums *sum, kaa_error *err)
{
    kaa_status status = KAA_OK;

    for (kaa_heap__arena *arena = heap->own; arena != NULL && status == KAA_OK;
         arena = arena->next) {
        uint32_t i = KAA_HEAP__FIRST;

        while (i < KAA_HEAP__PAGES && arena->codes[i] == KAA_HEAP__BOOKS)
            i++;
        if (arena->heap != heap || i == KAA_HEAP__PAGES ||
            arena->codes[i] != KAA_HEAP__LARGE)
            return CORRUPT("arena %p has no large block", (void *)arena);
        status = verify_large(heap, arena, &i, sum, err);
        sum->arenas++;
        sum->reserved += arena->bytes;
    }
    return status;
}

/* Each block seen is marked free, so that one seen twice is found at once; the
 * caller turns the bits of the first *out_seen back. */
static kaa_status
verify_each_hot(kaa_heap *heap, const kaa_heap__bin *bin, uint32_t code,
                uint32_t *out_seen, kaa_error *err)
{
    for (uint32_t i = 0; i < kaa_heap__cached(bin); i++) {
        uint32_t number;
        kaa_heap__page *page = kaa_heap__find(heap, bin->cache[i], &number);

        if (page == NULL || page->code != code ||
            kaa_heap__block_at(page, number) != bin->cache[i])
            return CORRUPT("bin %u: cached %p is no block of it",
                           (unsigned)code, bin->cache[i]);
        if (!is_taken(page, number))
            return CORRUPT("bin %u: cached %p is free already (double free)",
                           (unsigned)code, bin->cache[i]);
        turn_bit(page, number);
        *out_seen = i + 1;
    }
    return KAA_OK;
}

static kaa_status
verify_hot(kaa_heap *heap, const kaa_heap__bin *bin, uint32_t code,
           kaa_error *err)
{
    uint32_t seen = 0;
    kaa_status status;

    if (bin->cache !=
            (bin->extended != NULL ? bin->extended : heap->cache[code]) ||
        bin->top < bin->cache + bin->surplus || bin->top > bin->limit ||
        bin->limit - bin->cache >
            (ptrdiff_t)bin->surplus +
                kaa_heap__classes[KAA_HEAP__CLASS(code)].cache_max)
        return CORRUPT("bin %u: %u cached blocks, at most %u", (unsigned)code,
                       (unsigned)kaa_heap__cached(bin),
                       (unsigned)(bin->limit - bin->cache));
    status = verify_each_hot(heap, bin, code, &seen, err);
    while (seen-- > 0) {
        uint32_t number;
        kaa_heap__page *page = kaa_heap__find(heap, bin->cache[seen], &number);

        turn_bit(page, number);
    }
    return status;
}

static kaa_status
verify_bin(kaa_heap *heap, uint32_t code, const sums *sum, kaa_error *err)
{
    const kaa_heap__bin *bin = &heap->bins[code];
    const kaa_heap__page *previous = NULL;
    uint32_t listed = 0;
    uint64_t live = bin->used - kaa_heap__cached(bin) - bin->held;
    uint64_t floor = bin->used > bin->peak ? bin->used - bin->peak : 0;

    if (floor < bin->surplus)
        floor = bin->surplus;
    if (bin->used != sum->used[code] || bin->pages_count != sum->pages[code])
        return CORRUPT("bin %u: %" PRIu64 " blocks in %u pages, but the pages "
                       "say %" PRIu64 " in %u",
                       (unsigned)code, bin->used, (unsigned)bin->pages_count,
                       sum->used[code], (unsigned)sum->pages[code]);
    for (const kaa_heap__page *page = bin->pages; page != NULL;
         page = page->next) {
        if (page->previous != previous || page->code != code ||
            ++listed > sum->listed[code])
            return CORRUPT("bin %u: its list is broken at page %p",
                           (unsigned)code, (const void *)page);
        previous = page;
    }
    if (listed != sum->listed[code])
        return CORRUPT("bin %u: %u pages listed, but %u have free blocks",
                       (unsigned)code, (unsigned)listed,
                       (unsigned)sum->listed[code]);
    if (live > bin->peak || (!heap->checked && bin->floor != KAA_HEAP__ARMED &&
                             bin->floor - bin->cache != (ptrdiff_t)floor))
        return CORRUPT("bin %u: %" PRIu64 " live, peak %" PRIu64 ", floor %td",
                       (unsigned)code, live, bin->peak,
                       bin->floor - bin->cache);
    return verify_hot(heap, bin, code, err);
}

static kaa_status
verify_heap(kaa_heap *heap, const sums *sum, kaa_error *err)
{
    kaa_status status = KAA_OK;
    uint64_t blocks = 0, surplus_bytes = 0;

    if (sum->pages_used != heap->pages_used || sum->dirty != heap->dirty ||
        sum->arenas != heap->arenas_count ||
        sum->reserved != heap->bytes_reserved)
        return CORRUPT("%" PRIu64 " pages used and %" PRIu64
                       " dirty in %" PRIu64 " arenas, but counted %" PRIu64
                       ", %" PRIu64 ", %" PRIu64,
                       heap->pages_used, heap->dirty, heap->arenas_count,
                       sum->pages_used, sum->dirty, sum->arenas);
    for (uint32_t code = 0; code < KAA_HEAP__BINS && status == KAA_OK; code++) {
        const kaa_heap__bin *bin = &heap->bins[code];

        blocks += sum->used[code] - bin->surplus;
        if (bin->surplus != 0)
            surplus_bytes += (uint64_t)bin->surplus *
                             kaa_heap__classes[KAA_HEAP__CLASS(code)].size;
        if (heap->bins_used[code / 64] >> (code % 64) & 1u)
            status = verify_bin(heap, code, sum, err);
        else if (sum->pages[code] != 0 || bin->limit != NULL)
            return CORRUPT("bin %u is in use unnoticed", (unsigned)code);
    }
    for (uint32_t i = 0; i < KAA_HEAP_KIND_COUNT && status == KAA_OK; i++) {
        blocks += sum->large[i];
        if (sum->large[i] != heap->large[i].blocks_live ||
            sum->large_bytes[i] != heap->large[i].bytes_live)
            return CORRUPT("%" PRIu64 " large blocks of kind %u, counted "
                           "%" PRIu64,
                           heap->large[i].blocks_live, (unsigned)i,
                           sum->large[i]);
    }
    if (status == KAA_OK && surplus_bytes != heap->surplus_bytes)
        return CORRUPT("%" PRIu64 " surplus bytes, counted %" PRIu64,
                       heap->surplus_bytes, surplus_bytes);
    if (status == KAA_OK && blocks != heap->taken.blocks_live)
        return CORRUPT("%" PRIu64 " blocks taken, counted %" PRIu64,
                       heap->taken.blocks_live, blocks);
    return status;
}

kaa_status
kaa_heap_verify(kaa_heap *heap, kaa_error *err)
{
    kaa_status status = KAA_OK;
    sums sum = {.pages_used = 0};

    kaa_heap_collect_remote(heap);
    for (kaa_heap__arena *arena = heap->arenas;
         arena != NULL && status == KAA_OK; arena = arena->next)
        status = verify_arena(heap, arena, &sum, err);
    if (status == KAA_OK)
        status = verify_own(heap, &sum, err);
    if (status == KAA_OK)
        status = verify_heap(heap, &sum, err);
    return status;
}
