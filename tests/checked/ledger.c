/* The checked context natively: right use gives no report, each mistake its
 * own words, and where memory is short for the ledger the report says so.
 */
#include <dlfcn.h>
#include <unistd.h>

#include <kaa/checked.h>

#include "checked/checked.h"
#include "object/help.h"

static kaa_object *module;

/* After the runtime, which is deferred later. */
static void
kaa_test__undo_checked(void *subject)
{
    (void)subject;
    kaa_checked__end();
}

static uintptr_t *
hidden(kaa_test *t)
{
    static uintptr_t *place;
    void *file;

    if (place == NULL) {
        file = dlopen(SAMPLE, RTLD_NOW);
        CHECK(file != NULL);
        place = dlsym(file, "sample_hidden");
        CHECK(place != NULL);
    }
    return place;
}

static kaa_context *
begin(kaa_test *t, const char *mode)
{
    kaa_context *ctx;

    (void)hidden(t);
    DEFER(t, checked, NULL);
    ctx = fresh_as(t, (kaa_runtime_options){.check = mode});
    module = NEW(kaa_import(ctx, SAMPLE));
    return ctx;
}

/* `argument` may be NULL. The result, or NULL with an exception. */
static kaa_object *
call(kaa_context *ctx, const char *function, kaa_object *argument)
{
    kaa_object *arguments[] = {module, argument};

    return kaa_call_method(ctx, function, arguments, argument != NULL ? 2 : 1,
                           NULL);
}

/* That nothing was told, but that memory was short. */
static void
check_nothing_told(kaa_test *t)
{
    for (size_t i = 0; i < kaa_checked_count(); i++) {
        kaa_checked_mistake one = {.size = sizeof(one)};

        if (kaa_checked_get(i, &one, &t->err) != KAA_OK)
            FAIL("%s", t->err.message);
        if (!kaa_base__fault_happened() ||
            strcmp(one.kind, "not recorded") != 0)
            FAIL("%s: %s", one.kind, one.text);
    }
}

KAA_TEST(right_use_is_not_told)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *item = NEW(kaa_list_new(ctx, 0));

    for (int i = 0; i < 2; i++)
        CHECK_REPR(NEW(call(ctx, "right", item)), "['a text', []]");
    NEW(call(ctx, "store", item));
    NEW(call(ctx, "store", item));
    NEW(call(ctx, "drop", NULL));
    check_nothing_told(t);
}

KAA_TEST(instances_are_right)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *type = NEW(kaa_get_attr_text(ctx, module, "Box"));
    kaa_object *pair[] = {NEW(kaa_call(ctx, type, NULL, 0, NULL)),
                          NEW(kaa_list_new(ctx, 0))};

    NEW(kaa_call_method(ctx, "keep", pair, 2, NULL));
    NEW(kaa_call_method(ctx, "keep", pair, 2, NULL));
    check_nothing_told(t);
}

/* A call that looks at more instances than it can note has what it stores, too.
 */
KAA_TEST(a_call_that_sees_much_may_store)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *type = NEW(kaa_get_attr_text(ctx, module, "Box"));
    kaa_object *boxes = NEW(kaa_list_new(ctx, 0));

    for (int i = 0; i < 70; i++)
        CHECK_ZERO(kaa_list_append(ctx, boxes,
                                   NEW(kaa_call(ctx, type, NULL, 0, NULL))));
    NEW(call(ctx, "store_many", boxes));
    CHECK_REF(boxes, 2);
    NEW(call(ctx, "drop", NULL));
    CHECK_REF(boxes, 1);
    check_nothing_told(t);
}

/* ---- Mistakes */

typedef struct mistake {
    const char *function, *slot, *kind, *text;
    int places;   /* that are told: its own, and where the object came from */
    int is_block; /* what is hidden */
} mistake;

static void
give_back(kaa_test *t, kaa_context *ctx, const mistake *wanted)
{
    void *lost = (void *)~*hidden(t);

    if (*hidden(t) == 0)
        return;
    *hidden(t) = 0;
    if (wanted->is_block)
        kaa_mem_free(ctx, lost);
    else
        kaa_decref(ctx, lost);
}

