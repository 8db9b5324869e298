/* Watches of reference counts: what is noted of changes, and what is refused.
 * The interpreter is made up (counted.c); tests/python/test_watch.py watches
 * objects of live ones.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kaa/insight.h>

#include "kaa_test.h"

#define MANY 8u

/* With a GIL the count stands first, without one at 12 and 16. */
typedef struct made_up_object {
    int64_t count;
    uint32_t more, owned;
    int64_t shared;
} made_up_object;

static made_up_object object;

typedef struct numbered {
    uint32_t number;
} numbered;

static void
free_watch(numbered *watch)
{
    kaa_insight_refcount_free(watch->number);
}

DEFERRABLE(free_watch, numbered)

static void *
find(kaa_test *t, const char *name)
{
    static void *file;
    void *found;

    if (file == NULL)
        file = dlopen(KAA_TEST_COUNTED, RTLD_NOW | RTLD_LOCAL);
    CHECK(file != NULL);
    if (name == NULL)
        return file;
    found = dlsym(file, name);
    CHECK(found != NULL);
    return found;
}

static kaa_insight_refcount_options
options_of(kaa_test *t, void *watched)
{
    return (kaa_insight_refcount_options){
        .size = sizeof(kaa_insight_refcount_options),
        .version = 0x030c,
        .handle = find(t, NULL),
        .object = watched,
        .capacity = 64};
}

/* Skips the test where the system has no watchpoints for us. */
static void
start(kaa_test *t, const kaa_insight_refcount_options *options, numbered *out)
{
    kaa_status status =
        kaa_insight_refcount_start(options, &out->number, &t->err);

    if (status == KAA_UNSUPPORTED || status == KAA_LIMIT)
        SKIP("%s", t->err.message);
    CHECK_OK(status);
    DEFER(t, free_watch, out);
}

static void
read_watch(kaa_test *t, const numbered *watch, kaa_insight_refcount *out)
{
    *out = (kaa_insight_refcount){.size = sizeof(*out)};
    CHECK_OK(kaa_insight_refcount_read(watch->number, out, &t->err));
}

__attribute__((noinline)) static void
take(int64_t *count)
{
    ++*(volatile int64_t *)count;
}

__attribute__((noinline)) static void
give_up(int64_t *count)
{
    --*(volatile int64_t *)count;
}

static int (*loop_of(kaa_test *t))(void (*)(int64_t *), int64_t *)
{
    int (*loop)(void (*)(int64_t *), int64_t *);
    void *found = find(t, "_PyEval_EvalFrameDefault");

    memcpy(&loop, &found, sizeof(loop));
    return loop;
}

/* Whether an address lies in the code of a function, or right behind it. */
static int
is_in(const void *address, void (*function)(int64_t *))
{
    uintptr_t start, at = (uintptr_t)address;

    memcpy(&start, &function, sizeof(start));
    return at > start && at - start < 256;
}

KAA_TEST(changes_are_noted)
{
    static numbered watch;
    kaa_insight_change changes[MANY];
    kaa_insight_refcount_site sites[MANY];
    kaa_insight_frame frames[32];
    kaa_insight_refcount seen;
    kaa_insight_refcount_options options = options_of(t, &object);
    int (*loop)(void (*)(int64_t *), int64_t *) = loop_of(t);
    uint32_t count, taken = 0;

    object = (made_up_object){.count = 5};
    start(t, &options, &watch);
    read_watch(t, &watch, &seen);
    CHECK_EQ(seen.is_on, 1);
    CHECK_EQ(seen.first, 6); /* the watch's own in it */
    CHECK_EQ(seen.changes, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(loop(take, &object.count), 1);
    CHECK_EQ(loop(give_up, &object.count), 1);
    object.shared = 7; /* no part of the count */
    read_watch(t, &watch, &seen);
    CHECK_EQ(seen.changes, 4);
    CHECK_EQ(seen.kept, 4);
    CHECK_EQ(seen.last, 8);
    CHECK_EQ(seen.late, 0);
    CHECK_EQ(seen.has_lines, 0); /* no frame was running */
    CHECK_EQ(kaa_insight_refcount_changes(watch.number, changes, MANY), 4);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(changes[i].by, i < 3 ? 1 : -1);
        CHECK_EQ(changes[i].count, i < 3 ? 7 + i : 8);
        CHECK_EQ(changes[i].thread, gettid());
        CHECK_EQ(changes[i].flags, 0);
    }
    count = kaa_insight_refcount_sites(watch.number, sites, MANY);
    CHECK_EQ(count, seen.sites);
    for (uint32_t i = 0; i < count; i++) {
        if (sites[i].up == 0)
            continue;
        taken++;
        CHECK(kaa_insight_refcount_frames(watch.number, i, frames, 32) >= 1);
        CHECK(is_in(frames[0].code, take));
    }
    CHECK(taken >= 1); /* one a place that calls the loop */
}

