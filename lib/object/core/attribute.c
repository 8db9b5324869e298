/* object/core/attribute.c - attributes of objects.
 *
 * The usual look-up, in this order: what the type has and can be assigned to (a
 * member, a property); the object's own dict; what else the type has, bound to
 * the object. A type may have a look-up of its own instead.
 */
#include <string.h>

#include "object/types/type.h"

const char *
kaa_object__text_of(kaa_context *ctx, kaa_object *str)
{
    const char *text = NULL;
    kaa_object *pending;

    if (!kaa_object__check(ctx, str, KAA_STR_TYPE))
        return "?";
    pending = kaa_object__error_take(ctx);
    text = kaa_object__str_as_utf8(ctx, str, NULL);
    if (text == NULL)
        kaa_object__error_clear(ctx);
    if (pending != NULL) {
        kaa_object__raise_exception(ctx, pending);
        kaa_decref(ctx, pending);
    }
    return text != NULL ? text : "?";
}

static int
check_name(kaa_context *ctx, kaa_object *name)
{
    if (KAA_LIKELY(!kaa_is_tagged(name) &&
                   name->type == kaa_object__builtin(ctx, KAA_STR_TYPE)))
        return 0;
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                  "attribute name must be string, not '%s'",
                                  kaa_object__borrow_type(ctx, name)->name);
}

int
kaa_object__no_attribute(kaa_context *ctx, kaa_object *object, kaa_object *name)
{
    return kaa_object__raise_text(ctx, KAA_ATTRIBUTE_ERROR,
                                  "'%.100s' object has no attribute '%.200s'",
                                  kaa_object__borrow_type(ctx, object)->name,
                                  kaa_object__text_of(ctx, name));
}

/* The most frequent case, without a call through the type of the descriptor. */
static inline int
is_member_of(kaa_context *ctx, kaa_object *descriptor,
             const kaa_object__type *type)
{
    return descriptor->type ==
               kaa_object__internal(ctx, KAA_OBJECT__INTERNAL_MEMBER) &&
           ((kaa_object__descriptor *)(void *)descriptor)->serial ==
               type->serial;
}

int
kaa_object__find_generic(kaa_context *ctx, kaa_object *object, kaa_object *name,
                         kaa_object **out)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *of_type = NULL, **dict;
    int has, found;

    has = kaa_object__type_find(ctx, type, name, &of_type);
    if (has < 0)
        return -1;
    if (has && kaa_is_tagged(of_type))
        has = 2; /* a plain value */
    else if (has && is_member_of(ctx, of_type, type)) {
        *out = kaa_object__member_get(
            ctx, ((kaa_object__descriptor *)(void *)of_type)->of, object);
        return *out != NULL ? 1 : -1;
    }
    if (has == 1 && of_type->type->assign != NULL) {
        /* Held: a property's code may take it out of the type. */
        kaa_incref(ctx, of_type);
        *out = of_type->type->bind(ctx, of_type, object);
        kaa_decref(ctx, of_type);
        return *out != NULL ? 1 : -1;
    }
    dict = kaa_object__dict_place(type, object);
    if (dict != NULL && *dict != NULL) {
        kaa_object *kept = has ? kaa_incref(ctx, of_type) : NULL;

        found = kaa_object__dict_find(ctx, *dict, name, out);
        if (found != 0 || kept == NULL) {
            kaa_decref(ctx, kept);
            return found;
        }
        *out = kept;
    } else if (has) {
        *out = kaa_incref(ctx, of_type);
    } else {
        return 0;
    }
    if (has == 1 && of_type->type->bind != NULL) {
        kaa_object *bound = of_type->type->bind(ctx, of_type, object);

        kaa_decref(ctx, *out);
        *out = bound;
        return bound != NULL ? 1 : -1;
    }
    return 1;
}

kaa_object *
kaa_object__generic_get_attr(kaa_context *ctx, kaa_object *object,
                             kaa_object *name)
{
    kaa_object *value = NULL;
    int found;

    if (check_name(ctx, name) != 0)
        return NULL;
    found = kaa_object__find_generic(ctx, object, name, &value);
    if (found > 0)
        return value;
    if (found == 0)
        kaa_object__no_attribute(ctx, object, name);
    return NULL;
}

