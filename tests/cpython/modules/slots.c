/* cpython/modules/slots.c - every slot of kaa/api.def as a function of
 * Python's, for test_slots.py to compare with what Python does itself.
 *
 * A text travels as bytes, an `out` result as a tuple. What is left out, or is
 * of a type that the slot is not tried with, is None, 0 or "". */
#include <kaa/module.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* At least so many arguments can be read: None behind those that were given. */
#define LEAST 4

typedef kaa_object *function(kaa_context *ctx, kaa_object *self,
                             kaa_object *const *args, size_t nargs);

static kaa_object *
call_padded(function *inner, kaa_context *ctx, kaa_object *self,
            kaa_object *const *args, size_t nargs)
{
    kaa_object *padded[LEAST];

    if (nargs >= LEAST)
        return inner(ctx, self, args, nargs);
    for (size_t i = 0; i < LEAST; i++)
        padded[i] = i < nargs ? args[i] : kaa_builtin(ctx, KAA_NONE);
    return inner(ctx, self, padded, nargs);
}

#define FUNCTION(name)                                                         \
    static function try_##name;                                                \
    static kaa_object *called_##name(kaa_context *ctx, kaa_object *self,       \
                                     kaa_object *const *args, size_t nargs)    \
    {                                                                          \
        return call_padded(try_##name, ctx, self, args, nargs);                \
    }                                                                          \
    static kaa_object *try_##name(kaa_context *ctx, kaa_object *self,          \
                                  kaa_object *const *args, size_t nargs)

/* An argument that may be left out, which is NULL then; None is None. */
#define OPTIONAL(i) (nargs > (i) ? args[i] : NULL)
#define UNUSED ((void)self, (void)nargs, (void)ctx, (void)args)

static int64_t
number(kaa_context *ctx, kaa_object *object)
{
    int64_t value = 0;

    if (kaa_int_as_int64(ctx, object, &value) != 0)
        kaa_error_clear(ctx);
    return value;
}

static const char *
text(kaa_context *ctx, kaa_object *bytes, size_t *out_size)
{
    const char *data = kaa_bytes_as_data(ctx, bytes, out_size);

    if (data != NULL)
        return data;
    kaa_error_clear(ctx);
    if (out_size != NULL)
        *out_size = 0;
    return "";
}

/* number(), if it is an index below `count`; else 0. */
static size_t
index_below(kaa_context *ctx, kaa_object *object, size_t count)
{
    uint64_t index = (uint64_t)number(ctx, object);

    return index < count ? (size_t)index : 0;
}

/* The items of a tuple, borrowed: how many, at most `room`. */
static size_t
spread(kaa_context *ctx, kaa_object *tuple, kaa_object **items, size_t room)
{
    ptrdiff_t count = kaa_tuple_size(ctx, tuple);

    if (count < 0)
        kaa_error_clear(ctx);
    for (ptrdiff_t i = 0; i < count && (size_t)i < room; i++)
        items[i] = kaa_tuple_get_borrowed(ctx, tuple, i);
    return count < 0 ? 0 : (size_t)count < room ? (size_t)count : room;
}

/* What an int, a question or a size gives: as an int, or the exception. */
static kaa_object *
answer(kaa_context *ctx, int64_t result)
{
    if (result == -1 && kaa_error_occurred(ctx))
        return NULL;
    return kaa_int(ctx, result);
}

#define OBJECT(name, expression)                                               \
    FUNCTION(name)                                                             \
    {                                                                          \
        UNUSED;                                                                \
        return expression;                                                     \
    }
#define NUMBER(name, expression)                                               \
    FUNCTION(name)                                                             \
    {                                                                          \
        UNUSED;                                                                \
        return answer(ctx, (int64_t)(expression));                             \
    }

#define N(i) number(ctx, args[i])

/* ---- references, errors */

NUMBER(refcount, kaa_refcount(ctx, args[0]))

FUNCTION(count_both_ways)
{
    size_t before = kaa_refcount(ctx, args[0]), during;

    UNUSED;
    for (int i = 0; i < 1000; i++)
        kaa_incref(ctx, args[0]);
    during = kaa_refcount(ctx, args[0]);
    for (int i = 0; i < 1000; i++)
        kaa_decref(ctx, args[0]);
    return kaa_build(ctx, "nnn", (ptrdiff_t)before, (ptrdiff_t)during,
                     (ptrdiff_t)kaa_refcount(ctx, args[0]));
}

