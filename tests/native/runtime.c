/* Making and ending runtimes. */
#include <stdio.h>
#include <string.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#include "heap/tools.h"
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

/* ---- A debug runtime */

static struct {
    char text[512];
    int count;
} told;

static void
notice(const char *text, void *user)
{
    (void)user;
    told.count++;
    snprintf(told.text, sizeof(told.text), "%s", text);
}

static kaa_context *
begin_debug(kaa_test *t, kaa_runtime **out_runtime)
{
    kaa_runtime_options options = {
        .size = sizeof(options), .flags = KAA_RUNTIME_DEBUG, .misuse = notice};
    kaa_context *ctx = NULL;

    memset(&told, 0, sizeof(told));
    CHECK_OK(kaa_runtime_create(&options, out_runtime, &t->err));
    if (kaa_runtime_attach(*out_runtime, "main", &ctx, &t->err) != KAA_OK) {
        kaa_runtime_destroy(*out_runtime, NULL, NULL);
        CHECK_STATUS((kaa_status)t->err.status, KAA_OK);
    }
    return ctx;
}

static void
end(kaa_runtime *runtime, kaa_context *ctx)
{
    kaa_error_clear(ctx);
    kaa_runtime_detach(ctx);
    kaa_runtime_destroy(runtime, NULL, NULL);
}

KAA_TEST(a_reference_too_many_given_up_is_told)
{
    kaa_runtime *runtime;
    kaa_context *ctx;
    kaa_object *text;
    kaa_status status = KAA_OK;

    if (KAA_HEAP__ASAN || kaa_heap__valgrind(KAA_HEAP__VG_RUNNING, 0, 0, 0, 0))
        SKIP("the tool forbids the damage");
    ctx = begin_debug(t, &runtime);
    text = kaa_text(ctx, "a text that dies too early");
    if (text != NULL) {
        kaa_decref(ctx, text);
        kaa_decref(ctx, text); /* writes into a freed block */
        status = kaa_runtime_verify(ctx, &t->err);
    }
    end(runtime, ctx);
    CHECK_MEMORY(text);
    CHECK_STATUS(status, KAA_CORRUPT);
    CHECK_HAS(t->err.message, "after");
    CHECK(told.count > 0);
}

KAA_TEST(a_count_that_is_too_low_is_told)
{
    kaa_runtime *runtime;
    kaa_context *ctx = begin_debug(t, &runtime);
    kaa_object *list = kaa_list_new(ctx, 0);
    kaa_object *text = kaa_text(ctx, "a text that a list has");
    kaa_status status = KAA_NO_MEMORY;

    if (list != NULL && text != NULL && kaa_list_append(ctx, list, text) == 0) {
        text->word--;
        text->word--;
        status = kaa_runtime_verify(ctx, &t->err);
        text->word += 2;
    }
    kaa_decref(ctx, text);
    kaa_decref(ctx, list);
    end(runtime, ctx);
    CHECK_STATUS(status, KAA_CORRUPT);
    CHECK_HAS(t->err.message, "str");
    CHECK_HAS(t->err.message, "counts 0 references, but 1 were found");
}

KAA_TEST(using_objects_without_the_gil_is_told)
{
    kaa_runtime *runtime;
    kaa_context *ctx = begin_debug(t, &runtime);
    void *begun = kaa_begin_allow_threads(ctx);

    kaa_decref(ctx, kaa_list_new(ctx, 0));
    kaa_end_allow_threads(ctx, begun);
    end(runtime, ctx);
    CHECK(told.count > 0);
    CHECK_HAS(told.text, "main");
}

KAA_TEST(a_runtime_may_collect_always_or_never)
{
    static const uint32_t flags[] = {KAA_RUNTIME_COLLECT_ALWAYS,
                                     KAA_RUNTIME_NO_COLLECTOR};
    uint64_t collections[2] = {0};
    kaa_status status = KAA_OK;

    for (int i = 0; i < 2 && status == KAA_OK; i++) {
        kaa_runtime_options options = {.size = sizeof(options),
                                       .flags = flags[i]};
        kaa_gc_statistics figures = {.size = sizeof(figures)};
        kaa_runtime *runtime = NULL;
        kaa_context *ctx = NULL;

        CHECK_OK(kaa_runtime_create(&options, &runtime, &t->err));
        status = kaa_runtime_attach(runtime, NULL, &ctx, &t->err);
        if (status == KAA_OK) {
            for (int n = 0; n < 20; n++)
                kaa_decref(ctx, kaa_list_new(ctx, 0));
            kaa_error_clear(ctx);
            status = kaa_gc_read_statistics(ctx, &figures, &t->err);
            collections[i] = figures.collections[KAA_GC_FULL];
            kaa_runtime_detach(ctx);
        }
        kaa_runtime_destroy(runtime, NULL, NULL);
    }
    CHECK_STATUS(status, KAA_OK);
    if (!kaa_test_is_fault_run())
        CHECK(collections[0] >= 20);
    CHECK_EQ(collections[1], 0);
}
