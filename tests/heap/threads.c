/* heap/threads.c - owners that change, frees from threads that own nothing. */
#include "kaa_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kaa/heap.h>

#define THREADS 4
#define BLOCKS 2000

/* With faults, each test runs as often as it allocates. */
#define FEWER(count) (kaa_test_is_fault_run() ? (count) / 100 : (count))

DEFERRABLE(kaa_heap_destroy, kaa_heap)

static kaa_heap *
make_heap(kaa_test *t, uint32_t flags)
{
    kaa_heap_options options = {.size = sizeof(options), .flags = flags};
    kaa_heap *heap = NULL;

    CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
    DEFER(t, kaa_heap_destroy, heap);
    return heap;
}

static uint64_t
live(kaa_test *t, kaa_heap *heap)
{
    kaa_heap_statistics stats = {.size = sizeof(stats)};

    CHECK_OK(kaa_heap_read_statistics(heap, &stats, &t->err));
    return stats.total.blocks_live;
}

typedef struct hand {
    kaa_heap *heap;
    void *blocks[BLOCKS];
    pthread_t thread;
    int is_started;
} hand;

static hand hands[THREADS];

static void *
free_all(void *user)
{
    hand *mine = user;

    for (int i = 0; i < FEWER(BLOCKS); i++)
        kaa_heap_free_remote(mine->heap, mine->blocks[i]);
    return NULL; /* with all of them still in the queue, perhaps */
}

static void
join_all(void)
{
    for (int i = 0; i < THREADS; i++)
        if (hands[i].is_started)
            pthread_join(hands[i].thread, NULL);
    memset(hands, 0, sizeof(hands));
}

static void
start_all(kaa_test *t, kaa_heap *heap, void *(*run)(void *))
{
    for (int i = 0; i < THREADS; i++) {
        hands[i].heap = heap;
        if (pthread_create(&hands[i].thread, NULL, run, &hands[i]) != 0)
            FAIL("no thread");
        hands[i].is_started = 1;
    }
}

static void
fill_hands(kaa_test *t, kaa_heap *heap)
{
    kaa_test_random random = {11};

    memset(hands, 0, sizeof(hands));
    for (int i = 0; i < THREADS; i++)
        for (int k = 0; k < FEWER(BLOCKS); k++) {
            size_t size = kaa_test_below(&random, 50) == 0
                              ? 40000
                              : kaa_test_below(&random, 300);

            hands[i].blocks[k] = kaa_heap_alloc(heap, size, KAA_HEAP_RAW);
            CHECK_MEMORY(hands[i].blocks[k]);
        }
}

static void
free_from_threads(kaa_test *t, uint32_t flags)
{
    kaa_heap *heap = make_heap(t, flags);
    static void *mine[BLOCKS];
    int short_of_memory = 0;

    fill_hands(t, heap);
    start_all(t, heap, free_all);
    /* The owner goes on meanwhile. */
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < FEWER(BLOCKS); i++) {
            mine[i] = kaa_heap_alloc(heap, (size_t)(i % 300), KAA_HEAP_RAW);
            short_of_memory |= mine[i] == NULL;
        }
        for (int i = 0; i < FEWER(BLOCKS); i++)
            kaa_heap_free(heap, mine[i]);
    }
    join_all();
    kaa_heap_collect_remote(heap);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    CHECK_EQ(live(t, heap), 0);
    if (short_of_memory)
        CHECK_MEMORY(NULL);
}

KAA_TEST(threads_free_what_the_owner_made)
{
    free_from_threads(t, 0);
}

KAA_TEST(threads_free_what_the_owner_of_a_debug_heap_made)
{
    free_from_threads(t, KAA_HEAP_DEBUG);
}

KAA_TEST(heaps_end_with_blocks_in_the_queue)
{
    for (uint32_t flags = 0; flags <= KAA_HEAP_DEBUG; flags++) {
        kaa_heap *heap = make_heap(t, flags); /* destroyed by DEFER */

        fill_hands(t, heap);
        start_all(t, heap, free_all);
        join_all();
    }
}

/* ---- one heap, a lock, many owners in turn */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(void *) exchange[256];