KAA_TEST(what_is_stopped_notes_no_more)
{
    static numbered watch;
    kaa_insight_refcount seen;
    kaa_insight_refcount_options options = options_of(t, &object);

    object = (made_up_object){.count = 5};
    start(t, &options, &watch);
    take(&object.count);
    kaa_insight_refcount_stop(watch.number);
    take(&object.count);
    read_watch(t, &watch, &seen);
    CHECK_EQ(seen.is_on, 0);
    CHECK_EQ(seen.changes, 1);
    CHECK_EQ(seen.last, 7);
    CHECK_EQ(object.count, 8);
    kaa_insight_refcount_free(watch.number);
    CHECK_EQ(object.count, 7);
    CHECK_STATUS(kaa_insight_refcount_read(watch.number, &seen, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(kaa_insight_refcount_changes(watch.number, NULL, 0), 0);
    CHECK_EQ(kaa_insight_refcount_sites(watch.number, NULL, 0), 0);
    CHECK_EQ(kaa_insight_refcount_frames(watch.number, 0, NULL, 0), 0);
}

KAA_TEST(the_last_changes_are_kept)
{
    static numbered watch;
    kaa_insight_change changes[MANY];
    kaa_insight_refcount seen;
    kaa_insight_refcount_options options = options_of(t, &object);

    object = (made_up_object){.count = 5};
    options.capacity = 4;
    start(t, &options, &watch);
    for (int i = 0; i < 10; i++)
        take(&object.count);
    read_watch(t, &watch, &seen);
    CHECK_EQ(seen.changes, 10);
    CHECK_EQ(seen.kept, 4);
    CHECK_EQ(kaa_insight_refcount_changes(watch.number, changes, MANY), 4);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(changes[i].count, 13 + i);
}

/* Without a GIL: the owner's part, and the others' in units of 4. */
KAA_TEST(counts_of_two_parts)
{
    static numbered watch;
    kaa_insight_change changes[MANY];
    kaa_insight_refcount seen;
    kaa_insight_refcount_options options = options_of(t, &object);

    object = (made_up_object){.owned = 3, .shared = 2 << 2};
    options.flags = KAA_INSIGHT_REFCOUNT_SPLIT;
    options.version = 0x030d;
    start(t, &options, &watch);
    read_watch(t, &watch, &seen);
    CHECK_EQ(seen.first, 5); /* what is made up takes its own elsewhere */
    *(volatile uint32_t *)&object.owned += 1;
    *(volatile int64_t *)&object.shared -= 4;
    *(volatile int64_t *)&object.shared += 1; /* a mark */
    CHECK_EQ(kaa_insight_refcount_changes(watch.number, changes, MANY), 2);
    CHECK_EQ(changes[0].count, 6);
    CHECK_EQ(changes[1].count, 5);
}

static void *
take_elsewhere(void *user)
{
    take(user);
    return NULL;
}

KAA_TEST(threads_that_begin_later)
{
    static numbered watch;
    kaa_insight_change changes[MANY];
    kaa_insight_refcount_options options = options_of(t, &object);
    pthread_t threads[2];

    object = (made_up_object){.count = 5};
    start(t, &options, &watch);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, take_elsewhere, &object), 0);
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    CHECK_EQ(kaa_insight_refcount_changes(watch.number, changes, MANY), 2);
    CHECK(changes[0].thread != (uint32_t)gettid());
    CHECK(changes[1].thread != changes[0].thread);
}

