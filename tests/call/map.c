/* tests/call/map.c - functions over whole arrays: every loop against plain C,
 * cancelling, progress, threads. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <kaa/call.h>

#include "base/clock.h"
#include "kaa_test.h"

DEFERRABLE(free, void)
DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_call_plan_destroy, kaa_call_plan)

static kaa_call_plan *
new_plan(kaa_test *t, uint32_t flags, uint32_t count,
         const kaa_ctype_kind *kinds)
{
    kaa_call_options options = {.size = sizeof(options), .flags = flags};
    kaa_ctype_parameter parameters[8];
    kaa_ctype_table *table = NULL;
    const kaa_ctype *type = NULL;
    kaa_call_plan *plan = NULL;

    CHECK(count <= 8);
    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    for (uint32_t i = 1; i < count; i++)
        parameters[i - 1] =
            (kaa_ctype_parameter){NULL, kaa_ctype_basic(kinds[i])};
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(kinds[0]), parameters,
                                count - 1, 0, &type, &t->err));
    CHECK_OK(kaa_call_plan_create(type, &options, &plan, &t->err));
    DEFER(t, kaa_call_plan_destroy, plan);
    return plan;
}

#define PLAN(t, flags, ...)                                                    \
    new_plan(t, flags,                                                         \
             sizeof((kaa_ctype_kind[]){__VA_ARGS__}) / sizeof(kaa_ctype_kind), \
             (kaa_ctype_kind[]){__VA_ARGS__})

static void *
new_array(kaa_test *t, size_t bytes)
{
    void *array = calloc(1, bytes);

    CHECK(array != NULL);
    DEFER(t, free, array);
    return array;
}

/* Runs a map over `count` elements of any kind and compares with the plain
 * calls in `expected`. */
static void
compare(kaa_test *t, const kaa_call_plan *plan, kaa_function target,
        const kaa_call_operand *operands, size_t size, const void *expected,
        uint64_t count)
{
    void *got = new_array(t, size * count + 1);
    kaa_call_operand result = {got, (int64_t)size};
    kaa_call_map *map = NULL;

    CHECK_OK(kaa_call_map_run(plan, target, operands, &result, count, &t->err));
    CHECK_EQ(memcmp(got, expected, size * count), 0);
    memset(got, 0, size * count);
    CHECK_OK(kaa_call_map_start(plan, target, operands, &result, count, 3, &map,
                                &t->err));
    CHECK_EQ(kaa_call_map_finish(map), count);
    CHECK_EQ(memcmp(got, expected, size * count), 0);
}

#define COUNT 3000u

/* One test a signature: fills arrays, calls plainly, compares. `D` of a
 * parameter says its kind. */
#define ONE(test_name, R, RK, A, AK, expression)                               \
    static R call_##test_name(A x)                                             \
    {                                                                          \
        return (R)(expression);                                                \
    }                                                                          \
    KAA_TEST(test_name)                                                        \
    {                                                                          \
        A *x = new_array(t, COUNT * sizeof(A));                                \
        R *expected = new_array(t, COUNT * sizeof(R));                         \
        kaa_call_operand operands[] = {{x, sizeof(A)}};                        \
                                                                               \
        for (uint32_t flags = 0; flags <= KAA_CALL_LIBFFI; flags++) {          \
            kaa_call_plan *plan = PLAN(t, flags, RK, AK);                      \
                                                                               \
            for (uint32_t i = 0; i < COUNT; i++) {                             \
                x[i] = (A)(i * 7 + 1);                                         \
                expected[i] = call_##test_name(x[i]);                          \
            }                                                                  \
            compare(t, plan, (kaa_function)call_##test_name, operands,         \
                    sizeof(R), expected, COUNT);                               \
        }                                                                      \
    }

