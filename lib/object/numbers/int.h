/* object/numbers/int.h - ints that do not fit into the pointer, and a view of
 * any int.
 *
 *     -2^62 <= value < 2^62   the handle itself: value * 2 + 1
 *     else                    header | size | digits of 64 bits, lowest first
 *
 * `size` is how many digits, negative for a negative int. The highest digit is
 * not 0, and what fits into a handle is never an object, so that equal ints are
 * of the same form. True and False are ints too.
 */
#ifndef KAA_OBJECT_INT_H
#define KAA_OBJECT_INT_H

#include "object/core/object.h"

#define KAA_OBJECT__INT_MIN (INT64_MIN / 2)
#define KAA_OBJECT__INT_MAX (INT64_MAX / 2)

typedef struct kaa_object__int {
    kaa_object header;
    int64_t size;
    uint64_t digits[];
} kaa_object__int;

/* Any int, as sign and magnitude. Digits are the object's, or `own`: a view may
 * not be copied. It is valid as long as the object. */
typedef struct kaa_object__int_view {
    const uint64_t *digits;
    size_t size; /* 0 for 0; the highest digit is not 0 */
    int is_negative;
    uint64_t own[1];
} kaa_object__int_view;

static inline int
kaa_object__is_int(const kaa_object *object)
{
    if (kaa_object__is_int_tag(object))
        return 1;
    if (kaa_is_tagged(object))
        return object == kaa_object__constant(KAA_TRUE) ||
               object == kaa_object__constant(KAA_FALSE);
    return object->type->id == KAA_INT_TYPE;
}

/* Of what kaa_object__is_int(). */
void kaa_object__int_look(const kaa_object *object, kaa_object__int_view *out);

/* A new int of digits; `size` may be more than are used. NULL: MemoryError. */
kaa_object *kaa_object__int_new(kaa_context *ctx, const uint64_t *digits,
                                size_t size, int is_negative);

static inline kaa_object *
kaa_object__int_small(kaa_context *ctx, int64_t value)
{
    if (KAA_LIKELY(value >= KAA_OBJECT__INT_MIN &&
                   value <= KAA_OBJECT__INT_MAX))
        return (kaa_object *)(uintptr_t)((uint64_t)value * 2 + 1);
    return kaa_object__int_from_int64(ctx, value);
}

/* The nearest double, ties to even; OverflowError. */
int kaa_object__int_to_double(kaa_context *ctx, const kaa_object *object,
                              double *out);
/* The int of a double without its fraction; OverflowError, ValueError. */
kaa_object *kaa_object__int_of_double(kaa_context *ctx, double value);
/* -1, 0, 1: an int less than, equal to, greater than; 2: `right` is a NaN. */
int kaa_object__int_order(const kaa_object *left, const kaa_object *right);
int kaa_object__int_order_double(const kaa_object *left, double right);
/* hash.c: as CPython's: equal numbers of any type have equal hashes. */
int64_t kaa_object__hash_int(const kaa_object *object);
int64_t kaa_object__hash_double(double value, const kaa_object *object);
int64_t kaa_object__hash_pointer(const void *pointer);

#endif /* KAA_OBJECT_INT_H */
