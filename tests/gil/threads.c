/* threads.c - threads that come, go, die and fork; several locks; deadlocks. */
#include "kaa_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
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

/* Waits for what another thread does; a test that hangs is ended by CTest. */
static void
wait_for(const atomic_int *value, int wanted)
{
    while (atomic_load(value) != wanted)
        sleep_ns(100000);
}

static int
waiting_threads(kaa_gil *gil)
{
    return (int)(atomic_load(&gil->contended) & ~KAA_GIL__CHECKED);
}

/* --- Dying threads -------------------------------------------------------- */

static void *
die_holding(void *user)
{
    kaa_gil_thread *thread;

    if (kaa_gil_attach(user, "mortal", &thread, NULL) != KAA_OK)
        return (void *)1;
    if (kaa_gil_acquire(thread, NULL) != KAA_OK)
        return (void *)2;
    kaa_checkpoint(thread);
    return NULL; /* neither released nor detached */
}

KAA_TEST(a_thread_that_dies_lets_go)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;
    pthread_t ids[8];
    void *answers[8];
    int refused = 0;
    kaa_gil_statistics sum = {.size = sizeof(sum)};

    CHECK_OK(kaa_gil_create(SHORT_OPTIONS, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    CHECK_OK(kaa_gil_attach(gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(pthread_create(&ids[i], NULL, die_holding, gil), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(ids[i], &answers[i]);
        CHECK((uintptr_t)answers[i] < 2);
        refused += answers[i] != NULL;
    }
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    CHECK_OK(kaa_gil_release(thread, &t->err));
    CHECK_OK(kaa_gil_verify(gil, &t->err));
    CHECK_OK(kaa_gil_read_statistics(gil, &sum, &t->err));
    CHECK_EQ(sum.threads, 1);
    CHECK_EQ(sum.acquisitions - sum.forced, (uint64_t)(9 - refused));
    CHECK(!refused || kaa_test_is_fault_run());
}

KAA_TEST(a_lock_outlives_its_owner)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;

    CHECK_OK(kaa_gil_create(NULL, &gil, &t->err));
    if (kaa_gil_attach(gil, "main", &thread, &t->err) != KAA_OK) {
        kaa_gil_destroy(gil);
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    }
    kaa_gil_destroy(gil);
    DEFER(t, kaa_gil_detach, thread);
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    CHECK_OK(kaa_gil_release(thread, &t->err));
}

typedef struct stay_state {
    kaa_gil *gil;
    atomic_int step;
} stay_state;

static void *
stay(void *user)
{
    stay_state *state = user;
    kaa_gil_thread *thread = NULL;

    if (kaa_gil_attach(state->gil, "stays", &thread, NULL) != KAA_OK) {
        atomic_store(&state->step, 3);
        return NULL;
    }
    atomic_store(&state->step, 1);
    wait_for(&state->step, 2);
    kaa_gil_detach(thread);
    return NULL;
}

/* How many blocks fork() freed in the child, where that thread is not. */
static int
freed_in_child(kaa_test *t, int is_destroyed)
{
    stay_state state = {.gil = NULL};
    uint64_t before;
    pthread_t id;
    pid_t child;
    int status = 0;

    CHECK_OK(kaa_gil_create(NULL, &state.gil, &t->err));
    CHECK_EQ(pthread_create(&id, NULL, stay, &state), 0);
    while (atomic_load(&state.step) == 0)
        sleep_ns(100000);
    if (is_destroyed)
        kaa_gil_destroy(state.gil);
    before = kaa_base__blocks_live();
    child = atomic_load(&state.step) == 1 ? fork() : -1;
    if (child == 0)
        _exit((int)(before - kaa_base__blocks_live()));
    if (child > 0)
        waitpid(child, &status, 0);
    atomic_store(&state.step, 2);
    pthread_join(id, NULL);
    if (!is_destroyed)
        kaa_gil_destroy(state.gil);
    CHECK_MEMORY(child > 0 ? &state : NULL);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* With its last thread, which is not in the child. */
KAA_TEST(a_lock_that_was_destroyed_ends_in_the_child)
{
    int with_owner = freed_in_child(t, 0);

    CHECK(freed_in_child(t, 1) > with_owner);
}

/* --- Several locks -------------------------------------------------------- */

typedef struct many_state {
    kaa_gil *gils[3];
    uint64_t counts[3];
    atomic_int broken, failed;
    uint64_t rounds;
} many_state;

static void *
use_many(void *user)
{
    many_state *many = user;
    kaa_gil_thread *threads[3] = {NULL};
    kaa_test_random random = {(uintptr_t)&threads | 1};
    int ok = 1;

    for (int i = 0; i < 3 && ok; i++)
        ok = kaa_gil_attach(many->gils[i], "many", &threads[i], NULL) == KAA_OK;
    atomic_fetch_or(&many->failed, !ok);
    for (uint64_t round = 0; ok && round < many->rounds; round++) {
        /* In this order always, so there is no deadlock. */
        int first = (int)kaa_test_below(&random, 3);
        int last = first + (int)kaa_test_below(&random, (uint64_t)(3 - first));

        for (int i = first; i <= last; i++) {
            if (kaa_gil_acquire(threads[i], NULL) != KAA_OK)
                atomic_store(&many->broken, 1);
            many->counts[i]++;
        }
        kaa_checkpoint(threads[last]);
        if (kaa_test_below(&random, 64) == 0)
            sleep_ns(1);
        for (int i = first; i <= last; i++)
            if (kaa_gil_release(threads[i], NULL) != KAA_OK)
                atomic_store(&many->broken, 2);
    }
    for (int i = 0; i < 3; i++)
        kaa_gil_detach(threads[i]);
    return NULL;
}

KAA_TEST(storm_on_several_locks)
{
    static many_state many;
    pthread_t ids[4];
    uint64_t sum = 0;

    memset(&many, 0, sizeof(many));
    many.rounds = kaa_test_is_fault_run() ? 200 : 20000;
    for (int i = 0; i < 3; i++) {
        CHECK_OK(kaa_gil_create(SHORT_OPTIONS, &many.gils[i], &t->err));
        DEFER(t, kaa_gil_destroy, many.gils[i]);
    }
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&ids[i], NULL, use_many, &many), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    CHECK_EQ(atomic_load(&many.broken), 0);
    if (atomic_load(&many.failed))
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    for (int i = 0; i < 3; i++) {
        kaa_gil_statistics figures = {.size = sizeof(figures)};

        CHECK_OK(kaa_gil_verify(many.gils[i], &t->err));
        CHECK_OK(kaa_gil_read_statistics(many.gils[i], &figures, &t->err));
        CHECK_EQ(figures.acquisitions - figures.forced, many.counts[i]);
        sum += many.counts[i];
    }
    CHECK(sum >= many.rounds * 4);
}

/* --- Deadlocks ------------------------------------------------------------ */

typedef struct ring_state {
    kaa_gil *gils[3];
    int size;
    int allows; /* the others take theirs back, which cannot fail */
    atomic_int holding, go, deadlocks, failed;
    char message[3][240];
} ring_state;

typedef struct ring_member {
    ring_state *ring;
    int index;
} ring_member;

static void *
join_ring(void *user)
{
    static const char *const names[] = {"one", "two", "three"};
    ring_member *member = user;
    ring_state *ring = member->ring;
    kaa_gil *near = ring->gils[member->index];
    kaa_gil *far = ring->gils[(member->index + 1) % ring->size];
    kaa_gil_thread *held = NULL, *wanted = NULL;
    kaa_error err = {0};

    if (kaa_gil_attach(near, names[member->index], &held, NULL) != KAA_OK ||
        kaa_gil_attach(far, names[member->index], &wanted, NULL) != KAA_OK) {
        atomic_store(&ring->failed, 1);
        kaa_gil_detach(held);
        atomic_fetch_add(&ring->holding, 1);
        return NULL;
    }
    if (kaa_gil_acquire(held, NULL) != KAA_OK)
        atomic_store(&ring->failed, 2);
    atomic_fetch_add(&ring->holding, 1);
    wait_for(&ring->go, 1);
    if (ring->allows && member->index != 0) {
        /* As if it had released the far one earlier. */
        kaa_gil_end_allow_threads(wanted, 1);
        kaa_gil_release(wanted, NULL);
    } else if (kaa_gil_acquire(wanted, &err) == KAA_DEADLOCK) {
        atomic_fetch_add(&ring->deadlocks, 1);
        memcpy(ring->message[member->index], err.message, 240);
    } else {
        kaa_gil_release(wanted, NULL);
    }
    kaa_gil_release(held, NULL);
    kaa_gil_detach(held);
    kaa_gil_detach(wanted);
    return NULL;
}

static void
run_ring(kaa_test *t, ring_state *ring, int size, int allows)
{
    static const char *const names[] = {"A", "B", "C"};
    ring_member members[3];
    pthread_t ids[3];

    memset(ring, 0, sizeof(*ring));
    ring->size = size;
    ring->allows = allows;
    for (int i = 0; i < size; i++) {
        kaa_gil_options options = {.size = sizeof(options), .name = names[i]};

        CHECK_OK(kaa_gil_create(&options, &ring->gils[i], &t->err));
        DEFER(t, kaa_gil_destroy, ring->gils[i]);
    }
    for (int i = 0; i < size; i++) {
        members[i] = (ring_member){ring, i};
        CHECK_EQ(pthread_create(&ids[i], NULL, join_ring, &members[i]), 0);
    }
    wait_for(&ring->holding, size);
    atomic_store(&ring->go, 1);
    for (int i = 0; i < size; i++)
        pthread_join(ids[i], NULL);
    if (atomic_load(&ring->failed) == 1)
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    CHECK_EQ(atomic_load(&ring->failed), 0);
    for (int i = 0; i < size; i++)
        CHECK_OK(kaa_gil_verify(ring->gils[i], &t->err));
}

KAA_TEST(a_circle_of_two_is_reported)
{
    static ring_state ring;
    const char *message;

    run_ring(t, &ring, 2, 0);
    CHECK_EQ(atomic_load(&ring.deadlocks), 1);
    message = ring.message[0][0] != '\0' ? ring.message[0] : ring.message[1];
    CHECK_HAS(message, "deadlock: ");
    CHECK_HAS(message, "\"one\" waits for \"B\", which \"two\" holds");
    CHECK_HAS(message, "\"two\" waits for \"A\", which \"one\" holds");
}

KAA_TEST(a_circle_of_three_is_reported)
{
    static ring_state ring;
    run_ring(t, &ring, 3, 0);
    CHECK_EQ(atomic_load(&ring.deadlocks), 1);
    for (int i = 0; i < 3; i++)
        if (ring.message[i][0] != '\0')
            CHECK_HAS(ring.message[i],
                      "\"three\" waits for \"A\", which \"one\" holds");
}

KAA_TEST(who_can_fail_gives_up_for_who_cannot)
{
    static ring_state ring;

    run_ring(t, &ring, 3, 1);
    CHECK_EQ(atomic_load(&ring.deadlocks), 1);
    CHECK_HAS(ring.message[0], "\"one\" waits for \"B\", which \"two\" holds");
}

typedef struct refusal_state {
    kaa_gil *gils[2];
    atomic_int refused, served, failed;
} refusal_state;

/* Acquires the first lock as a thread that is not urgent; then at once lets go
 * of it. */
static kaa_status
wait_as_ordinary(refusal_state *state)
{
    kaa_gil_thread *thread;
    kaa_status status = kaa_gil_attach(state->gils[0], "x", &thread, NULL);

    if (status != KAA_OK)
        return status;
    ((kaa_gil__thread *)thread)->hold_last = UINT64_MAX / 2;
    status = kaa_gil_acquire(thread, NULL);
    if (status == KAA_OK)
        kaa_gil_release(thread, NULL);
    kaa_gil_detach(thread);
    return status;
}

/* Holds the second lock, waits for the first, and is refused. */
static void *
be_refused(void *user)
{
    refusal_state *state = user;
    kaa_gil_entry entry;
    kaa_status status = kaa_gil_enter(state->gils[1], "x", &entry, NULL);

    if (status == KAA_OK) {
        status = wait_as_ordinary(state);
        kaa_gil_leave(&entry);
    }
    atomic_store(&state->refused, status == KAA_DEADLOCK);
    atomic_fetch_add(&state->failed, status == KAA_NO_MEMORY);
    return NULL;
}

static void *
be_served(void *user)
{
    refusal_state *state = user;

    if (wait_as_ordinary(state) != KAA_OK)
        atomic_fetch_add(&state->failed, 1);
    atomic_store(&state->served, 1);
    return NULL;
}

KAA_TEST(who_stands_behind_a_refused_thread_gets_to_ask)
{
    static refusal_state state;
    kaa_gil_thread *threads[2];
    pthread_t ids[2];

    memset(&state, 0, sizeof(state));
    for (int i = 0; i < 2; i++) {
        kaa_gil_options options = {.size = sizeof(options),
                                   .interval_ns = 50000000};

        CHECK_OK(kaa_gil_create(&options, &state.gils[i], &t->err));
        DEFER(t, kaa_gil_destroy, state.gils[i]);
        CHECK_OK(kaa_gil_attach(state.gils[i], "main", &threads[i], &t->err));
        DEFER(t, kaa_gil_detach, threads[i]);
    }
    CHECK_OK(kaa_gil_acquire(threads[0], &t->err));
    CHECK_EQ(pthread_create(&ids[0], NULL, be_refused, &state), 0);
    while (waiting_threads(state.gils[0]) + atomic_load(&state.failed) != 1)
        sleep_ns(100000);
    CHECK_EQ(pthread_create(&ids[1], NULL, be_served, &state), 0);
    while (waiting_threads(state.gils[0]) + atomic_load(&state.failed) != 2)
        sleep_ns(100000);
    kaa_gil_end_allow_threads(threads[1], 1);
    kaa_gil_release(threads[1], NULL);
    while (!atomic_load(&state.served))
        kaa_checkpoint(threads[0]);
    kaa_gil_release(threads[0], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    if (atomic_load(&state.failed))
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    CHECK_EQ(atomic_load(&state.refused), 1);
}

/* --- Fork ----------------------------------------------------------------- */

typedef struct fork_state {
    kaa_gil *gil;
    atomic_int stop, failed;
} fork_state;

static void *
keep_busy(void *user)
{
    fork_state *state = user;
    kaa_gil_thread *thread;

    if (kaa_gil_attach(state->gil, "busy", &thread, NULL) != KAA_OK) {
        atomic_store(&state->failed, 1);
        return NULL;
    }
    if (kaa_gil_acquire(thread, NULL) != KAA_OK)
        atomic_store(&state->failed, 2);
    for (int i = 0; !atomic_load(&state->stop); i++) {
        kaa_checkpoint(thread);
        if (i % 16 == 0) {
            KAA_BEGIN_ALLOW_THREADS(thread)
            KAA_END_ALLOW_THREADS(thread)
        }
    }
    kaa_gil_release(thread, NULL);
    kaa_gil_detach(thread);
    return NULL;
}

/* What a child does with a lock that three threads fought for. */
static int
child_uses(kaa_gil *gil, kaa_gil_thread *thread, int held)
{
    kaa_gil_statistics sum = {.size = sizeof(sum)};

    alarm(20);
    if (kaa_gil_is_held(thread) != held)
        return 1;
    if (!held && kaa_gil_acquire(thread, NULL) != KAA_OK)
        return 2;
    if (kaa_gil_verify(gil, NULL) != KAA_OK)
        return 3;
    for (int i = 0; i < 100; i++) {
        kaa_checkpoint(thread);
        KAA_BEGIN_ALLOW_THREADS(thread)
        KAA_END_ALLOW_THREADS(thread)
    }
    if (kaa_gil_release(thread, NULL) != KAA_OK)
        return 4;
    if (kaa_gil_read_statistics(gil, &sum, NULL) != KAA_OK || sum.threads != 1)
        return 5;
    return 0;
}

KAA_TEST(forks_in_a_storm)
{
    static fork_state state;
    kaa_gil_thread *thread = NULL;
    pthread_t ids[3];
    int answers[6];

    memset(&state, 0, sizeof(state));
    CHECK_OK(kaa_gil_create(SHORT_OPTIONS, &state.gil, &t->err));
    DEFER(t, kaa_gil_destroy, state.gil);
    CHECK_OK(kaa_gil_attach(state.gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&ids[i], NULL, keep_busy, &state), 0);
    for (int i = 0; i < 6; i++) {
        int held = i % 2;
        pid_t child;

        sleep_ns(300000);
        if (held && kaa_gil_acquire(thread, NULL) != KAA_OK)
            answers[i] = -1;
        child = fork();
        if (child == 0)
            _exit(child_uses(state.gil, thread, held));
        if (held)
            kaa_gil_release(thread, NULL);
        if (child < 0 || waitpid(child, &answers[i], 0) != child)
            answers[i] = -2;
    }
    atomic_store(&state.stop, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < 6; i++)
        CHECK_EQ(answers[i], 0);
    if (atomic_load(&state.failed) == 1)
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    CHECK_EQ(atomic_load(&state.failed), 0);
}

/* --- Order and figures ---------------------------------------------------- */

typedef struct order_state {
    kaa_gil *gil;
    atomic_int started, failed;
    int order[4]; /* guarded by the lock */
    int count;
} order_state;

typedef struct order_member {
    order_state *state;
    int index;
} order_member;

static void *
queue_up(void *user)
{
    order_member *member = user;
    kaa_gil_entry entry;

    if (kaa_gil_enter(member->state->gil, "queue", &entry, NULL) != KAA_OK) {
        atomic_fetch_add(&member->state->failed, 1);
        return NULL;
    }
    member->state->order[member->state->count++] = member->index;
    kaa_gil_leave(&entry);
    return NULL;
}

KAA_TEST(who_comes_first_is_served_first)
{
    static order_state state;
    order_member members[4];
    kaa_gil_thread *thread = NULL;
    pthread_t ids[4];
    kaa_gil_statistics figures = {.size = sizeof(figures)};

    memset(&state, 0, sizeof(state));
    CHECK_OK(kaa_gil_create(NULL, &state.gil, &t->err));
    DEFER(t, kaa_gil_destroy, state.gil);
    CHECK_OK(kaa_gil_attach(state.gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    for (int i = 0; i < 4; i++) {
        members[i] = (order_member){&state, i};
        CHECK_EQ(pthread_create(&ids[i], NULL, queue_up, &members[i]), 0);
        while (waiting_threads(state.gil) + atomic_load(&state.failed) != i + 1)
            sleep_ns(100000);
    }
    CHECK_OK(kaa_gil_verify(state.gil, &t->err));
    CHECK_OK(kaa_gil_release(thread, &t->err));
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    CHECK_EQ(state.count + atomic_load(&state.failed), 4);
    if (atomic_load(&state.failed))
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(state.order[i], i);
    CHECK_OK(kaa_gil_read_statistics(state.gil, &figures, &t->err));
    CHECK_EQ(figures.acquisitions, 5);
    CHECK_EQ(figures.contended, 4);
    CHECK_EQ(figures.forced, 0);
    CHECK_EQ(figures.voluntary, 5);
    CHECK(figures.waited_ns >= figures.waited_ns_max);
    CHECK(figures.waited_ns_max > 0);
}
