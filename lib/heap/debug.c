/* heap/debug.c - heaps that watch their users.
 *
 *     raw block  | front guard FD.. | what the user has | rear guard FD.. to
 * end | 16 or alignment    CD.. when fresh,    16 or more DD.. when freed
 *
 * What is known of a block stands in a record beside the page, not in the
 * block, so no overrun can damage it; any pointer leads to its record by
 * arithmetic. Records outlive their blocks until the page is used anew: a
 * second free is named even long after the first.
 *
 * A freed block waits in the quarantine, oldest out first; on its way out, its
 * fill must be intact.
 *
 * Under Valgrind every heap comes this way; without KAA_HEAP_DEBUG it only
 * tells Valgrind of each block.
 */
#include "heap/internal.h"

#include "base/memory.h"

#define FRESH 0xCD
#define FREED 0xDD
#define GUARD 0xFD
#define GUARD_BYTES ((size_t)16)

static int
is_debug(const kaa_heap *heap)
{
    return (heap->checked & KAA_HEAP__CHECK_DEBUG) != 0;
}

/* Guards and fills are kaa's to look at, whatever the tools were told. */
static void
open_block(const kaa_heap *heap, const char *start, size_t bytes)
{
    KAA_HEAP__UNPOISON(start, bytes);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_DEFINED, (uintptr_t)start, bytes, 0, 0);
}

static void
close_block(const kaa_heap *heap, const char *start, size_t bytes)
{
    KAA_HEAP__POISON(start, bytes);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_NOACCESS, (uintptr_t)start, bytes, 0,
                           0);
}

static int
is_filled(const kaa_heap *heap, const char *start, size_t bytes, int with)
{
    int is_intact = 1;

    open_block(heap, start, bytes);
    for (size_t i = 0; i < bytes && is_intact; i++)
        is_intact = (unsigned char)start[i] == with;
    close_block(heap, start, bytes);
    return is_intact;
}

void
kaa_heap__records_free(kaa_heap__page *page)
{
    kaa_base__free(page->records);
    page->records = NULL;
}

static void *
raw_alloc(kaa_heap *heap, size_t size, size_t alignment, kaa_heap_kind kind)
{
    int zeroed;
    void *raw;
    kaa_heap__page *page;

    if (atomic_load_explicit(&heap->remote, memory_order_relaxed) != NULL)
        kaa_heap_collect_remote(heap);
    if (size <= KAA_HEAP__BLOCK_MAX && alignment <= KAA_HEAP__BLOCK_MAX)
        return kaa_heap__bin_take_one(
            heap,
            (uint32_t)kind << 6 | kaa_heap__class_aligned(size, alignment));
    raw = kaa_heap__large_alloc(heap, size, alignment, kind, &zeroed);
    if (raw == NULL || !is_debug(heap))
        return raw;
    page = &kaa_heap__arena_of(raw)->pages[kaa_heap__page_index(raw)];
    page->records = kaa_base__alloc_zeroed(sizeof(*page->records));
    if (page->records == NULL) {
        kaa_heap__large_free(heap, raw);
        return NULL;
    }
    return raw;
}

static void
raw_free(kaa_heap *heap, void *raw)
{
    if (kaa_heap__arena_of(raw)->codes[kaa_heap__page_index(raw)] ==
        KAA_HEAP__LARGE)
        kaa_heap__large_free(heap, raw);
    else
        kaa_heap__bin_put_one(heap, raw);
}

static int
is_failure_due(kaa_heap *heap)
{
    if (heap->debug.fail_in != 0 && --heap->debug.fail_in == 0) {
        kaa_base__stop_here();
        return 1;
    }
    return kaa_base__fault_due();
}

static void *
tell_valgrind(kaa_heap *heap, void *block, size_t size)
{
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_POOL_ALLOC, (uintptr_t)heap,
                           (uintptr_t)block, size, 0);
    return block;
}