/* A child has its parent's notes, and makes none; the parent goes on. */
KAA_TEST(a_child_is_not_watched)
{
    static numbered watch;
    kaa_insight_refcount seen;
    kaa_insight_refcount_options options = options_of(t, &object);
    int status = 0;
    pid_t child;

    if (kaa_test_is_fault_run())
        SKIP("a process for each allocation");
    object = (made_up_object){.count = 5};
    start(t, &options, &watch);
    take(&object.count);
    child = fork();
    if (child == 0) {
        take(&object.count);
        seen = (kaa_insight_refcount){.size = sizeof(seen)};
        if (kaa_insight_refcount_read(watch.number, &seen, NULL) != KAA_OK)
            _exit(2);
        _exit(seen.is_on != 0 || seen.changes != 1);
    }
    CHECK(child > 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    take(&object.count);
    read_watch(t, &watch, &seen);
    CHECK_EQ(seen.is_on, 1);
    CHECK_EQ(seen.changes, 2);
}

KAA_TEST(no_more_than_the_processor_has)
{
    static made_up_object objects[5];
    static numbered watches[5];
    kaa_status status = KAA_OK;

    for (int i = 0; i < 5 && status == KAA_OK; i++) {
        kaa_insight_refcount_options options = options_of(t, &objects[i]);

        objects[i].count = 1;
        status =
            kaa_insight_refcount_start(&options, &watches[i].number, &t->err);
        if (i == 0 && status == KAA_UNSUPPORTED)
            SKIP("%s", t->err.message);
        if (status == KAA_OK)
            DEFER(t, free_watch, &watches[i]);
    }
    CHECK_STATUS(status, KAA_LIMIT);
    CHECK_HAS(t->err.message, "end another watch first");
}

KAA_TEST(what_cannot_be_watched)
{
    made_up_object immortal = {.count = (int64_t)0x80000000};
    made_up_object split = {.owned = UINT32_MAX};
    kaa_insight_refcount_options options = options_of(t, &immortal);
    kaa_insight_refcount small = {.size = 4};
    uint32_t number = 0;

#define REFUSED(expected, words)                                               \
    CHECK_STATUS(kaa_insight_refcount_start(&options, &number, &t->err),       \
                 expected);                                                    \
    CHECK_HAS(t->err.message, words)
    REFUSED(KAA_INVALID_ARGUMENT, "immortal");
    options.object = &split;
    options.version = 0x030d;
    options.flags = KAA_INSIGHT_REFCOUNT_SPLIT;
    REFUSED(KAA_INVALID_ARGUMENT, "immortal");
    options.flags = 2;
    REFUSED(KAA_INVALID_ARGUMENT, "unknown bit");
    options = options_of(t, (char *)&object + 4);
    REFUSED(KAA_INVALID_ARGUMENT, "no address of an object");
    options = options_of(t, NULL);
    REFUSED(KAA_INVALID_ARGUMENT, "no address of an object");
    options = options_of(t, &object);
    options.capacity = UINT32_MAX;
    REFUSED(KAA_INVALID_ARGUMENT, "options.capacity is");
    options = options_of(t, &object);
    options.version = 0x0308;
    REFUSED(KAA_UNSUPPORTED, "before Python 3.9");
#undef REFUSED
    options.version = 0x030c;
    CHECK_STATUS(kaa_insight_refcount_start(&options, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_insight_refcount_read(1000, &small, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(number, 0);
}