FUNCTION(drop_last)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    UNUSED;
    if (list == NULL || kaa_list_append(ctx, list, args[0]) != 0)
        return NULL;
    kaa_decref(ctx, list);
    return kaa_none(ctx);
}

/* Raises, looks, takes, drops, and raises again. */
FUNCTION(errors)
{
    kaa_object *taken;
    int matches;

    UNUSED;
    kaa_raise_object(ctx, args[0], args[1]);
    if (!kaa_error_occurred(ctx))
        return kaa_none(ctx);
    matches = kaa_error_matches(ctx, args[2]);
    taken = kaa_error_take(ctx);
    if (kaa_error_occurred(ctx) || kaa_error_take(ctx) != NULL ||
        kaa_error_matches(ctx, args[2]))
        return NULL;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "dropped");
    kaa_error_clear(ctx);
    return kaa_build(ctx, "Ni", taken, matches);
}

FUNCTION(raise_exception)
{
    UNUSED;
    kaa_raise_exception(ctx, args[0]);
    KAA_TRACE(ctx);
    return NULL;
}

FUNCTION(raise_text)
{
    UNUSED;
    kaa_raise(ctx, args[0], text(ctx, args[1], NULL));
    return NULL;
}

FUNCTION(raise_errno)
{
    UNUSED;
    kaa_raise_errno(ctx, (int)N(0),
                    nargs > 1 ? text(ctx, args[1], NULL) : NULL);
    return NULL;
}

FUNCTION(raise_format)
{
    UNUSED;
    kaa_raise_format(ctx, args[0], "%s %d %R %S %T %.3s|%5d|%-5d|%05d|%x|%c|%%",
                     "text", 42, args[1], args[1], args[1], "abcdef", 7, 7, 7,
                     255, 0x20ac);
    return NULL;
}

FUNCTION(raise_memory)
{
    UNUSED;
    kaa_raise_memory(ctx);
    return NULL;
}

FUNCTION(unraisable)
{
    UNUSED;
    kaa_raise_exception(ctx, args[0]);
    kaa_error_unraisable(ctx, args[1]);
    return kaa_bool(ctx, kaa_error_occurred(ctx));
}

FUNCTION(print_error)
{
    UNUSED;
    kaa_raise_exception(ctx, args[0]);
    kaa_error_print(ctx);
    return kaa_bool(ctx, kaa_error_occurred(ctx));
}

OBJECT(exception_new_type,
       kaa_exception_new_type(ctx, text(ctx, args[0], NULL),
                              text(ctx, args[1], NULL), OPTIONAL(2)))
OBJECT(exception_cause, kaa_exception_cause(ctx, args[0]))
NUMBER(exception_set_cause, kaa_exception_set_cause(ctx, args[0], args[1]))
OBJECT(exception_traceback, kaa_exception_traceback(ctx, args[0]))
NUMBER(warn, kaa_warn(ctx, args[0], text(ctx, args[1], NULL)))

/* ---- types */

OBJECT(type_of, kaa_type_of(ctx, args[0]))
NUMBER(check, kaa_check(ctx, args[0], (int)N(1)))
NUMBER(check_exact, kaa_check_exact(ctx, args[0], (int)N(1)))
OBJECT(builtin,
       kaa_incref(ctx, kaa_builtin(ctx, (kaa_builtin_id)index_below(
                                            ctx, args[0], KAA_BUILTIN_COUNT))))
NUMBER(is_instance, kaa_is_instance(ctx, args[0], args[1]))
NUMBER(is_subtype, kaa_is_subtype(ctx, args[0], args[1]))
NUMBER(is_callable, kaa_is_callable(ctx, args[0]))

/* ---- int, float, complex */

FUNCTION(int_round)
{
    int64_t value;

    UNUSED;
    if (kaa_int_as_int64(ctx, args[0], &value) != 0)
        return NULL;
    return kaa_int(ctx, value);
}

FUNCTION(uint_round)
{
    uint64_t value;

    UNUSED;
    if (kaa_int_as_uint64(ctx, args[0], &value) != 0)
        return NULL;
    return kaa_int_from_uint64(ctx, value);
}

FUNCTION(int_mask)
{
    uint64_t value;

    UNUSED;
    if (kaa_int_as_uint64_mask(ctx, args[0], &value) != 0)
        return NULL;
    return kaa_int_from_uint64(ctx, value);
}

FUNCTION(int_from_bytes)
{
    size_t size;
    const char *bytes = text(ctx, args[0], &size);

    UNUSED;
    return kaa_int_from_bytes(ctx, bytes, size, (int)N(1), (int)N(2));
}

