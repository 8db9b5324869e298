/* statistics.c - the figures: what is exact, and what is estimated. Times are
 * only compared with times that they must contain. */
#include "kaa_test.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "gil/internal.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)
DEFERRABLE(kaa_gil_detach, kaa_gil_thread)

#define MS 1000000u

static void
sleep_ms(long ms)
{
    struct timespec time = {0, ms * 1000000};

    nanosleep(&time, NULL);
}

typedef struct desk_state {
    kaa_gil *gil;
    kaa_gil_thread *thread;
    uint64_t began;
} desk_state;

static void
start(kaa_test *t, desk_state *desk, uint32_t flags)
{
    kaa_gil_options options = {.size = sizeof(options), .flags = flags};

    CHECK_OK(kaa_gil_create(&options, &desk->gil, &t->err));
    DEFER(t, kaa_gil_destroy, desk->gil);
    CHECK_OK(kaa_gil_attach(desk->gil, "main", &desk->thread, &t->err));
    DEFER(t, kaa_gil_detach, desk->thread);
    desk->began = kaa_base__now_ns();
}

static void
cycle(kaa_test *t, desk_state *desk, int count)
{
    for (int i = 0; i < count; i++) {
        CHECK_OK(kaa_gil_acquire(desk->thread, &t->err));
        CHECK_OK(kaa_gil_release(desk->thread, &t->err));
    }
}

static kaa_gil_statistics
figures_of(kaa_test *t, const desk_state *desk)
{
    kaa_gil_statistics own = {.size = sizeof(own)}, sum = {.size = sizeof(sum)};

    CHECK_OK(kaa_gil_read_thread_statistics(desk->thread, &own, &t->err));
    CHECK_OK(kaa_gil_read_statistics(desk->gil, &sum, &t->err));
    CHECK_EQ(own.threads, 1);
    CHECK(memcmp(&own, &sum, sizeof(own)) == 0);
    CHECK(own.held_ns + own.unsure_ns <= kaa_base__now_ns() - desk->began);
    return own;
}

KAA_TEST(each_hold_is_timed_where_asked_for)
{
    static desk_state desk;
    kaa_gil_statistics figures;

    start(t, &desk, KAA_GIL_TIME_ALL);
    cycle(t, &desk, 1000);
    CHECK_OK(kaa_gil_acquire(desk.thread, &t->err));
    sleep_ms(2);
    CHECK_OK(kaa_gil_release(desk.thread, &t->err));
    sleep_ms(2); /* away: the check above sees that it is not counted */
    figures = figures_of(t, &desk);
    CHECK_EQ(figures.acquisitions, 1001);
    CHECK_EQ(figures.voluntary, 1001);
    CHECK_EQ(figures.contended, 0);
    CHECK_EQ(figures.unsure_ns, 0);
    CHECK(figures.held_ns >= 2 * MS);
    CHECK(figures.held_ns_max >= 2 * MS);
    CHECK(figures.held_ns_max <= figures.held_ns);
    CHECK(figures.held_ns + 2 * MS <= kaa_base__now_ns() - desk.began);
}

KAA_TEST(no_hold_is_timed_where_not_wanted)
{
    static desk_state desk;
    kaa_gil_statistics figures;

    start(t, &desk, KAA_GIL_TIME_NONE);
    cycle(t, &desk, 1000);
    figures = figures_of(t, &desk);
    CHECK_EQ(figures.acquisitions, 1000);
    CHECK_EQ(figures.held_ns, 0);
    CHECK_EQ(figures.held_ns_max, 0);
    CHECK_EQ(figures.unsure_ns, 0);
}

/* A long hold among many short ones is held or unsure, never lost. Long is what
 * no run of skipped cycles may take, however slow the machine: 961 cycles of 2
 * us each, four times over (SKIP_MOST, LONG_NS, SKIP_FACTOR). */
#define LONG_MS 8
KAA_TEST(long_holds_among_short_ones_are_not_lost)
{
    static desk_state desk;
    kaa_gil_statistics figures;
    uint64_t long_ns = 0;

    start(t, &desk, 0);
    for (int i = 0; i < 10; i++) {
        cycle(t, &desk, 777 + 1000 * i);
        CHECK_OK(kaa_gil_acquire(desk.thread, &t->err));
        sleep_ms(LONG_MS);
        CHECK_OK(kaa_gil_release(desk.thread, &t->err));
        long_ns += LONG_MS * MS;
    }
    cycle(t, &desk, 2000); /* past what is skipped */
    figures = figures_of(t, &desk);
    CHECK(figures.held_ns + figures.unsure_ns >= long_ns);
}

