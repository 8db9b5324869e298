/* preprocess/condition.c - the expressions of #if: integers of 64 bits, with
 * C's operators and precedence. A name that is no macro is 0. */
#include "preprocess/internal.h"

#include <string.h>

struct value {
    uint64_t bits;
    int is_unsigned;
};

struct reader {
    kaa_preprocess__pp *pp;
    kaa_preprocess__token token;
    uint32_t line;
    uint32_t depth;
    uint32_t unevaluated; /* > 0: behind && || ?: that is decided */
};

static int
fail(struct reader *r, const char *what)
{
    return kaa_preprocess__fail(
        r->pp, KAA_SYNTAX, r->line, "%s in a condition%s%.*s", what,
        r->token.kind == T_END ? "" : " at ",
        r->token.length < 60 ? (int)r->token.length : 60, r->token.text);
}

static void
step(struct reader *r)
{
    kaa_preprocess__next(r->pp, &r->token);
}

static int
is(const struct reader *r, char a, char b)
{
    return kaa_preprocess__is(&r->token, CODE(a, b, 0));
}

static uint64_t
digit_of(char c)
{
    return c >= '0' && c <= '9' ? (uint64_t)(c - '0')
                                : (uint64_t)((c | 0x20) - 'a' + 10);
}

static int
is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static int
number(struct reader *r, struct value *value)
{
    const char *at = r->token.text;
    const char *end = at + r->token.length;
    uint64_t base = 10;
    int longs = 0;

    memset(value, 0, sizeof(*value));
    if (end - at > 1 && at[0] == '0') {
        char mark = (char)(at[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        at += base == 8 ? 1 : 2;
    }
    for (; at < end &&
           (*at == '\'' || (is_hex(*at) && (base == 16 || digit_of(*at) < 10)));
         at++) {
        if (*at == '\'')
            continue;
        if (digit_of(*at) >= base)
            return fail(r, "no such digit");
        if (value->bits > (UINT64_MAX - digit_of(*at)) / base)
            return fail(r, "a number above 64 bits");
        value->bits = value->bits * base + digit_of(*at);
    }
    for (; at < end; at++) {
        char c = (char)(*at | 0x20);
        if (c == 'u')
            value->is_unsigned = 1;
        else if ((c != 'l' && c != 'z') || ++longs > 2)
            return fail(r, "no integer");
    }
    if (value->bits > INT64_MAX)
        value->is_unsigned = 1;
    step(r);
    return 1;
}

/* The character or escape at *at. */
static uint64_t
character_at(const char **at, const char *end)
{
    static const char letters[] = "ntrabfve";
    static const char values[] = "\n\t\r\a\b\f\v\033";
    const char *c = *at;
    const char *found;
    uint64_t bits = 0;

    if (*c != '\\' || end - c < 2) {
        *at = c + 1;
        return (unsigned char)*c;
    }
    c++;
    if (*c >= '0' && *c <= '7') {
        for (int i = 0; i < 3 && c < end && *c >= '0' && *c <= '7'; i++)
            bits = bits * 8 + digit_of(*c++);
    } else if (*c == 'x' || *c == 'u' || *c == 'U') {
        for (c++; c < end && is_hex(*c); c++)
            bits = bits * 16 + digit_of(*c);
    } else {
        found = strchr(letters, *c);
        bits = found != NULL && *c != '\0'
                   ? (unsigned char)values[found - letters]
                   : (unsigned char)*c;
        c++;
    }
    *at = c;
    return bits;
}

static int
character(struct reader *r, struct value *value)
{
    const char *at = r->token.text;
    const char *end = at + r->token.length - 1;
    int is_wide = *at != '\'';
    int count = 0;

    value->bits = 0;
    value->is_unsigned = *at == 'u' || *at == 'U';
    at = (const char *)memchr(at, '\'', r->token.length) + 1;
    if (at >= end)
        return fail(r, "an empty character");
    for (; at < end; count++) {
        uint64_t one = character_at(&at, end);
        value->bits = is_wide ? one : value->bits << 8 | (one & 0xff);
    }
    if (!is_wide)
        value->bits = count == 1 ? (uint64_t)(int64_t)(char)value->bits
                                 : (uint64_t)(int64_t)(int32_t)value->bits;
    step(r);
    return 1;
}

/* defined NAME, defined(NAME) */
static int
defined(struct reader *r, struct value *value)
{
    uint8_t no_expand = r->pp->no_expand;
    int has_parenthesis;
    int is_name;

    r->pp->no_expand = 1;
    step(r);
    has_parenthesis = is(r, '(', 0);
    if (has_parenthesis)
        step(r);
    is_name = r->token.kind == T_NAME;
    if (is_name) {
        const kaa_preprocess__name *name = r->token.name;
        value->bits = name->macro != NULL ||
                      (name->special != S_NONE && name->special != S_DEFINED &&
                       name->special != S_PRAGMA && name->special < S_VA_ARGS);
        value->is_unsigned = 0;
        if (has_parenthesis)
            step(r);
    }
    r->pp->no_expand = no_expand;
    if (!is_name)
        return fail(r, "expected a name behind 'defined'");
    if (has_parenthesis && !is(r, ')', 0))
        return fail(r, "expected ')' behind 'defined'");
    step(r);
    return 1;
}

static int binary(struct reader *r, int lowest, struct value *value);
static int conditional(struct reader *r, struct value *value);

static int
named(struct reader *r, struct value *value)
{
    const kaa_preprocess__name *name = r->token.name;
    long answer = 0;

    value->is_unsigned = 0;
    value->bits = 0;
    if (name->special == S_DEFINED)
        return defined(r, value);
    if (name->special > S_DEFINED && name->special < S_VA_ARGS &&
        name->macro == NULL) {
        if (!kaa_preprocess__has(r->pp, name->special, &answer))
            return 0;
        value->bits = (uint64_t)answer;
        step(r);
        return 1;
    }
    step(r);
    if (is(r, '(', 0))
        return fail(r, "a call of what is no macro");
    return 1;
}

static int
unary(struct reader *r, struct value *value)
{
    kaa_preprocess__token operation = r->token;
    int is_done;

    if (r->pp->has_failed)
        return 0;
    if (r->depth >= PP_DEPTH_MAX)
        return kaa_preprocess__fail(r->pp, KAA_LIMIT, r->line,
                                    "a condition nested more than %u deep",
                                    PP_DEPTH_MAX);
    switch (operation.kind) {
    case T_NUMBER:
        return number(r, value);
    case T_CHARACTER:
        return character(r, value);
    case T_NAME:
        return named(r, value);
    case T_PUNCTUATION:
        break;
    default:
        return fail(r, "expected a value");
    }
    if (strchr("+-!~(", (int)operation.code) == NULL || operation.code > 127)
        return fail(r, "expected a value");
    step(r);
    r->depth++;
    is_done = operation.code == '(' ? conditional(r, value) : unary(r, value);
    r->depth--;
    if (!is_done)
        return 0;
    switch (operation.code) {
    case '(':
        if (!is(r, ')', 0))
            return fail(r, "expected ')'");
        step(r);
        break;
    case '-':
        value->bits = 0 - value->bits;
        break;
    case '~':
        value->bits = ~value->bits;
        break;
    case '!':
        value->bits = value->bits == 0;
        value->is_unsigned = 0;
        break;
    default:
        break;
    }
    return 1;
}

static int
precedence(const struct reader *r)
{
    static const struct {
        uint32_t code;
        int level;
    } operators[] = {
        {CODE('|', '|', 0), 1}, {CODE('&', '&', 0), 2}, {CODE('|', 0, 0), 3},
        {CODE('^', 0, 0), 4},   {CODE('&', 0, 0), 5},   {CODE('=', '=', 0), 6},
        {CODE('!', '=', 0), 6}, {CODE('<', 0, 0), 7},   {CODE('>', 0, 0), 7},
        {CODE('<', '=', 0), 7}, {CODE('>', '=', 0), 7}, {CODE('<', '<', 0), 8},
        {CODE('>', '>', 0), 8}, {CODE('+', 0, 0), 9},   {CODE('-', 0, 0), 9},
        {CODE('*', 0, 0), 10},  {CODE('/', 0, 0), 10},  {CODE('%', 0, 0), 10},
    };

    if (r->token.kind == T_PUNCTUATION)
        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
            if (operators[i].code == r->token.code)
                return operators[i].level;
    return 0;
}

static int
divide(struct reader *r, uint32_t code, struct value *a, uint64_t b)
{
    int is_signed = !a->is_unsigned;
    int a_negative = is_signed && (int64_t)a->bits < 0;
    int b_negative = is_signed && (int64_t)b < 0;
    uint64_t x = a_negative ? 0 - a->bits : a->bits;
    uint64_t y = b_negative ? 0 - b : b;

    if (b == 0)
        return r->unevaluated != 0 ? 1 : fail(r, "division by zero");
    if (code == '/')
        a->bits = a_negative != b_negative ? 0 - x / y : x / y;
    else
        a->bits = a_negative ? 0 - x % y : x % y;
    return 1;
}

static uint64_t
shift(uint32_t code, const struct value *a, const struct value *b)
{
    int is_negative = !b->is_unsigned && (int64_t)b->bits < 0;
    int is_left = (code == CODE('<', '<', 0)) != is_negative;
    uint64_t count = is_negative ? 0 - b->bits : b->bits;
    int sign = !a->is_unsigned && (int64_t)a->bits < 0;

    if (count >= 64)
        return !is_left && sign ? UINT64_MAX : 0;
    if (is_left)
        return a->bits << count;
    return sign ? ~(~a->bits >> count) : a->bits >> count;
}

static int
compare(uint32_t code, const struct value *a, const struct value *b)
{
    uint64_t flip = a->is_unsigned || b->is_unsigned ? 0 : (uint64_t)1 << 63;
    uint64_t x = a->bits ^ flip;
    uint64_t y = b->bits ^ flip;

    switch (code) {
    case CODE('<', 0, 0):
        return x < y;
    case CODE('>', 0, 0):
        return x > y;
    case CODE('<', '=', 0):
        return x <= y;
    case CODE('>', '=', 0):
        return x >= y;
    case CODE('=', '=', 0):
        return x == y;
    default:
        return x != y;
    }
}

static int
operate(struct reader *r, uint32_t code, int level, struct value *a,
        const struct value *b)
{
    if (level <= 2) {
        a->bits = level == 1 ? a->bits != 0 || b->bits != 0
                             : a->bits != 0 && b->bits != 0;
        a->is_unsigned = 0;
        return 1;
    }
    if (level == 6 || level == 7) {
        a->bits = (uint64_t)compare(code, a, b);
        a->is_unsigned = 0;
        return 1;
    }
    if (level == 8) {
        a->bits = shift(code, a, b);
        return 1;
    }
    a->is_unsigned |= b->is_unsigned;
    switch (code) {
    case CODE('|', 0, 0):
        a->bits |= b->bits;
        return 1;
    case CODE('^', 0, 0):
        a->bits ^= b->bits;
        return 1;
    case CODE('&', 0, 0):
        a->bits &= b->bits;
        return 1;
    case CODE('+', 0, 0):
        a->bits += b->bits;
        return 1;
    case CODE('-', 0, 0):
        a->bits -= b->bits;
        return 1;
    case CODE('*', 0, 0):
        a->bits *= b->bits;
        return 1;
    default:
        return divide(r, code, a, b->bits);
    }
}

static int
binary(struct reader *r, int lowest, struct value *value)
{
    if (!unary(r, value))
        return 0;
    for (;;) {
        int level = precedence(r);
        uint32_t code = r->token.code;
        struct value right = {0};
        uint32_t is_idle;
        int is_read;

        if (level == 0 || level < lowest)
            return 1;
        is_idle = (level == 1 && value->bits != 0) ||
                  (level == 2 && value->bits == 0);
        step(r);
        r->unevaluated += is_idle;
        is_read = binary(r, level + 1, &right);
        r->unevaluated -= is_idle;
        if (!is_read || !operate(r, code, level, value, &right))
            return 0;
    }
}

static int
conditional(struct reader *r, struct value *value)
{
    struct value first = {0};
    struct value second = {0};
    uint32_t is_true;
    int is_read;

    if (!binary(r, 1, value))
        return 0;
    if (!is(r, '?', 0))
        return 1;
    if (r->depth >= PP_DEPTH_MAX)
        return fail(r, "too deep nesting");
    is_true = value->bits != 0;
    step(r);
    r->depth++;
    first = *value;
    r->unevaluated += !is_true;
    is_read = is(r, ':', 0) || conditional(r, &first);
    r->unevaluated -= !is_true;
    if (is_read && !is(r, ':', 0))
        is_read = fail(r, "expected ':'");
    if (!is_read)
        return 0;
    step(r);
    r->unevaluated += is_true;
    is_read = conditional(r, &second);
    r->unevaluated -= is_true;
    r->depth--;
    *value = is_true ? first : second;
    value->is_unsigned = first.is_unsigned || second.is_unsigned;
    return is_read;
}

int
kaa_preprocess__evaluate(kaa_preprocess__pp *pp, int *out_is_true)
{
    struct reader r = {.pp = pp, .line = kaa_preprocess__source_of(pp)->line};
    struct value value = {0};

    step(&r);
    if (r.token.kind == T_END)
        fail(&r, "no value");
    else if (conditional(&r, &value) && r.token.kind != T_END)
        fail(&r, "the value should end");
    *out_is_true = value.bits != 0;
    return !pp->has_failed;
}
