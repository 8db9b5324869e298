/* object/numbers/int.c - the type int, and ints to and from C's integers.
 *
 * An int of up to 63 bits is its own handle; every result comes back to that
 * form if it can: int_parts.c. Operations on long ints do not let other threads
 * run: nothing here polls.
 */
#include "object/numbers/int.h"

#include "object/numbers/digits.h"
#include "object/numbers/number.h"
#include "object/text/str.h"

kaa_object *
kaa_object__int_from_int64(kaa_context *ctx, int64_t value)
{
    uint64_t digit = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    if (value >= KAA_OBJECT__INT_MIN && value <= KAA_OBJECT__INT_MAX)
        return (kaa_object *)(uintptr_t)((uint64_t)value * 2 + 1);
    return kaa_object__int_new(ctx, &digit, 1, value < 0);
}

kaa_object *
kaa_object__int_from_uint64(kaa_context *ctx, uint64_t value)
{
    return kaa_object__int_new(ctx, &value, 1, 0);
}

/* The object as an int: itself, or what __index__ gives. A new reference. */
static kaa_object *
to_index(kaa_context *ctx, kaa_object *object)
{
    if (KAA_LIKELY(kaa_object__is_int(object)))
        return kaa_incref(ctx, object);
    return kaa_object__index(ctx, object);
}

static int
too_big(kaa_context *ctx)
{
    return kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                                  "int too big to convert");
}

int
kaa_object__int_as_int64(kaa_context *ctx, kaa_object *object, int64_t *out)
{
    kaa_object *number = to_index(ctx, object);
    kaa_object__int_view view;
    uint64_t limit;
    int result = 0;

    if (number == NULL)
        return -1;
    kaa_object__int_look(number, &view);
    limit = (uint64_t)INT64_MAX + (view.is_negative ? 1 : 0);
    if (view.size > 1 || (view.size == 1 && view.digits[0] > limit))
        result = too_big(ctx);
    else if (view.size == 0)
        *out = 0;
    else if (view.is_negative)
        *out = -(int64_t)(view.digits[0] - 1) - 1;
    else
        *out = (int64_t)view.digits[0];
    kaa_decref(ctx, number);
    return result;
}

int
kaa_object__int_as_uint64(kaa_context *ctx, kaa_object *object, uint64_t *out)
{
    kaa_object *number = to_index(ctx, object);
    kaa_object__int_view view;
    int result = 0;

    if (number == NULL)
        return -1;
    kaa_object__int_look(number, &view);
    if (view.is_negative)
        result = kaa_object__raise_text(
            ctx, KAA_OVERFLOW_ERROR, "can't convert negative int to unsigned");
    else if (view.size > 1)
        result = too_big(ctx);
    else
        *out = view.size == 0 ? 0 : view.digits[0];
    kaa_decref(ctx, number);
    return result;
}

int
kaa_object__int_as_uint64_mask(kaa_context *ctx, kaa_object *object,
                               uint64_t *out)
{
    kaa_object *number = to_index(ctx, object);
    kaa_object__int_view view;
    uint64_t digit;

    if (number == NULL)
        return -1;
    kaa_object__int_look(number, &view);
    digit = view.size == 0 ? 0 : view.digits[0];
    *out = view.is_negative ? 0 - digit : digit;
    kaa_decref(ctx, number);
    return 0;
}

static int
expect_int(kaa_context *ctx, kaa_object *object)
{
    if (KAA_LIKELY(kaa_object__is_int(object)))
        return 0;
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "expected int, not %s",
                                  kaa_object__borrow_type(ctx, object)->name);
}

int
kaa_object__int_sign(kaa_context *ctx, kaa_object *object, int *out)
{
    kaa_object__int_view view;

    if (expect_int(ctx, object) < 0)
        return -1;
    kaa_object__int_look(object, &view);
    *out = view.size == 0 ? 0 : view.is_negative ? -1 : 1;
    return 0;
}

ptrdiff_t
kaa_object__int_bit_length(kaa_context *ctx, kaa_object *object)
{
    kaa_object__int_view view;

    if (expect_int(ctx, object) < 0)
        return -1;
    kaa_object__int_look(object, &view);
    return (ptrdiff_t)kaa_object__digits_bits(view.digits, view.size);
}

