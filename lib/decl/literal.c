/* decl/literal.c - numbers, characters and strings. */
#include "decl/internal.h"

#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NUMBER_MAX 256u /* characters of a number, separators not counted */

static int
is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

static uint32_t
digit_value(char c)
{
    return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* u, l, ll, ul ...: whether unsigned, and how many l; 0 for anything else. */
static int
read_integer_suffix(const char *at, int *is_unsigned, int *longs)
{
    *is_unsigned = 0;
    *longs = 0;
    for (; *at != '\0'; at++) {
        if ((*at == 'u' || *at == 'U') && !*is_unsigned) {
            *is_unsigned = 1;
        } else if ((*at == 'l' || *at == 'L') && *longs == 0) {
            *longs = at[1] == *at ? 2 : 1;
            at += *longs - 1;
        } else if ((*at == 'z' || *at == 'Z') && *longs == 0) {
            *longs = 1; /* C23's size_t */
        } else {
            return 0;
        }
    }
    return 1;
}

/* The first type of C's list that holds the value. */
static kaa_ctype_kind
integer_kind(uint64_t bits, int is_decimal, int is_unsigned, int longs)
{
    const uint64_t long_max = sizeof(long) == 8 ? INT64_MAX : INT32_MAX;
    const uint64_t ulong_max = sizeof(long) == 8 ? UINT64_MAX : UINT32_MAX;
    int any_sign = !is_decimal || is_unsigned;

    if (longs == 0 && !is_unsigned && bits <= INT32_MAX)
        return KAA_CTYPE_INT;
    if (longs == 0 && any_sign && bits <= UINT32_MAX)
        return KAA_CTYPE_UINT;
    if (longs <= 1 && !is_unsigned && bits <= long_max)
        return KAA_CTYPE_LONG;
    if (longs <= 1 && any_sign && bits <= ulong_max)
        return KAA_CTYPE_ULONG;
    return !is_unsigned && bits <= INT64_MAX ? KAA_CTYPE_LLONG
                                             : KAA_CTYPE_ULLONG;
}

static int
integer(kaa_decl__parser *p, const char *text, kaa_decl__value *value)
{
    uint32_t base = 10;
    uint64_t bits = 0;
    int is_unsigned, longs;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    } else if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B')) {
        base = 2;
        text += 2;
    } else if (text[0] == '0') {
        base = 8;
    }
    if (!is_hex_digit(*text))
        return kaa_decl__fail(p, &p->token, "a number without digits");
    for (; base == 16 ? is_hex_digit(*text) : *text >= '0' && *text <= '9';
         text++) {
        uint32_t digit = digit_value(*text);
        if (digit >= base)
            return kaa_decl__fail(p, &p->token, "no such digit in base %u",
                                  base);
        if (bits > (UINT64_MAX - digit) / base)
            return kaa_decl__fail(p, &p->token, "a number above 64 bits");
        bits = bits * base + digit;
    }
    if (!read_integer_suffix(text, &is_unsigned, &longs))
        return kaa_decl__fail(p, &p->token, "no number ends in '%s'", text);
    kaa_decl__set_integer(
        value, integer_kind(bits, base == 10, is_unsigned, longs), bits);
    return 1;
}

/* strtod() follows the program's locale; a constant does not. */
static int
convert(const char *text, char **end, kaa_ctype_kind kind, long double *value)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (plain == (locale_t)0)
        return 0;
    *value = kind == KAA_CTYPE_FLOAT ? (long double)strtof_l(text, end, plain)
             : kind == KAA_CTYPE_DOUBLE
                 ? (long double)strtod_l(text, end, plain)
                 : strtold_l(text, end, plain);
    freelocale(plain);
    return 1;
}

