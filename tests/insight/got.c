/* Hooks in the imports of this very program. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "insight/got.h"
#include "kaa_test.h"

typedef pid_t function(void);

static function *real;
static volatile int calls; /* getppid() is said to change nothing here */

static pid_t
hook(void)
{
    calls++;
    return real();
}

/* Another tool's: see foreign.c. */
typedef struct tool {
    void *hook;
    function **before;
    volatile int *calls;
} tool;

static tool
open_tool(kaa_test *t)
{
    void *handle = dlopen(KAA_TEST_FOREIGN, RTLD_NOW);
    tool opened;

    CHECK(handle != NULL);
    opened.hook = dlsym(handle, "foreign");
    opened.before = dlsym(handle, "foreign_before");
    opened.calls = dlsym(handle, "foreign_calls");
    *opened.calls = 0;
    return opened;
}

static kaa_insight__patch
patch_of(const char *name)
{
    kaa_insight__patch patch = {.name = name};
    function *ours = hook;

    memcpy(&patch.hook, &ours, sizeof(patch.hook));
    return patch;
}

static uintptr_t
this_program(void)
{
    return kaa_insight__got_object((const void *)(uintptr_t)this_program);
}

static void
install(kaa_test *t, kaa_insight__patch *patch)
{
    CHECK_OK(kaa_insight__got_find(this_program(), patch, 1, &t->err));
    if (patch->places_count == 0)
        SKIP("this program does not import %s", patch->name);
    memcpy(&real, &patch->real, sizeof(real));
    CHECK_OK(kaa_insight__got_write(patch, 1, &t->err));
}

KAA_TEST(hook_is_called_and_goes)
{
    kaa_insight__patch patch = patch_of("getppid");
    pid_t expected = getppid();

    for (int round = 0; round < 3; round++) {
        install(t, &patch);
        CHECK_EQ(patch.is_foreign, 0);
        calls = 0;
        CHECK_EQ(getppid(), expected);
        CHECK_EQ(calls, 1);
        CHECK_EQ(kaa_insight__got_remove(&patch, 1), 0);
        CHECK_EQ(getppid(), expected);
        CHECK_EQ(calls, 1);
    }
}

static void
install_again(kaa_test *t, kaa_insight__patch *patch)
{
    CHECK_OK(kaa_insight__got_find(this_program(), patch, 1, &t->err));
    memcpy(&real, &patch->real, sizeof(real));
    CHECK_OK(kaa_insight__got_write(patch, 1, &t->err));
}

static void
install_tool(kaa_test *t, tool *of, kaa_insight__patch *patch)
{
    patch->hook = of->hook;
    CHECK_OK(kaa_insight__got_find(this_program(), patch, 1, &t->err));
    if (patch->places_count == 0)
        SKIP("this program does not import %s", patch->name);
    memcpy(of->before, &patch->real, sizeof(*of->before));
    CHECK_OK(kaa_insight__got_write(patch, 1, &t->err));
}

KAA_TEST(tool_that_was_there_before_is_called_on)
{
    kaa_insight__patch ours = patch_of("getppid"), theirs = patch_of("getppid");
    tool other = open_tool(t);

    install_tool(t, &other, &theirs);
    install(t, &ours);
    CHECK_EQ(ours.is_foreign, 1);
    calls = 0;
    getppid();
    CHECK_EQ(calls, 1);
    CHECK_EQ(*other.calls, 1);
    CHECK_EQ(kaa_insight__got_remove(&ours, 1), 0);
    getppid();
    CHECK_EQ(calls, 1);
    CHECK_EQ(*other.calls, 2);
    CHECK_EQ(kaa_insight__got_remove(&theirs, 1), 0);
    getppid();
    CHECK_EQ(*other.calls, 2);
}

KAA_TEST(tool_that_came_later_is_left_alone)
{
    kaa_insight__patch ours = patch_of("getppid"), theirs = patch_of("getppid");
    tool other = open_tool(t);

    install(t, &ours);
    install_tool(t, &other, &theirs);
    /* Our hook lies in this program, and so was taken for its stub. */
    *other.before = hook;
    for (uint32_t i = 0; i < theirs.places_count; i++)
        theirs.places[i].before = ours.hook;
    CHECK(kaa_insight__got_remove(&ours, 1) > 0);
    calls = 0;
    getppid();
    CHECK_EQ(*other.calls, 1);
    CHECK_EQ(calls, 1); /* still in the chain */
    /* A second installation must not make the chain a circle. */
    install_again(t, &ours);
    CHECK_EQ(ours.places_count, 0);
    getppid();
    CHECK_EQ(calls, 2);
    /* The other one goes: ours stands there, and can be removed. */
    CHECK_EQ(kaa_insight__got_remove(&theirs, 1), 0);
    install_again(t, &ours);
    CHECK(ours.places_count > 0);
    getppid();
    CHECK_EQ(calls, 3);
    CHECK_EQ(kaa_insight__got_remove(&ours, 1), 0);
    getppid();
    CHECK_EQ(calls, 3);
}

KAA_TEST(names_that_are_not_imported_have_no_places)
{
    kaa_insight__patch patch = patch_of("kaa_no_such_function");

    CHECK_OK(kaa_insight__got_find(this_program(), &patch, 1, &t->err));
    CHECK_EQ(patch.places_count, 0);
    CHECK_EQ(kaa_insight__got_remove(&patch, 1), 0);
}

KAA_TEST(addresses_in_no_object)
{
    kaa_insight__patch patch = patch_of("getppid");
    int on_the_stack = 0;

    CHECK_EQ(kaa_insight__got_object(NULL), 0);
    CHECK_EQ(kaa_insight__got_object(&on_the_stack), 0);
    CHECK_STATUS(kaa_insight__got_find(12345, &patch, 1, &t->err),
                 KAA_UNSUPPORTED);
    CHECK_EQ(patch.places_count, 0);
}
