/* heap/heap.c - making a heap, and the ways in and out of it.
 *
 * The ways that every program takes, an array's worth of cached free blocks,
 * are the first lines of kaa_heap_alloc() and kaa_heap_free(). Checked heaps
 * (debug ones, and all under Valgrind) have bins that cache nothing
 * and no room, so those lines send them on without asking.
 */
#include "heap/internal.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/memory.h"

#define FLAGS_ALL (KAA_HEAP_DEBUG | KAA_HEAP_HUGE_PAGES | KAA_HEAP_REPORT_LEAKS)
#define QUARANTINE_BYTES ((uint64_t)1 << 20)

uint32_t
kaa_heap__class_aligned(size_t size, size_t alignment)
{
    uint32_t class = kaa_heap__class_of(size > alignment ? size : alignment);

    /* A power of two is at most three classes away. */
    while (kaa_heap__classes[class].size & (alignment - 1))
        class ++;
    return class;
}

kaa_heap__page *
kaa_heap__find(const kaa_heap *heap, const void *pointer, uint32_t *out_number)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(pointer);
    uint32_t index = kaa_heap__page_index(pointer);
    kaa_heap__page *page;

    *out_number = 0;
    if (!kaa_heap__is_arena(pointer) || arena->heap != heap ||
        arena->codes[index] == KAA_HEAP__BOOKS)
        return NULL;
    page = &arena->pages[index];
    if (arena->codes[index] == KAA_HEAP__REST)
        return &arena->pages[page->back];
    if (page->size != 0)
        *out_number = kaa_heap__block_index(
            page, (uint32_t)((uintptr_t)pointer & (KAA_HEAP__PAGE_BYTES - 1)));
    return *out_number < page->capacity ? page : NULL;
}

int
kaa_heap__is_in_use(const kaa_heap__page *page)
{
    const kaa_heap__arena *arena = kaa_heap__arena_of(page);

    return arena->codes[kaa_heap__index_in(arena, page)] != KAA_HEAP__FREE;
}

char *
kaa_heap__block_at(const kaa_heap__page *page, uint32_t number)
{
    const kaa_heap__arena *arena = kaa_heap__arena_of(page);

    return kaa_heap__page_base(arena, kaa_heap__index_in(arena, page)) +
           (size_t)number * page->size;
}

size_t
kaa_heap__bytes_of(const kaa_heap__page *page)
{
    return page->size != 0 ? page->size
                           : (size_t)page->run << KAA_HEAP__PAGE_SHIFT;
}

kaa_status
kaa_heap_create(const kaa_heap_options *options, kaa_heap **out_heap,
                kaa_error *err)
{
    kaa_heap_options chosen = {.size = sizeof(chosen)};
    uint64_t now = kaa_base__now_ns();
    kaa_heap__arena *arena;
    kaa_heap *heap;
    kaa_status status;

    if (out_heap == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 1,
                              "out_heap may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    if (chosen.flags & ~FLAGS_ALL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options.flags has bits that this version of "
                              "kaa does not know: 0x%x",
                              (unsigned)(chosen.flags & ~FLAGS_ALL));
    if (!(chosen.flags & KAA_HEAP_DEBUG) &&
        (chosen.flags & KAA_HEAP_REPORT_LEAKS || chosen.fail_nth != 0 ||
         chosen.quarantine_bytes != 0))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options.quarantine_bytes, fail_nth and "
                              "KAA_HEAP_REPORT_LEAKS want KAA_HEAP_DEBUG");
    arena = kaa_heap__arena_get(KAA_HEAP__ARENA_BYTES,
                                (chosen.flags & KAA_HEAP_HUGE_PAGES) != 0, now);
    if (arena == NULL)
        return kaa_base__fail_memory(err, "a heap");
    heap =
        (kaa_heap *)(void *)kaa_heap__page_base(arena, KAA_HEAP__HEADER_PAGES);
    kaa_heap__arena_add(heap, arena);
    heap->flags = chosen.flags;
    heap->pages_limit = chosen.bytes_limit / KAA_HEAP__PAGE_BYTES +
                        (chosen.bytes_limit % KAA_HEAP__PAGE_BYTES != 0);
    heap->misuse = chosen.misuse;
    heap->user = chosen.user;
    heap->pace.epoch_start = now;
    heap->pace.dirty_min = heap->dirty;
    heap->debug.quarantine_max = chosen.quarantine_bytes != 0
                                     ? chosen.quarantine_bytes
                                     : QUARANTINE_BYTES;
    heap->debug.fail_in = chosen.fail_nth;
    if (chosen.flags & KAA_HEAP_DEBUG)
        heap->checked |= KAA_HEAP__CHECK_DEBUG;
    if (kaa_heap__valgrind(KAA_HEAP__VG_RUNNING, 0, 0, 0, 0)) {
        heap->checked |= KAA_HEAP__CHECK_VALGRIND;
        kaa_heap__valgrind(KAA_HEAP__VG_POOL_CREATE, (uintptr_t)heap, 0, 0, 0);
    }
    *out_heap = heap;
    return KAA_OK;
}

