/* base/error.h - filling the caller's kaa_error; reading options. */
#ifndef KAA_BASE_ERROR_H
#define KAA_BASE_ERROR_H

#include <stdarg.h>

#include <kaa/base.h>

/* Fills *err (if not NULL) and returns `status`, so that a failing function
 * ends with `return kaa_base__fail(...)`. `argument` is the number of the
 * argument at fault, or KAA_NO_ARGUMENT. */
kaa_status kaa_base__fail(kaa_error *err, kaa_status status, uint32_t argument,
                          const char *format, ...) KAA_PRINTF(4, 5);

/* The same for an error in a text. */
kaa_status kaa_base__fail_at(kaa_error *err, kaa_status status, uint32_t line,
                             uint32_t column, const char *format, ...)
    KAA_PRINTF(5, 6);

/* KAA_NO_MEMORY: "no memory for <what>". */
kaa_status kaa_base__fail_memory(kaa_error *err, const char *what);

/* The analyzer reads one file at a time: tell it that these do fail. */
#ifdef __clang_analyzer__
#define kaa_base__fail(err, status, ...)                                       \
    (kaa_base__fail(err, status, __VA_ARGS__), (status))
#define kaa_base__fail_memory(err, what)                                       \
    (kaa_base__fail_memory(err, what), KAA_NO_MEMORY)
#endif

/* Copies the caller's options over the defaults in *own. Both begin with a
 * uint32_t `size`: a shorter one keeps our defaults for what it lacks; what a
 * longer one has beyond ours must be zero, or this kaa is too old for it
 * (KAA_UNSUPPORTED). NULL options leave the defaults. own->size stays ours. */
kaa_status kaa_base__read_options(void *own, uint32_t own_size,
                                  const void *options, kaa_error *err);

#endif /* KAA_BASE_ERROR_H */
