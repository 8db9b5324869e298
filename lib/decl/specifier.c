/* decl/specifier.c - the words in front of a declarator: storage, qualifiers,
 * and the type they name, in any order C allows. */
#include "decl/internal.h"

#include <string.h>

#include "ctype/internal.h"

/* Type words seen, a bit each. */
enum {
    SEEN_VOID = 1u << 0,
    SEEN_CHAR = 1u << 1,
    SEEN_SHORT = 1u << 2,
    SEEN_INT = 1u << 3,
    SEEN_LONG = 1u << 4,
    SEEN_LONG_LONG = 1u << 5,
    SEEN_SIGNED = 1u << 6,
    SEEN_UNSIGNED = 1u << 7,
    SEEN_FLOAT = 1u << 8,
    SEEN_DOUBLE = 1u << 9,
    SEEN_BOOL = 1u << 10,
    SEEN_COMPLEX = 1u << 11,
    SEEN_INT128 = 1u << 12,
    SEEN_FLOAT16 = 1u << 13,
    SEEN_FLOAT128 = 1u << 14,
    SEEN_FLOAT64X = 1u << 15,
    SEEN_VALIST = 1u << 16,
    SEEN_DECIMAL = 1u << 17,
    SEEN_BITINT = 1u << 18,
    SEEN_IMAGINARY = 1u << 19,
};

#define SEEN_PLAIN                                                             \
    ((uint32_t)SEEN_SIGNED | SEEN_INT | SEEN_SHORT | SEEN_LONG |               \
     SEEN_LONG_LONG | SEEN_INT128)

struct state {
    uint32_t seen;
    uint32_t qualifiers;
    const kaa_ctype *type; /* a typedef, record, enum or typeof */
    uint64_t width;        /* of a _BitInt */
    kaa_decl__token where; /* the first type word */
};

static uint32_t
word_bit(uint32_t kind)
{
    switch (kind) {
    case T_VOID:
        return SEEN_VOID;
    case T_CHAR:
        return SEEN_CHAR;
    case T_SHORT:
        return SEEN_SHORT;
    case T_INT:
        return SEEN_INT;
    case T_LONG:
        return SEEN_LONG;
    case T_SIGNED:
        return SEEN_SIGNED;
    case T_UNSIGNED:
        return SEEN_UNSIGNED;
    case T_FLOAT:
        return SEEN_FLOAT;
    case T_DOUBLE:
    case T_FLOAT64:
        return SEEN_DOUBLE;
    case T_BOOL:
        return SEEN_BOOL;
    case T_COMPLEX:
        return SEEN_COMPLEX;
    case T_INT128:
        return SEEN_INT128;
    case T_UINT128:
        return SEEN_INT128 | SEEN_UNSIGNED;
    case T_FLOAT16:
        return SEEN_FLOAT16;
    case T_FLOAT128:
        return SEEN_FLOAT128;
    case T_FLOAT64X:
        return SEEN_FLOAT64X;
    case T_VALIST:
        return SEEN_VALIST;
    case T_DECIMAL:
        return SEEN_DECIMAL;
    case T_BITINT:
        return SEEN_BITINT;
    case T_IMAGINARY:
        return SEEN_IMAGINARY;
    default:
        return 0;
    }
}

uint32_t
kaa_decl__qualifier(uint32_t token_kind)
{
    switch (token_kind) {
    case T_CONST:
        return KAA_CTYPE_CONST;
    case T_VOLATILE:
        return KAA_CTYPE_VOLATILE;
    case T_RESTRICT:
        return KAA_CTYPE_RESTRICT;
    case T_ATOMIC:
        return KAA_CTYPE_ATOMIC;
    default:
        return 0;
    }
}

static uint32_t
storage_bit(uint32_t kind)
{
    switch (kind) {
    case T_TYPEDEF:
        return STORAGE_TYPEDEF;
    case T_EXTERN:
        return STORAGE_EXTERN;
    case T_STATIC:
        return STORAGE_STATIC;
    case T_INLINE:
        return STORAGE_INLINE;
    case T_CONSTEXPR:
        return STORAGE_CONSTEXPR;
    case T_AUTO:
        return STORAGE_AUTO;
    case T_REGISTER:
    case T_THREAD:
        return STORAGE_OTHER;
    default:
        return 0;
    }
}

int
kaa_decl__is_type_start(kaa_decl__parser *p, const kaa_decl__token *token)
{
    switch (token->kind) {
    case T_IDENTIFIER:
        return kaa_decl__named_type(p, token->symbol) != NULL;
    case T_STRUCT:
    case T_UNION:
    case T_ENUM:
    case T_TYPEOF:
    case T_EXTENSION:
    case T_ATTRIBUTE:
        return 1;
    default:
        return word_bit(token->kind) != 0 ||
               kaa_decl__qualifier(token->kind) != 0;
    }
}