static int
floating(kaa_decl__parser *p, const char *text, kaa_decl__value *value)
{
    static const struct {
        const char *suffix;
        kaa_ctype_kind kind;
    } suffixes[] = {
        {"", KAA_CTYPE_DOUBLE},      {"f", KAA_CTYPE_FLOAT},
        {"F", KAA_CTYPE_FLOAT},      {"l", KAA_CTYPE_LDOUBLE},
        {"L", KAA_CTYPE_LDOUBLE},    {"f32", KAA_CTYPE_FLOAT},
        {"F32", KAA_CTYPE_FLOAT},    {"f64", KAA_CTYPE_DOUBLE},
        {"F64", KAA_CTYPE_DOUBLE},   {"f32x", KAA_CTYPE_DOUBLE},
        {"F32x", KAA_CTYPE_DOUBLE},  {"f64x", KAA_CTYPE_LDOUBLE},
        {"F64x", KAA_CTYPE_LDOUBLE}, {"w", KAA_CTYPE_LDOUBLE},
    };
    char *end;

    value->kind = VALUE_FLOATING;
    if (!convert(text, &end, KAA_CTYPE_DOUBLE, &value->floating))
        return kaa_decl__fail_memory(p);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (strcmp(end, suffixes[i].suffix) == 0) {
            value->type = kaa_ctype_basic(suffixes[i].kind);
            if (!convert(text, &end, suffixes[i].kind, &value->floating))
                return kaa_decl__fail_memory(p);
            return 1;
        }
    return kaa_decl__fail(p, &p->token,
                          "no floating number that kaa has ends in '%s'", end);
}

int
kaa_decl__number(kaa_decl__parser *p, kaa_decl__value *value)
{
    char text[NUMBER_MAX + 1];
    size_t length = 0;
    int is_hex, is_floating, is_read;

    for (uint32_t i = 0; i < p->token.length; i++) {
        if (p->token.start[i] == '\'')
            continue;
        if (length == NUMBER_MAX)
            return kaa_decl__fail(p, &p->token, "a number too long");
        text[length++] = p->token.start[i];
    }
    text[length] = '\0';
    is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    is_floating = strpbrk(text, is_hex ? ".pP" : ".eE") != NULL;
    if (is_floating && is_hex && strpbrk(text, "pP") == NULL)
        return kaa_decl__fail(p, &p->token,
                              "a hexadecimal floating number without exponent");
    is_read = is_floating ? floating(p, text, value) : integer(p, text, value);
    if (is_read)
        kaa_decl__next(p);
    return is_read;
}

static int
simple_escape(char c)
{
    static const char letters[] = "ntr0abfve\\'\"?";
    static const char values[] = "\n\t\r\0\a\b\f\v\033\\'\"?";
    const char *found = c != '\0' ? strchr(letters, c) : NULL;

    return found != NULL ? values[found - letters] : -1;
}

/* One character at *at, a backslash perhaps; [at, end) is not empty. *code is
 * what it stands for, *is_byte whether that is a byte rather than a character.
 * 0 for an escape that C does not have, -1 for a continued line. */
static int
read_character(const char **at, const char *end, uint32_t *code, int *is_byte)
{
    const char *c = *at;
    int digits = 0;

    *is_byte = 1;
    *code = (unsigned char)*c++;
    if (*code != '\\' || c == end) {
        *at = c;
        return *code != '\\';
    }
    *code = 0;
    if (*c == '\n' || *c == '\r') {
        *at = c + 1 + (*c == '\r' && end - c > 1 && c[1] == '\n');
        return -1;
    }
    if (*c >= '0' && *c <= '7') {
        for (; digits < 3 && c < end && *c >= '0' && *c <= '7'; digits++)
            *code = *code * 8 + digit_value(*c++);
    } else if (*c == 'x') {
        for (c++; c < end && is_hex_digit(*c); digits++)
            *code = (*code & 0x0fffffff) * 16 + digit_value(*c++);
    } else if (*c == 'u' || *c == 'U') {
        int wanted = *c == 'u' ? 4 : 8;
        *is_byte = 0;
        for (c++; digits < wanted && c < end && is_hex_digit(*c); digits++)
            *code = (*code & 0x0fffffff) * 16 + digit_value(*c++);
        if (digits != wanted || *code > 0x10ffff ||
            (*code >= 0xd800 && *code < 0xe000))
            return 0;
    } else {
        int simple = simple_escape(*c++);
        *code = (uint32_t)simple;
        digits = simple >= 0;
    }
    *at = c;
    return digits != 0;
}

