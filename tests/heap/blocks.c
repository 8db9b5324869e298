/* heap/blocks.c - what each call of heap.h promises, one by one. */
#include "kaa_test.h"

#include <kaa/heap.h>

#include "heap/internal.h"

DEFERRABLE(kaa_heap_destroy, kaa_heap)

static kaa_heap *
make_heap(kaa_test *t, uint32_t flags, uint64_t bytes_limit)
{
    kaa_heap_options options = {
        .size = sizeof(options), .flags = flags, .bytes_limit = bytes_limit};
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

KAA_TEST(options_are_checked)
{
    kaa_heap_options options = {.size = sizeof(options), .flags = 1u << 31};
    kaa_heap *heap = NULL;

    CHECK_STATUS(kaa_heap_create(&options, &heap, &t->err), KAA_UNSUPPORTED);
    options.flags = KAA_HEAP_REPORT_LEAKS;
    CHECK_STATUS(kaa_heap_create(&options, &heap, &t->err),
                 KAA_INVALID_ARGUMENT);
    options.flags = 0;
    options.fail_nth = 1;
    CHECK_STATUS(kaa_heap_create(&options, &heap, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_heap_create(NULL, NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_EQ((uintptr_t)heap, 0);
    kaa_heap_destroy(NULL);
}

KAA_TEST(every_size_has_its_class)
{
    for (size_t size = 0; size <= KAA_HEAP__BLOCK_MAX; size++) {
        uint32_t class = kaa_heap__class_of(size);

        CHECK(class < KAA_HEAP__CLASSES);
        CHECK(kaa_heap__classes[class].size >= size);
        if (class > 0)
            CHECK(kaa_heap__classes[class - 1].size < size);
        CHECK(kaa_heap__classes[class].size - size <
              (size <= 512 ? 17 : size / 4));
    }
}

KAA_TEST(every_offset_has_its_block)
{
    for (uint32_t class = 0; class < KAA_HEAP__CLASSES; class ++) {
        kaa_heap__page page = {.reciprocal =
                                   kaa_heap__classes[class].reciprocal};
        uint32_t size = kaa_heap__classes[class].size;

        CHECK_EQ(size % 16, 0);
        CHECK(kaa_heap__classes[class].cache_max <= KAA_HEAP__CACHE_MAX);
        for (uint32_t offset = 0; offset < KAA_HEAP__PAGE_BYTES; offset++)
            if (kaa_heap__block_index(&page, offset) != offset / size)
                FAIL("offset %u, size %u", (unsigned)offset, (unsigned)size);
    }
}

KAA_TEST(peaks_of_a_class_are_exact)
{
    kaa_heap *heap = make_heap(t, 0, 0);
    static void *blocks[1000];
    kaa_test_random random = {7};
    kaa_heap_class_statistics of = {.size = sizeof(of)};
    uint64_t peak = 0, count = 0;

    for (int i = 0; i < 20000; i++) {
        if (count < 1000 && (count == 0 || kaa_test_below(&random, 2))) {
            blocks[count] = kaa_heap_alloc(heap, 48, KAA_HEAP_OBJECT_PLAIN);
            CHECK_MEMORY(blocks[count]);
            count++;
        } else {
            kaa_heap_free(heap, blocks[--count]);
        }
        if (count > peak)
            peak = count;
        CHECK_OK(kaa_heap_read_class_statistics(heap, KAA_HEAP_OBJECT_PLAIN, 2,
                                                &of, &t->err));
        CHECK_EQ(of.count.blocks_peak, peak);
        CHECK_EQ(of.count.blocks_live, count);
        CHECK_EQ(of.count.bytes_peak, peak * 48);
    }
    CHECK_EQ(of.block_size, 48);
}

KAA_TEST(a_limit_is_kept_and_room_comes_back)
{
    kaa_heap *heap = make_heap(t, 0, 1 << 20);
    void *first = NULL;
    int count = 0;

    for (;; count++) {
        void **block = kaa_heap_alloc(heap, 1000, KAA_HEAP_RAW);

        if (block == NULL)
            break;
        *block = first;
        first = block;
    }
    if (count < 1000)
        CHECK_MEMORY(NULL);
    CHECK_EQ(count, 16 * 64);
    CHECK_EQ(measure(t, heap).pages, 16);
    CHECK_EQ((uintptr_t)kaa_heap_alloc(heap, 100000, KAA_HEAP_RAW), 0);
    CHECK_EQ((uintptr_t)kaa_heap_alloc(heap, (size_t)1 << 30, KAA_HEAP_RAW), 0);
    while (first != NULL) {
        void *next = *(void **)first;

        kaa_heap_free(heap, first);
        first = next;
    }
    first = kaa_heap_alloc(heap, 1 << 20, KAA_HEAP_OBJECT_TRACKED);
    CHECK_MEMORY(first);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(very_large_blocks_have_arenas_of_their_own)
{
    kaa_heap *heap = make_heap(t, 0, 0);
    size_t size = (size_t)100 << 20;
    char *block = kaa_heap_alloc(heap, size, KAA_HEAP_RAW);

    CHECK_MEMORY(block);
    block[0] = block[size - 1] = 1;
    CHECK(kaa_heap_block_size(heap, block) >= size);
    CHECK_EQ(measure(t, heap).arenas, 2);
    CHECK_EQ(measure(t, heap).kinds[KAA_HEAP_RAW].blocks_live, 1);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    block = kaa_heap_realloc(heap, block, 2 * size, KAA_HEAP_RAW, NULL);
    CHECK_MEMORY(block);
    CHECK_EQ(block[0], 1);
    CHECK_EQ(block[size - 1], 1);
    kaa_heap_free(heap, block);
    CHECK_EQ(measure(t, heap).arenas, 1);
    CHECK_EQ(measure(t, heap).pages, 0);
    block =
        kaa_heap_alloc_aligned(heap, 100, (size_t)32 << 20, KAA_HEAP_RAW, NULL);
    CHECK_MEMORY(block);
    CHECK_EQ((uintptr_t)block % ((size_t)32 << 20), 0);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    kaa_heap_free(heap, block);
}

KAA_TEST(what_cannot_be_is_null)
{
    kaa_heap *heap = make_heap(t, 0, 0);

    CHECK_EQ((uintptr_t)kaa_heap_alloc(heap, SIZE_MAX, KAA_HEAP_RAW), 0);
    CHECK_EQ((uintptr_t)kaa_heap_alloc(heap, 16, (kaa_heap_kind)3), 0);
    CHECK_EQ((uintptr_t)kaa_heap_alloc(heap, 16, (kaa_heap_kind)77), 0);
    CHECK_EQ(
        (uintptr_t)kaa_heap_alloc_aligned(heap, 16, 48, KAA_HEAP_RAW, NULL), 0);
    CHECK_EQ((uintptr_t)kaa_heap_alloc_aligned(heap, 16, 0, KAA_HEAP_RAW, NULL),
             0);
    CHECK_EQ((uintptr_t)kaa_heap_alloc_aligned(heap, 16, (size_t)1 << 26,
                                               KAA_HEAP_RAW, NULL),
             0);
    kaa_heap_free(heap, NULL);
    kaa_heap_free_remote(heap, NULL);
    CHECK(!kaa_heap_owns(heap, NULL));
    CHECK(!kaa_heap_owns(heap, &heap));
    CHECK(!kaa_heap_owns(heap, heap));
    CHECK(!kaa_heap_owns(heap, (void *)UINTPTR_MAX));
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(statistics_of_an_older_or_newer_caller)
{
    kaa_heap *heap = make_heap(t, 0, 0);
    struct {
        kaa_heap_statistics known;
        uint64_t later;
    } newer = {.known = {.size = sizeof(newer)}, .later = 7};
    uint32_t older[2] = {8, 7};

    CHECK_OK(kaa_heap_read_statistics(heap, &newer.known, &t->err));
    CHECK_EQ(newer.later, 0);
    CHECK_EQ(newer.known.arenas, 1);
    CHECK_OK(kaa_heap_read_statistics(
        heap, (kaa_heap_statistics *)(void *)older, &t->err));
    CHECK_EQ(older[1], 0);
    older[0] = 0;
    CHECK_STATUS(kaa_heap_read_statistics(
                     heap, (kaa_heap_statistics *)(void *)older, &t->err),
                 KAA_INVALID_ARGUMENT);
}
