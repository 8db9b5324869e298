/* tests/closure/closure.c - function pointers made at run time. */
#include <stdlib.h>

#include <kaa/closure.h>

#include "kaa_test.h"

DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_closure_destroy, kaa_closure)

static const kaa_ctype *
comparison(kaa_test *t)
{
    kaa_ctype_table *table = NULL;
    kaa_ctype_parameter parameters[2] = {{NULL, NULL}, {NULL, NULL}};
    const kaa_ctype *type = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(kaa_ctype_pointer(table, kaa_ctype_basic(KAA_CTYPE_VOID),
                               &parameters[0].type, &t->err));
    parameters[1] = parameters[0];
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(KAA_CTYPE_INT),
                                parameters, 2, 0, &type, &t->err));
    return type;
}

static void
compare(void *result, void *const *arguments, void *user)
{
    int **a = arguments[0], **b = arguments[1];
    int order = (**a > **b) - (**a < **b);

    ++*(int *)user;
    memcpy(result, &order, sizeof(order));
}

KAA_TEST(qsort_calls_back)
{
    int values[] = {3, -1, 2, 9, 0}, calls = 0;
    kaa_closure *closure = NULL;

    CHECK_OK(kaa_closure_create(comparison(t), compare, &calls, NULL, &closure,
                                &t->err));
    DEFER(t, kaa_closure_destroy, closure);
    qsort(values, 5, sizeof(int),
          (int (*)(const void *, const void *))kaa_closure_pointer(closure));
    for (int i = 1; i < 5; i++)
        CHECK(values[i - 1] < values[i]);
    CHECK(calls > 4);
}

static void
count_call(void *user)
{
    ++*(int *)user;
}

KAA_TEST(a_retired_closure_reports)
{
    const int error_value = -5;
    kaa_closure_options options = {.size = sizeof(options),
                                   .error_value = &error_value,
                                   .retired = count_call};
    kaa_closure *closure = NULL;
    int (*function)(const void *, const void *), calls = 0, a = 1, b = 2;

    CHECK_OK(kaa_closure_create(comparison(t), compare, &calls, &options,
                                &closure, &t->err));
    DEFER(t, kaa_closure_destroy, closure);
    function =
        (int (*)(const void *, const void *))kaa_closure_pointer(closure);
    CHECK_EQ(function(&a, &b), -1);
    CHECK_EQ(calls, 1);
    kaa_closure_retire(closure);
    CHECK_EQ(function(&a, &b), -5);
    CHECK_EQ(function(&a, &b), -5);
    CHECK_EQ(calls, 3);
}