static void
end_bin(kaa_heap__bin *bin)
{
    kaa_base__free(bin->extended);
    memset(bin, 0, sizeof(*bin));
}

void
kaa_heap_destroy(kaa_heap *heap)
{
    kaa_heap__arena *home, *arena, *next;
    uint64_t now;

    if (heap == NULL)
        return;
    kaa_heap__debug_fini(heap);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_POOL_DESTROY, (uintptr_t)heap, 0, 0, 0);
    now = kaa_base__now_ns();
    kaa_heap__cache_trim(now, 0);
    for (arena = heap->own; arena != NULL; arena = next) {
        next = arena->next;
        kaa_heap__arena_unmap(arena);
    }
    home = kaa_heap__arena_of(heap);
    for (arena = heap->arenas; arena != NULL; arena = next) {
        next = arena->next;
        kaa_heap__arena_abandon(arena);
        if (arena != home)
            kaa_heap__arena_keep(arena, now);
    }
    for (uint32_t word = 0; word < KAA_HEAP__BINS / 64; word++)
        for (uint64_t bits = heap->bins_used[word]; bits != 0; bits &= bits - 1)
            end_bin(&heap->bins[word * 64 + (uint32_t)__builtin_ctzll(bits)]);
    memset((void *)heap, 0, offsetof(kaa_heap, bins));
    kaa_heap__arena_keep(home, now);
}

static void *
alloc_slow(kaa_heap *heap, size_t size, size_t alignment, kaa_heap_kind kind,
           const char *site, int *out_zeroed)
{
    uint32_t class;
    void *block;

    if ((unsigned)kind >= KAA_HEAP_KIND_COUNT ||
        alignment > KAA_HEAP__ALIGNMENT_MAX || alignment == 0 ||
        (alignment & (alignment - 1)) != 0)
        return NULL;
    if (heap->checked)
        return kaa_heap__checked_alloc(heap, size, alignment, kind, site);
    if (size > KAA_HEAP__BLOCK_MAX || alignment > KAA_HEAP__BLOCK_MAX)
        return kaa_heap__large_alloc(heap, size, alignment, kind, out_zeroed);
    class = kaa_heap__class_aligned(size, alignment);
    block = kaa_heap__bin_alloc(heap, (uint32_t)kind << 6 | class);
    if (block != NULL)
        KAA_HEAP__UNPOISON(block, size);
    return block;
}

static inline void *
alloc(kaa_heap *heap, size_t size, kaa_heap_kind kind, const char *site)
{
    int zeroed;

    /* A size of 0 wraps, and goes the long way. */
    if (KAA_LIKELY(size - 1 < KAA_HEAP__SMALL_MAX)) {
        kaa_heap__bin *bin = &heap->bins[((uint32_t)kind & 3u) << 6 |
                                         (uint32_t)((size - 1) >> 4)];
        void **top = bin->top;

        if (KAA_LIKELY(top > bin->floor)) {
            bin->top = top - 1;
            KAA_HEAP__UNPOISON(top[-1], size);
            return top[-1];
        }
    }
    return alloc_slow(heap, size, KAA_HEAP__ALIGNMENT, kind, site, &zeroed);
}

void *
kaa_heap_alloc(kaa_heap *heap, size_t size, kaa_heap_kind kind)
{
    return alloc(heap, size, kind, NULL);
}

