/* kjson/number.c - numbers: exact integers, correctly rounded floats.
 *
 * Integers of up to 18 digits are made as they are read; longer ones are given
 * to kaa_int_from_text().
 *
 * A decimal number w * 10^e whose digits w make an integer of at most 53 bits,
 * and whose power is at most 10^22 either way, is the quotient or product of
 * two doubles that are exact, so that the one operation rounds correctly
 * (Clinger, "How to read floating point numbers accurately", PLDI 1990). Others
 * are left to strtod(), which glibc and musl round correctly too, in the locale
 * "C".
 */
#include "kjson.h"

#include <stdlib.h>

/* As many digits always fit into 64 bits. */
#define DIGITS_MAX 18

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* What was read of a number. */
typedef struct decimal {
    uint64_t digits; /* those that count, as an integer */
    ptrdiff_t count; /* how many; more than DIGITS_MAX: `digits` is nonsense */
    ptrdiff_t after; /* of those, behind the point */
    int64_t exponent;
} decimal;

static int
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *
read_digits(const char *at, decimal *number)
{
    const char *begin = at;

    for (; is_digit(*at); at++)
        number->digits = number->digits * 10 + (uint64_t)(*at - '0');
    number->count += at - begin;
    return at;
}

/* The exponent at an `e`; the end of it, or `at` if it is none. */
static const char *
read_exponent(const char *at, int64_t *out)
{
    const char *digits = at + 1;
    int is_negative = *digits == '-';
    int64_t value = 0;

    if (*digits == '-' || *digits == '+')
        digits++;
    if (!is_digit(*digits))
        return at;
    for (; is_digit(*digits); digits++)
        if (value < 100000)
            value = value * 10 + (*digits - '0');
    *out = is_negative ? -value : value;
    return digits;
}

/* The value of a number whose text begins at `begin`. */
static double
to_double(const kjson_parser *p, const char *begin, const decimal *number)
{
    int64_t exponent = number->exponent - number->after;
    double value;

    if (number->count > DIGITS_MAX || number->digits >> 53 != 0 ||
        exponent < -22 || exponent > 22)
        return strtod_l(begin, NULL, p->state->numbers);
    value = (double)number->digits;
    value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
    return *begin == '-' ? -value : value;
}

kaa_object *
kjson_parse_number(kjson_parser *p)
{
    const char *begin = p->at;
    const char *first = begin + (*begin == '-');
    const char *at = first;
    decimal number = {0, 0, 0, 0};
    int is_float = 0;

    if (*at == '0') {
        at++;
        number.count = 1;
    } else {
        at = read_digits(at, &number);
    }
    if (at == first) {
        kjson_fail(p, "Expecting value", begin);
        return NULL;
    }
    if (*at == '.' && is_digit(at[1])) {
        const char *point = at++;

        at = read_digits(at, &number);
        number.after = at - point - 1;
        is_float = 1;
    }
    if (*at == 'e' || *at == 'E') {
        const char *next = read_exponent(at, &number.exponent);

        is_float |= next != at;
        at = next;
    }
    p->at = at;
    if (is_float)
        return kaa_float_from_double(p->ctx, to_double(p, begin, &number));
    if (number.count > DIGITS_MAX)
        return kaa_int_from_text(p->ctx, begin, (size_t)(at - begin), 10);
    return kaa_int(p->ctx, *begin == '-' ? -(int64_t)number.digits
                                         : (int64_t)number.digits);
}
