/* module/typed_values.c - one object to one C value and back, by a type.
 * Strict: what does not fit exactly is refused with the reason, in the words
 * that kaa.load()'s functions have. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "args/args.h"
#include "module/typed.h"

int
kaa_module__refuse(const kaa_module__call *call, const kaa_convert_fault *fault)
{
    kaa_context *ctx = call->ctx;
    kaa_builtin_id type = KAA_TYPE_ERROR;
    char place[256], reason[640];

    kaa_convert__print_place(call->self->item->name, call->position + 1,
                             call->self->parameters[call->position].name, place,
                             sizeof(place));
    kaa_convert_print_fault(fault, reason, sizeof(reason));
    switch (*kaa_convert_fault_exception(fault->code)) {
    case 'O':
        type = KAA_OVERFLOW_ERROR;
        break;
    case 'V':
        type = KAA_VALUE_ERROR;
        break;
    default:
        break;
    }
    return kaa_raise_format(ctx, kaa_builtin(ctx, type), "%s%s", place, reason);
}

static int
refuse_code(const kaa_module__call *call, kaa_convert_code code)
{
    const kaa_convert_fault fault = {.code = code};

    return kaa_module__refuse(call, &fault);
}

/* A value that is no such one; `before` and `after` say more of it. */
static int
refuse_given(const kaa_module__call *call, kaa_object *value,
             const char *before, const char *after)
{
    kaa_convert_fault fault = {
        .code = KAA_CONVERT_TYPE,
        .type = call->self->parameters[call->position].shape.type};
    char type[120], given[240];

    if (kaa_is_none(call->ctx, value))
        snprintf(type, sizeof(type), "NoneType");
    else if (kaa_args__type_name(call->ctx, value, type, sizeof(type)) != 0)
        return -1;
    snprintf(given, sizeof(given), "%s%s%s", before, type, after);
    fault.given = given;
    return kaa_module__refuse(call, &fault);
}

static int
refuse_type(const kaa_module__call *call, kaa_object *value)
{
    return refuse_given(call, value, "", "");
}

static int
refuse_range(const kaa_module__call *call, kaa_object *value)
{
    kaa_context *ctx = call->ctx;
    kaa_convert_fault fault = {
        .code = KAA_CONVERT_RANGE,
        .type = call->self->parameters[call->position].shape.type};
    ptrdiff_t length = kaa_int_bit_length(ctx, value);
    kaa_object *str = NULL;
    const char *text = NULL;
    char number[200];

    kaa_error_clear(ctx);
    if (length > 512) {
        snprintf(number, sizeof(number), "an int of %zd bits", length);
    } else {
        str = kaa_int_as_text(ctx, value, 10);
        text = str != NULL ? kaa_str_as_utf8(ctx, str, NULL) : NULL;
        snprintf(number, sizeof(number), "%s", text != NULL ? text : "?");
        if (text == NULL)
            kaa_error_clear(ctx);
        kaa_decref(ctx, str);
    }
    fault.value = number;
    return kaa_module__refuse(call, &fault);
}

/* An exact int in range; -2: out of range, with an exception or without. */
static int
read_word(kaa_context *ctx, const kaa_convert__shape *shape, kaa_object *number,
          uint64_t *out)
{
    int64_t value;

    if (shape->size == 8 && !shape->is_signed)
        return kaa_int_as_uint64(ctx, number, out) == 0 ? 0 : -2;
    if (kaa_int_as_int64(ctx, number, &value) != 0)
        return -2;
    *out = (uint64_t)value;
    return kaa_convert__fits(shape, value) ? 0 : -2;
}

static int
integer_to_c(const kaa_module__call *call, const kaa_convert__shape *shape,
             kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    kaa_object *number =
        kaa_check(ctx, value, KAA_INT_TYPE) ? kaa_incref(ctx, value) : NULL;
    uint64_t word = 0;
    int result;

    if (number == NULL && !kaa_check(ctx, value, KAA_FLOAT_TYPE)) {
        number = kaa_index(ctx, value);
        if (number == NULL &&
            !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)))
            return -1;
    }
    if (number == NULL) {
        kaa_error_clear(ctx);
        return refuse_type(call, value);
    }
    result = read_word(ctx, shape, number, &word);
    if (result == 0)
        kaa_convert__store_word(shape, out, word);
    else if (!kaa_error_occurred(ctx) ||
             kaa_error_matches(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR)))
        result = refuse_range(call, number);
    kaa_decref(ctx, number);
    return result != 0 ? -1 : 0;
}

