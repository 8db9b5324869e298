/* insight/refcount.h - for refcount.c and changes.c: the objects whose
 * reference counts are watched. */
#ifndef KAA_INSIGHT_REFCOUNT_H
#define KAA_INSIGHT_REFCOUNT_H

#include <stdatomic.h>
#include <stdint.h>

#include <kaa/insight.h>

#include "insight/breakpoint.h"
#include "insight/interpreter.h"
#include "insight/sites.h"

#define KAA_INSIGHT__WATCHES_MAX 4u /* the processor's debug registers */
#define KAA_INSIGHT__COUNT_WORDS 2u
#define KAA_INSIGHT__CHANGE_C_FRAMES 16u
#define KAA_INSIGHT__CHANGE_PYTHON_FRAMES 8u
#define KAA_INSIGHT__CHANGE_FRAMES                                             \
    (KAA_INSIGHT__CHANGE_C_FRAMES + KAA_INSIGHT__CHANGE_PYTHON_FRAMES)

typedef struct kaa_insight__gains {
    uint64_t up, down;
} kaa_insight__gains;

typedef struct kaa_insight__watch {
    uint32_t number; /* 0: free */
    int is_on;       /* changes are noted */
    int is_split;    /* without a GIL: the count stands in two words */
    uint32_t version;
    char *object;
    kaa_insight__breakpoint breakpoints[KAA_INSIGHT__COUNT_WORDS];
    atomic_flag is_busy; /* guards is_on and what follows */
    kaa_insight__sites sites;
    kaa_insight__gains *gains; /* by number of site */
    kaa_insight_change *changes;
    uint32_t capacity;
    uint64_t seen, late;
    int64_t first, last; /* counts */
    uint64_t started_ns;
} kaa_insight__watch;

/* What notes need of the interpreter; found by the first start. */
typedef struct kaa_insight__counting {
    kaa_insight__interpreter interpreter;
    void *(*current_state)(void);
    uintptr_t loop, loop_end; /* the evaluation loop's code */
    int is_known;
} kaa_insight__counting;

extern kaa_insight__watch kaa_insight__watches[KAA_INSIGHT__WATCHES_MAX];
extern kaa_insight__counting kaa_insight__counts;

/* Where the words of the count stand, and how many there are. */
typedef struct kaa_insight__word_place {
    uintptr_t address;
    size_t bytes;
} kaa_insight__word_place;
uint32_t kaa_insight__watch_words(const kaa_insight__watch *one,
                                  kaa_insight__word_place *out);
int64_t kaa_insight__watch_count(const kaa_insight__watch *one);
int kaa_insight__watch_is_immortal(const kaa_insight__watch *one);

void kaa_insight__watch_lock(kaa_insight__watch *one);
void kaa_insight__watch_unlock(kaa_insight__watch *one);

/* Handles SIGTRAP from now on. */
KAA_NODISCARD kaa_status kaa_insight__watch_signals(kaa_error *err);
/* In a child after fork(). */
void kaa_insight__watch_signals_after_fork(void);

#endif /* KAA_INSIGHT_REFCOUNT_H */
