/* insight/samples.h - the blocks that were sampled and are alive, by address.
 *
 * An open-addressing table that grows, without tombstones. A filter of one
 * counter for each hash answers "not sampled" with one load, which is what
 * nearly every free asks for. Callers exclude each other, save for the filter.
 */
#ifndef KAA_INSIGHT_SAMPLES_H
#define KAA_INSIGHT_SAMPLES_H

#include <stdatomic.h>
#include <stdint.h>

#include <kaa/base.h>

#define KAA_INSIGHT__FILTER_SIZE 65536u

typedef struct kaa_insight__sampled {
    uintptr_t block;
    uint64_t size;   /* what it was asked for with */
    uint64_t weight; /* the bytes that it stands for */
    uint32_t blocks; /* the blocks */
    uint32_t site;
} kaa_insight__sampled;

typedef struct kaa_insight__samples {
    kaa_insight__sampled *table; /* of `capacity` */
    uint32_t count, capacity;
    _Atomic unsigned char filter[KAA_INSIGHT__FILTER_SIZE];
} kaa_insight__samples;

KAA_NODISCARD kaa_status
kaa_insight__samples_init(kaa_insight__samples *samples, kaa_error *err);
void kaa_insight__samples_fini(kaa_insight__samples *samples);

/* 0: there is no memory. */
int kaa_insight__samples_add(kaa_insight__samples *samples,
                             const kaa_insight__sampled *sampled);
/* Whether the block was there; *out is what was known of it. */
int kaa_insight__samples_take(kaa_insight__samples *samples, const void *block,
                              kaa_insight__sampled *out);

static inline uint64_t
kaa_insight__block_hash(uintptr_t block)
{
    return (uint64_t)(block >> 4) * 0x9e3779b97f4a7c15u;
}

/* 0: it was not sampled. */
static inline unsigned char
kaa_insight__samples_maybe(const kaa_insight__samples *samples,
                           const void *block)
{
    return atomic_load_explicit(
        &samples->filter[kaa_insight__block_hash((uintptr_t)block) >> 48],
        memory_order_relaxed);
}

#endif /* KAA_INSIGHT_SAMPLES_H */
