/* object/help.h - objects in tests.
 *
 *     KAA_TEST(list_grows)
 *     {
 *         kaa_context *ctx = fresh(t);
 *         kaa_object *list = NEW(kaa_list_new(ctx, 0));
 *
 *         CHECK_ZERO(kaa_list_append(ctx, list, kaa_builtin(ctx, KAA_NONE)));
 *         CHECK_RAISES(kaa_list_get(ctx, list, 7) == NULL, KAA_INDEX_ERROR,
 *                      "out of range");
 *         CHECK_REPR(list, "[None]");
 *     }
 *
 * fresh() makes a runtime, attaches to it, and ends both when the test does; an
 * object that is left then, or a reference that C code still holds, fails the
 * test. With --fault the n-th allocation of objects fails as well, with
 * --collect garbage is collected at each.
 *
 * NEW() holds the reference that a call returned until the test ends; HOLD()
 * does so for one got otherwise, DROP() gives one up before. A call that raised
 * MemoryError where an allocation was made to fail ends the test: so no CHECK_
 * is written for that.
 */
#ifndef KAA_TEST_OBJECT_HELP_H
#define KAA_TEST_OBJECT_HELP_H

#include <stdio.h>
#include <stdlib.h>

#include <kaa/runtime.h>

#include "base/memory.h"
#include "kaa_test.h"
#include "native/native.h"

/* What a test holds. Static storage: tests run one after the other. */
typedef struct help_state {
    kaa_test *t;
    kaa_runtime *runtime;
    kaa_context *ctx;
    kaa_object **held;
    size_t held_count, held_max;
} help_state;

__attribute__((unused)) static help_state help;

static void
help_leak(const kaa_runtime_leak *leak, void *user)
{
    kaa_test__fail_late(user, "leaked %llu of %s, %llu held by %llu refs: %s",
                        (unsigned long long)leak->objects, leak->type,
                        (unsigned long long)leak->held,
                        (unsigned long long)leak->references,
                        leak->example != NULL ? leak->example : "?");
}

static void
kaa_test__undo_help(void *subject)
{
    help_state *state = subject;
    kaa_context *ctx = state->ctx;
    kaa_runtime_report report = {
        .size = sizeof(report), .leak = help_leak, .user = state->t};
    kaa_error err = {0};

    state->runtime->watch &= ~KAA_OBJECT__WATCH_FAULT;
    kaa_error_clear(ctx);
    while (state->held_count > 0)
        kaa_decref(ctx, state->held[--state->held_count]);
    free((void *)state->held);
    state->held = NULL;
    state->held_max = 0;
    kaa_error_clear(ctx);
    if (kaa_runtime_verify(ctx, &err) != KAA_OK)
        kaa_test__fail_late(state->t, "verify: %s", err.message);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(state->runtime, &report, &err) != KAA_OK)
        kaa_test__fail_late(state->t, "destroy: %s", err.message);
    state->runtime = NULL;
}

__attribute__((unused)) static kaa_context *
fresh_as(kaa_test *t, kaa_runtime_options options)
{
    options.size = sizeof(options);
    options.name = t->name;
    options.hash_seed = 1;
    if (kaa_test_is_collect_run())
        options.flags |= KAA_RUNTIME_COLLECT_ALWAYS;
    CHECK_OK(kaa_native__create(&options, 0, &help.runtime, &t->err));
    if (kaa_runtime_attach(help.runtime, "test", &help.ctx, &t->err) !=
        KAA_OK) {
        kaa_runtime_destroy(help.runtime, NULL, NULL);
        CHECK_STATUS((kaa_status)t->err.status, KAA_OK);
    }
    help.t = t;
    DEFER(t, help, &help);
    if (kaa_test_is_fault_run())
        help.runtime->watch |= KAA_OBJECT__WATCH_FAULT;
    return help.ctx;
}

__attribute__((unused)) static kaa_context *
fresh_with(kaa_test *t, uint32_t flags)
{
    return fresh_as(t, (kaa_runtime_options){.flags = flags});
}

__attribute__((unused)) static kaa_context *
fresh(kaa_test *t)
{
    return fresh_with(t, 0);
}

/* For runtime->unraisable. */
__attribute__((unused)) static void
help_ignore(const char *text, void *user)
{
    (void)text;
    (void)user;
}

/* A failure for want of memory ends the test; any other fails it. */
__attribute__((unused)) static _Noreturn void
help_failed(kaa_test *t, const char *file, int line, const char *what)
{
    kaa_context *ctx = help.ctx;
    char text[512];

    if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_MEMORY_ERROR)) &&
        kaa_base__fault_happened())
        kaa_test__no_memory(t);
    kaa_runtime_error_text(ctx, text, sizeof(text));
    kaa_test__fail(t, file, line, "%s failed: %s", what,
                   text[0] != '\0' ? text : "no exception is pending");
}

