/* pending.c - calls that the holder runs, from threads, signals and parents. */
#include "kaa_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gil/internal.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)
DEFERRABLE(kaa_gil_detach, kaa_gil_thread)

#define SHORT_OPTIONS                                                          \
    &(kaa_gil_options)                                                         \
    {                                                                          \
        .size = sizeof(kaa_gil_options), .interval_ns = 100000                 \
    }

static void
sleep_ns(long ns)
{
    struct timespec time = {0, ns};

    nanosleep(&time, NULL);
}

typedef struct calls_state {
    kaa_gil *gil;
    kaa_gil_thread *main;
    int order[KAA_GIL_PENDING_MAX];
    int count;
    int answer;
} calls_state;

static calls_state calls;

static int
note_call(void *user)
{
    calls.order[calls.count++] = (int)(intptr_t)user;
    /* Nested checkpoints run nothing. */
    if (kaa_checkpoint(calls.main) != 0)
        return 99;
    return calls.answer;
}

KAA_TEST(pending_calls_run_in_order)
{
    memset(&calls, 0, sizeof(calls));
    CHECK_OK(kaa_gil_create(NULL, &calls.gil, &t->err));
    DEFER(t, kaa_gil_destroy, calls.gil);
    CHECK_OK(kaa_gil_attach(calls.gil, "main", &calls.main, &t->err));
    DEFER(t, kaa_gil_detach, calls.main);
    for (int round = 0; round < 3; round++) {
        calls.count = 0;
        for (intptr_t i = 0; i < KAA_GIL_PENDING_MAX; i++)
            CHECK_OK(kaa_gil_add_pending(calls.gil, note_call, (void *)i));
        CHECK_STATUS(kaa_gil_add_pending(calls.gil, note_call, NULL),
                     KAA_LIMIT);
        CHECK_OK(kaa_gil_acquire(calls.main, &t->err));
        CHECK_EQ(calls.count, 0);
        CHECK_EQ(kaa_checkpoint(calls.main), 0);
        CHECK_EQ(calls.count, KAA_GIL_PENDING_MAX);
        for (int i = 0; i < KAA_GIL_PENDING_MAX; i++)
            CHECK_EQ(calls.order[i], i);
        CHECK_EQ(kaa_checkpoint(calls.main), 0);
        CHECK_EQ(calls.count, KAA_GIL_PENDING_MAX);
        CHECK_OK(kaa_gil_release(calls.main, &t->err));
    }
    CHECK_STATUS(kaa_gil_add_pending(calls.gil, NULL, NULL),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(a_pending_call_that_fails_stops_the_rest_until_later)
{
    memset(&calls, 0, sizeof(calls));
    CHECK_OK(kaa_gil_create(NULL, &calls.gil, &t->err));
    DEFER(t, kaa_gil_destroy, calls.gil);
    CHECK_OK(kaa_gil_attach(calls.gil, "main", &calls.main, &t->err));
    DEFER(t, kaa_gil_detach, calls.main);
    CHECK_OK(kaa_gil_acquire(calls.main, &t->err));
    CHECK_OK(kaa_gil_add_pending(calls.gil, note_call, NULL));
    CHECK_OK(kaa_gil_add_pending(calls.gil, note_call, NULL));
    calls.answer = -7;
    CHECK_EQ(kaa_checkpoint(calls.main), -7);
    CHECK_EQ(calls.count, 1);
    calls.answer = 0;
    CHECK_EQ(kaa_checkpoint(calls.main), 0);
    CHECK_EQ(calls.count, 2);
    CHECK_EQ(kaa_checkpoint(calls.main), 0);
    CHECK_EQ(calls.count, 2);
    CHECK_OK(kaa_gil_release(calls.main, &t->err));
}

static kaa_gil *signal_gil;
static uint64_t signal_runs; /* guarded by signal_gil */
static atomic_int signal_added;

static int
count_signal(void *user)
{
    (void)user;
    signal_runs++;
    return 0;
}

static void
on_signal(int number)
{
    (void)number;
    if (kaa_gil_add_pending(signal_gil, count_signal, NULL) == KAA_OK)
        atomic_fetch_add(&signal_added, 1);
}

static void *
add_calls(void *user)
{
    kaa_gil *gil = user;

    for (int i = 0; i < 1000; i++) {
        if (kaa_gil_add_pending(gil, count_signal, NULL) == KAA_OK)
            atomic_fetch_add(&signal_added, 1);
        if (i % 20 == 0)
            sleep_ns(10000);
    }
    return NULL;
}

KAA_TEST(pending_calls_from_signals_and_threads)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    kaa_gil_thread *thread = NULL;
    pthread_t ids[2];

    signal_runs = 0;
    atomic_store(&signal_added, 0);
    CHECK_OK(kaa_gil_create(SHORT_OPTIONS, &signal_gil, &t->err));
    DEFER(t, kaa_gil_destroy, signal_gil);
    CHECK_OK(kaa_gil_attach(signal_gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    sigaction(SIGUSR1, &action, &before);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&ids[i], NULL, add_calls, signal_gil), 0);
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    for (int i = 0; i < 300; i++) {
        raise(SIGUSR1);
        CHECK_EQ(kaa_checkpoint(thread), 0);
    }
    KAA_BEGIN_ALLOW_THREADS(thread)
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    KAA_END_ALLOW_THREADS(thread)
    sigaction(SIGUSR1, &before, NULL);
    while (*thread->requests != 0)
        CHECK_EQ(kaa_checkpoint(thread), 0);
    CHECK_EQ(signal_runs, (uint64_t)atomic_load(&signal_added));
    CHECK(signal_runs >= 300);
    CHECK_OK(kaa_gil_release(thread, &t->err));
}

static int fork_calls;

static int
count_fork_call(void *user)
{
    (void)user;
    fork_calls++;
    return 0;
}

/* A child whose parent was adding a call in one thread and running one in
 * another. */
static int
child_runs_calls(kaa_gil *gil, kaa_gil_thread *thread)
{
    if (kaa_gil_acquire(thread, NULL) != KAA_OK)
        return 1;
    for (int round = 0; round < 3; round++) {
        fork_calls = 0;
        for (int i = 0; i < 2 * KAA_GIL_PENDING_MAX; i++)
            if (kaa_gil_add_pending(gil, count_fork_call, NULL) != KAA_OK &&
                i < KAA_GIL_PENDING_MAX - 1)
                return 2;
        while (*thread->requests & KAA_GIL__PENDING)
            kaa_checkpoint(thread);
        if (fork_calls < KAA_GIL_PENDING_MAX - 1)
            return 3;
    }
    return 0;
}

KAA_TEST(a_fork_amid_pending_calls_is_mended)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;
    int status = -1;
    pid_t child;

    CHECK_OK(kaa_gil_create(NULL, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    CHECK_OK(kaa_gil_attach(gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    /* Position 0 is taken but not given back, position 1 not filled yet. */
    CHECK_OK(kaa_gil_add_pending(gil, count_fork_call, NULL));
    gil->pending_out = 1;
    atomic_store(&gil->pending_in, 2);
    child = fork();
    if (child == 0)
        _exit(child_runs_calls(gil, thread));
    CHECK(child > 0);
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0);
}
