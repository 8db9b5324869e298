/* object/numbers/int_arith.c - sums, products, quotients and powers of ints. */
#include <math.h>
#include <string.h>

#include "object/numbers/digits.h"
#include "object/numbers/number.h"

/* The magnitudes' sum, or their difference with its sign. */
static kaa_object *
add_views(kaa_context *ctx, const kaa_object__int_view *a,
          const kaa_object__int_view *b)
{
    int order =
        kaa_object__digits_compare(a->digits, a->size, b->digits, b->size);
    kaa_object *fresh;
    uint64_t *digits;

    if (order < 0) {
        const kaa_object__int_view *other = a;

        a = b;
        b = other;
    }
    fresh = kaa_object__int_alloc(ctx, a->size + 1);
    if (fresh == NULL)
        return NULL;
    digits = kaa_object__int_digits(fresh);
    digits[a->size] = 0;
    if (a->is_negative == b->is_negative)
        digits[a->size] = kaa_object__digits_add(digits, a->digits, a->size,
                                                 b->digits, b->size);
    else
        kaa_object__digits_subtract(digits, a->digits, a->size, b->digits,
                                    b->size);
    return kaa_object__int_finish(ctx, fresh, a->size + 1, a->is_negative);
}

kaa_object *
kaa_object__int_add(kaa_context *ctx, kaa_object *left, kaa_object *right,
                    int subtract)
{
    kaa_object__int_view a, b;

    kaa_object__int_look(left, &a);
    kaa_object__int_look(right, &b);
    b.is_negative ^= subtract;
    return add_views(ctx, &a, &b);
}

kaa_object *
kaa_object__int_negate(kaa_context *ctx, kaa_object *object)
{
    kaa_object__int_view view;

    kaa_object__int_look(object, &view);
    return kaa_object__int_new(ctx, view.digits, view.size, !view.is_negative);
}

kaa_object *
kaa_object__int_multiply(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object__int_view a, b;
    kaa_object *fresh;
    uint64_t *scratch = NULL;
    size_t needed;

    kaa_object__int_look(left, &a);
    kaa_object__int_look(right, &b);
    needed = kaa_object__digits_multiply_scratch(a.size, b.size);
    if (needed != 0) {
        scratch = kaa_object__memory(ctx, needed * sizeof(*scratch));
        if (scratch == NULL)
            return NULL;
    }
    fresh = kaa_object__int_alloc(ctx, a.size + b.size);
    if (fresh != NULL)
        kaa_object__digits_multiply(kaa_object__int_digits(fresh), a.digits,
                                    a.size, b.digits, b.size, scratch);
    if (scratch != NULL)
        kaa_object__memory_free(ctx, scratch);
    if (fresh == NULL)
        return NULL;
    return kaa_object__int_finish(ctx, fresh, a.size + b.size,
                                  a.is_negative != b.is_negative);
}

/* ---- Division */

/* Quotient and remainder of ints in handles, towards negative infinity. */
static void
divmod_small(int64_t a, int64_t b, int64_t *quotient, int64_t *remainder)
{
    *quotient = a / b;
    *remainder = a % b;
    if (*remainder != 0 && (*remainder < 0) != (b < 0)) {
        --*quotient;
        *remainder += b;
    }
}

/* Magnitudes, a not less than b; the objects are fresh and have room for
 * a.size - b.size + 2 and b.size digits. Floors where the signs differ. */
static void
divide_into(uint64_t *quotient, uint64_t *remainder,
            const kaa_object__int_view *a, const kaa_object__int_view *b,
            uint64_t *scratch)
{
    size_t size = a->size - b->size + 1;
    static const uint64_t one = 1;

    kaa_object__digits_divide(quotient, remainder, a->digits, a->size,
                              b->digits, b->size, scratch);
    quotient[size] = 0;
    if (a->is_negative == b->is_negative ||
        kaa_object__digits_trim(remainder, b->size) == 0)
        return;
    kaa_object__digits_add(quotient, quotient, size + 1, &one, 1);
    /* b - remainder, in place of the remainder */
    memcpy(scratch, remainder, b->size * sizeof(*remainder));
    kaa_object__digits_subtract(remainder, b->digits, b->size, scratch,
                                b->size);
}

