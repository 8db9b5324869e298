/* insight/trace.h - the trace of the GIL: what hooks.c writes and trace.c
 * starts, stops and tells.
 *
 * CPython's GIL is a mutex, two condition variables and a few words (Python/
 * ceval_gil.c, 3.9 to 3.15):
 *
 *     release   lock the mutex; locked = 0; signal `cond`; unlock
 *     acquire   lock the mutex; while locked: timedwait on `cond`;
 *               locked = 1; signal `switch_cond`; unlock
 *
 * So two functions say all: a signal of `cond` is a release, of `switch_cond`
 * an acquisition, and a timedwait on `cond` is a thread that found it taken.
 * Each happens with the GIL's own mutex locked, which therefore guards what is
 * kept for a GIL here. Which variables those are is seen when the thread that
 * starts the trace lets the GIL go and takes it back.
 */
#ifndef KAA_INSIGHT_TRACE_H
#define KAA_INSIGHT_TRACE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <kaa/insight.h>

#include "insight/codes.h"
#include "insight/interpreter.h"
#include "insight/release.h"
#include "insight/stacks.h"
#include "insight/threads.h"
#include "insight/ticks.h"

#define KAA_INSIGHT__GILS_MAX 32u
#define KAA_INSIGHT__SITES_MAX 8u
#define KAA_INSIGHT__ALARMS_MAX 64u
/* CPython's struct _gil_runtime_state, in bytes from its start. Believed if the
 * trace's start finds there what it must. */
#define KAA_INSIGHT__GIL_HOLDER 8
#define KAA_INSIGHT__GIL_LOCKED 16
#define KAA_INSIGHT__GIL_COND 32

/* One interpreter's GIL; guarded by its mutex. */
typedef struct kaa_insight__gil {
    _Atomic(pthread_cond_t *) cond;
    _Atomic(pthread_cond_t *) switch_cond;
    _Atomic(kaa_insight__thread *) owner; /* who has it; or NULL */
    uint32_t number;                      /* in the table */
    uint32_t waiters;
    _Atomic uint32_t is_requested; /* a waiting thread asked for it */
    uint64_t waited;               /* by all of them, up to waited_at */
    uint64_t waited_at;
    uint32_t last_holder; /* who let go last, and where */
    uint32_t last_stack;
} kaa_insight__gil;

typedef struct kaa_insight__alarm {
    _Atomic uint32_t thread, stack;
    _Atomic uint64_t ticks, others, at;
} kaa_insight__alarm;

typedef struct kaa_insight__trace {
    _Atomic int is_on;
    _Atomic int is_asleep; /* the watcher, until the GIL is held again: see
                              watch.c */
    _Atomic uint64_t threshold, alarm, convoy; /* ticks */
    ptrdiff_t switch_offset;                   /* of switch_cond from cond */
    int holder_is_known; /* the GIL says which thread state has it */
    struct {             /* return addresses of the two signals */
        _Atomic uintptr_t drops[KAA_INSIGHT__SITES_MAX];
        _Atomic uintptr_t takes[KAA_INSIGHT__SITES_MAX];
    } sites;
    kaa_insight__gil gils[KAA_INSIGHT__GILS_MAX];
    _Atomic uint32_t gils_count;
    kaa_insight__interpreter interpreter;
    kaa_insight__releases releases;
    kaa_insight__stacks stacks;
    kaa_insight__codes codes;
    kaa_insight__scale scale;
    kaa_insight__alarm alarms[KAA_INSIGHT__ALARMS_MAX];
    _Atomic uint64_t alarms_written, alarms_read;
} kaa_insight__trace;

extern kaa_insight__trace kaa_insight__tracing;

/* What the starting thread's own signals are, while it lets the GIL go and
 * takes it back: see hooks.c. */
typedef struct kaa_insight__calibration {
    pthread_t thread;
    struct {
        pthread_cond_t *cond;
        uintptr_t address; /* that the signal returns to */
    } signals[8];
    uint32_t count;
} kaa_insight__calibration;

/* Puts the hooks in, in front of whatever stands there. */
KAA_NODISCARD kaa_status kaa_insight__hooks_install(const void *interpreter,
                                                    kaa_error *err);
/* Takes them out; returns how many had to be left. */
uint32_t kaa_insight__hooks_remove(void);
int kaa_insight__hooks_are_foreign(void);
/* NULL ends a calibration. */
void kaa_insight__hooks_calibrate(kaa_insight__calibration *calibration);

/* The thread that looks at long spells while they last: see watch.c. */
KAA_NODISCARD kaa_status kaa_insight__watch_start(kaa_error *err);
void kaa_insight__watch_stop(void);
void kaa_insight__watch_wake(void);
/* It begins at the next kaa_insight__watch_wake(), with _watch_wanted(). */
void kaa_insight__watch_later(void);
void kaa_insight__watch_wanted(void);
void kaa_insight__watch_after_fork(void);

/* The thread state that has this GIL, or had it last. */
const void *kaa_insight__holder_of(const kaa_insight__gil *gil);

/* Divides a hold that ends now among the places that the watcher saw. Returns
 * the stack with the largest part; 0: it saw nothing. */
uint32_t kaa_insight__divide_hold(kaa_insight__thread *own, uint64_t now,
                                  uint64_t others, int forced);

/* Tells the waiter of kaa_insight_trace_alarm(). */
void kaa_insight__alarm_post(void);

#endif /* KAA_INSIGHT_TRACE_H */
