/* insight/figures.h - figures that one thread writes and others read.
 *
 * All are atomics, relaxed: on every processor that kaa knows such a load or
 * store is an ordinary one. What belongs together is guarded by a sequence: odd
 * while its writer is at work, and another one afterwards. A reader looks at it
 * before and after, and reads again if it changed or is odd (H.-J. Boehm, "Can
 * seqlocks get along with programming language memory models?", MSPC 2012).
 */
#ifndef KAA_INSIGHT_FIGURES_H
#define KAA_INSIGHT_FIGURES_H

#include <stdatomic.h>
#include <stdint.h>

#define KAA_INSIGHT__GET(figure)                                               \
    atomic_load_explicit(&(figure), memory_order_relaxed)
#define KAA_INSIGHT__SET(figure, value)                                        \
    atomic_store_explicit(&(figure), (value), memory_order_relaxed)
/* For figures that one thread writes. */
#define KAA_INSIGHT__ADD(figure, value)                                        \
    KAA_INSIGHT__SET(figure, KAA_INSIGHT__GET(figure) + (value))

/* ThreadSanitizer knows no fences, and gcc refuses them under it. What these
 * order are atomics, so that no race is hidden; there the compiler alone is
 * held, and the processor is x86-64, which keeps the order of stores. */
#ifdef __SANITIZE_THREAD__
#define KAA_INSIGHT__FENCE(order) atomic_signal_fence(order)
#else
#define KAA_INSIGHT__FENCE(order) atomic_thread_fence(order)
#endif

static inline void
kaa_insight__sequence_begin(_Atomic uint32_t *sequence)
{
    KAA_INSIGHT__ADD(*sequence, 1u);
    KAA_INSIGHT__FENCE(memory_order_release);
}

static inline void
kaa_insight__sequence_end(_Atomic uint32_t *sequence)
{
    atomic_store_explicit(sequence, KAA_INSIGHT__GET(*sequence) + 1u,
                          memory_order_release);
}

/* Where a reader begins. */
static inline uint32_t
kaa_insight__sequence_read(const _Atomic uint32_t *sequence)
{
    return atomic_load_explicit(sequence, memory_order_acquire);
}

/* Whether all that was read since belongs together. */
static inline int
kaa_insight__sequence_held(const _Atomic uint32_t *sequence, uint32_t before)
{
    KAA_INSIGHT__FENCE(memory_order_acquire);
    return (before & 1) == 0 && KAA_INSIGHT__GET(*sequence) == before;
}

#endif /* KAA_INSIGHT_FIGURES_H */