/* The kind that the words seen make; -1 if they go together in no way, -2 if
 * kaa has no such type. */
static int
find_kind(uint32_t seen)
{
    static const struct {
        uint32_t seen;
        int kind;
    } kinds[] = {
        {0, KAA_CTYPE_INT},
        {SEEN_UNSIGNED, KAA_CTYPE_UINT},
        {SEEN_CHAR, KAA_CTYPE_CHAR},
        {SEEN_VOID, KAA_CTYPE_VOID},
        {SEEN_LONG, KAA_CTYPE_LONG},
        {SEEN_LONG | SEEN_UNSIGNED, KAA_CTYPE_ULONG},
        {SEEN_CHAR | SEEN_UNSIGNED, KAA_CTYPE_UCHAR},
        {SEEN_CHAR | SEEN_SIGNED, KAA_CTYPE_SCHAR},
        {SEEN_SHORT, KAA_CTYPE_SHORT},
        {SEEN_SHORT | SEEN_UNSIGNED, KAA_CTYPE_USHORT},
        {SEEN_DOUBLE, KAA_CTYPE_DOUBLE},
        {SEEN_FLOAT, KAA_CTYPE_FLOAT},
        {SEEN_LONG | SEEN_LONG_LONG, KAA_CTYPE_LLONG},
        {SEEN_LONG | SEEN_LONG_LONG | SEEN_UNSIGNED, KAA_CTYPE_ULLONG},
        {SEEN_LONG | SEEN_DOUBLE, KAA_CTYPE_LDOUBLE},
        {SEEN_BOOL, KAA_CTYPE_BOOL},
        {SEEN_INT128, KAA_CTYPE_INT128},
        {SEEN_INT128 | SEEN_UNSIGNED, KAA_CTYPE_UINT128},
        {SEEN_FLOAT16, KAA_CTYPE_FLOAT16},
        {SEEN_FLOAT128, KAA_CTYPE_FLOAT128},
        {SEEN_FLOAT64X, KAA_CTYPE_LDOUBLE},
        {SEEN_COMPLEX, KAA_CTYPE_CDOUBLE},
        {SEEN_COMPLEX | SEEN_FLOAT, KAA_CTYPE_CFLOAT},
        {SEEN_COMPLEX | SEEN_DOUBLE, KAA_CTYPE_CDOUBLE},
        {SEEN_COMPLEX | SEEN_LONG | SEEN_DOUBLE, KAA_CTYPE_CLDOUBLE},
        {SEEN_COMPLEX | SEEN_FLOAT64X, KAA_CTYPE_CLDOUBLE},
        {SEEN_VALIST, KAA_CTYPE_VALIST},
    };

    if (seen & SEEN_IMAGINARY)
        return -2;
    if ((seen & ~SEEN_PLAIN) == 0)
        seen &= ~(uint32_t)SEEN_SIGNED;
    if ((seen & SEEN_INT) &&
        (seen & ~(SEEN_PLAIN | (uint32_t)SEEN_UNSIGNED)) == 0 &&
        !(seen & SEEN_INT128))
        seen &= ~(uint32_t)SEEN_INT;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].seen == seen)
            return kinds[i].kind;
    /* Complex integers and _Complex _Float128 are gcc's. */
    return seen & SEEN_COMPLEX ? -2 : -1;
}

/* typeof(type), typeof(expression) and the same with typeof_unqual */
static int
read_typeof(kaa_decl__parser *p, const kaa_ctype **out_type)
{
    kaa_decl__value value = {0};
    kaa_decl__token where;
    int is_unqualified = kaa_decl__is_word(&p->token, "typeof_unqual");
    int is_read;

    kaa_decl__next(p);
    if (!kaa_decl__expect(p, '(', "'('"))
        return 0;
    where = p->token;
    if (kaa_decl__is_type_start(p, &p->token)) {
        if (!kaa_decl__read_type_name(p, out_type))
            return 0;
    } else {
        p->unevaluated++;
        is_read = kaa_decl__read_expression(p, &value);
        p->unevaluated--;
        if (!is_read)
            return 0;
        if (value.type == NULL)
            return kaa_decl__fail(p, &where, "typeof of a string");
        *out_type = value.type;
    }
    if (is_unqualified && kaa_ctype_qualifiers(*out_type) != 0)
        *out_type = kaa_ctype__strip(*out_type);
    return kaa_decl__expect(p, ')', "')'");
}

/* _Atomic(type) */
static int
read_atomic(kaa_decl__parser *p, struct state *state)
{
    kaa_decl__next(p);
    kaa_decl__next(p);
    if (!kaa_decl__read_type_name(p, &state->type))
        return 0;
    state->qualifiers |= KAA_CTYPE_ATOMIC;
    return kaa_decl__expect(p, ')', "')'");
}

