/* stress.c - threads that do everything at random, for a while: a second, or
 * KAA_TEST_LONG seconds. */
#include "kaa_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "gil/internal.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)

#define THREADS 6
#define GILS 2

typedef struct stress_state {
    kaa_gil *gils[GILS];
    uint64_t counts[GILS]; /* guarded */
    uint64_t pending;      /* guarded by the first lock */
    atomic_ullong pending_added;
    atomic_int inside[GILS];
    atomic_int broken;
    atomic_uint lives;
    uint64_t end_at;
} stress_state;

static stress_state stress;

static int
count_pending(void *user)
{
    (void)user;
    stress.pending++;
    return 0;
}

static void
pass_time(kaa_test_random *random)
{
    struct timespec time = {0, (long)kaa_test_below(random, 300000)};

    switch ((int)kaa_test_below(random, 8)) {
    case 0:
        nanosleep(&time, NULL);
        break;
    case 1:
        sched_yield();
        break;
    default:
        break;
    }
}

/* Holds the lock and checks that it alone does. */
static void
work(kaa_gil_thread *thread, int which, kaa_test_random *random)
{
    uint64_t steps = kaa_test_below(random, 200);

    for (uint64_t i = 0; i < steps; i++) {
        if (atomic_fetch_add(&stress.inside[which], 1) != 0)
            atomic_store(&stress.broken, 1);
        stress.counts[which]++;
        atomic_fetch_sub(&stress.inside[which], 1);
        if (kaa_checkpoint(thread) != 0)
            atomic_store(&stress.broken, 2);
        if (kaa_test_below(random, 50) == 0) {
            KAA_BEGIN_ALLOW_THREADS(thread)
            pass_time(random);
            KAA_END_ALLOW_THREADS(thread)
        }
    }
}

static void
fork_once(kaa_gil *gil)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        kaa_gil_entry entry;

        alarm(60);
        if (kaa_gil_enter(gil, "child", &entry, NULL) != KAA_OK ||
            kaa_gil_verify(gil, NULL) != KAA_OK)
            _exit(1);
        for (int i = 0; i < 3; i++)
            kaa_checkpoint(entry.thread);
        kaa_gil_leave(&entry);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        atomic_store(&stress.broken, 3);
}

/* Attaches, works, and detaches or dies. */
static void *
live(void *user)
{
    kaa_test_random random = {(uint64_t)(uintptr_t)user * 7919 + 1};
    uint32_t life = atomic_fetch_add(&stress.lives, 1);

    random.state += life;
    for (int i = 0; i < 20 && kaa_base__now_ns() < stress.end_at; i++) {
        int which = (int)kaa_test_below(&random, GILS);
        kaa_gil_entry entry;

        if (kaa_gil_enter(stress.gils[which], "stress", &entry, NULL) !=
            KAA_OK) {
            atomic_store(&stress.broken, 4);
            break;
        }
        work(entry.thread, which, &random);
        if (kaa_gil_add_pending(stress.gils[0], count_pending, NULL) == KAA_OK)
            atomic_fetch_add(&stress.pending_added, 1);
        if (kaa_test_below(&random, 20) == 0)
            return NULL; /* dies holding it */
        kaa_gil_leave(&entry);
        if (kaa_test_below(&random, 100) == 0)
            fork_once(stress.gils[which]);
        pass_time(&random);
    }
    return NULL;
}

static void *
keep_living(void *user)
{
    while (kaa_base__now_ns() < stress.end_at) {
        pthread_t id;

        if (pthread_create(&id, NULL, live, user) != 0)
            atomic_store(&stress.broken, 5);
        else
            pthread_join(id, NULL);
    }
    return NULL;
}

static void
run_stress(kaa_test *t, const kaa_gil_options *options)
{
    const char *seconds = getenv("KAA_TEST_LONG");
    pthread_t ids[THREADS];
    kaa_gil_entry entry;

    memset(&stress, 0, sizeof(stress));
    for (int i = 0; i < GILS; i++) {
        CHECK_OK(kaa_gil_create(options, &stress.gils[i], &t->err));
        DEFER(t, kaa_gil_destroy, stress.gils[i]);
    }
    stress.end_at =
        kaa_base__now_ns() +
        (seconds != NULL ? strtoull(seconds, NULL, 10) : 1) * 500000000u;
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&ids[i], NULL, keep_living, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    CHECK_EQ(atomic_load(&stress.broken), 0);
    CHECK_OK(kaa_gil_enter(stress.gils[0], "main", &entry, &t->err));
    while (*entry.thread->requests & KAA_GIL__PENDING)
        CHECK_EQ(kaa_checkpoint(entry.thread), 0);
    kaa_gil_leave(&entry);
    CHECK_EQ(stress.pending, atomic_load(&stress.pending_added));
    for (int i = 0; i < GILS; i++) {
        kaa_gil_statistics sum = {.size = sizeof(sum)};

        CHECK_OK(kaa_gil_verify(stress.gils[i], &t->err));
        CHECK_OK(kaa_gil_read_statistics(stress.gils[i], &sum, &t->err));
        CHECK_EQ(sum.acquisitions, sum.voluntary + sum.forced);
        CHECK_EQ(sum.threads, 0);
    }
}

KAA_TEST(stress)
{
    run_stress(t, &(kaa_gil_options){.size = sizeof(kaa_gil_options),
                                     .interval_ns = 50000,
                                     .short_ns = 5000});
}

KAA_TEST(stress_with_fences)
{
    run_stress(t, &(kaa_gil_options){.size = sizeof(kaa_gil_options),
                                     .flags = KAA_GIL_FENCE,
                                     .interval_ns = 20000,
                                     .short_ns = 1000});
}
