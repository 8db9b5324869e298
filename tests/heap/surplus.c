/* heap/surplus.c - free blocks that wait in longer arrays: that they are used
 * again, counted as free, and given back.
 */
#include "kaa_test.h"

#include "heap/internal.h"

#define BLOCKS 10000

DEFERRABLE(kaa_heap_destroy, kaa_heap)

static void *blocks[BLOCKS];

static kaa_heap_statistics
measure(kaa_test *t, kaa_heap *heap)
{
    kaa_heap_statistics stats = {.size = sizeof(stats)};

    CHECK_OK(kaa_heap_read_statistics(heap, &stats, &t->err));
    return stats;
}

static kaa_heap__bin *
bin_of(kaa_heap *heap, const void *block)
{
    return &heap->bins[kaa_heap__arena_of(block)
                           ->codes[kaa_heap__page_index(block)]];
}

static void
fill(kaa_test *t, kaa_heap *heap, size_t size)
{
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = kaa_heap_alloc(heap, size, KAA_HEAP_RAW);
        CHECK_MEMORY(blocks[i]);
        memset(blocks[i], i, size);
    }
}

static void
empty(kaa_heap *heap)
{
    for (int i = 0; i < BLOCKS; i++)
        kaa_heap_free(heap, blocks[i]);
}

/* No drop is made at once, so that what was freed stays cached. */
static kaa_heap *
make_heap(kaa_test *t)
{
    kaa_heap *heap = NULL;

    CHECK_OK(kaa_heap_create(NULL, &heap, &t->err));
    DEFER(t, kaa_heap_destroy, heap);
    heap->pace.due = UINT64_MAX;
    return heap;
}

static int
count_blocks(const kaa_heap_block *block, void *user)
{
    (void)block;
    ++*(int *)user;
    return 0;
}

KAA_TEST(a_batch_is_parked_and_used_again)
{
    kaa_heap *heap = make_heap(t);
    kaa_heap_class_statistics of_class = {.size = sizeof(of_class)};
    kaa_heap_statistics stats;
    kaa_heap__bin *bin;
    uint64_t pages;
    int seen = 0;

    fill(t, heap, 48);
    bin = bin_of(heap, blocks[0]);
    pages = measure(t, heap).pages;
    empty(heap);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    stats = measure(t, heap);
    CHECK_EQ(stats.total.blocks_live, 0);
    CHECK_EQ(kaa_heap_walk(heap, 0, count_blocks, &seen), 0);
    CHECK_EQ(seen, 0);
    if (heap->checked)
        SKIP("checked heaps cache nothing");
    /* Without memory for a longer array nothing is surplus. */
    if (!kaa_test_is_fault_run()) {
        CHECK(bin->surplus > BLOCKS - 512 && bin->extended != NULL);
        CHECK_EQ(stats.pages, pages);
    }
    fill(t, heap, 48);
    stats = measure(t, heap);
    CHECK_EQ(stats.pages, pages);
    CHECK_EQ(stats.total.blocks_live, BLOCKS);
    CHECK(stats.total.blocks_peak <= BLOCKS + 512);
    CHECK_OK(kaa_heap_read_class_statistics(heap, KAA_HEAP_RAW, 2, &of_class,
                                            &t->err));
    CHECK_EQ(of_class.count.blocks_peak, BLOCKS);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    /* Each block was given out once. */
    for (int i = 0; i < BLOCKS; i++)
        *(int *)blocks[i] = i;
    for (int i = 0; i < BLOCKS; i++)
        CHECK_EQ(*(int *)blocks[i], i);
    empty(heap);
    kaa_heap_trim(heap);
    CHECK_EQ(measure(t, heap).pages, 0);
    CHECK_EQ(bin->extended, NULL);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(steps_up_and_down_keep_the_bookkeeping)
{
    kaa_heap *heap = make_heap(t);
    kaa_test_random random = {12345};
    int live = BLOCKS;

    fill(t, heap, 64);
    for (int round = 0; round < 60; round++) {
        int target = (int)kaa_test_below(&random, BLOCKS + 1);

        for (; live > target; live--)
            kaa_heap_free(heap, blocks[live - 1]);
        for (; live < target; live++) {
            blocks[live] = kaa_heap_alloc(heap, 64, KAA_HEAP_RAW);
            CHECK_MEMORY(blocks[live]);
        }
        CHECK_OK(kaa_heap_verify(heap, &t->err));
        CHECK_EQ(measure(t, heap).total.blocks_live, live);
        if (round == 40)
            heap->pace.due = 0;
    }
}

KAA_TEST(parked_blocks_go_back_when_most_was_freed)
{
    kaa_heap *heap = make_heap(t);

    fill(t, heap, 512);
    empty(heap);
    if (heap->checked)
        SKIP("checked heaps cache nothing");
    heap->pace.due = 0;
    for (int i = 0; i < 1000; i++) {
        void *block = kaa_heap_alloc(heap, 512, KAA_HEAP_RAW);

        CHECK_MEMORY(block);
        kaa_heap_free(heap, block);
    }
    CHECK(measure(t, heap).pages <= 2);
    CHECK(measure(t, heap).bytes_kept <= 1 << 20);
    CHECK_EQ(heap->surplus_bytes, 0);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(parked_blocks_go_back_when_nothing_wants_them)
{
    kaa_heap *heap = make_heap(t);
    kaa_heap__bin *bin;

    fill(t, heap, 32);
    bin = bin_of(heap, blocks[0]);
    for (int i = 0; i < BLOCKS / 2; i++)
        kaa_heap_free(heap, blocks[i]);
    if (heap->checked || bin->surplus == 0)
        SKIP("nothing was surplus");
    for (int epoch = 0; epoch < 2; epoch++) {
        heap->pace.epoch_start = 0;
        heap->pace.events = 0;
        kaa_heap__pace_event(heap);
    }
    CHECK(heap->pace.flush_wanted);
    for (int i = BLOCKS / 2; i < BLOCKS; i++)
        kaa_heap_free(heap, blocks[i]);
    CHECK(!heap->pace.flush_wanted);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}

KAA_TEST(parked_blocks_make_room_for_other_classes)
{
    kaa_heap *heap = make_heap(t);

    fill(t, heap, 512);
    empty(heap);
    fill(t, heap, 496);
    CHECK(measure(t, heap).pages_peak <= 100); /* 80 for either */
    CHECK_EQ(measure(t, heap).total.blocks_live, BLOCKS);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}
