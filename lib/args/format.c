/* args/format.c - text from a format, and exceptions with it.
 *
 * Two passes: the first one checks the whole format and touches no value. A
 * place where C text is not UTF-8 becomes U+FFFD, so that a message can always
 * be made.
 */
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "args/args.h"
#include "base/text.h"

#define WIDTH_MAX 100000

/* What stands between % and the letter, and that. */
typedef struct spec {
    int is_left;
    int is_zero;
    int width;
    int precision;  /* -1: none */
    char length[3]; /* "hh", "l", ... */
    char letter;
} spec;

/* A number of the format; -1 if it is too large. */
static int
read_number(const char **at)
{
    int value = 0;

    while (**at >= '0' && **at <= '9') {
        value = value * 10 + (**at - '0');
        if (value > WIDTH_MAX)
            return -1;
        ++*at;
    }
    return value;
}

/* Whether a letter may have the length that was read. */
static int
is_good(const spec *self)
{
    if (self->letter == '\0')
        return 0;
    if (strchr("diux", self->letter) != NULL)
        return 1;
    return self->length[0] == '\0' &&
           strchr("cpsgfeUSRT", self->letter) != NULL;
}

/* Reads what follows a %, and moves *at behind it; 0 if it is not known. */
static int
read_spec(const char **at, spec *out)
{
    size_t length = 0;

    memset(out, 0, sizeof(*out));
    out->precision = -1;
    for (; **at == '-' || **at == '0'; ++*at) {
        if (**at == '-')
            out->is_left = 1;
        else
            out->is_zero = 1;
    }
    out->width = read_number(at);
    if (**at == '.') {
        ++*at;
        out->precision = read_number(at);
        if (out->precision < 0)
            return 0;
    }
    if (out->width < 0)
        return 0;
    if (**at != '\0' && strchr("hljzt", **at) != NULL) {
        out->length[length++] = *(*at)++;
        if ((out->length[0] == 'h' || out->length[0] == 'l') &&
            **at == out->length[0])
            out->length[length++] = *(*at)++;
    }
    out->letter = **at;
    if (!is_good(out))
        return 0;
    ++*at;
    return 1;
}

static int
check(kaa_context *ctx, const char *format)
{
    const char *at = format;

    while (*at != '\0') {
        const char *begin = at;
        spec unused;

        if (*at++ != '%')
            continue;
        if (*at == '%') {
            at++;
            continue;
        }
        if (!read_spec(&at, &unused)) {
            static const char told[] =
                "format string has something unknown at column %zu";
            char text[sizeof(told) + 24];

            snprintf(text, sizeof(text),
                     "format string has something unknown at column %zu",
                     (size_t)(begin - format) + 1);
            return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), text);
        }
    }
    return 0;
}

