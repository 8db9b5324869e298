/* kaa/convert.h - the rules by which values become C's, for bindings.
 *
 * A binding has objects, libkaa has the rules: which buffer fits a pointer, how
 * the arguments of a call go to the parameters of a declaration, what a refusal
 * says. The objects never come here; a binding tells their names, digits and
 * sizes, so the words are the same in every language and context.
 *
 *     kaa_convert_fault fault = {.size = sizeof(fault),
 *                                .code = KAA_CONVERT_RANGE,
 *                                .type = type, .value = "300"};
 *     kaa_convert_print_fault(&fault, text, sizeof(text));
 *     "300 is out of range for uint8_t (0 to 255)"
 *
 * Nothing here allocates, and all of it may run on any number of threads. Sizes
 * are in bytes; parameters count from 0, in messages from 1.
 */
#ifndef KAA_CONVERT_H
#define KAA_CONVERT_H

#include <kaa/decl.h>

KAA_BEGIN_DECLS

/** Why a value is refused, or a call. convert/fault.def has the words. */
typedef enum kaa_convert_code {
    KAA_CONVERT_TYPE = 1,     /**< `given` is no such value; `type`. */
    KAA_CONVERT_RANGE,        /**< `value` is too large for `type`. */
    KAA_CONVERT_COUNT_ONE,    /**< Characters: `number` of them, not one. */
    KAA_CONVERT_CODE_POINT,   /**< `number` is too large for `type`. */
    KAA_CONVERT_NO_CHARACTER, /**< C gave `number`. */
    KAA_CONVERT_NUL,          /**< A text with a NUL inside. */
    KAA_CONVERT_SURROGATE,    /**< At character `number`. */
    KAA_CONVERT_NONE,         /**< None for what is declared nonnull. */
    KAA_CONVERT_NULL,         /**< A NULL pointer for it. */
    KAA_CONVERT_SIGNATURE,    /**< `given` is another function. */
    KAA_CONVERT_SMALL,        /**< `given` has less memory than `type` needs. */
    KAA_CONVERT_OUTSIDE,      /**< A reference outside of its `given`. */
    KAA_CONVERT_VARIABLE,     /**< `given` as a variable argument. */
    KAA_CONVERT_VARIABLE_INT, /**< An int beyond all types, as one. */
    KAA_CONVERT_FORMAT,       /**< A format asks for `number` of them. */
    KAA_CONVERT_LEAST,        /**< `number` elements are needed. */
    KAA_CONVERT_SENTINEL,     /**< `given` as the last, which has to be None. */
} kaa_convert_code;

/** What is refused. Unused members are zero; texts are UTF-8, borrowed. */
typedef struct kaa_convert_fault {
    uint32_t size;         /**< sizeof(kaa_convert_fault) in the caller. */
    uint32_t code;         /**< A kaa_convert_code. */
    const kaa_ctype *type; /**< What was wanted. */
    const char *given;     /**< The name of the value's type, or what it is. */
    const char *value;     /**< The value's digits. */
    uint64_t number;       /**< A length, a position, a code. */
} kaa_convert_fault;

/** An integer of up to 128 bits, in two's complement. */
typedef struct kaa_convert_int128 {
    uint64_t low;
    uint64_t high;
} kaa_convert_int128;

/**
 * Prints why a value is refused, without where.
 *
 * @return the length of the whole text; it is cut to fit, and ends in NUL where
 *         `size` is not 0.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_convert_print_fault(const kaa_convert_fault *fault,
                                       char *buffer, size_t size);

/**
 * The name of the Python exception that a kaa_convert_code is: "TypeError",
 * "ValueError" or "OverflowError".
 *
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_convert_fault_exception(uint32_t code);

/**
 * Whether items of a buffer are of the type.
 *
 * @param type        Of one item; void takes any.
 * @param format      As Python's struct module has them (PEP 3118), one item;
 *                    NULL: bytes.
 * @param item_bytes  The buffer's itemsize.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_convert_format_fits(const kaa_ctype *type, const char *format,
                                    int64_t item_bytes);

/**
 * The format of one item of a type, as Python's struct module has it ("Zd" for
 * complex double); NULL for what has none: pointers, records, 128-bit integers.
 *
 * @owns   A string constant.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_convert_format(const kaa_ctype *type);

/**
 * Whether a result says that a function failed, where errno is asked for:
 * signed integers below 0, unsigned ones with all bits set, NULL and the
 * pointer with all bits set, NaN and infinities; void always; others never.
 *
 * @param result  As wide as the type; not read for void.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API int kaa_convert_says_failure(const kaa_ctype *type, const void *result);

/**
 * Sends the arguments of a call to the parameters of a declared function: those
 * by position first, then those by name. `[[kaa::out]]` parameters are passed
 * over; the length of another parameter may be left out.
 *
 * @param keywords  `named` names.
 * @param out_from  Receives, for each parameter, which argument it gets: below
 *                  `positional` by position, from there on by name; -1: none.
 *                  What is beyond the parameters of a variadic function goes to
 *                  none.
 * @param refusal   Receives what is wrong, the function's name in front. It is
 *                  a TypeError. At most `size` bytes.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT with `refusal` filled
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_convert_bind(const kaa_decl_item *function,
                                                  size_t positional,
                                                  const char *const *keywords,
                                                  size_t named,
                                                  int32_t *out_from,
                                                  char *refusal, size_t size);

/**
 * Finds a length that is left out: what the number of elements of a pointer
 * makes it.
 *
 * @param length    The parameter that is a length.
 * @param elements  For each parameter how many elements it has; -1: not known.
 * @param out_fill  Receives the number to pass.
 * @param refusal   Receives what is wrong, the function's name in front: a
 *                  TypeError.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT where it has to be given
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_convert_fill_length(
    const kaa_decl_item *function, uint32_t length, const int64_t *elements,
    int64_t *out_fill, char *refusal, size_t size);

/**
 * Checks the number of elements of each pointer whose declaration says how many
 * there have to be: [[kaa::length]], [static n].
 *
 * @param elements  For each parameter how many elements it has; -1: not known,
 *                  or no pointer.
 * @param values    For each parameter its value where it is a length.
 * @param refusal   Receives what is wrong, the function's name in front: a
 *                  ValueError.
 *
 * @gil    any
 * @fails  KAA_LIMIT where a pointer has fewer elements
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_convert_check_lengths(
    const kaa_decl_item *function, const int64_t *elements,
    const kaa_convert_int128 *values, char *refusal, size_t size);

/**
 * Whether the annotations of a declared function can be kept: an out parameter
 * is a pointer to what has a size, a length an integer that is passed in.
 *
 * @param refusal  Receives what is wrong, the function's name in front.
 *
 * @gil    any
 * @fails  KAA_UNSUPPORTED
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_convert_check(const kaa_decl_item *function, char *refusal, size_t size);

/**
 * Prints the refusal of a call with a wrong number of arguments.
 *
 * @return the length of the whole text, as kaa_convert_print_fault() does.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_convert_print_count(const kaa_decl_item *function,
                                       size_t given, char *buffer, size_t size);

/**
 * Finds what was most likely meant by a name that nobody has: the nearest of
 * `names`, if it is near enough (one edit in three letters, three at most).
 *
 * @return the place of the name; `count` if none is near.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_convert_nearest(const char *wanted, const char *const *names,
                                   size_t count);

KAA_END_DECLS

#endif /* KAA_CONVERT_H */