FUNCTION(int_as_bytes)
{
    char bytes[300];
    size_t size = index_below(ctx, args[1], sizeof(bytes));

    UNUSED;
    memset(bytes, 0x55, sizeof(bytes));
    if (kaa_int_as_bytes(ctx, args[0], bytes, size, (int)N(2), (int)N(3)) !=
        0) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            if (bytes[i] != 0x55)
                kaa_raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), "written");
        return NULL;
    }
    return kaa_bytes_from_data(ctx, bytes, size);
}

FUNCTION(int_from_text)
{
    size_t size;
    const char *digits = text(ctx, args[0], &size);

    UNUSED;
    return kaa_int_from_text(ctx, digits, size, (int)N(1));
}

OBJECT(int_as_text, kaa_int_as_text(ctx, args[0], (int)N(1)))
NUMBER(int_bit_length, kaa_int_bit_length(ctx, args[0]))

FUNCTION(int_sign)
{
    int sign = 7;

    UNUSED;
    if (kaa_int_sign(ctx, args[0], &sign) != 0)
        return NULL;
    return kaa_int(ctx, sign);
}

FUNCTION(float_round)
{
    double value;

    UNUSED;
    if (kaa_float_as_double(ctx, args[0], &value) != 0)
        return NULL;
    return kaa_float_from_double(ctx, value);
}

FUNCTION(complex_round)
{
    double real, imaginary;

    UNUSED;
    if (kaa_complex_as_doubles(ctx, args[0], &real, &imaginary) != 0)
        return NULL;
    return kaa_complex_from_doubles(ctx, real, imaginary);
}

/* ---- str, bytes */

FUNCTION(str_from_utf8)
{
    size_t size;
    const char *utf8 = text(ctx, args[0], &size);

    UNUSED;
    return kaa_str_from_utf8(ctx, utf8, size);
}

FUNCTION(str_as_utf8)
{
    size_t size;
    const char *utf8 = kaa_str_as_utf8(ctx, args[0], &size);

    UNUSED;
    return utf8 != NULL ? kaa_bytes_from_data(ctx, utf8, size) : NULL;
}

OBJECT(str_intern, kaa_str_intern(ctx, text(ctx, args[0], NULL)))
NUMBER(str_length, kaa_str_length(ctx, args[0]))

FUNCTION(str_equals)
{
    size_t size;
    const char *utf8 = text(ctx, args[1], &size);

    UNUSED;
    return answer(ctx, kaa_str_equals(ctx, args[0], utf8, size));
}

OBJECT(str_substring, kaa_str_substring(ctx, args[0], N(1), N(2)))
OBJECT(str_join, kaa_str_join(ctx, args[0], args[1]))
NUMBER(str_code_point, kaa_str_code_point(ctx, args[0], N(1)))
OBJECT(bytes_zeros, kaa_bytes_from_data(ctx, NULL, (size_t)N(0)))

FUNCTION(bytes_round)
{
    size_t size;
    const char *data = kaa_bytes_as_data(ctx, args[0], &size);

    UNUSED;
    return data != NULL ? kaa_bytes_from_data(ctx, data, size) : NULL;
}

/* ---- tuple, list */

OBJECT(tuple_from_array, kaa_tuple_from_array(ctx, args, nargs))

FUNCTION(tuple_take_array)
{
    kaa_object *items[8];

    UNUSED;
    if (nargs > 8)
        nargs = 8;
    for (size_t i = 0; i < nargs; i++)
        items[i] = kaa_incref(ctx, args[i]);
    return kaa_tuple_take_array(ctx, items, nargs);
}

/* The second of three items fails. */
FUNCTION(take_failed)
{
    kaa_object *items[3] = {kaa_incref(ctx, args[0]), NULL,
                            kaa_incref(ctx, args[0])};

    UNUSED;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "the second");
    return number(ctx, args[1]) ? kaa_list_take_array(ctx, items, 3)
                                : kaa_tuple_take_array(ctx, items, 3);
}

NUMBER(tuple_size, kaa_tuple_size(ctx, args[0]))
OBJECT(tuple_get, kaa_tuple_get(ctx, args[0], N(1)))
OBJECT(tuple_get_borrowed,
       kaa_incref(ctx, kaa_tuple_get_borrowed(ctx, args[0], N(1))))
OBJECT(list_new, kaa_list_new(ctx, (size_t)N(0)))
OBJECT(list_from_array, kaa_list_from_array(ctx, args, nargs))

