/* kjson/text.c - strings: finding their end, escapes both ways.
 *
 * Strings are scanned eight bytes at a time for what is not plain; what lies
 * between is copied, or made an object, in one piece. Whether it is UTF-8 is
 * left to kaa_str_from_utf8(), which has to look anyway.
 *
 * Lone surrogates, which JSON allows as escapes though no UTF-8 text can hold
 * them, are as Python's json has them where bytes.decode() knows
 * "surrogatepass", and an error elsewhere.
 */
#include "kjson.h"

/* The bytes of \uXXXX for every surrogate pair, 12, is the most. */
#define ESCAPE_MAX 12u
/* Values up to so many bytes are often words that come again. */
#define VALUE_MAX 32u
/* One value that came again makes good for so many that were new. */
#define SCORE_HIT 8
#define SCORE_MAX 4096

const char *
kjson_scan(const char *text, const char *end)
{
    while (end - text >= 8) {
        uint64_t found = kjson_special(kjson_load(text));

        if (found != 0) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return text + __builtin_ctzll(found) / 8;
#else
            break;
#endif
        }
        text += 8;
    }
    while (text < end && (unsigned char)*text >= 0x20 && *text != '"' &&
           *text != '\\')
        text++;
    return text;
}

size_t
kjson_encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* ---- Parsing */

/* The four hexadecimal digits at `text`, or -1. The document's NUL ends it. */
static int32_t
hex4(const char *text)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        char c = text[i];

        if (c >= '0' && c <= '9')
            value = value << 4 | (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value << 4 | ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static int
is_surrogate(int32_t point, int32_t first)
{
    return (point & ~0x3ff) == first;
}

/* The character of an escape; `*text` is at its backslash and moved behind it.
 * -1 with an exception pending. */
static int32_t
parse_escape(const kjson_parser *p, const char **text)
{
    static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    const char *at = *text;
    const char *found;
    int32_t point, low;

    if (at + 1 == p->end)
        return -1; /* the caller knows where the string began */
    found = at[1] == '\0' ? NULL : strchr(plain, at[1]);
    if (found != NULL) {
        *text = at + 2;
        return means[found - plain];
    }
    if (at[1] != 'u')
        return kjson_fail(p, "Invalid \\escape", at);
    point = hex4(at + 2);
    if (point < 0)
        return kjson_fail(p, "Invalid \\uXXXX escape", at + 1);
    at += 6;
    if (is_surrogate(point, 0xd800) && at[0] == '\\' && at[1] == 'u') {
        low = hex4(at + 2);
        if (is_surrogate(low, 0xdc00)) {
            point = 0x10000 + ((point & 0x3ff) << 10 | (low & 0x3ff));
            at += 6;
        }
    }
    *text = at;
    return point;
}

/* Whether the bytes at `text` are one character of UTF-8 or, if `loose`, a
 * surrogate so written: its length, or 0. */
static size_t
character(const unsigned char *text, const unsigned char *end)
{
    size_t size = *text < 0x80   ? 1
                  : *text < 0xc2 ? 0
                  : *text < 0xe0 ? 2
                  : *text < 0xf0 ? 3
                  : *text < 0xf5 ? 4
                                 : 0;

    if ((size_t)(end - text) < size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((*text == 0xe0 && text[1] < 0xa0) ||
        (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
        return 0;
    return size;
}

/* The str of what is not UTF-8: with surrogates if nothing else is wrong. The
 * UnicodeDecodeError is pending; `text` lies in the document from `place` on if
 * that is not NULL. */
static kaa_object *
decode_loosely(const kjson_parser *p, const char *text, size_t size,
               const char *place)
{
    kaa_context *ctx = p->ctx;
    const char *at = text, *end = text + size;
    kaa_object *args[3] = {NULL, NULL, NULL};
    kaa_object *result = NULL;

    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_UNICODE_DECODE_ERROR)))
        return NULL;
    kaa_error_clear(ctx);
    while (at < end) {
        size_t one =
            character((const unsigned char *)at, (const unsigned char *)end);

        if (one == 0) {
            kjson_fail(p, "Invalid UTF-8",
                       place == NULL ? p->at : place + (at - text));
            return NULL;
        }
        at += one;
    }
    args[0] = kaa_bytes_from_data(ctx, text, size);
    args[1] = kaa_text(ctx, "utf-8");
    args[2] = kaa_text(ctx, "surrogatepass");
    if (args[0] != NULL && args[1] != NULL && args[2] != NULL)
        result = kaa_call_method(ctx, "decode", args, 3, NULL);
    for (int i = 0; i < 3; i++)
        kaa_decref(ctx, args[i]);
    if (result == NULL &&
        !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_MEMORY_ERROR))) {
        kaa_error_clear(ctx);
        kjson_fail(p, "Lone surrogate in string at",
                   place == NULL ? p->at : place);
    }
    return result;
}