#define TWO(test_name, R, RK, A, AK, B, BK, expression)                        \
    static R call_##test_name(A x, B y)                                        \
    {                                                                          \
        return (R)(expression);                                                \
    }                                                                          \
    KAA_TEST(test_name)                                                        \
    {                                                                          \
        A *x = new_array(t, COUNT * sizeof(A));                                \
        B *y = new_array(t, COUNT * sizeof(B));                                \
        R *expected = new_array(t, COUNT * sizeof(R));                         \
        kaa_call_operand operands[] = {{x, sizeof(A)}, {y, sizeof(B)}};        \
        kaa_call_plan *plan = PLAN(t, 0, RK, AK, BK);                          \
                                                                               \
        for (uint32_t i = 0; i < COUNT; i++) {                                 \
            x[i] = (A)(i * 7 + 1);                                             \
            y[i] = (B)(i % 13);                                                \
            expected[i] = call_##test_name(x[i], y[i]);                        \
        }                                                                      \
        compare(t, plan, (kaa_function)call_##test_name, operands, sizeof(R),  \
                expected, COUNT);                                              \
        operands[1].stride = 0; /* one value for all */                        \
        y[0] = (B)5;                                                           \
        for (uint32_t i = 0; i < COUNT; i++)                                   \
            expected[i] = call_##test_name(x[i], (B)5);                        \
        compare(t, plan, (kaa_function)call_##test_name, operands, sizeof(R),  \
                expected, COUNT);                                              \
    }

#define THREE(test_name, R, RK, expression)                                    \
    static R call_##test_name(R x, R y, R z)                                   \
    {                                                                          \
        return (R)(expression);                                                \
    }                                                                          \
    KAA_TEST(test_name)                                                        \
    {                                                                          \
        R *x = new_array(t, COUNT * sizeof(R));                                \
        R *expected = new_array(t, COUNT * sizeof(R));                         \
        kaa_call_operand operands[] = {                                        \
            {x, sizeof(R)}, {x, 0}, {x, sizeof(R)}};                           \
        kaa_call_plan *plan = PLAN(t, 0, RK, RK, RK, RK);                      \
                                                                               \
        for (uint32_t i = 0; i < COUNT; i++)                                   \
            x[i] = (R)(i * 7 + 1);                                             \
        for (uint32_t i = 0; i < COUNT; i++)                                   \
            expected[i] = call_##test_name(x[i], x[0], x[i]);                  \
        compare(t, plan, (kaa_function)call_##test_name, operands, sizeof(R),  \
                expected, COUNT);                                              \
    }

ONE(double_of_double, double, KAA_CTYPE_DOUBLE, double, KAA_CTYPE_DOUBLE, x / 3)
ONE(float_of_float, float, KAA_CTYPE_FLOAT, float, KAA_CTYPE_FLOAT, x / 3)
ONE(int_of_int, int32_t, KAA_CTYPE_INT, int32_t, KAA_CTYPE_INT, x - 9999)
ONE(uint_of_uint, uint32_t, KAA_CTYPE_UINT, uint32_t, KAA_CTYPE_UINT, x * 77)
ONE(long_of_long, long, KAA_CTYPE_LONG, long, KAA_CTYPE_LONG, x - 9999)
ONE(int_of_double, int32_t, KAA_CTYPE_INT, double, KAA_CTYPE_DOUBLE, x / 3)
ONE(long_of_double, long, KAA_CTYPE_LONG, double, KAA_CTYPE_DOUBLE, x / -3)
ONE(double_of_int, double, KAA_CTYPE_DOUBLE, int32_t, KAA_CTYPE_INT, x / -3)
ONE(double_of_long, double, KAA_CTYPE_DOUBLE, long, KAA_CTYPE_LONG, x / -3)
ONE(char_of_short, signed char, KAA_CTYPE_SCHAR, short, KAA_CTYPE_SHORT, x * 3)
ONE(bool_of_uchar, _Bool, KAA_CTYPE_BOOL, unsigned char, KAA_CTYPE_UCHAR, x & 2)
ONE(extended, int32_t, KAA_CTYPE_INT, long double, KAA_CTYPE_LDOUBLE, x * 2)
TWO(double_of_doubles, double, KAA_CTYPE_DOUBLE, double, KAA_CTYPE_DOUBLE,
    double, KAA_CTYPE_DOUBLE, x - y)
TWO(float_of_floats, float, KAA_CTYPE_FLOAT, float, KAA_CTYPE_FLOAT, float,
    KAA_CTYPE_FLOAT, x - y)
TWO(int_of_ints, int32_t, KAA_CTYPE_INT, int32_t, KAA_CTYPE_INT, int32_t,
    KAA_CTYPE_INT, y - x)
