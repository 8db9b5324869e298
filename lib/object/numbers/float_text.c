/* object/numbers/float_text.c - doubles to and from decimal text, exactly.
 *
 * To text: Raffaello Giulietti's Schubfach ("The Schubfach way to render
 * doubles", 2020): the shortest decimal that reads back as the same double, and
 * of those the nearest, from three products with a 128-bit power of ten.
 *
 * From text: Daniel Lemire's algorithm ("Number parsing at a gigabyte per
 * second", 2021): the product of up to 19 digits with a 128-bit power of ten
 * nearly always decides the rounding. Where it does not, or where more digits
 * matter, the quotient of two ints does.
 *
 * Neither asks the locale.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "object/numbers/digits.h"
#include "object/numbers/number.h"

typedef kaa_object__wide wide;

#define POWER_MIN (-342)
#define POWER_MAX 324

typedef struct power {
    uint64_t high, low;
} power;

static const power powers[] = {
#define POWER(high, low) {UINT64_C(high), UINT64_C(low)},
#include "object/numbers/powers.def"
#undef POWER
};

/* floor(k * log2(10)), floor(e * log10(2)), and the latter of 3/4 of it; right
 * for all exponents of doubles. */
static int
log2_of_ten_power(int k)
{
    return (int)(((int64_t)k * 1741647) >> 19);
}

static int
log10_of_two_power(int e)
{
    return (int)(((int64_t)e * 1262611) >> 22);
}

static int
log10_of_three_quarters(int e)
{
    return (int)(((int64_t)e * 1262611 - 524031) >> 22);
}

/* ---- To text */

/* The power rounded up. Those of 5^0 to 5^55 are whole in 128 bits. */
static power
power_above(int k)
{
    power result = powers[k - POWER_MIN];

    if (k < 0 || k > 55) {
        result.low++;
        result.high += result.low == 0;
    }
    return result;
}

/* The top bits of a product, the last of which says whether more followed. */
static uint64_t
multiply_odd(power factor, uint64_t other)
{
    wide low = (wide)factor.low * other;
    wide high = (wide)factor.high * other + (uint64_t)(low >> 64);

    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* The shortest decimal of a positive double. Four times the double and its
 * neighbours' midpoints are compared as integers. */
static decimal
shorten(uint64_t fraction, int biased)
{
    uint64_t c = biased != 0 ? fraction | UINT64_C(1) << 52 : fraction;
    int q = (biased != 0 ? biased : 1) - 1075;
    int is_odd = (int)(c & 1), is_edge = fraction == 0 && biased > 1;
    int k, h, is_below, is_above;
    uint64_t lower, middle, upper, s;
    power factor;

    if (q <= 0 && q > -53 && (c & ((UINT64_C(1) << -q) - 1)) == 0)
        return (decimal){c >> -q, 0}; /* an integer that is not large */
    k = is_edge ? log10_of_three_quarters(q) : log10_of_two_power(q);
    h = q + log2_of_ten_power(-k) + 1;
    factor = power_above(-k);
    lower = multiply_odd(factor, (4 * c - 2 + (uint64_t)is_edge) << h);
    middle = multiply_odd(factor, (4 * c) << h);
    upper = multiply_odd(factor, (4 * c + 2) << h);
    lower += (uint64_t)is_odd;
    upper -= (uint64_t)is_odd;
    s = middle / 4;
    if (s >= 10) {
        uint64_t ten = s / 10;

        is_below = lower <= 40 * ten;
        is_above = 40 * ten + 40 <= upper;
        if (is_below != is_above)
            return (decimal){ten + (uint64_t)is_above, k + 1};
    }
    is_below = lower <= 4 * s;
    is_above = 4 * s + 4 <= upper;
    if (is_below != is_above)
        return (decimal){s + (uint64_t)is_above, k};
    is_above = middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1) != 0);
    return (decimal){s + (uint64_t)is_above, k};
}

/* Writes digits with a point after the first `before`, as repr() does: what is
 * between 1e-4 and 1e16 without an exponent. */
static size_t
lay_out(char *out, const char *digits, int count, int before)
{
    char *to = out;

    if (before > 16 || before < -3) {
        *to++ = digits[0];
        if (count > 1) {
            *to++ = '.';
            memcpy(to, digits + 1, (size_t)count - 1);
            to += count - 1;
        }
        to += snprintf(to, 8, "e%c%02d", before > 0 ? '+' : '-',
                       before > 0 ? before - 1 : 1 - before);
        return (size_t)(to - out);
    }
    if (before <= 0) {
        *to++ = '0';
        *to++ = '.';
        memset(to, '0', (size_t)-before);
        to += -before;
        memcpy(to, digits, (size_t)count);
        to += count;
    } else {
        int whole = count < before ? count : before;

        memcpy(to, digits, (size_t)whole);
        to += whole;
        memset(to, '0', (size_t)(before - whole));
        to += before - whole;
        *to++ = '.';
        if (count > before) {
            memcpy(to, digits + before, (size_t)(count - before));
            to += count - before;
        } else {
            *to++ = '0';
        }
    }
    *to = '\0';
    return (size_t)(to - out);
}

