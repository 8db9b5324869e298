/* object/numbers/int_bits.c - ints as two's complement of endless length:
 * shifts, bitwise operators, and bytes. */
#include <string.h>

#include "object/numbers/digits.h"
#include "object/numbers/number.h"

/* More bits than any memory has. */
#define SHIFT_MAX (UINT64_C(1) << 46)

static kaa_object *
shift_left(kaa_context *ctx, const kaa_object__int_view *view, size_t bits)
{
    size_t whole = bits / 64, size = view->size + whole + 1;
    kaa_object *fresh = kaa_object__int_alloc(ctx, size);
    uint64_t *digits;

    if (fresh == NULL)
        return NULL;
    digits = kaa_object__int_digits(fresh);
    memset(digits, 0, whole * sizeof(*digits));
    digits[size - 1] = kaa_object__digits_shift_left(
        digits + whole, view->digits, view->size, bits % 64);
    return kaa_object__int_finish(ctx, fresh, size, view->is_negative);
}

/* Towards negative infinity: a bit of a negative int that falls out makes its
 * magnitude one more. */
static kaa_object *
shift_right(kaa_context *ctx, const kaa_object__int_view *view, size_t bits)
{
    size_t whole = bits / 64, size;
    kaa_object *fresh;
    uint64_t *digits, lost = 0;
    static const uint64_t one = 1;

    if (whole >= view->size)
        return kaa_object__int_small(ctx, view->is_negative ? -1 : 0);
    size = view->size - whole;
    fresh = kaa_object__int_alloc(ctx, size + 1);
    if (fresh == NULL)
        return NULL;
    digits = kaa_object__int_digits(fresh);
    for (size_t i = 0; i < whole; i++)
        lost |= view->digits[i];
    if (bits % 64 != 0)
        lost |= view->digits[whole] << (64 - bits % 64);
    kaa_object__digits_shift_right(digits, view->digits + whole, size,
                                   bits % 64);
    digits[size] = 0;
    if (view->is_negative && lost != 0)
        kaa_object__digits_add(digits, digits, size + 1, &one, 1);
    return kaa_object__int_finish(ctx, fresh, size + 1, view->is_negative);
}

kaa_object *
kaa_object__int_shift(kaa_context *ctx, kaa_object *left, kaa_object *right,
                      int op)
{
    kaa_object__int_view view, count;
    int is_endless;

    kaa_object__int_look(left, &view);
    kaa_object__int_look(right, &count);
    if (count.is_negative) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "negative shift count");
        return NULL;
    }
    if (view.size == 0)
        return kaa_object__int_small(ctx, 0);
    if (count.size == 0)
        return kaa_object__int_itself(ctx, left);
    is_endless = count.size > 1 || count.digits[0] > SHIFT_MAX;
    if (op == KAA_RSHIFT)
        return is_endless
                   ? kaa_object__int_small(ctx, view.is_negative ? -1 : 0)
                   : shift_right(ctx, &view, (size_t)count.digits[0]);
    if (is_endless) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    return shift_left(ctx, &view, (size_t)count.digits[0]);
}

/* The digits of an int in two's complement, one by one. */
typedef struct complement {
    const kaa_object__int_view *view;
    uint64_t carry;
} complement;

static uint64_t
next_digit(complement *number, size_t index)
{
    const kaa_object__int_view *view = number->view;
    uint64_t digit = index < view->size ? view->digits[index] : 0;

    if (!view->is_negative)
        return digit;
    digit = ~digit + number->carry;
    number->carry = number->carry != 0 && digit == 0;
    return digit;
}

static uint64_t
combine(uint64_t a, uint64_t b, int op)
{
    return op == KAA_AND ? a & b : op == KAA_OR ? a | b : a ^ b;
}

