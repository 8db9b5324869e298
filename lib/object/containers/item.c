/* object/containers/item.c - the items of a buffer, by their format: the single
 * native types of the struct module. */
#include "object/containers/buffer.h"
#include "object/text/str.h"

#include <stdbool.h>

char
kaa_object__format_code(const char *format)
{
    if (format == NULL)
        return 'B';
    if (format[0] == '@')
        format++;
    if (format[0] == '\0' || format[1] != '\0' ||
        kaa_object__format_bytes(format[0]) == 0)
        return 0;
    return format[0];
}

size_t
kaa_object__format_bytes(char code)
{
    switch (code) {
    case 'c':
    case 'b':
    case 'B':
        return 1;
    case '?':
        return sizeof(bool);
    case 'h':
    case 'H':
        return sizeof(short);
    case 'i':
    case 'I':
        return sizeof(int);
    case 'l':
    case 'L':
        return sizeof(long);
    case 'q':
    case 'Q':
        return sizeof(long long);
    case 'n':
    case 'N':
        return sizeof(size_t);
    case 'P':
        return sizeof(void *);
    case 'f':
        return sizeof(float);
    case 'd':
        return sizeof(double);
    default:
        return 0;
    }
}

static int
is_signed(char code)
{
    return code == 'b' || code == 'h' || code == 'i' || code == 'l' ||
           code == 'q' || code == 'n';
}

static int
unknown(kaa_context *ctx, const char *format)
{
    return kaa_object__raise_text(ctx, KAA_NOT_IMPLEMENTED_ERROR,
                                  "memoryview: unsupported format %.50s",
                                  format != NULL ? format : "");
}

kaa_object *
kaa_object__item_load(kaa_context *ctx, char code, const char *format,
                      const void *from)
{
    size_t bytes = kaa_object__format_bytes(code);
    float single;
    double number;

    switch (code) {
    case 0:
        unknown(ctx, format);
        return NULL;
    case 'f':
        memcpy(&single, from, sizeof(single));
        return kaa_object__float_from_double(ctx, (double)single);
    case 'd':
        memcpy(&number, from, sizeof(number));
        return kaa_object__float_from_double(ctx, number);
    case 'c':
        return kaa_object__bytes_from_data(ctx, from, 1);
    case '?':
        return kaa_object__truth_value(*(const unsigned char *)from != 0);
    default:
        return kaa_object__int_from_bytes(
            ctx, from, bytes, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
            is_signed(code));
    }
}

/* TypeError and OverflowError as memoryview words them. */
static int
store_int(kaa_context *ctx, char code, void *to, kaa_object *value)
{
    kaa_object *number;
    int result;

    if (!kaa_object__has_index(ctx, value))
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "memoryview: invalid type for format "
                                      "'%c'",
                                      code);
    number = kaa_object__index(ctx, value);
    if (number == NULL)
        return -1;
    result = kaa_object__int_as_bytes(
        ctx, number, to, kaa_object__format_bytes(code),
        __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, is_signed(code));
    kaa_object__give(ctx, number);
    if (result != 0 &&
        kaa_object__error_matches(ctx, kaa_builtin(ctx, KAA_OVERFLOW_ERROR))) {
        kaa_object__error_clear(ctx);
        return kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                      "memoryview: invalid value for format "
                                      "'%c'",
                                      code);
    }
    return result;
}

int
kaa_object__item_store(kaa_context *ctx, char code, const char *format,
                       void *to, kaa_object *value)
{
    double number;
    float single;
    bool truth;
    int is_true;

    switch (code) {
    case 0:
        return unknown(ctx, format);
    case 'f':
    case 'd':
        if (kaa_object__float_as_double(ctx, value, &number) != 0)
            return -1;
        single = (float)number;
        if (code == 'f')
            memcpy(to, &single, sizeof(single));
        else
            memcpy(to, &number, sizeof(number));
        return 0;
    case 'c':
        if (!kaa_object__is_bytes(value))
            return kaa_object__raise_text(
                ctx, KAA_TYPE_ERROR, "memoryview: invalid type for format 'c'");
        if (kaa_object__str_size(value) != 1)
            return kaa_object__raise_text(
                ctx, KAA_VALUE_ERROR,
                "memoryview: invalid value for format 'c'");
        *(char *)to = kaa_object__str_text(value)[0];
        return 0;
    case '?':
        is_true = kaa_object__truth(ctx, value);
        if (is_true < 0)
            return -1;
        truth = is_true;
        memcpy(to, &truth, sizeof(truth));
        return 0;
    default:
        return store_int(ctx, code, to, value);
    }
}
