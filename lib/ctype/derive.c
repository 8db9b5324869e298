/* ctype/derive.c - types made from types: pointers, arrays, qualified types,
 * typedefs, functions. */
#include "ctype/intern.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Parameters that need no memory of their own while a function is made. */
#define PARAMETERS_LOCAL 16u

#define QUALIFIERS_ALL                                                         \
    (KAA_CTYPE_CONST | KAA_CTYPE_VOLATILE | KAA_CTYPE_RESTRICT |               \
     KAA_CTYPE_ATOMIC)

/* The depth of what is made from `part` without containing it: a record is
 * left out, as it may be completed later. */
static uint32_t
depth_over(const kaa_ctype *part)
{
    int is_bare_record = kaa_ctype__is_record(part) && part == part->stripped;

    return 1 + (is_bare_record ? 0 : part->depth);
}

static kaa_status
fail(kaa_error *err, const char *what)
{
    return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                          what);
}

kaa_status
kaa_ctype_pointer(kaa_ctype_table *table, const kaa_ctype *target,
                  const kaa_ctype **out_type, kaa_error *err)
{
    kaa_ctype model = {.kind = KAA_CTYPE_POINTER,
                       .is_complete = 1,
                       .size = sizeof(void *),
                       .align = _Alignof(void *),
                       .target = target};

    if (table == NULL || target == NULL || out_type == NULL)
        return fail(err, "table, target and out_type may not be NULL");
    model.depth = depth_over(target);
    return kaa_ctype__intern(table, &model, out_type, err);
}

/* gcc makes an array from the unqualified element, and forgets that _Atomic
 * gives it a larger alignment. */
static uint32_t
element_align(const kaa_ctype *element)
{
#if !defined(__clang__)
    if ((element->qualifiers & KAA_CTYPE_ATOMIC) != 0 && element->align == 0 &&
        kaa_ctype__is_alias(element))
        return element->stripped->align;
#endif
    return kaa_ctype__align(element);
}

kaa_status
kaa_ctype_array(kaa_ctype_table *table, const kaa_ctype *element,
                uint64_t count, const kaa_ctype **out_type, kaa_error *err)
{
    kaa_ctype model = {
        .kind = KAA_CTYPE_ARRAY, .target = element, .count = count};
    uint64_t size;

    if (table == NULL || element == NULL || out_type == NULL)
        return fail(err, "table, element and out_type may not be NULL");
    if (!kaa_ctype__is_complete(element))
        return fail(err, kaa_ctype__kind(element) == KAA_CTYPE_FUNCTION
                             ? "functions have no array"
                             : "the array's elements are incomplete");
    size = kaa_ctype__size(element);
    model.align = element_align(element);
    if (size % model.align != 0)
        return fail(err, "the elements' alignment is greater than their size");
    model.is_complete = count != KAA_CTYPE_UNKNOWN_COUNT;
    if (model.is_complete) {
        if (size != 0 && count > (uint64_t)PTRDIFF_MAX / size)
            return fail(err, "the array is too large");
        model.size = size * count;
    }
    model.qualifiers = element->qualifiers;
    model.depth = 1 + kaa_ctype__depth(element);
    return kaa_ctype__intern(table, &model, out_type, err);
}

/* NULL if the qualifiers fit the type. */
static const char *
qualifier_fault(const kaa_ctype *type, uint32_t qualifiers)
{
    kaa_ctype_kind kind = kaa_ctype__kind(type);

    if ((qualifiers & ~(uint32_t)QUALIFIERS_ALL) != 0)
        return "unknown qualifier";
    if ((qualifiers & KAA_CTYPE_ATOMIC) != 0 &&
        (kind == KAA_CTYPE_ARRAY || kind == KAA_CTYPE_FUNCTION))
        return "arrays and functions cannot be _Atomic";
    while (kind == KAA_CTYPE_ARRAY) {
        type = type->stripped->target;
        kind = kaa_ctype__kind(type);
    }
    if ((qualifiers & KAA_CTYPE_RESTRICT) != 0 && kind != KAA_CTYPE_POINTER)
        return "only pointers can be restrict";
    return NULL;
}

