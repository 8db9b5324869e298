/* decl/value.c - C's arithmetic on constants, without C's undefined behaviour.
 *
 * An integer is 64 bits, extended by the sign of its type; arithmetic is done
 * unsigned and cut to the type, so that overflow wraps as it does in gcc.
 * Floating values are rounded to their type after each operation.
 */
#include "decl/internal.h"

#include "ctype/internal.h"

struct integer {
    uint32_t width; /* in bits */
    int is_signed;
};

static struct integer
integer_of(const kaa_ctype *type)
{
    struct integer integer;

    integer.width = (uint32_t)(kaa_ctype__size(type) * 8);
    integer.is_signed = kaa_ctype__is_signed(type);
    return integer;
}

int
kaa_decl__is_integer(const kaa_ctype *type)
{
    return type != NULL && kaa_ctype__is_integer(type) &&
           kaa_ctype__is_complete(type) && kaa_ctype__size(type) <= 8;
}

int
kaa_decl__is_floating(const kaa_ctype *type)
{
    kaa_ctype_kind kind;

    if (type == NULL)
        return 0;
    kind = kaa_ctype__kind(type);
    return kind >= KAA_CTYPE_FLOAT && kind <= KAA_CTYPE_LDOUBLE;
}

static int
is_arithmetic(const kaa_ctype *type)
{
    return kaa_decl__is_integer(type) || kaa_decl__is_floating(type);
}

/* `bits` as a value of the type has them. */
static uint64_t
cut(const kaa_ctype *type, uint64_t bits)
{
    struct integer integer = integer_of(type);
    uint64_t mask, sign;

    KAA_ASSERT(integer.width > 0); /* kaa_decl__is_integer() */
    if (integer.width >= 64)
        return bits;
    mask = ((uint64_t)1 << integer.width) - 1;
    sign = (uint64_t)1 << (integer.width - 1);
    bits &= mask;
    return integer.is_signed && (bits & sign) ? bits | ~mask : bits;
}

static long double
round_to(const kaa_ctype *type, long double value)
{
    kaa_ctype_kind kind = kaa_ctype__kind(type);

    if (kind == KAA_CTYPE_FLOAT)
        return (long double)(float)value;
    return kind == KAA_CTYPE_DOUBLE ? (long double)(double)value : value;
}

static int
is_negative(const kaa_decl__value *value)
{
    return kaa_ctype_is_signed(value->type) && (int64_t)value->bits < 0;
}

static long double
to_floating(const kaa_decl__value *value)
{
    if (value->kind == VALUE_FLOATING)
        return value->floating;
    return is_negative(value) ? -(long double)(0 - value->bits)
                              : (long double)value->bits;
}

int
kaa_decl__is_true(const kaa_decl__value *value)
{
    switch (value->kind) {
    case VALUE_INTEGER:
    case VALUE_ADDRESS:
        return value->bits != 0;
    case VALUE_FLOATING:
        return value->floating != 0;
    default:
        return 1;
    }
}

void
kaa_decl__set_integer(kaa_decl__value *value, kaa_ctype_kind kind,
                      uint64_t bits)
{
    value->kind = VALUE_INTEGER;
    value->type = kaa_ctype_basic(kind);
    value->bits = cut(value->type, bits);
}

void
kaa_decl__set_enumerator(kaa_decl__value *value, uint64_t bits, int negative)
{
    if (negative ? (int64_t)bits >= INT32_MIN : bits <= INT32_MAX)
        kaa_decl__set_integer(value, KAA_CTYPE_INT, bits);
    else if (!negative && bits <= UINT32_MAX)
        kaa_decl__set_integer(value, KAA_CTYPE_UINT, bits);
    else if (negative || bits <= (uint64_t)INT64_MAX)
        kaa_decl__set_integer(
            value, sizeof(long) == 8 ? KAA_CTYPE_LONG : KAA_CTYPE_LLONG, bits);
    else
        kaa_decl__set_integer(
            value, sizeof(long) == 8 ? KAA_CTYPE_ULONG : KAA_CTYPE_ULLONG,
            bits);
}

/* -9223372036854775808 to 18446744073709551615 in 64 bits; else 0. */
static int
floating_to_bits(const kaa_ctype *type, long double floating, uint64_t *bits)
{
    struct integer integer = integer_of(type);
    long double limit = 1;

    for (uint32_t i = integer.is_signed ? 1 : 0; i < integer.width; i++)
        limit *= 2;
    /* Not a number fails both comparisons. */
    if (!(floating < limit) ||
        !(integer.is_signed ? floating > -limit - 1 : floating > -1))
        return 0;
    *bits = floating < 0 ? 0 - (uint64_t)-floating : (uint64_t)floating;
    return 1;
}

