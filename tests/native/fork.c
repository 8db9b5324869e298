/* A process that forks while runtimes are in use. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#include "kaa_test.h"
#include "native/native.h"

static int
fill(kaa_context *ctx, kaa_object *list, int count)
{
    for (int i = 0; i < count; i++) {
        kaa_object *inner = kaa_list_new(ctx, 0);

        if (inner == NULL || kaa_list_append(ctx, inner, inner) != 0 ||
            kaa_list_append(ctx, list, inner) != 0)
            return -1;
        kaa_decref(ctx, inner);
    }
    return 0;
}

/* The child goes on where the parent was: with the GIL, and all objects. A
 * thread that it has not may have held `left` objects. */
static int
be_child(kaa_runtime *runtime, kaa_context *ctx, kaa_object *list,
         uint64_t left)
{
    kaa_runtime_report report = {.size = sizeof(report)};
    kaa_context *again = NULL;
    kaa_error err;

    if (kaa_list_size(ctx, list) != 1000 || fill(ctx, list, 1000) != 0)
        return 1;
    if (kaa_poll(ctx) != 0 || kaa_collect(ctx) < 0)
        return 2;
    if (kaa_runtime_verify(ctx, &err) != KAA_OK)
        return 3;
    if (kaa_runtime_attach(runtime, "child", &again, &err) != KAA_OK ||
        again != ctx)
        return 4;
    kaa_runtime_detach(again);
    kaa_decref(ctx, list);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, &report, &err) != KAA_OK)
        return 5;
    return report.objects <= left ? 0 : 6;
}

static int
wait_for(pid_t child)
{
    int status = 0;

    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

KAA_TEST(a_child_goes_on_with_the_gil)
{
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_object *list;
    pid_t child;

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    CHECK_OK(kaa_runtime_attach(runtime, "parent", &ctx, &t->err));
    list = kaa_list_new(ctx, 0);
    CHECK(list != NULL);
    CHECK_EQ(fill(ctx, list, 1000), 0);
    child = fork();
    if (child == 0)
        _exit(be_child(runtime, ctx, list, 0));
    CHECK_EQ(wait_for(child), 0);
    CHECK_EQ(be_child(runtime, ctx, list, 0), 0);
}

typedef struct busy {
    kaa_runtime *runtime;
    pthread_t thread;
    int stop;
} busy;

static void *
keep_busy(void *arg)
{
    KAA_TEST_HERE(t);
    busy *own = arg;
    kaa_context *ctx;

    CHECK_OK(kaa_runtime_attach(own->runtime, "busy", &ctx, NULL));
    while (!__atomic_load_n(&own->stop, __ATOMIC_ACQUIRE)) {
        kaa_object *list = kaa_list_new(ctx, 0);

        CHECK(list != NULL);
        CHECK_EQ(kaa_list_append(ctx, list, list), 0);
        CHECK_EQ(kaa_poll(ctx), 0);
        kaa_decref(ctx, list);
    }
    kaa_runtime_detach(ctx);
    return NULL;
}

/* Other threads of the runtime are gone in the child; another runtime, whose
 * GIL somebody else held, can still be destroyed. */
KAA_TEST(a_child_forgets_the_threads_it_has_not)
{
    busy shared = {0}, other = {0};
    kaa_context *ctx = NULL;
    pid_t child;
    void *begun;

    CHECK_OK(kaa_runtime_create(NULL, &shared.runtime, &t->err));
    CHECK_OK(kaa_runtime_create(NULL, &other.runtime, &t->err));
    CHECK_OK(kaa_runtime_attach(shared.runtime, "parent", &ctx, &t->err));
    begun = kaa_begin_allow_threads(ctx);
    CHECK_EQ(pthread_create(&shared.thread, NULL, keep_busy, &shared), 0);
    CHECK_EQ(pthread_create(&other.thread, NULL, keep_busy, &other), 0);
    for (int i = 0; i < 10; i++) {
        kaa_end_allow_threads(ctx, begun);
        child = fork();
        if (child == 0) {
            kaa_object *list = kaa_list_new(ctx, 0);
            int failed = list == NULL || fill(ctx, list, 1000) != 0;

            if (!failed)
                failed = be_child(shared.runtime, ctx, list, 1);
            if (!failed && kaa_runtime_destroy(other.runtime, NULL, NULL) != 0)
                failed = 7;
            _exit(failed);
        }
        CHECK_EQ(wait_for(child), 0);
        begun = kaa_begin_allow_threads(ctx);
        usleep(200);
    }
    __atomic_store_n(&shared.stop, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&other.stop, 1, __ATOMIC_RELEASE);
    pthread_join(shared.thread, NULL);
    pthread_join(other.thread, NULL);
    kaa_end_allow_threads(ctx, begun);
    kaa_runtime_detach(ctx);
    CHECK_OK(kaa_runtime_destroy(shared.runtime, NULL, &t->err));
    CHECK_OK(kaa_runtime_destroy(other.runtime, NULL, &t->err));
}