__attribute__((unused)) static kaa_object *
help_hold(kaa_test *t, const char *file, int line, const char *what,
          kaa_object *object)
{
    if (object == NULL)
        help_failed(t, file, line, what);
    if (kaa_error_occurred(help.ctx))
        kaa_test__fail(t, file, line, "%s succeeded with an exception", what);
    if (help.held_count == help.held_max) {
        help.held_max = help.held_max * 2 + 64;
        help.held = (kaa_object **)realloc((void *)help.held,
                                           help.held_max * sizeof(object));
        if (help.held == NULL)
            abort();
    }
    help.held[help.held_count++] = object;
    return object;
}

__attribute__((unused)) static void
help_drop(kaa_test *t, const char *file, int line, kaa_object *object)
{
    for (size_t i = help.held_count; i-- > 0;) {
        if (help.held[i] == object) {
            help.held[i] = help.held[--help.held_count];
            kaa_decref(help.ctx, object);
            return;
        }
    }
    kaa_test__fail(t, file, line, "DROP of what is not held");
}

__attribute__((unused)) static void
help_int(kaa_test *t, const char *file, int line, const char *what,
         int64_t actual, int64_t expected)
{
    if (actual == -1 && kaa_error_occurred(help.ctx))
        help_failed(t, file, line, what);
    if (actual != expected)
        kaa_test__fail(t, file, line, "%s is %lld, expected %lld", what,
                       (long long)actual, (long long)expected);
    if (kaa_error_occurred(help.ctx))
        kaa_test__fail(t, file, line, "%s left an exception", what);
}

__attribute__((unused)) static void
help_raises(kaa_test *t, const char *file, int line, const char *what,
            int failed, kaa_builtin_id type, const char *part)
{
    kaa_context *ctx = help.ctx;
    char text[1024];

    if (!failed)
        kaa_test__fail(t, file, line, "%s does not hold", what);
    if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_MEMORY_ERROR)) &&
        type != KAA_MEMORY_ERROR)
        help_failed(t, file, line, what);
    kaa_runtime_error_text(ctx, text, sizeof(text));
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, type)))
        kaa_test__fail(t, file, line, "%s raised \"%s\"", what, text);
    if (part != NULL && strstr(text, part) == NULL &&
        !kaa_base__fault_happened())
        kaa_test__fail(t, file, line,
                       "%s raised\n  \"%s\", which lacks\n  "
                       "\"%s\"",
                       what, text, part);
    kaa_error_clear(ctx);
}

__attribute__((unused)) static void
help_text(kaa_test *t, const char *file, int line, const char *what,
          kaa_object *text, const char *expected)
{
    kaa_context *ctx = help.ctx;
    const char *actual;

    if (text == NULL)
        help_failed(t, file, line, what);
    actual = kaa_str_as_utf8(ctx, text, NULL);
    if (actual == NULL) {
        kaa_decref(ctx, text);
        help_failed(t, file, line, what);
    }
    if (strcmp(actual, expected) != 0)
        kaa_test__fail(t, file, line, "%s is\n  \"%s\", expected\n  \"%s\"",
                       what, actual, expected);
    kaa_decref(ctx, text);
}

/* A new reference that must be there, held until the test ends. */
#define NEW(call) help_hold(t, __FILE__, __LINE__, #call, (call))
/* A reference that the test takes itself. */
#define HOLD(object) NEW(kaa_incref(help.ctx, (object)))
/* Gives up one that NEW or HOLD holds. */
#define DROP(object) help_drop(t, __FILE__, __LINE__, (object))
/* What returns an int that is -1 with an exception on failure. */
#define CHECK_INT(call, expected)                                              \
    help_int(t, __FILE__, __LINE__, #call, (int64_t)(call), (expected))
#define CHECK_ZERO(call) CHECK_INT(call, 0)
#define CHECK_TRUE(call) CHECK_INT(call, 1)
/* That a condition (a call failed) holds, and what is pending then, which is
 * dropped. `part` NULL: any text. */
#define CHECK_RAISES(failed, type, part)                                       \
    help_raises(t, __FILE__, __LINE__, #failed, (failed), (type), (part))
/* A new reference to a str with this text, which is given up. */
#define CHECK_TEXT(call, expected)                                             \
    help_text(t, __FILE__, __LINE__, #call, (call), (expected))
#define CHECK_REPR(object, expected)                                           \
    CHECK_TEXT(kaa_repr(help.ctx, (object)), expected)
/* How many references there are. */
#define CHECK_REF(object, expected)                                            \
    CHECK_EQ(kaa_refcount(help.ctx, (object)), (expected))

#endif /* KAA_TEST_OBJECT_HELP_H */
