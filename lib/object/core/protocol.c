/* object/core/protocol.c - what every object can be asked: its type, repr, str,
 * hash, truth, length, items, iteration. */
#include <stdio.h>
#include <string.h>

#include "object/containers/container.h"
#include "object/types/type.h"

/* ---- Types */

kaa_object *
kaa_object__type_of(kaa_context *ctx, kaa_object *object)
{
    return kaa_incref(ctx, &kaa_object__borrow_type(ctx, object)->header);
}

int
kaa_object__check(kaa_context *ctx, kaa_object *object, int id)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    if (type->id == id)
        return 1;
    return (unsigned)id < KAA_BUILTIN_COUNT &&
           kaa_object__derives(type, (void *)ctx->builtins[id]);
}

int
kaa_object__check_exact(kaa_context *ctx, kaa_object *object, int id)
{
    return (unsigned)id < KAA_BUILTIN_COUNT &&
           (kaa_object *)kaa_object__borrow_type(ctx, object) ==
               ctx->builtins[id];
}

static int
derives_any(kaa_context *ctx, const kaa_object__type *type, kaa_object *of,
            const char *what)
{
    kaa_object__type *one = kaa_object__as_type(ctx, of);
    ptrdiff_t i, size;
    int result = 0;

    if (one != NULL)
        return kaa_object__derives(type, one);
    if (!kaa_object__check(ctx, of, KAA_TUPLE_TYPE))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "%s() arg 2 must be a type or a tuple of types", what);
    if (kaa_object__begin_call(ctx) != 0)
        return -1;
    size = kaa_object__tuple_size(ctx, of);
    for (i = 0; i < size && result == 0; i++)
        result = derives_any(ctx, type,
                             kaa_object__tuple_get_borrowed(ctx, of, i), what);
    kaa_object__end_call(ctx);
    return result;
}

int
kaa_object__is_instance(kaa_context *ctx, kaa_object *object, kaa_object *type)
{
    return derives_any(ctx, kaa_object__borrow_type(ctx, object), type,
                       "isinstance");
}

int
kaa_object__is_subtype(kaa_context *ctx, kaa_object *type, kaa_object *of)
{
    kaa_object__type *own = kaa_object__as_type(ctx, type);

    if (own == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "issubclass() arg 1 must be a type");
    return derives_any(ctx, own, of, "issubclass");
}

/* ---- repr, str */

kaa_object *
kaa_object__default_repr(kaa_context *ctx, kaa_object *object)
{
    char text[300];

    snprintf(text, sizeof(text), "<%.200s object at %p>",
             kaa_object__borrow_type(ctx, object)->name, (void *)object);
    return kaa_object__message(ctx, text, strlen(text));
}

/* Runs a slot that gives a str. */
static kaa_object *
run_text(kaa_context *ctx, kaa_object *object, const char *name,
         kaa_object *(*slot)(kaa_context *ctx, kaa_object *self))
{
    kaa_object *text;

    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    text = slot(ctx, object);
    kaa_object__end_call(ctx);
    if (text != NULL && !kaa_object__check(ctx, text, KAA_STR_TYPE)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "%s returned non-string (type %.200s)", name,
                               kaa_object__borrow_type(ctx, text)->name);
        KAA_CLEAR(ctx, text);
    }
    return text;
}

kaa_object *
kaa_object__repr(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    if (type->repr == NULL)
        return kaa_object__default_repr(ctx, object);
    return run_text(ctx, object, "__repr__", type->repr);
}

kaa_object *
kaa_object__str(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    if (!kaa_is_tagged(object) &&
        type == kaa_object__builtin(ctx, KAA_STR_TYPE))
        return kaa_incref(ctx, object);
    if (type->str == NULL)
        return kaa_object__repr(ctx, object);
    return run_text(ctx, object, "__str__", type->str);
}

/* ---- hash, truth */

/* Code of others may come back here with another object, and so on: instances
 * of a spec's type count as calls. -1: RecursionError. */
static inline int
enter(kaa_context *ctx, const kaa_object__type *type)
{
    return KAA_UNLIKELY((type->flags & KAA_OBJECT__SPEC) != 0)
               ? kaa_object__begin_call(ctx)
               : 0;
}

static inline void
leave(kaa_context *ctx, const kaa_object__type *type)
{
    if (KAA_UNLIKELY((type->flags & KAA_OBJECT__SPEC) != 0))
        kaa_object__end_call(ctx);
}

int64_t
kaa_object__identity_hash(const kaa_object *object)
{
    uint64_t bits = (uint64_t)(uintptr_t)object;
    int64_t hash = (int64_t)(bits >> 4 | bits << 60);

    return hash != -1 ? hash : -2;
}

int64_t
kaa_object__hash(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    int64_t hash;

    if (KAA_UNLIKELY(type->hash == NULL)) {
        if (type->compare == NULL)
            return kaa_object__identity_hash(object);
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "unhashable type: '%.200s'", type->name);
    }
    if (enter(ctx, type) != 0)
        return -1;
    hash = type->hash(ctx, object);
    leave(ctx, type);
    if (hash == -1 && !kaa_object__has_error(ctx))
        return -2;
    return hash;
}