TWO(uint_of_uints, uint32_t, KAA_CTYPE_UINT, uint32_t, KAA_CTYPE_UINT, uint32_t,
    KAA_CTYPE_UINT, y - x)
TWO(long_of_longs, long, KAA_CTYPE_LONG, long, KAA_CTYPE_LONG, long,
    KAA_CTYPE_LONG, y - x)
TWO(double_of_double_int, double, KAA_CTYPE_DOUBLE, double, KAA_CTYPE_DOUBLE,
    int32_t, KAA_CTYPE_INT, x - y)
TWO(double_of_int_double, double, KAA_CTYPE_DOUBLE, int32_t, KAA_CTYPE_INT,
    double, KAA_CTYPE_DOUBLE, x - y)
TWO(mixed, uint16_t, KAA_CTYPE_USHORT, int64_t, KAA_CTYPE_LONG, float,
    KAA_CTYPE_FLOAT, (float)x - y)
THREE(double_of_three, double, KAA_CTYPE_DOUBLE, x + y - z / 2)
THREE(float_of_three, float, KAA_CTYPE_FLOAT, x + y - z / 2)
THREE(long_of_three, long, KAA_CTYPE_LONG, x + y - z / 2)

KAA_TEST(strides_may_skip_and_go_back)
{
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    char *packed = new_array(t, 9 * 100);
    double *out = new_array(t, 100 * sizeof(double));
    kaa_call_operand in = {packed + 1, 9};
    kaa_call_operand result = {out + 99, -(int64_t)sizeof(double)};

    for (int i = 0; i < 99; i++) {
        double value = i * i;

        memcpy(packed + 1 + 9 * i, &value, sizeof(value));
    }
    CHECK_OK(
        kaa_call_map_run(plan, (kaa_function)sqrt, &in, &result, 99, &t->err));
    for (int i = 0; i < 99; i++)
        CHECK(out[99 - i] == i);
}

static atomic_int seen;

static void
count_call(int32_t value)
{
    (void)value;
    atomic_fetch_add(&seen, 1);
}

KAA_TEST(void_functions_and_no_elements)
{
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_VOID, KAA_CTYPE_INT);
    int32_t value = 1;
    kaa_call_operand in = {&value, 0};
    kaa_call_map *map = NULL;
    uint64_t done = 1;

    atomic_store(&seen, 0);
    CHECK_OK(kaa_call_map_run(plan, (kaa_function)count_call, &in, NULL, 1000,
                              &t->err));
    CHECK_EQ(atomic_load(&seen), 1000);
    in.data = NULL;
    CHECK_OK(kaa_call_map_start(plan, (kaa_function)count_call, &in, NULL, 0, 4,
                                &map, &t->err));
    CHECK_EQ(kaa_call_map_wait(map, 0, &done), 1);
    CHECK_EQ(done, 0);
    CHECK_EQ(kaa_call_map_finish(map), 0);
    CHECK_EQ(atomic_load(&seen), 1000);
}

/* Slow enough that a map of it is seen in progress. */
static double
slow(double x)
{
    for (volatile int i = 0; i < 2000; i++)
        continue;
    return x + 1;
}

KAA_TEST(progress_grows_and_ends)
{
    enum { MANY = 20000 };
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    double *values = new_array(t, MANY * sizeof(double));
    kaa_call_operand in = {values, sizeof(double)};
    kaa_call_map *map = NULL;
    uint64_t before = 0, done = 0;
    int waits = 0;

    CHECK_OK(kaa_call_map_start(plan, (kaa_function)slow, &in, &in, MANY, 2,
                                &map, &t->err));
    while (!kaa_call_map_wait(map, 1000000, &done)) {
        CHECK(done >= before && done <= MANY);
        before = done;
        waits++;
    }
    CHECK_EQ(done, MANY);
    CHECK(waits > 1);
    CHECK_EQ(kaa_call_map_finish(map), MANY);
    for (int i = 0; i < MANY; i++)
        CHECK(values[i] == 1);
}