/* |left| < |right|: 0 and left, or -1 and left + right. */
static int
divmod_less(kaa_context *ctx, kaa_object *left, kaa_object *right,
            const kaa_object__int_view *a, const kaa_object__int_view *b,
            kaa_object **out)
{
    int floors = a->size != 0 && a->is_negative != b->is_negative;

    out[1] = floors ? kaa_object__int_add(ctx, left, right, 0)
                    : kaa_object__int_itself(ctx, left);
    out[0] = kaa_object__int_small(ctx, floors ? -1 : 0);
    return out[1] == NULL ? -1 : 0;
}

static int
divmod_large(kaa_context *ctx, const kaa_object__int_view *a,
             const kaa_object__int_view *b, kaa_object **out)
{
    size_t size = a->size - b->size + 2;
    kaa_object *quotient = kaa_object__int_alloc(ctx, size);
    kaa_object *remainder =
        quotient == NULL ? NULL : kaa_object__int_alloc(ctx, b->size);
    uint64_t *scratch = remainder == NULL
                            ? NULL
                            : kaa_object__memory(ctx, (a->size + 1 + b->size) *
                                                          sizeof(*scratch));

    if (scratch == NULL) {
        if (remainder != NULL)
            kaa_object__discard(ctx, remainder);
        if (quotient != NULL)
            kaa_object__discard(ctx, quotient);
        return -1;
    }
    divide_into(kaa_object__int_digits(quotient),
                kaa_object__int_digits(remainder), a, b, scratch);
    kaa_object__memory_free(ctx, scratch);
    out[0] = kaa_object__int_finish(ctx, quotient, size,
                                    a->is_negative != b->is_negative);
    out[1] = kaa_object__int_finish(ctx, remainder, b->size, b->is_negative);
    return 0;
}

int
kaa_object__int_divmod(kaa_context *ctx, kaa_object *left, kaa_object *right,
                       kaa_object **out_quotient, kaa_object **out_remainder)
{
    kaa_object__int_view a, b;
    kaa_object *parts[2];
    int result;

    if (right == kaa_object__int_small(ctx, 0) ||
        right == kaa_object__constant(KAA_FALSE))
        return kaa_object__raise_text(
            ctx, KAA_ZERO_DIVISION_ERROR, "%s",
            out_quotient == NULL ? "integer modulo by zero"
                                 : "integer division or modulo by zero");
    if (kaa_object__is_int_tag(left) && kaa_object__is_int_tag(right)) {
        int64_t quotient, remainder;

        divmod_small(kaa_object__tagged_int(left),
                     kaa_object__tagged_int(right), &quotient, &remainder);
        parts[1] = kaa_object__int_small(ctx, remainder);
        parts[0] = kaa_object__int_small(ctx, quotient);
        result = parts[0] == NULL ? -1 : 0;
    } else {
        kaa_object__int_look(left, &a);
        kaa_object__int_look(right, &b);
        result =
            kaa_object__digits_compare(a.digits, a.size, b.digits, b.size) < 0
                ? divmod_less(ctx, left, right, &a, &b, parts)
                : divmod_large(ctx, &a, &b, parts);
    }
    if (result < 0)
        return -1;
    if (out_quotient != NULL)
        *out_quotient = parts[0];
    else
        kaa_decref(ctx, parts[0]);
    if (out_remainder != NULL)
        *out_remainder = parts[1];
    else
        kaa_decref(ctx, parts[1]);
    return 0;
}

/* Writes a << bits with one digit more than are needed for it; how many. */
static size_t
shift_out(uint64_t *out, const uint64_t *a, size_t size, size_t bits)
{
    size_t whole = bits / 64;

    memset(out, 0, whole * sizeof(*out));
    out[whole + size] =
        kaa_object__digits_shift_left(out + whole, a, size, bits % 64);
    return kaa_object__digits_trim(out, whole + size + 1);
}

/* The quotient is made to have 58 or 59 bits by shifting one of the two: more
 * than a double keeps, and what is lost is in the remainder. */
