/* object/numbers/number.h - what the files of int, bool, float and complex
 * share. */
#ifndef KAA_OBJECT_NUMBER_H
#define KAA_OBJECT_NUMBER_H

#include "object/numbers/int.h"

typedef struct kaa_object__float {
    kaa_object header;
    double value;
} kaa_object__float;

typedef struct kaa_object__complex {
    kaa_object header;
    double real;
    double imaginary;
} kaa_object__complex;

static inline int
kaa_object__is_float(const kaa_object *object)
{
    return !kaa_is_tagged(object) && object->type->id == KAA_FLOAT_TYPE;
}

static inline int
kaa_object__is_complex(const kaa_object *object)
{
    return !kaa_is_tagged(object) && object->type->id == KAA_COMPLEX_TYPE;
}

static inline double
kaa_object__float_value(const kaa_object *object)
{
    return ((const kaa_object__float *)(const void *)object)->value;
}

/* The truth of a comparison, from whether left is less than (-1), equal to (0)
 * or greater than (1) right; 2: neither, as a NaN is. */
int kaa_object__order_truth(int order, int op);

/* A new reference to True or False. */
static inline kaa_object *
kaa_object__bool_of(int value)
{
    return kaa_object__truth_value(value);
}

/* Whether a call has between `least` and `most` positional arguments and no
 * keywords: 0, or -1 with TypeError. */
int kaa_object__check_count(kaa_context *ctx, const char *function,
                            size_t nargs, size_t least, size_t most,
                            kaa_object *kwnames);

/* int_parts.c: an int whose digits are to be written; how many it has room for
 * is not more than `size`. Becomes an int by kaa_object__int_finish(), which
 * takes it; until then kaa_object__discard(). */
kaa_object *kaa_object__int_alloc(kaa_context *ctx, size_t size);
static inline uint64_t *
kaa_object__int_digits(kaa_object *fresh)
{
    return ((kaa_object__int *)(void *)fresh)->digits;
}
kaa_object *kaa_object__int_finish(kaa_context *ctx, kaa_object *fresh,
                                   size_t size, int is_negative);

/* Of ints alone; NULL: failed. */
kaa_object *kaa_object__int_add(kaa_context *ctx, kaa_object *left,
                                kaa_object *right, int subtract);
kaa_object *kaa_object__int_multiply(kaa_context *ctx, kaa_object *left,
                                     kaa_object *right);
/* Floor division. Either `out` may be NULL. */
int kaa_object__int_divmod(kaa_context *ctx, kaa_object *left,
                           kaa_object *right, kaa_object **out_quotient,
                           kaa_object **out_remainder);
kaa_object *kaa_object__int_true_divide(kaa_context *ctx, kaa_object *left,
                                        kaa_object *right);
kaa_object *kaa_object__int_power(kaa_context *ctx, kaa_object *left,
                                  kaa_object *right);
/* `op` is KAA_LSHIFT or KAA_RSHIFT. */
kaa_object *kaa_object__int_shift(kaa_context *ctx, kaa_object *left,
                                  kaa_object *right, int op);
/* `op` is KAA_AND, KAA_OR or KAA_XOR. */
kaa_object *kaa_object__int_bitwise(kaa_context *ctx, kaa_object *left,
                                    kaa_object *right, int op);
kaa_object *kaa_object__int_negate(kaa_context *ctx, kaa_object *object);
/* The slots of int that bool has too. */
kaa_object *kaa_object__int_binary(kaa_context *ctx, kaa_object *left,
                                   kaa_object *right, int op);
kaa_object *kaa_object__int_unary(kaa_context *ctx, kaa_object *self, int op);
kaa_object *kaa_object__int_compare(kaa_context *ctx, kaa_object *self,
                                    kaa_object *other, int op);
int64_t kaa_object__int_hash(kaa_context *ctx, kaa_object *self);
kaa_object *kaa_object__int_itself(kaa_context *ctx, kaa_object *self);
kaa_object *kaa_object__int_as_float(kaa_context *ctx, kaa_object *self);

/* a / b of magnitudes, rounded to the nearest double, ties to even; infinite
 * where it is too large. b is not 0. */
int kaa_object__digits_ratio(kaa_context *ctx, const uint64_t *a, size_t a_size,
                             const uint64_t *b, size_t b_size, double *out);

/* float_text.c: the shortest text that reads back as the same double, as
 * repr() has it; at most 32 bytes with the NUL. How many bytes it has. */
size_t kaa_object__double_text(double value, char out[32]);
/* The double of a decimal text, nearest, ties to even, with the underscores and
 * words that float() takes, but no white space around. 1, 0 if it is none, -1
 * when memory is short. */
int kaa_object__double_parse(kaa_context *ctx, const char *text, size_t size,
                             double *out);
/* Text without the white space at both ends. */
void kaa_object__strip_space(const char **text, size_t *size);

#endif /* KAA_OBJECT_NUMBER_H */