size_t
kaa_object__double_text(double value, char out[32])
{
    uint64_t bits;
    decimal shortest;
    char digits[20], *end = digits + sizeof(digits), *start = end;
    size_t sign = 0;

    memcpy(&bits, &value, sizeof(bits));
    if (isnan(value)) {
        memcpy(out, "nan", 4);
        return 3;
    }
    if (bits >> 63 != 0)
        out[sign++] = '-';
    if (isinf(value)) {
        memcpy(out + sign, "inf", 4);
        return sign + 3;
    }
    if (bits << 1 == 0) {
        memcpy(out + sign, "0.0", 4);
        return sign + 3;
    }
    shortest =
        shorten(bits & ((UINT64_C(1) << 52) - 1), (int)(bits >> 52 & 0x7FF));
    while (shortest.digits % 10 == 0) {
        shortest.digits /= 10;
        shortest.exponent++;
    }
    for (; shortest.digits != 0; shortest.digits /= 10)
        *--start = (char)('0' + shortest.digits % 10);
    return sign + lay_out(out + sign, start, (int)(end - start),
                          (int)(end - start) + shortest.exponent);
}

/* ---- From text */

/* digits * 10^exponent, rounded; 0: undecided. */
static int
decide(uint64_t digits, int64_t exponent, double *out)
{
    power factor;
    wide first;
    uint64_t high, low, mantissa;
    int zeros, upper, binary;

    if (digits == 0 || exponent < POWER_MIN) {
        *out = 0;
        return 1;
    }
    if (exponent > 308) {
        *out = (double)INFINITY;
        return 1;
    }
    /* Rounded up where a tie is possible, so that it shows as one. */
    factor = exponent >= -27 && exponent < 0 ? power_above((int)exponent)
                                             : powers[exponent - POWER_MIN];
    zeros = __builtin_clzll(digits);
    digits <<= zeros;
    first = (wide)digits * factor.high;
    high = (uint64_t)(first >> 64);
    low = (uint64_t)first;
    if ((high & 0x1FF) == 0x1FF) {
        uint64_t more = (uint64_t)((wide)digits * factor.low >> 64);

        low += more;
        high += low < more;
    }
    if (low == UINT64_MAX && (exponent < -27 || exponent > 55))
        return 0;
    upper = (int)(high >> 63);
    mantissa = high >> (upper + 9);
    binary = log2_of_ten_power((int)exponent) + 63 + upper - zeros + 1023;
    if (binary <= 0) { /* subnormal, or nearly */
        if (1 - binary >= 64) {
            *out = 0;
            return 1;
        }
        mantissa >>= 1 - binary;
        mantissa = (mantissa + (mantissa & 1)) >> 1;
        *out = ldexp((double)mantissa, -1074);
        return 1;
    }
    /* Just between two doubles: the even one. */
    if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 &&
        mantissa << (upper + 9) == high)
        mantissa &= ~UINT64_C(1);
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    *out = ldexp((double)mantissa, binary - 1023 - 52);
    return 1;
}

/* A decimal text, looked through. */
typedef struct scanned {
    uint64_t digits;  /* the first 19 that count */
    int64_t exponent; /* of those */
    size_t count;     /* digits from the first that is not 0 */
    const char *from; /* where that is */
    const char *end;  /* of the digits */
    int has_more;     /* digits beyond 19 that are not 0 */
} scanned;

/* Reads digits with underscores between them; where they end. */
static const char *
scan_digits(scanned *number, const char *at, const char *end, int is_fraction)
{
    const char *start = at;

    for (; at < end; at++) {
        if (*at == '_') {
            if (at == start || at[-1] == '_' || at + 1 == end || at[1] < '0' ||
                at[1] > '9')
                break;
            continue;
        }
        if (*at < '0' || *at > '9')
            break;
        if (number->count == 0 && *at == '0') {
            number->exponent -= is_fraction;
            continue;
        }
        if (number->count == 0)
            number->from = at;
        if (number->count++ < KAA_OBJECT__TEN_DIGITS) {
            number->digits = number->digits * 10 + (uint64_t)(*at - '0');
            number->exponent -= is_fraction;
        } else {
            number->exponent += !is_fraction;
            number->has_more |= *at != '0';
        }
    }
    return at;
}