static int
set_in_dict(kaa_context *ctx, kaa_object *object, kaa_object **dict,
            kaa_object *name, kaa_object *value)
{
    int removed;

    if (value != NULL) {
        if (*dict == NULL && (*dict = kaa_object__dict_new(ctx)) == NULL)
            return -1;
        return kaa_object__dict_set(ctx, *dict, name, value);
    }
    removed =
        *dict != NULL ? kaa_object__dict_remove(ctx, *dict, name, NULL) : 0;
    if (removed == 0)
        kaa_object__no_attribute(ctx, object, name);
    return removed == 1 ? 0 : -1;
}

int
kaa_object__generic_set_attr(kaa_context *ctx, kaa_object *object,
                             kaa_object *name, kaa_object *value)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *of_type = NULL, **dict;
    int has, result;

    if (check_name(ctx, name) != 0)
        return -1;
    has = kaa_object__type_find(ctx, type, name, &of_type);
    if (has < 0)
        return -1;
    if (has && !kaa_is_tagged(of_type) && of_type->type->assign != NULL) {
        kaa_incref(ctx, of_type);
        result = of_type->type->assign(ctx, of_type, object, value);
        kaa_decref(ctx, of_type);
        return result;
    }
    dict = kaa_object__dict_place(type, object);
    if (dict != NULL)
        return set_in_dict(ctx, object, dict, name, value);
    if (!has)
        return kaa_object__no_attribute(ctx, object, name);
    return kaa_object__raise_text(
        ctx, KAA_ATTRIBUTE_ERROR,
        "'%.100s' object attribute '%.200s' is read-only", type->name,
        kaa_object__text_of(ctx, name));
}

/* ---- The slots */

/* A look-up of a type's own may come back with another object: it counts as a
 * call. `name` is a str. */
static kaa_object *
get_by_type(kaa_context *ctx, kaa_object__type *type, kaa_object *object,
            kaa_object *name)
{
    kaa_object *value;

    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    value = type->get_attr(ctx, object, name);
    kaa_object__end_call(ctx);
    return value;
}

kaa_object *
kaa_object__get_attr(kaa_context *ctx, kaa_object *object, kaa_object *name)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    if (KAA_LIKELY(type->get_attr == NULL))
        return kaa_object__generic_get_attr(ctx, object, name);
    if (check_name(ctx, name) != 0)
        return NULL;
    return get_by_type(ctx, type, object, name);
}

kaa_object *
kaa_object__get_attr_text(kaa_context *ctx, kaa_object *object,
                          const char *name)
{
    kaa_object *text = kaa_object__name(ctx, name), *value = NULL;

    if (text != NULL)
        value = kaa_object__get_attr(ctx, object, text);
    kaa_decref(ctx, text);
    return value;
}

int
kaa_object__find_attr(kaa_context *ctx, kaa_object *object, const char *name,
                      kaa_object **out)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *text = kaa_object__name(ctx, name), *value = NULL;
    int found = -1;

    if (text == NULL)
        return -1;
    if (type->get_attr == NULL) {
        found = kaa_object__find_generic(ctx, object, text, &value);
    } else {
        value = get_by_type(ctx, type, object, text);
        found = value != NULL;
    }
    kaa_decref(ctx, text);
    /* A property, too, may say that there is no such attribute. */
    if (value == NULL && kaa_object__has_error(ctx)) {
        if (kaa_object__error_matches(
                ctx, kaa_builtin(ctx, KAA_ATTRIBUTE_ERROR)) != 1)
            return -1;
        kaa_object__error_clear(ctx);
        return 0;
    }
    if (found > 0 && out != NULL)
        *out = value;
    else
        kaa_decref(ctx, value);
    return found;
}

int
kaa_object__set_attr(kaa_context *ctx, kaa_object *object, kaa_object *name,
                     kaa_object *value)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    int result;

    if (KAA_LIKELY(type->set_attr == NULL))
        return kaa_object__generic_set_attr(ctx, object, name, value);
    if (check_name(ctx, name) != 0 || kaa_object__begin_call(ctx) != 0)
        return -1;
    result = type->set_attr(ctx, object, name, value);
    kaa_object__end_call(ctx);
    return result;
}

int
kaa_object__set_attr_text(kaa_context *ctx, kaa_object *object,
                          const char *name, kaa_object *value)
{
    /* What is stored is interned, so that looking it up is quick. */
    kaa_object *text = value != NULL ? kaa_object__str_intern(ctx, name)
                                     : kaa_object__name(ctx, name);
    int result = -1;

    if (text != NULL)
        result = kaa_object__set_attr(ctx, object, text, value);
    kaa_decref(ctx, text);
    return result;
}
