/* args/numbers.c - arguments that are numbers or characters. */
#include <limits.h>
#include <string.h>

#include "args/internal.h"

typedef struct range {
    const char *type;
    int64_t least;
    int64_t most;
} range;

static range
range_of(const kaa_args__unit *unit)
{
    switch (unit->op) {
    case OP_BYTE:
        return (range){"unsigned char", 0, UCHAR_MAX};
    case OP_SHORT:
        return (range){"short", SHRT_MIN, SHRT_MAX};
    case OP_INT:
        return (range){"int", INT_MIN, INT_MAX};
    case OP_LONG:
        return (range){"long", LONG_MIN, LONG_MAX};
    case OP_SIZE:
        return (range){"ssize_t", PTRDIFF_MIN, PTRDIFF_MAX};
    default:
        return (range){"long long", LLONG_MIN, LLONG_MAX};
    }
}

int
kaa_args__refuse_range(kaa_args__walk *walk, const kaa_args__unit *unit,
                       int64_t value)
{
    range wanted = range_of(unit);

    return kaa_args__refuse(walk, KAA_OVERFLOW_ERROR,
                            ": %lld is out of range for %s (%lld to %lld)",
                            (long long)value, wanted.type,
                            (long long)wanted.least, (long long)wanted.most);
}

int
kaa_args__refuse_int(kaa_args__walk *walk, const kaa_args__unit *unit,
                     kaa_object *object)
{
    kaa_context *ctx = walk->ctx;

    if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR)) &&
        kaa_check(ctx, object, KAA_INT_TYPE)) {
        range wanted = range_of(unit);

        kaa_error_clear(ctx);
        return kaa_args__refuse(walk, KAA_OVERFLOW_ERROR,
                                ": the int is out of range for %s (%lld to "
                                "%lld)",
                                wanted.type, (long long)wanted.least,
                                (long long)wanted.most);
    }
    if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)) &&
        (kaa_args__is_no_number(ctx, object) ||
         kaa_check_exact(ctx, object, KAA_FLOAT_TYPE))) {
        kaa_error_clear(ctx);
        return kaa_args__refuse_type(walk, "int", object);
    }
    return -1;
}

/* Units that check the range. */
static int
convert_int(kaa_args__walk *walk, const kaa_args__unit *unit,
            kaa_object *object)
{
    range wanted = range_of(unit);
    int64_t value;

    if (kaa_int_as_int64(walk->ctx, object, &value) != 0)
        return kaa_args__refuse_int(walk, unit, object);
    if (value < wanted.least || value > wanted.most)
        return kaa_args__refuse_range(walk, unit, value);
    switch (unit->op) {
    case OP_BYTE:
        *va_arg(walk->out, unsigned char *) = (unsigned char)value;
        break;
    case OP_SHORT:
        *va_arg(walk->out, short *) = (short)value;
        break;
    case OP_INT:
        *va_arg(walk->out, int *) = (int)value;
        break;
    case OP_LONG:
        *va_arg(walk->out, long *) = (long)value;
        break;
    case OP_SIZE:
        *va_arg(walk->out, ptrdiff_t *) = (ptrdiff_t)value;
        break;
    default:
        *va_arg(walk->out, long long *) = value;
    }
    return 0;
}

/* Units that take the lowest bits. */
static int
convert_mask(kaa_args__walk *walk, const kaa_args__unit *unit,
             kaa_object *object)
{
    uint64_t value;

    if (kaa_int_as_uint64_mask(walk->ctx, object, &value) != 0)
        return kaa_args__refuse_int(walk, unit, object);
    switch (unit->op) {
    case OP_BYTE_MASK:
        *va_arg(walk->out, unsigned char *) = (unsigned char)value;
        break;
    case OP_SHORT_MASK:
        *va_arg(walk->out, unsigned short *) = (unsigned short)value;
        break;
    case OP_INT_MASK:
        *va_arg(walk->out, unsigned *) = (unsigned)value;
        break;
    case OP_LONG_MASK:
        *va_arg(walk->out, unsigned long *) = (unsigned long)value;
        break;
    default:
        *va_arg(walk->out, unsigned long long *) = value;
    }
    return 0;
}