/* Of an array the elements are qualified. Arrays of arrays are bounded by the
 * limit on depth, and so is this recursion. */
static kaa_status
qualify_array(kaa_ctype_table *table, const kaa_ctype *array,
              uint32_t qualifiers, const kaa_ctype **out_type, kaa_error *err)
{
    const kaa_ctype *element = NULL;
    kaa_status status =
        kaa_ctype_qualified(table, array->target, qualifiers, 0, &element, err);

    if (status != KAA_OK)
        return status;
    return kaa_ctype_array(table, element, array->count, out_type, err);
}

kaa_status
kaa_ctype_qualified(kaa_ctype_table *table, const kaa_ctype *type,
                    uint32_t qualifiers, uint32_t align,
                    const kaa_ctype **out_type, kaa_error *err)
{
    kaa_ctype model = {.kind = KAA_CTYPE_QUALIFIED};
    const kaa_ctype *stripped;
    const char *fault;

    if (table == NULL || type == NULL || out_type == NULL)
        return fail(err, "table, type and out_type may not be NULL");
    fault = qualifier_fault(type, qualifiers);
    if (fault == NULL && !kaa_ctype__is_align(align))
        fault = "an alignment is a power of two, at most 2^28";
    if (fault != NULL)
        return fail(err, fault);
    stripped = type->stripped;
    qualifiers &= ~type->qualifiers;
    if (stripped->kind == KAA_CTYPE_FUNCTION ||
        (qualifiers == 0 && (align == 0 || align == kaa_ctype__align(type)))) {
        *out_type = type;
        return KAA_OK;
    }
    if (stripped->kind == KAA_CTYPE_ARRAY && qualifiers != 0) {
        kaa_status status =
            qualify_array(table, stripped, qualifiers, &stripped, err);
        if (status != KAA_OK)
            return status;
        if (type->kind == KAA_CTYPE_ARRAY && align == 0) {
            *out_type = stripped;
            return KAA_OK;
        }
    }
    model.qualifiers = type->qualifiers | qualifiers;
    model.own_qualifiers = (uint8_t)qualifiers;
    model.align = align;
    model.target = type;
    if (kaa_ctype__is_alias(type) && align == 0)
        model.align = type->align;
    if (type->kind == KAA_CTYPE_QUALIFIED) { /* one level, not two */
        model.own_qualifiers =
            (uint8_t)(model.own_qualifiers | type->own_qualifiers);
        model.target = type->target;
    }
    model.stripped = stripped;
    model.depth = depth_over(model.target);
    return kaa_ctype__intern(table, &model, out_type, err);
}

kaa_status
kaa_ctype_typedef(kaa_ctype_table *table, const char *name, size_t name_length,
                  const kaa_ctype *target, const kaa_ctype **out_type,
                  kaa_error *err)
{
    kaa_ctype model = {.kind = KAA_CTYPE_TYPEDEF, .target = target};

    if (table == NULL || name == NULL || target == NULL || out_type == NULL)
        return fail(err, "table, name, target and out_type may not be NULL");
    if (name_length == 0)
        return fail(err, "a typedef has a name");
    model.name = kaa_ctype__intern_name(table, name, name_length);
    if (model.name == NULL)
        return kaa_base__fail_memory(err, "the name of a typedef");
    model.stripped = target->stripped;
    model.qualifiers = target->qualifiers;
    if (kaa_ctype__is_alias(target))
        model.align = target->align;
    model.depth = depth_over(target);
    return kaa_ctype__intern(table, &model, out_type, err);
}

