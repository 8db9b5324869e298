/* cpython/context/thunk.h - a C function with one argument more than the host
 * gives.
 *
 * The host calls a method as f(self, args, nargs, kwnames), kaa's functions
 * want the context in front: f(ctx, self, args, nargs, kwnames). A thunk is a
 * function pointer for the host that calls `function` with `data` in front of
 * up to four arguments, each of which travels in an integer register. So a
 * slot of a type or a method costs six instructions more than one that was
 * written for the host, and needs no look-up of where it belongs.
 *
 * Thunks are code of libkaa on x86-64 and AArch64, a few thousand of them;
 * beyond those, and elsewhere, they are closures. The function's type is
 * erased: what it returns in the integer register passes through.
 */
#ifndef KAA_CPYTHON_THUNK_H
#define KAA_CPYTHON_THUNK_H

#include "cpython/host/host.h"

/* A function as a thunk sees it. */
typedef void (*kaa_cpython__any)(void);
#define KAA_CPYTHON__ANY(function) ((kaa_cpython__any)(function))

/* A function pointer for the host; NULL with MemoryError pending. */
void *kaa_cpython__thunk_new(kaa_cpython *host, kaa_cpython__any function,
                             void *data);
/* Nobody may call it any more. NULL is allowed. */
void kaa_cpython__thunk_free(void *thunk);

#endif /* KAA_CPYTHON_THUNK_H */
