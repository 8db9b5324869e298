/* object/numbers/int_text.c - ints to and from text, in any base.
 *
 * Decimal text takes time that grows with the square of its length: 100,000
 * digits are milliseconds, a million a good part of a second. There is no limit
 * as CPython's int_max_str_digits: who reads numbers from outside should limit
 * their length.
 */
#include <string.h>

#include "object/numbers/digits.h"
#include "object/numbers/number.h"
#include "object/text/str.h"

/* ---- To text */

/* Writes a magnitude backwards, ending before `end`; where it begins. The
 * digits are used up. */
static char *
write_decimal(char *end, uint64_t *digits, size_t size)
{
    size = kaa_object__digits_trim(digits, size);
    while (size > 0) {
        uint64_t part = kaa_object__digits_divide_small(digits, digits, size,
                                                        KAA_OBJECT__TEN_POWER);

        size = kaa_object__digits_trim(digits, size);
        for (unsigned i = 0; size > 0 ? i < KAA_OBJECT__TEN_DIGITS : part != 0;
             i++) {
            *--end = (char)('0' + part % 10);
            part /= 10;
        }
    }
    return end;
}

/* Powers of ten to split long ints at: number k is 10^(152 * 2^k), where the
 * first is what write_decimal() does well. The halves are split again. What
 * does the work is the division, whose steps do not wait for each other as
 * those of write_decimal() do. */
#define SPLIT_DIGITS (8u * KAA_OBJECT__TEN_DIGITS)
#define SPLIT_SIZE 16u /* shorter ints are not split */
#define LEVELS_MAX 48

typedef struct splits {
    const uint64_t *powers[LEVELS_MAX];
    size_t sizes[LEVELS_MAX];
    int count;
} splits;

/* Memory for the powers of an int of `size` digits, and for what splitting it
 * needs: each level less than size + 1, half as many at the next one, and a
 * division at the last. */
static size_t
split_room(size_t size)
{
    size_t half = size / 2 + 1;

    return 2 * size + 64 + kaa_object__digits_multiply_scratch(half, half) +
           6 * size + 256;
}

/* Squares as long as they are of use; where free memory begins. */
static uint64_t *
make_splits(splits *table, size_t size, uint64_t *memory)
{
    size_t used = 1;

    memory[0] = 1;
    for (unsigned i = 0; i < SPLIT_DIGITS / KAA_OBJECT__TEN_DIGITS; i++) {
        memory[used] = kaa_object__digits_multiply_small(
            memory, memory, used, KAA_OBJECT__TEN_POWER, 0);
        used += memory[used] != 0;
    }
    table->count = 0;
    for (;;) {
        uint64_t *square = memory + used;

        table->powers[table->count] = memory;
        table->sizes[table->count++] = used;
        if (2 * used > size + 1)
            return square;
        kaa_object__digits_multiply(square, memory, used, memory, used,
                                    square + 2 * used);
        used = kaa_object__digits_trim(square, 2 * used);
        memory = square;
    }
}

/* Writes at least `width` digits, ending before `end`; where they begin. The
 * depth is the number of powers, and a few. */
static char *
write_split(const splits *table, char *end, uint64_t *digits, size_t size,
            int level, size_t width, uint64_t *scratch)
{
    size_t low, part;
    uint64_t *rest;
    char *start;

    size = kaa_object__digits_trim(digits, size);
    while (level >= 0 &&
           kaa_object__digits_compare(digits, size, table->powers[level],
                                      table->sizes[level]) < 0)
        level--;
    if (level < 0) {
        start = write_decimal(end, digits, size);
        while ((size_t)(end - start) < width)
            *--start = '0';
        return start;
    }
    part = table->sizes[level];
    low = (size_t)SPLIT_DIGITS << level;
    rest = scratch + (size - part + 1);
    kaa_object__digits_divide(scratch, rest, digits, size, table->powers[level],
                              part, rest + part);
    end = write_split(table, end, rest, part, level - 1, low, rest + part);
    return write_split(table, end, scratch, size - part + 1, level,
                       width > low ? width - low : 0, rest + part);
}

/* The same in a base of 2^bits. */
static char *
write_bits(char *end, const kaa_object__int_view *view, unsigned bits)
{
    size_t total = kaa_object__digits_bits(view->digits, view->size);

    for (size_t at = 0; at < total; at += bits) {
        size_t index = at / 64;
        unsigned shift = at % 64;
        uint64_t digit = view->digits[index] >> shift;

        if (shift + bits > 64 && index + 1 < view->size)
            digit |= view->digits[index + 1] << (64 - shift);
        *--end = "0123456789abcdef"[digit & ((1u << bits) - 1)];
    }
    return end;
}

