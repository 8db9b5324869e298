/* object/numbers/float.c - the type float. */
#include <math.h>

#include "object/core/hash.h"
#include "object/numbers/digits.h"
#include "object/numbers/number.h"
#include "object/text/str.h"

kaa_object *
kaa_object__float_from_double(kaa_context *ctx, double value)
{
    kaa_object *object =
        kaa_object__new(ctx, kaa_object__builtin(ctx, KAA_FLOAT_TYPE),
                        sizeof(kaa_object__float), KAA_HEAP_OBJECT_PLAIN);

    if (KAA_LIKELY(object != NULL))
        ((kaa_object__float *)(void *)object)->value = value;
    return object;
}

int
kaa_object__float_as_double(kaa_context *ctx, kaa_object *object, double *out)
{
    const kaa_object__type *type;
    kaa_object *number;

    if (KAA_LIKELY(kaa_object__is_float(object))) {
        *out = kaa_object__float_value(object);
        return 0;
    }
    if (kaa_object__is_int(object))
        return kaa_object__int_to_double(ctx, object, out);
    type = kaa_object__borrow_type(ctx, object);
    if (type->to_float == NULL && type->index == NULL)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "must be real number, not %.200s", type->name);
    number = kaa_object__to_float(ctx, object);
    if (number == NULL)
        return -1;
    *out = kaa_object__float_value(number);
    kaa_decref(ctx, number);
    return 0;
}

/* The double of an operand: 1; 0: it is no number; -1: too large an int. */
static int
operand(kaa_context *ctx, kaa_object *object, double *out)
{
    if (kaa_object__is_float(object)) {
        *out = kaa_object__float_value(object);
        return 1;
    }
    if (!kaa_object__is_int(object))
        return 0;
    return kaa_object__int_to_double(ctx, object, out) < 0 ? -1 : 1;
}

static kaa_object *
raise(kaa_context *ctx, kaa_builtin_id type, const char *text)
{
    kaa_object__raise_text(ctx, type, "%s", text);
    return NULL;
}

/* ---- Operators */

/* Floor division: the remainder has the sign of b, the quotient is integral. */
static void
divide(double a, double b, double *quotient, double *remainder)
{
    double rest = fmod(a, b), whole = (a - rest) / b;

    if (rest == 0) {
        rest = copysign(0, b);
    } else if ((b < 0) != (rest < 0)) {
        rest += b;
        whole -= 1;
    }
    if (whole == 0) {
        *quotient = copysign(0, a / b);
    } else {
        *quotient = floor(whole);
        if (whole - *quotient > 0.5)
            *quotient += 1;
    }
    *remainder = rest;
}

static kaa_object *
divmod(kaa_context *ctx, double quotient, double remainder)
{
    kaa_object *parts[2];

    parts[0] = kaa_object__float_from_double(ctx, quotient);
    parts[1] =
        parts[0] == NULL ? NULL : kaa_object__float_from_double(ctx, remainder);
    return kaa_object__tuple_take_array(ctx, parts, 2);
}

static kaa_object *
power(kaa_context *ctx, double a, double b)
{
    double value;

    if (a == 0 && b < 0)
        return raise(ctx, KAA_ZERO_DIVISION_ERROR,
                     "0.0 cannot be raised to a negative power");
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b)) {
        kaa_object *base = kaa_object__complex_from_doubles(ctx, a, 0);
        kaa_object *exponent =
            base == NULL ? NULL : kaa_object__complex_from_doubles(ctx, b, 0);
        kaa_object *result = NULL;

        if (exponent != NULL)
            result = kaa_object__template_complex.binary(ctx, base, exponent,
                                                         KAA_POWER);
        kaa_decref(ctx, base);
        kaa_decref(ctx, exponent);
        return result;
    }
    value = pow(a, b);
    if (isinf(value) && isfinite(a) && isfinite(b))
        return raise(ctx, KAA_OVERFLOW_ERROR, "Numerical result out of range");
    return kaa_object__float_from_double(ctx, value);
}

static kaa_object *
division(kaa_context *ctx, double a, double b, int op)
{
    double quotient, remainder;

    if (b == 0)
        return raise(ctx, KAA_ZERO_DIVISION_ERROR,
                     op == KAA_TRUE_DIVIDE    ? "float division by zero"
                     : op == KAA_REMAINDER    ? "float modulo"
                     : op == KAA_FLOOR_DIVIDE ? "float floor division by zero"
                                              : "float divmod()");
    if (op == KAA_TRUE_DIVIDE)
        return kaa_object__float_from_double(ctx, a / b);
    divide(a, b, &quotient, &remainder);
    if (op == KAA_DIVMOD)
        return divmod(ctx, quotient, remainder);
    return kaa_object__float_from_double(ctx, op == KAA_REMAINDER ? remainder
                                                                  : quotient);
}

static kaa_object *
binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    double a = 0, b = 0;
    int known = op > KAA_POWER || op == KAA_MATRIX_MULTIPLY
                    ? 0
                    : operand(ctx, left, &a);

    if (known > 0)
        known = operand(ctx, right, &b);
    if (known <= 0)
        return known < 0 ? NULL : kaa_not_implemented(ctx);
    switch (op) {
    case KAA_ADD:
        return kaa_object__float_from_double(ctx, a + b);
    case KAA_SUBTRACT:
        return kaa_object__float_from_double(ctx, a - b);
    case KAA_MULTIPLY:
        return kaa_object__float_from_double(ctx, a * b);
    case KAA_TRUE_DIVIDE:
    case KAA_FLOOR_DIVIDE:
    case KAA_REMAINDER:
    case KAA_DIVMOD:
        return division(ctx, a, b, op);
    case KAA_POWER:
        return power(ctx, a, b);
    default:
        return kaa_not_implemented(ctx);
    }
}

