/* decl/declarator.c - pointers, arrays and functions around a name.
 *
 * A declarator is read into steps, in the order in which they are said aloud:
 *
 *     int *(*f[3])(char)     f: array of 3 > pointer > function (char) >
 *                               pointer > (int)
 *
 * and its type is then built from the last step to the first. The pointers in
 * front of a name are read first but come behind its suffixes: each level keeps
 * them apart until its suffixes are read.
 */
#include "decl/internal.h"

#include <string.h>

#include "ctype/internal.h"

/* Steps from the name outwards, as indices + 1 into p->steps. */
struct list {
    uint32_t head;
    uint32_t tail;
};

static kaa_decl__step *
step_at(const kaa_decl__parser *p, uint32_t number)
{
    return (kaa_decl__step *)p->steps.items + (number - 1);
}

static kaa_decl__step *
add_step(kaa_decl__parser *p, kaa_decl__declarator *d, uint32_t kind,
         uint32_t *out_number)
{
    kaa_decl__step *step;

    if (d->step_count++ >= KAA_DECL__DEPTH_MAX) {
        kaa_decl__fail_as(p, KAA_LIMIT, &p->token,
                          "a declarator of more than %u parts",
                          KAA_DECL__DEPTH_MAX);
        return NULL;
    }
    step = kaa_decl__push(p, &p->steps, sizeof(*step));
    if (step == NULL)
        return NULL;
    step->kind = kind;
    *out_number = (uint32_t)p->steps.count;
    return step;
}

static void
append(kaa_decl__parser *p, struct list *list, uint32_t head, uint32_t tail)
{
    if (list->tail != 0)
        step_at(p, list->tail)->next = head;
    else
        list->head = head;
    list->tail = tail;
}

/* Qualifiers, attributes and nullability behind a *. */
static int
read_pointer_words(kaa_decl__parser *p, kaa_decl__declarator *d,
                   uint32_t *qualifiers)
{
    for (;;) {
        uint32_t bit = kaa_decl__qualifier(p->token.kind);

        if (bit != 0) {
            *qualifiers |= bit;
        } else if (p->token.kind == T_NONNULL) {
            d->attributes.parameter_flags |= KAA_DECL_PARAMETER_NONNULL;
            d->attributes.flags |= KAA_DECL_RETURNS_NONNULL;
        } else if (p->token.kind == T_NULLABLE) {
            d->attributes.parameter_flags |= KAA_DECL_PARAMETER_NULLABLE;
            d->attributes.flags |= KAA_DECL_NULLABLE;
        } else if (kaa_decl__is_attribute(p)) {
            if (!kaa_decl__read_attributes(p, &d->attributes))
                return 0;
            continue;
        } else if (p->token.kind != T_NULL_UNSPECIFIED &&
                   p->token.kind != T_EXTENSION) {
            return !p->has_failed;
        }
        kaa_decl__next(p);
    }
}

/* The last * stands next to the name. */
static int
read_pointers(kaa_decl__parser *p, kaa_decl__declarator *d,
              struct list *pointers)
{
    while (p->token.kind == '*' || p->token.kind == '^') {
        uint32_t number;
        uint32_t qualifiers = 0;
        kaa_decl__step *step;

        if (p->token.kind == '^')
            d->attributes.unsupported = "a block pointer";
        step = add_step(p, d, KAA_CTYPE_POINTER, &number);
        if (step == NULL)
            return 0;
        kaa_decl__next(p);
        if (!read_pointer_words(p, d, &qualifiers))
            return 0;
        step = step_at(p, number);
        step->qualifiers = qualifiers;
        step->next = pointers->head;
        pointers->head = number;
        if (pointers->tail == 0)
            pointers->tail = number;
    }
    return 1;
}

/* Whether this ( opens a declarator rather than parameters. */
static int
is_nested(kaa_decl__parser *p, uint32_t how)
{
    const kaa_decl__token *token = kaa_decl__peek(p);

    if (!(how & DECLARE_ABSTRACT))
        return 1;
    switch (token->kind) {
    case '*':
    case '(':
    case '[':
    case '^':
    case T_ATTRIBUTE:
        return 1;
    case T_IDENTIFIER:
        return (how & DECLARE_NAMED) != 0 && !kaa_decl__is_type_start(p, token);
    default:
        return 0;
    }
}

/* What a parameter's first [] holds is of no account: it is a pointer. */
static int
skip_dimension(kaa_decl__parser *p)
{
    while (p->token.kind != ']') {
        switch (p->token.kind) {
        case '(':
        case '[':
        case '{':
            if (!kaa_decl__skip_group(p))
                return 0;
            break;
        case T_END:
        case ';':
        case ')':
        case '}':
            return kaa_decl__fail_expected(p, "']'");
        default:
            kaa_decl__next(p);
            break;
        }
    }
    return 1;
}

