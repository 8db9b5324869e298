/* decl/item.c - the list of what a text declares.
 *
 * A name has one item. A later declaration of the same thing adds to it what it
 * knows more (parameters, an array's length, attributes); one of another thing
 * is an error.
 */
#include "decl/internal.h"

#include <string.h>

#include "base/memory.h"
#include "ctype/internal.h"

void
kaa_decl__set_place(kaa_decl_item *item, const kaa_decl__token *where)
{
    int64_t line = where->line;

    item->line = where->line;
    item->column = where->column;
    if (where->marker != NULL) {
        line += where->marker->delta;
        item->source_file = where->marker->file;
    }
    item->source_line = (uint32_t)(line < 0            ? 0
                                   : line > UINT32_MAX ? UINT32_MAX
                                                       : line);
}

kaa_decl__entry *
kaa_decl__add(kaa_decl__parser *p, kaa_decl_kind kind, kaa_decl__symbol *symbol,
              const kaa_decl__token *where)
{
    kaa_decl *decl = p->decl;
    kaa_decl__entry *entry;

    if (decl->count == decl->capacity) {
        size_t capacity = decl->capacity != 0 ? decl->capacity * 2 : 16;
        kaa_decl__entry *entries = kaa_base__realloc_array(
            decl->entries, capacity, sizeof(decl->entries[0]));
        if (entries == NULL) {
            kaa_decl__fail_memory(p);
            return NULL;
        }
        decl->entries = entries;
        decl->capacity = capacity;
    }
    entry = &decl->entries[decl->count++];
    memset(entry, 0, sizeof(*entry));
    entry->symbol = symbol;
    entry->item.size = sizeof(entry->item);
    entry->item.kind = (uint32_t)kind;
    entry->item.name = symbol != NULL ? symbol->name : "";
    kaa_decl__set_place(&entry->item, where);
    entry->is_system = where->marker != NULL && where->marker->is_system;
    return entry;
}

int
kaa_decl__add_skipped(kaa_decl__parser *p, const char *name,
                      const kaa_decl__token *where, const char *reason)
{
    kaa_decl__entry *entry = kaa_decl__add(p, KAA_DECL_SKIPPED, NULL, where);

    if (entry == NULL)
        return 0;
    reason = kaa_decl__copy(p, reason, strlen(reason));
    entry->item.name = name;
    entry->item.reason = reason;
    return reason != NULL;
}

int
kaa_decl__fill_constant(kaa_decl__parser *p, kaa_decl_item *item,
                        const kaa_decl__value *value)
{
    item->type = value->type;
    switch (value->kind) {
    case VALUE_INTEGER:
    case VALUE_ADDRESS:
        item->kind = KAA_DECL_INTEGER;
        item->integer = (int64_t)value->bits;
        if (item->integer < 0 && !kaa_ctype_is_signed(value->type))
            item->flags |= KAA_DECL_UNSIGNED;
        return 1;
    case VALUE_FLOATING:
        item->kind = KAA_DECL_FLOATING;
        item->floating = (double)value->floating;
        return 1;
    default: {
        kaa_error why;
        kaa_status status = KAA_OK;

        KAA_ASSERT(value->kind == VALUE_STRING);
        item->kind = KAA_DECL_STRING;
        item->string = value->string;
        item->string_length = value->length;
        if (item->type == NULL) /* a literal: char[n] */
            status = kaa_ctype_array(p->types, kaa_ctype_basic(KAA_CTYPE_CHAR),
                                     value->length + 1, &item->type, &why);
        return status == KAA_OK
                   ? 1
                   : kaa_decl__fail_ctype(p, &p->token, status, &why);
    }
    }
}

static int
fail_redeclared(kaa_decl__parser *p, const kaa_decl__token *where,
                const kaa_decl_item *item)
{
    return kaa_decl__fail(p, where,
                          "'%.64s' is declared differently on line %u",
                          item->name, (unsigned)item->line);
}

int
kaa_decl__declare_enumerator(kaa_decl__parser *p, kaa_decl__symbol *symbol,
                             const kaa_decl__token *where,
                             const kaa_decl__value *value)
{
    kaa_decl__entry *entry;

    if (symbol->ordinary != 0) {
        const kaa_decl_item *item =
            &p->decl->entries[symbol->ordinary - 1].item;
        if (item->kind != KAA_DECL_INTEGER ||
            !(item->flags & KAA_DECL_ENUMERATOR) ||
            item->integer != (int64_t)value->bits)
            return fail_redeclared(p, where, item);
        return 1;
    }
    entry = kaa_decl__add(p, KAA_DECL_INTEGER, symbol, where);
    if (entry == NULL)
        return 0;
    entry->item.flags = KAA_DECL_ENUMERATOR;
    symbol->ordinary = (uint32_t)p->decl->count;
    return kaa_decl__fill_constant(p, &entry->item, value);
}

