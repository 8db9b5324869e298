/* object/core/call.c - calling objects. */
#include <string.h>

#include "base/stack.h"

#include "object/containers/container.h"
#include "object/types/exception.h"
#include "object/types/type.h"

/* SystemError where a result and the pending exception disagree. */
static kaa_object *
disagree(kaa_context *ctx, kaa_object *callable, kaa_object *result)
{
    kaa_object *cause = kaa_object__error_take(ctx), *repr, *error;

    kaa_decref(ctx, result);
    repr = kaa_object__repr(ctx, callable);
    if (repr == NULL)
        kaa_object__error_clear(ctx);
    kaa_object__raise_text(
        ctx, KAA_SYSTEM_ERROR,
        cause != NULL ? "%.200s returned a result with an exception set"
                      : "%.200s returned NULL without setting an exception",
        repr != NULL ? kaa_object__text_of(ctx, repr) : "a call");
    kaa_decref(ctx, repr);
    if (cause != NULL) {
        error = kaa_object__error_take(ctx);
        if (kaa_object__exception_set_cause(ctx, error, cause) != 0)
            kaa_object__error_clear(ctx);
        kaa_object__set_pending(ctx, error);
        kaa_decref(ctx, cause);
    }
    return NULL;
}

kaa_object *
kaa_object__check_result(kaa_context *ctx, kaa_object *callable,
                         kaa_object *result)
{
    if (KAA_LIKELY((result == NULL) == kaa_object__has_error(ctx)))
        return result;
    return disagree(ctx, callable, result);
}

static kaa_object *
not_callable(kaa_context *ctx, const kaa_object__type *type)
{
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "'%s' object is not callable",
                           type->name);
    return NULL;
}

/* Everything below reads the names without a look at what they are. */
static int
check_names(kaa_context *ctx, kaa_object *kwnames)
{
    const kaa_object__tuple *names = kaa_object__as_tuple(kwnames);

    if (!kaa_object__is(ctx, kwnames, KAA_TUPLE_TYPE))
        return kaa_object__raise_type(ctx, "keyword names", "a tuple", kwnames);
    for (size_t i = 0; i < names->count; i++)
        if (!kaa_object__is(ctx, names->items[i], KAA_STR_TYPE))
            return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                          "keywords must be strings");
    return 0;
}

kaa_object *
kaa_object__call(kaa_context *ctx, kaa_object *callable,
                 kaa_object *const *args, size_t nargs, kaa_object *kwnames)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, callable);
    kaa_object *result;

    if (KAA_UNLIKELY(kwnames != NULL) && check_names(ctx, kwnames) != 0)
        return NULL;
    if (KAA_UNLIKELY(kaa_object__begin_call(ctx) != 0))
        return NULL;
    if (KAA_LIKELY(type == kaa_object__builtin(ctx, KAA_FUNCTION_TYPE))) {
        kaa_object__function *function = (void *)callable;

        result = kaa_object__invoke(ctx, function->method, callable,
                                    function->self, args, nargs, kwnames);
    } else if (KAA_LIKELY(type->call != NULL)) {
        result = kaa_object__check_result(
            ctx, callable, type->call(ctx, callable, args, nargs, kwnames));
    } else {
        result = not_callable(ctx, type);
    }
    kaa_object__end_call(ctx);
    return result;
}

int
kaa_object__check_depth(kaa_context *ctx, const char *where)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    uint32_t limit = own->runtime->depth_limit;

    if (own->depth > limit) {
        own->depth--;
        return kaa_object__raise_text(ctx, KAA_RECURSION_ERROR,
                                      "more than %u calls within calls%s",
                                      limit, where);
    }
    if (KAA_LIKELY(!kaa_base__stack_is_low()))
        return 0;
    own->depth--;
    return kaa_object__raise_text(ctx, KAA_RECURSION_ERROR,
                                  "the stack is used up%s", where);
}

int
kaa_object__enter_call(kaa_context *ctx, const char *where)
{
    kaa_object__context_of(ctx)->depth++;
    return kaa_object__check_depth(ctx, where != NULL ? where : "");
}

void
kaa_object__leave_call(kaa_context *ctx)
{
    kaa_object__end_call(ctx);
}

int
kaa_object__is_callable(kaa_context *ctx, kaa_object *object)
{
    return kaa_object__borrow_type(ctx, object)->call != NULL;
}

/* ---- callable(*args, **kwargs) */

