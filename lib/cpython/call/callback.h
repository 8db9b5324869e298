/* cpython/call/callback.h - C function pointers from Python callables. */
#ifndef KAA_CPYTHON_CALLBACK_H
#define KAA_CPYTHON_CALLBACK_H

#include "cpython/call/convert.h"

/* The function pointer for `callable` as a parameter's type and scope want it.
 * Gives what keeps it alive, a new reference; NULL with an exception. With
 * KAA_DECL_SCOPE_LIBRARY the library keeps it too, and the same callable gives
 * the same pointer again. */
PyObject *kaa_cpython__callback_for(kaa_cpython__state *state,
                                    const kaa_cpython__conversion *self,
                                    PyObject *callable,
                                    kaa_function *out_pointer);

/* Just before C gets them: callbacks among what is held that are for one later
 * call, or for ever, begin to live without the call that they are passed to. */
void kaa_cpython__lend_callbacks(const kaa_cpython__state *state);

#endif /* KAA_CPYTHON_CALLBACK_H */
