/* heap/random.c - random operations against a shadow model.
 *
 * The model is an array of what should be live: address, size, kind and a byte
 * that fills the block. After each step the heap verifies itself, and now and
 * then every block's content, the walk and the figures are compared with it.
 */
#include "kaa_test.h"

#include <stdlib.h>

#include <kaa/heap.h>

#include "heap/tools.h"

#define BLOCKS_MAX 3000

typedef struct shadow {
    unsigned char *block;
    size_t size;
    kaa_heap_kind kind;
    unsigned char fill;
    unsigned char seen;
} shadow;

typedef struct model {
    kaa_heap *heap;
    uint32_t count;
    shadow blocks[BLOCKS_MAX];
} model;

static model models[4];
static int is_narrow; /* two classes only, so that bins run over */

DEFERRABLE(kaa_heap_destroy, kaa_heap)

static size_t
random_size(kaa_test_random *random)
{
    if (is_narrow)
        return kaa_test_below(random, 33);
    switch (kaa_test_below(random, 16)) {
    case 0:
        return kaa_test_below(random, 200000);
    case 1:
    case 2:
        return kaa_test_below(random, 40000);
    case 3:
    case 4:
    case 5:
        return kaa_test_below(random, 2000);
    default:
        return kaa_test_below(random, 200);
    }
}

static void
check_block(kaa_test *t, const shadow *known)
{
    for (size_t i = 0; i < known->size; i++)
        if (known->block[i] != known->fill)
            FAIL("byte %zu of a block of %zu is %d, not %d", i, known->size,
                 known->block[i], known->fill);
}

static int
see(const kaa_heap_block *block, void *user)
{
    model *m = user;

    for (uint32_t i = 0; i < m->count; i++)
        if (m->blocks[i].block == block->block) {
            if (m->blocks[i].seen || block->kind != (int)m->blocks[i].kind ||
                block->block_size < m->blocks[i].size)
                return 1;
            m->blocks[i].seen = 1;
            return 0;
        }
    return 2;
}

static void
compare(kaa_test *t, model *m)
{
    kaa_heap_statistics stats = {.size = sizeof(stats)};
    uint64_t kinds[KAA_HEAP_KIND_COUNT] = {0}, classes = 0;

    for (uint32_t i = 0; i < m->count; i++) {
        m->blocks[i].seen = 0;
        kinds[m->blocks[i].kind]++;
        check_block(t, &m->blocks[i]);
    }
    CHECK_EQ(kaa_heap_walk(m->heap, 0, see, m), 0);
    for (uint32_t i = 0; i < m->count; i++)
        CHECK(m->blocks[i].seen);
    CHECK_OK(kaa_heap_read_statistics(m->heap, &stats, &t->err));
    CHECK_EQ(stats.total.blocks_live, m->count);
    CHECK(stats.total.blocks_peak >= m->count);
    CHECK(stats.total.bytes_live <= stats.bytes_in_pages);
    for (int kind = 0; kind < KAA_HEAP_KIND_COUNT; kind++) {
        CHECK_EQ(stats.kinds[kind].blocks_live, kinds[kind]);
        for (uint32_t i = 0; i < kaa_heap_class_count(); i++) {
            kaa_heap_class_statistics of = {.size = sizeof(of)};

            CHECK_OK(kaa_heap_read_class_statistics(
                m->heap, (kaa_heap_kind)kind, i, &of, &t->err));
            CHECK(of.count.blocks_live <= of.count.blocks_peak);
            classes += of.count.blocks_live;
        }
    }
    CHECK_EQ(classes, m->count);
}

static void
step_alloc(kaa_test *t, model *m, kaa_test_random *random)
{
    shadow *new = &m->blocks[m->count];
    size_t size = random_size(random), alignment = 16;
    kaa_heap_kind kind =
        (kaa_heap_kind)kaa_test_below(random, KAA_HEAP_KIND_COUNT);

    switch (kaa_test_below(random, 8)) {
    case 0:
        alignment = (size_t)1 << kaa_test_below(random, 21);
        new->block = kaa_heap_alloc_aligned(m->heap, size, alignment, kind,
                                            KAA_HEAP_SITE);
        break;
    case 1:
        new->block = kaa_heap_alloc_zeroed(m->heap, size, kind, NULL);
        for (size_t i = 0; new->block != NULL &&i < size; i++)
            CHECK_EQ(new->block[i], 0);
        break;
    default:
        new->block = kaa_heap_alloc(m->heap, size, kind);
    }
    CHECK_MEMORY(new->block);
    CHECK_EQ((uintptr_t) new->block % (alignment < 16 ? 16 : alignment), 0);
    CHECK(kaa_heap_block_size(m->heap, new->block) >= size);
    CHECK_EQ(kaa_heap_block_kind(m->heap, new->block), kind);
    CHECK(kaa_heap_owns(m->heap, new->block));
    new->size = size;
    new->kind = kind;
    new->fill = (unsigned char)kaa_test_next(random);
    memset(new->block, new->fill, size);
    m->count++;
}

