/* explore.c - the lock's algorithm, every interleaving of it.
 *
 * A model of lib/gil/slow.c and lock.c, step by step: each step is one access
 * that other threads can see (locking and unlocking the mutex go with the
 * access next to them, which changes nothing that others could tell). All
 * states that a few threads can reach in a few rounds are visited, and in each:
 *
 *   - at most one thread is inside, and it is the owner;
 *   - somebody can go on, unless all are done (else a wake-up was lost);
 *   - the first thread in a line has not been overtaken too often.
 *
 * The release's store may be seen late by others: it waits in a buffer until
 * the releaser's next locked instruction, until another thread's membarrier,
 * or for as long as it likes. Time is left out: a holder may be interrupted at
 * any moment, with or without some of its slice left, and a thread in line may
 * be urgent or not.
 *
 * Variants with a part of the algorithm taken out must fail, which shows that
 * the check sees what it is to see. lock.pml is the same model for spin.
 */
#include "kaa_test.h"

#include <stdio.h>
#include <stdlib.h>

#define THREADS_MAX 4
#define NOBODY 0xff

typedef struct settings {
    uint8_t threads, rounds, yields;
    uint8_t last_rounds; /* of the last thread */
    uint8_t limit;       /* KAA_GIL_OVERTAKES_MAX */
    uint8_t bound;       /* how often the first in line may be overtaken */
    uint8_t no_fence_all, no_second_look, no_swap, no_limit;
} settings;

enum step {
    ACQUIRE_LOOK,
    ACQUIRE_SWAP,
    SLOW_SWAP,
    SLOW_LINE,
    SLOW_FENCE,
    SLOW_TAKE,
    SLOW_COUNT,
    WAIT,
    INSIDE,
    YIELD_GIVE,
    YIELD_GRANT,
    RELEASE_LOOK,
    RELEASE_STORE,
    RELEASE_LOOK_AGAIN,
    OVER_SWAP,
    OVER_GRANT,
    GIVE,
    GIVE_GRANT,
    DONE,
};

typedef struct queue {
    uint8_t count, who[THREADS_MAX];
} queue;

typedef struct thread_state {
    uint8_t step, rounds, yields;
    uint8_t buffered; /* its store of NOBODY to owner is not seen yet */
    uint8_t granted, is_resumed;
    uint8_t over; /* turns of others since it became first in its line */
    uint8_t next; /* a local: whom it chose; or the fence's progress */
} thread_state;

typedef struct model {
    uint8_t owner, contended, mutex, inside, overtakes;
    queue urgent, ordinary;
    thread_state threads[THREADS_MAX];
} model;

typedef struct explorer {
    settings set;
    model *states; /* all that were reached; those before `next` are done */
    uint32_t *slots;
    uint32_t count, capacity, next;
    const char *fault;
    uint8_t most_overtaken;
} explorer;

/* --- Lines: as lib/gil/queue.c ---------------------------------------------
 */

static uint8_t
next_in_line(const explorer *x, const model *m)
{
    if (m->urgent.count == 0 || (m->ordinary.count > 0 && !x->set.no_limit &&
                                 m->overtakes >= x->set.limit))
        return m->ordinary.count > 0 ? m->ordinary.who[0] : NOBODY;
    return m->urgent.who[0];
}

static void
append(queue *line, uint8_t who)
{
    line->who[line->count++] = who;
}

static void
prepend(queue *line, uint8_t who)
{
    memmove(line->who + 1, line->who, line->count);
    line->who[0] = who;
    line->count++;
}

static int
remove_from(queue *line, uint8_t who)
{
    for (uint8_t i = 0; i < line->count; i++)
        if (line->who[i] == who) {
            line->count--;
            memmove(line->who + i, line->who + i + 1, line->count - i);
            line->who[line->count] = 0;
            return 1;
        }
    return 0;
}

static void
serve(model *m, uint8_t who)
{
    int overtook = m->threads[who].is_resumed;

    if (remove_from(&m->urgent, who))
        overtook = 1;
    else
        remove_from(&m->ordinary, who);
    if (!overtook || m->ordinary.count == 0)
        m->overtakes = 0;
    else if (m->overtakes < 200)
        m->overtakes++;
    m->threads[who].over = 0;
}

