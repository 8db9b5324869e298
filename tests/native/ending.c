/* Ending a runtime where it must not end: in a call, in a finaliser, in its own
 * end. */
#include <kaa/runtime.h>

#include "kaa_test.h"
#include "native/native.h"

/* Static: a finaliser is given no user data. */
static struct attempts {
    kaa_runtime *runtime;
    int made;
    kaa_status destroyed, attached;
} attempts;

static void
try_to_end(void)
{
    kaa_context *again = NULL;

    attempts.made++;
    attempts.destroyed = kaa_runtime_destroy(attempts.runtime, NULL, NULL);
    attempts.attached =
        kaa_runtime_attach(attempts.runtime, NULL, &again, NULL);
    if (attempts.attached == KAA_OK)
        kaa_runtime_detach(again);
}

static void
finalize(kaa_context *ctx, kaa_object *self)
{
    void *begun = kaa_begin_allow_threads(ctx);

    (void)self;
    kaa_end_allow_threads(ctx, begun);
    try_to_end();
}

static void
destroy(kaa_context *ctx, void *data)
{
    (void)ctx;
    (void)data;
    try_to_end();
}

static kaa_object *
call(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    try_to_end();
    return kaa_none(ctx);
}

static const kaa_member members[] = {{"held", KAA_MEMBER_OBJECT, 0, 0, NULL},
                                     {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec finalized = {.size = sizeof(kaa_type_spec),
                                        .name = "ending.Finalized",
                                        .data_bytes = sizeof(kaa_object *),
                                        .members = members,
                                        .finalize = finalize};
static const kaa_type_spec destroyed = {.size = sizeof(kaa_type_spec),
                                        .name = "ending.Destroyed",
                                        .data_bytes = sizeof(kaa_object *),
                                        .members = members,
                                        .destroy = destroy};
static const kaa_method function = KAA_METHOD_NOARGS("call", call, NULL);

static kaa_object *
instance(kaa_test *t, kaa_context *ctx, const kaa_type_spec *spec)
{
    kaa_object *type = kaa_type_new(ctx, spec, NULL, NULL), *object;

    CHECK(type != NULL);
    object = kaa_instance_new(ctx, type);
    kaa_decref(ctx, type);
    CHECK(object != NULL);
    return object;
}

/* Another attempt was made and refused. */
static void
check_refused(kaa_test *t, kaa_status attached)
{
    CHECK_EQ(attempts.made, 1);
    CHECK_EQ(attempts.destroyed, KAA_MISUSE);
    CHECK_EQ(attempts.attached, attached);
    attempts.made = 0;
}

KAA_TEST(a_runtime_does_not_end_in_the_middle)
{
    const kaa_type_spec *specs[] = {&finalized, &destroyed};
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;
    kaa_object *object;

    memset(&attempts, 0, sizeof(attempts));
    CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
    attempts.runtime = runtime;
    CHECK_OK(kaa_runtime_attach(runtime, "ending", &ctx, &t->err));
    object = kaa_function_new(ctx, &function, NULL, NULL);
    CHECK(object != NULL);
    kaa_decref(ctx, kaa_call(ctx, object, NULL, 0, NULL));
    kaa_decref(ctx, object);
    check_refused(t, KAA_OK);
    for (int i = 0; i < 2; i++) {
        kaa_decref(ctx, instance(t, ctx, specs[i]));
        check_refused(t, KAA_OK);
        object = instance(t, ctx, specs[i]);
        CHECK_EQ(kaa_set_attr_text(ctx, object, "held", object), 0);
        kaa_decref(ctx, object);
        CHECK(kaa_collect(ctx) > 0);
        check_refused(t, KAA_OK);
    }
    kaa_runtime_detach(ctx);
    CHECK_OK(kaa_runtime_destroy(runtime, NULL, &t->err));
}

KAA_TEST(a_runtime_that_ends_does_not_end_again)
{
    for (int i = 0; i < 4; i++) {
        kaa_runtime *runtime = NULL;
        kaa_context *ctx = NULL;
        kaa_object *object;

        memset(&attempts, 0, sizeof(attempts));
        CHECK_OK(kaa_runtime_create(NULL, &runtime, &t->err));
        attempts.runtime = runtime;
        CHECK_OK(kaa_runtime_attach(runtime, "ending", &ctx, &t->err));
        object = instance(t, ctx, i & 1 ? &finalized : &destroyed);
        if (i & 1) { /* garbage; the others are still held */
            CHECK_EQ(kaa_set_attr_text(ctx, object, "held", object), 0);
            kaa_decref(ctx, object);
        }
        if (i & 2) /* ends attached, or not */
            kaa_runtime_detach(ctx);
        CHECK_OK(kaa_runtime_destroy(runtime, NULL, &t->err));
        check_refused(t, KAA_MISUSE);
    }
}