/* ---- The type's slots; bool shares them */

int64_t
kaa_object__int_hash(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return kaa_object__hash_int(self);
}

kaa_object *
kaa_object__int_compare(kaa_context *ctx, kaa_object *self, kaa_object *other,
                        int op)
{
    if (!kaa_object__is_int(self) || !kaa_object__is_int(other))
        return kaa_not_implemented(ctx);
    return kaa_object__bool_of(
        kaa_object__order_truth(kaa_object__int_order(self, other), op));
}

static int
truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return self != (kaa_object *)(uintptr_t)1;
}

static kaa_object *
repr(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__int_as_text(ctx, self, 10);
}

/* The int itself; of a bool, 0 or 1. */
kaa_object *
kaa_object__int_itself(kaa_context *ctx, kaa_object *self)
{
    if (kaa_is_tagged(self) && !kaa_object__is_int_tag(self))
        return kaa_object__int_small(ctx,
                                     self == kaa_object__constant(KAA_TRUE));
    return kaa_incref(ctx, self);
}

kaa_object *
kaa_object__int_as_float(kaa_context *ctx, kaa_object *self)
{
    double value;

    if (kaa_object__int_to_double(ctx, self, &value) < 0)
        return NULL;
    return kaa_object__float_from_double(ctx, value);
}

static kaa_object *
negative_power(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object *base = kaa_object__int_as_float(ctx, left);
    kaa_object *exponent =
        base == NULL ? NULL : kaa_object__int_as_float(ctx, right);
    kaa_object *result = NULL;

    if (exponent != NULL)
        result =
            kaa_object__template_float.binary(ctx, base, exponent, KAA_POWER);
    kaa_decref(ctx, base);
    kaa_decref(ctx, exponent);
    return result;
}

static kaa_object *
divmod(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    kaa_object *parts[2];

    if (kaa_object__int_divmod(ctx, left, right, &parts[0], &parts[1]) < 0)
        return NULL;
    return kaa_object__tuple_take_array(ctx, parts, 2);
}

/* Both operands are ints in handles: most that ever happens. NULL: look
 * further. */
static inline kaa_object *
binary_small(kaa_object *left, kaa_object *right, int op)
{
    int64_t a = kaa_object__tagged_int(left), result;
    int64_t b = kaa_object__tagged_int(right);

    if (op == KAA_ADD)
        result = a + b; /* of 63 bits each: cannot overflow */
    else if (op == KAA_SUBTRACT)
        result = a - b;
    else if (op != KAA_MULTIPLY || __builtin_mul_overflow(a, b, &result))
        return NULL;
    if (result < KAA_OBJECT__INT_MIN || result > KAA_OBJECT__INT_MAX)
        return NULL;
    return (kaa_object *)(uintptr_t)((uint64_t)result * 2 + 1);
}

kaa_object *
kaa_object__int_binary(kaa_context *ctx, kaa_object *left, kaa_object *right,
                       int op)
{
    kaa_object *result = NULL;
    int sign = 0;

    if (kaa_object__is_int_tag(left) && kaa_object__is_int_tag(right)) {
        result = binary_small(left, right, op);
        if (KAA_LIKELY(result != NULL))
            return result;
    } else if (!kaa_object__is_int(left) || !kaa_object__is_int(right)) {
        return kaa_not_implemented(ctx);
    }
    switch (op) {
    case KAA_ADD:
    case KAA_SUBTRACT:
        return kaa_object__int_add(ctx, left, right, op == KAA_SUBTRACT);
    case KAA_MULTIPLY:
        return kaa_object__int_multiply(ctx, left, right);
    case KAA_TRUE_DIVIDE:
        return kaa_object__int_true_divide(ctx, left, right);
    case KAA_FLOOR_DIVIDE:
        kaa_object__int_divmod(ctx, left, right, &result, NULL);
        return result;
    case KAA_REMAINDER:
        kaa_object__int_divmod(ctx, left, right, NULL, &result);
        return result;
    case KAA_DIVMOD:
        return divmod(ctx, left, right);
    case KAA_POWER:
        if (kaa_object__int_sign(ctx, right, &sign) < 0)
            return NULL;
        return sign < 0 ? negative_power(ctx, left, right)
                        : kaa_object__int_power(ctx, left, right);
    case KAA_LSHIFT:
    case KAA_RSHIFT:
        return kaa_object__int_shift(ctx, left, right, op);
    case KAA_AND:
    case KAA_OR:
    case KAA_XOR:
        return kaa_object__int_bitwise(ctx, left, right, op);
    default:
        return kaa_not_implemented(ctx);
    }
}

