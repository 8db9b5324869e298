/* tests/closure/threads.c - closures are called on some threads while others
 * make, retire and destroy theirs. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "closure/internal.h"
#include "kaa_test.h"

#define CALLERS 3
#define CALLS 4000
#define LIVES 300

DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_closure_destroy, kaa_closure)

typedef int (*function)(int);

static void
add(void *result, void *const *arguments, void *user)
{
    int sum = *(const int *)arguments[0] + *(const int *)user;

    memcpy(result, &sum, sizeof(sum));
}

static const kaa_ctype *
int_of_int(kaa_test *t)
{
    kaa_ctype_parameter parameter = {NULL, kaa_ctype_basic(KAA_CTYPE_INT)};
    kaa_ctype_table *table = NULL;
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(KAA_CTYPE_INT),
                                &parameter, 1, 0, &type, &t->err));
    return type;
}

typedef struct job {
    function pointer;
    const kaa_ctype *type;
    int way;
    int wrong;
    pthread_t thread;
} job;

static void *
call_shared(void *argument)
{
    job *j = argument;

    for (int i = 0; i < CALLS; i++) {
        int got = j->pointer(i);

        j->wrong += got != i + 7 && got != -1; /* -1: it is retired */
    }
    return NULL;
}

static void *
make_own(void *argument)
{
    static const int minus = -1;
    job *j = argument;
    kaa_closure_options options = {.size = sizeof(options),
                                   .error_value = &minus};

    for (int i = 0; i < LIVES; i++) {
        kaa_closure *closure = NULL;
        int term = i;
        function own;

        if (kaa_closure__create(j->type, add, &term, &options, j->way, &closure,
                                NULL) != KAA_OK) {
            j->wrong++;
            continue;
        }
        own = (function)kaa_closure_pointer(closure);
        j->wrong += own(1) != i + 1;
        kaa_closure_retire(closure);
        j->wrong += own(1) != -1;
        kaa_closure_destroy(closure);
    }
    return NULL;
}

static void
run_all(kaa_test *t, int way)
{
    static const int minus = -1;
    static int seven = 7;
    kaa_closure_options options = {.size = sizeof(options),
                                   .error_value = &minus};
    const kaa_ctype *type = int_of_int(t);
    kaa_closure *shared = NULL;
    job jobs[CALLERS + 2];

    CHECK_OK(kaa_closure__create(type, add, &seven, &options, way, &shared,
                                 &t->err));
    DEFER(t, kaa_closure_destroy, shared);
    for (int i = 0; i < CALLERS + 2; i++) {
        jobs[i] = (job){.pointer = (function)kaa_closure_pointer(shared),
                        .type = type,
                        .way = way};
        CHECK_EQ(pthread_create(&jobs[i].thread, NULL,
                                i < CALLERS ? call_shared : make_own, &jobs[i]),
                 0);
    }
    for (int i = CALLERS; i < CALLERS + 2; i++)
        pthread_join(jobs[i].thread, NULL);
    kaa_closure_retire(shared); /* while others may be calling it */
    for (int i = 0; i < CALLERS; i++)
        pthread_join(jobs[i].thread, NULL);
    for (int i = 0; i < CALLERS + 2; i++)
        CHECK_EQ(jobs[i].wrong, 0);
    CHECK_EQ(jobs[0].pointer(1), -1);
}

KAA_TEST(threads_and_compiled_trampolines)
{
    if (!KAA_CALL__DIRECT)
        SKIP("no trampolines of kaa's own on this machine");
    run_all(t, KAA_CLOSURE__DIRECT_ONLY);
}

KAA_TEST(threads_and_libffi)
{
    run_all(t, KAA_CLOSURE__LIBFFI_ONLY);
}
