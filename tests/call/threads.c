/* tests/call/threads.c - one plan, many threads; errno belongs to each. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <kaa/call.h>

#include "kaa_test.h"

#define THREADS 4
#define CALLS 3000

DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_call_plan_destroy, kaa_call_plan)

typedef struct job {
    const kaa_call_plan *plan;
    int number;
    int wrong;
    pthread_t thread;
} job;

static int
fails(int how)
{
    errno = how;
    return how * 2;
}

static void *
run(void *argument)
{
    job *j = argument;
    kaa_error err;

    for (int i = 0; i < CALLS; i++) {
        int how = j->number * CALLS + i + 1, got = 0;
        void *arguments[] = {&how};

        if (kaa_call_invoke(j->plan, (kaa_function)fails, &got, arguments,
                            &err) != KAA_OK ||
            got != how * 2 || kaa_call_errno() != how)
            j->wrong++;
    }
    return NULL;
}

KAA_TEST(threads_share_a_plan)
{
    kaa_ctype_parameter parameter = {NULL, kaa_ctype_basic(KAA_CTYPE_INT)};
    kaa_ctype_table *table = NULL;
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(KAA_CTYPE_INT),
                                &parameter, 1, 0, &type, &t->err));
    for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {
        kaa_call_options options = {.size = sizeof(options),
                                    .flags = KAA_CALL_ERRNO | flags};
        kaa_call_plan *plan = NULL;
        job jobs[THREADS];

        CHECK_OK(kaa_call_plan_create(type, &options, &plan, &t->err));
        DEFER(t, kaa_call_plan_destroy, plan);
        for (int i = 0; i < THREADS; i++) {
            jobs[i] = (job){.plan = plan, .number = i};
            CHECK_EQ(pthread_create(&jobs[i].thread, NULL, run, &jobs[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(jobs[i].thread, NULL);
        for (int i = 0; i < THREADS; i++)
            CHECK_EQ(jobs[i].wrong, 0);
    }
}