FUNCTION(list_take_array)
{
    kaa_object *items[8];

    UNUSED;
    if (nargs > 8)
        nargs = 8;
    for (size_t i = 0; i < nargs; i++)
        items[i] = kaa_incref(ctx, args[i]);
    return kaa_list_take_array(ctx, items, nargs);
}

NUMBER(list_size, kaa_list_size(ctx, args[0]))
OBJECT(list_get, kaa_list_get(ctx, args[0], N(1)))
NUMBER(list_set, kaa_list_set(ctx, args[0], N(1), args[2]))
NUMBER(list_append, kaa_list_append(ctx, args[0], args[1]))
NUMBER(list_take_append,
       kaa_list_take_append(ctx, args[0], kaa_incref(ctx, args[1])))
NUMBER(list_insert, kaa_list_insert(ctx, args[0], N(1), args[2]))
NUMBER(list_extend, kaa_list_extend(ctx, args[0], args[1]))
OBJECT(list_pop, kaa_list_pop(ctx, args[0], N(1)))
OBJECT(list_slice, kaa_list_slice(ctx, args[0], N(1), N(2)))
NUMBER(list_set_slice,
       kaa_list_set_slice(ctx, args[0], N(1), N(2), OPTIONAL(3)))
NUMBER(list_sort, kaa_list_sort(ctx, args[0]))
NUMBER(list_reverse, kaa_list_reverse(ctx, args[0]))

/* ---- dict, set */

OBJECT(dict_new, kaa_dict_new(ctx))

/* Keys and values in turn. An item that is Ellipsis fails. */
FUNCTION(dict_take_array)
{
    kaa_object *items[8];

    UNUSED;
    if (nargs > 8)
        nargs = 8;
    for (size_t i = 0; i < nargs; i++) {
        int fails = args[i] == kaa_builtin(ctx, KAA_ELLIPSIS);

        items[i] = fails ? NULL : kaa_incref(ctx, args[i]);
        if (fails)
            kaa_raise(ctx, kaa_builtin(ctx, KAA_KEY_ERROR), "no item");
    }
    return kaa_dict_take_array(ctx, items, nargs / 2);
}

NUMBER(dict_size, kaa_dict_size(ctx, args[0]))

/* 1 and 0 as (value,) and (), with the slot asked without `out` as well. */
static kaa_object *
found(kaa_context *ctx, int result, int again, kaa_object *value)
{
    if (result < 0)
        return NULL;
    if (result != again) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), "two answers");
        return NULL;
    }
    return result ? kaa_build(ctx, "(N)", value) : kaa_build(ctx, "()");
}

FUNCTION(dict_find)
{
    kaa_object *value = NULL;
    int result = kaa_dict_find(ctx, args[0], args[1], &value), again = result;

    UNUSED;
    if (result >= 0)
        again = kaa_dict_find(ctx, args[0], args[1], NULL);
    return found(ctx, result, again, value);
}

FUNCTION(dict_find_text)
{
    kaa_object *value = NULL;
    size_t size;
    const char *key = text(ctx, args[1], &size);
    int result = kaa_dict_find_text(ctx, args[0], key, size, &value);
    int again = result;

    UNUSED;
    if (result >= 0)
        again = kaa_dict_find_text(ctx, args[0], key, size, NULL);
    return found(ctx, result, again, value);
}

NUMBER(dict_set, kaa_dict_set(ctx, args[0], args[1], args[2]))

FUNCTION(dict_set_text)
{
    size_t size;
    const char *key = text(ctx, args[1], &size);

    UNUSED;
    return answer(ctx, kaa_dict_set_text(ctx, args[0], key, size, args[2]));
}

FUNCTION(dict_remove)
{
    kaa_object *value = NULL;
    int result = kaa_dict_remove(ctx, args[0], args[1], &value);

    UNUSED;
    return found(ctx, result, result, value);
}

NUMBER(dict_remove_only, kaa_dict_remove(ctx, args[0], args[1], NULL))

FUNCTION(dict_next)
{
    kaa_object *list = kaa_list_new(ctx, 0), *key, *value;
    size_t position = 0, count = 0;
    int more;

    UNUSED;
    while ((more = kaa_dict_next(ctx, args[0], &position, &key, &value)) == 1)
        if (list == NULL ||
            kaa_list_take_append(ctx, list,
                                 kaa_build(ctx, "(NN)", key, value)) != 0)
            break;
    position = 0;
    while (more == 0 && kaa_dict_next(ctx, args[0], &position, NULL, NULL) == 1)
        count++;
    if (more == 0 && list != NULL && count == (size_t)kaa_list_size(ctx, list))
        return list;
    kaa_decref(ctx, list);
    return NULL;
}