int
kaa_object__digits_ratio(kaa_context *ctx, const uint64_t *a, size_t a_size,
                         const uint64_t *b, size_t b_size, double *out)
{
    int64_t shift;
    size_t a_room, b_room, quotient_size;
    uint64_t *memory, *quotient, *scratch, top;
    int rest;

    if (a_size == 0) {
        *out = 0;
        return 0;
    }
    shift = (int64_t)kaa_object__digits_bits(a, a_size) -
            (int64_t)kaa_object__digits_bits(b, b_size) - 58;
    if (shift > 1024 || shift < -1200) {
        *out = shift > 0 ? (double)INFINITY : 0;
        return 0;
    }
    a_room = a_size + 2 + (shift < 0 ? (size_t)-shift / 64 : 0);
    b_room = b_size + 2 + (shift > 0 ? (size_t)shift / 64 : 0);
    memory = kaa_object__memory(ctx, (3 * a_room + 3 * b_room + 4) *
                                         sizeof(*memory));
    if (memory == NULL)
        return -1;
    a_size = shift_out(memory, a, a_size, shift < 0 ? (size_t)-shift : 0);
    b_size =
        shift_out(memory + a_room, b, b_size, shift > 0 ? (size_t)shift : 0);
    quotient = memory + a_room + b_room;
    scratch = quotient + a_room + 1;
    quotient_size = a_size - b_size + 1;
    kaa_object__digits_divide(quotient, scratch, memory, a_size,
                              memory + a_room, b_size, scratch + b_size);
    rest = kaa_object__digits_trim(scratch, b_size) != 0;
    KAA_ASSERT(kaa_object__digits_trim(quotient, quotient_size) == 1);
    top = quotient[0];
    kaa_object__memory_free(ctx, memory);
    *out = kaa_object__round_double(top, rest, shift);
    return 0;
}

kaa_object *
kaa_object__int_true_divide(kaa_context *ctx, kaa_object *left,
                            kaa_object *right)
{
    kaa_object__int_view a, b;
    double value;

    kaa_object__int_look(left, &a);
    kaa_object__int_look(right, &b);
    if (b.size == 0) {
        kaa_object__raise_text(ctx, KAA_ZERO_DIVISION_ERROR,
                               "division by zero");
        return NULL;
    }
    if (a.size <= 1 && b.size <= 1 && (a.size == 0 || a.digits[0] >> 53 == 0) &&
        b.digits[0] >> 53 == 0)
        value = (a.size == 0 ? 0.0 : (double)a.digits[0]) / (double)b.digits[0];
    else if (kaa_object__digits_ratio(ctx, a.digits, a.size, b.digits, b.size,
                                      &value) < 0)
        return NULL;
    if (isinf(value)) {
        kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                               "integer division result too large for a float");
        return NULL;
    }
    return kaa_object__float_from_double(
        ctx, a.is_negative != b.is_negative ? -value : value);
}

/* ---- Powers */

/* 0, 1 and -1, whose powers have no size; NULL: another base. */
static kaa_object *
power_of_unit(kaa_context *ctx, const kaa_object__int_view *base,
              const kaa_object__int_view *exponent)
{
    if (exponent->size == 0)
        return kaa_object__int_small(ctx, 1);
    if (base->size == 0)
        return kaa_object__int_small(ctx, 0);
    if (base->size == 1 && base->digits[0] == 1)
        return kaa_object__int_small(
            ctx, base->is_negative && (exponent->digits[0] & 1) != 0 ? -1 : 1);
    return NULL;
}

/* Squares from the highest bit of the exponent down; it is not negative. */
kaa_object *
kaa_object__int_power(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object__int_view base, exponent;
    kaa_object *result, *next;
    size_t bits;

    kaa_object__int_look(left, &base);
    kaa_object__int_look(right, &exponent);
    result = power_of_unit(ctx, &base, &exponent);
    if (result != NULL)
        return result;
    bits = kaa_object__digits_bits(base.digits, base.size) - 1;
    /* No memory would do: do not begin. */
    if (exponent.size > 1 || (exponent.digits[0] >> 40) != 0 ||
        (kaa_object__wide)bits * exponent.digits[0] > (UINT64_C(1) << 42)) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    result = kaa_object__int_itself(ctx, left);
    for (int i = 62 - __builtin_clzll(exponent.digits[0]);
         i >= 0 && result != NULL; i--) {
        next = kaa_object__int_multiply(ctx, result, result);
        kaa_decref(ctx, result);
        result = next;
        if (result != NULL && (exponent.digits[0] >> i & 1) != 0) {
            next = kaa_object__int_multiply(ctx, result, left);
            kaa_decref(ctx, result);
            result = next;
        }
    }
    return result;
}
