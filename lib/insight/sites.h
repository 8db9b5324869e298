/* insight/sites.h - the places in Python code that asked for memory, each kept
 * once, with what is alive of what they asked for.
 *
 * Written in allocator hooks: addresses are reserved before, nothing is
 * allocated, and what finds no room counts for site 0. Callers exclude each
 * other. A site is a stack of one or more frames, those of C functions before
 * those of Python; code objects are referred to once, so that their lines can
 * be told at the end. A caller without the GIL cannot: the code objects that it
 * brings wait for kaa_insight__sites_keep().
 */
#ifndef KAA_INSIGHT_SITES_H
#define KAA_INSIGHT_SITES_H

#include <stdint.h>

#include <kaa/insight.h>

#include "insight/figures.h"
#include "insight/interpreter.h"

#define KAA_INSIGHT__SITES_FRAMES_MAX 64u /* of Python */
#define KAA_INSIGHT__UNKEPT_MAX 256u
#define KAA_INSIGHT__SITES_CAPACITY (1u << 18)

/* kaa_insight__place::instruction of a C frame, whose `code` is an address. */
#define KAA_INSIGHT__PLACE_C INT64_MIN

/* Hooks add to two numbers for a block, and to two others for its end: the
 * difference is what is alive. They are atomic so that no compiler makes a
 * vector of two: one load of 16 bytes waits for two stores of 8 that have just
 * been made, which is what most of a hook would be. */
typedef struct kaa_insight__site {
    _Atomic uint64_t allocated_bytes, allocated_blocks;
    _Atomic uint64_t freed_bytes, freed_blocks;
    uint64_t peak_bytes, peak_blocks; /* alive at peak number `peak` */
    uint64_t peak;
    uint32_t first, count; /* of its places */
} kaa_insight__site;

/* All sites together; the rest is their sum. */
typedef struct kaa_insight__sum {
    uint64_t live_bytes;
    uint64_t peak_bytes;
    uint64_t peak; /* how many peaks there were */
} kaa_insight__sum;

typedef struct kaa_insight__sites {
    kaa_insight__site *entries; /* number 0: no Python frame, or no room */
    kaa_insight__sum all;
    kaa_insight__place *places;
    uint32_t *index; /* a hash table of numbers */
    void **codes;    /* a hash set; the lowest bit: not referred to yet */
    uint32_t unkept[KAA_INSIGHT__UNKEPT_MAX]; /* where those stand */
    uint32_t unkept_count;
    void *memory;
    uint32_t entries_count, places_count, codes_count;
    uint64_t lost; /* blocks that found no room for their site */
} kaa_insight__sites;

/* Reserves the addresses; untouched pages cost nothing. */
KAA_NODISCARD kaa_status kaa_insight__sites_init(kaa_insight__sites *sites,
                                                 kaa_error *err);
/* Drops the references if `in` is not NULL, for which the GIL is held. */
void kaa_insight__sites_fini(kaa_insight__sites *sites,
                             const kaa_insight__interpreter *in);

/* The number of the site with these places, the innermost first. `has_gil`: the
 * caller may refer to their code objects, which live either way. */
uint32_t kaa_insight__sites_find(kaa_insight__sites *sites,
                                 const kaa_insight__interpreter *in,
                                 const kaa_insight__place *places,
                                 uint32_t count, int has_gil);

/* Refers to the code objects that wait for it, with the GIL, before any memory
 * is freed. One that is ending just now is forgotten: its place becomes NULL.
 */
void kaa_insight__sites_keep(kaa_insight__sites *sites,
                             const kaa_insight__interpreter *in);

/* A place as it is told: with its line. Under no lock, since the interpreter
 * may allocate. */
kaa_insight_frame kaa_insight__frame_of(const kaa_insight__interpreter *in,
                                        const kaa_insight__place *place);

/* Brings all sites up to date, and counts their blocks. */
void kaa_insight__sites_blocks(kaa_insight__sites *sites, uint64_t *out_live,
                               uint64_t *out_peak);

static inline uint64_t
kaa_insight__site_bytes(const kaa_insight__site *site)
{
    return KAA_INSIGHT__GET(site->allocated_bytes) -
           KAA_INSIGHT__GET(site->freed_bytes);
}

static inline uint64_t
kaa_insight__site_blocks(const kaa_insight__site *site)
{
    return KAA_INSIGHT__GET(site->allocated_blocks) -
           KAA_INSIGHT__GET(site->freed_blocks);
}

/* What was alive at the last peak is known of a site that has not changed
 * since: it is what is alive. So a site is brought up to date before it
 * changes, and a new peak needs no look at the others. */
static inline void
kaa_insight__site_settle(kaa_insight__site *site, uint64_t peak)
{
    if (site->peak != peak) {
        site->peak_bytes = kaa_insight__site_bytes(site);
        site->peak_blocks = kaa_insight__site_blocks(site);
        site->peak = peak;
    }
}

static inline void
kaa_insight__sites_born(kaa_insight__sites *sites, uint32_t number,
                        uint64_t bytes, uint64_t blocks)
{
    kaa_insight__site *site = &sites->entries[number];

    kaa_insight__site_settle(site, sites->all.peak);
    KAA_INSIGHT__ADD(site->allocated_bytes, bytes);
    KAA_INSIGHT__ADD(site->allocated_blocks, blocks);
    sites->all.live_bytes += bytes;
    if (sites->all.live_bytes > sites->all.peak_bytes) {
        sites->all.peak_bytes = sites->all.live_bytes;
        sites->all.peak++;
    }
}

static inline void
kaa_insight__sites_died(kaa_insight__sites *sites, uint32_t number,
                        uint64_t bytes, uint64_t blocks)
{
    kaa_insight__site *site = &sites->entries[number];

    kaa_insight__site_settle(site, sites->all.peak);
    KAA_INSIGHT__ADD(site->freed_bytes, bytes);
    KAA_INSIGHT__ADD(site->freed_blocks, blocks);
    sites->all.live_bytes -= bytes;
}

#endif /* KAA_INSIGHT_SITES_H */
