/* call/map.c - a function over whole arrays, on several threads.
 *
 * Elements are handed out in pieces, in order: whoever is free takes the next.
 * A thread sizes its pieces by the clock, so that each takes about as long as
 * PIECE_NS whatever the function costs; near the end they shrink, so that all
 * threads end together.
 *
 *     0           done           next                        count
 *     |############|##.##.##.#####|............................|
 *                   being worked on
 *
 * The thread that waits is one of the map's threads: it works while it waits.
 * The elements handed out are `next`; those finished are `done`; the map has
 * ended when nobody works and nothing is left (or it was cancelled).
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/os/os.h"
#include "call/loop.h"

#define THREADS_MAX 256u
#define PIECE_NS 100000ull
#define PIECE_FIRST 16u /* elements, before anything is known */

typedef struct worker {
    kaa_call_map *map;
    kaa_call__frame *frame;
    uint64_t piece; /* elements to ask for next */
    pthread_t thread;
} worker;

struct kaa_call_map {
    kaa_call__loop loop;
    uint64_t count;
    _Atomic uint64_t next;
    _Atomic uint64_t done;
    atomic_int is_cancelled;
    pthread_mutex_t lock;     /* for `ended` */
    pthread_cond_t ended;     /* a thread has found nothing more to do */
    uint32_t threads_running; /* under lock */
    uint32_t thread_count;    /* of workers[1] on: threads started */
    uint32_t worker_count;
    worker workers[]; /* workers[0] is whoever waits */
};

/* Takes the next piece: 1, or 0 when there is none. */
static int
take(worker *w, uint64_t *begin, uint64_t *end)
{
    kaa_call_map *map = w->map;
    uint64_t next = atomic_load_explicit(&map->next, memory_order_relaxed);
    uint64_t size, share;

    do {
        if (next >= map->count ||
            atomic_load_explicit(&map->is_cancelled, memory_order_relaxed))
            return 0;
        share = (map->count - next) / (2 * (uint64_t)map->worker_count) + 1;
        size = w->piece < share ? w->piece : share;
    } while (!atomic_compare_exchange_weak_explicit(
        &map->next, &next, next + size, memory_order_relaxed,
        memory_order_relaxed));
    *begin = next;
    *end = next + size;
    return 1;
}

/* Works one piece: 1, or 0 when there is none. */
static int
work(worker *w)
{
    kaa_call_map *map = w->map;
    uint64_t begin, end, before, took;

    if (!take(w, &begin, &end))
        return 0;
    before = kaa_base__now_ns();
    map->loop.body(&map->loop, begin, end, w->frame);
    took = kaa_base__now_ns() - before;
    /* Release: who sees `done` sees the results. */
    atomic_fetch_add_explicit(&map->done, end - begin, memory_order_acq_rel);
    if (took < PIECE_NS / 2 && w->piece <= UINT32_MAX)
        w->piece *= 2;
    else if (took > PIECE_NS * 2 && w->piece > 1)
        w->piece /= 2;
    return 1;
}

static void *
thread_main(void *argument)
{
    worker *w = argument;
    kaa_call_map *map = w->map;

    while (work(w))
        continue;
    pthread_mutex_lock(&map->lock);
    map->threads_running--;
    pthread_cond_broadcast(&map->ended);
    pthread_mutex_unlock(&map->lock);
    return NULL;
}

static void
free_map(kaa_call_map *map)
{
    for (uint32_t i = 0; i < map->worker_count; i++)
        kaa_base__free(map->workers[i].frame);
    kaa_call__loop_fini(&map->loop);
    kaa_base__free(map);
}

static kaa_status
prepare(kaa_call_map *map, kaa_error *err)
{
    for (uint32_t i = 0; i < map->worker_count; i++) {
        worker *w = &map->workers[i];

        w->map = map;
        w->piece = PIECE_FIRST;
        if (!map->loop.needs_frame)
            continue;
        w->frame = kaa_base__alloc(map->loop.plan->frame_size);
        if (w->frame == NULL)
            return kaa_base__fail_memory(err, "the arguments of a map");
    }
    return KAA_OK;
}

