/* decl/enum.c - enum and its names. */
#include "decl/internal.h"

#include "ctype/internal.h"

/* The value after `value`: one more, in a type that holds it. */
static int
step_value(kaa_decl__parser *p, kaa_decl__value *value)
{
    int is_signed = kaa_ctype_is_signed(value->type);

    if (!is_signed && value->bits == UINT64_MAX)
        return kaa_decl__fail(p, &p->token,
                              "an enumerator's value is too large");
    if (is_signed && value->bits == (uint64_t)INT64_MAX)
        kaa_decl__set_integer(value, KAA_CTYPE_ULONG, value->bits + 1);
    else
        kaa_decl__set_enumerator(value, value->bits + 1,
                                 is_signed && (int64_t)value->bits < -1);
    return 1;
}

static int
read_enumerator(kaa_decl__parser *p, kaa_decl__value *value, int is_first)
{
    kaa_decl__token name = p->token;
    kaa_decl__attributes attributes = {0};
    kaa_ctype_enumerator *enumerator;

    if (name.kind != T_IDENTIFIER)
        return kaa_decl__fail_expected(p, "an enumerator's name or '}'");
    kaa_decl__next(p);
    if (!kaa_decl__read_attributes(p, &attributes) ||
        !kaa_decl__refuse_annotations(p, &attributes, "at an enumerator"))
        return 0;
    if (kaa_decl__accept(p, '=')) {
        if (!kaa_decl__integer_expression(p, value, "an enumerator's value"))
            return 0;
        kaa_decl__set_enumerator(value, value->bits,
                                 kaa_ctype_is_signed(value->type) &&
                                     (int64_t)value->bits < 0);
    } else if (is_first) {
        kaa_decl__set_integer(value, KAA_CTYPE_INT, 0);
    } else if (!step_value(p, value)) {
        return 0;
    }
    if (!kaa_decl__declare_enumerator(p, name.symbol, &name, value) ||
        !kaa_decl__add_place(p, &name, name.symbol->ordinary - 1))
        return 0;
    enumerator = kaa_decl__push(p, &p->enumerators, sizeof(*enumerator));
    if (enumerator == NULL)
        return 0;
    enumerator->name = name.symbol->name;
    enumerator->value = (int64_t)value->bits;
    enumerator->is_unsigned =
        !kaa_ctype_is_signed(value->type) && value->bits > (uint64_t)INT64_MAX;
    return 1;
}

/* Enumerators are int where every one of them fits it and no type was given,
 * else of the enum's integer type, all of them (C23 6.7.3.3; GCC from 13 on, in
 * every mode. Older compilers let those that fit be int.) */
static void
retype(kaa_decl__parser *p, const kaa_ctype *type, size_t base)
{
    const kaa_ctype *integer = kaa_ctype__strip(type)->target;
    const kaa_decl__place *places = p->places.items;
    int is_int = !kaa_ctype__strip(type)->is_fixed_enum;

    for (size_t i = base; i < p->places.count; i++)
        if (kaa_ctype__kind(p->decl->entries[places[i].entry].item.type) !=
            KAA_CTYPE_INT)
            is_int = 0;
    for (size_t i = base; i < p->places.count && !is_int; i++)
        p->decl->entries[places[i].entry].item.type = integer;
}

static int
define(kaa_decl__parser *p, const kaa_ctype *type, const kaa_decl__token *tag,
       const kaa_ctype *underlying, kaa_decl__attributes *attributes)
{
    kaa_ctype_enum_options options = {.size = sizeof(options),
                                      .underlying = underlying};
    kaa_decl__value value = {0};
    size_t base = p->enumerators.count;
    size_t places = p->places.count;
    const kaa_ctype_enumerator *enumerators;
    kaa_error why;
    kaa_status status;

    kaa_decl__next(p);
    do {
        if (p->token.kind == '}' && p->enumerators.count > base)
            break;
        if (!read_enumerator(p, &value, p->enumerators.count == base))
            return 0;
    } while (kaa_decl__accept(p, ','));
    if (!kaa_decl__expect(p, '}', "',' or '}'") ||
        !kaa_decl__read_attributes(p, attributes) ||
        !kaa_decl__refuse_annotations(p, attributes, "at an enum"))
        return 0;
    if (attributes->mode != MODE_NONE || attributes->unsupported != NULL)
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, tag,
                                 "kaa does not have an enum with this "
                                 "attribute");
    options.flags = attributes->is_packed ? KAA_CTYPE_PACKED : 0;
    enumerators = (kaa_ctype_enumerator *)p->enumerators.items + base;
    status = kaa_ctype_enum_define(p->types, type, enumerators,
                                   (uint32_t)(p->enumerators.count - base),
                                   &options, &why);
    if (status != KAA_OK)
        return kaa_decl__fail_ctype(p, tag, status, &why);
    retype(p, type, places);
    p->enumerators.count = base;
    p->places.count = places;
    return 1;
}

/* C23's `enum e : type`; in a record `enum e : 3` is a bit-field. */
static int
read_underlying(kaa_decl__parser *p, const kaa_ctype **out_type)
{
    kaa_decl__specifiers s;

    if (p->token.kind != ':' || !kaa_decl__is_type_start(p, kaa_decl__peek(p)))
        return !p->has_failed;
    kaa_decl__next(p);
    if (!kaa_decl__read_specifiers(p, &s, 0))
        return 0;
    *out_type = s.type;
    return 1;
}

int
kaa_decl__enum(kaa_decl__parser *p, const kaa_ctype **out_type)
{
    kaa_decl__token tag;
    kaa_decl__attributes attributes = {0};
    const kaa_ctype *underlying = NULL;
    const kaa_ctype *known;

    if (!kaa_decl__read_tag(p, &tag, &attributes))
        return 0;
    if (!read_underlying(p, &underlying))
        return 0;
    if (p->token.kind != '{') {
        if (tag.symbol == NULL)
            return kaa_decl__fail_expected(p, "a tag or '{'");
        return kaa_decl__find_tag(p, KAA_CTYPE_ENUM, &tag, out_type);
    }
    if (!kaa_decl__enter(p) ||
        !kaa_decl__begin_definition(p, KAA_CTYPE_ENUM, &tag, &known,
                                    out_type) ||
        !define(p, *out_type, &tag, underlying, &attributes) ||
        !kaa_decl__end_definition(p, &tag, known, out_type))
        return 0;
    kaa_decl__leave(p);
    return 1;
}