/* The rest of a string whose plain beginning ends at `at`. */
static kaa_object *
parse_escaped(kjson_parser *p, const char *begin, const char *at)
{
    kaa_context *ctx = p->ctx;
    kjson_buffer *out = &p->scratch;
    kaa_object *result;

    out->size = 0;
    if (kjson_put(ctx, out, begin, (size_t)(at - begin)) < 0)
        return NULL;
    while (*at == '\\') {
        int32_t point = parse_escape(p, &at);
        const char *next;

        if (point < 0) {
            if (!kaa_error_occurred(ctx))
                kjson_fail(p, "Unterminated string starting at", begin - 1);
            return NULL;
        }
        next = kjson_scan(at, p->end);
        if (kjson_reserve(ctx, out, 4 + (size_t)(next - at)) < 0)
            return NULL;
        out->size += kjson_encode((uint32_t)point, out->text + out->size);
        memcpy(out->text + out->size, at, (size_t)(next - at));
        out->size += (size_t)(next - at);
        at = next;
    }
    if (*at != '"') {
        if (at == p->end)
            kjson_fail(p, "Unterminated string starting at", begin - 1);
        else
            kjson_fail(p, "Invalid control character at", at);
        return NULL;
    }
    result = kaa_str_from_utf8(ctx, out->text, out->size);
    if (result == NULL)
        result = decode_loosely(p, out->text, out->size, NULL);
    if (result != NULL)
        p->at = at + 1;
    return result;
}

/* Where a text belongs in a memo: its beginning, its end and its size say
 * enough. */
static size_t
place_of(const char *text, size_t size)
{
    uint64_t first = 0, last = 0;

    if (size >= 8) {
        first = kjson_load(text);
        last = kjson_load(text + size - 8);
    } else {
        for (size_t i = 0; i < size; i++)
            first = first << 8 | (unsigned char)text[i];
    }
    first = (first ^ (last << 23 | last >> 41) ^ size) *
            UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(first >> 32);
}

static int
is_seen(const kjson_seen *seen, const char *text, size_t size)
{
    return seen->object != NULL && seen->size == size &&
           memcmp(seen->text, text, size) == 0;
}

static kaa_object *
make_str(const kjson_parser *p, const char *text, size_t size)
{
    kaa_object *result = kaa_str_from_utf8(p->ctx, text, size);

    return result != NULL ? result : decode_loosely(p, text, size, text);
}

/* The str of a text of the document: one that was made before, if it is still
 * remembered. `*score` says whether remembering pays; may be NULL. */
static kaa_object *
share_str(kjson_parser *p, const kjson_memo *memo, const char *text,
          size_t size, int32_t *score)
{
    kjson_seen *pair = &memo->places[place_of(text, size) & (memo->count - 2)];
    kaa_object *made;

    for (int i = 0; i < 2; i++) {
        if (is_seen(&pair[i], text, size)) {
            if (score != NULL && *score < SCORE_MAX)
                *score += SCORE_HIT;
            return kaa_incref(p->ctx, pair[i].object);
        }
    }
    made = make_str(p, text, size);
    if (made == NULL)
        return NULL;
    if (score != NULL)
        --*score;
    kaa_decref(p->ctx, pair[1].object);
    pair[1] = pair[0];
    pair[0] = (kjson_seen){text, size, kaa_incref(p->ctx, made)};
    return made;
}

kaa_object *
kjson_parse_string(kjson_parser *p, int is_key)
{
    const char *begin = p->at + 1;
    const char *at = kjson_scan(begin, p->end);
    size_t size = (size_t)(at - begin);
    kaa_object *result;

    if (*at != '"')
        return parse_escaped(p, begin, at);
    if (is_key)
        result = share_str(p, &p->keys, begin, size, NULL);
    else if (size <= VALUE_MAX && p->value_score >= 0)
        result = share_str(p, &p->values, begin, size, &p->value_score);
    else
        result = make_str(p, begin, size);
    if (result != NULL)
        p->at = at + 1;
    return result;
}

