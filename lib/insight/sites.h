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

#include "insight/interpreter.h"

#define KAA_INSIGHT__SITES_FRAMES_MAX 64u /* of Python */
#define KAA_INSIGHT__UNKEPT_MAX 256u
#define KAA_INSIGHT__SITES_MAX (1u << 18)

/* kaa_insight__place::instruction of a C frame, whose `code` is an address. */
#define KAA_INSIGHT__PLACE_C INT64_MIN

typedef struct kaa_insight__site {
    uint64_t live_bytes, live_blocks;
    uint64_t peak_bytes, peak_blocks; /* alive at peak number `peak` */
    uint64_t peak;
    uint64_t allocated_bytes, allocated_blocks;
    uint32_t first, count; /* of its places */
} kaa_insight__site;

typedef struct kaa_insight__sites {
    kaa_insight__site *entries; /* number 0: no Python frame, or no room */
    kaa_insight__place *places;
    uint32_t *index; /* a hash table of numbers */
    void **codes;    /* a hash set; the lowest bit: not referred to yet */
    uint32_t unkept[KAA_INSIGHT__UNKEPT_MAX]; /* where those stand */
    uint32_t unkept_count;
    void *memory;
    uint32_t entries_count, places_count, codes_count;
    uint64_t lost;         /* blocks that found no room for their site */
    kaa_insight__site all; /* the sums; all.peak counts the peaks */
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

/* What was alive at the last peak is known of a site that has not changed
 * since: it is what is alive. So a site is brought up to date before it
 * changes, and a new peak needs no look at the others. */
static inline void
kaa_insight__site_settle(kaa_insight__site *site, uint64_t peak)
{
    if (site->peak != peak) {
        site->peak_bytes = site->live_bytes;
        site->peak_blocks = site->live_blocks;
        site->peak = peak;
    }
}

static inline void
kaa_insight__sites_born(kaa_insight__sites *sites, uint32_t number,
                        uint64_t bytes, uint64_t blocks)
{
    kaa_insight__site *site = &sites->entries[number];

    kaa_insight__site_settle(site, sites->all.peak);
    site->live_bytes += bytes;
    site->live_blocks += blocks;
    site->allocated_bytes += bytes;
    site->allocated_blocks += blocks;
    sites->all.live_bytes += bytes;
    sites->all.live_blocks += blocks;
    if (sites->all.live_bytes > sites->all.peak_bytes) {
        sites->all.peak_bytes = sites->all.live_bytes;
        sites->all.peak_blocks = sites->all.live_blocks;
        sites->all.peak++;
    }
}

static inline void
kaa_insight__sites_died(kaa_insight__sites *sites, uint32_t number,
                        uint64_t bytes, uint64_t blocks)
{
    kaa_insight__site *site = &sites->entries[number];

    kaa_insight__site_settle(site, sites->all.peak);
    site->live_bytes -= bytes;
    site->live_blocks -= blocks;
    sites->all.live_bytes -= bytes;
    sites->all.live_blocks -= blocks;
}

#endif /* KAA_INSIGHT_SITES_H */
