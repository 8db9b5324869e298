/* decl/extended.c - C types that are no kind of kaa's: _BitInt(n), SIMD
 * vectors, decimal floating numbers.
 *
 * Each is a record with the type's size and alignment behind a typedef that is
 * spelt as C spells the type, so that it prints as it was written:
 *
 *     _BitInt(17)     struct { int value : 17; }, range checked as bit-fields
 * are _BitInt(100)    struct { unsigned long words[2]; }, the lowest word first
 *     vector_size     struct { float lanes[4]; }
 *     _Decimal64      struct { unsigned char bytes[8]; }
 *
 * _BitInt(8), (16), (32) and (64) have no padding: they are integers. Layout
 * and passing of _BitInt are those of the System V ABI for x86-64, where a
 * _BitInt goes as such a struct goes. Whatever else stands here goes by address
 * only.
 */
#include "decl/internal.h"

#include <stdio.h>
#include <string.h>

#include "ctype/internal.h"

#define SPELLING_MAX 160u

/* The type of that spelling, where the text or its scope had it before. NULL:
 * not yet, or after a failure. */
static const kaa_ctype *
find_spelt(kaa_decl__parser *p, const char *spelling,
           kaa_decl__symbol **out_symbol)
{
    size_t length = strlen(spelling);

    *out_symbol =
        kaa_decl__intern(p, spelling, length, kaa_decl__hash(spelling, length));
    return *out_symbol != NULL ? kaa_decl__named_type(p, *out_symbol) : NULL;
}

/* Gives `target` the spelling as its name. */
static int
spell(kaa_decl__parser *p, const kaa_decl__token *where,
      kaa_decl__symbol *symbol, const kaa_ctype *target,
      const kaa_ctype **out_type)
{
    kaa_error why;
    kaa_status status = kaa_ctype_typedef(
        p->types, symbol->name, symbol->length, target, out_type, &why);

    if (status != KAA_OK)
        return kaa_decl__fail_ctype(p, where, status, &why);
    symbol->type = *out_type;
    return 1;
}

/* A struct of these members. Its tag is the spelling too: that is how messages
 * name it behind typedefs. */
static int
wrap(kaa_decl__parser *p, const kaa_decl__token *where,
     const kaa_decl__symbol *symbol, const kaa_ctype_member *members,
     uint32_t count, uint32_t align, uint32_t flags, const kaa_ctype **out_type)
{
    kaa_ctype_record_options options = {
        .size = sizeof(options), .flags = flags, .align = align};
    kaa_error why;
    kaa_status status =
        kaa_ctype_record(p->types, KAA_CTYPE_STRUCT, symbol->name,
                         symbol->length, out_type, &why);

    if (status == KAA_OK)
        status = kaa_ctype_record_define(p->types, *out_type, members, count,
                                         &options, &why);
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

/* A struct of one array, which calls pass by its address. */
static int
wrap_array(kaa_decl__parser *p, const kaa_decl__token *where,
           const kaa_decl__symbol *symbol, const char *name,
           const kaa_ctype *element, uint64_t count, uint32_t align,
           const kaa_ctype **out_type)
{
    kaa_ctype_member member = {.name = name,
                               .bit_width = KAA_CTYPE_NOT_A_BIT_FIELD};
    kaa_error why;
    kaa_status status =
        kaa_ctype_array(p->types, element, count, &member.type, &why);

    if (status != KAA_OK)
        return kaa_decl__fail_ctype(p, where, status, &why);
    return wrap(p, where, symbol, &member, 1, align, KAA_CTYPE_BY_ADDRESS,
                out_type);
}

/* The integer type that a _BitInt of up to 64 bits is stored in. */
static const kaa_ctype *
container(uint64_t width, int is_unsigned)
{
    kaa_ctype_kind kind = width <= 8    ? KAA_CTYPE_SCHAR
                          : width <= 16 ? KAA_CTYPE_SHORT
                          : width <= 32 ? KAA_CTYPE_INT
                                        : KAA_CTYPE_LLONG;

    if (width > 32 && sizeof(long) == 8)
        kind = KAA_CTYPE_LONG;
    /* The unsigned type is the next kind. */
    return kaa_ctype_basic((kaa_ctype_kind)(kind + (is_unsigned ? 1 : 0)));
}

static int
make_bit_int(kaa_decl__parser *p, const kaa_decl__token *where,
             const kaa_decl__symbol *symbol, uint64_t width, int is_unsigned,
             const kaa_ctype **out_type)
{
    kaa_ctype_member members[] = {
        {.name = "low", .bit_width = KAA_CTYPE_NOT_A_BIT_FIELD},
        {.name = "high"},
    };
    uint32_t flags = 0;

#if !defined(__x86_64__)
    if (width > 64)
        flags = KAA_CTYPE_BY_ADDRESS;
#endif
    members[0].type = container(64, 1);
    if (width > 64) {
        members[1].type = container(64, is_unsigned);
        members[1].bit_width = (uint32_t)width - 64;
        return wrap(p, where, symbol, members, 2, 0, flags, out_type);
    }
    members[1].name = "value";
    members[1].type = container(width, is_unsigned);
    members[1].bit_width = (uint32_t)width;
    if (width != 8 && width != 16 && width != 32 && width != 64)
        return wrap(p, where, symbol, &members[1], 1, 0, flags, out_type);
    *out_type = members[1].type;
    return 1;
}

int
kaa_decl__bit_int(kaa_decl__parser *p, const kaa_decl__token *where,
                  uint64_t width, int is_unsigned, const kaa_ctype **out_type)
{
    char spelling[SPELLING_MAX];
    kaa_decl__symbol *symbol;

    if (width < (is_unsigned ? 1u : 2u))
        return kaa_decl__fail(p, where,
                              "a _BitInt has %d bits at least, its sign "
                              "included",
                              is_unsigned ? 1 : 2);
    if (width > 128)
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, where,
                                 "kaa does not have a _BitInt of more than 128 "
                                 "bits");
    snprintf(spelling, sizeof(spelling), "%s_BitInt(%u)",
             is_unsigned ? "unsigned " : "", (unsigned)width);
    *out_type = find_spelt(p, spelling, &symbol);
    if (*out_type != NULL || symbol == NULL)
        return symbol != NULL;
    return make_bit_int(p, where, symbol, width, is_unsigned, out_type) &&
           spell(p, where, symbol, *out_type, out_type);
}