/* The one type that headers spell out although it is a kind of its own. */
static const kaa_ctype *
kind_of_its_own(const kaa_decl__symbol *symbol, const kaa_ctype *type)
{
    const kaa_ctype *known = kaa_ctype_well_known(symbol->name, symbol->length);
    kaa_ctype_kind kind =
        known != NULL ? kaa_ctype_kind_of(known) : KAA_CTYPE_VOID;

    if (kind != KAA_CTYPE_WCHAR && kind != KAA_CTYPE_CHAR16 &&
        kind != KAA_CTYPE_CHAR32)
        return NULL;
    return kaa_decl__is_integer(type) &&
                   kaa_ctype_size(known) == kaa_ctype_size(type) &&
                   kaa_ctype_is_signed(known) == kaa_ctype_is_signed(type)
               ? known
               : NULL;
}

static int
declare_typedef(kaa_decl__parser *p, const kaa_decl__declarator *d)
{
    kaa_decl__symbol *symbol = d->name;
    const kaa_ctype *target = d->type;
    const kaa_ctype *type;
    kaa_decl__entry *entry;
    kaa_error why;
    kaa_status status;

    if (!kaa_decl__refuse_annotations(p, &d->attributes, "at a typedef") ||
        !kaa_decl__refuse_parameters(p, d) ||
        !kaa_decl__make_qualified(p, &d->where, 0, d->attributes.align,
                                  &target))
        return 0;
    if (symbol->ordinary != 0) {
        const kaa_decl_item *item =
            &p->decl->entries[symbol->ordinary - 1].item;
        return item->kind == KAA_DECL_TYPEDEF &&
                       kaa_ctype_same(item->type, target)
                   ? 1
                   : fail_redeclared(p, &d->where, item);
    }
    type = kind_of_its_own(symbol, target);
    if (type == NULL) {
        status = kaa_ctype_typedef(p->types, symbol->name, symbol->length,
                                   target, &type, &why);
        if (status != KAA_OK)
            return kaa_decl__fail_ctype(p, &d->where, status, &why);
    }
    entry = kaa_decl__add(p, KAA_DECL_TYPEDEF, symbol, &d->where);
    if (entry == NULL)
        return 0;
    entry->item.type = type;
    symbol->type = type;
    symbol->ordinary = (uint32_t)p->decl->count;
    return 1;
}

/* `static const int n = 4;` and the like: known without the library. */
static int
fill_static_constant(kaa_decl__parser *p, const kaa_decl__specifiers *s,
                     const kaa_decl__declarator *d,
                     const kaa_decl__value *initial, kaa_decl_item *item)
{
    kaa_ctype_kind kind = kaa_ctype__kind(d->type);
    kaa_decl__value value;

    if (initial == NULL ||
        (s->storage & (STORAGE_STATIC | STORAGE_CONSTEXPR)) == 0)
        return 1;
    value = *initial;
    if (value.kind == VALUE_STRING) {
        if ((kind != KAA_CTYPE_ARRAY && kind != KAA_CTYPE_POINTER) ||
            kaa_ctype_size(kaa_ctype_target(kaa_ctype__strip(d->type))) != 1)
            return 1;
        value.type = d->type;
    } else if (kaa_decl__is_integer(d->type) ||
               kaa_decl__is_floating(d->type)) {
        if (!kaa_decl__convert(p, &d->where, d->type, &value))
            return 0;
    }
    if (value.kind == VALUE_ADDRESS && kind == KAA_CTYPE_POINTER)
        value.type = d->type;
    else if (value.kind != VALUE_INTEGER && value.kind != VALUE_FLOATING &&
             value.kind != VALUE_STRING)
        return 1;
    return kaa_decl__fill_constant(p, item, &value);
}

static int
is_unsized(const kaa_ctype *type)
{
    type = kaa_ctype__strip(type);
    return type->kind == KAA_CTYPE_ARRAY &&
           type->count == KAA_CTYPE_UNKNOWN_COUNT;
}

/* Whether `type` may redeclare the item's: 0 no, 1 yes, 2 yes and it says more.
 */
static int
compare_types(const kaa_ctype *known, const kaa_ctype *type)
{
    const kaa_ctype *a = kaa_ctype__strip(known);
    const kaa_ctype *b = kaa_ctype__strip(type);

    if (kaa_ctype_same(known, type))
        return 1;
    if (a->kind != b->kind)
        return 0;
    if (a->kind == KAA_CTYPE_ARRAY && (is_unsized(a) || is_unsized(b)) &&
        kaa_ctype_same(a->target, b->target))
        return is_unsized(a) ? 2 : 1;
    if (a->kind != KAA_CTYPE_FUNCTION || !kaa_ctype_same(a->target, b->target))
        return 0;
    if (((a->flags | b->flags) & KAA_CTYPE_UNPROTOTYPED) != 0)
        return (a->flags & KAA_CTYPE_UNPROTOTYPED) != 0 ? 2 : 1;
    if (a->flags != b->flags || a->count != b->count)
        return 0;
    /* Qualifiers of the parameters themselves do not count. */
    for (uint64_t i = 0; i < a->count; i++)
        if (!kaa_ctype_same(kaa_ctype__strip(a->list.parameters[i].type),
                            kaa_ctype__strip(b->list.parameters[i].type)))
            return 0;
    return 1;
}