void *
kaa_heap_alloc_at(kaa_heap *heap, size_t size, kaa_heap_kind kind,
                  const char *site)
{
    return alloc(heap, size, kind, site);
}

void *
kaa_heap_alloc_zeroed(kaa_heap *heap, size_t size, kaa_heap_kind kind,
                      const char *site)
{
    int zeroed = 0;
    void *block;

    if (size <= KAA_HEAP__SMALL_MAX)
        block = alloc(heap, size, kind, site);
    else
        block =
            alloc_slow(heap, size, KAA_HEAP__ALIGNMENT, kind, site, &zeroed);
    if (block != NULL && !zeroed)
        memset(block, 0, size);
    return block;
}

void *
kaa_heap_alloc_aligned(kaa_heap *heap, size_t size, size_t alignment,
                       kaa_heap_kind kind, const char *site)
{
    int zeroed;

    if (alignment != 0 && alignment < KAA_HEAP__ALIGNMENT &&
        (alignment & (alignment - 1)) == 0)
        alignment = KAA_HEAP__ALIGNMENT;
    return alloc_slow(heap, size, alignment, kind, site, &zeroed);
}

static void
free_slow(kaa_heap *heap, void *block, uint32_t code, const char *site)
{
    if (heap->checked)
        kaa_heap__checked_free(heap, block, site);
    else if (code == KAA_HEAP__LARGE &&
             ((uintptr_t)block & (KAA_HEAP__PAGE_BYTES - 1)) == 0)
        kaa_heap__large_free(heap, block);
    else if (KAA_HEAP__IS_BLOCKS(code))
        kaa_heap__bin_free(heap, &heap->bins[code], block);
    else
        kaa_heap__report(heap,
                         code == KAA_HEAP__FREE ? KAA_HEAP_DOUBLE_FREE
                                                : KAA_HEAP_FOREIGN_POINTER,
                         block, NULL, 0);
}

static inline void
free_block(kaa_heap *heap, void *block, const char *site)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(block);
    kaa_heap__bin *bin;
    size_t code;
    void **top;

    if (KAA_UNLIKELY(block == NULL))
        return;
    if (KAA_UNLIKELY(heap->checked)) {
        kaa_heap__checked_free(heap, block, site);
        return;
    }
    KAA_ASSERT(kaa_heap__is_arena(block) && arena->heap == heap);
    code = arena->codes[kaa_heap__page_index(block)];
    bin = &heap->bins[code];
    top = bin->top;
#if KAA_HEAP__ASAN
    if (KAA_HEAP__IS_BLOCKS(code))
        KAA_HEAP__POISON(block, kaa_heap__classes[KAA_HEAP__CLASS(code)].size);
#endif
    if (KAA_LIKELY(top < bin->limit)) {
        *top = block;
        bin->top = top + 1;
        return;
    }
    free_slow(heap, block, (uint32_t)code, site);
}

void
kaa_heap_free(kaa_heap *heap, void *block)
{
    free_block(heap, block, NULL);
}

void
kaa_heap_free_at(kaa_heap *heap, void *block, const char *site)
{
    free_block(heap, block, site);
}

/* A block of a debug heap is linked by its record: its own bytes may be fewer
 * than a pointer has. */
void
kaa_heap_free_remote(kaa_heap *heap, void *block)
{
    void **link = block;
    void *node = block;
    void *head;

    if (block == NULL)
        return;
    if (heap->checked & KAA_HEAP__CHECK_DEBUG) {
        kaa_heap__record *record = kaa_heap__debug_queue(heap, block);

        if (record == NULL)
            return;
        node = record;
        link = (void **)&record->next;
    } else {
        KAA_HEAP__UNPOISON(block, sizeof(*link)); /* the class has room */
    }
    head = atomic_load_explicit(&heap->remote, memory_order_relaxed);
    do
        *link = head;
    while (!atomic_compare_exchange_weak_explicit(&heap->remote, &head, node,
                                                  memory_order_release,
                                                  memory_order_relaxed));
}