static void
check_told(kaa_test *t, const mistake *wanted)
{
    kaa_checked_mistake one = {.size = sizeof(one)};
    size_t count = kaa_checked_count();

    if (count == 0)
        FAIL("%s: nothing is told", wanted->function);
    for (size_t i = 0; i < count; i++) {
        if (kaa_checked_get(i, &one, &t->err) != KAA_OK)
            FAIL("%s", t->err.message);
        CHECK_STR(one.module, "sample");
        if (kaa_base__fault_happened() &&
            strcmp(one.kind, "not recorded") == 0) {
            CHECK_HAS(one.text, "memory was short");
            continue;
        }
        CHECK_STR(one.kind, wanted->kind);
        CHECK_STR(one.function, wanted->function);
        CHECK_STR(one.slot, wanted->slot);
        CHECK_EQ(one.count, 1);
        CHECK_HAS(one.made_at, wanted->places == 2 ? "sample.c:" : "");
        CHECK(wanted->places == 2 || one.made_at[0] == '\0');
        CHECK_STR(one.called_from, ""); /* there is no Python */
        if (wanted->places > 0)
            CHECK_HAS(one.where, "sample.c:");
        if (!kaa_base__fault_happened())
            CHECK_HAS(one.text, wanted->text);
    }
    if (!kaa_base__fault_happened())
        CHECK_EQ(count, 1);
}

/* Makes one mistake. Where memory was short before it came to that, the call
 * has failed; else it is told, or it is told that it could not be. */
static void
make(kaa_test *t, const char *argument, const mistake *wanted)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *item = NULL, *result;

    if (argument != NULL)
        item = HOLD(NEW(kaa_text(ctx, argument)));
    result = call(ctx, wanted->function, item);
    give_back(t, ctx, wanted);
    kaa_decref(ctx, result);
    if (result == NULL && kaa_base__fault_happened() &&
        kaa_error_matches(ctx, kaa_builtin(ctx, KAA_MEMORY_ERROR)))
        kaa_test__no_memory(t);
    kaa_error_clear(ctx);
    /* What was not seen could not be undone. */
    if (item != NULL && kaa_base__fault_happened() &&
        kaa_refcount(ctx, item) == 1)
        kaa_incref(ctx, item);
    if (item != NULL)
        CHECK_REF(item, 2);
    check_told(t, wanted);
}

