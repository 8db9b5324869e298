/* insight/unwind.h - the calling thread's C stack, with the places of its
 * return addresses. */
#ifndef KAA_INSIGHT_UNWIND_H
#define KAA_INSIGHT_UNWIND_H

#include <stdint.h>

typedef struct kaa_insight__c_frame {
    uintptr_t address; /* where it will go on: a return address */
    uintptr_t *place;  /* in which that stands on the stack, or NULL */
} kaa_insight__c_frame;

/* Loads the unwinder (libgcc_s, as pthread_cancel() does). May be repeated;
 * not in a hook. Returns whether there is one. */
int kaa_insight__unwind_start(void);

/* Fills frames, the innermost first: frames[0] lies in this function. Returns
 * how many; 0 without an unwinder. May take locks of the loader where the C
 * library is older than glibc 2.35. */
uint32_t kaa_insight__unwind(kaa_insight__c_frame *frames, uint32_t capacity);

#endif /* KAA_INSIGHT_UNWIND_H */