/* [static 4]: a pointer to at least so many; [static n]: of that length. What
 * is not so simple is of no account, as elsewhere in a parameter's []. */
static int
read_static(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    kaa_decl__value value = {0};

    a->parameter_flags |= KAA_DECL_PARAMETER_NONNULL;
    if (kaa_decl__peek(p)->kind != ']')
        return 1;
    if (p->token.kind == T_NUMBER) {
        if (!kaa_decl__number(p, &value))
            return 0;
        if (value.kind == VALUE_INTEGER && value.bits <= INT64_MAX)
            a->least = value.bits;
    } else if (p->token.kind == T_IDENTIFIER && !a->length.is_set) {
        a->length = (kaa_decl__length){
            .names = {p->token.symbol}, .factor = 1, .is_set = STATIC_LENGTH};
        kaa_decl__next(p);
    }
    return !p->has_failed;
}

static int
read_array(kaa_decl__parser *p, uint32_t how, kaa_decl__declarator *d,
           struct list *list)
{
    int is_static = 0;
    kaa_decl__value value = {0};
    kaa_decl__token where;
    uint64_t count = KAA_CTYPE_UNKNOWN_COUNT;
    uint32_t number;
    kaa_decl__step *step = add_step(p, d, KAA_CTYPE_ARRAY, &number);

    if (step == NULL)
        return 0;
    kaa_decl__next(p);
    while (kaa_decl__qualifier(p->token.kind) != 0 ||
           p->token.kind == T_STATIC) {
        is_static |= p->token.kind == T_STATIC;
        kaa_decl__next(p);
    }
    where = p->token;
    if ((how & DECLARE_PARAMETER) && list->head == 0) {
        if ((is_static && !read_static(p, &d->attributes)) ||
            !skip_dimension(p))
            return 0;
    } else if (p->token.kind != ']') {
        if (!kaa_decl__integer_expression(p, &value, "an array's length"))
            return 0;
        if (kaa_ctype_is_signed(value.type) && (int64_t)value.bits < 0)
            return kaa_decl__fail(p, &where, "an array's length is negative");
        count = value.bits;
        if (count == KAA_CTYPE_UNKNOWN_COUNT)
            count--; /* too large as well */
    }
    step = step_at(p, number);
    step->count = count;
    append(p, list, number, number);
    return kaa_decl__expect(p, ']', "']'");
}

static int
read_function(kaa_decl__parser *p, kaa_decl__declarator *d, struct list *list)
{
    kaa_decl__step read = {.kind = KAA_CTYPE_FUNCTION};
    kaa_decl__step *step;
    uint32_t number;

    if (!kaa_decl__read_parameters(p, &read, d))
        return 0;
    step = add_step(p, d, KAA_CTYPE_FUNCTION, &number);
    if (step == NULL)
        return 0;
    *step = read;
    append(p, list, number, number);
    return 1;
}

static int
read_name(kaa_decl__parser *p, kaa_decl__declarator *d)
{
    d->name = p->token.symbol;
    d->where = p->token;
    kaa_decl__next(p);
    return kaa_decl__read_attributes(p, &d->attributes);
}

/* `typedef float _Float32;` gives a keyword as the name. */
static int
is_name(const kaa_decl__parser *p)
{
    switch (p->token.kind) {
    case T_IDENTIFIER:
    case T_FLOAT16:
    case T_FLOAT64:
    case T_FLOAT64X:
    case T_FLOAT128:
    case T_UINT128:
        return 1;
    case T_FLOAT:
    case T_INT128:
    case T_VALIST:
        return p->token.start[0] == '_';
    default:
        return 0;
    }
}

static int
read_level(kaa_decl__parser *p, uint32_t how, kaa_decl__declarator *d,
           struct list *list)
{
    struct list pointers = {0, 0};

    if (!kaa_decl__enter(p))
        return 0;
    if (!kaa_decl__read_attributes(p, &d->attributes) ||
        !read_pointers(p, d, &pointers))
        return 0;
    if ((how & DECLARE_NAMED) && is_name(p)) {
        if (!read_name(p, d))
            return 0;
    } else if (p->token.kind == '(' && is_nested(p, how)) {
        kaa_decl__next(p);
        if (!read_level(p, how, d, list) || !kaa_decl__expect(p, ')', "')'"))
            return 0;
    } else if (!(how & DECLARE_ABSTRACT)) {
        return kaa_decl__fail_expected(p, "a name");
    }
    while (p->token.kind == '(' || p->token.kind == '[') {
        int is_read = kaa_decl__is_attribute(p)
                          ? kaa_decl__read_attributes(p, &d->attributes)
                      : p->token.kind == '[' ? read_array(p, how, d, list)
                                             : read_function(p, d, list);
        if (!is_read)
            return 0;
    }
    if (pointers.head != 0)
        append(p, list, pointers.head, pointers.tail);
    kaa_decl__leave(p);
    return !p->has_failed;
}