static void *
take_turns(void *user)
{
    hand *mine = user;
    kaa_test_random random = {(uint64_t)(mine - hands) + 1};

    for (int i = 0; i < FEWER(4000); i++) {
        uint32_t where = (uint32_t)kaa_test_below(&random, 256);
        size_t size = kaa_test_below(&random, 400) + 8;
        void *block = NULL, *other;

        if (kaa_test_below(&random, 2)) {
            pthread_mutex_lock(&lock);
            block = kaa_heap_alloc(mine->heap, size, KAA_HEAP_OBJECT_PLAIN);
            pthread_mutex_unlock(&lock);
            if (block != NULL)
                memset(block, i, size);
        }
        other = atomic_exchange(&exchange[where], block);
        if (other == NULL)
            continue;
        if (kaa_test_below(&random, 2)) {
            kaa_heap_free_remote(mine->heap, other);
        } else {
            pthread_mutex_lock(&lock);
            kaa_heap_free(mine->heap, other);
            pthread_mutex_unlock(&lock);
        }
    }
    return NULL;
}

KAA_TEST(owners_change_under_a_lock)
{
    kaa_heap *heap = make_heap(t, 0);

    memset(hands, 0, sizeof(hands));
    start_all(t, heap, take_turns);
    join_all();
    for (int i = 0; i < 256; i++)
        kaa_heap_free(heap, atomic_exchange(&exchange[i], NULL));
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    CHECK_EQ(live(t, heap), 0);
}

/* ---- heaps come and go on all threads, sharing the cache of arenas */

static void *
make_and_destroy(void *user)
{
    (void)user;
    for (int i = 0; i < FEWER(100); i++) {
        kaa_heap *heap = NULL;
        unsigned char *block;

        if (kaa_heap_create(NULL, &heap, NULL) != KAA_OK)
            continue;
        for (int k = 0; k < 200; k++) {
            block = kaa_heap_alloc_zeroed(heap, (size_t)(k * 7), KAA_HEAP_RAW,
                                          NULL);
            for (int j = 0; block != NULL && j < k * 7; j++)
                if (block[j]++ != 0)
                    return block; /* someone else's */
        }
        if (i % 10 == 0)
            kaa_heap_trim(heap);
        kaa_heap_destroy(heap);
        if (i % 25 == 0)
            kaa_heap_trim(NULL);
    }
    return NULL;
}

KAA_TEST(heaps_come_and_go_on_many_threads)
{
    void *wrong = NULL;

    memset(hands, 0, sizeof(hands));
    start_all(t, NULL, make_and_destroy);
    for (int i = 0; i < THREADS; i++) {
        void *answer = NULL;

        pthread_join(hands[i].thread, &answer);
        hands[i].is_started = 0;
        wrong = answer != NULL ? answer : wrong;
    }
    CHECK_EQ((uintptr_t)wrong, 0);
}

/* ---- fork, while others free */

static int
child_goes_on(kaa_heap *heap)
{
    kaa_heap *other = NULL;

    for (int i = 0; i < 500; i++) {
        char *block = kaa_heap_alloc(heap, (size_t)i, KAA_HEAP_RAW);

        if (block == NULL)
            return 2;
        memset(block, 1, (size_t)i);
        kaa_heap_free(heap, block);
    }
    if (kaa_heap_verify(heap, NULL) != KAA_OK ||
        kaa_heap_create(NULL, &other, NULL) != KAA_OK ||
        kaa_heap_alloc(other, 100, KAA_HEAP_RAW) == NULL)
        return 3;
    kaa_heap_destroy(heap);
    kaa_heap_destroy(other);
    kaa_heap_trim(NULL);
    return 0;
}

KAA_TEST(children_of_fork_go_on_while_threads_free)
{
    kaa_heap *heap;

#ifdef __SANITIZE_THREAD__
    SKIP("ThreadSanitizer takes the child for one that lost its threads");
#endif
    if (kaa_test_is_fault_run())
        SKIP("a child cannot tell a fault from a failure");
    heap = make_heap(t, 0);
    fill_hands(t, heap);
    start_all(t, heap, free_all);
    for (int i = 0; i < 10; i++) {
        int how = 0;
        pid_t child = fork();

        if (child == 0)
            _exit(child_goes_on(heap));
        CHECK(child > 0 && waitpid(child, &how, 0) == child);
        CHECK_EQ(how, 0);
        kaa_heap_collect_remote(heap);
    }
    join_all();
    CHECK_OK(kaa_heap_verify(heap, &t->err));
    CHECK_EQ(live(t, heap), 0);
}