static void
step_realloc(kaa_test *t, model *m, kaa_test_random *random)
{
    shadow *old = &m->blocks[kaa_test_below(random, m->count)];
    size_t size = kaa_test_below(random, 2) ? random_size(random)
                                            : old->size + old->size / 8 + 1;
    unsigned char *moved;

    moved = kaa_heap_realloc(m->heap, old->block, size, old->kind, NULL);
    if (moved == NULL)
        check_block(t, old); /* as it was */
    CHECK_MEMORY(moved);
    old->block = moved;
    if (size < old->size)
        old->size = size;
    check_block(t, old);
    old->size = size;
    memset(moved, old->fill, size);
}

static void
step_free(kaa_test *t, model *m, kaa_test_random *random)
{
    uint32_t which = (uint32_t)kaa_test_below(random, m->count);

    if (kaa_test_below(random, 64) != 0 && is_narrow)
        which = m->count - 1; /* runs of neighbours */
    check_block(t, &m->blocks[which]);
    if (kaa_test_below(random, 4) == 0)
        kaa_heap_free_remote(m->heap, m->blocks[which].block);
    else
        kaa_heap_free(m->heap, m->blocks[which].block);
    m->blocks[which] = m->blocks[--m->count];
}

/* Grows and shrinks in turn, so that pages come and go. */
static void
step(kaa_test *t, model *m, kaa_test_random *random, int grow)
{
    uint64_t dice = kaa_test_below(random, 10);

    if (m->count == 0 ||
        (m->count < (is_narrow ? BLOCKS_MAX : 600u) && dice < (grow ? 6u : 2u)))
        step_alloc(t, m, random);
    else if (dice == 9)
        step_realloc(t, m, random);
    else
        step_free(t, m, random);
    if (kaa_test_below(random, 400) == 0)
        kaa_heap_trim(m->heap);
}

static void
run(kaa_test *t, const kaa_heap_options *options, int heaps, int steps,
    uint64_t seed)
{
    kaa_test_random random = {seed};
    int phase = is_narrow ? 2700 : 500;

    /* There each test runs once for every allocation that it makes. */
    if (kaa_test_is_fault_run())
        steps /= 40;
    for (int i = 0; i < heaps; i++) {
        models[i].count = 0;
        models[i].heap = NULL;
        CHECK_OK(kaa_heap_create(options, &models[i].heap, &t->err));
        DEFER(t, kaa_heap_destroy, models[i].heap);
    }
    for (int i = 0; i < steps; i++) {
        model *m = &models[kaa_test_below(&random, (uint64_t)heaps)];

        step(t, m, &random, i / phase % 2 == 0);
        if (i % (is_narrow ? 8 : KAA_HEAP__ASAN ? 4 : 1) == 0)
            CHECK_OK(kaa_heap_verify(m->heap, &t->err));
        if (i % (is_narrow ? 1000 : 128) == 0)
            compare(t, m);
    }
    for (int i = 0; i < heaps; i++) {
        while (models[i].count > 0)
            step_free(t, &models[i], &random);
        kaa_heap_trim(models[i].heap);
        CHECK_OK(kaa_heap_verify(models[i].heap, &t->err));
        compare(t, &models[i]);
    }
}

KAA_TEST(random_operations_leave_what_the_model_says)
{
    is_narrow = 0;
    run(t, NULL, 1, 2500, 42);
}

KAA_TEST(full_bins_run_over_in_any_order)
{
    is_narrow = 1;
    run(t, NULL, 1, 8000, 46);
}

KAA_TEST(heaps_do_not_disturb_each_other)
{
    is_narrow = 0;
    run(t, NULL, 3, 2500, 43);
}

KAA_TEST(debug_heaps_do_the_same)
{
    kaa_heap_options options = {.size = sizeof(options),
                                .flags = KAA_HEAP_DEBUG,
                                .quarantine_bytes = 100000};

    is_narrow = 0;
    run(t, &options, 2, 800, 44);
}

KAA_TEST(huge_pages_do_the_same)
{
    kaa_heap_options options = {.size = sizeof(options),
                                .flags = KAA_HEAP_HUGE_PAGES};

    is_narrow = 0;
    run(t, &options, 2, 1000, 45);
}
