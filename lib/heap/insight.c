/* heap/insight.c - the figures of a heap, and its live blocks one by one.
 *
 * Nothing is counted when a block is allocated or freed: what is live follows
 * from what the pages gave out and what waits in the bins.
 */
#include "heap/internal.h"

static kaa_heap_count
bin_count(const kaa_heap__bin *bin)
{
    uint64_t size = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].size;
    uint64_t live = bin->used - kaa_heap__cached(bin) - bin->held;

    return (kaa_heap_count){live, bin->peak, live * size, bin->peak * size};
}

static kaa_heap_count
large_count(const kaa_heap *heap, uint32_t kind)
{
    kaa_heap_count count = heap->large[kind];

    count.blocks_live -= heap->large_held[kind].blocks_live;
    count.bytes_live -= heap->large_held[kind].bytes_live;
    return count;
}

static int
is_used(const kaa_heap *heap, uint32_t code)
{
    return (int)(heap->bins_used[code / 64] >> (code % 64) & 1u);
}

static void
add_live(kaa_heap_count *sum, kaa_heap_count count)
{
    sum->blocks_live += count.blocks_live;
    sum->bytes_live += count.bytes_live;
}

static void
fill(kaa_heap *heap, kaa_heap_statistics *stats)
{
    for (uint32_t kind = 0; kind < KAA_HEAP_KIND_COUNT; kind++) {
        kaa_heap_count *sum = &stats->kinds[kind];

        add_live(sum, large_count(heap, kind));
        for (uint32_t i = 0; i < KAA_HEAP__CLASSES; i++)
            if (is_used(heap, kind << 6 | i))
                add_live(sum, bin_count(&heap->bins[kind << 6 | i]));
        sum->blocks_peak = heap->taken_kinds[kind].blocks_peak;
        sum->bytes_peak = heap->taken_kinds[kind].bytes_peak;
        add_live(&stats->total, *sum);
    }
    stats->total.blocks_peak = heap->taken.blocks_peak;
    stats->total.bytes_peak = heap->taken.bytes_peak;
    stats->arenas = heap->arenas_count;
    stats->bytes_reserved = heap->bytes_reserved;
    stats->pages = heap->pages_used;
    stats->pages_peak = heap->pages_peak;
    stats->bytes_in_pages = heap->pages_used * KAA_HEAP__PAGE_BYTES;
    stats->bytes_idle = stats->bytes_in_pages - stats->total.bytes_live;
    stats->bytes_kept = heap->dirty * KAA_HEAP__PAGE_BYTES;
    stats->bytes_given_back = heap->given_back;
    stats->purges = heap->purges;
    stats->quarantine_bytes = heap->debug.quarantine_bytes;
    stats->allocations = heap->debug.serial;
    if (stats->bytes_in_pages != 0)
        stats->fragmentation_permille =
            (uint32_t)(stats->bytes_idle / (stats->bytes_in_pages / 1000 + 1));
}

/* Copies as much as the caller knows, and zeroes what it knows beyond. */
static kaa_status
hand_out(void *out, const void *ours, uint32_t our_size, kaa_error *err)
{
    uint32_t size;

    memcpy(&size, out, sizeof(size));
    if (size < sizeof(size))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out_stats->size is %u: set it to "
                              "sizeof(*out_stats)",
                              (unsigned)size);
    memset(out, 0, size);
    memcpy(out, ours, size < our_size ? size : our_size);
    memcpy(out, &size, sizeof(size));
    return KAA_OK;
}

kaa_status
kaa_heap_read_statistics(kaa_heap *heap, kaa_heap_statistics *out_stats,
                         kaa_error *err)
{
    kaa_heap_statistics stats = {.size = sizeof(stats)};

    if (heap == NULL || out_stats == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "heap and out_stats may not be NULL");
    kaa_heap_collect_remote(heap);
    fill(heap, &stats);
    return hand_out(out_stats, &stats, sizeof(stats), err);
}

