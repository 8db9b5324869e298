/* convert/fault.c - the words of refusals. */
#include <stdarg.h>
#include <stdio.h>

#include "convert/words.h"

typedef kaa_convert__text text;

void
kaa_convert__put(text *out, const char *bytes, size_t length)
{
    if (out->length < out->size) {
        size_t room = out->size - out->length - 1;

        memcpy(out->bytes + out->length, bytes, length < room ? length : room);
        out->bytes[out->length + (length < room ? length : room)] = '\0';
    }
    out->length += length;
}

void
kaa_convert__printf(text *out, const char *format, ...)
{
    char part[512];
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(part, sizeof(part), format, values);
    va_end(values);
    if (length > 0)
        kaa_convert__put(out, part, strlen(part));
}

static void
put(text *out, const char *bytes)
{
    kaa_convert__put(out, bytes, strlen(bytes));
}

static void
put_type(text *out, const kaa_ctype *type)
{
    char printed[256];

    if (type == NULL)
        return;
    kaa_ctype_print(type, NULL, printed, sizeof(printed));
    put(out, printed);
}

/* " (-128 to 127)", of integers. */
static void
put_range(text *out, const kaa_convert__shape *shape)
{
    unsigned unused = 64u - 8u * shape->size;

    if (shape->op == CONVERT_BOOL) {
        put(out, " (0 to 1)");
    } else if (shape->op == CONVERT_INT128) {
        put(out, shape->is_signed
                     ? " (-170141183460469231731687303715884105728 to "
                       "170141183460469231731687303715884105727)"
                     : " (0 to 340282366920938463463374607431768211455)");
    } else if (shape->op == CONVERT_INTEGER && shape->is_signed) {
        kaa_convert__printf(out, " (%lld to %lld)",
                            (long long)(INT64_MIN >> unused),
                            (long long)(INT64_MAX >> unused));
    } else if (shape->op == CONVERT_INTEGER ||
               (shape->op == CONVERT_POINTER && shape->item == ITEM_ANY)) {
        kaa_convert__printf(out, " (0 to %llu)",
                            (unsigned long long)(UINT64_MAX >> unused));
    }
}

const char *
kaa_convert_format(const kaa_ctype *type)
{
    const kaa_ctype *core = kaa_ctype_strip(type);
    static const char *const letters[] = {
        [KAA_CTYPE_CHAR] = "c",     [KAA_CTYPE_SCHAR] = "b",
        [KAA_CTYPE_UCHAR] = "B",    [KAA_CTYPE_BOOL] = "?",
        [KAA_CTYPE_SHORT] = "h",    [KAA_CTYPE_USHORT] = "H",
        [KAA_CTYPE_INT] = "i",      [KAA_CTYPE_UINT] = "I",
        [KAA_CTYPE_LONG] = "l",     [KAA_CTYPE_ULONG] = "L",
        [KAA_CTYPE_LLONG] = "q",    [KAA_CTYPE_ULLONG] = "Q",
        [KAA_CTYPE_WCHAR] = "w",    [KAA_CTYPE_CHAR16] = "H",
        [KAA_CTYPE_CHAR32] = "I",   [KAA_CTYPE_FLOAT] = "f",
        [KAA_CTYPE_DOUBLE] = "d",   [KAA_CTYPE_LDOUBLE] = "g",
        [KAA_CTYPE_CFLOAT] = "Zf",  [KAA_CTYPE_CDOUBLE] = "Zd",
        [KAA_CTYPE_CLDOUBLE] = "Zg"};
    kaa_ctype_kind kind = kaa_ctype_kind_of(core);

    if (kind == KAA_CTYPE_ENUM && kaa_ctype_target(core) != NULL)
        kind = kaa_ctype_kind_of(kaa_ctype_strip(kaa_ctype_target(core)));
    return (size_t)kind < sizeof(letters) / sizeof(letters[0]) ? letters[kind]
                                                               : NULL;
}

/* "'int *' needs a writable C-contiguous buffer of format 'i', not". */
static void
put_pointer(text *out, const kaa_convert__shape *shape)
{
    int is_writable = (shape->flags & CONVERT_WRITABLE) != 0;
    const char *letter = kaa_convert_format(shape->target);
    int is_text = shape->op == CONVERT_TEXT;

    put(out, "'");
    put_type(out, shape->type);
    put(out, "' needs ");
    if (shape->item == ITEM_NONE) {
        put(out, "an instance, array or pointer of ");
        put_type(out, kaa_ctype_target(shape->core));
        put(out, ", not");
        return;
    }
    if (shape->op == CONVERT_WIDE_TEXT)
        put(out, "str or ");
    put(out, is_text ? "str, bytes or " : "");
    put(out, is_writable ? "a writable C-contiguous buffer"
                         : "a C-contiguous buffer");
    if (shape->item == ITEM_ANY)
        put(out, ", a pointer or an address");
    else if (shape->item == ITEM_BYTE)
        put(out, " of bytes");
    else if (letter != NULL) {
        put(out, " of format '");
        put(out, letter);
        put(out, "'");
    }
    put(out, ", not");
}