/* An exponent far beyond what a double has is cut. */
static const char *
scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    const char *digits = at + 1;
    int is_negative = 0;
    int64_t value = 0;

    if (at == end || (*at != 'e' && *at != 'E'))
        return at;
    if (digits < end && (*digits == '+' || *digits == '-'))
        is_negative = *digits++ == '-';
    if (digits == end || *digits < '0' || *digits > '9')
        return at;
    for (at = digits; at < end; at++) {
        if (*at == '_' && at[-1] != '_' && at + 1 < end && at[1] >= '0' &&
            at[1] <= '9')
            continue;
        if (*at < '0' || *at > '9')
            break;
        if (value < INT64_MAX / 100)
            value = value * 10 + (*at - '0');
    }
    *exponent += is_negative ? -value : value;
    return at;
}

/* The same by ints: as many digits as can matter, and one for all the others
 * (a double's midpoint has up to 768). */
#define DIGITS_MAX 800

static size_t
multiply_ten_power(uint64_t *digits, size_t size, int64_t exponent)
{
    while (exponent > 0) {
        int64_t step = exponent < 19 ? exponent : 19;
        uint64_t factor = 1, carry;

        for (int64_t i = 0; i < step; i++)
            factor *= 10;
        carry =
            kaa_object__digits_multiply_small(digits, digits, size, factor, 0);
        if (carry != 0)
            digits[size++] = carry;
        exponent -= step;
    }
    return size;
}

static int
decide_exactly(kaa_context *ctx, const scanned *number, double *out)
{
    /* 800 digits are 42 words; 10^1200 is 63 */
    uint64_t a[128] = {0}, b[128] = {1};
    size_t a_size = 0, b_size = 1, taken = 0;
    int64_t exponent = number->exponent;
    int rest = 0;

    if (number->count > KAA_OBJECT__TEN_DIGITS)
        exponent -= (int64_t)(number->count - KAA_OBJECT__TEN_DIGITS);
    for (const char *at = number->from; at < number->end; at++) {
        uint64_t carry;

        if (*at == '_' || *at == '.')
            continue;
        if (taken == DIGITS_MAX) {
            rest |= *at != '0';
            exponent++;
            continue;
        }
        carry = kaa_object__digits_multiply_small(a, a, a_size, 10,
                                                  (uint64_t)(*at - '0'));
        if (carry != 0)
            a[a_size++] = carry;
        taken++;
    }
    if (rest) {
        uint64_t carry = kaa_object__digits_multiply_small(a, a, a_size, 10, 1);

        if (carry != 0)
            a[a_size++] = carry;
        exponent--;
    }
    if (exponent > 0)
        a_size = multiply_ten_power(a, a_size, exponent);
    else
        b_size = multiply_ten_power(b, 1, -exponent);
    return kaa_object__digits_ratio(ctx, a, a_size, b, b_size, out) < 0 ? -1
                                                                        : 1;
}

static int
parse_decimal(kaa_context *ctx, const char *text, const char *end, double *out)
{
    scanned number = {0};
    const char *at = scan_digits(&number, text, end, 0);
    int any = at > text;
    double above;

    if (at < end && *at == '.') {
        const char *fraction = at + 1;

        at = scan_digits(&number, fraction, end, 1);
        any |= at > fraction;
    }
    if (!any)
        return 0;
    number.end = at;
    if (scan_exponent(at, end, &number.exponent) != end)
        return 0;
    if (!decide(number.digits, number.exponent, out) ||
        (number.has_more &&
         (!decide(number.digits + 1, number.exponent, &above) ||
          above != *out)))
        return decide_exactly(ctx, &number, out);
    return 1;
}

static int
is_word(const char *text, size_t size, const char *word)
{
    size_t i = 0;

    for (; i < size && word[i] != '\0'; i++)
        if ((text[i] | 0x20) != word[i])
            return 0;
    return i == size && word[i] == '\0';
}

int
kaa_object__double_parse(kaa_context *ctx, const char *text, size_t size,
                         double *out)
{
    int is_negative = 0, result = 1;
    double value = 0;

    if (size > 0 && (*text == '+' || *text == '-')) {
        is_negative = *text == '-';
        text++;
        size--;
    }
    if (is_word(text, size, "inf") || is_word(text, size, "infinity"))
        value = (double)INFINITY;
    else if (is_word(text, size, "nan"))
        value = (double)NAN;
    else
        result = parse_decimal(ctx, text, text + size, &value);
    if (result > 0)
        *out = is_negative ? -value : value;
    return result;
}
