/* decl/expression.c - constant expressions: operators by precedence. */
#include "decl/internal.h"

/* 0: no binary operator. */
static int
precedence(uint32_t kind)
{
    switch (kind) {
    case T_OR:
        return 1;
    case T_AND:
        return 2;
    case '|':
        return 3;
    case '^':
        return 4;
    case '&':
        return 5;
    case T_EQUAL:
    case T_NOT_EQUAL:
        return 6;
    case '<':
    case '>':
    case T_LESS_EQUAL:
    case T_GREATER_EQUAL:
        return 7;
    case T_SHIFT_LEFT:
    case T_SHIFT_RIGHT:
        return 8;
    case '+':
    case '-':
        return 9;
    case '*':
    case '/':
    case '%':
        return 10;
    default:
        return 0;
    }
}

/* Recurses once a level of precedence at most; deeper only through unary. */
static int
binary(kaa_decl__parser *p, int lowest, kaa_decl__value *left)
{
    if (!kaa_decl__unary(p, left))
        return 0;
    for (;;) {
        kaa_decl__token operation = p->token;
        int level = precedence(operation.kind);
        kaa_decl__value right = {0};
        int is_idle, is_read;

        if (level == 0 || level < lowest)
            return 1;
        kaa_decl__next(p);
        is_idle = (operation.kind == T_AND && !kaa_decl__is_true(left)) ||
                  (operation.kind == T_OR && kaa_decl__is_true(left));
        p->unevaluated += is_idle ? 1u : 0u;
        is_read = binary(p, level + 1, &right);
        p->unevaluated -= is_idle ? 1u : 0u;
        if (!is_read || !kaa_decl__binary_operation(
                            p, &operation, operation.kind, left, &right))
            return 0;
    }
}

/* condition ? value : other; `value` holds the condition. */
static int
conditional(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token question = p->token;
    int is_true = kaa_decl__is_true(value);
    int is_typed = value->kind >= VALUE_OBJECT;
    kaa_decl__value first = *value; /* `a ?: b` is gcc's for `a ? a : b` */
    kaa_decl__value second = {0};
    int is_read;

    kaa_decl__next(p);
    p->unevaluated += is_true ? 0u : 1u;
    is_read = p->token.kind == ':' || kaa_decl__read_expression(p, &first);
    p->unevaluated -= is_true ? 0u : 1u;
    if (!is_read || !kaa_decl__expect(p, ':', "':'"))
        return 0;
    p->unevaluated += is_true ? 1u : 0u;
    is_read = kaa_decl__read_expression(p, &second);
    p->unevaluated -= is_true ? 1u : 0u;
    if (!is_read)
        return 0;
    /* Values that are not both arithmetic keep the type of the one chosen. */
    if (first.kind != VALUE_STRING && second.kind != VALUE_STRING &&
        first.kind != VALUE_ADDRESS && second.kind != VALUE_ADDRESS &&
        !kaa_decl__balance(p, &question, &first, &second))
        return 0;
    *value = is_true ? first : second;
    if (is_typed)
        value->kind = VALUE_TYPED;
    value->is_unit = 0;
    return 1;
}

int
kaa_decl__read_expression(kaa_decl__parser *p, kaa_decl__value *value)
{
    if (!kaa_decl__enter(p) || !binary(p, 1, value) ||
        (p->token.kind == '?' && !conditional(p, value)))
        return 0;
    kaa_decl__leave(p);
    return !p->has_failed;
}

int
kaa_decl__integer_expression(kaa_decl__parser *p, kaa_decl__value *value,
                             const char *what)
{
    kaa_decl__token where = p->token;

    if (!kaa_decl__read_expression(p, value))
        return 0;
    if (value->kind == VALUE_INTEGER)
        return 1;
    return kaa_decl__fail(p, &where, "%s is an integer constant", what);
}
