/* decl/operand.c - what stands between operators: names, casts, sizeof, members
 * of objects at constant addresses (the older way to write offsetof). */
#include "decl/internal.h"

#include <string.h>

#include "ctype/internal.h"

/* Members looked at, a unit of the work that macros are allowed. */
#define MEMBERS_A_UNIT 16u

static int
spend(kaa_decl__parser *p, uint64_t work)
{
    if (work > p->expansion_left) {
        p->expansion_left = 0;
        return kaa_decl__fail_as(p, KAA_LIMIT, &p->token,
                                 "expressions ask for too much");
    }
    p->expansion_left -= work;
    return 1;
}

/* The member of that name, anonymous ones looked into; the bytes before it are
 * added to *offset. Depth is bounded by the nesting of types. */
static const kaa_ctype_member *
find_member(const kaa_ctype *record, const char *name, uint64_t *offset,
            uint64_t *work)
{
    const kaa_ctype_member *members = kaa_ctype_members(record);
    uint64_t count = kaa_ctype_count(record);

    *work += 1 + count / MEMBERS_A_UNIT;
    for (uint64_t i = 0; i < count; i++) {
        const kaa_ctype_member *found = NULL;
        uint64_t inside = 0;

        if (members[i].name != NULL)
            found = strcmp(members[i].name, name) == 0 ? &members[i] : NULL;
        else if (kaa_ctype__is_record(members[i].type))
            found = find_member(kaa_ctype__strip(members[i].type), name,
                                &inside, work);
        if (found != NULL) {
            *offset += members[i].offset + inside;
            return found;
        }
    }
    return NULL;
}

/* At the name behind a . or ->; `value` is an object. */
static int
select_member(kaa_decl__parser *p, kaa_decl__value *value)
{
    const kaa_ctype *record;
    const kaa_ctype_member *member;
    uint64_t offset = 0;
    uint64_t work = 0;

    KAA_ASSERT(value->type != NULL); /* an object has one */
    record = kaa_ctype__strip(value->type);
    if (p->token.symbol == NULL)
        return kaa_decl__fail_expected(p, "a member's name");
    if (!kaa_ctype__is_record(record) || !kaa_ctype_is_complete(record))
        return kaa_decl__fail(p, &p->token, "a member of what has none");
    member = find_member(record, p->token.symbol->name, &offset, &work);
    if (!spend(p, work))
        return 0;
    if (member == NULL)
        return kaa_decl__fail(p, &p->token, "no member has the name '%.64s'",
                              p->token.symbol->name);
    value->type = member->type;
    value->bits += offset;
    kaa_decl__next(p);
    return 1;
}

/* What a pointer or array points at. */
static int
dereference(kaa_decl__parser *p, const kaa_decl__token *where,
            kaa_decl__value *value)
{
    kaa_ctype_kind kind =
        value->type != NULL ? kaa_ctype__kind(value->type) : KAA_CTYPE_VOID;

    if (value->kind == VALUE_STRING) {
        value->type = kaa_ctype_basic(KAA_CTYPE_CHAR);
        value->kind = VALUE_TYPED;
        return 1;
    }
    if (kind != KAA_CTYPE_POINTER && kind != KAA_CTYPE_ARRAY)
        return kaa_decl__fail(p, where, "no pointer");
    /* The address of an array is that of its first element; a pointer that is
     * itself an object would have to be read. */
    value->kind =
        value->kind == VALUE_ADDRESS ||
                (value->kind == VALUE_OBJECT && kind == KAA_CTYPE_ARRAY)
            ? VALUE_OBJECT
            : VALUE_TYPED;
    value->type = kaa_ctype_target(kaa_ctype__strip(value->type));
    return 1;
}

