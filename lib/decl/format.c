/* decl/format.c - what variable arguments a format string asks for.
 *
 *     printf    %[n$][flags][width][.precision][length]conversion
 *     scanf     %[n$][*][width][m][length]conversion
 *
 * C11 7.21.6.1 and 7.21.6.2, POSIX's n$ and m, C23's w and b, and glibc's I, Z,
 * q, C and S. What else stands there ends the reading: a library may have
 * conversions of its own, which take what nobody else knows.
 */
#include "decl/internal.h"

#include <string.h>

#include "ctype/internal.h"

#define ARGUMENTS_MAX 4096u

/* Lengths in front of a conversion. */
typedef enum size {
    SIZE_INT,
    SIZE_CHAR,
    SIZE_SHORT,
    SIZE_LONG,
    SIZE_LONG_LONG,
    SIZE_LONG_DOUBLE,
} size;

typedef struct reader {
    const char *start; /* of the directive */
    const char *at;
    const char *end;
    kaa_decl_wanted *out;
    size_t capacity;
    size_t next;  /* the argument that follows, where no number is given */
    size_t count; /* one more than the largest */
    int is_scan;
} reader;

static int
peek(const reader *r)
{
    return r->at < r->end ? (unsigned char)*r->at : '\0';
}

static int
accept(reader *r, char c)
{
    if (peek(r) != c)
        return 0;
    r->at++;
    return 1;
}

/* Digits, as a number that is cut off far above any that makes sense. */
static size_t
read_number(reader *r)
{
    size_t number = 0;

    for (; peek(r) >= '0' && peek(r) <= '9'; r->at++)
        if (number < 1u << 24)
            number = number * 10 + (size_t)(*r->at - '0');
    return number;
}

/* "3$": 3; 0 and nothing read if it is not that. */
static size_t
read_position(reader *r)
{
    const char *before = r->at;
    size_t number = read_number(r);

    if (number != 0 && accept(r, '$'))
        return number;
    r->at = before;
    return 0;
}

/* One argument is asked for; 0: too many. */
static int
want(reader *r, size_t position, const kaa_ctype *type, uint64_t least)
{
    size_t index = position != 0 ? position - 1 : r->next++;

    if (index >= ARGUMENTS_MAX)
        return 0;
    if (index >= r->count)
        r->count = index + 1;
    if (index < r->capacity) {
        kaa_decl_wanted *out = &r->out[index];
        size_t length = (size_t)(r->at - r->start);

        if (length >= sizeof(out->directive))
            length = sizeof(out->directive) - 1;
        memcpy(out->directive, r->start, length);
        out->directive[length] = '\0';
        out->type = type;
        out->least = least;
    }
    return 1;
}

/* ---- what a directive is made of ---- */

/* "*" or "*2$" in place of a number: an int, told of once the whole directive
 * is read, as its text is that. */
typedef struct star {
    int is_there;
    size_t position;
} star;

static star
read_star(reader *r)
{
    star found = {0, 0};

    if (accept(r, '*')) {
        found.is_there = 1;
        found.position = read_position(r);
    } else {
        read_number(r);
    }
    return found;
}

/* w32: integers of so many bits. 0: not known, as wf32 is, whose width is the C
 * library's choice. */
static int
read_width(reader *r, size *out)
{
    switch (read_number(r)) {
    case 8:
        *out = SIZE_CHAR;
        return 1;
    case 16:
        *out = SIZE_SHORT;
        return 1;
    case 32:
        *out = SIZE_INT;
        return 1;
    case 64:
        *out = SIZE_LONG;
        return 1;
    default:
        return 0;
    }
}

static int
read_size(reader *r, size *out)
{
    *out = SIZE_INT;
    switch (peek(r)) {
    case 'h':
        r->at++;
        *out = accept(r, 'h') ? SIZE_CHAR : SIZE_SHORT;
        return 1;
    case 'l':
        r->at++;
        *out = accept(r, 'l') ? SIZE_LONG_LONG : SIZE_LONG;
        return 1;
    case 'q':
        r->at++;
        *out = SIZE_LONG_LONG;
        return 1;
    case 'L':
        r->at++;
        *out = SIZE_LONG_DOUBLE;
        return 1;
    case 'j':
    case 'z':
    case 'Z':
    case 't': /* all as wide as a pointer, where kaa runs */
        r->at++;
        *out = SIZE_LONG;
        return 1;
    case 'w':
        r->at++;
        return read_width(r, out);
    default:
        return 1;
    }
}

static kaa_ctype_kind
integer_kind(size length, int is_signed)
{
    switch (length) {
    case SIZE_CHAR:
        return is_signed ? KAA_CTYPE_SCHAR : KAA_CTYPE_UCHAR;
    case SIZE_SHORT:
        return is_signed ? KAA_CTYPE_SHORT : KAA_CTYPE_USHORT;
    case SIZE_LONG:
        return is_signed ? KAA_CTYPE_LONG : KAA_CTYPE_ULONG;
    case SIZE_LONG_LONG:
    case SIZE_LONG_DOUBLE: /* glibc takes %Ld as %lld */
        return is_signed ? KAA_CTYPE_LLONG : KAA_CTYPE_ULLONG;
    case SIZE_INT:
    default:
        return is_signed ? KAA_CTYPE_INT : KAA_CTYPE_UINT;
    }
}

/* ---- printf ---- */

