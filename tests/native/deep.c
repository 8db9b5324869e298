/* native/deep.c - objects within objects, tens of thousands deep: made, asked,
 * collected and freed on a small stack. What frees or collects does not
 * recurse; what must (repr, hash, comparison) raises RecursionError.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <kaa/kaa.h>
#include <kaa/module.h>

#include "base/memory.h"
#include "native/native.h"

#include "kaa_test.h"

#if defined(__SANITIZE_ADDRESS__)
#define STACK_BYTES (2u << 20) /* frames of a depth limit of 1000 are large */
#else
#define STACK_BYTES (512u << 10)
#endif

/* Puts an object around one, whose reference it takes over. */
typedef kaa_object *(*wrap_function)(kaa_context *ctx, kaa_object *inner);

static kaa_object *
self_of(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static const kaa_method bound = KAA_METHOD_NOARGS("bound", self_of, NULL);
static const kaa_method nothing_methods[] = {
    KAA_METHOD_NOARGS("bound", self_of, NULL), KAA_METHODS_END};
static const kaa_member held_member[] = {
    {"held", KAA_MEMBER_OBJECT, 0, 0, NULL}, {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec holder = {.size = sizeof(kaa_type_spec),
                                     .name = "deep.Holder",
                                     .data_bytes = sizeof(kaa_object *),
                                     .flags = KAA_TYPE_DICT,
                                     .methods = nothing_methods,
                                     .members = held_member};
static kaa_object *holder_type; /* of the test's runtime */

static kaa_object *
in_list(kaa_context *ctx, kaa_object *inner)
{
    return kaa_list_take_array(ctx, &inner, 1);
}

static kaa_object *
in_tuple(kaa_context *ctx, kaa_object *inner)
{
    return kaa_tuple_take_array(ctx, &inner, 1);
}

static kaa_object *
in_dict(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *items[2] = {kaa_int(ctx, 1), inner};

    return kaa_dict_take_array(ctx, items, 1);
}

/* With what gave up `inner`. */
static kaa_object *
then_drop(kaa_context *ctx, kaa_object *inner, kaa_object *made)
{
    kaa_decref(ctx, inner);
    return made;
}

static kaa_object *
in_function(kaa_context *ctx, kaa_object *inner)
{
    return then_drop(ctx, inner, kaa_function_new(ctx, &bound, inner, NULL));
}

static kaa_object *
in_slice(kaa_context *ctx, kaa_object *inner)
{
    return then_drop(ctx, inner, kaa_slice_new(ctx, NULL, inner, NULL));
}

static kaa_object *
in_callback(kaa_context *ctx, kaa_object *inner)
{
    return then_drop(
        ctx, inner,
        kaa_weakref_new(ctx, kaa_builtin(ctx, KAA_LIST_TYPE), inner));
}

static kaa_object *
in_exception(kaa_context *ctx, kaa_object *inner)
{
    return then_drop(
        ctx, inner,
        kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), &inner, 1, NULL));
}

static kaa_object *
in_cause(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *made;

    if (kaa_is_instance(ctx, inner, kaa_builtin(ctx, KAA_EXCEPTION)) != 1)
        return in_exception(ctx, inner);
    made = kaa_call(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), NULL, 0, NULL);
    if (made != NULL && kaa_exception_set_cause(ctx, made, inner) != 0)
        KAA_CLEAR(ctx, made);
    return then_drop(ctx, inner, made);
}

static kaa_object *
in_member(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *made = kaa_instance_new(ctx, holder_type);

    if (made != NULL && kaa_set_attr_text(ctx, made, "held", inner) != 0)
        KAA_CLEAR(ctx, made);
    return then_drop(ctx, inner, made);
}

static kaa_object *
in_attribute(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *made = kaa_instance_new(ctx, holder_type);

    if (made != NULL && kaa_set_attr_text(ctx, made, "other", inner) != 0)
        KAA_CLEAR(ctx, made);
    return then_drop(ctx, inner, made);
}

static kaa_object *
in_module(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *made = kaa_module_new(ctx, "deep");

    if (made != NULL && kaa_set_attr_text(ctx, made, "inner", inner) != 0)
        KAA_CLEAR(ctx, made);
    return then_drop(ctx, inner, made);
}

static kaa_object *
in_bound_method(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *made = in_member(ctx, inner), *method;

    if (made == NULL)
        return NULL;
    method = kaa_get_attr_text(ctx, made, "bound");
    return then_drop(ctx, made, method);
}

static kaa_object *
in_iterator(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *list = in_list(ctx, inner);

    return list == NULL ? NULL : then_drop(ctx, list, kaa_iter(ctx, list));
}

static kaa_object *
in_frozenset(kaa_context *ctx, kaa_object *inner)
{
    kaa_object *list = in_list(ctx, in_function(ctx, inner));

    return list == NULL ? NULL
                        : then_drop(ctx, list, kaa_frozenset_new(ctx, list));
}

static const struct kind {
    const char *name;
    wrap_function wrap;
} kinds[] = {
    {"list", in_list},           {"tuple", in_tuple},
    {"dict", in_dict},           {"function", in_function},
    {"slice", in_slice},         {"callback", in_callback},
    {"exception", in_exception}, {"cause", in_cause},
    {"member", in_member},       {"attribute", in_attribute},
    {"module", in_module},       {"bound method", in_bound_method},
    {"iterator", in_iterator},   {"frozenset", in_frozenset},
};

static kaa_object *
nest(kaa_context *ctx, wrap_function wrap, size_t depth)
{
    kaa_object *object = kaa_list_new(ctx, 0);

    for (size_t i = 0; i < depth && object != NULL; i++)
        object = wrap(ctx, object);
    return object;
}

