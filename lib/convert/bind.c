/* convert/bind.c - which argument goes to which parameter.
 *
 *     declaration    double mean(const double *x [[kaa::length(n)]], size_t n)
 *     call           mean(n=3, x=array)         mean(array)
 *     out_from       {1, 0}                     {0, -1}: n is to be filled in
 */
#include <stdio.h>

#include "base/nearest.h"
#include "convert/words.h"

typedef kaa_convert__text text;

/* ---- what a declaration says ---- */

static const kaa_ctype *
signature_of(const kaa_decl_item *function)
{
    return kaa_ctype_strip(function->type);
}

static int
is_function(const kaa_decl_item *item)
{
    return item != NULL && item->type != NULL &&
           kaa_ctype_kind_of(signature_of(item)) == KAA_CTYPE_FUNCTION;
}

static int
is_out(const kaa_decl_item *function, uint32_t i)
{
    return function->parameters != NULL &&
           function->parameters[i].flags & KAA_DECL_PARAMETER_OUT;
}

/* Whether the length of some parameter alone is told by `i`, so that it can be
 * filled in. */
static int
is_length(const kaa_decl_parameter *notes, uint32_t count, uint32_t i)
{
    for (uint32_t k = 0; notes != NULL && k < count; k++)
        if (notes[k].flags & KAA_DECL_PARAMETER_LENGTH &&
            !(notes[k].flags & KAA_DECL_PARAMETER_TIMES) &&
            notes[k].length_of == i)
            return 1;
    return 0;
}

/* The same, perhaps together with another one. */
static int
is_factor(const kaa_decl_parameter *notes, uint32_t count, uint32_t i)
{
    for (uint32_t k = 0; notes != NULL && k < count; k++)
        if (notes[k].flags & KAA_DECL_PARAMETER_TIMES &&
            (notes[k].length_of == i || notes[k].length_times == i))
            return 1;
    return is_length(notes, count, i);
}

void
kaa_convert__annotate(kaa_convert__shape *out, const kaa_decl_parameter *notes,
                      uint32_t count, uint32_t i)
{
    if (notes == NULL)
        return;
    out->scope = notes[i].scope;
    if (notes[i].flags & KAA_DECL_PARAMETER_NONNULL &&
        !(notes[i].flags & KAA_DECL_PARAMETER_NULLABLE))
        out->flags |= CONVERT_NONNULL;
    if (notes[i].flags & KAA_DECL_PARAMETER_OUT)
        out->flags |= CONVERT_OUT;
    if (notes[i].flags & KAA_DECL_PARAMETER_NULLABLE)
        out->flags |= CONVERT_NULLABLE;
    if (notes[i].flags & KAA_DECL_PARAMETER_LENGTH)
        out->flags |= CONVERT_LENGTH;
    if (notes[i].least != 0)
        out->flags |= CONVERT_LEAST;
    if (is_factor(notes, count, i))
        out->flags |= CONVERT_IS_LENGTH;
}

/* ---- words ---- */

/* "2 (y)": as the declaration counts. */
static const char *
label(const kaa_decl_item *function, uint32_t i, char *buffer, size_t size)
{
    const char *name = kaa_ctype_parameters(signature_of(function))[i].name;

    snprintf(buffer, size, name != NULL ? "%u (%.80s)" : "%u", (unsigned)i + 1,
             name);
    return buffer;
}

/* "double x, double y", or the names alone, without what is not passed. */
static void
print_parameters(const kaa_decl_item *function, int names_only, text *out)
{
    const char *separator = "";

    const kaa_ctype *type = signature_of(function);
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(type);
    char one[400];

    for (uint32_t i = 0; i < kaa_ctype_count(type); i++) {
        const char *name = parameters[i].name;

        if (is_out(function, i) || (names_only && name == NULL))
            continue;
        if (names_only)
            snprintf(one, sizeof(one), "%s", name);
        else
            kaa_ctype_print(parameters[i].type, name, one, sizeof(one));
        kaa_convert__printf(out, "%s%s", separator, one);
        separator = ", ";
    }
    if (!names_only && kaa_ctype_flags(type) & KAA_CTYPE_VARIADIC)
        kaa_convert__printf(out, "%s...", separator);
}

static uint32_t
count_of(const kaa_decl_item *function)
{
    return (uint32_t)kaa_ctype_count(signature_of(function));
}

/* How many arguments there may be, and how many there must be: not the lengths
 * that can be filled in. */
static void
count_visible(const kaa_decl_item *function, size_t *out_visible,
              size_t *out_required)
{
    uint32_t count = count_of(function);

    *out_visible = *out_required = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_out(function, i))
            continue;
        ++*out_visible;
        if (!is_length(function->parameters, count, i))
            ++*out_required;
    }
}

