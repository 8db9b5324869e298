/* decl/parameter.c - what stands in the parentheses of a function. */
#include "decl/internal.h"

#include "ctype/internal.h"

static kaa_decl__parameter *
parameter_at(const kaa_decl__parser *p, size_t index)
{
    return (kaa_decl__parameter *)p->parameters.items + index;
}

static int
read_parameter(kaa_decl__parser *p)
{
    kaa_decl__specifiers s;
    kaa_decl__declarator d;
    kaa_decl__parameter *parameter;
    size_t before = p->parameters.count;

    if (!kaa_decl__read_specifiers(p, &s, 1) ||
        !kaa_decl__read_declarator(
            p, s.type, DECLARE_NAMED | DECLARE_ABSTRACT | DECLARE_PARAMETER,
            &d) ||
        !kaa_decl__read_attributes(p, &d.attributes) ||
        !kaa_decl__settle(p, &s, &d) ||
        !kaa_decl__check_parameter(p, &d.attributes, d.type) ||
        !kaa_decl__refuse_parameters(p, &d))
        return 0;
    if ((s.storage & ~(uint32_t)STORAGE_OTHER) != 0)
        return kaa_decl__fail(p, &d.where,
                              "a parameter is no typedef, extern or static");
    p->parameters.count = before; /* its own parameters are in its type now */
    parameter = kaa_decl__push(p, &p->parameters, sizeof(*parameter));
    if (parameter == NULL)
        return 0;
    parameter->name = d.name != NULL ? d.name->name : NULL;
    parameter->type = d.type;
    parameter->notes.flags = d.attributes.parameter_flags;
    if (d.attributes.scope != 0)
        parameter->notes.scope = d.attributes.scope - 1;
    parameter->notes.least = d.attributes.least;
    parameter->notes.free_function = d.attributes.free_function;
    parameter->length = d.attributes.length;
    parameter->borrow_from = d.attributes.borrow_from;
    parameter->where = d.where;
    if (d.attributes.has_place)
        parameter->place = d.attributes.place;
    return 1;
}

/* f(a, b): only a definition may list names without types; else the first is
 * a type that is not known. */
static int
read_old_style(kaa_decl__parser *p, kaa_decl__step *step,
               kaa_decl__declarator *d)
{
    d->old_style = p->token;
    do {
        if (p->token.kind != T_IDENTIFIER)
            break;
        kaa_decl__next(p);
    } while (kaa_decl__accept(p, ','));
    if (p->token.kind != ')') {
        p->token = d->old_style;
        return kaa_decl__fail_unknown_type(p);
    }
    step->flags = KAA_CTYPE_UNPROTOTYPED;
    return 1;
}

/* `void` alone, spelled out or by a typedef, is no parameter; two of one name,
 * or void among others, are errors. */
static int
check(kaa_decl__parser *p, kaa_decl__step *step)
{
    uint32_t count = step->parameter_count;

    for (uint32_t i = 0; i < count; i++) {
        const kaa_decl__parameter *parameter =
            parameter_at(p, step->parameters + i);
        if (kaa_ctype__kind(parameter->type) == KAA_CTYPE_VOID) {
            if (count > 1 || parameter->name != NULL || step->flags != 0)
                return kaa_decl__fail(p, &parameter->where,
                                      "a parameter of type void");
            step->parameter_count = 0;
        }
    }
    return kaa_decl__resolve_lengths(p, step->parameters,
                                     step->parameter_count);
}

int
kaa_decl__read_parameters(kaa_decl__parser *p, kaa_decl__step *step,
                          kaa_decl__declarator *d)
{
    if (!kaa_decl__enter(p))
        return 0;
    kaa_decl__next(p);
    step->parameters = (uint32_t)p->parameters.count;
    if (p->token.kind == ')') {
        step->flags = KAA_CTYPE_UNPROTOTYPED;
    } else if (p->token.kind == T_VOID && kaa_decl__peek(p)->kind == ')') {
        kaa_decl__next(p);
    } else if (p->token.kind == T_IDENTIFIER &&
               !kaa_decl__is_type_start(p, &p->token) &&
               (kaa_decl__peek(p)->kind == ',' ||
                kaa_decl__peek(p)->kind == ')') &&
               p->depth <= 2) {
        if (!read_old_style(p, step, d))
            return 0;
    } else {
        do {
            if (kaa_decl__accept(p, T_ELLIPSIS)) {
                step->flags = KAA_CTYPE_VARIADIC;
                break;
            }
            if (step->parameter_count >= KAA_DECL__PARAMETERS_MAX)
                return kaa_decl__fail_as(p, KAA_LIMIT, &p->token,
                                         "a function of more than %u "
                                         "parameters",
                                         KAA_DECL__PARAMETERS_MAX);
            if (!read_parameter(p))
                return 0;
            step->parameter_count++;
        } while (kaa_decl__accept(p, ','));
    }
    if (p->token.kind != ')')
        return kaa_decl__fail_expected(
            p, step->parameter_count != 0 ? "',' or ')'" : "')'");
    kaa_decl__next(p);
    kaa_decl__leave(p);
    return check(p, step);
}