/* By C's promotions; NULL: not known. */
static const kaa_ctype *
printed_type(char conversion, size length)
{
    int is_wide = length == SIZE_LONG;

    if (strchr("diouxXbB", conversion) != NULL) {
        if (length == SIZE_CHAR || length == SIZE_SHORT)
            return kaa_ctype_basic(KAA_CTYPE_INT);
        return kaa_ctype_basic(
            integer_kind(length, conversion == 'd' || conversion == 'i'));
    }
    if (strchr("aAeEfFgG", conversion) != NULL)
        return kaa_ctype_basic(length == SIZE_LONG_DOUBLE ? KAA_CTYPE_LDOUBLE
                                                          : KAA_CTYPE_DOUBLE);
    switch (conversion) {
    case 'c':
        return kaa_ctype_basic(is_wide ? KAA_CTYPE_UINT : KAA_CTYPE_INT);
    case 'C':
        return kaa_ctype_basic(KAA_CTYPE_UINT);
    case 's':
        return kaa_ctype_basic_pointer(
            is_wide ? KAA_CTYPE_WCHAR : KAA_CTYPE_CHAR, 1);
    case 'S':
        return kaa_ctype_basic_pointer(KAA_CTYPE_WCHAR, 1);
    case 'p':
        return kaa_ctype_basic_pointer(KAA_CTYPE_VOID, 1);
    case 'n':
        return kaa_ctype_basic_pointer(integer_kind(length, 1), 0);
    default:
        return NULL;
    }
}

/* Behind the %; 0: what is not known. */
static int
read_printed(reader *r)
{
    size_t position = read_position(r);
    star width, precision = {0, 0};
    const kaa_ctype *type;
    size length;
    char conversion;

    while (peek(r) != '\0' && strchr("-+ #0'I", peek(r)) != NULL)
        r->at++;
    width = read_star(r);
    if (accept(r, '.')) {
        accept(r, '-'); /* as if it were not there */
        precision = read_star(r);
    }
    if (!read_size(r, &length) || peek(r) == '\0')
        return 0;
    conversion = *r->at++;
    if (conversion == '%' || conversion == 'm')
        type = NULL;
    else if ((type = printed_type(conversion, length)) == NULL)
        return 0;
    if (width.is_there &&
        !want(r, width.position, kaa_ctype_basic(KAA_CTYPE_INT), 0))
        return 0;
    if (precision.is_there &&
        !want(r, precision.position, kaa_ctype_basic(KAA_CTYPE_INT), 0))
        return 0;
    return type == NULL || want(r, position, type, 0);
}

/* ---- scanf ---- */

/* What a conversion writes to; NULL: not known. */
static const kaa_ctype *
scanned_type(char conversion, size length)
{
    kaa_ctype_kind kind;

    if (strchr("din", conversion) != NULL)
        kind = integer_kind(length, 1);
    else if (strchr("ouxXb", conversion) != NULL)
        kind = integer_kind(length, 0);
    else if (strchr("aAeEfFgG", conversion) != NULL)
        kind = length == SIZE_LONG_DOUBLE ? KAA_CTYPE_LDOUBLE
               : length == SIZE_LONG      ? KAA_CTYPE_DOUBLE
                                          : KAA_CTYPE_FLOAT;
    else if (strchr("cs[", conversion) != NULL)
        kind = length == SIZE_LONG ? KAA_CTYPE_WCHAR : KAA_CTYPE_CHAR;
    else if (strchr("CS", conversion) != NULL)
        kind = KAA_CTYPE_WCHAR;
    else if (conversion == 'p')
        kind = KAA_CTYPE_VOID;
    else
        return NULL;
    return kaa_ctype_basic_pointer(kind, 0);
}

/* "^]abc]", behind the [; 0: it has no end. */
static int
skip_set(reader *r)
{
    accept(r, '^');
    accept(r, ']');
    while (peek(r) != '\0' && peek(r) != ']')
        r->at++;
    return accept(r, ']');
}

static int
read_scanned(reader *r)
{
    size_t position = read_position(r), width;
    int is_dropped = accept(r, '*'), is_made;
    const kaa_ctype *type;
    uint64_t least = 1;
    size length;
    char conversion;

    accept(r, '\'');
    accept(r, 'I');
    width = read_number(r);
    is_made = accept(r, 'm');
    if (!read_size(r, &length) || peek(r) == '\0')
        return 0;
    conversion = *r->at++;
    if (conversion == '%')
        return 1;
    type = scanned_type(conversion, length);
    if (type == NULL || (conversion == '[' && !skip_set(r)))
        return 0;
    if (is_dropped)
        return 1;
    if (conversion == 'c' || conversion == 'C')
        least = width != 0 ? width : 1;
    else if (conversion == 's' || conversion == 'S' || conversion == '[')
        least = width + 1;              /* and a NUL */
    if (is_made || conversion == 'p') { /* a pointer is put there */
        type = kaa_ctype_basic_pointer(KAA_CTYPE_VOID, 0);
        least = sizeof(void *);
    }
    return want(r, position, type, least);
}

size_t
kaa_decl_format(const kaa_decl_item *function, const char *format,
                size_t length, kaa_decl_wanted *out, size_t capacity,
                int *out_is_whole)
{
    reader r = {.at = format, .end = format, .out = out};
    int is_whole = 1;

    if (length != 0) /* `format` is NULL perhaps where there is nothing */
        r.end += length;
    r.capacity = capacity;
    r.is_scan = function->format == KAA_DECL_FORMAT_SCANF;
    for (size_t i = 0; i < capacity; i++)
        out[i] = (kaa_decl_wanted){.type = NULL};
    while (is_whole && peek(&r) != '\0') {
        r.start = r.at++;
        if (*r.start == '%')
            is_whole = r.is_scan ? read_scanned(&r) : read_printed(&r);
    }
    if (out_is_whole != NULL)
        *out_is_whole = is_whole;
    return r.count;
}
