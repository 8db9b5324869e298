/* object/numbers/digits.h - arithmetic of magnitudes: arrays of 64-bit digits,
 * lowest first. No objects, no memory, no signs; whoever calls has made room.
 *
 * Sizes may be 0, and the highest digits may be 0, but where it is said.
 * Outputs may be the first input, at the same place, and else overlap nothing.
 */
#ifndef KAA_OBJECT_DIGITS_H
#define KAA_OBJECT_DIGITS_H

#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 kaa_object__wide;

/* The greatest power of ten in a digit, and its exponent. */
#define KAA_OBJECT__TEN_POWER UINT64_C(10000000000000000000)
#define KAA_OBJECT__TEN_DIGITS 19u

/* How many are used. */
static inline size_t
kaa_object__digits_trim(const uint64_t *digits, size_t size)
{
    while (size > 0 && digits[size - 1] == 0)
        size--;
    return size;
}

/* -1, 0, 1. Both trimmed. */
int kaa_object__digits_compare(const uint64_t *a, size_t a_size,
                               const uint64_t *b, size_t b_size);
/* The length in bits; trimmed. */
static inline size_t
kaa_object__digits_bits(const uint64_t *digits, size_t size)
{
    return size == 0 ? 0
                     : size * 64 - (size_t)__builtin_clzll(digits[size - 1]);
}

/* a + b, where a is not the shorter one: a_size digits and the carry. */
uint64_t kaa_object__digits_add(uint64_t *out, const uint64_t *a, size_t a_size,
                                const uint64_t *b, size_t b_size);
/* a - b, where a is not the shorter one: a_size digits and the borrow. */
uint64_t kaa_object__digits_subtract(uint64_t *out, const uint64_t *a,
                                     size_t a_size, const uint64_t *b,
                                     size_t b_size);
/* a * factor + add: the same number of digits, and the carry. */
uint64_t kaa_object__digits_multiply_small(uint64_t *out, const uint64_t *a,
                                           size_t size, uint64_t factor,
                                           uint64_t add);
/* a / divisor; the remainder. */
uint64_t kaa_object__digits_divide_small(uint64_t *out, const uint64_t *a,
                                         size_t size, uint64_t divisor);
/* a << bits, bits < 64: the same number of digits, and what overflowed. */
uint64_t kaa_object__digits_shift_left(uint64_t *out, const uint64_t *a,
                                       size_t size, unsigned bits);
/* a >> bits, bits < 64. */
void kaa_object__digits_shift_right(uint64_t *out, const uint64_t *a,
                                    size_t size, unsigned bits);

/* Digits of scratch that a multiplication needs; 0 for small ones. */
size_t kaa_object__digits_multiply_scratch(size_t a_size, size_t b_size);
/* a * b: a_size + b_size digits. `out` overlaps nothing. */
void kaa_object__digits_multiply(uint64_t *out, const uint64_t *a,
                                 size_t a_size, const uint64_t *b,
                                 size_t b_size, uint64_t *scratch);

/* a / b, where b is trimmed and not 0, and a is not shorter. `quotient` gets
 * a_size - b_size + 1 digits, `remainder` b_size. Either may be NULL. Scratch:
 * a_size + 1 + b_size digits. */
void kaa_object__digits_divide(uint64_t *quotient, uint64_t *remainder,
                               const uint64_t *a, size_t a_size,
                               const uint64_t *b, size_t b_size,
                               uint64_t *scratch);

/* The double nearest to `top` * 2^exponent, ties to even, where `rest` says
 * that the number is a little more; infinite where it is too large. */
double kaa_object__round_double(uint64_t top, int rest, int64_t exponent);
/* The double nearest to a magnitude. */
double kaa_object__digits_to_double(const uint64_t *digits, size_t size);
/* The magnitude of an integral double, which is finite: its size, up to
 * KAA_OBJECT__DOUBLE_DIGITS. */
#define KAA_OBJECT__DOUBLE_DIGITS 17
size_t kaa_object__digits_of_double(double value,
                                    uint64_t out[KAA_OBJECT__DOUBLE_DIGITS]);

#endif /* KAA_OBJECT_DIGITS_H */