/* `who` has the lock: the first in each line, if another, was overtaken. */
static void
count_turn(explorer *x, model *m, uint8_t who)
{
    const queue *lines[2] = {&m->urgent, &m->ordinary};

    for (int i = 0; i < 2; i++) {
        thread_state *first;

        if (lines[i]->count == 0 || lines[i]->who[0] == who)
            continue;
        first = &m->threads[lines[i]->who[0]];
        if (first->over < 100)
            first->over++;
        if (first->over > x->most_overtaken)
            x->most_overtaken = first->over;
        if (first->over > x->set.bound)
            x->fault = "overtaken too often";
    }
}

/* --- Steps ---------------------------------------------------------------- */

static int
lock_mutex(model *m, uint8_t i)
{
    /* A locked instruction: the thread's own stores are seen first. */
    if (m->mutex != NOBODY || m->threads[i].buffered)
        return 0;
    m->mutex = i;
    return 1;
}

static void
grant(explorer *x, model *m, uint8_t who)
{
    serve(m, who);
    m->contended--;
    m->threads[who].granted = 1;
    m->mutex = NOBODY;
    count_turn(x, m, who);
}

static void
go_in(explorer *x, model *m, uint8_t i)
{
    if (m->inside != 0 || m->owner != i)
        x->fault = "two inside";
    m->inside++;
    m->threads[i].step = INSIDE;
}

static int
finish_round(model *m, uint8_t i)
{
    m->threads[i].rounds--;
    m->threads[i].step = m->threads[i].rounds > 0 ? ACQUIRE_LOOK : DONE;
    return 1;
}

static int
acquire_step(explorer *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case ACQUIRE_LOOK:
        t->step = m->contended == 0 ? ACQUIRE_SWAP : SLOW_SWAP;
        return choice == 0;
    case ACQUIRE_SWAP:
        if (choice != 0 || t->buffered)
            return 0;
        t->step = SLOW_SWAP;
        if (m->owner == NOBODY) {
            m->owner = i;
            count_turn(x, m, i);
            go_in(x, m, i);
        }
        return 1;
    case SLOW_SWAP:
        if (choice != 0 || !lock_mutex(m, i))
            return 0;
        t->step = SLOW_LINE;
        if (m->contended == 0 && m->owner == NOBODY) {
            m->owner = i;
            m->mutex = NOBODY;
            go_in(x, m, i);
        }
        return 1;
    case SLOW_LINE:
        t->granted = 0;
        t->is_resumed = 0;
        t->over = 0;
        t->next = 0;
        append(choice == 0 ? &m->ordinary : &m->urgent, i);
        t->step =
            m->contended == 0 && !x->set.no_fence_all ? SLOW_FENCE : SLOW_TAKE;
        m->contended++;
        return choice <= 1;
    case SLOW_FENCE:
        if (m->threads[t->next].buffered) {
            m->threads[t->next].buffered = 0;
            m->owner = NOBODY;
        }
        if (++t->next == x->set.threads)
            t->step = SLOW_TAKE;
        return choice == 0;
    case SLOW_TAKE:
        if (next_in_line(x, m) == i && m->owner == NOBODY) {
            m->owner = i;
            t->step = SLOW_COUNT;
        } else {
            m->mutex = NOBODY;
            t->step = WAIT;
        }
        return choice == 0;
    case SLOW_COUNT:
        grant(x, m, i);
        go_in(x, m, i);
        return choice == 0;
    case WAIT:
        if (choice != 0 || !t->granted)
            return 0;
        go_in(x, m, i);
        return 1;
    default:
        return 0;
    }
}

static int
hold_step(explorer *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case INSIDE:
        if (choice == 1 && (t->yields == 0 || m->contended == 0))
            return 0;
        if (choice == 1) {
            t->yields--;
            t->step = YIELD_GIVE;
            return 1;
        }
        m->inside--;
        t->step = RELEASE_LOOK;
        return choice == 0;
    case YIELD_GIVE: /* choice: whether some of its slice is left */
        if (!lock_mutex(m, i))
            return 0;
        t->next = next_in_line(x, m);
        if (t->next == NOBODY) {
            m->mutex = NOBODY;
            t->step = INSIDE;
            return choice == 0;
        }
        m->inside--;
        m->contended++;
        t->granted = 0;
        t->over = 0;
        t->is_resumed = choice == 1;
        if (choice == 1)
            prepend(&m->ordinary, i);
        else
            append(&m->ordinary, i);
        m->owner = t->next;
        t->step = YIELD_GRANT;
        return choice == 0 || (choice == 1 && (m->overtakes < x->set.limit ||
                                               x->set.no_limit));
    case YIELD_GRANT:
        grant(x, m, t->next);
        t->step = WAIT;
        return choice == 0;
    default:
        return 0;
    }
}

