/* kaa/call.h - foreign calls.
 *
 * A call is planned once and invoked often:
 *
 *     signature --kaa_call_plan_create--> plan --kaa_call_invoke--> result
 *
 * A plan says for each argument where it travels. On AArch64 and System V
 * x86-64 (there with up to 320 bytes on the stack) kaa fills registers and
 * stack itself; all else goes through libffi. Both give the same results:
 * KAA_CALL_LIBFFI asks for the second.
 *
 * Threads: a plan is immutable; any number of threads may invoke it at once.
 */
#ifndef KAA_CALL_H
#define KAA_CALL_H

#include <kaa/ctype.h>
#include <kaa/library.h>

KAA_BEGIN_DECLS

/** How to call functions of one signature. Opaque, immutable, shareable. */
typedef struct kaa_call_plan kaa_call_plan;

/** Bits of kaa_call_options::flags. */
enum {
    KAA_CALL_LIBFFI = 1u << 0, /**< Always through libffi. */
    KAA_CALL_ERRNO = 1u << 1,  /**< errno is 0 before the call and kept after
                                    it: kaa_call_errno(). */
};

/** Choices for a plan. All zero but `size` means the defaults. */
typedef struct kaa_call_options {
    uint32_t size;        /**< sizeof(kaa_call_options) in the caller. */
    uint32_t flags;       /**< KAA_CALL_* bits; an unknown bit is refused. */
    uint32_t fixed_count; /**< For a variadic signature that lists the types of
                               one call's variable arguments as parameters: how
                               many come before them. */
    uint32_t reserved;    /**< Zero. */
} kaa_call_options;

/**
 * Makes a plan for calling functions of type `signature`. Variable arguments
 * must be of promoted types (int, double; not char, float).
 *
 * @param options   NULL for the defaults.
 * @param out_plan  Receives the plan; not written on failure.
 *
 * @owns   The caller owns *out_plan. `signature` is borrowed.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT; KAA_UNSUPPORTED for a type that cannot be
 *         passed (incomplete, __float128, ...), `argument` is its number or
 *         KAA_NO_ARGUMENT for the result; KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_call_plan_create(
    const kaa_ctype *signature, const kaa_call_options *options,
    kaa_call_plan **out_plan, kaa_error *err);

/**
 * Frees `plan`, which may be NULL and must not be in use by any thread.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_call_plan_destroy(kaa_call_plan *plan);

/**
 * Says whether the plan fills registers and stack itself (1) or uses libffi
 * (0).
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_call_plan_is_direct(const kaa_call_plan *plan);

/**
 * Calls `target` with the values that `arguments` point at, each as wide as its
 * type.
 *
 * @param result     As many bytes as the result type has, aligned as it is;
 *                   ignored for void.
 * @param arguments  One pointer an argument; none is kept after return.
 *
 * @gil    any; the function called decides
 * @fails  KAA_INVALID_ARGUMENT if a pointer that is needed is NULL;
 * KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_call_invoke(const kaa_call_plan *plan,
                                                 kaa_function target,
                                                 void *result,
                                                 void *const *arguments,
                                                 kaa_error *err);

/**
 * The errno that this thread's last call of a plan with KAA_CALL_ERRNO left.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_call_errno(void);

/** One operand of kaa_call_map_start(): an array, or one value for all. */
typedef struct kaa_call_operand {
    void *data;     /**< Elements of the parameter's type. */
    int64_t stride; /**< Bytes from one to the next; 0: one value for all. */
} kaa_call_operand;

/** A map in progress: a function applied to whole arrays. Opaque. */
typedef struct kaa_call_map kaa_call_map;

/**
 * Starts calling `target` for the elements 0 to count - 1; returns at once. The
 * thread that waits or finishes is one of the map's threads, so one fewer is
 * started; where the system gives fewer, the map goes on with those. The target
 * must be safe to run on several threads when more than one is asked for.
 *
 * @param operands  One a parameter of the plan's signature; copied. The arrays
 *                  are borrowed until kaa_call_map_finish().
 * @param result    Where results go; ignored for void.
 * @param threads   1 or more; at most 256 are used.
 *
 * @owns   The caller owns *out_map and must finish it.
 * @gil    any; the threads hold none
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY, KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_call_map_start(
    const kaa_call_plan *plan, kaa_function target,
    const kaa_call_operand *operands, const kaa_call_operand *result,
    uint64_t count, uint32_t threads, kaa_call_map **out_map, kaa_error *err);

/**
 * Waits until the map has ended, or `timeout_ns` have passed. While it waits,
 * the calling thread works as one of the map's threads, in pieces of about
 * 100 us (or one element, where that takes longer), at least one. One thread
 * at a time may wait.
 *
 * @param out_done  Receives how many elements are done; may be NULL.
 *
 * @return 1 if the map has ended, 0 if not yet.
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_call_map_wait(kaa_call_map *map, uint64_t timeout_ns,
                              uint64_t *out_done);

/**
 * Asks the threads to stop at the next piece. What was done stays done.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_call_map_cancel(kaa_call_map *map);

/**
 * Does what is left to do (unless the map was cancelled), waits for the threads
 * to end and frees the map. NULL is allowed.
 *
 * @return how many elements were done.
 * @gil    any
 * @since  0.1
 */
KAA_API uint64_t kaa_call_map_finish(kaa_call_map *map);

/**
 * Applies `target` to the elements 0 to count - 1 on the calling thread alone.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_call_map_run(
    const kaa_call_plan *plan, kaa_function target,
    const kaa_call_operand *operands, const kaa_call_operand *result,
    uint64_t count, kaa_error *err);

KAA_END_DECLS

#endif /* KAA_CALL_H */
