/* What a runtime says when it ends: who is left, who made it, who holds it. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#include "base/memory.h"
#include "kaa_test.h"

#define KINDS_MAX 16

/* Static: what a failing allocation ends must find it. */
static struct {
    kaa_runtime *runtime;
    kaa_context *ctx;
    size_t count;
    struct {
        char type[64], site[128], example[128];
        uint64_t objects, held, references;
    } kinds[KINDS_MAX];
    int destroyed;
    void *user;
} told;

static void
remember(const kaa_runtime_leak *leak, void *user)
{
    size_t at = told.count++;

    told.user = user;
    if (at >= KINDS_MAX)
        return;
    snprintf(told.kinds[at].type, 64, "%s", leak->type);
    snprintf(told.kinds[at].site, 128, "%s",
             leak->site != NULL ? leak->site : "");
    snprintf(told.kinds[at].example, 128, "%s",
             leak->example != NULL ? leak->example : "");
    told.kinds[at].objects = leak->objects;
    told.kinds[at].held = leak->held;
    told.kinds[at].references = leak->references;
}

static void
end(void *unused)
{
    (void)unused;
    if (told.ctx != NULL)
        kaa_error_clear(told.ctx);
    kaa_runtime_detach(told.ctx);
    kaa_runtime_destroy(told.runtime, NULL, NULL);
    told.ctx = NULL;
    told.runtime = NULL;
}
DEFERRABLE(end, void)

static kaa_context *
begin(kaa_test *t, uint32_t flags)
{
    kaa_runtime_options options = {.size = sizeof(options), .flags = flags};

    memset(&told, 0, sizeof(told));
    CHECK_OK(kaa_runtime_create(&options, &told.runtime, &t->err));
    DEFER(t, end, &told);
    CHECK_OK(kaa_runtime_attach(told.runtime, "main", &told.ctx, &t->err));
    return told.ctx;
}

static kaa_runtime_report
finish(kaa_test *t)
{
    kaa_runtime_report report = {
        .size = sizeof(report), .leak = remember, .user = &report};
    kaa_runtime *runtime = told.runtime;

    kaa_runtime_detach(told.ctx);
    told.ctx = NULL;
    told.runtime = NULL;
    CHECK_OK(kaa_runtime_destroy(runtime, &report, &t->err));
    CHECK(told.count == 0 || told.user == &report);
    CHECK(report.user == &report);
    return report;
}

/* Kinds come in the order in which they matter: what C code holds, then the
 * most objects, then by name; objects of one type and site are one kind. */
KAA_TEST(kinds_are_told_in_order)
{
    kaa_context *ctx = begin(t, 0);
    kaa_object *held = kaa_tuple_from_array(ctx, NULL, 0), *list;
    const size_t counts[] = {3, 7, 3};

    CHECK_MEMORY(held);
    kaa_decref(ctx, held);
    list = kaa_list_new(ctx, 0); /* the only one that is held */
    CHECK_MEMORY(list);
    for (size_t kind = 0; kind < 3; kind++)
        for (size_t i = 0; i < counts[kind]; i++) {
            kaa_object *made = kind == 0   ? kaa_set_new(ctx, NULL)
                               : kind == 1 ? kaa_float_from_double(ctx, 0.5)
                                           : kaa_dict_new(ctx);

            CHECK_MEMORY(kaa_list_take_append(ctx, list, made) == 0 ? list
                                                                    : NULL);
        }
    (void)finish(t);
    CHECK_EQ(told.count, 4);
    CHECK_STR(told.kinds[0].type, "list");
    CHECK_EQ(told.kinds[0].held, 1);
    CHECK_STR(told.kinds[1].type, "float");
    CHECK_EQ(told.kinds[1].objects, 7);
    CHECK_STR(told.kinds[2].type, "dict");
    CHECK_STR(told.kinds[3].type, "set");
    CHECK_EQ(told.kinds[3].objects, 3);
}

KAA_TEST(nothing_is_left_of_nothing)
{
    kaa_context *ctx = begin(t, 0);
    kaa_runtime_report report;
    kaa_object *list = kaa_list_new(ctx, 0);

    CHECK_MEMORY(list);
    kaa_decref(ctx, list);
    CHECK_OK(kaa_runtime_verify(ctx, &t->err));
    report = finish(t);
    CHECK_EQ(report.objects, 0);
    CHECK_EQ(report.held, 0);
    CHECK_EQ(told.count, 0);
}

/* An inner list is held by the outer one, which C code holds twice. */
KAA_TEST(what_c_code_holds_is_told_from_what_that_leads_to)
{
    kaa_context *ctx = begin(t, 0);
    kaa_object *outer = kaa_list_new(ctx, 0), *text;
    kaa_runtime_report report;

    CHECK_MEMORY(outer);
    for (int i = 0; i < 3; i++)
        CHECK_MEMORY(kaa_list_take_append(ctx, outer, kaa_list_new(ctx, 0)) == 0
                         ? outer
                         : NULL);
    text = kaa_text(ctx, "a text that is held");
    CHECK_MEMORY(text);
    kaa_incref(ctx, outer);
    report = finish(t);
    CHECK_EQ(report.objects, 5);
    CHECK_EQ(report.held, 2);
    CHECK_EQ(report.references, 3);
    CHECK_EQ(told.count, 2);
    CHECK_STR(told.kinds[0].type, "list");
    CHECK_EQ(told.kinds[0].objects, 4);
    CHECK_EQ(told.kinds[0].held, 1);
    CHECK_EQ(told.kinds[0].references, 2);
    CHECK_HAS(told.kinds[0].example, "<list object at ");
    CHECK_STR(told.kinds[1].type, "str");
    CHECK_STR(told.kinds[1].example, "'a text that is held'");
}

