/* native/gate.c - who may come into a runtime, and its end.
 *
 * What kaa_thread_enter() is given is no address but a number, which is looked
 * up among the runtimes that live: one that is gone, however long, is refused.
 * A thread on its way in is counted until it is attached or refused, and a
 * runtime is not freed before that.
 */
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "native/native.h"

static struct {
    pthread_once_t once;
    pthread_mutex_t mutex;
    uintptr_t last; /* number given */
    kaa_runtime *runtimes;
} gate = {.once = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER};

static void
before_fork(void)
{
    pthread_mutex_lock(&gate.mutex);
}

static void
after_fork_parent(void)
{
    pthread_mutex_unlock(&gate.mutex);
}

/* Threads on their way in are not in the child. */
static void
after_fork_child(void)
{
    kaa_runtime *each;

    for (each = gate.runtimes; each != NULL; each = each->next_runtime)
        each->entering = 0;
    pthread_mutex_unlock(&gate.mutex);
}

static void
start(void)
{
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

void
kaa_native__gate_open(kaa_runtime *runtime)
{
    pthread_once(&gate.once, start);
    pthread_mutex_lock(&gate.mutex);
    runtime->handle = ++gate.last;
    runtime->next_runtime = gate.runtimes;
    gate.runtimes = runtime;
    pthread_mutex_unlock(&gate.mutex);
}

/* Between two looks at who is on the way in or inside. */
static void
sleep_briefly(void)
{
    const struct timespec moment = {.tv_nsec = 200000};

    nanosleep(&moment, NULL);
}

void
kaa_native__gate_gone(kaa_runtime *runtime)
{
    kaa_runtime **link = &gate.runtimes;

    pthread_mutex_lock(&gate.mutex);
    while (*link != NULL && *link != runtime)
        link = &(*link)->next_runtime;
    if (*link != NULL)
        *link = runtime->next_runtime;
    /* A thread that found it before will be refused, and still has to leave the
     * lock that is freed next. */
    while (runtime->entering != 0) {
        pthread_mutex_unlock(&gate.mutex);
        sleep_briefly();
        pthread_mutex_lock(&gate.mutex);
    }
    pthread_mutex_unlock(&gate.mutex);
}

void *
kaa_native__runtime_handle(kaa_context *ctx)
{
    return (void *)kaa_object__runtime_of(ctx)->handle;
}

kaa_context *
kaa_native__thread_enter(void *handle)
{
    kaa_context *ctx = NULL;
    kaa_runtime *runtime;

    pthread_mutex_lock(&gate.mutex);
    runtime = gate.runtimes;
    while (runtime != NULL && runtime->handle != (uintptr_t)handle)
        runtime = runtime->next_runtime;
    if (runtime != NULL)
        runtime->entering++;
    pthread_mutex_unlock(&gate.mutex);
    if (runtime == NULL)
        return NULL;
    if (kaa_runtime_attach(runtime, NULL, &ctx, NULL) != KAA_OK)
        ctx = NULL;
    pthread_mutex_lock(&gate.mutex);
    runtime->entering--;
    pthread_mutex_unlock(&gate.mutex);
    return ctx;
}

/* ---- Closing */

static int
somebody_enters(kaa_runtime *runtime)
{
    int result;

    pthread_mutex_lock(&gate.mutex);
    result = runtime->entering != 0;
    pthread_mutex_unlock(&gate.mutex);
    return result;
}

/* The calling thread as the lock knows it, if it holds the lock, which is let
 * go; else NULL. */
static kaa_gil_thread *
let_go(kaa_runtime *runtime)
{
    kaa_gil_thread *thread;

    if (kaa_gil_attach(runtime->gil, NULL, &thread, NULL) != KAA_OK)
        return NULL;
    if (kaa_gil_is_held(thread) && kaa_gil_begin_allow_threads(thread))
        return thread;
    kaa_gil_detach(thread);
    return NULL;
}

static int
is_busy(kaa_runtime *runtime, int with_others)
{
    return somebody_enters(runtime) ||
           (with_others && kaa_native__others_attached(runtime));
}

int
kaa_native__gate_close(kaa_runtime *runtime, int with_others,
                       uint64_t timeout_ns)
{
    uint64_t began = kaa_base__now_ns();
    kaa_gil_thread *held;
    int busy;

    atomic_store(&runtime->is_closing, 1);
    busy = is_busy(runtime, with_others);
    if (!busy)
        return 1;
    held = let_go(runtime);
    while ((busy = is_busy(runtime, with_others)) != 0 &&
           kaa_base__now_ns() - began < timeout_ns)
        sleep_briefly();
    if (held != NULL) {
        kaa_gil_end_allow_threads(held, 1);
        kaa_gil_detach(held);
    }
    return !busy;
}

kaa_status
kaa_runtime_close(kaa_runtime *runtime, uint64_t timeout_ns, kaa_error *err)
{
    if (runtime == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "runtime may not be NULL");
    if (kaa_native__gate_close(runtime, 1, timeout_ns))
        return KAA_OK;
    return kaa_base__fail(err, KAA_MISUSE, 0,
                          "threads are still attached to \"%s\"",
                          runtime->name);
}
