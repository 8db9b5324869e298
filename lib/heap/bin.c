/* heap/bin.c - blocks of one class and kind: `cache` and the pages behind it.
 *
 *     alloc <-- cache <--- refill: half of it, lowest addresses of a page first
 *     free  --> cache ---> flush: the half that waited longest
 *
 * Live blocks are those taken out of pages less the cached ones. A new peak of
 * them is reached where used - count > peak, that is where count falls below
 * used - peak: `floor` stands there, so that the one comparison which finds
 * an empty cache also finds each new peak, and the peaks are exact for nothing.
 *
 * Cached blocks keep their pages from falling empty. Where a bin's live blocks
 * lie thin on many pages, `limit` falls with them.
 */
#include "heap/internal.h"

#include <stddef.h>

#include "base/memory.h"

/* The bench compiles this once more without statistics, to see their cost. */
#ifdef KAA_HEAP_BARE
#define IS_BARE 1
#else
#define IS_BARE 0
#endif

#define REFILL_PAGES_MAX 4 /* thinly filled pages looked at in one refill */
#define RAMP_FIRST 8u      /* blocks in the first refill of a sampled bin */
#define RAMP_LAST 7u       /* refills of a sampled bin; then it is none */
#define SPARSE_PAGES 2     /* a bin of so many may be thin */
#define SPARSE_SHARE 8     /* and is, when less than an eighth of it is live */

#define CLASS(size, cached)                                                    \
    {                                                                          \
        (size), (uint32_t)((((uint64_t)1 << 32) + (size)-1) / (size)),         \
            (uint32_t)(KAA_HEAP__PAGE_BYTES / (size)), (cached)                \
    }
#define CLASSES_4(start, step, cached)                                         \
    CLASS((start) + (step), cached), CLASS((start) + 2 * (step), cached),      \
        CLASS((start) + 3 * (step), cached),                                   \
        CLASS((start) + 4 * (step), cached)

const kaa_heap__class kaa_heap__classes[KAA_HEAP__CLASSES] = {
    CLASSES_4(0, 16, 512),    CLASSES_4(64, 16, 512),
    CLASSES_4(128, 16, 256),  CLASSES_4(192, 16, 256),
    CLASSES_4(256, 16, 256),  CLASSES_4(320, 16, 256),
    CLASSES_4(384, 16, 256),  CLASSES_4(448, 16, 256),
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
    if (IS_BARE) {
        heap->taken.bytes_live += bytes; /* giving back goes by it */
        return;
    }
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
    if (IS_BARE) {
        heap->taken.bytes_live -= bytes;
        return;
    }
    kaa_heap__count_sub(&heap->taken_kinds[KAA_HEAP__KIND(bin->code)], blocks,
                        bytes);
    kaa_heap__count_sub(&heap->taken, blocks, bytes);
}

static void
set_floor(kaa_heap__bin *bin)
{
    uint64_t above = bin->used > bin->peak ? bin->used - bin->peak : 0;

    if (IS_BARE || above < bin->surplus)
        above = bin->surplus;
    bin->floor = bin->cache + above;
}

