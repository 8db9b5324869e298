/* decl/generic.c - _Generic: the expression of the one association whose type
 * is that of the controlling expression. The others are stepped over unread. */
#include "decl/internal.h"

#include "base/memory.h"
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

/* One association: behind it. What is chosen is read at once; where a default's
 * expression begins is kept until it is known whether another one fits. */
static int
read_association(kaa_decl__parser *p, const kaa_ctype *control, int *is_chosen,
                 kaa_decl__position **fallback, kaa_decl__value *value)
{
    const kaa_ctype *type = NULL;
    int is_default = kaa_decl__is_word(&p->token, "default");

    if (is_default)
        kaa_decl__next(p);
    else if (!kaa_decl__read_type_name(p, &type))
        return 0;
    if (!kaa_decl__expect(p, ':', "':'"))
        return 0;
    /* Of an enum and its integer type the first one that stands there counts;
     * C lets only one of them stand there. */
    if (!is_default && !*is_chosen && kaa_ctype_same(type, control)) {
        *is_chosen = 1;
        return kaa_decl__read_expression(p, value);
    }
    if (is_default && !*is_chosen && *fallback == NULL) {
        *fallback = kaa_decl__keep_position(p);
        if (*fallback == NULL)
            return 0;
    }
    return kaa_decl__skip_to(p, ')', "')'");
}

/* To behind the last association. */
static int
read_associations(kaa_decl__parser *p, const kaa_decl__token *where,
                  const kaa_ctype *control, kaa_decl__position **fallback,
                  kaa_decl__value *value)
{
    int is_chosen = 0;

    if (p->token.kind != ',')
        return kaa_decl__fail_expected(p, "','");
    while (kaa_decl__accept(p, ','))
        if (!read_association(p, control, &is_chosen, fallback, value))
            return 0;
    if (is_chosen)
        return 1;
    if (*fallback == NULL)
        return kaa_decl__fail(p, where,
                              "no association of _Generic has the type of its "
                              "first operand");
    kaa_decl__return_to(p, *fallback);
    if (!kaa_decl__read_expression(p, value))
        return 0;
    while (kaa_decl__accept(p, ','))
        if (!kaa_decl__skip_to(p, ')', "')'"))
            return 0;
    return 1;
}

int
kaa_decl__generic(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;
    kaa_decl__position *fallback = NULL;
    kaa_decl__value control = {0};
    const kaa_ctype *type;
    int is_read;

    kaa_decl__next(p);
    if (!kaa_decl__expect(p, '(', "'('"))
        return 0;
    p->unevaluated++;
    is_read = kaa_decl__read_expression(p, &control);
    p->unevaluated--;
    if (!is_read || !kaa_decl__value_type(p, &where, &control, &type))
        return 0;
    is_read = read_associations(p, &where, type, &fallback, value);
    kaa_base__free(fallback);
    return is_read && kaa_decl__expect(p, ')', "')'");
}