size_t
kaa_convert_print_count(const kaa_decl_item *function, size_t given,
                        char *buffer, size_t size)
{
    text out = {.bytes = buffer, .size = size};
    size_t visible, required, most;
    text parameters;
    char listed[512] = "";

    count_visible(function, &visible, &required);
    most = visible;
    kaa_convert__printf(&out, "%s() takes ", function->name);
    if (kaa_ctype_flags(signature_of(function)) & KAA_CTYPE_VARIADIC) {
        most = required;
        kaa_convert__printf(&out, "at least %zu", required);
    } else if (required != visible) {
        kaa_convert__printf(&out, "%zu to %zu", required, visible);
    } else if (visible == 0) {
        kaa_convert__printf(&out, "no");
    } else {
        kaa_convert__printf(&out, "%zu", visible);
    }
    parameters = (text){.bytes = listed, .size = sizeof(listed)};
    print_parameters(function, 0, &parameters);
    kaa_convert__printf(&out, " argument%s", most == 1 ? "" : "s");
    if (listed[0] != '\0') {
        kaa_convert__put(&out, " (", 2);
        kaa_convert__put(&out, listed, strlen(listed));
        kaa_convert__put(&out, ")", 1);
    }
    kaa_convert__printf(&out, ", %zu given", given);
    return out.length;
}

/* ---- binding ---- */

static kaa_status
bind_keyword(const kaa_decl_item *function, const char *keyword,
             int32_t argument, int32_t *from, text *refusal)
{
    uint32_t count = count_of(function);
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(signature_of(function));
    char known[100], listed[400] = "";
    text names = {.bytes = listed, .size = sizeof(listed)};

    for (uint32_t i = 0; i < count; i++) {
        if (parameters[i].name == NULL || is_out(function, i) ||
            strcmp(parameters[i].name, keyword) != 0)
            continue;
        if (from[i] < 0) {
            from[i] = argument;
            return KAA_OK;
        }
        kaa_convert__printf(refusal, "%s() argument %s is given twice",
                            function->name,
                            label(function, i, known, sizeof(known)));
        return KAA_INVALID_ARGUMENT;
    }
    print_parameters(function, 1, &names);
    kaa_convert__printf(refusal, "%s() has no parameter '%.100s'; ",
                        function->name, keyword);
    if (listed[0] == '\0')
        kaa_convert__printf(refusal, "it has none with a name");
    else
        kaa_convert__printf(refusal, "its parameters are %s", listed);
    return KAA_INVALID_ARGUMENT;
}

kaa_status
kaa_convert_bind(const kaa_decl_item *function, size_t positional,
                 const char *const *keywords, size_t named, int32_t *out_from,
                 char *refusal, size_t size)
{
    text out = {.bytes = refusal, .size = size};
    uint32_t count;
    int32_t next = 0;
    char known[100];

    if (!is_function(function)) {
        kaa_convert__printf(&out, "no declaration of a function");
        return KAA_INVALID_ARGUMENT;
    }
    count = count_of(function);

    for (uint32_t i = 0; i < count; i++)
        out_from[i] =
            !is_out(function, i) && (size_t)next < positional ? next++ : -1;
    if ((size_t)next < positional &&
        !(kaa_ctype_flags(signature_of(function)) & KAA_CTYPE_VARIADIC)) {
        kaa_convert_print_count(function, positional, refusal, size);
        return KAA_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < named; i++) {
        kaa_status status = bind_keyword(
            function, keywords[i], (int32_t)(positional + i), out_from, &out);

        if (status != KAA_OK)
            return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (out_from[i] >= 0 || is_out(function, i) ||
            is_length(function->parameters, count, i))
            continue;
        if (named == 0)
            kaa_convert_print_count(function, positional, refusal, size);
        else
            kaa_convert__printf(&out, "%s() misses argument %s", function->name,
                                label(function, i, known, sizeof(known)));
        return KAA_INVALID_ARGUMENT;
    }
    return KAA_OK;
}

/* ---- lengths ---- */