/* Of `bytes`, or of so many lanes, of *type: *type becomes the vector. */
static int
make_vector(kaa_decl__parser *p, const kaa_decl__token *where, uint64_t bytes,
            uint64_t lanes, const kaa_ctype **type)
{
    const kaa_ctype *lane = kaa_ctype__strip(*type);
    uint32_t qualifiers = kaa_ctype_qualifiers(*type);
    uint64_t size = kaa_ctype_size(lane);
    char spelling[SPELLING_MAX];
    kaa_decl__symbol *symbol;
    int used;

    if (!kaa_decl__is_integer(lane) && !kaa_decl__is_floating(lane))
        return kaa_decl__fail_as(
            p, KAA_UNSUPPORTED, where,
            "kaa does not have a SIMD vector of this type");
    if (lanes != 0)
        bytes = lanes * size;
    if (bytes > 1u << 16 || bytes == 0 || bytes % size != 0 ||
        (bytes & (bytes - 1)) != 0)
        return kaa_decl__fail_as(
            p, KAA_UNSUPPORTED, where,
            "kaa does not have a SIMD vector of this size");
    if (kaa_ctype_print(lane, NULL, spelling, sizeof(spelling)) >= 100)
        return kaa_decl__fail_as(
            p, KAA_UNSUPPORTED, where,
            "kaa does not have a SIMD vector of this type");
    used = (int)strlen(spelling);
    snprintf(spelling + used, sizeof(spelling) - (size_t)used,
             " __attribute__((vector_size(%u)))", (unsigned)bytes);
    *type = find_spelt(p, spelling, &symbol);
    if (symbol == NULL)
        return 0;
    if (*type == NULL && (!wrap_array(p, where, symbol, "lanes", lane,
                                      bytes / size, (uint32_t)bytes, type) ||
                          !spell(p, where, symbol, *type, type)))
        return 0;
    return kaa_decl__make_qualified(p, where, qualifiers, 0, type);
}

int
kaa_decl__apply_vector(kaa_decl__parser *p, const kaa_decl__token *where,
                       kaa_decl__attributes *a, const kaa_ctype **type)
{
    uint64_t bytes = a->vector;
    uint64_t lanes = a->lanes;

    if (bytes == 0 && lanes == 0)
        return 1;
    a->vector = a->lanes = 0;
    return make_vector(p, where, bytes, lanes, type);
}

int
kaa_decl__decimal(kaa_decl__parser *p, const kaa_decl__token *word,
                  const kaa_ctype **out_type)
{
    uint32_t size = kaa_decl__is_word(word, "_Decimal32")   ? 4
                    : kaa_decl__is_word(word, "_Decimal64") ? 8
                                                            : 16;

    KAA_ASSERT(word->symbol != NULL);
    *out_type = word->symbol->type;
    return *out_type != NULL ||
           (wrap_array(p, word, word->symbol, "bytes",
                       kaa_ctype_basic(KAA_CTYPE_UCHAR), size, size,
                       out_type) &&
            spell(p, word, word->symbol, *out_type, out_type));
}
