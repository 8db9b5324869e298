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

/* Where the stack stands, near enough. A compiler makes a frame for the address
 * of it, which functions that only look and jump on do without. */
static inline uintptr_t
kaa_base__stack_here(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    uintptr_t here;

    __asm__("mov %%rsp, %q0" : "=r"(here));
    return here;
#else
    return (uintptr_t)__builtin_frame_address(0);
#endif
}

/* Whether a look is needed: 0 says that the stack has room. It is not 0 in a
 * thread's first question, and on stacks that are not the thread's own. */
static inline int
kaa_base__stack_is_doubtful(void)
{
    return kaa_base__stack_here() < kaa_base__stack_little;
}

enum { KAA_BASE__STACK_ROOM, KAA_BASE__STACK_LOW, KAA_BASE__STACK_UNKNOWN };

/* The look: whether little is left of the calling thread's stack; UNKNOWN on a
 * stack that is not the thread's own. */
int kaa_base__stack_look(void);

/* Whether little is left of the calling thread's stack. 0 on a stack that is
 * not the thread's own. */
static inline int
kaa_base__stack_is_low(void)
{
    return kaa_base__stack_is_doubtful() &&
           kaa_base__stack_look() == KAA_BASE__STACK_LOW;
}

#endif /* KAA_BASE_STACK_H */
