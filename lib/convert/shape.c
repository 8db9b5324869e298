/* convert/shape.c - from a C type to the shape of its conversion. */
#include <math.h>
#include <stdio.h>

#include "convert/convert.h"

#define KINDS (KAA_CTYPE_QUALIFIED + 1)

/* By kind: what a value of it needs, and what a buffer of it looks like. */
static const struct {
    uint8_t op;
    uint8_t item;
} kinds[KINDS] = {
    [KAA_CTYPE_VOID] = {CONVERT_VOID, ITEM_ANY},
    [KAA_CTYPE_BOOL] = {CONVERT_BOOL, ITEM_BOOL},
    [KAA_CTYPE_CHAR] = {CONVERT_CHAR, ITEM_BYTE},
    [KAA_CTYPE_SCHAR] = {CONVERT_INTEGER, ITEM_BYTE},
    [KAA_CTYPE_UCHAR] = {CONVERT_INTEGER, ITEM_BYTE},
    [KAA_CTYPE_SHORT] = {CONVERT_INTEGER, ITEM_SIGNED},
    [KAA_CTYPE_USHORT] = {CONVERT_INTEGER, ITEM_UNSIGNED},
    [KAA_CTYPE_INT] = {CONVERT_INTEGER, ITEM_SIGNED},
    [KAA_CTYPE_UINT] = {CONVERT_INTEGER, ITEM_UNSIGNED},
    [KAA_CTYPE_LONG] = {CONVERT_INTEGER, ITEM_SIGNED},
    [KAA_CTYPE_ULONG] = {CONVERT_INTEGER, ITEM_UNSIGNED},
    [KAA_CTYPE_LLONG] = {CONVERT_INTEGER, ITEM_SIGNED},
    [KAA_CTYPE_ULLONG] = {CONVERT_INTEGER, ITEM_UNSIGNED},
    [KAA_CTYPE_ENUM] = {CONVERT_INTEGER, ITEM_SIGNED},
    [KAA_CTYPE_INT128] = {CONVERT_INT128, ITEM_NONE},
    [KAA_CTYPE_UINT128] = {CONVERT_INT128, ITEM_NONE},
    [KAA_CTYPE_WCHAR] = {CONVERT_WIDE_CHARACTER, ITEM_WIDE},
    [KAA_CTYPE_CHAR16] = {CONVERT_WIDE_CHARACTER, ITEM_WIDE},
    [KAA_CTYPE_CHAR32] = {CONVERT_WIDE_CHARACTER, ITEM_WIDE},
    [KAA_CTYPE_FLOAT16] = {CONVERT_NOTHING, ITEM_NONE},
    [KAA_CTYPE_FLOAT] = {CONVERT_FLOAT, ITEM_FLOAT},
    [KAA_CTYPE_DOUBLE] = {CONVERT_DOUBLE, ITEM_FLOAT},
    [KAA_CTYPE_LDOUBLE] = {CONVERT_LONG_DOUBLE, ITEM_FLOAT},
    [KAA_CTYPE_FLOAT128] = {CONVERT_NOTHING, ITEM_NONE},
    [KAA_CTYPE_CFLOAT] = {CONVERT_COMPLEX, ITEM_COMPLEX},
    [KAA_CTYPE_CDOUBLE] = {CONVERT_COMPLEX, ITEM_COMPLEX},
    [KAA_CTYPE_CLDOUBLE] = {CONVERT_COMPLEX, ITEM_COMPLEX},
    [KAA_CTYPE_VALIST] = {CONVERT_NOTHING, ITEM_NONE},
    [KAA_CTYPE_POINTER] = {CONVERT_POINTER, ITEM_NONE},
    [KAA_CTYPE_ARRAY] = {CONVERT_NOTHING, ITEM_NONE},
    [KAA_CTYPE_STRUCT] = {CONVERT_RECORD, ITEM_NONE},
    [KAA_CTYPE_UNION] = {CONVERT_RECORD, ITEM_NONE},
    [KAA_CTYPE_FUNCTION] = {CONVERT_NOTHING, ITEM_NONE},
};

