/* insight/tables.c - what hooks do to the tables, where it is not what every
 * call does: see allocators.h. */
#include <math.h>
#include <string.h>

#include "insight/allocators.h"

#define PROFILE (kaa_insight__profiling)

/* ---- exact ---- */

/* A half of a size stands at most two words behind its block's. */
KAA_INSIGHT__RARE void
kaa_insight__word_evict(uint32_t *word)
{
    while ((*word & KAA_INSIGHT__IS_BLOCK) == 0)
        word--;
    kaa_insight__word_bury(word);
}

KAA_INSIGHT__RARE void
kaa_insight__word_write_long(uint32_t *word, size_t size, uint32_t site)
{
    for (uint32_t i = 1; i <= KAA_INSIGHT__LEAF_MORE; i++) {
        if (word[i] != 0)
            kaa_insight__word_evict(&word[i]);
        word[i] = KAA_INSIGHT__IS_HALF |
                  (uint32_t)(size >> (i - 1) * KAA_INSIGHT__HALF_BITS &
                             (KAA_INSIGHT__IS_HALF - 1));
    }
    *word = KAA_INSIGHT__IS_BLOCK | site << KAA_INSIGHT__SIZE_BITS |
            KAA_INSIGHT__SIZE_LONG;
}

void
kaa_insight__profile_born(void *block, size_t size, uint32_t site)
{
    uint32_t *word = kaa_insight__word_new(block);

    if (word != NULL)
        kaa_insight__word_set(word, size, site);
    else
        PROFILE.lost++;
}

void
kaa_insight__profile_died(const void *block)
{
    uint32_t *word;

    if (PROFILE.mode != KAA_INSIGHT_HEAP_EXACT)
        return;
    word = kaa_insight__shadow_find(&PROFILE.shadow, block);
    if (word != NULL && *word != 0)
        kaa_insight__word_bury(word);
}

uint32_t
kaa_insight__profile_blocks(kaa_insight_heap_block *out, uint32_t capacity)
{
    uint32_t count = 0;
    uintptr_t address = 0;
    uint32_t *word;

    while ((word = kaa_insight__shadow_next(&PROFILE.shadow, &address)) != NULL)
        if (count++ < capacity && out != NULL)
            out[count - 1] = (kaa_insight_heap_block){
                (void *)(address - 16), kaa_insight__word_size(word), 1,
                kaa_insight__word_site(word)};
    return count;
}

/* ---- sampled ---- */

/* The bytes to the next sample. Each byte has the same chance to be the sampled
 * one, whatever came before: the gaps are exponential. (xorshift64: Marsaglia,
 * "Xorshift RNGs", 2003.) Two threads that draw at once may draw the same. */
int64_t
kaa_insight__profile_gap(void)
{
    uint64_t random =
        atomic_load_explicit(&PROFILE.random, memory_order_relaxed);
    double u;

    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    atomic_store_explicit(&PROFILE.random, random, memory_order_relaxed);
    u = ((double)(random >> 11) + 1.0) * 0x1p-53;
    return (int64_t)(-log(u) * KAA_INSIGHT__GET(PROFILE.mean)) + 1;
}

/* A block of n bytes is sampled with the chance p = 1 - exp(-n / mean), and so
 * stands for 1 / p blocks: Horvitz and Thompson's estimator. */
int
kaa_insight__profile_chosen(void *block, size_t size, uint32_t site)
{
    double chance = -expm1(-(double)size / KAA_INSIGHT__GET(PROFILE.mean));
    kaa_insight__sampled one = {
        .block = (uintptr_t)block, .size = size, .site = site};
    kaa_insight__sampled old;

    if (block == NULL || !(chance > 0))
        return 0;
    one.weight = (uint64_t)((double)size / chance + 0.5);
    one.blocks = (uint32_t)(1 / chance + 0.5);
    /* Its arena may have gone without a free. */
    if (kaa_insight__samples_maybe(&PROFILE.samples, block) &&
        kaa_insight__samples_take(&PROFILE.samples, block, &old))
        kaa_insight__sites_died(&PROFILE.sites, old.site, old.weight,
                                old.blocks);
    if (!kaa_insight__samples_add(&PROFILE.samples, &one)) {
        PROFILE.lost++;
        return 0;
    }
    kaa_insight__sites_born(&PROFILE.sites, site, one.weight, one.blocks);
    return 1;
}

/* ---- both ---- */

void
kaa_insight__profile_set_quick(void)
{
    int is_quick = KAA_INSIGHT__GET(PROFILE.frames) == 1 &&
                   PROFILE.interpreter_at != 0 && PROFILE.muted == NULL;

    KAA_INSIGHT__SET(PROFILE.quick,
                     is_quick ? (uintptr_t)PROFILE.main_interpreter : 0);
}

/* A key of 0 is that of no place, and its slot number 0: it is not to be found
 * there. */
void
kaa_insight__profile_clear_cache(void)
{
    memset(PROFILE.cache, 0, sizeof(PROFILE.cache));
    PROFILE.cache[0].key = 1;
}

int
kaa_insight__profile_take(const void *block, kaa_insight__sampled *out)
{
    uint32_t *word;

    if (PROFILE.mode != KAA_INSIGHT_HEAP_OFF &&
        kaa_insight__samples_maybe(&PROFILE.samples, block) &&
        kaa_insight__samples_take(&PROFILE.samples, block, out))
        return 1;
    if (PROFILE.mode != KAA_INSIGHT_HEAP_EXACT)
        return 0;
    word = kaa_insight__shadow_find(&PROFILE.shadow, block);
    if (word == NULL || *word == 0)
        return 0;
    *out = (kaa_insight__sampled){
        .site = kaa_insight__word_site(word),
        .size = kaa_insight__word_size(word),
        .weight = kaa_insight__word_size(word),
        .blocks = 1,
    };
    kaa_insight__word_clear(word);
    return 1;
}

/* Blocks of the shadow have no address here. */
void
kaa_insight__profile_give_back(void *block, const kaa_insight__sampled *one)
{
    uint32_t *word;

    if (PROFILE.mode == KAA_INSIGHT_HEAP_OFF)
        return;
    if (one->block != 0) {
        (void)kaa_insight__samples_add(&PROFILE.samples, one);
    } else if (PROFILE.mode == KAA_INSIGHT_HEAP_EXACT) {
        word = kaa_insight__shadow_find(&PROFILE.shadow, block);
        if (word != NULL)
            kaa_insight__word_write(word, (size_t)one->size, one->site);
    }
}

void
kaa_insight__profile_bury(const kaa_insight__sampled *one)
{
    if (PROFILE.mode != KAA_INSIGHT_HEAP_OFF)
        kaa_insight__sites_died(&PROFILE.sites, one->site, one->weight,
                                one->blocks);
}
