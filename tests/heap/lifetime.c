/* heap/lifetime.c - what goes back to the system and when; how heaps end. */
#include "kaa_test.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kaa/heap.h>

#include "base/memory.h"
#include "heap/internal.h"

#define BLOCKS 200000
#define MIB ((uint64_t)1 << 20)

DEFERRABLE(kaa_heap_destroy, kaa_heap)

static void *blocks[BLOCKS];

static kaa_heap *
make_heap(kaa_test *t, uint32_t flags)
{
    kaa_heap_options options = {.size = sizeof(options), .flags = flags};
    kaa_heap *heap = NULL;

    CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
    DEFER(t, kaa_heap_destroy, heap);
    return heap;
}

static kaa_heap_statistics
measure(kaa_test *t, kaa_heap *heap)
{
    kaa_heap_statistics stats = {.size = sizeof(stats)};

    CHECK_OK(kaa_heap_read_statistics(heap, &stats, &t->err));
    return stats;
}

static void
fill(kaa_test *t, kaa_heap *heap, int count)
{
    kaa_test_random random = {5};

    for (int i = 0; i < count; i++) {
        blocks[i] = kaa_heap_alloc(heap, kaa_test_below(&random, 512) + 1,
                                   KAA_HEAP_OBJECT_TRACKED);
        CHECK_MEMORY(blocks[i]);
        *(char *)blocks[i] = 1;
    }
}

static void
empty(kaa_heap *heap, int count)
{
    kaa_test_random random = {6};

    for (int i = count - 1; i > 0; i--) {
        int j = (int)kaa_test_below(&random, (uint64_t)i + 1);
        void *swap = blocks[i];

        blocks[i] = blocks[j];
        blocks[j] = swap;
    }
    for (int i = 0; i < count; i++)
        kaa_heap_free(heap, blocks[i]);
}

static uint64_t
held(kaa_heap_statistics stats)
{
    return stats.bytes_in_pages + stats.bytes_kept;
}

/* Pages of an arena that the system says have memory. */
static uint64_t
resident_bytes(kaa_heap *heap)
{
    static unsigned char pages[KAA_HEAP__ARENA_BYTES / 4096];
    uint64_t sum = 0;

    for (kaa_heap__arena *arena = heap->arenas; arena != NULL;
         arena = arena->next) {
        char *start = kaa_heap__page_base(arena, KAA_HEAP__FIRST);
        size_t bytes = KAA_HEAP__PAGES_FREE_MAX * KAA_HEAP__PAGE_BYTES;

        if (mincore(start, bytes, pages) != 0)
            continue;
        for (size_t i = 0; i < bytes / 4096; i++)
            sum += (uint64_t)(pages[i] & 1) * 4096;
    }
    return sum;
}

