/* cpython/call/special.h - a call that is not simple, while it is made. */
#ifndef KAA_CPYTHON_SPECIAL_H
#define KAA_CPYTHON_SPECIAL_H

#include "cpython/call/function.h"

/* What a special call needs beside its state. */
typedef struct kaa_cpython__special {
    const kaa_cpython__function *self;
    kaa_cpython__state state;
    PyObject **values; /* one a parameter; NULL: left out, or an out */
    void **outs;       /* storage of outs; NULL: none */
    int64_t *elements; /* of pointers; -1: not known */
    kaa_convert_int128 *lengths; /* the values of those that are lengths */
    int32_t *from;               /* kaa_convert_bind() */
    const char **names;          /* of keywords; `named` of them */
    size_t named;
    PyObject *const *extras;
    uint32_t extra_count;
    char refusal[640];
} kaa_cpython__special;

/* One variable argument: its promoted type and its value. */
typedef struct kaa_cpython__extra {
    const kaa_ctype *type;
    const void *value; /* as wide as the type; NULL: it is `word` */
    union {
        uint64_t word; /* as a place of a frame wants it */
        long double real;
    };
    uint64_t least;                 /* elements that C writes; 0: not said */
    const char *directive;          /* with it */
    kaa_cpython__conversion wanted; /* of a borrowed address, of a format */
} kaa_cpython__extra;

/* special.c: converts what was placed, calls, and makes the result. `extras`
 * are call->extra_count of them. */
PyObject *kaa_cpython__run_special(kaa_cpython__special *call,
                                   const kaa_call_plan *plan,
                                   const kaa_cpython__extra *extras);

/* variadic.c: the same with the variable arguments in call->extras. */
PyObject *kaa_cpython__run_variadic(kaa_cpython__special *call);

#endif /* KAA_CPYTHON_SPECIAL_H */
