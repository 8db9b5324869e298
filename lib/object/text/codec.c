/* object/text/codec.c - str to bytes and back: utf-8, ascii, latin-1. */
#include "object/numbers/number.h"
#include "object/text/text.h"
#include "object/text/utf8.h"
#include "object/text/writer.h"

typedef enum codec { UTF_8, ASCII, LATIN_1 } codec;
typedef enum mode { STRICT, IGNORE, REPLACE } mode;

/* Names are compared without case, `_` and space being `-`. */
static int
is_name(const char *text, const char *name)
{
    for (; *text != '\0'; text++, name++) {
        char what = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;

        if (what == '_' || what == ' ')
            what = '-';
        if (what != *name)
            return 0;
    }
    return *name == '\0';
}

static int
find_codec(kaa_context *ctx, const char *name, codec *out)
{
    static const struct {
        const char *name;
        codec number;
    } known[] = {
        {"utf-8", UTF_8},        {"utf8", UTF_8},        {"ascii", ASCII},
        {"us-ascii", ASCII},     {"latin-1", LATIN_1},   {"latin1", LATIN_1},
        {"iso-8859-1", LATIN_1}, {"iso8859-1", LATIN_1},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (name == NULL || is_name(name, known[i].name)) {
            *out = known[i].number;
            return 0;
        }
    return kaa_object__raise_text(ctx, KAA_LOOKUP_ERROR, "unknown encoding: %s",
                                  name);
}

static int
find_mode(kaa_context *ctx, const char *name, mode *out)
{
    *out = STRICT;
    if (name == NULL || strcmp(name, "strict") == 0)
        return 0;
    if (strcmp(name, "ignore") == 0)
        *out = IGNORE;
    else if (strcmp(name, "replace") == 0)
        *out = REPLACE;
    else
        return kaa_object__raise_text(ctx, KAA_LOOKUP_ERROR,
                                      "unknown error handler name '%s'", name);
    return 0;
}

int
kaa_object__codec_names(kaa_context *ctx, const char *function,
                        kaa_object *const *args, size_t nargs, size_t first,
                        kaa_object *kwnames, const char **out_encoding,
                        const char **out_errors)
{
    const char **out[2] = {out_encoding, out_errors};
    size_t named =
        kwnames == NULL ? 0 : (size_t)kaa_object__tuple_size(ctx, kwnames);

    if (kaa_object__check_count(ctx, function, nargs, first, first + 2, NULL) <
        0)
        return -1;
    *out_encoding = *out_errors = NULL;
    for (size_t i = first; i < nargs + named; i++) {
        size_t which = i - first;

        if (i >= nargs) {
            kaa_object *name = kaa_object__tuple_get_borrowed(
                ctx, kwnames, (ptrdiff_t)(i - nargs));

            which = kaa_object__str_equals(ctx, name, "encoding", 8) ? 0
                    : kaa_object__str_equals(ctx, name, "errors", 6) ? 1
                                                                     : 2;
            if (which == 2 || *out[which] != NULL)
                return kaa_object__raise_text(
                    ctx, KAA_TYPE_ERROR,
                    "%s() got an unexpected keyword argument '%s'", function,
                    kaa_object__str_text(name));
        }
        if (!kaa_object__is_str(args[i]))
            return kaa_object__raise_text(
                ctx, KAA_TYPE_ERROR, "%s() argument '%s' must be str, not %s",
                function, which == 0 ? "encoding" : "errors",
                kaa_object__borrow_type(ctx, args[i])->name);
        *out[which] = kaa_object__str_text(args[i]);
    }
    return 0;
}

/* ---- Encoding */

static kaa_object *
refuse_character(kaa_context *ctx, codec number, uint32_t point,
                 size_t position)
{
    unsigned limit = number == ASCII ? 128 : 256;

    kaa_object__raise_text(
        ctx, KAA_UNICODE_ENCODE_ERROR,
        point < 0x100     ? "'%s' codec can't encode character '\\x%02x' in "
                            "position %zu: ordinal not in range(%u)"
        : point < 0x10000 ? "'%s' codec can't encode character '\\u%04x' in "
                            "position %zu: ordinal not in range(%u)"
                          : "'%s' codec can't encode character '\\U%08x' in "
                            "position %zu: ordinal not in range(%u)",
        number == ASCII ? "ascii" : "latin-1", (unsigned)point, position,
        limit);
    return NULL;
}

/* One byte a character. */
static kaa_object *
encode_bytes(kaa_context *ctx, kaa_object *str, codec number, mode how)
{
    const char *text = kaa_object__str_text(str);
    size_t size = kaa_object__str_size(str), count = 0, position = 0;
    uint32_t limit = number == ASCII ? 0x80 : 0x100;
    kaa_object *result;
    char *out;

    for (size_t at = 0; at < size; at += kaa_object__utf8_width(text[at])) {
        uint32_t point = kaa_object__utf8_decode(text + at);

        if (point >= limit && how == STRICT)
            return refuse_character(ctx, number, point, position);
        count += point < limit || how == REPLACE;
        position++;
    }
    result = kaa_object__bytes_from_data(ctx, NULL, count);
    if (result == NULL || count == 0)
        return result;
    out = kaa_object__str_fill(result);
    for (size_t at = 0; at < size; at += kaa_object__utf8_width(text[at])) {
        uint32_t point = kaa_object__utf8_decode(text + at);

        if (point < limit)
            *out++ = (char)point;
        else if (how == REPLACE)
            *out++ = '?';
    }
    return result;
}

kaa_object *
kaa_object__encode(kaa_context *ctx, kaa_object *str, const char *encoding,
                   const char *errors)
{
    codec number = UTF_8;
    mode how = STRICT;

    if (find_codec(ctx, encoding, &number) < 0 ||
        find_mode(ctx, errors, &how) < 0)
        return NULL;
    if (number == UTF_8 || kaa_object__str_is_ascii(str))
        return kaa_object__bytes_from_data(ctx, kaa_object__str_text(str),
                                           kaa_object__str_size(str));
    return encode_bytes(ctx, str, number, how);
}

/* ---- Decoding */

static kaa_object *
decode_utf8(kaa_context *ctx, const char *data, size_t size, mode how)
{
    kaa_object__writer writer = {.ctx = ctx};
    kaa_object__utf8_error error = {0, 0, ""};
    size_t count;

    while (kaa_object__utf8_check(data, size, &count, &error) < 0) {
        kaa_object__write(&writer, data, error.start);
        if (how == REPLACE)
            kaa_object__write_code_point(&writer, 0xFFFD);
        data += error.end;
        size -= error.end;
    }
    kaa_object__write(&writer, data, size);
    return kaa_object__writer_finish(&writer);
}

static kaa_object *
decode_bytes(kaa_context *ctx, const char *data, size_t size, codec number,
             mode how)
{
    kaa_object__writer writer = {.ctx = ctx};

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data[i];

        if (byte < 0x80 || number == LATIN_1) {
            kaa_object__write_code_point(&writer, byte);
        } else if (how == STRICT) {
            kaa_object__writer_fini(&writer);
            kaa_object__raise_text(ctx, KAA_UNICODE_DECODE_ERROR,
                                   "'ascii' codec can't decode byte 0x%02x in "
                                   "position %zu: ordinal not in range(128)",
                                   (unsigned)byte, i);
            return NULL;
        } else if (how == REPLACE) {
            kaa_object__write_code_point(&writer, 0xFFFD);
        }
    }
    return kaa_object__writer_finish(&writer);
}

kaa_object *
kaa_object__decode(kaa_context *ctx, const char *data, size_t size,
                   const char *encoding, const char *errors)
{
    codec number = UTF_8;
    mode how = STRICT;

    if (find_codec(ctx, encoding, &number) < 0 ||
        find_mode(ctx, errors, &how) < 0)
        return NULL;
    if (number == UTF_8 && how == STRICT)
        return kaa_object__str_from_utf8(ctx, data, size);
    if (number == UTF_8)
        return decode_utf8(ctx, data, size, how);
    return decode_bytes(ctx, data, size, number, how);
}