static int
convert_to_integer(kaa_decl__parser *p, const kaa_decl__token *where,
                   const kaa_ctype *type, kaa_decl__value *value)
{
    uint64_t bits = value->bits;
    int is_bool = kaa_ctype__kind(type) == KAA_CTYPE_BOOL;

    if (value->kind == VALUE_OBJECT &&
        kaa_ctype__kind(value->type) == KAA_CTYPE_ARRAY)
        value->kind = VALUE_ADDRESS; /* an array is its first element's address
                                      */
    if (value->kind == VALUE_STRING || value->kind == VALUE_OBJECT ||
        value->kind == VALUE_TYPED) {
        if (value->kind == VALUE_STRING && p->unevaluated == 0)
            return kaa_decl__fail(p, where,
                                  "a string's address is no constant");
        value->kind = VALUE_TYPED;
        value->type = type;
        return 1;
    }
    if (is_bool)
        bits = kaa_decl__is_true(value) ? 1 : 0;
    else if (value->kind == VALUE_FLOATING &&
             !floating_to_bits(type, value->floating, &bits) &&
             p->unevaluated == 0)
        return kaa_decl__fail(p, where, "the value does not fit the type");
    value->kind = VALUE_INTEGER;
    value->type = type;
    value->bits = is_bool ? bits : cut(type, bits);
    return 1;
}

int
kaa_decl__convert(kaa_decl__parser *p, const kaa_decl__token *where,
                  const kaa_ctype *type, kaa_decl__value *value)
{
    if (kaa_decl__is_integer(type))
        return convert_to_integer(p, where, type, value);
    if (kaa_decl__is_floating(type) &&
        (value->kind == VALUE_INTEGER || value->kind == VALUE_FLOATING)) {
        value->floating = round_to(type, to_floating(value));
        value->kind = VALUE_FLOATING;
    } else if (kaa_ctype__kind(type) == KAA_CTYPE_POINTER &&
               (value->kind == VALUE_INTEGER || value->kind == VALUE_ADDRESS ||
                (value->kind == VALUE_OBJECT &&
                 kaa_ctype__kind(value->type) == KAA_CTYPE_ARRAY))) {
        value->kind = VALUE_ADDRESS;
    } else if (value->kind != VALUE_STRING ||
               kaa_ctype__kind(type) != KAA_CTYPE_POINTER) {
        value->kind = VALUE_TYPED;
    }
    value->type = type;
    return 1;
}

/* The type that arithmetic is done in: int at least. */
static const kaa_ctype *
promoted(const kaa_ctype *type)
{
    kaa_ctype_kind kind = kaa_ctype__kind(type);

    if (kind == KAA_CTYPE_ENUM) {
        type = kaa_ctype__strip(kaa_ctype__strip(type)->target);
        kind = kaa_ctype__kind(type);
    }
    if (kaa_decl__is_floating(type) || kind >= KAA_CTYPE_FLOAT16)
        return kaa_ctype__strip(type);
    if (kaa_ctype__size(type) < sizeof(int) || kind == KAA_CTYPE_WCHAR ||
        kind == KAA_CTYPE_CHAR32)
        return kaa_ctype_basic(kaa_ctype__size(type) == sizeof(int) &&
                                       !kaa_ctype__is_signed(type)
                                   ? KAA_CTYPE_UINT
                                   : KAA_CTYPE_INT);
    return kaa_ctype__strip(type);
}

/* Of two promoted types, as C's usual arithmetic conversions have it. */
static const kaa_ctype *
common(const kaa_ctype *a, const kaa_ctype *b)
{
    kaa_ctype_kind ka = kaa_ctype__kind(a);
    kaa_ctype_kind kb = kaa_ctype__kind(b);
    const kaa_ctype *wide = ka >= kb ? a : b;
    const kaa_ctype *other = ka >= kb ? b : a;

    if (kaa_decl__is_floating(wide))
        return wide;
    /* The kinds from int to unsigned long long ascend by rank, signed first.
     * An unsigned type of a lower rank and the same width still wins, with the
     * unsigned type of the higher rank. */
    if (kaa_ctype__is_signed(wide) && !kaa_ctype__is_signed(other) &&
        kaa_ctype__size(wide) == kaa_ctype__size(other))
        return kaa_ctype_basic((kaa_ctype_kind)(kaa_ctype__kind(wide) + 1));
    return wide;
}