/* Behind _BitInt: (n) */
static int
read_width(kaa_decl__parser *p, struct state *state)
{
    kaa_decl__value value = {0};

    if (!kaa_decl__expect(p, '(', "'('") ||
        !kaa_decl__integer_expression(p, &value, "the width of a _BitInt"))
        return 0;
    state->width = value.bits;
    return kaa_decl__expect(p, ')', "')'");
}

static int
note_word(kaa_decl__parser *p, struct state *state, uint32_t bit)
{
    if (bit == SEEN_LONG && (state->seen & SEEN_LONG))
        bit = SEEN_LONG_LONG;
    if ((state->seen & bit) != 0 || state->type != NULL)
        return kaa_decl__fail(p, &p->token,
                              "'%.*s' does not go with the type before it",
                              (int)p->token.length, p->token.start);
    if (state->seen == 0)
        state->where = p->token;
    if (bit == SEEN_DECIMAL) /* the type is the word's */
        return kaa_decl__decimal(p, &p->token, &state->type) &&
               (kaa_decl__next(p), !p->has_failed);
    state->seen |= bit;
    kaa_decl__next(p);
    return bit == SEEN_BITINT ? read_width(p, state) : 1;
}

/* `typedef float _Float32;` in headers for compilers without these types. */
static int
is_redefined_word(const kaa_decl__parser *p, const struct state *state)
{
    return (state->seen != 0 || state->type != NULL) &&
           p->token.start[0] == '_' && p->token.kind != T_COMPLEX &&
           p->token.kind != T_INT128 && p->token.kind != T_BITINT &&
           (state->seen & SEEN_COMPLEX) == 0;
}

/* A record, enum, typeof or typedef's name. 1 if it was one, else 0. */
static int
read_named(kaa_decl__parser *p, struct state *state, uint32_t *has_tag)
{
    uint32_t kind = p->token.kind;

    if (kind == T_IDENTIFIER || state->seen != 0 || state->type != NULL) {
        if (kind != T_IDENTIFIER)
            return kaa_decl__fail(p, &p->token,
                                  "'%.*s' does not go with the type before it",
                                  (int)p->token.length, p->token.start);
        state->type = kaa_decl__named_type(p, p->token.symbol);
        if (state->type == NULL)
            return 0;
        state->where = p->token;
        kaa_decl__next(p);
        return 1;
    }
    state->where = p->token;
    if (kind == T_TYPEOF)
        return read_typeof(p, &state->type);
    *has_tag = 1;
    return kind == T_ENUM ? kaa_decl__enum(p, &state->type)
                          : kaa_decl__record(p, &state->type);
}

/* One word. 1: it belonged here, -1: it does not, 0: failure. */
static int
read_word(kaa_decl__parser *p, struct state *state, kaa_decl__specifiers *s,
          int is_with_storage)
{
    uint32_t kind = p->token.kind;
    uint32_t bit;

    if (kind == T_IDENTIFIER) {
        if (state->seen != 0 || state->type != NULL)
            return -1;
        if (read_named(p, state, &s->has_tag))
            return 1;
        return p->has_failed ? 0 : -1;
    }
    if (kaa_decl__is_attribute(p))
        return kaa_decl__read_attributes(p, &s->attributes);
    if (kind < T_KEYWORDS)
        return -1;
    bit = kaa_decl__qualifier(kind);
    if (kind == T_ATOMIC && state->seen == 0 && state->type == NULL &&
        kaa_decl__peek(p)->kind == '(')
        return read_atomic(p, state);
    if (bit != 0) {
        state->qualifiers |= bit;
        kaa_decl__next(p);
        return 1;
    }
    bit = word_bit(kind);
    if (bit != 0)
        return is_redefined_word(p, state) && (s->storage & STORAGE_TYPEDEF)
                   ? -1
                   : note_word(p, state, bit);
    if (kind == T_STRUCT || kind == T_UNION || kind == T_ENUM ||
        kind == T_TYPEOF)
        return read_named(p, state, &s->has_tag);
    bit = storage_bit(kind);
    if (bit != 0) {
        if (!is_with_storage)
            return kaa_decl__fail(p, &p->token, "'%.*s' has no meaning here",
                                  (int)p->token.length, p->token.start);
        s->storage |= bit;
    } else if (kind == T_NORETURN) {
        s->attributes.flags |= KAA_DECL_NORETURN;
    } else if (kind != T_EXTENSION) {
        return -1;
    }
    kaa_decl__next(p);
    return 1;
}