/* A 128-bit number in digits. */
static void
print_int128(const kaa_convert_int128 *number, int is_negative, char *buffer,
             size_t size)
{
    uint32_t limbs[4] = {(uint32_t)number->low, (uint32_t)(number->low >> 32),
                         (uint32_t)number->high,
                         (uint32_t)(number->high >> 32)};
    char digits[48];
    size_t at = sizeof(digits) - 1, i;
    uint64_t carry = 1;

    for (i = 0; is_negative && i < 4; i++) {
        carry += (uint32_t)~limbs[i];
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    digits[at] = '\0';
    do {
        uint64_t rest = 0;

        for (i = 4; i-- > 0;) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        digits[--at] = (char)('0' + rest);
    } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
    snprintf(buffer, size, "%s%s", is_negative ? "-" : "", digits + at);
}

/* Whether `i` is a pointer of which parameter `length` alone tells the length.
 */
static int
has_length(const kaa_decl_item *function, uint32_t i, uint32_t length)
{
    return function->parameters != NULL &&
           function->parameters[i].flags & KAA_DECL_PARAMETER_LENGTH &&
           !(function->parameters[i].flags & KAA_DECL_PARAMETER_TIMES) &&
           function->parameters[i].length_of == length && !is_out(function, i);
}

kaa_status
kaa_convert_fill_length(const kaa_decl_item *function, uint32_t length,
                        const int64_t *elements, int64_t *out_fill,
                        char *refusal, size_t size)
{
    uint32_t count = count_of(function), first = count;
    text out = {.bytes = refusal, .size = size};
    char known[100];

    for (uint32_t i = 0; i < count; i++) {
        const kaa_decl_parameter *notes;
        uint64_t rest;

        if (!has_length(function, i, length))
            continue;
        if (first == count)
            first = i;
        if (elements[i] < 0)
            continue;
        notes = &function->parameters[i];
        rest = (uint64_t)elements[i] > notes->length_plus
                   ? (uint64_t)elements[i] - notes->length_plus
                   : 0;
        *out_fill = (int64_t)(rest / notes->length_factor);
        return KAA_OK;
    }
    kaa_convert__printf(&out,
                        "%s() argument %s: has to be given: the length of "
                        "argument %u is not known",
                        function->name,
                        label(function, length, known, sizeof(known)),
                        (unsigned)first + 1);
    return KAA_INVALID_ARGUMENT;
}

static int
is_negative(const kaa_decl_item *function, uint32_t i,
            const kaa_convert_int128 *value)
{
    const kaa_ctype *type =
        kaa_ctype_parameters(signature_of(function))[i].type;

    return kaa_ctype_is_signed(kaa_ctype_strip(type)) &&
           (int64_t)value->high < 0;
}

/* a = a * b + plus; 1: that is beyond any memory. */
static int
is_beyond(uint64_t *a, uint64_t b, uint64_t plus)
{
    return __builtin_mul_overflow(*a, b, a) ||
           __builtin_add_overflow(*a, plus, a);
}

/* How many elements the lengths ask for; 1: more than there can be. */
static int
needed_for(const kaa_decl_item *function, const kaa_decl_parameter *notes,
           const kaa_convert_int128 *values, uint64_t *out)
{
    const kaa_convert_int128 *value = &values[notes->length_of];
    uint64_t times = 1;

    if (is_negative(function, notes->length_of, value) || value->high != 0)
        return 1;
    if (notes->flags & KAA_DECL_PARAMETER_TIMES) {
        const kaa_convert_int128 *other = &values[notes->length_times];

        if (is_negative(function, notes->length_times, other) ||
            other->high != 0)
            return 1;
        times = other->low;
    }
    *out = value->low;
    return is_beyond(out, times, 0) ||
           is_beyond(out, notes->length_factor, notes->length_plus);
}

static kaa_status
refuse_length(const kaa_decl_item *function, uint32_t i, int64_t elements,
              const kaa_convert_int128 *values, int is_known, uint64_t needed,
              text *out)
{
    const kaa_decl_parameter *notes = &function->parameters[i];
    uint32_t of = notes->length_of, times = notes->length_times;
    char known[100], digits[48];

    print_int128(&values[of], is_negative(function, of, &values[of]), digits,
                 sizeof(digits));
    kaa_convert__printf(out, "%s() argument %s: has %lld element%s, but ",
                        function->name,
                        label(function, i, known, sizeof(known)),
                        (long long)elements, elements == 1 ? "" : "s");
    if (notes->flags & KAA_DECL_PARAMETER_TIMES) {
        kaa_convert__printf(out, "arguments %u and %u say %s and ",
                            (unsigned)of + 1, (unsigned)times + 1, digits);
        print_int128(&values[times],
                     is_negative(function, times, &values[times]), digits,
                     sizeof(digits));
        kaa_convert__printf(out, "%s", digits);
    } else {
        kaa_convert__printf(out, "argument %u says %s", (unsigned)of + 1,
                            digits);
        if (notes->length_factor == 1 && notes->length_plus == 0)
            return KAA_LIMIT;
    }
    if (is_known)
        kaa_convert__printf(out, ": %llu are needed",
                            (unsigned long long)needed);
    return KAA_LIMIT;
}

kaa_status
kaa_convert_check_lengths(const kaa_decl_item *function,
                          const int64_t *elements,
                          const kaa_convert_int128 *values, char *refusal,
                          size_t size)
{
    text out = {.bytes = refusal, .size = size};
    char known[100];

    for (uint32_t i = 0; i < count_of(function); i++) {
        const kaa_decl_parameter *notes = &function->parameters[i];
        uint64_t needed = 0;

        if (elements[i] < 0 || is_out(function, i))
            continue;
        if ((uint64_t)elements[i] < notes->least) {
            kaa_convert__printf(
                &out,
                "%s() argument %s: has %lld element%s, but "
                "%llu are needed",
                function->name, label(function, i, known, sizeof(known)),
                (long long)elements[i], elements[i] == 1 ? "" : "s",
                (unsigned long long)notes->least);
            return KAA_LIMIT;
        }
        if (notes->flags & KAA_DECL_PARAMETER_LENGTH) {
            int is_known = !needed_for(function, notes, values, &needed);

            if (!is_known || needed > (uint64_t)elements[i])
                return refuse_length(function, i, elements[i], values, is_known,
                                     needed, &out);
        }
    }
    return KAA_OK;
}

/* ---- what can be kept ---- */

static int
is_integer(uint8_t op)
{
    return op == CONVERT_INTEGER || op == CONVERT_BOOL || op == CONVERT_INT128;
}

static int
can_tell(const kaa_decl_item *function, uint32_t i)
{
    kaa_convert__shape shape;

    kaa_convert__shape_of(&shape,
                          kaa_ctype_parameters(signature_of(function))[i].type);
    return is_integer(shape.op) && !is_out(function, i);
}

/* An out parameter that has [[kaa::free]] or [[kaa::borrow]] gives a pointer.
 */
static int
check_ownership(const char *name, uint32_t i, const kaa_convert__shape *shape,
                const kaa_decl_parameter *note, text *refusal)
{
    if ((note->free_function == NULL &&
         !(note->flags & KAA_DECL_PARAMETER_BORROW)) ||
        (shape->target != NULL &&
         kaa_ctype_kind_of(shape->target) == KAA_CTYPE_POINTER))
        return 0;
    kaa_convert__printf(refusal,
                        "%s() parameter %u: kaa::free and kaa::borrow need a "
                        "pointer that is put there",
                        name, (unsigned)i + 1);
    return -1;
}

static int
check_note(const kaa_decl_item *function, uint32_t i, text *refusal)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(signature_of(function));
    const kaa_decl_parameter *note = &function->parameters[i];
    kaa_convert__shape shape;
    char type[128];

    kaa_ctype_print(parameters[i].type, NULL, type, sizeof(type));
    kaa_convert__shape_of(&shape, parameters[i].type);
    if (note->flags & KAA_DECL_PARAMETER_OUT) {
        if (kaa_ctype_kind_of(shape.core) != KAA_CTYPE_POINTER ||
            shape.item_size == 0) {
            kaa_convert__printf(refusal,
                                "%s() parameter %u: %s cannot be an out "
                                "parameter: nothing can be put there",
                                function->name, (unsigned)i + 1, type);
            return -1;
        }
        if (!(note->flags & KAA_DECL_PARAMETER_LENGTH) && note->least <= 1)
            return check_ownership(function->name, i, &shape, note, refusal);
        /* There is room for one alone; C would write beyond it. */
        kaa_convert__printf(refusal,
                            "%s() parameter %u: an out parameter holds one "
                            "value, so it can have no length",
                            function->name, (unsigned)i + 1);
        return -1;
    }
    if (!(note->flags & KAA_DECL_PARAMETER_LENGTH))
        return 0;
    if (kaa_ctype_kind_of(shape.core) == KAA_CTYPE_POINTER &&
        can_tell(function, note->length_of) &&
        (!(note->flags & KAA_DECL_PARAMETER_TIMES) ||
         can_tell(function, note->length_times)))
        return 0;
    kaa_convert__printf(refusal,
                        "%s() parameter %u: a length is an integer that is "
                        "passed in, of a pointer",
                        function->name, (unsigned)i + 1);
    return -1;
}

int
kaa_convert__check_notes(const kaa_decl_item *function, char *refusal,
                         size_t size)
{
    text out = {.bytes = refusal, .size = size};

    for (uint32_t i = 0; function->parameters != NULL && i < count_of(function);
         i++)
        if (check_note(function, i, &out) != 0)
            return -1;
    return 0;
}

int
kaa_convert__says_owner(const kaa_decl_item *function)
{
    for (uint32_t i = 0; function->parameters != NULL && i < count_of(function);
         i++)
        if (function->parameters[i].free_function != NULL ||
            function->parameters[i].flags & KAA_DECL_PARAMETER_BORROW)
            return 1;
    return function->free_function != NULL ||
           (function->flags & KAA_DECL_BORROW) != 0;
}

kaa_status
kaa_convert_check(const kaa_decl_item *function, char *refusal, size_t size)
{
    return kaa_convert__check_notes(function, refusal, size) == 0
               ? KAA_OK
               : KAA_UNSUPPORTED;
}

size_t
kaa_convert_nearest(const char *wanted, const char *const *names, size_t count)
{
    return kaa_base__nearest(wanted, names, count);
}