static int
refuse_real(kaa_args__walk *walk, kaa_object *object, const char *wanted)
{
    kaa_context *ctx = walk->ctx;

    if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)) &&
        kaa_args__is_no_number(ctx, object)) {
        kaa_error_clear(ctx);
        return kaa_args__refuse_type(walk, wanted, object);
    }
    return -1;
}

static int
convert_real(kaa_args__walk *walk, const kaa_args__unit *unit,
             kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    double value, imaginary;

    if (unit->op == OP_COMPLEX) {
        double *out;

        if (kaa_complex_as_doubles(ctx, object, &value, &imaginary) != 0)
            return refuse_real(walk, object, "a number");
        out = va_arg(walk->out, double *);
        out[0] = value;
        out[1] = imaginary;
        return 0;
    }
    if (kaa_float_as_double(ctx, object, &value) != 0)
        return refuse_real(walk, object, "real number");
    if (unit->op == OP_FLOAT)
        *va_arg(walk->out, float *) = (float)value;
    else
        *va_arg(walk->out, double *) = value;
    return 0;
}

static int
convert_char(kaa_args__walk *walk, kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    kaa_buffer buffer;
    ptrdiff_t size;
    char value = 0;

    if (!kaa_check(ctx, object, KAA_BYTES_TYPE) &&
        !kaa_check(ctx, object, KAA_BYTEARRAY_TYPE))
        return kaa_args__refuse_type(walk, "a byte string of length 1", object);
    if (kaa_buffer_get(ctx, object, &buffer, KAA_BUFFER_SIMPLE) != 0)
        return -1;
    size = buffer.bytes;
    if (size == 1)
        value = *(const char *)buffer.data;
    kaa_buffer_release(ctx, &buffer);
    if (size != 1)
        return kaa_args__refuse(walk, KAA_TYPE_ERROR,
                                " must be a byte string of length 1, not of "
                                "length %zd",
                                size);
    *va_arg(walk->out, char *) = value;
    return 0;
}

static int
convert_code_point(kaa_args__walk *walk, kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    ptrdiff_t size, value;

    if (!kaa_check(ctx, object, KAA_STR_TYPE))
        return kaa_args__refuse_type(walk, "a unicode character", object);
    size = kaa_str_length(ctx, object);
    if (size < 0)
        return -1;
    if (size != 1)
        return kaa_args__refuse(walk, KAA_TYPE_ERROR,
                                " must be a unicode character, not a string "
                                "of length %zd",
                                size);
    value = kaa_str_code_point(ctx, object, 0);
    if (value < 0)
        return -1;
    *va_arg(walk->out, int *) = (int)value;
    return 0;
}

int
kaa_args__convert_number(kaa_args__walk *walk, const kaa_args__unit *unit,
                         kaa_object *object)
{
    int truth;

    switch (unit->op) {
    case OP_BYTE:
    case OP_SHORT:
    case OP_INT:
    case OP_LONG:
    case OP_LONG_LONG:
    case OP_SIZE:
        return convert_int(walk, unit, object);
    case OP_BYTE_MASK:
    case OP_SHORT_MASK:
    case OP_INT_MASK:
    case OP_LONG_MASK:
    case OP_LONG_LONG_MASK:
        return convert_mask(walk, unit, object);
    case OP_FLOAT:
    case OP_DOUBLE:
    case OP_COMPLEX:
        return convert_real(walk, unit, object);
    case OP_CHAR:
        return convert_char(walk, object);
    case OP_CODE_POINT:
        return convert_code_point(walk, object);
    default:
        KAA_ASSERT(unit->op == OP_TRUTH);
        truth = kaa_truth(walk->ctx, object);
        if (truth < 0)
            return -1;
        *va_arg(walk->out, int *) = truth;
        return 0;
    }
}
