/* algorithm.h - the lock's algorithm as a model: states and steps.
 *
 * Each step is one access that other threads can see (locking and unlocking the
 * mutex go with the access next to them, which changes nothing that others
 * could tell). The release's store may be seen late by others: it waits in a
 * buffer until the releaser's next locked instruction, until another thread's
 * membarrier, or for as long as it likes. Time is left out: a holder may be
 * interrupted at any moment, with or without some of its slice left, and a
 * thread in line may be urgent or not. Alarms go when they like, and may be
 * right by chance.
 */
#ifndef KAA_TESTS_GIL_MODEL_ALGORITHM_H
#define KAA_TESTS_GIL_MODEL_ALGORITHM_H

#include <stdint.h>

#define THREADS_MAX 4
#define NOBODY 0xff

typedef struct settings {
    uint8_t threads, rounds, yields;
    uint8_t last_rounds; /* of the last thread */
    uint8_t limit;       /* KAA_GIL_OVERTAKES_MAX */
    uint8_t bound;       /* how often the first in line may be overtaken */
    uint8_t no_fence_all, no_second_look, no_swap, no_limit;
    uint8_t computes; /* holders go on until they are asked, yields times */
    uint8_t no_call;  /* a call reaches only those that sleep already */
} settings;

enum step {
    ACQUIRE_LOOK,
    ACQUIRE_SWAP,
    SLOW_SWAP,
    SLOW_LINE,
    SLOW_FENCE,
    SLOW_TAKE,
    SLOW_COUNT,
    ASLEEP,
    LOOK_AGAIN,
    BEGIN,
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
    uint8_t called, alarm; /* to look again now; some time */
    uint8_t next;          /* a local: whom it chose; or the fence's progress */
} thread_state;

typedef struct model {
    uint8_t owner, contended, mutex, inside, overtakes, drop;
    queue urgent, ordinary;
    thread_state threads[THREADS_MAX];
} model;

/* What is checked on the way. */
typedef struct verdict {
    const char *fault; /* what went wrong, or NULL */
    uint8_t most_overtaken;
} verdict;

void algorithm_start(model *m, const settings *set);
/* Thread i goes one step; `choice` is 0 or 1 where it has one. 0 if it cannot.
 */
int algorithm_step(const settings *set, model *m, uint8_t i, int choice,
                   verdict *out);
/* The store that thread i has in its buffer is seen. 0 if there is none. */
int algorithm_see(model *m, uint8_t i);

#endif /* KAA_TESTS_GIL_MODEL_ALGORITHM_H */