kaa_object *
kaa_object__int_bitwise(kaa_context *ctx, kaa_object *left, kaa_object *right,
                        int op)
{
    kaa_object__int_view a, b;
    complement x = {&a, 1}, y = {&b, 1};
    kaa_object *fresh;
    uint64_t *digits, carry = 1;
    size_t size;
    int is_negative;

    if (kaa_object__is_int_tag(left) && kaa_object__is_int_tag(right))
        return kaa_object__int_small(
            ctx, (int64_t)combine((uint64_t)kaa_object__tagged_int(left),
                                  (uint64_t)kaa_object__tagged_int(right), op));
    kaa_object__int_look(left, &a);
    kaa_object__int_look(right, &b);
    size = (a.size > b.size ? a.size : b.size) + 1;
    fresh = kaa_object__int_alloc(ctx, size);
    if (fresh == NULL)
        return NULL;
    digits = kaa_object__int_digits(fresh);
    for (size_t i = 0; i < size; i++) {
        uint64_t first = next_digit(&x, i);

        digits[i] = combine(first, next_digit(&y, i), op);
    }
    is_negative = digits[size - 1] >> 63 != 0;
    for (size_t i = 0; is_negative && i < size; i++) {
        digits[i] = ~digits[i] + carry;
        carry = carry != 0 && digits[i] == 0;
    }
    return kaa_object__int_finish(ctx, fresh, size, is_negative);
}

/* ---- Bytes */

kaa_object *
kaa_object__int_from_bytes(kaa_context *ctx, const void *bytes, size_t size,
                           int is_big_endian, int is_signed)
{
    const unsigned char *from = bytes;
    size_t count = size / 8 + 1;
    int is_negative;
    kaa_object *fresh;
    uint64_t *digits, carry = 1;

    if (size == 0)
        return kaa_object__int_small(ctx, 0);
    is_negative = is_signed && (from[is_big_endian ? 0 : size - 1] & 0x80) != 0;
    fresh = kaa_object__int_alloc(ctx, count);
    if (fresh == NULL)
        return NULL;
    digits = kaa_object__int_digits(fresh);
    memset(digits, is_negative ? 0xFF : 0, count * sizeof(*digits));
    for (size_t i = 0; i < size; i++) {
        unsigned shift = (unsigned)(i % 8) * 8;

        digits[i / 8] &= ~(UINT64_C(0xFF) << shift);
        digits[i / 8] |= (uint64_t)from[is_big_endian ? size - 1 - i : i]
                         << shift;
    }
    for (size_t i = 0; is_negative && i < count; i++) {
        digits[i] = ~digits[i] + carry;
        carry = carry != 0 && digits[i] == 0;
    }
    return kaa_object__int_finish(ctx, fresh, count, is_negative);
}

/* Whether an int needs more than `size` bytes. */
static int
is_too_big(const kaa_object__int_view *view, size_t size, int is_signed)
{
    size_t bits = kaa_object__digits_bits(view->digits, view->size);

    if (!is_signed)
        return bits > size * 8;
    if (bits < size * 8 || view->size == 0)
        return 0;
    /* Just -2^(8 * size - 1) has its top bit set and fits. */
    if (!view->is_negative || bits > size * 8)
        return 1;
    for (size_t i = 0; i + 1 < view->size; i++)
        if (view->digits[i] != 0)
            return 1;
    return (view->digits[view->size - 1] &
            (view->digits[view->size - 1] - 1)) != 0;
}

int
kaa_object__int_as_bytes(kaa_context *ctx, kaa_object *object, void *bytes,
                         size_t size, int is_big_endian, int is_signed)
{
    kaa_object__int_view view;
    complement number = {&view, 1};
    unsigned char *to = bytes;
    uint64_t digit = 0;

    if (!kaa_object__is_int(object))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "expected int, not %s",
            kaa_object__borrow_type(ctx, object)->name);
    kaa_object__int_look(object, &view);
    if (view.is_negative && !is_signed)
        return kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                                      "can't convert negative int to unsigned");
    if (is_too_big(&view, size, is_signed))
        return kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                                      "int too big to convert");
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0)
            digit = next_digit(&number, i / 8);
        to[is_big_endian ? size - 1 - i : i] = (unsigned char)digit;
        digit >>= 8;
    }
    return 0;
}
