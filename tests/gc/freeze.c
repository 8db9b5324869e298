/* Freezing; and that a collection writes to nothing that lives. */
#include "gc/help.h"

#include <sys/wait.h>
#include <unistd.h>

KAA_TEST(frozen_garbage_stays_until_unfrozen)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_gc_statistics sum = {.size = sizeof(sum)};
    uint64_t live;

    make_pair(t, PLAIN, OWN);
    live = live_now();
    kaa_gc_freeze(ctx);
    if (kaa_base__fault_happened())
        return; /* it may have done nothing */
    CHECK_OK(kaa_gc_read_statistics(ctx, &sum, &t->err));
    CHECK_EQ(sum.frozen, live);
    CHECK_EQ(collect_now(t, KAA_GC_FULL).objects, 0);
    CHECK_EQ(live_now(), live);
    /* What is new goes, wherever it lies. */
    for (int i = 0; i < 10; i++)
        make_pair(t, PLAIN, OWN);
    (void)collect_now(t, KAA_GC_YOUNG);
    CHECK_EQ(live_now(), live);
    for (int i = 0; i < 10; i++)
        make_pair(t, FINAL, OWN);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
    kaa_gc_unfreeze(ctx);
    (void)collect_now(t, KAA_GC_FULL);
    if (!kaa_test_is_collect_run())
        CHECK_EQ(live_now(), live - 2);
    CHECK_OK(kaa_gc_read_statistics(ctx, &sum, &t->err));
    CHECK_EQ(sum.frozen, 0);
}

/* A block whose frozen object died is like any other. */
KAA_TEST(blocks_of_frozen_objects_are_used_again)
{
    kaa_context *ctx = fresh_graph(t);
    enum { COUNT = 200 };
    kaa_object *many[COUNT];
    kaa_gc_statistics sum = {.size = sizeof(sum)};
    uint64_t live, frozen;

    for (int i = 0; i < COUNT; i++)
        many[i] = NEW(node_new(t, PLAIN, i));
    kaa_gc_freeze(ctx);
    if (kaa_base__fault_happened())
        return;
    CHECK_OK(kaa_gc_read_statistics(ctx, &sum, &t->err));
    frozen = sum.frozen;
    for (int i = 0; i < COUNT; i++)
        DROP(many[i]);
    CHECK_OK(kaa_gc_read_statistics(ctx, &sum, &t->err));
    CHECK_EQ(sum.frozen, frozen - COUNT);
    live = live_now();
    for (int i = 0; i < COUNT; i++)
        make_pair(t, PLAIN, PLAIN);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(live_now(), live);
    kaa_gc_unfreeze(ctx);
}

/* ---- Nothing that lives is written to */

static uint64_t
hash_of_page(const char *page)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < KAA_HEAP__PAGE_BYTES; i += 8) {
        uint64_t word;

        memcpy(&word, page + i, sizeof(word));
        hash = (hash ^ word) * 1099511628211u;
    }
    return hash;
}

/* Of all pages of tracked blocks. */
static uint64_t
hash_of_objects(void)
{
    uint64_t hash = 0;

    for (kaa_heap__arena *arena = help.runtime->heap->arenas; arena != NULL;
         arena = arena->next)
        for (uint32_t i = 0; i < KAA_HEAP__PAGES; i++)
            if (kaa_gc__is_of_interest(arena, i))
                hash = hash * 31 + hash_of_page(kaa_heap__page_base(arena, i));
    return hash;
}

#if defined(__SANITIZE_ADDRESS__)
#define CAN_READ_FREE 0 /* free blocks are poisoned */
#else
#define CAN_READ_FREE 1
#endif

static void
build(kaa_test *t, kaa_object *root, int count)
{
    kaa_test_random random = {99};
    kaa_object *list = NEW(kaa_list_new(help.ctx, 0));

    for (int i = 0; i < count; i++) {
        kaa_object *fresh = NEW(node_new(t, (node_kind)(i % NODE_KINDS), i));

        if (i > 0) {
            kaa_object *other = NEW(
                kaa_list_get(help.ctx, list,
                             (ptrdiff_t)kaa_test_below(&random, (uint64_t)i)));

            set_left(fresh, other);
            set_right(other, fresh);
            DROP(other);
        }
        CHECK_ZERO(kaa_list_append(help.ctx, list, fresh));
        DROP(fresh);
    }
    set_left(root, list);
    DROP(list);
}

KAA_TEST(collections_write_to_nothing_that_lives)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *root = NEW(node_new(t, PLAIN, 0));
    uint64_t before;

    if (!CAN_READ_FREE || kaa_test_is_collect_run() ||
        kaa_heap__valgrind(KAA_HEAP__VG_RUNNING, 0, 0, 0, 0) != 0)
        SKIP("free blocks cannot be read, or it would take too long");
    build(t, root, kaa_test_is_fault_run() ? 20 : 5000);
    (void)collect_now(t, KAA_GC_FULL);
    before = hash_of_objects();
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(hash_of_objects(), before);
    (void)collect_now(t, KAA_GC_YOUNG);
    CHECK_EQ(hash_of_objects(), before);
    kaa_gc_freeze(ctx);
    (void)collect_now(t, KAA_GC_FULL);
    kaa_gc_unfreeze(ctx);
    (void)collect_now(t, KAA_GC_FULL);
    CHECK_EQ(hash_of_objects(), before);
    /* The check would notice. */
    node_of(root)->number++;
    CHECK(hash_of_objects() != before);
    node_of(root)->number--;
    CHECK_EQ(hash_of_objects(), before);
}

/* Kibibytes of this process that it shares with nobody and has written to. */
static long
private_dirty(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long sum = -1, value;

    if (file == NULL)
        return -1;
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Private_Dirty: %ld kB", &value) == 1)
            sum = value;
    fclose(file);
    return sum;
}

KAA_TEST(memory_stays_shared_after_a_fork)
{
    kaa_context *ctx = fresh_graph(t);
    kaa_object *root = NEW(node_new(t, PLAIN, 0));
    int status;
    pid_t child;

    if (!CAN_READ_FREE || kaa_test_is_collect_run() ||
        kaa_test_is_fault_run() || private_dirty() < 0)
        SKIP("nothing to be measured here");
    build(t, root, 100000); /* some 5 MiB of objects */
    kaa_gc_freeze(ctx);
    fflush(NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        long before = private_dirty(), grown;

        for (int i = 0; i < 3; i++)
            if (kaa_collect(ctx) != 0)
                _exit(2);
        grown = private_dirty() - before;
        _exit(grown < 256 ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
    kaa_gc_unfreeze(ctx);
}
