/* decl/length.c - [[kaa::length(...)]]: how many elements a parameter has.
 *
 *     length(32)              at least 32
 *     length(n)               as many as parameter n says
 *     length(n * 2 + 1)       products of numbers and at most two parameters,
 *     length(width * height)  plus a number
 *
 * An expression is read into a sum of one product and a number while the names
 * are not known yet: a parameter may stand behind the one that names it. A name
 * that is no parameter's is a constant's.
 */
#include "decl/internal.h"

#include "ctype/internal.h"

typedef kaa_decl__length length;

#define LENGTH_MAX ((uint64_t)INT64_MAX)

static int
fail_large(kaa_decl__parser *p, const kaa_decl__token *where)
{
    return kaa_decl__fail(p, where, "kaa::length: the number is too large");
}

static int
multiply(kaa_decl__parser *p, const kaa_decl__token *where, uint64_t *a,
         uint64_t b)
{
    if (b != 0 && *a > LENGTH_MAX / b)
        return fail_large(p, where);
    *a *= b;
    return 1;
}

static int
add(kaa_decl__parser *p, const kaa_decl__token *where, uint64_t *a, uint64_t b)
{
    if (*a > LENGTH_MAX || b > LENGTH_MAX - *a)
        return fail_large(p, where);
    *a += b;
    return 1;
}

/* ---- reading ---- */

static int read_sum(kaa_decl__parser *p, length *out);

static int
read_factor(kaa_decl__parser *p, length *out)
{
    kaa_decl__token where = p->token;
    kaa_decl__value value = {0};

    *out = (length){.factor = 1};
    if (p->token.kind == '(') {
        int is_read;

        if (!kaa_decl__enter(p))
            return 0;
        kaa_decl__next(p);
        is_read = read_sum(p, out) && kaa_decl__expect(p, ')', "')'");
        kaa_decl__leave(p);
        return is_read;
    }
    if (p->token.kind == T_NUMBER) {
        if (!kaa_decl__number(p, &value))
            return 0;
        if (value.kind != VALUE_INTEGER)
            return kaa_decl__fail(p, &where,
                                  "kaa::length: an integer expected");
        out->factor = 0;
        return add(p, &where, &out->plus, value.bits);
    }
    if (p->token.symbol == NULL)
        return kaa_decl__fail_expected(p, "a parameter's name or a number");
    out->names[0] = p->token.symbol;
    kaa_decl__next(p);
    return 1;
}

/* a * b: one of them is a number, or both are products. */
static int
join_product(kaa_decl__parser *p, const kaa_decl__token *where, length *a,
             const length *b)
{
    length product;

    if ((a->factor == 0 && a->plus == 0) || (b->factor == 0 && b->plus == 0))
        return kaa_decl__fail(p, where, "kaa::length: a product with 0");
    if (a->factor == 0) {
        product = *b;
        return multiply(p, where, &product.factor, a->plus) &&
               multiply(p, where, &product.plus, a->plus) && (*a = product, 1);
    }
    if (b->factor == 0)
        return multiply(p, where, &a->factor, b->plus) &&
               multiply(p, where, &a->plus, b->plus);
    if (a->plus != 0 || b->plus != 0 || a->names[1] != NULL ||
        b->names[1] != NULL)
        return kaa_decl__fail(p, where,
                              "kaa::length: numbers and at most two parameters "
                              "are multiplied, and a number added");
    a->names[1] = b->names[0];
    return multiply(p, where, &a->factor, b->factor);
}

static int
read_product(kaa_decl__parser *p, length *out)
{
    if (!read_factor(p, out))
        return 0;
    while (p->token.kind == '*') {
        kaa_decl__token where = p->token;
        length next;

        kaa_decl__next(p);
        if (!read_factor(p, &next) || !join_product(p, &where, out, &next))
            return 0;
    }
    return 1;
}

/* A name alone that is a constant's. */
static void
try_constant(const kaa_decl__parser *p, length *given)
{
    const kaa_decl_item *item =
        given->factor == 1 && given->names[1] == NULL && given->plus == 0
            ? kaa_decl__ordinary(p, given->names[0])
            : NULL;

    if (item != NULL && item->kind == KAA_DECL_INTEGER && item->integer >= 0)
        *given = (length){.plus = (uint64_t)item->integer};
}

static int
read_sum(kaa_decl__parser *p, length *out)
{
    if (!read_product(p, out))
        return 0;
    while (p->token.kind == '+') {
        kaa_decl__token where = p->token;
        length next, *sum = out;
        uint64_t plus;

        kaa_decl__next(p);
        if (!read_product(p, &next))
            return 0;
        if (out->factor != 0 && next.factor != 0)
            try_constant(p, &next);
        if (out->factor != 0 && next.factor != 0)
            try_constant(p, out);
        if (out->factor != 0 && next.factor != 0)
            return kaa_decl__fail(p, &where,
                                  "kaa::length: only a number can be added");
        plus = out->plus;
        if (out->factor == 0)
            *sum = next;
        else
            plus = next.plus;
        if (!add(p, &where, &sum->plus, plus))
            return 0;
    }
    return 1;
}