/* In one block: a copy of the digits, what splitting needs, the text. */
static kaa_object *
large_text(kaa_context *ctx, const kaa_object__int_view *view, int base)
{
    size_t bits = kaa_object__digits_bits(view->digits, view->size);
    size_t room = base == 10 ? bits / 3 + 24 : bits + 2;
    int is_split = base == 10 && view->size >= SPLIT_SIZE;
    size_t copy = view->size * sizeof(uint64_t);
    size_t table_room =
        is_split ? split_room(view->size) * sizeof(uint64_t) : 0;
    char *memory = kaa_object__memory(ctx, copy + table_room + room);
    char *end = memory + copy + table_room + room, *start;
    uint64_t *digits = (uint64_t *)(void *)memory;
    kaa_object *result;

    if (memory == NULL)
        return NULL;
    if (base == 10)
        memcpy(digits, view->digits, copy);
    if (is_split) {
        splits table;
        uint64_t *scratch =
            make_splits(&table, view->size, digits + view->size);

        start = write_split(&table, end, digits, view->size, table.count - 1, 0,
                            scratch);
    } else if (base == 10) {
        start = write_decimal(end, digits, view->size);
    } else {
        start = write_bits(end, view, base == 2 ? 1 : base == 8 ? 3 : 4);
    }
    if (view->is_negative)
        *--start = '-';
    result = kaa_object__str_ascii(ctx, start, (size_t)(end - start));
    kaa_object__memory_free(ctx, memory);
    return result;
}

kaa_object *
kaa_object__int_as_text(kaa_context *ctx, kaa_object *object, int base)
{
    kaa_object__int_view view;
    char text[72], *end = text + sizeof(text), *start = end;

    if (!kaa_object__is_int(object)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "expected int, not %s",
                               kaa_object__borrow_type(ctx, object)->name);
        return NULL;
    }
    if (base != 2 && base != 8 && base != 10 && base != 16) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "base must be 2, 8, 10 or 16, not %d", base);
        return NULL;
    }
    kaa_object__int_look(object, &view);
    if (view.size > 1)
        return large_text(ctx, &view, base);
    for (uint64_t digit = view.size == 0 ? 0 : view.digits[0];
         start == end || digit != 0; digit /= (unsigned)base)
        *--start = "0123456789abcdef"[digit % (unsigned)base];
    if (view.is_negative)
        *--start = '-';
    return kaa_object__str_ascii(ctx, start, (size_t)(end - start));
}

/* ---- From text */

static int
is_space(char what)
{
    return what == ' ' || (what >= '\t' && what <= '\r') ||
           (what >= 0x1C && what <= 0x1F);
}

void
kaa_object__strip_space(const char **text, size_t *size)
{
    while (*size > 0 && is_space(**text)) {
        ++*text;
        --*size;
    }
    while (*size > 0 && is_space((*text)[*size - 1]))
        --*size;
}

static unsigned
digit_value(char what)
{
    if (what >= '0' && what <= '9')
        return (unsigned)(what - '0');
    if (what >= 'a' && what <= 'z')
        return (unsigned)(what - 'a') + 10;
    if (what >= 'A' && what <= 'Z')
        return (unsigned)(what - 'A') + 10;
    return 99;
}

static int
refuse(kaa_context *ctx, const char *text, size_t size, int base)
{
    kaa_object *shown = kaa_object__str_from_utf8(ctx, text, size), *repr;

    if (shown == NULL) { /* no UTF-8: as bytes */
        if (!kaa_object__error_matches(ctx,
                                       ctx->builtins[KAA_UNICODE_DECODE_ERROR]))
            return -1;
        kaa_object__error_clear(ctx);
        shown = kaa_object__bytes_from_data(ctx, text, size);
        if (shown == NULL)
            return -1;
    }
    repr = kaa_object__repr(ctx, shown);
    kaa_decref(ctx, shown);
    if (repr != NULL)
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "invalid literal for int() with base %d: %.200s",
                               base, kaa_object__str_text(repr));
    kaa_decref(ctx, repr);
    return -1;
}

/* Takes the prefix that belongs to the base, or chooses the base by it. An
 * underscore may follow a prefix. */
