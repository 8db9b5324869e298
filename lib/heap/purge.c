/* heap/purge.c - when free pages go back to the system, and how many.
 *
 * A page given back and wanted again costs 16 page faults, some 30 us: a
 * program that fills and empties its heap in turn must not pay that each time.
 * A page kept for nothing is what users of allocators complain of most. So:
 *
 * - Epochs. Of the free pages, those that were free throughout an epoch of half
 *   a second (the least number of free pages in it) go back at its end. The
 *   clock is read at every 16th page or lot of blocks taken or freed.
 * - Drops. When pages in use fall below a thirty-second of their peak, all free
 *   pages go back at once, but not again before a hundred times as long has
 *   passed as that took. The peak begins anew then.
 *   Cached blocks in the bins keep pages in use: they are given up when pages
 *   in use fall below an eighth, and bins stay closed until they need blocks.
 *   Surplus blocks keep theirs in use too, as long as some are wanted in each
 *   epoch.
 * - Arming. After a drop that had to wait, the program may only allocate what
 *   the bins have cached, and never come here. So bins are sampled: their
 * `floor` sends each allocation down the slow path, which reads the clock now
 * and then. A bin that needs fresh blocks is sampled no more: the heap grows
 * again.
 */
#include "heap/internal.h"

#include "base/clock.h"
#include "base/os/os.h"

#define EPOCH_NS 500000000u
#define DUE_NS 250000000u
#define DUE_FACTOR 100u /* at most one per cent of the time */
#define KEEP_PAGES 12u  /* not worth a thought */
#define DROP_SHARE 32u
#define NEAR_SHARE 8u
#define GROWN_SHARE 4u
#define EVENTS 16u
#define TICKS 256u
#define HUGE_PAGE_PAGES 32u /* 2 MiB */

static void
purge_run(kaa_heap *heap, kaa_heap__arena *arena, uint32_t index, uint32_t run)
{
    for (uint32_t i = index; i < index + run; i++)
        arena->dirty[i / 64] &= ~((uint64_t)1 << (i % 64));
    arena->dirty_count -= run;
    heap->dirty -= run;
    heap->given_back += run * KAA_HEAP__PAGE_BYTES;
    kaa_base__purge(kaa_heap__page_base(arena, index),
                    run * KAA_HEAP__PAGE_BYTES);
}

static int
is_dirty(const kaa_heap__arena *arena, uint32_t index)
{
    return (int)(arena->dirty[index / 64] >> (index % 64) & 1u);
}

/* Dirty pages that end at `end`; with huge pages only whole ones count, as
 * giving back a part would break them up. */
static uint32_t
run_before(const kaa_heap__arena *arena, uint32_t end, uint64_t most)
{
    uint32_t run = 0;

    if (arena->huge_pages) {
        if (end % HUGE_PAGE_PAGES != 0)
            return 0;
        most = HUGE_PAGE_PAGES;
    }
    while (run < most && run < end && is_dirty(arena, end - 1 - run))
        run++;
    return arena->huge_pages && run < HUGE_PAGE_PAGES ? 0 : run;
}

/* Returns how many pages went. */
static uint64_t
purge_arena(kaa_heap *heap, kaa_heap__arena *arena, uint64_t most)
{
    uint64_t gone = 0;
    uint32_t end = KAA_HEAP__PAGES;

    while (end > KAA_HEAP__FIRST && gone < most && arena->dirty_count != 0) {
        uint32_t run = run_before(arena, end, most - gone);

        if (run == 0) {
            end--;
            continue;
        }
        end -= run;
        purge_run(heap, arena, end, run);
        gone += run;
    }
    return gone;
}

void
kaa_heap__purge(kaa_heap *heap, uint64_t pages)
{
    kaa_heap__arena *home = kaa_heap__arena_of(heap);
    kaa_heap__arena *arena = heap->arenas_last;
    uint64_t gone = 0;

    while (arena != NULL && gone < pages) {
        kaa_heap__arena *before = arena->previous;

        if (arena != home && heap->pinned == 0 &&
            arena->free_count == KAA_HEAP__PAGES_FREE_MAX) {
            gone += arena->dirty_count;
            heap->given_back += arena->dirty_count * KAA_HEAP__PAGE_BYTES;
            kaa_heap__arena_remove(heap, arena);
            if (heap->checked & KAA_HEAP__CHECK_DEBUG)
                for (uint32_t i = KAA_HEAP__FIRST; i < KAA_HEAP__PAGES; i++)
                    kaa_heap__records_free(&arena->pages[i]);
            kaa_heap__arena_unmap(arena);
        } else {
            gone += purge_arena(heap, arena, pages - gone);
        }
        arena = before;
    }
    heap->purges += gone != 0;
}

