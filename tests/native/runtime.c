/* Making and ending runtimes. */
#include <kaa/runtime.h>

#include "kaa_test.h"
#include "native/native.h"

KAA_TEST(options_are_checked)
{
    kaa_runtime_options options = {.size = sizeof(options), .flags = 1u << 31};
    kaa_runtime *runtime = NULL;

    CHECK_STATUS(kaa_runtime_create(&options, &runtime, &t->err),
                 KAA_UNSUPPORTED);
    CHECK_HAS(t->err.message, "0x80000000");
    options.flags = 0;
    options.reserved = 1;
    CHECK_STATUS(kaa_runtime_create(&options, &runtime, &t->err),
                 KAA_UNSUPPORTED);
    options.reserved = 0;
    options.depth_limit = 100000000;
    CHECK_STATUS(kaa_runtime_create(&options, &runtime, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_runtime_create(NULL, NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_EQ(runtime, NULL);
}

KAA_TEST(every_allocation_of_a_beginning_may_fail)
{
    kaa_runtime *runtime = NULL;
    uint32_t watch = kaa_test_is_fault_run() ? KAA_OBJECT__WATCH_FAULT : 0;

    CHECK_OK(kaa_native__create(NULL, watch, &runtime, &t->err));
    kaa_runtime_destroy(runtime, NULL, NULL);
}
