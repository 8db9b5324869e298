/* C functions by address. */
#include <stdlib.h>

#include <kaa/insight.h>

#include "kaa_test.h"

/* Not exported, so that only the file's own table knows it. */
static __attribute__((noinline)) int
function_of_this_file(int x)
{
    return x * 3 + 1;
}

static uint64_t
inside(int (*of)(int))
{
    return (uint64_t)(uintptr_t)of + 1;
}

KAA_TEST(static_function)
{
    char name[64];

    CHECK_EQ(function_of_this_file(1), 4);
    CHECK(kaa_insight_symbol(inside(function_of_this_file), name,
                             sizeof(name)) > 0);
    CHECK_STR(name, "function_of_this_file");
}

KAA_TEST(exported_function)
{
    char name[64];

    CHECK(kaa_insight_symbol(inside(abs), name, sizeof(name)) > 0);
    CHECK_STR(name, "abs");
}

KAA_TEST(short_buffers)
{
    char name[4] = "xyz";

    CHECK_EQ(kaa_insight_symbol(inside(function_of_this_file), NULL, 0),
             strlen("function_of_this_file"));
    CHECK_EQ(
        kaa_insight_symbol(inside(function_of_this_file), name, sizeof(name)),
        strlen("function_of_this_file"));
    CHECK_STR(name, "fun");
}

KAA_TEST(no_function)
{
    char name[64] = "before";
    int local = 0;

    CHECK_EQ(kaa_insight_symbol(0, name, sizeof(name)), 0);
    CHECK_STR(name, "");
    CHECK_EQ(
        kaa_insight_symbol((uint64_t)(uintptr_t)&local, name, sizeof(name)), 0);
}