static kaa_heap__bin *
bin_of(kaa_heap *heap, uint32_t code)
{
    kaa_heap__bin *bin = &heap->bins[code];

    if (bin->code != code || !(heap->bins_used[code / 64] >> code % 64 & 1u)) {
        bin->code = (uint8_t)code;
        bin->top = bin->floor = bin->limit = bin->cache = heap->cache[code];
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
    uint32_t index, words = (class->capacity + 63) / 64;
    int was_dirty;
    kaa_heap__page *page;
    kaa_heap__arena *arena;
    uint64_t *bits;

    /* No fresh memory while much of what the heap has is surplus elsewhere. */
    if (heap->dirty == 0 &&
        heap->surplus_bytes > heap->pages_used * (KAA_HEAP__PAGE_BYTES / 8))
        kaa_heap__flush_all(heap);
    page = kaa_heap__pages_take(heap, 1, 1, &was_dirty);
    if (page == NULL)
        return NULL;
    arena = kaa_heap__arena_of(page);
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

/* Two pointers at once. */
typedef uintptr_t pair __attribute__((vector_size(16), aligned(8), may_alias));

/* Writes `run` neighbours downwards from `out`. This and run_length() are most
 * of what a block costs that goes to its page and comes back. */
static inline void
write_run(void **out, char *block, uint32_t run, uint32_t size)
{
    pair two = {(uintptr_t)block + size, (uintptr_t)block};
    const pair step = {(uintptr_t)2 * size, (uintptr_t)2 * size};

    for (; run >= 4; run -= 4) {
        *(pair *)(out - 2) = two;
        two += step;
        *(pair *)(out - 4) = two;
        two += step;
        out -= 4;
    }
    for (block = (char *)two[1]; run > 0; run--, block += size)
        *--out = block;
}

/* Takes up to `want` blocks and writes them downwards from `out`. */
static uint32_t
take(kaa_heap__page *page, void **out, uint32_t want)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(page);
    uint32_t index = kaa_heap__index_in(arena, page);
    uint64_t *bits = arena->bits[index];
    uint32_t word = page->hint, size = page->size, got = 0;
    char *base = kaa_heap__page_base(arena, index) + (size_t)word * 64 * size;

    if (want > page->capacity - page->used)
        want = page->capacity - page->used;
    while (got < want) {
        uint64_t left = bits[word];

        while (left != 0 && got < want) {
            uint32_t first = (uint32_t)__builtin_ctzll(left);
            uint64_t taken = ~(left >> first);
            uint32_t run = taken != 0 ? (uint32_t)__builtin_ctzll(taken) : 64;

            if (run > want - got)
                run = want - got;
            KAA_ASSERT(run > 0);
            write_run(out - got, base + (size_t)first * size, run, size);
            got += run;
            left &= ~((~(uint64_t)0 >> (64 - run)) << first);
        }
        bits[word] = left;
        if (left == 0) {
            word++;
            base += (size_t)64 * size;
        }
    }
    page->hint = word;
    page->used += got;
    return got;
}

static uint32_t
refill(kaa_heap *heap, kaa_heap__bin *bin)
{
    uint32_t max = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].cache_max;
    uint32_t want = max - max / 4, got = 0;
    int is_sampled = heap->pace.sampled && RAMP_FIRST << bin->ramp < want;

    if (atomic_load_explicit(&heap->remote, memory_order_relaxed) != NULL) {
        kaa_heap_collect_remote(heap);
        if (bin->top != bin->cache)
            return 1;
    }
    if (is_sampled)
        want = RAMP_FIRST << bin->ramp++;
    for (int i = 0; i < REFILL_PAGES_MAX && got < want; i++) {
        kaa_heap__page *page = bin->pages;

        if (page == NULL) {
            if (got != 0)
                break;
            page = page_new(heap, bin);
            if (page == NULL)
                return 0;
        }
        got += take(page, bin->cache + want - got, want - got);
        if (page->used == page->capacity)
            list_remove(bin, page);
    }
    if (got < want)
        memmove(bin->cache, bin->cache + want - got,
                got * sizeof(bin->cache[0]));
    bin->limit = bin->cache + max;
    bin->top = bin->cache + got;
    count_taken(heap, bin, got);
    if (is_sampled)
        bin->floor = KAA_HEAP__ARMED;
    else
        set_floor(bin);
    kaa_heap__pace_event(heap);
    return got;
}

/* How many of the `count` blocks lie one behind the other. */
static inline uint32_t
run_length(void *const *blocks, uint32_t count, uint32_t size)
{
    uintptr_t next = (uintptr_t)blocks[0] + size;
    const pair step = {(uintptr_t)2 * size, (uintptr_t)2 * size};
    pair two = {next, next + size};
    uint32_t run = 1;

    if (count == 1 || (uintptr_t)blocks[1] != next)
        return 1;
    for (; run + 8 <= count; run += 8) {
        const pair *at = (const pair *)(blocks + run);
        pair differ = at[0] ^ two;

        two += step;
        differ |= at[1] ^ two;
        two += step;
        differ |= at[2] ^ two;
        two += step;
        differ |= at[3] ^ two;
        two += step;
        if ((differ[0] | differ[1]) != 0)
            break;
    }
    for (next = (uintptr_t)blocks[0] + (uintptr_t)run * size;
         run < count && (uintptr_t)blocks[run] == next; run++)
        next += size;
    return run;
}

/* Marks the first of `blocks` free, as many as lie in the page of the first;
 * returns how many. What is free already or no block is reported, taken for
 * marked, and added to *out_wrong. */