static size_t
encode_utf8(uint32_t code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* The one UTF-8 character at *at, for wide constants. */
static uint32_t
decode_utf8(const char **at, const char *end)
{
    uint32_t code = (unsigned char)*(*at)++;
    int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;

    if (more != 0)
        code &= 0x3fu >> more;
    for (; more > 0 && *at < end && ((unsigned char)**at & 0xc0) == 0x80;
         more--)
        code = code << 6 | ((unsigned char)*(*at)++ & 0x3f);
    return code;
}

/* 'ab' is 'a' << 8 | 'b', as gcc has it. */
static int
narrow_character(kaa_decl__parser *p, const char *at, const char *end,
                 kaa_decl__value *value)
{
    uint32_t bits = 0;
    int count = 0;

    while (at < end) {
        char bytes[4];
        uint32_t code;
        int is_byte;
        int found = read_character(&at, end, &code, &is_byte);
        size_t length;

        if (found == 0)
            return kaa_decl__fail(p, &p->token, "no escape that C has");
        if (found < 0)
            continue;
        bytes[0] = (char)code;
        length = is_byte ? 1 : encode_utf8(code, bytes);
        for (size_t i = 0; i < length; i++, count++)
            bits = bits << 8 | (unsigned char)bytes[i];
    }
    if (count == 0)
        return kaa_decl__fail(p, &p->token, "an empty character");
    /* A single one has the sign of char. */
    kaa_decl__set_integer(value, KAA_CTYPE_INT,
                          count == 1 ? (uint64_t)(int64_t)(char)bits
                                     : (uint64_t)bits);
    return 1;
}

int
kaa_decl__character(kaa_decl__parser *p, kaa_decl__value *value)
{
    const char *at = p->token.start;
    const char *end = at + p->token.length - 1; /* the closing quote */
    char prefix = *at;
    kaa_ctype_kind kind = prefix == 'L'   ? KAA_CTYPE_WCHAR
                          : prefix == 'U' ? KAA_CTYPE_CHAR32
                          : at[1] == '8'  ? KAA_CTYPE_UCHAR
                                          : KAA_CTYPE_CHAR16;
    uint32_t code;
    int is_byte;

    while (*at != '\'')
        at++;
    at++;
    if (prefix == '\'') {
        if (!narrow_character(p, at, end, value))
            return 0;
    } else {
        if (at == end)
            return kaa_decl__fail(p, &p->token, "an empty character");
        if (*at != '\\')
            code = decode_utf8(&at, end);
        else if (read_character(&at, end, &code, &is_byte) <= 0)
            return kaa_decl__fail(p, &p->token, "no escape that C has");
        if (at != end)
            return kaa_decl__fail(p, &p->token, "more than one character");
        kaa_decl__set_integer(value, kind, code);
    }
    kaa_decl__next(p);
    return 1;
}

static int
add_bytes(kaa_decl__parser *p, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char *slot = kaa_decl__push(p, &p->bytes, 1);
        if (slot == NULL)
            return 0;
        *slot = bytes[i];
    }
    return 1;
}

/* One literal's bytes, added to p->bytes. */
static int
add_string(kaa_decl__parser *p, const char *at, const char *end)
{
    while (at < end) {
        char bytes[4];
        uint32_t code;
        int is_byte;
        int found = read_character(&at, end, &code, &is_byte);

        if (found == 0)
            return kaa_decl__fail(p, &p->token, "no escape that C has");
        if (found < 0)
            continue;
        bytes[0] = (char)code;
        if (!add_bytes(p, bytes, is_byte ? 1 : encode_utf8(code, bytes)))
            return 0;
    }
    return 1;
}

int
kaa_decl__strings(kaa_decl__parser *p, const char **out_string,
                  size_t *out_length)
{
    p->bytes.count = 0;
    if (p->token.kind != T_STRING)
        return kaa_decl__fail_expected(p, "a string");
    while (p->token.kind == T_STRING) {
        const char *at = p->token.start;

        if (*at == 'L' || *at == 'U' || (*at == 'u' && at[1] != '8'))
            return kaa_decl__fail(p, &p->token, "a string of wide characters");
        while (*at != '"')
            at++;
        if (!add_string(p, at + 1, p->token.start + p->token.length - 1))
            return 0;
        kaa_decl__next(p);
    }
    *out_length = p->bytes.count;
    *out_string = kaa_decl__copy(p, p->bytes.items, p->bytes.count);
    return *out_string != NULL;
}
