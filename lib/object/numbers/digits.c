/* object/numbers/digits.c - arithmetic of magnitudes.
 *
 * Multiplication is the school's, and Karatsuba's from KARATSUBA digits on.
 * Division is Knuth's algorithm D (The Art of Computer Programming, 4.3.1) with
 * the digits estimated by a precomputed reciprocal (Möller and Granlund,
 * Improved division by invariant integers, 2011), since the processor's own
 * division is slow.
 */
#include "object/numbers/digits.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"

typedef kaa_object__wide wide;

/* Digits of the shorter factor, from which on Karatsuba's way is faster; small
 * in debug builds, so that small tests run it. */
#if KAA_CHECKS >= 2
#define KARATSUBA 4
#else
#define KARATSUBA 40
#endif

int
kaa_object__digits_compare(const uint64_t *a, size_t a_size, const uint64_t *b,
                           size_t b_size)
{
    if (a_size != b_size)
        return a_size < b_size ? -1 : 1;
    for (size_t i = a_size; i-- > 0;)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

uint64_t
kaa_object__digits_add(uint64_t *out, const uint64_t *a, size_t a_size,
                       const uint64_t *b, size_t b_size)
{
    uint64_t carry = 0;

    for (size_t i = 0; i < a_size; i++) {
        wide sum = (wide)a[i] + (i < b_size ? b[i] : 0) + carry;

        out[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return carry;
}

uint64_t
kaa_object__digits_subtract(uint64_t *out, const uint64_t *a, size_t a_size,
                            const uint64_t *b, size_t b_size)
{
    uint64_t borrow = 0;

    for (size_t i = 0; i < a_size; i++) {
        wide difference = (wide)a[i] - (i < b_size ? b[i] : 0) - borrow;

        out[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    return borrow;
}

uint64_t
kaa_object__digits_multiply_small(uint64_t *out, const uint64_t *a, size_t size,
                                  uint64_t factor, uint64_t add)
{
    for (size_t i = 0; i < size; i++) {
        wide product = (wide)a[i] * factor + add;

        out[i] = (uint64_t)product;
        add = (uint64_t)(product >> 64);
    }
    return add;
}

uint64_t
kaa_object__digits_shift_left(uint64_t *out, const uint64_t *a, size_t size,
                              unsigned bits)
{
    uint64_t carry = 0;

    if (bits == 0) {
        if (out != a)
            memcpy(out, a, size * sizeof(*out));
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        uint64_t digit = a[i];

        out[i] = digit << bits | carry;
        carry = digit >> (64 - bits);
    }
    return carry;
}

void
kaa_object__digits_shift_right(uint64_t *out, const uint64_t *a, size_t size,
                               unsigned bits)
{
    for (size_t i = 0; i < size; i++) {
        uint64_t above =
            i + 1 < size && bits != 0 ? a[i + 1] << (64 - bits) : 0;

        out[i] = a[i] >> bits | above;
    }
}

/* ---- Multiplication */

static void
multiply_school(uint64_t *out, const uint64_t *a, size_t a_size,
                const uint64_t *b, size_t b_size)
{
    memset(out, 0, (a_size + b_size) * sizeof(*out));
    for (size_t i = 0; i < b_size; i++) {
        uint64_t carry = 0, factor = b[i];

        for (size_t j = 0; j < a_size; j++) {
            wide sum = (wide)a[j] * factor + out[i + j] + carry;

            out[i + j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        out[i + a_size] = carry;
    }
}

static size_t
karatsuba_scratch(size_t size)
{
    size_t total = 0;

    while (size >= KARATSUBA) {
        size = size - size / 2 + 1;
        total += 4 * size;
    }
    return total;
}

/* Adds b to out, where it is known not to overflow the digits that follow. */
static void
add_into(uint64_t *out, const uint64_t *b, size_t b_size)
{
    uint64_t carry = kaa_object__digits_add(out, out, b_size, b, b_size);

    for (out += b_size; carry != 0; out++)
        carry = ++*out == 0;
}

/* Two factors of the same size:
 *
 *     a = a1 * B + a0, b = b1 * B + b0
 *     a * b = a1*b1 * B^2 + ((a0+a1)*(b0+b1) - a0*b0 - a1*b1) * B + a0*b0
 */
static void
karatsuba(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t size,
          uint64_t *scratch)
{
    size_t low = size / 2, high = size - low, sum = high + 1;
    uint64_t *a_sum = scratch, *b_sum = scratch + sum;
    uint64_t *middle = scratch + 2 * sum, *rest = scratch + 4 * sum;

    if (size < KARATSUBA) {
        multiply_school(out, a, size, b, size);
        return;
    }
    a_sum[high] = kaa_object__digits_add(a_sum, a + low, high, a, low);
    b_sum[high] = kaa_object__digits_add(b_sum, b + low, high, b, low);
    karatsuba(middle, a_sum, b_sum, sum, rest);
    karatsuba(out, a, b, low, rest);
    karatsuba(out + 2 * low, a + low, b + low, high, rest);
    kaa_object__digits_subtract(middle, middle, 2 * sum, out, 2 * low);
    kaa_object__digits_subtract(middle, middle, 2 * sum, out + 2 * low,
                                2 * high);
    add_into(out + low, middle, kaa_object__digits_trim(middle, 2 * sum));
}

size_t
kaa_object__digits_multiply_scratch(size_t a_size, size_t b_size)
{
    size_t total = 0;

    for (;;) {
        size_t shorter = a_size < b_size ? a_size : b_size;
        size_t longer = a_size < b_size ? b_size : a_size;

        if (shorter < KARATSUBA)
            return total;
        total += 2 * shorter + karatsuba_scratch(shorter);
        a_size = shorter;
        b_size = longer % shorter;
    }
}

void
kaa_object__digits_multiply(uint64_t *out, const uint64_t *a, size_t a_size,
                            const uint64_t *b, size_t b_size, uint64_t *scratch)
{
    if (a_size < b_size) {
        const uint64_t *digits = a;
        size_t size = a_size;

        a = b;
        a_size = b_size;
        b = digits;
        b_size = size;
    }
    if (b_size < KARATSUBA) {
        multiply_school(out, a, a_size, b, b_size);
        return;
    }
    /* A row of factors as long as b, and what is left over. The depth is that
     * of Euclid's algorithm on the sizes. */
    memset(out, 0, (a_size + b_size) * sizeof(*out));
    for (; a_size >= b_size; a += b_size, a_size -= b_size, out += b_size) {
        karatsuba(scratch, a, b, b_size, scratch + 2 * b_size);
        add_into(out, scratch, kaa_object__digits_trim(scratch, 2 * b_size));
    }
    if (a_size > 0) {
        kaa_object__digits_multiply(scratch, b, b_size, a, a_size,
                                    scratch + 2 * b_size);
        add_into(out, scratch,
                 kaa_object__digits_trim(scratch, a_size + b_size));
    }
}

/* ---- Division */

/* Of a divisor whose top bit is set: (2^128 - 1) / divisor - 2^64. */
static uint64_t
reciprocal(uint64_t divisor)
{
    return (uint64_t)(((wide)~divisor << 64 | UINT64_MAX) / divisor);
}

/* (high, low) / divisor, where high < divisor. */
static inline uint64_t
divide_two(uint64_t high, uint64_t low, uint64_t divisor, uint64_t inverse,
           uint64_t *out_rest)
{
    wide estimate = (wide)inverse * high + ((wide)high << 64 | low);
    uint64_t quotient = (uint64_t)(estimate >> 64) + 1;
    uint64_t rest = low - quotient * divisor;

    if (rest > (uint64_t)estimate) {
        quotient--;
        rest += divisor;
    }
    if (KAA_UNLIKELY(rest >= divisor)) {
        quotient++;
        rest -= divisor;
    }
    *out_rest = rest;
    return quotient;
}

uint64_t
kaa_object__digits_divide_small(uint64_t *out, const uint64_t *a, size_t size,
                                uint64_t divisor)
{
    unsigned shift = (unsigned)__builtin_clzll(divisor);
    uint64_t whole = divisor << shift, inverse = reciprocal(whole), rest = 0;

    if (size == 0)
        return 0;
    if (shift != 0)
        rest = a[size - 1] >> (64 - shift);
    for (size_t i = size; i-- > 0;) {
        uint64_t below = i > 0 && shift != 0 ? a[i - 1] >> (64 - shift) : 0;

        out[i] = divide_two(rest, a[i] << shift | below, whole, inverse, &rest);
    }
    return rest >> shift;
}

/* One digit of the quotient: how often b goes into the b_size + 1 digits at
 * `a`, which becomes the rest. */
static uint64_t
divide_step(uint64_t *a, const uint64_t *b, size_t b_size, uint64_t inverse)
{
    uint64_t first = b[b_size - 1], second = b[b_size - 2], quotient, rest;
    uint64_t carry = 0, borrow;
    int rest_fits = 1;

    if (a[b_size] >= first) {
        quotient = UINT64_MAX;
        rest = a[b_size - 1] + first;
        rest_fits = rest >= first;
    } else {
        quotient = divide_two(a[b_size], a[b_size - 1], first, inverse, &rest);
    }
    while (rest_fits &&
           (wide)quotient * second > ((wide)rest << 64 | a[b_size - 2])) {
        quotient--;
        rest += first;
        rest_fits = rest >= first;
    }
    borrow = 0;
    for (size_t i = 0; i < b_size; i++) {
        wide product = (wide)b[i] * quotient + carry;
        wide difference = (wide)a[i] - (uint64_t)product - borrow;

        carry = (uint64_t)(product >> 64);
        a[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    if (KAA_UNLIKELY((wide)a[b_size] < (wide)carry + borrow)) {
        quotient--; /* one too many: very rare */
        a[b_size] -= carry + borrow;
        a[b_size] += kaa_object__digits_add(a, a, b_size, b, b_size);
    } else {
        a[b_size] -= carry + borrow;
    }
    return quotient;
}

void
kaa_object__digits_divide(uint64_t *quotient, uint64_t *remainder,
                          const uint64_t *a, size_t a_size, const uint64_t *b,
                          size_t b_size, uint64_t *scratch)
{
    unsigned shift = (unsigned)__builtin_clzll(b[b_size - 1]);
    uint64_t *rest = scratch, *divisor = scratch + a_size + 1, inverse;

    if (b_size == 1) {
        uint64_t last = kaa_object__digits_divide_small(
            quotient != NULL ? quotient : scratch, a, a_size, b[0]);

        if (remainder != NULL)
            remainder[0] = last;
        return;
    }
    rest[a_size] = kaa_object__digits_shift_left(rest, a, a_size, shift);
    kaa_object__digits_shift_left(divisor, b, b_size, shift);
    inverse = reciprocal(divisor[b_size - 1]);
    for (size_t i = a_size - b_size + 1; i-- > 0;) {
        uint64_t digit = divide_step(rest + i, divisor, b_size, inverse);

        if (quotient != NULL)
            quotient[i] = digit;
    }
    if (remainder != NULL)
        kaa_object__digits_shift_right(remainder, rest, b_size, shift);
}

/* ---- Doubles */

double
kaa_object__round_double(uint64_t top, int rest, int64_t exponent)
{
    int64_t bits, drop;
    uint64_t half, below;

    if (top == 0)
        return 0;
    bits = 64 - __builtin_clzll(top);
    if (bits + exponent > 1024)
        return (double)INFINITY;
    /* What a double of that size has no room for. */
    drop = bits - 53 > -1074 - exponent ? bits - 53 : -1074 - exponent;
    if (drop <= 0) {
        KAA_ASSERT(!rest);
        return ldexp((double)top, (int)exponent);
    }
    if (drop > 64)
        return 0;
    half = UINT64_C(1) << (drop - 1);
    below = top & (half | (half - 1));
    top = drop == 64 ? 0 : top >> drop;
    if (below > half || (below == half && (rest || (top & 1) != 0)))
        top++;
    return ldexp((double)top, (int)(exponent + drop));
}

double
kaa_object__digits_to_double(const uint64_t *digits, size_t size)
{
    unsigned shift;
    uint64_t top;
    int rest = 0;

    size = kaa_object__digits_trim(digits, size);
    if (size == 0)
        return 0;
    if (size > 16)
        return (double)INFINITY;
    shift = (unsigned)__builtin_clzll(digits[size - 1]);
    top = digits[size - 1] << shift;
    if (size > 1 && shift != 0) {
        top |= digits[size - 2] >> (64 - shift);
        rest = digits[size - 2] << shift != 0;
    } else if (size > 1) {
        rest = digits[size - 2] != 0;
    }
    for (size_t i = 0; i + 2 < size; i++)
        rest |= digits[i] != 0;
    return kaa_object__round_double(top, rest,
                                    (int64_t)size * 64 - 64 - (int64_t)shift);
}

size_t
kaa_object__digits_of_double(double value,
                             uint64_t out[KAA_OBJECT__DOUBLE_DIGITS])
{
    int exponent;
    uint64_t bits = (uint64_t)ldexp(frexp(fabs(value), &exponent), 53);
    unsigned shift;
    size_t at;

    memset(out, 0, KAA_OBJECT__DOUBLE_DIGITS * sizeof(*out));
    exponent -= 53;
    if (exponent <= 0) {
        out[0] = exponent <= -64 ? 0 : bits >> -exponent;
        return out[0] != 0;
    }
    at = (size_t)exponent / 64;
    shift = (unsigned)exponent % 64;
    out[at] = bits << shift;
    if (shift != 0)
        out[at + 1] = bits >> (64 - shift);
    return kaa_object__digits_trim(out, KAA_OBJECT__DOUBLE_DIGITS);
}
