/* object/numbers/complex.c - the type complex. */
#include <math.h>
#include <string.h>

#include "object/core/hash.h"
#include "object/numbers/number.h"
#include "object/text/str.h"

typedef struct pair {
    double real, imaginary;
} pair;

kaa_object *
kaa_object__complex_from_doubles(kaa_context *ctx, double real,
                                 double imaginary)
{
    kaa_object *object =
        kaa_object__new(ctx, kaa_object__builtin(ctx, KAA_COMPLEX_TYPE),
                        sizeof(kaa_object__complex), KAA_HEAP_OBJECT_PLAIN);
    kaa_object__complex *self = (kaa_object__complex *)(void *)object;

    if (object == NULL)
        return NULL;
    self->real = real;
    self->imaginary = imaginary;
    return object;
}

static kaa_object *
from_pair(kaa_context *ctx, pair value)
{
    return kaa_object__complex_from_doubles(ctx, value.real, value.imaginary);
}

static pair
value_of(const kaa_object *object)
{
    const kaa_object__complex *self =
        (const kaa_object__complex *)(const void *)object;

    return (pair){self->real, self->imaginary};
}

int
kaa_object__complex_as_doubles(kaa_context *ctx, kaa_object *object,
                               double *out_real, double *out_imaginary)
{
    if (kaa_object__is_complex(object)) {
        *out_real = value_of(object).real;
        *out_imaginary = value_of(object).imaginary;
        return 0;
    }
    if (kaa_object__float_as_double(ctx, object, out_real) < 0)
        return -1;
    *out_imaginary = 0;
    return 0;
}

/* 1; 0: it is no number; -1: too large an int. */
static int
operand(kaa_context *ctx, kaa_object *object, pair *out)
{
    if (!kaa_object__is_complex(object) && !kaa_object__is_float(object) &&
        !kaa_object__is_int(object))
        return 0;
    return kaa_object__complex_as_doubles(ctx, object, &out->real,
                                          &out->imaginary) < 0
               ? -1
               : 1;
}

/* ---- Operators */

static pair
multiply(pair a, pair b)
{
    return (pair){a.real * b.real - a.imaginary * b.imaginary,
                  a.real * b.imaginary + a.imaginary * b.real};
}

/* Robert Smith's way (1962): by the larger part of b, so that its square cannot
 * overflow. */
static pair
divide(pair a, pair b)
{
    double ratio, whole;

    if (fabs(b.real) >= fabs(b.imaginary)) {
        ratio = b.imaginary / b.real;
        whole = b.real + b.imaginary * ratio;
        return (pair){(a.real + a.imaginary * ratio) / whole,
                      (a.imaginary - a.real * ratio) / whole};
    }
    if (fabs(b.imaginary) >= fabs(b.real)) {
        ratio = b.real / b.imaginary;
        whole = b.real * ratio + b.imaginary;
        return (pair){(a.real * ratio + a.imaginary) / whole,
                      (a.imaginary * ratio - a.real) / whole};
    }
    return (pair){(double)NAN, (double)NAN};
}

static pair
integral_power(pair base, int exponent)
{
    pair result = {1, 0};
    unsigned left = exponent < 0 ? 0u - (unsigned)exponent : (unsigned)exponent;

    for (; left != 0; left >>= 1) {
        if ((left & 1) != 0)
            result = multiply(result, base);
        base = multiply(base, base);
    }
    return exponent < 0 ? divide((pair){1, 0}, result) : result;
}

static pair
general_power(pair a, pair b)
{
    double size = hypot(a.real, a.imaginary), length, angle, phase;

    length = pow(size, b.real);
    angle = atan2(a.imaginary, a.real);
    phase = angle * b.real;
    if (b.imaginary != 0) {
        length *= exp(-angle * b.imaginary);
        phase += b.imaginary * log(size);
    }
    return (pair){length * cos(phase), length * sin(phase)};
}