int
kaa_decl__balance(kaa_decl__parser *p, const kaa_decl__token *where,
                  kaa_decl__value *left, kaa_decl__value *right)
{
    const kaa_ctype *type;

    if (!is_arithmetic(left->type) || !is_arithmetic(right->type))
        return kaa_decl__fail(p, where, "no arithmetic with this type");
    type = common(promoted(left->type), promoted(right->type));
    return kaa_decl__convert(p, where, type, left) &&
           kaa_decl__convert(p, where, type, right);
}

static int
is_known(const kaa_decl__value *value)
{
    return value->kind == VALUE_INTEGER || value->kind == VALUE_FLOATING;
}

int
kaa_decl__unary_operation(kaa_decl__parser *p, const kaa_decl__token *where,
                          uint32_t operation, kaa_decl__value *value)
{
    int is_true = kaa_decl__is_true(value);

    if (operation == '!') {
        if (value->kind == VALUE_TYPED || value->kind == VALUE_OBJECT)
            value->kind = VALUE_TYPED;
        else
            value->kind = VALUE_INTEGER;
        value->type = kaa_ctype_basic(KAA_CTYPE_INT);
        value->bits = !is_true;
        return 1;
    }
    if (!is_arithmetic(value->type) ||
        (operation == '~' && !kaa_decl__is_integer(value->type)))
        return kaa_decl__fail(p, where, "no '%c' of this type", (int)operation);
    if (!kaa_decl__convert(p, where, promoted(value->type), value))
        return 0;
    if (value->kind == VALUE_FLOATING)
        value->floating = operation == '-' ? -value->floating : value->floating;
    else if (value->kind == VALUE_INTEGER && operation != '+')
        value->bits =
            cut(value->type, operation == '-' ? 0 - value->bits : ~value->bits);
    return 1;
}

static int
compare_floating(uint32_t operation, long double a, long double b)
{
    switch (operation) {
    case '<':
        return a < b;
    case '>':
        return a > b;
    case T_LESS_EQUAL:
        return a <= b;
    case T_GREATER_EQUAL:
        return a >= b;
    case T_EQUAL:
        return a == b;
    default:
        return a != b;
    }
}

static int
compare_integer(uint32_t operation, int is_signed, uint64_t a, uint64_t b)
{
    /* Shifts the signed order onto the unsigned one. */
    if (is_signed) {
        a ^= (uint64_t)1 << 63;
        b ^= (uint64_t)1 << 63;
    }
    switch (operation) {
    case '<':
        return a < b;
    case '>':
        return a > b;
    case T_LESS_EQUAL:
        return a <= b;
    case T_GREATER_EQUAL:
        return a >= b;
    case T_EQUAL:
        return a == b;
    default:
        return a != b;
    }
}

static int
floating_operation(kaa_decl__parser *p, const kaa_decl__token *where,
                   uint32_t operation, kaa_decl__value *left, long double right)
{
    long double a = left->floating;

    switch (operation) {
    case '+':
        a += right;
        break;
    case '-':
        a -= right;
        break;
    case '*':
        a *= right;
        break;
    case '/':
        /* Division by zero is infinity, or not a number. */
        a = right != 0 ? a / right
            : a != a || a == 0
                ? (long double)__builtin_nan("")
                : (long double)((a < 0) != (__builtin_signbit(right) != 0)
                                    ? -__builtin_inf()
                                    : __builtin_inf());
        break;
    default:
        return kaa_decl__fail(p, where, "no such operation on floating values");
    }
    left->floating = round_to(left->type, a);
    return 1;
}

/* Both values are of left->type, but for shifts. */
static int
divide(kaa_decl__parser *p, const kaa_decl__token *where, uint32_t operation,
       kaa_decl__value *left, uint64_t right)
{
    uint64_t a = left->bits;
    int is_signed = kaa_ctype_is_signed(left->type);
    int a_negative = is_signed && (int64_t)a < 0;
    int b_negative = is_signed && (int64_t)right < 0;
    uint64_t result;

    if (right == 0) {
        if (p->unevaluated != 0)
            return 1;
        return kaa_decl__fail(p, where, "division by zero");
    }
    a = a_negative ? 0 - a : a;
    right = b_negative ? 0 - right : right;
    if (operation == '/') {
        result = a / right;
        if (a_negative != b_negative)
            result = 0 - result;
    } else {
        result = a % right;
        if (a_negative)
            result = 0 - result;
    }
    left->bits = cut(left->type, result);
    return 1;
}

