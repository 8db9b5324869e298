/* Runtimes of kaa's own in a library that Python loads: threads that contend
 * for the lock of one, and say themselves how long. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <kaa/kaa.h>

#define THREADS 3
#define SLICE_NS 1000000

typedef struct team team;

typedef struct worker {
    team *team;
    pthread_t thread;
    const char *name;
    uint64_t outer_ns; /* from before it asks to after it lets go */
    uint64_t inner_ns; /* from when it first has the lock to the end */
    int is_good;
} worker;

struct team {
    kaa_runtime *runtime;
    worker workers[THREADS];
    atomic_int phase; /* 0: made, 1: they work, 2: they rest, 3: they leave */
    atomic_int ready, working, resting;
};

static const char *const names[THREADS] = {"first", "second", "third \303\251"};

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
nap(void)
{
    struct timespec time = {.tv_nsec = 500000};

    nanosleep(&time, NULL);
}

static void *
work(void *user)
{
    worker *own = user;
    team *all = own->team;
    kaa_context *ctx;
    uint64_t outer, inner;
    void *begun;

    own->is_good =
        kaa_runtime_attach(all->runtime, own->name, &ctx, NULL) == KAA_OK;
    atomic_fetch_add(&all->ready, 1);
    if (!own->is_good) {
        atomic_fetch_add(&all->working, 1);
        atomic_fetch_add(&all->resting, 1);
        return NULL;
    }
    begun = kaa_begin_allow_threads(ctx);
    while (atomic_load(&all->phase) < 1)
        nap();
    outer = now_ns();
    kaa_end_allow_threads(ctx, begun);
    inner = now_ns();
    atomic_fetch_add(&all->working, 1);
    while (atomic_load(&all->phase) < 2)
        kaa_poll(ctx);
    own->inner_ns = now_ns() - inner;
    begun = kaa_begin_allow_threads(ctx);
    own->outer_ns = now_ns() - outer;
    atomic_fetch_add(&all->resting, 1);
    while (atomic_load(&all->phase) < 3)
        nap();
    kaa_end_allow_threads(ctx, begun);
    kaa_runtime_detach(ctx);
    return NULL;
}

/* A runtime with three threads, attached, that wait to be told to work. */
team *
locks_start(const char *name)
{
    kaa_runtime_options options = {
        .size = sizeof(options), .name = name, .interval_ns = SLICE_NS};
    team *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    if (kaa_runtime_create(&options, &all->runtime, NULL) != KAA_OK) {
        free(all);
        return NULL;
    }
    for (int i = 0; i < THREADS; i++) {
        all->workers[i] = (worker){.team = all, .name = names[i]};
        if (pthread_create(&all->workers[i].thread, NULL, work,
                           &all->workers[i]) != 0)
            abort();
        while (atomic_load(&all->ready) <= i) /* attached in this order */
            nap();
    }
    return all;
}

/* They work; each has had the lock. */
void
locks_work(team *all)
{
    atomic_store(&all->phase, 1);
    while (atomic_load(&all->working) < THREADS)
        nap();
}

void
locks_rest(team *all)
{
    atomic_store(&all->phase, 2);
    while (atomic_load(&all->resting) < THREADS)
        nap();
}

/* Ends the threads; the runtime stays. */
void
locks_leave(team *all)
{
    atomic_store(&all->phase, 3);
    for (int i = 0; i < THREADS; i++)
        pthread_join(all->workers[i].thread, NULL);
}

uint64_t
locks_outer_ns(const team *all, int thread)
{
    return all->workers[thread].outer_ns;
}

uint64_t
locks_inner_ns(const team *all, int thread)
{
    return all->workers[thread].is_good ? all->workers[thread].inner_ns : 0;
}

void
locks_end(team *all)
{
    if (kaa_runtime_destroy(all->runtime, NULL, NULL) == KAA_OK)
        free(all);
}

static int
take(kaa_gil *first, kaa_gil *second)
{
    kaa_gil_entry outer, inner;

    if (kaa_gil_enter(first, "taker", &outer, NULL) != KAA_OK)
        return 0;
    if (kaa_gil_enter(second, "taker", &inner, NULL) == KAA_OK)
        kaa_gil_leave(&inner);
    kaa_gil_leave(&outer);
    return 1;
}

static kaa_gil *bread, *butter;

/* Two debug locks, taken in both orders: no deadlock yet. */
int
locks_take_both_ways(void)
{
    kaa_gil_options options = {
        .size = sizeof(options), .flags = KAA_GIL_DEBUG, .name = "bread"};

    if (kaa_gil_create(&options, &bread, NULL) != KAA_OK)
        return 0;
    options.name = "butter";
    if (kaa_gil_create(&options, &butter, NULL) != KAA_OK)
        return 0;
    return take(bread, butter) && take(butter, bread);
}

void
locks_drop_both(void)
{
    kaa_gil_destroy(bread);
    kaa_gil_destroy(butter);
}
