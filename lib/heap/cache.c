/* heap/cache.c - arenas from the system, and the few kept for the next heap.
 *
 * Everything global is here, and atomic: heaps of different owners come and go
 * at the same time, and a child of fork() must find it sound.
 */
#include "heap/internal.h"

#include "base/memory.h"
#include "base/os/os.h"

#define CACHE_SLOTS 8
#define CACHE_DIRTY_MAX ((int64_t)(64u << 20) / (int64_t)KAA_HEAP__PAGE_BYTES)
#define CACHE_NS_MAX 1000000000u
#define UNITS_MAX ((uintptr_t)1 << (48 - 26)) /* of 64 MiB, in 48 bits */

/* See lib/globals.txt. */
static _Atomic(kaa_heap__arena *) cache[CACHE_SLOTS];
static _Atomic int64_t cache_dirty; /* pages */
static _Atomic uint64_t arena_units[UNITS_MAX / 64];

int
kaa_heap__is_arena(const void *pointer)
{
    uintptr_t unit = (uintptr_t)pointer / KAA_HEAP__ARENA_BYTES;

    if (unit >= UNITS_MAX)
        return 0;
    return (int)(atomic_load_explicit(&arena_units[unit / 64],
                                      memory_order_acquire) >>
                     (unit % 64) &
                 1u);
}

static void
mark_arena(const kaa_heap__arena *arena, int is_one)
{
    uintptr_t unit = (uintptr_t)arena / KAA_HEAP__ARENA_BYTES;
    uint64_t bit = (uint64_t)1 << (unit % 64);

    if (unit >= UNITS_MAX)
        return;
    if (is_one)
        atomic_fetch_or(&arena_units[unit / 64], bit);
    else
        atomic_fetch_and(&arena_units[unit / 64], ~bit);
}

static void
advise_huge_pages(kaa_heap__arena *arena, int huge_pages)
{
    if (huge_pages || arena->huge_pages)
        kaa_base__want_huge_pages(arena, arena->bytes, huge_pages);
    arena->huge_pages = huge_pages != 0;
}

static kaa_heap__arena *
cache_take(void)
{
    for (int i = 0; i < CACHE_SLOTS; i++) {
        kaa_heap__arena *arena = NULL;

        if (atomic_load_explicit(&cache[i], memory_order_relaxed) != NULL)
            arena = atomic_exchange(&cache[i], NULL);
        if (arena != NULL) {
            atomic_fetch_sub(&cache_dirty, (int64_t)arena->dirty_count);
            return arena;
        }
    }
    return NULL;
}

/* 0 if there is no place. */
static int
cache_put(kaa_heap__arena *arena)
{
    for (int i = 0; i < CACHE_SLOTS; i++) {
        kaa_heap__arena *expected = NULL;

        if (atomic_compare_exchange_strong(&cache[i], &expected, arena)) {
            return 1;
        }
    }
    return 0;
}

kaa_heap__arena *
kaa_heap__arena_get(size_t bytes, int huge_pages, uint64_t now)
{
    kaa_heap__arena *arena = NULL;

    kaa_heap__cache_trim(now, 0);
    if (kaa_base__fault_due())
        return NULL;
    if (bytes == KAA_HEAP__ARENA_BYTES)
        arena = cache_take();
    if (arena == NULL) {
        arena = kaa_base__map(bytes, KAA_HEAP__ARENA_BYTES);
        if (arena == NULL)
            return NULL;
        arena->bytes = bytes;
        mark_arena(arena, 1);
    }
    if (arena->huge_pages != (uint32_t)(huge_pages != 0))
        advise_huge_pages(arena, huge_pages);
    return arena;
}

void
kaa_heap__arena_unmap(kaa_heap__arena *arena)
{
    mark_arena(arena, 0);
    KAA_HEAP__UNPOISON(arena, arena->bytes);
    kaa_base__unmap(arena, arena->bytes);
}

void
kaa_heap__arena_keep(kaa_heap__arena *arena, uint64_t now)
{
    int64_t dirty = (int64_t)arena->dirty_count;

    arena->heap = NULL;
    arena->cached_at = now;
    KAA_ASSERT(arena->bytes == KAA_HEAP__ARENA_BYTES);
    /* Counted first: whoever takes it counts it off again. */
    if (atomic_fetch_add(&cache_dirty, dirty) + dirty <= CACHE_DIRTY_MAX &&
        cache_put(arena))
        return;
    atomic_fetch_sub(&cache_dirty, dirty);
    kaa_heap__arena_unmap(arena);
}

void
kaa_heap__cache_trim(uint64_t now, int all)
{
    for (int i = 0; i < CACHE_SLOTS; i++) {
        kaa_heap__arena *arena;

        if (atomic_load_explicit(&cache[i], memory_order_relaxed) == NULL)
            continue;
        arena = atomic_exchange(&cache[i], NULL);
        if (arena == NULL)
            continue;
        if (!all && now - arena->cached_at < CACHE_NS_MAX && cache_put(arena))
            continue;
        atomic_fetch_sub(&cache_dirty, (int64_t)arena->dirty_count);
        kaa_heap__arena_unmap(arena);
    }
}
