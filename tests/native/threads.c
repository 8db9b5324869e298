/* Threads of one runtime, and runtimes beside each other. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#include "base/memory.h"
#include "kaa_test.h"
#include "native/native.h"

#define THREADS 4

static long
long_factor(void)
{
    const char *text = getenv("KAA_TEST_LONG");

    return text != NULL ? atol(text) + 1 : 1;
}

typedef struct worker {
    kaa_runtime *runtime;
    pthread_t thread;
    kaa_object *shared; /* a list that all append to */
    int number;
    int rounds;
    kaa_status status;
} worker;

static kaa_status
status_of(kaa_context *ctx, int failed)
{
    if (!failed)
        return KAA_OK;
    kaa_error_clear(ctx);
    return KAA_NO_MEMORY;
}

/* Makes a cycle of two lists with a few things in it, and drops it. */
static int
make_garbage(kaa_context *ctx, int64_t number)
{
    kaa_object *one = kaa_list_new(ctx, 0), *two = kaa_list_new(ctx, 0);
    int failed = one == NULL || two == NULL ||
                 kaa_list_append(ctx, one, two) != 0 ||
                 kaa_list_append(ctx, two, one) != 0 ||
                 kaa_list_take_append(ctx, two, kaa_int(ctx, number)) != 0 ||
                 kaa_list_take_append(ctx, one, kaa_text(ctx, "text")) != 0;

    kaa_decref(ctx, one);
    kaa_decref(ctx, two);
    return failed;
}

static void *
work(void *arg)
{
    worker *own = arg;
    kaa_context *ctx = NULL;

    own->status = kaa_runtime_attach(own->runtime, "worker", &ctx, NULL);
    for (int i = 0; own->status == KAA_OK && i < own->rounds; i++) {
        int failed = make_garbage(ctx, i);

        if (own->shared != NULL && !failed)
            failed = kaa_list_take_append(ctx, own->shared,
                                          kaa_int(ctx, own->number)) != 0;
        if (!failed)
            failed = kaa_poll(ctx) != 0;
        if (i % 64 == 0) {
            KAA_ALLOW_THREADS_BEGIN(ctx)
            sched_yield();
            KAA_ALLOW_THREADS_END(ctx)
        }
        own->status = status_of(ctx, failed);
    }
    kaa_runtime_detach(ctx);
    return NULL;
}

static void
destroy_runtime(kaa_runtime *runtime)
{
    kaa_runtime_destroy(runtime, NULL, NULL);
}
DEFERRABLE(destroy_runtime, kaa_runtime)

static kaa_status
run_all(worker *workers, int count)
{
    kaa_status status = KAA_OK;
    int started = 0;

    for (; started < count; started++)
        if (pthread_create(&workers[started].thread, NULL, work,
                           &workers[started]) != 0)
            break;
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].status != KAA_OK)
            status = workers[i].status;
    }
    return started == count ? status : KAA_SYSTEM;
}

KAA_TEST(threads_share_a_runtime)
{
    kaa_runtime_report report = {.size = sizeof(report)};
    kaa_runtime *runtime = NULL;
    worker workers[THREADS] = {{0}};
    kaa_context *ctx = NULL;
    kaa_object *shared;
    int rounds = kaa_test_is_fault_run() ? 5 : (int)(4000 * long_factor());
    kaa_status status;

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    if (!kaa_test_is_fault_run())
        kaa_gil_set_interval(kaa_runtime_gil(runtime), 100000);
    status = kaa_runtime_attach(runtime, "main", &ctx, &t->err);
    shared = ctx != NULL ? kaa_list_new(ctx, 0) : NULL;
    if (ctx != NULL) {
        kaa_error_clear(ctx);
        for (int i = 0; i < THREADS; i++)
            workers[i] = (worker){.runtime = runtime,
                                  .shared = shared,
                                  .number = i,
                                  .rounds = rounds};
        KAA_ALLOW_THREADS_BEGIN(ctx)
        status = run_all(workers, THREADS);
        KAA_ALLOW_THREADS_END(ctx)
        if (status == KAA_OK && shared != NULL)
            CHECK_EQ(kaa_list_size(ctx, shared), THREADS * rounds);
        if (status == KAA_OK)
            status = kaa_runtime_verify(ctx, &t->err);
        kaa_decref(ctx, shared);
        kaa_runtime_detach(ctx);
    }
    if (status == KAA_OK)
        status = kaa_runtime_destroy(runtime, &report, &t->err);
    else
        kaa_runtime_destroy(runtime, NULL, NULL);
    CHECK_STATUS(status, KAA_OK);
    CHECK_EQ(report.objects, 0);
}