void *
kaa_heap__checked_alloc(kaa_heap *heap, size_t size, size_t alignment,
                        kaa_heap_kind kind, const char *site)
{
    size_t front = alignment > GUARD_BYTES ? alignment : GUARD_BYTES, all;
    uint32_t number;
    kaa_heap__page *page;
    kaa_heap__record *record;
    char *raw;

    if (!is_debug(heap)) {
        raw = raw_alloc(heap, size, alignment, kind);
        if (raw == NULL)
            return NULL;
        page = kaa_heap__find(heap, raw, &number);
        return tell_valgrind(heap, raw, kaa_heap__bytes_of(page));
    }
    if (is_failure_due(heap) || size > SIZE_MAX - front - GUARD_BYTES)
        return NULL;
    raw = raw_alloc(heap, front + size + GUARD_BYTES, alignment, kind);
    if (raw == NULL)
        return NULL;
    page = kaa_heap__find(heap, raw, &number);
    all = kaa_heap__bytes_of(page);
    open_block(heap, raw, all);
    memset(raw, GUARD, front);
    memset(raw + front, FRESH, size);
    memset(raw + front + size, GUARD, all - front - size);
    close_block(heap, raw, front);
    close_block(heap, raw + front + size, all - front - size);
    record = &page->records[number];
    record->user = raw + front;
    record->size = size;
    record->serial = ++heap->debug.serial;
    record->site = site;
    record->site_free = NULL;
    record->next = NULL;
    record->front = (uint32_t)front;
    record->state = KAA_HEAP__LIVE;
    atomic_store_explicit(&record->queued, 0, memory_order_relaxed);
    return tell_valgrind(heap, raw + front, size);
}

/* Any pointer's record and what is wrong with freeing it; 0: nothing. */
static kaa_heap_misuse_kind
look_up(const kaa_heap *heap, const void *block, kaa_heap__record **out_record)
{
    uint32_t number;
    kaa_heap__page *page = kaa_heap__find(heap, block, &number);
    kaa_heap__record *record;

    *out_record = NULL;
    if (page == NULL || page->records == NULL ||
        page->records[number].user == NULL)
        return KAA_HEAP_FOREIGN_POINTER;
    record = *out_record = &page->records[number];
    if (record->user != block)
        return KAA_HEAP_FOREIGN_POINTER;
    return record->state == KAA_HEAP__LIVE ? (kaa_heap_misuse_kind)0
                                           : KAA_HEAP_DOUBLE_FREE;
}

kaa_heap__record *
kaa_heap__debug_live(kaa_heap *heap, const void *block)
{
    kaa_heap__record *record;
    kaa_heap_misuse_kind wrong = look_up(heap, block, &record);

    if ((int)wrong == 0)
        return record;
    kaa_heap__report(
        heap, wrong == KAA_HEAP_DOUBLE_FREE ? KAA_HEAP_USE_AFTER_FREE : wrong,
        block, record, 0);
    return NULL;
}

kaa_heap__record *
kaa_heap__debug_queue(kaa_heap *heap, void *block)
{
    kaa_heap__record *record;
    kaa_heap_misuse_kind wrong = look_up(heap, block, &record);

    if ((int)wrong == 0 &&
        atomic_exchange_explicit(&record->queued, 1, memory_order_relaxed))
        wrong = KAA_HEAP_DOUBLE_FREE;
    if ((int)wrong == 0)
        return record;
    kaa_heap__report(heap, wrong, block, record, 0);
    return NULL;
}

kaa_heap_misuse_kind
kaa_heap__debug_check(const kaa_heap *heap, const kaa_heap__page *page,
                      uint32_t number)
{
    const kaa_heap__record *record = &page->records[number];
    const char *raw = kaa_heap__block_at(page, number);
    const char *end = record->user + record->size;

    if (record->state == KAA_HEAP__QUARANTINED &&
        !is_filled(heap, record->user, record->size, FREED))
        return KAA_HEAP_USE_AFTER_FREE;
    if (record->state != KAA_HEAP__LIVE &&
        record->state != KAA_HEAP__QUARANTINED)
        return (kaa_heap_misuse_kind)0;
    if (!is_filled(heap, raw, record->front, GUARD))
        return KAA_HEAP_UNDERRUN;
    if (!is_filled(heap, end, kaa_heap__bytes_of(page) - (size_t)(end - raw),
                   GUARD))
        return KAA_HEAP_OVERRUN;
    return (kaa_heap_misuse_kind)0;
}

/* The oldest block of the quarantine becomes free for good. */
static void
let_go(kaa_heap *heap)
{
    kaa_heap__debug *debug = &heap->debug;
    kaa_heap__record *record = debug->quarantine_head;
    uint32_t number;
    kaa_heap__page *page = kaa_heap__find(heap, record->user, &number);
    kaa_heap_misuse_kind wrong = kaa_heap__debug_check(heap, page, number);
    size_t bytes = kaa_heap__bytes_of(page);

    if ((int)wrong != 0)
        kaa_heap__report(heap, wrong, record->user, record, 0);
    debug->quarantine_head = record->next;
    if (debug->quarantine_head == NULL)
        debug->quarantine_tail = NULL;
    debug->quarantine_bytes -= bytes;
    record->state = KAA_HEAP__FREED;
    if (page->size != 0)
        heap->bins[page->code].held--;
    else
        kaa_heap__count_sub(&heap->large_held[KAA_HEAP__KIND(page->code)], 1,
                            bytes);
    raw_free(heap, record->user - record->front);
}