static void
take_prefix(const char **text, size_t *size, int *base)
{
    int found = 0;

    if (*size >= 2 && **text == '0') {
        char what = (char)((*text)[1] | 0x20);

        found = what == 'x' ? 16 : what == 'o' ? 8 : what == 'b' ? 2 : 0;
    }
    if (found != 0 && (*base == 0 || *base == found)) {
        *base = found;
        *text += 2;
        *size -= 2;
        if (*size > 0 && **text == '_') {
            ++*text;
            --*size;
        }
    } else if (*base == 0) {
        *base = 10;
    }
}

/* Whether these are digits with single underscores between them; how many are
 * digits. */
static int
check_digits(const char *text, size_t size, unsigned base, size_t *out_count)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '_') {
            if (i == 0 || i + 1 == size || text[i - 1] == '_')
                return 0;
        } else if (digit_value(text[i]) >= base) {
            return 0;
        } else {
            count++;
        }
    }
    *out_count = count;
    return count > 0;
}

/* Reads checked digits, as many at a time as fit into 64 bits. `digits` has
 * room; how much of it is used. */
static size_t
read_digits(const char *text, size_t size, unsigned base, uint64_t *digits)
{
    uint64_t part = 0, power = 1;
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '_') {
            part = part * base + digit_value(text[i]);
            power *= base;
        }
        if (i + 1 == size || power > UINT64_MAX / base / base) {
            uint64_t carry = kaa_object__digits_multiply_small(
                digits, digits, used, power, part);

            if (carry != 0)
                digits[used++] = carry;
            part = 0;
            power = 1;
        }
    }
    return used;
}

/* A base that is a power of two: every digit of the text is some bits. */
static size_t
read_bits(const char *text, size_t size, unsigned base, uint64_t *digits,
          size_t room)
{
    unsigned bits = (unsigned)__builtin_ctz(base);
    size_t at = 0;

    memset(digits, 0, room * sizeof(*digits));
    for (size_t i = size; i-- > 0;) {
        unsigned shift = at % 64;
        uint64_t value;

        if (text[i] == '_')
            continue;
        value = digit_value(text[i]);
        digits[at / 64] |= value << shift;
        if (shift != 0 && shift + bits > 64)
            digits[at / 64 + 1] |= value >> (64 - shift);
        at += bits;
    }
    return room;
}

/* What is left is digits; NULL with no error pending: it is not. */
static kaa_object *
read_number(kaa_context *ctx, const char *text, size_t size, unsigned base,
            int is_negative)
{
    size_t count, room, used;
    unsigned bits = base > 1 ? 32 - (unsigned)__builtin_clz(base - 1) : 1;
    kaa_object *fresh;

    if (!check_digits(text, size, base, &count))
        return NULL;
    if (count <= 12) { /* less than 36^12, which fits */
        int64_t value = 0;

        for (size_t i = 0; i < size; i++)
            if (text[i] != '_')
                value = value * base + digit_value(text[i]);
        return kaa_object__int_small(ctx, is_negative ? -value : value);
    }
    if (count > PTRDIFF_MAX / 8) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    room = count * bits / 64 + 2;
    fresh = kaa_object__int_alloc(ctx, room);
    if (fresh == NULL)
        return NULL;
    used =
        (base & (base - 1)) == 0
            ? read_bits(text, size, base, kaa_object__int_digits(fresh), room)
            : read_digits(text, size, base, kaa_object__int_digits(fresh));
    return kaa_object__int_finish(ctx, fresh, used, is_negative);
}

static int
is_zero(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != '0' && text[i] != '_')
            return 0;
    return 1;
}

kaa_object *
kaa_object__int_from_text(kaa_context *ctx, const char *text, size_t size,
                          int base)
{
    const char *rest = text;
    size_t rest_size = size;
    int is_negative = 0, asked = base;
    kaa_object *result = NULL;

    if (base != 0 && (base < 2 || base > 36)) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "int() base must be >= 2 and <= 36, or 0");
        return NULL;
    }
    kaa_object__strip_space(&rest, &rest_size);
    if (rest_size > 0 && (*rest == '+' || *rest == '-')) {
        is_negative = *rest == '-';
        rest++;
        rest_size--;
    }
    take_prefix(&rest, &rest_size, &base);
    /* Without a base, 010 is neither octal nor decimal; 0_0 is 0. */
    if (asked != 0 || base != 10 || rest_size == 0 || *rest != '0' ||
        is_zero(rest, rest_size))
        result = read_number(ctx, rest, rest_size, (unsigned)base, is_negative);
    if (result == NULL && !kaa_object__has_error(ctx))
        refuse(ctx, text, size, asked);
    return result;
}