/* A question that may go as deep as the object; 0, or -1 when it failed. */
static int
ask(kaa_context *ctx, int which, kaa_object *left, kaa_object *right)
{
    kaa_object *text;

    switch (which) {
    case 0:
        text = kaa_repr(ctx, left);
        break;
    case 1:
        text = kaa_str(ctx, left);
        break;
    case 2:
        return kaa_hash(ctx, left) == -1 ? -1 : 0;
    case 3:
        return kaa_compare_truth(ctx, left, right, KAA_EQ) < 0 ? -1 : 0;
    default:
        return kaa_compare_truth(ctx, left, right, KAA_LT) < 0 ? -1 : 0;
    }
    kaa_decref(ctx, text);
    return text == NULL ? -1 : 0;
}

static void
try_kind(kaa_test *t, kaa_context *ctx, const struct kind *kind, size_t depth)
{
    kaa_object *left = nest(ctx, kind->wrap, depth);
    kaa_object *right = nest(ctx, kind->wrap, depth);
    kaa_object *loop;

    if (left == NULL || right == NULL) {
        kaa_test__fail_late(t, "%s cannot be nested", kind->name);
        return;
    }
    for (int which = 0; which < 5; which++) {
        int failed = ask(ctx, which, left, right);

        if ((failed == -1) != kaa_error_occurred(ctx))
            kaa_test__fail_late(t, "%s: question %d gave %d", kind->name, which,
                                failed);
        if (failed == -1 &&
            !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_RECURSION_ERROR)) &&
            !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)))
            kaa_test__fail_late(t, "%s: question %d: another error", kind->name,
                                which);
        kaa_error_clear(ctx);
    }
    if (kaa_collect(ctx) < 0) /* looks through all of it */
        kaa_test__fail_late(t, "%s: collect", kind->name);
    kaa_decref(ctx, left);
    /* A loop so long: in a list that holds what holds it. */
    loop = kaa_list_new(ctx, 0);
    if (loop == NULL || kaa_list_append(ctx, loop, right) != 0)
        abort();
    kaa_decref(ctx, right);
    right = kind->wrap(ctx, kaa_incref(ctx, loop));
    if (right == NULL || kaa_list_append(ctx, loop, right) != 0)
        abort();
    kaa_decref(ctx, right);
    kaa_decref(ctx, loop);
    if (kaa_collect(ctx) <= 0)
        kaa_test__fail_late(t, "%s: the loop was not collected", kind->name);
}

static void
note_leak(const kaa_runtime_leak *leak, void *user)
{
    kaa_test__fail_late(user, "leaked %llu of %s, held %llu: %s",
                        (unsigned long long)leak->objects, leak->type,
                        (unsigned long long)leak->references,
                        leak->example != NULL ? leak->example : "?");
}

static void
ignore(const char *text, void *user)
{
    (void)text;
    (void)user;
}

static void *
try_kinds(void *user)
{
    kaa_test *t = user;
    const char *factor = getenv("KAA_TEST_LONG");
    size_t depth = 40000u * (factor != NULL ? (size_t)atoi(factor) : 1u);
    kaa_runtime_options options = {.size = sizeof(options),
                                   .unraisable = ignore};
    kaa_runtime_report report = {
        .size = sizeof(report), .leak = note_leak, .user = t};
    kaa_runtime *runtime = NULL;
    kaa_context *ctx = NULL;

    if (kaa_runtime_create(&options, &runtime, NULL) != KAA_OK ||
        kaa_runtime_attach(runtime, "deep", &ctx, NULL) != KAA_OK)
        abort();
    holder_type = kaa_type_new(ctx, &holder, NULL, NULL);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (getenv("KAA_TEST_VERBOSE") != NULL)
            fprintf(stderr, "%s\n", kinds[i].name);
        try_kind(t, ctx, &kinds[i], depth);
    }
    KAA_CLEAR(ctx, holder_type);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, &report, NULL) != KAA_OK)
        kaa_test__fail_late(t, "destroy");
    return NULL;
}

KAA_TEST(deep_objects_need_no_deep_stack)
{
    pthread_attr_t attributes;
    pthread_t thread;

    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    CHECK_EQ(pthread_create(&thread, &attributes, try_kinds, t), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

/* What is left at the end of a runtime is told of, and freed, all the same. */
static void *
leave_kinds(void *user)
{
    kaa_test *t = user;
    kaa_runtime_options options = {.size = sizeof(options),
                                   .unraisable = ignore};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        kaa_runtime_report report = {.size = sizeof(report)};
        kaa_runtime *runtime = NULL;
        kaa_context *ctx = NULL;

        if (kaa_runtime_create(&options, &runtime, NULL) != KAA_OK ||
            kaa_runtime_attach(runtime, "deep", &ctx, NULL) != KAA_OK)
            abort();
        holder_type = kaa_type_new(ctx, &holder, NULL, NULL);
        if (nest(ctx, kinds[i].wrap, 30000) == NULL)
            abort();
        KAA_CLEAR(ctx, holder_type);
        kaa_runtime_detach(ctx);
        if (kaa_runtime_destroy(runtime, &report, NULL) != KAA_OK)
            kaa_test__fail_late(t, "destroy");
        if (report.objects < 30000 || report.held != 1)
            kaa_test__fail_late(t, "%s: %llu left, %llu held", kinds[i].name,
                                (unsigned long long)report.objects,
                                (unsigned long long)report.held);
    }
    return NULL;
}

KAA_TEST(deep_objects_may_be_left)
{
    pthread_attr_t attributes;
    pthread_t thread;

    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    CHECK_EQ(pthread_create(&thread, &attributes, leave_kinds, t), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}