#define MISTAKE(name, argument, ...)                                           \
    KAA_TEST(name)                                                             \
    {                                                                          \
        static const mistake wanted = {#name, __VA_ARGS__};                    \
        make(t, argument, &wanted);                                            \
    }

MISTAKE(leak, NULL, "list_new", "leaked reference",
        "leak(): leaked reference: list [], which is not returned", 1, 0)
MISTAKE(release_given, "a given text", "decref", "released without a reference",
        "str 'a given text', which is borrowed", 1, 0)
MISTAKE(return_given, "a given text", "", "returned without a reference",
        "str 'a given text', which is borrowed: kaa_incref() it", 0, 0)
MISTAKE(release_twice, NULL, "decref", "released twice",
        "list [], whose reference was given up before", 2, 0)
MISTAKE(use_late, NULL, "list_size", "used after release",
        "list [], whose last reference was given up before", 2, 0)
MISTAKE(keep_text, "a given text", "str_as_utf8", "borrowed pointer kept",
        "str 'a given text', which the module does not hold", 1, 0)
MISTAKE(leak_block, NULL, "mem_alloc", "leaked memory",
        "a block that nothing of the module refers to", 1, 1)
MISTAKE(overrun, NULL, "mem_free", "written beyond a block", ": of 16 bytes", 1,
        0)
MISTAKE(return_nothing, NULL, "", "failed without an exception",
        "NULL, and nothing was raised", 0, 0)
MISTAKE(return_pending, NULL, "", "result with an exception",
        "an exception is pending", 0, 0)
MISTAKE(enter_only, NULL, "enter_call", "call not left",
        "kaa_leave_call() is missing", 0, 0)
MISTAKE(keep_lock_away, NULL, "begin_allow_threads", "threads not stopped",
        "kaa_end_allow_threads() is missing", 0, 0)

/* Through a function of kaa's headers, optimised: the way to who called it is
 * looked up for the first, and known for the others. */
KAA_TEST(callers_of_what_headers_define)
{
    static const char *const names[] = {"build_here", "build_there"};
    kaa_context *ctx;
    void *file;
    const int *lines;
    char wanted[32];

    if (kaa_test_is_fault_run() || kaa_test_is_collect_run())
        SKIP("places alone are looked at");
    DEFER(t, checked, NULL);
    ctx = fresh_as(t, (kaa_runtime_options){.check = "sample"});
    module = NEW(kaa_import(ctx, SAMPLE_OPTIMISED));
    for (int i = 0; i < 6; i++)
        NEW(call(ctx, names[i % 2], NULL));
    file = dlopen(SAMPLE_OPTIMISED, RTLD_NOW);
    CHECK(file != NULL);
    lines = dlsym(file, "sample_lines");
    CHECK_EQ(kaa_checked_count(), 2);
    for (size_t i = 0; i < 2; i++) {
        kaa_checked_mistake one = {.size = sizeof(one)};

        CHECK_OK(kaa_checked_get(i, &one, &t->err));
        CHECK_STR(one.function, names[i]);
        CHECK_STR(one.kind, "released twice");
        CHECK_EQ(one.count, 3);
        snprintf(wanted, sizeof(wanted), "sample.c:%d", lines[i]);
        CHECK_STR(one.made_at, wanted);
        CHECK_HAS(one.backtrace, one.where);
        snprintf(wanted, sizeof(wanted), " (%s)", names[i]);
        CHECK_HAS(one.backtrace, wanted);
        CHECK_EQ(strstr(one.backtrace, " (give_again)\nsample.c:") != NULL, i);
    }
}

/* ---- Who took what is leaked */

/* The backtrace of the only mistake, after one more call of `function`. */
static const char *
leak_once(kaa_test *t, kaa_context *ctx, const char *function)
{
    static const mistake wanted = {"", "list_new", "leaked reference",
                                   "", 1,          0};
    kaa_checked_mistake one = {.size = sizeof(one)};

    NEW(call(ctx, function, NULL));
    give_back(t, ctx, &wanted);
    CHECK_EQ(kaa_checked_count(), 1);
    CHECK_OK(kaa_checked_get(0, &one, &t->err));
    CHECK_STR(one.kind, wanted.kind);
    CHECK_STR(one.function, function);
    CHECK_HAS(one.backtrace, one.where);
    return one.backtrace;
}

static const char both_calls[] = " (lose_list)\nsample.c:";

/* Of the first leak of a place the place is known, of the second the calls. */
KAA_TEST(calls_that_took_what_is_leaked)
{
    kaa_context *ctx;
    const char *first, *second;

    if (kaa_test_is_fault_run())
        SKIP("what is not seen is not told");
    ctx = begin(t, "sample");
    first = leak_once(t, ctx, "leak_deep");
    CHECK(strchr(first, '\n') == NULL);
    CHECK_HAS(first, " (lose_list)");
    second = leak_once(t, ctx, "leak_deep");
    CHECK_HAS(second, both_calls);
    CHECK_HAS(second, " (leak_deep)");
    CHECK(strchr(first, '\n') == NULL); /* texts live as long as the process */
    CHECK(leak_once(t, ctx, "leak_deep") == second);
}

/* Where it is asked for, they are known at once. */
KAA_TEST(calls_that_took_each_reference)
{
    kaa_context *ctx;
    const char *told;

    if (kaa_test_is_fault_run())
        SKIP("what is not seen is not told");
    ctx = begin(t, "sample:stacks");
    told = leak_once(t, ctx, "leak_deep");
    CHECK_HAS(told, both_calls);
    CHECK_HAS(told, " (leak_deep)");
}

/* The same of blocks, which have one call here. */
KAA_TEST(calls_that_took_a_leaked_block)
{
    static const mistake wanted = {"leak_block", "mem_alloc", "leaked memory",
                                   "",           1,           1};
    kaa_checked_mistake one = {.size = sizeof(one)};
    kaa_context *ctx;

    if (kaa_test_is_fault_run())
        SKIP("what is not seen is not told");
    ctx = begin(t, "sample:stacks");
    NEW(call(ctx, "leak_block", NULL));
    give_back(t, ctx, &wanted);
    CHECK_OK(kaa_checked_get(0, &one, &t->err));
    CHECK_STR(one.kind, "leaked memory");
    CHECK_HAS(one.backtrace, " (leak_block)");
}

/* ---- Who holds what */

/* All of them; what is stored must not outlive a test without memory. */
static size_t
read_holdings(kaa_test *t, kaa_context *ctx, kaa_checked_holding *out,
              size_t capacity)
{
    size_t count;

    if (kaa_checked_holdings(out, capacity, &count, &t->err) != KAA_OK) {
        CHECK(kaa_base__fault_happened());
        NEW(call(ctx, "drop", NULL));
        kaa_test__no_memory(t);
    }
    return count;
}

/* References to an object that a holder has, by a place and a slot. */
static uint64_t
held_by(kaa_test *t, kaa_context *ctx, const char *holder,
        const kaa_object *object, const char *slot)
{
    kaa_checked_holding held[64];
    size_t count = read_holdings(t, ctx, held, 64);
    uint64_t found = 0;
    char place[64];

    for (size_t i = 0; i < count; i++) {
        if (held[i].object != object || strcmp(held[i].holder, holder) != 0)
            continue;
        CHECK_STR(held[i].module, "sample");
        CHECK_STR(held[i].slot, slot);
        kaa_checked_place(held[i].site, place, sizeof(place));
        if (*slot != '\0' && !kaa_test_is_fault_run())
            CHECK_HAS(place, "sample.c:");
        CHECK_EQ(*place != '\0', *slot != '\0');
        found += held[i].count;
    }
    return found;
}

static kaa_object *
instance(kaa_test *t, kaa_context *ctx, const char *type)
{
    kaa_object *made = NEW(kaa_get_attr_text(ctx, module, type));

    return NEW(kaa_call(ctx, made, NULL, 0, NULL));
}

KAA_TEST(holdings)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *item = NEW(kaa_list_new(ctx, 0));
    kaa_object *first = instance(t, ctx, "Box"),
               *second = instance(t, ctx, "Box");
    kaa_object *slip = instance(t, ctx, "Slip");

    NEW(call(ctx, "right", item));
    CHECK_EQ(held_by(t, ctx, "", item, ""), 0);
    NEW(kaa_call_method(ctx, "keep", (kaa_object *[]){first, item}, 2, NULL));
    NEW(kaa_call_method(ctx, "keep", (kaa_object *[]){second, item}, 2, NULL));
    CHECK(kaa_set_attr_text(ctx, slip, "item", item) == 0);
    NEW(kaa_call_method(ctx, "is_empty", &slip, 1, NULL));
    NEW(call(ctx, "store", item));
    if (kaa_base__fault_happened()) {
        NEW(call(ctx, "drop", NULL));
        return;
    }
    CHECK_EQ(held_by(t, ctx, "sample.Box", item, "incref"), 2);
    CHECK_EQ(held_by(t, ctx, "sample.Slip", item, ""), 1);
    CHECK_EQ(held_by(t, ctx, "static data", item, "incref"), 1);
    CHECK_EQ(read_holdings(t, ctx, NULL, 0),
             5); /* the state's list is the fifth */
    NEW(kaa_call_method(ctx, "keep", (kaa_object *[]){first, kaa_none(ctx)}, 2,
                        NULL));
    NEW(call(ctx, "drop", NULL));
    CHECK_EQ(held_by(t, ctx, "sample.Box", item, "incref"), 1);
    CHECK_EQ(held_by(t, ctx, "static data", item, "incref"), 0);
    CHECK(kaa_checked_holdings(NULL, 0, NULL, &t->err) == KAA_INVALID_ARGUMENT);
    check_nothing_told(t);
}