int
kaa_object__truth(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type;
    ptrdiff_t length;
    int result;

    if (kaa_object__is_int_tag(object))
        return kaa_object__tagged_int(object) != 0;
    if (kaa_is_tagged(object))
        return object != kaa_object__truth_value(0) &&
               object != kaa_object__constant(KAA_NONE);
    type = object->type;
    if (type->truth != NULL) {
        if (enter(ctx, type) != 0)
            return -1;
        result = type->truth(ctx, object);
        leave(ctx, type);
        return result;
    }
    if (type->length == NULL)
        return 1;
    length = kaa_object__length(ctx, object);
    return length < 0 ? -1 : length != 0;
}

/* ---- Items */

static int
lacks(kaa_context *ctx, kaa_object *object, const char *what)
{
    kaa_object__type *type = kaa_object__as_type(ctx, object);

    if (type != NULL && strcmp(what, "is not subscriptable") == 0)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "type '%.200s' %s",
                                      type->name, what);
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "'%.200s' object %s",
                                  kaa_object__borrow_type(ctx, object)->name,
                                  what);
}

ptrdiff_t
kaa_object__length(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    ptrdiff_t length;

    if (type->length == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "object of type '%.200s' has no len()",
                                      type->name);
    if (enter(ctx, type) != 0)
        return -1;
    length = type->length(ctx, object);
    leave(ctx, type);
    if (length < 0) {
        if (!kaa_object__has_error(ctx))
            kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                   "__len__() should return >= 0");
        return -1;
    }
    return length;
}

kaa_object *
kaa_object__get_item(kaa_context *ctx, kaa_object *object, kaa_object *key)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *result;

    if (type->get_item == NULL) {
        lacks(ctx, object, "is not subscriptable");
        return NULL;
    }
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    result = type->get_item(ctx, object, key);
    kaa_object__end_call(ctx);
    return result;
}

int
kaa_object__set_item(kaa_context *ctx, kaa_object *object, kaa_object *key,
                     kaa_object *value)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    int result;

    if (type->set_item == NULL)
        return lacks(ctx, object,
                     value != NULL ? "does not support item assignment"
                     : type->get_item != NULL
                         ? "doesn't support item deletion"
                         : "does not support item deletion");
    if (kaa_object__begin_call(ctx) != 0)
        return -1;
    result = type->set_item(ctx, object, key, value);
    kaa_object__end_call(ctx);
    return result;
}

kaa_object *
kaa_object__get_index(kaa_context *ctx, kaa_object *object, ptrdiff_t index)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *key, *item;

    if (type->id == KAA_DICT_TYPE) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "'%.200s' is not a sequence", type->name);
        return NULL;
    }
    if (type->get_item == NULL) {
        lacks(ctx, object, "does not support indexing");
        return NULL;
    }
    /* The builtin types count from the end by themselves. */
    if (index < 0 && (type->flags & KAA_OBJECT__SPEC) != 0 &&
        type->length != NULL) {
        ptrdiff_t length = kaa_object__length(ctx, object);

        if (length < 0)
            return NULL;
        index += length;
    }
    key = kaa_int(ctx, index);
    if (key == NULL)
        return NULL;
    item = kaa_object__get_item(ctx, object, key);
    kaa_decref(ctx, key);
    return item;
}

/* ---- Iteration */

kaa_object *
kaa_object__iter(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *iterator;

    if (type->iter == NULL) {
        if (type->get_item != NULL)
            return kaa_object__sequence_iterator_new(ctx, object);
        lacks(ctx, object, "is not iterable");
        return NULL;
    }
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    iterator = type->iter(ctx, object);
    kaa_object__end_call(ctx);
    if (iterator != NULL &&
        kaa_object__borrow_type(ctx, iterator)->next == NULL) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "iter() returned non-iterator of type '%.200s'",
                               kaa_object__borrow_type(ctx, iterator)->name);
        KAA_CLEAR(ctx, iterator);
    }
    return iterator;
}

int
kaa_object__next(kaa_context *ctx, kaa_object *iterator, kaa_object **out)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, iterator);
    kaa_object *item;

    if (KAA_UNLIKELY(type->next == NULL))
        return lacks(ctx, iterator, "is not an iterator");
    if (enter(ctx, type) != 0)
        return -1;
    item = type->next(ctx, iterator);
    leave(ctx, type);
    if (KAA_LIKELY(item != NULL)) {
        *out = item;
        return 1;
    }
    if (KAA_LIKELY(!kaa_object__has_error(ctx)))
        return 0;
    if (!kaa_object__error_matches(ctx, kaa_builtin(ctx, KAA_STOP_ITERATION)))
        return -1;
    kaa_object__error_clear(ctx);
    return 0;
}

static int
search(kaa_context *ctx, kaa_object *iterator, kaa_object *item)
{
    kaa_object *each = NULL;
    int result;

    for (;;) {
        result = kaa_object__next(ctx, iterator, &each);
        if (result <= 0)
            return result;
        result = kaa_object__compare_truth(ctx, each, item, KAA_EQ);
        kaa_decref(ctx, each);
        if (result != 0)
            return result;
    }
}

int
kaa_object__contains(kaa_context *ctx, kaa_object *object, kaa_object *item)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *iterator;
    int result;

    if (type->contains != NULL) {
        if (kaa_object__begin_call(ctx) != 0)
            return -1;
        result = type->contains(ctx, object, item);
        kaa_object__end_call(ctx);
        return result;
    }
    if (type->iter == NULL && type->get_item == NULL)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "argument of type '%.200s' is not "
                                      "iterable",
                                      type->name);
    iterator = kaa_object__iter(ctx, object);
    if (iterator == NULL)
        return -1;
    result = search(ctx, iterator, item);
    kaa_decref(ctx, iterator);
    return result;
}