static uint32_t
mark_free(kaa_heap *heap, kaa_heap__page *page, void *const *blocks,
          uint32_t count, uint32_t *out_wrong)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(page);
    uint32_t index = kaa_heap__index_in(arena, page);
    uint64_t *bits = arena->bits[index];
    uintptr_t base = (uintptr_t)kaa_heap__page_base(arena, index);
    uint32_t at =
        kaa_heap__block_index(page, (uint32_t)((uintptr_t)blocks[0] - base)) /
        64;
    uint32_t hint = at < page->hint ? at : page->hint, done = 0;
    uint32_t size = page->size;
    uint64_t word = bits[at];

    while (done < count) {
        uintptr_t offset = (uintptr_t)blocks[done] - base;
        uint32_t number, run, room;
        uint64_t mask;

        if (offset >= KAA_HEAP__PAGE_BYTES)
            break;
        number = kaa_heap__block_index(page, (uint32_t)offset);
        if (number / 64 != at) {
            bits[at] = word;
            at = number / 64;
            word = bits[at];
            hint = at < hint ? at : hint;
        }
        /* What was allocated in a row is often freed in a row. */
        room =
            count - done < 64 - number % 64 ? count - done : 64 - number % 64;
        run = run_length(blocks + done, room, size);
        mask = (~(uint64_t)0 >> (64 - run)) << number % 64;
        if (KAA_UNLIKELY(word & mask) || (uintptr_t)number * size != offset) {
            run = 1;
            mask = (uint64_t)1 << number % 64;
            if (word & mask || (uintptr_t)number * size != offset) {
                kaa_heap__report(heap,
                                 (uintptr_t)number * size != offset
                                     ? KAA_HEAP_FOREIGN_POINTER
                                     : KAA_HEAP_DOUBLE_FREE,
                                 blocks[done], NULL, size);
                ++*out_wrong;
                mask = 0;
            }
        }
        word |= mask;
        done += run;
    }
    bits[at] = word;
    page->hint = hint;
    return done;
}

/* Gives `count` blocks back to their pages; returns how many were wrong. */
static uint32_t
put(kaa_heap *heap, kaa_heap__bin *bin, void *const *blocks, uint32_t count)
{
    uint32_t all_wrong = 0;

    while (count > 0) {
        kaa_heap__arena *arena = kaa_heap__arena_of(*blocks);
        kaa_heap__page *page = &arena->pages[kaa_heap__page_index(*blocks)];
        uint32_t wrong = 0;
        uint32_t done = mark_free(heap, page, blocks, count, &wrong);

        if (page->used == page->capacity && done != wrong)
            list_add(bin, page);
        page->used -= done - wrong;
        if (page->used == 0) {
            list_remove(bin, page);
            bin->pages_count--;
            kaa_heap__pages_give(heap, page, 1);
        }
        all_wrong += wrong;
        blocks += done;
        count -= done;
    }
    return all_wrong;
}

/* The oldest `blocks` of the cache. */
static void
flush(kaa_heap *heap, kaa_heap__bin *bin, uint32_t blocks)
{
    uint32_t wrong = put(heap, bin, bin->cache, blocks);

    bin->top -= blocks;
    memmove(bin->cache, bin->cache + blocks,
            kaa_heap__cached(bin) * sizeof(bin->cache[0]));
    count_put(heap, bin, blocks - wrong);
    if (bin->surplus != 0)
        kaa_heap__use_surplus(heap, bin, blocks);
}

static void
set_limit(kaa_heap *heap, kaa_heap__bin *bin)
{
    const kaa_heap__class *class =
        &kaa_heap__classes[KAA_HEAP__CLASS(bin->code)];
    uint32_t max = class->cache_max;
    uint32_t count = kaa_heap__cached(bin);
    uint64_t live = bin->used - count;

    if (bin->pages_count >= SPARSE_PAGES &&
        live * SPARSE_SHARE < (uint64_t)bin->pages_count * class->capacity) {
        if (live / 8 < max)
            max = live / 8 < 2 ? 2 : (uint32_t)live / 8;
        if (count >= max)
            flush(heap, bin, count - max / 2);
    }
    bin->limit = bin->cache + bin->surplus + max;
}

/* Cached blocks have come down to the surplus ones. A sampled bin has seen as
 * many allocations as makes it a growing one. */