static int
char_to_c(const kaa_module__call *call, const kaa_convert__shape *shape,
          kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    kaa_convert_fault fault = {.code = KAA_CONVERT_COUNT_ONE,
                               .type = shape->type};
    kaa_buffer buffer;

    if (!kaa_check(ctx, value, KAA_BYTES_TYPE) &&
        !kaa_check(ctx, value, KAA_BYTEARRAY_TYPE))
        return refuse_type(call, value);
    if (kaa_buffer_get(ctx, value, &buffer, KAA_BUFFER_SIMPLE) != 0)
        return -1;
    fault.number = (uint64_t)buffer.bytes;
    if (buffer.bytes == 1)
        out->bytes[0] = *(const unsigned char *)buffer.data;
    kaa_buffer_release(ctx, &buffer);
    return fault.number == 1 ? 0 : kaa_module__refuse(call, &fault);
}

/* A float, or an int that is none, that is out of range. */
static int
refuse_real(const kaa_module__call *call, kaa_object *value)
{
    kaa_context *ctx = call->ctx;
    kaa_convert_fault fault = {
        .code = KAA_CONVERT_RANGE,
        .type = call->self->parameters[call->position].shape.type};
    kaa_object *repr;

    kaa_error_clear(ctx);
    if (kaa_check(ctx, value, KAA_INT_TYPE))
        return refuse_range(call, value);
    repr = kaa_repr(ctx, value);
    if (repr == NULL)
        return -1;
    fault.value = kaa_str_as_utf8(ctx, repr, NULL);
    if (fault.value != NULL)
        kaa_module__refuse(call, &fault);
    kaa_decref(ctx, repr);
    return -1;
}

static int
real_to_c(const kaa_module__call *call, const kaa_convert__shape *shape,
          kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    kaa_object *made;
    double number;

    if (kaa_float_as_double(ctx, value, &number) != 0) {
        if (kaa_error_matches(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR)) &&
            kaa_check(ctx, value, KAA_INT_TYPE))
            return refuse_real(call, value);
        if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)))
            return -1;
        kaa_error_clear(ctx);
        return refuse_type(call, value);
    }
    if (shape->op == CONVERT_DOUBLE) {
        out->real = number;
        return 0;
    }
    out->single = (float)number;
    if (!isfinite(number) || isfinite(out->single))
        return 0;
    made = kaa_float_from_double(ctx, number);
    if (made != NULL)
        refuse_real(call, made);
    kaa_decref(ctx, made);
    return -1;
}

/* Why no buffer of `value` was got: it is read-only, or none at all. */
static int
refuse_buffer(const kaa_module__call *call, kaa_object *value)
{
    kaa_context *ctx = call->ctx;
    kaa_buffer buffer;

    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)) &&
        !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR)))
        return -1;
    kaa_error_clear(ctx);
    if (kaa_buffer_get(ctx, value, &buffer, KAA_BUFFER_SIMPLE) == 0) {
        kaa_buffer_release(ctx, &buffer);
        return refuse_given(
            call, value,
            kaa_check(ctx, value, KAA_BYTES_TYPE) ? "" : "a read-only ", "");
    }
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)) &&
        !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR)))
        return -1;
    kaa_error_clear(ctx);
    if (kaa_check(ctx, value, KAA_MEMORYVIEW_TYPE))
        return refuse_given(call, value, "a ", " that is not contiguous");
    return refuse_type(call, value);
}

