/* object/numbers/int_parts.c - how ints are made of digits and looked at. */
#include <math.h>

#include "object/numbers/digits.h"
#include "object/numbers/number.h"

void
kaa_object__int_look(const kaa_object *object, kaa_object__int_view *out)
{
    if (kaa_is_tagged(object)) {
        int64_t value = kaa_object__is_int_tag(object)
                            ? kaa_object__tagged_int(object)
                            : object == kaa_object__constant(KAA_TRUE);

        out->is_negative = value < 0;
        out->own[0] = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        out->digits = out->own;
        out->size = value != 0;
    } else {
        const kaa_object__int *self =
            (const kaa_object__int *)(const void *)object;

        out->is_negative = self->size < 0;
        out->digits = self->digits;
        out->size = (size_t)(self->size < 0 ? -self->size : self->size);
    }
}

kaa_object *
kaa_object__int_alloc(kaa_context *ctx, size_t size)
{
    kaa_object *fresh;

    if (size > PTRDIFF_MAX / 64) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    fresh = kaa_object__new(ctx, kaa_object__builtin(ctx, KAA_INT_TYPE),
                            sizeof(kaa_object__int) +
                                (size == 0 ? 1 : size) * sizeof(uint64_t),
                            KAA_HEAP_OBJECT_PLAIN);
    if (fresh != NULL)
        ((kaa_object__int *)(void *)fresh)->size = 0;
    return fresh;
}

/* Whether a magnitude of one digit fits into a handle. */
static int
is_small(uint64_t digit, int is_negative)
{
    return digit <= (uint64_t)KAA_OBJECT__INT_MAX + (is_negative ? 1 : 0);
}

static kaa_object *
small(uint64_t digit, int is_negative)
{
    uint64_t value = is_negative ? 0 - digit : digit;

    return (kaa_object *)(uintptr_t)(value * 2 + 1);
}

kaa_object *
kaa_object__int_finish(kaa_context *ctx, kaa_object *fresh, size_t size,
                       int is_negative)
{
    kaa_object__int *self = (kaa_object__int *)(void *)fresh;

    size = kaa_object__digits_trim(self->digits, size);
    if (size == 0 || (size == 1 && is_small(self->digits[0], is_negative))) {
        uint64_t digit = size == 0 ? 0 : self->digits[0];

        kaa_object__discard(ctx, fresh);
        return small(digit, is_negative);
    }
    self->size = is_negative ? -(int64_t)size : (int64_t)size;
    return fresh;
}

kaa_object *
kaa_object__int_new(kaa_context *ctx, const uint64_t *digits, size_t size,
                    int is_negative)
{
    kaa_object *fresh;

    size = kaa_object__digits_trim(digits, size);
    if (size == 0 || (size == 1 && is_small(digits[0], is_negative)))
        return small(size == 0 ? 0 : digits[0], is_negative);
    fresh = kaa_object__int_alloc(ctx, size);
    if (fresh == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++)
        kaa_object__int_digits(fresh)[i] = digits[i];
    return kaa_object__int_finish(ctx, fresh, size, is_negative);
}

/* ---- Order */

int
kaa_object__order_truth(int order, int op)
{
    switch (op) {
    case KAA_LT:
        return order == -1;
    case KAA_LE:
        return order == -1 || order == 0;
    case KAA_EQ:
        return order == 0;
    case KAA_NE:
        return order != 0;
    case KAA_GT:
        return order == 1;
    default:
        return order == 1 || order == 0;
    }
}

static int
order_views(const kaa_object__int_view *a, const kaa_object__int_view *b)
{
    int order;

    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    order = kaa_object__digits_compare(a->digits, a->size, b->digits, b->size);
    return a->is_negative ? -order : order;
}

int
kaa_object__int_order(const kaa_object *left, const kaa_object *right)
{
    kaa_object__int_view a, b;

    if (kaa_object__is_int_tag(left) && kaa_object__is_int_tag(right)) {
        int64_t x = kaa_object__tagged_int(left);
        int64_t y = kaa_object__tagged_int(right);

        return (x > y) - (x < y);
    }
    kaa_object__int_look(left, &a);
    kaa_object__int_look(right, &b);
    return order_views(&a, &b);
}

int
kaa_object__int_order_double(const kaa_object *left, double right)
{
    kaa_object__int_view a, b;
    uint64_t digits[KAA_OBJECT__DOUBLE_DIGITS];
    double whole;
    int order;

    if (isnan(right))
        return 2;
    if (isinf(right))
        return right > 0 ? -1 : 1;
    kaa_object__int_look(left, &a);
    whole = trunc(right);
    b.digits = digits;
    b.size = kaa_object__digits_of_double(whole, digits);
    b.is_negative = whole < 0;
    order = order_views(&a, &b);
    if (order == 0 && whole != right)
        order = right > whole ? -1 : 1;
    return order;
}

/* ---- Doubles */

int
kaa_object__int_to_double(kaa_context *ctx, const kaa_object *object,
                          double *out)
{
    kaa_object__int_view view;
    double value;

    if (kaa_object__is_int_tag(object)) {
        *out = (double)kaa_object__tagged_int(object);
        return 0;
    }
    kaa_object__int_look(object, &view);
    value = kaa_object__digits_to_double(view.digits, view.size);
    if (isinf(value))
        return kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                                      "int too large to convert to float");
    *out = view.is_negative ? -value : value;
    return 0;
}

kaa_object *
kaa_object__int_of_double(kaa_context *ctx, double value)
{
    uint64_t digits[KAA_OBJECT__DOUBLE_DIGITS];
    size_t size;

    if (isnan(value)) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "cannot convert float NaN to integer");
        return NULL;
    }
    if (isinf(value)) {
        kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                               "cannot convert float infinity to integer");
        return NULL;
    }
    size = kaa_object__digits_of_double(trunc(value), digits);
    return kaa_object__int_new(ctx, digits, size, value < 0);
}
