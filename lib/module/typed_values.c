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
kaa_module__refuse(const kaa_module__call *call, kaa_builtin_id type,
                   const char *format, ...)
{
    const char *name = call->self->parameters[call->position].name;
    kaa_context *ctx = call->ctx;
    char reason[400];
    va_list values;

    va_start(values, format);
    vsnprintf(reason, sizeof(reason), format, values);
    va_end(values);
    return kaa_raise_format(ctx, kaa_builtin(ctx, type),
                            "%s() argument %u%s%s%s: %s", call->self->name,
                            (unsigned)call->position + 1,
                            name != NULL ? " (" : "", name != NULL ? name : "",
                            name != NULL ? ")" : "", reason);
}

static int
refuse_type(const kaa_module__call *call, const char *expected,
            kaa_object *value)
{
    char type[120];

    if (kaa_args__type_name(call->ctx, value, type, sizeof(type)) != 0)
        return -1;
    return kaa_module__refuse(call, KAA_TYPE_ERROR, "%s expected, not %s",
                              expected, type);
}

static int
refuse_range(const kaa_module__call *call, const kaa_module__parameter *how,
             kaa_object *value)
{
    kaa_context *ctx = call->ctx;
    unsigned bits = 8u * how->size;
    ptrdiff_t length = kaa_int_bit_length(ctx, value);
    kaa_object *str = NULL;
    const char *text = NULL;
    char number[200], type[100];

    kaa_error_clear(ctx);
    kaa_ctype_print(how->type, NULL, type, sizeof(type));
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
    if (how->op == TYPED_BOOL)
        return kaa_module__refuse(call, KAA_OVERFLOW_ERROR,
                                  "%s is out of range for %s (0 to 1)", number,
                                  type);
    if (how->is_signed)
        return kaa_module__refuse(call, KAA_OVERFLOW_ERROR,
                                  "%s is out of range for %s (%lld to %lld)",
                                  number, type,
                                  (long long)(INT64_MIN >> (64u - bits)),
                                  (long long)(INT64_MAX >> (64u - bits)));
    return kaa_module__refuse(
        call, KAA_OVERFLOW_ERROR, "%s is out of range for %s (0 to %llu)",
        number, type, (unsigned long long)(UINT64_MAX >> (64u - bits)));
}

void
kaa_module__store_word(kaa_module__value *out, uint8_t size, uint64_t word)
{
    uint32_t half = (uint32_t)word;
    uint16_t quarter = (uint16_t)word;
    uint8_t byte = (uint8_t)word;

    switch (size) {
    case 8:
        out->word = word;
        break;
    case 4:
        memcpy(out->bytes, &half, sizeof(half));
        break;
    case 2:
        memcpy(out->bytes, &quarter, sizeof(quarter));
        break;
    default:
        out->bytes[0] = byte;
    }
}

uint64_t
kaa_module__load_word(const kaa_module__parameter *how,
                      const kaa_module__value *value)
{
    uint32_t half;
    uint16_t quarter;

    switch (how->size) {
    case 8:
        return value->word;
    case 4:
        memcpy(&half, value->bytes, sizeof(half));
        return how->is_signed ? (uint64_t)(int64_t)(int32_t)half : half;
    case 2:
        memcpy(&quarter, value->bytes, sizeof(quarter));
        return how->is_signed ? (uint64_t)(int64_t)(int16_t)quarter : quarter;
    default:
        return how->is_signed ? (uint64_t)(int64_t)(int8_t)value->bytes[0]
                              : value->bytes[0];
    }
}

/* An exact int in range; -2: out of range, with an exception or without. */
static int
read_word(kaa_context *ctx, const kaa_module__parameter *how,
          kaa_object *number, uint64_t *out)
{
    unsigned unused = 64u - 8u * how->size;
    int64_t value;

    if (how->size == 8 && !how->is_signed)
        return kaa_int_as_uint64(ctx, number, out) == 0 ? 0 : -2;
    if (kaa_int_as_int64(ctx, number, &value) != 0)
        return -2;
    *out = (uint64_t)value;
    if (how->op == TYPED_BOOL)
        return value == 0 || value == 1 ? 0 : -2;
    if (how->is_signed)
        return (int64_t)(*out << unused) >> unused == value ? 0 : -2;
    return value >= 0 && *out >> (64u - unused) == 0 ? 0 : -2;
}

static int
integer_to_c(const kaa_module__call *call, const kaa_module__parameter *how,
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
        return refuse_type(call, how->op == TYPED_BOOL ? "bool" : "int", value);
    }
    result = read_word(ctx, how, number, &word);
    if (result == 0)
        kaa_module__store_word(out, how->size, word);
    else if (!kaa_error_occurred(ctx) ||
             kaa_error_matches(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR)))
        result = refuse_range(call, how, number);
    kaa_decref(ctx, number);
    return result != 0 ? -1 : 0;
}

static int
char_to_c(const kaa_module__call *call, kaa_object *value,
          kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    const char *data;
    size_t size = 0;

    if (!kaa_check(ctx, value, KAA_BYTES_TYPE))
        return refuse_type(call, "bytes of length 1", value);
    data = kaa_bytes_as_data(ctx, value, &size);
    if (data == NULL)
        return -1;
    if (size != 1)
        return kaa_module__refuse(call, KAA_VALUE_ERROR,
                                  "bytes of length 1 expected, not %zu", size);
    out->bytes[0] = (unsigned char)*data;
    return 0;
}