static void
keep_back(kaa_heap *heap, kaa_heap__page *page, kaa_heap__record *record)
{
    kaa_heap__debug *debug = &heap->debug;
    size_t bytes = kaa_heap__bytes_of(page);

    record->next = NULL;
    if (debug->quarantine_tail != NULL)
        debug->quarantine_tail->next = record;
    else
        debug->quarantine_head = record;
    debug->quarantine_tail = record;
    debug->quarantine_bytes += bytes;
    if (page->size != 0)
        heap->bins[page->code].held++;
    else
        kaa_heap__count_add(&heap->large_held[KAA_HEAP__KIND(page->code)], 1,
                            bytes);
    while (debug->quarantine_bytes > debug->quarantine_max)
        let_go(heap);
}

void
kaa_heap__checked_free(kaa_heap *heap, void *block, const char *site)
{
    kaa_heap__record *record = NULL;
    kaa_heap_misuse_kind wrong;
    uint32_t number;
    kaa_heap__page *page;

    if (!is_debug(heap)) {
        page = kaa_heap__find(heap, block, &number);
        if (page == NULL || !kaa_heap__is_in_use(page)) {
            kaa_heap__report(heap,
                             page != NULL ? KAA_HEAP_DOUBLE_FREE
                                          : KAA_HEAP_FOREIGN_POINTER,
                             block, NULL, 0);
            return;
        }
        kaa_heap__valgrind(KAA_HEAP__VG_POOL_FREE, (uintptr_t)heap,
                           (uintptr_t)block, 0, 0);
        raw_free(heap, block);
        return;
    }
    wrong = look_up(heap, block, &record);
    if ((int)wrong == 0 &&
        atomic_load_explicit(&record->queued, memory_order_relaxed))
        wrong = KAA_HEAP_DOUBLE_FREE;
    if ((int)wrong != 0) {
        kaa_heap__report(heap, wrong, block, record, 0);
        return;
    }
    page = kaa_heap__find(heap, block, &number);
    wrong = kaa_heap__debug_check(heap, page, number);
    record->site_free = site;
    if ((int)wrong != 0) {
        /* Told once: the guards are put right. */
        char *raw = kaa_heap__block_at(page, number);
        size_t all = kaa_heap__bytes_of(page);

        kaa_heap__report(heap, wrong, block, record, 0);
        open_block(heap, raw, all);
        memset(raw, GUARD, all);
    }
    open_block(heap, record->user, record->size);
    memset(record->user, FREED, record->size);
    if (heap->checked & KAA_HEAP__CHECK_VALGRIND)
        kaa_heap__valgrind(KAA_HEAP__VG_POOL_FREE, (uintptr_t)heap,
                           (uintptr_t)block, 0, 0);
    close_block(heap, kaa_heap__block_at(page, number),
                kaa_heap__bytes_of(page));
    record->state = KAA_HEAP__QUARANTINED;
    keep_back(heap, page, record);
}

static int
report_leak(const kaa_heap_block *block, void *user)
{
    kaa_heap *heap = user;
    kaa_heap__record *record = NULL;

    look_up(heap, block->block, &record);
    kaa_heap__report(heap, KAA_HEAP_LEAK, block->block, record, 0);
    return 0;
}

void
kaa_heap__debug_fini(kaa_heap *heap)
{
    if (!is_debug(heap))
        return;
    kaa_heap_collect_remote(heap);
    while (heap->debug.quarantine_head != NULL)
        let_go(heap);
    if (heap->flags & KAA_HEAP_REPORT_LEAKS)
        kaa_heap_walk(heap, 0, report_leak, heap);
    for (kaa_heap__arena *arena = heap->arenas; arena != NULL;
         arena = arena->next)
        for (uint32_t i = KAA_HEAP__FIRST; i < KAA_HEAP__PAGES; i++)
            kaa_heap__records_free(&arena->pages[i]);
    for (kaa_heap__arena *arena = heap->own; arena != NULL; arena = arena->next)
        for (uint32_t i = KAA_HEAP__FIRST; i < KAA_HEAP__PAGES; i++)
            kaa_heap__records_free(&arena->pages[i]);
}