/* The type that the words make. */
static int
resolve(kaa_decl__parser *p, struct state *state)
{
    int kind;

    if (state->type == NULL && state->seen == 0)
        return p->token.kind == T_IDENTIFIER
                   ? kaa_decl__fail_unknown_type(p)
                   : kaa_decl__fail_expected(p, "a type");
    if ((state->seen & ~((uint32_t)SEEN_SIGNED | SEEN_UNSIGNED)) ==
            SEEN_BITINT &&
        !kaa_decl__bit_int(p, &state->where, state->width,
                           (state->seen & SEEN_UNSIGNED) != 0, &state->type))
        return 0;
    if (state->type == NULL) {
        kind = find_kind(state->seen);
        if (kind == -2)
            return kaa_decl__fail_as(p, KAA_UNSUPPORTED, &state->where,
                                     "kaa does not have this type");
        if (kind < 0)
            return kaa_decl__fail(p, &state->where,
                                  "these words together are no type");
        state->type = kaa_ctype_basic((kaa_ctype_kind)kind);
        KAA_ASSERT(state->type != NULL);
    }
    return kaa_decl__make_qualified(p, &state->where, state->qualifiers, 0,
                                    &state->type);
}

int
kaa_decl__read_specifiers(kaa_decl__parser *p, kaa_decl__specifiers *s,
                          int is_with_storage)
{
    struct state state = {0};
    int is_read;

    memset(s, 0, sizeof(*s));
    do
        is_read = read_word(p, &state, s, is_with_storage);
    while (is_read > 0);
    if (is_read == 0 || p->has_failed)
        return 0;
    if ((s->storage & STORAGE_AUTO) != 0 && state.type == NULL &&
        state.seen == 0) {
        s->is_inferred = 1;
        state.seen = SEEN_INT; /* in place of the type to come */
    }
    if (!resolve(p, &state))
        return 0;
    s->type = state.type;
    return kaa_decl__apply_vector(p, &state.where, &s->attributes, &s->type);
}

int
kaa_decl__read_type_name(kaa_decl__parser *p, const kaa_ctype **out_type)
{
    kaa_decl__specifiers s;
    kaa_decl__declarator d;
    size_t parameters = p->parameters.count;

    if (!kaa_decl__enter(p))
        return 0;
    if (!kaa_decl__read_specifiers(p, &s, 0) ||
        !kaa_decl__read_declarator(p, s.type, DECLARE_ABSTRACT, &d) ||
        !kaa_decl__settle(p, &s, &d) ||
        !kaa_decl__refuse_annotations(p, &d.attributes, "at a type's name") ||
        !kaa_decl__refuse_parameters(p, &d))
        return 0;
    kaa_decl__leave(p);
    p->parameters.count = parameters;
    *out_type = d.type;
    return 1;
}

int
kaa_decl__apply_mode(kaa_decl__parser *p, const kaa_decl__token *where,
                     uint32_t mode, const kaa_ctype **type)
{
    static const uint8_t kinds[][2] = {
        [MODE_BYTE] = {KAA_CTYPE_UCHAR, KAA_CTYPE_SCHAR},
        [MODE_HALF] = {KAA_CTYPE_USHORT, KAA_CTYPE_SHORT},
        [MODE_SINGLE] = {KAA_CTYPE_UINT, KAA_CTYPE_INT},
        [MODE_DOUBLE] = {sizeof(long) == 8 ? KAA_CTYPE_ULONG : KAA_CTYPE_ULLONG,
                         sizeof(long) == 8 ? KAA_CTYPE_LONG : KAA_CTYPE_LLONG},
        [MODE_QUAD] = {KAA_CTYPE_UINT128, KAA_CTYPE_INT128},
        [MODE_WORD] = {KAA_CTYPE_ULONG, KAA_CTYPE_LONG},
        [MODE_FLOAT] = {KAA_CTYPE_FLOAT, KAA_CTYPE_FLOAT},
        [MODE_FLOAT_DOUBLE] = {KAA_CTYPE_DOUBLE, KAA_CTYPE_DOUBLE},
        [MODE_FLOAT_LONG] = {KAA_CTYPE_LDOUBLE, KAA_CTYPE_LDOUBLE},
        [MODE_FLOAT_QUAD] = {KAA_CTYPE_FLOAT128, KAA_CTYPE_FLOAT128},
    };
    int wants_floating = mode >= MODE_FLOAT;
    uint32_t qualifiers = kaa_ctype_qualifiers(*type);

    if (mode == MODE_NONE)
        return 1;
    if (wants_floating ? !kaa_decl__is_floating(*type)
                       : kaa_ctype__kind(*type) == KAA_CTYPE_ENUM ||
                             !kaa_ctype__is_integer(*type))
        return kaa_decl__fail_as(p, KAA_UNSUPPORTED, where,
                                 "this mode for this type");
    *type = kaa_ctype_basic(
        (kaa_ctype_kind)kinds[mode][kaa_ctype_is_signed(*type) != 0]);
    KAA_ASSERT(*type != NULL);
    return kaa_decl__make_qualified(p, where, qualifiers, 0, type);
}