/* What items of a core type are. */
static uint8_t
item_of(const kaa_ctype *core)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(core);
    uint8_t item = kinds[kind].item;

    if (kind == KAA_CTYPE_ENUM && kaa_ctype_target(core) != NULL)
        return item_of(kaa_ctype_strip(kaa_ctype_target(core)));
    if (item == ITEM_WIDE && !kaa_ctype_is_signed(core))
        return ITEM_WIDE_UNSIGNED;
    if (kind == KAA_CTYPE_ENUM && !kaa_ctype_is_signed(core))
        return ITEM_UNSIGNED;
    return item;
}

static void
shape_pointer(kaa_convert__shape *out)
{
    const kaa_ctype *declared = kaa_ctype_target(out->core);
    kaa_ctype_kind kind;

    out->target = kaa_ctype_strip(declared);
    kind = kaa_ctype_kind_of(out->target);
    out->item = item_of(out->target);
    out->item_size = kaa_ctype_size(out->target);
    if (out->item == ITEM_ANY || out->item == ITEM_BYTE)
        out->flags |= CONVERT_BYTES;
    if (!(kaa_ctype_qualifiers(declared) & KAA_CTYPE_CONST))
        out->flags |= CONVERT_WRITABLE;
    else if (kind == KAA_CTYPE_CHAR)
        out->op = CONVERT_TEXT;
    else if (kinds[kind].op == CONVERT_WIDE_CHARACTER)
        out->op = CONVERT_WIDE_TEXT;
    if (kind == KAA_CTYPE_FUNCTION)
        out->op = CONVERT_FUNCTION;
}

void
kaa_convert__shape_of(kaa_convert__shape *out, const kaa_ctype *type)
{
    kaa_ctype_kind kind;

    memset(out, 0, sizeof(*out));
    out->type = type;
    out->core = kaa_ctype_strip(type);
    out->size = (uint8_t)kaa_ctype_size(out->core);
    out->is_signed = (uint8_t)kaa_ctype_is_signed(out->core);
    kind = kaa_ctype_kind_of(out->core);
    out->op = kinds[kind].op;
    if (kind == KAA_CTYPE_ENUM)
        out->flags |= CONVERT_ENUM;
    else if (kind == KAA_CTYPE_POINTER)
        shape_pointer(out);
    else if (out->op == CONVERT_RECORD)
        out->item_size = kaa_ctype_size(out->core);
}

/* ---- words ---- */

uint64_t
kaa_convert__load_word(const kaa_convert__shape *shape, const void *storage)
{
    uint64_t wide;
    uint32_t word;
    uint16_t half;
    uint8_t byte;

    switch (shape->size) {
    case 8:
        memcpy(&wide, storage, sizeof(wide));
        return wide;
    case 4:
        memcpy(&word, storage, sizeof(word));
        return shape->is_signed ? (uint64_t)(int64_t)(int32_t)word : word;
    case 2:
        memcpy(&half, storage, sizeof(half));
        return shape->is_signed ? (uint64_t)(int64_t)(int16_t)half : half;
    default:
        memcpy(&byte, storage, sizeof(byte));
        return shape->is_signed ? (uint64_t)(int64_t)(int8_t)byte : byte;
    }
}

void
kaa_convert__store_word(const kaa_convert__shape *shape, void *storage,
                        uint64_t word)
{
    uint32_t half = (uint32_t)word;
    uint16_t quarter = (uint16_t)word;
    uint8_t byte = (uint8_t)word;

    switch (shape->size) {
    case 8:
        memcpy(storage, &word, sizeof(word));
        break;
    case 4:
        memcpy(storage, &half, sizeof(half));
        break;
    case 2:
        memcpy(storage, &quarter, sizeof(quarter));
        break;
    default:
        memcpy(storage, &byte, sizeof(byte));
    }
}

int
kaa_convert__says_failure(const kaa_convert__shape *shape, uint64_t word,
                          double real)
{
    switch (shape->op) {
    case CONVERT_VOID:
        return 1;
    case CONVERT_INTEGER:
        if (shape->is_signed)
            return (int64_t)word < 0;
        return word == UINT64_MAX >> (64u - 8u * shape->size);
    case CONVERT_POINTER:
    case CONVERT_TEXT:
    case CONVERT_WIDE_TEXT:
    case CONVERT_FUNCTION:
        return word == 0 || word == UINT64_MAX;
    case CONVERT_DOUBLE:
    case CONVERT_FLOAT:
    case CONVERT_LONG_DOUBLE:
        return !isfinite(real);
    default:
        return 0;
    }
}