/* How many bytes of a well-formed character stand at `text`; 0: none do. */
static size_t
character(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80   ? 1
                    : at[0] < 0xc2 ? 0
                    : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3
                    : at[0] < 0xf5 ? 4
                                   : 0;

    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

/* Adds text that may not be UTF-8; returns how many characters were added. */
static int
add_clean(kaa_base__text *out, const char *text, size_t size)
{
    int characters = 0;

    for (size_t i = 0; i < size; characters++) {
        size_t length = character(text + i, size - i);

        if (length != 0)
            kaa_base__text_add(out, text + i, length);
        else
            kaa_base__text_puts(out, "\xef\xbf\xbd");
        i += length != 0 ? length : 1;
    }
    return characters;
}

static void
pad(kaa_base__text *out, int count)
{
    for (; count > 0; count--)
        kaa_base__text_add(out, " ", 1);
}

static int
count_characters(const char *text, size_t size)
{
    int characters = 0;

    for (size_t i = 0; i < size; characters++) {
        size_t length = character(text + i, size - i);

        i += length != 0 ? length : 1;
    }
    return characters;
}

static void
add_padded(kaa_base__text *out, const spec *how, const char *text, size_t size)
{
    int space = how->width > 0 ? how->width - count_characters(text, size) : 0;

    if (!how->is_left)
        pad(out, space);
    add_clean(out, text, size);
    if (how->is_left)
        pad(out, space);
}

static void
add_code_point(kaa_base__text *out, const spec *how, int value)
{
    unsigned point = (unsigned)value;
    char bytes[4];
    size_t size = 0;

    if (value < 0 || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        point = 0xfffd;
    if (point < 0x80) {
        bytes[size++] = (char)point;
    } else if (point < 0x800) {
        bytes[size++] = (char)(0xc0 | point >> 6);
        bytes[size++] = (char)(0x80 | (point & 63));
    } else if (point < 0x10000) {
        bytes[size++] = (char)(0xe0 | point >> 12);
        bytes[size++] = (char)(0x80 | (point >> 6 & 63));
        bytes[size++] = (char)(0x80 | (point & 63));
    } else {
        bytes[size++] = (char)(0xf0 | point >> 18);
        bytes[size++] = (char)(0x80 | (point >> 12 & 63));
        bytes[size++] = (char)(0x80 | (point >> 6 & 63));
        bytes[size++] = (char)(0x80 | (point & 63));
    }
    add_padded(out, how, bytes, size);
}

/* printf's own flags, as far as formats have them. */
#define ADD_NUMBER(out, how, letter, value)                                    \
    do {                                                                       \
        if ((how)->is_left)                                                    \
            kaa_base__text_printf((out), "%-*.*" letter, (how)->width,         \
                                  (how)->precision, (value));                  \
        else if ((how)->is_zero)                                               \
            kaa_base__text_printf((out), "%0*.*" letter, (how)->width,         \
                                  (how)->precision, (value));                  \
        else                                                                   \
            kaa_base__text_printf((out), "%*.*" letter, (how)->width,          \
                                  (how)->precision, (value));                  \
    } while (0)

#define ADD_INTEGER(out, how, letter, value)                                   \
    do {                                                                       \
        if ((how)->is_left)                                                    \
            kaa_base__text_printf((out), "%-*.*" letter, (how)->width,         \
                                  (how)->precision, (value));                  \
        else if ((how)->is_zero && (how)->precision < 0)                       \
            kaa_base__text_printf((out), "%0*" letter, (how)->width, (value)); \
        else                                                                   \
            kaa_base__text_printf((out), "%*.*" letter, (how)->width,          \
                                  (how)->precision, (value));                  \
    } while (0)

/* The values of one call. */
typedef struct source {
    kaa_context *ctx;
    va_list values;
} source;

static long long
next_signed(source *from, const spec *how)
{
    switch (how->length[0]) {
    case 'h':
        return how->length[1] == 'h' ? (signed char)va_arg(from->values, int)
                                     : (short)va_arg(from->values, int);
    case 'l':
        return how->length[1] == 'l' ? va_arg(from->values, long long)
                                     : va_arg(from->values, long);
    case 'j':
        return va_arg(from->values, intmax_t);
    case 'z':
    case 't':
        return va_arg(from->values, ptrdiff_t);
    default:
        return va_arg(from->values, int);
    }
}

static unsigned long long
next_unsigned(source *from, const spec *how)
{
    switch (how->length[0]) {
    case 'h':
        return how->length[1] == 'h'
                   ? (unsigned char)va_arg(from->values, unsigned)
                   : (unsigned short)va_arg(from->values, unsigned);
    case 'l':
        return how->length[1] == 'l' ? va_arg(from->values, unsigned long long)
                                     : va_arg(from->values, unsigned long);
    case 'j':
        return va_arg(from->values, uintmax_t);
    case 'z':
    case 't':
        return va_arg(from->values, size_t);
    default:
        return va_arg(from->values, unsigned);
    }
}

static void
add_double(kaa_base__text *out, const spec *how, double value)
{
    const char *point = localeconv()->decimal_point;
    size_t from = out->length;
    char *found;

    if (how->letter == 'g')
        ADD_NUMBER(out, how, "g", value);
    else if (how->letter == 'f')
        ADD_NUMBER(out, how, "f", value);
    else
        ADD_NUMBER(out, how, "e", value);
    /* A program may have set a locale: text is the same everywhere. */
    if (out->failed || strcmp(point, ".") == 0 || *point == '\0')
        return;
    found = strstr(out->bytes + from, point);
    if (found != NULL) {
        size_t width = strlen(point);

        *found = '.';
        memmove(found + 1, found + width, strlen(found + width) + 1);
        out->length -= width - 1;
    }
}

/* Cuts a UTF-8 text to some characters. */
static size_t
cut(const char *text, size_t size, int characters)
{
    size_t at = 0;

    if (characters < 0)
        return size;
    while (at < size && characters-- > 0) {
        size_t length = character(text + at, size - at);

        at += length != 0 ? length : 1;
    }
    return at;
}

/* The str that %U, %S and %R print; a new reference. One with lone surrogates,
 * which have no UTF-8, is printed as its repr, which escapes them. */
static kaa_object *
text_of(kaa_context *ctx, const spec *how, kaa_object *object,
        const char **out_text, size_t *out_size)
{
    kaa_object *str, *shown;

    if (how->letter == 'R')
        str = kaa_repr(ctx, object);
    else if (how->letter == 'S')
        str = kaa_str(ctx, object);
    else
        str = kaa_incref(ctx, object);
    if (str == NULL)
        return NULL;
    *out_text = kaa_str_as_utf8(ctx, str, out_size);
    if (*out_text != NULL)
        return str;
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_UNICODE_ENCODE_ERROR))) {
        kaa_decref(ctx, str);
        return NULL;
    }
    kaa_error_clear(ctx);
    shown = kaa_repr(ctx, str);
    kaa_decref(ctx, str);
    if (shown != NULL &&
        (*out_text = kaa_str_as_utf8(ctx, shown, out_size)) == NULL)
        KAA_CLEAR(ctx, shown);
    return shown;
}