/* Which of the two was given up is settled when the call ends, whatever else
 * was noted meanwhile. */
KAA_TEST(one_in_data_and_one_elsewhere)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *item = NEW(kaa_list_new(ctx, 0));
    kaa_object *box = instance(t, ctx, "Box");

    if (kaa_test_is_fault_run())
        SKIP("what is stored would stay");
    NEW(kaa_call_method(ctx, "keep", (kaa_object *[]){box, item}, 2, NULL));
    NEW(call(ctx, "store", item));
    NEW(kaa_call_method(ctx, "empty", &box, 1, NULL));
    CHECK_EQ(held_by(t, ctx, "static data", item, "incref"), 1);
    NEW(call(ctx, "drop", NULL));
    check_nothing_told(t);
}

/* What data gave once they do not give again, whatever else was noted
 * meanwhile. */
KAA_TEST(one_in_data_given_up_twice)
{
    kaa_context *ctx = begin(t, "sample");
    kaa_object *item = NEW(kaa_list_new(ctx, 0));
    kaa_object *box = instance(t, ctx, "Box");
    kaa_checked_mistake one = {.size = sizeof(one)};

    if (kaa_test_is_fault_run())
        SKIP("what is not seen is not undone");
    NEW(kaa_call_method(ctx, "keep", (kaa_object *[]){box, item}, 2, NULL));
    NEW(kaa_call_method(ctx, "empty_twice", &box, 1, NULL));
    CHECK_REF(item, 1);
    CHECK_EQ(kaa_checked_count(), 1);
    CHECK_OK(kaa_checked_get(0, &one, &t->err));
    CHECK_STR(one.function, "Box.empty_twice");
    CHECK_STR(one.kind, "released twice");
    CHECK_HAS(one.text, "list [], whose reference was given up before");
}