/* What the type takes, up to what was given. */
static void
put_wanted(text *out, const kaa_convert__shape *shape)
{
    static const char *const words[] = {
        [CONVERT_INTEGER] = "int",
        [CONVERT_INT128] = "int",
        [CONVERT_BOOL] = "bool",
        [CONVERT_FLOAT] = "float",
        [CONVERT_DOUBLE] = "float",
        [CONVERT_LONG_DOUBLE] = "float",
        [CONVERT_COMPLEX] = "complex",
        [CONVERT_CHAR] = "bytes of length 1",
        [CONVERT_WIDE_CHARACTER] = "str of length 1",
        [CONVERT_FUNCTION] = "a callable",
    };
    const char *word =
        shape->op < sizeof(words) / sizeof(words[0]) ? words[shape->op] : NULL;

    if (word != NULL)
        put(out, word);
    else
        put_type(out, shape->type);
}

static void
put_part(text *out, const kaa_convert_fault *fault,
         const kaa_convert__shape *shape, char part)
{
    const char *given = fault->given != NULL ? fault->given : "?";
    unsigned long long number = fault->number;

    switch (part) {
    case 't':
        put_type(out, fault->type);
        break;
    case 'w':
        put_wanted(out, shape);
        break;
    case 'e': /* expected, or needed */
        if (shape->op == CONVERT_POINTER || shape->op == CONVERT_TEXT ||
            shape->op == CONVERT_WIDE_TEXT) {
            put_pointer(out, shape);
        } else {
            put_wanted(out, shape);
            put(out, " expected, not");
        }
        break;
    case 'g':
        put(out, given);
        break;
    case '?': /* what may have been meant */
        if (shape->op == CONVERT_POINTER && shape->flags & CONVERT_WRITABLE &&
            kaa_ctype_kind_of(shape->target) == KAA_CTYPE_CHAR &&
            (strcmp(given, "str") == 0 || strcmp(given, "bytes") == 0))
            put(out, "; declare it const char * if the function does not "
                     "write");
        break;
    case 'v':
        put(out, fault->value != NULL ? fault->value : "?");
        break;
    case 'n':
        kaa_convert__printf(out, "%llu", number);
        break;
    case 'x':
        kaa_convert__printf(out, "%04llX", number);
        break;
    case 'h':
        kaa_convert__printf(out, "%llx", number);
        break;
    default:
        put_range(out, shape);
    }
}

typedef struct row {
    const char *exception;
    const char *words;
} row;

static const row *
find(uint32_t code)
{
    static const row rows[] = {
#define KAA_FAULT(name, exception, words)                                      \
    [KAA_CONVERT_##name] = {#exception, words},
#include "convert/fault.def"
#undef KAA_FAULT
    };

    return code < sizeof(rows) / sizeof(rows[0]) && rows[code].words != NULL
               ? &rows[code]
               : NULL;
}

size_t
kaa_convert_print_fault(const kaa_convert_fault *given, char *buffer,
                        size_t size)
{
    kaa_convert_fault own = {.code = 0};
    const kaa_convert_fault *fault = &own;
    text out = {.bytes = buffer, .size = size};
    kaa_convert__shape shape = {.op = CONVERT_NOTHING};
    const row *found;

    if (size > 0)
        buffer[0] = '\0';
    /* One of an older caller is shorter; within kaa the size is left 0. */
    memcpy(&own, given,
           given->size != 0 && given->size < sizeof(own) ? given->size
                                                         : sizeof(own));
    found = find(fault->code);
    if (found == NULL)
        return 0;
    if (fault->type != NULL)
        kaa_convert__shape_of(&shape, fault->type);
    for (const char *at = found->words; *at != '\0';) {
        const char *brace = strchr(at, '{');

        if (brace == NULL) {
            put(&out, at);
            break;
        }
        kaa_convert__put(&out, at, (size_t)(brace - at));
        put_part(&out, fault, &shape, brace[1]);
        at = brace + 3;
    }
    return out.length;
}

const char *
kaa_convert_fault_exception(uint32_t code)
{
    const row *found = find(code);

    return found != NULL ? found->exception : "TypeError";
}

void
kaa_convert__print_place(const char *function, uint32_t position,
                         const char *parameter, char *buffer, size_t size)
{
    if (position == 0)
        snprintf(buffer, size, "%s() result: ", function);
    else if (parameter == NULL)
        snprintf(buffer, size, "%s() argument %u: ", function,
                 (unsigned)position);
    else
        snprintf(buffer, size, "%s() argument %u (%s): ", function,
                 (unsigned)position, parameter);
}
