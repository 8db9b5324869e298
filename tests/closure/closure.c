/* tests/closure/closure.c - function pointers made at run time. */
#include <stdlib.h>

#include "closure/internal.h"
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

static void
store_user(void *result, void *const *arguments, void *user)
{
    (void)arguments;
    memcpy(result, user, sizeof(int));
}

/* More than there are trampolines: the rest goes through libffi, and all are
 * told apart. */
KAA_TEST(thousands_of_closures_live_at_once)
{
    enum { MANY = 2500 };
    static int numbers[MANY];
    static kaa_closure *closures[MANY];
    const kaa_ctype *type = comparison(t);
    kaa_status status = KAA_OK;
    int made = 0, wrong = 0;
    int many = kaa_test_is_fault_run() ? 3 : MANY;

    for (; made < many && status == KAA_OK; made += status == KAA_OK) {
        numbers[made] = made;
        status = kaa_closure_create(type, store_user, &numbers[made], NULL,
                                    &closures[made], &t->err);
    }
    for (int i = 0; i < made; i++)
        wrong += ((int (*)(const void *, const void *))kaa_closure_pointer(
                     closures[i]))(NULL, NULL) != i;
    for (int i = 0; i < made; i++)
        kaa_closure_destroy(closures[i]);
    CHECK_EQ(wrong, 0);
    CHECK_OK(status);
}

/* An __int128 is aligned to 16 bytes, which libffi does not know of:
 * neither the last closures nor one of many arguments may need it to. */
__extension__ typedef __int128 wide;

static void
join(void *result, void *const *arguments, void *user)
{
    wide a, b;

    memcpy(&a, arguments[1], sizeof(a));
    memcpy(&b, arguments[*(const uint32_t *)user - 1], sizeof(b));
    a += 3 * b + *(const int *)arguments[0];
    memcpy(result, &a, sizeof(a));
}

static const kaa_ctype *
wide_function(kaa_test *t, uint32_t count)
{
    const kaa_ctype *type = NULL, *whole = kaa_ctype_basic(KAA_CTYPE_INT128);
    kaa_ctype_parameter parameters[70] = {{.type = NULL}};
    kaa_ctype_table *table = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    for (uint32_t i = 0; i < count; i++)
        parameters[i].type =
            i == 1 || i == count - 1 ? whole : kaa_ctype_basic(KAA_CTYPE_INT);
    CHECK_OK(
        kaa_ctype_function(table, whole, parameters, count, 0, &type, &t->err));
    return type;
}

KAA_TEST(wide_integers_reach_the_last_closure)
{
    enum { MANY = 2060 };
    static kaa_closure *closures[MANY];
    const kaa_ctype *type = wide_function(t, 3);
    const wide a = (wide)7 << 70, b = -((wide)5 << 90);
    uint32_t count = 3;
    kaa_status status = KAA_OK;
    int made = 0, wrong = 0;
    int many = kaa_test_is_fault_run() ? 3 : MANY;

    for (; made < many && status == KAA_OK; made += status == KAA_OK)
        status = kaa_closure_create(type, join, &count, NULL, &closures[made],
                                    &t->err);
    for (int i = 0; i < made; i++) {
        wide (*function)(int, wide, wide) =
            (wide(*)(int, wide, wide))kaa_closure_pointer(closures[i]);

        wrong += function(i, a, b) != a + 3 * b + i;
        kaa_closure_destroy(closures[i]);
    }
    CHECK_OK(status);
    CHECK_EQ(wrong, 0);
}

#define EIGHT(what) what, what, what, what, what, what, what, what
#define SIXTY_FOUR(what)                                                       \
    EIGHT(what), EIGHT(what), EIGHT(what), EIGHT(what), EIGHT(what),           \
        EIGHT(what), EIGHT(what), EIGHT(what)

/* Before version 18 clang puts a wide integer on x86-64's stack where gcc, and
 * the System V ABI, do not look for it: at any 8 bytes, not at 16. */
#if defined(__x86_64__) && defined(__clang_major__)
#define MISPLACES_WIDE (__clang_major__ < 18)
#else
#define MISPLACES_WIDE 0
#endif