KAA_TEST(a_drop_gives_nearly_all_back)
{
    kaa_heap *heap = make_heap(t, 0);
    int count = kaa_test_is_fault_run() ? 200 : BLOCKS;

    fill(t, heap, count);
    if (count == BLOCKS)
        CHECK(measure(t, heap).bytes_in_pages > 48 * MIB &&
              resident_bytes(heap) > 48 * MIB);
    empty(heap, count);
    CHECK_EQ(measure(t, heap).total.blocks_live, 0);
    CHECK(held(measure(t, heap)) <= 2 * MIB);
    if (!(heap->checked & KAA_HEAP__CHECK_VALGRIND) && !KAA_HEAP__ASAN)
        CHECK(resident_bytes(heap) <= 2 * MIB);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

/* The second drop comes too soon after the first, and must wait; then the
 * program goes on with what is cached. `due` is put in the past instead of
 * waiting. */
KAA_TEST(a_drop_that_had_to_wait_is_made_up_for)
{
    kaa_heap *heap = make_heap(t, 0);

    if (kaa_test_is_fault_run())
        SKIP("as the test before");
    for (int round = 0; round < 2; round++) {
        fill(t, heap, BLOCKS);
        heap->pace.due = round == 0 ? 0 : UINT64_MAX;
        empty(heap, BLOCKS);
    }
    if (heap->checked)
        SKIP("checked heaps cache nothing");
    CHECK(held(measure(t, heap)) > 16 * MIB);
    CHECK(heap->pace.sampled);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    for (int i = 0; i < 1000; i++)
        kaa_heap_free(heap, kaa_heap_alloc(heap, 48, KAA_HEAP_OBJECT_TRACKED));
    CHECK(held(measure(t, heap)) > 16 * MIB);
    heap->pace.due = 0;
    for (int i = 0; i < 1000; i++)
        kaa_heap_free(heap, kaa_heap_alloc(heap, 48, KAA_HEAP_OBJECT_TRACKED));
    CHECK(held(measure(t, heap)) <= 2 * MIB);
    CHECK(!heap->pace.sampled);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

/* Half is freed and not wanted for an epoch, while other pages come and go. */
KAA_TEST(pages_unused_for_an_epoch_go_back)
{
    kaa_heap *heap = make_heap(t, 0);
    void *run = NULL;

    if (kaa_test_is_fault_run())
        SKIP("as the test before");
    kaa_heap_trim(heap); /* of what it took over from a heap before */
    for (int i = 0; i < 300; i++) {
        blocks[i] = kaa_heap_alloc(heap, 65536, KAA_HEAP_RAW);
        CHECK_MEMORY(blocks[i]);
    }
    for (int i = 0; i < 150; i++)
        kaa_heap_free(heap, blocks[i]);
    CHECK_EQ(measure(t, heap).bytes_kept, 150 * 65536);
    heap->pace.epoch_start = 0; /* the epoch ends with the next event */
    heap->pace.events = 0;
    heap->pace.dirty_min = heap->dirty;
    for (int i = 0; i < 20; i++) {
        run = kaa_heap_alloc(heap, 65536, KAA_HEAP_RAW);
        CHECK_MEMORY(run);
        kaa_heap_free(heap, run);
    }
    CHECK(measure(t, heap).bytes_kept <= MIB);
    CHECK(measure(t, heap).bytes_given_back >= 140 * 65536);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(trim_gives_back_at_once)
{
    kaa_heap *heap = make_heap(t, 0);
    int count = kaa_test_is_fault_run() ? 2000 : 20000;
    uint64_t pages;

    fill(t, heap, count);
    for (int i = 0; i < count; i++)
        if (i % 1000 != 0)
            kaa_heap_free(heap, blocks[i]);
    kaa_heap_trim(heap);
    CHECK_EQ(measure(t, heap).bytes_kept, 0);
    CHECK_EQ(measure(t, heap).total.blocks_live, count / 1000);
    pages = measure(t, heap).pages;
    CHECK(pages <= (uint64_t)count / 1000);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    for (int i = 0; i < count; i += 1000)
        kaa_heap_free(heap, blocks[i]);
    kaa_heap_trim(heap);
    CHECK_EQ(measure(t, heap).pages, 0);
    kaa_heap_trim(NULL);
}

/* An arena that is kept for the next heap is nobody's, and goes when asked. */
KAA_TEST(kept_arenas_are_nobodys_and_go)
{
    kaa_heap *heap = NULL;
    uint32_t number = 0;
    void *block;

    CHECK_OK(kaa_heap_create(NULL, &heap, &t->err));
    block = kaa_heap_alloc(heap, 64, KAA_HEAP_RAW);
    kaa_heap_destroy(heap);
    CHECK_MEMORY(block);
    CHECK(!kaa_heap__is_arena(block) ||
          kaa_heap__find(heap, block, &number) == NULL);
    kaa_heap__cache_trim(0, 1);
    CHECK(!kaa_heap__is_arena(block));
}

KAA_TEST(huge_pages_go_back_whole)
{
    kaa_heap *heap = make_heap(t, KAA_HEAP_HUGE_PAGES);
    int runs = kaa_test_is_fault_run() ? 130 : 256;
    uint64_t kept;

    for (int i = 0; i < runs; i++) {
        blocks[i] = kaa_heap_alloc(heap, 65536, KAA_HEAP_RAW);
        CHECK_MEMORY(blocks[i]);
        *(char *)blocks[i] = 1;
    }
    for (int i = 0; i < runs; i++)
        if (i % 100 != 0)
            kaa_heap_free(heap, blocks[i]);
    kaa_heap_trim(heap);
    kept = measure(t, heap).bytes_kept;
    CHECK(kept > 0 && kept < (uint64_t)runs * 65536);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(young_arenas_go_and_the_home_stays)
{
    kaa_heap *heap = make_heap(t, 0);

    for (int i = 0; i < 10; i++) {
        blocks[i] = kaa_heap_alloc(heap, 30 * MIB, KAA_HEAP_RAW);
        CHECK_MEMORY(blocks[i]);
    }
    CHECK(measure(t, heap).arenas >= 5);
    for (int i = 0; i < 10; i++)
        kaa_heap_free(heap, blocks[i]);
    kaa_heap_trim(heap);
    CHECK_EQ(measure(t, heap).arenas, 1);
    CHECK_EQ(measure(t, heap).bytes_reserved, 64 * MIB);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(heaps_end_with_live_blocks_of_every_sort)
{
    for (uint32_t flags = 0; flags <= KAA_HEAP_DEBUG; flags++)
        for (int round = 0; round < (kaa_test_is_fault_run() ? 1 : 3);
             round++) {
            kaa_heap_options options = {.size = sizeof(options),
                                        .flags = flags};
            kaa_heap *heap = NULL;
            int is_short = 0;

            CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
            for (int i = 0;
                 i < (kaa_test_is_fault_run() ? 15 : 300) && !is_short; i++)
                is_short = kaa_heap_alloc(heap, (size_t)(i * i * 7),
                                          (kaa_heap_kind)(i % 3)) == NULL;
            is_short |= kaa_heap_alloc(heap, 80 * MIB, KAA_HEAP_RAW) == NULL ||
                        kaa_heap_alloc(heap, 80 * MIB, KAA_HEAP_RAW) == NULL;
            kaa_heap_free_remote(heap, kaa_heap_alloc(heap, 9, KAA_HEAP_RAW));
            kaa_heap_destroy(heap);
            if (is_short)
                CHECK_MEMORY(NULL);
        }
}

/* What one heap leaves in its arena is nothing to the next one. */
KAA_TEST(the_next_heap_begins_empty)
{
    kaa_heap *heap = NULL;
    unsigned char *block;

    CHECK_OK(kaa_heap_create(NULL, &heap, &t->err));
    block = kaa_heap_alloc(heap, 5000000, KAA_HEAP_OBJECT_TRACKED);
    if (block != NULL)
        memset(block, 0xAA, 5000000);
    kaa_heap_destroy(heap);
    CHECK_MEMORY(block);
    heap = make_heap(t, 0);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    CHECK_EQ(measure(t, heap).total.blocks_peak, 0);
    CHECK_EQ(measure(t, heap).pages, 0);
    block = kaa_heap_alloc_zeroed(heap, 5000000, KAA_HEAP_RAW, NULL);
    CHECK_MEMORY(block);
    for (int i = 0; i < 5000000; i++)
        if (block[i] != 0)
            FAIL("byte %d is %d", i, block[i]);
}

KAA_TEST(children_of_fork_go_on)
{
    kaa_heap *heap = make_heap(t, 0);
    int how = 0;
    pid_t child;

    if (kaa_test_is_fault_run())
        SKIP("as the test before");
    fill(t, heap, 1000);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        kaa_base__fault_set(0);
        for (int i = 0; i < 1000; i++)
            kaa_heap_free(heap, blocks[i]);
        for (int i = 0; i < 1000; i++)
            if (kaa_heap_alloc(heap, 100, KAA_HEAP_RAW) == NULL)
                _exit(1);
        if (kaa_heap_verify(heap, NULL) != KAA_OK)
            _exit(2);
        kaa_heap_trim(heap);
        kaa_heap_destroy(heap);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &how, 0) == child);
    CHECK_EQ(how, 0);
    CHECK_EQ(measure(t, heap).total.blocks_live, 1000);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

/* The system says no: everything fails politely, and works again after. */
KAA_TEST(no_address_space_is_no_memory)
{
    int how = 0;
    pid_t child;

    if (kaa_test_is_fault_run())
        SKIP("as the test before");
    if (KAA_HEAP__ASAN)
        SKIP("AddressSanitizer wants address space of its own");
    fflush(NULL);
    child = fork();
    if (child == 0) {
        struct rlimit limit = {300 * MIB, 300 * MIB};
        kaa_heap *heap = NULL, *other = NULL;
        int count = 0;
        void *block;

        kaa_base__fault_set(0);
        if (kaa_heap_create(NULL, &heap, NULL) != KAA_OK ||
            heap->checked & KAA_HEAP__CHECK_VALGRIND ||
            setrlimit(RLIMIT_AS, &limit) != 0 ||
            mmap(NULL, 2 * limit.rlim_max, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            _exit(77); /* an emulator does as if it limited */
        while ((block = kaa_heap_alloc(heap, MIB, KAA_HEAP_RAW)) != NULL)
            blocks[count++] = block;
        if (count < 50 || count > 250 ||
            kaa_heap_alloc(heap, 100 * MIB, KAA_HEAP_RAW) != NULL ||
            kaa_heap_verify(heap, NULL) != KAA_OK)
            _exit(1);
        while (kaa_heap_alloc(heap, 100, KAA_HEAP_RAW) != NULL)
            count += count < 1000000;
        while (kaa_heap_create(NULL, &other, NULL) == KAA_OK)
            count++;
        kaa_heap_free(heap, blocks[0]);
        if (kaa_heap_alloc(heap, 100, KAA_HEAP_RAW) == NULL ||
            kaa_heap_verify(heap, NULL) != KAA_OK)
            _exit(2);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &how, 0) == child);
    if (WIFEXITED(how) && WEXITSTATUS(how) == 77)
        SKIP("no limit holds here");
    CHECK_EQ(how, 0);
}
