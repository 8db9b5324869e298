/* decl/record.c - struct and union, and the name space of tags. */
#include "decl/internal.h"

#include "ctype/internal.h"

static const char *
tag_word(kaa_ctype_kind kind)
{
    return kind == KAA_CTYPE_ENUM    ? "enum"
           : kind == KAA_CTYPE_UNION ? "union"
                                     : "struct";
}

int
kaa_decl__new_tag(kaa_decl__parser *p, kaa_ctype_kind kind,
                  const kaa_decl__symbol *tag, const kaa_decl__token *where,
                  const kaa_ctype **out_type)
{
    const char *name = tag != NULL ? tag->name : NULL;
    size_t length = tag != NULL ? tag->length : 0;
    kaa_error why;
    kaa_status status;

    status =
        kind == KAA_CTYPE_ENUM
            ? kaa_ctype_enum(p->types, name, length, out_type, &why)
            : kaa_ctype_record(p->types, kind, name, length, out_type, &why);
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

int
kaa_decl__find_tag(kaa_decl__parser *p, kaa_ctype_kind kind,
                   const kaa_decl__token *tag, const kaa_ctype **out_type)
{
    const kaa_decl_item *known = kaa_decl__tagged(p, tag->symbol);
    const kaa_ctype *type;
    kaa_decl__entry *entry;

    if (known != NULL) {
        if (kaa_ctype_kind_of(known->type) != kind)
            return kaa_decl__fail(p, tag, "'%.64s' is '%s %.64s', not '%s'",
                                  tag->symbol->name,
                                  tag_word(kaa_ctype_kind_of(known->type)),
                                  tag->symbol->name, tag_word(kind));
        *out_type = known->type;
        return 1;
    }
    if (!kaa_decl__new_tag(p, kind, tag->symbol, tag, &type))
        return 0;
    entry = kaa_decl__add(
        p, kind == KAA_CTYPE_ENUM ? KAA_DECL_ENUM : KAA_DECL_RECORD,
        tag->symbol, tag);
    if (entry == NULL)
        return 0;
    entry->is_tag = 1;
    entry->item.type = type;
    tag->symbol->tag = (uint32_t)p->decl->count;
    *out_type = type;
    return 1;
}

int
kaa_decl__read_tag(kaa_decl__parser *p, kaa_decl__token *out_tag,
                   kaa_decl__attributes *attributes)
{
    *out_tag = p->token; /* struct, union or enum */
    kaa_decl__next(p);
    if (!kaa_decl__read_attributes(p, attributes))
        return 0;
    out_tag->symbol = NULL;
    if (p->token.kind != T_IDENTIFIER)
        return 1;
    *out_tag = p->token;
    kaa_decl__next(p);
    return kaa_decl__read_attributes(p, attributes);
}

int
kaa_decl__begin_definition(kaa_decl__parser *p, kaa_ctype_kind kind,
                           const kaa_decl__token *tag,
                           const kaa_ctype **out_known,
                           const kaa_ctype **out_type)
{
    kaa_decl__entry *entry;

    *out_known = NULL;
    if (tag->symbol == NULL)
        return kaa_decl__new_tag(p, kind, NULL, tag, out_type);
    if (!kaa_decl__find_tag(p, kind, tag, out_type))
        return 0;
    if (kaa_ctype_is_complete(*out_type)) {
        *out_known = *out_type;
        return kaa_decl__new_tag(p, kind, tag->symbol, tag, out_type);
    }
    if (tag->symbol->tag != 0) { /* the item points at the definition */
        entry = &p->decl->entries[tag->symbol->tag - 1];
        kaa_decl__set_place(&entry->item, tag);
    }
    return 1;
}

int
kaa_decl__end_definition(kaa_decl__parser *p, const kaa_decl__token *tag,
                         const kaa_ctype *known, const kaa_ctype **type)
{
    if (known == NULL)
        return 1;
    if (!kaa_ctype_same(known, *type))
        return kaa_decl__fail(p, tag, "'%s %.64s' is defined differently above",
                              tag_word(kaa_ctype_kind_of(known)),
                              tag->symbol->name);
    *type = known;
    return 1;
}

int
kaa_decl__add_place(kaa_decl__parser *p, const kaa_decl__token *where,
                    uint32_t entry)
{
    kaa_decl__place *place = kaa_decl__push(p, &p->places, sizeof(*place));

    if (place == NULL)
        return 0;
    place->place = where->place;
    place->line = where->line;
    place->column = where->column;
    place->entry = entry;
    return 1;
}

/* [[kaa::scope]] alone may stand at a member, a function pointer, which lives
 * at least as long as its record. */
static int
check_annotations(kaa_decl__parser *p, const kaa_decl__declarator *d)
{
    const kaa_decl__attributes *a = &d->attributes;
    const kaa_ctype *type = kaa_ctype__strip(d->type);

    if (a->scope == 0 || a->free_function != NULL || a->borrow_from != NULL ||
        a->length.is_set || a->least != 0 ||
        (a->flags & (KAA_DECL_HOLD_GIL | KAA_DECL_ERRNO)) != 0 ||
        (a->parameter_flags & KAA_DECL_PARAMETER_OUT) != 0)
        return kaa_decl__refuse_annotations(p, a, "at a member");
    if (kaa_ctype_kind_of(type) != KAA_CTYPE_POINTER ||
        kaa_ctype__kind(kaa_ctype_target(type)) != KAA_CTYPE_FUNCTION)
        return kaa_decl__fail(p, &a->place,
                              "kaa::scope needs a member that points at a "
                              "function");
    if (a->scope == KAA_DECL_SCOPE_CALL + 1)
        return kaa_decl__fail(p, &a->place,
                              "kaa::scope(call) has no meaning at a member: it "
                              "lives at least as long as its record");
    return 1;
}

static int
add_member(kaa_decl__parser *p, const kaa_decl__declarator *d, uint32_t width)
{
    kaa_ctype_member *member;

    if (!check_annotations(p, d) || !kaa_decl__refuse_parameters(p, d) ||
        !kaa_decl__add_place(p, &d->where, 0))
        return 0;
    member = kaa_decl__push(p, &p->members, sizeof(*member));
    if (member == NULL)
        return 0;
    member->name = d->name != NULL ? d->name->name : NULL;
    member->type = d->type;
    member->bit_width = width;
    member->align = d->attributes.align;
    member->flags = d->attributes.is_packed ? KAA_CTYPE_PACKED : 0;
    member->scope = d->attributes.scope;
    return 1;
}

static int
read_width(kaa_decl__parser *p, uint32_t *out_width)
{
    kaa_decl__token where = p->token;
    kaa_decl__value value = {0};

    if (!kaa_decl__integer_expression(p, &value, "a bit-field's width"))
        return 0;
    /* Too wide for any type is told by the layout; this only has to fit. */
    if (value.bits > 4096)
        return kaa_decl__fail(p, &where,
                              kaa_ctype_is_signed(value.type) &&
                                      (int64_t)value.bits < 0
                                  ? "a bit-field's width is negative"
                                  : "a bit-field's width is too large");
    *out_width = (uint32_t)value.bits;
    return 1;
}

/* One declarator of a member's declaration, perhaps a bit-field. */
static int
read_member(kaa_decl__parser *p, const kaa_decl__specifiers *s)
{
    kaa_decl__declarator d = {.where = p->token, .type = s->type};
    uint32_t width = KAA_CTYPE_NOT_A_BIT_FIELD;
    size_t parameters = p->parameters.count;

    if (p->token.kind != ':' &&
        !kaa_decl__read_declarator(p, s->type, DECLARE_NAMED, &d))
        return 0;
    if (kaa_decl__accept(p, ':') && !read_width(p, &width))
        return 0;
    if (!kaa_decl__read_attributes(p, &d.attributes) ||
        !kaa_decl__settle(p, s, &d) || !add_member(p, &d, width))
        return 0;
    p->parameters.count = parameters;
    return 1;
}

/* `struct { ... };` as a member: its members count as the outer one's. */
static int
read_anonymous(kaa_decl__parser *p, const kaa_decl__specifiers *s)
{
    kaa_decl__declarator d = {.where = p->token, .type = s->type};

    if (!s->has_tag)
        return kaa_decl__fail_expected(p, "a member's name");
    if (!kaa_ctype__is_record(s->type) ||
        kaa_ctype_name(kaa_ctype__strip(s->type)) != NULL)
        return 1; /* only a tag or enumerators are declared */
    return kaa_decl__settle(p, s, &d) &&
           add_member(p, &d, KAA_CTYPE_NOT_A_BIT_FIELD);
}

static int
read_members(kaa_decl__parser *p)
{
    while (p->token.kind != '}') {
        kaa_decl__specifiers s;

        if (kaa_decl__accept(p, ';'))
            continue;
        if (p->token.kind == T_STATIC_ASSERT || p->token.kind == T_PRAGMA) {
            if (!(p->token.kind == T_PRAGMA ? kaa_decl__read_pragma(p)
                                            : kaa_decl__read_static_assert(p)))
                return 0;
            continue;
        }
        if (p->token.kind == T_END)
            return kaa_decl__fail_expected(p, "'}'");
        if (!kaa_decl__read_specifiers(p, &s, 0))
            return 0;
        if (p->token.kind == ';') {
            if (!read_anonymous(p, &s))
                return 0;
        } else {
            do
                if (!read_member(p, &s))
                    return 0;
            while (kaa_decl__accept(p, ','));
        }
        if (p->token.kind != ';')
            return kaa_decl__fail_expected(p, "';'");
        kaa_decl__next(p);
    }
    return 1;
}

/* The layout's complaint, at the member it is about. */
static int
fail_layout(kaa_decl__parser *p, kaa_status status, const kaa_error *why,
            const kaa_decl__token *tag, size_t base)
{
    kaa_decl__token where = *tag;

    if (why->argument < p->places.count - base) {
        const kaa_decl__place *place =
            (kaa_decl__place *)p->places.items + base + why->argument;
        where.place = place->place;
        where.line = place->line;
        where.column = place->column;
    }
    return kaa_decl__fail_ctype(p, &where, status, why);
}

static int
define(kaa_decl__parser *p, const kaa_ctype *type, const kaa_decl__token *tag,
       kaa_decl__attributes *attributes)
{
    kaa_ctype_record_options options = {.size = sizeof(options)};
    size_t base = p->members.count;
    size_t places = p->places.count;
    const kaa_ctype_member *members;
    kaa_error why;
    kaa_status status;

    kaa_decl__next(p);
    if (!read_members(p))
        return 0;
    options.pack = p->pack; /* before the next token's #pragma pack(pop) */
    kaa_decl__next(p);
    if (!kaa_decl__read_attributes(p, attributes))
        return 0;
    if (attributes->unsupported != NULL)
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, tag,
                                 "kaa does not have %s",
                                 attributes->unsupported);
    if (!kaa_decl__refuse_annotations(p, attributes, "at a record"))
        return 0;
    options.flags = attributes->is_packed ? KAA_CTYPE_PACKED : 0;
    options.align = attributes->align;
    members = p->members.items;
    status = kaa_ctype_record_define(
        p->types, type, members != NULL ? members + base : NULL,
        (uint32_t)(p->members.count - base), &options, &why);
    if (status != KAA_OK)
        return fail_layout(p, status, &why, tag, places);
    p->members.count = base;
    p->places.count = places;
    return 1;
}

int
kaa_decl__record(kaa_decl__parser *p, const kaa_ctype **out_type)
{
    kaa_ctype_kind kind =
        p->token.kind == T_UNION ? KAA_CTYPE_UNION : KAA_CTYPE_STRUCT;
    kaa_decl__token tag;
    kaa_decl__attributes attributes = {0};
    const kaa_ctype *known;

    if (!kaa_decl__read_tag(p, &tag, &attributes))
        return 0;
    if (p->token.kind != '{') {
        if (tag.symbol == NULL)
            return kaa_decl__fail_expected(p, "a tag or '{'");
        return kaa_decl__find_tag(p, kind, &tag, out_type);
    }
    if (!kaa_decl__enter(p) ||
        !kaa_decl__begin_definition(p, kind, &tag, &known, out_type) ||
        !define(p, *out_type, &tag, &attributes) ||
        !kaa_decl__end_definition(p, &tag, known, out_type))
        return 0;
    kaa_decl__leave(p);
    return 1;
}