void
kaa_heap_collect_remote(kaa_heap *heap)
{
    int is_debug = (heap->checked & KAA_HEAP__CHECK_DEBUG) != 0;
    void *node;

    if (atomic_load_explicit(&heap->remote, memory_order_relaxed) == NULL)
        return;
    node = atomic_exchange_explicit(&heap->remote, NULL, memory_order_acquire);
    while (node != NULL) {
        void *next;

        if (is_debug) {
            kaa_heap__record *record = node;

            next = record->next;
            atomic_store_explicit(&record->queued, 0, memory_order_relaxed);
            kaa_heap__checked_free(heap, record->user, NULL);
        } else {
            next = *(void **)node;
            free_block(heap, node, NULL);
        }
        node = next;
    }
}

size_t
kaa_heap_block_size(kaa_heap *heap, const void *block)
{
    uint32_t number;
    kaa_heap__page *page;

    if (heap->checked & KAA_HEAP__CHECK_DEBUG) {
        kaa_heap__record *record = kaa_heap__debug_live(heap, block);

        return record != NULL ? record->size : 0;
    }
    page = kaa_heap__find(heap, block, &number);
    if (page == NULL || !kaa_heap__is_in_use(page))
        return 0;
    KAA_HEAP__UNPOISON(block, kaa_heap__bytes_of(page));
    return kaa_heap__bytes_of(page);
}

kaa_heap_kind
kaa_heap_block_kind(kaa_heap *heap, const void *block)
{
    uint32_t number;
    kaa_heap__page *page = kaa_heap__find(heap, block, &number);

    return page != NULL ? (kaa_heap_kind)KAA_HEAP__KIND(page->code)
                        : KAA_HEAP_RAW;
}

int
kaa_heap_owns(kaa_heap *heap, const void *pointer)
{
    uint32_t number;
    kaa_heap__page *page = kaa_heap__find(heap, pointer, &number);

    return page != NULL && kaa_heap__is_in_use(page);
}

/* A block of `old` bytes that stays where it is has taken in pages which
 * valgrind knows as freed. */
static void
tell_of_growth(kaa_heap *heap, void *block, size_t old)
{
    size_t now = kaa_heap_block_size(heap, block);

    kaa_heap__valgrind(KAA_HEAP__VG_POOL_CHANGE, (uintptr_t)heap,
                       (uintptr_t)block, (uintptr_t)block, now);
    if (now > old)
        kaa_heap__valgrind(KAA_HEAP__VG_UNDEFINED, (uintptr_t)block + old,
                           now - old, 0, 0);
}

void *
kaa_heap_realloc(kaa_heap *heap, void *block, size_t size, kaa_heap_kind kind,
                 const char *site)
{
    size_t old;
    void *moved;

    if (block == NULL)
        return kaa_heap_alloc_at(heap, size, kind, site);
    if (heap->checked & KAA_HEAP__CHECK_DEBUG) {
        if (kaa_heap__debug_live(heap, block) == NULL)
            return NULL;
    } else if (!kaa_heap_owns(heap, block)) {
        kaa_heap__report(heap, KAA_HEAP_FOREIGN_POINTER, block, NULL, 0);
        return NULL;
    }
    old = kaa_heap_block_size(heap, block);
    /* Debug heaps always move, so that stale pointers come to light. */
    if (!(heap->checked & KAA_HEAP__CHECK_DEBUG)) {
        if (old > KAA_HEAP__BLOCK_MAX &&
            kaa_heap__large_resize(heap, block, size)) {
            KAA_HEAP__UNPOISON(block, size);
            if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
                tell_of_growth(heap, block, old);
            return block;
        }
        if (size <= old && (size >= old / 2 || old <= 64) &&
            old <= KAA_HEAP__BLOCK_MAX)
            return block;
    }
    moved = kaa_heap_alloc_at(heap, size, kind, site);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old < size ? old : size);
    kaa_heap_free_at(heap, block, site);
    return moved;
}

void
kaa_heap_trim(kaa_heap *heap)
{
    uint64_t now = kaa_base__now_ns();

    if (heap != NULL) {
        kaa_heap_collect_remote(heap);
        kaa_heap__flush_all(heap);
        kaa_heap__purge(heap, UINT64_MAX);
        heap->pace.used_peak = heap->pages_used;
        heap->pace.dirty_min = heap->dirty;
        heap->pace.epoch_start = now;
    }
    kaa_heap__cache_trim(now, 1);
}

void
kaa_heap_fail_nth(kaa_heap *heap, uint64_t nth)
{
    heap->debug.fail_in = nth;
}