/* Whose argument the result of a function borrows from. */
static int
note_loan(kaa_decl__parser *p, const kaa_decl__declarator *d,
          kaa_decl_item *item)
{
    const kaa_decl__symbol *name = d->attributes.borrow_from;

    return name == NULL || kaa_decl__find_parameter(
                               p, &d->attributes.place, "borrow", d->parameters,
                               d->is_function ? d->parameter_count : 0, name,
                               &item->borrow_from);
}

/* What the annotations and nonnull say of the parameters. */
static int
note_parameters(kaa_decl__parser *p, const kaa_decl__declarator *d,
                kaa_decl_item *item)
{
    uint64_t count = kaa_ctype_count(kaa_ctype__strip(item->type));
    kaa_decl_parameter *notes = NULL;

    if (count != 0) {
        notes = kaa_decl__alloc(p, (size_t)count * sizeof(*notes));
        if (notes == NULL)
            return 0;
    }
    for (uint64_t i = 0; i < count; i++) {
        const kaa_ctype *type =
            kaa_ctype_parameters(kaa_ctype__strip(item->type))[i].type;
        if (d->is_function && i < d->parameter_count)
            notes[i] =
                ((kaa_decl__parameter *)p->parameters.items + d->parameters)[i]
                    .notes;
        if (kaa_ctype__kind(type) == KAA_CTYPE_POINTER &&
            (d->attributes.is_nonnull_all ||
             (i < 64 && (d->attributes.nonnull >> i & 1) != 0)) &&
            (notes[i].flags & KAA_DECL_PARAMETER_NULLABLE) == 0)
            notes[i].flags |= KAA_DECL_PARAMETER_NONNULL;
    }
    if (count != 0)
        kaa_decl__note_use(&d->attributes, item, notes);
    item->parameters = notes;
    return 1;
}

/* What an earlier declaration says of a parameter, where the later one says
 * nothing. */
static void
add_notes(kaa_decl_parameter *later, const kaa_decl_parameter *earlier)
{
    uint32_t flags = later->flags;
    uint32_t added = earlier->flags & ~(uint32_t)KAA_DECL_PARAMETER_TIMES;

    /* A later `out` takes the place of a length that C knows. */
    if ((flags & KAA_DECL_PARAMETER_OUT) != 0 &&
        (earlier->flags & KAA_DECL_PARAMETER_OUT) == 0)
        added &= ~(uint32_t)KAA_DECL_PARAMETER_LENGTH;
    if ((added & KAA_DECL_PARAMETER_LENGTH) != 0 &&
        (flags & KAA_DECL_PARAMETER_LENGTH) == 0) {
        later->length_of = earlier->length_of;
        later->length_times = earlier->length_times;
        later->length_factor = earlier->length_factor;
        later->length_plus = earlier->length_plus;
        later->flags |= earlier->flags & KAA_DECL_PARAMETER_TIMES;
    }
    if ((flags & KAA_DECL_PARAMETER_BORROW) == 0)
        later->borrow_from = earlier->borrow_from;
    if (later->free_function == NULL)
        later->free_function = earlier->free_function;
    if (later->least < earlier->least)
        later->least = earlier->least;
    if (later->scope == 0)
        later->scope = earlier->scope;
    later->flags |= added;
}

/* A later declaration of the same function adds to what is known of it. */
static int
merge_parameters(kaa_decl__parser *p, const kaa_decl__declarator *d,
                 kaa_decl_item *item)
{
    kaa_decl_item later = *item;
    uint64_t count = kaa_ctype_count(kaa_ctype__strip(item->type));
    kaa_decl_parameter *notes;

    if (!note_parameters(p, d, &later))
        return 0;
    if (item->parameters != NULL && later.parameters != NULL) {
        notes = (kaa_decl_parameter *)(uintptr_t)later.parameters;
        for (uint64_t i = 0; i < count; i++) {
            const kaa_decl_parameter *earlier = &item->parameters[i];
            add_notes(&notes[i], earlier);
        }
    }
    item->parameters = later.parameters;
    item->flags |= later.flags;
    item->format = later.format;
    item->format_of = later.format_of;
    return 1;
}

