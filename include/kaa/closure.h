/* kaa/closure.h - C function pointers made at run time.
 *
 * A closure is a C function pointer of any signature that calls one C callback
 * with its arguments and a user pointer:
 *
 *     C code --pointer(a, b)--> closure --callback(result, {&a, &b}, user)-->
 *
 * A closure that is retired stays callable: it reports once to kaa_error of the
 * retiring side's choice (the `retired` hook) and returns zero, or the bytes
 * given as its error value. Destroying frees the pointer for good; only do so
 * when C cannot reach it any more.
 *
 * Threads: any thread may call the pointer. Creating, retiring and destroying
 * different closures is safe from any thread.
 */
#ifndef KAA_CLOSURE_H
#define KAA_CLOSURE_H

#include <kaa/call.h>

KAA_BEGIN_DECLS

/** A function pointer and what it calls. Opaque. */
typedef struct kaa_closure kaa_closure;

/**
 * What a closure calls.
 *
 * @param result     Storage of the result type, zeroed; write it whole. For
 *                   void, storage that nobody reads.
 * @param arguments  One pointer an argument, aligned as its type is, valid
 *                   during the call.
 */
typedef void (*kaa_closure_callback)(void *result, void *const *arguments,
                                     void *user);

/** Choices for a closure. All zero but `size` means the defaults. */
typedef struct kaa_closure_options {
    uint32_t size;           /**< sizeof(kaa_closure_options) in the caller. */
    uint32_t flags;          /**< Zero. */
    const void *error_value; /**< As many bytes as the result type has, copied:
                                  what a retired closure returns. NULL: zero. */
    void (*retired)(void *user); /**< Called when a retired closure is called,
                                      each time; NULL: nothing is called. */
} kaa_closure_options;

/**
 * Makes a closure of the function type `signature` (not variadic).
 *
 * @owns   The caller owns *out_closure; `signature` and `user` are borrowed and
 *         must live as long.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED for a type that cannot be
 *         passed, KAA_NO_MEMORY; KAA_SYSTEM where this machine allows no
 *         function pointers to be made at all (the message says why)
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_closure_create(const kaa_ctype *signature, kaa_closure_callback callback,
                   void *user, const kaa_closure_options *options,
                   kaa_closure **out_closure, kaa_error *err);

/**
 * The function pointer, to be handed to C.
 *
 * @owns   Valid until kaa_closure_destroy().
 * @gil    any
 * @since  0.1
 */
KAA_API kaa_function kaa_closure_pointer(const kaa_closure *closure);

/**
 * Ends the calls to the callback: from now on the pointer returns the error
 * value. Returns at once; calls that have begun go on.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_closure_retire(kaa_closure *closure);

/**
 * Frees the closure and its pointer. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_closure_destroy(kaa_closure *closure);

KAA_END_DECLS

#endif /* KAA_CLOSURE_H */