static int
take_address(kaa_decl__parser *p, const kaa_decl__token *where,
             kaa_decl__value *value)
{
    kaa_error why;
    kaa_status status;

    if (value->kind != VALUE_OBJECT && value->kind != VALUE_TYPED)
        return kaa_decl__fail(p, where, "this has no address");
    value->kind = value->kind == VALUE_OBJECT ? VALUE_ADDRESS : VALUE_TYPED;
    status = kaa_ctype_pointer(p->types, value->type, &value->type, &why);
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

/* At the [ of value[index]. */
static int
subscript(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;
    kaa_decl__value index = {0};

    kaa_decl__next(p);
    if (!kaa_decl__read_expression(p, &index) ||
        !kaa_decl__expect(p, ']', "']'") || !dereference(p, &where, value))
        return 0;
    if (index.kind == VALUE_INTEGER)
        value->bits += index.bits * kaa_ctype_size(value->type);
    else
        value->kind = VALUE_TYPED;
    return 1;
}

/* At the ( of a call: only its type is known. */
static int
call(kaa_decl__parser *p, kaa_decl__value *value)
{
    const kaa_ctype *type = kaa_ctype__strip(value->type);

    if (type->kind == KAA_CTYPE_POINTER)
        type = kaa_ctype__strip(type->target);
    if (type->kind != KAA_CTYPE_FUNCTION)
        return kaa_decl__fail(p, &p->token, "a call of what is no function");
    value->kind = VALUE_TYPED;
    value->type = type->target;
    return kaa_decl__skip_group(p);
}

static int
postfix(kaa_decl__parser *p, kaa_decl__value *value)
{
    for (;;) {
        kaa_decl__token where = p->token;

        switch (where.kind) {
        case '.':
            kaa_decl__next(p);
            if (value->type == NULL || !select_member(p, value))
                return value->type == NULL
                           ? kaa_decl__fail(p, &where, "a member of a string")
                           : 0;
            break;
        case T_ARROW:
            kaa_decl__next(p);
            if (!dereference(p, &where, value) || !select_member(p, value))
                return 0;
            break;
        case '[':
            if (!subscript(p, value))
                return 0;
            break;
        case '(':
            if (value->type == NULL)
                return 1;
            if (!call(p, value))
                return 0;
            break;
        default:
            return 1;
        }
    }
}

/* sizeof and _Alignof, of a type in parentheses or of an operand. */
static int
size_of(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;
    int is_size = where.kind == T_SIZEOF;
    kaa_decl__value operand = {0};
    uint64_t result;
    int is_read;

    kaa_decl__next(p);
    if (p->token.kind == '(' && kaa_decl__is_type_start(p, kaa_decl__peek(p))) {
        kaa_decl__next(p);
        is_read = kaa_decl__read_type_name(p, &operand.type) &&
                  kaa_decl__expect(p, ')', "')'");
    } else {
        p->unevaluated++;
        is_read = kaa_decl__unary(p, &operand);
        p->unevaluated--;
    }
    if (!is_read)
        return 0;
    if (operand.type == NULL) {
        result = is_size ? operand.length + 1 : 1;
    } else {
        kaa_ctype_kind kind = kaa_ctype__kind(operand.type);
        result = is_size ? kaa_ctype_size(operand.type)
                         : kaa_ctype_align(operand.type);
        if (kind == KAA_CTYPE_VOID || kind == KAA_CTYPE_FUNCTION)
            result = 1; /* gcc's */
        else if (!kaa_ctype_is_complete(operand.type))
            return kaa_decl__fail(p, &where, "the size of an incomplete type");
    }
    kaa_decl__set_integer(value, KAA_CTYPE_ULONG, result);
    return 1;
}

/* __builtin_offsetof(type, member.member[3]) */
static int
offset_of(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__value object = {.kind = VALUE_OBJECT};

    kaa_decl__next(p);
    if (!kaa_decl__expect(p, '(', "'('") ||
        !kaa_decl__read_type_name(p, &object.type) ||
        !kaa_decl__expect(p, ',', "','") || !select_member(p, &object))
        return 0;
    while (p->token.kind == '.' || p->token.kind == '[') {
        if (p->token.kind == '[') {
            if (!subscript(p, &object))
                return 0;
            continue;
        }
        kaa_decl__next(p);
        if (!select_member(p, &object))
            return 0;
    }
    if (object.kind != VALUE_OBJECT)
        return kaa_decl__fail(p, &p->token, "this offset is no constant");
    kaa_decl__set_integer(value, KAA_CTYPE_ULONG, object.bits);
    return kaa_decl__expect(p, ')', "')'");
}

/* gcc's names for infinity and not-a-number, behind INFINITY and NAN. */
static int
builtin(kaa_decl__parser *p, const kaa_decl__token *name,
        kaa_decl__value *value)
{
    static const struct {
        const char *name;
        uint8_t kind;
        uint8_t is_nan;
    } builtins[] = {
        {"__builtin_inff", KAA_CTYPE_FLOAT, 0},
        {"__builtin_inf", KAA_CTYPE_DOUBLE, 0},
        {"__builtin_infl", KAA_CTYPE_LDOUBLE, 0},
        {"__builtin_huge_valf", KAA_CTYPE_FLOAT, 0},
        {"__builtin_huge_val", KAA_CTYPE_DOUBLE, 0},
        {"__builtin_huge_vall", KAA_CTYPE_LDOUBLE, 0},
        {"__builtin_nanf", KAA_CTYPE_FLOAT, 1},
        {"__builtin_nan", KAA_CTYPE_DOUBLE, 1},
        {"__builtin_nanl", KAA_CTYPE_LDOUBLE, 1},
    };

    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        if (strcmp(name->symbol->name, builtins[i].name) == 0) {
            value->kind = VALUE_FLOATING;
            value->type = kaa_ctype_basic((kaa_ctype_kind)builtins[i].kind);
            value->floating =
                (long double)(builtins[i].is_nan ? __builtin_nan("")
                                                 : __builtin_inf());
            return kaa_decl__skip_group(p);
        }
    return kaa_decl__fail(p, name, "a call is no constant");
}

static int
set_item(kaa_decl__value *value, const kaa_decl_item *item)
{
    value->type = item->type;
    switch (item->kind) {
    case KAA_DECL_INTEGER:
        value->kind = kaa_ctype__kind(item->type) == KAA_CTYPE_POINTER
                          ? VALUE_ADDRESS
                          : VALUE_INTEGER;
        value->bits = (uint64_t)item->integer;
        return 1;
    case KAA_DECL_FLOATING:
        value->kind = VALUE_FLOATING;
        value->floating = (long double)item->floating;
        return 1;
    case KAA_DECL_STRING:
        value->kind = VALUE_STRING;
        value->type = NULL;
        value->string = item->string;
        value->length = item->string_length;
        return 1;
    case KAA_DECL_FUNCTION:
    case KAA_DECL_VARIABLE:
        value->kind = VALUE_TYPED;
        return 1;
    default:
        return 0;
    }
}

/* C23's nullptr. Its type is kaa's `void *`. */
static int
null_pointer(kaa_decl__parser *p, const kaa_decl__token *where,
             kaa_decl__value *value)
{
    kaa_error why;
    kaa_status status = kaa_ctype_pointer(
        p->types, kaa_ctype_basic(KAA_CTYPE_VOID), &value->type, &why);

    value->kind = VALUE_ADDRESS;
    value->bits = 0;
    return status == KAA_OK ? 1 : kaa_decl__fail_ctype(p, where, status, &why);
}

static int
name(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;
    const kaa_decl__symbol *symbol = where.symbol;
    const kaa_decl_item *item = kaa_decl__ordinary(p, symbol);

    kaa_decl__next(p);
    if (symbol->macro != NULL && symbol->macro->is_known) {
        value->kind = VALUE_INTEGER;
        value->type = symbol->macro->type;
        value->bits = (uint64_t)symbol->macro->integer;
        return 1;
    }
    if (item != NULL && set_item(value, item))
        return 1;
    if (symbol->macro != NULL && symbol->macro->has_arguments)
        return kaa_decl__fail(p, &where,
                              "'%.64s' is a macro with arguments: preprocess "
                              "the text first",
                              symbol->name);
    if (symbol->macro != NULL && symbol->macro == p->too_deep)
        return kaa_decl__fail(p, &where,
                              "'%.64s' is a macro within %u others, which is "
                              "too deep",
                              symbol->name, KAA_DECL__FRAMES_MAX);
    if (p->token.kind == '(')
        return builtin(p, &where, value);
    if (strcmp(symbol->name, "true") == 0 ||
        strcmp(symbol->name, "false") == 0) {
        kaa_decl__set_integer(value, KAA_CTYPE_INT, symbol->name[0] == 't');
        return 1;
    }
    if (strcmp(symbol->name, "nullptr") == 0)
        return null_pointer(p, &where, value);
    return kaa_decl__fail(p, &where, "'%.64s' is no constant that is known",
                          symbol->name);
}

static int
primary(kaa_decl__parser *p, kaa_decl__value *value)
{
    switch (p->token.kind) {
    case T_NUMBER:
        return kaa_decl__number(p, value);
    case T_CHARACTER:
        return kaa_decl__character(p, value);
    case T_STRING:
        value->kind = VALUE_STRING;
        value->type = NULL;
        return kaa_decl__strings(p, &value->string, &value->length);
    case T_IDENTIFIER:
        return name(p, value);
    case T_OFFSETOF:
        return offset_of(p, value);
    case T_GENERIC:
        return kaa_decl__generic(p, value);
    case '(':
        kaa_decl__next(p);
        return kaa_decl__read_expression(p, value) &&
               kaa_decl__expect(p, ')', "')'");
    default:
        return kaa_decl__fail_expected(p, "a constant");
    }
}

/* At the ( of (type)operand, or of a compound literal. */
static int
cast(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;
    const kaa_ctype *type;

    kaa_decl__next(p);
    if (!kaa_decl__read_type_name(p, &type) || !kaa_decl__expect(p, ')', "')'"))
        return 0;
    if (p->token.kind == '{') {
        value->kind = VALUE_TYPED;
        value->type = type;
        return kaa_decl__skip_group(p) && postfix(p, value);
    }
    return kaa_decl__unary(p, value) &&
           kaa_decl__convert(p, &where, type, value);
}

static int
prefixed(kaa_decl__parser *p, kaa_decl__value *value)
{
    kaa_decl__token where = p->token;

    switch (where.kind) {
    case '+':
    case '-':
    case '~':
    case '!':
        kaa_decl__next(p);
        return kaa_decl__unary(p, value) &&
               kaa_decl__unary_operation(p, &where, where.kind, value);
    case '&':
        kaa_decl__next(p);
        return kaa_decl__unary(p, value) && take_address(p, &where, value);
    case '*':
        kaa_decl__next(p);
        return kaa_decl__unary(p, value) && dereference(p, &where, value);
    case T_SIZEOF:
    case T_ALIGNOF:
        return size_of(p, value);
    case T_EXTENSION:
        kaa_decl__next(p);
        return kaa_decl__unary(p, value);
    case '(':
        if (kaa_decl__is_type_start(p, kaa_decl__peek(p)))
            return cast(p, value);
        break;
    default:
        break;
    }
    return primary(p, value) && postfix(p, value);
}

int
kaa_decl__unary(kaa_decl__parser *p, kaa_decl__value *value)
{
    if (!kaa_decl__enter(p) || !prefixed(p, value))
        return 0;
    kaa_decl__leave(p);
    value->is_unit = 1;
    return !p->has_failed;
}
