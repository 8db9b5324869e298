/* insight/allocators.h - hooks in CPython's allocators, and what they write.
 *
 * PyMem_SetAllocator() replaces five pointers of a domain: a context and four
 * functions. The hooks keep the context and go on to what stood there, so a
 * block looks the same with and without them, and they may come and go at any
 * time. The domains MEM and OBJ are called with the GIL held, which guards all
 * that is written; once an interpreter with a GIL of its own allocates, a lock
 * does.
 */
#ifndef KAA_INSIGHT_ALLOCATORS_H
#define KAA_INSIGHT_ALLOCATORS_H

#include <stdatomic.h>
#include <stdint.h>

#include <kaa/insight.h>

#include "insight/interpreter.h"
#include "insight/points.h"
#include "insight/samples.h"
#include "insight/shadow.h"
#include "insight/sites.h"

#define KAA_INSIGHT__PLACE_CACHE 4096u

typedef struct kaa_insight__profile {
    uint32_t mode;              /* KAA_INSIGHT_HEAP_*; of the hooks */
    _Atomic uint32_t is_shared; /* a second GIL was seen: the lock is used */
    _Atomic int64_t left;       /* bytes to the next sample */
    const void *muted;          /* whose allocations are not counted */
    uint32_t mutes;             /* how often, by that thread */
    uint32_t frames;            /* of a site, at most */
    double mean;                /* bytes between two samples */
    uint64_t random;
    uint64_t lost;  /* blocks that could not be followed */
    uint64_t calls; /* of allocating hooks that counted */
    struct {        /* places that were seen, by a hash */
        kaa_insight__place place;
        uint32_t site;
    } cache[KAA_INSIGHT__PLACE_CACHE];
    kaa_insight__sites sites;
    kaa_insight__shadow shadow;
    kaa_insight__samples samples;
    kaa_insight__points points;
    kaa_insight__interpreter interpreter;
    void *(*current_state)(void); /* of this thread; NULL if it has none */
    void *(*interpreter_of)(const void *state);
    void *main_interpreter;
} kaa_insight__profile;

extern kaa_insight__profile kaa_insight__profiling;

void kaa_insight__profile_lock(void);
void kaa_insight__profile_unlock(void);
/* Of an exact profile: what kaa_insight_heap_blocks() tells. */
uint32_t kaa_insight__profile_blocks(kaa_insight_heap_block *out,
                                     uint32_t capacity);
/* How many bytes go by until the next sample. */
int64_t kaa_insight__profile_gap(void);
/* In a child after fork(): whoever held it is gone. */
void kaa_insight__profile_after_fork(void);

/* Puts the hooks in and checks that they are called; the GIL is held. */
KAA_NODISCARD kaa_status kaa_insight__allocators_install(void *handle,
                                                         kaa_error *err);
/* Takes them out where nobody stands in front of them. Returns how many domains
 * keep one, which does nothing and goes away with a later removal. */
uint32_t kaa_insight__allocators_remove(void);
/* Whether the hooks of both domains are still called: another tool that was
 * there before may have put back what it found. */
int kaa_insight__allocators_are_called(void);
/* How many of the domains had another tool's functions below ours. */
uint32_t kaa_insight__allocators_foreign(void);

#endif /* KAA_INSIGHT_ALLOCATORS_H */