/* The lock and the condition that kaa_call_map_wait() sleeps on. */
static int
make_lock(kaa_call_map *map)
{
    int fault = kaa_base__condition_init(&map->ended);

    if (fault == 0) {
        fault = pthread_mutex_init(&map->lock, NULL);
        if (fault != 0)
            pthread_cond_destroy(&map->ended);
    }
    return fault;
}

/* Starts as many threads as the system gives: whoever waits works anyway, so
 * fewer threads make the map slower, not wrong. They block signals, so that
 * these go to the program's own threads. */
static void
start_threads(kaa_call_map *map)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&map->lock);
    while (map->thread_count + 1 < map->worker_count) {
        worker *w = &map->workers[map->thread_count + 1];

        if (pthread_create(&w->thread, NULL, thread_main, w) != 0)
            break;
        map->thread_count++;
        map->threads_running++;
    }
    pthread_mutex_unlock(&map->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

kaa_status
kaa_call_map_start(const kaa_call_plan *plan, kaa_function target,
                   const kaa_call_operand *operands,
                   const kaa_call_operand *result, uint64_t count,
                   uint32_t threads, kaa_call_map **out_map, kaa_error *err)
{
    kaa_call__loop loop = {NULL, NULL, NULL, NULL, 0};
    kaa_call_map *map;
    kaa_status status;

    if (out_map == NULL || threads == 0 || count > INT64_MAX)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT,
                              "out_map is NULL, threads is 0, or count is "
                              "above 2^63 - 1");
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    if (threads > count)
        threads = count > 0 ? (uint32_t)count : 1;
    status =
        kaa_call__loop_init(&loop, plan, target, operands, result, count, err);
    if (status != KAA_OK)
        return status;
    map = kaa_base__alloc_zeroed(sizeof(*map) + threads * sizeof(worker));
    if (map == NULL) {
        kaa_call__loop_fini(&loop);
        return kaa_base__fail_memory(err, "a map");
    }
    map->loop = loop;
    map->count = count;
    map->worker_count = threads;
    status = prepare(map, err);
    if (status == KAA_OK && make_lock(map) != 0)
        status = kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                                "the system gives no lock for a map");
    if (status != KAA_OK) {
        free_map(map);
        return status;
    }
    start_threads(map);
    *out_map = map;
    return KAA_OK;
}

/* Waits for the other threads to find nothing more to do: 1, or 0 when the
 * time has come. */
static int
wait_for_threads(kaa_call_map *map, uint64_t deadline_ns)
{
    int is_late = 0, have_ended;

    pthread_mutex_lock(&map->lock);
    while (map->threads_running > 0 && !is_late)
        is_late =
            kaa_base__condition_wait(&map->ended, &map->lock, deadline_ns);
    have_ended = map->threads_running == 0;
    pthread_mutex_unlock(&map->lock);
    return have_ended;
}

int
kaa_call_map_wait(kaa_call_map *map, uint64_t timeout_ns, uint64_t *out_done)
{
    uint64_t now = kaa_base__now_ns();
    uint64_t longest = (uint64_t)INT32_MAX * 1000000000u;
    uint64_t deadline =
        now + (timeout_ns < longest - now ? timeout_ns : longest - now);
    int have_ended = 0;

    if (map == NULL)
        return 1;
    for (;;) {
        if (!work(&map->workers[0])) {
            have_ended = wait_for_threads(map, deadline);
            break;
        }
        if (kaa_base__now_ns() >= deadline)
            break;
    }
    if (out_done != NULL)
        *out_done = atomic_load_explicit(&map->done, memory_order_acquire);
    return have_ended;
}

void
kaa_call_map_cancel(kaa_call_map *map)
{
    if (map != NULL)
        atomic_store_explicit(&map->is_cancelled, 1, memory_order_relaxed);
}

uint64_t
kaa_call_map_finish(kaa_call_map *map)
{
    uint64_t done;

    if (map == NULL)
        return 0;
    while (work(&map->workers[0]))
        continue;
    for (uint32_t i = 0; i < map->thread_count; i++)
        pthread_join(map->workers[i + 1].thread, NULL);
    done = atomic_load_explicit(&map->done, memory_order_acquire);
    pthread_mutex_destroy(&map->lock);
    pthread_cond_destroy(&map->ended);
    free_map(map);
    return done;
}