/* Moves the entries of `kwargs` behind the arguments; the names to *out. */
static int
spread(kaa_context *ctx, kaa_object *kwargs, kaa_object **values, size_t count,
       kaa_object **out)
{
    kaa_object *names = kaa_object__dict_keys(ctx, kwargs), *value;
    size_t position = 0, i = 0;
    int more = 0;

    if (names == NULL)
        return -1;
    *out = kaa_object__to_tuple(ctx, names);
    kaa_decref(ctx, names);
    if (*out == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        kaa_object *name =
            kaa_object__tuple_get_borrowed(ctx, *out, (ptrdiff_t)i);

        if (name == NULL)
            break;
        if (!kaa_object__check(ctx, name, KAA_STR_TYPE)) {
            kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                   "keywords must be strings");
            break;
        }
        more = kaa_object__dict_next(ctx, kwargs, &position, NULL, &value);
        if (more != 1)
            break;
        values[i] = value;
    }
    if (i == count)
        return 0;
    if (more == 0 && !kaa_object__has_error(ctx))
        kaa_object__raise_text(ctx, KAA_RUNTIME_ERROR,
                               "keywords changed during the call");
    while (i > 0)
        kaa_decref(ctx, values[--i]);
    KAA_CLEAR(ctx, *out);
    return -1;
}

kaa_object *
kaa_object__call_dict(kaa_context *ctx, kaa_object *callable, kaa_object *args,
                      kaa_object *kwargs)
{
    ptrdiff_t nargs = kaa_object__tuple_size(ctx, args), keywords = 0, i;
    kaa_object *few[8], **all = few, *names = NULL, *result = NULL;

    if (nargs >= 0 && kwargs != NULL)
        keywords = kaa_object__dict_size(ctx, kwargs);
    if (nargs < 0 || keywords < 0)
        return NULL;
    if (nargs + keywords > 8) {
        all =
            kaa_object__memory(ctx, (size_t)(nargs + keywords) * sizeof(*all));
        if (all == NULL)
            return NULL;
    }
    for (i = 0; i < nargs; i++)
        all[i] = kaa_object__tuple_get_borrowed(ctx, args, i);
    if (keywords == 0 ||
        spread(ctx, kwargs, all + nargs, (size_t)keywords, &names) == 0) {
        result = kaa_object__call(ctx, callable, all, (size_t)nargs, names);
        for (i = 0; i < keywords; i++)
            kaa_decref(ctx, all[nargs + i]);
    }
    kaa_decref(ctx, names);
    if (all != few)
        kaa_object__memory_free(ctx, all);
    return result;
}

/* ---- object.name(...) */

/* The method of that name that the type has for the object, where nothing can
 * stand in its way: 1, a new reference to its descriptor; 0; -1. */
static int
find_method(kaa_context *ctx, kaa_object *object, kaa_object *name,
            kaa_object **out)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, object);
    kaa_object *value = NULL, **dict;
    int found;

    if (type->get_attr != NULL)
        return 0;
    found = kaa_object__type_find(ctx, type, name, &value);
    if (found <= 0)
        return found;
    if (kaa_is_tagged(value) ||
        value->type !=
            kaa_object__internal(ctx, KAA_OBJECT__INTERNAL_METHOD_DESCRIPTOR))
        return 0;
    /* What a type has under a name need not be a method of its own. */
    if (!kaa_object__has_serial(
            ctx, object, ((kaa_object__descriptor *)(void *)value)->serial))
        return 0;
    kaa_incref(ctx, value);
    dict = kaa_object__dict_place(type, object);
    if (dict != NULL && *dict != NULL) {
        found = kaa_object__dict_find(ctx, *dict, name, NULL);
        if (found != 0) {
            kaa_decref(ctx, value);
            return found > 0 ? 0 : -1;
        }
    }
    *out = value;
    return 1;
}

static kaa_object *
call_named(kaa_context *ctx, kaa_object *name, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    kaa_object *callable = NULL, *result = NULL, *self = args[0];
    const kaa_method *method;
    int found = find_method(ctx, self, name, &callable);

    if (found < 0)
        return NULL;
    if (found == 0) {
        callable = kaa_object__get_attr(ctx, self, name);
        if (callable == NULL)
            return NULL;
        result = kaa_object__call(ctx, callable, args + 1, nargs - 1, kwnames);
    } else if (kaa_object__begin_call(ctx) == 0) {
        method = ((kaa_object__descriptor *)(void *)callable)->of;
        if ((method->flags & KAA_CLASS) != 0)
            self = &kaa_object__borrow_type(ctx, self)->header;
        result = kaa_object__invoke(ctx, method, callable, self, args + 1,
                                    nargs - 1, kwnames);
        kaa_object__end_call(ctx);
    }
    kaa_decref(ctx, callable);
    return result;
}

kaa_object *
kaa_object__call_method(kaa_context *ctx, const char *name,
                        kaa_object *const *args, size_t nargs,
                        kaa_object *kwnames)
{
    kaa_object *text, *result;

    if (nargs == 0) {
        kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                               "call_method(%s) needs the object", name);
        return NULL;
    }
    if (KAA_UNLIKELY(kwnames != NULL) && check_names(ctx, kwnames) != 0)
        return NULL;
    text = kaa_object__name(ctx, name);
    if (text == NULL)
        return NULL;
    result = call_named(ctx, text, args, nargs, kwnames);
    kaa_decref(ctx, text);
    return result;
}