KAA_TEST(wide_integers_reach_a_closure_of_many_arguments)
{
    const wide a = (wide)7 << 70, b = -((wide)5 << 90);
    wide (*function)(int, wide, SIXTY_FOUR(int), wide);
    uint32_t count = 67;
    kaa_closure *closure = NULL;

    CHECK_OK(kaa_closure_create(wide_function(t, count), join, &count, NULL,
                                &closure, &t->err));
    function =
        (wide(*)(int, wide, SIXTY_FOUR(int), wide))kaa_closure_pointer(closure);
    if (!MISPLACES_WIDE)
        CHECK(function(11, a, SIXTY_FOUR(-1), b) == a + 3 * b + 11);
    kaa_closure_destroy(closure);
}

KAA_TEST(a_stale_pointer_to_a_trampoline_returns_zero)
{
    int answer = 5;
    kaa_closure *closure = NULL;
    int (*function)(const void *, const void *);

    if (!KAA_CALL__DIRECT)
        SKIP("no trampolines of kaa's own on this machine");
    CHECK_OK(kaa_closure__create(comparison(t), store_user, &answer, NULL,
                                 KAA_CLOSURE__DIRECT_ONLY, &closure, &t->err));
    function =
        (int (*)(const void *, const void *))kaa_closure_pointer(closure);
    CHECK_EQ(function(NULL, NULL), 5);
    kaa_closure_destroy(closure);
    CHECK_EQ(function(NULL, NULL), 0);
}

#if defined(__x86_64__)
static void
answer_nothing(void *result, void *const *arguments, void *user)
{
    (void)result;
    (void)arguments;
    ++*(int *)user;
}

/* Zeros, as of a smaller one; here the caller's own storage, which is passed as
 * a hidden first argument. The last closures go through libffi. */
KAA_TEST(a_large_result_that_is_not_written_is_zeros)
{
    kaa_ctype_table *table = NULL;
    const kaa_ctype *record = NULL, *type = NULL;
    kaa_ctype_member member = {.name = "items",
                               .bit_width = KAA_CTYPE_NOT_A_BIT_FIELD};
    enum { MANY = 2500 };
    static kaa_closure *closures[MANY];
    unsigned char storage[72], zeros[64] = {0};
    int many = kaa_test_is_fault_run() ? 3 : MANY, made = 0, wrong = 0;
    kaa_status status = KAA_OK;
    int calls = 0;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(kaa_ctype_array(table, kaa_ctype_basic(KAA_CTYPE_LONG), 8,
                             &member.type, &t->err));
    CHECK_OK(
        kaa_ctype_record(table, KAA_CTYPE_STRUCT, "s", 1, &record, &t->err));
    CHECK_OK(kaa_ctype_record_define(table, record, &member, 1, NULL, &t->err));
    CHECK_OK(kaa_ctype_function(table, record, NULL, 0, 0, &type, &t->err));
    for (; made < many && status == KAA_OK; made += status == KAA_OK)
        status = kaa_closure_create(type, answer_nothing, &calls, NULL,
                                    &closures[made], &t->err);
    for (int i = 0; i < made; i++) {
        memset(storage, 0xaa, sizeof(storage));
        ((void *(*)(void *))kaa_closure_pointer(closures[i]))(storage);
        wrong += memcmp(storage, zeros, 64) != 0 || storage[64] != 0xaa;
        kaa_closure_destroy(closures[i]);
    }
    CHECK_OK(status);
    CHECK_EQ(calls, made);
    CHECK_EQ(wrong, 0);
}
#endif

KAA_TEST(mistakes_are_refused)
{
    kaa_closure_options options = {.size = sizeof(options), .flags = 1};
    const kaa_ctype *type = comparison(t), *open = NULL;
    kaa_ctype_parameter parameter = {NULL, kaa_ctype_basic(KAA_CTYPE_INT)};
    kaa_ctype_table *table = NULL;
    kaa_closure *closure = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(KAA_CTYPE_INT),
                                &parameter, 1, KAA_CTYPE_VARIADIC, &open,
                                &t->err));
    CHECK_STATUS(
        kaa_closure_create(NULL, compare, NULL, NULL, &closure, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_closure_create(type, NULL, NULL, NULL, &closure, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_closure_create(type, compare, NULL, NULL, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_closure_create(type, compare, NULL, &options, &closure, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_closure_create(open, compare, NULL, NULL, &closure, &t->err),
        KAA_UNSUPPORTED);
    CHECK(closure == NULL);
    CHECK(kaa_closure_pointer(NULL) == NULL);
    kaa_closure_retire(NULL);
    kaa_closure_destroy(NULL);
}