/* ---- Writing */

static size_t
escape_unit(uint32_t unit, char *out)
{
    static const char digits[] = "0123456789abcdef";

    out[0] = '\\';
    out[1] = 'u';
    for (int i = 0; i < 4; i++)
        out[2 + i] = digits[unit >> (12 - 4 * i) & 15];
    return 6;
}

/* Writes a character as an escape; at most ESCAPE_MAX bytes. */
static size_t
escape(uint32_t point, char *out)
{
    static const char plain[] = "\"\\\b\f\n\r\t", means[] = "\"\\bfnrt";
    const char *found;

    if (point >= 0x10000) {
        point -= 0x10000;
        escape_unit(0xd800 | point >> 10, out);
        escape_unit(0xdc00 | (point & 0x3ff), out + 6);
        return 12;
    }
    found = point == 0 || point > 0x7f ? NULL : strchr(plain, (int)point);
    if (found == NULL)
        return escape_unit(point, out);
    out[0] = '\\';
    out[1] = means[found - plain];
    return 2;
}

/* The code point of a sequence of UTF-8, which is valid; moves *text. */
static uint32_t
decode(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    uint32_t point = *at;
    int more = point < 0x80 ? 0 : point < 0xe0 ? 1 : point < 0xf0 ? 2 : 3;

    if (more != 0)
        point &= 0x3fu >> more;
    for (int i = 1; i <= more; i++)
        point = point << 6 | (at[i] & 0x3fu);
    *text += more + 1;
    return point;
}

/* The same as kjson_scan(), for writing: also 0x7f and above if `ascii`. */
static const char *
scan_plain(const char *text, const char *end, int ascii)
{
    if (!ascii)
        return kjson_scan(text, end);
    while (end - text >= 8) {
        uint64_t word = kjson_load(text);

        if ((kjson_special(word) | kjson_equal(word, 0x7f) |
             (word & KJSON_HIGH)) != 0)
            break;
        text += 8;
    }
    while (text < end && (unsigned char)*text >= 0x20 && *text != '"' &&
           *text != '\\' && (unsigned char)*text < 0x7f)
        text++;
    return text;
}

/* Writes the characters of a str that UTF-8 cannot hold. */
static int
put_points(kaa_context *ctx, kjson_buffer *buffer, kaa_object *str)
{
    ptrdiff_t length = kaa_str_length(ctx, str);

    for (ptrdiff_t i = 0; i < length; i++) {
        ptrdiff_t point = kaa_str_code_point(ctx, str, i);

        if (point < 0 || kjson_reserve(ctx, buffer, ESCAPE_MAX) < 0)
            return -1;
        if (point >= 0x20 && point < 0x7f && point != '"' && point != '\\')
            buffer->text[buffer->size++] = (char)point;
        else
            buffer->size +=
                escape((uint32_t)point, buffer->text + buffer->size);
    }
    return length < 0 ? -1 : 0;
}

static int
put_text(kaa_context *ctx, kjson_buffer *buffer, const char *text, size_t size,
         int ascii)
{
    const char *end = text + size;

    for (;;) {
        const char *next = scan_plain(text, end, ascii);

        if (kjson_reserve(ctx, buffer, (size_t)(next - text) + ESCAPE_MAX) < 0)
            return -1;
        memcpy(buffer->text + buffer->size, text, (size_t)(next - text));
        buffer->size += (size_t)(next - text);
        if (next == end)
            return 0;
        text = next;
        buffer->size += escape(decode(&text), buffer->text + buffer->size);
    }
}

int
kjson_put_str(kaa_context *ctx, kjson_buffer *buffer, kaa_object *str,
              int ascii)
{
    size_t size = 0;
    const char *text = kaa_str_as_utf8(ctx, str, &size);

    if (kjson_put(ctx, buffer, "\"", 1) < 0)
        return -1;
    if (text != NULL) {
        if (put_text(ctx, buffer, text, size, ascii) < 0)
            return -1;
    } else {
        if (!ascii ||
            !kaa_error_matches(ctx, kaa_builtin(ctx, KAA_UNICODE_ENCODE_ERROR)))
            return -1;
        kaa_error_clear(ctx);
        if (put_points(ctx, buffer, str) < 0)
            return -1;
    }
    return kjson_put(ctx, buffer, "\"", 1);
}