static int
add_object(kaa_base__text *out, const spec *how, source *from)
{
    kaa_object *object = va_arg(from->values, kaa_object *);
    const char *text = NULL;
    size_t size = 0;
    kaa_object *str;

    if (object == NULL) {
        add_padded(out, how, "<NULL>", 6);
        return 0;
    }
    if (how->letter == 'T') {
        char name[200];

        if (kaa_args__type_name(from->ctx, object, name, sizeof(name)) != 0)
            return -1;
        add_padded(out, how, name, cut(name, strlen(name), how->precision));
        return 0;
    }
    str = text_of(from->ctx, how, object, &text, &size);
    if (str == NULL)
        return -1;
    add_padded(out, how, text, cut(text, size, how->precision));
    kaa_decref(from->ctx, str);
    return 0;
}

static int
add_value(kaa_base__text *out, const spec *how, source *from)
{
    const char *text;
    void *pointer;

    switch (how->letter) {
    case 'd':
    case 'i':
        ADD_INTEGER(out, how, "lld", next_signed(from, how));
        return 0;
    case 'u':
        ADD_INTEGER(out, how, "llu", next_unsigned(from, how));
        return 0;
    case 'x':
        ADD_INTEGER(out, how, "llx", next_unsigned(from, how));
        return 0;
    case 'c':
        add_code_point(out, how, va_arg(from->values, int));
        return 0;
    case 'p':
        pointer = va_arg(from->values, void *);
        kaa_base__text_printf(out, how->is_left ? "%-*p" : "%*p", how->width,
                              pointer);
        return 0;
    case 's':
        text = va_arg(from->values, const char *);
        if (text == NULL)
            text = "(null)";
        add_padded(out, how, text,
                   how->precision < 0 ? strlen(text)
                                      : strnlen(text, (size_t)how->precision));
        return 0;
    case 'g':
    case 'f':
    case 'e':
        add_double(out, how, va_arg(from->values, double));
        return 0;
    default:
        return add_object(out, how, from);
    }
}

static int
add_all(kaa_base__text *out, const char *format, source *from)
{
    while (*format != '\0') {
        const char *percent = strchr(format, '%');
        size_t size =
            percent != NULL ? (size_t)(percent - format) : strlen(format);
        spec how;

        add_clean(out, format, size);
        if (percent == NULL)
            return 0;
        format = percent + 1;
        if (*format == '%') {
            kaa_base__text_add(out, format++, 1);
            continue;
        }
        (void)read_spec(&format, &how);
        if (add_value(out, &how, from) != 0)
            return -1;
    }
    return 0;
}

kaa_object *
kaa_args__str_format_v(kaa_context *ctx, const char *format, va_list values)
{
    char storage[256]; /* most messages fit */
    kaa_base__text text;
    source from = {.ctx = ctx};
    kaa_object *result = NULL;
    int failed;

    kaa_base__text_init(&text, storage, sizeof(storage));
    if (check(ctx, format) != 0)
        return NULL;
    va_copy(from.values, values);
    failed = add_all(&text, format, &from);
    va_end(from.values);
    if (failed == 0 && text.failed)
        kaa_raise_memory(ctx);
    else if (failed == 0)
        result = kaa_str_from_utf8(ctx, text.bytes, text.length);
    kaa_base__text_fini(&text);
    return result;
}

int
kaa_args__raise_format_v(kaa_context *ctx, kaa_object *type, const char *format,
                         va_list values)
{
    kaa_object *text;

    kaa_error_clear(ctx); /* %S and %R may run code, which would see it */
    text = kaa_args__str_format_v(ctx, format, values);
    if (text == NULL)
        return -1;
    kaa_raise_object(ctx, type, text);
    kaa_decref(ctx, text);
    return -1;
}