int
kaa_convert_says_failure(const kaa_ctype *type, const void *result)
{
    kaa_convert__shape shape;
    long double extended;
    double real = 0.0;
    float single;

    kaa_convert__shape_of(&shape, type);
    if (shape.op == CONVERT_VOID || shape.op >= CONVERT_RECORD) {
        if (shape.op != CONVERT_LONG_DOUBLE)
            return kaa_convert__says_failure(&shape, 0, 0.0);
        memcpy(&extended, result, sizeof(extended));
        return !isfinite(extended);
    }
    if (shape.op == CONVERT_DOUBLE) {
        memcpy(&real, result, sizeof(real));
    } else if (shape.op == CONVERT_FLOAT) {
        memcpy(&single, result, sizeof(single));
        real = (double)single;
    } else {
        return kaa_convert__says_failure(
            &shape, kaa_convert__load_word(&shape, result), 0.0);
    }
    return kaa_convert__says_failure(&shape, 0, real);
}

/* ---- buffers ---- */

/* What the letters of the struct module stand for. */
static const uint8_t letters[128] = {
    ['b'] = ITEM_SIGNED,   ['h'] = ITEM_SIGNED,   ['i'] = ITEM_SIGNED,
    ['l'] = ITEM_SIGNED,   ['q'] = ITEM_SIGNED,   ['n'] = ITEM_SIGNED,
    ['B'] = ITEM_UNSIGNED, ['H'] = ITEM_UNSIGNED, ['I'] = ITEM_UNSIGNED,
    ['L'] = ITEM_UNSIGNED, ['Q'] = ITEM_UNSIGNED, ['N'] = ITEM_UNSIGNED,
    ['f'] = ITEM_FLOAT,    ['d'] = ITEM_FLOAT,    ['g'] = ITEM_FLOAT,
    ['F'] = ITEM_COMPLEX,  ['D'] = ITEM_COMPLEX,  ['G'] = ITEM_COMPLEX,
    ['u'] = ITEM_WIDE,     ['w'] = ITEM_WIDE,     ['?'] = ITEM_BOOL,
};

/* The item that a whole format is one of. Byte order means nothing for one
 * byte; another than the machine's is refused for more. */
static uint8_t
format_item(const char *format, int64_t item_bytes)
{
    int is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

    switch (*format) {
    case '<':
    case '>':
    case '!':
        if (item_bytes > 1 && (*format == '<') != is_little)
            return ITEM_NONE;
        format++;
        break;
    case '@':
    case '=':
        format++;
        break;
    default:
        break;
    }
    if (*format == 'Z' && format[1] != '\0' && format[2] == '\0')
        return strchr("fdg", format[1]) != NULL ? ITEM_COMPLEX : ITEM_NONE;
    if (*format == '\0' || format[1] != '\0' || (unsigned char)*format > 127)
        return ITEM_NONE;
    return letters[(unsigned char)*format];
}

static int
fits(uint8_t item, uint64_t item_size, const char *format, int64_t item_bytes)
{
    uint8_t found;

    if (item == ITEM_ANY)
        return 1;
    if (item == ITEM_BYTE)
        return item_bytes == 1;
    if (item == ITEM_NONE || item_bytes < 0 ||
        (uint64_t)item_bytes != item_size)
        return 0;
    found = format_item(format != NULL ? format : "B", item_bytes);
    if (item == ITEM_WIDE)
        return found == ITEM_WIDE || found == ITEM_SIGNED;
    if (item == ITEM_WIDE_UNSIGNED)
        return found == ITEM_WIDE || found == ITEM_UNSIGNED;
    return found == item;
}

int
kaa_convert__items_fit(const kaa_convert__shape *shape, const char *format,
                       int64_t item_bytes)
{
    return fits(shape->item, shape->item_size, format, item_bytes);
}

int
kaa_convert_format_fits(const kaa_ctype *type, const char *format,
                        int64_t item_bytes)
{
    const kaa_ctype *core = kaa_ctype_strip(type);

    return fits(item_of(core), kaa_ctype_size(core), format, item_bytes);
}
