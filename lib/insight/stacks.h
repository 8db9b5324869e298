/* insight/stacks.h - the Python stacks at which something long happened, each
 * kept once, with what happened there.
 *
 * Written in hooks: memory is reserved before, nothing is allocated, a full
 * table says so and goes on counting under number 0. Code objects are referred
 * to once, so that their lines can be told when the recording ends.
 */
#ifndef KAA_INSIGHT_STACKS_H
#define KAA_INSIGHT_STACKS_H

#include <stdatomic.h>
#include <stdint.h>

#include "insight/interpreter.h"

#define KAA_INSIGHT__DEPTH_MAX 24u
#define KAA_INSIGHT__STACKS_MAX 8192u
#define KAA_INSIGHT__PLACES_MAX 49152u /* six a stack */
#define KAA_INSIGHT__CODES_MAX 16384u
#define KAA_INSIGHT__THREADS_MAX 6u /* named a stack and kind */

/* What happened at a stack. */
enum {
    KAA_INSIGHT__HELD,
    KAA_INSIGHT__WAITED,
    KAA_INSIGHT__OFF,
    KAA_INSIGHT__KINDS
};

typedef struct kaa_insight__tally {
    _Atomic uint64_t count;
    _Atomic uint64_t ticks;
    _Atomic uint64_t ticks_max; /* since it was last taken */
    _Atomic uint64_t others;    /* ticks that others waited meanwhile */
    _Atomic uint64_t address;   /* in the C function that it was in; or 0 */
    _Atomic uint32_t call;      /* the system call it was blocked in; or 0 */
    _Atomic uint32_t threads[KAA_INSIGHT__THREADS_MAX];
} kaa_insight__tally;

typedef struct kaa_insight__stack {
    uint64_t hash;         /* 0: free */
    uint32_t first, count; /* of its places */
    kaa_insight__tally tallies[KAA_INSIGHT__KINDS];
} kaa_insight__stack;

typedef struct kaa_insight__stacks {
    kaa_insight__stack *entries; /* KAA_INSIGHT__STACKS_MAX, and number 0 */
    kaa_insight__place *places;
    _Atomic(void *) *codes; /* a hash set */
    void *memory;           /* kept from the first recording on: a thread may be
                               within a hook when one ends */
    atomic_flag is_busy;
    int is_open;
    uint32_t entries_count, places_count, codes_count;
    _Atomic uint64_t lost; /* that found no room */
} kaa_insight__stacks;

/* Reserves the memory, once; untouched pages cost nothing. */
KAA_NODISCARD kaa_status kaa_insight__stacks_init(kaa_insight__stacks *stacks,
                                                  kaa_error *err);

/* Drops all references; the GIL is held. */
void kaa_insight__stacks_clear(kaa_insight__stacks *stacks,
                               const kaa_insight__interpreter *in);
/* Drops none: for a child after fork(), and after a start that failed. */
void kaa_insight__stacks_fini(kaa_insight__stacks *stacks);

/* The number of the stack that the thread state is at; 0 if there is none or no
 * room. In a hook, where that thread's frames stand still. */
uint32_t kaa_insight__stacks_find(kaa_insight__stacks *stacks,
                                  const kaa_insight__interpreter *in,
                                  const void *state);

/* The number of a stack whose code objects are known to live. */
uint32_t kaa_insight__stacks_find_places(kaa_insight__stacks *stacks,
                                         const kaa_insight__interpreter *in,
                                         const kaa_insight__place *places,
                                         uint32_t count);

/* Adds one spell. */
void kaa_insight__stacks_add(kaa_insight__stacks *stacks, uint32_t number,
                             unsigned kind, uint64_t ticks, uint64_t others,
                             uint32_t thread);

#endif /* KAA_INSIGHT_STACKS_H */
