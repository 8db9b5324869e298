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

KAA_TEST(a_runtime_has_a_heap_and_none_has_none)
{
    kaa_runtime *runtime = NULL;

    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    CHECK(kaa_runtime_heap(runtime) != NULL);
    CHECK(kaa_runtime_gil(runtime) != NULL);
    CHECK_OK(kaa_heap_verify(kaa_runtime_heap(runtime), &t->err));
    CHECK_OK(kaa_runtime_destroy(runtime, NULL, NULL));
    CHECK(kaa_runtime_heap(NULL) == NULL);
    CHECK(kaa_runtime_gil(NULL) == NULL);
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

/* ---- A limit */

static kaa_context *limited_ctx;
static kaa_runtime *limited;

static void
end_limited(void *unused)
{
    (void)unused;
    kaa_runtime_detach(limited_ctx);
    kaa_runtime_destroy(limited, NULL, NULL);
}
DEFERRABLE(end_limited, void)

/* A list that holds itself: garbage for the collector alone. */
static int
drop_a_ring(kaa_context *ctx)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    int failed = list == NULL || kaa_list_append(ctx, list, list) != 0;

    kaa_decref(ctx, list);
    return failed;
}

KAA_TEST(at_its_limit_a_heap_collects_before_it_gives_up)
{
    kaa_runtime_options options = {.size = sizeof(options),
                                   .bytes_limit = 4 << 20};
    kaa_gc_thresholds never = {.size = sizeof(never),
                               .growth_percent = 1000000,
                               .young_objects = UINT64_C(1) << 40};
    kaa_object *chain = NULL;
    int is_full = 0;

    CHECK_OK(kaa_runtime_create(&options, &limited, &t->err));
    if (kaa_runtime_attach(limited, NULL, &limited_ctx, &t->err) != KAA_OK) {
        kaa_runtime_destroy(limited, NULL, NULL);
        CHECK_OK(KAA_NO_MEMORY);
    }
    DEFER(t, end_limited, limited);
    CHECK_OK(kaa_gc_set_thresholds(limited_ctx, &never, &t->err));
    for (int i = 0; i < 120000; i++) /* more than the limit */
        if (drop_a_ring(limited_ctx) != 0) {
            CHECK(kaa_test_is_fault_run());
            kaa_error_clear(limited_ctx);
        }
    for (int i = 0; i < 10000000 && !is_full; i++) { /* and now it is held */
        kaa_object *link[] = {chain};
        kaa_object *next = chain == NULL
                               ? kaa_list_new(limited_ctx, 0)
                               : kaa_list_from_array(limited_ctx, link, 1);

        is_full = next == NULL;
        if (!is_full) {
            kaa_decref(limited_ctx, chain);
            chain = next;
        }
    }
    CHECK(is_full);
    CHECK(kaa_error_matches(limited_ctx,
                            kaa_builtin(limited_ctx, KAA_MEMORY_ERROR)));
    kaa_error_clear(limited_ctx);
    kaa_decref(limited_ctx, chain);
    CHECK(drop_a_ring(limited_ctx) == 0 || kaa_test_is_fault_run());
    kaa_error_clear(limited_ctx);
}