KAA_TEST(cancelled_maps_stop_early)
{
    const uint64_t endless = (uint64_t)1 << 40;
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    double value = 1, out = 0;
    kaa_call_operand in = {&value, 0}, result = {&out, 0};
    kaa_call_map *map = NULL;
    uint64_t done = 0, total;

    CHECK_OK(kaa_call_map_start(plan, (kaa_function)slow, &in, &result, endless,
                                1, &map, &t->err));
    CHECK_EQ(kaa_call_map_wait(map, 2000000, &done), 0);
    kaa_call_map_cancel(map);
    CHECK_EQ(kaa_call_map_wait(map, 0, &total), 1);
    CHECK(done > 0 && total >= done && total < endless);
    CHECK_EQ(kaa_call_map_finish(map), total);
    CHECK(out == 2);
}

static atomic_int is_at_it, may_go_on;
static pthread_t waiting_thread;

/* On another thread than the test's. */
static double
wait_for_leave(double x)
{
    if (pthread_equal(pthread_self(), waiting_thread))
        return x;
    atomic_store(&is_at_it, 1);
    while (!atomic_load(&may_go_on))
        sched_yield();
    return x;
}

/* The caller finds nothing more to do, as another thread is at the rest: the
 * wait ends at its time all the same. */
KAA_TEST(a_wait_ends_while_another_thread_works)
{
    enum { MANY = 200000 };
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    double value = 1, out = 0;
    kaa_call_operand in = {&value, 0}, result = {&out, 0};
    kaa_call_map *map = NULL;
    const uint64_t wait = 100000000;
    uint64_t done = 0, start, took;
    int ended;

    if (kaa_test_is_fault_run())
        return; /* there may be no other thread */
    atomic_store(&may_go_on, 0);
    atomic_store(&is_at_it, 0);
    waiting_thread = pthread_self();
    CHECK_OK(kaa_call_map_start(plan, (kaa_function)wait_for_leave, &in,
                                &result, MANY, 2, &map, &t->err));
    while (!atomic_load(&is_at_it))
        sched_yield();
    start = kaa_base__now_ns();
    ended = kaa_call_map_wait(map, wait, &done);
    took = kaa_base__now_ns() - start;
    atomic_store(&may_go_on, 1);
    CHECK_EQ(kaa_call_map_finish(map), MANY);
    CHECK_EQ(ended, 0);
    CHECK(took >= wait); /* and no sooner */
    CHECK(done > 0 && done < MANY);
}

KAA_TEST(errno_of_a_map_stays_on_its_threads)
{
    kaa_call_plan *plan =
        PLAN(t, KAA_CALL_ERRNO, KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    double value = 4, out = 0;
    kaa_call_operand in = {&value, 0}, result = {&out, 0};

    CHECK_OK(
        kaa_call_map_run(plan, (kaa_function)sqrt, &in, &result, 10, &t->err));
    CHECK(out == 2);
    CHECK_EQ(kaa_call_errno(), 0);
}

static unsigned char
byte_of(unsigned char x)
{
    return x;
}

KAA_TEST(a_result_needs_a_place_however_small)
{
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_UCHAR, KAA_CTYPE_UCHAR);
    unsigned char value = 1;
    kaa_call_operand in = {&value, 0}, nowhere = {NULL, 1};

    CHECK_STATUS(
        kaa_call_map_run(plan, (kaa_function)byte_of, &in, NULL, 1, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_HAS(t->err.message, "result has no data");
    CHECK_STATUS(kaa_call_map_run(plan, (kaa_function)byte_of, &in, &nowhere, 1,
                                  &t->err),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(mistakes_are_refused)
{
    kaa_call_plan *plan = PLAN(t, 0, KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE);
    double value = 1;
    kaa_call_operand good = {&value, 0}, bad = {NULL, 8};
    kaa_call_map *map = NULL;

    CHECK_STATUS(
        kaa_call_map_run(NULL, (kaa_function)sqrt, &good, &good, 1, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_map_run(plan, NULL, &good, &good, 1, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_call_map_run(plan, (kaa_function)sqrt, NULL, &good, 1, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_call_map_run(plan, (kaa_function)sqrt, &bad, &good, 1, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 0);
    CHECK_STATUS(
        kaa_call_map_run(plan, (kaa_function)sqrt, &good, NULL, 1, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_call_map_start(plan, (kaa_function)sqrt, &good, &good, 1,
                                    0, &map, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK(map == NULL);
    CHECK_EQ(kaa_call_map_finish(NULL), 0);
    kaa_call_map_cancel(NULL);
}