static int
buffer_to_c(kaa_module__call *call, const kaa_convert__shape *shape,
            kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    kaa_buffer *buffer = &call->buffers[call->buffer_count];
    int request = KAA_BUFFER_ND | KAA_BUFFER_FORMAT;
    char format[48] = "";

    if (shape->flags & CONVERT_WRITABLE)
        request |= KAA_BUFFER_WRITABLE;
    if (kaa_buffer_get(ctx, value, buffer, request) != 0)
        return refuse_buffer(call, value);
    call->buffer_count++;
    if (!kaa_convert__items_fit(shape, buffer->format, buffer->item_bytes)) {
        if (!kaa_check(ctx, value, KAA_BYTES_TYPE) &&
            !kaa_check(ctx, value, KAA_BYTEARRAY_TYPE))
            snprintf(format, sizeof(format), " of format '%.20s'",
                     buffer->format != NULL ? buffer->format : "B");
        return refuse_given(call, value, "", format);
    }
    out->pointer = buffer->data;
    call->elements[call->position] =
        buffer->bytes /
        (ptrdiff_t)(shape->item_size != 0 ? shape->item_size : 1);
    return 0;
}

static int
text_to_c(kaa_module__call *call, kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    size_t size = 0;
    const char *text = kaa_str_as_utf8(ctx, value, &size);

    if (text == NULL)
        return -1;
    if (memchr(text, '\0', size) != NULL)
        return refuse_code(call, KAA_CONVERT_NUL);
    memcpy(&out->pointer, &text, sizeof(text)); /* C takes it as const */
    call->elements[call->position] = (int64_t)size;
    return 0;
}

static int
pointer_to_c(kaa_module__call *call, const kaa_convert__shape *shape,
             kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;

    if (kaa_is_none(ctx, value)) {
        if (shape->flags & CONVERT_NONNULL)
            return refuse_code(call, KAA_CONVERT_NONE);
        out->pointer = NULL;
        call->elements[call->position] =
            shape->flags & CONVERT_NULLABLE && !(shape->flags & CONVERT_LENGTH)
                ? -1
                : 0;
        return 0;
    }
    if (shape->op == CONVERT_TEXT && kaa_check(ctx, value, KAA_STR_TYPE))
        return text_to_c(call, value, out);
    if (shape->item == ITEM_ANY && kaa_check(ctx, value, KAA_INT_TYPE)) {
        if (integer_to_c(call, shape, value, out) != 0)
            return -1;
        if (out->word == 0)
            call->elements[call->position] = 0;
        return out->word == 0 && shape->flags & CONVERT_NONNULL
                   ? refuse_code(call, KAA_CONVERT_NULL)
                   : 0;
    }
    return buffer_to_c(call, shape, value, out);
}

int
kaa_module__to_c(kaa_module__call *call, kaa_object *value)
{
    const kaa_convert__shape *shape =
        &call->self->parameters[call->position].shape;
    kaa_module__value *out = &call->storage[call->position];

    switch (shape->op) {
    case CONVERT_INTEGER:
    case CONVERT_BOOL:
        return integer_to_c(call, shape, value, out);
    case CONVERT_CHAR:
        return char_to_c(call, shape, value, out);
    case CONVERT_FLOAT:
    case CONVERT_DOUBLE:
        return real_to_c(call, shape, value, out);
    default:
        return pointer_to_c(call, shape, value, out);
    }
}

kaa_object *
kaa_module__from_c(kaa_context *ctx, const kaa_module__parameter *how,
                   const kaa_module__value *value)
{
    const kaa_convert__shape *shape = &how->shape;
    uint64_t word;

    switch (shape->op) {
    case CONVERT_VOID:
        return kaa_none(ctx);
    case CONVERT_INTEGER:
        word = kaa_convert__load_word(shape, value);
        return shape->is_signed ? kaa_int(ctx, (int64_t)word)
                                : kaa_int_from_uint64(ctx, word);
    case CONVERT_BOOL:
        return kaa_bool(ctx, value->bytes[0] != 0);
    case CONVERT_CHAR:
        return kaa_bytes_from_data(ctx, value->bytes, 1);
    case CONVERT_FLOAT:
        return kaa_float_from_double(ctx, (double)value->single);
    case CONVERT_DOUBLE:
        return kaa_float_from_double(ctx, value->real);
    case CONVERT_TEXT:
        return value->pointer != NULL ? kaa_text(ctx, value->pointer)
                                      : kaa_none(ctx);
    default:
        if (value->pointer == NULL)
            return kaa_none(ctx);
        return kaa_int_from_uint64(ctx, (uintptr_t)value->pointer);
    }
}
