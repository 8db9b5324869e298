/* insight/release.h - whether a thread let the GIL go by itself.
 *
 * A thread that computes lets go because others asked for it: the evaluation
 * loop does it (forced). One that blocks does it itself (voluntary). The
 * functions that release are the same, so the callers are looked at: their
 * return addresses, one after the other, until one tells. Each path is unwound
 * once; after that it is found again by a load and a look-up for each step.
 *
 * A compiler may have put the release into a static function, so that a C
 * function called by the loop looks like the loop itself. But no release is
 * forced unless a waiting thread asked for it, and a path that was seen when
 * none had is voluntary from then on.
 */
#ifndef KAA_INSIGHT_RELEASE_H
#define KAA_INSIGHT_RELEASE_H

#include <stdatomic.h>
#include <stdint.h>

#include <kaa/base.h>

#define KAA_INSIGHT__PATHS_MAX 512u /* a power of two */

enum {
    KAA_INSIGHT__UNKNOWN,
    KAA_INSIGHT__FORCED,
    KAA_INSIGHT__VOLUNTARY,
    KAA_INSIGHT__INLINED, /* voluntary, though it looks like the loop */
    KAA_INSIGHT__DEEPER,  /* the next return address has to be looked at */
};

/* One return address, reached through `parent`. */
typedef struct kaa_insight__path {
    uintptr_t address; /* 0: free; written last */
    uint32_t parent;   /* a number; 0: the first address */
    uint32_t verdict;
    int64_t offset; /* of the next return address, in words from the hook's
                       frame; 0 at the end of a path: it is not wanted */
} kaa_insight__path;

typedef struct kaa_insight__releases {
    kaa_insight__path paths[KAA_INSIGHT__PATHS_MAX]; /* number 0 is not used */
    uint32_t paths_count;
    atomic_flag is_busy; /* paths are learned */
    struct {
        uintptr_t first, end;
        uint32_t verdict;
    } functions[12];
    uint32_t functions_count;
    int is_known; /* 0: there is no unwinder, all are voluntary */
} kaa_insight__releases;

/* A thread's last release, if it was voluntary and by a path of two steps. */
typedef struct kaa_insight__last_release {
    uintptr_t address, next;
    int64_t offset, caller_offset;
} kaa_insight__last_release;

/* Finds the functions of the interpreter that tell. Not in a hook. */
void kaa_insight__releases_start(kaa_insight__releases *releases, void *handle);

/* Whether the release whose signal returns to `address` was forced; it was not
 * if `is_requested` is 0. `frame` is the frame address of the hook that asks,
 * which must not have returned. *out_caller is where the C function goes on
 * that let the GIL go, or 0. */
int kaa_insight__release_judge(kaa_insight__releases *releases,
                               kaa_insight__last_release *last,
                               uintptr_t address, const uintptr_t *frame,
                               int is_requested, uintptr_t *out_caller);

/* The same; what a thread does again is found by two comparisons. */
static inline int
kaa_insight__release_is_forced(kaa_insight__releases *releases,
                               kaa_insight__last_release *last,
                               uintptr_t address, const uintptr_t *frame,
                               int is_requested, uintptr_t *out_caller)
{
    if (last->address == address && frame[last->offset] == last->next) {
        *out_caller = frame[last->caller_offset];
        return 0;
    }
    return kaa_insight__release_judge(releases, last, address, frame,
                                      is_requested, out_caller);
}

#endif /* KAA_INSIGHT_RELEASE_H */
