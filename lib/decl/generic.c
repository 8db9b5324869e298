/* decl/generic.c - _Generic: the expression of the one association whose type
 * is that of the controlling expression. The others are stepped over unread. */
#include "decl/internal.h"

#include "ctype/internal.h"

int
kaa_decl__value_type(kaa_decl__parser *p, const kaa_decl__token *where,
                     const kaa_decl__value *value, const kaa_ctype **out_type)
{
    const kaa_ctype *type = value->type;
    kaa_error why;
    kaa_status status;

    if (type == NULL) /* a string */
        type = kaa_ctype_basic(KAA_CTYPE_CHAR);
    else if (kaa_ctype__kind(type) == KAA_CTYPE_ARRAY)
        type = kaa_ctype_target(kaa_ctype__strip(type));
    else if (kaa_ctype__kind(type) != KAA_CTYPE_FUNCTION) {
        *out_type = kaa_ctype__strip(type);
        return 1;
    }
    status = kaa_ctype_pointer(p->types, type, out_type, &why);
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

/* One association. *state: 0 nothing is chosen, 1 a default, 2 a match. */
static int
read_association(kaa_decl__parser *p, const kaa_ctype *control, int *state,
                 kaa_decl__value *value)
{
    kaa_decl__value found = {0};
    const kaa_ctype *type = NULL;
    int is_default = kaa_decl__is_word(&p->token, "default");
    int is_chosen;

    if (is_default)
        kaa_decl__next(p);
    else if (!kaa_decl__read_type_name(p, &type))
        return 0;
    if (!kaa_decl__expect(p, ':', "':'"))
        return 0;
    /* Of an enum and its integer type the first one that stands there counts;
     * C lets only one of them stand there. */
    is_chosen = *state < 2 &&
                (is_default ? *state == 0 : kaa_ctype_same(type, control) != 0);
    if (!is_chosen)
        return kaa_decl__skip_to(p, ')', "')'");
    *state = is_default ? 1 : 2;
    if (!kaa_decl__read_expression(p, &found))
        return 0;
    *value = found;
    return 1;
}

int
kaa_decl__generic(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;
    kaa_decl__value control = {0};
    const kaa_ctype *type;
    int state = 0;
    int is_read;

    kaa_decl__next(p);
    if (!kaa_decl__expect(p, '(', "'('"))
        return 0;
    p->unevaluated++;
    is_read = kaa_decl__read_expression(p, &control);
    p->unevaluated--;
    if (!is_read || !kaa_decl__value_type(p, &where, &control, &type))
        return 0;
    if (p->token.kind != ',')
        return kaa_decl__fail_expected(p, "','");
    while (kaa_decl__accept(p, ','))
        if (!read_association(p, type, &state, value))
            return 0;
    if (state == 0)
        return kaa_decl__fail(p, &where,
                              "no association of _Generic has the type of its "
                              "first operand");
    return kaa_decl__expect(p, ')', "')'");
}
