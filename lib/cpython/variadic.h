/* cpython/variadic.h - plans for variable arguments, kept from call to call. */
#ifndef KAA_CPYTHON_VARIADIC_H
#define KAA_CPYTHON_VARIADIC_H

#include <kaa/call.h>

/* A plan for one sequence of variable types, used by one call at a time. */
typedef struct kaa_cpython__variadic kaa_cpython__variadic;
/* Where a function keeps the last one. */
typedef struct kaa_cpython__spare kaa_cpython__spare;

/* NULL: no memory. */
kaa_cpython__spare *kaa_cpython__spare_create(void);
void kaa_cpython__spare_destroy(kaa_cpython__spare *self);

/* The caller owns it until it gives it back. NULL: no memory. */
kaa_cpython__variadic *kaa_cpython__variadic_take(kaa_cpython__spare *from);
/* Ends the validity of its pointer type and plan. NULL is ignored. */
void kaa_cpython__variadic_give(kaa_cpython__spare *to,
                                kaa_cpython__variadic *self);
/* The type `void *`: what text and None are passed as. */
const kaa_ctype *
kaa_cpython__variadic_pointer(const kaa_cpython__variadic *self);
/* The plan for a function's fixed parameters and `count` of these types after
 * them. It belongs to `self`. */
kaa_status kaa_cpython__variadic_plan(kaa_cpython__variadic *self,
                                      const kaa_ctype *function,
                                      const kaa_ctype *const *types,
                                      uint32_t count,
                                      const kaa_call_options *options,
                                      const kaa_call_plan **out_plan,
                                      kaa_error *err);

#endif /* KAA_CPYTHON_VARIADIC_H */
