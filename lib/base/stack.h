/* base/stack.h - how much of the thread's stack is left. */
#ifndef KAA_BASE_STACK_H
#define KAA_BASE_STACK_H

/* Whether little is left of the calling thread's stack: an eighth, at most
 * 256 KiB. 0 on a stack that is not the thread's own, whose end is unknown. */
int kaa_base__stack_is_low(void);

#endif /* KAA_BASE_STACK_H */