static int
real_to_c(const kaa_module__call *call, const kaa_module__parameter *how,
          kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    double number;

    if (kaa_float_as_double(ctx, value, &number) != 0) {
        if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)))
            return -1;
        kaa_error_clear(ctx);
        return refuse_type(call, "float", value);
    }
    if (how->op == TYPED_DOUBLE) {
        out->real = number;
        return 0;
    }
    out->single = (float)number;
    if (isfinite(number) && !isfinite(out->single))
        return kaa_module__refuse(call, KAA_OVERFLOW_ERROR,
                                  "%.17g is out of range for float", number);
    return 0;
}

/* Whether a buffer's items are those that the pointer wants. */
static int
fits(const kaa_module__parameter *how, const kaa_buffer *buffer)
{
    static const char signs[] = "bhilqn", unsigneds[] = "BHILQN";
    const char *format = buffer->format != NULL ? buffer->format : "B";
    const char *kinds;

    if (how->flags & TYPED_BYTES)
        return (how->flags & TYPED_ADDRESS) || buffer->item_bytes == 1;
    if (*format == '@' || *format == '=' ||
        (*format == '<' && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) ||
        (*format == '>' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
        format++;
    kinds = how->item == 'i'   ? signs
            : how->item == 'u' ? unsigneds
            : how->item == 'f' ? "fd"
                               : "?";
    return format[0] != '\0' && format[1] == '\0' &&
           strchr(kinds, format[0]) != NULL &&
           buffer->item_bytes == (ptrdiff_t)how->item_size;
}

static int
buffer_to_c(kaa_module__call *call, const kaa_module__parameter *how,
            kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;
    kaa_buffer *buffer = &call->buffers[call->buffer_count];
    int request = how->flags & TYPED_WRITABLE ? KAA_BUFFER_WRITABLE : 0;
    char type[100], wanted[140];

    if (!(how->flags & TYPED_BYTES) || !(how->flags & TYPED_ADDRESS))
        request |= KAA_BUFFER_ND | KAA_BUFFER_FORMAT;
    kaa_ctype_print(how->type, NULL, type, sizeof(type));
    if (kaa_buffer_get(ctx, value, buffer, request) != 0) {
        int is_type = kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR));

        if (!is_type &&
            !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR)))
            return -1;
        kaa_error_clear(ctx);
        snprintf(wanted, sizeof(wanted), "%s for %s",
                 how->flags & TYPED_WRITABLE ? "a writable buffer" : "a buffer",
                 type);
        return refuse_type(call, wanted, value);
    }
    call->buffer_count++;
    if (!fits(how, buffer))
        return kaa_module__refuse(
            call, KAA_TYPE_ERROR,
            "the buffer has items of format '%.20s' and %zd bytes, which are "
            "not those of %s",
            buffer->format != NULL ? buffer->format : "B", buffer->item_bytes,
            type);
    out->pointer = buffer->data;
    call->lengths[call->position] = (size_t)buffer->bytes / how->item_size;
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
        return kaa_module__refuse(call, KAA_VALUE_ERROR,
                                  "embedded NUL character");
    memcpy(&out->pointer, &text, sizeof(text)); /* C takes it as const */
    call->lengths[call->position] = size;
    return 0;
}

static int
pointer_to_c(kaa_module__call *call, const kaa_module__parameter *how,
             kaa_object *value, kaa_module__value *out)
{
    kaa_context *ctx = call->ctx;

    if (kaa_is_none(ctx, value)) {
        if (how->flags & TYPED_NONNULL)
            return kaa_module__refuse(call, KAA_TYPE_ERROR,
                                      "None, but the parameter is declared "
                                      "nonnull");
        out->pointer = NULL;
        return 0;
    }
    if (how->op == TYPED_TEXT && kaa_check(ctx, value, KAA_STR_TYPE))
        return text_to_c(call, value, out);
    if ((how->flags & TYPED_ADDRESS) && kaa_check(ctx, value, KAA_INT_TYPE)) {
        kaa_module__parameter address = *how;

        address.op = TYPED_INTEGER;
        return integer_to_c(call, &address, value, out);
    }
    return buffer_to_c(call, how, value, out);
}

int
kaa_module__to_c(kaa_module__call *call, kaa_object *value)
{
    const kaa_module__parameter *how = &call->self->parameters[call->position];
    kaa_module__value *out = &call->storage[call->position];

    switch (how->op) {
    case TYPED_INTEGER:
    case TYPED_BOOL:
        return integer_to_c(call, how, value, out);
    case TYPED_CHAR:
        return char_to_c(call, value, out);
    case TYPED_FLOAT:
    case TYPED_DOUBLE:
        return real_to_c(call, how, value, out);
    default:
        return pointer_to_c(call, how, value, out);
    }
}

kaa_object *
kaa_module__from_c(kaa_context *ctx, const kaa_module__parameter *how,
                   const kaa_module__value *value)
{
    uint64_t word;

    switch (how->op) {
    case TYPED_VOID:
        return kaa_none(ctx);
    case TYPED_INTEGER:
        word = kaa_module__load_word(how, value);
        return how->is_signed ? kaa_int(ctx, (int64_t)word)
                              : kaa_int_from_uint64(ctx, word);
    case TYPED_BOOL:
        return kaa_bool(ctx, value->bytes[0] != 0);
    case TYPED_CHAR:
        return kaa_bytes_from_data(ctx, value->bytes, 1);
    case TYPED_FLOAT:
        return kaa_float_from_double(ctx, (double)value->single);
    case TYPED_DOUBLE:
        return kaa_float_from_double(ctx, value->real);
    case TYPED_TEXT:
        return value->pointer != NULL ? kaa_text(ctx, value->pointer)
                                      : kaa_none(ctx);
    default:
        if (value->pointer == NULL)
            return kaa_none(ctx);
        return kaa_int_from_uint64(ctx, (uintptr_t)value->pointer);
    }
}
