/* gil.c - one lock used properly: threads, checkpoints, pending calls. */
#include "kaa_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <kaa/gil.h>

DEFERRABLE(kaa_gil_destroy, kaa_gil)
DEFERRABLE(kaa_gil_detach, kaa_gil_thread)

static void
sleep_ns(long ns)
{
    struct timespec time = {ns / 1000000000, ns % 1000000000};

    nanosleep(&time, NULL);
}

KAA_TEST(attachment_is_counted)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL, *again = NULL;

    CHECK_OK(kaa_gil_create(NULL, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    CHECK_OK(kaa_gil_attach(gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    CHECK_OK(kaa_gil_attach(gil, "other name", &again, &t->err));
    CHECK(again == thread);
    CHECK_STR(kaa_gil_thread_name(thread), "main");
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    CHECK(kaa_gil_is_held(thread));
    kaa_gil_detach(again);
    CHECK(kaa_gil_is_held(thread));
    CHECK_OK(kaa_gil_check(thread, &t->err));
    CHECK_OK(kaa_gil_release(thread, &t->err));
    CHECK(!kaa_gil_is_held(thread));
    CHECK_OK(kaa_gil_verify(gil, &t->err));
}

KAA_TEST(leaving_releases_what_entering_acquired)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;
    kaa_gil_entry outer = {0}, inner = {0};

    CHECK_OK(kaa_gil_create(NULL, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    CHECK_OK(kaa_gil_attach(gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    CHECK_OK(kaa_gil_enter(gil, "main", &outer, &t->err));
    CHECK_OK(kaa_gil_enter(gil, "main", &inner, &t->err));
    kaa_gil_leave(&inner);
    CHECK(kaa_gil_is_held(thread));
    kaa_gil_leave(&outer);
    CHECK(!kaa_gil_is_held(thread));
}

/* Threads that count together, and whether two were ever in at once. */
typedef struct storm_state {
    kaa_gil *gil;
    uint64_t rounds;
    uint64_t count; /* guarded by the lock */
    atomic_int inside, broken, failed;
} storm_state;

static void *
storm_thread(void *user)
{
    storm_state *storm = user;
    kaa_gil_thread *thread;

    if (kaa_gil_attach(storm->gil, "storm", &thread, NULL) != KAA_OK) {
        atomic_store(&storm->failed, 1);
        return NULL;
    }
    if (kaa_gil_acquire(thread, NULL) != KAA_OK)
        atomic_store(&storm->broken, 1);
    for (uint64_t i = 0; i < storm->rounds; i++) {
        if (atomic_fetch_add(&storm->inside, 1) != 0)
            atomic_store(&storm->broken, 1);
        storm->count++;
        atomic_fetch_sub(&storm->inside, 1);
        kaa_checkpoint(thread);
        if (i % 3 == 0) {
            errno = 7;
            KAA_BEGIN_ALLOW_THREADS(thread)
            if (i % 300 == 0)
                sleep_ns(1000);
            else
                errno = 7;
            KAA_END_ALLOW_THREADS(thread)
            if (errno != 7)
                atomic_store(&storm->broken, 1);
        }
    }
    if (kaa_gil_release(thread, NULL) != KAA_OK)
        atomic_store(&storm->broken, 1);
    kaa_gil_detach(thread);
    return NULL;
}

static void
run_storm(kaa_test *t, const kaa_gil_options *options, int threads,
          uint64_t rounds)
{
    static storm_state storm;
    pthread_t ids[16];
    kaa_gil_statistics sum = {.size = sizeof(sum)};

    memset(&storm, 0, sizeof(storm));
    storm.rounds = rounds;
    CHECK_OK(kaa_gil_create(options, &storm.gil, &t->err));
    DEFER(t, kaa_gil_destroy, storm.gil);
    for (int i = 0; i < threads; i++)
        CHECK_EQ(pthread_create(&ids[i], NULL, storm_thread, &storm), 0);
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    if (atomic_load(&storm.failed))
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    CHECK_EQ(atomic_load(&storm.broken), 0);
    CHECK_EQ(storm.count, (uint64_t)threads * rounds);
    CHECK_OK(kaa_gil_verify(storm.gil, &t->err));
    CHECK_OK(kaa_gil_read_statistics(storm.gil, &sum, &t->err));
    CHECK_EQ(sum.threads, 0);
    CHECK_EQ(sum.acquisitions, sum.forced + sum.voluntary);
    CHECK(sum.contended >= sum.forced);
}

/* Without futexes each hand-over is much slower. */
#ifdef KAA_GIL__PORTABLE
#define ROUNDS 20000
#else
#define ROUNDS (kaa_test_is_fault_run() ? 300 : 100000)
#endif

KAA_TEST(storm)
{
    run_storm(t, NULL, 4, ROUNDS);
}

KAA_TEST(storm_with_short_slices)
{
    run_storm(t,
              &(kaa_gil_options){.size = sizeof(kaa_gil_options),
                                 .interval_ns = 10000,
                                 .short_ns = 1000},
              4, ROUNDS);
}

KAA_TEST(storm_with_fences)
{
    run_storm(t,
              &(kaa_gil_options){.size = sizeof(kaa_gil_options),
                                 .flags = KAA_GIL_FENCE,
                                 .interval_ns = 10000},
              4, ROUNDS);
}

KAA_TEST(storm_on_a_debug_lock)
{
    run_storm(t,
              &(kaa_gil_options){.size = sizeof(kaa_gil_options),
                                 .flags = KAA_GIL_DEBUG | KAA_GIL_TIME_ALL,
                                 .interval_ns = 10000},
              3, ROUNDS);
}
