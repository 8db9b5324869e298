/* insight/outside.h - following blocks that are asked for with or without the
 * GIL: those of domain RAW, and of malloc().
 *
 * Each thread counts down its own bytes to the next sample: the sum of Poisson
 * processes of one rate is one. The Python frames of a thread that has let the
 * GIL go stand still, so they may be read; the references to their code
 * objects are left to the next hook that holds the GIL, which comes before any
 * of those can be freed.
 */
#ifndef KAA_INSIGHT_OUTSIDE_H
#define KAA_INSIGHT_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

#include "insight/samples.h"
#include "insight/threads.h"

/* How often this thread is in an allocator that a hook goes on to, or in what
 * else may ask for memory on its way: what is asked for there is no block of
 * its own. Hooks that are called with the GIL are the outermost ones, and write
 * 1 and 0: a sum waits for the one before. */
extern KAA_INSIGHT__TLS uint32_t kaa_insight__busy;

/* How often this thread has called allocating hooks that need no GIL. */
extern KAA_INSIGHT__TLS uint32_t kaa_insight__any_calls;

/* Before and after a real allocator is called: what begin() gave goes to end().
 */
static inline uint32_t
kaa_insight__outside_begin(void)
{
    return kaa_insight__busy++;
}

static inline void
kaa_insight__outside_end(uint32_t before)
{
    kaa_insight__busy = before;
}

/* A block of C code's was given, or is about to be freed; `caller` is where the
 * hook returns to. */
void kaa_insight__outside_malloc(void *block, size_t size, const void *caller);
void kaa_insight__outside_free(const void *block);

/* Around a realloc(): whether `block` is followed (the number of the profile;
 * 0: it is not), and what came of it. */
uint32_t kaa_insight__outside_take(const void *block,
                                   kaa_insight__sampled *out);
void kaa_insight__outside_settle(uint32_t start, void *block, const void *moved,
                                 const kaa_insight__sampled *old);

#endif /* KAA_INSIGHT_OUTSIDE_H */