NUMBER(dict_update, kaa_dict_update(ctx, args[0], args[1]))
NUMBER(dict_clear, kaa_dict_clear(ctx, args[0]))
OBJECT(dict_copy, kaa_dict_copy(ctx, args[0]))
OBJECT(dict_keys, kaa_dict_keys(ctx, args[0]))
OBJECT(dict_values, kaa_dict_values(ctx, args[0]))
OBJECT(dict_items, kaa_dict_items(ctx, args[0]))
OBJECT(set_new, kaa_set_new(ctx, OPTIONAL(0)))
OBJECT(frozenset_new, kaa_frozenset_new(ctx, OPTIONAL(0)))
NUMBER(set_size, kaa_set_size(ctx, args[0]))
NUMBER(set_contains, kaa_set_contains(ctx, args[0], args[1]))
NUMBER(set_add, kaa_set_add(ctx, args[0], args[1]))
NUMBER(set_discard, kaa_set_discard(ctx, args[0], args[1]))
OBJECT(set_pop, kaa_set_pop(ctx, args[0]))

/* ---- slice, function, capsule, weak reference */

OBJECT(slice_new, kaa_slice_new(ctx, args[0], args[1], OPTIONAL(2)))

FUNCTION(slice_resolve)
{
    ptrdiff_t start, step, count;

    UNUSED;
    if (kaa_slice_resolve(ctx, args[0], N(1), &start, &step, &count) != 0)
        return NULL;
    return kaa_build(ctx, "nnn", start, step, count);
}

static kaa_object *
made_noargs(kaa_context *ctx, kaa_object *self)
{
    return kaa_build(ctx, "(sO)", "noargs",
                     self != NULL ? self : kaa_builtin(ctx, KAA_NONE));
}

static kaa_object *
made_one(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    return kaa_build(ctx, "(sO)", "one", argument);
}

static kaa_object *
made_varargs(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    (void)self;
    return kaa_build(ctx, "(sN)", "varargs",
                     kaa_tuple_from_array(ctx, args, nargs));
}

static kaa_object *
made_keywords(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    size_t more = kwnames != NULL ? (size_t)kaa_tuple_size(ctx, kwnames) : 0;

    (void)self;
    return kaa_build(ctx, "(sNNO)", "keywords",
                     kaa_tuple_from_array(ctx, args, nargs),
                     kaa_tuple_from_array(ctx, args + nargs, more),
                     kwnames != NULL ? kwnames : kaa_builtin(ctx, KAA_NONE));
}

static const kaa_method made[] = {
    KAA_METHOD_NOARGS("made", made_noargs, "made()\n--\n\nNo arguments."),
    KAA_METHOD_ONE("made", made_one, NULL),
    KAA_METHOD("made", made_varargs, NULL),
    KAA_METHOD_KEYWORDS("made", made_keywords, NULL),
};

OBJECT(function_new, kaa_function_new(ctx, &made[index_below(ctx, args[0], 4)],
                                      OPTIONAL(1), OPTIONAL(2)))

/* A function of another name each time; the names stay. */
FUNCTION(function_named)
{
    size_t size;
    const char *given = text(ctx, args[0], &size);
    kaa_method *method = malloc(sizeof(*method) + size + 1);

    UNUSED;
    if (method == NULL)
        return NULL;
    *method = made[index_below(ctx, args[1], 4)];
    method->name = memcpy(method + 1, given, size + 1);
    return kaa_function_new(ctx, method, args[2], NULL);
}

static int capsules_ended;

static void
end_capsule(void *pointer)
{
    capsules_ended += *(const int *)pointer;
}

static int capsule_value = 1;

OBJECT(capsule_new, kaa_capsule_new(ctx, &capsule_value, "kaa.test",
                                    N(0) ? end_capsule : NULL))
NUMBER(capsules, capsules_ended)

FUNCTION(capsule_get)
{
    int *pointer = kaa_capsule_get(ctx, args[0], text(ctx, args[1], NULL));

    UNUSED;
    return pointer != NULL ? kaa_bool(ctx, pointer == &capsule_value) : NULL;
}

OBJECT(weakref_new, kaa_weakref_new(ctx, args[0], OPTIONAL(1)))

