/* cpython/call/called.h - a callback's object, for what makes it and what runs
 * it.
 */
#ifndef KAA_CPYTHON_CALLED_H
#define KAA_CPYTHON_CALLED_H

#include <stdatomic.h>

#include "cpython/call/function.h"

#define KAA_CPYTHON__QUICK_MAX 4 /* arguments of a quick callback */

/* What the closure is given: it outlives the object, as C may call on. */
typedef struct kaa_cpython__target {
    kaa_cpython *host;
    PyObject *object; /* borrowed; NULL once the object has gone. Read and
                         written with the GIL. */
    /* Without a GIL the object stands here, and may go while it is called: the
     * last of the calls frees it then. With the lock: */
    PyObject *shared;
    uint32_t uses;
    uint32_t has_gone;
    uint64_t lock; /* a PyMutex */
} kaa_cpython__target;

typedef struct kaa_cpython__callback {
    kaa_cpython *host;
    kaa_closure *closure;
    kaa_cpython__target *target;
    PyObject *callable;
    host_vectorcall call; /* of a Python function; NULL: it is none */
    PyObject *library;    /* owner of the types */
    const kaa_ctype *signature;
    uint64_t address;
    uint32_t scope;
    uint32_t count;
    atomic_uint was_called;
    uint32_t was_lent;
    /* Of the arguments, then of the result, where these are few. */
    uint8_t kinds[KAA_CPYTHON__QUICK_MAX + 1];
    kaa_cpython__conversion *arguments; /* count, then the result's */
    kaa_cpython__holds *_Atomic kept;   /* what the last result points into */
} kaa_cpython__callback;

static inline kaa_cpython__callback *
kaa_cpython__callback_body(PyObject *object)
{
    return (kaa_cpython__callback *)(void *)((char *)object +
                                             kaa_cpython__layout.header);
}

/* The object for a call, which lives until the call ends; NULL: it has gone. */
PyObject *kaa_cpython__begin_use(kaa_cpython__target *self);
void kaa_cpython__end_use(kaa_cpython__target *self, PyObject *object);

/* What the closure calls; `user` is a kaa_cpython__target. Decides whether a
 * callback's values are few, and which are simple, when its callable and its
 * conversions are there. */
kaa_closure_callback kaa_cpython__init_called(kaa_cpython__callback *self);

#endif /* KAA_CPYTHON_CALLED_H */