static int
shift(kaa_decl__parser *p, const kaa_decl__token *where, uint32_t operation,
      kaa_decl__value *left, const kaa_decl__value *right)
{
    struct integer integer = integer_of(left->type);
    uint64_t bits = left->bits;

    if (right->bits >= integer.width) { /* a negative count is large too */
        if (p->unevaluated != 0)
            return 1;
        return kaa_decl__fail(p, where,
                              "a shift by less than 0 or by all of the type's "
                              "bits");
    }
    if (operation == T_SHIFT_LEFT)
        bits <<= right->bits;
    else if (is_negative(left))
        bits = ~(~bits >> right->bits);
    else
        bits >>= right->bits;
    left->bits = cut(left->type, bits);
    return 1;
}

static int
integer_operation(kaa_decl__parser *p, const kaa_decl__token *where,
                  uint32_t operation, kaa_decl__value *left,
                  const kaa_decl__value *right)
{
    uint64_t a = left->bits;
    uint64_t b = right->bits;

    switch (operation) {
    case '+':
        a += b;
        break;
    case '-':
        a -= b;
        break;
    case '*':
        a *= b;
        break;
    case '&':
        a &= b;
        break;
    case '|':
        a |= b;
        break;
    case '^':
        a ^= b;
        break;
    case '/':
    case '%':
        return divide(p, where, operation, left, b);
    default:
        return shift(p, where, operation, left, right);
    }
    left->bits = cut(left->type, a);
    return 1;
}

static int
is_comparison(uint32_t operation)
{
    return operation == '<' || operation == '>' || operation == T_LESS_EQUAL ||
           operation == T_GREATER_EQUAL || operation == T_EQUAL ||
           operation == T_NOT_EQUAL;
}

static int
logical(uint32_t operation, kaa_decl__value *left, const kaa_decl__value *right)
{
    int a = kaa_decl__is_true(left);
    int b = kaa_decl__is_true(right);
    /* && 0 and || 1 are known whatever the other side is. */
    int is_decided = (is_known(left) || left->kind == VALUE_ADDRESS) &&
                     (operation == T_AND ? !a : a);
    int is_unknown =
        (left->kind >= VALUE_OBJECT || right->kind >= VALUE_OBJECT) &&
        !is_decided;

    kaa_decl__set_integer(left, KAA_CTYPE_INT,
                          operation == T_AND ? (uint64_t)(a && b)
                                             : (uint64_t)(a || b));
    if (is_unknown)
        left->kind = VALUE_TYPED;
    return 1;
}

int
kaa_decl__binary_operation(kaa_decl__parser *p, const kaa_decl__token *where,
                           uint32_t operation, kaa_decl__value *left,
                           const kaa_decl__value *given)
{
    kaa_decl__value right = *given;
    int is_unknown;

    left->is_unit = 0;
    if (operation == T_AND || operation == T_OR)
        return logical(operation, left, given);
    if (!is_arithmetic(left->type) || !is_arithmetic(right.type))
        return kaa_decl__fail(p, where, "no arithmetic with this type");
    if (operation == T_SHIFT_LEFT || operation == T_SHIFT_RIGHT) {
        if (!kaa_decl__is_integer(left->type) ||
            !kaa_decl__is_integer(right.type))
            return kaa_decl__fail(p, where, "a shift of a floating value");
        if (!kaa_decl__convert(p, where, promoted(left->type), left) ||
            !kaa_decl__convert(p, where, promoted(right.type), &right))
            return 0;
    } else if (!kaa_decl__balance(p, where, left, &right)) {
        return 0;
    }
    is_unknown = !is_known(left) || !is_known(&right);
    if (is_comparison(operation)) {
        int result =
            is_unknown ? 0
            : left->kind == VALUE_FLOATING
                ? compare_floating(operation, left->floating, right.floating)
                : compare_integer(operation, kaa_ctype_is_signed(left->type),
                                  left->bits, right.bits);
        kaa_decl__set_integer(left, KAA_CTYPE_INT, (uint64_t)result);
    } else if (!is_unknown) {
        return left->kind == VALUE_FLOATING
                   ? floating_operation(p, where, operation, left,
                                        right.floating)
                   : integer_operation(p, where, operation, left, &right);
    }
    if (is_unknown)
        left->kind = VALUE_TYPED;
    return 1;
}
