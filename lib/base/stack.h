/* base/stack.h - how much of the thread's stack is left. */
#ifndef KAA_BASE_STACK_H
#define KAA_BASE_STACK_H

#include <stdint.h>

/* Every slot of a native type reads it: the model keeps that at one
 * instruction. Of the C libraries, glibc alone has room for it in a library
 * that is loaded late. */
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
#define KAA_BASE__TLS _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define KAA_BASE__TLS _Thread_local
#endif

/* Below this address little is left of the thread's stack: an eighth, at most
 * 256 KiB. UINTPTR_MAX: not asked yet. */
extern KAA_BASE__TLS uintptr_t kaa_base__stack_little;

/* The question for an address below that. */
int kaa_base__stack_look(uintptr_t here);

/* Whether little is left of the calling thread's stack. 0 on a stack that is
 * not the thread's own, whose end is unknown. */
static inline int
kaa_base__stack_is_low(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    return here < kaa_base__stack_little && kaa_base__stack_look(here);
}

#endif /* KAA_BASE_STACK_H */
