/* explore.c - every interleaving of the lock's algorithm.
 *
 * All states that a few threads can reach in a few rounds are visited, and in
 * each:
 *
 *   - at most one thread is inside, and it is the owner;
 *   - somebody can go on, unless all are done (else a wake-up was lost);
 *   - the first thread in a line has not been overtaken too often.
 *
 * Variants with a part of the algorithm taken out must fail, which shows that
 * the check sees what it is to see. lock.pml is most of the same for spin.
 */
#include "kaa_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "gil/model/algorithm.h"

typedef struct explorer {
    settings set;
    model *states; /* all that were reached; those before `next` are done */
    uint32_t *slots;
    uint32_t count, capacity, next;
    verdict out;
} explorer;

/* --- All states ----------------------------------------------------------- */

static void
free_explorer(explorer *x)
{
    free(x->states);
    free(x->slots);
    x->states = NULL;
    x->slots = NULL;
}
DEFERRABLE(free_explorer, explorer)

static uint32_t
hash(const model *m)
{
    const uint8_t *bytes = (const uint8_t *)m;
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < sizeof(*m); i++)
        h = (h ^ bytes[i]) * 16777619u;
    return h ^ (h >> 15);
}

static void
add_state(kaa_test *t, explorer *x, const model *m)
{
    uint32_t mask = x->capacity - 1;
    uint32_t slot = hash(m) & mask;

    for (; x->slots[slot] != 0; slot = (slot + 1) & mask)
        if (memcmp(&x->states[x->slots[slot] - 1], m, sizeof(*m)) == 0)
            return;
    if (x->count >= x->capacity / 4 * 3)
        FAIL("more than %u states", x->count);
    x->states[x->count++] = *m;
    x->slots[slot] = x->count;
}

static void
expand(kaa_test *t, explorer *x)
{
    int can_go_on = 0, done = 0;

    for (uint8_t i = 0; i < x->set.threads; i++) {
        model m;

        done += x->states[x->next].threads[i].step == DONE;
        for (int choice = 0; choice < 2; choice++) {
            m = x->states[x->next];
            if (algorithm_step(&x->set, &m, i, choice, &x->out)) {
                can_go_on = 1;
                add_state(t, x, &m);
            }
        }
        m = x->states[x->next];
        if (algorithm_see(&m, i)) {
            can_go_on = 1;
            add_state(t, x, &m);
        }
    }
    if (!can_go_on && done != x->set.threads)
        x->out.fault = "a wake-up was lost";
}

/* What goes wrong, or NULL. */
static const char *
explore(kaa_test *t, const settings *set)
{
    static explorer x;
    model start;

    free_explorer(&x);
    memset(&x, 0, sizeof(x));
    x.set = *set;
    x.capacity = 1u << (getenv("KAA_TEST_LONG") != NULL ? 25 : 22);
    x.states = malloc(x.capacity / 4 * 3 * sizeof(*x.states));
    x.slots = calloc(x.capacity, sizeof(*x.slots));
    DEFER(t, free_explorer, &x);
    if (x.states == NULL || x.slots == NULL)
        FAIL("no memory for the states");
    algorithm_start(&start, set);
    add_state(t, &x, &start);
    for (x.next = 0; x.next < x.count && x.out.fault == NULL; x.next++)
        expand(t, &x);
    printf("%s: %u states, the first in line overtaken at most %d times: %s\n",
           t->name, x.count, x.out.most_overtaken,
           x.out.fault != NULL ? x.out.fault : "sound");
    return x.out.fault;
}

/* Two threads that take many turns, and three that take some. The bound: the
 * turns that the limit allows, and one for each other thread, which may have
 * been about to take the lock when the first one got in line. */
#define BOUND(limit, threads) ((limit) + (threads)-1)

KAA_TEST(two_threads)
{
    CHECK_STR(explore(t, &(settings){.threads = 2,
                                     .rounds = 3,
                                     .yields = 3,
                                     .limit = 2,
                                     .bound = BOUND(2, 2)}),
              NULL);
}

KAA_TEST(three_threads)
{
    CHECK_STR(explore(t, &(settings){.threads = 3,
                                     .rounds = 2,
                                     .last_rounds = 1,
                                     .yields = 1,
                                     .limit = 1,
                                     .bound = BOUND(1, 3)}),
              NULL);
}

KAA_TEST(three_threads_that_take_more_turns)
{
    if (getenv("KAA_TEST_LONG") == NULL)
        SKIP("set KAA_TEST_LONG for some ten million states");
    CHECK_STR(explore(t, &(settings){.threads = 3,
                                     .rounds = 2,
                                     .yields = 2,
                                     .limit = 1,
                                     .bound = BOUND(1, 3)}),
              NULL);
    CHECK_STR(explore(t, &(settings){.threads = 2,
                                     .rounds = 6,
                                     .yields = 5,
                                     .limit = 2,
                                     .bound = BOUND(2, 2)}),
              NULL);
}

KAA_TEST(without_the_fence_a_wake_up_is_lost)
{
    CHECK_STR(explore(t, &(settings){.threads = 2,
                                     .rounds = 2,
                                     .limit = 2,
                                     .bound = BOUND(2, 2),
                                     .no_fence_all = 1}),
              "a wake-up was lost");
}

KAA_TEST(without_the_second_look_a_wake_up_is_lost)
{
    CHECK_STR(explore(t, &(settings){.threads = 2,
                                     .rounds = 2,
                                     .limit = 2,
                                     .bound = BOUND(2, 2),
                                     .no_second_look = 1}),
              "a wake-up was lost");
}

/* No holder lets go unless it is asked. */
KAA_TEST(who_waits_gets_to_ask)
{
    CHECK_STR(explore(t, &(settings){.threads = 2,
                                     .rounds = 2,
                                     .yields = 2,
                                     .limit = 2,
                                     .bound = BOUND(2, 2),
                                     .computes = 1}),
              NULL);
    CHECK_STR(explore(t, &(settings){.threads = 3,
                                     .rounds = 1,
                                     .yields = 1,
                                     .limit = 1,
                                     .bound = BOUND(1, 3),
                                     .computes = 1}),
              NULL);
}

KAA_TEST(a_call_that_is_missed_on_the_way_to_sleep_is_lost)
{
    CHECK_STR(explore(t, &(settings){.threads = 3,
                                     .rounds = 1,
                                     .yields = 1,
                                     .limit = 1,
                                     .bound = BOUND(1, 3),
                                     .computes = 1,
                                     .no_call = 1}),
              "a wake-up was lost");
}

KAA_TEST(handing_over_without_a_swap_lets_two_in)
{
    CHECK_STR(explore(t, &(settings){.threads = 3,
                                     .rounds = 1,
                                     .limit = 1,
                                     .bound = BOUND(1, 3),
                                     .no_swap = 1}),
              "two inside");
}

KAA_TEST(without_the_limit_overtaking_has_no_bound)
{
    CHECK_STR(explore(t, &(settings){.threads = 3,
                                     .rounds = 3,
                                     .last_rounds = 1,
                                     .yields = 3,
                                     .limit = 1,
                                     .bound = BOUND(1, 3),
                                     .no_limit = 1}),
              "overtaken too often");
}