static kaa_object *
unary(kaa_context *ctx, kaa_object *self, int op)
{
    double value = kaa_object__float_value(self);

    switch (op) {
    case KAA_NEGATIVE:
        return kaa_object__float_from_double(ctx, -value);
    case KAA_ABSOLUTE:
        return kaa_object__float_from_double(ctx, fabs(value));
    case KAA_POSITIVE:
        return kaa_incref(ctx, self);
    default:
        return kaa_not_implemented(ctx);
    }
}

/* Exact, also against ints that no double has. */
static kaa_object *
compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    double a = kaa_object__float_value(self);
    int order;

    if (kaa_object__is_float(other)) {
        double b = kaa_object__float_value(other);

        order = a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
    } else if (kaa_object__is_int(other)) {
        order = kaa_object__int_order_double(other, a);
        if (order != 2)
            order = -order;
    } else {
        return kaa_not_implemented(ctx);
    }
    return kaa_object__bool_of(kaa_object__order_truth(order, op));
}

static int64_t
hash(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return kaa_object__hash_double(kaa_object__float_value(self), self);
}

static int
truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return kaa_object__float_value(self) != 0;
}

static kaa_object *
repr(kaa_context *ctx, kaa_object *self)
{
    char text[32];
    size_t size = kaa_object__double_text(kaa_object__float_value(self), text);

    return kaa_object__str_ascii(ctx, text, size);
}

static kaa_object *
to_int(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__int_of_double(ctx, kaa_object__float_value(self));
}

static kaa_object *
to_float(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

/* ---- float(...) */

static kaa_object *
from_text(kaa_context *ctx, kaa_object *object)
{
    const char *text = kaa_object__str_text(object);
    size_t size = kaa_object__str_size(object);
    double value = 0;
    kaa_object *shown;
    int result;

    kaa_object__strip_space(&text, &size);
    result = kaa_object__double_parse(ctx, text, size, &value);
    if (result > 0)
        return kaa_object__float_from_double(ctx, value);
    if (result < 0)
        return NULL;
    shown = kaa_object__repr(ctx, object);
    if (shown != NULL)
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "could not convert string to float: %s",
                               kaa_object__str_text(shown));
    kaa_decref(ctx, shown);
    return NULL;
}

static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    (void)type;
    if (kaa_object__check_count(ctx, "float", nargs, 0, 1, kwnames) < 0)
        return NULL;
    if (nargs == 0)
        return kaa_object__float_from_double(ctx, 0);
    if (kaa_object__is_str(args[0]) || kaa_object__is_bytes(args[0]))
        return from_text(ctx, args[0]);
    return kaa_object__to_float(ctx, args[0]);
}

/* ---- Methods */

static kaa_object *
method_is_integer(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                  size_t nargs)
{
    double value = kaa_object__float_value(self);

    (void)args;
    if (kaa_object__check_count(ctx, "is_integer", nargs, 0, 0, NULL) < 0)
        return NULL;
    return kaa_object__bool_of(isfinite(value) && floor(value) == value);
}

static kaa_object *
method_as_integer_ratio(kaa_context *ctx, kaa_object *self,
                        kaa_object *const *args, size_t nargs)
{
    double value = kaa_object__float_value(self), part;
    int exponent = 0;
    kaa_object *one, *parts[2];

    (void)args;
    if (kaa_object__check_count(ctx, "as_integer_ratio", nargs, 0, 0, NULL) < 0)
        return NULL;
    if (isinf(value))
        return raise(ctx, KAA_OVERFLOW_ERROR,
                     "cannot convert Infinity to integer ratio");
    if (isnan(value))
        return raise(ctx, KAA_VALUE_ERROR,
                     "cannot convert NaN to integer ratio");
    part = frexp(value, &exponent);
    while (part != floor(part)) {
        part *= 2;
        exponent--;
    }
    one = kaa_object__int_small(ctx, 1);
    parts[0] = kaa_object__int_of_double(ctx, exponent > 0 ? value : part);
    parts[1] =
        parts[0] == NULL
            ? NULL
            : kaa_object__int_shift(
                  ctx, one,
                  kaa_object__int_small(ctx, exponent > 0 ? 0 : -exponent),
                  KAA_LSHIFT);
    return kaa_object__tuple_take_array(ctx, parts, 2);
}

static const kaa_method methods[] = {
    KAA_METHOD("is_integer", method_is_integer,
               "is_integer($self)\n--\n\nWhether it has no fraction."),
    KAA_METHOD("as_integer_ratio", method_as_integer_ratio,
               "as_integer_ratio($self)\n--\n\nTwo ints, in lowest terms, "
               "whose ratio it is."),
    KAA_METHODS_END,
};

const kaa_object__type kaa_object__template_float = {
    .doc = "float(x=0.0)\n--\n\nA double, of a number or a text.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .block_bytes = sizeof(kaa_object__float),
    .methods = methods,
    .create = create,
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .truth = truth,
    .binary = binary,
    .unary = unary,
    .to_int = to_int,
    .to_float = to_float,
};
