/* Where a thread has its state. The interpreter is made up: its variable is
 * this program's, and so at a fixed place. */
#include "insight/state.h"

#include <pthread.h>

#include "kaa_test.h"

static int state, other;
static _Thread_local void *variable;
static _Thread_local void *volatile alike, *volatile constant;
static int has_alike; /* a second variable goes the same way */

static void *
current_state(void)
{
    return variable;
}

static void *
save_thread(void)
{
    void *was = variable;

    variable = NULL;
    if (has_alike)
        alike = NULL;
    return was;
}

static void
restore_thread(void *was)
{
    variable = was;
    if (has_alike)
        alike = was;
}

static void *
read_elsewhere(void *user)
{
    intptr_t at = *(intptr_t *)user;

    if (kaa_insight__state_read(at) != NULL)
        return NULL;
    variable = &other;
    return kaa_insight__state_read(at);
}

KAA_TEST(the_variable_of_a_state_is_found)
{
    kaa_insight__interpreter in = {.version = 0x030c,
                                   .save_thread = save_thread,
                                   .restore_thread = restore_thread};
    intptr_t at;
    pthread_t thread;
    void *seen = NULL;

    has_alike = 0;
    variable = constant = &state; /* one that stays is not it */
    at = kaa_insight__state_find(&in, current_state);
    CHECK_EQ(variable, &state);
    if (at == 0)
        SKIP("no way to a thread-local variable is known here");
    CHECK_EQ(kaa_insight__state_read(at), &state);
    CHECK_EQ(pthread_create(&thread, NULL, read_elsewhere, &at), 0);
    CHECK_EQ(pthread_join(thread, &seen), 0);
    CHECK_EQ(seen, &other);
    variable = &other;
    CHECK_EQ(kaa_insight__state_read(at), &other);
}

KAA_TEST(what_may_be_another_variable_is_not_taken)
{
    kaa_insight__interpreter in = {.version = 0x030c,
                                   .save_thread = save_thread,
                                   .restore_thread = restore_thread};

    has_alike = 1;
    variable = alike = &state;
    CHECK_EQ(kaa_insight__state_find(&in, current_state), 0);
    variable = alike = NULL; /* nothing to find it by */
    CHECK_EQ(kaa_insight__state_find(&in, current_state), 0);
    has_alike = 0;
    variable = &state;
    in.version = 0x030b; /* a variable of all threads */
    CHECK_EQ(kaa_insight__state_find(&in, current_state), 0);
}