/* ---- The other modes */

KAA_TEST(raise_mode_fails_the_call)
{
    static const mistake wanted = {
        "leak", "list_new", "leaked reference", "leaked reference", 1, 0};
    kaa_context *ctx = begin(t, "sample:raise");
    kaa_object *result = call(ctx, "leak", NULL);

    give_back(t, ctx, &wanted);
    if (result != NULL && kaa_base__fault_happened()) {
        kaa_decref(ctx, result); /* then it was not seen, which is told */
        CHECK_EQ(kaa_checked_count(), 1);
        check_nothing_told(t);
        kaa_test__no_memory(t);
    }
    CHECK_RAISES(result == NULL, KAA_SYSTEM_ERROR,
                 "leak(): leaked reference: list []");
    check_told(t, &wanted);
}

/* How often a slot was called by a function, by what a trace says. */
static uint64_t
uses_of(const char *function, const char *slot)
{
    static kaa_checked_use uses[256];
    size_t count = kaa_checked_uses(uses, 256);

    for (size_t i = 0; i < count; i++)
        if (strcmp(uses[i].function, function) == 0 &&
            strcmp(uses[i].slot, slot) == 0)
            return uses[i].calls;
    return 0;
}

KAA_TEST(trace_mode_counts)
{
    static kaa_checked_call calls[256];
    kaa_context *ctx = begin(t, "sample:trace");
    kaa_object *item = NEW(kaa_list_new(ctx, 0));
    kaa_object *type;
    size_t count;

    for (int i = 0; i < 2; i++)
        NEW(call(ctx, "right", item));
    type = NEW(kaa_get_attr_text(ctx, module, "Box"));
    NEW(kaa_call_method(
        ctx, "keep",
        (kaa_object *[]){NEW(kaa_call(ctx, type, NULL, 0, NULL)), item}, 2,
        NULL));
    NEW(call(ctx, "store", item));
    NEW(call(ctx, "drop", NULL));
    check_nothing_told(t);
    if (kaa_base__fault_happened()) {
        CHECK(kaa_checked_count() <= 1);
        return;
    }
    CHECK_EQ(uses_of("right", ""), 2);
    CHECK_EQ(uses_of("right", "list_append"), 4);
    CHECK_EQ(uses_of("right", "buffer_release"), 2);
    CHECK_EQ(uses_of("Box.keep", ""), 1);
    CHECK_EQ(uses_of("exec", "list_new"), 1);
    CHECK_EQ(uses_of("leak", ""), 0);
    count = kaa_checked_calls(calls, 256);
    CHECK(count < 256);
    for (size_t i = 1; i < count; i++)
        CHECK(calls[i].end_ns >= calls[i - 1].end_ns &&
              calls[i].end_ns >= calls[i].start_ns);
    CHECK_STR(calls[count - 1].function, "drop");
    CHECK_STR(calls[count - 1].slot, "");
}