static kaa_object *
power(kaa_context *ctx, pair a, pair b)
{
    pair result;

    if (b.real == 0 && b.imaginary == 0) {
        result = (pair){1, 0};
    } else if (a.real == 0 && a.imaginary == 0) {
        if (b.imaginary != 0 || b.real < 0) {
            kaa_object__raise_text(ctx, KAA_ZERO_DIVISION_ERROR,
                                   "0.0 to a negative or complex power");
            return NULL;
        }
        result = (pair){0, 0};
    } else if (b.imaginary == 0 && b.real == floor(b.real) &&
               fabs(b.real) <= 100) {
        result = integral_power(a, (int)b.real);
    } else {
        result = general_power(a, b);
    }
    if ((isinf(result.real) || isinf(result.imaginary)) && isfinite(a.real) &&
        isfinite(a.imaginary) && isfinite(b.real) && isfinite(b.imaginary)) {
        kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                               "complex exponentiation");
        return NULL;
    }
    return from_pair(ctx, result);
}

static kaa_object *
binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    pair a = {0, 0}, b = {0, 0};
    int is_known = op == KAA_ADD || op == KAA_SUBTRACT || op == KAA_MULTIPLY ||
                   op == KAA_TRUE_DIVIDE || op == KAA_POWER;
    int known = is_known ? operand(ctx, left, &a) : 0;

    if (known > 0)
        known = operand(ctx, right, &b);
    if (known <= 0)
        return known < 0 ? NULL : kaa_not_implemented(ctx);
    switch (op) {
    case KAA_ADD:
        return kaa_object__complex_from_doubles(ctx, a.real + b.real,
                                                a.imaginary + b.imaginary);
    case KAA_SUBTRACT:
        return kaa_object__complex_from_doubles(ctx, a.real - b.real,
                                                a.imaginary - b.imaginary);
    case KAA_MULTIPLY:
        return from_pair(ctx, multiply(a, b));
    case KAA_TRUE_DIVIDE:
        if (b.real == 0 && b.imaginary == 0) {
            kaa_object__raise_text(ctx, KAA_ZERO_DIVISION_ERROR,
                                   "complex division by zero");
            return NULL;
        }
        return from_pair(ctx, divide(a, b));
    default:
        return power(ctx, a, b);
    }
}

static kaa_object *
absolute(kaa_context *ctx, pair value)
{
    double length = hypot(value.real, value.imaginary);

    if (isinf(length) && isfinite(value.real) && isfinite(value.imaginary)) {
        kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                               "absolute value too large");
        return NULL;
    }
    return kaa_object__float_from_double(ctx, length);
}

static kaa_object *
unary(kaa_context *ctx, kaa_object *self, int op)
{
    pair value = value_of(self);

    switch (op) {
    case KAA_NEGATIVE:
        return kaa_object__complex_from_doubles(ctx, -value.real,
                                                -value.imaginary);
    case KAA_POSITIVE:
        return kaa_incref(ctx, self);
    case KAA_ABSOLUTE:
        return absolute(ctx, value);
    default:
        return kaa_not_implemented(ctx);
    }
}

static kaa_object *
compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    pair value = value_of(self);
    int is_equal;

    if (op != KAA_EQ && op != KAA_NE)
        return kaa_not_implemented(ctx);
    if (kaa_object__is_complex(other)) {
        pair second = value_of(other);

        is_equal =
            value.real == second.real && value.imaginary == second.imaginary;
    } else if (kaa_object__is_float(other)) {
        is_equal = value.imaginary == 0 &&
                   value.real == kaa_object__float_value(other);
    } else if (kaa_object__is_int(other)) {
        is_equal = value.imaginary == 0 &&
                   kaa_object__int_order_double(other, value.real) == 0;
    } else {
        return kaa_not_implemented(ctx);
    }
    return kaa_object__bool_of(is_equal == (op == KAA_EQ));
}

static int64_t
hash(kaa_context *ctx, kaa_object *self)
{
    pair value = value_of(self);

    (void)ctx;
    return kaa_object__hash_complex(value.real, value.imaginary, self);
}

static int
truth(kaa_context *ctx, kaa_object *self)
{
    pair value = value_of(self);

    (void)ctx;
    return value.real != 0 || value.imaginary != 0;
}

/* ---- Text */

/* A part without the ".0" of whole numbers; how many bytes. */
static size_t
write_part(double value, int with_sign, char *out)
{
    size_t sign = with_sign && (isnan(value) || !signbit(value));
    size_t size;

    if (sign)
        *out = '+';
    size = sign + kaa_object__double_text(value, out + sign);
    if (size > 2 && memcmp(out + size - 2, ".0", 2) == 0)
        size -= 2;
    return size;
}