static void *
work_alone(void *arg)
{
    worker *own = arg;

    own->status = kaa_runtime_create(NULL, &own->runtime, NULL);
    if (own->status == KAA_OK) {
        work(own);
        kaa_runtime_destroy(own->runtime, NULL, NULL);
    }
    return NULL;
}

KAA_TEST(runtimes_run_beside_each_other)
{
    worker workers[THREADS] = {{0}};
    int started = 0;

    for (; started < THREADS; started++) {
        workers[started].rounds =
            kaa_test_is_fault_run() ? 5 : (int)(4000 * long_factor());
        if (pthread_create(&workers[started].thread, NULL, work_alone,
                           &workers[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < started; i++)
        CHECK_STATUS(workers[i].status, KAA_OK);
    CHECK_EQ(started, THREADS);
}

/* ---- Coming and going */

KAA_TEST(a_context_is_its_threads_own_and_counts)
{
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL, *again = NULL;
    kaa_status status, other;
    int held[4] = {0};

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    DEFER(t, destroy_runtime, runtime);
    CHECK_OK(kaa_runtime_attach(runtime, "main", &ctx, &t->err));
    status = kaa_runtime_attach(runtime, "again", &again, &t->err);
    other = kaa_runtime_destroy(runtime, NULL, NULL);
    if (status == KAA_OK) {
        void *begun;

        held[0] = again == ctx;
        kaa_runtime_detach(again);
        begun = kaa_begin_allow_threads(ctx);
        /* A callback, say, that knows nothing of its caller. */
        again = kaa_thread_enter(ctx->api, kaa_runtime_handle(ctx));
        held[1] = again == ctx;
        kaa_thread_leave(again);
        held[2] = !kaa_gil_is_held(kaa_object__context_of(ctx)->thread);
        kaa_end_allow_threads(ctx, begun);
        held[3] = kaa_gil_is_held(kaa_object__context_of(ctx)->thread);
    }
    kaa_runtime_detach(ctx);
    CHECK_STATUS(status, KAA_OK);
    CHECK_EQ(other, KAA_MISUSE);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(held[i], 1);
}

/* ---- Handles, and closing */

typedef struct visitor {
    const kaa_api *api;
    void *handle;
    _Atomic int visits, refusals, stop, may_leave, is_in;
} visitor;

/* Comes in and goes as fast as it can, until it is refused often. */
static void *
keep_visiting(void *arg)
{
    visitor *own = arg;

    while (!own->stop && own->refusals < 50) {
        kaa_context *ctx = kaa_thread_enter(own->api, own->handle);

        if (ctx == NULL) {
            own->refusals++;
            continue;
        }
        kaa_decref(ctx, kaa_list_new(ctx, 3));
        kaa_error_clear(ctx);
        kaa_thread_leave(ctx);
        own->visits++;
    }
    return NULL;
}

KAA_TEST(a_handle_outlives_its_runtime)
{
    kaa_runtime *runtime = NULL, *other = NULL;
    kaa_context *ctx = NULL;
    const kaa_api *api;
    void *handle;

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    if (kaa_runtime_attach(runtime, "main", &ctx, &t->err) != KAA_OK) {
        kaa_runtime_destroy(runtime, NULL, NULL);
        return;
    }
    api = ctx->api;
    handle = kaa_runtime_handle(ctx);
    kaa_runtime_detach(ctx);
    CHECK_OK(kaa_runtime_destroy(runtime, NULL, &t->err));
    CHECK(kaa_thread_enter(api, handle) == NULL);
    /* Nor is it another's, which may lie at the same address. */
    CHECK_OK(kaa_runtime_create(NULL, &other, &t->err));
    DEFER(t, destroy_runtime, other);
    CHECK(kaa_thread_enter(api, handle) == NULL);
}

KAA_TEST(a_runtime_ends_while_threads_keep_coming)
{
    pthread_t threads[THREADS];
    visitor own = {0};
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_status closed, ended;
    int started = 0;

    if (kaa_test_is_fault_run())
        return; /* a visit that lacks memory looks like a refusal */
    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    CHECK_OK(kaa_runtime_attach(runtime, "main", &ctx, &t->err));
    own.api = ctx->api;
    own.handle = kaa_runtime_handle(ctx);
    for (; started < THREADS; started++)
        if (pthread_create(&threads[started], NULL, keep_visiting, &own) != 0)
            break;
    while (own.visits < 200) {
        void *begun = kaa_begin_allow_threads(ctx);

        sched_yield();
        kaa_end_allow_threads(ctx, begun);
    }
    closed = kaa_runtime_close(runtime, UINT64_MAX, &t->err);
    kaa_runtime_detach(ctx);
    ended = kaa_runtime_destroy(runtime, NULL, &t->err);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(closed, KAA_OK);
    CHECK_EQ(ended, KAA_OK);
    CHECK(own.refusals >= 50);
    CHECK_EQ(started, THREADS);
}

/* Without closing: destroyed while others are on their way in. */
KAA_TEST(destroying_waits_for_those_on_their_way)
{
    for (int round = 0; round < 20 && !kaa_test_is_fault_run(); round++) {
        visitor own = {0};
        kaa_runtime *runtime = NULL;
        kaa_context *ctx = NULL;
        kaa_status status;
        pthread_t thread;

        CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
        CHECK_OK(kaa_runtime_attach(runtime, "main", &ctx, &t->err));
        own.api = ctx->api;
        own.handle = kaa_runtime_handle(ctx);
        kaa_runtime_detach(ctx);
        CHECK_EQ(pthread_create(&thread, NULL, keep_visiting, &own), 0);
        while (own.visits < 3)
            sched_yield();
        do
            status = kaa_runtime_destroy(runtime, NULL, NULL);
        while (status == KAA_MISUSE); /* it was inside */
        pthread_join(thread, NULL);
        CHECK_EQ(status, KAA_OK);
    }
}

static void *
stay_inside(void *arg)
{
    visitor *own = arg;
    kaa_context *ctx = kaa_thread_enter(own->api, own->handle), *again;
    void *begun;

    if (ctx == NULL)
        return NULL;
    begun = kaa_begin_allow_threads(ctx);
    own->is_in = 1;
    while (!own->may_leave)
        sched_yield();
    /* Who is inside may come back in, closed or not. */
    again = kaa_thread_enter(own->api, own->handle);
    if (again == ctx) {
        own->visits++;
        kaa_thread_leave(again);
    }
    kaa_end_allow_threads(ctx, begun);
    kaa_thread_leave(ctx);
    return NULL;
}

KAA_TEST(closing_waits_for_those_inside)
{
    visitor own = {0};
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_status early, late;
    pthread_t thread;

    if (kaa_test_is_fault_run())
        return; /* the visit may lack memory */
    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    DEFER(t, destroy_runtime, runtime);
    CHECK_OK(kaa_runtime_attach(runtime, "main", &ctx, &t->err));
    own.api = ctx->api;
    own.handle = kaa_runtime_handle(ctx);
    kaa_runtime_detach(ctx);
    CHECK_EQ(pthread_create(&thread, NULL, stay_inside, &own), 0);
    while (!own.is_in)
        sched_yield();
    early = kaa_runtime_close(runtime, 1000000, &t->err);
    CHECK_EQ(kaa_runtime_attach(runtime, "new", &ctx, NULL), KAA_MISUSE);
    own.may_leave = 1;
    late = kaa_runtime_close(runtime, UINT64_MAX, NULL);
    pthread_join(thread, NULL);
    CHECK_EQ(early, KAA_MISUSE);
    CHECK_EQ(late, KAA_OK);
    CHECK_EQ(own.visits, 1);
    CHECK_EQ(kaa_runtime_close(NULL, 0, NULL), KAA_INVALID_ARGUMENT);
}

static void *
end_attached(void *arg)
{
    worker *own = arg;
    kaa_context *ctx;

    own->status = kaa_runtime_attach(own->runtime, "ends", &ctx, NULL);
    if (own->status == KAA_OK)
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "left behind");
    return NULL;
}

/* The lock goes on to the next; what the context held is found later. */
KAA_TEST(a_thread_may_end_attached)
{
    kaa_runtime_report report = {.size = sizeof(report)};
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_status status = KAA_OK;

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    for (int i = 0; i < 3 && status == KAA_OK; i++) {
        worker own = {.runtime = runtime};

        if (pthread_create(&own.thread, NULL, end_attached, &own) != 0)
            abort();
        pthread_join(own.thread, NULL);
        status = own.status;
        if (status == KAA_OK)
            status = kaa_runtime_attach(runtime, "main", &ctx, &t->err);
        if (status == KAA_OK) {
            if (kaa_error_occurred(ctx))
                status = KAA_CORRUPT;
            kaa_runtime_detach(ctx);
        }
    }
    if (status == KAA_OK)
        status = kaa_runtime_destroy(runtime, &report, &t->err);
    else
        kaa_runtime_destroy(runtime, NULL, NULL);
    CHECK_STATUS(status, KAA_OK);
    CHECK_EQ(report.objects, 0);
}

static void *
hold_for_others(void *arg)
{
    worker *own = arg;

    own->status = kaa_runtime_destroy(own->runtime, NULL, NULL);
    return NULL;
}

KAA_TEST(a_runtime_with_others_attached_is_not_destroyed)
{
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    worker own = {0};

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    DEFER(t, destroy_runtime, runtime);
    CHECK_OK(kaa_runtime_attach(runtime, "main", &ctx, &t->err));
    own.runtime = runtime;
    if (pthread_create(&own.thread, NULL, hold_for_others, &own) != 0)
        abort();
    pthread_join(own.thread, NULL);
    kaa_runtime_detach(ctx);
    CHECK_EQ(own.status, KAA_MISUSE);
}

static int
interrupt(void *user)
{
    kaa_context *ctx = user;

    return kaa_raise(ctx, kaa_builtin(ctx, KAA_KEYBOARD_INTERRUPT), "");
}

static int
fail_silently(void *user)
{
    (void)user;
    return 1;
}

KAA_TEST(poll_runs_pending_calls)
{
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    int results[3], matches[2];

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    DEFER(t, destroy_runtime, runtime);
    CHECK_OK(kaa_runtime_attach(runtime, "main", &ctx, &t->err));
    results[0] = kaa_poll(ctx);
    if (kaa_gil_add_pending(runtime->gil, interrupt, ctx) != KAA_OK)
        abort();
    results[1] = kaa_poll(ctx);
    matches[0] =
        kaa_error_matches(ctx, kaa_builtin(ctx, KAA_KEYBOARD_INTERRUPT));
    kaa_error_clear(ctx);
    if (kaa_gil_add_pending(runtime->gil, fail_silently, NULL) != KAA_OK)
        abort();
    results[2] = kaa_poll(ctx);
    matches[1] = kaa_error_matches(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR));
    kaa_error_clear(ctx);
    kaa_runtime_detach(ctx);
    CHECK_EQ(results[0], 0);
    CHECK_EQ(results[1], -1);
    CHECK_EQ(results[2], -1);
    if (!kaa_test_is_fault_run()) {
        CHECK_EQ(matches[0], 1);
        CHECK_EQ(matches[1], 1);
    }
}

/* ---- Many */

KAA_TEST(ten_thousand_runtimes_come_and_go)
{
    int count = kaa_test_is_fault_run() ? 2 : 10000;
    uint64_t live = 0;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    count = count < 500 ? count : 500;
#endif
    for (int i = 0; i < count; i++) {
        kaa_runtime *runtime = NULL;
        kaa_context *ctx = NULL;
        kaa_status status;
        int failed;

        CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
        status = kaa_runtime_attach(runtime, NULL, &ctx, &t->err);
        if (status == KAA_OK) {
            failed = make_garbage(ctx, i);
            status = status_of(ctx, failed);
            kaa_runtime_detach(ctx);
        }
        kaa_runtime_destroy(runtime, NULL, NULL);
        CHECK_STATUS(status, KAA_OK);
        if (i == 10)
            live = kaa_base__blocks_live();
        else if (i > 10)
            CHECK_EQ(kaa_base__blocks_live(), live);
    }
}