/* When the log is full, not each call is timed, but each is counted. */
KAA_TEST(trace_mode_counts_what_it_does_not_time)
{
    static kaa_checked_use uses[256];
    enum { CALLS = 100000 };
    kaa_context *ctx;
    kaa_object *item;
    size_t count;

    if (kaa_test_is_fault_run() || kaa_test_is_collect_run())
        SKIP("many calls");
    ctx = begin(t, "sample:trace");
    item = NEW(kaa_list_new(ctx, 0));
    for (int i = 0; i < CALLS; i++)
        DROP(NEW(call(ctx, "right", item)));
    CHECK_EQ(kaa_checked_calls(NULL, 0), 131072);
    CHECK_EQ(uses_of("right", ""), CALLS);
    CHECK_EQ(uses_of("right", "list_append"), 2 * CALLS);
    CHECK_EQ(uses_of("right", "buffer_release"), CALLS);
    count = kaa_checked_uses(uses, 256);
    for (size_t i = 0; i < count; i++) {
        CHECK(uses[i].total_ns >= uses[i].max_ns);
        CHECK_EQ(uses[i].failures, 0);
    }
    check_nothing_told(t);
}

/* A run that takes long says that it goes on. */
KAA_TEST(fault_mode_tells_of_progress)
{
    char said[400] = "";
    kaa_context *ctx;
    FILE *file;
    int saved;

    if (kaa_test_is_fault_run())
        SKIP("a process for each place and allocation");
    ctx = begin(t, "sample:fault");
    file = tmpfile();
    CHECK(file != NULL);
    fflush(stderr);
    saved = dup(2);
    CHECK(dup2(fileno(file), 2) == 2);
    atomic_store(&kaa_checked__modules()->progress_at, 1); /* long ago */
    NEW(call(ctx, "drop", NULL));
    NEW(call(ctx, "release_twice", NULL));
    fflush(stderr);
    CHECK(dup2(saved, 2) == 2);
    close(saved);
    rewind(file);
    CHECK(fread(said, 1, sizeof(said) - 1, file) > 0);
    fclose(file);
    CHECK_HAS(said, "kaa: checked module 'sample': ");
    CHECK_HAS(said, " calls were made to fail so far\n");
}

/* Each place fails once, in a process of its own. */
KAA_TEST(fault_mode_fails_each_call)
{
    kaa_context *ctx;
    kaa_object *item;
    size_t failed;
    kaa_checked_mistake one = {.size = sizeof(one)};
    kaa_checked_failure failures[64];
    char place[64];

    if (kaa_test_is_fault_run())
        SKIP("a process for each place and allocation");
    ctx = begin(t, "sample:fault");
    item = NEW(kaa_list_new(ctx, 0));
    NEW(call(ctx, "right", item));
    failed = kaa_checked_fault_count();
    CHECK(failed >= 10);
    check_nothing_told(t);
    NEW(call(ctx, "right", item));
    CHECK_EQ(kaa_checked_fault_count(), failed);
    NEW(call(ctx, "careless", NULL));
    CHECK_EQ(kaa_checked_fault_count(), failed + 1);
    CHECK_EQ(kaa_checked_failures(failures, 64), failed + 1);
    for (size_t i = 0; i < failed; i++) {
        CHECK_STR(failures[i].module, "sample");
        CHECK_STR(failures[i].outcome, "raised");
        CHECK_STR(failures[i].exception, "MemoryError");
        CHECK_EQ(failures[i].mistakes, 0);
        kaa_checked_place(failures[i].site, place, sizeof(place));
        CHECK_HAS(place, "sample.c:");
    }
    CHECK_STR(failures[0].function, "exec");
    CHECK_STR(failures[failed].function, "careless");
    CHECK_STR(failures[failed].slot, "list_new");
    CHECK_STR(failures[failed].outcome, "mistakes");
    CHECK(failures[failed].mistakes >= 1);
    CHECK(kaa_checked_count() >= 1);
    CHECK_OK(kaa_checked_get(0, &one, &t->err));
    CHECK_STR(one.kind, "NULL for an object");
    CHECK_STR(one.function, "careless");
    CHECK_HAS(one.text, "where kaa_list_new() failed [sample.c:");
}