int
kaa_decl__read_length(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    length given;

    if (p->token.kind != '(')
        return kaa_decl__fail_expected(p, "'('");
    kaa_decl__next(p);
    if (!read_sum(p, &given) || !kaa_decl__expect(p, ')', "')'"))
        return 0;
    if (given.factor == 0) {
        if (given.plus > a->least)
            a->least = given.plus;
    } else {
        a->length = given;
        a->length.is_set = 1;
    }
    return 1;
}

/* ---- names ---- */

static kaa_decl__parameter *
parameter_at(const kaa_decl__parser *p, size_t index)
{
    return (kaa_decl__parameter *)p->parameters.items + index;
}

/* The number of the parameter of that name; `count` if there is none. */
static size_t
find_parameter(const kaa_decl__parser *p, size_t first, size_t count,
               const kaa_decl__symbol *name)
{
    size_t found = 0;

    while (found < count && parameter_at(p, first + found)->name != name->name)
        found++;
    return found;
}

/* A name that is no parameter's: that of an enumerator or another constant. */
static int
take_constant(kaa_decl__parser *p, const kaa_decl__token *where, length *given,
              int i)
{
    const kaa_decl_item *item = kaa_decl__ordinary(p, given->names[i]);
    uint64_t value;

    if (item == NULL || item->kind != KAA_DECL_INTEGER)
        return kaa_decl__fail(p, where,
                              "kaa::length: no parameter has the name '%.64s'",
                              given->names[i]->name);
    value = (uint64_t)item->integer;
    if (value > LENGTH_MAX)
        return kaa_decl__fail(p, where, "kaa::length: '%.64s' is no length",
                              given->names[i]->name);
    given->names[i] = NULL;
    return multiply(p, where, &given->factor, value);
}

int
kaa_decl__find_parameter(kaa_decl__parser *p, const kaa_decl__token *where,
                         const char *what, size_t first, size_t count,
                         const kaa_decl__symbol *name, uint32_t *out)
{
    size_t found = find_parameter(p, first, count, name);

    if (found == count)
        return kaa_decl__fail(p, where,
                              "kaa::%s: no parameter has the name "
                              "'%.64s'",
                              what, name->name);
    *out = (uint32_t)found;
    return 1;
}

static int
resolve(kaa_decl__parser *p, kaa_decl__parameter *parameter, size_t first,
        size_t count)
{
    length given = parameter->length;
    kaa_decl_parameter *notes = &parameter->notes;
    uint32_t numbers[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        size_t found;

        if (given.names[i] == NULL)
            continue;
        found = find_parameter(p, first, count, given.names[i]);
        if (given.is_set == STATIC_LENGTH &&
            (found == count ||
             !kaa_ctype__is_integer(parameter_at(p, first + found)->type)))
            return 1; /* an enumerator, or what C makes of it */
        if (found == count) {
            if (!take_constant(p, &parameter->place, &given, i))
                return 0;
            continue;
        }
        if (!kaa_ctype__is_integer(parameter_at(p, first + found)->type))
            return kaa_decl__fail(p, &parameter->place,
                                  "kaa::length: the parameter '%.64s' is no "
                                  "integer",
                                  given.names[i]->name);
        numbers[i] = (uint32_t)found;
    }
    if (given.names[0] == NULL && given.names[1] == NULL) {
        uint64_t least = given.factor;

        if (!add(p, &parameter->place, &least, given.plus))
            return 0;
        if (least > notes->least)
            notes->least = least;
        return 1;
    }
    notes->flags |= KAA_DECL_PARAMETER_LENGTH;
    notes->length_factor = given.factor;
    notes->length_plus = given.plus;
    notes->length_of = numbers[given.names[0] == NULL];
    if (given.names[0] != NULL && given.names[1] != NULL) {
        notes->flags |= KAA_DECL_PARAMETER_TIMES;
        notes->length_times = numbers[1];
    }
    if (given.factor == 0)
        return kaa_decl__fail(p, &parameter->place,
                              "kaa::length: a parameter times 0");
    return 1;
}

int
kaa_decl__resolve_lengths(kaa_decl__parser *p, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kaa_decl__parameter *parameter = parameter_at(p, first + i);

        if (parameter->length.is_set && !resolve(p, parameter, first, count))
            return 0;
        if (parameter->borrow_from != NULL &&
            !kaa_decl__find_parameter(p, &parameter->place, "borrow", first,
                                      count, parameter->borrow_from,
                                      &parameter->notes.borrow_from))
            return 0;
    }
    return 1;
}