uint32_t
kaa_heap_class_count(void)
{
    return KAA_HEAP__CLASSES + 1;
}

kaa_status
kaa_heap_read_class_statistics(kaa_heap *heap, kaa_heap_kind kind,
                               uint32_t index,
                               kaa_heap_class_statistics *out_stats,
                               kaa_error *err)
{
    kaa_heap_class_statistics stats = {.size = sizeof(stats)};

    if (heap == NULL || out_stats == NULL ||
        (unsigned)kind >= KAA_HEAP_KIND_COUNT || index > KAA_HEAP__CLASSES)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "no such heap, kind or class");
    kaa_heap_collect_remote(heap);
    if (index == KAA_HEAP__CLASSES) {
        stats.count = large_count(heap, (uint32_t)kind);
        stats.pages = heap->large[kind].bytes_live >> KAA_HEAP__PAGE_SHIFT;
    } else {
        const kaa_heap__class *class = &kaa_heap__classes[index];
        uint32_t code = (uint32_t)kind << 6 | index;
        const kaa_heap__bin *bin = &heap->bins[code];

        stats.block_size = class->size;
        if (is_used(heap, code)) {
            stats.count = bin_count(bin);
            stats.pages = bin->pages_count;
            stats.blocks_free = (uint64_t) class->capacity * bin->pages_count -
                                stats.count.blocks_live;
        }
    }
    return hand_out(out_stats, &stats, sizeof(stats), err);
}

static int
visit_page(kaa_heap *heap, const kaa_heap__page *page, kaa_heap_visitor visit,
           void *user)
{
    const kaa_heap__arena *arena = kaa_heap__arena_of(page);
    const uint64_t *bits = arena->bits[kaa_heap__index_in(arena, page)];

    for (uint32_t i = 0; i < page->capacity; i++) {
        kaa_heap_block block = {.size = sizeof(block),
                                .kind = (int32_t)KAA_HEAP__KIND(page->code),
                                .block = kaa_heap__block_at(page, i),
                                .block_size = kaa_heap__bytes_of(page)};
        int answer;

        if (page->size != 0 && bits[i / 64] >> (i % 64) & 1u)
            continue;
        if (heap->checked & KAA_HEAP__CHECK_DEBUG) {
            const kaa_heap__record *record = &page->records[i];

            if (record->state != KAA_HEAP__LIVE)
                continue;
            block.block = record->user;
            block.block_size = record->size;
            block.serial = record->serial;
            block.site = record->site;
        }
        answer = visit(&block, user);
        if (answer != 0)
            return answer;
    }
    return 0;
}

static int
walk_arena(kaa_heap *heap, kaa_heap__arena *arena, uint32_t kinds,
           kaa_heap_visitor visit, void *user)
{
    int answer = 0;

    for (uint32_t i = 0; i < KAA_HEAP__PAGES && answer == 0; i++) {
        const kaa_heap__page *page = &arena->pages[i];

        if ((KAA_HEAP__IS_BLOCKS(arena->codes[i]) ||
             arena->codes[i] == KAA_HEAP__LARGE) &&
            kinds >> KAA_HEAP__KIND(page->code) & 1u)
            answer = visit_page(heap, page, visit, user);
    }
    return answer;
}

int
kaa_heap_walk(kaa_heap *heap, uint32_t kinds, kaa_heap_visitor visit,
              void *user)
{
    int answer = 0;

    if (kinds == 0)
        kinds = (1u << KAA_HEAP_KIND_COUNT) - 1;
    kaa_heap_collect_remote(heap);
    kaa_heap__turn_hot(heap);
    for (kaa_heap__arena *arena = heap->arenas; arena != NULL && answer == 0;
         arena = arena->next)
        answer = walk_arena(heap, arena, kinds, visit, user);
    for (kaa_heap__arena *arena = heap->own; arena != NULL && answer == 0;
         arena = arena->next)
        answer = walk_arena(heap, arena, kinds, visit, user);
    kaa_heap__turn_hot(heap);
    return answer;
}