/* A thread that holds for long each time is timed each time. */
KAA_TEST(long_holds_are_timed_one_by_one)
{
    static desk_state desk;
    kaa_gil_statistics figures;

    start(t, &desk, 0);
    for (int i = 0; i < 20; i++) {
        CHECK_OK(kaa_gil_acquire(desk.thread, &t->err));
        sleep_ms(1);
        CHECK_OK(kaa_gil_release(desk.thread, &t->err));
    }
    figures = figures_of(t, &desk);
    CHECK_EQ(figures.unsure_ns, 0);
    CHECK(figures.held_ns >= 20 * MS);
}

typedef struct visit_state {
    int count;
    uint64_t acquisitions;
} visit_state;

static int
visit(const char *name, const kaa_gil_statistics *figures, void *user)
{
    visit_state *state = user;

    state->count += strcmp(name, "main") == 0;
    state->acquisitions += figures->acquisitions;
    return figures->acquisitions == 7;
}

KAA_TEST(threads_are_visited_by_name)
{
    static desk_state desk;
    visit_state state = {0};

    start(t, &desk, 0);
    cycle(t, &desk, 6);
    CHECK_EQ(kaa_gil_each_thread(desk.gil, visit, &state), 0);
    CHECK_EQ(state.count, 1);
    CHECK_EQ(state.acquisitions, 6);
    cycle(t, &desk, 1);
    CHECK_EQ(kaa_gil_each_thread(desk.gil, visit, &state), 1);
}

static void *
wait_and_go(void *user)
{
    kaa_gil_entry entry;

    if (kaa_gil_enter(user, "late", &entry, NULL) != KAA_OK)
        return (void *)1;
    sleep_ms(1);
    kaa_gil_leave(&entry);
    return NULL;
}

KAA_TEST(waits_are_timed_and_outlive_the_thread)
{
    static desk_state desk;
    kaa_gil_statistics sum = {.size = sizeof(sum)};
    pthread_t id;
    void *failed;

    start(t, &desk, 0);
    CHECK_OK(kaa_gil_acquire(desk.thread, &t->err));
    CHECK_EQ(pthread_create(&id, NULL, wait_and_go, desk.gil), 0);
    while (atomic_load(&desk.gil->contended) == 0 && !kaa_test_is_fault_run())
        sleep_ms(1);
    sleep_ms(3);
    CHECK_OK(kaa_gil_release(desk.thread, &t->err));
    pthread_join(id, &failed);
    if (failed != NULL)
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    CHECK_OK(kaa_gil_read_statistics(desk.gil, &sum, &t->err));
    CHECK_EQ(sum.threads, 1);
    CHECK_EQ(sum.acquisitions, 2);
    CHECK_EQ(sum.voluntary, 2);
    CHECK(sum.held_ns >= 3 * MS);
    if (!kaa_test_is_fault_run()) {
        CHECK_EQ(sum.contended, 1);
        CHECK(sum.waited_ns >= 3 * MS);
    }
    CHECK_EQ(sum.waited_ns_max, sum.waited_ns);
}

KAA_TEST(figures_have_the_size_that_is_asked_for)
{
    static desk_state desk;
    struct {
        kaa_gil_statistics known;
        uint64_t more;
    } big;
    kaa_gil_statistics figures;

    start(t, &desk, 0);
    cycle(t, &desk, 3);
    memset(&big, 0xff, sizeof(big));
    big.known.size = sizeof(big);
    CHECK_OK(kaa_gil_read_statistics(desk.gil, &big.known, &t->err));
    CHECK_EQ(big.known.size, sizeof(big));
    CHECK_EQ(big.known.acquisitions, 3);
    CHECK_EQ(big.more, 0);
    memset(&figures, 0xff, sizeof(figures));
    figures.size = 16;
    CHECK_OK(kaa_gil_read_statistics(desk.gil, &figures, &t->err));
    CHECK_EQ(figures.acquisitions, 3);
    CHECK_EQ(figures.contended, UINT64_MAX);
    figures.size = 0;
    CHECK_STATUS(kaa_gil_read_statistics(desk.gil, &figures, &t->err),
                 KAA_INVALID_ARGUMENT);
}

/* Where membarrier fails after all, threads in line look for themselves. */
KAA_TEST(without_a_fence_waiters_help_themselves)
{
    static desk_state desk;
    pthread_t id;
    void *failed;

    start(t, &desk, 0);
    CHECK_OK(kaa_gil_acquire(desk.thread, &t->err));
    desk.gil->polls = 1;
    CHECK_EQ(pthread_create(&id, NULL, wait_and_go, desk.gil), 0);
    while (atomic_load(&desk.gil->contended) == 0 && !kaa_test_is_fault_run())
        sleep_ms(1);
    /* The release that the waiter did not hear of. */
    atomic_store(&desk.gil->owner, NULL);
    pthread_join(id, &failed);
    CHECK(failed == NULL || kaa_test_is_fault_run());
    CHECK_OK(kaa_gil_acquire(desk.thread, &t->err));
    CHECK_OK(kaa_gil_release(desk.thread, &t->err));
}