int
kaa_decl__make_qualified(kaa_decl__parser *p, const kaa_decl__token *where,
                         uint32_t qualifiers, uint32_t align,
                         const kaa_ctype **type)
{
    kaa_error why;
    kaa_status status;

    if (qualifiers == 0 && align == 0)
        return 1;
    status =
        kaa_ctype_qualified(p->types, *type, qualifiers, align, type, &why);
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

static int
make_function(kaa_decl__parser *p, const kaa_decl__step *step,
              const kaa_decl__token *where, const kaa_ctype **type)
{
    size_t base = p->passed.count;
    const kaa_ctype_parameter *passed;
    kaa_error why;
    kaa_status status;

    for (uint32_t i = 0; i < step->parameter_count; i++) {
        const kaa_decl__parameter *parameter =
            (kaa_decl__parameter *)p->parameters.items + step->parameters + i;
        kaa_ctype_parameter *slot =
            kaa_decl__push(p, &p->passed, sizeof(*slot));
        if (slot == NULL)
            return 0;
        slot->name = parameter->name;
        slot->type = parameter->type;
    }
    passed = p->passed.items;
    status = kaa_ctype_function(p->types, *type,
                                passed != NULL ? passed + base : NULL,
                                step->parameter_count, step->flags, type, &why);
    p->passed.count = base;
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

static int
apply(kaa_decl__parser *p, const kaa_decl__step *step,
      const kaa_decl__token *where, const kaa_ctype **type)
{
    kaa_error why;
    kaa_status status;

    if (step->kind == KAA_CTYPE_FUNCTION)
        return make_function(p, step, where, type);
    if (step->kind == KAA_CTYPE_ARRAY)
        status = kaa_ctype_array(p->types, *type, step->count, type, &why);
    else
        status = kaa_ctype_pointer(p->types, *type, type, &why);
    if (status != KAA_OK)
        return kaa_decl__fail_ctype(p, where, status, &why);
    return kaa_decl__make_qualified(p, where, step->qualifiers, 0, type);
}

/* Annotations count on a declared function's own parameters only. */
static int
refuse_slice(kaa_decl__parser *p, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const kaa_decl__parameter *parameter =
            (kaa_decl__parameter *)p->parameters.items + first + i;
        if (parameter->place.kind != T_END)
            return kaa_decl__fail(p, &parameter->place,
                                  "kaa::%.32s has a meaning only at a declared "
                                  "function's own parameter",
                                  parameter->place.symbol->name);
    }
    return 1;
}

int
kaa_decl__refuse_parameters(kaa_decl__parser *p, const kaa_decl__declarator *d)
{
    return !d->is_function ||
           refuse_slice(p, d->parameters, d->parameter_count);
}

int
kaa_decl__read_declarator(kaa_decl__parser *p, const kaa_ctype *base,
                          uint32_t how, kaa_decl__declarator *d)
{
    struct list list = {0, 0};
    size_t steps = p->steps.count;
    uint32_t previous = 0;

    memset(d, 0, sizeof(*d));
    d->where = p->token;
    if (!read_level(p, how, d, &list))
        return 0;
    d->type = base;
    /* Turns the list around, then walks it from the type to the name. */
    for (uint32_t at = list.head, next; at != 0; at = next) {
        next = step_at(p, at)->next;
        step_at(p, at)->next = previous;
        previous = at;
    }
    for (uint32_t at = previous; at != 0; at = step_at(p, at)->next) {
        kaa_decl__step *step = step_at(p, at);

        if (step->kind == KAA_CTYPE_FUNCTION) {
            if (at == list.head) {
                d->is_function = 1;
                d->parameters = step->parameters;
                d->parameter_count = step->parameter_count;
            } else if (!refuse_slice(p, step->parameters,
                                     step->parameter_count)) {
                return 0;
            }
        }
        if (!apply(p, step, &d->where, &d->type))
            return 0;
    }
    p->steps.count = steps;
    return 1;
}

int
kaa_decl__settle(kaa_decl__parser *p, const kaa_decl__specifiers *s,
                 kaa_decl__declarator *d)
{
    kaa_decl__merge(&d->attributes, &s->attributes);
    if (d->attributes.unsupported != NULL)
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, &d->where,
                                 "kaa does not have %s",
                                 d->attributes.unsupported);
    return kaa_decl__apply_mode(p, &d->where, d->attributes.mode, &d->type) &&
           kaa_decl__apply_vector(p, &d->where, &d->attributes, &d->type);
}