static uint32_t
flags_of(const kaa_decl__specifiers *s, const kaa_decl__declarator *d,
         int is_function)
{
    uint32_t flags =
        d->attributes.flags & (KAA_DECL_DEPRECATED | KAA_DECL_WEAK);

    if (is_function)
        flags = d->attributes.flags;
    if ((s->storage & (STORAGE_STATIC | STORAGE_CONSTEXPR)) != 0 ||
        (s->storage & (STORAGE_INLINE | STORAGE_EXTERN)) == STORAGE_INLINE)
        flags |= KAA_DECL_STATIC;
    return flags;
}

static int
redeclare(kaa_decl__parser *p, const kaa_decl__specifiers *s,
          const kaa_decl__declarator *d, kaa_decl_item *item)
{
    int is_function = item->kind == KAA_DECL_FUNCTION;
    uint32_t flags = flags_of(s, d, is_function);
    int is_compatible;

    if (item->kind != KAA_DECL_FUNCTION && item->kind != KAA_DECL_VARIABLE)
        return fail_redeclared(p, &d->where, item);
    is_compatible = compare_types(item->type, d->type);
    /* Text beside a header has the last word. */
    if (is_compatible == 0 && p->is_preprocessed && d->where.marker != NULL &&
        d->where.marker->is_strict &&
        is_function == (kaa_ctype__kind(d->type) == KAA_CTYPE_FUNCTION))
        is_compatible = 2;
    if (is_compatible == 0)
        return fail_redeclared(p, &d->where, item);
    if (is_compatible == 2) {
        item->type = d->type;
        item->parameters = NULL;
    }
    if (d->attributes.symbol != NULL)
        item->symbol = d->attributes.symbol;
    if (d->attributes.free_function != NULL)
        item->free_function = d->attributes.free_function;
    /* One declaration that is not static is enough for a symbol. */
    item->flags = ((item->flags | flags) & ~(uint32_t)KAA_DECL_STATIC) |
                  (item->flags & flags & KAA_DECL_STATIC);
    return !is_function ||
           (merge_parameters(p, d, item) && note_loan(p, d, item));
}

int
kaa_decl__declare(kaa_decl__parser *p, const kaa_decl__specifiers *s,
                  const kaa_decl__declarator *d, const kaa_decl__value *initial)
{
    kaa_decl__symbol *symbol = d->name;
    int is_function = kaa_ctype__kind(d->type) == KAA_CTYPE_FUNCTION;
    kaa_decl__entry *entry;

    if (s->storage & STORAGE_TYPEDEF)
        return declare_typedef(p, d);
    if (is_function ? !kaa_decl__check_function(p, &d->attributes, d->type)
                    : !kaa_decl__refuse_annotations(p, &d->attributes,
                                                    "at a variable") ||
                          !kaa_decl__refuse_parameters(p, d))
        return 0;
    if (kaa_ctype__kind(d->type) == KAA_CTYPE_VOID)
        return kaa_decl__fail(p, &d->where, "a variable of type void");
    if (symbol->ordinary != 0) {
        entry = &p->decl->entries[symbol->ordinary - 1];
        if (entry->is_system && d->where.marker != NULL &&
            !d->where.marker->is_system) {
            entry->is_system = 0;
            kaa_decl__set_place(&entry->item, &d->where);
        }
        return redeclare(p, s, d, &entry->item);
    }
    entry =
        kaa_decl__add(p, is_function ? KAA_DECL_FUNCTION : KAA_DECL_VARIABLE,
                      symbol, &d->where);
    if (entry == NULL)
        return 0;
    entry->item.type = d->type;
    entry->item.flags = flags_of(s, d, is_function);
    entry->item.symbol =
        d->attributes.symbol != NULL ? d->attributes.symbol : symbol->name;
    entry->item.free_function = d->attributes.free_function;
    symbol->ordinary = (uint32_t)p->decl->count;
    /* Hides a well-known type of that name, as C does. */
    symbol->type = NULL;
    symbol->is_well_known = 1;
    return is_function ? note_parameters(p, d, &entry->item) &&
                             note_loan(p, d, &entry->item)
                       : fill_static_constant(p, s, d, initial, &entry->item);
}

void
kaa_decl__compact(kaa_decl__parser *p)
{
    kaa_decl *decl = p->decl;
    size_t kept = 0;

    for (size_t i = 0; i < decl->count; i++) {
        kaa_decl__entry *entry = &decl->entries[i];
        if (entry->is_dead)
            continue;
        if (entry->symbol != NULL && kept != i) {
            if (entry->is_tag)
                entry->symbol->tag = (uint32_t)kept + 1;
            else if (entry->symbol->ordinary == i + 1)
                entry->symbol->ordinary = (uint32_t)kept + 1;
        }
        entry->macro = NULL;
        if (kept != i)
            decl->entries[kept] = *entry;
        kept++;
    }
    decl->count = kept;
}