/* The parameter as it is passed: arrays and functions become pointers. */
static kaa_status
decay(kaa_ctype_table *table, const kaa_ctype *type, const kaa_ctype **out_type,
      kaa_error *err)
{
    const kaa_ctype *stripped = type->stripped;

    if (stripped->kind == KAA_CTYPE_ARRAY)
        return kaa_ctype_pointer(table, stripped->target, out_type, err);
    if (stripped->kind == KAA_CTYPE_FUNCTION)
        return kaa_ctype_pointer(table, type, out_type, err);
    *out_type = type;
    return KAA_OK;
}

/* Copies a parameter to *own and raises *depth to what it needs. */
static kaa_status
adopt_parameter(kaa_ctype_table *table, const kaa_ctype_parameter *given,
                uint32_t number, kaa_ctype_parameter *own, uint32_t *depth,
                kaa_error *err)
{
    kaa_status status;

    if (given->type == NULL || kaa_ctype__kind(given->type) == KAA_CTYPE_VOID)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, number,
                              "parameter %u has %s", number + 1,
                              given->type == NULL ? "no type" : "type void");
    *own = (kaa_ctype_parameter){NULL, NULL};
    if (given->name != NULL && given->name[0] != '\0') {
        own->name =
            kaa_ctype__intern_name(table, given->name, strlen(given->name));
        if (own->name == NULL)
            return kaa_base__fail_memory(err, "the name of a parameter");
    }
    status = decay(table, given->type, &own->type, err);
    if (status != KAA_OK && err != NULL)
        err->argument = number;
    if (status == KAA_OK && *depth < depth_over(own->type))
        *depth = depth_over(own->type);
    return status;
}

static const char *
function_fault(const kaa_ctype *result, const kaa_ctype_parameter *parameters,
               uint32_t count, uint32_t flags)
{
    kaa_ctype_kind kind = kaa_ctype__kind(result);

    if (parameters == NULL && count != 0)
        return "parameters may not be NULL";
    if (kind == KAA_CTYPE_ARRAY)
        return "a function cannot return an array";
    if (kind == KAA_CTYPE_FUNCTION)
        return "a function cannot return a function";
    if ((flags & ~(uint32_t)(KAA_CTYPE_VARIADIC | KAA_CTYPE_UNPROTOTYPED)) != 0)
        return "unknown flag";
    if ((flags & KAA_CTYPE_UNPROTOTYPED) != 0 &&
        (count != 0 || (flags & KAA_CTYPE_VARIADIC) != 0))
        return "a function without prototype has no parameters";
    return NULL;
}

kaa_status
kaa_ctype_function(kaa_ctype_table *table, const kaa_ctype *result,
                   const kaa_ctype_parameter *parameters, uint32_t count,
                   uint32_t flags, const kaa_ctype **out_type, kaa_error *err)
{
    kaa_ctype model = {.kind = KAA_CTYPE_FUNCTION,
                       .align = 1,
                       .target = result,
                       .count = count,
                       .flags = flags};
    kaa_ctype_parameter local[PARAMETERS_LOCAL], *own = local;
    kaa_status status = KAA_OK;
    const char *fault;

    if (table == NULL || result == NULL || out_type == NULL)
        return fail(err, "table, result and out_type may not be NULL");
    fault = function_fault(result, parameters, count, flags);
    if (fault != NULL)
        return fail(err, fault);
    if (count > KAA_CTYPE__PARAMETERS_MAX)
        return kaa_base__fail(err, KAA_LIMIT, KAA_NO_ARGUMENT,
                              "%u parameters are more than %u", count,
                              KAA_CTYPE__PARAMETERS_MAX);
    if (count > PARAMETERS_LOCAL) {
        own = kaa_base__alloc_array(count, sizeof(*own));
        if (own == NULL)
            return kaa_base__fail_memory(err, "parameters");
    }
    model.depth = depth_over(result);
    for (uint32_t i = 0; status == KAA_OK && i < count; i++)
        status = adopt_parameter(table, &parameters[i], i, &own[i],
                                 &model.depth, err);
    if (status == KAA_OK) {
        model.list.parameters = own;
        status = kaa_ctype__intern(table, &model, out_type, err);
    }
    if (own != local)
        kaa_base__free(own);
    return status;
}