KAA_TEST(garbage_is_no_leak)
{
    kaa_context *ctx = begin(t, KAA_RUNTIME_NO_COLLECTOR);
    kaa_runtime_report report;

    for (int i = 0; i < 100; i++) {
        kaa_object *list = kaa_list_new(ctx, 0);

        CHECK_MEMORY(list);
        CHECK_MEMORY(kaa_list_append(ctx, list, list) == 0 ? list : NULL);
        kaa_decref(ctx, list);
    }
    report = finish(t);
    CHECK_EQ(report.objects, 0);
}

typedef struct owner {
    kaa_object *other;
    void *block;
} owner;

static void
owner_destroy(kaa_context *ctx, void *data)
{
    owner *own = data;

    told.destroyed++;
    kaa_mem_free(ctx, own->block);
    KAA_CLEAR(ctx, own->other);
}

static const kaa_member owner_members[] = {
    {"other", KAA_MEMBER_OBJECT, 0, offsetof(owner, other), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec owner_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Owner",
    .data_bytes = sizeof(owner),
    .members = owner_members,
    .destroy = owner_destroy,
};

/* Two that hold each other, one of them held by C code as well. */
KAA_TEST(what_is_left_is_destroyed_all_the_same)
{
    kaa_context *ctx = begin(t, 0);
    kaa_object *type = kaa_type_new(ctx, &owner_spec, NULL, NULL);
    kaa_runtime_report report;
    kaa_object *one, *two;
    owner *own;

    CHECK_MEMORY(type);
    one = kaa_instance_new(ctx, type);
    CHECK_MEMORY(one);
    two = kaa_instance_new(ctx, type);
    CHECK_MEMORY(two);
    own = kaa_data(ctx, one);
    own->other = two;
    own->block = kaa_mem_alloc(ctx, 50);
    CHECK_MEMORY(own->block);
    own = kaa_data(ctx, two);
    own->other = kaa_incref(ctx, one);
    kaa_decref(ctx, type);
    report = finish(t);
    CHECK_EQ(told.destroyed, 2);
    CHECK_EQ(report.held, 1);
    CHECK_STR(told.kinds[0].type, "test.Owner");
    CHECK_EQ(told.kinds[0].objects, 2);
    CHECK_EQ(told.kinds[0].held, 1);
    /* And the type, which they hold, and what that consists of. */
    CHECK(report.objects > 2);
}

KAA_TEST(without_a_report_they_are_destroyed_too)
{
    kaa_context *ctx = begin(t, 0);
    kaa_object *type = kaa_type_new(ctx, &owner_spec, NULL, NULL);
    kaa_runtime *runtime = told.runtime;
    kaa_status status;

    CHECK_MEMORY(type);
    CHECK_MEMORY(kaa_instance_new(ctx, type));
    kaa_runtime_detach(ctx);
    told.ctx = NULL;
    told.runtime = NULL;
    status = kaa_runtime_destroy(runtime, NULL, &t->err);
    CHECK_EQ(told.destroyed, 1);
    CHECK_STATUS(status, KAA_OK);
}

#ifdef __GLIBC__
#define HAS_SITES 1
#else
#define HAS_SITES 0
#endif

KAA_TEST(a_site_is_the_function_that_made_it)
{
    kaa_object *(*make)(kaa_context *);
    kaa_context *ctx = begin(t, KAA_RUNTIME_SITES);
    kaa_runtime_report report;
    kaa_object *made;
    void *module;

    if (!HAS_SITES)
        SKIP("this C library has no backtrace()");
    module = dlopen(KAA_TEST_LEAKS_MODULE, RTLD_NOW);
    if (module == NULL)
        FAIL("%s", dlerror());
    *(void **)(void *)&make = dlsym(module, "leaks_make_one");
    if (make == NULL)
        FAIL("%s", dlerror());
    for (int i = 0; i < 500; i++) {
        made = make(ctx);
        CHECK_MEMORY(made);
        kaa_decref(ctx, made);
    }
    CHECK_MEMORY(make(ctx));
    CHECK_MEMORY(make(ctx));
    report = finish(t);
    CHECK_EQ(report.objects, 2);
    CHECK_EQ(told.count, 1);
    if (kaa_base__fault_happened())
        return; /* who made it was forgotten for want of memory */
    CHECK_HAS(told.kinds[0].site, ".so+0x");
    CHECK_HAS(told.kinds[0].site, "(leaks_make_one)");
}

KAA_TEST(a_report_of_another_size_is_refused)
{
    kaa_runtime_report report = {.size = 8};

    begin(t, 0);
    CHECK_STATUS(kaa_runtime_destroy(told.runtime, &report, &t->err),
                 KAA_UNSUPPORTED);
}
