/* convert/convert.h - how one C type converts, for every context.
 *
 * A shape is made once from a C type and says all that a conversion asks of it:
 * what sort of value, how wide, what a pointer points at and which buffer fits.
 *
 *     kaa_ctype --kaa_convert__shape_of--> kaa_convert__shape
 *
 * There are no objects here. Whoever has objects (cpython/call, module, Python
 * code without a bridge) embeds a shape, reads its values, and gets the rules
 * and the words of refusals from here. What a call's arguments are bound to is
 * read from the declaration itself: kaa_convert_bind().
 */
#ifndef KAA_CONVERT_CONVERT_H
#define KAA_CONVERT_CONVERT_H

#include <string.h>

#include <kaa/convert.h>

typedef enum kaa_convert__op {
    CONVERT_VOID,
    CONVERT_INTEGER, /* up to 64 bits; enums too */
    CONVERT_DOUBLE,
    CONVERT_FLOAT,
    CONVERT_TEXT,    /* const char * */
    CONVERT_POINTER, /* to void, char, numbers, records, pointers */
    CONVERT_BOOL,
    CONVERT_CHAR,
    CONVERT_WIDE_CHARACTER,
    CONVERT_WIDE_TEXT, /* const wchar_t *, char16_t *, char32_t * */
    CONVERT_FUNCTION,
    CONVERT_RECORD,
    CONVERT_INT128,
    CONVERT_LONG_DOUBLE,
    CONVERT_COMPLEX,
    CONVERT_NOTHING, /* no value converts: an array, a va_list, ... */
} kaa_convert__op;

enum {
    CONVERT_NONNULL = 1u << 0,  /* None is refused */
    CONVERT_WRITABLE = 1u << 1, /* pointers: the target is not const */
    CONVERT_ENUM = 1u << 2,
    CONVERT_NULLABLE = 1u << 3,  /* results: NULL is None; else None will do */
    CONVERT_OUT = 1u << 4,       /* [[kaa::out]] */
    CONVERT_LENGTH = 1u << 5,    /* [[kaa::length(n)]] */
    CONVERT_IS_LENGTH = 1u << 6, /* some other parameter's length, or part */
    CONVERT_BYTES = 1u << 7,     /* pointers: the target is void or one byte */
    CONVERT_LEAST = 1u << 8,     /* [[kaa::length(32)]] */
    /* How many elements there are has to be known. */
    CONVERT_MEASURED = CONVERT_LENGTH | CONVERT_LEAST,
};

/* What a pointer's target looks like in a buffer's format. */
enum {
    ITEM_NONE = 0, /* no buffer fits */
    ITEM_ANY = 'v',
    ITEM_SIGNED = 'i',
    ITEM_UNSIGNED = 'u',
    ITEM_FLOAT = 'f',
    ITEM_COMPLEX = 'Z',
    ITEM_BOOL = '?',
    ITEM_BYTE = 'b', /* char: any format of one byte */
    ITEM_WIDE = 'w', /* wide characters: as such, or as integers */
    ITEM_WIDE_UNSIGNED = 'W',
};

typedef struct kaa_convert__shape {
    uint8_t op;
    uint8_t size; /* of a number, in bytes */
    uint8_t is_signed;
    uint8_t item;       /* pointers: ITEM_* of the target */
    uint32_t flags;     /* CONVERT_* */
    uint64_t item_size; /* of a pointer's target, of a record */
    uint32_t scope;     /* functions: a kaa_decl_scope */
    uint32_t reserved;
    const kaa_ctype *type;   /* as declared */
    const kaa_ctype *core;   /* behind typedefs and qualifiers */
    const kaa_ctype *target; /* pointers: the core of the target */
} kaa_convert__shape;

void kaa_convert__shape_of(kaa_convert__shape *out, const kaa_ctype *type);

/* What the annotations of parameter `i` add. `notes` may be NULL. */
void kaa_convert__annotate(kaa_convert__shape *out,
                           const kaa_decl_parameter *notes, uint32_t count,
                           uint32_t i);
/* Whether a declared function's annotations can be kept, by every path. 0; -1
 * with the reason in `refusal`. */
int kaa_convert__check_notes(const kaa_decl_item *function, char *refusal,
                             size_t size);

/* Whether a function says who owns what it gives: [[kaa::free]],
 * [[kaa::borrow]] at its result or an out parameter. */
int kaa_convert__says_owner(const kaa_decl_item *function);

/* Whether a 64-bit value fits an integer of the shape's width. */
static inline int
kaa_convert__fits(const kaa_convert__shape *shape, int64_t value)
{
    uint32_t unused = 64u - 8u * shape->size;

    if (shape->op == CONVERT_BOOL)
        return value == 0 || value == 1;
    if (shape->is_signed)
        return (int64_t)((uint64_t)value << unused) >> unused == value;
    return value >= 0 &&
           (unused == 0 || (uint64_t)value >> (64u - unused) == 0);
}

/* An integer or pointer in storage of its width, widened to 64 bits; and the
 * other way. */
uint64_t kaa_convert__load_word(const kaa_convert__shape *shape,
                                const void *storage);
void kaa_convert__store_word(const kaa_convert__shape *shape, void *storage,
                             uint64_t word);

/* Whether items of a buffer are what a pointer of the shape points at. */
int kaa_convert__items_fit(const kaa_convert__shape *shape, const char *format,
                           int64_t item_bytes);

/* kaa_convert_says_failure() of a value that stands in registers. */
int kaa_convert__says_failure(const kaa_convert__shape *shape, uint64_t word,
                              double real);

/* "f() argument 2 (y): ", "f() result: " for position 0. */
void kaa_convert__print_place(const char *function, uint32_t position,
                              const char *parameter, char *buffer, size_t size);

#endif /* KAA_CONVERT_CONVERT_H */