FUNCTION(weakref_get)
{
    kaa_object *object = NULL;
    int result = kaa_weakref_get(ctx, args[0], &object);

    UNUSED;
    return found(ctx, result, result, object);
}

/* ---- every object */

OBJECT(get_attr, kaa_get_attr(ctx, args[0], args[1]))
OBJECT(get_attr_text, kaa_get_attr_text(ctx, args[0], text(ctx, args[1], NULL)))

FUNCTION(find_attr)
{
    kaa_object *value = NULL;
    int result = kaa_find_attr(ctx, args[0], text(ctx, args[1], NULL), &value);

    UNUSED;
    return found(ctx, result, result, value);
}

NUMBER(set_attr, kaa_set_attr(ctx, args[0], args[1], OPTIONAL(2)))
NUMBER(set_attr_text,
       kaa_set_attr_text(ctx, args[0], text(ctx, args[1], NULL), OPTIONAL(2)))
OBJECT(generic_get_attr, kaa_generic_get_attr(ctx, args[0], args[1]))
NUMBER(generic_set_attr,
       kaa_generic_set_attr(ctx, args[0], args[1], OPTIONAL(2)))
OBJECT(get_item, kaa_get_item(ctx, args[0], args[1]))
NUMBER(set_item, kaa_set_item(ctx, args[0], args[1], OPTIONAL(2)))
OBJECT(get_index, kaa_get_index(ctx, args[0], N(1)))
NUMBER(length, kaa_length(ctx, args[0]))
NUMBER(contains, kaa_contains(ctx, args[0], args[1]))
OBJECT(iter, kaa_iter(ctx, args[0]))

FUNCTION(next)
{
    kaa_object *item = NULL;
    int result = kaa_next(ctx, args[0], &item);

    UNUSED;
    return found(ctx, result, result, item);
}

/* call(callable, positional, names): the values of the names come last. */
FUNCTION(call)
{
    kaa_object *items[16];
    size_t count = spread(ctx, args[1], items, 16);
    ptrdiff_t names = nargs > 2 ? kaa_tuple_size(ctx, args[2]) : 0;

    UNUSED;
    if (names < 0 || (size_t)names > count)
        return names < 0 ? NULL : kaa_none(ctx);
    return kaa_call(ctx, args[0], items, count - (size_t)names, OPTIONAL(2));
}

OBJECT(call_dict, kaa_call_dict(ctx, args[0], args[1], OPTIONAL(2)))

FUNCTION(call_method)
{
    kaa_object *items[16];
    size_t count = spread(ctx, args[1], items, 16);
    ptrdiff_t names = nargs > 2 ? kaa_tuple_size(ctx, args[2]) : 0;

    UNUSED;
    if (names < 0 || (size_t)names > count)
        return names < 0 ? NULL : kaa_none(ctx);
    return kaa_call_method(ctx, text(ctx, args[0], NULL), items,
                           count - (size_t)names, OPTIONAL(2));
}

OBJECT(compare, kaa_compare(ctx, args[0], args[1], (int)N(2)))
NUMBER(compare_truth, kaa_compare_truth(ctx, args[0], args[1], (int)N(2)))
NUMBER(hash, kaa_hash(ctx, args[0]))
OBJECT(repr, kaa_repr(ctx, args[0]))
OBJECT(str, kaa_str(ctx, args[0]))
NUMBER(truth, kaa_truth(ctx, args[0]))
OBJECT(binary, kaa_binary(ctx, args[0], args[1], (int)N(2)))
OBJECT(inplace, kaa_inplace(ctx, args[0], args[1], (int)N(2)))
OBJECT(unary, kaa_unary(ctx, args[0], (int)N(1)))
OBJECT(to_int, kaa_to_int(ctx, args[0]))
OBJECT(to_float, kaa_to_float(ctx, args[0]))
OBJECT(index, kaa_index(ctx, args[0]))
OBJECT(to_list, kaa_to_list(ctx, args[0]))
OBJECT(to_tuple, kaa_to_tuple(ctx, args[0]))

FUNCTION(buffer)
{
    kaa_buffer view;
    kaa_object *result;

    UNUSED;
    if (kaa_buffer_get(ctx, args[0], &view, (int)N(1)) != 0) {
        if (view.owner != NULL)
            kaa_raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), "an owner");
        return NULL;
    }
    result = kaa_build(ctx, "(nniizO)", view.bytes, view.item_bytes,
                       (int)view.is_readonly, (int)view.dimensions, view.format,
                       view.owner);
    kaa_buffer_release(ctx, &view);
    kaa_buffer_release(ctx, &view);
    return result;
}