static kaa_object *
repr(kaa_context *ctx, kaa_object *self)
{
    pair value = value_of(self);
    char text[80];
    size_t size = 0;
    int has_real = value.real != 0 || signbit(value.real);

    if (has_real) {
        text[size++] = '(';
        size += write_part(value.real, 0, text + size);
    }
    size += write_part(value.imaginary, has_real, text + size);
    text[size++] = 'j';
    if (has_real)
        text[size++] = ')';
    return kaa_object__str_ascii(ctx, text, size);
}

/* Where the imaginary part begins: the last sign that belongs to no exponent.
 */
static size_t
find_sign(const char *text, size_t size)
{
    for (size_t i = size; i-- > 1;)
        if ((text[i] == '+' || text[i] == '-') && (text[i - 1] | 0x20) != 'e')
            return i;
    return 0;
}

/* 1, 0: no number, -1: no memory. */
static int
parse(kaa_context *ctx, const char *text, size_t size, pair *out)
{
    size_t at;
    int result = 1;

    kaa_object__strip_space(&text, &size);
    if (size >= 2 && text[0] == '(' && text[size - 1] == ')') {
        text++;
        size -= 2;
        kaa_object__strip_space(&text, &size);
    }
    if (size == 0 || (text[size - 1] | 0x20) != 'j')
        return kaa_object__double_parse(ctx, text, size, &out->real);
    size--;
    at = find_sign(text, size);
    if (at > 0)
        result = kaa_object__double_parse(ctx, text, at, &out->real);
    if (result <= 0)
        return result;
    if (size - at <= 1 && (size == at || text[at] == '+' || text[at] == '-')) {
        out->imaginary = size > at && text[at] == '-' ? -1 : 1;
        return 1;
    }
    return kaa_object__double_parse(ctx, text + at, size - at, &out->imaginary);
}

static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    pair value = {0, 0}, second = {0, 0};

    (void)type;
    if (kaa_object__check_count(ctx, "complex", nargs, 0, 2, kwnames) < 0)
        return NULL;
    if (nargs == 1 && kaa_object__is_str(args[0])) {
        int result = parse(ctx, kaa_object__str_text(args[0]),
                           kaa_object__str_size(args[0]), &value);

        if (result == 0)
            kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                   "complex() arg is a malformed string");
        return result <= 0 ? NULL : from_pair(ctx, value);
    }
    if (nargs > 0 && kaa_object__complex_as_doubles(ctx, args[0], &value.real,
                                                    &value.imaginary) < 0)
        return NULL;
    if (nargs > 1 && kaa_object__complex_as_doubles(ctx, args[1], &second.real,
                                                    &second.imaginary) < 0)
        return NULL;
    if (nargs > 1) {
        value.real -= second.imaginary;
        value.imaginary += second.real;
    }
    return from_pair(ctx, value);
}

static kaa_object *
get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    if (kaa_object__str_equals(ctx, name, "real", 4))
        return kaa_object__float_from_double(ctx, value_of(self).real);
    if (kaa_object__str_equals(ctx, name, "imag", 4))
        return kaa_object__float_from_double(ctx, value_of(self).imaginary);
    return kaa_object__generic_get_attr(ctx, self, name);
}

static kaa_object *
method_conjugate(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                 size_t nargs)
{
    pair value = value_of(self);

    (void)args;
    if (kaa_object__check_count(ctx, "conjugate", nargs, 0, 0, NULL) < 0)
        return NULL;
    return kaa_object__complex_from_doubles(ctx, value.real, -value.imaginary);
}

static const kaa_method methods[] = {
    KAA_METHOD("conjugate", method_conjugate,
               "conjugate($self)\n--\n\nThe same with the imaginary part "
               "negated."),
    KAA_METHODS_END,
};

const kaa_object__type kaa_object__template_complex = {
    .doc = "complex(real=0, imag=0)\n--\n\nA complex number of two doubles.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .block_bytes = sizeof(kaa_object__complex),
    .methods = methods,
    .create = create,
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .truth = truth,
    .get_attr = get_attr,
    .binary = binary,
    .unary = unary,
};