static int
release_step(explorer *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case RELEASE_LOOK:
        t->step = m->contended == 0 ? RELEASE_STORE : GIVE;
        return choice == 0;
    case RELEASE_STORE:
        t->buffered = 1;
        t->step = RELEASE_LOOK_AGAIN;
        return choice == 0;
    case RELEASE_LOOK_AGAIN:
        if (m->contended != 0 && !x->set.no_second_look)
            t->step = OVER_SWAP;
        else
            finish_round(m, i);
        return choice == 0;
    case OVER_SWAP:
        if (!lock_mutex(m, i))
            return 0;
        t->next = next_in_line(x, m);
        if (t->next != NOBODY && (m->owner == NOBODY || x->set.no_swap)) {
            m->owner = t->next;
            t->step = OVER_GRANT;
            return choice == 0;
        }
        m->mutex = NOBODY;
        finish_round(m, i);
        return choice == 0;
    case GIVE:
        if (!lock_mutex(m, i))
            return 0;
        t->next = next_in_line(x, m);
        m->owner = t->next; /* or NOBODY */
        t->step = GIVE_GRANT;
        return choice == 0;
    case OVER_GRANT:
    case GIVE_GRANT:
        if (t->next != NOBODY)
            grant(x, m, t->next);
        else
            m->mutex = NOBODY;
        finish_round(m, i);
        return choice == 0;
    default:
        return 0;
    }
}

/* Thread i goes one step; 0 if it cannot. */
static int
step(explorer *x, model *m, uint8_t i, int choice)
{
    uint8_t at = m->threads[i].step;

    if (at <= WAIT)
        return acquire_step(x, m, i, choice);
    if (at <= YIELD_GRANT)
        return hold_step(x, m, i, choice);
    return release_step(x, m, i, choice);
}

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
        const model *now = &x->states[x->next];

        done += now->threads[i].step == DONE;
        for (int choice = 0; choice < 2; choice++) {
            model m = *now;

            if (m.threads[i].step == DONE || !step(x, &m, i, choice))
                continue;
            can_go_on = 1;
            add_state(t, x, &m);
        }
        if (x->states[x->next].threads[i].buffered) {
            model m = x->states[x->next];

            m.threads[i].buffered = 0;
            m.owner = NOBODY;
            can_go_on = 1;
            add_state(t, x, &m);
        }
    }
    if (!can_go_on && done != x->set.threads)
        x->fault = "a wake-up was lost";
}

/* What goes wrong, or NULL. */
static const char *
explore(kaa_test *t, const settings *set)
{
    static explorer x;
    model start;

    memset(&x, 0, sizeof(x));
    x.set = *set;
    x.capacity = 1u << (getenv("KAA_TEST_LONG") != NULL ? 25 : 22);
    x.states = malloc(x.capacity / 4 * 3 * sizeof(*x.states));
    x.slots = calloc(x.capacity, sizeof(*x.slots));
    DEFER(t, free_explorer, &x);
    if (x.states == NULL || x.slots == NULL)
        FAIL("no memory for the states");
    memset(&start, 0, sizeof(start));
    start.owner = start.mutex = NOBODY;
    for (int i = 0; i < set->threads; i++) {
        start.threads[i].rounds = set->rounds;
        start.threads[i].yields = set->yields;
    }
    if (set->last_rounds != 0)
        start.threads[set->threads - 1].rounds = set->last_rounds;
    add_state(t, &x, &start);
    for (x.next = 0; x.next < x.count && x.fault == NULL; x.next++)
        expand(t, &x);
    printf("%s: %u states, the first in line overtaken at most %d times: %s\n",
           t->name, x.count, x.most_overtaken,
           x.fault != NULL ? x.fault : "sound");
    return x.fault;
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