OBJECT(memoryview_new, kaa_memoryview_new(ctx, args[0]))

/* ---- modules, threads, memory */

static const kaa_module_def unknown = {.name = "unknown"};
extern KAA_API const kaa_module_def kaa_module_definition;

OBJECT(module_new, kaa_module_new(ctx, text(ctx, args[0], NULL)))
OBJECT(module_find,
       kaa_module_find(ctx, N(0) ? &kaa_module_definition : &unknown))
NUMBER(has_state, kaa_module_state(ctx, args[0]) != NULL ? 1
                  : kaa_error_occurred(ctx)              ? -1
                                                         : 0)
OBJECT(import_name, kaa_import(ctx, text(ctx, args[0], NULL)))

FUNCTION(threads)
{
    UNUSED;
    KAA_ALLOW_THREADS_BEGIN(ctx)
    KAA_ALLOW_THREADS_END(ctx)
    return kaa_call(ctx, args[0], NULL, 0, NULL);
}

FUNCTION(polls)
{
    UNUSED;
    for (int64_t i = N(0) % 1000000000; i > 0; i--)
        if (kaa_poll(ctx) != 0)
            return NULL;
    return kaa_none(ctx);
}

/* What two threads tell each other: whether one is in polls_until_told(), and
 * whether the other has told it. */
static int is_polling, is_told;

/* Polls until another thread calls tell(), which it can if a poll gives it the
 * GIL; at most so many seconds. Whether it was told. */
FUNCTION(polls_until_told)
{
    time_t end = time(NULL) + (time_t)(N(0) % 1000);
    int failed = 0;

    UNUSED;
    __atomic_store_n(&is_told, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&is_polling, 1, __ATOMIC_SEQ_CST);
    while (failed == 0 && !__atomic_load_n(&is_told, __ATOMIC_SEQ_CST) &&
           time(NULL) <= end)
        for (int i = 0; i < 1000 && failed == 0; i++)
            failed = kaa_poll(ctx);
    __atomic_store_n(&is_polling, 0, __ATOMIC_SEQ_CST);
    if (failed != 0)
        return NULL;
    return kaa_bool(ctx, __atomic_load_n(&is_told, __ATOMIC_SEQ_CST));
}

/* Whether a thread polls until it is told. It is told from now on. */
FUNCTION(tell)
{
    UNUSED;
    if (!__atomic_load_n(&is_polling, __ATOMIC_SEQ_CST))
        return kaa_bool(ctx, 0);
    __atomic_store_n(&is_told, 1, __ATOMIC_SEQ_CST);
    return kaa_bool(ctx, 1);
}

/* Enters where the thread is in already, twice, and calls. */
FUNCTION(enter)
{
    const kaa_api *api = ctx->api;
    void *runtime = kaa_runtime_handle(ctx), *begun;
    kaa_context *first, *second;
    kaa_object *result;

    UNUSED;
    begun = kaa_begin_allow_threads(ctx);
    first = kaa_thread_enter(api, runtime);
    second = kaa_thread_enter(api, runtime);
    result = second != NULL ? kaa_call(second, args[0], NULL, 0, NULL) : NULL;
    if (second != NULL)
        kaa_thread_leave(second);
    if (first != NULL)
        kaa_thread_leave(first);
    kaa_end_allow_threads(ctx, begun);
    return result;
}

FUNCTION(memory)
{
    char *block = kaa_mem_alloc(ctx, 10);

    UNUSED;
    if (block == NULL)
        return NULL;
    memcpy(block, "0123456789", 10);
    block = kaa_mem_resize(ctx, block, 100000);
    if (block == NULL || memcmp(block, "0123456789", 10) != 0)
        return NULL;
    kaa_mem_free(ctx, block);
    kaa_mem_free(ctx, NULL);
    kaa_add_external(ctx, 1000);
    kaa_add_external(ctx, -1000);
    if (kaa_mem_alloc(ctx, PTRDIFF_MAX) != NULL)
        return kaa_none(ctx);
    return NULL;
}

NUMBER(collect, kaa_collect(ctx))

#define ENTRY(name) KAA_METHOD(#name, called_##name, NULL)