kaa_object *
kaa_object__int_unary(kaa_context *ctx, kaa_object *self, int op)
{
    kaa_object__int_view view;
    kaa_object *negative, *result;

    kaa_object__int_look(self, &view);
    if (op == KAA_POSITIVE || (op == KAA_ABSOLUTE && !view.is_negative))
        return kaa_object__int_itself(ctx, self);
    negative = kaa_object__int_negate(ctx, self);
    if (negative == NULL || op != KAA_INVERT)
        return negative;
    result =
        kaa_object__int_add(ctx, negative, kaa_object__int_small(ctx, 1), 1);
    kaa_decref(ctx, negative);
    return result;
}

/* ---- int(...) */

static kaa_object *
from_text_object(kaa_context *ctx, kaa_object *text, int64_t base)
{
    if (base < 0 || base > 36)
        base = 1; /* refused with the right words */
    if (kaa_object__is_str(text) || kaa_object__is_bytes(text))
        return kaa_object__int_from_text(ctx, kaa_object__str_text(text),
                                         kaa_object__str_size(text), (int)base);
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           "int() can't convert non-string with explicit base");
    return NULL;
}

static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    size_t total = nargs;
    int64_t base = 10;

    (void)type;
    if (kwnames != NULL && nargs == 1 &&
        kaa_object__tuple_size(ctx, kwnames) == 1 &&
        kaa_object__str_equals(
            ctx, kaa_object__tuple_get_borrowed(ctx, kwnames, 0), "base", 4)) {
        kwnames = NULL;
        total = 2;
    }
    if (kaa_object__check_count(ctx, "int", total, 0, 2, kwnames) < 0)
        return NULL;
    if (total == 0)
        return kaa_object__int_small(ctx, 0);
    if (total == 2) {
        if (kaa_object__int_as_int64(ctx, args[1], &base) < 0)
            return NULL;
        return from_text_object(ctx, args[0], base);
    }
    if (kaa_object__is_str(args[0]) || kaa_object__is_bytes(args[0]))
        return from_text_object(ctx, args[0], 10);
    return kaa_object__to_int(ctx, args[0]);
}

/* ---- Methods */

static kaa_object *
method_bit_length(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                  size_t nargs)
{
    (void)args;
    if (kaa_object__check_count(ctx, "bit_length", nargs, 0, 0, NULL) < 0)
        return NULL;
    return kaa_object__int_small(ctx, kaa_object__int_bit_length(ctx, self));
}

static kaa_object *
method_bit_count(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                 size_t nargs)
{
    kaa_object__int_view view;
    int64_t count = 0;

    (void)args;
    if (kaa_object__check_count(ctx, "bit_count", nargs, 0, 0, NULL) < 0)
        return NULL;
    kaa_object__int_look(self, &view);
    for (size_t i = 0; i < view.size; i++)
        count += __builtin_popcountll(view.digits[i]);
    return kaa_object__int_small(ctx, count);
}

static const kaa_method methods[] = {
    KAA_METHOD("bit_length", method_bit_length,
               "bit_length($self)\n--\n\nBits of the absolute value."),
    KAA_METHOD("bit_count", method_bit_count,
               "bit_count($self)\n--\n\nBits of the absolute value that are "
               "set."),
    KAA_METHODS_END,
};

const kaa_object__type kaa_object__template_int = {
    .doc = "int(x=0)\nint(text, base=10)\n--\n\nAn integer of any size.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .methods = methods,
    .create = create,
    .repr = repr,
    .hash = kaa_object__int_hash,
    .compare = kaa_object__int_compare,
    .truth = truth,
    .binary = kaa_object__int_binary,
    .unary = kaa_object__int_unary,
    .to_int = kaa_object__int_itself,
    .to_float = kaa_object__int_as_float,
    .index = kaa_object__int_itself,
};