static void
step_down(kaa_heap *heap, kaa_heap__bin *bin)
{
    uint32_t max = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].cache_max;

    kaa_heap__use_surplus(heap, bin, max / 2);
    bin->limit = bin->cache + bin->surplus + max;
    if (bin->floor == KAA_HEAP__ARMED) {
        bin->floor = bin->cache;
        bin->ramp = RAMP_LAST;
    }
    kaa_heap__pace_event(heap);
}

void *
kaa_heap__bin_alloc(kaa_heap *heap, uint32_t code)
{
    kaa_heap__bin *bin = &heap->bins[code];
    uint64_t live;
    void *block;

    if (bin->top == bin->cache && refill(heap, bin_of(heap, code)) == 0)
        return NULL;
    block = *--bin->top;
    live = bin->used - kaa_heap__cached(bin);
    if (live > bin->peak)
        bin->peak = live;
    if (bin->surplus != 0 && kaa_heap__cached(bin) <= bin->surplus)
        step_down(heap, bin);
    if (KAA_UNLIKELY(bin->floor == KAA_HEAP__ARMED)) {
        kaa_heap__pace_sampled(heap, bin);
        if (bin->floor == KAA_HEAP__ARMED)
            return block;
    }
    set_floor(bin);
    return block;
}

/* Gives up what is cached, and lets nothing be cached again until the bin
 * needs a block: what is freed now goes straight to its page. */
static void
close_all(kaa_heap *heap)
{
    kaa_heap__flush_all(heap);
    for (uint32_t word = 0; word < KAA_HEAP__BINS / 64; word++)
        for (uint64_t bits = heap->bins_used[word]; bits != 0;
             bits &= bits - 1) {
            kaa_heap__bin *bin =
                &heap->bins[word * 64 + (uint32_t)__builtin_ctzll(bits)];

            bin->limit = bin->cache;
        }
}

void
kaa_heap__bin_free(kaa_heap *heap, kaa_heap__bin *bin, void *block)
{
    if (bin->limit == bin->cache) {
        kaa_heap__bin_put_one(heap, block);
        if (bin->floor != KAA_HEAP__ARMED)
            set_floor(bin);
        return;
    }
    if (bin->top >= bin->limit) {
        void **floor = bin->floor;
        uint32_t count = kaa_heap__cached(bin);

        if (kaa_heap__add_surplus(heap, bin)) {
            kaa_heap__pace_surplus(heap);
        } else {
            flush(heap, bin, count - count / 4);
            set_limit(heap, bin);
        }
        /* Armed before, or just now by what the flush freed: remains so. */
        if (floor != KAA_HEAP__ARMED && bin->floor != KAA_HEAP__ARMED)
            set_floor(bin);
        kaa_heap__pace_event(heap);
    }
    *bin->top++ = block;
    if (KAA_UNLIKELY(heap->pace.close_wanted)) {
        heap->pace.close_wanted = 0;
        close_all(heap);
    } else if (KAA_UNLIKELY(heap->pace.flush_wanted)) {
        kaa_heap__flush_open(heap);
    }
}

void *
kaa_heap__bin_take_one(kaa_heap *heap, uint32_t code)
{
    kaa_heap__bin *bin = bin_of(heap, code);
    kaa_heap__page *page = bin->pages;
    void *block[1] = {NULL};

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

    if (put(heap, &heap->bins[code], &block, 1) == 0)
        count_put(heap, &heap->bins[code], 1);
}

void
kaa_heap__bin_flush(kaa_heap *heap, kaa_heap__bin *bin)
{
    flush(heap, bin, kaa_heap__cached(bin));
    kaa_heap__extended_free(heap, bin);
    set_floor(bin);
}

void
kaa_heap__flush_all(kaa_heap *heap)
{
    for (uint32_t word = 0; word < KAA_HEAP__BINS / 64; word++)
        for (uint64_t bits = heap->bins_used[word]; bits != 0; bits &= bits - 1)
            kaa_heap__bin_flush(
                heap, &heap->bins[word * 64 + (uint32_t)__builtin_ctzll(bits)]);
}

void
kaa_heap__flush_open(kaa_heap *heap)
{
    kaa_heap__flush_all(heap);
    heap->pace.flush_wanted = 0;
    /* Pages that this freed are no reason to close: nothing is cached. */
    heap->pace.closed = heap->pace.close_wanted = 0;
}
