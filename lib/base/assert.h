/* base/assert.h - invariants of kaa's own.
 *
 * KAA_CHECKS is 0 (none), 1 (assertions) or 2 (whole structures are walked on
 * each public entry). A broken invariant prints one line and aborts; a caller's
 * mistake is never an assertion, it is KAA_INVALID_ARGUMENT.
 */
#ifndef KAA_BASE_ASSERT_H
#define KAA_BASE_ASSERT_H

#ifndef KAA_CHECKS
#define KAA_CHECKS 0
#endif

/* Does nothing; a place for a debugger's breakpoint. Called before any abort,
 * at an injected fault and before a leak report. */
void kaa_base__stop_here(void);

_Noreturn void kaa_base__broken(const char *file, int line, const char *what);

#if KAA_CHECKS >= 1
#define KAA_ASSERT(condition)                                                  \
    ((condition) ? (void)0 : kaa_base__broken(__FILE__, __LINE__, #condition))
#else
#define KAA_ASSERT(condition) ((void)sizeof((condition) ? 1 : 0))
#endif

#if defined(__GNUC__) || defined(__clang__)
#define KAA_LIKELY(x) ((int)__builtin_expect(!!(x), 1))
#define KAA_UNLIKELY(x) ((int)__builtin_expect(!!(x), 0))
#else
#define KAA_LIKELY(x) (x)
#define KAA_UNLIKELY(x) (x)
#endif

#endif /* KAA_BASE_ASSERT_H */