static const kaa_method methods[] = {
    ENTRY(refcount),
    ENTRY(count_both_ways),
    ENTRY(drop_last),
    ENTRY(errors),
    ENTRY(raise_exception),
    ENTRY(raise_text),
    ENTRY(raise_errno),
    ENTRY(raise_format),
    ENTRY(raise_memory),
    ENTRY(unraisable),
    ENTRY(print_error),
    ENTRY(exception_new_type),
    ENTRY(exception_cause),
    ENTRY(exception_set_cause),
    ENTRY(exception_traceback),
    ENTRY(warn),
    ENTRY(type_of),
    ENTRY(check),
    ENTRY(check_exact),
    ENTRY(builtin),
    ENTRY(is_instance),
    ENTRY(is_subtype),
    ENTRY(is_callable),
    ENTRY(int_round),
    ENTRY(uint_round),
    ENTRY(int_mask),
    ENTRY(int_from_bytes),
    ENTRY(int_as_bytes),
    ENTRY(int_from_text),
    ENTRY(int_as_text),
    ENTRY(int_bit_length),
    ENTRY(int_sign),
    ENTRY(float_round),
    ENTRY(complex_round),
    ENTRY(str_from_utf8),
    ENTRY(str_as_utf8),
    ENTRY(str_intern),
    ENTRY(str_length),
    ENTRY(str_equals),
    ENTRY(str_substring),
    ENTRY(str_join),
    ENTRY(str_code_point),
    ENTRY(bytes_zeros),
    ENTRY(bytes_round),
    ENTRY(tuple_from_array),
    ENTRY(tuple_take_array),
    ENTRY(take_failed),
    ENTRY(tuple_size),
    ENTRY(tuple_get),
    ENTRY(tuple_get_borrowed),
    ENTRY(list_new),
    ENTRY(list_from_array),
    ENTRY(list_take_array),
    ENTRY(list_size),
    ENTRY(list_get),
    ENTRY(list_set),
    ENTRY(list_append),
    ENTRY(list_take_append),
    ENTRY(list_insert),
    ENTRY(list_extend),
    ENTRY(list_pop),
    ENTRY(list_slice),
    ENTRY(list_set_slice),
    ENTRY(list_sort),
    ENTRY(list_reverse),
    ENTRY(dict_new),
    ENTRY(dict_take_array),
    ENTRY(dict_size),
    ENTRY(dict_find),
    ENTRY(dict_find_text),
    ENTRY(dict_set),
    ENTRY(dict_set_text),
    ENTRY(dict_remove),
    ENTRY(dict_remove_only),
    ENTRY(dict_next),
    ENTRY(dict_update),
    ENTRY(dict_clear),
    ENTRY(dict_copy),
    ENTRY(dict_keys),
    ENTRY(dict_values),
    ENTRY(dict_items),
    ENTRY(set_new),
    ENTRY(frozenset_new),
    ENTRY(set_size),
    ENTRY(set_contains),
    ENTRY(set_add),
    ENTRY(set_discard),
    ENTRY(set_pop),
    ENTRY(slice_new),
    ENTRY(slice_resolve),
    ENTRY(function_new),
    ENTRY(function_named),
    ENTRY(capsule_new),
    ENTRY(capsules),
    ENTRY(capsule_get),
    ENTRY(weakref_new),
    ENTRY(weakref_get),
    ENTRY(get_attr),
    ENTRY(get_attr_text),
    ENTRY(find_attr),
    ENTRY(set_attr),
    ENTRY(set_attr_text),
    ENTRY(generic_get_attr),
    ENTRY(generic_set_attr),
    ENTRY(get_item),
    ENTRY(set_item),
    ENTRY(get_index),
    ENTRY(length),
    ENTRY(contains),
    ENTRY(iter),
    ENTRY(next),
    ENTRY(call),
    ENTRY(call_dict),
    ENTRY(call_method),
    ENTRY(compare),
    ENTRY(compare_truth),
    ENTRY(hash),
    ENTRY(repr),
    ENTRY(str),
    ENTRY(truth),
    ENTRY(binary),
    ENTRY(inplace),
    ENTRY(unary),
    ENTRY(to_int),
    ENTRY(to_float),
    ENTRY(index),
    ENTRY(to_list),
    ENTRY(to_tuple),
    ENTRY(buffer),
    ENTRY(memoryview_new),
    ENTRY(module_new),
    ENTRY(module_find),
    ENTRY(has_state),
    ENTRY(import_name),
    ENTRY(threads),
    ENTRY(polls),
    ENTRY(polls_until_told),
    ENTRY(tell),
    ENTRY(enter),
    ENTRY(memory),
    ENTRY(collect),
    KAA_METHODS_END,
};

KAA_MODULE(slots, .doc = "Each slot.", .methods = methods, .state_bytes = 8);
