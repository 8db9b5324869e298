/* cpython/call/around.h - what is done before and after a call of C, by entries
 * that are compiled for each way of it. */
#ifndef KAA_CPYTHON_AROUND_H
#define KAA_CPYTHON_AROUND_H

#include "cpython/call/quick.h"

/* What is done around a call, of which a function has one for ever; so each
 * entry is compiled for each. */
typedef enum around {
    HELD,       /* the GIL is kept */
    RELEASED,   /* it is not */
    CLOSED,     /* const or pure: nothing can come back */
    HELD_ERRNO, /* the GIL is kept, and errno looked at */
    ANY,        /* as the flags say, errno too */
    AROUND_COUNT
} around;

/* Whether a call keeps the GIL and may be called back. */
static ALWAYS_INLINE int
is_held(const around how)
{
    return how == HELD || how == HELD_ERRNO;
}

static ALWAYS_INLINE kaa_cpython__record *
begin(const kaa_cpython__function *self, kaa_cpython__record *record,
      const around how)
{
    if (how == ANY)
        return quick_begin(self, record);
    if (is_held(how))
        kaa_cpython__begin_common();
    if (how == RELEASED)
        kaa_cpython__begin(record, self->host, 0);
    return record;
}

static ALWAYS_INLINE int
end(kaa_cpython__record *begun, const around how)
{
    if (how == ANY)
        return quick_end(begun);
    if (is_held(how))
        return kaa_cpython__end_common();
    return how == RELEASED ? kaa_cpython__end(begun) : 0;
}

/* Whether a call is not of the sort that its entry is for. */
static ALWAYS_INLINE int
is_other(const kaa_cpython__function *self, size_t flagged_count,
         PyObject *names, size_t count, const around how)
{
    return names != NULL || (flagged_count & ~HOST_ARGUMENTS_OFFSET) != count ||
           (is_held(how) && !kaa_cpython__is_common(self->host));
}

static inline around
around_of(const kaa_cpython__function *self)
{
    if (self->flags & FUNCTION_ERRNO)
        return (self->flags & (FUNCTION_HOLDS_GIL | FUNCTION_IS_CLOSED)) ==
                       FUNCTION_HOLDS_GIL
                   ? HELD_ERRNO
                   : ANY;
    if (self->flags & FUNCTION_IS_CLOSED)
        return CLOSED;
    return self->flags & FUNCTION_HOLDS_GIL ? HELD : RELEASED;
}

#endif /* KAA_CPYTHON_AROUND_H */