static void
purge_bulk(kaa_heap *heap, uint64_t now)
{
    uint64_t dirty = heap->dirty;
    uint64_t end;

    kaa_heap__purge(heap, dirty);
    kaa_heap__cache_trim(now, 0);
    end = kaa_base__now_ns();
    heap->pace.last = dirty;
    heap->pace.used_peak = heap->pages_used;
    heap->pace.due = end + DUE_NS + (end - now) * DUE_FACTOR;
    heap->pace.sampled = 0;
    heap->pace.dirty_min = heap->dirty;
}

static void
arm(kaa_heap *heap)
{
    heap->pace.sampled = 1;
    heap->pace.ticks = TICKS;
    for (uint32_t word = 0; word < KAA_HEAP__BINS / 64; word++)
        for (uint64_t bits = heap->bins_used[word]; bits != 0;
             bits &= bits - 1) {
            kaa_heap__bin *bin =
                &heap->bins[word * 64 + (uint32_t)__builtin_ctzll(bits)];

            bin->floor = KAA_HEAP__ARMED;
            bin->ramp = 0;
        }
}

void
kaa_heap__pace_page_taken(kaa_heap *heap)
{
    kaa_heap__pace *pace = &heap->pace;

    if (heap->pages_used > pace->used_peak)
        pace->used_peak = heap->pages_used;
    if (heap->pages_used > pace->used_peak / GROWN_SHARE)
        pace->closed = pace->close_wanted = 0;
}

/* Called in the middle of flushing a bin: bins may not be flushed here. */
void
kaa_heap__pace_page_freed(kaa_heap *heap)
{
    kaa_heap__pace *pace = &heap->pace;

    if (heap->dirty > KEEP_PAGES &&
        heap->pages_used <= pace->used_peak / NEAR_SHARE) {
        uint64_t now = 0;

        if (!pace->closed)
            pace->closed = pace->close_wanted = 1;
        if (heap->pages_used <= pace->used_peak / DROP_SHARE)
            now = kaa_base__now_ns();
        /* A drop within a drop is small beside the last. */
        if (now != 0 &&
            (now >= pace->due || heap->dirty <= pace->last / NEAR_SHARE))
            purge_bulk(heap, now);
        else
            arm(heap);
    }
    kaa_heap__pace_event(heap);
}

void
kaa_heap__pace_event(kaa_heap *heap)
{
    kaa_heap__pace *pace = &heap->pace;
    uint64_t now;

    if (heap->dirty < pace->dirty_min)
        pace->dirty_min = heap->dirty;
    if (pace->events != 0) {
        pace->events--;
        return;
    }
    pace->events = EVENTS;
    now = kaa_base__now_ns();
    if (now - pace->epoch_start < EPOCH_NS)
        return;
    if (pace->dirty_min > KEEP_PAGES)
        kaa_heap__purge(heap, pace->dirty_min);
    if (pace->surplus_min != 0)
        pace->flush_wanted = 1;
    pace->surplus_min = heap->surplus_bytes;
    kaa_heap__cache_trim(now, 0);
    pace->epoch_start = now;
    pace->dirty_min = heap->dirty;
}

/* Surplus blocks keep their pages in use, so what tells that most was freed is
 * what is left of the others. */
void
kaa_heap__pace_surplus(kaa_heap *heap)
{
    kaa_heap__pace *pace = &heap->pace;
    uint64_t bytes = heap->pages_used * KAA_HEAP__PAGE_BYTES;

    if (heap->pages_used > KEEP_PAGES &&
        heap->taken.bytes_live <= bytes / NEAR_SHARE) {
        if (kaa_base__now_ns() >= pace->due)
            pace->closed = pace->close_wanted = 1;
        else
            arm(heap);
    }
    kaa_heap__pace_event(heap);
}

void
kaa_heap__pace_sampled(kaa_heap *heap, kaa_heap__bin *bin)
{
    kaa_heap__pace *pace = &heap->pace;
    uint64_t now;

    if (pace->sampled) {
        if (pace->ticks != 0) {
            pace->ticks--;
            return;
        }
        pace->ticks = TICKS;
        now = kaa_base__now_ns();
        if (now < pace->due)
            return;
        kaa_heap__flush_open(heap);
        purge_bulk(heap, now);
    }
    bin->floor = bin->cache;
}
