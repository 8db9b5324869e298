/* insight/state.h - where a thread has the state that it runs with: see
 * state.c. */
#ifndef KAA_INSIGHT_STATE_H
#define KAA_INSIGHT_STATE_H

#include <stdint.h>

#include "insight/interpreter.h"

/* How far from a thread's pointer its state is, in bytes; 0: ask
 * `current_state`. With the GIL, which is let go for a moment. */
intptr_t kaa_insight__state_find(const kaa_insight__interpreter *in,
                                 void *(*current_state)(void));

/* The state of this thread, there. */
static inline void *
kaa_insight__state_read(intptr_t at)
{
#if defined(__x86_64__)
    void *state;

    __asm__ volatile("movq %%fs:(%1), %0" : "=r"(state) : "r"(at));
    return state;
#else
    (void)at;
    return NULL;
#endif
}

#endif /* KAA_INSIGHT_STATE_H */
