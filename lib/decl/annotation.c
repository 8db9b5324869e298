/* decl/annotation.c - [[kaa::...]]: what each means, and where it may stand. */
#include "decl/internal.h"

#include <string.h>

#define OF_FUNCTION (KAA_DECL_HOLD_GIL | KAA_DECL_ERRNO)
#define OF_PARAMETER KAA_DECL_PARAMETER_OUT

/* (name): an identifier in parentheses, whatever macro it may be. */
static kaa_decl__symbol *
read_argument(kaa_decl__parser *p, const char *what)
{
    kaa_decl__symbol *symbol;

    if (p->token.kind != '(') {
        kaa_decl__fail_expected(p, "'('");
        return NULL;
    }
    p->is_raw = 1;
    kaa_decl__next(p);
    symbol = p->token.symbol;
    p->is_raw = 0;
    if (symbol == NULL) {
        kaa_decl__fail_expected(p, what);
        return NULL;
    }
    kaa_decl__next(p);
    return kaa_decl__expect(p, ')', "')'") ? symbol : NULL;
}

static int
read_scope(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    static const char *const scopes[] = {"library", "call", "async", "forever"};
    kaa_decl__token where = *kaa_decl__peek(p);
    const kaa_decl__symbol *symbol =
        read_argument(p, "call, async, library or forever");

    if (symbol == NULL)
        return 0;
    for (uint32_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
        if (strcmp(symbol->name, scopes[i]) == 0) {
            a->scope = i + 1;
            return 1;
        }
    return kaa_decl__fail(p, &where,
                          "kaa::scope is call, async, library or forever, not "
                          "'%s'",
                          symbol->name);
}

int
kaa_decl__annotation(kaa_decl__parser *p, kaa_decl__attributes *a)
{
    kaa_decl__token word = p->token;
    const kaa_decl__symbol *symbol;

    if (word.symbol == NULL)
        return kaa_decl__fail_expected(p, "an attribute");
    if (!a->has_place) {
        a->has_place = 1;
        a->place = word;
    }
    kaa_decl__next(p);
    if (kaa_decl__is_word(&word, "hold_gil")) {
        a->flags |= KAA_DECL_HOLD_GIL;
    } else if (kaa_decl__is_word(&word, "errno")) {
        a->flags |= KAA_DECL_ERRNO;
    } else if (kaa_decl__is_word(&word, "nullable")) {
        a->flags |= KAA_DECL_NULLABLE;
        a->parameter_flags |= KAA_DECL_PARAMETER_NULLABLE;
    } else if (kaa_decl__is_word(&word, "out")) {
        a->parameter_flags |= KAA_DECL_PARAMETER_OUT;
    } else if (kaa_decl__is_word(&word, "free")) {
        symbol = read_argument(p, "a function's name");
        a->free_function = symbol != NULL ? symbol->name : NULL;
        return symbol != NULL;
    } else if (kaa_decl__is_word(&word, "length")) {
        return kaa_decl__read_length(p, a);
    } else if (kaa_decl__is_word(&word, "borrow")) {
        a->flags |= KAA_DECL_BORROW;
        a->parameter_flags |= KAA_DECL_PARAMETER_BORROW;
        a->borrow_from = read_argument(p, "a parameter's name");
        return a->borrow_from != NULL;
    } else if (kaa_decl__is_word(&word, "scope")) {
        return read_scope(p, a);
    } else {
        return kaa_decl__fail(p, &word,
                              "unknown attribute 'kaa::%.32s'; known are "
                              "hold_gil, errno, free, nullable, out, length, "
                              "borrow, scope",
                              word.symbol->name);
    }
    return 1;
}

int
kaa_decl__refuse_annotations(kaa_decl__parser *p, const kaa_decl__attributes *a,
                             const char *instead)
{
    if (!a->has_place)
        return 1;
    return kaa_decl__fail(p, &a->place, "kaa::%.32s has no meaning %s",
                          a->place.symbol->name, instead);
}

int
kaa_decl__check_function(kaa_decl__parser *p, const kaa_decl__attributes *a,
                         const kaa_ctype *type)
{
    const kaa_ctype *result =
        kaa_ctype_strip(kaa_ctype_target(kaa_ctype_strip(type)));

    if (!a->has_place)
        return 1;
    if ((a->parameter_flags & OF_PARAMETER) != 0 || a->scope != 0 ||
        a->length.is_set || a->least != 0)
        return kaa_decl__fail(p, &a->place,
                              "kaa::out, kaa::length and kaa::scope belong to "
                              "a parameter");
    if ((a->free_function != NULL || a->borrow_from != NULL ||
         (a->flags & KAA_DECL_NULLABLE) != 0) &&
        kaa_ctype_kind_of(result) != KAA_CTYPE_POINTER)
        return kaa_decl__fail(p, &a->place,
                              "kaa::free, kaa::borrow and kaa::nullable need a "
                              "function that returns a pointer");
    return 1;
}

int
kaa_decl__check_parameter(kaa_decl__parser *p, const kaa_decl__attributes *a,
                          const kaa_ctype *type)
{
    kaa_ctype_kind kind = kaa_ctype_kind_of(kaa_ctype_strip(type));

    if (!a->has_place)
        return 1;
    if ((a->flags & OF_FUNCTION) != 0)
        return kaa_decl__fail(p, &a->place,
                              "kaa::hold_gil and kaa::errno belong in front of "
                              "a function");
    if ((a->free_function != NULL || a->borrow_from != NULL) &&
        (a->parameter_flags & KAA_DECL_PARAMETER_OUT) == 0)
        return kaa_decl__fail(p, &a->place,
                              "kaa::free and kaa::borrow belong in front of a "
                              "function, or to an out parameter");
    if (kind != KAA_CTYPE_POINTER && kind != KAA_CTYPE_ARRAY &&
        kind != KAA_CTYPE_FUNCTION && kind != KAA_CTYPE_VALIST)
        return kaa_decl__fail(p, &a->place,
                              "kaa::%.32s needs a parameter that is a pointer",
                              a->place.symbol->name);
    return 1;
}
