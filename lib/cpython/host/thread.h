/* cpython/host/thread.h - this thread's calls out of Python, and its way back
 * in.
 *
 * Each call into C that may call back stands in a record on the C stack, the
 * newest first. A callback finds there the thread state to take the GIL with,
 * and a place for an exception, which the call raises when C has returned.
 *
 * The chain is seen by C code alone: while a callback runs Python's there is
 * none, and the callback puts its own back before it returns. So code that goes
 * on on another stack of the same thread (greenlets) meets no record of a call
 * that is not its own, in whatever order the calls end.
 */
#ifndef KAA_CPYTHON_THREAD_H
#define KAA_CPYTHON_THREAD_H

#include "base/assert.h"
#include "cpython/host/host.h"

typedef struct kaa_cpython__record {
    struct kaa_cpython__record *outer;
    kaa_cpython *host;
    PyThreadState *state;   /* released for the call; NULL: the GIL is kept */
    PyThreadState *held;    /* with which it was found to be held; or NULL */
    PyObject *exception[3]; /* type, value, traceback; [0] NULL: none */
} kaa_cpython__record;

/* Every call reads and writes it: the model keeps that at one instruction. */
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
#define KAA_CPYTHON__TLS                                                       \
    _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define KAA_CPYTHON__TLS _Thread_local
#endif

/* A thread's own: its newest record, and one that its calls which keep the GIL
 * use by turns: between a callback's exception and the end of the call nothing
 * of Python's runs, so nobody else meets it. It is clean between calls. */
typedef struct kaa_cpython__thread {
    kaa_cpython__record *records;
    kaa_cpython__record common;
} kaa_cpython__thread;
extern KAA_CPYTHON__TLS kaa_cpython__thread kaa_cpython__own;

/* Before a call out of Python: with the GIL, or without it. */
static inline void
kaa_cpython__begin(kaa_cpython__record *record, kaa_cpython *host,
                   int holds_gil)
{
    record->outer = kaa_cpython__own.records;
    record->host = host;
    record->state = NULL;
    record->held = NULL;
    record->exception[0] = NULL;
    kaa_cpython__own.records = record;
    if (!holds_gil)
        record->state = PY(PyEval_SaveThread)();
}

/* Whether a call of a host's that keeps the GIL may use the common record: this
 * thread is in no call of C's that it could meet, and was in one of this host's
 * before. */
static inline int
kaa_cpython__is_common(const kaa_cpython *host)
{
    return KAA_LIKELY(kaa_cpython__own.records == NULL &&
                      kaa_cpython__own.common.host == host);
}

/* Where the common record may not be used: `record`; or that one, for a host
 * that this thread had no call of. */
kaa_cpython__record *kaa_cpython__begin_nested(kaa_cpython__record *record,
                                               kaa_cpython *host);

/* Raises what a callback raised; -1. */
int kaa_cpython__raise_kept(kaa_cpython__record *record);

/* After it: 0, or -1 with the exception that a callback raised. */
static inline int
kaa_cpython__end(kaa_cpython__record *record)
{
    /* A function's flags say whether both of begin and end are called. They
     * do not change between, which the analyzer cannot know.
     * NOLINTNEXTLINE(clang-analyzer-core.*): as said */
    if (record->state != NULL)
        PY(PyEval_RestoreThread)(record->state);
    kaa_cpython__own.records = record->outer;
    return KAA_LIKELY(record->exception[0] == NULL)
               ? 0
               : kaa_cpython__raise_kept(record);
}

/* Both for a call that may use the common record. */
static inline void
kaa_cpython__begin_common(void)
{
    kaa_cpython__own.common.held = NULL; /* the state may have gone since */
    kaa_cpython__own.records = &kaa_cpython__own.common;
}

/* Before a call that keeps the GIL: what has to be ended, the common record or
 * else `record`. */
static inline kaa_cpython__record *
kaa_cpython__begin_held(kaa_cpython__record *record, kaa_cpython *host)
{
    if (KAA_UNLIKELY(!kaa_cpython__is_common(host)))
        return kaa_cpython__begin_nested(record, host);
    kaa_cpython__begin_common();
    return &kaa_cpython__own.common;
}

static inline int
kaa_cpython__end_common(void)
{
    kaa_cpython__own.records = NULL;
    return KAA_LIKELY(kaa_cpython__own.common.exception[0] == NULL)
               ? 0
               : kaa_cpython__raise_kept(&kaa_cpython__own.common);
}

/* How a callback came to have the GIL. */
typedef struct kaa_cpython__entry {
    PyThreadState *state; /* to give back; NULL: it was held already */
    PyThreadState *outer; /* another interpreter's, to be gone back to */
    kaa_cpython *host;
    int is_made; /* the state is this entry's, and ends with it */
} kaa_cpython__entry;

/* Takes the GIL for a callback. 0: the interpreter is going away; touch
 * nothing. */
int kaa_cpython__enter(kaa_cpython *host, kaa_cpython__entry *entry);
void kaa_cpython__leave(const kaa_cpython__entry *entry);

/* The record of the call that this callback runs in; NULL in a thread that no
 * call of this host's made. */
static inline kaa_cpython__record *
kaa_cpython__record_of(const kaa_cpython *host)
{
    kaa_cpython__record *record = kaa_cpython__own.records;

    return record != NULL && record->host == host ? record : NULL;
}

#endif /* KAA_CPYTHON_THREAD_H */
